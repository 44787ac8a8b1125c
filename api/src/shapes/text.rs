//! Texts with a form, as the document describes them. The forms that are judged are those of
//! `domain`; lists of words are taken from there.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    account, census, change,
    coded::Coded,
    digest, directory,
    document::{DocumentKind, NoDocumentReason},
    draft,
    event::EventKind,
    facility::FacilityKind,
    identity,
    import::{self, FileKind},
    operator,
    party::PartyRole,
    problem::Code,
    purpose::Purpose,
    review,
    role::AccountRole,
    room::RoomKind,
    scan,
    sender::Role,
    session, sex,
    stay::{self, Presence},
    time::format_instant,
    webhook,
};
use formats::{columns::Field, stay_rows::KnownBy, table::PassedOverReason};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use runtime::webhook_target;
use serde::Serialize;
use serde_json::Value;

/// Each is a string whose JSON Schema is the expression behind the arrow. Lists of words get a name
/// in the document, so that programs made from it have one type for each list, wherever it stands.
macro_rules! text_types {
    ($($(#[doc = $doc:literal])* $name:ident => $schema:expr;)+) => {$(
        $(#[doc = $doc])*
        #[derive(Serialize)]
        pub(crate) struct $name(pub(crate) String);

        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_ref() -> MetaSchemaRef {
                let schema: MetaSchema = $schema;
                if schema.enum_items.is_empty() {
                    MetaSchemaRef::Inline(Box::new(schema))
                } else {
                    MetaSchemaRef::Reference(list_name(stringify!($name)))
                }
            }

            fn register(registry: &mut Registry) {
                let schema: MetaSchema = $schema;
                if !schema.enum_items.is_empty() {
                    registry.create_schema::<Self, _>(list_name(stringify!($name)), |_| MetaSchema {
                        description: Some(concat!($($doc),*).trim()),
                        ..schema
                    });
                }
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        impl ParseFromJSON for $name {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                match value {
                    Some(Value::String(text)) => Ok(Self(text)),
                    Some(_) | None => Err(ParseError::expected_input()),
                }
            }
        }

        impl ToJSON for $name {
            fn to_json(&self) -> Option<Value> {
                Some(Value::String(self.0.clone()))
            }
        }
    )+};
}

/// What is a word of an enumeration, and is made of one.
macro_rules! of_words {
    ($($name:ident => $word:ty;)+) => {$(
        impl From<$word> for $name {
            fn from(word: $word) -> Self {
                Self(word.as_str().to_owned())
            }
        }

        impl OfWord for $name {
            type Word = $word;

            fn of_stored(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )+};
}

/// Each is the list of all words of the enumeration behind the arrow.
macro_rules! word_types {
    ($($(#[doc = $doc:literal])* $name:ident => $word:ty;)+) => {
        text_types! {
            $($(#[doc = $doc])* $name => all_words::<$word>();)+
        }

        of_words! {
            $($name => $word;)+
        }
    };
}

/// A text that is a word of an enumeration.
pub(crate) trait OfWord {
    /// The enumeration.
    type Word: Coded;

    /// The text as a table has it.
    fn of_stored(text: &str) -> Self;
}

/// A stored word, readable or not: for showing a damaged row to people, not for what is signed or
/// sent on.
pub(crate) fn as_stored<T: OfWord>(word: &store::word::Word<T::Word>) -> T {
    T::of_stored(word.as_stored())
}

fn all_words<T: Coded>() -> MetaSchema {
    words(T::ALL.iter().map(|word| word.as_str()))
}

text_types! {
    /// UUID version 7.
    Id => format("uuid");
    /// RFC 3339 with offset.
    Instant => format("date-time");
    /// A calendar day of Viet Nam.
    Day => format("date");
    /// A date as exact as it is known.
    PartialDate => pattern(r"^\d{4}(-\d{2}(-\d{2})?)?$");
    /// A pointer into the document that was sent.
    Pointer => format("json-pointer");
    /// Alpha-3 in capitals; `D` as the zones of German passports have it.
    CountryCode => pattern("^([A-Z]{3}|D)$");
    /// Five digits.
    CommuneCode => pattern("^[0-9]{5}$");
    /// Two digits.
    ProvinceCode => pattern("^[0-9]{2}$");
    /// A telephone number as people read it.
    Telephone => bounded(operator::TELEPHONE_LENGTH_MAX);
    /// A name.
    Name => bounded(draft::NAME_LENGTH_MAX);
    /// A sender's own reference.
    Reference => bounded(draft::REFERENCE_LENGTH_MAX);
    /// Room, bed or ward.
    Place => bounded(draft::PLACE_LENGTH_MAX);
    /// The number of a receipt.
    ReceiptNumber => bounded(digest::NUMBER_LENGTH_MAX);
    /// An address.
    Address => bounded(draft::ADDRESS_LENGTH_MAX);
    /// Why a stay is changed.
    Reason => MetaSchema {
        min_length: Some(1),
        ..bounded(change::REASON_LENGTH_MAX)
    };
    /// Free text.
    Note => bounded(draft::NOTE_LENGTH_MAX);
    /// What a facility answers to a question.
    AnswerText => MetaSchema {
        min_length: Some(1),
        ..bounded(review::request::ANSWER_LENGTH_MAX)
    };
    /// A number or word as printed.
    Word => bounded(draft::WORD_LENGTH_MAX);
    /// What the registry said, as a sender sees it.
    IdentityWord => words(identity_words());
    /// A member that a sender may be asked to look at again.
    QuestionPointer => words(review::request::QUESTION_POINTERS.into_iter());
    /// An address.
    WebhookUrl => bounded(webhook_target::URL_LENGTH_MAX);
    /// What became of an item of a batch.
    OutcomeWord => words(["accepted", "replayed", "rejected"].into_iter());
    /// What a census did with a guest.
    FateWord => words(census::Fate::ALL.iter().map(|word| word.as_str()).chain(["rejected"]));
    /// A picture, as it is.
    Picture => MetaSchema::new_with_format("string", "binary");
    /// A file, as it is.
    FileContent => MetaSchema::new_with_format("string", "binary");
    /// How far a file has come.
    ImportStateWord => words(import::ImportState::SEEN.iter().map(|word| word.as_str()));
    /// Why a sheet of a file is not read.
    PassedOverWord => words(PassedOverReason::ALL.iter().map(|reason| reason.as_str()));
    /// By what rows of a file are known again.
    KnownByWord => words(KnownBy::ALL.iter().map(|word| word.as_str()));
    /// What a column holds.
    FieldWord => words(Field::ALL.iter().map(|field| field.as_str()));
    /// What became of the wish to send again.
    RequeueWord => words(["requeued", "on_its_way"].into_iter());
    /// Whether an organisation or a facility takes declarations.
    DirectoryStateWord => words(directory::STATES.into_iter());
    /// What is typed to sign in.
    AccountName => MetaSchema {
        min_length: Some(*account::NAME_LENGTHS.start()),
        max_length: Some(*account::NAME_LENGTHS.end()),
        ..pattern("^[a-z][a-z0-9._@-]*$")
    };
    /// A password, a code or a token, as it was typed.
    Secret => MetaSchema {
        min_length: Some(1),
        ..bounded(1_024)
    };
    /// The code of an organisation.
    OrganisationCode => MetaSchema {
        max_length: Some(directory::CODE_LENGTH_MAX),
        ..pattern("^[a-z0-9][a-z0-9._-]*$")
    };
    /// A name, or a label.
    PlaceName => MetaSchema {
        min_length: Some(1),
        ..bounded(directory::NAME_LENGTH_MAX)
    };
    /// An address inside a commune.
    PlaceAddress => MetaSchema {
        min_length: Some(1),
        ..bounded(directory::ADDRESS_LENGTH_MAX)
    };
    /// Why a destination is held back.
    PauseReason => MetaSchema {
        min_length: Some(1),
        ..bounded(operator::REASON_LENGTH_MAX)
    };
    /// Hexadecimal SHA-256.
    Sha256Hex => pattern("^[0-9a-f]{64}$");
    /// A compact JWS.
    CompactJws => pattern(r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$");
}

word_types! {
    /// What a facility has to do.
    DueWord => stay::DueKind;
    /// A word of the catalogue `purposes`.
    PurposeWord => Purpose;
    /// Sex.
    SexWord => sex::Sex;
    /// A word of the catalogue `document_kinds`.
    DocumentKindWord => DocumentKind;
    /// Why there is no document.
    NoDocumentReasonWord => NoDocumentReason;
    /// What a guest is in a party.
    PartyRoleWord => PartyRole;
    /// A word of the catalogue `facility_kinds`.
    FacilityKindWord => FacilityKind;
    /// Whether the guest is there.
    PresenceWord => Presence;
    /// Where the newest forwardable version is on its way.
    DeliveryWord => stay::DeliveryState;
    /// Whether the declaration met its deadline.
    TimelinessWord => stay::Timeliness;
    /// Whether something is owed.
    CompletionWord => stay::CompletionState;
    /// A code of the catalogue `error_codes`.
    CodeWord => Code;
    /// What happened.
    EventWord => EventKind;
    /// What the registry said, as the police see it.
    GradedIdentityWord => stay::IdentityState;
    /// Why a case was opened.
    ReviewKindWord => review::ReviewKind;
    /// Where a case is.
    ReviewStateWord => review::ReviewState;
    /// What an officer decides.
    ReviewDecisionWord => review::ReviewDecision;
    /// Why an officer decides so.
    DecisionReasonWord => review::DecisionReason;
    /// Why a value is graded as it is.
    GradeReasonWord => identity::GradeReason;
    /// Whether a webhook is on.
    WebhookStateWord => webhook::WebhookState;
    /// Why a webhook was switched off.
    WebhookReasonWord => webhook::DisabledReason;
    /// Where a delivery is on its way.
    WebhookProgressWord => webhook::EventProgress;
    /// How a call ended.
    WebhookOutcomeWord => webhook::CallOutcome;
    /// What made a version of a stay.
    ChangeWord => change::ChangeKind;
    /// The door that something came in by.
    ChannelWord => stay::Channel;
    /// What an entry of a facility's list is.
    RoomKindWord => RoomKind;
    /// What becomes of who is missing in a census.
    MissingWord => census::Missing;
    /// What kind of text a scanner delivers.
    ScanKindWord => scan::ScanKind;
    /// What kind of file it is.
    FileKindWord => FileKind;
    /// What became of a row of a file.
    RowOutcomeWord => import::RowOutcome;
    /// Where a notification is on its way.
    TaskStateWord => operator::TaskState;
    /// What is done next for a notification.
    TaskStepWord => operator::TaskStep;
    /// What a notification tells.
    NotificationKindWord => stay::NotificationKind;
    /// How it stands with a key.
    KeyStateWord => directory::KeyState;
    /// What a key may do.
    RoleWord => Role;
    /// What a person who signs in may do.
    AccountRoleWord => AccountRole;
    /// How it stands with an account.
    AccountStateWord => account::AccountState;
    /// What a person has to do after the password.
    NextStepWord => session::NextStep;
    /// What the holder of a session has proved.
    StageWord => session::Stage;
    /// Who is called.
    PeerWord => operator::PeerName;
    /// Whether a destination is held back.
    DestinationStateWord => operator::DestinationState;
    /// Whether an endpoint is called.
    BreakerWord => operator::BreakerState;
    /// What stands first in a date with slashes.
    DateOrderWord => import::DateOrder;
    /// What a webhook is told of.
    WebhookEventWord => webhook::WebhookEvent;
}

of_words! {
    ImportStateWord => import::ImportState;
}

impl Instant {
    /// An instant, in the time of Viet Nam.
    pub(crate) fn of(instant: DateTime<Utc>) -> Self {
        Self(format_instant(instant))
    }
}

impl Day {
    /// A day.
    pub(crate) fn of(day: NaiveDate) -> Self {
        Self(day.to_string())
    }
}

/// What the document calls a list of words. Some words alone would be the name of an object.
fn list_name(type_name: &str) -> String {
    match type_name {
        "ChangeWord" => "ChangeKind",
        "CodeWord" => "ProblemCode",
        "CompletionWord" => "CompletionState",
        "DeliveryWord" => "DeliveryState",
        "DueWord" => "DueKind",
        "EventWord" => "EventType",
        "FateWord" => "CensusOutcome",
        "FieldWord" => "ImportField",
        "GradedIdentityWord" => "GradedIdentityState",
        "IdentityWord" => "IdentityState",
        "MissingWord" => "CensusMissing",
        "OutcomeWord" => "BatchOutcome",
        "RequeueWord" => "RequeueOutcome",
        "WebhookEventWord" => "WebhookEventType",
        "WebhookProgressWord" => "WebhookDeliveryState",
        "WebhookReasonWord" => "WebhookDisabledReason",
        other => other.trim_end_matches("Word"),
    }
    .to_owned()
}

/// The words of the identity axis that a sender sees, each once.
pub(crate) fn identity_words() -> impl Iterator<Item = &'static str> {
    let mut seen: Vec<&'static str> = Vec::new();
    for state in stay::IdentityState::ALL {
        let word = state.as_seen_by_sender(None);
        if !seen.contains(&word) {
            seen.push(word);
        }
    }
    seen.push(stay::IdentityReview::Reviewed.as_str());
    seen.into_iter()
}

fn format(format: &'static str) -> MetaSchema {
    MetaSchema::new_with_format("string", format)
}

fn pattern(pattern: &str) -> MetaSchema {
    MetaSchema {
        pattern: Some(pattern.to_owned()),
        ..MetaSchema::new("string")
    }
}

fn bounded(length_max: usize) -> MetaSchema {
    MetaSchema {
        max_length: Some(length_max),
        ..MetaSchema::new("string")
    }
}

fn words(words: impl Iterator<Item = &'static str>) -> MetaSchema {
    MetaSchema {
        enum_items: words.map(Value::from).collect(),
        ..MetaSchema::new("string")
    }
}
