//! The archive: its guards, its parts, and which of them is the sheet.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the reader's enumerations, not ours"
)]

use std::io::{BufReader, Cursor, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::super::FileFault;

/// Most parts of a workbook.
const PART_COUNT_MAX: usize = 1_000;
/// Most bytes of all parts unpacked. A sheet of 100,000 rows and 16 columns has about 80 MB.
const UNPACKED_BYTE_COUNT_MAX: u64 = 512 * 1024 * 1024;
/// A part that unpacks to more times its size is a bomb…
const RATIO_MAX: u64 = 100;
/// …unless it is small anyway.
const RATIO_FROM_BYTE_COUNT: u64 = 1024 * 1024;
/// Most bytes of the workbook part and of its relationships.
const HEAD_BYTE_COUNT_MAX: u64 = 8 * 1024 * 1024;

/// What OLE files begin with: an old workbook, or one with a password.
const DIRECTORY_ENTRY: [u8; 4] = *b"PK\x01\x02";

/// A reader of one part's XML, which ends in an error when the part grows too large.
pub(super) type PartReader<'a> = Reader<BufReader<Bounded<Box<dyn Read + 'a>>>>;

/// An archive whose directory passed the guards.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
}

/// What the workbook part says.
pub(super) struct Book {
    /// The first visible sheet.
    pub(super) sheet_path: String,
    /// The shared strings, which may be missing.
    pub(super) strings_path: String,
    /// Days count from 1904.
    pub(super) is_1904: bool,
}

impl<'a> Package<'a> {
    /// Judges the directory.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, FileFault> {
        // Counted in the raw bytes: the directory itself would take memory for each entry.
        let entry_count = bytes
            .windows(DIRECTORY_ENTRY.len())
            .filter(|window| *window == DIRECTORY_ENTRY)
            .take(PART_COUNT_MAX + 1)
            .count();
        if entry_count > PART_COUNT_MAX {
            return Err(FileFault::ExpandsTooFar);
        }
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| FileFault::Unreadable)?;
        let mut package = Self { archive };
        package.guard()?;
        Ok(package)
    }

    fn guard(&mut self) -> Result<(), FileFault> {
        let mut unpacked = 0_u64;
        let mut has_workbook = false;
        for index in 0..self.archive.len() {
            let part = self.archive.by_index_raw(index);
            let part = part.map_err(|_| FileFault::Unreadable)?;
            let name = part.name().map_err(|_| FileFault::Unreadable)?;
            let name = name.to_ascii_lowercase();
            has_workbook |= name == "xl/workbook.xml";
            if name.ends_with("vbaproject.bin") {
                return Err(FileFault::Macros);
            }
            unpacked = unpacked.saturating_add(part.size());
            let is_bomb = part.size() > RATIO_FROM_BYTE_COUNT
                && part.size() / RATIO_MAX > part.compressed_size();
            if is_bomb || unpacked > UNPACKED_BYTE_COUNT_MAX {
                return Err(FileFault::ExpandsTooFar);
            }
        }
        if has_workbook {
            Ok(())
        } else {
            Err(FileFault::Unreadable)
        }
    }

    /// The XML of a part; `None` when there is no such part.
    pub(super) fn part(&mut self, path: &str) -> Result<Option<PartReader<'_>>, FileFault> {
        self.bounded(path, UNPACKED_BYTE_COUNT_MAX)
    }

    fn bounded(&mut self, path: &str, max: u64) -> Result<Option<PartReader<'_>>, FileFault> {
        let Some(index) = self.archive.index_for_name(path) else {
            return Ok(None);
        };
        let part = self.archive.by_index(index);
        let part = part.map_err(|_| FileFault::Unreadable)?;
        let part: Box<dyn Read + '_> = Box::new(part);
        let bounded = Bounded {
            inner: part,
            left: max,
        };
        let mut reader = Reader::from_reader(BufReader::new(bounded));
        reader.config_mut().check_end_names = false;
        Ok(Some(reader))
    }

    /// Which sheet is read: the first one that is not hidden.
    pub(super) fn book(&mut self) -> Result<Book, FileFault> {
        let (relation, is_1904) = self.first_sheet()?;
        let relations = self.relations()?;
        let of = |wanted: &dyn Fn(&Relation) -> bool| {
            relations
                .iter()
                .find(|relation| wanted(relation))
                .map(|relation| absolute(&relation.target))
        };
        let sheet_path = of(&|found: &Relation| found.id == relation);
        let strings_path = of(&|found: &Relation| found.kind.ends_with("/sharedStrings"));
        Ok(Book {
            sheet_path: sheet_path.ok_or(FileFault::Unreadable)?,
            strings_path: strings_path.unwrap_or_else(|| "xl/sharedStrings.xml".to_owned()),
            is_1904,
        })
    }

    /// The relationship id of the first visible sheet, and whether days count from 1904.
    fn first_sheet(&mut self) -> Result<(String, bool), FileFault> {
        let mut is_1904 = false;
        let mut sheet = None;
        self.elements("xl/workbook.xml", |element| {
            match element.local_name().as_ref() {
                b"workbookPr" => {
                    let flag = attribute(element, b"date1904");
                    is_1904 = matches!(flag.as_deref(), Some("1" | "true"));
                }
                b"sheet" => {
                    let is_visible =
                        attribute(element, b"state").is_none_or(|state| state == "visible");
                    if is_visible && sheet.is_none() {
                        sheet = attribute(element, b"id");
                    }
                }
                _ => {}
            }
        })?;
        sheet
            .map(|sheet| (sheet, is_1904))
            .ok_or(FileFault::Unreadable)
    }

    fn relations(&mut self) -> Result<Vec<Relation>, FileFault> {
        let mut relations = Vec::new();
        self.elements("xl/_rels/workbook.xml.rels", |element| {
            if element.local_name().as_ref() == b"Relationship" {
                relations.push(Relation {
                    id: attribute(element, b"Id").unwrap_or_default(),
                    kind: attribute(element, b"Type").unwrap_or_default(),
                    target: attribute(element, b"Target").unwrap_or_default(),
                });
            }
        })?;
        Ok(relations)
    }

    fn elements(
        &mut self,
        path: &str,
        mut see: impl FnMut(&BytesStart<'_>),
    ) -> Result<(), FileFault> {
        let reader = self.bounded(path, HEAD_BYTE_COUNT_MAX)?;
        let mut reader = reader.ok_or(FileFault::Unreadable)?;
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match reader.read_event_into(&mut buffer) {
                Ok(Event::Start(element) | Event::Empty(element)) => see(&element),
                Ok(Event::Eof) => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(fault_of(&error)),
            }
        }
    }
}

struct Relation {
    id: String,
    kind: String,
    target: String,
}

/// Targets are relative to `xl/` unless they begin with a slash.
fn absolute(target: &str) -> String {
    match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => format!("xl/{target}"),
    }
}

/// An attribute by its local name, entities resolved.
pub(super) fn attribute(element: &BytesStart<'_>, name: &[u8]) -> Option<String> {
    let found = element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    let raw = std::str::from_utf8(&found.value).ok()?;
    let text = quick_xml::escape::unescape(raw).ok()?;
    Some(text.into_owned())
}

/// What a reader's error means: the bound, or damage.
pub(super) fn fault_of(error: &quick_xml::Error) -> FileFault {
    match error {
        quick_xml::Error::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            FileFault::ExpandsTooFar
        }
        _ => FileFault::Unreadable,
    }
}

/// Ends in an error, not in silence, when more comes than may.
pub(super) struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => {
                self.left = left;
                Ok(count)
            }
            None => Err(std::io::ErrorKind::FileTooLarge.into()),
        }
    }
}
