#!/usr/bin/env bash
# Health check of a container: 0 when GET of the path answers 200. The images hold no HTTP
# client, bash is enough.   ready.sh [port] [path]
set -eu
exec 3<>"/dev/tcp/127.0.0.1/${1:-9090}"
printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "${2:-/readyz}" >&3
read -r -t 5 _ status _ <&3
[ "$status" = 200 ]
