//! The header `Idempotency-Key`.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{canonical::to_canonical_json, problem::Code, sender::Sender};
use metrics::counter;
use poem::http::HeaderMap;
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef},
};

use serde_json::Value;
use store::declarations::Idempotency;
use uuid::Uuid;

use crate::app::App;
use crate::problem::Failure;

const NAME: &str = "Idempotency-Key";
const LENGTH_MAX: usize = 255;

/// How long the key of a request that declares nothing is kept.
pub(crate) const KEPT: TimeDelta = TimeDelta::days(7);

/// The guard against carrying out a request twice, if its sender wants one.
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

/// What the keys of a kind of requests are hashed for.
#[derive(Clone, Copy)]
pub(crate) struct Area {
    /// For the key itself.
    pub(crate) key: &'static str,
    /// For the request that came with it.
    pub(crate) request: &'static str,
}

impl IdempotencyKey {
    /// The key of a request that declares nothing, separate for each organisation and for the
    /// facilities that the request concerns, so that keys of different facilities never collide.
    /// The same key with another path or body, or from another sender, is another request.
    pub(crate) fn of_request(
        &self,
        app: &App,
        sender: &Sender,
        (area, about): (Area, &[Uuid]),
        (path, body): (&str, &Value),
        now: DateTime<Utc>,
    ) -> Option<Idempotency> {
        let key = self.0.as_deref()?;
        let organisation = sender.organisation_id;
        let mut facilities = about.to_vec();
        facilities.sort_unstable();
        let facilities: Vec<u8> = facilities.into_iter().flat_map(Uuid::into_bytes).collect();
        let parts = [
            organisation.as_bytes().as_slice(),
            &facilities,
            key.as_bytes(),
        ];
        let content = to_canonical_json(body);
        let who = sender.key_id;
        let request = [who.as_bytes().as_slice(), path.as_bytes(), &content];
        Some(Idempotency {
            key_hash: app.vault.blind_index(area.key, &parts),
            request_hash: app.vault.blind_index(area.request, &request),
            expires_at: now + KEPT,
        })
    }

    /// Only a twin with the same key holds the lock this long.
    pub(crate) fn failure(&self, error: store::Error) -> Failure {
        if self.0.is_some() && matches!(error, store::Error::LockTimeout) {
            return Failure::new(Code::IdempotencyInProgress);
        }
        error.into()
    }

    /// Counts a replay, or a key that came with another request.
    pub(crate) fn reused(&self) -> Failure {
        self.count("mismatch");
        Failure::new(Code::IdempotencyKeyReused)
    }

    /// Counts what became of it.
    pub(crate) fn count(&self, result: &'static str) {
        if self.0.is_some() {
            counter!("luutru_idempotency_total", "result" => result).increment(1);
        }
    }
}

impl<'a> ApiExtractor<'a> for IdempotencyKey {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(MetaSchemaRef::Inline(Box::new(MetaSchema {
            pattern: Some("^[!-~]+$".to_owned()),
            min_length: Some(1),
            max_length: Some(LENGTH_MAX),
            ..MetaSchema::new("string")
        })))
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(read(request.headers())?)
    }
}

/// 1 to 255 visible ASCII characters, once.
fn read(headers: &HeaderMap) -> Result<IdempotencyKey, Failure> {
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else {
        return Ok(IdempotencyKey(None));
    };
    let bytes = value.as_bytes();
    let is_fitting = (1..=LENGTH_MAX).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_graphic)
        && values.next().is_none();
    if !is_fitting {
        return Err(Failure::new(Code::IdempotencyKeyMalformed));
    }
    let key = value.to_str().map_err(Failure::internal)?;
    Ok(IdempotencyKey(Some(key.to_owned())))
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length() {
        assert!(read(&HeaderMap::new()).unwrap().0.is_none());
        let longest = "k".repeat(255);
        let too_long = "k".repeat(256);
        let table = [
            ("a", true),
            ("079…", false),
            ("0190b2a4-7c1e", true),
            (longest.as_str(), true),
            (too_long.as_str(), false),
            ("", false),
            ("two words", false),
            ("tab\t", false),
        ];
        for (sent, is_taken) in table {
            let mut headers = HeaderMap::new();
            headers.insert(NAME, HeaderValue::from_bytes(sent.as_bytes()).unwrap());
            let key = read(&headers);
            assert_eq!(key.is_ok(), is_taken, "{sent}");
            if let Ok(key) = key {
                assert_eq!(key.0.as_deref(), Some(sent));
            }
            headers.append(NAME, HeaderValue::from_static("b"));
            assert!(read(&headers).is_err());
        }
    }
}
