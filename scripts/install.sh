# Brings a fresh Debian to where luutru can be built and every check can run. Sourced by
# scripts/run.sh and scripts/test.sh; needs root or sudo. Nothing that is there already is replaced.
# shellcheck shell=bash

SUDO=""
[ "$(id -u)" = 0 ] || SUDO="sudo"
readonly SUDO

is_package_list_fresh=0
engine_started_here=0

# packages NAME…: installs Debian packages; their log is shown only when that fails.
packages() {
    local log
    log="$(mktemp)"
    echo "installing: $*"
    if [ "$is_package_list_fresh" = 0 ]; then
        $SUDO apt-get update -qq >"$log" 2>&1 || { cat "$log" >&2; return 1; }
        is_package_list_fresh=1
    fi
    $SUDO env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >"$log" 2>&1 || { cat "$log" >&2; return 1; }
    rm -f "$log"
}

# What is needed to build, and no more.
install_build_tools() {
    local missing=()
    command -v cc >/dev/null && command -v strip >/dev/null || missing+=(build-essential)
    command -v curl >/dev/null || missing+=(curl)
    [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
    [ "${#missing[@]}" = 0 ] || packages "${missing[@]}"
}

# What the checks need besides.
install_tools() {
    install_build_tools
    local missing=()
    command -v openssl >/dev/null || missing+=(openssl)
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
    # Tests copy the text of receipts.
    command -v pdftotext >/dev/null || missing+=(poppler-utils)
    # Tests of wrong clocks put it between a process and the clock of the machine.
    compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || missing+=(faketime)
    [ "${#missing[@]}" = 0 ] || packages "${missing[@]}"
}

# Debian's Chromium for the pages, and letters of Viet Nam to write them with.
install_browser() {
    local missing=()
    [ -x /usr/bin/chromium ] || missing+=(chromium)
    command -v npm >/dev/null || missing+=(nodejs npm)
    compgen -G '/usr/share/fonts/truetype/*/*.ttf' >/dev/null || missing+=(fonts-dejavu-core)
    [ "${#missing[@]}" = 0 ] || packages "${missing[@]}"
}

# install_linker NAME: what links from here on, instead of the compiler's own.
install_linker() {
    command -v "$1" >/dev/null || packages "$1"
    export CARGO_BUILD_RUSTFLAGS="-C link-arg=-fuse-ld=$1"
}

# What makes clients out of the OpenAPI document, and runs them.
install_generators() {
    local missing=()
    command -v java >/dev/null || missing+=(default-jre-headless)
    command -v node >/dev/null && command -v npm >/dev/null || missing+=(nodejs npm)
    [ "${#missing[@]}" = 0 ] || packages "${missing[@]}"
}

# The toolchain named in Cargo.toml (rust-version) or a newer one.
install_rust() {
    [ -f "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
    command -v cargo >/dev/null && return
    local version
    version="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)"
    echo "installing: Rust $version by rustup"
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
        sh -s -- -y --profile minimal --component clippy,rustfmt --default-toolchain "$version"
    . "$HOME/.cargo/env"
}

install_engine() {
    if ! docker info >/dev/null 2>&1; then
        command -v dockerd >/dev/null || [ -x /usr/sbin/dockerd ] || packages docker.io iptables
        start_engine
    fi
    docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null || packages docker-compose
}

start_engine() {
    if [ -d /run/systemd/system ]; then
        $SUDO systemctl start docker
    else
        remove_stale /var/run/docker.pid dockerd
        remove_stale /var/run/docker/containerd/containerd.pid containerd
        $SUDO sh -c 'PATH="$PATH:/usr/sbin:/sbin" setsid dockerd >/var/log/dockerd.log 2>&1 </dev/null &'
        engine_started_here=1
    fi
    local tries
    for tries in $(seq 1 60); do
        docker info >/dev/null 2>&1 && { echo "the Docker Engine runs"; return; }
        if $SUDO docker info >/dev/null 2>&1; then
            echo "the Docker Engine runs, but not for this user: become root or join the group docker" >&2
            return 1
        fi
        sleep 0.5
    done
    echo "the Docker Engine did not start ($tries looks in 30 s); its log ends:" >&2
    $SUDO tail -n 20 /var/log/dockerd.log >&2 || true
    return 1
}

# A pid file left by a machine that was cut off would refuse the start.
remove_stale() {
    local pid
    pid="$($SUDO cat "$1" 2>/dev/null)" || return 0
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] || $SUDO rm -f "$1"
}

# Ends the engine, if this run started it without a service manager.
stop_engine() {
    [ "$engine_started_here" = 1 ] || return 0
    local pid containers
    containers="$(docker ps -aq --filter label=org.testcontainers.managed-by=testcontainers 2>/dev/null || true)"
    # shellcheck disable=SC2086 # a list of ids
    [ -z "$containers" ] || docker rm -fv $containers >/dev/null 2>&1 || true
    pid="$($SUDO cat /var/run/docker.pid 2>/dev/null)" || return 0
    $SUDO kill "$pid" 2>/dev/null || return 0
    local tries
    for tries in $(seq 1 60); do
        [ -e "/proc/$pid" ] || return 0
        sleep 0.5
    done
    echo "the Docker Engine is still stopping after $((tries / 2)) s" >&2
}

# Official images where they can be had, else the same made from Debian's packages.
# LUUTRU_LOCAL_IMAGES=1 makes them without asking, =0 forbids it.
choose_images() {
    local release=bookworm
    if grep -qx 'ID=debian' /etc/os-release; then
        release="$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)"
    fi
    if [ "${LUUTRU_LOCAL_IMAGES:-}" != 1 ] && official_images "debian:$release-slim"; then
        export BASE_IMAGE="${BASE_IMAGE:-debian:$release-slim}"
        return
    fi
    if [ "${LUUTRU_LOCAL_IMAGES:-}" = 0 ]; then
        echo "the official images cannot be pulled, and LUUTRU_LOCAL_IMAGES=0 forbids others" >&2
        return 1
    fi
    command -v debootstrap >/dev/null || [ -x /usr/sbin/debootstrap ] || packages debootstrap
    $SUDO env "PATH=$PATH:/usr/sbin:/sbin" SERVICE_RELEASE="$release" docker/local-images.sh
    export POSTGRES_IMAGE="${POSTGRES_IMAGE:-luutru-test/postgres:15}"
    export NGINX_IMAGE="${NGINX_IMAGE:-luutru-test/nginx:bookworm}"
    export BASE_IMAGE="${BASE_IMAGE:-luutru-test/debian:$release}"
    export LUUTRU_TEST_POSTGRES_IMAGE="${LUUTRU_TEST_POSTGRES_IMAGE:-$POSTGRES_IMAGE}"
}

official_images() {
    local image
    for image in "${POSTGRES_IMAGE:-postgres:15.14}" "${NGINX_IMAGE:-nginx:1.28.0}" "${BASE_IMAGE:-$1}"; do
        docker image inspect "$image" >/dev/null 2>&1 && continue
        timeout 120 docker pull --quiet "$image" >/dev/null 2>&1 || {
            echo "$image cannot be pulled here"
            return 1
        }
    done
}
