//! What becomes of each row of a part.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use domain::{
    problem::{Code, Violation},
    sender::Sender,
    stay::Channel,
};
use formats::stay_file::{FileReading, FileRow, FileStay, Note};
use intake::{
    Accepted, Item, Occasion, Refusal,
    upload::{RejectedCells, Sealed},
};
use metrics::counter;
use serde_json::{Map, Value, json};
use store::imports::{self, ImportRow};
use tokio::time::sleep;
use uuid::Uuid;

use super::{Job, Left};

/// Between two tries of rows that the intake could not take, doubled from the first to the second.
const RETRY_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// Tries of a row that fails through a fault of ours before it is rejected.
const FAULT_COUNT_MAX: usize = 5;

/// What became of a row.
enum Fate {
    Skipped,
    /// With the id of the stay, unless it is a dry run.
    Accepted(Option<Uuid>),
    Replayed(Uuid),
    Rejected(Reasons),
}

/// Why a row was rejected.
struct Reasons {
    code: Code,
    violations: Vec<Note>,
    /// The stay that holds its reference.
    stay_id: Option<Uuid>,
}

impl Reasons {
    fn invalid(violations: Vec<Note>) -> Self {
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
}

impl Job {
    /// Judges a part of the rows, of which the first has this place in the file; the outcomes are
    /// in their order.
    pub(super) async fn judge(
        &self,
        read: &[FileRow],
        first: usize,
        sender: &Sender,
    ) -> Result<Vec<ImportRow>, Left> {
        let mut fates: Vec<Option<Fate>> = read
            .iter()
            .map(|row| self.fate_before_intake(row, sender))
            .collect();
        self.declare_open(read, &mut fates, sender).await?;
        let mut outcomes = Vec::with_capacity(read.len());
        for ((index, row), fate) in (first..).zip(read).zip(fates) {
            let fate = fate.unwrap_or(Fate::Skipped);
            outcomes.push(self.outcome(index, row, fate)?);
        }
        Ok(outcomes)
    }

    /// What the row alone decides; nothing when the intake must be asked.
    fn fate_before_intake(&self, row: &FileRow, sender: &Sender) -> Option<Fate> {
        let FileReading::Stay(draft) = &row.reading else {
            return Some(Fate::Skipped);
        };
        if draft.violations.is_empty() && !self.import.is_dry_run {
            return None;
        }
        let judged = self
            .intake
            .validate(sender, self.received_at(), &draft.stay);
        let violations = all_violations(draft, judged.errors);
        Some(if violations.is_empty() {
            Fate::Accepted(None)
        } else {
            Fate::Rejected(Reasons::invalid(violations))
        })
    }

    /// Sends what is open to the intake until every row is decided.
    async fn declare_open(
        &self,
        read: &[FileRow],
        fates: &mut [Option<Fate>],
        sender: &Sender,
    ) -> Result<(), Left> {
        let mut pause = RETRY_PAUSE.0;
        let mut fault_counts: HashMap<usize, usize> = HashMap::new();
        let mut replays = Vec::new();
        loop {
            let open: Vec<(usize, &FileStay, Vec<Violation>)> = read
                .iter()
                .enumerate()
                .filter(|(place, _)| fates[*place].is_none())
                .filter_map(|(place, row)| match &row.reading {
                    FileReading::Stay(draft) => {
                        let warnings = draft.warnings.iter().map(Note::violation);
                        Some((place, draft.as_ref(), warnings.collect()))
                    }
                    FileReading::Skipped => None,
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
                })
                .collect();
            let occasion = Occasion {
                sender,
                channel: Channel::File,
                idempotency_key: None,
                received_at: self.received_at(),
                trace_parent: self.import.trace_parent.as_deref(),
                census_lease: None,
            };
            let mut is_stopping = false;
            if let Ok(answers) = self.intake.declare_items(occasion, &items).await {
                for ((place, _, _), answer) in open.iter().zip(answers) {
                    is_stopping |= matches!(answer, Err(Refusal::Stopping));
                    let faults = fault_counts.entry(*place).or_default();
                    fates[*place] = self.fate(answer, faults);
                    if matches!(fates[*place], Some(Fate::Replayed(_))) {
                        replays.push(*place);
                    }
                }
            }
            if fates.iter().all(Option::is_some) {
                break;
            }
            if is_stopping || self.shutdown.is_cancelled() {
                return Err(Left::Stopping);
            }
            sleep(pause).await;
            pause = (pause * 2).min(RETRY_PAUSE.1);
        }
        replays.sort_unstable();
        self.claim_own(fates, &replays).await
    }

    /// What an answer decides; nothing when the same row may be taken a moment later.
    fn fate(&self, answer: Result<Accepted, Refusal>, fault_count: &mut usize) -> Option<Fate> {
        let refusal = match answer {
            Ok(accepted) if accepted.is_replay => return Some(Fate::Replayed(accepted.stay.id)),
            Ok(accepted) => return Some(Fate::Accepted(Some(accepted.stay.id))),
            Err(refusal) => refusal,
        };
        match refusal {
            Refusal::Invalid(violations) => {
                let violations = violations.iter().map(Note::from).collect();
                Some(Fate::Rejected(Reasons::invalid(violations)))
            }
            Refusal::ReferenceConflict { stay_id } => Some(Fate::Rejected(Reasons {
                stay_id: Some(stay_id),
                ..Reasons::of(Code::ReferenceConflict)
            })),
            Refusal::IdempotencyKeyReused
            | Refusal::IdempotencyInProgress
            | Refusal::Overloaded
            | Refusal::StorageUnavailable
            | Refusal::StorageFull
            | Refusal::OutcomeUnknown
            | Refusal::Stopping => None,
            Refusal::Internal(error) => self.fault(fault_count, &error.to_string()),
            // Only a change of a stay or a census is answered so.
            Refusal::NotFound
            | Refusal::VersionUnnamed
            | Refusal::VersionMismatch { .. }
            | Refusal::StayDeparted
            | Refusal::StayCancelled
            | Refusal::CensusStale { .. }
            | Refusal::CensusImplausible { .. } => self.fault(fault_count, "answered as a change"),
        }
    }

    /// Counts a fault of ours; the row is tried again until there were too many.
    fn fault(&self, fault_count: &mut usize, error: &str) -> Option<Fate> {
        *fault_count += 1;
        if *fault_count < FAULT_COUNT_MAX {
            return None;
        }
        tracing::error!(import.id = %self.import.id, error, "a row was not accepted");
        Some(Fate::Rejected(Reasons::of(Code::Internal)))
    }

    /// What was made by this file before its worker died is accepted, not replayed; the second
    /// of two rows that say the same is replayed.
    async fn claim_own(&self, fates: &mut [Option<Fate>], replays: &[usize]) -> Result<(), Left> {
        if replays.is_empty() {
            return Ok(());
        }
        let mut claimed: HashSet<Uuid> = fates
            .iter()
            .filter_map(|fate| match fate {
                Some(Fate::Accepted(stay_id)) => *stay_id,
                Some(Fate::Skipped | Fate::Replayed(_) | Fate::Rejected(_)) | None => None,
            })
            .collect();
        let stay_of = |fate: &Option<Fate>| match fate {
            Some(Fate::Replayed(stay_id)) => Some(*stay_id),
            Some(Fate::Skipped | Fate::Accepted(_) | Fate::Rejected(_)) | None => None,
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
                fates[*place] = Some(Fate::Accepted(Some(stay_id)));
            }
        }
        Ok(())
    }

    fn outcome(&self, index: usize, row: &FileRow, fate: Fate) -> Result<ImportRow, Left> {
        let position = i32::try_from(index).unwrap_or(i32::MAX);
        let draft = match &row.reading {
            FileReading::Stay(draft) => Some(draft.as_ref()),
            FileReading::Skipped => None,
        };
        self.count_row(&fate);
        let mut notes = Map::new();
        let warnings = draft.map_or(&[][..], |draft| &draft.warnings);
        if !warnings.is_empty() {
            notes.insert("warnings".to_owned(), kept(warnings));
        }
        let (outcome, stay_id) = match &fate {
            Fate::Skipped => ("skipped", None),
            Fate::Accepted(stay_id) => ("accepted", *stay_id),
            Fate::Replayed(stay_id) => ("replayed", Some(*stay_id)),
            Fate::Rejected(reasons) => {
                notes.insert("code".to_owned(), json!(reasons.code.as_str()));
                notes.insert("errors".to_owned(), kept(&reasons.violations));
                if let Some(stay_id) = reasons.stay_id {
                    notes.insert("stay_id".to_owned(), json!(stay_id));
                }
                ("rejected", None)
            }
        };
        let sealed = match fate {
            Fate::Rejected(_) => {
                let cells = rejected_cells(row, draft);
                let cells = serde_json::to_vec(&cells)
                    .map_err(|_| Left::NotNow("cells were not written".to_owned()))?;
                Some(self.seal(Sealed::Row(position), &cells)?)
            }
            Fate::Skipped | Fate::Accepted(_) | Fate::Replayed(_) => None,
        };
        Ok(ImportRow {
            import_id: self.import.id,
            position,
            row_number: i32::try_from(row.number).unwrap_or(i32::MAX),
            sheet: Some(i32::try_from(row.sheet).unwrap_or(i32::MAX)),
            outcome: outcome.to_owned(),
            stay_id,
            notes: (!notes.is_empty()).then(|| Value::Object(notes).to_string()),
            sealed,
        })
    }

    fn count_row(&self, fate: &Fate) {
        let outcome = match fate {
            Fate::Skipped => return,
            Fate::Accepted(None) => return,
            Fate::Accepted(Some(_)) => "accepted",
            Fate::Replayed(_) => "replayed",
            Fate::Rejected(_) => "refused",
        };
        counter!(
            "luutru_intake_items_total",
            "channel" => Channel::File.as_str(),
            "facility_kind" => "any",
            "outcome" => outcome,
            "error_class" => if outcome == "refused" { "violation" } else { "none" }
        )
        .increment(1);
    }
}

fn rejected_cells(row: &FileRow, draft: Option<&FileStay>) -> RejectedCells {
    RejectedCells {
        cells: row.cells.clone(),
        suggestions: draft.map_or_else(Vec::new, |draft| draft.suggestions.clone()),
    }
}

/// Violations as they are kept with a row.
fn kept(notes: &[Note]) -> Value {
    notes.iter().map(Note::to_json).collect()
}

/// What the row's cells and the rules say together: where a cell could not be read, the rules only
/// see that something is missing.
fn all_violations(draft: &FileStay, judged: Vec<Violation>) -> Vec<Note> {
    let is_explained = |error: &Violation| {
        draft.violations.iter().any(|violation| {
            let rest = violation.pointer.strip_prefix(&error.pointer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let mut all = draft.violations.clone();
    let judged = judged.iter().filter(|error| !is_explained(error));
    all.extend(judged.map(Note::from));
    all
}
