#!/usr/bin/env bash
# Makes a luutru image around a binary built on this machine, without its debug information.
#
#   docker/prebuilt-image.sh [BINARY] [IMAGE]
#
# BASE_IMAGE must be of the same Debian release as this machine, or a newer one.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

binary="${1:-target/debug/luutru}"
image="${2:-luutru-test/luutru:prebuilt}"
[ -x "$binary" ] || { echo "no binary at $binary: run cargo build --bin luutru" >&2; exit 1; }

context="$(mktemp -d)"
trap 'rm -rf "$context"' EXIT
strip --strip-debug -o "$context/luutru" "$binary"
cp docker/ready.sh docker/Dockerfile.prebuilt "$context/"
chmod 0755 "$context/luutru" "$context/ready.sh"
docker build --quiet --file "$context/Dockerfile.prebuilt" \
    --build-arg BASE_IMAGE="${BASE_IMAGE:-debian:bookworm-slim}" --tag "$image" "$context" >"$context/log" 2>&1 || { cat "$context/log" >&2; exit 1; }
echo "made $image"
