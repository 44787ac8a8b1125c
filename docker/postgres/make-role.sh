#!/usr/bin/env bash
# Makes the role and the database of the application on an empty cluster: the role owns its
# database and can do nothing else. Run once, by the entry point of the PostgreSQL image.
set -Eeuo pipefail

password="$(cat /run/secrets/postgres_password)"
psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set "password=$password" <<'SQL'
CREATE ROLE luutru LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
CREATE DATABASE luutru OWNER luutru ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE luutru FROM PUBLIC;
SQL
