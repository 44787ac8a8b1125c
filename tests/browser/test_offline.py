"""The desk without a connection: what is typed is sealed, kept, and declared once it is back."""

import pytest
from playwright.sync_api import expect

from desk import Guest, Hands

DRAFTS = "new Promise(done => { const open = indexedDB.open('luutru', 1); open.onsuccess = () => { const all = open.result.transaction('drafts').objectStore('drafts').getAll(); all.onsuccess = () => { open.result.close(); done(all.result); }; }; })"


@pytest.fixture
def desk(new_page, desk_state):
    """A page of the front desk whose browser keeps what it needs without a connection."""

    def make(**options):
        page = new_page(storage_state=desk_state, **options)
        page.watch.forgive("net::ERR")
        page.watch.forgive("Failed to load resource")
        page.watch.forgive("htmx:")
        page.goto("/desk")
        page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        page.wait_for_function("caches.match('/desk/offline').then(kept => kept !== undefined)")
        page.wait_for_function("navigator.serviceWorker.controller !== null")
        return page

    return make


def go_offline(page, is_offline=True):
    page.context.set_offline(is_offline)


def keep(page, guest, room):
    """Declares a scanned guest on the page without a connection."""
    Hands(page).scan(guest.qr)
    expect(page.locator("main[data-shell]")).to_be_visible()
    expect(page.locator("#full_name")).to_have_value(guest.name)
    page.locator("#room").fill(room)
    page.locator("#room").press("Enter")


def test_a_guest_is_declared_once_the_connection_is_back(desk):
    page = desk()
    go_offline(page)
    first, second = Guest("Nguyễn Văn Bốn"), Guest("Vũ Thị Năm", prefix="038190", sex="Nữ")
    keep(page, first, "501")
    expect(page.locator("#drafts li")).to_have_count(1)
    expect(page.locator("#drafts li")).to_contain_text("Chờ mạng")
    keep(page, second, "502")
    expect(page.locator("#drafts li")).to_have_count(2)
    kept = str(page.evaluate(DRAFTS))
    assert first.number not in kept and first.name not in kept and "501" in kept
    go_offline(page, False)
    expect(page.locator(".note.ok")).to_contain_text("gửi xong 2 bản khai", timeout=20_000)
    expect(page.locator("#newest")).to_contain_text(first.name)
    expect(page.locator("#newest")).to_contain_text(second.name)
    assert page.evaluate(DRAFTS) == []


def test_a_card_that_got_no_answer_is_kept(desk):
    page = desk()
    guest = Guest("Phạm Văn Sáu")
    Hands(page).scan(guest.qr)
    expect(page.locator("#room")).to_be_focused()
    go_offline(page)
    page.locator("#room").fill("503")
    page.locator("#room").press("Enter")
    expect(page.locator("#drafts li")).to_contain_text("503")
    # The page comes back after a restart of the browser, too.
    page.reload()
    expect(page.locator("main[data-shell]")).to_be_visible()
    expect(page.locator("#drafts li")).to_contain_text("503")
    go_offline(page, False)
    expect(page.locator("#newest")).to_contain_text(guest.name, timeout=20_000)


def test_an_answer_that_was_lost_makes_no_second_stay(desk):
    page = desk()
    guest = Guest("Lý Thị Bảy", prefix="038190", sex="Nữ")
    Hands(page).scan(guest.qr)
    expect(page.locator("#room")).to_be_focused()

    def lose(route):
        route.fetch(max_redirects=0)
        go_offline(page)
        route.abort()

    page.route("**/desk/stays", lose)
    page.locator("#room").fill("504")
    page.locator("#room").press("Enter")
    expect(page.locator("#drafts li")).to_contain_text("504")
    go_offline(page, False)
    expect(page.locator("#newest")).to_contain_text(guest.name, timeout=20_000)
    expect(page.locator("#newest").get_by_text(guest.name, exact=True)).to_have_count(1)


def test_a_draft_that_breaks_rules_is_opened_and_mended(desk):
    page = desk()
    go_offline(page)
    guest = Guest("Trần Văn Tám")
    Hands(page).scan(guest.qr)
    expect(page.locator("#full_name")).to_have_value(guest.name)
    page.locator("#departure").fill("1/1/2020")
    page.locator("#room").fill("505")
    page.locator("#room").press("Enter")
    expect(page.locator("#drafts li")).to_have_count(1)
    go_offline(page, False)
    page.wait_for_url("**/desk", timeout=20_000)
    expect(page.locator("#drafts li")).to_contain_text("Cần sửa")
    page.get_by_role("button", name="Mở để sửa").click()
    expect(page.locator(".summary")).to_be_visible()
    page.locator("#departure").fill("1/1")
    page.locator("#departure").press("Enter")
    expect(page.locator("#ok-h")).to_contain_text(guest.name)
    expect(page.locator("#drafts")).to_be_hidden()


def test_signing_out_with_drafts_warns(desk):
    page = desk()
    go_offline(page)
    keep(page, Guest("Đinh Thị Chín", prefix="038190", sex="Nữ"), "506")
    expect(page.locator("#drafts li")).to_have_count(1)
    page.route("**/desk/sealed", lambda route: route.abort())
    go_offline(page, False)
    expect(page.locator("#newest")).to_be_visible(timeout=20_000)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_role("button", name="Đăng xuất").click()
    page.wait_for_timeout(500)
    assert asked and "1 bản khai chưa gửi được" in asked[0]
    assert page.url.endswith("/desk")
