//! Attacks, bounded in number and time and sent only to services of this test run, and the
//! experience of an honest sender meanwhile.

use std::{collections::BTreeMap, fmt, io, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

/// Types of HTTP/2 frames (RFC 9113, section 6).
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
/// No answer within this time counts as none.
const PATIENCE: Duration = Duration::from_secs(20);

/// Connections that are held open.
pub struct Flood {
    sockets: Vec<TcpStream>,
    // End with it.
    _writers: JoinSet<()>,
}

impl Flood {
    /// Opens this many connections to `address` (`http://…`) and sends `first` on each.
    pub async fn open(address: &str, count: usize, first: &[u8]) -> Self {
        let authority = address.trim_start_matches("http://");
        let mut sockets = Vec::with_capacity(count);
        for _ in 0..count {
            let opened = timeout(PATIENCE, TcpStream::connect(authority)).await;
            let mut socket = opened.expect("a connection in time").expect("a connection");
            // It may have been refused already.
            let _ = socket.write_all(first).await;
            sockets.push(socket);
        }
        Self {
            sockets,
            _writers: JoinSet::new(),
        }
    }

    /// The same, and then a byte of each after each pause, for as long as it is held.
    pub async fn drip(address: &str, count: usize, first: &[u8], pause: Duration) -> Self {
        let opened = Self::open(address, count, first).await;
        let mut writers = JoinSet::new();
        for mut socket in opened.sockets {
            writers.spawn(async move {
                while socket.write_all(b"a").await.is_ok() {
                    sleep(pause).await;
                }
            });
        }
        Self {
            sockets: Vec::new(),
            _writers: writers,
        }
    }

    /// How many the service has closed by now.
    pub fn closed_count(&self) -> usize {
        self.sockets.iter().filter(|one| is_closed(one)).count()
    }
}

/// Reads what is there; true at the end.
fn is_closed(socket: &TcpStream) -> bool {
    let mut bytes = [0; 4096];
    loop {
        match socket.try_read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
        }
    }
}

/// HTTP/2 whose client takes nothing: `count` times GET of a path, and no window for an answer.
pub fn unread_http_2(path: &str, key: Option<&str>, count: u32) -> Vec<u8> {
    // SETTINGS_INITIAL_WINDOW_SIZE = 0.
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]));
    for number in 0..count {
        // RFC 7541, appendix A: GET, http, then names of the table with values of ours.
        let mut block = vec![0x82, 0x86];
        block.extend(named(&[0x04], path));
        block.extend(named(&[0x01], "127.0.0.1"));
        if let Some(key) = key {
            block.extend(named(&[0x0f, 0x08], &format!("Bearer {key}")));
        }
        bytes.extend(frame(HEADERS, 0x5, 2 * number + 1, &block));
    }
    bytes
}

fn named(name: &[u8], value: &str) -> Vec<u8> {
    let length = u8::try_from(value.len()).expect("a short value");
    assert!(length < 127, "a value that needs one byte of length");
    [name, &[length], value.as_bytes()].concat()
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload");
    let [_, length @ ..] = length.to_be_bytes();
    let head = [length.as_slice(), &[kind, flags], &stream.to_be_bytes()].concat();
    [head.as_slice(), payload].concat()
}

/// A well-formed key that does not exist; `seed` makes it unique.
pub fn made_up_key(seed: u64) -> String {
    format!("luutru_{seed:030x}07_{}", "A".repeat(43))
}

/// What a sender met.
#[derive(Debug, Default)]
pub struct Figures {
    latencies: Vec<Duration>,
    /// How often each status came; 0 for no answer.
    pub statuses: BTreeMap<u16, usize>,
}

impl Figures {
    /// Calls so many times, one after the other, with a pause between.
    pub async fn of(count: usize, pause: Duration, mut call: impl AsyncFnMut() -> u16) -> Self {
        let mut figures = Self::default();
        for _ in 0..count {
            let started = Instant::now();
            let status = timeout(PATIENCE, call()).await.unwrap_or(0);
            figures.latencies.push(started.elapsed());
            *figures.statuses.entry(status).or_default() += 1;
            sleep(pause).await;
        }
        figures
    }

    /// Whether nothing came but these.
    pub fn are_all(&self, statuses: &[u16]) -> bool {
        self.statuses.keys().all(|status| statuses.contains(status))
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let at = |part: usize| sorted.get((sorted.len() * part / 100).min(sorted.len() - 1));
        let milliseconds = |part| at(part).map_or(0, Duration::as_millis);
        write!(
            formatter,
            "{} calls, statuses {:?}, p50 {} ms, p95 {} ms, max {} ms",
            sorted.len(),
            self.statuses,
            milliseconds(50),
            milliseconds(95),
            milliseconds(100),
        )
    }
}

/// A workbook with one cell that says `letter_count` bytes of letters and then `run_count` times
/// the letter a: small to send, large to read (abuse case 34).
pub fn swollen_workbook(letter_count: usize, run_count: usize) -> Vec<u8> {
    const TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
    const RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
    const WORKBOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    const SHEETS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
    const BEGIN: &str = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>"#;
    const END: &str = "</t></is></c></row></sheetData></worksheet>";
    let letters: Vec<u8> = (0..letter_count)
        .map(|at| b'b' + u8::try_from(at % 24).unwrap_or(0))
        .collect();
    let mut packed = stored(BEGIN.as_bytes(), false);
    packed.extend(stored(&letters, false));
    let (run, run_count) = run_of_a(run_count);
    packed.extend(run);
    packed.extend(stored(END.as_bytes(), true));
    let length = BEGIN.len() + letter_count + run_count + END.len();
    let mut archive = Archive::default();
    for (name, text) in [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", RELATIONS),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", SHEETS),
    ] {
        archive.add(
            name,
            0,
            text.as_bytes(),
            text.len(),
            crc_32(text.as_bytes()),
        );
    }
    // Nobody gets as far as to compare the check value.
    archive.add("xl/worksheets/sheet1.xml", 8, &packed, length, 0);
    archive.close()
}

/// Blocks of RFC 1951, 3.2.4: as they are.
fn stored(bytes: &[u8], is_last: bool) -> Vec<u8> {
    let mut blocks = Vec::new();
    let mut chunks = bytes.chunks(usize::from(u16::MAX)).peekable();
    while let Some(chunk) = chunks.next() {
        let length = u16::try_from(chunk.len()).expect("a short block");
        blocks.push(u8::from(is_last && chunks.peek().is_none()));
        blocks.extend(length.to_le_bytes());
        blocks.extend((!length).to_le_bytes());
        blocks.extend(chunk);
    }
    blocks
}

/// A block of RFC 1951, 3.2.6, of the letter a again and again, ending at a byte; and how many.
fn run_of_a(count: usize) -> (Vec<u8>, usize) {
    let mut bits = Bits::default();
    // Not the last block; fixed codes.
    bits.put(0b0, 1);
    bits.put(0b10, 2);
    bits.put(0b1001_0001, 8);
    let repeats = count / 258;
    for _ in 0..repeats {
        // 258 bytes, from one byte back.
        bits.put(0b1100_0101, 8);
        bits.put(0, 5);
    }
    bits.put(0, 7);
    (bits.bytes, 1 + repeats * 258)
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    /// A code, its first bit first.
    fn put(&mut self, code: u32, length: u32) {
        for at in (0..length).rev() {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= u8::from((code >> at) & 1 == 1) << (self.count % 8);
            }
            self.count += 1;
        }
    }
}

/// A ZIP archive.
#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Archive {
    fn add(&mut self, name: &str, method: u16, packed: &[u8], length: usize, crc: u32) {
        let size = |length: usize| u32::try_from(length).expect("a short part").to_le_bytes();
        let offset = size(self.bytes.len());
        let name_length = u16::try_from(name.len())
            .expect("a short name")
            .to_le_bytes();
        let common = [
            [20, 0, 0, 0].as_slice(),
            &method.to_le_bytes(),
            &[0; 4],
            &crc.to_le_bytes(),
            &size(packed.len()),
            &size(length),
            &name_length,
            &[0; 2],
        ]
        .concat();
        self.bytes
            .extend([b"PK\x03\x04", common.as_slice(), name.as_bytes(), packed].concat());
        let place = [[0; 10].as_slice(), &offset].concat();
        let entry = [
            b"PK\x01\x02",
            [20, 0].as_slice(),
            &common,
            &place,
            name.as_bytes(),
        ];
        self.directory.extend(entry.concat());
        self.count += 1;
    }

    fn close(mut self) -> Vec<u8> {
        let size = |length: usize| {
            u32::try_from(length)
                .expect("a short archive")
                .to_le_bytes()
        };
        let count = self.count.to_le_bytes();
        let end = [
            b"PK\x05\x06\0\0\0\0".as_slice(),
            &count,
            &count,
            &size(self.directory.len()),
            &size(self.bytes.len()),
            &[0; 2],
        ];
        let end = end.concat();
        self.bytes.extend(self.directory);
        self.bytes.extend(end);
        self.bytes
    }
}

fn crc_32(bytes: &[u8]) -> u32 {
    let fold = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    };
    !bytes.iter().fold(u32::MAX, fold)
}
