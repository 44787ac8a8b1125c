#!/usr/bin/env bash
# From a machine that has nothing to a running luutru: installs what is missing, builds, and starts
# API, worker, registry and police endpoint in one process with demo data. Says what it does and how
# long it takes; ends with the greeting of `luutru up`.
#
#   ./scripts/run.sh                       as `cargo run` does, on ports 8080 to 8082 and 9090
#   ./scripts/run.sh up --ephemeral        anything else that `luutru` takes
#
# LUUTRU_BUILD_ARGUMENTS: what `cargo build` is told to build (--bin luutru).
#
# Installing is for Debian and its kin (with sudo, where this is not root), from its packages, and
# Rust by rustup into the home directory. What is there already is left as it is.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/install.sh

# step NAME HINT COMMAND…: says what is done and how long it took.
step() {
    local name="$1" hint="$2" started="$SECONDS"
    shift 2
    echo "==> $name ($hint)"
    "$@"
    echo "<== $name: $((SECONDS - started)) s"
}

prepare() {
    install_build_tools
    install_rust
}

read -ra build_arguments <<<"${LUUTRU_BUILD_ARGUMENTS:---bin luutru}"
step "1/3 looking for a C compiler and Rust" "about a minute where they are missing" prepare
step "2/3 building luutru" "5 to 10 minutes on two cores the first time, seconds later" \
    cargo build --locked "${build_arguments[@]}"
echo "==> 3/3 starting luutru (seconds; Ctrl-C ends it)"
exec target/debug/luutru "$@"
