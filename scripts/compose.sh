#!/usr/bin/env bash
# Brings up docker-compose.yml around the binary of this machine, sends one stay through the
# proxy to the police simulator, stops every service and looks at how it ended, removes all.
#
#   scripts/compose.sh [BINARY]
#
# Environment: BASE_IMAGE, POSTGRES_IMAGE, NGINX_IMAGE as in docker-compose.yml.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly BINARY="${1:-target/debug/luutru}"
readonly READY_SECONDS=120

export COMPOSE_PROJECT_NAME="luutru-check-$$"
export LUUTRU_IMAGE="luutru-test/luutru:check-$$"
# Free ports.
export LUUTRU_PROXY_PORT="" LUUTRU_TLS_PORT="" LUUTRU_POLICE_PORT="" LUUTRU_REGISTRY_PORT=""

if docker compose version >/dev/null 2>&1; then
    compose() { docker compose "$@"; }
else
    compose() { docker-compose --ansi never "$@"; }
fi

clean_up() {
    local status=$?
    if [ "$status" != 0 ]; then
        compose ps || true
        compose logs --no-color --tail 25 || true
    fi
    rm -f "${answer:-}"
    compose down --volumes --remove-orphans --timeout 5 >/dev/null 2>&1 || true
    docker rmi --force "$LUUTRU_IMAGE" >/dev/null 2>&1 || true
}
trap clean_up EXIT

# address SERVICE PORT: where a published port is found.
address() {
    echo "http://$(compose port "$1" "$2")"
}

wait_until_ready() {
    local url="$1" until=$((SECONDS + READY_SECONDS))
    until [ "$(curl -s -o /dev/null -m 5 -w '%{http_code}' "$url/readyz")" = 200 ]; do
        [ "$SECONDS" -lt "$until" ] || { echo "$url is not ready after $READY_SECONDS s" >&2; return 1; }
        sleep 1
    done
}

wait_until_healthy() {
    local until=$((SECONDS + READY_SECONDS)) id name unhealthy
    while :; do
        unhealthy=""
        for id in $(compose ps -q); do
            name="$(docker inspect -f '{{.Name}} {{.State.Status}} {{with .State.Health}}{{.Status}}{{end}}' "$id")"
            case "$name" in
                *" running healthy" | *migrate*" exited "*) ;;
                *) unhealthy="$unhealthy$name; " ;;
            esac
        done
        [ -z "$unhealthy" ] && return
        [ "$SECONDS" -lt "$until" ] || { echo "not healthy after $READY_SECONDS s: $unhealthy" >&2; return 1; }
        sleep 1
    done
}

# Every service of ours must have ended by itself, with 0.
check_endings() {
    local id ending bad=0
    for id in "$@"; do
        ending="$(docker inspect -f '{{.Name}} {{.State.ExitCode}}' "$id")"
        [ "${ending##* }" = 0 ] || { echo "ended badly: $ending" >&2; bad=1; }
    done
    return "$bad"
}

# Nobody has more than is needed: a file system that is only read, bounds on memory and processes, a
# role of the database that is no superuser, and of the secrets one's own.
check_confinement() {
    local id found bad=0 superuser
    for id in $(compose ps -q); do
        found="$(docker inspect -f '{{.Name}} {{.HostConfig.ReadonlyRootfs}} {{gt .HostConfig.Memory 0}} {{.HostConfig.PidsLimit}}' "$id")"
        [[ "$found" =~ ^[^\ ]+\ true\ true\ [1-9][0-9]*$ ]] || { echo "not confined: $found" >&2; bad=1; }
    done
    superuser="$(compose exec -T postgres psql -U postgres -tAc "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = 'luutru'" </dev/null)"
    [ "$superuser" = f ] || { echo "the role luutru may do more than use its database" >&2; bad=1; }
    check_secrets api-1 database_url index_key key_pepper master_key receipt_key || bad=1
    check_secrets worker-1 database_url index_key master_key police_secret receipt_key || bad=1
    check_secrets police-sim police_secret || bad=1
    return "$bad"
}

# check_secrets SERVICE NAME…: these are mounted there, in the order of the alphabet, and no others.
check_secrets() {
    local service="$1" found
    shift
    found="$(compose exec -T "$service" ls /run/secrets </dev/null | tr '\n' ' ')"
    [ "$found" = "$* " ] || { echo "$service has the secrets $found" >&2; return 1; }
}

# Without TLS there is only the way to it; with it, the certificate of this installation, and cookies
# that go nowhere without it.
check_tls() {
    local plain tls bad=0 led link token password
    plain="$(address proxy 80)"
    tls="$(compose port proxy 443)"
    ask() { curl -s -m 10 --cacert docker/secrets/tls_certificate --resolve "localhost:${tls##*:}:127.0.0.1" "$@"; }
    led="$(curl -s -o /dev/null -m 5 -w '%{http_code} %{redirect_url}' "$plain/desk")"
    [ "$led" = "308 ${LUUTRU_PUBLIC_URL:-https://localhost:8443}/desk" ] || { echo "without TLS: $led" >&2; bad=1; }
    ask -o /dev/null -D - "https://localhost:${tls##*:}/sign-in" | tr -d '\r' >"$answer"
    grep -qi '^strict-transport-security: max-age' "$answer" || { echo "no HSTS" >&2; bad=1; }
    link="$(compose exec -T api-1 luutru account create --organisation-code demo --role manager \
        --name compose.check --label Compose </dev/null)"
    token="${link##*/invitation/}"
    token="${token%%[!A-Za-z0-9_-]*}"
    password="$(openssl rand -hex 16)"
    ask -o /dev/null -H 'Sec-Fetch-Site: same-origin' -d "password=$password" \
        "https://localhost:${tls##*:}/invitation/$token"
    ask -o /dev/null -D - -H 'Sec-Fetch-Site: same-origin' -d "name=compose.check&password=$password" \
        "https://localhost:${tls##*:}/sign-in" | tr -d '\r' >"$answer"
    grep -qi '^set-cookie: __Host-luutru_session=.*; Secure' "$answer" || { echo "no cookie bound to TLS" >&2; cat "$answer" >&2; bad=1; }
    return "$bad"
}

answer="$(mktemp)"
docker/secrets.sh
docker/prebuilt-image.sh "$BINARY" "$LUUTRU_IMAGE"
compose up -d --no-build
wait_until_ready "$(address proxy 80)"
wait_until_healthy
echo "all services are healthy after $SECONDS s"
check_confinement

key="$(compose exec -T api-1 luutru key create --organisation-code demo --role integrator \
    --all-facilities --label compose </dev/null)"
[[ "$key" == luutru_* ]] || { echo "luutru key create printed no key" >&2; exit 1; }
check_tls
tls="$(compose port proxy 443)"
SSL_CERT_FILE=docker/secrets/tls_certificate \
    python3 scripts/one_stay.py --api "https://localhost:${tls##*:}" --police "$(address police-sim 8082)" --key "$key"

ids="$(for service in api-1 api-2 worker-1 worker-2 registry-sim police-sim; do compose ps -q "$service"; done)"
compose stop --timeout 30 >/dev/null 2>&1
# shellcheck disable=SC2086 # a list of ids
check_endings $ids
echo "compose: one stay through proxy, API, worker and simulators on PostgreSQL; all ended with 0"
