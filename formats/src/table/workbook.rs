//! XLSX (ECMA-376): the visible sheets of a workbook, read as a stream.
//!
//! A workbook is an untrusted ZIP archive. Its directory is checked before anything is unpacked,
//! and every part and every XML event is measured while it is unpacked, so that neither an honest
//! bomb nor one that lies about its size gets far. Only five kinds of parts are opened: the
//! workbook, relationships, shared strings, styles and sheets. Links to other files are never
//! followed.

mod events;
mod package;
mod sheet;
mod strings;
mod styles;
mod xstring;

use std::sync::Arc;

use super::sheet_builder::row_allowance;
use super::texts::Texts;
use super::{
    FileFault, FileKind, Layout, PassedOver, PassedOverReason, Table, Workbook, encoding::Encoding,
};

pub(super) use sheet::number;
pub(crate) use xstring::escaped as escaped_xstring;

/// Refuses what the archive's directory already tells.
pub(super) fn inspect(bytes: &[u8]) -> Result<(), FileFault> {
    package::Package::open(bytes).map(|_| ())
}

pub(super) fn read(bytes: &[u8]) -> Result<Workbook, FileFault> {
    let mut package = package::Package::open(bytes)?;
    let book = package.book()?;
    let mut texts = Texts::new();
    let styles = styles::read(&mut package, book.styles_path.as_deref())?;
    let strings = strings::read(&mut package, book.strings_path.as_deref(), &mut texts)?;
    let mut rows_left = row_allowance();
    let mut read = Vec::new();
    let mut passed_over = Vec::new();
    for sheet in book.sheets {
        let reason = match (sheet.is_visible, sheet.has_cells) {
            (false, _) => PassedOverReason::Hidden,
            (true, false) => PassedOverReason::NoCells,
            (true, true) => {
                let path = sheet.path.as_deref().ok_or(FileFault::Unreadable)?;
                let known = sheet::WorkbookData {
                    strings: &strings,
                    styles: &styles,
                };
                let data = sheet::read(&mut package, path, known, &mut texts, &mut rows_left)?;
                read.push((sheet.name, data));
                continue;
            }
        };
        passed_over.push(PassedOver {
            name: sheet.name,
            reason,
        });
    }
    let texts = Arc::new(texts);
    let layout = Layout {
        kind: FileKind::Xlsx,
        delimiter: b',',
        encoding: Encoding::Utf8,
        is_1904: book.is_1904,
    };
    let sheets: Vec<Table> = read
        .into_iter()
        .map(|(name, data)| data.into_table(Some(name), Arc::clone(&texts), layout))
        .collect();
    Ok(Workbook {
        sheets,
        passed_over,
    })
}
