//! A census: everyone present in a facility, or in a part of it.

use std::sync::Arc;

use domain::{census::Fate, problem::Language, stay::Channel};
use intake::{CensusEntry, CensusReport, Occasion, Refusal, Whereabouts};
use metrics::counter;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::auth::{Admitted, op};
use crate::config::ApiSettings;
use crate::examples::Examples;
use crate::exchange::{Current, Exchange};
use crate::facilities;
use crate::idempotency::IdempotencyKey;
use crate::parameters::{Query, query};
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::reply::{Json, Localised, Raw};
use crate::shapes::text::{
    FateWord, Id, Instant, MissingWord, Note, Place, PurposeWord, Reference,
};
use crate::shapes::{Party, Problem, Stay, ViolationView};
use crate::stays::{self, change::GuestPatch};
use crate::topic::Topic;

query! {
    /// What is done with a census.
    pub(crate) struct CensusQuery {
        /// `true`: tells what would become of everybody, and changes nothing.
        dry_run: Option<bool>,
    }
}

/// Everyone who is present in a facility, or in a part of it, at one instant.
#[derive(Object)]
#[oai(rename = "Census")]
pub(crate) struct CensusDraft {
    /// When it was taken. Stays that arrived or changed after it are left alone, and so are those in
    /// a ward or in rooms of which a later census is known: a line that brings a guest there is
    /// refused with `census_stale`.
    taken_at: Instant,
    /// The part of the facility it covers; all of it when left out.
    scope: Option<CensusScope>,
    /// What becomes of who is present and not in it: `depart` at `taken_at`, or `ask`. Left out,
    /// medical facilities let depart and all others ask.
    missing: Option<MissingWord>,
    /// Confirms a census that looks like a mistake.
    confirm: Option<CensusConfirmation>,
    /// Who is present. Matched with stays by `reference`, else by document.
    #[oai(validator(max_items = 5000))]
    stays: Vec<CensusLine>,
}

/// A part of a facility: one of the two.
#[derive(Object)]
pub(crate) struct CensusScope {
    /// A ward.
    ward: Option<Place>,
    /// Rooms whose names begin so.
    room_prefix: Option<Place>,
}

/// What the sender knows of a census that looks like a mistake.
#[derive(Object)]
pub(crate) struct CensusConfirmation {
    /// How many guests depart by it.
    departures: Option<u32>,
}

/// A guest who is present. Of a stay that is known, only the members that are sent change; a new
/// one needs what a declaration needs.
#[derive(Object)]
pub(crate) struct CensusLine {
    /// The facility of the path, if anything.
    facility_id: Option<Id>,
    /// The sender's own name for this stay.
    reference: Option<Reference>,
    /// The room.
    room: Option<Place>,
    /// The bed.
    bed: Option<Place>,
    /// The ward; that of the scope when left out.
    ward: Option<Place>,
    /// When the stay began; of a new one, when the census was taken if left out.
    arrival_at: Option<Instant>,
    /// When it is expected to end.
    expected_departure_at: Option<Instant>,
    /// Why the guest is here.
    purpose: Option<PurposeWord>,
    /// What the purpose `other` means.
    purpose_text: Option<Note>,
    /// Who.
    guest: Option<GuestPatch>,
    /// With whom.
    party: Option<Party>,
    /// The sender's own note.
    note: Option<Note>,
}

impl Shape for CensusDraft {
    fn bytes_max(settings: &ApiSettings) -> u32 {
        settings.census_body_bytes_max
    }
}

/// What became of a census.
#[derive(Object, Serialize)]
pub(crate) struct CensusAnswer {
    /// How many stays are new.
    arrived: u32,
    /// How many guests have departed.
    departed: u32,
    /// How many stays say something else now.
    changed: u32,
    /// How many said it already.
    unchanged: u32,
    /// About how many guests the facility is asked.
    asked: u32,
    /// How many lines were refused, or could not be worked on now.
    rejected: u32,
    /// Why missing guests became questions instead of departures: faulty lines that may be about
    /// any of them. Pointers are into the census.
    warnings: Vec<ViolationView>,
    /// One for each line in the order sent, then one for each guest who is missing.
    results: Vec<CensusResult>,
}

/// What a census did with a guest.
#[derive(Object, Serialize)]
pub(crate) struct CensusResult {
    /// The place of the line, from 0; `null` for a guest who is missing.
    #[oai(nullable)]
    index: Option<u32>,
    /// The reference of the line or of the stay.
    #[oai(nullable)]
    reference: Option<String>,
    /// What became of the guest.
    outcome: FateWord,
    /// The stay, where there is one.
    #[oai(nullable)]
    stay_id: Option<Uuid>,
    /// The guest as the stay knew them before the census; `null` of a new one.
    #[oai(nullable)]
    before: Option<GuestBefore>,
    /// The stay with its receipt, where a version was made.
    #[oai(nullable)]
    stay: Option<Raw<Stay>>,
    /// Why the line was refused; pointers are into the line.
    #[oai(nullable)]
    problem: Option<Raw<Problem>>,
}

/// A guest as a stay knew them before a census: also who departs, and from where somebody moves.
#[derive(Object, Serialize)]
pub(crate) struct GuestBefore {
    /// The name.
    #[oai(nullable)]
    full_name: Option<String>,
    /// The ward.
    #[oai(nullable)]
    ward: Option<String>,
    /// The room.
    #[oai(nullable)]
    room: Option<String>,
    /// The bed.
    #[oai(nullable)]
    bed: Option<String>,
}

impl GuestBefore {
    fn of(before: Whereabouts) -> Self {
        Self {
            full_name: before.full_name,
            ward: before.ward,
            room: before.room,
            bed: before.bed,
        }
    }
}

/// Taking in censuses.
pub(crate) struct CensusApi(pub(crate) Arc<App>);

/// A census was taken in.
#[derive(ApiResponse)]
pub(crate) enum CensusTaken {
    /// What became of everybody.
    #[oai(status = 200)]
    Results(Localised<Json<CensusAnswer>>),
}

impl Examples for CensusApi {
    const EXAMPLES: &'static str = include_str!("census.examples.json");
}

#[OpenApi]
impl CensusApi {
    /// Send a census
    ///
    /// Everyone who is present in the facility, or in a ward or some rooms of it, at one instant.
    /// Who is new arrives, what differs changes, who is missing departs or becomes a question.
    /// Sent again, it does what is left. Costs one unit, however many lines it has.
    #[oai(
        path = "/v1/facilities/:id/census",
        method = "put",
        operation_id = "putCensus",
        tag = "Topic::Facilities"
    )]
    async fn put(
        &self,
        Current(exchange): Current,
        mut admitted: Admitted<op::PutCensus>,
        /// The facility's id.
        Path(id): Path<Uuid>,
        query: Query<CensusQuery>,
        /// Guards against another body under the same key; lines are judged again each time.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: JsonDocument<CensusDraft>,
    ) -> Result<CensusTaken, Failure> {
        let app = &self.0;
        let facility = Arc::clone(facilities::find(admitted.sender(), id)?);
        let is_dry_run = query.finish()?.dry_run.unwrap_or_default();
        let cost = [(facility.id, 1)];
        stays::charge(app, &exchange, &mut admitted.ticket, 1, &cost).await?;
        let trace_parent = exchange.trace_parent();
        let occasion = Occasion {
            sender: admitted.sender(),
            channel: Channel::Census,
            idempotency_key: key.0.as_deref(),
            received_at: document.received_at,
            trace_parent: Some(&trace_parent),
        };
        let report = app
            .intake
            .census(occasion, &facility, &document.value, is_dry_run)
            .await;
        match report {
            Ok(report) => {
                let answer = CensusAnswer::of(&exchange, report)?;
                let answer = Localised::new(exchange.language, Json(answer));
                Ok(CensusTaken::Results(answer))
            }
            Err(refusal) => Err(admitted.ticket.refuse(refusal)),
        }
    }
}

impl CensusAnswer {
    fn of(exchange: &Exchange, report: CensusReport) -> Result<Self, Failure> {
        let mut answer = Self::empty(&report, exchange.language);
        for entry in report.entries {
            count(&entry.outcome);
            let count = match entry.outcome {
                Ok(Fate::Arrived) => &mut answer.arrived,
                Ok(Fate::Departed) => &mut answer.departed,
                Ok(Fate::Changed) => &mut answer.changed,
                Ok(Fate::Unchanged) => &mut answer.unchanged,
                Ok(Fate::Asked) => &mut answer.asked,
                Err(_) => &mut answer.rejected,
            };
            *count += 1;
            answer.results.push(CensusResult::of(exchange, entry)?);
        }
        Ok(answer)
    }

    fn empty(report: &CensusReport, language: Language) -> Self {
        Self {
            arrived: 0,
            departed: 0,
            changed: 0,
            unchanged: 0,
            asked: 0,
            rejected: 0,
            warnings: ViolationView::all(&report.warnings, language),
            results: Vec::with_capacity(report.entries.len()),
        }
    }
}

impl CensusResult {
    fn of(exchange: &Exchange, entry: CensusEntry) -> Result<Self, Failure> {
        let (outcome, problem) = match entry.outcome {
            Ok(fate) => (fate.as_str(), None),
            Err(refusal) => {
                let failure = Failure::from(refusal);
                log(entry.index, &failure);
                let problem = Raw::of(&failure.to_json(exchange.language, &exchange.request_id()))?;
                (REJECTED, Some(problem))
            }
        };
        let stay = entry.stay.map(|stay| Raw::new(stay.json));
        Ok(Self {
            index: entry.index.and_then(|index| u32::try_from(index).ok()),
            reference: entry.reference,
            outcome: FateWord(outcome.to_owned()),
            stay_id: entry.stay_id,
            before: entry.before.map(GuestBefore::of),
            stay: stay.transpose()?,
            problem,
        })
    }
}

/// What became of a line that was refused.
const REJECTED: &str = "rejected";

/// Failures of single lines do not change the status of the answer, so they are logged here.
fn log(index: Option<usize>, failure: &Failure) {
    if failure.is_ours() {
        let (code, cause) = (failure.code().as_str(), failure.causes());
        tracing::warn!(
            code,
            cause,
            index,
            "a line of a census failed with an internal error"
        );
    }
}

/// Counts what became of a line.
pub(crate) fn count(outcome: &Result<Fate, Refusal>) {
    let (outcome, error_class) = match outcome {
        Ok(fate) => (fate.as_str(), "none"),
        Err(refusal) => (REJECTED, refusal.class().as_str()),
    };
    counter!(
        "luutru_census_results_total", "outcome" => outcome, "error_class" => error_class
    )
    .increment(1);
}
