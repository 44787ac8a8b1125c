//! Asks the population registry about a personal ID number.
//!
//! The registry only returns its data; `domain` compares. The data is used for the grade and for
//! the police; it is never shown to the sender and never logged.

use chrono::NaiveDate;
use domain::{
    birth_date::BirthDate,
    document::DocumentKind,
    identity::{self, DeclaredPerson, Grade, Match, RegistryPerson},
    notification::NotifiedStay,
    operator::AttemptOutcome,
    personal_id::PersonalId,
    sex::Sex,
    stay::IdentityState,
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    breaker::Health,
    transport::{CallFault, PeerAnswer},
};

/// Where the registry is asked.
pub(crate) const PATH: &str = "v1/verifications";

/// The question about a guest. No `Debug`: it is personal.
pub(crate) struct RegistryQuestion {
    personal_id: PersonalId,
    declared: DeclaredPerson,
}

impl RegistryQuestion {
    /// The question about the guest of a stay; `None` when there is no personal ID number to ask
    /// about. `today` is the local day of receipt.
    pub(crate) fn about(stay: &NotifiedStay, today: NaiveDate) -> Option<Self> {
        let guest = &stay.guest;
        let document = guest.document.as_ref()?;
        DocumentKind::parse(document.kind.as_deref()?).filter(|kind| kind.has_personal_id())?;
        Some(Self {
            personal_id: PersonalId::parse(document.number.as_deref()?, today).ok()?,
            declared: DeclaredPerson {
                full_name: guest.full_name.clone().unwrap_or_default(),
                birth_date: guest.birth_date.as_deref().and_then(BirthDate::parse),
                sex: guest.sex.as_deref().and_then(Sex::parse),
            },
        })
    }

    /// The number that is asked about.
    pub(crate) const fn personal_id(&self) -> &PersonalId {
        &self.personal_id
    }

    /// The body of the question.
    pub(crate) fn to_body(&self) -> Vec<u8> {
        let mut body = json!({
            "personal_id": self.personal_id.as_str(),
            "full_name": self.declared.full_name,
        });
        if let Some(birth_date) = self.declared.birth_date {
            body["birth_date"] = json!(birth_date.to_text());
        }
        if let Some(sex) = self.declared.sex {
            body["sex"] = json!(sex.as_str());
        }
        body.to_string().into_bytes()
    }
}

/// What is known of a guest's identity when the notification is written.
#[derive(Clone, Copy)]
pub(crate) struct IdentityFinding {
    /// Where the axis goes.
    pub(crate) state: IdentityState,
    /// Member by member, when there was something to compare.
    pub(crate) grade: Option<Grade>,
    /// The registry's birth date.
    pub(crate) birth_date: Option<BirthDate>,
    /// The registry's sex.
    pub(crate) sex: Option<Sex>,
}

impl IdentityFinding {
    /// Without an answer of the registry.
    pub(crate) const fn without_answer(state: IdentityState) -> Self {
        Self {
            state,
            grade: None,
            birth_date: None,
            sex: None,
        }
    }

    fn of(declared: &DeclaredPerson, person: &RegistryPerson) -> Self {
        let grade = identity::grade(declared, person);
        Self {
            state: grade.state(),
            grade: Some(grade),
            birth_date: person.birth_date,
            sex: person.sex,
        }
    }

    /// The label of `luutru_identity_checks_total`.
    pub(crate) fn label(&self) -> &'static str {
        match self.state {
            IdentityState::Verified if self.has_near() => "near",
            IdentityState::Verified => "exact",
            IdentityState::Mismatch => "mismatch",
            IdentityState::NotFound => "unknown",
            IdentityState::NotApplicable => "not_applicable",
            IdentityState::Pending | IdentityState::Deferred => "pending",
        }
    }

    fn has_near(&self) -> bool {
        self.grade.is_some_and(|grade| {
            [grade.full_name, grade.birth_date, grade.sex].contains(&Match::Near)
        })
    }
}

/// How the registry's answer is read.
pub(crate) enum CheckOutcome {
    /// It answered the question.
    Answered(IdentityFinding),
    /// It did not answer: ask again later. The code says why.
    Unanswered {
        /// For the attempt.
        code: &'static str,
        /// What that says of the registry.
        health: Health,
    },
}

impl CheckOutcome {
    /// What the attempt is recorded and counted as.
    pub(crate) const fn attempt_outcome(&self) -> AttemptOutcome {
        match self {
            Self::Answered(_) => AttemptOutcome::Answered,
            Self::Unanswered { .. } => AttemptOutcome::Unavailable,
        }
    }

    /// Why it was no answer.
    pub(crate) const fn code(&self) -> Option<&'static str> {
        match self {
            Self::Answered(_) => None,
            Self::Unanswered { code, .. } => Some(code),
        }
    }

    /// What it says of the registry.
    pub(crate) const fn health(&self) -> Health {
        match self {
            Self::Answered(_) => Health::Well,
            Self::Unanswered { health, .. } => *health,
        }
    }
}

/// Interprets the registry's answer to `question`.
pub(crate) fn judge(
    question: &RegistryQuestion,
    outcome: &Result<PeerAnswer, CallFault>,
) -> CheckOutcome {
    let unanswered = |code, health| CheckOutcome::Unanswered { code, health };
    let answer = match outcome {
        Ok(answer) => answer,
        Err(fault) => return unanswered(fault.as_str(), Health::Failing),
    };
    match answer.status {
        200 => read(question, answer).map_or_else(
            |code| unanswered(code, Health::Failing),
            CheckOutcome::Answered,
        ),
        401 | 403 => unanswered("refuses_us", Health::RefusesUs),
        408 | 425 | 429 => unanswered("overloaded", Health::Failing),
        // It works, and refuses only this question.
        400..=499 => unanswered("refused", Health::Well),
        500..=599 => unanswered("failing", Health::Failing),
        _ => unanswered("malformed", Health::Failing),
    }
}

#[derive(Deserialize)]
struct CheckBody {
    outcome: String,
    person: Option<PersonBody>,
}

#[derive(Deserialize)]
struct PersonBody {
    personal_id: Option<String>,
    full_name: String,
    birth_date: Option<String>,
    sex: Option<String>,
}

fn read(question: &RegistryQuestion, answer: &PeerAnswer) -> Result<IdentityFinding, &'static str> {
    const MALFORMED: &str = "malformed";
    if !answer.is_json {
        return Err(MALFORMED);
    }
    // The reader's error would quote what it read.
    let body: CheckBody = serde_json::from_slice(&answer.body).map_err(|_| MALFORMED)?;
    match (body.outcome.as_str(), body.person) {
        ("found", Some(person)) => {
            let is_asked = |id: &str| id == question.personal_id.as_str();
            if !person.personal_id.as_deref().is_none_or(is_asked) {
                tracing::error!("the registry answered about another person; ignoring the answer");
                return Err("another_person");
            }
            if person.full_name.trim().is_empty() {
                return Err(MALFORMED);
            }
            let person = RegistryPerson {
                full_name: person.full_name,
                birth_date: person.birth_date.as_deref().and_then(BirthDate::parse),
                sex: person.sex.as_deref().and_then(Sex::parse),
            };
            Ok(IdentityFinding::of(&question.declared, &person))
        }
        ("not_found", _) => Ok(IdentityFinding::without_answer(IdentityState::NotFound)),
        _ => Err(MALFORMED),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const NUMBER: &str = "038090001234";

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()
    }

    fn content() -> Value {
        json!({"guest": {
            "full_name": "Nguyễn Văn An", "birth_date": "1990-05-17", "sex": "male",
            "document": {"kind": "citizen_card", "number": NUMBER},
        }})
    }

    fn about(content: &Value) -> Option<RegistryQuestion> {
        RegistryQuestion::about(&NotifiedStay::of(content).unwrap(), today())
    }

    fn question() -> RegistryQuestion {
        about(&content()).unwrap()
    }

    fn answer(
        status: u16,
        content_type_is_json: bool,
        body: &str,
    ) -> Result<PeerAnswer, CallFault> {
        Ok(PeerAnswer {
            status,
            is_json: content_type_is_json,
            retry_after: None,
            body: body.as_bytes().to_vec(),
        })
    }

    #[test]
    fn only_a_personal_id_number_is_asked_about() {
        let mut foreign = content();
        foreign["guest"]["document"] = json!({"kind": "passport", "number": NUMBER});
        let mut nobody = content();
        nobody["guest"]["document"] = json!({"kind": "none"});
        assert!(about(&foreign).is_none());
        assert!(about(&nobody).is_none());

        let expected = json!({
            "personal_id": NUMBER, "full_name": "Nguyễn Văn An",
            "birth_date": "1990-05-17", "sex": "male",
        });
        let body: Value = serde_json::from_slice(&question().to_body()).unwrap();
        assert_eq!(body, expected);
    }

    #[test]
    fn what_was_not_declared_is_not_asked() {
        let mut minimal = content();
        minimal["guest"] = json!({
            "full_name": "Nguyễn Văn An",
            "document": {"kind": "citizen_card", "number": NUMBER},
        });
        let question = about(&minimal).unwrap();
        let body: Value = serde_json::from_slice(&question.to_body()).unwrap();
        assert_eq!(
            body,
            json!({"personal_id": NUMBER, "full_name": "Nguyễn Văn An"})
        );
    }

    #[test]
    fn an_answer_is_graded() {
        let person = |name: &str, date: &str, sex: &str| {
            json!({"outcome": "found",
                   "person": {"full_name": name, "birth_date": date, "sex": sex}})
            .to_string()
        };
        let not_found = json!({"outcome": "not_found"}).to_string();
        let table = [
            (
                person("Nguyễn Văn An", "1990-05-17", "male"),
                "verified",
                "exact",
            ),
            (
                person("NGUYEN VAN AN", "1990-05-17", "male"),
                "verified",
                "near",
            ),
            (
                person("Trần Văn Bình", "1990-05-17", "male"),
                "mismatch",
                "mismatch",
            ),
            (
                person("Nguyễn Văn An", "1990-05-17", "female"),
                "mismatch",
                "mismatch",
            ),
            (not_found, "not_found", "unknown"),
        ];
        for (body, state, label) in table {
            let CheckOutcome::Answered(finding) = judge(&question(), &answer(200, true, &body))
            else {
                panic!("no answer: {state}");
            };
            assert_eq!((finding.state.as_str(), finding.label()), (state, label));
        }
    }

    #[test]
    fn what_is_no_answer_is_asked_again() {
        let found = r#"{"outcome":"found","person":{"full_name":"Nguyễn Văn An"}}"#;
        let other = r#"{"outcome":"found",
                        "person":{"personal_id":"038090009999","full_name":"Nguyễn Văn An"}}"#;
        let table = [
            (Err(CallFault::Timeout), "timeout", Health::Failing),
            (Err(CallFault::Connect), "connect", Health::Failing),
            (Err(CallFault::Cut), "cut", Health::Failing),
            (Err(CallFault::TooLong), "answer_too_long", Health::Failing),
            (answer(200, false, found), "malformed", Health::Failing),
            (answer(200, true, "<html>"), "malformed", Health::Failing),
            (
                answer(200, true, r#"{"outcome":"found"}"#),
                "malformed",
                Health::Failing,
            ),
            (
                answer(200, true, r#"{"outcome":"maybe"}"#),
                "malformed",
                Health::Failing,
            ),
            (answer(200, true, other), "another_person", Health::Failing),
            (answer(204, false, ""), "malformed", Health::Failing),
            (answer(302, false, ""), "malformed", Health::Failing),
            (answer(400, true, "{}"), "refused", Health::Well),
            (answer(401, true, "{}"), "refuses_us", Health::RefusesUs),
            (answer(403, true, "{}"), "refuses_us", Health::RefusesUs),
            (answer(429, true, "{}"), "overloaded", Health::Failing),
            (answer(500, true, "{}"), "failing", Health::Failing),
            (answer(503, false, "down"), "failing", Health::Failing),
        ];
        for (outcome, code, health) in table {
            let outcome = judge(&question(), &outcome);
            assert_eq!(outcome.code(), Some(code));
            assert_eq!(outcome.health(), health, "{code}");
        }
    }
}
