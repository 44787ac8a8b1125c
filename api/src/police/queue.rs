//! The queue: cases without anything personal, so that looking for the next one needs no entry in
//! the audit.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    facility::{Facility, FacilityKind},
    review::{ReviewKind, ReviewState},
    sender::Sender,
};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use store::{
    damage,
    review::{
        Case, facts,
        queue::{self, CaseFilter},
    },
    stays::StayRow,
};
use uuid::Uuid;

use super::{cases::CommuneFilter, item, scope_of};
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::parameters::{FacilityId, Paged, Query, query};
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::review::{Lease, ReviewedFacility};
use crate::shapes::text::{
    CommuneCode, Instant, ProvinceCode, ReviewKindWord, ReviewStateWord, TimelinessWord,
};
use crate::topic::Topic;

/// What cursors of this list are good for.
const LIST: &str = "queued_cases";

query! {
    /// Which cases are listed.
    pub(crate) struct QueueFilters {
        /// Only cases opened for this reason.
        kind: Option<ReviewKind>,
        /// Only cases in this state; left out, all but closed ones.
        state: Option<ReviewState>,
        /// Only cases of this commune.
        commune: Option<CommuneFilter>,
        /// Only cases of this facility.
        facility_id: Option<FacilityId>,
        /// Only cases of facilities of this kind.
        facility_kind: Option<FacilityKind>,
        /// `true`: only cases that wait for an officer, whether opened here or referred.
        waiting: Option<bool>,
        /// `true`: only cases that you hold, under whichever lease.
        held: Option<bool>,
    }
}

/// A case as the queue shows it: nothing of the guest.
#[derive(Object, Serialize)]
pub(crate) struct QueuedCase {
    /// The case's id.
    pub(crate) id: Uuid,
    /// Why it was opened.
    pub(crate) kind: ReviewKindWord,
    /// Where it is.
    pub(crate) state: ReviewStateWord,
    /// From 1, the most urgent.
    pub(crate) priority: u32,
    /// Since when.
    pub(crate) opened_at: Instant,
    /// The commune whose police decide.
    pub(crate) commune_code: CommuneCode,
    /// Its province.
    pub(crate) province_code: ProvinceCode,
    /// Where the guest stays.
    pub(crate) facility: ReviewedFacility,
    /// When the declaration was due.
    pub(crate) deadline_at: Instant,
    /// Whether it met that deadline.
    pub(crate) timeliness: TimelinessWord,
    /// Who holds it; `null` when nobody does.
    #[oai(nullable)]
    pub(crate) lease: Option<Lease>,
}

/// A page of the queue, the most urgent first, among equals the oldest.
#[derive(Default, Object, Serialize)]
pub(crate) struct QueuePage {
    /// The cases.
    pub(crate) items: Vec<QueuedCase>,
    /// Cases of this page that are stored damaged and cannot be read; left out when all can. The
    /// operator knows of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unreadable: Option<Vec<Uuid>>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    pub(crate) next_cursor: Option<String>,
}

/// The queue is listed.
#[derive(ApiResponse)]
pub(crate) enum QueueListed {
    /// A page of the queue.
    #[oai(status = 200)]
    Page(Json<QueuePage>),
}

/// The queue.
pub(crate) struct QueueApi(pub(crate) Arc<App>);

impl Examples for QueueApi {
    const EXAMPLES: &'static str = include_str!("queue.examples.json");
}

#[OpenApi]
impl QueueApi {
    /// List the queue
    ///
    /// The cases of the officer's communes, the most urgent first, among equals the oldest, without
    /// the guests: nothing of this is personal, and none of it is audited. Whoever opens a case sees
    /// the guest.
    #[oai(
        path = "/v1/police/queue",
        method = "get",
        operation_id = "listQueue",
        tag = "Topic::Police"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListQueue>,
        mut query: Query<Paged<QueueFilters>>,
    ) -> Result<QueueListed, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let page = query.page(&app.vault, LIST, sender.key_id);
        let filters = query.finish()?.filters;
        let now = app.clock.now();
        let filter = CaseFilter {
            kinds: filters.kind.into_iter().collect(),
            state: filters.state,
            is_waiting: filters.waiting == Some(true),
            commune_code: filters.commune.map(|commune| commune.0),
            facility_id: filters.facility_id.map(|facility| facility.0),
            facility_kind: filters.facility_kind,
            holder: (filters.held == Some(true)).then_some((sender.key_id, now)),
            lease: None,
        };
        let listed = listed(app, sender, &filter, page.after, page.limit).await?;
        Ok(QueueListed::Page(Json(listed)))
    }
}

/// A page of the queue as an officer sees it.
pub(crate) async fn listed(
    app: &App,
    sender: &Sender,
    filter: &CaseFilter,
    after: Option<Uuid>,
    limit: usize,
) -> Result<QueuePage, Failure> {
    let scope = scope_of(sender);
    let mut cases = queue::list(&app.db, &scope, filter, after, limit + 1).await?;
    let has_more = cases.len() > limit;
    cases.truncate(limit);
    let last = cases.last().filter(|_| has_more);
    let next_cursor = last.map(|case| cursor::write(&app.vault, LIST, sender.key_id, case.id));
    let page = lines(app, sender, &cases).await?;
    Ok(QueuePage {
        next_cursor,
        ..page
    })
}

/// Where a cursor of the queue leads; nowhere when it is none.
pub(crate) fn place(app: &App, sender: &Sender, cursor: &str) -> Option<Uuid> {
    cursor::read(&app.vault, LIST, sender.key_id, cursor)
}

async fn lines(app: &App, sender: &Sender, cases: &[Case]) -> Result<QueuePage, Failure> {
    let mut page = QueuePage::default();
    if cases.is_empty() {
        return Ok(page);
    }
    let now = app.clock.now();
    let stays = facts::stays(&app.db, cases).await?;
    let stays: HashMap<Uuid, StayRow> = stays.into_iter().map(|stay| (stay.id, stay)).collect();
    let facilities = facts::facilities(&app.db, cases, now).await?;
    let facilities = facilities.into_iter().map(|one| (one.id, one.row));
    let facilities: HashMap<Uuid, store::Result<Facility>> = facilities.collect();
    let absent = || Failure::internal("what a case speaks of is not there");
    for case in cases {
        let stay = stays.get(&case.stay_id).ok_or_else(absent)?;
        let facility = facilities.get(&case.facility_id).ok_or_else(absent)?;
        let line = line(sender.key_id, case, stay, facility, now);
        match damage::sound("review_case", case.id, line) {
            Some(line) => page.items.push(line),
            None => page.unreadable.get_or_insert_default().push(case.id),
        }
    }
    Ok(page)
}

/// Errors: something of it is damaged.
fn line(
    officer: Uuid,
    case: &Case,
    stay: &StayRow,
    facility: &store::Result<Facility>,
    now: DateTime<Utc>,
) -> store::Result<QueuedCase> {
    let facility = facility.as_ref().map_err(Clone::clone)?;
    Ok(QueuedCase {
        id: case.id,
        kind: case.kind.get()?.into(),
        state: case.state.get()?.into(),
        priority: case.priority.unsigned_abs(),
        opened_at: Instant::of(case.opened_at),
        commune_code: CommuneCode(case.commune_code.clone()),
        province_code: ProvinceCode(case.province_code.clone()),
        facility: ReviewedFacility::of(facility),
        deadline_at: Instant::of(stay.deadline_at),
        timeliness: stay.timeliness.get()?.into(),
        lease: item::lease(officer, case, now),
    })
}
