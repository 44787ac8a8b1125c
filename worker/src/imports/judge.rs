//! Decides the outcome of each row of a part.

use std::collections::{HashMap, HashSet};

use domain::{
    change::Change,
    facility::FacilityKind,
    import::RowOutcome,
    problem::{Class, Code, Violation},
    sender::Sender,
    stay::Channel,
};
use formats::{
    stay_file::{FileReading, FileRow, FileStay, RowNote},
    stay_rows::places::PlaceColumns,
};
use intake::{
    Accepted, Item, ItemOutcome, Occasion, Refusal, RetryPolicy,
    upload::{RejectedCells, Sealed},
    view::StayView,
};
use serde_json::{Map, Value, json};
use store::imports::{self, ImportRow};
use uuid::Uuid;

use super::{ImportOutcome, Job};

/// How often a row that fails because of an internal error is tried before it is rejected.
const FAULT_COUNT_MAX: usize = 5;

/// What became of a row.
enum RowFate {
    Skipped,
    /// With the id of the stay, unless it is a dry run, and its warnings.
    Accepted(Option<Uuid>, Vec<RowNote>),
    Replayed(Uuid, Vec<RowNote>),
    Rejected(Reasons),
}

/// A row with the columns of its sheet.
#[derive(Clone, Copy)]
struct Placed<'a> {
    row: &'a FileRow,
    places: &'a PlaceColumns,
}

impl<'a> Placed<'a> {
    fn stay(self) -> Option<&'a FileStay> {
        match &self.row.reading {
            FileReading::Stay(stay) => Some(stay.as_ref()),
            FileReading::Skipped(_) => None,
        }
    }

    /// A violation of a member, in the words of the row's sheet.
    fn note(self, violation: &Violation) -> RowNote {
        let sources = self.stay().map_or(&[][..], |stay| &stay.sources);
        self.places.judged(violation, sources)
    }

    fn notes(self, violations: &[Violation]) -> Vec<RowNote> {
        violations
            .iter()
            .map(|violation| self.note(violation))
            .collect()
    }

    /// Every warning of a stay, in the words of the row's sheet where it has any.
    fn warnings_of(self, stay: &StayView) -> Vec<RowNote> {
        let stay: Value = serde_json::from_str(&stay.json).unwrap_or_default();
        let carried = stay["warnings"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let violation = |warning: &Value| {
            let code = warning["code"].as_str().and_then(Code::parse)?;
            Some(Violation::new(warning["pointer"].as_str()?, code))
        };
        let carried: Vec<Violation> = carried.iter().filter_map(violation).collect();
        self.all_warnings(&carried)
    }

    /// The findings of the row's cells and of the rules, each once.
    fn all_warnings(self, judged: &[Violation]) -> Vec<RowNote> {
        let mut all = self
            .stay()
            .map_or_else(Vec::new, |stay| stay.warnings.clone());
        for violation in judged {
            let is_known = all.iter().any(|note| {
                note.pointer == violation.pointer && note.code == violation.code.as_str()
            });
            if !is_known {
                all.push(self.note(violation));
            }
        }
        all
    }
}

/// Why a row was rejected.
struct Reasons {
    code: Code,
    violations: Vec<RowNote>,
    /// The stay that holds its reference.
    stay_id: Option<Uuid>,
}

impl Reasons {
    fn invalid(violations: Vec<RowNote>) -> Self {
        Self {
            code: Code::ValidationFailed,
            violations,
            stay_id: None,
        }
    }

    fn of(code: Code) -> Self {
        Self {
            code,
            violations: Vec::new(),
            stay_id: None,
        }
    }

    /// The class that the row is counted under: one with violations counts as they do.
    const fn class(&self) -> Class {
        if matches!(self.code, Code::ValidationFailed) {
            Class::Violation
        } else {
            self.code.class()
        }
    }
}

impl Job {
    /// Judges a part of the rows, of which the first has this place in the file; the outcomes are
    /// in their order. `places` are those of each sheet.
    pub(super) async fn judge(
        &self,
        read: &[FileRow],
        places: &[PlaceColumns],
        first: usize,
        sender: &Sender,
    ) -> Result<Vec<ImportRow>, ImportOutcome> {
        let none = PlaceColumns::default();
        let read: Vec<Placed<'_>> = read
            .iter()
            .map(|row| Placed {
                row,
                places: places.get(row.sheet).unwrap_or(&none),
            })
            .collect();
        let mut fates: Vec<Option<RowFate>> = read
            .iter()
            .map(|row| self.fate_before_intake(*row, sender))
            .collect();
        self.declare_open(&read, &mut fates, sender).await?;
        self.depart(&read, &fates, sender).await?;
        let kind = sender.facility(self.import.facility_id);
        let kind = kind.map(|facility| facility.kind);
        let mut outcomes = Vec::with_capacity(read.len());
        for ((index, row), fate) in (first..).zip(&read).zip(fates) {
            let fate = fate.unwrap_or(RowFate::Skipped);
            self.count_row(&fate, kind);
            outcomes.push(self.outcome(index, *row, fate)?);
        }
        Ok(outcomes)
    }

    /// The outcome if the row alone decides it; `None` when the intake must be asked.
    fn fate_before_intake(&self, row: Placed<'_>, sender: &Sender) -> Option<RowFate> {
        let Some(draft) = row.stay() else {
            return Some(RowFate::Skipped);
        };
        if draft.violations.is_empty() && !self.import.is_dry_run {
            return None;
        }
        let judged = self
            .intake
            .validate(sender, self.received_at(), &draft.stay);
        let violations = all_violations(row, draft, &judged.errors);
        Some(if violations.is_empty() {
            RowFate::Accepted(None, row.all_warnings(&judged.warnings))
        } else {
            RowFate::Rejected(Reasons::invalid(violations))
        })
    }

    fn occasion<'a>(&'a self, sender: &'a Sender) -> Occasion<'a> {
        Occasion {
            sender,
            channel: Channel::File,
            idempotency_key: None,
            received_at: self.received_at(),
            trace_parent: self.import.trace_parent.as_deref(),
        }
    }

    /// Sends undecided rows to the intake until every row is decided.
    async fn declare_open(
        &self,
        read: &[Placed<'_>],
        fates: &mut [Option<RowFate>],
        sender: &Sender,
    ) -> Result<(), ImportOutcome> {
        let policy = RetryPolicy::of(Channel::File).until(self.shutdown.clone());
        let mut retries = policy.start();
        let mut fault_counts: HashMap<usize, usize> = HashMap::new();
        let mut replays = Vec::new();
        loop {
            let open: Vec<(usize, &FileStay, Vec<Violation>)> = read
                .iter()
                .enumerate()
                .filter(|(place, _)| fates[*place].is_none())
                .filter_map(|(place, row)| {
                    let draft = row.stay()?;
                    let warnings = draft.warnings.iter().map(RowNote::violation);
                    Some((place, draft, warnings.collect()))
                })
                .collect();
            if open.is_empty() {
                break;
            }
            let items: Vec<Item<'_>> = open
                .iter()
                .map(|(_, draft, warnings)| Item {
                    body: &draft.stay,
                    warnings,
                    arrival_is_assumed: draft.arrival_is_assumed,
                })
                .collect();
            let mut is_stopping = false;
            let answers = self
                .intake
                .declare_many(self.occasion(sender), &items, &policy);
            if let Ok(answers) = answers.await {
                for ((place, _, _), answer) in open.iter().zip(answers) {
                    is_stopping |= matches!(answer, Err(Refusal::Stopping));
                    let faults = fault_counts.entry(*place).or_default();
                    fates[*place] = self.fate(read[*place], answer, faults);
                    if matches!(fates[*place], Some(RowFate::Replayed(..))) {
                        replays.push(*place);
                    }
                }
            }
            if fates.iter().all(Option::is_some) {
                break;
            }
            if is_stopping || !retries.pause().await {
                return Err(ImportOutcome::Stopping);
            }
        }
        replays.sort_unstable();
        self.claim_own(fates, &replays).await
    }

    /// Records the departures of guests whose rows say that they have left. If repeated after a
    /// worker's death, it finds them departed.
    async fn depart(
        &self,
        read: &[Placed<'_>],
        fates: &[Option<RowFate>],
        sender: &Sender,
    ) -> Result<(), ImportOutcome> {
        let stay_id = |fate: &Option<RowFate>| match fate {
            Some(RowFate::Accepted(stay_id, _)) => *stay_id,
            Some(RowFate::Replayed(stay_id, _)) => Some(*stay_id),
            Some(RowFate::Skipped | RowFate::Rejected(_)) | None => None,
        };
        let departures = read.iter().zip(fates).filter_map(|(row, fate)| {
            let departed_at = row.stay()?.departed_at()?;
            Some((stay_id(fate)?, Change::departure(departed_at)))
        });
        let mut open: Vec<(Uuid, Change)> = departures.collect();
        let policy = RetryPolicy::of(Channel::File).until(self.shutdown.clone());
        let mut retries = policy.start();
        let mut fault_count = 0;
        while !open.is_empty() {
            let answers = self.intake.change_many(self.occasion(sender), &open).await;
            let mut left = Vec::new();
            for (departure, answer) in open.into_iter().zip(answers) {
                match answer {
                    // Gone or cancelled before.
                    Ok(_) | Err(Refusal::StayDeparted | Refusal::StayCancelled) => {}
                    Err(Refusal::Stopping) => return Err(ImportOutcome::Stopping),
                    Err(_) => left.push(departure),
                }
            }
            open = left;
            fault_count += 1;
            if fault_count >= FAULT_COUNT_MAX && !open.is_empty() {
                let count = open.len();
                tracing::error!(import.id = %self.import.id, count, "could not record departures");
                break;
            }
            if !open.is_empty() && !retries.pause().await {
                return Err(ImportOutcome::Stopping);
            }
        }
        Ok(())
    }

    /// The outcome that an answer decides; `None` when the same row may succeed a moment later.
    fn fate(
        &self,
        row: Placed<'_>,
        answer: Result<Accepted, Refusal>,
        fault_count: &mut usize,
    ) -> Option<RowFate> {
        let refusal = match answer {
            Ok(accepted) => {
                let warnings = row.warnings_of(&accepted.stay);
                let stay_id = accepted.stay.id;
                return Some(if accepted.is_replay {
                    RowFate::Replayed(stay_id, warnings)
                } else {
                    RowFate::Accepted(Some(stay_id), warnings)
                });
            }
            Err(refusal) => refusal,
        };
        match refusal {
            Refusal::Invalid(violations) => {
                Some(RowFate::Rejected(Reasons::invalid(row.notes(&violations))))
            }
            Refusal::ReferenceConflict { stay_id } => {
                let violation = Violation::new("/reference", Code::ReferenceConflict);
                Some(RowFate::Rejected(Reasons {
                    stay_id: Some(stay_id),
                    violations: vec![row.note(&violation)],
                    ..Reasons::of(Code::ReferenceConflict)
                }))
            }
            Refusal::IdempotencyKeyReused
            | Refusal::IdempotencyInProgress
            | Refusal::Overloaded
            | Refusal::StorageUnavailable
            | Refusal::StorageFull
            | Refusal::OutcomeUnknown
            | Refusal::Stopping => None,
            Refusal::Internal(error) | Refusal::Unreadable { cause: error, .. } => {
                self.fault(fault_count, &error.to_string())
            }
            // Only changes and censuses get this answer.
            Refusal::NotFound
            | Refusal::VersionUnnamed
            | Refusal::VersionMismatch { .. }
            | Refusal::StayDeparted
            | Refusal::StayCancelled
            | Refusal::CensusStale { .. }
            | Refusal::CensusImplausible { .. } => self.fault(fault_count, "answered as a change"),
        }
    }

    /// Counts an internal error; the row is retried until there are too many.
    fn fault(&self, fault_count: &mut usize, error: &str) -> Option<RowFate> {
        *fault_count += 1;
        if *fault_count < FAULT_COUNT_MAX {
            return None;
        }
        tracing::error!(import.id = %self.import.id, error, "a row was not accepted");
        Some(RowFate::Rejected(Reasons::of(Code::Internal)))
    }

    /// A stay that this file made before its worker died counts as accepted, not replayed; the
    /// second of two identical rows is replayed.
    async fn claim_own(
        &self,
        fates: &mut [Option<RowFate>],
        replays: &[usize],
    ) -> Result<(), ImportOutcome> {
        if replays.is_empty() {
            return Ok(());
        }
        let mut claimed: HashSet<Uuid> = fates
            .iter()
            .filter_map(|fate| match fate {
                Some(RowFate::Accepted(stay_id, _)) => *stay_id,
                Some(RowFate::Skipped | RowFate::Replayed(..) | RowFate::Rejected(_)) | None => {
                    None
                }
            })
            .collect();
        let stay_of = |fate: &Option<RowFate>| match fate {
            Some(RowFate::Replayed(stay_id, _)) => Some(*stay_id),
            Some(RowFate::Skipped | RowFate::Accepted(..) | RowFate::Rejected(_)) | None => None,
        };
        let stay_ids: Vec<Uuid> = replays
            .iter()
            .filter_map(|place| stay_of(&fates[*place]))
            .collect();
        let own = imports::own_unrecorded(&self.worker.db, &self.import, &stay_ids).await?;
        for place in replays {
            let Some(stay_id) = stay_of(&fates[*place]) else {
                continue;
            };
            if own.contains(&stay_id) && claimed.insert(stay_id) {
                let warnings = match fates[*place].take() {
                    Some(RowFate::Replayed(_, warnings) | RowFate::Accepted(_, warnings)) => {
                        warnings
                    }
                    Some(RowFate::Skipped | RowFate::Rejected(_)) | None => Vec::new(),
                };
                fates[*place] = Some(RowFate::Accepted(Some(stay_id), warnings));
            }
        }
        Ok(())
    }

    fn outcome(
        &self,
        index: usize,
        placed: Placed<'_>,
        fate: RowFate,
    ) -> Result<ImportRow, ImportOutcome> {
        let row = placed.row;
        let position = i32::try_from(index).unwrap_or(i32::MAX);
        let draft = placed.stay();
        let mut notes = Map::new();
        let own = draft.map_or(&[][..], |draft| &draft.warnings);
        let (outcome, stay_id, warnings) = match &fate {
            RowFate::Skipped => match &row.reading {
                FileReading::Skipped(why) => (RowOutcome::Skipped, None, std::slice::from_ref(why)),
                FileReading::Stay(_) => (RowOutcome::Skipped, None, own),
            },
            RowFate::Accepted(stay_id, warnings) => {
                (RowOutcome::Accepted, *stay_id, warnings.as_slice())
            }
            RowFate::Replayed(stay_id, warnings) => {
                (RowOutcome::Replayed, Some(*stay_id), warnings.as_slice())
            }
            RowFate::Rejected(reasons) => {
                notes.insert("code".to_owned(), json!(reasons.code.as_str()));
                notes.insert("errors".to_owned(), kept(&reasons.violations));
                if let Some(stay_id) = reasons.stay_id {
                    notes.insert("stay_id".to_owned(), json!(stay_id));
                }
                (RowOutcome::Rejected, None, own)
            }
        };
        if !warnings.is_empty() {
            notes.insert("warnings".to_owned(), kept(warnings));
        }
        let sealed = match fate {
            RowFate::Rejected(_) => {
                let cells = rejected_cells(row, draft);
                let cells = serde_json::to_vec(&cells)
                    .map_err(|_| ImportOutcome::NotNow("could not write cells".to_owned()))?;
                Some(self.seal(Sealed::Row(position), &cells)?)
            }
            RowFate::Skipped | RowFate::Accepted(..) | RowFate::Replayed(..) => None,
        };
        Ok(ImportRow {
            import_id: self.import.id,
            position,
            row_number: i32::try_from(row.number).unwrap_or(i32::MAX),
            sheet: Some(i32::try_from(row.sheet).unwrap_or(i32::MAX)),
            outcome: outcome.into(),
            stay_id,
            notes: (!notes.is_empty()).then(|| Value::Object(notes).to_string()),
            sealed,
        })
    }

    /// Counts a row as an item of the intake. A dry run declares none.
    fn count_row(&self, fate: &RowFate, kind: Option<FacilityKind>) {
        if self.import.is_dry_run {
            return;
        }
        let outcome = match fate {
            RowFate::Skipped => return,
            RowFate::Accepted(..) => ItemOutcome::Accepted,
            RowFate::Replayed(..) => ItemOutcome::Replayed,
            RowFate::Rejected(reasons) => ItemOutcome::Refused(reasons.class()),
        };
        self.intake.count_item(Channel::File, kind, outcome);
    }
}

fn rejected_cells(row: &FileRow, draft: Option<&FileStay>) -> RejectedCells {
    RejectedCells {
        cells: row.cells.clone(),
        suggestions: draft.map_or_else(Vec::new, |draft| draft.suggestions.clone()),
    }
}

/// Violations as stored with a row.
fn kept(notes: &[RowNote]) -> Value {
    notes.iter().map(RowNote::to_json).collect()
}

/// Combines the findings of cells and rules: where a cell could not be read, the rules only see a
/// missing member.
fn all_violations(row: Placed<'_>, draft: &FileStay, judged: &[Violation]) -> Vec<RowNote> {
    let is_explained = |error: &Violation| {
        draft.violations.iter().any(|violation| {
            let rest = violation.pointer.strip_prefix(&error.pointer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let mut all = draft.violations.clone();
    let judged = judged.iter().filter(|error| !is_explained(error));
    all.extend(judged.map(|error| row.note(error)));
    all
}
