#!/usr/bin/env python3
"""Measures how soon pages begin to arrive while the database holds many stays.

    scripts/pages_speed.py [BINARY] [--stays 100000] [--guests 400] [--cases 2000] [--requests 300]

Starts `luutru up` in memory (or on LUUTRU_DATABASE_URL), declares the stays by `luutru load`, of
which `--guests` at the hotel whose desk is looked at, and of which about `--cases` open a case for
the commune's officer (nobody in the registry is called as made-up citizens are; the others are
foreigners, whom it is not asked about), waits until the police have them, signs in as
the demo accounts do, and asks for every page again and again over one connection. Prints the median
and the 95th percentile of the time to the first byte, and the size as it travels. Ends with 1 when
a 95th percentile is over 50 ms.

    target/browser-tools/bin/python scripts/pages_speed.py BINARY --line

Measures instead when the page to sign in and the desk can be used on a line of 400 kbit/s with a
latency of 300 ms: a new browser that keeps nothing, on an empty database, until the field that is to
be filled has the cursor. Ends with 1 when that takes longer than 2 s.
"""

import argparse
import http.client
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

from authenticator import one_time_code  # noqa: E402

FIRST_BYTE_MILLISECONDS_MAX = 50
USABLE_SECONDS_MAX = 2.0
LINE_BYTES_PER_SECOND = 400_000 / 8
LINE_LATENCY_MILLISECONDS = 300
LINE_VISITS = 5
SETTLED_WITHIN_SECONDS = 900

# Whose page it is, and where.
PAGES = [
    ("desk", "/desk"),
    ("desk", "/desk/today"),
    ("desk", "/desk/stays/{stay}"),
    ("desk", "/desk/group"),
    ("desk", "/desk/imports"),
    ("police", "/police"),
    ("police", "/police/dashboard"),
    ("manager", "/organisation/accounts"),
    ("admin", "/admin"),
]


class Visitor:
    """One connection, signed in."""

    def __init__(self, api, account):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(api).netloc, timeout=30)
        self.origin, self.cookies = api, {}
        self.post("/sign-in", name=account["name"], password=account["password"])
        if account.get("totp_secret"):
            self.post("/sign-in/code", code=one_time_code(account["totp_secret"]))

    def ask(self, method, path, body=None, headers=None):
        """Status, seconds to the first byte, bytes that travelled, headers."""
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Origin": self.origin,
            "Accept": "text/html",
            "Accept-Encoding": "gzip",
            **(headers or {}),
        }
        begun = time.perf_counter()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        first = time.perf_counter() - begun
        size = len(answer.read())
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.split(";")[0]
        return answer.status, first, size

    def post(self, path, **form):
        body = urllib.parse.urlencode(form)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        status, _, _ = self.ask("POST", path, body, kind)
        assert status in (200, 303), f"{path}: {status}"


def load(options, api, key, facility, count):
    foreigners = max(0.0, 1 - options.cases / options.stays)
    arguments = ["load", "--url", api, "--key", key, "--facility", facility]
    subprocess.run(
        [
            *(options.binary, *arguments, "--count", str(count), "--concurrency", "64"),
            *("--foreigner-share", str(foreigners)),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def api_json(api, key, path):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(api).netloc, timeout=30)
    connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    assert answer.status == 200, f"{path}: {answer.status}"
    return json.loads(answer.read())


def settle(ready):
    """Waits until nothing is on its way to the police, or says what is left."""
    until = time.monotonic() + SETTLED_WITHIN_SECONDS
    while True:
        states = api_json(ready["api"], ready["keys"]["admin"], "/v1/admin/destinations")
        left = sum(one["backlog"]["open"] for one in states["items"])
        if left == 0 or time.monotonic() > until:
            return left
        time.sleep(2)


def measure(visitor, path, count):
    times, size, status = [], 0, 0
    for _ in range(count):
        status, first, size = visitor.ask("GET", path)
        times.append(first * 1000)
    times.sort()
    at = lambda share: times[min(len(times) - 1, int(len(times) * share))]
    return {"path": path, "status": status, "p50": at(0.5), "p95": at(0.95), "bytes": size}


def run(options, ready):
    api, keys, places = ready["api"], ready["keys"], ready["facilities"]
    load(options, api, keys["hotel"], places["hotel"], options.guests)
    rest = options.stays - options.guests
    load(options, api, keys["integrator"], places["guest_house"], rest)
    left = settle(ready)
    if left:
        print(f"{left} notifications are still on their way", file=sys.stderr)
    stay = api_json(api, keys["hotel"], "/v1/stays?limit=1")["items"][0]["id"]
    visitors, rows = {}, []
    for account, path in PAGES:
        if account not in visitors:
            visitors[account] = Visitor(api, ready["accounts"][account])
        rows.append(measure(visitors[account], path.format(stay=stay), options.requests))
        rows[-1]["path"] = path
    return rows


def usable(page, path, field):
    """Seconds from asking for a page until its field has the cursor, requests and bytes of a visit."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    line = {"downloadThroughput": LINE_BYTES_PER_SECOND, "uploadThroughput": LINE_BYTES_PER_SECOND}
    line |= {"offline": False, "latency": LINE_LATENCY_MILLISECONDS}
    network.send("Network.emulateNetworkConditions", line)
    travelled = []
    network.on("Network.loadingFinished", lambda event: travelled.append(event["encodedDataLength"]))
    begun = time.perf_counter()
    page.goto(path, wait_until="commit")
    page.wait_for_function("field => document.activeElement?.id === field", arg=field)
    seconds = time.perf_counter() - begun
    page.wait_for_load_state()
    return seconds, len(travelled), sum(travelled)


def run_line(ready):
    """The first visit of the page to sign in, and the desk's, each in a browser that keeps nothing."""
    from playwright.sync_api import sync_playwright

    import harness

    account, rows = ready["accounts"]["desk"], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=harness.CHROMIUM, args=harness.CHROMIUM_ARGUMENTS)
        options = {"base_url": ready["api"], "locale": "vi-VN"}
        visitor = Visitor(ready["api"], account)
        cookies = [{"name": name, "value": value, "url": ready["api"]} for name, value in visitor.cookies.items()]
        for path, known, field in (("/sign-in", [], "name"), ("/desk", cookies, "scan")):
            visits = []
            for _ in range(LINE_VISITS):
                context = browser.new_context(**options)
                context.add_cookies(known)
                visits.append(usable(context.new_page(), path, field))
                context.close()
            seconds, requests, size = sorted(visits)[LINE_VISITS // 2]
            rows.append({"path": path, "seconds": seconds, "requests": requests, "bytes": size})
        browser.close()
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", nargs="?", default=str(ROOT / "target/release/luutru"))
    parser.add_argument("--stays", type=int, default=100_000)
    parser.add_argument("--guests", type=int, default=400)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--line", action="store_true", help="a slow line instead of many stays")
    options = parser.parse_args()
    free = {f"LUUTRU_{name}": "127.0.0.1:0" for name in ("LISTEN", "OPS_LISTEN", "REGISTRY_LISTEN", "POLICE_LISTEN")}
    service = subprocess.Popen(
        [options.binary, "up", "--ready-json", "--ephemeral"],
        env={**os.environ, **free},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        ready = json.loads(service.stdout.readline())
        rows = run_line(ready) if options.line else run(options, ready)
    finally:
        service.terminate()
        service.wait(timeout=30)
    if options.json:
        print(json.dumps(rows, indent=1))
    elif options.line:
        for row in rows:
            print("{path:28} usable after {seconds:.2f} s  {requests} requests  {bytes:7} bytes".format(**row))
    else:
        for row in rows:
            print("{path:28} {status}  p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  {bytes:7} bytes".format(**row))
    if options.line:
        sys.exit(0 if all(row["seconds"] <= USABLE_SECONDS_MAX for row in rows) else 1)
    is_met = all(row["status"] == 200 and row["p95"] <= FIRST_BYTE_MILLISECONDS_MAX for row in rows)
    sys.exit(0 if is_met else 1)


if __name__ == "__main__":
    main()
