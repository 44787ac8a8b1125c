//! What successful answers are made of.
//!
//! Each operation has an enum of its answers beside its handler (`#[derive(ApiResponse)]`): a
//! variant for each status, with its body and headers. The types here are those bodies and
//! headers. What was stored as JSON text is sent byte for byte.

use std::borrow::Cow;
use std::fmt::Display;
use std::marker::PhantomData;

use domain::problem::Language;
use poem::http::{HeaderValue, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::{
    ResponseContent,
    payload::Payload,
    registry::{MetaMediaType, MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToHeader, ToJSON, Type},
};
use serde::{Serialize, Serializer};
use serde_json::{Value, value::RawValue};

use crate::problem::Failure;

/// The media type of every answer that is no problem, page, file or receipt.
pub(crate) const JSON: &str = "application/json";

/// A value, written as JSON when it is sent.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Type> Payload for Json<T> {
    const CONTENT_TYPE: &'static str = JSON;

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Serialize + Send> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(text) => of_type(JSON, text),
            Err(error) => Failure::internal(error).into_response(),
        }
    }
}

/// A `T` that was written as JSON before: its text is the body.
pub(crate) struct Written<T> {
    text: Body,
    shape: PhantomData<fn() -> T>,
}

impl<T> Written<T> {
    /// The body that `text` is.
    pub(crate) fn new(text: impl Into<Body>) -> Self {
        Self {
            text: text.into(),
            shape: PhantomData,
        }
    }
}

impl<T: Type> Payload for Written<T> {
    const CONTENT_TYPE: &'static str = JSON;

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T> IntoResponse for Written<T> {
    fn into_response(self) -> Response {
        of_type(JSON, self.text)
    }
}

/// A `T` that was written as JSON before, inside a larger answer.
pub(crate) struct Raw<T> {
    text: Box<RawValue>,
    shape: PhantomData<fn() -> T>,
}

impl<T> Raw<T> {
    /// The value that `text` is.
    ///
    /// Errors: `text` is no JSON.
    pub(crate) fn new(text: String) -> Result<Self, Failure> {
        Ok(Self {
            // The error of the reader would quote what it read.
            text: RawValue::from_string(text)
                .map_err(|_| Failure::internal("what was stored as JSON is none"))?,
            shape: PhantomData,
        })
    }

    /// What `value`, which has the shape of a `T`, is as JSON.
    ///
    /// Errors: it cannot be written.
    pub(crate) fn of(value: &impl Serialize) -> Result<Self, Failure> {
        Ok(Self {
            text: serde_json::value::to_raw_value(value).map_err(Failure::internal)?,
            shape: PhantomData,
        })
    }

    /// What a tree, which has the shape of a `T`, is as JSON.
    #[expect(clippy::expect_used, reason = "a tree is always JSON")]
    pub(crate) fn of_tree(tree: &Value) -> Self {
        Self {
            text: serde_json::value::to_raw_value(tree).expect("a tree can be written"),
            shape: PhantomData,
        }
    }

    /// What was read as JSON without looking into it.
    pub(crate) fn read(text: Box<RawValue>) -> Self {
        Self {
            text,
            shape: PhantomData,
        }
    }

    /// Its text.
    pub(crate) fn text(&self) -> &str {
        self.text.get()
    }
}

impl<T> Serialize for Raw<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl<T: Type> Type for Raw<T> {
    const IS_REQUIRED: bool = T::IS_REQUIRED;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<T: Type> ToJSON for Raw<T> {
    fn to_json(&self) -> Option<Value> {
        serde_json::to_value(&self.text).ok()
    }
}

impl<T: Type> ParseFromJSON for Raw<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let text = value.unwrap_or_default().to_string();
        let text = RawValue::from_string(text);
        Ok(Self {
            text: text.map_err(|_| ParseError::expected_input())?,
            shape: PhantomData,
        })
    }
}

/// A body whose texts are in one of two languages.
pub(crate) struct Localised<P> {
    language: Language,
    body: P,
}

impl<P> Localised<P> {
    /// A body in a language.
    pub(crate) fn new(language: Language, body: P) -> Self {
        Self { language, body }
    }
}

impl<P: ResponseContent> ResponseContent for Localised<P> {
    fn media_types() -> Vec<MetaMediaType> {
        P::media_types()
    }

    fn register(registry: &mut Registry) {
        P::register(registry);
    }
}

impl<P: IntoResponse> IntoResponse for Localised<P> {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
        headers.insert(
            header::CONTENT_LANGUAGE,
            HeaderValue::from_static(self.language.as_str()),
        );
        response
    }
}

/// The answer with a body of a media type.
pub(crate) fn of_type(media_type: &str, body: impl Into<Body>) -> Response {
    Response::builder().content_type(media_type).body(body)
}

/// Headers of answers, each a text. One that cannot stand in a header is left out.
macro_rules! headers {
    ($($(#[doc = $doc:literal])* $name:ident;)+) => {$(
        $(#[doc = $doc])*
        pub(crate) struct $name(String);

        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        impl ToHeader for $name {
            fn to_header(&self) -> Option<HeaderValue> {
                HeaderValue::from_str(&self.0).ok()
            }
        }
    )+};
}

headers! {
    /// The version that is shown.
    ETag;
    /// The path of what was made.
    Location;
    /// Says that nothing new was made.
    Replayed;
}

impl ETag {
    /// The version in quotes.
    pub(crate) fn of(version: impl Display) -> Self {
        Self(format!("\"{version}\""))
    }
}

impl Location {
    /// A path of this service.
    pub(crate) fn of(path: String) -> Self {
        Self(path)
    }
}

impl Replayed {
    /// The header of an answer that may be a replay; left out when it is none.
    pub(crate) fn when(is_replay: bool) -> Option<Self> {
        is_replay.then(|| Self("true".to_owned()))
    }
}
