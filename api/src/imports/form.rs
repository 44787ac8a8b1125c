//! `multipart/form-data` (RFC 7578): how a web form or a simple client sends a file.
//!
//! A form must hold exactly one file and nothing else. All options are query parameters: an
//! overlooked `dry_run` field would declare people for real.

use std::ops::Range;

/// The media type.
pub(crate) const FORM: &str = "multipart/form-data";
/// Longest boundary (RFC 2046, 5.1.1).
const BOUNDARY_LENGTH_MAX: usize = 70;
/// The most bytes of the headers of a part.
const HEADERS_BYTE_COUNT_MAX: usize = 8 * 1024;
/// The most letters of a file's name that are kept.
const NAME_LENGTH_MAX: usize = 200;
/// The most bytes a form adds to its file.
pub(crate) const OVERHEAD_BYTE_COUNT_MAX: u32 = 16 * 1024;

/// The form is damaged, or holds not just one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FormFault;

/// The boundary that a `Content-Type` names.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    let mut parameters = content_type.split(';').skip(1);
    let named = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_named = name.trim().eq_ignore_ascii_case("boundary");
        is_named.then(|| value.trim().trim_matches('"').to_owned())
    })?;
    let is_fitting = !named.is_empty() && named.len() <= BOUNDARY_LENGTH_MAX;
    (is_fitting && named.is_ascii()).then_some(named)
}

/// The only file of a form, in the memory of the form, and what the form calls it.
pub(crate) fn into_file(
    mut form: Vec<u8>,
    boundary: &str,
) -> Result<(Vec<u8>, Option<String>), FormFault> {
    let (file, name) = file(&form, boundary)?;
    form.truncate(file.end);
    form.drain(..file.start);
    Ok((form, name))
}

fn file(form: &[u8], boundary: &str) -> Result<(Range<usize>, Option<String>), FormFault> {
    let opening = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    // Text before the first boundary is ignored.
    let first = if form.starts_with(opening.as_bytes()) {
        0
    } else {
        find(form, between.as_bytes(), 0).ok_or(FormFault)? + 2
    };
    let mut at = first + opening.len();
    let mut file = None;
    loop {
        let rest = form.get(at..).unwrap_or_default();
        if rest.starts_with(b"--") {
            return file.ok_or(FormFault);
        }
        // Spaces may stand behind a boundary.
        let line_end = find(form, b"\r\n", at).ok_or(FormFault)?;
        let start = line_end + 2;
        let end = find(form, between.as_bytes(), line_end).ok_or(FormFault)?;
        let part = form.get(start..end).ok_or(FormFault)?;
        let head = part.get(..part.len().min(HEADERS_BYTE_COUNT_MAX));
        let head = head.unwrap_or_default();
        let head_length = find(head, b"\r\n\r\n", 0).ok_or(FormFault)?;
        let headers = head.get(..head_length).unwrap_or_default();
        if file.is_some() || !is_file(headers) {
            return Err(FormFault);
        }
        file = Some((start + head_length + 4..end, file_name(headers)));
        at = end + between.len();
    }
}

/// What the headers of a part call its file: the last part of the path, as far as it can be shown.
fn file_name(headers: &[u8]) -> Option<String> {
    const START: &str = "filename=\"";

    let headers = std::str::from_utf8(headers).ok()?;
    let place = headers.to_ascii_lowercase().find(START)?;
    let named = headers.get(place + START.len()..)?.split('"').next()?;
    let last = named.rsplit(['/', '\\']).next()?.trim();
    let shown = last.chars().filter(|letter| !letter.is_control());
    let name: String = shown.take(NAME_LENGTH_MAX).collect();
    (!name.is_empty()).then_some(name)
}

/// Whether the headers of a part name a file.
fn is_file(headers: &[u8]) -> bool {
    let headers = String::from_utf8_lossy(headers).to_ascii_lowercase();
    headers.split("\r\n").any(|line| {
        line.strip_prefix("content-disposition:")
            .is_some_and(|value| value.contains("filename=") || value.contains("filename*="))
    })
}

fn find(bytes: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let mut at = 0;
    // The first byte is looked for alone: a file has millions of places.
    while let Some(next) = rest.get(at..)?.iter().position(|byte| *byte == wanted[0]) {
        at += next;
        if rest.get(at..)?.starts_with(wanted) {
            return Some(from + at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "Content-Disposition: form-data; name=\"file\"; filename=\"khach.csv\"\r\nContent-Type: text/csv\r\n\r\n";

    #[test]
    fn the_only_file_of_a_form_is_taken_out_of_it() {
        let content = "Họ tên,Ngày đến\r\n--x\r\n-";
        let table = [
            format!("--b\r\n{FILE}{content}\r\n--b--\r\n"),
            format!("--b \r\n{FILE}{content}\r\n--b--"),
            format!("for nobody\r\n--b\r\n{FILE}{content}\r\n--b--\r\nfor nobody"),
        ];
        for form in table {
            let file = into_file(form.into_bytes(), "b").unwrap();
            assert_eq!(file.0, content.as_bytes());
        }
        let empty = format!("--b\r\n{FILE}\r\n--b--");
        let named = Some("khach.csv".to_owned());
        assert_eq!(into_file(empty.into_bytes(), "b"), Ok((Vec::new(), named)));
    }

    #[test]
    fn a_file_is_called_by_the_last_part_of_its_path() {
        let longest = "ă".repeat(NAME_LENGTH_MAX);
        let table = [
            ("filename=\"Khách đoàn.xlsx\"", Some("Khách đoàn.xlsx")),
            ("FileName=\"C:\\Quầy\\khach.csv\"", Some("khach.csv")),
            ("filename=\"a/b/../khach.csv\"; x=\"y\"", Some("khach.csv")),
            ("filename=\"kh\u{7}ach.csv\"", Some("khach.csv")),
            (&format!("filename=\"{longest}.csv\""), Some(&longest)),
            ("filename=\"\"", None),
            ("filename=khach.csv", None),
            ("filename*=utf-8''khach.csv", None),
        ];
        for (header, name) in table {
            let header = format!("Content-Disposition: form-data; {header}");
            assert_eq!(file_name(header.as_bytes()).as_deref(), name, "{header}");
        }
    }

    #[test]
    fn whatever_else_a_form_holds_is_not_overlooked() {
        let field = "Content-Disposition: form-data; name=\"dry_run\"\r\n\r\ntrue";
        let table = [
            String::new(),
            "--b--".to_owned(),
            "no form".to_owned(),
            format!("--b\r\n{field}\r\n--b--"),
            format!("--b\r\n{field}\r\n--b\r\n{FILE}x\r\n--b--"),
            format!("--b\r\n{FILE}x\r\n--b\r\n{field}\r\n--b--"),
            format!("--b\r\n{FILE}x\r\n--b\r\n{FILE}x\r\n--b--"),
            format!("--b\r\n{FILE}cut off"),
            format!("--b\r\n{FILE}cut off\r\n--b"),
        ];
        for form in table {
            assert_eq!(
                into_file(form.clone().into_bytes(), "b"),
                Err(FormFault),
                "{form}"
            );
        }
    }

    #[test]
    fn a_boundary_is_named_with_or_without_marks() {
        let table = [
            ("multipart/form-data; boundary=abc", Some("abc")),
            (
                "multipart/form-data; charset=utf-8; Boundary=\"a b\"",
                Some("a b"),
            ),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
        ];
        for (content_type, named) in table {
            assert_eq!(boundary(content_type).as_deref(), named);
        }
    }
}
