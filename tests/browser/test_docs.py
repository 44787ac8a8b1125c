"""The page that shows the operations and lets them be tried."""

import json
import urllib.request

from playwright.sync_api import expect


def operations(service):
    with urllib.request.urlopen(f"{service.api}/openapi.json", timeout=10) as answer:
        document = json.load(answer)
    return [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    ]


def test_docs_shows_every_operation(page, service):
    answer = page.goto("/docs")
    assert answer.status == 200
    policy = answer.header_value("content-security-policy")
    script = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert "unsafe" not in script, policy
    expect(page).to_have_title("luutru API")
    expect(page.locator("#operations-Stays-declareStay")).to_be_visible()
    shown = page.locator(".opblock").count()
    assert shown == len(operations(service))
    # The words of the document itself are there too.
    expect(page.locator(".info")).to_contain_text("thông báo lưu trú")
    expect(page.locator(".errors-wrapper")).to_have_count(0)


def test_an_operation_is_tried_with_a_key(page, service):
    page.goto("/docs")
    page.locator(".btn.authorize").first.click()
    # Beside the key there is the cookie of a session.
    page.locator("#auth-bearer-value").fill(service.key("hotel"))
    page.locator(".modal-ux button.authorize").first.click()
    page.locator(".modal-ux button.btn-done").first.click()
    block = page.locator("#operations-Facilities-listFacilities")
    block.locator(".opblock-summary-control").click()
    block.locator("button.try-out__btn").click()
    block.locator("button.execute").click()
    live = block.locator(".live-responses-table")
    expect(live.locator(".response-col_status").last).to_contain_text("200")
    expect(live).to_contain_text(service.ready["facilities"]["hotel"])


def test_an_operation_unfolds_with_its_examples(page):
    page.goto("/docs#/Stays/declareStay")
    block = page.locator("#operations-Stays-declareStay")
    block.locator(".opblock-summary-control").wait_for()
    if "is-open" not in block.get_attribute("class"):
        block.locator(".opblock-summary-control").click()
    body = block.locator(".opblock-section-request-body")
    expect(body).to_contain_text("038090001234")
    expect(body.locator("option")).to_contain_text(["A citizen: the least there must be"])
    expect(block.locator(".responses-wrapper")).to_contain_text("deadline_at")
