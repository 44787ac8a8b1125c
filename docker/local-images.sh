#!/usr/bin/env bash
# Makes the images that tests and compose need, from Debian's packages alone, for machines
# that reach no image registry. Needs root, docker and debootstrap. Images that exist are kept;
# `--rebuild` makes them anew.
#
#   luutru-test/debian:bookworm   base of these images, and of the service images
#   luutru-test/postgres:15       behaves like the official postgres:15
#   luutru-test/nginx:bookworm    behaves like the official nginx
#
# SERVICE_RELEASE=trixie also makes luutru-test/debian:trixie: a binary built on a newer Debian
# needs a base as new.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly RELEASE=bookworm
readonly BASE=luutru-test/debian:$RELEASE
readonly POSTGRES=luutru-test/postgres:15
readonly NGINX=luutru-test/nginx:$RELEASE

is_rebuild=0
[ "${1:-}" = "--rebuild" ] && is_rebuild=1

is_there() {
    [ "$is_rebuild" = 0 ] && docker image inspect "$1" >/dev/null 2>&1
}

# The package mirror this machine itself uses for release $1: apt answers it for .list and
# .sources files alike. A machine of another release gives the first mirror it has.
mirror() {
    local uri
    uri="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $1" 2>/dev/null | head -n 1)"
    [ -n "$uri" ] || uri="$(configured_mirrors | head -n 1)"
    case "$uri" in
        mirror+file:*) uri="$(awk '!/^#/ && NF { print $1; exit }' "${uri#mirror+file:}")" ;;
    esac
    if [ -z "$uri" ]; then
        echo "no package mirror found in /etc/apt: run apt-get update, or set DEBIAN_MIRROR" >&2
        return 1
    fi
    echo "${uri%/}"
}

configured_mirrors() {
    awk '/^URIs:/ { print $2 }' /etc/apt/sources.list.d/*.sources 2>/dev/null || true
    awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^[a-z+]+:/) { print $i; break } }' \
        /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true
}

make_base() {
    local release="$1" name="luutru-test/debian:$1"
    is_there "$name" && { echo "kept  $name"; return; }
    command -v debootstrap >/dev/null || {
        echo "debootstrap is missing: apt-get install -y debootstrap" >&2
        return 1
    }
    local root from proxy
    root="$(mktemp -d "${TMPDIR:-/var/tmp}/luutru-base.XXXXXX")"
    # shellcheck disable=SC2064 # the path of now
    trap "rm -rf --one-file-system '$root'" EXIT
    from="${DEBIAN_MIRROR:-$(mirror "$release")}"
    proxy="$(apt-config dump --format '%v%n' Acquire::http::Proxy 2>/dev/null | head -n 1)"
    echo "making $name"
    if ! http_proxy="${http_proxy:-$proxy}" debootstrap --variant=minbase \
        --include=ca-certificates "$release" "$root" "$from" >"$root.log" 2>&1; then
        tail -n 30 "$root.log" >&2
        return 1
    fi
    rm -f "$root.log"
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* \
        "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/locale
    tar -C "$root" -c . | docker import \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        --change 'CMD ["bash"]' - "$name" >/dev/null
    rm -rf --one-file-system "$root"
    trap - EXIT
}

make_from_base() {
    local name="$1" folder="$2"
    is_there "$name" && { echo "kept  $name"; return; }
    echo "making $name"
    local log
    log="$(mktemp)"
    # The host's network: package downloads then work wherever the host's do.
    docker build --quiet --network host --build-arg BASE_IMAGE="$BASE" --tag "$name" "$folder" >/dev/null 2>"$log" || { cat "$log" >&2; return 1; }
    rm -f "$log"
}

make_base "$RELEASE"
[ "${SERVICE_RELEASE:-$RELEASE}" = "$RELEASE" ] || make_base "$SERVICE_RELEASE"
make_from_base "$POSTGRES" local/postgres
make_from_base "$NGINX" local/nginx
