//! The body of a request: bounded in size and time, JSON, no deeper than 32.
//!
//! `domain` judges shape and meaning of its members, not this module. The type parameter of
//! [`JsonDocument`] only describes the body in the OpenAPI document.

mod announced;
mod json;

use std::marker::PhantomData;
use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::problem::{Code, Hint, Violation};
use formats::qr_image::{self, ImageKind};
use futures_util::StreamExt;
use poem::error::ReadBodyError;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::web::headers::{ContentLength, HeaderMapExt};
use poem::{Body, Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::Type,
};
use serde_json::Value;
use tokio::time::Instant;

pub(crate) use announced::{Announced, SentFile};
use announced::{FILE_MEDIA_TYPES, FORM};
pub(crate) use json::StayBody;

use crate::app::App;
use crate::config::ApiSettings;
use crate::exchange::{self, Exchange};
use crate::limit::{BodyKind, Received};
use crate::problem::Failure;
use crate::reply::JSON;
use crate::shapes::text::{FileContent, Picture};
use crate::shapes::{ScanText, StayDraft};

/// RFC 7396.
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";

/// What the forms of pages come in.
const PAGE_FORM: &str = "application/x-www-form-urlencoded";

/// What scans come in.
const SCAN_MEDIA_TYPES: &[&str] = &[JSON, "image/png", "image/jpeg"];

/// The media types of a body, and its size limit.
pub(crate) trait Shape: Type + 'static {
    /// The media types it comes in; parameters aside, all of them are JSON.
    const MEDIA_TYPES: &'static [&'static str] = &[JSON];

    /// Most bytes; those of a stay unless there is more to say.
    fn bytes_max(settings: &ApiSettings) -> u32 {
        settings.stay_body_bytes_max
    }
}

impl Shape for StayDraft {}
impl Shape for ScanText {}

/// A JSON document that has been received whole.
pub(crate) struct JsonDocument<T> {
    /// What was sent.
    pub(crate) value: Value,
    /// When the last byte had been read: the legal time of filing.
    pub(crate) received_at: DateTime<Utc>,
    shape: PhantomData<fn() -> T>,
}

impl<T> JsonDocument<T> {
    /// A document that a page made of its form.
    pub(crate) const fn of(value: Value, received_at: DateTime<Utc>) -> Self {
        Self {
            value,
            received_at,
            shape: PhantomData,
        }
    }
}

impl<'a, T: Shape> ApiExtractor<'a> for JsonDocument<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = T::MEDIA_TYPES.iter().map(|content_type| MetaMediaType {
            content_type,
            schema: T::schema_ref(),
        });
        Some(MetaRequest {
            description: None,
            content: content.collect(),
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(receive(request, body).await?)
    }
}

/// The body of one stay, received whole.
pub(crate) struct StayDocument {
    /// What was sent.
    pub(crate) body: StayBody,
    /// When the last byte had been read: the legal time of filing.
    pub(crate) received_at: DateTime<Utc>,
}

impl<'a> ApiExtractor<'a> for StayDocument {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        StayDraft::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        JsonDocument::<StayDraft>::request_meta()
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let media_types = StayDraft::MEDIA_TYPES;
        let (bytes, received_at) = receive_bytes::<StayDraft>(request, body, media_types).await?;
        Ok(Self {
            body: StayBody::parse(&bytes).map_err(json_failure)?,
            received_at,
        })
    }
}

/// A JSON document, or why there is none: for operations that judge something else first.
pub(crate) struct Proposal<T>(pub(crate) Result<JsonDocument<T>, Failure>);

impl<'a, T: Shape> ApiExtractor<'a> for Proposal<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        JsonDocument::<T>::request_meta()
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self(receive(request, body).await))
    }
}

/// What a scanner delivers, received whole.
pub(crate) struct Scanned {
    /// The text, or a picture.
    pub(crate) body: ScanBody,
    /// When the last byte had been read.
    pub(crate) received_at: DateTime<Utc>,
}

/// A scan as it was sent.
pub(crate) enum ScanBody {
    /// A JSON document with the text.
    Text(Value),
    /// A picture with a QR code.
    Image {
        /// As its media type says.
        kind: ImageKind,
        /// The file.
        bytes: Vec<u8>,
    },
}

impl<'a> ApiExtractor<'a> for Scanned {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        ScanText::register(registry);
        Picture::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let picture = |content_type| MetaMediaType {
            content_type,
            schema: Picture::schema_ref(),
        };
        let text = MetaMediaType {
            content_type: JSON,
            schema: ScanText::schema_ref(),
        };
        Some(MetaRequest {
            description: None,
            content: vec![text, picture("image/png"), picture("image/jpeg")],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(receive_scan(request, body).await?)
    }
}

/// An uploaded file that is still to be read: whether it is wanted is decided before.
pub(crate) struct Upload {
    /// What its media type says.
    pub(crate) announced: Announced,
    body: Body,
    /// As announced.
    length: Option<u64>,
}

impl Upload {
    /// Reads the file.
    ///
    /// Errors: 413 when it is too large, 408 when it does not come in time.
    pub(crate) async fn read(self, app: &App, exchange: &Exchange) -> Result<Vec<u8>, Failure> {
        let arrival = ArrivingBody {
            kind: BodyKind::File,
            bytes_max: app.settings.file_body_bytes_max + self.announced.overhead(),
            announced: self.length,
            time_limit: app.settings.file_body_timeout(),
        };
        arrival.read(app, exchange, self.body).await
    }
}

impl<'a> ApiExtractor<'a> for Upload {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        FileContent::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = FILE_MEDIA_TYPES.map(|content_type| MetaMediaType {
            content_type,
            schema: match content_type {
                FORM => announced::form_schema(),
                _ => FileContent::schema_ref(),
            },
        });
        Some(MetaRequest {
            description: None,
            content: content.into(),
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(take_upload(request, body)?)
    }
}

fn take_upload(request: &Request, body: &mut RequestBody) -> Result<Upload, Failure> {
    let app = App::of(request)?;
    let headers = request.headers();
    let announced = Announced::of(headers);
    let overhead = announced.as_ref().map_or(0, Announced::overhead);
    check_length(headers, app.settings.file_body_bytes_max + overhead)?;
    let is_packed = headers.contains_key(header::CONTENT_ENCODING);
    let announced = announced
        .filter(|_| !is_packed)
        .ok_or_else(|| media_failure(headers, &FILE_MEDIA_TYPES))?;
    let length = headers.typed_get::<ContentLength>().map(|length| length.0);
    Ok(Upload {
        announced,
        body: body.take().map_err(Failure::internal)?,
        length,
    })
}

async fn receive_scan(request: &Request, body: &mut RequestBody) -> Result<Scanned, Failure> {
    let headers = request.headers();
    let Some(kind) = image_kind(headers) else {
        let document: JsonDocument<ScanText> = receive_as(request, body, SCAN_MEDIA_TYPES).await?;
        return Ok(Scanned {
            body: ScanBody::Text(document.value),
            received_at: document.received_at,
        });
    };
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(media_failure(headers, SCAN_MEDIA_TYPES));
    }
    let app = App::of(request)?;
    let bytes_max = u32::try_from(qr_image::BYTE_COUNT_MAX).unwrap_or(u32::MAX);
    check_length(headers, bytes_max)?;
    let bytes = read_in_time(request, body, bytes_max).await?;
    Ok(Scanned {
        body: ScanBody::Image { kind, bytes },
        received_at: app.clock.now(),
    })
}

/// The kind of picture that the headers announce, if it is one that is read.
fn image_kind(headers: &HeaderMap) -> Option<ImageKind> {
    ImageKind::of_media_type(media_type(headers)?)
}

/// The media type that the headers announce, without parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(content_type.split(';').next()?.trim())
}

async fn receive<T: Shape>(
    request: &Request,
    body: &mut RequestBody,
) -> Result<JsonDocument<T>, Failure> {
    receive_as(request, body, T::MEDIA_TYPES).await
}

/// `advised` are the media types of the operation, of which JSON is one.
async fn receive_as<T: Shape>(
    request: &Request,
    body: &mut RequestBody,
    advised: &'static [&'static str],
) -> Result<JsonDocument<T>, Failure> {
    let (bytes, received_at) = receive_bytes::<T>(request, body, advised).await?;
    Ok(JsonDocument {
        value: json::parse(&bytes).map_err(json_failure)?,
        received_at,
        shape: PhantomData,
    })
}

/// The bytes of a document, and when the last of them had been read.
async fn receive_bytes<T: Shape>(
    request: &Request,
    body: &mut RequestBody,
    advised: &'static [&'static str],
) -> Result<(Vec<u8>, DateTime<Utc>), Failure> {
    let app = App::of(request)?;
    let bytes_max = T::bytes_max(&app.settings);
    let headers = request.headers();
    check_length(headers, bytes_max)?;
    if !is_fitting(headers, T::MEDIA_TYPES) {
        return Err(media_failure(headers, advised));
    }
    let bytes = read_in_time(request, body, bytes_max).await?;
    Ok((bytes, app.clock.now()))
}

/// Whether the headers announce a form as browsers send it.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    media_type(headers) == Some(PAGE_FORM)
}

/// The bytes of a form as browsers send it, and when the last of them had been read.
///
/// Errors: 415 for another body, and those of every body.
pub(crate) async fn receive_form(
    request: &Request,
    body: &mut RequestBody,
    bytes_max: u32,
) -> Result<(Vec<u8>, DateTime<Utc>), Failure> {
    let app = App::of(request)?;
    let headers = request.headers();
    check_length(headers, bytes_max)?;
    let is_packed = headers.contains_key(header::CONTENT_ENCODING);
    if is_packed || !is_form(headers) {
        return Err(media_failure(headers, &[PAGE_FORM]));
    }
    let bytes = read_in_time(request, body, bytes_max).await?;
    Ok((bytes, app.clock.now()))
}

fn json_failure(fault: json::Fault) -> Failure {
    match fault {
        json::Fault::Malformed => Failure::new(Code::MalformedJson),
        json::Fault::TooDeep => Failure::new(Code::JsonTooDeep),
        json::Fault::Repeated(pointer) => {
            let violation = Violation::new(pointer, Code::MemberRepeated);
            Failure::new(Code::MalformedJson)
                .with_errors(vec![violation])
                .with_hint(Hint::MemberRepeated)
        }
    }
}

/// A compressed body, or one of an unsupported media type. Text and a header name the supported
/// ones (RFC 9110, 15.5.16).
fn media_failure(headers: &HeaderMap, media_types: &'static [&'static str]) -> Failure {
    let is_packed = headers.contains_key(header::CONTENT_ENCODING);
    let (hint, name, value) = if is_packed {
        let none = HeaderValue::from_static("identity");
        (Hint::Packed, header::ACCEPT_ENCODING, Ok(none))
    } else {
        let taken = HeaderValue::from_str(&media_types.join(", "));
        (Hint::MediaTypes(media_types), header::ACCEPT, taken)
    };
    let failure = Failure::new(Code::UnsupportedMediaType).with_hint(hint);
    match value {
        Ok(value) => failure.with_header(name, value),
        Err(_) => failure,
    }
}

/// The body, once all of it has arrived and the request may be processed.
async fn read_in_time(
    request: &Request,
    body: &mut RequestBody,
    bytes_max: u32,
) -> Result<Vec<u8>, Failure> {
    let app = App::of(request)?;
    let exchange = exchange::of(request)?;
    let announced = request.headers().typed_get::<ContentLength>();
    let arrival = ArrivingBody {
        kind: BodyKind::Document,
        bytes_max,
        announced: announced.map(|length| length.0),
        time_limit: app.settings.body_timeout(),
    };
    let body = body.take().map_err(Failure::internal)?;
    let bytes = arrival.read(app, exchange, body).await?;
    if let Some(holdings) = exchange.holdings.get() {
        holdings.enter(&app.limits, &app.intake).await?;
    }
    Ok(bytes)
}

/// A body that is on its way.
struct ArrivingBody {
    kind: BodyKind,
    bytes_max: u32,
    announced: Option<u64>,
    /// For the whole of it.
    time_limit: Duration,
}

impl ArrivingBody {
    /// Reads the whole body. Small ones need no reservation; a large one holds its memory until the
    /// request has been processed.
    ///
    /// Errors: 413 when it is too large, 408 when it does not come in time, 429 and 503 when there
    /// is no room for it.
    async fn read(self, app: &App, exchange: &Exchange, body: Body) -> Result<Vec<u8>, Failure> {
        let read = self.read_with_room(app, exchange, body).await;
        if let (Err(failure), Some(holdings)) = (&read, exchange.holdings.get())
            && failure.is_ours()
        {
            holdings.give_back();
        }
        read
    }

    async fn read_with_room(
        self,
        app: &App,
        exchange: &Exchange,
        body: Body,
    ) -> Result<Vec<u8>, Failure> {
        let length = self.announced.and_then(|length| u32::try_from(length).ok());
        let length = length.unwrap_or(self.bytes_max).min(self.bytes_max);
        let mut room = None;
        if let Some(holdings) = exchange.holdings.get()
            && length > app.settings.stay_body_bytes_max
        {
            let own = &holdings.meter().room;
            holdings.hold(own.reserve(self.kind, length).await?);
            room = Some(app.limits.room.begin(self.kind));
        }
        let read = self.read_parts(body, room.as_mut());
        let bytes = tokio::time::timeout(self.time_limit, read)
            .await
            .map_err(|_| Failure::new(Code::RequestTimeout))??;
        let place = room.and_then(Received::into_place);
        if let (Some(holdings), Some(place)) = (exchange.holdings.get(), place) {
            holdings.hold(place);
        }
        Ok(bytes)
    }

    async fn read_parts(
        &self,
        body: Body,
        mut room: Option<&mut Received>,
    ) -> Result<Vec<u8>, Failure> {
        let bytes_max = usize::try_from(self.bytes_max).unwrap_or(usize::MAX);
        let announced = self
            .announced
            .and_then(|length| usize::try_from(length).ok());
        // In one piece: growing by doubling would take twice the memory.
        let mut bytes = Vec::with_capacity(announced.unwrap_or_default().min(bytes_max));
        let mut parts = body.into_bytes_stream();
        let mut pace = BodySpeed::begin();
        while let Some(part) = pace.keep(parts.next()).await? {
            let part = part.map_err(|error| read_failure(error.into()))?;
            if bytes.len() + part.len() > bytes_max {
                return Err(Failure::new(Code::BodyTooLarge));
            }
            pace.came(part.len());
            if let Some(room) = room.as_deref_mut() {
                let waited = Instant::now();
                room.grow(part.len()).await?;
                pace.pardon(waited.elapsed());
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }
}

/// The minimum speed of a body: a sender slower than this for the whole window is cut off.
struct BodySpeed {
    ends_at: Instant,
    byte_count: usize,
}

impl BodySpeed {
    const WINDOW: Duration = Duration::from_secs(10);
    /// 4 KiB a second.
    const WINDOW_BYTES: usize = 40 * 1024;

    fn begin() -> Self {
        Self {
            ends_at: Instant::now() + Self::WINDOW,
            byte_count: 0,
        }
    }

    fn came(&mut self, byte_count: usize) {
        self.byte_count += byte_count;
    }

    /// Time in which we, not the sender, were slow.
    fn pardon(&mut self, waited: Duration) {
        self.ends_at += waited;
    }

    /// Waits for what comes next.
    ///
    /// Errors: 408 when too little came within the window.
    async fn keep<T>(&mut self, coming: impl Future<Output = T>) -> Result<T, Failure> {
        let mut coming = pin!(coming);
        loop {
            if let Ok(came) = tokio::time::timeout_at(self.ends_at, coming.as_mut()).await {
                return Ok(came);
            }
            if self.byte_count < Self::WINDOW_BYTES {
                return Err(Failure::new(Code::RequestTimeout));
            }
            *self = Self::begin();
        }
    }
}

fn check_length(headers: &HeaderMap, bytes_max: u32) -> Result<(), Failure> {
    let announced = headers.typed_get::<ContentLength>();
    if announced.is_some_and(|length| length.0 > u64::from(bytes_max)) {
        return Err(Failure::new(Code::BodyTooLarge));
    }
    Ok(())
}

/// Whether the headers announce one of the media types, and no packing.
fn is_fitting(headers: &HeaderMap, media_types: &[&str]) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let is_taken = content_type.is_some_and(|sent| is_one_of(media_types, sent));
    is_taken && !headers.contains_key(header::CONTENT_ENCODING)
}

/// One of the media types, with any parameter but a charset other than UTF-8.
fn is_one_of(media_types: &[&str], content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let is_named = |sent: &str| {
        let mut taken = media_types.iter();
        taken.any(|media_type| sent.eq_ignore_ascii_case(media_type))
    };
    let is_json = parts.next().is_some_and(is_named);
    let is_utf8 = |charset: &str| charset.trim_matches('"').eq_ignore_ascii_case("utf-8");
    is_json
        && parts
            .filter_map(|parameter| parameter.split_once('='))
            .filter(|(name, _)| name.eq_ignore_ascii_case("charset"))
            .all(|(_, charset)| is_utf8(charset))
}

fn read_failure(error: ReadBodyError) -> Failure {
    match error {
        ReadBodyError::PayloadTooLarge => Failure::new(Code::BodyTooLarge),
        ReadBodyError::Io(error) if runtime::serve::is_body_timeout(&error) => {
            Failure::new(Code::RequestTimeout)
        }
        // Cut off, so nobody reads the answer, or not text and therefore not JSON.
        ReadBodyError::BodyHasBeenTaken | ReadBodyError::Utf8(_) | ReadBodyError::Io(_) => {
            Failure::new(Code::MalformedJson)
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        headers
    }

    async fn read(body: Body, bytes_max: u32) -> Result<Vec<u8>, Failure> {
        let arrival = ArrivingBody {
            kind: BodyKind::Document,
            bytes_max,
            announced: None,
            time_limit: Duration::from_secs(240),
        };
        arrival.read_parts(body, None).await
    }

    /// A body of parts of so many bytes, one each second.
    fn body_of(part_bytes: usize, seconds: u32) -> Body {
        let parts = (0..seconds).map(move |_| vec![b'x'; part_bytes]);
        Body::from_bytes_stream(futures_util::stream::iter(parts).then(|part| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok::<_, std::io::Error>(part)
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_comes_at_four_kibibytes_a_second_or_is_cut() {
        let whole = read(body_of(4_100, 100), u32::MAX).await;
        assert_eq!(whole.map_err(|_| ()).unwrap().len(), 410_000);
        // A short one may be slow for ten seconds.
        assert!(read(body_of(1, 9), u32::MAX).await.is_ok());
        let started = Instant::now();
        let failure = read(body_of(1, 240), u32::MAX).await.err().unwrap();
        assert_eq!(failure.code(), Code::RequestTimeout);
        assert_eq!(started.elapsed().as_secs(), 10);
        // Fast at first, slow then.
        let fast = body_of(1_000_000, 5).into_bytes_stream();
        let slow = body_of(1, 240).into_bytes_stream();
        let body = Body::from_bytes_stream(fast.chain(slow));
        let failure = read(body, u32::MAX).await.err().unwrap();
        assert_eq!(failure.code(), Code::RequestTimeout);
    }

    #[test]
    fn json_is_taken_in_utf_8_and_unpacked() {
        let good = [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/json; profile=x",
        ];
        for content_type in good {
            let headers = headers(&[("content-type", content_type)]);
            assert!(is_fitting(&headers, &[JSON]), "{content_type}");
        }
        let bad: [&[(&'static str, &'static str)]; 5] = [
            &[],
            &[("content-type", "text/plain")],
            &[("content-type", "application/jsonp")],
            &[("content-type", "application/json; charset=windows-1258")],
            &[
                ("content-type", "application/json"),
                ("content-encoding", "gzip"),
            ],
        ];
        for lines in bad {
            assert!(!is_fitting(&headers(lines), &[JSON]), "{lines:?}");
        }
    }

    #[tokio::test]
    async fn a_body_is_too_large_by_its_announcement_or_by_its_bytes() {
        let announced = [("content-type", JSON), ("content-length", "11")];
        let failure = check_length(&headers(&announced), 10).unwrap_err();
        assert_eq!(failure.code(), Code::BodyTooLarge);
        assert!(check_length(&headers(&announced), 11).is_ok());

        let bytes = read(Body::from("0123456789"), 10).await.map_err(|_| ());
        assert_eq!(bytes.unwrap(), b"0123456789");
        let failure = read(Body::from("0123456789a"), 10).await.err().unwrap();
        assert_eq!(failure.code(), Code::BodyTooLarge);
    }

    #[tokio::test]
    async fn a_body_that_stops_is_a_time_out() {
        let slow = std::io::Error::from(std::io::ErrorKind::TimedOut);
        let body =
            Body::from_bytes_stream(futures_util::stream::iter([Ok("{".as_bytes()), Err(slow)]));
        let failure = read(body, 10).await.err().unwrap();
        assert_eq!(failure.code(), Code::RequestTimeout);
    }
}
