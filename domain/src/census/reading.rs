//! Reading a census and its lines.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{Census, Line, Missing, STAY_COUNT_MAX, Scope};
use crate::declaration::Window;
use crate::draft::reader::{Bound, ObjectReader};
use crate::draft::{Draft, PLACE_LENGTH_MAX, WORD_LENGTH_MAX};
use crate::facility::{Facility, FacilityKind};
use crate::problem::{Class, Code, Hint, Violation};
use crate::time::{format_instant, parse_instant};

const PLACE: Bound = Bound::line(PLACE_LENGTH_MAX);
const WORD: Bound = Bound::line(WORD_LENGTH_MAX);

/// The names of a part of a facility, at most one of them sent.
type ScopeNames = (Option<String>, Option<String>);

impl<'a> Census<'a> {
    /// Reads the census itself.
    ///
    /// # Errors
    /// Every violation of its own members; lines are judged one by one.
    pub fn read(
        document: &'a Value,
        kind: FacilityKind,
        window: &Window,
        received_at: DateTime<Utc>,
    ) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        let Some(mut reader) = ObjectReader::root(document, &mut violations) else {
            return Err(violations);
        };
        let taken_at = reader.text("taken_at", WORD);
        let has_scope = reader.member("scope").is_some();
        let names: ScopeNames = reader
            .object("scope", |scope| {
                (scope.text("ward", PLACE), scope.text("room_prefix", PLACE))
            })
            .unwrap_or_default();
        let missing = reader.text("missing", WORD);
        let confirmed_departures = reader
            .object("confirm", |confirm| confirm.count("departures"))
            .flatten();
        let stays = reader.member("stays");
        reader.finish(&[]);
        let taken_at = judge_taken_at(taken_at, window, received_at, &mut violations);
        let scope = judge_scope(has_scope, names, &mut violations);
        let missing = judge_missing(missing, kind, &mut violations);
        let stays = judge_stays(stays, &mut violations);
        let (Some(taken_at), true) = (taken_at, violations.is_empty()) else {
            return Err(violations);
        };
        Ok(Self {
            taken_at,
            scope,
            missing,
            confirmed_departures,
            stays,
        })
    }

    /// Reads a line.
    #[must_use]
    pub fn line(&self, sent: &Value, facility: &Facility) -> Line {
        let (mut draft, found) = Draft::read(sent);
        let is_warning = |one: &Violation| one.code.class() == Class::Warning;
        let (warnings, mut violations): (Vec<_>, Vec<_>) = found.into_iter().partition(is_warning);
        let named = draft.facility_id.as_deref();
        if named.is_some_and(|named| Uuid::try_parse(named).ok() != Some(facility.id)) {
            violations.push(Violation::new("/facility_id", Code::FacilityUnknown));
        }
        draft.facility_id = Some(facility.id.to_string());
        match &self.scope {
            Scope::Facility => {}
            Scope::Ward(ward) => match &draft.ward {
                Some(named) if named != ward => {
                    violations.push(Violation::new("/ward", Code::CensusOutsideScope));
                }
                Some(_) | None => draft.ward = Some(ward.clone()),
            },
            Scope::RoomPrefix(prefix) => {
                let room = draft.room.as_deref();
                if room.is_some_and(|room| !room.starts_with(prefix.as_str())) {
                    violations.push(Violation::new("/room", Code::CensusOutsideScope));
                }
            }
        }
        for at in [&mut draft.arrival_at, &mut draft.expected_departure_at] {
            if let Some(instant) = at.as_deref().and_then(parse_instant) {
                *at = Some(format_instant(instant));
            }
        }
        Line {
            content: draft.to_value(),
            violations,
            warnings,
        }
    }
}

/// Reports the member as missing unless it already has another fault.
fn require(pointer: &str, violations: &mut Vec<Violation>) {
    if violations.iter().all(|found| found.pointer != pointer) {
        violations.push(Violation::new(pointer, Code::Required));
    }
}

fn judge_taken_at(
    sent: Option<String>,
    window: &Window,
    received_at: DateTime<Utc>,
    violations: &mut Vec<Violation>,
) -> Option<DateTime<Utc>> {
    const POINTER: &str = "/taken_at";
    let Some(sent) = sent else {
        require(POINTER, violations);
        return None;
    };
    let Some(taken_at) = parse_instant(&sent) else {
        violations.push(Violation::new(POINTER, Code::InvalidInstant));
        return None;
    };
    let ahead = taken_at.signed_duration_since(received_at);
    if ahead > window.ahead || -ahead > window.back {
        violations.push(Violation::new(POINTER, Code::CensusTimeOutOfRange));
    }
    Some(taken_at)
}

/// An empty scope is refused: if it meant the whole facility, everybody elsewhere would depart.
fn judge_scope(has_scope: bool, names: ScopeNames, violations: &mut Vec<Violation>) -> Scope {
    match names {
        (Some(ward), None) => Scope::Ward(ward),
        (None, Some(prefix)) => Scope::RoomPrefix(prefix),
        (None, None) => {
            let is_named = violations
                .iter()
                .any(|found| found.pointer.starts_with("/scope"));
            if has_scope && !is_named {
                let hint = Hint::OrMember("/scope/room_prefix");
                violations.push(Violation::new("/scope/ward", Code::Required).with(hint));
            }
            Scope::Facility
        }
        (Some(_), Some(_)) => {
            let hint = Hint::Between(1, 1);
            violations.push(Violation::new("/scope", Code::TooManyItems).with(hint));
            Scope::Facility
        }
    }
}

fn judge_missing(
    sent: Option<String>,
    kind: FacilityKind,
    violations: &mut Vec<Violation>,
) -> Missing {
    let default = Missing::default_of(kind);
    let Some(word) = sent else {
        return default;
    };
    Missing::parse(&word).unwrap_or_else(|| {
        violations.push(Violation::new("/missing", Code::UnknownCode));
        default
    })
}

fn judge_stays<'a>(sent: Option<&'a Value>, violations: &mut Vec<Violation>) -> &'a [Value] {
    const POINTER: &str = "/stays";
    match sent {
        None => violations.push(Violation::new(POINTER, Code::Required)),
        Some(Value::Array(stays)) if stays.len() > STAY_COUNT_MAX => {
            let hint = Hint::Between(0, STAY_COUNT_MAX);
            violations.push(Violation::new(POINTER, Code::TooManyItems).with(hint));
        }
        Some(Value::Array(stays)) => return stays,
        Some(
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_),
        ) => violations.push(Violation::new(POINTER, Code::InvalidType)),
    }
    &[]
}
