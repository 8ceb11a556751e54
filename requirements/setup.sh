#!/usr/bin/env bash
# Creates .venv from requirements/dev.txt, which names every package. Every file that pip installs must match its hash.
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

echo "creating .venv with $("$python" --version) (about a minute the first time)"
rm -f .venv/.ready
"$python" -m venv --clear .venv 2>.venv.log || fail "could not create .venv: $(tail -n 3 .venv.log). On Debian: apt-get install python3-venv"
rm -f .venv.log
total=$(grep -c '==' requirements/dev.txt)

# A bar on a terminal, a line per twenty packages elsewhere, from pip's output.
show_progress() {
  local n=0 line
  while IFS= read -r line; do
    case $line in
      Collecting*|Processing*|Ignoring*) n=$((n + 1)) ;;
      "Installing collected"*) [ -t 1 ] && printf '\r\033[Kunpacking %d packages' "$n" || echo "unpacking $n packages" ;;
      *) continue ;;
    esac
    if [ -t 1 ] && [ "$n" -le "$total" ]; then
      printf '\r\033[K[%-30s] %d of %d packages' "$(printf '%*s' $((30 * n / total)) '' | tr ' ' '#')" "$n" "$total"
    elif [ $((n % 20)) -eq 0 ]; then
      echo "fetched $n of $total packages"
    fi
  done
  if [ -t 1 ]; then printf '\r\033[K'; fi
}

pip=(.venv/bin/python -m pip install --disable-pip-version-check --no-input)
"${pip[@]}" --progress-bar off --require-hashes --only-binary :all: --no-deps -r requirements/dev.txt 2>.venv/setup.log | show_progress ||
  fail "pip could not install the requirements:
$(grep -v '^WARNING' .venv/setup.log | tail -n 5)
If the package index was out of reach, run the same command again."
"${pip[@]}" --quiet --quiet --no-deps --no-build-isolation --editable . || fail "pip could not install the project itself."
touch .venv/.ready
echo "ready: .venv/bin/rencheng"
