//! The archive: its guards, its parts, and which of them are the sheets.
//!
//! Names of parts are compared as the Open Packaging Conventions say (ECMA-376-2, 6.2.2.3): without
//! regard to case; and some programs write backslashes.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::rc::Rc;

use zip::ZipArchive;

use super::super::FileFault;
use super::events::{Events, Unpacked, attribute};

/// Most parts of a workbook.
const PART_COUNT_MAX: usize = 1_000;
/// The most bytes of all parts unpacked. A sheet of 100,000 rows and 24 columns has about 100 MB.
const UNPACKED_BYTE_COUNT_MAX: u64 = 256 * 1024 * 1024;
/// A part that unpacks to more times its size is a bomb…
const RATIO_MAX: u64 = 100;
/// …unless it is small anyway.
const RATIO_FROM_BYTE_COUNT: u64 = 1024 * 1024;
/// Most sheets.
const SHEET_COUNT_MAX: usize = 250;
/// Most relationships of a part.
const RELATION_COUNT_MAX: usize = 2_000;
/// The most bytes of a sheet's name that are kept. Excel takes 31 characters.
const NAME_BYTE_COUNT_MAX: usize = 400;

/// The default location of the workbook.
const WORKBOOK_PATH: &str = "xl/workbook.xml";

/// What every package has.
const CONTENT_TYPES_PATH: &str = "[content_types].xml";

/// An archive's directory entry for a part.
const DIRECTORY_ENTRY: [u8; 4] = *b"PK\x01\x02";

/// An archive whose directory passed the guards.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Places of parts, by their names in one spelling.
    places: HashMap<String, usize>,
    unpacked: Unpacked,
}

/// What the workbook part says.
pub(super) struct Book {
    pub(super) sheets: Vec<Sheet>,
    /// The shared strings, which may be missing.
    pub(super) strings_path: Option<String>,
    /// The styles, which may be missing.
    pub(super) styles_path: Option<String>,
    /// Days count from 1904.
    pub(super) is_1904: bool,
}

/// A sheet as the workbook names it.
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) is_visible: bool,
    /// It is no chart, dialogue or macro.
    pub(super) has_cells: bool,
    pub(super) path: Option<String>,
}

struct Relation {
    id: String,
    kind: String,
    path: String,
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
        let mut package = Self {
            archive,
            places: HashMap::new(),
            unpacked: Rc::new(Cell::new(UNPACKED_BYTE_COUNT_MAX)),
        };
        package.guard()?;
        Ok(package)
    }

    fn guard(&mut self) -> Result<(), FileFault> {
        let mut unpacked = 0_u64;
        for index in 0..self.archive.len() {
            let part = self.archive.by_index_raw(index);
            let part = part.map_err(|_| FileFault::Unreadable)?;
            let name = part.name().map_err(|_| FileFault::Unreadable)?;
            let name = resolved("", &name);
            if name.ends_with("vbaproject.bin") {
                return Err(FileFault::Macros);
            }
            unpacked = unpacked.saturating_add(part.size());
            let is_bomb = part.size() > RATIO_FROM_BYTE_COUNT
                && part.size() / RATIO_MAX > part.compressed_size();
            if is_bomb || unpacked > UNPACKED_BYTE_COUNT_MAX {
                return Err(FileFault::ExpandsTooFar);
            }
            self.places.entry(name).or_insert(index);
        }
        let path = self.workbook_path()?;
        if self.places.contains_key(&path) {
            return Ok(());
        }
        // A document of another program of an office, or files that somebody packed.
        Err(if self.places.contains_key(CONTENT_TYPES_PATH) {
            FileFault::NotATable
        } else if self.places.is_empty() {
            FileFault::Unreadable
        } else {
            FileFault::Compressed
        })
    }

    /// The XML of a part; `None` when there is no such part.
    pub(super) fn part(&mut self, path: &str) -> Result<Option<Events<'_>>, FileFault> {
        let Some(index) = self.places.get(path) else {
            return Ok(None);
        };
        let part = self.archive.by_index(*index);
        let part: Box<dyn Read + '_> = Box::new(part.map_err(|_| FileFault::Unreadable)?);
        Ok(Some(Events::new(part, Rc::clone(&self.unpacked))))
    }

    /// What is in the workbook.
    pub(super) fn book(&mut self) -> Result<Book, FileFault> {
        let path = self.workbook_path()?;
        let relations = self.relations(&path)?;
        let of_kind = |kind: &str| {
            let mut found = relations.iter();
            found
                .find(|relation| relation.kind.ends_with(kind))
                .map(|relation| relation.path.clone())
        };
        let strings_path = of_kind("/sharedStrings");
        let strings_path = strings_path.unwrap_or_else(|| resolved(&path, "sharedStrings.xml"));
        let styles_path = of_kind("/styles").unwrap_or_else(|| resolved(&path, "styles.xml"));
        let (sheets, is_1904) = self.sheets(&path, &relations)?;
        let existing = |path: String| self.places.contains_key(&path).then_some(path);
        Ok(Book {
            sheets,
            strings_path: existing(strings_path),
            styles_path: existing(styles_path),
            is_1904,
        })
    }

    /// The part that the package itself names as its document.
    fn workbook_path(&mut self) -> Result<String, FileFault> {
        let relations = self.relations("")?;
        let named = relations
            .into_iter()
            .find(|relation| relation.kind.ends_with("/officeDocument"))
            .map(|relation| relation.path);
        let exists = |path: &String| self.places.contains_key(path);
        Ok(named
            .filter(exists)
            .unwrap_or_else(|| WORKBOOK_PATH.to_owned()))
    }

    fn sheets(
        &mut self,
        path: &str,
        relations: &[Relation],
    ) -> Result<(Vec<Sheet>, bool), FileFault> {
        let mut is_1904 = false;
        let mut sheets = Vec::new();
        let part = self.part(path)?.ok_or(FileFault::Unreadable)?;
        part.elements(|element| {
            match element.local_name().as_ref() {
                "workbookPr" => {
                    let flag = attribute(element, "date1904");
                    is_1904 = matches!(flag.as_deref(), Some("1" | "true"));
                }
                "sheet" => {
                    if sheets.len() >= SHEET_COUNT_MAX {
                        return Err(FileFault::ExpandsTooFar);
                    }
                    let id = attribute(element, "id").unwrap_or_default();
                    let relation = relations.iter().find(|relation| relation.id == id);
                    let state = attribute(element, "state");
                    let mut name = attribute(element, "name").unwrap_or_default();
                    name.truncate(name.floor_char_boundary(NAME_BYTE_COUNT_MAX));
                    sheets.push(Sheet {
                        name,
                        is_visible: state.is_none_or(|state| state == "visible"),
                        has_cells: relation
                            .is_none_or(|relation| relation.kind.ends_with("/worksheet")),
                        path: relation.map(|relation| relation.path.clone()),
                    });
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok((sheets, is_1904))
    }

    /// The relationships of a part; of the package itself when the path is empty.
    fn relations(&mut self, path: &str) -> Result<Vec<Relation>, FileFault> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let of_part = match folder {
            "" => format!("_rels/{name}.rels"),
            folder => format!("{folder}/_rels/{name}.rels"),
        };
        let mut relations = Vec::new();
        let Some(part) = self.part(&of_part)? else {
            return Ok(relations);
        };
        part.elements(|element| {
            if element.local_name().as_ref() == "Relationship" {
                if relations.len() >= RELATION_COUNT_MAX {
                    return Err(FileFault::ExpandsTooFar);
                }
                let target = attribute(element, "Target").unwrap_or_default();
                relations.push(Relation {
                    id: attribute(element, "Id").unwrap_or_default(),
                    kind: attribute(element, "Type").unwrap_or_default(),
                    path: resolved(path, &target),
                });
            }
            Ok(())
        })?;
        Ok(relations)
    }
}

/// A target as the name of a part, in one spelling. It is relative to the folder of the part that
/// names it, unless it begins with a slash.
fn resolved(of_part: &str, target: &str) -> String {
    let target = target.replace('\\', "/").to_ascii_lowercase();
    let folder = of_part.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = if target.starts_with('/') { "" } else { folder };
    let mut steps: Vec<&str> = Vec::new();
    for step in folder.split('/').chain(target.split('/')) {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_names_of_parts() {
        let table = [
            ("", "xl\\Workbook.xml", "xl/workbook.xml"),
            (
                "xl/workbook.xml",
                "worksheets/Sheet1.xml",
                "xl/worksheets/sheet1.xml",
            ),
            ("xl/workbook.xml", "/xl/styles.xml", "xl/styles.xml"),
            ("xl/workbook.xml", "..\\docs/./a.xml", "docs/a.xml"),
            ("workbook.xml", "../../a.xml", "a.xml"),
        ];
        for (of_part, target, path) in table {
            assert_eq!(resolved(of_part, target), path);
        }
    }
}
