//! Censuses sent live, and the same ones delayed and sent in order, produce the same result: every
//! stay, and every line of every answer.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    change::Change,
    sender::Sender,
    stay::{Channel, Presence},
    time::format_instant,
};
use intake::{CensusReport, Expected, Occasion, Refusal, view};
use serde_json::{Value, json};
use store::stays::Order;

use super::{Door, instant, open_door, sender};

const SEED_COUNT: u64 = 6;
const DAY_COUNT: i64 = 7;
const PATIENT_COUNT: u64 = 24;
const WARD_COUNT: u64 = 4;
/// The first round of a week.
const BEGIN: &str = "2026-11-23T06:00:00+07:00";
/// When the line is back.
const END: &str = "2026-11-30T12:00:00+07:00";

/// Numbers out of a seed (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// What a hospital does.
enum Deed {
    /// A ward, or all of them, with its patients.
    Census {
        ward: Option<u64>,
        lines: Vec<Value>,
    },
    /// The desk sees a patient off.
    Departure { patient: u64 },
}

/// A week of a hospital, in its order.
fn week(seed: u64) -> anyhow::Result<Vec<(DateTime<Utc>, Deed)>> {
    let mut chance = Chance(seed);
    let begin = instant(BEGIN)?;
    let mut deeds = Vec::new();
    let mut lying: Vec<Option<(u64, u64)>> = vec![None; usize::try_from(PATIENT_COUNT)?];
    for day in 0..DAY_COUNT {
        let morning = begin + TimeDelta::days(day);
        for place in &mut lying {
            if chance.below(100) < 45 {
                let is_there = chance.below(100) < 65;
                let bed = (chance.below(WARD_COUNT), chance.below(4));
                *place = is_there.then_some(bed);
            }
        }
        let is_of_all = chance.below(4) == 0;
        let wards = 0..WARD_COUNT;
        let rounds: Vec<Option<u64>> = if is_of_all {
            vec![None]
        } else {
            wards.map(Some).collect()
        };
        for (number, ward) in (0_i64..).zip(rounds) {
            let mut lines = Vec::new();
            for (patient, place) in (0_u64..).zip(&lying) {
                if let Some((lies_in, room)) = place
                    && ward.is_none_or(|ward| ward == *lies_in)
                {
                    lines.push(line(seed, patient, *lies_in, *room));
                }
            }
            let at = morning + TimeDelta::minutes(7 * number);
            deeds.push((at, Deed::Census { ward, lines }));
        }
        if chance.below(2) == 0 {
            let patient = chance.below(PATIENT_COUNT);
            let at = morning + TimeDelta::hours(6);
            deeds.push((at, Deed::Departure { patient }));
        }
    }
    Ok(deeds)
}

/// Some are identified by reference, some by document, some give their arrival, some are unknown.
fn line(seed: u64, patient: u64, ward: u64, room: u64) -> Value {
    let number = format!("038090{:06}", seed * 1_000 + patient);
    let mut line = json!({
        "ward": ward_name(ward), "room": format!("{room}"),
        "guest": {
            "full_name": "Nguyễn Văn An",
            "document": {"kind": "citizen_card", "number": number},
        },
    });
    if !patient.is_multiple_of(3) {
        line["reference"] = json!(format!("BN-{patient}"));
    }
    if patient % 4 == 1 {
        line["arrival_at"] = json!("2026-11-22T09:00:00+07:00");
    }
    if patient % 6 == 5 {
        line["guest"] = json!({
            "document": {"kind": "none"}, "no_document_reason": "unidentified",
        });
    }
    line
}

fn ward_name(ward: u64) -> String {
    format!("Khoa {ward}")
}

/// An entry of an answer: the index of its line, its reference, the guest's outcome.
type Told = (Option<usize>, Option<String>, String);

fn told(report: &CensusReport) -> Vec<Told> {
    let entries = report.entries.iter();
    let mut told: Vec<Told> = entries
        .map(|entry| {
            let outcome = match &entry.outcome {
                Ok(fate) => fate.as_str().to_owned(),
                Err(refusal) => format!("{refusal:?}"),
            };
            (entry.index, entry.reference.clone(), outcome)
        })
        .collect();
    told.sort();
    told
}

impl Door {
    fn at_hospital<'a>(&self, sender: &'a Sender, channel: Channel) -> Occasion<'a> {
        Occasion {
            sender,
            channel,
            idempotency_key: None,
            received_at: self.clock.now(),
            trace_parent: None,
        }
    }

    async fn count(
        &self,
        hospital: &Sender,
        at: DateTime<Utc>,
        ward: Option<u64>,
        lines: &[Value],
    ) -> anyhow::Result<Vec<Told>> {
        let facility = &hospital.facilities[0];
        let mut census = json!({"taken_at": format_instant(at), "stays": lines});
        if let Some(ward) = ward {
            census["scope"] = json!({"ward": ward_name(ward)});
        }
        for _ in 0..2 {
            let occasion = self.at_hospital(hospital, Channel::Census);
            match self.intake.census(occasion, facility, &census, false).await {
                Ok(report) => return Ok(told(&report)),
                Err(Refusal::CensusImplausible { departures }) => {
                    census["confirm"] = json!({"departures": departures});
                }
                Err(refusal) => anyhow::bail!("refused: {refusal:?}"),
            }
        }
        anyhow::bail!("refused though it was confirmed")
    }

    /// The content of every stay, by reference or number; several stays of one guest in order.
    async fn stays(&self, hospital: &Sender) -> anyhow::Result<BTreeMap<String, Vec<Value>>> {
        let filter = store::stays::StayFilter {
            facility_ids: vec![hospital.facilities[0].id],
            ..store::stays::StayFilter::default()
        };
        let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let mut before = None;
        loop {
            let page = store::stays::list(&self.db, &filter, Order::Newest(before), 200).await?;
            let Some(last) = page.last() else {
                break;
            };
            before = Some(last.id);
            for row in &page {
                let version = store::stays::version(&self.db, row.id, row.version).await?;
                let version = version.context("no version")?;
                let content = view::open(&self.vault, row, &version)?.content;
                let name = content["reference"].as_str();
                let number = content.pointer("/guest/document/number");
                let name = name.or(number.and_then(Value::as_str)).unwrap_or_default();
                let stay = json!([row.presence.as_stored(), content]);
                found.entry(name.to_owned()).or_default().push(stay);
            }
        }
        for stays in found.values_mut() {
            stays.sort_by_key(|stay| stay[1]["arrival_at"].to_string());
        }
        Ok(found)
    }

    /// The stay of a present patient.
    async fn see_off(
        &self,
        hospital: &Sender,
        name: &str,
        at: DateTime<Utc>,
    ) -> anyhow::Result<bool> {
        let filter = store::stays::StayFilter {
            facility_ids: vec![hospital.facilities[0].id],
            presence: Some(Presence::Present),
            ..store::stays::StayFilter::default()
        };
        for row in store::stays::list(&self.db, &filter, Order::Newest(None), 200).await? {
            let version = store::stays::version(&self.db, row.id, row.version).await?;
            let content = view::open(&self.vault, &row, &version.context("no version")?)?.content;
            if content["reference"] == name || content["guest"]["document"]["number"] == name {
                let change = Change::departure(at);
                let occasion = self.at_hospital(hospital, Channel::Rest);
                let changed = self
                    .intake
                    .change(occasion, row.id, &Expected::Current, &change);
                changed
                    .await
                    .map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn live(
        &self,
        hospital: &Sender,
        (at, deed): &(DateTime<Utc>, Deed),
        seed: u64,
    ) -> anyhow::Result<Vec<Told>> {
        match deed {
            Deed::Census { ward, lines } => self.count(hospital, *at, *ward, lines).await,
            Deed::Departure { patient } => {
                let line = line(seed, *patient, 0, 0);
                let number = &line["guest"]["document"]["number"];
                let name = line["reference"].as_str().or(number.as_str());
                let name = name.unwrap_or_default();
                let is_gone = self.see_off(hospital, name, *at).await?;
                Ok(vec![(None, None, format!("seen off: {is_gone}"))])
            }
        }
    }
}

#[tokio::test]
async fn censuses_held_up_and_sent_in_order_do_what_they_would_have_done_live() -> anyhow::Result<()>
{
    let hospital = sender("medical_facility")?;
    let mut fates: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 1..=SEED_COUNT {
        let (live, held_up) = (open_door().await?, open_door().await?);
        held_up.time.set(instant(END)?);
        for (number, deed) in week(seed)?.iter().enumerate() {
            live.time.set(deed.0);
            let expected = live.live(&hospital, deed, seed).await?;
            let found = held_up.live(&hospital, deed, seed).await?;
            assert_eq!(found, expected, "seed {seed}, deed {number}");
            for (_, _, fate) in found {
                *fates.entry(fate).or_default() += 1;
            }
            let stays = (
                held_up.stays(&hospital).await?,
                live.stays(&hospital).await?,
            );
            assert_eq!(stays.0, stays.1, "seed {seed}, deed {number}");
        }
    }
    // A week in which hardly anything happens proves nothing.
    for fate in ["arrived", "changed", "departed", "unchanged"] {
        let count = fates.get(fate).copied().unwrap_or(0);
        assert!(count > 50, "{fate} {count} times: {fates:?}");
    }
    Ok(())
}
