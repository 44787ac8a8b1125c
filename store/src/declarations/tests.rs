//! What one statement writes is what a transaction would have written.

use std::time::Duration;

use ::tests::{Link, TestDatabase, Weather, eventually};
use chrono::{TimeDelta, TimeZone};
use domain::{
    audit::{Action, SubjectKind},
    change::ChangeKind,
    document::DocumentKind,
    facility::FacilityKind,
    notification::notification_id,
    purpose::Purpose,
    review::ReviewKind,
    stay::{Channel, CompletionState, DeliveryState, IdentityState, NotificationKind, Timeliness},
};

use super::*;
use crate::{ConnectOptions, audit::Actor, pool::suspicion::IDLE_TRUSTED};

const TABLES: [&str; 9] = [
    "declaration_key",
    "idempotency_key",
    "stay",
    "stay_version",
    "outbox_task",
    "audit_entry",
    "event",
    "review_case",
    "identity_try",
];

/// A migrated PostgreSQL.
struct Store {
    db: Database,
    database: TestDatabase,
}

impl Store {
    async fn open() -> Self {
        let database = ::tests::Database::Postgres.create().await;
        let db = connect(database.url()).await;
        crate::schema::migrate(&db).await.unwrap();
        Self { db, database }
    }

    async fn rows_of(&self, table: &str) -> Vec<String> {
        // A key that has run out is free, whether its row is still there or not.
        let condition = match table {
            "declaration_key" => "WHERE expires_at > '2026-11-23T04:00:00Z'",
            _ => "",
        };
        let query = format!("SELECT t::text FROM {table} t {condition} ORDER BY 1");
        self.database.texts(&query).await
    }

    async fn stay_count(&self) -> i64 {
        self.database.count("SELECT COUNT(*) FROM stay").await
    }
}

async fn connect(url: &str) -> Database {
    let options = ConnectOptions {
        writer_count_max: 1,
        ..ConnectOptions::default()
    };
    Database::connect(url, &options).await.unwrap()
}

/// As a committer does it: what the statement leaves is for a transaction.
async fn write_both_ways(db: &Database, group: &[&NewDeclaration]) -> (Vec<Judged>, usize) {
    let clean = write_clean(db, group).await.unwrap();
    let left = left(group, &clean);
    let noticed = write_noticed(db, &left).await.unwrap();
    let rest = self::left(&left, &noticed);
    let mut rest = match rest.is_empty() {
        true => Vec::new(),
        false => write(db, &rest).await.unwrap(),
    }
    .into_iter();
    let mut noticed = noticed
        .into_iter()
        .map(|judged| judged.or_else(|| rest.next()));
    let judged = clean
        .into_iter()
        .map(|judged| judged.or_else(|| noticed.next().flatten()));
    (judged.map(Option::unwrap).collect(), left.len())
}

/// What of a group is not judged yet.
fn left<'a>(group: &[&'a NewDeclaration], judged: &[Option<Judged>]) -> Vec<&'a NewDeclaration> {
    let unjudged = group
        .iter()
        .zip(judged)
        .filter(|(_, judged)| judged.is_none());
    unjudged.map(|(one, _)| *one).collect()
}

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn comes_up(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A hash with nothing in it but what makes it different.
fn hash(domain: u8, number: u64) -> [u8; 32] {
    let mut hash = [domain; 32];
    hash[24..].copy_from_slice(&number.to_be_bytes());
    hash
}

/// What differs between the declarations of a test.
#[derive(Clone, Default)]
struct Sketch {
    id: u128,
    reference: u64,
    content: u64,
    sent_key: Option<u64>,
    document: Option<u64>,
    party: Option<u64>,
    name: u64,
    minutes: i64,
    arrival_day: i64,
    days: Option<i64>,
    is_forwarded: bool,
    is_late: bool,
    is_timeless: bool,
    key_minutes: i64,
}

/// Of a reference and a document of its own.
fn plain(number: u64) -> Sketch {
    Sketch {
        id: u128::from(number),
        reference: number,
        content: number,
        sent_key: Some(number),
        document: Some(number),
        key_minutes: 1_000,
        ..Sketch::default()
    }
}

fn beginning() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 3, 0, 0).unwrap()
}

impl Sketch {
    fn received_at(&self) -> DateTime<Utc> {
        beginning() + TimeDelta::minutes(self.minutes)
    }

    fn drawn(&self) -> NewDeclaration {
        let (stay, version) = (self.stay(), self.version());
        let received_at = self.received_at();
        let place = (Uuid::from_u128(self.id + (1 << 100)), received_at);
        let subject = (SubjectKind::Stay, stay.id);
        let late = |kind| NewCase::of_version(stay.id, 1, kind, serde_json::json!({}), received_at);
        let mut audit = crate::audit::entry(
            place,
            Actor::Key(version.created_by),
            Action::StayDeclared,
            subject,
        );
        audit.subject_version = Some(1);
        audit.digest = Some(version.content_sha256.clone());
        NewDeclaration {
            uniqueness: Uniqueness {
                key_hash: hash(1, self.reference),
                expires_at: received_at + TimeDelta::minutes(self.key_minutes),
                is_timeless: self.is_timeless,
            },
            idempotency: self.sent_key.map(|key| Idempotency {
                key_hash: hash(2, key),
                request_hash: hash(3, self.content),
                expires_at: received_at + TimeDelta::minutes(12),
            }),
            task: self.is_forwarded.then(|| self.task(&stay)),
            audit,
            event: self.event(&stay),
            cases: self
                .is_late
                .then(|| late(ReviewKind::Late))
                .into_iter()
                .collect(),
            identity_try: self.document.map(|document| Try {
                number_hash: hash(4, document)[16..].to_vec(),
                person_hash: hash(5, self.name)[16..].to_vec(),
                at: received_at,
            }),
            stay,
            version,
        }
    }

    fn stay(&self) -> entity::stay::Model {
        let received_at = self.received_at();
        let arrival_at = beginning() + TimeDelta::days(self.arrival_day);
        let facility = u128::from(self.reference % 2);
        entity::stay::Model {
            id: Uuid::from_u128(self.id),
            organisation_id: Uuid::from_u128(10),
            facility_id: Uuid::from_u128(20 + facility),
            facility_kind: FacilityKind::LodgingBusiness.into(),
            commune_code: format!("1653{facility}"),
            province_code: "38".to_owned(),
            version: 1,
            presence: Presence::Present.into(),
            identity_state: IdentityState::Pending.into(),
            identity_review: None,
            delivery_state: match self.is_forwarded {
                true => DeliveryState::Queued.into(),
                false => DeliveryState::NotRequired.into(),
            },
            delivery_version: 1,
            police_reference: None,
            delivery_reason: None,
            completion_state: CompletionState::Due.into(),
            owed: Some("[\"/guest/document\"]".to_owned()),
            timeliness: Timeliness::OnTime.into(),
            arrival_at,
            arrival_on: arrival_at.date_naive(),
            expected_departure_at: self.days.map(|days| arrival_at + TimeDelta::days(days)),
            departed_at: None,
            received_at,
            deadline_at: received_at + TimeDelta::hours(12),
            purpose: Purpose::Tourism.into(),
            sex: None,
            age_band: Some("18-59".to_owned()),
            nationality: Some("KOR".to_owned()),
            document_kind: DocumentKind::Passport.into(),
            reference_index: Some(hash(1, self.reference).to_vec()),
            document_index: self.document.map(|document| hash(6, document).to_vec()),
            name_index: Some(hash(7, self.name).to_vec()),
            party_index: self.party.map(|party| hash(8, party).to_vec()),
            changed_at: received_at,
            sealed_key: Some(vec![9; 93]),
            departure_noted_for: None,
            attention_version: None,
        }
    }

    fn version(&self) -> entity::stay_version::Model {
        entity::stay_version::Model {
            stay_id: Uuid::from_u128(self.id),
            version: 1,
            channel: Channel::Rest.into(),
            created_by: Uuid::from_u128(30 + u128::from(self.content % 2)),
            received_at: self.received_at(),
            sealed: vec![1; 600],
            content_index: hash(3, self.content).to_vec(),
            content_sha256: hash(9, self.content).to_vec(),
            receipt_number: format!("LT-{}", self.id),
            receipt_kid: "kid".to_owned(),
            receipt_signature: vec![2; 64],
            warnings: "[]".to_owned(),
            owed: Some("[\"/guest/document\"]".to_owned()),
            is_forwardable: self.is_forwarded,
            change_kind: ChangeKind::Declared.into(),
            change_index: None,
            sealed_reason: None,
            presence: Presence::Present.into(),
            delivery_version: i32::from(self.is_forwarded),
            as_of: None,
        }
    }

    fn task(&self, stay: &entity::stay::Model) -> NewTask {
        let kind = NotificationKind::Stay;
        NewTask {
            id: notification_id(stay.id, 1, kind),
            stay_id: stay.id,
            version: 1,
            kind,
            facility_id: stay.facility_id,
            commune_code: stay.commune_code.clone(),
            deadline_at: stay.deadline_at,
            due_at: stay.received_at,
            trace_parent: self.name.is_multiple_of(2).then(|| "00-1-2-01".to_owned()),
            created_at: stay.received_at,
        }
    }

    fn event(&self, stay: &entity::stay::Model) -> entity::event::Model {
        entity::event::Model {
            id: Uuid::from_u128(self.id + (1 << 101)),
            organisation_id: Some(stay.organisation_id),
            facility_id: Some(stay.facility_id),
            stay_id: Some(stay.id),
            version: Some(1),
            kind: ChangeKind::Declared.event().into(),
            detail: "{\"channel\":\"rest\"}".to_owned(),
            created_at: stay.received_at,
            sequence: None,
        }
    }
}

/// Fresh stays, resends, taken references, keys used again, twins, families and late filings, a
/// minute a group; keys run out on the way.
fn history(seed: u64) -> Vec<Vec<NewDeclaration>> {
    let mut dice = Dice(seed);
    let mut id = 0;
    let groups = (0..60).map(|minutes| {
        let mut seen = HashSet::new();
        let mut group = Vec::new();
        for _ in 0..=dice.below(11) {
            id += 1;
            let reference = dice.below(150);
            let sent_key = dice.comes_up(70).then(|| match dice.comes_up(80) {
                true => reference,
                false => dice.below(150),
            });
            let is_twin =
                !seen.insert((1, reference)) || sent_key.is_some_and(|key| !seen.insert((2, key)));
            if is_twin {
                continue;
            }
            let sketch = Sketch {
                id,
                reference,
                content: reference * 2 + dice.below(4) / 3,
                sent_key,
                document: dice.comes_up(80).then(|| dice.below(60)),
                party: dice.comes_up(40).then(|| dice.below(3)),
                name: dice.below(3),
                minutes,
                arrival_day: i64::try_from(dice.below(20)).unwrap(),
                days: dice
                    .comes_up(80)
                    .then(|| i64::try_from(dice.below(3)).unwrap() + 1),
                is_forwarded: dice.comes_up(80),
                is_late: dice.comes_up(10),
                is_timeless: dice.comes_up(10),
                key_minutes: if dice.comes_up(80) { 1_000 } else { 5 },
            };
            group.push(sketch.drawn());
        }
        group
    });
    groups.collect()
}

#[tokio::test]
async fn a_history_is_the_same_by_either_way() {
    let (slow, fast) = tokio::join!(Store::open(), Store::open());
    let (mut clean_count, mut left_count, mut kinds) = (0, 0, HashSet::new());
    for seed in [0x5EED, 0xBEEF, 7] {
        for group in history(seed) {
            let group: Vec<&NewDeclaration> = group.iter().collect();
            let expected = write(&slow.db, &group).await.unwrap();
            let (judged, left) = write_both_ways(&fast.db, &group).await;
            assert_eq!(judged, expected, "seed {seed}");
            clean_count += group.len() - left;
            left_count += left;
            kinds.extend(
                judged
                    .iter()
                    .map(|one| std::mem::discriminant(&one.outcome)),
            );
        }
        for table in TABLES {
            let (expected, rows) = tokio::join!(slow.rows_of(table), fast.rows_of(table));
            assert_eq!(rows, expected, "{table}, seed {seed}");
            assert!(!rows.is_empty(), "{table} is used");
        }
        let empty = TABLES.join(", ");
        for store in [&slow, &fast] {
            store.database.execute(&format!("TRUNCATE {empty}")).await;
        }
    }
    assert!(
        clean_count > 200 && left_count > 200,
        "{clean_count} {left_count}"
    );
    assert_eq!(kinds.len(), 4, "written, replayed, in conflict, reused");
}

#[tokio::test]
async fn a_clean_group_is_one_statement() {
    let store = Store::open().await;
    let (link, url) = Link::to_database(store.database.url()).await;
    let db = connect(&url).await;
    // Prepares the statement.
    write_clean(&db, &[&plain(1).drawn()]).await.unwrap();
    let group: Vec<NewDeclaration> = (100..132).map(|number| plain(number).drawn()).collect();
    let group: Vec<&NewDeclaration> = group.iter().collect();
    let before = link.statement_count();
    let judged = write_clean(&db, &group).await.unwrap();
    assert_eq!(link.statement_count() - before, 1);
    let written = Some(Judged {
        outcome: DeclarationOutcome::Written,
        warnings: None,
    });
    assert_eq!(judged, vec![written; 32]);
    assert_eq!(store.stay_count().await, 33);
    let before = link.statement_count();
    write(&db, &[&plain(2).drawn()]).await.unwrap();
    assert_eq!(link.statement_count() - before, 10, "as a transaction");
}

/// A returning guest: warned about, and a case for the police, in two statements.
#[tokio::test]
async fn what_has_neighbours_is_two_statements() {
    let store = Store::open().await;
    let (link, url) = Link::to_database(store.database.url()).await;
    let db = connect(&url).await;
    let known = |number| Sketch {
        document: Some(7),
        ..plain(number)
    };
    for number in [1, 2] {
        // The second prepares the statements.
        write_both_ways(&db, &[&known(number).drawn()]).await;
    }
    let (guest, stranger) = (known(3).drawn(), plain(4).drawn());
    let before = link.statement_count();
    let (judged, left_count) = write_both_ways(&db, &[&guest, &stranger]).await;
    assert_eq!(
        link.statement_count() - before,
        3,
        "with that of the stranger"
    );
    assert_eq!(left_count, 1);
    assert_eq!(judged[0].outcome, DeclarationOutcome::Written);
    assert!(judged[0].warnings.is_some());
    assert_eq!(judged[1].warnings, None);
    assert_eq!(store.stay_count().await, 4);
    let of_guest = format!(
        "SELECT COUNT(*) FROM review_case WHERE stay_id = '{}'",
        guest.stay.id
    );
    assert!(store.database.count(&of_guest).await > 0, "a case");
}

/// Two processes that declare the same at the same time: the later one's statement is undone
/// whole, and its transaction finds what the first one wrote.
#[tokio::test]
async fn a_key_taken_meanwhile_undoes_the_whole_statement() {
    let store = Store::open().await;
    let other = connect(store.database.url()).await;
    let rival = plain(1).drawn();
    let transaction = write::begin(&other).await.unwrap();
    let rivals = [&rival];
    take_declaration_keys(&transaction, &rivals).await.unwrap();
    let no_notices = HashMap::new();
    insert_stays(&transaction, &rivals, &no_notices)
        .await
        .unwrap();

    let later = Sketch { id: 3, ..plain(1) };
    let (neighbour, later) = (plain(2).drawn(), later.drawn());
    let group = [&neighbour, &later];
    let (judged, ()) = tokio::join!(write_clean(&store.db, &group), async {
        let waiting = "SELECT COUNT(*) FROM pg_stat_activity \
             WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually("a lock", Duration::from_secs(20), async || {
            store.database.count(waiting).await == 1
        })
        .await;
        write::commit(transaction).await.unwrap();
    });
    assert_eq!(judged.unwrap(), [None, None]);
    assert_eq!(store.stay_count().await, 1);
    let outcomes = write(&store.db, &group).await.unwrap();
    let replayed = DeclarationOutcome::Replayed {
        stay_id: rival.stay.id,
        version: 1,
    };
    assert_eq!(outcomes[0].outcome, DeclarationOutcome::Written);
    assert_eq!(outcomes[1].outcome, replayed);
}

#[tokio::test]
async fn a_connection_cut_during_the_statement_leaves_the_outcome_unknown() {
    let store = Store::open().await;
    let (link, url) = Link::to_database(store.database.url()).await;
    let db = connect(&url).await;
    write_clean(&db, &[&plain(1).drawn()]).await.unwrap();
    // The weather, and how many are there afterwards.
    let table = [(Weather::CutBeforeCommit, 1), (Weather::CutAfterCommit, 2)];
    for (weather, expected) in table {
        let declaration = plain(2).drawn();
        link.set(weather);
        let written = write_clean(&db, &[&declaration]).await;
        assert!(matches!(written, Err(Error::OutcomeUnknown)), "{weather:?}");
        link.mend();
        eventually("the rows", Duration::from_secs(20), async || {
            store.stay_count().await == expected
        })
        .await;
        assert_eq!(
            store.rows_of("declaration_key").await.len(),
            usize::try_from(expected).unwrap()
        );
    }
    // The key that the lost statement took answers for it.
    let again = write_both_ways(&db, &[&plain(2).drawn()]).await.0;
    let stay_id = plain(2).stay().id;
    assert_eq!(
        again[0].outcome,
        DeclarationOutcome::Replayed {
            stay_id,
            version: 1
        }
    );
}

/// A restart of the server is no reason to leave an outcome open.
#[tokio::test]
async fn a_connection_that_died_while_it_lay_idle_is_replaced_first() {
    let store = Store::open().await;
    write_clean(&store.db, &[&plain(1).drawn()]).await.unwrap();
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    store.database.execute(others).await;
    tokio::time::sleep(IDLE_TRUSTED).await;
    let judged = write_clean(&store.db, &[&plain(2).drawn()]).await.unwrap();
    assert!(judged[0].is_some());
    assert_eq!(store.stay_count().await, 2);
}
