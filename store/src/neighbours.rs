//! Stays of the same document at the same time, looked up for a whole group in one statement.
//!
//! Only the newest stays of a document are read, so that a number shared by many guests, or a
//! frequent traveller, costs no more than any other. Two committers writing twins at the same
//! instant do not see each other's rows: a warning is a help, never a rule.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::neighbour::{Bearer, Neighbour, Newcomer, is_family};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use uuid::Uuid;

use crate::{Backend, Result, dialect, rows::columns};

/// How many of a document's newest stays are read.
const READ_COUNT_MAX: u32 = 32;
/// Joins the newest stays `n` of the document of `v`.
const OF_THE_DOCUMENT: &str = "document_index = v.document_index";
/// Whether `n` may be a neighbour of `v`.
const IS_NEAR: &str = "n.presence <> 'cancelled' AND n.id <> v.stay_id \
    AND (n.departed_at IS NULL OR n.departed_at > v.arrival_at) \
    AND (v.ends_at IS NULL OR n.arrival_at < v.ends_at) \
    AND (v.nationality IS NULL OR n.nationality IS NULL OR n.nationality = v.nationality)";
/// How many twins of a group are kept for the next one.
const TWIN_COUNT_MAX: usize = 8;

/// A stay whose neighbours are wanted.
pub(crate) struct NeighbourQuery<'a> {
    /// The stay as it will stand.
    pub(crate) stay: &'a entity::stay::Model,
    /// The key that declares it.
    pub(crate) declared_by: Uuid,
}

impl NeighbourQuery<'_> {
    /// What is compared.
    pub(crate) fn newcomer(&self) -> Newcomer {
        Newcomer {
            facility_id: self.stay.facility_id,
            declared_by: self.declared_by,
            arrival_at: self.stay.arrival_at,
            ends_at: self.stay.departed_at.or(self.stay.expected_departure_at),
        }
    }

    fn bearer(&self) -> Bearer<'_> {
        Bearer {
            document_kind: self.stay.document_kind.as_stored(),
            name: self.stay.name_index.as_deref(),
            party: self.stay.party_index.as_deref(),
        }
    }

    fn as_neighbour(&self) -> Neighbour {
        Neighbour {
            stay_id: self.stay.id,
            facility_id: self.stay.facility_id,
            commune_code: self.stay.commune_code.clone(),
            declared_by: self.declared_by,
            arrival_at: self.stay.arrival_at,
            departed_at: self.stay.departed_at,
        }
    }
}

#[derive(FromQueryResult)]
struct NeighbourRow {
    newcomer_id: Uuid,
    stay_id: Uuid,
    facility_id: Uuid,
    commune_code: String,
    created_by: Uuid,
    arrival_at: DateTime<Utc>,
    departed_at: Option<DateTime<Utc>>,
    document_kind: String,
    name_index: Option<Vec<u8>>,
    party_index: Option<Vec<u8>>,
}

impl NeighbourRow {
    fn bearer(&self) -> Bearer<'_> {
        Bearer {
            document_kind: &self.document_kind,
            name: self.name_index.as_deref(),
            party: self.party_index.as_deref(),
        }
    }
}

/// The neighbours of each candidate by its id, newest first; candidates without any are left out.
/// Stays of the same group are treated as declared in group order.
///
/// The declarer of a neighbour is looked up row by row: a join's plan, made while the tables are
/// small and cached by the connection, would scan them once they have grown.
pub(crate) async fn find(
    connection: &impl ConnectionTrait,
    group: &[NeighbourQuery<'_>],
) -> Result<HashMap<Uuid, Vec<Neighbour>>> {
    let mut neighbours = twins(group);
    let rows: Vec<CandidateRow> = group.iter().filter_map(CandidateRow::new).collect();
    if rows.is_empty() {
        return Ok(neighbours);
    }
    let (with, values) = dialect::with_rows(Backend::of(connection), rows);
    let newest = dialect::join_newest(
        Backend::of(connection),
        "stay",
        OF_THE_DOCUMENT,
        READ_COUNT_MAX,
    );
    let text = format!(
        "{with} SELECT v.stay_id AS newcomer_id, n.id AS stay_id, n.facility_id, \
           n.commune_code, (SELECT w.created_by FROM stay_version w \
             WHERE w.stay_id = n.id AND w.version = 1) AS created_by, \
           n.arrival_at, n.departed_at, n.document_kind, n.name_index, n.party_index \
         FROM v {newest} WHERE {IS_NEAR} ORDER BY n.id DESC"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), text, values);
    let by_id: HashMap<Uuid, &NeighbourQuery<'_>> = group
        .iter()
        .map(|candidate| (candidate.stay.id, candidate))
        .collect();
    for found in NeighbourRow::find_by_statement(statement)
        .all(connection)
        .await?
    {
        let newcomer = by_id.get(&found.newcomer_id);
        if newcomer.is_some_and(|newcomer| is_family(newcomer.bearer(), found.bearer())) {
            continue;
        }
        neighbours
            .entry(found.newcomer_id)
            .or_default()
            .push(Neighbour {
                stay_id: found.stay_id,
                facility_id: found.facility_id,
                commune_code: found.commune_code,
                declared_by: found.created_by,
                arrival_at: found.arrival_at,
                departed_at: found.departed_at,
            });
    }
    Ok(neighbours)
}

/// A condition: whether [`find`] may find something for the row `v`. A family counts as well.
pub(crate) fn may_exist(backend: Backend) -> String {
    let newest = dialect::join_newest(backend, "stay", OF_THE_DOCUMENT, READ_COUNT_MAX);
    format!("EXISTS (SELECT 1 FROM (SELECT 1) AS here {newest} WHERE {IS_NEAR})")
}

/// Those of the same group that come before, newest first.
fn twins(group: &[NeighbourQuery<'_>]) -> HashMap<Uuid, Vec<Neighbour>> {
    let mut seen: HashMap<&[u8], Vec<&NeighbourQuery<'_>>> = HashMap::new();
    let mut found = HashMap::new();
    for candidate in group {
        let Some(index) = candidate.stay.document_index.as_deref() else {
            continue;
        };
        let before = seen.entry(index).or_default();
        let strangers = before
            .iter()
            .filter(|twin| !is_family(candidate.bearer(), twin.bearer()));
        let strangers: Vec<Neighbour> = strangers.map(|twin| twin.as_neighbour()).collect();
        if !strangers.is_empty() {
            found.insert(candidate.stay.id, strangers);
        }
        before.insert(0, candidate);
        before.truncate(TWIN_COUNT_MAX);
    }
    found
}

struct CandidateRow<'a> {
    stay_id: Uuid,
    document_index: &'a [u8],
    arrival_at: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
    nationality: Option<&'a str>,
}

impl<'a> CandidateRow<'a> {
    fn new(candidate: &NeighbourQuery<'a>) -> Option<Self> {
        let stay = candidate.stay;
        let newcomer = candidate.newcomer();
        Some(Self {
            stay_id: stay.id,
            document_index: stay.document_index.as_deref()?,
            arrival_at: newcomer.arrival_at,
            ends_at: newcomer.ends_at,
            nationality: stay.nationality.as_deref(),
        })
    }
}

columns!(CandidateRow<'_> {
    stay_id,
    document_index,
    arrival_at,
    ends_at,
    nationality,
});
