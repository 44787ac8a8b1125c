#!/usr/bin/env bash
# Makes the secrets that docker-compose.yml reads, random and for this machine alone, in
# docker/secrets (ignored by git). What exists is kept: a new master key could not read the old
# database. The folder is closed to others; the files are open, because the containers' own user
# reads them through single-file mounts.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

command -v openssl >/dev/null || { echo "openssl is missing: apt-get install -y openssl" >&2; exit 1; }
mkdir -p secrets
chmod 0700 secrets

# make NAME COMMAND…: the command's output becomes the secret, whole or not at all.
make() {
    local name="$1"
    shift
    [ -s "secrets/$name" ] && return
    "$@" >"secrets/.$name.new"
    chmod 0444 "secrets/.$name.new"
    mv "secrets/.$name.new" "secrets/$name"
    echo "made docker/secrets/$name"
}

webhook_secret() {
    echo "whsec_$(openssl rand -base64 32)"
}

database_url() {
    echo "postgres://luutru:$(cat secrets/postgres_password)@postgres:5432/luutru"
}

# A certificate that signs itself, for this machine and LUUTRU_TLS_NAME. The proxy reads it; a real one
# takes its place, with the chain in tls_certificate.
certificate() {
    openssl req -x509 -key secrets/tls_key -days 825 -subj "/CN=${LUUTRU_TLS_NAME:-localhost}" \
        -addext "subjectAltName=DNS:${LUUTRU_TLS_NAME:-localhost},DNS:localhost,IP:127.0.0.1,IP:::1" \
        -addext "extendedKeyUsage=serverAuth"
}

make postgres_admin_password openssl rand -hex 24
make postgres_password openssl rand -hex 24
make database_url database_url
make master_key openssl rand -hex 32
make index_key openssl rand -hex 32
make key_pepper openssl rand -hex 32
make police_secret webhook_secret
make receipt_key openssl genpkey -algorithm ed25519
make tls_key openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256
make tls_certificate certificate
