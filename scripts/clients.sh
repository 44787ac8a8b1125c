#!/usr/bin/env bash
# Makes clients out of the served OpenAPI document with three generators (openapi-python-client,
# openapi-generator, openapi-typescript), checks their types strictly, and lets each go one journey
# of a front desk against a fresh `luutru up` in memory. Also lints the document with redocly.
#
#   scripts/clients.sh [BINARY]
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly BINARY="${1:-target/debug/luutru}"
readonly SOURCE="$PWD/tests/clients"
readonly TOOLS="$PWD/target/clients-tools"
readonly WORK="$PWD/target/clients"

[ -x "$BINARY" ] || { echo "no binary at $BINARY: run cargo build --bin luutru" >&2; exit 1; }
for tool in java node npm; do
    command -v "$tool" >/dev/null || { echo "no $tool: see scripts/install.sh" >&2; exit 1; }
done

install_tools() {
    mkdir -p "$TOOLS"
    if ! cmp -s "$SOURCE/requirements.txt" "$TOOLS/requirements.txt"; then
        rm -rf "$TOOLS/python"
        python3 -m venv "$TOOLS/python"
        "$TOOLS/python/bin/pip" install --quiet --disable-pip-version-check \
            -r "$SOURCE/requirements.txt"
        cp "$SOURCE/requirements.txt" "$TOOLS"
    fi
    if ! cmp -s "$SOURCE/package-lock.json" "$TOOLS/package-lock.json"; then
        cp "$SOURCE/package.json" "$SOURCE/package-lock.json" "$TOOLS"
        (cd "$TOOLS" && npm ci --no-fund --no-audit --loglevel=error)
    fi
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

# member PATH…: a member of the ready line.
member() {
    python3 -c 'import json, sys
found = json.load(open(sys.argv[1]))
for name in sys.argv[2:]:
    found = found[name]
print(found)' "$WORK/ready.json" "$@"
}

# logged NAME COMMAND…: its output is shown only when it fails.
logged() {
    local name="$1"
    shift
    "$@" >"$WORK/$name.log" 2>&1 || { cat "$WORK/$name.log" >&2; echo "$name failed" >&2; return 1; }
}

# No operation may be dropped by a generator: as many functions as operations.
count_operations() {
    python3 -c 'import json, sys
document = json.load(open(sys.argv[1]))
print(sum(len(methods) for methods in document["paths"].values()))' "$WORK/openapi.json"
}

make_python_client() {
    logged openapi-python-client "$TOOLS/python/bin/openapi-python-client" generate \
        --path "$WORK/openapi.json" --output-path "$WORK/python/luutru_attrs" --meta none \
        --config "$SOURCE/openapi-python-client.yaml"
    local made
    made="$(find "$WORK/python/luutru_attrs/api" -mindepth 2 -name '*.py' ! -name __init__.py | wc -l)"
    [ "$made" = "$operations" ] || {
        cat "$WORK/openapi-python-client.log" >&2
        echo "openapi-python-client made $made of $operations operations" >&2
        return 1
    }
    ! grep -E '^(WARNING|ERROR)' -A 4 "$WORK/openapi-python-client.log" >&2
}

make_pydantic_client() {
    logged openapi-generator "$TOOLS/python/bin/openapi-generator-cli" generate \
        -i "$WORK/openapi.json" -g python -o "$WORK/pydantic" \
        --additional-properties=packageName=luutru_pydantic
    mv "$WORK/pydantic/luutru_pydantic" "$WORK/python/"
    local made
    made="$(grep -hE '^    def [a-z_]+_with_http_info\($' "$WORK"/python/luutru_pydantic/api/*.py | wc -l)"
    [ "$made" = "$operations" ] || {
        echo "openapi-generator made $made of $operations operations" >&2
        return 1
    }
}

check_python() {
    cp "$SOURCE"/journey_*.py "$WORK/python"
    (cd "$WORK/python" && "$TOOLS/python/bin/mypy" --cache-dir "$WORK/mypy" \
        luutru_attrs luutru_pydantic ./journey_*.py)
    (cd "$WORK/python" && "$TOOLS/python/bin/mypy" --cache-dir "$WORK/mypy" --strict \
        --follow-imports=silent ./journey_*.py)
}

make_typescript_client() {
    mkdir -p "$WORK/typescript"
    cp "$SOURCE/journey.ts" "$SOURCE/tsconfig.json" "$SOURCE/package.json" "$WORK/typescript"
    ln -s "$TOOLS/node_modules" "$WORK/typescript/node_modules"
    logged openapi-typescript "$TOOLS/node_modules/.bin/openapi-typescript" \
        "$WORK/openapi.json" -o "$WORK/typescript/luutru.ts"
    (cd "$WORK/typescript" && node_modules/.bin/tsc -p .)
}

rm -rf "$WORK"
mkdir -p "$WORK/python"
install_tools
start_service
api="$(member api)"
key="$(member keys hotel)"
facility="$(member facilities hotel)"
curl -sSf "$api/openapi.json" -o "$WORK/openapi.json"
operations="$(count_operations)"

echo "--- redocly"
REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true logged redocly \
    "$TOOLS/node_modules/.bin/redocly" lint --config "$SOURCE/redocly.yaml" "$WORK/openapi.json"
echo "--- Python: $operations operations"
make_python_client
make_pydantic_client
check_python
for journey in openapi_python_client openapi_generator; do
    (cd "$WORK/python" && "$TOOLS/python/bin/python" "journey_$journey.py" "$api" "$key" "$facility")
done
echo "--- TypeScript"
make_typescript_client
node "$WORK/typescript/out/journey.js" "$api" "$key" "$facility"

kill -TERM "$service"
status=0
wait "$service" || status=$?
trap - EXIT
[ "$status" = 0 ] || { echo "luutru up ended with $status after SIGTERM" >&2; exit 1; }
echo "clients: three generators, checked and tried"
