"""What every test of a page needs: a running `luutru up`, and pages of a browser that are watched.

What always holds of a watched page, besides what its test looks at:
- no error in the console and none thrown by a script;
- nothing that the page's own Content-Security-Policy forbids was tried;
- no request to another host than the service;
- no answer of the service with a status from 500 on.
"""

import json
import os
import pathlib
import subprocess
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Where screenshots go, one for each page at the end of its test.
PICTURES = ROOT / "target" / "browser"
# What the services say that this process of the tests starts.
SERVICE_LOG = PICTURES / f"service-{os.environ.get('PYTEST_XDIST_WORKER', 'only')}.log"
CHROMIUM = os.environ.get("LUUTRU_TEST_CHROMIUM", "/usr/bin/chromium")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READY_SECONDS = 60
STOP_SECONDS = 25

# Reports what the policy forbids: not every engine writes all of it to the console.
REPORT_VIOLATIONS = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', event => {
    window.__violations.push(`${event.violatedDirective} forbids ${event.blockedURI}`);
});
"""


FREE_PORTS = {
    f"LUUTRU_{name}": "127.0.0.1:0"
    for name in ("LISTEN", "OPS_LISTEN", "REGISTRY_LISTEN", "POLICE_LISTEN")
}


class Service:
    """`luutru up` on free ports: in memory, or with these settings."""

    def __init__(self, binary, settings=None):
        PICTURES.mkdir(parents=True, exist_ok=True)
        where = [] if settings else ["--ephemeral"]
        self.log = open(SERVICE_LOG, "a", encoding="utf-8")
        self.process = subprocess.Popen(
            [binary, "up", "--ready-json", *where],
            env={**os.environ, **FREE_PORTS, **(settings or {})},
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"luutru up printed no ready line: see {self.log.name}")
        self.ready = json.loads(line)
        self.api = self.ready["api"]

    def key(self, name):
        """The text of a demo key: `hotel`, `integrator`, `police`, …"""
        return self.ready["keys"][name]

    def stop(self):
        """Ends it; it must end by itself, with 0."""
        self.process.terminate()
        status = self.process.wait(timeout=STOP_SECONDS)
        self.log.close()
        assert status == 0, f"luutru up ended with {status}: see {self.log.name}"


class Watch:
    """Notes whatever a page does that no page may do."""

    def __init__(self, context, api):
        self.faults = []
        self.forgiven = []
        self.api = urllib.parse.urlsplit(api).netloc
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", lambda error: self._note(f"script error: {error.error}"))
        context.on("request", self._request)
        context.on("response", self._response)

    def forgive(self, text):
        """Some of what is noted is what the test is about."""
        self.forgiven.append(text)

    def _note(self, fault):
        self.faults.append(fault)

    def _console(self, message):
        if message.type == "error":
            self._note(f"console: {message.text}")

    def _request(self, request):
        url = urllib.parse.urlsplit(request.url)
        is_own = url.scheme in ("data", "blob", "about") or url.netloc == self.api
        if not is_own:
            self._note(f"request to another host: {request.url}")

    def _response(self, response):
        if response.status >= 500:
            self._note(f"{response.status} for {response.url}")

    def assert_clean(self, page):
        """Fails the test with everything that was noted."""
        if not page.is_closed():
            self.faults.extend(page.evaluate("window.__violations || []"))
        faults = [fault for fault in self.faults if not any(text in fault for text in self.forgiven)]
        assert not faults, "\n".join(faults)


def wait_for(what, condition, seconds=120):
    """Waits for a condition, and fails with its name. A busy machine may need most of the time; a test
    that finds what it looks for waits no longer than that takes."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"{what}: not within {seconds} s"
        # What is waited for is often a page, and a page that is asked for takes time from who makes it true.
        time.sleep(0.2)
