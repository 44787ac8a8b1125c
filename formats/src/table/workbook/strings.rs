//! The shared strings: texts that cells name by their place.

use quick_xml::events::Event;

use super::super::texts::{TextId, Texts};
use super::super::{CELL_BYTE_COUNT_MAX, FileFault};
use super::package::Package;
use super::xstring::decoded;

/// Where the shared strings are among all texts.
#[derive(Default)]
pub(super) struct Strings {
    first: TextId,
    count: usize,
}

impl Strings {
    pub(super) fn get(&self, place: usize) -> Option<TextId> {
        if place < self.count {
            self.first.plus(place)
        } else {
            None
        }
    }
}

/// Reads the part; a workbook without it has no shared strings. What the part says of its own
/// count is not believed.
pub(super) fn read(
    package: &mut Package<'_>,
    path: Option<&str>,
    texts: &mut Texts,
) -> Result<Strings, FileFault> {
    let part = match path {
        Some(path) => package.part(path)?,
        None => None,
    };
    let Some(mut events) = part else {
        return Ok(Strings::default());
    };
    let mut strings = Strings {
        first: texts.next_id().ok_or(FileFault::TooHeavy)?,
        count: 0,
    };
    let mut run = TextRun::default();
    let mut text = String::new();
    loop {
        let event = events.next()?;
        if matches!(event, Event::Eof) {
            return Ok(strings);
        }
        let is_end = match &event {
            Event::End(element) => element.local_name().as_ref() == "si",
            Event::Empty(element) => element.local_name().as_ref() == "si",
            Event::Start(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_)
            | Event::Eof => {
                // One that is too long for a cell is refused where a cell names it.
                if text.len() <= CELL_BYTE_COUNT_MAX {
                    run.see(&event, &mut text)?;
                }
                false
            }
        };
        if is_end {
            texts.add_always(&decoded(&text))?;
            strings.count += 1;
            text.clear();
        } else if matches!(event, Event::End(_) | Event::Empty(_)) {
            run.see(&event, &mut text)?;
        }
    }
}

/// Takes the text of `t` elements, and leaves out phonetic hints (`rPh`).
#[derive(Default)]
pub(super) struct TextRun {
    is_text: bool,
    is_phonetic: bool,
}

impl TextRun {
    pub(super) fn see(&mut self, event: &Event<'_>, out: &mut String) -> Result<(), FileFault> {
        if let Event::Start(element) = event {
            match element.local_name().as_ref() {
                "t" => self.is_text = true,
                "rPh" => self.is_phonetic = true,
                _ => {}
            }
        } else if let Event::End(element) = event {
            match element.local_name().as_ref() {
                "t" => self.is_text = false,
                "rPh" => self.is_phonetic = false,
                _ => {}
            }
        } else if self.is_text && !self.is_phonetic {
            push_text(event, out)?;
        }
        Ok(())
    }
}

/// Adds the characters of an event. Entities of the document's own are not resolved: there are
/// none in honest workbooks.
pub(super) fn push_text(event: &Event<'_>, out: &mut String) -> Result<(), FileFault> {
    if let Event::Text(text) = event {
        out.push_str(&text.xml10_content());
    } else if let Event::CData(text) = event {
        out.push_str(&text.xml10_content());
    } else if let Event::GeneralRef(reference) = event {
        if let Ok(Some(letter)) = reference.resolve_char_ref() {
            out.push(letter);
            return Ok(());
        }
        let name = reference.xml10_content();
        let letter = match name.as_ref() {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => return Err(FileFault::Unreadable),
        };
        out.push(letter);
    }
    Ok(())
}
