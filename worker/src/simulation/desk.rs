//! The sender's side: what was declared and changed, which answers arrived, and which were lost.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    change::Change,
    night::{self, End},
    sender::{Role, Sender},
    time::format_instant,
};
use rand::{Rng, rngs::StdRng};
use serde_json::{Value, json};
use uuid::Uuid;

/// A stay as its sender has it.
pub(super) struct Stay {
    pub(super) id: Uuid,
    /// The first answer to each version.
    pub(super) answers: Vec<String>,
    pub(super) is_cancelled: bool,
}

/// Something that was sent.
#[derive(Clone)]
pub(super) struct Errand {
    pub(super) key: String,
    pub(super) what: What,
}

/// What was sent.
#[derive(Clone)]
pub(super) enum What {
    Declaration(Value),
    Change {
        stay_id: Uuid,
        change: Change,
        /// The version it is meant for; else any.
        version: Option<i32>,
    },
}

/// A request and its outcome.
pub(super) struct Sent {
    pub(super) errand: Errand,
    /// The answer, whether it was received or not; `None` when there was none.
    pub(super) answer: Option<String>,
    /// Somebody heard the answer.
    pub(super) is_heard: bool,
}

/// All of it.
pub(super) struct Desk {
    pub(super) sender: Sender,
    pub(super) stays: Vec<Stay>,
    pub(super) sent: Vec<Sent>,
    count: u32,
}

impl Desk {
    /// With nothing said yet.
    pub(super) fn open() -> Self {
        let ids = seeds::demo_facility_ids();
        let facilities = seeds::demo_facilities()
            .into_iter()
            .filter(|facility| [ids.hotel, ids.official_residence].contains(&facility.id))
            .map(Arc::new)
            .collect();
        let sender = Sender {
            key_id: Uuid::from_u128(9),
            kind: domain::sender::SenderKind::Key,
            organisation_id: seeds::demo_organisation().id,
            role: Role::Integrator,
            facilities,
            communes: Vec::new(),
            provinces: Vec::new(),
        };
        Self {
            sender,
            stays: Vec::new(),
            sent: Vec::new(),
            count: 0,
        }
    }

    fn next(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    /// A guest nobody has declared before, with a number and whether the registry knows the guest
    /// under it.
    pub(super) fn declaration(&mut self, chance: &mut StdRng, now: DateTime<Utc>) -> Errand {
        let count = self.next();
        let ids = seeds::demo_facility_ids();
        let facility = match chance.random_range(0..3) {
            0 => ids.official_residence,
            _ => ids.hotel,
        };
        let arrival_at = now - TimeDelta::minutes(chance.random_range(0..90));
        let mut guest = json!({
            "full_name": name(count),
            "document": {"kind": "citizen_card", "number": number(count)},
        });
        if chance.random_bool(0.5) {
            guest["birth_date"] = json!("1990-05-17");
            guest["sex"] = json!("male");
        }
        if chance.random_bool(0.15) {
            guest["nationality"] = json!("DEU");
            guest["birth_date"] = json!("1979-08-02");
            guest["sex"] = json!("female");
            guest["document"] = json!({"kind": "passport", "number": format!("C{count:08}")});
            guest["permitted_stay_until"] = json!("2027-02-01");
        }
        // Some mean to leave within the day, and most of them stay.
        let within_the_day = End::Planned(Some(now + TimeDelta::hours(1)));
        let is_possible = !night::has_night(arrival_at, within_the_day, now);
        let leaves_at = if is_possible && count.is_multiple_of(4) {
            now + TimeDelta::hours(1)
        } else {
            now + TimeDelta::days(2)
        };
        let body = json!({
            "facility_id": facility,
            "reference": format!("R-{count}"),
            "room": "203",
            "arrival_at": format_instant(arrival_at),
            "expected_departure_at": format_instant(leaves_at),
            "purpose": "tourism",
            "guest": guest,
        });
        Errand {
            key: format!("key-{count}"),
            what: What::Declaration(body),
        }
    }

    /// A change to one of the stays whose answers arrived.
    pub(super) fn change(&mut self, chance: &mut StdRng, now: DateTime<Utc>) -> Option<Errand> {
        let count = self.next();
        if self.stays.is_empty() {
            return None;
        }
        let stay = &self.stays[chance.random_range(0..self.stays.len())];
        let patch = |value: Value| value.as_object().cloned().unwrap_or_default();
        let change = match chance.random_range(0..12) {
            0..=4 => {
                let value = json!({"guest": {"full_name": name(count)}});
                Change::amendment(patch(value), "sai tên")
            }
            5 | 6 => Change::amendment(patch(json!({"room": format!("{count}")})), "đổi phòng"),
            7 | 8 => Change::extension(now + TimeDelta::days(3) + TimeDelta::minutes(count.into())),
            9 => Change::departure(now),
            10 => {
                let value = json!({"departed_at": null});
                Change::amendment(patch(value), "quay lại")
            }
            _ => Change::cancellation("nhầm"),
        };
        let version = i32::try_from(stay.answers.len()).ok()?;
        Some(Errand {
            key: format!("key-{count}"),
            what: What::Change {
                stay_id: stay.id,
                change,
                version: chance.random_bool(0.7).then_some(version),
            },
        })
    }

    /// Errands nobody heard the outcome of.
    pub(super) fn unheard(&self) -> Vec<usize> {
        let sent = self.sent.iter().enumerate();
        sent.filter(|(_, sent)| !sent.is_heard)
            .map(|(index, _)| index)
            .collect()
    }
}

/// A number of a man born in Thanh Hóa in 1990.
pub(super) fn number(count: u32) -> String {
    format!("038090{count:06}")
}

/// A name for a count.
pub(super) fn name(count: u32) -> String {
    const PARTS: [&str; 10] = [
        "An", "Bình", "Cẩm", "Dũng", "Đức", "Giang", "Hà", "Khánh", "Lâm", "Minh",
    ];
    let digits = count.to_string();
    let parts: Vec<&str> = digits
        .bytes()
        .map(|digit| PARTS[usize::from(digit - b'0')])
        .collect();
    format!("Lê Văn {}", parts.join(" "))
}
