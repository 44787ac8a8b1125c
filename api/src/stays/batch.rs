//! Many stays in one request. A bad item never harms a good one.

use std::collections::{BTreeMap, HashSet};

use domain::{
    problem::{Code, Hint, Violation},
    stay::Channel,
    text::nfc_trim,
};
use intake::{Accepted, Occasion, Refusal};
use poem::http::header;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{charge, count};
use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, DeclaringMany};
use crate::exchange::Exchange;
use crate::idempotency::IdempotencyKey;
use crate::payload::Document;
use crate::problem::Failure;
use crate::shapes::{BatchAnswer, StayBatch};

/// Most stays of a batch.
pub(crate) const STAY_COUNT_MAX: usize = 1_000;

/// Declares many stays, each by itself: 200 with an outcome for each.
pub(crate) async fn declare(
    app: &App,
    exchange: &Exchange,
    mut admitted: Admitted<DeclaringMany>,
    key: IdempotencyKey,
    document: Document<StayBatch>,
) -> Result<Answer<BatchAnswer>, Failure> {
    let items = match items(&document.value) {
        Ok(items) => items,
        Err(violations) => return Err(Failure::invalid(violations)),
    };
    let facilities: Vec<Option<Uuid>> = items
        .iter()
        .map(|item| admitted.sender().facility_of(item))
        .collect();
    let stay_count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let counts = counts(&facilities);
    charge(app, exchange, &mut admitted.ticket, stay_count, &counts).await?;
    let trace_parent = exchange.trace_parent();
    let occasion = Occasion {
        sender: admitted.sender(),
        channel: Channel::Batch,
        idempotency_key: key.0.as_deref(),
        received_at: document.received_at,
        trace_parent: Some(&trace_parent),
        census_lease: None,
    };
    let outcomes = app
        .intake
        .declare_batch(occasion, &document.value, items)
        .await;
    let outcomes = match outcomes {
        Ok(outcomes) => outcomes,
        Err(refusal) => return Err(admitted.ticket.refuse(refusal)),
    };
    for (facility, outcome) in facilities.iter().zip(&outcomes) {
        count(admitted.sender(), Channel::Batch, *facility, outcome);
    }
    Ok(answer(exchange, items, outcomes))
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

fn answer(
    exchange: &Exchange,
    items: &[Value],
    outcomes: Vec<Result<Accepted, Refusal>>,
) -> Answer<BatchAnswer> {
    let mut totals = [0_u32; 3];
    let mut results = Vec::with_capacity(outcomes.len());
    let mut told = HashSet::with_capacity(outcomes.len());
    for (index, (item, outcome)) in items.iter().zip(outcomes).enumerate() {
        let is_told = match &outcome {
            Ok(accepted) => !told.insert(accepted.stay.id),
            Err(_) => false,
        };
        let warnings = if is_told {
            same_as_earlier()
        } else {
            json!([])
        };
        let (kind, stay, problem) = match outcome {
            Ok(accepted) if accepted.is_replay => (1, accepted.stay.json, "null".to_owned()),
            Ok(accepted) => (0, accepted.stay.json, "null".to_owned()),
            Err(refusal) => {
                let failure = Failure::from(refusal);
                log(index, &failure);
                (
                    2,
                    "null".to_owned(),
                    failure
                        .to_json(exchange.language, &exchange.request_id())
                        .to_string(),
                )
            }
        };
        totals[kind] += 1;
        let outcome = ["accepted", "replayed", "rejected"][kind];
        let reference = json!(reference(item));
        results.push(format!(
            r#"{{"index":{index},"reference":{reference},"outcome":"{outcome}","stay":{stay},"problem":{problem},"warnings":{warnings}}}"#
        ));
    }
    let [accepted, replayed, rejected] = totals;
    let results = results.join(",");
    Answer::json(format!(
        r#"{{"accepted":{accepted},"replayed":{replayed},"rejected":{rejected},"results":[{results}]}}"#
    ))
    .with_header(header::VARY, "Accept-Language")
    .with_header(header::CONTENT_LANGUAGE, exchange.language.as_str())
}

/// Two newborns of one name and hour may be two: whoever sent them must hear that one was saved. The
/// stay itself is the first answer byte for byte and cannot say so.
fn same_as_earlier() -> Value {
    json!([{"pointer": "", "code": Code::SameAsEarlierItem.as_str()}])
}

/// The sender's own name for an item, as it would be kept.
fn reference(item: &Value) -> Option<String> {
    let reference = nfc_trim(item.get("reference")?.as_str()?);
    (!reference.is_empty()).then_some(reference)
}

/// An item that failed through a fault of ours is told to the operator, too.
fn log(index: usize, failure: &Failure) {
    if failure.is_ours() {
        let (code, cause) = (failure.code(), failure.causes());
        tracing::warn!(index, %code, cause, "an item of a batch was not accepted");
    }
}

#[cfg(test)]
mod tests {
    use domain::problem::Language;
    use intake::view::StayView;

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

    #[tokio::test]
    async fn each_item_gets_its_outcome_in_its_place() {
        use poem::IntoResponse;

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
        let response = answer(&exchange, &items, outcomes).into_response();
        let bytes = response.into_body().into_bytes().await.unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();

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
