//! The header `If-Match`: the version that a change targets.

use intake::{Expected, Refusal};
use poem::http::{HeaderMap, header};
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef},
};

use crate::problem::Failure;

/// The version that a change is meant for; whether one has to be named is part of the operation.
pub(crate) struct IfMatch<const IS_REQUIRED: bool = true>(pub(crate) Expected);

impl IfMatch<false> {
    /// Whether a change of this version is meant, which it is when none is named.
    ///
    /// Errors: 412 when another is; the answer names this version in `ETag`.
    pub(crate) fn check(&self, version: i32) -> Result<(), Failure> {
        match &self.0 {
            Expected::Unnamed | Expected::Current => Ok(()),
            Expected::Versions(versions) if versions.contains(&version) => Ok(()),
            Expected::Versions(_) => Err(Refusal::VersionMismatch { version }.into()),
        }
    }
}

impl<'a, const IS_REQUIRED: bool> ApiExtractor<'a> for IfMatch<IS_REQUIRED> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = IS_REQUIRED;
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))))
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self(read(request.headers())))
    }
}

/// RFC 9110, 13.1.1: `*`, or a list of entity tags compared strongly. A tag that is not ours
/// matches no version.
fn read(headers: &HeaderMap) -> Expected {
    if !headers.contains_key(header::IF_MATCH) {
        return Expected::Unnamed;
    }
    let mut versions = Vec::new();
    for value in headers.get_all(header::IF_MATCH) {
        let tags = value.to_str().unwrap_or_default().split(',').map(str::trim);
        for tag in tags {
            if tag == "*" {
                return Expected::Current;
            }
            let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            versions.extend(version.and_then(|version| version.parse::<i32>().ok()));
        }
    }
    Expected::Versions(versions)
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn a_version_is_named_in_quotes() {
        assert_eq!(read(&HeaderMap::new()), Expected::Unnamed);
        let table = [
            ("\"3\"", Expected::Versions(vec![3])),
            (" \"3\" , \"12\"", Expected::Versions(vec![3, 12])),
            ("*", Expected::Current),
            ("W/\"3\"", Expected::Versions(vec![])),
            ("3", Expected::Versions(vec![])),
            ("\"x\"", Expected::Versions(vec![])),
            ("", Expected::Versions(vec![])),
        ];
        for (sent, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, HeaderValue::from_static(sent));
            assert_eq!(read(&headers), expected, "{sent}");
        }
    }

    #[test]
    fn a_version_that_is_named_must_fit() {
        let table = [
            (Expected::Unnamed, true),
            (Expected::Current, true),
            (Expected::Versions(vec![2, 3]), true),
            (Expected::Versions(vec![2]), false),
            (Expected::Versions(vec![]), false),
        ];
        for (expected, fits) in table {
            let if_match = IfMatch::<false>(expected);
            assert_eq!(if_match.check(3).is_ok(), fits, "{:?}", if_match.0);
        }
    }
}
