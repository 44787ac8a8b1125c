#!/usr/bin/env bash
# Opens the pages in a real browser: Debian's Chromium, driven by Playwright, against a fresh
# `luutru up` in memory. Pictures of every page and the service's log are left in target/browser.
#
#   scripts/browser.sh [BINARY] [PYTEST ARGUMENT…]
#
# Environment: LUUTRU_TEST_CHROMIUM (the browser, /usr/bin/chromium when left out),
# LUUTRU_TEST_BROWSER_COUNT (browsers at once, each with a service of its own; 2).
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly BINARY="${1:-target/debug/luutru}"
shift || true
readonly TOOLS=target/browser-tools
readonly PAGES=tests/browser

[ -x "$BINARY" ] || { echo "no binary at $BINARY: run cargo build --bin luutru" >&2; exit 1; }
[ -x "${LUUTRU_TEST_CHROMIUM:-/usr/bin/chromium}" ] || {
    echo "no Chromium: install Debian's package chromium, or set LUUTRU_TEST_CHROMIUM" >&2
    exit 1
}

wanted="$(cat "$PAGES/requirements.txt" "$PAGES/package-lock.json")"
if [ "$wanted" != "$(cat "$TOOLS/installed.txt" 2>/dev/null || true)" ]; then
    rm -rf "$TOOLS"
    python3 -m venv "$TOOLS"
    "$TOOLS/bin/pip" install --quiet --disable-pip-version-check -r "$PAGES/requirements.txt"
    cp "$PAGES/package.json" "$PAGES/package-lock.json" "$TOOLS/"
    npm ci --prefix "$TOOLS" --ignore-scripts --no-audit --no-fund --silent
    printf '%s' "$wanted" >"$TOOLS/installed.txt"
fi

rm -rf target/browser
export LUUTRU_BINARY="$PWD/${BINARY#"$PWD"/}"
PYTHONDONTWRITEBYTECODE=1 timeout --kill-after=10 1800 \
    "$TOOLS/bin/pytest" -q -p no:cacheprovider --numprocesses "${LUUTRU_TEST_BROWSER_COUNT:-2}" --rootdir "$PAGES" "$PAGES" "$@"
PYTHONDONTWRITEBYTECODE=1 "$TOOLS/bin/python" "$PAGES/compare.py"
echo "browser: the pages work; pictures in target/browser"
