#!/usr/bin/env python3
"""Makes formats/corpus: small files as desks and their programs make them, each with what is to be
read from it beside it (NAME.json).

Some are written by the program itself (LibreOffice, pandas, openpyxl, XlsxWriter, xlwt, odfpy, the
csv module of Python); the others imitate one trait of a program, byte by byte, and say which. All
people in them are made up. Run again, it makes the same bytes.

    python3 -m venv V && V/bin/pip install -r scripts/corpus-requirements.txt
    V/bin/python scripts/corpus.py

What is expected: for each sheet that is read its name and rows; for each row its number and the
members of the stay that matter, by pointer, an instant by its beginning; `codes` are those of what
is refused in it. A file that is dropped into the directory with such a JSON is read by the same
test (formats/src/stay_file/corpus.rs).
"""

import csv
import datetime
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
import zipfile

PLACE = pathlib.Path(__file__).resolve().parent.parent / "formats" / "corpus"
FIXED = (2026, 11, 28, 8, 0, 0)
FIXED_TEXT = "2026-11-28T08:00:00Z"
EPOCH = datetime.date(1899, 12, 30)
EPOCH_1904 = datetime.date(1904, 1, 1)

HEADING = ["Họ và tên", "Phòng", "Số CCCD", "Ngày sinh", "Ngày đến", "Giờ đến", "Ngày đi", "Ghi chú"]
GUESTS = [
    ["Nguyễn Thị Mẫu", "101", "001190012345", "17/05/1990", "28/11/2026", "09:05", "30/11/2026", "khách quen"],
    ["Trần Văn Thử", "102", "038085004321", "03/12/1985", "28/11/2026", "09:20", "29/11/2026", ""],
    ["Lê Hoàng Ví Dụ", "203", "079200001111", "25/01/2000", "28/11/2026", "10:00", "01/12/2026", "tầng 2"],
]
MADE = []


def instant(guest):
    day, month, year = guest[4].split("/")
    return f"{year}-{month}-{day}T{guest[5]}"


def birth(guest):
    day, month, year = guest[3].split("/")
    return f"{year}-{month}-{day}"


def row(number, guest, **more):
    expected = {
        "row": number,
        "/guest/full_name": guest[0],
        "/room": guest[1],
        "/guest/document/number": guest[2],
        "/guest/birth_date": birth(guest),
        "/arrival_at": instant(guest),
    }
    expected.update(more)
    return expected


def rows(first, guests=None):
    return [row(first + place, guest) for place, guest in enumerate(guests or GUESTS)]


def sheet(name, found):
    return {"name": name, "rows": found}


def put(name, content, about, sheets=(), passed_over=(), fault=None):
    """Writes a file and what is expected of it."""
    if isinstance(content, str):
        content = content.encode()
    (PLACE / name).write_bytes(content)
    expected = {"about": about}
    if fault:
        expected["fault"] = fault
    else:
        expected["sheets"] = list(sheets)
        expected["passed_over"] = [list(one) for one in passed_over]
    text = json.dumps(expected, ensure_ascii=False, indent=1)
    (PLACE / f"{name}.json").write_text(text + "\n")
    MADE.extend([name, f"{name}.json"])


def lines(table, delimiter=",", end="\n", quoting=csv.QUOTE_MINIMAL):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows(table)
    return out.getvalue()


def text_file(name, text, about, found, fault=None):
    put(name, text, about, [sheet(None, found)], fault=fault)


# ---------------------------------------------------------------------------------------- text files

TCVN3 = {
    "à": 0xB5, "ả": 0xB6, "ã": 0xB7, "á": 0xB8, "ạ": 0xB9, "ă": 0xA8, "ằ": 0xBB, "ẳ": 0xBC, "ẵ": 0xBD,
    "ắ": 0xBE, "ặ": 0xC6, "â": 0xA9, "ầ": 0xC7, "ẩ": 0xC8, "ẫ": 0xC9, "ấ": 0xCA, "ậ": 0xCB, "đ": 0xAE,
    "è": 0xCC, "ẻ": 0xCE, "ẽ": 0xCF, "é": 0xD0, "ẹ": 0xD1, "ê": 0xAA, "ề": 0xD2, "ể": 0xD3, "ễ": 0xD4,
    "ế": 0xD5, "ệ": 0xD6, "ì": 0xD7, "ỉ": 0xD8, "ĩ": 0xDC, "í": 0xDD, "ị": 0xDE, "ò": 0xDF, "ỏ": 0xE1,
    "õ": 0xE2, "ó": 0xE3, "ọ": 0xE4, "ô": 0xAB, "ồ": 0xE5, "ổ": 0xE6, "ỗ": 0xE7, "ố": 0xE8, "ộ": 0xE9,
    "ơ": 0xAC, "ờ": 0xEA, "ở": 0xEB, "ỡ": 0xEC, "ớ": 0xED, "ợ": 0xEE, "ù": 0xEF, "ủ": 0xF1, "ũ": 0xF2,
    "ú": 0xF3, "ụ": 0xF4, "ư": 0xAD, "ừ": 0xF5, "ử": 0xF6, "ữ": 0xF7, "ứ": 0xF8, "ự": 0xF9, "ỳ": 0xFA,
    "ỷ": 0xFB, "ỹ": 0xFC, "ý": 0xFD, "ỵ": 0xFE, "Đ": 0xA7, "Ô": 0xA4, "Ơ": 0xA5, "Ư": 0xA6, "Ê": 0xA3,
}


def tcvn3(text):
    return bytes(TCVN3.get(letter) or ord(letter) for letter in text)


def windows_1258(text):
    """The base letter with its own mark, the tone behind it."""
    out = []
    for letter in text:
        try:
            out.append(letter.encode("cp1258"))
        except UnicodeEncodeError:
            base, tone = None, None
            for mark in unicodedata.normalize("NFD", letter)[1:]:
                if mark in "\u0300\u0301\u0303\u0309\u0323":
                    tone = mark
            bare = "".join(mark for mark in unicodedata.normalize("NFD", letter) if mark != tone)
            base = unicodedata.normalize("NFC", bare)
            out.append((base + tone).encode("cp1258"))
    return b"".join(out)


def text_files():
    table = [HEADING] + GUESTS
    plain = lines(table)
    text_file("csv-plain.csv", plain, "csv module of Python: UTF-8, commas, LF", rows(2))
    semicolons = lines(table, ";", "\r\n")
    text_file("csv-excel-windows.csv", "\ufeff" + semicolons,
              "Excel for Windows, CSV UTF-8 under Vietnamese regional settings: byte order mark, semicolons, CRLF", rows(2))
    tabs = lines(table, "\t", "\r\n")
    text_file("csv-excel-unicode-text.csv", ("\ufeff" + tabs).encode("utf-16-le"),
              "Excel, Unicode Text: UTF-16LE with tabs", rows(2))
    text_file("csv-utf-16be.csv", ("\ufeff" + semicolons).encode("utf-16-be"), "UTF-16BE with semicolons", rows(2))
    text_file("csv-windows-1258.csv", windows_1258(semicolons), "Excel on a Vietnamese Windows, CSV in the ANSI code page 1258", rows(2))
    text_file("csv-tcvn3.csv", tcvn3(semicolons), "a desk's old program with ABC fonts: TCVN3", rows(2))
    text_file("csv-sep-line.csv", "sep=|\r\n" + lines(table, "|", "\r\n"), "Excel's line sep=", rows(3))
    text_file("csv-excel-mac.csv", semicolons, "Excel for Mac: UTF-8 without a mark, semicolons", rows(2))
    text_file("csv-classic-mac.csv", lines(table, ",", "\r"), "CSV (Macintosh): lines end in CR", rows(2))
    text_file("csv-google-sheets.csv", lines(table, ",", "\r\n").removesuffix("\r\n"),
              "Google Sheets: UTF-8, CRLF, no line end at the end", rows(2))
    text_file("csv-numbers.csv", "Bảng 1;;;;;;;\n" + lines(table, ";"), "Numbers with the name of the table above it", rows(3))
    text_file("csv-all-quoted.csv", lines(table, ",", "\r\n", csv.QUOTE_ALL), "hotel programs: every cell in quotation marks", rows(2))
    text_file("csv-pipe.csv", lines(table, "|"), "a database export with |", rows(2))
    blank = lines([HEADING]) + "\n\n" + lines(GUESTS[:1]) + " \n,,,,,,,\n" + lines(GUESTS[1:])
    text_file("csv-blank-lines.csv", blank, "blank lines, a line of commas: numbers as an editor shows them",
              [row(4, GUESTS[0]), row(7, GUESTS[1]), row(8, GUESTS[2])])
    title = "KHÁCH SẠN MẪU,,,,,,,\nDanh sách khách ngày 28/11/2026,,,,,,,\n,,,,,,,\n"
    text_file("csv-title-rows.csv", title + plain, "a title above the heading", rows(5))
    addressed = [HEADING[:-1] + ["Địa chỉ"]] + [guest[:-1] + ["Số 9, ngõ 1, P. Bắc Sơn, TP Sầm Sơn"] for guest in GUESTS]
    text_file("csv-commas-in-addresses.csv", lines(addressed, ";") .replace("\nTrần", "\nTrần", 1),
              "semicolons between cells, more commas in addresses", rows(2))
    odd = lines([HEADING], ";") + "".join(";".join(guest[:-1] + ["a; b, c, d, e, f, g, h"]) + "\n" for guest in GUESTS)
    text_file("csv-semicolon-in-a-note.csv", odd, "a semicolon too many in every note, and commas: the heading decides", rows(2))
    noted = [HEADING] + [guest[:-1] + ["dòng một\ndòng hai, có phẩy"] for guest in GUESTS]
    text_file("csv-lines-in-a-note.csv", lines(noted), "line ends within a note: a spreadsheet counts one row", rows(2))
    inch = lines([HEADING]) + ",".join(GUESTS[0][:-1] + ['TV 40" cũ']) + "\n" + lines(GUESTS[1:])
    text_file("csv-inch-mark.csv", inch, "a quotation mark within a cell that has none around it", rows(2))
    open_quote = lines([HEADING]) + ",".join(GUESTS[0][:-1] + ['"khách quen']) + "\n" + lines(GUESTS[1:])
    text_file("csv-quote-never-closed.csv", open_quote, "a quotation mark that never closes", [], fault="file_quote_open")
    swallowed = lines([HEADING]) + ",".join(GUESTS[0][:-1] + ['"khách quen']) + "\n" + lines(GUESTS[1:2]) \
        + ",".join(GUESTS[2][:-1] + ['tầng 2"']) + "\n"
    text_file("csv-quote-closed-rows-below.csv", swallowed, "a quotation that swallows two guests", [], fault="file_quote_open")
    next_quote = lines([HEADING]) + ",".join(GUESTS[0][:-1] + ['"khách quen']) + "\n" + lines(GUESTS[1:2]) \
        + ",".join(GUESTS[2][:-1] + ['"tầng 2"']) + "\n"
    text_file("csv-quote-closed-by-the-next.csv", next_quote, "a quotation that ends where the next should begin", [], fault="file_quote_open")
    trailing = lines([HEADING + ["", ""]]) + lines([guest + ["", ""] for guest in GUESTS])
    text_file("csv-empty-columns.csv", trailing, "empty columns to the right", rows(2))
    ragged = lines([HEADING]) + ",".join(GUESTS[0][:7]) + "\n" + ",".join(GUESTS[1][:7]) + ",a,b,c\n" + lines(GUESTS[2:])
    text_file("csv-ragged.csv", ragged, "rows shorter and longer than the heading", rows(2))
    wrong = [list(guest) for guest in GUESTS]
    wrong[1][1] = "#N/A"
    found = rows(2)
    found[1] = row(3, GUESTS[1], codes=["cell_not_text"])
    del found[1]["/room"]
    text_file("csv-error-value.csv", lines([HEADING] + wrong), "what a broken formula leaves in a CSV", found)
    text_file("csv-web-page.csv", "<html><body><table><tr><td>Họ và tên</td></tr></table></body></html>",
              "a hotel program's web page under the name of a table", [], fault="file_not_a_table")
    text_file("csv-heading-alone.csv", lines([HEADING]), "nobody", [], fault="file_empty")
    text_file("csv-no-guests.csv", "Món,Giá\nPhở,45000\n", "a price list", [], fault="file_columns_unknown")
    opera = ("PROPERTY_CODE,CONFIRMATION_NO,RESERVATION_STATUS,ROOM,ARRIVAL_DATE,ARRIVAL_TIME,DEPARTURE_DATE,"
             "ADULTS,CHILDREN,GUEST_LAST_NAME,GUEST_FIRST_NAME,NATIONALITY,BIRTH_DATE,PASSPORT_NO,GENDER\n"
             "SSH01,1002001,CHECKED IN,1205,11/23/2026,14:22,11/25/2026,1,0,NGUYEN,VAN MAU,VN,05/17/1990,001090012345,M\n"
             "SSH01,1002002,CHECKED IN,1206,11/23/2026,15:00,11/25/2026,1,0,LE,THI THU,VN,12/31/1990,038190990002,F\n")
    text_file("csv-opera.csv", opera, "an export like Opera's: underlines, months before days", [
        {"row": 2, "/room": "1205", "/guest/full_name": "NGUYEN VAN MAU", "/guest/document/number": "001090012345",
         "/arrival_at": "2026-11-23T14:22", "/guest/birth_date": "1990-05-17"},
        {"row": 3, "/room": "1206", "/guest/full_name": "LE THI THU", "/arrival_at": "2026-11-23T15:00"}])
    cloudbeds = ("Reservation Number,Guest Name,Check in Date,Check out Date,Room Number,Guest Status,Country,Date of Birth,"
                 "Gender,Document Type,Document Number,Estimated Arrival Time\n"
                 "8812345,Tran Van Thu,23/11/2026,24/11/2026,5,Checked In,Vietnam,07/07/1960,M,DNI,096060990009,21:30\n")
    text_file("csv-cloudbeds.csv", cloudbeds, "an export like Cloudbeds'", [
        {"row": 2, "/room": "5", "/guest/full_name": "Tran Van Thu", "/guest/document/number": "096060990009",
         "/arrival_at": "2026-11-23T21:30"}])
    mews = ("Number,Status,Arrival,Departure,Space number,Last name,First name,Nationality,Birth date,Identity card number,"
            "Passport number,Gender,Customer email\n"
            "53,Checked in,2026-11-23T16:10:00Z,2026-11-25T05:00:00Z,303,Võ,Minh Thử,VN,1999-01-01,079199990004,,Female,\n")
    text_file("csv-mews.csv", mews, "an export like Mews': instants in UTC", [
        {"row": 2, "/room": "303", "/guest/full_name": "Võ Minh Thử", "/guest/document/number": "079199990004",
         "/arrival_at": "2026-11-23T23:10", "/guest/birth_date": "1999-01-01"}])


# ----------------------------------------------------------------------------------------- workbooks

def archive(parts, first=None):
    """An archive whose times are fixed, in the order given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts:
            info = zipfile.ZipInfo(name, FIXED)
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            info.create_system = 0
            target.writestr(info, content)
    return out.getvalue()


def packed_again(content):
    """The same workbook without the time at which it was made."""
    parts = []
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        for info in source.infolist():
            part = source.read(info)
            if info.filename.startswith(("docProps/", "meta.xml")):
                part = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z?", FIXED_TEXT.encode(), part)
                part = re.sub(rb"<meta:(editing-duration|editing-cycles)>.*?</meta:\1>", b"", part)
            parts.append((info.filename, part))
    return archive(parts)


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def letters(column):
    out = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


def inline(column, number, text, attributes=""):
    if text == "":
        return ""
    return f'<c r="{letters(column)}{number}"{attributes} t="inlineStr"><is><t xml:space="preserve">{escaped(text)}</t></is></c>'


def rows_xml(table, first=1, cell=inline):
    out = []
    for place, cells in enumerate(table):
        number = first + place
        inner = "".join(one if one.startswith("<c") else cell(column, number, one) for column, one in enumerate(cells))
        out.append(f'<row r="{number}">{inner}</row>')
    return "".join(out)


class Book:
    """A workbook, part by part."""

    MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

    def __init__(self):
        self.sheets = []
        self.strings = None
        self.styles = None
        self.properties = ""
        self.rename = lambda name: name
        self.target = lambda target: target
        self.extra = []

    def add(self, name, sheet_data, after="", state="", kind="worksheet"):
        self.sheets.append((name, sheet_data, after, state, kind))
        return self

    def content(self):
        head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        named, relations, parts = "", "", []
        for place, (name, data, after, state, kind) in enumerate(self.sheets, 1):
            visible = f' state="{state}"' if state else ""
            named += f'<sheet name="{escaped(name)}" sheetId="{place}"{visible} r:id="rId{place}"/>'
            target = self.target(f"{kind}s/sheet{place}.xml")
            relations += f'<Relationship Id="rId{place}" Type="{self.RELATIONS}/{kind}" Target="{target}"/>'
            parts.append((f"xl/{kind}s/sheet{place}.xml",
                          f'{head}<{kind} xmlns="{self.MAIN}" xmlns:r="{self.RELATIONS}"><sheetData>{data}</sheetData>{after}</{kind}>'))
        if self.strings is not None:
            relations += f'<Relationship Id="rId90" Type="{self.RELATIONS}/sharedStrings" Target="{self.target("sharedStrings.xml")}"/>'
            parts.append(("xl/sharedStrings.xml", f'{head}<sst xmlns="{self.MAIN}">{self.strings}</sst>'))
        if self.styles is not None:
            relations += f'<Relationship Id="rId91" Type="{self.RELATIONS}/styles" Target="{self.target("styles.xml")}"/>'
            parts.append(("xl/styles.xml", f'{head}<styleSheet xmlns="{self.MAIN}">{self.styles}</styleSheet>'))
        root = (f'{head}<Relationships xmlns="{self.PACKAGE}"><Relationship Id="rId1" '
                f'Type="{self.RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>')
        book = (f'{head}<workbook xmlns="{self.MAIN}" xmlns:r="{self.RELATIONS}">{self.properties}'
                f"<sheets>{named}</sheets></workbook>")
        links = f'{head}<Relationships xmlns="{self.PACKAGE}">{relations}</Relationships>'
        parts = [("_rels/.rels", root), ("xl/workbook.xml", book), ("xl/_rels/workbook.xml.rels", links)] + parts + self.extra
        return archive([(self.rename(name), content) for name, content in parts])


STYLES = (
    '<numFmts count="3"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/><numFmt numFmtId="165" formatCode="000000000000"/>'
    '<numFmt numFmtId="166" formatCode="[$-42A]dd\\ mmm\\ yyyy;@"/></numFmts>'
    '<cellStyleXfs count="1"><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs count="6"><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="20"/><xf numFmtId="14"/><xf numFmtId="49"/></cellXfs>'
)


def day(text):
    date, month, year = (int(part) for part in text.split("/"))
    return datetime.date(year, month, date)


def serial(text, epoch=EPOCH):
    return (day(text) - epoch).days


def share_of_day(text):
    hour, minute = (int(part) for part in text.split(":"))
    return repr((hour * 60 + minute) / 1440)


def number_cell(column, number, value, style=0, kind=""):
    typed = f' t="{kind}"' if kind else ""
    return f'<c r="{letters(column)}{number}" s="{style}"{typed}><v>{value}</v></c>'


def typed_rows(first, guests, epoch=EPOCH):
    """Dates and times as Excel keeps them, numbers that are shown with their zeros."""
    out = ""
    for place, guest in enumerate(guests):
        at = first + place
        out += f'<row r="{at}">' + inline(0, at, guest[0]) + number_cell(1, at, guest[1]) \
            + number_cell(2, at, int(guest[2]), 2) + number_cell(3, at, serial(guest[3], epoch), 1) \
            + number_cell(4, at, serial(guest[4], epoch), 4) + number_cell(5, at, share_of_day(guest[5]), 3) \
            + number_cell(6, at, serial(guest[6], epoch), 1) + inline(7, at, guest[7], ' s="5"') + "</row>"
    return out


def shared(table):
    known = {}
    data = ""
    for place, cells in enumerate(table):
        number = place + 1
        inner = ""
        for column, text in enumerate(cells):
            if text:
                index = known.setdefault(text, len(known))
                inner += f'<c r="{letters(column)}{number}" t="s"><v>{index}</v></c>'
        data += f'<row r="{number}" spans="1:8">{inner}</row>'
    return data, "".join(f'<si><t xml:space="preserve">{escaped(text)}</t></si>' for text in known)


def workbooks():
    table = [HEADING] + GUESTS
    data = rows_xml(table)

    book = Book()
    data_shared, book.strings = shared(table)
    put("xlsx-excel-shared.xlsx", book.add("Khách", data_shared).content(), "Excel: shared strings", [sheet("Khách", rows(2))])

    book = Book()
    book.styles = STYLES
    book.add("Sheet1", rows_xml([HEADING]) + typed_rows(2, GUESTS))
    put("xlsx-excel-windows-typed.xlsx", book.content(),
        "Excel for Windows: dates, times and numbers as such, the number of the card shown with its zeros", [sheet("Sheet1", rows(2))])

    book = Book()
    book.styles = STYLES
    book.properties = '<workbookPr date1904="1"/>'
    book.add("Sheet1", rows_xml([HEADING]) + typed_rows(2, GUESTS, EPOCH_1904))
    put("xlsx-excel-mac-1904.xlsx", book.content(), "Excel for Mac: days count from 1904", [sheet("Sheet1", rows(2))])

    book = Book()
    runs = ""
    for text in HEADING:
        runs += f"<si><r><rPr><b/></rPr><t>{text[:3]}</t></r><r><t xml:space=\"preserve\">{text[3:]}</t></r><rPh sb=\"0\" eb=\"1\"><t>x</t></rPh></si>"
    book.strings = runs
    heading = '<row r="1">' + "".join(f'<c r="{letters(place)}1" t="s"><v>{place}</v></c>' for place in range(8)) + "</row>"
    put("xlsx-rich-text.xlsx", book.add("Sheet1", heading + rows_xml(GUESTS, 2)).content(),
        "Excel: letters of a cell in several fonts, with phonetic hints", [sheet("Sheet1", rows(2))])

    strict = Book()
    strict.MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    strict.RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
    put("xlsx-strict.xlsx", strict.add("Sheet1", data).content(), "Excel, Strict Open XML", [sheet("Sheet1", rows(2))])

    dated = Book()
    dated.styles = STYLES
    iso = rows_xml([HEADING])
    for place, guest in enumerate(GUESTS):
        at = place + 2
        iso += f'<row r="{at}">' + "".join(inline(column, at, guest[column]) for column in (0, 1, 2, 3)) \
            + number_cell(4, at, day(guest[4]).isoformat(), 1, "d") + inline(5, at, guest[5]) + "</row>"
    put("xlsx-iso-dates.xlsx", dated.add("Sheet1", iso).content(), "Strict Open XML: dates of type d", [sheet("Sheet1", rows(2))])

    google = Book()
    bare = "".join("<row>" + "".join(f'<c t="inlineStr"><is><t>{escaped(text)}</t></is></c>' if text else "<c/>" for text in cells) + "</row>"
                   for cells in table)
    put("xlsx-no-references.xlsx", google.add("Trang tính1", bare).content(),
        "streaming writers (Apache POI's SXSSF and others): rows and cells without references", [sheet("Trang tính1", rows(2))])

    numbers = Book().add("Export Summary", rows_xml([["This document was exported from Numbers."], ["Table 1"]]))
    numbers.add("Sheet 1 - Table 1", rows_xml([["Table 1"], HEADING] + GUESTS))
    put("xlsx-numbers.xlsx", numbers.content(), "Numbers: a summary first, the table's name above the table",
        [sheet("Sheet 1 - Table 1", rows(3))], [("Export Summary", "columns_unknown")])

    absolute = Book()
    absolute.target = lambda target: f"/xl/{target}"
    put("xlsx-absolute-targets.xlsx", absolute.add("Sheet1", data).content(), "openpyxl and others: targets from the root", [sheet("Sheet1", rows(2))])

    backslash = Book()
    backslash.rename = lambda name: name.replace("/", "\\")
    put("xlsx-backslashes.xlsx", backslash.add("Sheet1", data).content(),
        "reports of old .NET programs: names of parts with backslashes", [sheet("Sheet1", rows(2))])

    case = Book()
    case_data, case.strings = shared(table)
    case.rename = lambda name: name.replace("sharedStrings", "SharedStrings").replace("worksheets/sheet", "WorkSheets/Sheet")
    put("xlsx-case-of-names.xlsx", case.add("Sheet1", case_data).content(),
        "names of parts in another case than their targets", [sheet("Sheet1", rows(2))])

    prefixed = Book().add("Sheet1", data).content()
    again = []
    with zipfile.ZipFile(io.BytesIO(prefixed)) as source:
        for info in source.infolist():
            part = source.read(info).decode()
            if info.filename.startswith("xl/") and not info.filename.endswith(".rels"):
                part = part.replace("xmlns=", "xmlns:x=")
                part = re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", part)
            again.append((info.filename, part))
    put("xlsx-prefixed.xlsx", archive(again), "Open XML SDK: every element with a prefix", [sheet("Sheet1", rows(2))])

    two = Book().add("Tầng 1", rows_xml([HEADING] + GUESTS[:2])).add("Tầng 2", rows_xml([HEADING] + GUESTS[2:]))
    put("xlsx-two-sheets.xlsx", two.content(), "guests on two sheets",
        [sheet("Tầng 1", rows(2, GUESTS[:2])), sheet("Tầng 2", rows(2, GUESTS[2:]))])

    other = [["Room", "Guest name", "Document number", "Date of birth", "Arrival date", "Arrival time"],
             ["203", GUESTS[2][0], GUESTS[2][2], "2000-01-25", "2026-11-28", "10:00"]]
    unlike = Book().add("VN", rows_xml([HEADING] + GUESTS[:2])).add("EN", rows_xml(other, 4))
    put("xlsx-sheets-unlike-each-other.xlsx", unlike.content(), "two sheets with headings of their own",
        [sheet("VN", rows(2, GUESTS[:2])), sheet("EN", [row(5, GUESTS[2])])])

    cover = Book().add("Bìa", rows_xml([["KHÁCH SẠN MẪU"], ["Báo cáo lưu trú"], ["Ngày", "28/11/2026"]]))
    cover.add("Danh sách", rows_xml([["DANH SÁCH KHÁCH LƯU TRÚ"], ["Từ 28/11/2026"]]) + rows_xml(table, 5))
    put("xlsx-cover-sheet.xlsx", cover.content(), "a cover before the data, a title above the heading",
        [sheet("Danh sách", rows(6))], [("Bìa", "columns_unknown")])

    hidden = Book().add("Cũ", data, state="hidden").add("Rất cũ", data, state="veryHidden").add("Nay", data)
    hidden.add("Biểu đồ", "", kind="chartsheet").add("Trống", "").add("Ví dụ", data)
    put("xlsx-passed-over.xlsx", hidden.content(), "sheets that are hidden, without cells, empty, an example", [sheet("Nay", rows(2))],
        [("Cũ", "hidden"), ("Rất cũ", "hidden"), ("Biểu đồ", "no_cells"), ("Trống", "empty"), ("Ví dụ", "example")])

    merged = [HEADING, GUESTS[0], [GUESTS[1][0], ""] + GUESTS[1][2:], [GUESTS[2][0], ""] + GUESTS[2][2:]]
    after = '<mergeCells count="2"><mergeCell ref="B2:B4"/><mergeCell ref="A9:H9"/></mergeCells>'
    found = [row(2 + place, guest, **{"/room": "101"}) for place, guest in enumerate(GUESTS)]
    put("xlsx-merged-room.xlsx", Book().add("Sheet1", rows_xml(merged), after).content(),
        "one room cell merged over three guests", [sheet("Sheet1", found)])

    double = [["Khách", "", "", "", "Lưu trú", "", "", "Ghi chú"],
              ["Họ và tên", "Phòng", "Số CCCD", "Ngày sinh", "Ngày đến", "Giờ đến", "Ngày đi", ""]] + GUESTS
    after = '<mergeCells><mergeCell ref="A1:D1"/><mergeCell ref="E1:G1"/><mergeCell ref="H1:H2"/></mergeCells>'
    found = rows(3)
    found[0]["/note"] = "khách quen"
    put("xlsx-heading-of-two-rows.xlsx", Book().add("Sheet1", rows_xml(double), after).content(),
        "a heading of two rows, some of it merged", [sheet("Sheet1", found)])

    returned = [[text + "_x000D_" for text in HEADING]] + [[guest[0], guest[1] + "_x000D_"] + guest[2:] for guest in GUESTS]
    put("xlsx-carriage-returns.xlsx", Book().add("Sheet1", rows_xml(returned)).content(),
        "characters that XML cannot hold, as Excel writes them", [sheet("Sheet1", rows(2))])

    book = Book()
    book.styles = STYLES
    wrong = rows_xml([HEADING]) \
        + rows_xml([GUESTS[0][:1] + [number_cell(1, 2, "#N/A", 0, "e")] + GUESTS[0][2:]], 2) \
        + rows_xml([GUESTS[1][:1] + [number_cell(1, 3, "1", 0, "b")] + GUESTS[1][2:]], 3) \
        + rows_xml([GUESTS[2][:1] + [number_cell(1, 4, "46082", 1)] + GUESTS[2][2:]], 4)
    found = []
    for place, guest in enumerate(GUESTS):
        one = row(2 + place, guest, codes=["cell_not_text"])
        del one["/room"]
        found.append(one)
    put("xlsx-room-of-another-type.xlsx", book.add("Sheet1", wrong).content(),
        "rooms that the spreadsheet took for an error, a yes and a date", [sheet("Sheet1", found)])

    formula = rows_xml([HEADING]) + rows_xml(
        [GUESTS[0][:1] + ['<c r="B2"><f>100+1</f><v>101</v></c>'] + GUESTS[0][2:]], 2)
    one = row(2, GUESTS[0], codes=["formula"])
    del one["/room"]
    put("xlsx-formula.xlsx", Book().add("Sheet1", formula).content(), "a room that is computed", [sheet("Sheet1", [one])])

    gaps = rows_xml([HEADING], 3) + rows_xml(GUESTS[:1], 5) + '<row r="6" ht="15"><c r="A6" s="0"/></row>' + rows_xml(GUESTS[1:], 40)
    gaps += "".join(f'<row r="{number}" customHeight="1"><c r="A{number}" s="0"/><c r="H{number}" s="0"/></row>' for number in range(50, 400))
    put("xlsx-gaps.xlsx", Book().add("Sheet1", gaps).content(), "blank rows between, and hundreds below that are only formatted",
        [sheet("Sheet1", [row(5, GUESTS[0]), row(40, GUESTS[1]), row(41, GUESTS[2])])])

    wps = Book()
    wps.properties = '<fileVersion appName="xl" lastEdited="3" lowestEdited="5" rupBuild="9302"/><workbookPr/><bookViews><workbookView/></bookViews>'
    wps_data, wps.strings = shared(table)
    wps.extra = [("docProps/custom.xml", '<Properties><property name="KSOProductBuildVer"/></Properties>')]
    put("xlsx-wps.xlsx", wps.add("Sheet1", wps_data, '<pageMargins left="0.7"/>').content(), "WPS Office", [sheet("Sheet1", rows(2))])

    macro = Book().add("Sheet1", data)
    macro.extra = [("xl/vbaProject.bin", b"\0")]
    put("xlsx-macros.xlsx", macro.content(), "a workbook with macros", fault="file_has_macros")
    bomb = Book().add("Sheet1", data)
    bomb.extra = [("xl/media/image1.png", b"\0" * (8 << 20))]
    put("xlsx-bomb.xlsx", bomb.content(), "a part that unpacks to a thousand times its size", fault="file_expands_too_far")
    put("xlsx-cut-off.xlsx", Book().add("Sheet1", data).content()[:900], "an upload that was cut off", fault="file_unreadable")
    put("xlsx-password.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le"),
        "a workbook with a password is an OLE file", fault="file_unreadable")


def libraries():
    import openpyxl
    import pandas
    import xlsxwriter
    import xlwt

    table = [HEADING] + GUESTS
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = datetime.datetime(*FIXED)
    page = book.active
    page.title = "Khách"
    for cells in table:
        page.append(cells)
    for at, guest in enumerate(GUESTS, 2):
        page.cell(at, 5).value = day(guest[4])
        page.cell(at, 5).number_format = "dd/mm/yyyy"
        page.cell(at, 6).value = datetime.time(*(int(part) for part in guest[5].split(":")))
    out = io.BytesIO()
    book.save(out)
    put("openpyxl.xlsx", packed_again(out.getvalue()), "openpyxl, with dates and times", [sheet("Khách", rows(2))])

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"created": datetime.datetime(*FIXED)})
    page = book.add_worksheet("Khách")
    page.merge_range("A1:H1", "DANH SÁCH KHÁCH")
    for at, cells in enumerate(table, 1):
        page.write_row(at, 0, cells)
    book.close()
    put("xlsxwriter.xlsx", packed_again(out.getvalue()), "XlsxWriter, with a merged title", [sheet("Khách", rows(3))])

    frame = pandas.DataFrame(GUESTS, columns=HEADING)
    out = io.BytesIO()
    with pandas.ExcelWriter(out, engine="xlsxwriter") as writer:
        writer.book.set_properties({"created": datetime.datetime(*FIXED)})
        frame.to_excel(writer, sheet_name="Sáng", index=False)
        frame[:1].to_excel(writer, sheet_name="Chiều", index=True, startrow=2)
    put("pandas.xlsx", packed_again(out.getvalue()), "pandas: two sheets, one with its index and lower down",
        [sheet("Sáng", rows(2)), sheet("Chiều", rows(4, GUESTS[:1]))])
    text_file("pandas.csv", frame.to_csv(index=True), "pandas: its index as a first column without a name", rows(2))
    out = io.BytesIO()
    frame.to_excel(out, engine="odf", sheet_name="Khách", index=False)
    put("pandas-odf.ods", packed_again(out.getvalue()), "pandas with odfpy: OpenDocument", [sheet("Khách", rows(2))])

    old = xlwt.Workbook(encoding="utf-8")
    page = old.add_sheet("Khách")
    shown = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    for at, cells in enumerate(table):
        for column, text in enumerate(cells):
            if at and column == 4:
                page.write(at, column, datetime.datetime.combine(day(text), datetime.time()), shown)
            else:
                page.write(at, column, text)
    out = io.BytesIO()
    old.save(out)
    put("xlwt.xls", out.getvalue(), "Excel 97 to 2003 (BIFF8) by xlwt, with dates", [sheet("Khách", rows(2))])

    old = xlwt.Workbook(encoding="utf-8")
    old.add_sheet("Bìa").write(0, 0, "KHÁCH SẠN MẪU")
    for name, guests in (("Tầng 1", GUESTS[:2]), ("Tầng 2", GUESTS[2:])):
        page = old.add_sheet(name)
        for at, cells in enumerate([HEADING] + guests):
            for column, text in enumerate(cells):
                page.write(at + 2, column, text)
    hidden = old.add_sheet("Cũ")
    hidden.write(0, 0, "x")
    hidden.visibility = 1
    out = io.BytesIO()
    old.save(out)
    put("xlwt-sheets.xls", out.getvalue(), "Excel 97 to 2003: a cover, two sheets, one that is hidden",
        [sheet("Tầng 1", rows(4, GUESTS[:2])), sheet("Tầng 2", rows(4, GUESTS[2:]))],
        [("Cũ", "hidden"), ("Bìa", "columns_unknown")])

    old = xlwt.Workbook(encoding="utf-8")
    page = old.add_sheet("Khách")
    for at, cells in enumerate(table):
        for column, text in enumerate(cells):
            page.write(at, column, text)
    merged = old.get_sheet(0)
    page = old.add_sheet("Gộp")
    for at, cells in enumerate(table):
        for column, text in enumerate(cells):
            if column != 1 or at == 0:
                page.write(at, column, text)
    page.write_merge(1, 3, 1, 1, "505")
    assert merged is not page
    out = io.BytesIO()
    old.save(out)
    put("xlwt-merged.xls", out.getvalue(), "Excel 97 to 2003: a merged room",
        [sheet("Khách", rows(2)), sheet("Gộp", [row(2 + place, guest, **{"/room": "505"}) for place, guest in enumerate(GUESTS)])])


def libre_office():
    """What LibreOffice itself writes; Excel's own formats among it."""
    office = shutil.which("soffice")
    if not office:
        sys.exit("LibreOffice (soffice) is needed")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        source = folder / "source.csv"
        source.write_text(lines([HEADING] + GUESTS))
        # 44 comma, 34 quotation mark, 76 UTF-8, from line 1; columns 1 to 3 and 8 as text, dates day first.
        columns = "1/2/2/2/3/2/4/4/5/4/6/1/7/4/8/2"
        for kind, filter_name in (("xlsx", "Calc MS Excel 2007 XML"), ("ods", "calc8"), ("fods", "")):
            if not filter_name:
                continue
            subprocess.run(
                [office, "--headless", f"-env:UserInstallation=file://{folder}/profile", f"--infilter=CSV:44,34,76,1,{columns}",
                 "--convert-to", f"{kind}:{filter_name}", "--outdir", str(folder), str(source)],
                check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            content = packed_again((folder / f"source.{kind}").read_bytes())
            put(f"libreoffice.{kind}", content, f"LibreOffice Calc, {kind}, dates and times as such", [sheet("source", rows(2))])
        # The same through Excel's old format and back: what a desk does that saves as .xls.
        subprocess.run(
            [office, "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", "xls:MS Excel 97",
             "--outdir", str(folder), str(folder / "source.xlsx")],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Its summary holds the time at which it was made: kept as it is once it is there.
        kept = PLACE / "libreoffice.xls"
        content = kept.read_bytes() if kept.exists() else (folder / "source.xls").read_bytes()
        put("libreoffice.xls", content, "LibreOffice Calc, Excel 97 to 2003", [sheet("source", rows(2))])
        # CSV under Vietnamese settings, all text quoted.
        subprocess.run(
            [office, "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to",
             "csv:Text - txt - csv (StarCalc):59,34,76,1,,1066,true", "--outdir", str(folder / "out"), str(folder / "source.xlsx")],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Under Vietnamese headings the day stands first: what is no day then is refused in its row, and
        # the whole is read with date_order=mdy.
        codes = (["invalid_instant", "invalid_instant", "invalid_date"],
                 ["invalid_instant", "invalid_instant"],
                 ["invalid_instant", "invalid_date"])
        refused = [{"row": 2 + place, "/guest/full_name": guest[0], "/room": guest[1], "codes": codes[place]}
                   for place, guest in enumerate(GUESTS)]
        text_file("libreoffice.csv", (folder / "out" / "source.csv").read_bytes(),
                  "LibreOffice Calc under American settings: semicolons, every text in quotation marks, month first",
                  refused)


def main():
    PLACE.mkdir(exist_ok=True)
    text_files()
    workbooks()
    libraries()
    libre_office()
    print(f"{len(MADE) // 2} files")


if __name__ == "__main__":
    main()
