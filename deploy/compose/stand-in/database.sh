#!/usr/bin/env bash
# The start script of the official image, as far as docker-compose.yml relies on it.
set -euo pipefail
socket=/var/run/postgresql

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  read -r -a arguments <<<"$POSTGRES_INITDB_ARGS"
  initdb -D "$PGDATA" --username="$POSTGRES_USER" --pwfile=<(printf '%s' "$POSTGRES_PASSWORD") \
    --auth-host=scram-sha-256 --auth-local=trust "${arguments[@]}"
  echo "shared_preload_libraries = 'timescaledb'" >>"$PGDATA/postgresql.conf"
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -c unix_socket_directories=$socket" -w start
  psql -h "$socket" -U "$POSTGRES_USER" -d postgres -c "CREATE DATABASE $POSTGRES_DB"
  for file in /docker-entrypoint-initdb.d/*.sql; do
    psql -h "$socket" -v ON_ERROR_STOP=1 --no-psqlrc -U "$POSTGRES_USER" -d "$POSTGRES_DB" -f "$file"
  done
  pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec "$@" -c listen_addresses='*' -c "unix_socket_directories=$socket"
