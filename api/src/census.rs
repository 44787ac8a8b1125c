//! A census: who is present in a facility, or in a part of it.

use domain::{census::Fate, problem::Code, stay::Channel};
use intake::{CensusEntry, CensusReport, Occasion, Refusal};
use metrics::counter;
use poem::http::header;
use serde_json::json;

use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, DeclaringMany};
use crate::exchange::Exchange;
use crate::facilities;
use crate::idempotency::IdempotencyKey;
use crate::payload::Document;
use crate::problem::{Failure, violations_to_json};
use crate::query::{Parameter, Query};
use crate::shapes::{CensusAnswer, CensusDraft};
use crate::stays;

/// Whether anything is written.
pub(crate) const PARAMETERS: [Parameter; 1] = [Parameter {
    name: "dry_run",
    about: "`true`: tells what would become of everybody, and changes nothing.",
    schema: || json!({"type": "boolean", "default": false}),
}];

/// What is counted of a census, in the order of the answer.
const COUNTS: [(&str, Option<Fate>); 6] = [
    ("arrived", Some(Fate::Arrived)),
    ("departed", Some(Fate::Departed)),
    ("changed", Some(Fate::Changed)),
    ("unchanged", Some(Fate::Unchanged)),
    ("asked", Some(Fate::Asked)),
    ("rejected", None),
];

/// Takes in a census: 200 with what became of everybody.
pub(crate) async fn take(
    app: &App,
    exchange: &Exchange,
    mut admitted: Admitted<DeclaringMany>,
    id: &str,
    mut query: Query,
    key: IdempotencyKey,
    document: Document<CensusDraft>,
) -> Result<Answer<CensusAnswer>, Failure> {
    let facility = facilities::find(admitted.sender(), id)?.clone();
    let is_dry_run = query.parsed("dry_run", Code::InvalidFilter, |text| text.parse().ok());
    query.finish()?;
    let is_dry_run = is_dry_run.unwrap_or(false);
    let cost = [(facility.id, 1)];
    stays::charge(app, exchange, &mut admitted.ticket, 1, &cost).await?;
    let trace_parent = exchange.trace_parent();
    let occasion = Occasion {
        sender: admitted.sender(),
        channel: Channel::Census,
        idempotency_key: key.0.as_deref(),
        received_at: document.received_at,
        trace_parent: Some(&trace_parent),
        census_lease: None,
    };
    let report = app
        .intake
        .census(occasion, &facility, &document.value, is_dry_run)
        .await;
    match report {
        Ok(report) => Ok(answer(exchange, report)),
        Err(refusal) => Err(admitted.ticket.refuse(refusal)),
    }
}

fn answer(exchange: &Exchange, report: CensusReport) -> Answer<CensusAnswer> {
    let mut counts = [0_u32; COUNTS.len()];
    let mut results = Vec::with_capacity(report.entries.len());
    for entry in report.entries {
        let fate = entry.outcome.as_ref().ok().copied();
        if let Some(place) = COUNTS.iter().position(|(_, counted)| *counted == fate) {
            counts[place] += 1;
        }
        count(&entry.outcome);
        results.push(result(exchange, entry));
    }
    let counts = COUNTS
        .iter()
        .zip(counts)
        .map(|((name, _), count)| format!(r#""{name}":{count},"#));
    let body = format!(
        r#"{{{}"warnings":{},"results":[{}]}}"#,
        counts.collect::<String>(),
        violations_to_json(&report.warnings, exchange.language),
        results.join(",")
    );
    Answer::json(body)
        .with_header(header::VARY, "Accept-Language")
        .with_header(header::CONTENT_LANGUAGE, exchange.language.as_str())
}

fn result(exchange: &Exchange, entry: CensusEntry) -> String {
    let (outcome, problem) = match entry.outcome {
        Ok(fate) => (fate.as_str(), "null".to_owned()),
        Err(refusal) => {
            let failure = Failure::from(refusal);
            log(entry.index, &failure);
            (
                "rejected",
                failure
                    .to_json(exchange.language, &exchange.request_id())
                    .to_string(),
            )
        }
    };
    let index = json!(entry.index);
    let reference = json!(entry.reference);
    let stay_id = json!(entry.stay_id);
    let stay = entry
        .stay
        .map_or_else(|| "null".to_owned(), |stay| stay.json);
    format!(
        r#"{{"index":{index},"reference":{reference},"outcome":"{outcome}","stay_id":{stay_id},"stay":{stay},"problem":{problem}}}"#
    )
}

/// What fails inside is in no status of the answer: it is logged where it is met.
fn log(index: Option<usize>, failure: &Failure) {
    if failure.is_ours() {
        let (code, cause) = (failure.code().as_str(), failure.causes());
        tracing::warn!(code, cause, index, "a line of a census failed inside");
    }
}

fn count(outcome: &Result<Fate, Refusal>) {
    let (outcome, error_class) = match outcome {
        Ok(fate) => (fate.as_str(), "none"),
        Err(refusal) => ("rejected", stays::class(refusal).as_str()),
    };
    counter!(
        "luutru_census_results_total", "outcome" => outcome, "error_class" => error_class
    )
    .increment(1);
}
