//! Reads every file of `formats/corpus` and compares the result with the JSON beside it.
//! `scripts/corpus.py` creates them; any file added there with such a JSON is tested as well.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;
use crate::table::kind_of_content;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory()).unwrap();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end != "json"))
        .collect();
    files.sort();
    files
}

fn expected(file: &Path) -> Value {
    let name = format!("{}.json", file.file_name().unwrap().to_string_lossy());
    let text = std::fs::read(file.with_file_name(&name));
    let text = text.unwrap_or_else(|_| panic!("{name} is missing"));
    serde_json::from_slice(&text).unwrap()
}

/// Checks what is expected of a row; returns the difference.
fn compare(row: &FileRow, expected: &Value) -> Result<(), String> {
    if expected["row"] != row.number {
        return Err(format!("row {} instead of {}", row.number, expected["row"]));
    }
    let FileReading::Stay(found) = &row.reading else {
        return Err(format!("row {} is skipped", row.number));
    };
    for (pointer, value) in expected.as_object().unwrap() {
        if !pointer.starts_with('/') {
            continue;
        }
        let read = found.stay.pointer(pointer).and_then(Value::as_str);
        let meant = value.as_str().unwrap();
        let is_met = match pointer.as_str() {
            "/arrival_at" => read.is_some_and(|read| read.starts_with(meant)),
            _ => read == Some(meant),
        };
        if !is_met {
            return Err(format!(
                "row {}: {pointer} is {read:?}, not {meant:?}",
                row.number
            ));
        }
    }
    let codes: Vec<&str> = found
        .violations
        .iter()
        .map(|note| note.code.as_str())
        .collect();
    let meant = expected["codes"].as_array().cloned().unwrap_or_default();
    if meant != codes {
        return Err(format!(
            "row {}: {codes:?} instead of {meant:?}",
            row.number
        ));
    }
    Ok(())
}

fn judge(file: &Path) -> Result<(), String> {
    let expected = expected(file);
    let bytes = std::fs::read(file).unwrap();
    let kind = kind_of_content(&bytes);
    let read = StayFile::read(bytes, kind, &super::tests::wishes());
    let read = match (read, expected["fault"].as_str()) {
        (Ok(read), None) => read,
        (Ok(_), Some(fault)) => return Err(format!("read, not refused as {fault}")),
        (Err(fault), meant) => {
            let code = fault.violation().code;
            let is_met = meant == Some(code.as_str());
            return if is_met {
                Ok(())
            } else {
                Err(format!("refused as {code}"))
            };
        }
    };
    let description = read.description();
    let rows: Vec<FileRow> = read.rows(0).collect();
    // Rows read are rows reported.
    let of_sheets: usize = description.sheets.iter().map(|sheet| sheet.row_count).sum();
    if rows.len() != description.row_count || of_sheets != rows.len() {
        return Err(format!("{} rows of {of_sheets}", rows.len()));
    }
    let passed_over = serde_json::to_value(&description.passed_over).unwrap();
    if passed_over != expected["passed_over"] {
        return Err(format!("passed over: {passed_over}"));
    }
    let sheets = expected["sheets"].as_array().unwrap();
    if sheets.len() != description.sheets.len() {
        return Err(format!("{} sheets", description.sheets.len()));
    }
    let mut rows = rows.iter();
    for (sheet, meant) in description.sheets.iter().zip(sheets) {
        if meant["name"].as_str() != sheet.name.as_deref() {
            return Err(format!("a sheet {:?}", sheet.name));
        }
        let meant = meant["rows"].as_array().unwrap();
        if meant.len() != sheet.row_count {
            return Err(format!("{:?} has {} rows", sheet.name, sheet.row_count));
        }
        for expected in meant {
            compare(rows.next().unwrap(), expected)?;
        }
    }
    Ok(())
}

#[test]
fn every_file_of_the_corpus_is_read_as_it_was_meant() {
    let files = files();
    assert!(files.len() >= 60, "only {} files", files.len());
    let faults: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            judge(file).err().map(|fault| format!("{name}: {fault}"))
        })
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// A truncated or corrupted file never invents guests: the file is refused, or all its rows are
/// reported.
#[test]
fn no_damage_to_a_file_of_the_corpus_loses_a_row() {
    for file in files() {
        let bytes = std::fs::read(&file).unwrap();
        let mut damaged = vec![bytes.get(..bytes.len() / 2).unwrap_or_default().to_vec()];
        for at in (0..bytes.len()).step_by((bytes.len() / 7).max(1)) {
            let mut turned = bytes.clone();
            turned[at] ^= 0x5A;
            damaged.push(turned);
        }
        for bytes in damaged {
            let kind = kind_of_content(&bytes);
            let read = StayFile::read(bytes, kind, &super::tests::wishes());
            if let Ok(read) = read {
                assert_eq!(read.rows(0).count(), read.description().row_count);
            }
        }
    }
}
