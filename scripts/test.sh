#!/usr/bin/env bash
# Every check of this repository, on a fresh Debian too: installs what is missing, starts a Docker
# Engine, and runs all steps. A step that cannot run fails; none is skipped.
#
#   ./scripts/test.sh             everything
#   ./scripts/test.sh STEP…       only these: format measure build clippy rustdoc tests openapi clients
#                                 browser documents run compose evening chaos
#
# Environment: LUUTRU_LOCAL_IMAGES (1 makes the images from Debian packages, 0 forbids that,
# unset tries the official ones first), LUUTRU_TEST_POSTGRES_IMAGE, LUUTRU_TEST_DATABASE_URL
# (tests use this server and start no container), POSTGRES_IMAGE, NGINX_IMAGE, BASE_IMAGE,
# LUUTRU_LINKER (mold, which is installed and links; unset leaves it to the compiler).
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/install.sh

readonly ALL_STEPS=(format measure build clippy rustdoc tests openapi clients browser documents run compose evening chaos)
chosen=("$@")
[ "${#chosen[@]}" -gt 0 ] || chosen=("${ALL_STEPS[@]}")

times=()
failed=()

step_format() { cargo fmt --all --check; }

# Lengths of functions, circles of imports, answers put together as text: none may grow.
step_measure() { scripts/measure.py; }

# One debug build for all steps that follow: the same artefacts as `cargo test`.
readonly BUILD_ARGUMENTS=(--workspace --all-targets)

step_build() { cargo build "${BUILD_ARGUMENTS[@]}" --locked; }

# The second is what README's first command builds: without the features that only tests ask for.
step_clippy() {
    cargo clippy --workspace --all-targets --locked -- -D warnings &&
        cargo check --bin luutru --locked
}

# For those who work on the code: private names are documented, and may be linked to.
step_rustdoc() {
    RUSTDOCFLAGS="${RUSTDOCFLAGS:-} -D warnings -A rustdoc::private_intra_doc_links" \
        cargo doc --workspace --no-deps --document-private-items --locked --keep-going
}

# Unit tests, and tests over HTTP, each on SQLite and on PostgreSQL.
# A test waits for processes of its own more than it computes.
step_tests() {
    step_build &&
        RUST_TEST_THREADS="${RUST_TEST_THREADS:-$(($(nproc) + 1))}" \
            cargo test --workspace --locked --no-fail-fast
}

step_openapi() { step_build && scripts/openapi.sh; }

# Clients made out of the document by three generators, each type-checked and tried.
step_clients() { step_build && scripts/clients.sh; }

# The pages in Chromium.
step_browser() { step_build && scripts/browser.sh; }

step_compose() { step_build && scripts/compose.sh; }

# What README.md and docs/ print is run, and what comes is compared.
step_documents() { step_build && scripts/documents.py; }

# README's first command, as far as the greeting; then it must end in order. It starts what the other
# steps have built: its own features alone would have half of all crates compiled again.
step_run() {
    local log pid tries
    log="$(mktemp)"
    LUUTRU_BUILD_ARGUMENTS="${BUILD_ARGUMENTS[*]}" \
        LUUTRU_LISTEN=127.0.0.1:0 LUUTRU_OPS_LISTEN=127.0.0.1:0 LUUTRU_REGISTRY_LISTEN=127.0.0.1:0 \
        LUUTRU_POLICE_LISTEN=127.0.0.1:0 scripts/run.sh up --ephemeral >"$log" 2>&1 &
    pid=$!
    for tries in $(seq 1200); do
        ! grep -q 'luutru is up' "$log" || break
        kill -0 "$pid" 2>/dev/null || break
        sleep 1
    done
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" && grep -q 'luutru is up' "$log" && return
    echo "scripts/run.sh did not come to its greeting, or did not end in order ($tries looks); it said:" >&2
    tail -n 30 "$log" >&2
    return 1
}

# Two minutes of the evening before the deadline, on two APIs, two workers and PostgreSQL.
step_evening() { step_build && target/debug/evening; }

# Faults strike the real processes, on both databases; a checker looks for what is lost or doubled.
step_chaos() { step_build && target/debug/chaos; }

# run_step NAME COMMAND…: prints name and time, remembers failure, goes on.
run_step() {
    local name="$1" started="$SECONDS" outcome="ok"
    shift
    printf '\n==> %s\n' "$name"
    # In a shell of its own, so that a failure inside ends the step and not the table.
    "$@" || { outcome="FAILED"; failed+=("$name"); }
    times+=("$(printf '%-10s %5d s  %s' "$name" "$((SECONDS - started))" "$outcome")")
    printf '<== %s: %s after %d s\n' "$name" "$outcome" "$((SECONDS - started))"
}

needs_engine() {
    local step
    for step in "${chosen[@]}"; do
        case "$step" in
            compose | evening) return 0 ;;
            tests | browser | chaos) [ -n "${LUUTRU_TEST_DATABASE_URL:-}" ] || return 0 ;;
        esac
    done
    return 1
}

is_chosen() {
    local step
    for step in "${chosen[@]}"; do
        [ "$step" != "$1" ] || return 0
    done
    return 1
}

prepare() {
    install_tools
    install_rust
    [ -z "${LUUTRU_LINKER:-}" ] || install_linker "$LUUTRU_LINKER"
    ! is_chosen clients || install_generators
    ! is_chosen browser || install_browser
    if needs_engine; then
        install_engine
        choose_images
    fi
}

report() {
    printf '\nstep        time\n'
    printf '%s\n' "${times[@]}"
    printf '%-10s %5d s\n' total "$SECONDS"
    if [ "${#failed[@]}" -gt 0 ]; then
        printf '\nFAILED: %s\n' "${failed[*]}"
        return 1
    fi
    printf '\nall steps passed\n'
}

for step in "${chosen[@]}"; do
    declare -F "step_$step" >/dev/null || {
        echo "no step $step; there are: ${ALL_STEPS[*]}" >&2
        exit 2
    }
done

finish() {
    [ -z "$running" ] || printf '\nFAILED: ended during %s\n' "$running"
    stop_engine
}
running=prepare
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

printf '==> prepare\n'
prepare
times+=("$(printf '%-10s %5d s  ok' prepare "$SECONDS")")
for step in "${chosen[@]}"; do
    running="$step"
    run_step "$step" "step_$step"
done
running=""
report
