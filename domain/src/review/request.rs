//! Officers' requests: claiming cases and deciding them.

use serde_json::Value;
use uuid::Uuid;

use super::{DecisionReason, ReviewDecision, ReviewKind};
use crate::catalogue::Catalogues;
use crate::draft::NOTE_LENGTH_MAX;
use crate::members::Members;
use crate::problem::{Code, Hint, Violation};
use crate::stay::ATTENTION_POINTERS;

/// Cases of a claim that names neither a number nor cases.
pub const CLAIM_COUNT: usize = 10;
/// Most cases of one claim.
pub const CLAIM_COUNT_MAX: usize = 50;
/// Longest answer of a facility to a question, in characters.
pub const ANSWER_LENGTH_MAX: usize = 2_000;
/// The members a sender may be asked to check.
pub const QUESTION_POINTERS: [&str; 20] = [
    "/room",
    "/arrival_at",
    "/expected_departure_at",
    "/departed_at",
    "/purpose",
    "/guest",
    "/guest/full_name",
    "/guest/birth_date",
    "/guest/sex",
    "/guest/nationality",
    "/guest/document",
    "/guest/document/kind",
    "/guest/document/number",
    "/guest/residence",
    "/guest/residence/commune_code",
    "/guest/residence/address",
    "/guest/permitted_stay_until",
    "/guest/visa",
    "/guest/entered_on",
    "/guest/entry_gate",
];

/// Which cases an officer wants to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRequest {
    /// How many at most.
    pub count: usize,
    /// Only of these kinds; of all when empty.
    pub kinds: Vec<ReviewKind>,
    /// Only of this commune.
    pub commune_code: Option<String>,
    /// Only these, in whatever state but closed.
    pub ids: Vec<Uuid>,
}

/// What an officer decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRequest {
    /// The decision.
    pub ruling: Ruling,
    /// Why, as a word, for the police only.
    pub reason: Option<DecisionReason>,
    /// Why, in words, for the police only; there where no word says it.
    pub note: Option<String>,
    /// The lease under which it is decided; `None` when what was sent is no id.
    pub lease_id: Option<Uuid>,
}

/// A facility's written answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRequest {
    /// Which question; `None` when what was sent is no id.
    pub question_id: Option<Uuid>,
    /// The words.
    pub text: String,
}

impl AnswerRequest {
    /// Reads `{question_id, text}`.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(body: &Value) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let question_id = members.required("question_id", NOTE_LENGTH_MAX);
        let text = members.required("text", ANSWER_LENGTH_MAX);
        members.finish()?;
        Ok(Self {
            question_id: question_id.and_then(|text| Uuid::try_parse(&text).ok()),
            text: text.unwrap_or_default(),
        })
    }
}

/// A decision with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Nothing need be done.
    Accept,
    /// The sender shall look again.
    RequestCorrection {
        /// In the officer's words.
        question: Option<String>,
        /// At these members.
        pointers: Vec<&'static str>,
    },
    /// Another commune shall decide.
    Refer {
        /// Which.
        commune_code: String,
        /// In which province.
        province_code: String,
    },
}

impl Ruling {
    /// Its word.
    #[must_use]
    pub const fn decision(&self) -> ReviewDecision {
        match self {
            Self::Accept => ReviewDecision::Accept,
            Self::RequestCorrection { .. } => ReviewDecision::RequestCorrection,
            Self::Refer { .. } => ReviewDecision::Refer,
        }
    }
}

impl ClaimRequest {
    /// Reads `{count?, kinds?, commune?, ids?}`.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(body: &Value, catalogues: &Catalogues) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let ids = members.words("ids", CLAIM_COUNT_MAX, |text| {
            // An id of another form is one that does not exist.
            Some(Uuid::try_parse(text).unwrap_or_default())
        });
        let kinds = members.words("kinds", ReviewKind::ALL.len(), ReviewKind::parse);
        let commune_code = members.text("commune", NOTE_LENGTH_MAX);
        if commune_code
            .as_deref()
            .is_some_and(|code| catalogues.commune(code).is_none())
        {
            members.fault("commune", Code::UnknownCommune, None);
        }
        let count = count(&mut members, ids.len());
        members.finish()?;
        Ok(Self {
            count,
            kinds,
            commune_code,
            ids,
        })
    }
}

impl DecisionRequest {
    /// Reads `{decision, reason?, note?, lease_id, …}`, one of reason and note; `commune_code` belongs to `refer`, `question` and
    /// `pointers` to `request_correction`.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(body: &Value, catalogues: &Catalogues) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let word = members.required("decision", NOTE_LENGTH_MAX);
        let decision = word.as_deref().and_then(ReviewDecision::parse);
        if word.is_some() && decision.is_none() {
            members.fault("decision", Code::UnknownCode, None);
        }
        let reason = reason(&mut members);
        let note = match reason {
            Some(_) => members.text("note", NOTE_LENGTH_MAX),
            None => members.required("note", NOTE_LENGTH_MAX),
        };
        let lease_id = members.required("lease_id", NOTE_LENGTH_MAX);
        let ruling = match decision {
            Some(ReviewDecision::Accept) => Some(Ruling::Accept),
            Some(ReviewDecision::RequestCorrection) => Some(question(&mut members)),
            Some(ReviewDecision::Refer) => referral(&mut members, catalogues),
            // Which members belong to it nobody knows.
            None => {
                members.ignore(&["commune_code", "question", "pointers"]);
                None
            }
        };
        let violations = members.finish();
        violations?;
        let missing = |pointer| vec![Violation::new(pointer, Code::Required)];
        Ok(Self {
            ruling: ruling.ok_or_else(|| missing("/decision"))?,
            reason,
            note,
            lease_id: lease_id.and_then(|text| Uuid::try_parse(&text).ok()),
        })
    }
}

/// Why, as a word; one that is unknown is a fault.
fn reason(members: &mut Members<'_>) -> Option<DecisionReason> {
    let word = members.text("reason", NOTE_LENGTH_MAX)?;
    let reason = DecisionReason::parse(&word);
    if reason.is_none() {
        members.fault("reason", Code::UnknownCode, None);
    }
    reason
}

fn question(members: &mut Members<'_>) -> Ruling {
    let question = members.text("question", NOTE_LENGTH_MAX);
    let mut pointers = members.words("pointers", QUESTION_POINTERS.len(), |text| {
        QUESTION_POINTERS.into_iter().find(|known| *known == text)
    });
    if pointers.is_empty() {
        pointers.extend(ATTENTION_POINTERS);
    }
    Ruling::RequestCorrection { question, pointers }
}

fn referral(members: &mut Members<'_>, catalogues: &Catalogues) -> Option<Ruling> {
    let commune_code = members.required("commune_code", NOTE_LENGTH_MAX)?;
    let Some(commune) = catalogues.commune(&commune_code) else {
        members.fault("commune_code", Code::UnknownCommune, None);
        return None;
    };
    Some(Ruling::Refer {
        province_code: commune.province_code.clone(),
        commune_code,
    })
}

/// How many cases: 1 to [`CLAIM_COUNT_MAX`]; left out, as many as were named.
fn count(members: &mut Members<'_>, named: usize) -> usize {
    let Some(value) = members.take("count") else {
        return if named == 0 { CLAIM_COUNT } else { named };
    };
    let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
    let is_number = value.is_number();
    match count.filter(|count| (1..=CLAIM_COUNT_MAX).contains(count)) {
        Some(count) => count,
        None if is_number => {
            let between = Hint::Between(1, CLAIM_COUNT_MAX);
            members.fault("count", Code::InvalidLimit, Some(between));
            0
        }
        None => {
            members.fault("count", Code::InvalidType, None);
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn catalogues() -> Catalogues {
        let province = json!({"full_name": "Tỉnh Thanh Hóa"});
        let commune = json!({"full_name": "Phường Sầm Sơn", "province_code": "38"});
        let none = Vec::new();
        Catalogues::read(
            &vec![("38".to_owned(), province)],
            &vec![("16531".to_owned(), commune)],
            &none,
            &none,
        )
        .unwrap()
    }

    fn faults(violations: Vec<Violation>) -> Vec<(String, Code)> {
        let pair = |violation: Violation| (violation.pointer, violation.code);
        violations.into_iter().map(pair).collect()
    }

    #[test]
    fn an_answer_names_its_question_and_says_something() {
        let id = "0197c1c8-0280-7000-8000-000000000010";
        let read = |body: &Value| AnswerRequest::read(body);
        let answer = read(&json!({"question_id": id, "text": " Đã xem hộ chiếu. "})).unwrap();
        assert_eq!(answer.question_id, Uuid::try_parse(id).ok());
        assert_eq!(answer.text, "Đã xem hộ chiếu.");
        let no_id = read(&json!({"question_id": "x", "text": "a"})).unwrap();
        assert_eq!(no_id.question_id, None);
        let long = "a".repeat(ANSWER_LENGTH_MAX + 1);
        let of =
            |violations: Result<AnswerRequest, Vec<Violation>>| faults(violations.unwrap_err());
        let long = of(read(&json!({"question_id": id, "text": long})));
        assert_eq!(long, [("/text".to_owned(), Code::TooLong)]);
        let empty = of(read(&json!({"text": "  ", "note": "a"})));
        let expected = [
            ("/question_id", Code::Required),
            ("/text", Code::Required),
            ("/note", Code::UnknownField),
        ];
        assert_eq!(
            empty,
            expected.map(|(pointer, code)| (pointer.to_owned(), code))
        );
    }

    #[test]
    fn a_claim_says_how_many_or_which() {
        let read = |body: &Value| ClaimRequest::read(body, &catalogues());
        let asked = json!({"count": 7, "kinds": ["late", "mismatch"], "commune": "16531"});
        let claim = read(&asked).unwrap();
        assert_eq!(claim.count, 7);
        assert_eq!(claim.kinds, [ReviewKind::Late, ReviewKind::Mismatch]);
        assert_eq!(claim.commune_code.as_deref(), Some("16531"));
        let named = json!({"ids": [Uuid::from_u128(9), "no id"]});
        let claim = read(&named).unwrap();
        assert_eq!(claim.count, 2);
        assert_eq!(claim.ids, [Uuid::from_u128(9), Uuid::nil()]);
        assert_eq!(read(&json!({})).unwrap().count, CLAIM_COUNT);

        let table = [
            (json!([]), vec![("", Code::InvalidType)]),
            (json!({"count": 0}), vec![("/count", Code::InvalidLimit)]),
            (json!({"count": 51}), vec![("/count", Code::InvalidLimit)]),
            (json!({"count": 1.5}), vec![("/count", Code::InvalidLimit)]),
            (json!({"count": "7"}), vec![("/count", Code::InvalidType)]),
            (
                json!({"count": 1, "kinds": ["gone", 3], "commune": "99999", "a/b": 1}),
                vec![
                    ("/kinds/0", Code::UnknownCode),
                    ("/kinds/1", Code::InvalidType),
                    ("/commune", Code::UnknownCommune),
                    ("/a~1b", Code::UnknownField),
                ],
            ),
        ];
        for (body, expected) in table {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(pointer, code)| (pointer.to_owned(), code))
                .collect();
            assert_eq!(faults(read(&body).unwrap_err()), expected, "{body}");
        }
    }

    #[test]
    fn each_decision_has_its_own_members() {
        let lease = Uuid::from_u128(3);
        let read = |body: &Value| DecisionRequest::read(body, &catalogues());
        let accept = json!({"decision": "accept", "lease_id": lease, "note": " đã gọi\nlại "});
        let accept = read(&accept).unwrap();
        assert_eq!(accept.ruling, Ruling::Accept);
        assert_eq!(accept.lease_id, Some(lease));
        assert_eq!(accept.note.as_deref(), Some("đã gọi\nlại"));
        let by_word = json!({
            "decision": "accept", "lease_id": lease, "reason": "data_confirmed",
        });
        let by_word = read(&by_word).unwrap();
        assert_eq!(by_word.reason, Some(DecisionReason::DataConfirmed));
        assert_eq!(by_word.note, None);

        let refer = json!({
            "decision": "refer", "lease_id": "x", "note": "n", "commune_code": "16531",
        });
        let refer = read(&refer).unwrap();
        assert_eq!(refer.lease_id, None);
        let expected = Ruling::Refer {
            commune_code: "16531".to_owned(),
            province_code: "38".to_owned(),
        };
        assert_eq!(refer.ruling, expected);

        let ask = json!({
            "decision": "request_correction", "lease_id": lease, "question": "Sai số?",
            "note": "n", "pointers": ["/guest/sex"],
        });
        let expected = Ruling::RequestCorrection {
            question: Some("Sai số?".to_owned()),
            pointers: vec!["/guest/sex"],
        };
        assert_eq!(read(&ask).unwrap().ruling, expected);
        let bare = json!({"decision": "request_correction", "lease_id": lease, "note": "n"});
        let expected = Ruling::RequestCorrection {
            question: None,
            pointers: ATTENTION_POINTERS.to_vec(),
        };
        assert_eq!(read(&bare).unwrap().ruling, expected);

        let table = [
            (
                json!({}),
                vec![
                    ("/decision", Code::Required),
                    ("/note", Code::Required),
                    ("/lease_id", Code::Required),
                ],
            ),
            (
                json!({"decision": "accept", "lease_id": lease, "note": " "}),
                vec![("/note", Code::Required)],
            ),
            (
                json!({"decision": "accept", "lease_id": lease, "note": "n", "reason": "mood"}),
                vec![("/reason", Code::UnknownCode)],
            ),
            (
                json!({"decision": "burn", "lease_id": lease, "note": "n", "question": "?"}),
                vec![("/decision", Code::UnknownCode)],
            ),
            (
                json!({
                    "decision": "accept", "lease_id": lease, "note": "n", "commune_code": "16531",
                }),
                vec![("/commune_code", Code::UnknownField)],
            ),
            (
                json!({"decision": "refer", "lease_id": lease, "note": "n"}),
                vec![("/commune_code", Code::Required)],
            ),
            (
                json!({
                    "decision": "refer", "lease_id": lease, "note": "n", "commune_code": "99999",
                }),
                vec![("/commune_code", Code::UnknownCommune)],
            ),
            (
                json!({"decision": "request_correction", "lease_id": lease, "note": "n",
                    "pointers": ["/guest/shoes"], "question": "a".repeat(NOTE_LENGTH_MAX + 1)}),
                vec![
                    ("/question", Code::TooLong),
                    ("/pointers/0", Code::UnknownCode),
                ],
            ),
        ];
        for (body, expected) in table {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(pointer, code)| (pointer.to_owned(), code))
                .collect();
            assert_eq!(faults(read(&body).unwrap_err()), expected, "{body}");
        }
    }
}
