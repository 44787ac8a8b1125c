//! The header `Idempotency-Key`.

use domain::problem::Code;
use poem::http::HeaderMap;
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef},
};

use crate::problem::Failure;

const NAME: &str = "Idempotency-Key";
const LENGTH_MAX: usize = 255;

/// What guards a request against being done twice, if its sender wants that.
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

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
