//! The police endpoint's ledger: one effect for each idempotency key, and how often it was
//! delivered. Of a body only the digest is kept.

use std::{collections::HashMap, sync::Arc};

use anyhow::{Context, ensure};
use chrono::{DateTime, Datelike, FixedOffset, Utc};
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    journal::Book,
    wire_format::{self, VIET_NAM},
};

/// The simulated office is that of Thanh Hóa.
const PROVINCE_CODE: &str = "38";

/// A notification that passed every check, on its way to the ledger.
pub(crate) struct Delivery {
    pub(crate) notification_id: String,
    pub(crate) stay_id: String,
    pub(crate) version: u32,
    pub(crate) kind: String,
    pub(crate) body_sha256: [u8; 32],
    pub(crate) received_at: DateTime<Utc>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// New, or the same again: the answer of the first time.
    Accepted {
        police_reference: String,
        received_at: DateTime<Utc>,
    },
    /// The key is known with another body.
    Conflict,
}

/// One accepted notification.
struct Effect {
    notification_id: Name,
    stay_id: Name,
    version: u32,
    kind: Box<str>,
    received_at: DateTime<Utc>,
    body_sha256: [u8; 32],
    police_reference: Box<str>,
    deliveries: u32,
    /// The effect before this one of the same stay: a list through the ledger, newest first.
    previous_of_stay: Option<u32>,
}

impl Effect {
    fn accepted(&self) -> Verdict {
        Verdict::Accepted {
            police_reference: self.police_reference.to_string(),
            received_at: self.received_at,
        }
    }

    /// As `GET /v1/notifications` lists it.
    fn listed(&self) -> Value {
        json!({
            "notification_id": self.notification_id.to_string(),
            "stay_id": self.stay_id.to_string(),
            "version": self.version,
            "kind": self.kind,
            "received_at": wire_format::instant(self.received_at),
            "deliveries": self.deliveries,
            "body_sha256": hex::encode(self.body_sha256),
            "police_reference": self.police_reference,
        })
    }

    fn line(&self) -> Value {
        json!({
            "line": "effect",
            "notification_id": self.notification_id.to_string(),
            "stay_id": self.stay_id.to_string(),
            "version": self.version,
            "kind": self.kind,
            "received_at": wire_format::instant(self.received_at),
            "body_sha256": hex::encode(self.body_sha256),
            "police_reference": self.police_reference,
        })
    }
}

/// A line of the file.
#[derive(Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
enum Line {
    Effect {
        notification_id: String,
        stay_id: String,
        version: u32,
        kind: String,
        received_at: DateTime<FixedOffset>,
        body_sha256: String,
        police_reference: String,
    },
    /// The same notification once more.
    Delivery { notification_id: String },
}

/// Every effect in the order of acceptance. A position never changes.
#[derive(Default)]
pub(crate) struct Ledger {
    effects: Vec<Effect>,
    by_notification: HashMap<Name, u32>,
    newest_of_stay: HashMap<Name, u32>,
    deliveries: u64,
}

impl Ledger {
    pub(crate) fn effect_count(&self) -> u64 {
        self.effects.len() as u64
    }

    pub(crate) fn delivery_count(&self) -> u64 {
        self.deliveries
    }

    /// True when a notification of this id took effect.
    pub(crate) fn knows(&self, notification_id: &str) -> bool {
        self.by_notification
            .contains_key(&Name::from(notification_id))
    }

    /// Effects from position `from` on, of one stay or of all, and the position of the next page.
    pub(crate) fn page(
        &self,
        stay_id: Option<&str>,
        from: usize,
        limit: usize,
    ) -> (Vec<Value>, Option<usize>) {
        let mut positions: Vec<usize> = match stay_id {
            Some(stay_id) => self.positions_of_stay(stay_id, from),
            None => (from..self.effects.len()).take(limit + 1).collect(),
        };
        let next = positions.get(limit).copied();
        positions.truncate(limit);
        let effects = positions
            .into_iter()
            .filter_map(|position| self.effects.get(position));
        (effects.map(Effect::listed).collect(), next)
    }

    fn positions_of_stay(&self, stay_id: &str, from: usize) -> Vec<usize> {
        let newest = self.newest_of_stay.get(&Name::from(stay_id)).copied();
        let mut positions: Vec<usize> = std::iter::successors(newest, |position| {
            self.effects.get(*position as usize)?.previous_of_stay
        })
        .map(|position| position as usize)
        .take_while(|position| *position >= from)
        .collect();
        positions.reverse();
        positions
    }

    fn add(&mut self, mut effect: Effect) {
        let position = position_after(self.effects.len());
        effect.previous_of_stay = self.newest_of_stay.insert(effect.stay_id.clone(), position);
        self.by_notification
            .insert(effect.notification_id.clone(), position);
        self.deliveries += u64::from(effect.deliveries);
        self.effects.push(effect);
    }

    fn count_delivery(&mut self, position: u32) {
        if let Some(effect) = self.effects.get_mut(position as usize) {
            effect.deliveries += 1;
            self.deliveries += 1;
        }
    }
}

/// Positions are 32 bits wide to keep the ledger small: four thousand million effects are beyond
/// what a simulator's memory holds.
fn position_after(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The ledger as its readers share it with the writer.
#[derive(Clone, Default)]
pub(crate) struct SharedLedger(Arc<RwLock<Ledger>>);

impl SharedLedger {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Ledger> {
        self.0.read()
    }

    fn write(&self) -> RwLockWriteGuard<'_, Ledger> {
        self.0.write()
    }
}

/// The writer's side: the ledger and what the present group adds to it.
pub(crate) struct LedgerBook {
    ledger: SharedLedger,
    planned: Vec<Effect>,
    planned_positions: HashMap<Name, u32>,
    planned_deliveries: Vec<u32>,
}

impl LedgerBook {
    pub(crate) fn new(ledger: SharedLedger) -> Self {
        Self {
            ledger,
            planned: Vec::new(),
            planned_positions: HashMap::new(),
            planned_deliveries: Vec::new(),
        }
    }

    /// The verdict on a key that is known, with its position.
    fn judge_known(&self, delivery: &Delivery, name: &Name) -> Option<(u32, Verdict)> {
        let ledger = self.ledger.read();
        let position = ledger
            .by_notification
            .get(name)
            .or_else(|| self.planned_positions.get(name))
            .copied()?;
        let index = position as usize;
        let effect = match index.checked_sub(ledger.effects.len()) {
            Some(index_in_group) => self.planned.get(index_in_group)?,
            None => ledger.effects.get(index)?,
        };
        let verdict = if effect.body_sha256 == delivery.body_sha256 {
            effect.accepted()
        } else {
            Verdict::Conflict
        };
        Some((position, verdict))
    }

    fn accept_new(&mut self, delivery: Delivery, name: Name) -> &Effect {
        let position = position_after(self.ledger.read().effects.len() + self.planned.len());
        let year = delivery.received_at.with_timezone(&VIET_NAM).year();
        let number = u64::from(position) + 1;
        let police_reference = format!("CA-{PROVINCE_CODE}-{year}-{number:06}");
        self.planned_positions.insert(name.clone(), position);
        self.planned.push(Effect {
            notification_id: name,
            stay_id: Name::from(delivery.stay_id.as_str()),
            version: delivery.version,
            kind: delivery.kind.into_boxed_str(),
            received_at: delivery.received_at,
            body_sha256: delivery.body_sha256,
            police_reference: police_reference.into_boxed_str(),
            deliveries: 1,
            previous_of_stay: None,
        });
        &self.planned[self.planned.len() - 1]
    }
}

impl Book for LedgerBook {
    type Command = Delivery;
    type Answer = Verdict;

    fn recall(&mut self, line: &[u8]) -> anyhow::Result<()> {
        let mut ledger = self.ledger.write();
        match serde_json::from_slice(line)? {
            Line::Effect {
                notification_id,
                stay_id,
                version,
                kind,
                received_at,
                body_sha256,
                police_reference,
            } => {
                let name = Name::from(notification_id.as_str());
                ensure!(
                    !ledger.by_notification.contains_key(&name),
                    "a notification is there twice"
                );
                let mut digest = [0; 32];
                hex::decode_to_slice(&body_sha256, &mut digest)?;
                ledger.add(Effect {
                    notification_id: name,
                    stay_id: Name::from(stay_id.as_str()),
                    version,
                    kind: kind.into_boxed_str(),
                    received_at: received_at.with_timezone(&Utc),
                    body_sha256: digest,
                    police_reference: police_reference.into_boxed_str(),
                    deliveries: 1,
                    previous_of_stay: None,
                });
            }
            Line::Delivery { notification_id } => {
                let position = ledger
                    .by_notification
                    .get(&Name::from(notification_id.as_str()))
                    .copied()
                    .context("a delivery of an unknown notification")?;
                ledger.count_delivery(position);
            }
        }
        Ok(())
    }

    fn plan(&mut self, delivery: Delivery, lines: &mut Vec<u8>) -> Verdict {
        let name = Name::from(delivery.notification_id.as_str());
        let (line, verdict) = match self.judge_known(&delivery, &name) {
            Some((_, Verdict::Conflict)) => return Verdict::Conflict,
            Some((position, verdict)) => {
                self.planned_deliveries.push(position);
                let line = json!({
                    "line": "delivery",
                    "notification_id": delivery.notification_id,
                    "received_at": wire_format::instant(delivery.received_at),
                });
                (line, verdict)
            }
            None => {
                let effect = self.accept_new(delivery, name);
                (effect.line(), effect.accepted())
            }
        };
        lines.extend_from_slice(line.to_string().as_bytes());
        lines.push(b'\n');
        verdict
    }

    fn publish(&mut self) {
        let mut ledger = self.ledger.write();
        for effect in self.planned.drain(..) {
            ledger.add(effect);
        }
        for position in self.planned_deliveries.drain(..) {
            ledger.count_delivery(position);
        }
        self.planned_positions.clear();
    }

    fn discard(&mut self) {
        self.planned.clear();
        self.planned_positions.clear();
        self.planned_deliveries.clear();
    }
}

/// An identifier, kept in 16 bytes where it is a UUID in its usual form.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Name {
    Uuid(uuid::Uuid),
    Text(Box<str>),
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        let uuid = uuid::Uuid::try_parse(text).ok();
        let mut buffer = uuid::Uuid::encode_buffer();
        match uuid {
            Some(uuid) if uuid.hyphenated().encode_lower(&mut buffer) == text => Self::Uuid(uuid),
            Some(_) | None => Self::Text(text.into()),
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Uuid(uuid) => uuid.fmt(formatter),
            Self::Text(text) => text.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_as_it_was() {
        let names = [
            "0198d7f2-6f9e-7cc1-8d33-2b8f4f0f9a10",
            "0198D7F2-6F9E-7CC1-8D33-2B8F4F0F9A10",
            "0198d7f26f9e7cc18d332b8f4f0f9a10",
            "stay-1",
        ];
        for name in names {
            assert_eq!(Name::from(name).to_string(), name);
        }
    }

    fn delivery(notification_id: &str, stay_id: &str, body: u8) -> Delivery {
        Delivery {
            notification_id: notification_id.to_owned(),
            stay_id: stay_id.to_owned(),
            version: 1,
            kind: "stay".to_owned(),
            body_sha256: [body; 32],
            received_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn one_group_judges_its_own_twins() {
        let ledger = SharedLedger::default();
        let mut book = LedgerBook::new(ledger.clone());
        let mut lines = Vec::new();
        let first = book.plan(delivery("a", "stay", 1), &mut lines);
        let again = book.plan(delivery("a", "stay", 1), &mut lines);
        let other = book.plan(delivery("a", "stay", 2), &mut lines);
        assert_eq!(first, again);
        assert_eq!(other, Verdict::Conflict);
        assert_eq!(
            ledger.read().effect_count(),
            0,
            "nothing before it is written"
        );

        book.publish();
        assert_eq!(ledger.read().effect_count(), 1);
        assert_eq!(ledger.read().delivery_count(), 2);
        assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 2);
    }

    #[test]
    fn what_could_not_be_written_is_forgotten() {
        let ledger = SharedLedger::default();
        let mut book = LedgerBook::new(ledger.clone());
        let lost = book.plan(delivery("a", "stay", 1), &mut Vec::new());
        book.discard();
        let kept = book.plan(delivery("b", "stay", 1), &mut Vec::new());
        book.publish();
        assert_eq!(lost, kept, "the number is given again");
        assert_eq!(ledger.read().effect_count(), 1);
    }

    #[test]
    fn pages_follow_one_another_without_gap() {
        let ledger = SharedLedger::default();
        let mut book = LedgerBook::new(ledger.clone());
        for number in 0..7 {
            let stay_id = if number % 2 == 0 { "even" } else { "odd" };
            book.plan(delivery(&number.to_string(), stay_id, 1), &mut Vec::new());
        }
        book.publish();
        let ledger = ledger.read();
        for (stay_id, expected) in [
            (None, 7),
            (Some("even"), 4),
            (Some("odd"), 3),
            (Some("no"), 0),
        ] {
            let mut seen = Vec::new();
            let mut from = Some(0);
            while let Some(position) = from {
                let (effects, next) = ledger.page(stay_id, position, 2);
                seen.extend(
                    effects
                        .iter()
                        .map(|effect| effect["notification_id"].to_string()),
                );
                from = next;
            }
            assert_eq!(seen.len(), expected);
            assert!(seen.is_sorted());
        }
    }
}
