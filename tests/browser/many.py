"""Many guests at once as the tests of their pages use them: tables, files, a ward with patients."""

import datetime
import functools
import json
import urllib.request

from desk import Guest

WARD = "Khoa Nội tổng hợp"
NAMES = [
    ("Nguyễn Đức Thắng", "Nam", "038088"),
    ("Phạm Ngọc Ánh", "Nữ", "038191"),
    ("Vũ Hữu Phước", "Nam", "037079"),
    ("Hà Thị Nguyệt", "Nữ", "038185"),
    ("Mai Thị Tuyết", "Nữ", "038188"),
    ("Đỗ Quang Khải", "Nam", "038074"),
    ("Trịnh Thị Hoa", "Nữ", "038192"),
    ("Lò Văn Pánh", "Nam", "014090"),
    ("Quách Thị Thơm", "Nữ", "038190"),
]


def guests():
    """People whom nobody else has."""
    return [Guest(name, sex=sex, prefix=prefix) for name, sex, prefix in NAMES]


def paste(page, text):
    """Ctrl+V with a text in the clipboard."""
    page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            (document.activeElement ?? document.body).dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def table_of_a_group():
    """Nine guests as a spreadsheet copies them; two rows have faults."""
    lines = ["Họ tên\tSố CCCD\tPhòng"]
    for at, guest in enumerate(guests()):
        number = guest.number[1:] if at == 7 else guest.number
        room = "" if at == 6 else 301 + at // 2
        lines.append(f"{guest.name}\t{number}\t{room}")
    return "\n".join(lines) + "\n"


def file_with_faults():
    """A file of nine guests; three rows have faults."""
    today = datetime.datetime.now()
    tomorrow = today + datetime.timedelta(days=2)
    lines = ["Họ tên,Số CCCD,Phòng,Ngày đến,Ngày đi,Ghi chú NV"]
    for at, guest in enumerate(guests()):
        number = guest.number[1:] if at == 7 else guest.number
        room = "" if at == 6 else 301 + at // 2
        leaving = today - datetime.timedelta(days=2) if at == 8 else tomorrow
        lines.append(f"{guest.name},{number},{room},{today:%d/%m/%Y},{leaving:%d/%m/%Y},ca đêm")
    return "\n".join(lines) + "\n"


def send_file(page, text):
    """Sends a file as the form does; the page of the file is there afterwards."""
    page.goto("/desk/imports")
    file = {"name": "so-khach.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Gửi tệp").click()
    page.wait_for_url("**/desk/imports/*-*")


PATIENTS = guests()[:6]


@functools.cache
def furnish(service):
    """Patients of a ward, once for all tests."""
    for bed, patient in enumerate(PATIENTS, 1):
        stay = {
            "ward": WARD,
            "room": "301" if bed < 4 else "302",
            "bed": str(bed),
            "purpose": "medical_treatment",
            "guest": {
                "full_name": patient.name,
                "document": {"kind": "citizen_card", "number": patient.number},
            },
        }
        request = urllib.request.Request(
            f"{service.api}/v1/stays",
            data=json.dumps(stay).encode(),
            headers={
                "Authorization": f"Bearer {service.key('hospital')}",
                "Content-Type": "application/json",
            },
        )
        urllib.request.urlopen(request).close()


def open_ward(page):
    """Chooses the ward; its page is there afterwards, also where it was the only one before."""
    page.goto("/desk/ward")
    page.locator("#choose-ward").select_option(WARD)
    with page.expect_navigation():
        page.get_by_role("button", name="Xem", exact=True).click()


def table_of_a_ward():
    """One patient has moved, one is new, one has left."""
    lines = ["Họ tên\tSố CCCD\tPhòng\tGiường"]
    for bed, patient in enumerate(PATIENTS[:5], 1):
        room = "310" if bed == 1 else "301" if bed < 4 else "302"
        lines.append(f"{patient.name}\t{patient.number}\t{room}\t{bed}")
    new = Guest("Lê Hữu Nghị", prefix="038060")
    lines.append(f"{new.name}\t{new.number}\t312\t4")
    return "\n".join(lines) + "\n"
