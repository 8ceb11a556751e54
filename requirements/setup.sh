#!/usr/bin/env bash
# Makes .venv from requirements/dev.txt. Every file that pip installs must match its hash.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { printf '\n%s\n' "$*" >&2; exit 1; }

python=""
for candidate in python3.13 python3.12 python3.11 python3 /usr/bin/python3; do
  if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || fail "Python 3.11 or newer is needed. On Debian: apt-get install python3 python3-venv"

echo "making .venv with $("$python" --version) (about a minute the first time)"
rm -f .venv/.ready
"$python" -m venv --clear .venv 2>.venv.log || fail "could not make .venv: $(tail -n 3 .venv.log). On Debian: apt-get install python3-venv"
rm -f .venv.log
bar=off; [ -t 1 ] && bar=on
.venv/bin/python -m pip install --quiet --disable-pip-version-check --progress-bar "$bar" --require-hashes --only-binary :all: -r requirements/dev.txt ||
  fail "pip could not install the requirements. If the package index was out of reach, run the same command again."
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
touch .venv/.ready
echo "ready: .venv/bin/rencheng"
