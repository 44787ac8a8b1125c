//! Many stays in one request. A bad item never harms a good one.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use domain::{
    problem::{Code, Hint, Violation},
    stay::Channel,
    text::nfc_trim,
};
use intake::{Accepted, Occasion, Refusal};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::charge;
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::config::ApiSettings;
use crate::examples::Examples;
use crate::exchange::{Current, Exchange};
use crate::idempotency::IdempotencyKey;
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::reply::{Json, Localised, Raw};
use crate::shapes::text::OutcomeWord;
use crate::shapes::{Problem, Stay, StayDraft, Warning};
use crate::topic::Topic;

/// Most stays of a batch.
pub(crate) const STAY_COUNT_MAX: usize = 1_000;

/// Many stays at once. Each is judged by itself.
#[derive(Object)]
pub(crate) struct StayBatch {
    /// The stays.
    #[oai(validator(min_items = 1, max_items = 1000))]
    stays: Vec<StayDraft>,
}

impl Shape for StayBatch {
    fn bytes_max(settings: &ApiSettings) -> u32 {
        settings.batch_body_bytes_max
    }
}

/// What became of a batch.
#[derive(Object, Serialize)]
pub(crate) struct BatchAnswer {
    /// How many stays are new.
    accepted: u32,
    /// How many were there already.
    replayed: u32,
    /// How many were refused.
    rejected: u32,
    /// One for each item, in the order sent.
    results: Vec<BatchResult>,
}

/// What became of one item of a batch.
#[derive(Object, Serialize)]
pub(crate) struct BatchResult {
    /// Its place in the batch, from 0.
    index: u32,
    /// Its reference, if it had one.
    #[oai(nullable)]
    reference: Option<String>,
    /// What became of it.
    outcome: OutcomeWord,
    /// The stay, unless refused.
    #[oai(nullable)]
    stay: Option<Raw<Stay>>,
    /// Why it was refused; pointers are into the item.
    #[oai(nullable)]
    problem: Option<Raw<Problem>>,
    /// What deserves a look about the item itself; what does about the stay is in `stay.warnings`.
    /// `same_as_earlier_item`: it says the same as an item before it and was saved once.
    warnings: Vec<Warning>,
}

/// Declaring many stays in one request.
pub(crate) struct StayBatchApi(pub(crate) Arc<App>);

/// Many stays were declared.
#[derive(ApiResponse)]
pub(crate) enum BatchDeclared {
    /// What became of each.
    #[oai(status = 200)]
    Results(Localised<Json<BatchAnswer>>),
}

impl Examples for StayBatchApi {
    const EXAMPLES: &'static str = include_str!("batch.examples.json");
}

#[OpenApi]
impl StayBatchApi {
    /// Declare many stays
    ///
    /// Each is judged by itself: a bad one never harms a good one. Sent again, what is stored
    /// already comes back as `replayed`. Costs as many units as it has stays.
    #[oai(
        path = "/v1/stays/batch",
        method = "post",
        operation_id = "declareStays",
        tag = "Topic::Stays"
    )]
    async fn declare(
        &self,
        Current(exchange): Current,
        mut admitted: Admitted<op::DeclareStays>,
        /// Guards against another body under the same key; items are judged again each time.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: JsonDocument<StayBatch>,
    ) -> Result<BatchDeclared, Failure> {
        let app = &self.0;
        let items = items(&document.value).map_err(Failure::invalid)?;
        let facility_of = |item| admitted.sender().facility_of(item);
        let facilities: Vec<Option<Uuid>> = items.iter().map(facility_of).collect();
        let stay_count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let counts = counts(&facilities);
        charge(app, &exchange, &mut admitted.ticket, stay_count, &counts).await?;
        let trace_parent = exchange.trace_parent();
        let occasion = Occasion {
            sender: admitted.sender(),
            channel: Channel::Batch,
            idempotency_key: key.0.as_deref(),
            received_at: document.received_at,
            trace_parent: Some(&trace_parent),
        };
        let outcomes = app
            .intake
            .declare_batch(occasion, &document.value, items)
            .await;
        let outcomes = match outcomes {
            Ok(outcomes) => outcomes,
            Err(refusal) => return Err(admitted.ticket.refuse(refusal)),
        };
        let answer = BatchAnswer::of(&exchange, items, outcomes)?;
        let answer = Localised::new(exchange.language, Json(answer));
        Ok(BatchDeclared::Results(answer))
    }
}

/// The items of a batch's document, whose own shape is judged here.
fn items(document: &Value) -> Result<&[Value], Vec<Violation>> {
    let Value::Object(members) = document else {
        return Err(vec![Violation::new("", Code::InvalidType)]);
    };
    let mut violations: Vec<Violation> = members
        .keys()
        .filter(|name| *name != "stays")
        .map(|name| {
            let name = name.replace('~', "~0").replace('/', "~1");
            Violation::new(format!("/{name}"), Code::UnknownField)
        })
        .collect();
    let stays = match members.get("stays") {
        Some(Value::Array(stays)) => stays.as_slice(),
        None | Some(Value::Null) => {
            violations.push(Violation::new("/stays", Code::Required));
            return Err(violations);
        }
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            violations.push(Violation::new("/stays", Code::InvalidType));
            return Err(violations);
        }
    };
    let between = Hint::Between(1, STAY_COUNT_MAX);
    if stays.is_empty() {
        violations.push(Violation::new("/stays", Code::TooFewItems).with(between));
    }
    if stays.len() > STAY_COUNT_MAX {
        violations.push(Violation::new("/stays", Code::TooManyItems).with(between));
    }
    if violations.is_empty() {
        Ok(stays)
    } else {
        Err(violations)
    }
}

/// How many items each facility has, by its id: the same order in every request, so that two
/// batches never wait for each other.
fn counts(facilities: &[Option<Uuid>]) -> Vec<(Uuid, u32)> {
    let mut counts = BTreeMap::new();
    for facility in facilities.iter().flatten() {
        *counts.entry(*facility).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

impl BatchAnswer {
    fn of(
        exchange: &Exchange,
        items: &[Value],
        outcomes: Vec<Result<Accepted, Refusal>>,
    ) -> Result<Self, Failure> {
        let mut answer = Self {
            accepted: 0,
            replayed: 0,
            rejected: 0,
            results: Vec::with_capacity(outcomes.len()),
        };
        let mut seen = HashSet::with_capacity(outcomes.len());
        for (index, (item, outcome)) in (0_u32..).zip(items.iter().zip(outcomes)) {
            let is_repeated = match &outcome {
                Ok(accepted) => !seen.insert(accepted.stay.id),
                Err(_) => false,
            };
            let (count, outcome, stay, problem) = match outcome {
                Ok(Accepted { stay, is_replay }) => {
                    let (count, outcome) = if is_replay {
                        (&mut answer.replayed, "replayed")
                    } else {
                        (&mut answer.accepted, "accepted")
                    };
                    (count, outcome, Some(Raw::new(stay.json)?), None)
                }
                Err(refusal) => {
                    let failure = Failure::from(refusal);
                    log(index, &failure);
                    let problem =
                        Raw::of(&failure.to_json(exchange.language, &exchange.request_id()))?;
                    (&mut answer.rejected, "rejected", None, Some(problem))
                }
            };
            *count += 1;
            answer.results.push(BatchResult {
                index,
                reference: reference(item),
                outcome: OutcomeWord(outcome.to_owned()),
                stay,
                problem,
                warnings: is_repeated.then(same_as_earlier).into_iter().collect(),
            });
        }
        Ok(answer)
    }
}

/// Two newborns with the same name and hour may be different: their sender must learn that only one
/// was saved. The stay itself is byte for byte the first answer and cannot say so.
fn same_as_earlier() -> Warning {
    Warning::of(&Violation::new("", Code::SameAsEarlierItem))
}

/// The sender's own name for an item, as it would be kept.
fn reference(item: &Value) -> Option<String> {
    let reference = nfc_trim(item.get("reference")?.as_str()?);
    (!reference.is_empty()).then_some(reference)
}

/// An item that failed because of an internal error is also logged.
fn log(index: u32, failure: &Failure) {
    if failure.is_ours() {
        let (code, cause) = (failure.code(), failure.causes());
        tracing::warn!(index, %code, cause, "an item of a batch was not accepted");
    }
}

#[cfg(test)]
mod tests {
    use domain::problem::Language;
    use intake::view::StayView;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_batch_has_1_to_1000_stays_and_nothing_else() {
        let many = |count| json!({"stays": vec![json!({}); count]});
        assert_eq!(items(&many(1)).unwrap().len(), 1);
        assert_eq!(items(&many(1_000)).unwrap().len(), 1_000);
        let table = [
            (json!([]), vec![("", Code::InvalidType)]),
            (json!({}), vec![("/stays", Code::Required)]),
            (json!({"stays": null}), vec![("/stays", Code::Required)]),
            (json!({"stays": {}}), vec![("/stays", Code::InvalidType)]),
            (many(0), vec![("/stays", Code::TooFewItems)]),
            (many(1_001), vec![("/stays", Code::TooManyItems)]),
            (
                json!({"stays": [], "a/b": 1}),
                vec![("/a~1b", Code::UnknownField), ("/stays", Code::TooFewItems)],
            ),
        ];
        for (document, expected) in table {
            let violations = items(&document).unwrap_err();
            let found: Vec<_> = violations
                .iter()
                .map(|violation| (violation.pointer.as_str(), violation.code))
                .collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn facilities_are_counted_in_one_order() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let facilities = [Some(two), None, Some(one), Some(two)];
        assert_eq!(counts(&facilities), [(one, 1), (two, 2)]);
    }

    #[test]
    fn each_item_gets_its_outcome_in_its_place() {
        let accepted = |id, is_replay| {
            Ok(Accepted {
                stay: StayView {
                    id: Uuid::from_u128(id),
                    version: 1,
                    json: r#"{"id":"0"}"#.to_owned(),
                },
                is_replay,
            })
        };
        let required = Violation::new("/room", Code::Required);
        let outcomes = vec![
            accepted(1, false),
            Err(Refusal::Invalid(vec![required])),
            accepted(2, true),
            accepted(1, true),
        ];
        let items = [
            json!({"reference": " A\"1 "}),
            json!({"reference": 7}),
            json!(1),
            json!({}),
        ];
        let exchange = Exchange::for_test("r", Language::En);
        let answer = BatchAnswer::of(&exchange, &items, outcomes);
        let answer = answer.map_err(|failure| failure.code()).unwrap();
        let answer = serde_json::to_value(answer).unwrap();

        assert_eq!(answer["accepted"], 1);
        assert_eq!(answer["replayed"], 2);
        assert_eq!(answer["rejected"], 1);
        let results = answer["results"].as_array().unwrap();
        assert_eq!(results[0]["reference"], "A\"1");
        assert_eq!(results[0]["stay"]["id"], "0");
        assert_eq!(results[1]["reference"], Value::Null);
        assert_eq!(results[1]["problem"]["errors"][0]["pointer"], "/room");
        assert_eq!(results[1]["stay"], Value::Null);
        assert_eq!(results[2]["outcome"], "replayed");
        assert_eq!(results[2]["index"], 2);
        assert_eq!(results[2]["warnings"], json!([]));
        let same = json!([{"pointer": "", "code": "same_as_earlier_item"}]);
        assert_eq!(results[3]["warnings"], same);
    }
}
