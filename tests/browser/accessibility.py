"""Accessibility checks by axe-core, on the page as it stands."""

import functools

import harness

AXE = harness.ROOT / "target/browser-tools/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """
tags => axe.run(document, {
    runOnly: { type: 'tag', values: tags },
    rules: { 'target-size': { enabled: true } },
    resultTypes: ['violations'],
})
"""


@functools.cache
def source():
    return AXE.read_text(encoding="utf-8")


def violations(page):
    """What axe-core finds: rule and places. It is injected past the page's policy."""
    page.evaluate(source() + "; undefined")
    found = page.evaluate(RUN, TAGS)["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'].splitlines()[-1].strip()})"
        for rule in found
        for node in rule["nodes"]
    ]


def assert_none(page, where):
    found = violations(page)
    assert not found, f"{where}:\n" + "\n".join(found)
