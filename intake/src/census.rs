//! Processes a census: new guests are declared, the stays of present guests are updated where they
//! differ, and missing guests depart or become questions.
//!
//! Everything is planned first, and a dry run ends there. A census that was interrupted and sent
//! again does what is left; finished steps are recognised and reported the same way.

mod turn;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    canonical::to_canonical_json,
    census::{self, Census, Fate, Known, Line, LineMatch, Missing, Scope},
    change::{self, Before, Change, ChangeKind},
    facility::Facility,
    problem::{Code, Violation},
    stay::{Channel, Presence},
    time::format_instant,
};
use serde_json::{Map, Value, json};
use store::{
    census::{Begun, CensusRow, lease::Lease},
    declarations::Idempotency,
    stays::{StayRow, StayVersionRow},
};
use uuid::Uuid;

use crate::{
    Accepted, Intake, Item, ItemOutcome, Occasion, Refusal,
    accept::Inner,
    index,
    view::{self, StayView},
};

/// How many arrivals enter the queue together, leaving room for other callers.
const ARRIVALS_AT_ONCE: usize = 256;
/// Stays whose content is read together.
const READ_AT_ONCE: usize = 200;

/// What a census did.
pub struct CensusReport {
    /// One entry per line in the order sent, then one per missing guest, then one per unlisted
    /// guest who is left alone.
    pub entries: Vec<CensusEntry>,
    /// Why missing guests became questions instead of departures; pointers are into the census.
    pub warnings: Vec<Violation>,
}

/// The effect of a census on one guest.
pub struct CensusEntry {
    /// The index of the guest's line; `None` for a guest who is not listed.
    pub index: Option<usize>,
    /// The reference of the line or of the stay.
    pub reference: Option<String>,
    /// The stay, where there is one.
    pub stay_id: Option<Uuid>,
    /// The stay as it was written, where a version was.
    pub stay: Option<StayView>,
    /// What became of it.
    pub outcome: Result<Fate, Refusal>,
}

/// A stay and the content of its current version.
struct Stored {
    row: StayRow,
    content: Value,
    presence: Presence,
    changed_at: Option<DateTime<Utc>>,
    counted_at: Option<DateTime<Utc>>,
    /// The content it was declared with, if data is still missing.
    first: Option<Value>,
    /// Its guest was missing from a census.
    was_missed: bool,
}

/// The action for one line.
enum Step {
    Arrive(Arrival),
    Change(Uuid, Change),
    Nothing(Uuid),
    /// A later census decides, including whether there is a question.
    Leave(Uuid),
    Refuse(Vec<Violation>),
    /// It concerns a stay that cannot be read.
    Unreadable(Uuid),
    /// A later census of the part where the line places the guest did not list the guest.
    Stale {
        stay_id: Option<Uuid>,
        last_taken_at: DateTime<Utc>,
    },
}

/// A line about an unknown guest, as a declaration.
#[derive(Clone)]
struct Arrival {
    declaration: Value,
    /// Warnings about its texts.
    warnings: Vec<Violation>,
}

/// A line about an unknown guest, judged.
struct Newcomer {
    arrival: Arrival,
    /// The violations, if it cannot be declared.
    violations: Vec<Violation>,
    /// Its content, as far as known.
    key_hash: Option<[u8; 32]>,
}

/// What a census would do.
struct Plan {
    lines: Vec<(Option<String>, Step)>,
    /// The missing guests, with their references.
    missing: Vec<(Uuid, Option<String>)>,
    /// What becomes of them.
    missing_become: Missing,
    /// Present guests whose stays cannot be read and whom no line names; left alone.
    unreadable: Vec<Uuid>,
    /// Unlisted guests about whom newer information exists.
    left_alone: Vec<(Uuid, Option<String>)>,
    warnings: Vec<Violation>,
}

/// What everything is written under that a census writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CensusHold {
    /// The turn. Nothing is written once it is over.
    pub(crate) lease: Lease,
    /// When the census was taken: the instant that its changes describe.
    pub(crate) taken_at: DateTime<Utc>,
}

/// A census in progress.
struct Work<'a> {
    occasion: Occasion<'a>,
    hold: CensusHold,
    facility: &'a Arc<Facility>,
    census: Census<'a>,
    /// When later censuses of parts of the facility were taken, by the index of their scope.
    later: HashMap<Vec<u8>, DateTime<Utc>>,
}

impl Stored {
    fn known(&self) -> Known<'_> {
        Known {
            content: &self.content,
            presence: self.presence,
            arrival_at: self.row.arrival_at,
            changed_at: self.changed_at,
            counted_at: self.counted_at,
        }
    }

    fn reference(&self) -> Option<String> {
        self.content["reference"].as_str().map(str::to_owned)
    }
}

impl Intake {
    /// Processes a census of one of the sender's facilities. A dry run writes nothing.
    ///
    /// Errors: [`Refusal`] of the whole census; nothing of it was saved. Errors about one guest are
    /// in that guest's entry.
    pub async fn census(
        &self,
        occasion: Occasion<'_>,
        facility: &Arc<Facility>,
        document: &Value,
        is_dry_run: bool,
    ) -> Result<CensusReport, Refusal> {
        let window = &self.inner.rules.window;
        let census = Census::read(document, facility.kind, window, occasion.received_at);
        let census = census.map_err(Refusal::Invalid)?;
        let key = match is_dry_run {
            true => None,
            false => {
                let content = to_canonical_json(document);
                let content = [facility.id.as_bytes().as_slice(), &content].concat();
                self.guard_key(&occasion, Some(facility.id), &content)
                    .await?
            }
        };
        let turn = self.turn(facility.id).await?;
        let db = &self.inner.db;
        let later = store::census::later(db, facility.id, census.taken_at).await?;
        let later = later.into_iter().map(|row| (row.scope_index, row.taken_at));
        let work = Work {
            occasion: Occasion {
                idempotency_key: None,
                ..occasion
            },
            hold: CensusHold {
                lease: turn.lease,
                taken_at: census.taken_at,
            },
            facility,
            census,
            later: later.collect(),
        };
        let report = self.work(&work, key.as_ref(), is_dry_run).await;
        turn.end().await;
        report
    }

    async fn work(
        &self,
        work: &Work<'_>,
        key: Option<&Idempotency>,
        is_dry_run: bool,
    ) -> Result<CensusReport, Refusal> {
        let last = self.last(work).await?;
        let plan = self.plan(work, last.as_ref()).await?;
        if is_dry_run {
            return Ok(plan.foretold());
        }
        self.begin(work, last.as_ref(), key).await?;
        Ok(self.carry_out(work, plan).await)
    }

    /// The newest census of the same scope. Errors: a later one covers what this one does.
    async fn last(&self, work: &Work<'_>) -> Result<Option<CensusRow>, Refusal> {
        let own = self.scope_index(work, &work.census.scope);
        let indexes = [own.clone(), self.scope_index(work, &Scope::Facility)];
        let db = &self.inner.db;
        let newest = store::census::newest(db, work.facility.id, &indexes).await?;
        let latest = newest.iter().map(|row| row.taken_at).max();
        if let Some(last_taken_at) = latest.filter(|last| work.census.is_stale(*last)) {
            return Err(Refusal::CensusStale { last_taken_at });
        }
        Ok(newest.into_iter().find(|row| row.scope_index == own))
    }

    fn scope_index(&self, work: &Work<'_>, scope: &Scope) -> Vec<u8> {
        let [kind, name] = scope.parts();
        let parts: [&[u8]; 3] = [
            work.facility.id.as_bytes(),
            kind.as_bytes(),
            name.as_bytes(),
        ];
        let vault = &self.inner.clerk.vault;
        vault.blind_index("census.scope", &parts).to_vec()
    }

    /// When the newest later census was taken of any part that contains a stay with this content.
    fn counted_at(&self, work: &Work<'_>, content: &Value) -> Option<DateTime<Utc>> {
        if work.later.is_empty() {
            return None;
        }
        let around = Scope::around(content);
        let taken_at = |part| work.later.get(&self.scope_index(work, part));
        around.iter().filter_map(taken_at).max().copied()
    }

    /// Records the census before acting on it, so that an older one arriving in the meantime is
    /// recognised as old.
    async fn begin(
        &self,
        work: &Work<'_>,
        last: Option<&CensusRow>,
        key: Option<&Idempotency>,
    ) -> Result<(), Refusal> {
        let row = CensusRow {
            facility_id: work.facility.id,
            scope_index: self.scope_index(work, &work.census.scope),
            taken_at: work.census.taken_at,
            confirmed_departures: confirmed(&work.census),
            received_at: work.occasion.received_at,
            created_by: work.occasion.sender.key_id,
        };
        let begun = store::census::begin(&self.inner.db, work.hold.lease, row, key).await?;
        let last_taken_at = last.map_or(work.occasion.received_at, |last| last.taken_at);
        match begun {
            Begun::Newest => Ok(()),
            Begun::Stale => Err(Refusal::CensusStale { last_taken_at }),
            Begun::KeyReused => Err(Refusal::IdempotencyKeyReused),
        }
    }

    async fn plan(&self, work: &Work<'_>, last: Option<&CensusRow>) -> Result<Plan, Refusal> {
        let census = &work.census;
        let (facility_id, ahead) = (work.facility.id, self.inner.rules.window.ahead);
        let rows = store::census::concerned(&self.inner.db, facility_id, census.taken_at, ahead);
        let (mut stays, mut damaged) = self.open(work, rows.await?).await?;
        // Guests who have left are found by reference below, however long ago that was.
        stays.retain(|stay| !stay.known().is_over_by(census.taken_at));
        let known: Vec<Known<'_>> = stays.iter().map(Stored::known).collect();
        let lines: Vec<Line> = census
            .stays
            .iter()
            .map(|sent| census.line(sent, work.facility))
            .collect();
        let matches = census::match_lines(&lines, &known);
        let mut newcomers = self.newcomers(work, &lines, &matches);
        let (others, damaged_holders) = self.holders(work, &newcomers).await?;
        damaged.extend(damaged_holders);
        let mut is_matched = vec![false; stays.len()];
        for found in &matches {
            if let LineMatch::Stay(place) = found {
                is_matched[*place] = true;
            }
        }
        for other in others.values() {
            if let Some(place) = stays.iter().position(|stay| stay.row.id == other.row.id) {
                is_matched[place] = true;
            }
        }
        let mut steps = Vec::with_capacity(lines.len());
        let mut unclear = Vec::new();
        for (index, (line, found)) in lines.iter().zip(&matches).enumerate() {
            let newcomer = newcomers.get(&index);
            let is_sound = newcomer.is_some_and(|newcomer| newcomer.violations.is_empty());
            let is_told = is_sound || others.contains_key(&index);
            if !is_told && self.is_unclear(work, line, *found, &lines) {
                unclear.push(index);
            }
            let step = match (found, others.get(&index)) {
                (LineMatch::Repeated(_), _) => Step::Refuse(vec![repeated(line)]),
                (LineMatch::Stay(place), _) => {
                    self.step(work, line, &stays[*place], &known[*place])
                }
                (LineMatch::Nobody, Some(other)) => self.step(work, line, other, &other.known()),
                (LineMatch::Nobody, None) => match self.damaged_of(work, line, &damaged) {
                    Some(stay_id) => Step::Unreadable(stay_id),
                    None => match newcomers.remove(&index) {
                        Some(newcomer) => self.arrival(work, newcomer),
                        None => Step::Refuse(line.violations.clone()),
                    },
                },
            };
            steps.push((line.reference().map(str::to_owned), step));
            if index % READ_AT_ONCE == READ_AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
        }
        let absent = census.absent(&known, &is_matched);
        let missing_become = census.missing_become(unclear.len());
        if let Some(departures) = census.departures_to_confirm(&absent, missing_become)
            && !is_going_on(census, last, departures)
        {
            return Err(Refusal::CensusImplausible { departures });
        }
        let is_by_line = |stay: &StayRow| {
            let by_line = |(_, step): &(Option<String>, Step)| matches!(step, Step::Unreadable(id) if *id == stay.id);
            steps.iter().any(by_line)
        };
        let unreadable = damaged.iter().filter(|stay| {
            // Of a damaged word nobody knows whether the guest is there.
            !matches!(
                stay.presence.get(),
                Ok(Presence::Departed | Presence::Cancelled)
            ) && stay.arrival_at <= census.taken_at
                && !is_by_line(stay)
        });
        let named = |places: &[usize]| -> Vec<(Uuid, Option<String>)> {
            let found = places.iter().filter_map(|place| stays.get(*place));
            found.map(|stay| (stay.row.id, stay.reference())).collect()
        };
        Ok(Plan {
            unreadable: unreadable.map(|stay| stay.id).collect(),
            lines: steps,
            missing: named(&absent.missing),
            missing_become,
            left_alone: named(&absent.left_alone),
            warnings: match missing_become == census.missing || absent.missing.is_empty() {
                true => Vec::new(),
                false => unclear.into_iter().map(unclear_guest).collect(),
            },
        })
    }

    /// Whether a line is refused and may describe a guest who seems to be missing.
    fn is_unclear(&self, work: &Work<'_>, line: &Line, found: LineMatch, lines: &[Line]) -> bool {
        let faults = || {
            let declaration = line.to_declaration(work.census.taken_at);
            let more = self
                .inner
                .rules
                .check(
                    work.occasion.sender,
                    work.occasion.received_at,
                    &declaration,
                )
                .err();
            let known = line.violations.iter().cloned();
            known.chain(more.into_iter().flatten())
        };
        match found {
            LineMatch::Stay(_) => false,
            LineMatch::Nobody => {
                let faults: Vec<Violation> = faults().collect();
                !faults.is_empty() && !line.tells_a_newcomer(&faults)
            }
            LineMatch::Repeated(place) => {
                // Members required of a declaration need not be repeated.
                let is_wrong = |fault: &Violation| fault.code != Code::Required;
                let faults: Vec<Violation> = faults().filter(is_wrong).collect();
                let before = lines.get(place);
                !before.is_some_and(|before| line.tells_the_guest_of(before, &faults))
            }
        }
    }

    /// What a version says of its stay; of its first version nothing yet.
    fn read(
        &self,
        work: &Work<'_>,
        row: &StayRow,
        version: &StayVersionRow,
    ) -> anyhow::Result<Stored> {
        let opened = view::open(&self.inner.clerk.vault, row, version)?;
        Ok(Stored {
            row: row.clone(),
            counted_at: self.counted_at(work, &opened.content),
            content: opened.content,
            presence: row.presence.get()?,
            changed_at: view::as_of(version),
            first: None,
            was_missed: version.channel.get()? == Channel::Census
                && version.change_kind.get()? == ChangeKind::Departed,
        })
    }

    /// The content of these stays' current versions, and the stays that cannot be read.
    async fn open(
        &self,
        work: &Work<'_>,
        rows: Vec<StayRow>,
    ) -> Result<(Vec<Stored>, Vec<StayRow>), Refusal> {
        let db = &self.inner.db;
        let mut stays = Vec::with_capacity(rows.len());
        let mut damaged = Vec::new();
        for group in rows.chunks(READ_AT_ONCE) {
            let versions = store::stays::current_versions(db, group).await?;
            let mut versions: HashMap<Uuid, _> = versions
                .into_iter()
                .map(|version| (version.stay_id, version))
                .collect();
            let mut firsts = self.firsts(group).await?;
            for row in group {
                // A stay that moved while it was read has changed after the census was taken.
                let Some(version) = versions.remove(&row.id) else {
                    continue;
                };
                match self.read(work, row, &version) {
                    Ok(stay) => stays.push(Stored {
                        first: firsts.remove(&row.id),
                        ..stay
                    }),
                    Err(error) => {
                        let error = format!("{error:#}");
                        tracing::error!(stay.id = %row.id, error, "left alone by a census");
                        damaged.push(row.clone());
                    }
                }
            }
            tokio::task::yield_now().await;
        }
        Ok((stays, damaged))
    }

    /// The damaged stay that a line names by reference or document, as far as the unsealed columns
    /// tell.
    fn damaged_of(&self, work: &Work<'_>, line: &Line, damaged: &[StayRow]) -> Option<Uuid> {
        if damaged.is_empty() {
            return None;
        }
        let vault = &self.inner.clerk.vault;
        let reference = line.reference();
        let reference =
            reference.map(|text| index::reference_index(vault, work.facility.id, text).to_vec());
        let number = line.content.pointer("/guest/document/number");
        let number = number.and_then(Value::as_str);
        let document = number.map(|number| index::document_index(vault, number));
        let is_it = |stay: &&StayRow| {
            (reference.is_some() && stay.reference_index == reference)
                || (document.is_some() && stay.document_index == document)
        };
        damaged.iter().find(is_it).map(|stay| stay.id)
    }

    /// The original content of stays with missing data.
    async fn firsts(&self, rows: &[StayRow]) -> Result<HashMap<Uuid, Value>, Refusal> {
        let Inner { db, clerk, .. } = &*self.inner;
        let owing = rows
            .iter()
            .filter(|row| row.owed.is_some() && row.version > 1);
        let owing: Vec<Uuid> = owing.map(|row| row.id).collect();
        if owing.is_empty() {
            return Ok(HashMap::new());
        }
        let versions = store::stays::first_versions(db, &owing).await?;
        let mut firsts = HashMap::with_capacity(versions.len());
        for version in versions {
            let row = rows.iter().find(|row| row.id == version.stay_id);
            // An unreadable first version is ignored.
            if let Some(Ok(opened)) = row.map(|row| view::open(&clerk.vault, row, &version)) {
                firsts.insert(version.stay_id, opened.content);
            }
        }
        Ok(firsts)
    }

    /// The valid lines about unknown guests, judged as declarations, by index.
    fn newcomers(
        &self,
        work: &Work<'_>,
        lines: &[Line],
        matches: &[LineMatch],
    ) -> HashMap<usize, Newcomer> {
        let lines = lines.iter().zip(matches).enumerate();
        let open = lines.filter(|(_, (line, found))| {
            **found == LineMatch::Nobody && line.violations.is_empty()
        });
        open.map(|(index, (line, _))| (index, self.newcomer(work, line)))
            .collect()
    }

    fn newcomer(&self, work: &Work<'_>, line: &Line) -> Newcomer {
        let clerk = &self.inner.clerk;
        let declaration = line.to_declaration(work.census.taken_at);
        let judged = self.inner.rules.check(
            work.occasion.sender,
            work.occasion.received_at,
            &declaration,
        );
        // A reference identifies a stay whatever else the line says.
        let key_hash = match (line.reference(), &judged) {
            (reference @ Some(_), _) => Some(clerk.declaration_key(work.facility.id, reference, &[])),
            (None, Ok(sound)) => {
                let content_index = clerk.request_hash(sound);
                let received_at = work.occasion.received_at;
                Some(clerk.uniqueness(sound, None, &content_index, received_at).key_hash)
            }
            (None, Err(_)) => None,
        };
        let warnings = line.warnings.clone();
        Newcomer {
            arrival: Arrival {
                declaration,
                warnings,
            },
            violations: judged.err().unwrap_or_default(),
            key_hash,
        }
    }

    /// Stays that lines about unknown guests had already declared: guests who left and returned, or
    /// who have neither reference nor document.
    async fn holders(
        &self,
        work: &Work<'_>,
        newcomers: &HashMap<usize, Newcomer>,
    ) -> Result<(HashMap<usize, Stored>, Vec<StayRow>), Refusal> {
        let mut places: Vec<usize> = newcomers.keys().copied().collect();
        places.sort_unstable();
        let mut keys = HashMap::new();
        for index in places {
            if let Some(key_hash) = newcomers[&index].key_hash {
                keys.insert(key_hash.to_vec(), (index, key_hash));
            }
        }
        let hashes: Vec<[u8; 32]> = keys.values().map(|(_, key_hash)| *key_hash).collect();
        let db = &self.inner.db;
        let held = store::census::holders(db, &hashes, work.occasion.received_at).await?;
        let ids: Vec<Uuid> = held.iter().map(|(_, stay_id)| *stay_id).collect();
        let mut rows = Vec::with_capacity(ids.len());
        for part in ids.chunks(READ_AT_ONCE) {
            rows.extend(store::stays::find_many(db, part, &[work.facility.id]).await?);
        }
        let (stays, damaged) = self.open(work, rows).await?;
        let mut stays: HashMap<Uuid, Stored> = stays
            .into_iter()
            .filter(|stay| stay.presence != Presence::Cancelled)
            .map(|stay| (stay.row.id, stay))
            .collect();
        let pairs = held.into_iter().filter_map(|(key_hash, stay_id)| {
            let (index, _) = keys.get(&key_hash)?;
            Some((*index, stays.remove(&stay_id)?))
        });
        Ok((pairs.collect(), damaged))
    }

    /// The action for a line about an unknown guest.
    fn arrival(&self, work: &Work<'_>, newcomer: Newcomer) -> Step {
        if !newcomer.violations.is_empty() {
            return Step::Refuse(newcomer.violations);
        }
        match self.counted_at(work, &newcomer.arrival.declaration) {
            None => Step::Arrive(newcomer.arrival),
            Some(last_taken_at) => Step::Stale {
                stay_id: None,
                last_taken_at,
            },
        }
    }

    /// The action for a line about a known stay.
    fn step(&self, work: &Work<'_>, line: &Line, stay: &Stored, known: &Known<'_>) -> Step {
        let taken_at = work.census.taken_at;
        if !line.violations.is_empty() {
            return Step::Refuse(line.violations.clone());
        }
        let stale = |last_taken_at| Step::Stale {
            stay_id: Some(stay.row.id),
            last_taken_at,
        };
        let is_later = known.is_later_than(taken_at);
        let first = stay.first.as_ref();
        let mut patch = census::patch(&line.content, known.content, first, work.facility);
        let place = |name| patch.get(name).unwrap_or(&known.content[name]);
        let whither = json!({"ward": place("ward"), "room": place("room")});
        let is_elsewhere = self.counted_at(work, &whither).is_none();
        let was_here = known.arrival_at <= taken_at && !known.had_left_by(taken_at);
        if stay.was_missed && known.has_just_left() && was_here && is_elsewhere {
            // A later census of the part where the guest had been missed who was here by then.
            patch.insert("departed_at".to_owned(), Value::Null);
            return self.amendment(work, stay, patch);
        }
        if let Some(last_taken_at) = known.counted_after(taken_at) {
            return match known.had_left_by(taken_at) && !is_later {
                true => stale(last_taken_at),
                false => Step::Leave(stay.row.id),
            };
        }
        if known.presence == Presence::Cancelled || is_later {
            return Step::Nothing(stay.row.id);
        }
        if known.had_left_by(taken_at) {
            patch.insert("departed_at".to_owned(), Value::Null);
        } else if known.presence == Presence::Departed {
            return Step::Nothing(stay.row.id);
        }
        if patch.is_empty() {
            return Step::Nothing(stay.row.id);
        }
        match self.counted_at(work, &whither) {
            Some(last_taken_at) => stale(last_taken_at),
            None => self.amendment(work, stay, patch),
        }
    }

    fn amendment(&self, work: &Work<'_>, stay: &Stored, patch: Map<String, Value>) -> Step {
        let reason = format!("Danh sách lúc {}", format_instant(work.census.taken_at));
        let change = Change::amendment(patch, &reason);
        let before = Before {
            content: &stay.content,
            presence: stay.presence,
            owed: stay.row.owed.as_deref(),
            arrival_was_sent: stay.row.arrival_at != stay.row.received_at,
        };
        let (received_at, filed_at) = (work.occasion.received_at, stay.row.received_at);
        let by = self.inner.rules.rejudging(work.facility, received_at, filed_at);
        match change::apply(&change, &before, &by) {
            Ok(after) if after.presence == stay.presence && after.content == stay.content => {
                Step::Nothing(stay.row.id)
            }
            Ok(_) => Step::Change(stay.row.id, change),
            Err(violations) => Step::Refuse(violations),
        }
    }

    async fn carry_out(&self, work: &Work<'_>, plan: Plan) -> CensusReport {
        let (mut arrivals, mut changes) = (Vec::new(), Vec::new());
        let mut present = HashSet::new();
        for (index, (_, step)) in plan.lines.iter().enumerate() {
            match step {
                Step::Arrive(arrival) => arrivals.push((index, arrival.clone())),
                Step::Change(stay_id, change) => {
                    present.insert(*stay_id);
                    changes.push((index, (*stay_id, change.clone())));
                }
                Step::Nothing(stay_id) => {
                    present.insert(*stay_id);
                }
                Step::Leave(_) | Step::Refuse(_) | Step::Unreadable(_) | Step::Stale { .. } => {}
            }
        }
        let mut done = self.declare_arrivals(work, arrivals).await;
        done.extend(self.change_stays(work, changes).await);
        let mut entries: Vec<CensusEntry> = plan
            .lines
            .into_iter()
            .enumerate()
            .map(|(index, (reference, step))| entry(index, reference, step, done.remove(&index)))
            .collect();
        let settled = self.settle_missing(work, plan.missing, plan.missing_become, &present);
        entries.extend(settled.await);
        entries.extend(plan.unreadable.into_iter().map(not_read));
        entries.extend(left_alone(plan.left_alone));
        CensusReport {
            entries,
            warnings: plan.warnings,
        }
    }

    async fn declare_arrivals(
        &self,
        work: &Work<'_>,
        arrivals: Vec<(usize, Arrival)>,
    ) -> HashMap<usize, Done> {
        let mut done = HashMap::with_capacity(arrivals.len());
        let mut arrivals = arrivals.into_iter().peekable();
        while arrivals.peek().is_some() {
            let group = arrivals.by_ref().take(ARRIVALS_AT_ONCE);
            let (places, arrivals): (Vec<usize>, Vec<Arrival>) = group.unzip();
            let outcomes = self.offer(work, &arrivals).await;
            for (place, outcome) in places.into_iter().zip(outcomes) {
                done.insert(place, (Fate::Arrived, outcome));
            }
        }
        done
    }

    /// Declares some arrivals and counts what became of them.
    async fn offer(&self, work: &Work<'_>, arrivals: &[Arrival]) -> Vec<Result<Accepted, Refusal>> {
        let items = arrivals.iter().map(|arrival| Item {
            warnings: &arrival.warnings,
            ..Item::plain(&arrival.declaration)
        });
        let offered: Vec<Item<'_>> = items.collect();
        let answers = self.declare_held(work.occasion, work.hold.lease, &offered);
        let answers = answers.await.unwrap_or_else(|refusal| {
            let refused = || match &refusal {
                Refusal::Overloaded => Err(Refusal::Overloaded),
                _ => Err(Refusal::Stopping),
            };
            arrivals.iter().map(|_| refused()).collect()
        });
        for answer in &answers {
            let outcome = ItemOutcome::of(answer);
            self.count_item(Channel::Census, Some(work.facility.kind), outcome);
        }
        answers
    }

    async fn change_stays(
        &self,
        work: &Work<'_>,
        changes: Vec<(usize, (Uuid, Change))>,
    ) -> HashMap<usize, Done> {
        let (places, changes): (Vec<usize>, Vec<(Uuid, Change)>) = changes.into_iter().unzip();
        let outcomes = self.change_held(work.occasion, work.hold, &changes).await;
        let outcomes = outcomes.into_iter().map(|outcome| (Fate::Changed, outcome));
        places.into_iter().zip(outcomes).collect()
    }

    /// Records departures of missing guests or asks about them, and closes the questions about
    /// present guests.
    async fn settle_missing(
        &self,
        work: &Work<'_>,
        missing: Vec<(Uuid, Option<String>)>,
        missing_become: Missing,
        present: &HashSet<Uuid>,
    ) -> Vec<CensusEntry> {
        let db = &self.inner.db;
        let ids: Vec<Uuid> = missing.iter().map(|(stay_id, _)| *stay_id).collect();
        let present: Vec<Uuid> = present.iter().copied().collect();
        let (asked, departing) = match missing_become {
            Missing::Ask => (ids, Vec::new()),
            Missing::Depart => (Vec::new(), ids),
        };
        let now = work.occasion.received_at;
        let questioned = store::census::question(db, work.hold.lease, &asked, &present, now).await;
        if let Err(error) = &questioned {
            tracing::warn!(%error, "could not write the questions of a census");
        }
        if missing_become == Missing::Ask {
            let outcome = || match &questioned {
                Ok(()) => Ok(Fate::Asked),
                Err(_) => Err(Refusal::StorageUnavailable),
            };
            let entries = missing.into_iter();
            return entries
                .map(|missing| absent(missing, None, outcome()))
                .collect();
        }
        let change = Change::departure(work.census.taken_at);
        let changes: Vec<(Uuid, Change)> = departing
            .into_iter()
            .map(|stay_id| (stay_id, change.clone()))
            .collect();
        let outcomes = self.change_held(work.occasion, work.hold, &changes).await;
        let entries = missing.into_iter().zip(outcomes);
        entries
            .map(|(missing, outcome)| match outcome {
                Ok(accepted) => absent(missing, Some(accepted.stay), Ok(Fate::Departed)),
                // Another request recorded it a moment ago.
                Err(Refusal::StayDeparted | Refusal::StayCancelled) => {
                    absent(missing, None, Ok(Fate::Unchanged))
                }
                Err(refusal) => absent(missing, None, Err(refusal)),
            })
            .collect()
    }
}

/// What a step created, unless it already existed.
type Done = (Fate, Result<Accepted, Refusal>);

impl Plan {
    /// What would become of everybody.
    fn foretold(self) -> CensusReport {
        let lines = self.lines.into_iter().enumerate();
        let mut entries: Vec<CensusEntry> = lines
            .map(|(index, (reference, step))| entry(index, reference, step, None))
            .collect();
        let fate = match self.missing_become {
            Missing::Depart => Fate::Departed,
            Missing::Ask => Fate::Asked,
        };
        let missing = self.missing.into_iter();
        entries.extend(missing.map(|missing| absent(missing, None, Ok(fate))));
        entries.extend(self.unreadable.into_iter().map(not_read));
        entries.extend(left_alone(self.left_alone));
        CensusReport {
            entries,
            warnings: self.warnings,
        }
    }
}

fn entry(index: usize, reference: Option<String>, step: Step, done: Option<Done>) -> CensusEntry {
    let (stay_id, foretold) = match step {
        Step::Arrive(_) => (None, Ok(Fate::Arrived)),
        Step::Change(stay_id, _) => (Some(stay_id), Ok(Fate::Changed)),
        Step::Nothing(stay_id) | Step::Leave(stay_id) => (Some(stay_id), Ok(Fate::Unchanged)),
        Step::Refuse(violations) => (None, Err(Refusal::Invalid(violations))),
        Step::Unreadable(stay_id) => (Some(stay_id), Err(unreadable(stay_id))),
        Step::Stale {
            stay_id,
            last_taken_at,
        } => (stay_id, Err(Refusal::CensusStale { last_taken_at })),
    };
    let (stay_id, stay, outcome) = match done {
        None => (stay_id, None, foretold),
        Some((_, Ok(accepted))) if accepted.is_replay => {
            (Some(accepted.stay.id), None, Ok(Fate::Unchanged))
        }
        Some((fate, Ok(accepted))) => (Some(accepted.stay.id), Some(accepted.stay), Ok(fate)),
        Some((_, Err(refusal))) => (stay_id, None, Err(refusal)),
    };
    CensusEntry {
        index: Some(index),
        reference,
        stay_id,
        stay,
        outcome,
    }
}

fn absent(
    (stay_id, reference): (Uuid, Option<String>),
    stay: Option<StayView>,
    outcome: Result<Fate, Refusal>,
) -> CensusEntry {
    CensusEntry {
        index: None,
        reference,
        stay_id: Some(stay_id),
        stay,
        outcome,
    }
}

/// A guest whose stay cannot be read is neither missing nor present.
fn not_read(stay_id: Uuid) -> CensusEntry {
    absent((stay_id, None), None, Err(unreadable(stay_id)))
}

fn unreadable(stay_id: Uuid) -> Refusal {
    let cause = anyhow::anyhow!("left alone by a census");
    Refusal::Unreadable { stay_id, cause }
}

/// Guests about whom newer information exists than the census has.
fn left_alone(stays: Vec<(Uuid, Option<String>)>) -> impl Iterator<Item = CensusEntry> {
    let stays = stays.into_iter();
    stays.map(|stay| absent(stay, None, Ok(Fate::Unchanged)))
}

fn unclear_guest(index: usize) -> Violation {
    Violation::new(format!("/stays/{index}"), Code::CensusGuestUnclear)
}

fn repeated(line: &Line) -> Violation {
    let pointer = match line.reference() {
        Some(_) => "/reference",
        None => "/guest/document/number",
    };
    Violation::new(pointer, Code::CensusLineRepeated)
}

fn confirmed(census: &Census<'_>) -> Option<i32> {
    let departures = census.confirmed_departures?;
    i32::try_from(departures).ok()
}

/// Whether this resumes a confirmed census. Some guests have already departed, so the number may
/// only be lower.
fn is_going_on(census: &Census<'_>, last: Option<&CensusRow>, departures: u32) -> bool {
    let named = census.confirmed_departures;
    named.is_some_and(|named| departures <= named)
        && last.is_some_and(|last| {
            last.taken_at == census.taken_at && last.confirmed_departures == confirmed(census)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmed_census_goes_on_with_fewer_departures() {
        let facility_id = Uuid::nil();
        let last = CensusRow {
            facility_id,
            scope_index: Vec::new(),
            taken_at: DateTime::UNIX_EPOCH,
            confirmed_departures: Some(60),
            received_at: DateTime::UNIX_EPOCH,
            created_by: Uuid::nil(),
        };
        let census = |seconds, confirmed_departures| Census {
            taken_at: DateTime::UNIX_EPOCH + chrono::Duration::seconds(seconds),
            scope: Scope::Facility,
            missing: Missing::Depart,
            confirmed_departures,
            stays: &[],
        };
        let table = [
            (0, Some(60), 55, true),
            (0, Some(60), 61, false),
            (0, Some(59), 55, false),
            (0, None, 55, false),
            (1, Some(60), 55, false),
        ];
        for (seconds, confirmed, departures, is_going_on) in table {
            let census = census(seconds, confirmed);
            assert_eq!(
                super::is_going_on(&census, Some(&last), departures),
                is_going_on
            );
            assert!(!super::is_going_on(&census, None, departures));
        }
    }
}
