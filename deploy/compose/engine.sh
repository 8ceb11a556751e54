# Sourced by check-image and check-stack: a Docker engine, base images made with debootstrap, and the services' image.
# Nothing is pulled. Set RENCHENG_CHECK_MIRROR where apt's own sources are not Debian's.
# shellcheck shell=bash
work=$(mktemp -d "${TMPDIR:-/var/tmp}/rencheng-check.XXXXXX")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

fail() { echo "$*" >&2; exit 1; }
say() { printf '\n== %s\n' "$*"; }

# Uses the engine that DOCKER_HOST names or that runs here; else starts one, with a folder and socket of its own.
start_engine() {
  [ "$(id -u)" = 0 ] || fail "this check starts a Docker engine and runs debootstrap; run it as root"
  for tool in docker debootstrap; do
    command -v "$tool" >/dev/null || fail "$tool is missing. On Debian: apt-get install docker.io debootstrap"
  done
  docker buildx version >/dev/null 2>&1 || fail "docker has no buildx; Debian 13's package is docker-buildx"
  docker info >/dev/null 2>&1 && return
  command -v dockerd >/dev/null || fail "no Docker engine runs, and there is no dockerd to start one"
  export DOCKER_HOST=unix://$work/sock
  dockerd --data-root "$work/data" --exec-root "$work/run" --pidfile "$work/pid" -H "$DOCKER_HOST" >"$work/dockerd.log" 2>&1 &
  for _ in $(seq 60); do
    docker info >/dev/null 2>&1 && return
    sleep 0.5
  done
  fail "dockerd did not come up: $(tail -n 3 "$work/dockerd.log")"
}

# Ends the engine if it is ours, and deletes what the check made.
clean_up() {
  if [ -e "$work/pid" ]; then
    kill "$(cat "$work/pid")"
    while [ -e "$work/pid" ]; do sleep 0.2; done
  fi
  umount "$work"/run/netns/* 2>/dev/null || true # dockerd leaves its own one
  rm -rf "$work"
}

# debian_image RELEASE TAG PACKAGES: a minimal Debian with some packages more.
debian_image() {
  docker image inspect "$2" >/dev/null 2>&1 && return
  mirror=${RENCHENG_CHECK_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | awk 'NR == 1')}
  [ -n "$mirror" ] || fail "apt knows no Debian mirror here; run apt-get update, or set RENCHENG_CHECK_MIRROR"
  debootstrap --variant=minbase --include="$3" "$1" "$work/$1" "$mirror" >"$work/$1.log" 2>&1 ||
    fail "debootstrap: $(tail -n 3 "$work/$1.log")"
  tar -C "$work/$1" --exclude ./var/cache/apt/archives --exclude ./var/lib/apt/lists -c . | docker import - "$2" >/dev/null
  rm -rf "${work:?}/$1"
}

# services_image TAG: our image on that base. How pip finds packages is taken from this machine, as secrets.
services_image() {
  debian_image bookworm rencheng-check-base:bookworm python3,python3-venv,ca-certificates
  python=$root/.venv/bin/python
  [ -x "$python" ] || python=python3
  {
    echo '[global]'
    "$python" -m pip config list | sed -nE "s/^[a-z:]+\.([a-z-]+)='(.*)'\$/\1 = \2/p" | grep -v '^cert ' | awk '!seen[$1]++'
  } >"$work/pip.conf"
  docker buildx build --load --quiet --network host --tag "$1" \
    --build-arg BASE_IMAGE=rencheng-check-base:bookworm \
    --secret "id=pip-conf,src=$work/pip.conf" \
    --secret "id=pip-ca,src=${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}" "$root" >/dev/null
  docker image inspect --format "$1: {{.Size}} bytes, user {{.Config.User}}" "$1"
}
