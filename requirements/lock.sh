#!/usr/bin/env bash
# Writes runtime.txt and dev.txt from the .in files: exact versions and hashes, and no address of any index.
# Pinned versions stay; `bash requirements/lock.sh --upgrade` takes the newest.
set -euo pipefail
cd "$(dirname "$0")"
for name in runtime dev; do
  ../.venv/bin/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes "$@" \
    --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
    --override overrides.txt --prerelease=if-necessary-or-explicit "$name.in" -o "$name.txt"
done
