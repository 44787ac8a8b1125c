//! The shared strings: texts that cells name by their place.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the reader's enumerations, not ours"
)]

use quick_xml::events::Event;

use super::super::{FileFault, TEXT_BYTE_COUNT_MAX};
use super::package::{Package, fault_of};

/// Most shared strings: one for each cell of the largest sheet a person fills.
const STRING_COUNT_MAX: usize = 4_000_000;

/// All shared strings in one allocation.
#[derive(Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    pub(super) fn get(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let start = match place.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start as usize..end as usize)
    }

    fn end_string(&mut self) -> Result<(), FileFault> {
        let is_too_much =
            self.text.len() > TEXT_BYTE_COUNT_MAX || self.ends.len() >= STRING_COUNT_MAX;
        if is_too_much {
            return Err(FileFault::ExpandsTooFar);
        }
        self.ends
            .push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        Ok(())
    }
}

/// Reads the part; a workbook without it has no shared strings. What the part says of its own
/// count is not believed.
pub(super) fn read(package: &mut Package<'_>, path: &str) -> Result<Strings, FileFault> {
    let mut strings = Strings::default();
    let Some(mut reader) = package.part(path)? else {
        return Ok(strings);
    };
    let mut buffer = Vec::new();
    let mut text = TextRun::default();
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer);
        let event = event.map_err(|error| fault_of(&error))?;
        match &event {
            Event::Eof => return Ok(strings),
            Event::End(element) if element.local_name().as_ref() == b"si" => {
                strings.end_string()?;
            }
            Event::Empty(element) if element.local_name().as_ref() == b"si" => {
                strings.end_string()?;
            }
            _ => text.see(&event, &mut strings.text)?,
        }
        if strings.text.len() > TEXT_BYTE_COUNT_MAX {
            return Err(FileFault::ExpandsTooFar);
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
        match event {
            Event::Start(element) => match element.local_name().as_ref() {
                b"t" => self.is_text = true,
                b"rPh" => self.is_phonetic = true,
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                b"t" => self.is_text = false,
                b"rPh" => self.is_phonetic = false,
                _ => {}
            },
            _ if self.is_text && !self.is_phonetic => push_text(event, out)?,
            _ => {}
        }
        Ok(())
    }
}

/// Adds the characters of an event. Entities of the document's own are not resolved: there are
/// none in honest workbooks.
pub(super) fn push_text(event: &Event<'_>, out: &mut String) -> Result<(), FileFault> {
    let unreadable = |_| FileFault::Unreadable;
    match event {
        Event::Text(text) => out.push_str(&text.decode().map_err(unreadable)?),
        Event::CData(text) => out.push_str(&text.decode().map_err(unreadable)?),
        Event::GeneralRef(reference) => {
            if let Ok(Some(letter)) = reference.resolve_char_ref() {
                out.push(letter);
                return Ok(());
            }
            let name = reference.decode().map_err(unreadable)?;
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
        _ => {}
    }
    Ok(())
}
