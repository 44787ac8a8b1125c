#!/usr/bin/env bash
# Checks the served OpenAPI document: that it is valid (openapi-spec-validator) and that the
# service answers as it says (schemathesis), against a fresh `luutru up` in memory-only state.
# Bounded in time and in examples. Also sends one stay down the river.
#
#   scripts/openapi.sh [BINARY]
#
# Environment: SCHEMATHESIS_EXAMPLES (examples of each operation), SCHEMATHESIS_SEED.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly BINARY="${1:-target/debug/luutru}"
readonly EXAMPLES="${SCHEMATHESIS_EXAMPLES:-40}"
readonly CHECKS=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,unsupported_method,allow_header_conformance,ignored_auth
readonly SEED="${SCHEMATHESIS_SEED:-20261123}"
readonly TOOLS=target/openapi-tools
readonly WORK=target/openapi

[ -x "$BINARY" ] || { echo "no binary at $BINARY: run cargo build --bin luutru" >&2; exit 1; }

install_tools() {
    if ! cmp -s scripts/requirements.txt "$TOOLS/installed.txt"; then
        rm -rf "$TOOLS"
        python3 -m venv "$TOOLS"
        "$TOOLS/bin/pip" install --quiet --disable-pip-version-check -r scripts/requirements.txt
        cp scripts/requirements.txt "$TOOLS/installed.txt"
    fi
}

# member PATH…: a member of the ready line.
member() {
    python3 -c 'import json, sys
found = json.load(open(sys.argv[1]))
for name in sys.argv[2:]:
    found = found[name]
print(found)' "$WORK/ready.json" "$@"
}

start_service() {
    : >"$WORK/ready.json"
    LUUTRU_LISTEN=127.0.0.1:0 LUUTRU_OPS_LISTEN=127.0.0.1:0 \
        LUUTRU_REGISTRY_LISTEN=127.0.0.1:0 LUUTRU_POLICE_LISTEN=127.0.0.1:0 \
        "$BINARY" up --ready-json --ephemeral >"$WORK/ready.json" 2>"$WORK/service.log" &
    service=$!
    trap 'kill "$service" 2>/dev/null || true' EXIT
    local tries
    for tries in $(seq 1 150); do
        [ "$(wc -l <"$WORK/ready.json")" -ge 1 ] && return
        kill -0 "$service" 2>/dev/null || break
        sleep 0.2
    done
    echo "luutru up printed no ready line ($tries looks); its log ends:" >&2
    tail -n 20 "$WORK/service.log" >&2
    return 1
}

# SIGTERM must end it with 0.
stop_service() {
    kill -TERM "$service"
    local status=0
    wait "$service" || status=$?
    trap - EXIT
    [ "$status" = 0 ] || {
        echo "luutru up ended with $status after SIGTERM; its log ends:" >&2
        tail -n 20 "$WORK/service.log" >&2
        return 1
    }
}

# run_schemathesis KEY PHASES SECONDS: as the caller KEY of the ready line.
run_schemathesis() {
    echo "--- as $1: $2"
    # Interrupted, it still prints what it has; killed after that.
    timeout --signal=INT --kill-after=10 "$3" \
        "$TOOLS/bin/schemathesis" run "$api/openapi.json" --url "$api" \
        --header "Authorization: Bearer $(member keys "$1")" \
        --phases "$2" --mode all --max-examples "$EXAMPLES" --checks "$CHECKS" \
        --seed "$SEED" --generation-database none --no-shrink --continue-on-failure \
        --workers 1 --request-timeout 10 --suppress-health-check all --warnings off --no-color
}

mkdir -p "$WORK"
rm -f "$WORK"/*
install_tools
start_service
api="$(member api)"

curl -sSf "$api/openapi.json" -o "$WORK/openapi.json"
"$TOOLS/bin/openapi-spec-validator" --validation-errors all "$WORK/openapi.json"
python3 scripts/one_stay.py --api "$api" --police "$(member police)" --key "$(member keys hotel)" --within 2
# The document's own examples fit the hotel: its key needs no facility_id.
run_schemathesis hotel examples,coverage 180
run_schemathesis integrator coverage,fuzzing 300
run_schemathesis police coverage 180
stop_service
echo "openapi: the document is valid and the service keeps to it"
