//! What files really are: several sheets, many makes, and some that want more than they may.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{ChildStdout, Command, Stdio},
    time::Duration,
};

use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};
use tests::{
    Answer, Caller, Database, River, Services, binary_path, measured, on_both_databases, people,
    sheet::{self, CSV, XLSX},
};
use zip::write::SimpleFileOptions;

const DONE: Duration = Duration::from_secs(120);
/// Memory of the process that reads a file, whatever the file holds.
const READER_KIB_MAX: u64 = 256 * 1024;
/// Memory of a worker while files are read beside it.
const WORKER_KIB_MAX: u64 = 200 * 1024;
/// Rows and columns of the largest honest file.
const LARGEST: (usize, usize) = (100_000, 24);

on_both_databases![
    every_sheet_of_a_file_is_declared_and_named,
    what_is_wrong_with_a_file_is_named,
    a_row_has_the_number_that_an_editor_shows,
    a_file_is_taken_under_every_name_that_it_is_given,
    files_of_many_makes_are_declared,
    a_file_that_ends_its_reader_is_refused_and_harms_nobody,
    luutru_up_outlives_a_file_that_ends_its_reader,
];

async fn upload(desk: &Caller, query: &str, kind: &str, content: impl Into<Vec<u8>>) -> Answer {
    desk.send_file(query, kind, content).await
}

async fn imported(desk: &Caller, query: &str, kind: &str, content: impl Into<Vec<u8>>) -> Value {
    let answer = upload(desk, query, kind, content).await;
    answer.expect(202);
    done(desk, answer.header("location").unwrap()).await
}

async fn done(desk: &Caller, address: &str) -> Value {
    tests::eventually_some("the end of a file", DONE, async || {
        let import = desk.get(address).await.expect(200);
        let is_open = ["queued", "running"].contains(&import["state"].as_str().unwrap());
        (!is_open).then_some(import)
    })
    .await
}

async fn rows(desk: &Caller, import: &Value) -> Vec<Value> {
    let id = import["id"].as_str().unwrap();
    let page = desk
        .get(&format!("/v1/imports/{id}/rows?limit=200"))
        .await
        .expect(200);
    page["items"].as_array().unwrap().clone()
}

fn sum(import: &Value) -> u64 {
    ["accepted", "replayed", "rejected", "skipped"]
        .map(|count| import[count].as_u64().unwrap())
        .iter()
        .sum()
}

/// A workbook of sheets, each with its name, its first row and its cells.
fn workbook(sheets: &[(&str, u32, Vec<Vec<String>>)]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    for (name, first, cells) in sheets {
        let sheet = workbook.add_worksheet();
        sheet.set_name(*name).unwrap();
        for (row, cells) in (*first..).zip(cells) {
            for (column, cell) in (0_u16..).zip(cells) {
                sheet.write_string(row, column, cell).unwrap();
            }
        }
    }
    workbook.save_to_buffer().unwrap()
}

fn with_heading(guests: &[Vec<String>]) -> Vec<Vec<String>> {
    let heading = sheet::HEADING.map(str::to_owned).to_vec();
    std::iter::once(heading)
        .chain(guests.iter().cloned())
        .collect()
}

async fn every_sheet_of_a_file_is_declared_and_named(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut guests = sheet::guests(5);
    guests[3][1].clear();
    let file = workbook(&[
        ("Bìa", 0, vec![vec!["KHÁCH SẠN MẪU".to_owned()]]),
        ("Tầng 1", 0, with_heading(&guests[..2])),
        ("Tầng 2", 3, with_heading(&guests[2..])),
    ]);
    let import = imported(&desk, "", XLSX, file).await;
    assert_eq!(import["state"], "completed", "{import}");
    assert_eq!(import["rows_total"], 5);
    assert_eq!(sum(&import), 5, "rows read are rows reported");
    assert_eq!(
        (&import["accepted"], &import["rejected"]),
        (&json!(4), &json!(1))
    );
    let sheets = import["sheets"].as_array().unwrap();
    let places: Vec<Value> = sheets
        .iter()
        .map(|sheet| {
            ["name", "heading_row", "first_row", "last_row", "rows_total"]
                .map(|member| sheet[member].clone())
                .into()
        })
        .collect();
    assert_eq!(
        places,
        [json!(["Tầng 1", 1, 2, 3, 2]), json!(["Tầng 2", 4, 5, 7, 3])]
    );
    let passed_over = json!([{"name": "Bìa", "reason": "columns_unknown"}]);
    assert_eq!(import["passed_over"], passed_over);
    let places: Vec<Value> = rows(&desk, &import)
        .await
        .iter()
        .map(|row| json!([row["sheet"], row["row"], row["outcome"]]))
        .collect();
    assert_eq!(
        places,
        [
            json!(["Tầng 1", 2, "accepted"]),
            json!(["Tầng 1", 3, "accepted"]),
            json!(["Tầng 2", 5, "accepted"]),
            json!(["Tầng 2", 6, "rejected"]),
            json!(["Tầng 2", 7, "accepted"]),
        ]
    );
    // Rejected rows come back under the headings of the first sheet, corrected or not.
    let id = import["id"].as_str().unwrap();
    let rejected = desk
        .call("GET", &format!("/v1/imports/{id}/rejected"))
        .send()
        .await;
    assert_eq!(rejected.status, 200);
    let again = imported(&desk, "", XLSX, rejected.body).await;
    assert_eq!(
        (&again["rows_total"], &again["rejected"]),
        (&json!(1), &json!(1)),
        "{again}"
    );
    let text = imported(&desk, "", CSV, sheet::csv(&sheet::guests(1))).await;
    assert_eq!(text["sheets"][0]["name"], Value::Null);
    assert_eq!(text["passed_over"], json!([]));
    assert_eq!(rows(&desk, &text).await[0]["sheet"], Value::Null);
}

async fn what_is_wrong_with_a_file_is_named(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let guests = sheet::guests(3);
    let open = sheet::csv(&guests).replacen("chị Thiềm\"", "chị Thiềm", 1);
    let import = imported(&desk, "", CSV, open).await;
    let fault = &import["problem"]["errors"][0];
    assert_eq!(import["state"], "failed", "{import}");
    assert_eq!(fault["code"], "file_quote_open", "{import}");
    assert!(
        fault["message"].as_str().unwrap().contains("Dòng 2."),
        "{fault}"
    );
    assert_eq!(sum(&import), 0);

    let table: [(&str, &[u8], &str); 5] = [
        (CSV, b"<html><table></table></html>", "file_not_a_table"),
        (CSV, b"%PDF-1.7\n", "file_not_a_table"),
        (CSV, b"\x1F\x8B\x08\x00\x00", "file_compressed"),
        (
            XLSX,
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\x00",
            "file_unreadable",
        ),
        (XLSX, b"no archive", "file_unreadable"),
    ];
    for (kind, content, code) in table {
        let answer = upload(&desk, "", kind, content).await;
        let problem = answer.expect_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["code"], code, "{problem}");
    }
}

async fn a_row_has_the_number_that_an_editor_shows(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut guests = sheet::guests(3);
    guests[2][1].clear();
    let text = sheet::csv(&guests);
    let lines: Vec<&str> = text.split_inclusive("\r\n").collect();
    let text = [
        lines[0],
        "\r\n\r\n",
        lines[1],
        ";;;\r\n \r\n",
        lines[2],
        "\r\n",
        lines[3],
    ]
    .concat();
    let import = imported(&desk, "", CSV, text).await;
    let places: Vec<Value> = rows(&desk, &import)
        .await
        .iter()
        .map(|row| json!([row["row"], row["outcome"]]))
        .collect();
    assert_eq!(
        places,
        [
            json!([4, "accepted"]),
            json!([7, "accepted"]),
            json!([9, "rejected"])
        ]
    );
}

/// A form with these parts, each with its headers.
fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut form = Vec::new();
    for (headers, content) in parts {
        form.extend_from_slice(format!("--grenze\r\n{headers}\r\n\r\n").as_bytes());
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(b"--grenze--\r\n");
    form
}

async fn a_file_is_taken_under_every_name_that_it_is_given(database: Database) {
    const FORM: &str = "multipart/form-data; boundary=grenze";
    const FILE: &str = "Content-Disposition: form-data; name=\"file\"; filename=\"khách.csv\"\r\n\
        Content-Type: application/vnd.ms-excel";
    const FIELD: &str = "Content-Disposition: form-data; name=\"dry_run\"";
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let text = || sheet::csv(&sheet::guests(1)).into_bytes();
    let book = || sheet::xlsx(&sheet::guests(1));
    let table = [
        ("text/csv; charset=utf-8", text(), "csv"),
        ("text/csv", book(), "xlsx"),
        ("application/vnd.ms-excel", text(), "csv"),
        ("application/vnd.ms-excel", book(), "xlsx"),
        ("application/octet-stream", text(), "csv"),
        ("application/octet-stream", book(), "xlsx"),
        (FORM, form(&[(FILE, &text())]), "csv"),
        (FORM, form(&[(FILE, &book())]), "xlsx"),
    ];
    for (kind, content, format) in table {
        let import = imported(&desk, "", kind, content).await;
        assert_eq!(import["accepted"], 1, "{kind}: {import}");
        assert_eq!(import["format"], format, "{kind}");
    }
    // The error for an unsupported type names the supported ones.
    let answer = upload(&desk, "", "text/plain", text()).await;
    let problem = answer.expect_problem(415, "unsupported_media_type");
    for taken in ["text/csv", XLSX, "multipart/form-data"] {
        assert!(answer.header("accept").unwrap().contains(taken), "{taken}");
        assert!(
            problem["detail"].as_str().unwrap().contains(taken),
            "{problem}"
        );
    }
    let packed = desk.call("POST", "/v1/imports").body(CSV, text());
    let answer = packed.header("Content-Encoding", "gzip").send().await;
    answer.expect_problem(415, "unsupported_media_type");
    assert_eq!(answer.header("accept-encoding"), Some("identity"));
    let single = desk
        .call("POST", "/v1/stays")
        .body("text/csv", text())
        .send()
        .await;
    single.expect_problem(415, "unsupported_media_type");
    assert_eq!(single.header("accept"), Some("application/json"));
    // Other fields of a form are not ignored.
    let forms = [
        form(&[(FILE, &text()), (FIELD, b"true")]),
        form(&[(FILE, &text()), (FILE, &text())]),
        form(&[(FIELD, b"true")]),
        form(&[]),
    ];
    for content in forms {
        let answer = upload(&desk, "", FORM, content).await;
        let problem = answer.expect_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["code"], "form_not_one_file");
    }
}

/// Files of LibreOffice, pandas and xlwt are read at upload and by the worker.
async fn files_of_many_makes_are_declared(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/corpus");
    let table = [
        ("xlwt.xls", "application/vnd.ms-excel"),
        ("libreoffice.xls", "application/vnd.ms-excel"),
        (
            "libreoffice.ods",
            "application/vnd.oasis.opendocument.spreadsheet",
        ),
        ("pandas-odf.ods", "application/octet-stream"),
        ("xlsx-backslashes.xlsx", XLSX),
        ("csv-excel-unicode-text.csv", CSV),
    ];
    for (name, kind) in table {
        let content = std::fs::read(corpus.join(name)).unwrap();
        // Their dates stand still, so that some day they are too old to be declared.
        let import = imported(&desk, "?dry_run=true", kind, content).await;
        assert_eq!(import["state"], "completed", "{name}: {import}");
        assert_eq!(import["rows_total"], 3, "{name}");
        assert_eq!(sum(&import), 3, "{name}");
        for row in rows(&desk, &import).await {
            let errors = row["problem"]["errors"].as_array().cloned();
            let is_of_time = |error: &Value| {
                let pointer = error["pointer"].as_str().unwrap();
                ["/arrival_at", "/expected_departure_at"].contains(&pointer)
            };
            assert!(
                errors.unwrap_or_default().iter().all(is_of_time),
                "{name}: {row}"
            );
        }
    }
}

/// An OpenDocument sheet of a kilobyte in which one row stands for a hundred thousand.
fn heavy() -> Vec<u8> {
    let names: String = ["office", "table", "text"]
        .map(|name| format!(" xmlns:{name}=\"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0\""))
        .concat();
    let content = format!(
        "<office:document-content{names}><office:body><office:spreadsheet>\
         <table:table table:name=\"a\"><table:table-row table:number-rows-repeated=\"100000\">\
         <table:table-cell office:value-type=\"string\" table:number-columns-repeated=\"200\">\
         <text:p>Lê Thị Nặng</text:p></table:table-cell></table:table-row></table:table>\
         </office:spreadsheet></office:body></office:document-content>"
    );
    let manifest = "<manifest:manifest \
        xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>";
    archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", &content),
        ("META-INF/manifest.xml", manifest),
    ])
}

fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (path, text) in parts {
        archive.start_file(*path, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A sheet whose only cell, attribute or comment is larger than the memory of a reader.
fn swollen(before: &str, after: &str) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    let head = [
        (
            "xl/workbook.xml",
            r#"<workbook><sheets><sheet name="a" r:id="r1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships><Relationship Id="r1" Type="x/worksheet" Target="sheet.xml"/></Relationships>"#,
        ),
    ];
    for (path, text) in head {
        archive.start_file(path, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.start_file("xl/sheet.xml", options).unwrap();
    archive
        .write_all(format!("<worksheet><sheetData>{before}").as_bytes())
        .unwrap();
    // Letters that do not pack well first, so that the ratio looks honest.
    let mut number = 1_u32;
    let odd: Vec<u8> = (0..1 << 20)
        .map(|_| {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b'a' + u8::try_from((number >> 24) % 26).unwrap()
        })
        .collect();
    archive.write_all(&odd).unwrap();
    archive.write_all(&vec![b'a'; 40 << 20]).unwrap();
    archive.write_all(after.as_bytes()).unwrap();
    archive.finish().unwrap().into_inner()
}

async fn a_file_that_ends_its_reader_is_refused_and_harms_nobody(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let worker = services.start_worker().await;
    let desk = services.caller(&address, "hotel");
    let school = services.caller(&address, "school");
    // Calls are on their way while the readers die.
    services.police().fail(&json!({"latency_ms": 300})).await;
    let files = [
        (heavy(), "file_too_heavy"),
        (
            swollen("<row><c t=\"inlineStr\"><is><t>", "</t></is></c></row>"),
            "file_cell_too_long",
        ),
        (swollen("<!--", "-->"), "file_expands_too_far"),
    ];
    let mut addresses = Vec::new();
    for (content, code) in files {
        let answer = upload(&desk, "", XLSX, content).await;
        answer.expect(202);
        addresses.push((answer.header("location").unwrap().to_owned(), code));
    }
    let mut ids = Vec::new();
    for _ in 0..20 {
        let answer = school
            .declare(&people::citizen(services.facility("school")))
            .await;
        ids.push(answer.expect(201)["id"].as_str().unwrap().to_owned());
    }
    for (address, code) in addresses {
        let import = done(&desk, &address).await;
        assert_eq!(import["state"], "failed", "{import}");
        assert_eq!(import["problem"]["errors"][0]["code"], code, "{import}");
    }
    for id in &ids {
        school.delivered(id, "acknowledged", DONE).await;
    }
    assert!(worker.is_running());
    assert!(worker.log().contains("a file crashed its reader"));
    let peak = worker.memory_peak_kib();
    assert!(peak < WORKER_KIB_MAX, "the worker held {peak} KiB");
    let database = services.database();
    // No claim was lost on the way, so none is counted against anybody.
    let blamed = "SELECT COUNT(*) FROM outbox_task WHERE claim_count > 1 OR state = 'parked'";
    assert_eq!(database.count(blamed).await, 0);
    // And the next file is read.
    let import = imported(&desk, "", CSV, sheet::csv(&sheet::guests(2))).await;
    assert_eq!(import["accepted"], 2, "{import}");
}

async fn luutru_up_outlives_a_file_that_ends_its_reader(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("guest_house");
    let import = imported(&desk, "", XLSX, heavy()).await;
    assert_eq!(import["state"], "failed", "{import}");
    assert_eq!(
        import["problem"]["errors"][0]["code"], "file_too_heavy",
        "{import}"
    );
    assert_eq!(sum(&import), 0);
    assert!(river.process().is_running());
}

/// The reader alone, as a worker starts it.
struct Reader {
    process: std::process::Child,
    output: BufReader<ChildStdout>,
}

impl Reader {
    fn start(kind: &str, content: &[u8]) -> Self {
        let request = json!({
            "kind": kind,
            "byte_count": content.len(),
            "wishes": {
                "date_order": null,
                "received_at_micros": tests::now().timestamp_micros(),
                "permitted_stay_until": null,
            },
            "first_row": 0,
        });
        let mut process = Command::new(binary_path())
            .arg("read-file")
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = process.stdin.take().unwrap();
        input.write_all(format!("{request}\n").as_bytes()).unwrap();
        // One that has died already reads no more.
        let _ = input.write_all(content);
        drop(input);
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_default()
    }

    /// While it waits for its answers to be taken.
    fn memory_peak_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(Path::new(&path)).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let size = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        size.unwrap()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A sheet of as many rows and columns as a desk may fill, every text in its own cell.
fn largest_honest_file() -> Vec<u8> {
    let (row_count, column_count) = LARGEST;
    let known = [
        "Họ và tên",
        "Phòng",
        "Số CCCD",
        "Ngày sinh",
        "Ngày đến",
        "Giờ đến",
        "Ngày đi",
    ];
    let cell = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_level(Some(1));
    let head = [
        (
            "xl/workbook.xml",
            r#"<workbook><sheets><sheet name="a" r:id="r1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships><Relationship Id="r1" Type="x/worksheet" Target="sheet.xml"/></Relationships>"#,
        ),
    ];
    for (path, text) in head {
        archive.start_file(path, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.start_file("xl/sheet.xml", options).unwrap();
    let mut text = "<worksheet><sheetData><row>".to_owned();
    for column in 0..column_count {
        let other = format!("cột {column}");
        text.push_str(&cell(known.get(column).copied().unwrap_or(&other)));
    }
    text.push_str("</row>");
    let other: String = (known.len()..column_count)
        .map(|column| cell(&format!("nội dung {column}")))
        .collect();
    for row in 0..row_count {
        let guest = [
            format!("Nguyễn Văn Thử {}", row % 7),
            format!("P{}", row % 900),
            format!("0010{row:08}"),
            "17/05/1990".to_owned(),
            "28/11/2026".to_owned(),
            "09:05".to_owned(),
            "30/11/2026".to_owned(),
        ];
        text.push_str("<row>");
        text.extend(guest.iter().map(|text| cell(text)));
        text.push_str(&other);
        text.push_str("</row>");
        if text.len() > 1 << 20 {
            archive.write_all(text.as_bytes()).unwrap();
            text.clear();
        }
    }
    text.push_str("</sheetData></worksheet>");
    archive.write_all(text.as_bytes()).unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn the_largest_honest_file_is_read_within_the_memory_of_a_reader() {
    let content = largest_honest_file();
    let mut reader = Reader::start("xlsx", &content);
    let file = &reader.answer()["File"];
    assert_eq!(file["row_count"], LARGEST.0, "{file}");
    let row = &reader.answer()["Row"];
    assert_eq!(row["number"], 2, "{row}");
    let peak = reader.memory_peak_kib();
    assert!(peak < READER_KIB_MAX, "the reader held {peak} KiB");
    measured(
        "H4",
        &format!("{} rows of {} columns: {peak} KiB", LARGEST.0, LARGEST.1),
    );
}

#[test]
fn whatever_a_file_holds_its_reader_stays_within_its_memory() {
    let files: [(&str, Vec<u8>, &str); 5] = [
        ("csv", b"x,".repeat(31 << 20), "file_too_many_columns"),
        (
            "csv",
            [b"\"".to_vec(), vec![b'a'; 60 << 20]].concat(),
            "file_quote_open",
        ),
        (
            "csv",
            [b"x,".repeat(200), b"\n".to_vec()].concat().repeat(100_000),
            "file_too_heavy",
        ),
        ("xlsx", swollen("<row x=\"", "\"/>"), "file_expands_too_far"),
        (
            "xlsx",
            swollen("<row><c t=\"inlineStr\"><is><t>", "</t></is></c></row>"),
            "file_cell_too_long",
        ),
    ];
    for (kind, content, code) in files {
        let mut reader = Reader::start(kind, &content);
        let answer = reader.answer();
        assert_eq!(answer["Fault"][0]["code"], code, "{answer}");
    }
}
