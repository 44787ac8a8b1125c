#!/bin/sh
# Tells the proxy where its TLS is reached from outside, and becomes the proxy.
set -eu
case "${LUUTRU_PUBLIC_URL:-}" in
    https://*[!A-Za-z0-9.:/_-]* | *";"*) echo "LUUTRU_PUBLIC_URL is no address" >&2; exit 1 ;;
    https://*) ;;
    *) echo "LUUTRU_PUBLIC_URL must begin with https://: TLS ends at this proxy" >&2; exit 1 ;;
esac
printf 'return 308 %s$request_uri;\n' "${LUUTRU_PUBLIC_URL%/}" >/tmp/redirect.conf
exec nginx -g 'daemon off;'
