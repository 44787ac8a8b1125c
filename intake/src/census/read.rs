//! Reads the stays that a census may be about.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{
    census::{Known, Line, LineMatch, match_lines},
    change::ChangeKind,
    stay::{Channel, Presence},
};
use serde_json::Value;
use store::stays::{StayRow, StayVersionRow};
use uuid::Uuid;

use super::{CensusWork, whereabouts::Whereabouts};
use crate::{Intake, Refusal, accept::Inner, index, view};

/// Stays whose content is read together.
const READ_AT_ONCE: usize = 200;

/// A stay and the content of its current version.
pub(super) struct StoredStay {
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

/// The stays that were read, and those that could not be.
#[derive(Default)]
pub(super) struct GuestList {
    pub(super) stays: Vec<StoredStay>,
    pub(super) damaged: Vec<StayRow>,
}

/// The stay of a guest who is not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unlisted {
    pub(super) stay_id: Uuid,
    pub(super) reference: Option<String>,
    /// Who it is, and where.
    pub(super) before: Whereabouts,
}

impl StoredStay {
    pub(super) fn id(&self) -> Uuid {
        self.row.id
    }

    pub(super) fn known(&self) -> Known<'_> {
        Known {
            stay_id: self.row.id,
            content: &self.content,
            first: self.first.as_ref(),
            owed: self.row.owed.as_deref(),
            received_at: self.row.received_at,
            was_missed: self.was_missed,
            presence: self.presence,
            arrival_at: self.row.arrival_at,
            changed_at: self.changed_at,
            counted_at: self.counted_at,
        }
    }

    pub(super) fn reference(&self) -> Option<String> {
        self.content["reference"].as_str().map(str::to_owned)
    }
}

impl GuestList {
    pub(super) fn match_lines(&self, lines: &[Line]) -> Vec<LineMatch> {
        let known: Vec<Known<'_>> = self.stays.iter().map(StoredStay::known).collect();
        match_lines(lines, &known)
    }

    /// These of the stays, with their references.
    pub(super) fn named(&self, stay_ids: &[Uuid]) -> Vec<Unlisted> {
        let known: HashMap<Uuid, &StoredStay> =
            self.stays.iter().map(|stay| (stay.id(), stay)).collect();
        let named = stay_ids.iter().map(|stay_id| {
            let stay = known.get(stay_id);
            let before = stay.map(|stay| Whereabouts::of(&stay.content));
            Unlisted {
                stay_id: *stay_id,
                reference: stay.and_then(|stay| stay.reference()),
                before: before.unwrap_or_default(),
            }
        });
        named.collect()
    }

    /// The present guests whose stays cannot be read, but for those in `named`. Of a damaged word
    /// nobody knows whether the guest is there.
    pub(super) fn unreadable(&self, taken_at: DateTime<Utc>, named: &HashSet<Uuid>) -> Vec<Uuid> {
        let has_ended = |stay: &StayRow| {
            let presence = stay.presence.get();
            matches!(presence, Ok(Presence::Departed | Presence::Cancelled))
        };
        let concerned = self.damaged.iter().filter(|stay| {
            !has_ended(stay) && stay.arrival_at <= taken_at && !named.contains(&stay.id)
        });
        concerned.map(|stay| stay.id).collect()
    }
}

impl Intake {
    /// The stays that the census may concern, without those of guests who have left: these are
    /// found by reference, however long ago that was.
    pub(super) async fn guests(&self, work: &CensusWork<'_>) -> Result<GuestList, Refusal> {
        let (facility_id, taken_at) = (work.facility.id, work.census.taken_at);
        let ahead = self.inner.rules.window.ahead;
        let rows = store::census::concerned(&self.inner.db, facility_id, taken_at, ahead).await?;
        let mut guests = self.open(work, rows).await?;
        let is_over = |stay: &StoredStay| stay.known().is_over_by(taken_at);
        guests.stays.retain(|stay| !is_over(stay));
        Ok(guests)
    }

    /// Stays that hold the declaration keys of lines, by the index of the line: of guests who left
    /// and returned, or who have neither reference nor document. Adds to `guests` what is damaged.
    pub(super) async fn holders(
        &self,
        work: &CensusWork<'_>,
        lines: &HashMap<[u8; 32], usize>,
        guests: &mut GuestList,
    ) -> Result<HashMap<usize, StoredStay>, Refusal> {
        let db = &self.inner.db;
        let keys: Vec<[u8; 32]> = lines.keys().copied().collect();
        let held = store::census::holders(db, &keys, work.occasion.received_at).await?;
        let ids: Vec<Uuid> = held.iter().map(|(_, stay_id)| *stay_id).collect();
        let mut rows = Vec::with_capacity(ids.len());
        for part in ids.chunks(READ_AT_ONCE) {
            rows.extend(store::stays::find_many(db, part, &[work.facility.id]).await?);
        }
        let found = self.open(work, rows).await?;
        guests.damaged.extend(found.damaged);
        let stays = found.stays.into_iter();
        let mut stays: HashMap<Uuid, StoredStay> = stays
            .filter(|stay| stay.presence != Presence::Cancelled)
            .map(|stay| (stay.id(), stay))
            .collect();
        // A stay may hold two keys; only one line is about it.
        let held = held.into_iter().filter_map(|(key_hash, stay_id)| {
            let line = lines.get(key_hash.as_slice())?;
            Some((*line, stays.remove(&stay_id)?))
        });
        Ok(held.collect())
    }

    /// The content of these stays' current versions, and the stays that cannot be read.
    async fn open(&self, work: &CensusWork<'_>, rows: Vec<StayRow>) -> Result<GuestList, Refusal> {
        let mut guests = GuestList::default();
        for group in rows.chunks(READ_AT_ONCE) {
            let versions = store::stays::current_versions(&self.inner.db, group).await?;
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
                match self.open_one(work, row, &version) {
                    Ok(stay) => guests.stays.push(StoredStay {
                        first: firsts.remove(&row.id),
                        ..stay
                    }),
                    Err(error) => {
                        let error = format!("{error:#}");
                        tracing::error!(stay.id = %row.id, error, "left alone by a census");
                        guests.damaged.push(row.clone());
                    }
                }
            }
            tokio::task::yield_now().await;
        }
        Ok(guests)
    }

    /// What a version says of its stay; of its first version nothing yet.
    fn open_one(
        &self,
        work: &CensusWork<'_>,
        row: &StayRow,
        version: &StayVersionRow,
    ) -> anyhow::Result<StoredStay> {
        let opened = view::open(&self.inner.clerk.vault, row, version)?;
        Ok(StoredStay {
            row: row.clone(),
            counted_at: work.later.counted_at(&opened.content),
            content: opened.content,
            presence: row.presence.get()?,
            changed_at: view::as_of(version),
            first: None,
            was_missed: version.channel.get()? == Channel::Census
                && version.change_kind.get()? == ChangeKind::Departed,
        })
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

    /// The damaged stay that a line names by reference or document, as far as the unsealed columns
    /// tell.
    pub(super) fn damaged_of(
        &self,
        work: &CensusWork<'_>,
        line: &Line,
        damaged: &[StayRow],
    ) -> Option<Uuid> {
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
}
