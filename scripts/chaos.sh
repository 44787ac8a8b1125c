#!/usr/bin/env bash
# Faults strike the real processes under load; a checker compares what was sent, what is stored
# and what the police have. The seed is printed; the same seed makes the same requests and faults.
#
#   scripts/chaos.sh                            the bounded run of every change
#   scripts/chaos.sh --rounds 200               so many faults on each database
#   scripts/chaos.sh --rounds 200 --kit api     of one kind: everything, api, worker, server, clock
#   scripts/chaos.sh --seed N --database sqlite|postgres|both --rate N --apis N --workers N
#
# Needs a Docker Engine; or LUUTRU_TEST_DATABASE_URL and PostgreSQL's binaries below
# /usr/lib/postgresql, of which a server is started that may be killed. The full disk needs root or
# sudo, wrong clocks the package `faketime`. LUUTRU_TEST_BINARY names another luutru, for instance an
# optimised one.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --quiet --locked --package luutru --package tests --bins
exec target/debug/chaos "$@"
