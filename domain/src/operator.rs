//! Operators' requests about deliveries and destinations.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::members::Members;
use crate::problem::{Code, Violation};
use crate::time::parse_instant;

/// Characters of the reason of a pause. It lies in the clear, in the database and in its log of
/// writes: a few words for the next operator, no place for what belongs to a person.
pub const REASON_LENGTH_MAX: usize = 100;
/// So many digits in a row, spaces and dots aside, may be somebody's number.
const PERSONAL_DIGIT_COUNT: usize = 8;
/// Characters of a destination's code.
pub const DESTINATION_LENGTH_MAX: usize = 64;
/// Characters of an instant, with room for any fraction.
const INSTANT_LENGTH_MAX: usize = 64;

coded! {
    /// The state of a notification's delivery.
    pub enum TaskState {
        /// Waits for its turn.
        Waiting => "waiting",
        /// A worker holds it.
        Claimed => "claimed",
        /// The police endpoint confirmed it.
        Delivered => "delivered",
        /// The police endpoint refused it.
        Refused => "refused",
        /// Set aside for an operator.
        Parked => "parked",
    }
}

coded! {
    /// The next step for a notification.
    pub enum TaskStep {
        /// Ask the population registry.
        CheckIdentity => "check_identity",
        /// Tell the police.
        NotifyPolice => "notify_police",
    }
}

coded! {
    /// Whom a worker calls on behalf of a notification.
    pub enum PeerName {
        /// The population registry.
        Registry => "registry",
        /// A police endpoint.
        Police => "police",
    }
}

coded! {
    /// What the answer to a call, or its absence, says of the notification.
    pub enum AttemptOutcome {
        /// The registry answered the question.
        Answered => "answered",
        /// The police endpoint confirmed the notification.
        Delivered => "delivered",
        /// The police endpoint refused the notification.
        Refused => "refused",
        /// The peer fails, in general or for us.
        Unavailable => "unavailable",
        /// Nobody can tell what became of it.
        Unknown => "unknown",
    }
}

coded! {
    /// Whether notifications go to a destination.
    pub enum DestinationState {
        /// They do.
        Running => "running",
        /// They are held back.
        Paused => "paused",
    }
}

coded! {
    /// What a worker last found of an endpoint.
    pub enum BreakerState {
        /// It is called.
        Closed => "closed",
        /// It fails: only probes are sent.
        Open => "open",
    }
}

/// A request to pause a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseRequest {
    /// Why.
    pub reason: String,
    /// Until when; until it is resumed when left out.
    pub until: Option<DateTime<Utc>>,
}

/// Whether a text holds what may be the number of a document or a telephone.
pub(crate) fn holds_number(text: &str) -> bool {
    let mut count = 0;
    for letter in text.chars() {
        match letter {
            digit if digit.is_numeric() => count += 1,
            ' ' | '.' | '-' => {}
            _ => count = 0,
        }
        if count >= PERSONAL_DIGIT_COUNT {
            return true;
        }
    }
    false
}

impl PauseRequest {
    /// Reads `{reason, until?}`.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(body: &Value, now: DateTime<Utc>) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let reason = members.required("reason", REASON_LENGTH_MAX);
        if reason.as_deref().is_some_and(holds_number) {
            members.fault("reason", Code::PersonalNumber, None);
        }
        let until = members.text("until", INSTANT_LENGTH_MAX).and_then(|text| {
            let until = parse_instant(&text);
            match until {
                None => members.fault("until", Code::InvalidInstant, None),
                Some(until) if until <= now => members.fault("until", Code::UntilInPast, None),
                Some(_) => {}
            }
            until
        });
        members.finish()?;
        let missing = || vec![Violation::new("/reason", Code::Required)];
        Ok(Self {
            reason: reason.ok_or_else(missing)?,
            until,
        })
    }
}

/// The telephone of a duty desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyDeskRequest {
    /// The number as people read it; `None`: it is not known any more.
    pub telephone: Option<String>,
}

/// Characters of a telephone number, with blanks and an extension.
pub const TELEPHONE_LENGTH_MAX: usize = 40;
/// Digits of the shortest number, such as 113.
const TELEPHONE_DIGIT_COUNT_MIN: usize = 3;

impl DutyDeskRequest {
    /// Reads `{telephone}`.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(body: &Value) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        if body.get("telephone").is_none() {
            members.fault("telephone", Code::Required, None);
        }
        let telephone = members.text("telephone", TELEPHONE_LENGTH_MAX);
        if telephone.as_deref().is_some_and(|text| !is_telephone(text)) {
            members.fault("telephone", Code::InvalidTelephone, None);
        }
        members.finish()?;
        Ok(Self { telephone })
    }
}

fn is_telephone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_written = |letter: char| letter.is_ascii_digit() || " +-.()/".contains(letter);
    digits >= TELEPHONE_DIGIT_COUNT_MIN && text.chars().all(is_written)
}

/// Which parked notifications to send again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequeueRequest {
    /// Only those of this destination.
    pub destination: Option<String>,
    /// Only those of this facility; one of another form is one that does not exist.
    pub facility_id: Option<Uuid>,
    /// Only those that were set aside for this reason.
    pub reason: Option<String>,
}

impl RequeueRequest {
    /// Reads `{destination?, facility_id?, reason?}`.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(body: &Value) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let destination = members.text("destination", DESTINATION_LENGTH_MAX);
        let facility_id = members.text("facility_id", DESTINATION_LENGTH_MAX);
        let reason = members.text("reason", DESTINATION_LENGTH_MAX);
        members.finish()?;
        let facility_id = facility_id.map(|text| Uuid::try_parse(&text).unwrap_or_default());
        Ok(Self {
            destination,
            facility_id,
            reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> DateTime<Utc> {
        parse_instant("2026-11-25T12:00:00+07:00").unwrap()
    }

    #[test]
    fn a_duty_desk_has_a_telephone_or_none() {
        let read = |value: Value| DutyDeskRequest::read(&json!({"telephone": value}));
        for number in [
            "0237 3821 113",
            "113",
            "+84 (237) 382.11.13",
            "02373821113/0",
        ] {
            let read = read(json!(number)).unwrap();
            assert_eq!(read.telephone.as_deref(), Some(number));
        }
        assert_eq!(read(Value::Null).unwrap().telephone, None);
        for (value, code) in [
            (json!("11"), Code::InvalidTelephone),
            (json!("gọi 113"), Code::InvalidTelephone),
            (json!(113), Code::InvalidType),
        ] {
            assert_eq!(read(value).unwrap_err()[0].code, code);
        }
        let missing = DutyDeskRequest::read(&json!({})).unwrap_err();
        assert_eq!(missing[0].code, Code::Required);
    }

    #[test]
    fn a_pause_has_a_reason_and_an_end_ahead() {
        let later = "2026-11-25T13:00:00+07:00";
        let pause = PauseRequest::read(&json!({"reason": " Bảo trì ", "until": later}), now());
        let pause = pause.unwrap();
        assert_eq!(
            (pause.reason.as_str(), pause.until),
            ("Bảo trì", parse_instant(later))
        );
        let open = PauseRequest::read(&json!({"reason": "x", "until": null}), now());
        assert_eq!(open.unwrap().until, None);
        // The day and the ticket are no number of a person.
        let ticket = json!({"reason": "bảo trì 29/11, phiếu 1234567"});
        assert!(PauseRequest::read(&ticket, now()).is_ok());
    }

    #[test]
    fn a_pause_names_everything_that_is_wrong() {
        let table = [
            (json!([]), vec![("", Code::InvalidType)]),
            (json!({}), vec![("/reason", Code::Required)]),
            (json!({"reason": "  "}), vec![("/reason", Code::Required)]),
            (
                json!({"reason": "x".repeat(201)}),
                vec![("/reason", Code::TooLong)],
            ),
            (
                json!({"reason": "khách 0380 9000 1234"}),
                vec![("/reason", Code::PersonalNumber)],
            ),
            (
                json!({"reason": 1, "until": "tomorrow", "by": "me"}),
                vec![
                    ("/reason", Code::InvalidType),
                    ("/until", Code::InvalidInstant),
                    ("/by", Code::UnknownField),
                ],
            ),
            (
                json!({"reason": "x", "until": "2026-11-25T12:00:00+07:00"}),
                vec![("/until", Code::UntilInPast)],
            ),
        ];
        for (body, expected) in table {
            let violations = PauseRequest::read(&body, now()).unwrap_err();
            assert_eq!(faults(violations), owned(expected), "{body}");
        }
    }

    #[test]
    fn what_is_sent_again_may_be_narrowed() {
        let id = Uuid::from_u128(1);
        let read = |body: Value| RequeueRequest::read(&body);
        let of = |destination: Option<&str>, facility_id| RequeueRequest {
            destination: destination.map(str::to_owned),
            facility_id,
            reason: None,
        };
        assert_eq!(read(json!({})), Ok(of(None, None)));
        let of_cause = RequeueRequest {
            reason: Some("worker_died".to_owned()),
            ..of(Some("38"), None)
        };
        let body = json!({"destination": "38", "reason": "worker_died"});
        assert_eq!(read(body), Ok(of_cause));
        let both = json!({"destination": "38", "facility_id": id});
        assert_eq!(read(both), Ok(of(Some("38"), Some(id))));
        let nobody = json!({"facility_id": "x"});
        assert_eq!(read(nobody), Ok(of(None, Some(Uuid::nil()))));
        let violations = read(json!({"destination": 38, "all": true})).unwrap_err();
        let expected = vec![
            ("/destination", Code::InvalidType),
            ("/all", Code::UnknownField),
        ];
        assert_eq!(faults(violations), owned(expected));
    }

    fn faults(violations: Vec<Violation>) -> Vec<(String, Code)> {
        let pair = |violation: Violation| (violation.pointer, violation.code);
        violations.into_iter().map(pair).collect()
    }

    fn owned(expected: Vec<(&str, Code)>) -> Vec<(String, Code)> {
        let pair = |(pointer, code): (&str, Code)| (pointer.to_owned(), code);
        expected.into_iter().map(pair).collect()
    }
}
