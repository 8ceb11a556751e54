#!/bin/sh
# Runs Mosquitto, and reloads it (SIGHUP) within two seconds after its password file changed. Connections stay.
# The access rules of gateways are beside that file and are written before it.
# run.sh SHARED OWN WORK PASSWORDS: folders of the shared settings, of the container's own, and for generated files; the
# password file.
set -eu
shared=$1 own=$2 work=$3 passwords=$4

umask 077 # the broker requires access rules that only it can read
cat "$shared/rencheng.conf" "$own/listener.conf" >"$work/mosquitto.conf"
gateways=$(dirname "$passwords")/gateways.acl
# The queue of an absent subscriber may take three tenths of the memory limit: a waiting message takes up to three times
# its payload. The last value in the file counts.
limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
case $limit in
  max | *[!0-9]*) ;;
  *) echo "max_queued_bytes $((limit / 10 * 3))" >>"$work/mosquitto.conf" ;;
esac
# With a certificate (docker-compose.tls.yml) devices connect by TLS: by password on 8883, by certificate on 8884. The user
# name of a connection is its client id there, so that no device cuts off another.
tls=${RENCHENG_TLS_FOLDER:-/tls}
if [ -s "$tls/broker.crt" ]; then
  for port in ${RENCHENG_TLS_PORTS:-8883 8884}; do
    printf 'listener %s\ncertfile %s\nkeyfile %s\ncafile %s\nuse_username_as_clientid true\n' \
      "$port" "$tls/broker.crt" "$tls/broker.key" "$tls/ca.crt"
  done >>"$work/mosquitto.conf"
  printf 'require_certificate true\nuse_identity_as_username true\n' >>"$work/mosquitto.conf"
fi
write_acl() {
  cat "$shared/acl.conf" >"$work/acl.conf"
  if [ -f "$gateways" ]; then cat "$gateways" >>"$work/acl.conf"; fi
}
write_acl

stamp() { stat -c '%i %Y' "$passwords" "$tls/broker.crt" 2>/dev/null || true; }
read_at=$(stamp)

# Mosquitto installs its signal handlers after it has read its persistence file. A SIGHUP before that would end it, so
# it inherits SIGHUP as ignored.
trap '' HUP
mosquitto -c "$work/mosquitto.conf" &
broker=$!

while sleep 2 && kill -0 "$broker" 2>/dev/null; do
  now=$(stamp)
  if [ -n "$now" ] && [ "$now" != "$read_at" ]; then
    write_acl
    kill -HUP "$broker"
    read_at=$now
  fi
done &
watch=$!

stopping=
trap 'stopping=yes; kill -TERM "$broker"' TERM INT
status=0
wait "$broker" || status=$?
if [ -n "$stopping" ]; then # the signal ended the first wait; the broker writes its queues, then ends
  status=0
  wait "$broker" || status=$?
fi
kill "$watch" 2>/dev/null || true
exit "$status"
