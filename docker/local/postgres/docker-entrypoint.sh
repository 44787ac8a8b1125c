#!/usr/bin/env bash
# Starts PostgreSQL the way the official image does:
#   POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB (each also as *_FILE), POSTGRES_INITDB_ARGS,
#   POSTGRES_HOST_AUTH_METHOD, PGDATA, /docker-entrypoint-initdb.d/*.{sh,sql}.
# On an empty data directory a first server runs on the socket only, makes user and database,
# and stops; its log goes to stdout. The server that stays logs to stderr. Both print
# "database system is ready to accept connections": test tools wait for the two lines.
set -Eeuo pipefail

if [ "${1:-postgres}" = "postgres" ] || [ "${1:0:1}" = "-" ]; then
    [ "${1:-}" = "postgres" ] && shift
else
    exec "$@"
fi

# The value of $1, or of the file that $1_FILE names, or $2.
setting() {
    local name="$1" file_name="${1}_FILE" default="${2:-}"
    if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
        echo "error: $name and $file_name are both set; keep one" >&2
        exit 1
    fi
    if [ -n "${!file_name:-}" ]; then
        cat "${!file_name}"
    else
        echo "${!name:-$default}"
    fi
}

if [ "$(id -u)" = "0" ]; then
    mkdir -p "$PGDATA"
    chown -R postgres:postgres "$PGDATA"
    chmod 0700 "$PGDATA"
    # The log streams belong to root; the server's user must be able to open them again.
    chown postgres /proc/self/fd/1 /proc/self/fd/2 2>/dev/null || true
    exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" postgres "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    user="$(setting POSTGRES_USER postgres)"
    password="$(setting POSTGRES_PASSWORD)"
    database="$(setting POSTGRES_DB "$user")"
    auth_method="$(setting POSTGRES_HOST_AUTH_METHOD scram-sha-256)"
    if [ -z "$password" ] && [ "$auth_method" != "trust" ]; then
        echo "error: the database is not initialised and POSTGRES_PASSWORD is not set;" \
            "give a password, or POSTGRES_HOST_AUTH_METHOD=trust to do without" >&2
        exit 1
    fi

    # shellcheck disable=SC2086 # POSTGRES_INITDB_ARGS is a list of words
    initdb -D "$PGDATA" -U "$user" -E UTF8 --locale=C.UTF-8 -A "$auth_method" \
        --pwfile=<(printf '%s\n' "$password") ${POSTGRES_INITDB_ARGS:-}
    sed -i -E 's/^(local\s+all\s+all\s+)\S+$/\1trust/' "$PGDATA/pg_hba.conf"
    echo "host all all all $auth_method" >> "$PGDATA/pg_hba.conf"

    pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
    if [ "$database" != "postgres" ]; then
        psql -v ON_ERROR_STOP=1 --no-psqlrc -U "$user" -d postgres -v database="$database" \
            <<<'CREATE DATABASE :"database";'
    fi
    for file in /docker-entrypoint-initdb.d/*; do
        case "$file" in
            *.sh) # shellcheck disable=SC1090
                if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
            *.sql) psql -v ON_ERROR_STOP=1 --no-psqlrc -U "$user" -d "$database" -f "$file" ;;
        esac
    done
    pg_ctl -D "$PGDATA" -m fast -w stop
    echo "PostgreSQL init process complete; ready for start up."
fi

exec postgres "$@"
