//! A history of stays for a database that is to be large: two years of them, written by COPY.
//!
//! What is clear in a row is as services leave it, in the proportions of the constants below. What
//! is sealed or hashed is random: it has the length and the spread of the real thing, and opens
//! nowhere. Calls to peers, events and the audit of reads are left out: declaring touches none of
//! their indexes but at the end.

use std::{
    io::{BufWriter, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use anyhow::{Context, ensure};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::{notification::notification_id, stay::NotificationKind, time::local_date};
use rand::{Rng, SeedableRng, rngs::StdRng};
use uuid::Uuid;

/// How far back the oldest stay lies: as long as stays are kept.
const SPAN: TimeDelta = TimeDelta::days(720);
/// How long idempotency keys are kept.
const KEYS_KEPT: TimeDelta = TimeDelta::days(7);
/// How long persons tried for a number are kept.
const TRIES_KEPT: TimeDelta = TimeDelta::days(14);
/// References are never free again.
const REFERENCE_ENDS: &str = "9999-12-31T00:00:00Z";
/// Stays of one facility that is not of the demonstration.
const STAYS_OF_A_FACILITY: u64 = 700;
/// Of a thousand stays, those at the facilities of the demonstration, which are read: at the first
/// of them as many as at the others together.
const DEMO_SHARE: u32 = 160;
/// Of a thousand stays, those cancelled, of day guests, refused.
const CANCELLED_SHARE: u32 = 20;
const NOT_REQUIRED_SHARE: u32 = 25;
const REFUSED_SHARE: u32 = 3;
/// Of a thousand stays, those whose guest the registry does not know as declared.
const MISMATCH_SHARE: u32 = 40;
/// Of the refused ones, every so many are still to be corrected.
const UNCORRECTED_EVERY: u32 = 4;
/// Cases of the last days are open.
const CASES_OPEN: TimeDelta = TimeDelta::days(30);
/// Guests are still there for that long.
const GUESTS_STAY: TimeDelta = TimeDelta::days(2);
/// From the declaration of a stay to its confirmation.
const DELIVERY: TimeDelta = TimeDelta::seconds(2);
/// The newest stays are on their way to the police, as after an outage of an hour or two.
const OPEN_TASK_COUNT: u64 = 2_000;
/// Bytes of what is sealed of a version.
const SEALED_LENGTH: usize = 560;
/// Bytes of a stay's wrapped key.
const KEY_LENGTH: usize = 76;

/// Where stays are, as far as their rows tell.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) facility_id: Uuid,
    pub(crate) organisation_id: Uuid,
    pub(crate) commune_code: &'static str,
    pub(crate) province_code: &'static str,
}

/// The tables that are filled, with the columns that are written.
const TABLES: [(&str, &str); 8] = [
    (
        "stay",
        "id, organisation_id, facility_id, facility_kind, commune_code, province_code, version, \
         presence, identity_state, delivery_state, delivery_version, completion_state, timeliness, \
         arrival_at, arrival_on, expected_departure_at, departed_at, received_at, deadline_at, \
         purpose, sex, age_band, nationality, document_kind, reference_index, document_index, \
         name_index, changed_at, sealed_key",
    ),
    (
        "stay_version",
        "stay_id, version, channel, created_by, received_at, sealed, content_index, \
         content_sha256, receipt_number, receipt_kid, receipt_signature, warnings, is_forwardable",
    ),
    (
        "outbox_task",
        "id, stay_id, version, kind, facility_id, destination, deadline_at, state, step, due_at, \
         claim_count, attempt_count, unclear_count, identity_state, body_sha256, created_at, \
         settled_at",
    ),
    (
        "audit_entry",
        "id, at, actor_kind, actor_id, action, subject_kind, subject_id, subject_version, digest",
    ),
    (
        "declaration_key",
        "key_hash, stay_id, created_at, expires_at",
    ),
    (
        "idempotency_key",
        "key_hash, request_hash, stay_id, version, created_at, expires_at",
    ),
    (
        "identity_try",
        "number_hash, person_hash, first_at, last_at",
    ),
    (
        "review_case",
        "id, kind, state, priority, commune_code, province_code, facility_id, stay_id, version, \
         detail, opened_at, closed_at",
    ),
];

/// Where a row goes: a place in [`TABLES`].
#[derive(Clone, Copy)]
enum Table {
    Stay,
    Version,
    Task,
    Audit,
    DeclarationKey,
    IdempotencyKey,
    Try,
    Case,
}

/// Writes `count` stays that end at `now`. Blocks: it is to run on a thread of its own.
pub(crate) fn write(
    psql: &Path,
    database_url: &str,
    demo: &[Place],
    count: u64,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let mut tables = TABLES
        .iter()
        .map(|(table, columns)| Copy::begin(psql, database_url, table, columns))
        .collect::<anyhow::Result<Vec<Copy>>>()?;
    let mut draws = StdRng::seed_from_u64(count);
    for number in 0..count {
        let past = SPAN.num_milliseconds() as f64 * (count - number) as f64 / count as f64;
        let stay = Past::new(&mut draws, demo, (number, count), now, past as i64);
        stay.write(&mut draws, &mut tables)?;
    }
    tables.into_iter().try_for_each(Copy::finish)
}

/// A `COPY … FROM STDIN` under way.
struct Copy {
    table: &'static str,
    child: Child,
    rows: BufWriter<ChildStdin>,
}

impl Copy {
    fn begin(
        psql: &Path,
        database_url: &str,
        table: &'static str,
        columns: &str,
    ) -> anyhow::Result<Self> {
        let mut child = Command::new(psql)
            .args([
                "--no-psqlrc",
                "--quiet",
                "--set=ON_ERROR_STOP=1",
                "--command",
            ])
            .arg(format!("COPY {table} ({columns}) FROM STDIN"))
            .arg(database_url)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .context("start psql")?;
        let rows = child.stdin.take().context("psql reads nothing")?;
        Ok(Self {
            table,
            child,
            rows: BufWriter::with_capacity(1 << 18, rows),
        })
    }

    fn finish(self) -> anyhow::Result<()> {
        let Self {
            table,
            mut child,
            rows,
        } = self;
        // The end of its input is the end of the rows.
        drop(rows.into_inner().with_context(|| format!("fill {table}"))?);
        let status = child.wait()?;
        ensure!(status.success(), "{table} was not filled");
        Ok(())
    }
}

/// A stay of the past.
struct Past {
    id: Uuid,
    place: Place,
    at: DateTime<Utc>,
    age: TimeDelta,
    presence: &'static str,
    delivery: &'static str,
    identity: &'static str,
    is_open: bool,
    reference: [u8; 32],
    document: [u8; 32],
    name: [u8; 32],
    receipt: String,
    at_demo: bool,
}

impl Past {
    fn new(
        draws: &mut StdRng,
        demo: &[Place],
        (number, count): (u64, u64),
        now: DateTime<Utc>,
        past_ms: i64,
    ) -> Self {
        let age = TimeDelta::milliseconds(past_ms);
        let at = now - age;
        let (place, at_demo) = place(draws, demo, count);
        let is_open = count - number <= OPEN_TASK_COUNT.min(count / 100);
        let fate = draws.random_range(0..1_000_u32);
        let is_refused = fate < REFUSED_SHARE;
        let delivery = if is_open {
            "queued"
        } else if is_refused && draws.random_range(0..UNCORRECTED_EVERY) == 0 {
            "rejected"
        } else if (500..500 + NOT_REQUIRED_SHARE).contains(&fate) {
            "not_required"
        } else {
            "acknowledged"
        };
        let presence = if (600..600 + CANCELLED_SHARE).contains(&fate) {
            "cancelled"
        } else if age < GUESTS_STAY {
            "present"
        } else {
            "departed"
        };
        let identity = match draws.random_range(0..1_000_u32) {
            known if known < MISMATCH_SHARE => "mismatch",
            known if known < 250 => "not_applicable",
            _ => "verified",
        };
        // One guest in three has been somewhere before.
        let guest = draws.random_range(0..count * 2 / 3 + 1);
        let mut of_guest = StdRng::seed_from_u64(guest);
        Self {
            id: uuid_v7(draws, at),
            place,
            at,
            age,
            presence,
            delivery,
            identity,
            is_open,
            reference: draws.random(),
            document: of_guest.random(),
            name: of_guest.random(),
            receipt: format!("LT-{}-{number:09}", local_date(at).format("%y%m%d")),
            at_demo,
        }
    }

    fn write(&self, draws: &mut StdRng, tables: &mut [Copy]) -> anyhow::Result<()> {
        let mut line = Line {
            tables,
            text: String::with_capacity(4_096),
        };
        self.write_stay(draws, &mut line)?;
        self.write_version(draws, &mut line)?;
        if self.delivery != "not_required" {
            self.write_task(draws, &mut line)?;
        }
        self.write_keys(draws, &mut line)?;
        let at = instant(self.at);
        line.uuid(uuid_v7(draws, self.at)).text(&at).text("api_key");
        line.uuid(self.place.organisation_id).text("stay.declared");
        line.text("stay").uuid(self.id).text("1");
        line.bytes(&draws.random::<[u8; 32]>());
        line.end(Table::Audit)?;
        // Officers see the facility: only those of the demonstration have rows.
        if self.identity == "mismatch" && self.at_demo {
            self.write_case(draws, &mut line)?;
        }
        Ok(())
    }

    fn write_stay(&self, draws: &mut StdRng, line: &mut Line<'_>) -> anyhow::Result<()> {
        let (at, place) = (instant(self.at), &self.place);
        let leaves_at = instant(self.at + GUESTS_STAY);
        line.uuid(self.id).uuid(place.organisation_id);
        line.uuid(place.facility_id).text("lodging_business");
        line.text(place.commune_code).text(place.province_code);
        line.text("1").text(self.presence).text(self.identity);
        line.text(self.delivery).text("1").text("complete");
        line.text("on_time").text(&at);
        line.text(&local_date(self.at).to_string()).text(&leaves_at);
        match self.presence {
            "departed" => line.text(&leaves_at),
            _ => line.null(),
        };
        line.text(&at).text(&instant(self.deadline_at()));
        line.text("tourism").text("male").text("18-59").text("VNM");
        line.text("citizen_card").bytes(&self.reference);
        line.bytes(&self.document).bytes(&self.name);
        line.text(&instant(self.changed_at()));
        line.random(draws, KEY_LENGTH);
        line.end(Table::Stay)
    }

    fn write_version(&self, draws: &mut StdRng, line: &mut Line<'_>) -> anyhow::Result<()> {
        line.uuid(self.id).text("1").text("rest");
        line.uuid(self.place.organisation_id);
        line.text(&instant(self.at)).random(draws, SEALED_LENGTH);
        line.random(draws, 32).random(draws, 32);
        line.text(&self.receipt).text("receipt-1");
        line.random(draws, 64).text("[]").text("t");
        line.end(Table::Version)
    }

    fn write_task(&self, draws: &mut StdRng, line: &mut Line<'_>) -> anyhow::Result<()> {
        let at = instant(self.at);
        let id = notification_id(self.id, 1, NotificationKind::Stay);
        let (state, step) = match self.delivery {
            "queued" => ("waiting", "check_identity"),
            "rejected" => ("refused", "notify_police"),
            _ => ("delivered", "notify_police"),
        };
        line.uuid(id).uuid(self.id).text("1").text("stay");
        line.uuid(self.place.facility_id)
            .text(self.place.commune_code);
        line.text(&instant(self.deadline_at()))
            .text(state)
            .text(step);
        line.text(&at).text("0").text("1").text("0");
        if self.is_open {
            line.null().null().text(&at).null();
        } else {
            line.text(self.identity).random(draws, 32).text(&at);
            line.text(&instant(self.at + DELIVERY));
        }
        line.end(Table::Task)
    }

    /// The keys that keep it from being made twice, as far as they have not run out.
    fn write_keys(&self, draws: &mut StdRng, line: &mut Line<'_>) -> anyhow::Result<()> {
        let at = instant(self.at);
        if self.presence != "cancelled" {
            line.bytes(&self.reference).uuid(self.id);
            line.text(&at).text(REFERENCE_ENDS);
            line.end(Table::DeclarationKey)?;
        }
        if self.age < KEYS_KEPT {
            line.random(draws, 32).random(draws, 32).uuid(self.id);
            line.text("1").text(&at).text(&instant(self.at + KEYS_KEPT));
            line.end(Table::IdempotencyKey)?;
        }
        if self.age < TRIES_KEPT {
            line.random(draws, 32).random(draws, 32);
            line.text(&at).text(&at);
            line.end(Table::Try)?;
        }
        Ok(())
    }

    fn write_case(&self, draws: &mut StdRng, line: &mut Line<'_>) -> anyhow::Result<()> {
        let at = instant(self.at);
        let is_open = self.age < CASES_OPEN;
        line.uuid(uuid_v7(draws, self.at)).text("mismatch");
        line.text(if is_open { "open" } else { "closed" }).text("2");
        line.text(self.place.commune_code)
            .text(self.place.province_code);
        line.uuid(self.place.facility_id).uuid(self.id);
        line.text("1").text("{}").text(&at);
        if is_open {
            line.null();
        } else {
            line.text(&instant(self.at + TimeDelta::days(1)));
        }
        line.end(Table::Case)
    }

    /// When it was confirmed, or the guest left.
    fn changed_at(&self) -> DateTime<Utc> {
        match self.presence {
            "departed" => self.at + GUESTS_STAY,
            _ if self.is_open => self.at,
            _ => self.at + DELIVERY,
        }
    }

    /// The evening of its day, as for a citizen: many stays share one.
    fn deadline_at(&self) -> DateTime<Utc> {
        let evening = local_date(self.at).and_hms_opt(16, 0, 0);
        evening.map_or(self.at, |evening| evening.and_utc())
    }
}

/// Where a stay is, and whether at a facility of the demonstration. Small facilities are many.
fn place(draws: &mut StdRng, demo: &[Place], count: u64) -> (Place, bool) {
    let is_demo = draws.random_range(0..1_000_u32) < DEMO_SHARE;
    if let ([first, others @ ..], true) = (demo, is_demo) {
        let other = others.get(draws.random_range(0..2 * others.len().max(1)));
        return (*other.unwrap_or(first), true);
    }
    let facility_count = count / STAYS_OF_A_FACILITY + 1;
    let share: f64 = draws.random();
    let facility = (share * share * facility_count as f64) as u64;
    let place = Place {
        facility_id: Uuid::from_u128(u128::from(facility) << 64 | 0x1_0000),
        organisation_id: Uuid::from_u128(u128::from(facility % 199) << 64 | 0x2_0000),
        commune_code: "00004",
        province_code: "01",
    };
    (place, false)
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A UUIDv7 of this instant.
fn uuid_v7(draws: &mut StdRng, at: DateTime<Utc>) -> Uuid {
    let milliseconds = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &draws.random()).into_uuid()
}

/// A row being written, in the text format of COPY.
struct Line<'a> {
    tables: &'a mut [Copy],
    text: String,
}

impl Line<'_> {
    fn text(&mut self, value: &str) -> &mut Self {
        if !self.text.is_empty() {
            self.text.push('\t');
        }
        self.text.push_str(value);
        self
    }

    fn null(&mut self) -> &mut Self {
        self.text("\\N")
    }

    fn uuid(&mut self, id: Uuid) -> &mut Self {
        self.text(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.text("\\\\x");
        self.text.push_str(&hex::encode(bytes));
        self
    }

    fn random(&mut self, draws: &mut StdRng, length: usize) -> &mut Self {
        let mut bytes = vec![0; length];
        draws.fill(&mut bytes[..]);
        self.bytes(&bytes)
    }

    fn end(&mut self, table: Table) -> anyhow::Result<()> {
        self.text.push('\n');
        let copy = self.tables.get_mut(table as usize);
        let copy = copy.context("no such table")?;
        let written = copy.rows.write_all(self.text.as_bytes());
        written.with_context(|| format!("fill {}", copy.table))?;
        self.text.clear();
        Ok(())
    }
}
