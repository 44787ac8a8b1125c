//! XLSX (ECMA-376): the first visible sheet of a workbook, read as a stream.
//!
//! A workbook is a ZIP archive of somebody else's making. Its directory is judged before anything
//! is unpacked, and every part is counted while it is unpacked, so that neither an honest bomb
//! nor one that lies about its size gets far. Only four kinds of parts are opened: the workbook,
//! its relationships, the shared strings and one sheet. Links to other files are never followed.

mod package;
mod sheet;
mod strings;

use super::{FileFault, FileKind, Layout, Table, encoding::Encoding};

/// Refuses what the archive's directory already tells.
pub(super) fn inspect(bytes: &[u8]) -> Result<(), FileFault> {
    package::Package::open(bytes).map(|_| ())
}

pub(super) fn read(bytes: &[u8]) -> Result<Table, FileFault> {
    let mut package = package::Package::open(bytes)?;
    let book = package.book()?;
    let strings = strings::read(&mut package, &book.strings_path)?;
    let builder = sheet::read(&mut package, &book.sheet_path, &strings)?;
    drop(strings);
    Ok(builder.finish(Layout {
        kind: FileKind::Xlsx,
        delimiter: b',',
        encoding: Encoding::Utf8,
        is_1904: book.is_1904,
    }))
}
