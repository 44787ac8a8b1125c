//! The XML of a part, event by event. The reader keeps an event whole in memory, so what an event
//! may take is bounded while it is read, not afterwards; so are its depth and the part's bytes.

use std::cell::Cell;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::super::FileFault;

/// The most bytes of an event: a cell of 32,767 characters with each of them written as an entity.
const EVENT_BYTE_COUNT_MAX: usize = 256 * 1024;
/// Deepest nesting: sheets have fewer than ten levels.
const DEPTH_MAX: usize = 100;

/// The remaining unpacked size for all parts together.
pub(super) type Unpacked = Rc<Cell<u64>>;

/// A reader of one part.
pub(super) struct Events<'a> {
    reader: Reader<Bounded<BufReader<Box<dyn Read + 'a>>>>,
    buffer: Vec<u8>,
    depth: usize,
}

/// Why there is no next event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventFault {
    /// One event is too long.
    TooLong,
    /// Something else is wrong with the part.
    Of(FileFault),
}

impl From<EventFault> for FileFault {
    fn from(fault: EventFault) -> Self {
        match fault {
            EventFault::TooLong => Self::ExpandsTooFar,
            EventFault::Of(fault) => fault,
        }
    }
}

impl<'a> Events<'a> {
    pub(super) fn new(part: Box<dyn Read + 'a>, unpacked: Unpacked) -> Self {
        let bounded = Bounded {
            inner: BufReader::new(part),
            event_left: EVENT_BYTE_COUNT_MAX,
            unpacked,
        };
        let mut reader = Reader::from_reader(bounded);
        reader.config_mut().check_end_names = false;
        Self {
            reader,
            buffer: Vec::new(),
            depth: 0,
        }
    }

    /// The next event; at the end `Event::Eof`, again and again.
    pub(super) fn next(&mut self) -> Result<Event<'_>, EventFault> {
        self.buffer.clear();
        self.reader.get_mut().event_left = EVENT_BYTE_COUNT_MAX;
        let event = self.reader.read_event_into(&mut self.buffer);
        let event = event.map_err(|error| fault_of(&error))?;
        if matches!(event, Event::Start(_)) {
            self.depth += 1;
        } else if matches!(event, Event::End(_)) {
            self.depth = self.depth.saturating_sub(1);
        }
        if self.depth > DEPTH_MAX {
            return Err(EventFault::Of(FileFault::Unreadable));
        }
        Ok(event)
    }

    /// Shows every element.
    pub(super) fn elements(
        mut self,
        mut see: impl FnMut(&BytesStart<'_>) -> Result<(), FileFault>,
    ) -> Result<(), FileFault> {
        loop {
            let event = self.next()?;
            if let Event::Start(element) | Event::Empty(element) = &event {
                see(element)?;
            } else if matches!(event, Event::Eof) {
                return Ok(());
            }
        }
    }
}

/// Interprets a reader's error: a limit, or damage.
fn fault_of(error: &quick_xml::Error) -> EventFault {
    if let quick_xml::Error::Io(error) = error {
        if error.kind() == ErrorKind::QuotaExceeded {
            return EventFault::TooLong;
        }
        if error.kind() == ErrorKind::FileTooLarge {
            return EventFault::Of(FileFault::ExpandsTooFar);
        }
    }
    EventFault::Of(FileFault::Unreadable)
}

/// An attribute by its local name, entities resolved.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    let text = quick_xml::escape::unescape(&found.value).ok()?;
    Some(text.into_owned())
}

/// Fails, rather than stopping silently, when the input exceeds the limit.
struct Bounded<R> {
    inner: R,
    /// What the open event may still take.
    event_left: usize,
    unpacked: Unpacked,
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut available = self.fill_buf()?;
        let count = available.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.unpacked.get() == 0 {
            return Err(ErrorKind::FileTooLarge.into());
        }
        let available = self.inner.fill_buf()?;
        if available.is_empty() {
            return Ok(available);
        }
        if self.event_left == 0 {
            return Err(ErrorKind::QuotaExceeded.into());
        }
        let count = available.len().min(self.event_left);
        Ok(available.get(..count).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.event_left = self.event_left.saturating_sub(count);
        let left = self.unpacked.get().saturating_sub(count as u64);
        self.unpacked.set(left);
        self.inner.consume(count);
    }
}
