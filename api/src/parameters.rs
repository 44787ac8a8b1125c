//! The query of a request, declared once.
//!
//! A struct written inside [`query!`] names the parameters of an operation. The declaration reads
//! them and describes them in the document. Every fault is reported at once; an unknown name is
//! one of them, because a misspelt filter would show too much.

use chrono::{DateTime, NaiveDate, Utc};
use domain::facility::FacilityKind;
use domain::import::{DateOrder, RowOutcome};
use domain::problem::{Code, Hint, Violation};
use domain::review::{ReviewKind, ReviewState};
use domain::stay::{CompletionState, DeliveryState, Presence, Timeliness};
use domain::time::{parse_day, parse_instant};
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{
        MetaOperation, MetaOperationParam, MetaParamIn, MetaSchema, MetaSchemaRef, Registry,
    },
    types::Type,
};
use runtime::vault::Vault;
use uuid::Uuid;

use crate::cursor;
use crate::problem::Failure;
use crate::shapes::text::{
    CompletionWord, DateOrderWord, DeliveryWord, FacilityKindWord, PresenceWord, ReviewKindWord,
    ReviewStateWord, RowOutcomeWord, TimelinessWord,
};

/// A type that a parameter may have.
pub(crate) trait Parameter: Sized + Send + Sync {
    /// What a text that is no such value is refused with.
    const FAULT: Code = Code::InvalidFilter;
    /// What makes that refusal exact.
    const HINT: Option<Hint> = None;

    /// The value of a text.
    fn read(text: &str) -> Option<Self>;

    /// Its JSON Schema.
    fn schema() -> MetaSchemaRef;

    /// Registers the schemas that [`Self::schema`] refers to.
    fn register(_: &mut Registry) {}
}

/// The parameters of an operation; [`query!`] implements it.
pub(crate) trait Parameters: Sized + Send + Sync {
    /// Takes them out of what was sent and notes their faults.
    fn take(from: &mut UnreadParameters) -> Self;

    /// Their names and schemas, in the order of the document.
    fn describe() -> Vec<(&'static str, MetaSchemaRef)>;

    /// Registers the schemas that [`Self::describe`] refers to.
    fn register(registry: &mut Registry);
}

/// Declares the parameters of an operation: a struct whose members are all optional, each with a
/// doc comment, which is what the document says of it.
macro_rules! query {
    (
        $(#[doc = $about:literal])*
        pub(crate) struct $name:ident {
            $( $(#[doc = $doc:literal])* $field:ident: Option<$type:ty>, )+
        }
    ) => {
        $(#[doc = $about])*
        pub(crate) struct $name {
            $( $(#[doc = $doc])* pub(crate) $field: Option<$type>, )+
        }

        impl $crate::parameters::Parameters for $name {
            fn take(from: &mut $crate::parameters::UnreadParameters) -> Self {
                Self { $( $field: from.value(stringify!($field)), )+ }
            }

            fn describe() -> Vec<(&'static str, poem_openapi::registry::MetaSchemaRef)> {
                vec![ $( $crate::parameters::described::<$type>(
                    stringify!($field),
                    concat!($($doc),*).trim(),
                ), )+ ]
            }

            fn register(registry: &mut poem_openapi::registry::Registry) {
                $( <$type as $crate::parameters::Parameter>::register(registry); )+
            }
        }
    };
}
pub(crate) use query;

/// Name and schema of a parameter, with what the document says of it.
pub(crate) fn described<P: Parameter>(
    name: &'static str,
    about: &'static str,
) -> (&'static str, MetaSchemaRef) {
    let mut schema = match P::schema() {
        MetaSchemaRef::Inline(schema) => *schema,
        reference @ MetaSchemaRef::Reference(_) => MetaSchema {
            all_of: vec![reference],
            ..MetaSchema::ANY
        },
    };
    schema.description = Some(about);
    (name, MetaSchemaRef::Inline(Box::new(schema)))
}

/// The parameters of a request that have not been read yet, and the faults of those that have.
pub(crate) struct UnreadParameters {
    rest: Vec<(String, String)>,
    faults: Vec<Violation>,
}

impl UnreadParameters {
    /// The value of a parameter; a second one of the same name is a fault.
    pub(crate) fn value<P: Parameter>(&mut self, name: &'static str) -> Option<P> {
        let text = self.text(name)?;
        let value = P::read(&text);
        if value.is_none() {
            let violation = Violation::new(pointer(name), P::FAULT);
            self.faults.push(match P::HINT {
                Some(hint) => violation.with(hint),
                None => violation,
            });
        }
        value
    }

    /// Every fault; a name that nobody took is one of them.
    fn into_faults(self) -> Vec<Violation> {
        let unknown = self.rest.into_iter().map(|(name, _)| {
            Violation::new(pointer(&name), Code::UnknownField).with(Hint::Parameter)
        });
        self.faults.into_iter().chain(unknown).collect()
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let mut found = None;
        let mut is_repeated = false;
        self.rest.retain_mut(|(sent, value)| {
            if sent == name {
                is_repeated |= found.is_some();
                found = Some(std::mem::take(value));
            }
            sent != name
        });
        if is_repeated {
            let violation = Violation::new(pointer(name), Code::InvalidFilter);
            self.faults.push(violation);
        }
        found
    }
}

/// A JSON Pointer to a parameter.
fn pointer(name: &str) -> String {
    format!("/query/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The query of a request. A handler takes the parameters out by [`Self::finish`], after it has
/// judged what only it can judge: whether a cursor is of its list, a facility one of the caller's.
pub(crate) struct Query<T> {
    /// The parameters that could be read.
    pub(crate) parameters: T,
    sent: UnreadParameters,
}

impl<'a, T: Parameters> ApiExtractor<'a> for Query<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    /// An object, which in a query stands for its members, each a parameter of its own.
    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(MetaSchemaRef::Inline(Box::new(MetaSchema {
            properties: T::describe(),
            ..MetaSchema::new("object")
        })))
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self::read(request.params().unwrap_or_default()))
    }
}

impl<T: Parameters> Query<T> {
    fn read(rest: Vec<(String, String)>) -> Self {
        let mut sent = UnreadParameters {
            rest,
            faults: Vec::new(),
        };
        Self {
            parameters: T::take(&mut sent),
            sent,
        }
    }
}

impl<T> Query<T> {
    /// Notes a fault of a parameter.
    pub(crate) fn refuse(&mut self, name: &str, code: Code) {
        self.sent.faults.push(Violation::new(pointer(name), code));
    }

    /// Whether a parameter already has a fault.
    pub(crate) fn has_fault(&self, name: &str) -> bool {
        let pointer = pointer(name);
        let mut faults = self.sent.faults.iter();
        faults.any(|fault| fault.pointer == pointer)
    }

    /// What a value that was sent stands for; when `find` knows of nothing, the parameter is at
    /// fault.
    pub(crate) fn resolve<V, R>(
        &mut self,
        (name, value): (&str, Option<V>),
        otherwise: Code,
        find: impl FnOnce(V) -> Option<R>,
    ) -> Option<R> {
        let found = find(value?);
        if found.is_none() {
            self.refuse(name, otherwise);
        }
        found
    }

    /// The parameters, none of which is at fault.
    ///
    /// Errors: 422 with every fault.
    pub(crate) fn finish(self) -> Result<T, Failure> {
        let faults = self.sent.into_faults();
        if faults.is_empty() {
            Ok(self.parameters)
        } else {
            Err(Failure::invalid(faults))
        }
    }
}

/// Spreads the queries of an operation: in a query an object stands for its members, each of which
/// is a parameter of its own.
pub(crate) fn spread(operation: &mut MetaOperation) {
    let is_query = |one: &MetaOperationParam| matches!(one.in_type, MetaParamIn::Query);
    let (queries, others) = std::mem::take(&mut operation.params)
        .into_iter()
        .partition::<Vec<_>, _>(is_query);
    operation.params = others;
    for query in queries {
        let MetaSchemaRef::Inline(object) = query.schema else {
            continue;
        };
        let members = object.properties.into_iter();
        operation
            .params
            .extend(members.map(|(name, schema)| member(name, schema)));
    }
}

fn member(name: &str, mut schema: MetaSchemaRef) -> MetaOperationParam {
    let description = match &mut schema {
        MetaSchemaRef::Inline(schema) => schema.description.take(),
        MetaSchemaRef::Reference(_) => None,
    };
    MetaOperationParam {
        name: name.to_owned(),
        schema,
        in_type: MetaParamIn::Query,
        description: description.map(str::to_owned),
        required: false,
        deprecated: false,
        explode: true,
        style: None,
    }
}

/// The parameters of a list, beside its filters.
pub(crate) struct Paged<T = ()> {
    limit: Option<Limit>,
    cursor: Option<Cursor>,
    /// What is to be shown.
    pub(crate) filters: T,
}

impl<T: Parameters> Parameters for Paged<T> {
    fn take(from: &mut UnreadParameters) -> Self {
        Self {
            limit: from.value("limit"),
            cursor: from.value("cursor"),
            filters: T::take(from),
        }
    }

    fn describe() -> Vec<(&'static str, MetaSchemaRef)> {
        let mut parameters = vec![
            described::<Limit>("limit", "Most items of the page."),
            described::<Cursor>("cursor", "`next_cursor` of the page before."),
        ];
        parameters.extend(T::describe());
        parameters
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// A list without filters.
impl Parameters for () {
    fn take(_: &mut UnreadParameters) -> Self {}

    fn describe() -> Vec<(&'static str, MetaSchemaRef)> {
        Vec::new()
    }

    fn register(_: &mut Registry) {}
}

/// A part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page<Place = Uuid> {
    /// Most items.
    pub(crate) limit: usize,
    /// Where the page before ended.
    pub(crate) after: Option<Place>,
}

impl<Place> Page<Place> {
    /// Rows to ask the store for: one more than the page has tells whether another page follows.
    pub(crate) fn count_max(&self) -> u64 {
        u64::try_from(self.limit)
            .unwrap_or(u64::MAX)
            .saturating_add(1)
    }

    /// Cuts the row that is not of the page: the last one of the page, if another page follows.
    pub(crate) fn cut<'a, T>(&self, rows: &'a mut Vec<T>) -> Option<&'a T> {
        let has_more = rows.len() > self.limit;
        rows.truncate(self.limit);
        rows.last().filter(|_| has_more)
    }
}

impl<T> Query<Paged<T>> {
    /// The page asked for. `list` names what is listed, `key_id` who asks: a cursor is good for
    /// both only.
    pub(crate) fn page(&mut self, vault: &Vault, list: &str, key_id: Uuid) -> Page {
        self.page_by(|text| cursor::read(vault, list, key_id, text))
    }

    /// The page asked for, of a list in order of time.
    pub(crate) fn moment_page(
        &mut self,
        vault: &Vault,
        list: &str,
        key_id: Uuid,
    ) -> Page<(DateTime<Utc>, Uuid)> {
        self.page_by(|text| cursor::read_moment(vault, list, key_id, text))
    }

    fn page_by<Place>(&mut self, read: impl FnOnce(&str) -> Option<Place>) -> Page<Place> {
        let limit = self.parameters.limit.unwrap_or_default().0;
        let sent = ("cursor", self.parameters.cursor.take());
        let after = self.resolve(sent, Code::InvalidCursor, |cursor| read(&cursor.0));
        Page { limit, after }
    }
}

/// How long a page is.
#[derive(Clone, Copy)]
pub(crate) struct Limit(pub(crate) usize);

impl Limit {
    /// Most items of a page.
    const MAX: usize = 200;
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl Parameter for Limit {
    const FAULT: Code = Code::InvalidLimit;
    const HINT: Option<Hint> = Some(Hint::Between(1, Self::MAX));

    fn read(text: &str) -> Option<Self> {
        let limit = text.parse().ok()?;
        (1..=Self::MAX).contains(&limit).then_some(Self(limit))
    }

    fn schema() -> MetaSchemaRef {
        inline(MetaSchema {
            minimum: Some(1.0),
            maximum: Some(Self::MAX as f64),
            default: Some(Self::default().0.into()),
            ..MetaSchema::new("integer")
        })
    }
}

/// A place in a list, as a page before it named it.
pub(crate) struct Cursor(pub(crate) String);

impl Parameter for Cursor {
    const FAULT: Code = Code::InvalidCursor;

    fn read(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }

    fn schema() -> MetaSchemaRef {
        inline(MetaSchema::new("string"))
    }
}

/// The id of a facility.
pub(crate) struct FacilityId(pub(crate) Uuid);

impl Parameter for FacilityId {
    const FAULT: Code = Code::FacilityUnknown;

    fn read(text: &str) -> Option<Self> {
        Uuid::try_parse(text.trim()).ok().map(Self)
    }

    fn schema() -> MetaSchemaRef {
        Uuid::schema()
    }
}

impl Parameter for Uuid {
    fn read(text: &str) -> Option<Self> {
        Self::try_parse(text).ok()
    }

    fn schema() -> MetaSchemaRef {
        inline(MetaSchema::new_with_format("string", "uuid"))
    }
}

impl Parameter for String {
    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn schema() -> MetaSchemaRef {
        inline(MetaSchema::new("string"))
    }
}

/// `false` when left out.
impl Parameter for bool {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn schema() -> MetaSchemaRef {
        inline(MetaSchema {
            default: Some(false.into()),
            ..MetaSchema::new("boolean")
        })
    }
}

/// A calendar day of Viet Nam.
impl Parameter for NaiveDate {
    const FAULT: Code = Code::InvalidDate;

    fn read(text: &str) -> Option<Self> {
        parse_day(text)
    }

    fn schema() -> MetaSchemaRef {
        inline(MetaSchema::new_with_format("string", "date"))
    }
}

impl Parameter for DateTime<Utc> {
    const FAULT: Code = Code::InvalidInstant;

    fn read(text: &str) -> Option<Self> {
        // A plus that was not escaped arrives as a space.
        parse_instant(&text.replace(' ', "+"))
    }

    fn schema() -> MetaSchemaRef {
        inline(MetaSchema::new_with_format("string", "date-time"))
    }
}

/// Parameters that are a word of a list, each with the type that the document has for the list.
macro_rules! words {
    ($($word:ty => $list:ty,)+) => {$(
        impl Parameter for $word {
            fn read(text: &str) -> Option<Self> {
                Self::parse(text)
            }

            fn schema() -> MetaSchemaRef {
                <$list>::schema_ref()
            }

            fn register(registry: &mut Registry) {
                <$list>::register(registry);
            }
        }
    )+};
}

words! {
    CompletionState => CompletionWord,
    DeliveryState => DeliveryWord,
    DateOrder => DateOrderWord,
    FacilityKind => FacilityKindWord,
    Presence => PresenceWord,
    RowOutcome => RowOutcomeWord,
    Timeliness => TimelinessWord,
    ReviewKind => ReviewKindWord,
    ReviewState => ReviewStateWord,
}

/// A schema without a name.
pub(crate) fn inline(schema: MetaSchema) -> MetaSchemaRef {
    MetaSchemaRef::Inline(Box::new(schema))
}

#[cfg(test)]
mod tests {
    use runtime::vault::MasterKey;

    use super::*;

    query! {
        /// Of the tests.
        pub(crate) struct Filters {
            /// Whether the guest
            /// is there.
            presence: Option<Presence>,
        }
    }

    fn vault() -> Vault {
        Vault::new(MasterKey::new([1; 32]), [2; 32])
    }

    fn query(parameters: &[(&str, &str)]) -> Query<Paged<Filters>> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Query::read(parameters.iter().map(owned).collect())
    }

    #[test]
    fn a_limit_is_1_to_200() {
        let table = [
            ("1", Some(1)),
            ("200", Some(200)),
            ("0", None),
            ("201", None),
            ("-1", None),
            ("1.0", None),
            ("1000000000000000000000", None),
            ("", None),
        ];
        for (sent, limit) in table {
            let mut query = query(&[("limit", sent)]);
            let page = query.page(&vault(), "stays", Uuid::nil());
            assert_eq!(query.finish().is_ok(), limit.is_some(), "{sent}");
            assert_eq!(page.limit, limit.unwrap_or(50), "{sent}");
        }
    }

    #[test]
    fn every_fault_is_named() {
        let mut query = query(&[
            ("limit", "0"),
            ("cursor", "x"),
            ("presence", "gone"),
            ("presence", "present"),
            ("presense/", "present"),
        ]);
        query.page(&vault(), "stays", Uuid::nil());
        assert_eq!(query.parameters.filters.presence, Some(Presence::Present));
        let faults = query.sent.into_faults();
        let mut found: Vec<_> = faults
            .iter()
            .map(|fault| (fault.pointer.as_str(), fault.code))
            .collect();
        found.sort_unstable_by_key(|(pointer, _)| *pointer);
        let expected = [
            ("/query/cursor", Code::InvalidCursor),
            ("/query/limit", Code::InvalidLimit),
            ("/query/presence", Code::InvalidFilter),
            ("/query/presense~1", Code::UnknownField),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_declaration_describes_its_parameters() {
        let described = <Paged<Filters>>::describe();
        let names: Vec<_> = described.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["limit", "cursor", "presence"]);
        let MetaSchemaRef::Inline(presence) = &described[2].1 else {
            panic!("a parameter is described in its place");
        };
        assert_eq!(presence.description, Some("Whether the guest is there."));
        assert_eq!(
            presence.all_of,
            [MetaSchemaRef::Reference("Presence".to_owned())]
        );
    }
}
