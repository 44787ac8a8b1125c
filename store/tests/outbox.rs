//! The outbox on both databases: which tasks may be claimed, and in which order.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends, with a sentence"
)]

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    operator::TaskStep,
    stay::{IdentityState, NotificationKind},
};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, IntoActiveModel,
    Statement,
};
use store::{
    ConnectOptions, Database,
    outbox::{self, Candidate, Communes, Task},
    results::{self, TaskProgress, TaskResult},
};
use tests::{TestDatabase, on_both_databases};
use uuid::Uuid;

#[path = "samples/rows.rs"]
mod rows;

on_both_databases![
    versions_of_a_stay_are_claimed_one_after_the_other,
    what_is_settled_holds_nothing_back,
    a_late_identity_result_holds_back_once_it_is_under_way,
    an_identity_result_is_not_fixed_once_there_is_a_later_version,
    a_needless_task_is_taken_away_by_its_holder_only,
    a_backlog_of_100_000_is_claimed_from_its_beginning,
];

const STAY: NotificationKind = NotificationKind::Stay;
const IDENTITY_RESULT: NotificationKind = NotificationKind::IdentityResult;
const CANCELLATION: NotificationKind = NotificationKind::Cancellation;
const LEASE_SECONDS: u32 = 30;

/// A database with an outbox and nothing in it.
struct Outbox {
    db: Database,
    connection: DatabaseConnection,
    now: DateTime<Utc>,
    _database: TestDatabase,
}

impl Outbox {
    async fn open(database: tests::Database) -> Self {
        let database = database.create().await;
        let db = Database::connect(database.url(), &ConnectOptions::default())
            .await
            .unwrap();
        store::schema::migrate(&db).await.unwrap();
        Self {
            db,
            connection: sea_orm::Database::connect(database.url()).await.unwrap(),
            // Leases go by the server's clock where there is one.
            now: tests::now().to_utc(),
            _database: database,
        }
    }

    /// A task of version `version` of the stay `stay`, its id told by all three.
    async fn add(&self, stay: u128, version: i32, kind: NotificationKind) -> Uuid {
        let task = task(self.now, stay, version, kind);
        let id = task.id;
        task.into_active_model()
            .reset_all()
            .insert(&self.connection)
            .await
            .unwrap();
        id
    }

    async fn claim(&self) -> Vec<Task> {
        let due = outbox::due(&self.db, self.now, &Communes::All, None, 100).await;
        let ids: Vec<Uuid> = due.unwrap().iter().map(|task| task.id).collect();
        outbox::claim(&self.db, &ids, fresh_id(), self.now, LEASE_SECONDS)
            .await
            .unwrap()
    }

    async fn claimed_ids(&self) -> Vec<Uuid> {
        self.claim().await.iter().map(|task| task.id).collect()
    }

    /// Records the outcome of a task; true when its lease held.
    async fn record(&self, task: &Task, progress: TaskProgress) -> bool {
        let result = TaskResult::new(task, task.lease_id.unwrap(), progress);
        results::record(&self.db, &[&result], self.now)
            .await
            .unwrap()
            == [true]
    }

    async fn later_version(&self, stay: u128, version: i32) {
        let id = Uuid::from_u128(stay);
        stay_row(id, version, self.now)
            .into_active_model()
            .reset_all()
            .insert(&self.connection)
            .await
            .unwrap();
    }
}

fn fresh_id() -> Uuid {
    Uuid::from_u128(tests::people::next().into())
}

fn id_of(stay: u128, version: i32, kind: NotificationKind) -> Uuid {
    let kind = [STAY, IDENTITY_RESULT, CANCELLATION]
        .iter()
        .position(|one| *one == kind)
        .unwrap();
    Uuid::from_u128(stay << 16 | u128::from(version.unsigned_abs()) << 8 | kind as u128)
}

fn task(now: DateTime<Utc>, stay: u128, version: i32, kind: NotificationKind) -> Task {
    Task {
        version,
        kind: kind.into(),
        deadline_at: now + TimeDelta::hours(1),
        due_at: now - TimeDelta::seconds(1),
        ..rows::task(id_of(stay, version, kind), Uuid::from_u128(stay), now)
    }
}

fn stay_row(id: Uuid, delivery_version: i32, now: DateTime<Utc>) -> entity::stay::Model {
    entity::stay::Model {
        version: delivery_version,
        delivery_version,
        ..rows::stay(id, now)
    }
}

fn fixed() -> TaskProgress {
    TaskProgress::Fixed {
        identity_state: IdentityState::Verified,
        body_sha256: vec![1; 32],
        sealed_body: vec![2; 64],
    }
}

async fn versions_of_a_stay_are_claimed_one_after_the_other(database: tests::Database) {
    let outbox = Outbox::open(database).await;
    let at = outbox.now;
    // Worst first: neither the order of insertion nor that of ids helps.
    outbox.add(1, 3, CANCELLATION).await;
    outbox.add(1, 2, CANCELLATION).await;
    outbox.add(1, 2, STAY).await;
    outbox.add(1, 1, STAY).await;
    outbox.add(2, 7, STAY).await;
    let order = [
        vec![id_of(1, 1, STAY), id_of(2, 7, STAY)],
        vec![id_of(1, 2, STAY)],
        vec![id_of(1, 2, CANCELLATION)],
        vec![id_of(1, 3, CANCELLATION)],
    ];
    for expected in order {
        let claimed = outbox.claim().await;
        let ids: Vec<Uuid> = claimed.iter().map(|task| task.id).collect();
        assert_eq!(ids, expected);
        assert!(outbox.claimed_ids().await.is_empty(), "while it is leased");
        for task in &claimed {
            let again = TaskProgress::Retry {
                due_at: at + TimeDelta::hours(1),
                is_unclear: false,
            };
            assert!(outbox.record(task, again).await);
        }
        let waiting = outbox.claimed_ids().await;
        assert!(waiting.is_empty(), "while it waits: {waiting:?}");
        let hasten = async |latest| {
            let span = (at, latest);
            outbox::hasten(
                &outbox.db,
                TaskStep::CheckIdentity,
                &Communes::All,
                span,
                100,
            )
            .await
            .unwrap()
        };
        let asked_for = hasten(at + TimeDelta::minutes(59)).await;
        assert_eq!(asked_for, 0, "what waits longer than that is left alone");
        hasten(at + TimeDelta::hours(2)).await;
        for task in outbox.claim().await {
            assert!(outbox.record(&task, TaskProgress::Delivered { at }).await);
        }
    }
}

/// PostgreSQL only: on SQLite all go by one clock.
#[tokio::test]
async fn what_a_wrong_clock_puts_off_is_due_by_the_servers() {
    let mut outbox = Outbox::open(tests::Database::Postgres).await;
    outbox.add(1, 1, STAY).await;
    let right = outbox.now;
    let pause = TimeDelta::minutes(10);
    for wrong_by in [TimeDelta::days(1), TimeDelta::days(-1)] {
        outbox.now = right;
        let task = outbox.claim().await.remove(0);
        // The worker's clock jumps while it has the task.
        outbox.now = right + wrong_by;
        let due_at = outbox.now + pause;
        let again = TaskProgress::Retry {
            due_at,
            is_unclear: false,
        };
        assert!(outbox.record(&task, again).await);
        outbox.now = right + pause - TimeDelta::minutes(1);
        assert!(outbox.claim().await.is_empty(), "{wrong_by} ahead");
        outbox.now = right + pause + TimeDelta::minutes(1);
        let claimed = outbox.claim().await;
        assert_eq!(claimed.len(), 1, "{wrong_by} ahead");
        // Due at once, for the next row.
        let at_once = TaskProgress::Retry {
            due_at: outbox.now - pause,
            is_unclear: false,
        };
        assert!(outbox.record(&claimed[0], at_once).await);
    }
}

async fn what_is_settled_holds_nothing_back(database: tests::Database) {
    let outbox = Outbox::open(database).await;
    let at = outbox.now;
    let endings = [
        TaskProgress::Delivered { at },
        TaskProgress::Refused { at },
        TaskProgress::Parked { at },
    ];
    for (stay, ending) in (1..).zip(endings) {
        outbox.add(stay, 1, STAY).await;
        outbox.add(stay, 2, STAY).await;
        let first = outbox.claim().await;
        assert_eq!(first.len(), 1);
        assert!(outbox.record(&first[0], ending).await);
        assert_eq!(outbox.claimed_ids().await, [id_of(stay, 2, STAY)]);
    }
}

async fn a_late_identity_result_holds_back_once_it_is_under_way(database: tests::Database) {
    let outbox = Outbox::open(database).await;
    // Waiting for the registry: it may stay away for days.
    outbox.add(1, 1, IDENTITY_RESULT).await;
    outbox.add(1, 2, STAY).await;
    let both: HashSet<Uuid> = outbox.claimed_ids().await.into_iter().collect();
    let expected = [id_of(1, 1, IDENTITY_RESULT), id_of(1, 2, STAY)];
    assert_eq!(both, expected.into());

    outbox.add(2, 1, IDENTITY_RESULT).await;
    let claimed = outbox.claim().await;
    outbox.add(2, 2, STAY).await;
    assert!(outbox.claimed_ids().await.is_empty(), "a worker has it");
    assert!(outbox.record(&claimed[0], fixed()).await);
    assert!(outbox.claimed_ids().await.is_empty(), "its bytes are fixed");
    let at = outbox.now;
    assert!(
        outbox
            .record(&claimed[0], TaskProgress::Delivered { at })
            .await
    );
    assert_eq!(outbox.claimed_ids().await, [id_of(2, 2, STAY)]);
}

async fn an_identity_result_is_not_fixed_once_there_is_a_later_version(database: tests::Database) {
    let outbox = Outbox::open(database).await;
    for (stay, delivery_version, kind, is_fixed) in [
        (1, 2, IDENTITY_RESULT, false),
        (2, 1, IDENTITY_RESULT, true),
        (3, 2, STAY, true),
    ] {
        outbox.later_version(stay, delivery_version).await;
        outbox.add(stay, 1, kind).await;
        let claimed = outbox.claim().await;
        let held = outbox.record(&claimed[0], fixed()).await;
        assert_eq!(held, is_fixed, "{kind} beside version {delivery_version}");
    }
}

async fn a_needless_task_is_taken_away_by_its_holder_only(database: tests::Database) {
    let outbox = Outbox::open(database).await;
    outbox.add(1, 1, IDENTITY_RESULT).await;
    let mut task = outbox.claim().await.remove(0);
    let lease_id = task.lease_id.replace(fresh_id());
    assert!(!outbox.record(&task, TaskProgress::Needless).await);
    task.lease_id = lease_id;
    assert!(outbox.record(&task, TaskProgress::Needless).await);
    assert!(!outbox.record(&task, TaskProgress::Needless).await);
    let backlogs = store::tasks::backlogs(&outbox.db, outbox.now).await;
    assert_eq!(backlogs.unwrap(), []);
}

/// Tasks of this test, and updates of each before it is settled: claimed, fixed.
const HOT_TASK_COUNT: u128 = 200;

/// A claimed and a fixed task stay in their page, without new entries in the indexes; only the
/// settled one leaves the indexes of what is open.
#[tokio::test]
async fn on_postgres_a_task_is_claimed_and_fixed_where_it_lies() {
    let outbox = Outbox::open(tests::Database::Postgres).await;
    for stay in 1..=HOT_TASK_COUNT {
        outbox.add(stay, 1, STAY).await;
        for task in outbox.claim().await {
            assert_eq!(outbox::state(&task), "claimed");
            let fixed = TaskProgress::Fixed {
                identity_state: IdentityState::Verified,
                body_sha256: vec![1; 32],
                sealed_body: vec![2; 600],
            };
            assert!(outbox.record(&task, fixed).await);
            let at = outbox.now;
            assert!(outbox.record(&task, TaskProgress::Delivered { at }).await);
        }
    }
    // What a session did is counted when it ends.
    outbox.db.close().await;
    let query = "SELECT n_tup_hot_upd FROM pg_stat_user_tables \
         WHERE relname = 'outbox_task' AND n_tup_upd = 3 * ";
    let query = format!("{query}{HOT_TASK_COUNT}");
    let counted = async {
        loop {
            let statement = Statement::from_string(DbBackend::Postgres, query.as_str());
            let row = outbox.connection.query_one_raw(statement).await.unwrap();
            if let Some(row) = row {
                return row.try_get_by_index::<i64>(0).unwrap();
            }
            tokio::task::yield_now().await;
        }
    };
    let hot_count = tokio::time::timeout(Duration::from_secs(10), counted).await;
    let hot_count = hot_count.unwrap();
    let updated = i64::try_from(2 * HOT_TASK_COUNT).unwrap();
    assert!(hot_count * 10 >= updated * 8, "{hot_count} of {updated}");
}

const BACKLOG_COUNT: u32 = 100_000;
/// Rows of one statement: SQLite takes 32,766 parameters.
const INSERT_COUNT: usize = 1_000;
const CLAIM_COUNT: usize = 200;
const ROUND_COUNT: usize = 10;
/// For a claim, on a machine that does other things too.
const CLAIM_DURATION_MAX: Duration = Duration::from_secs(2);

/// Deadlines over a day, in no order of insertion.
fn backlog(now: DateTime<Utc>) -> Vec<Task> {
    (0..BACKLOG_COUNT)
        .map(|number| {
            let mut task = task(now, u128::from(number) + 1, 1, STAY);
            let second = i64::from(number.wrapping_mul(2_654_435_761) % 86_400);
            task.deadline_at = now + TimeDelta::seconds(second);
            task.facility_id = Uuid::from_u128(u128::from(number % 100));
            task
        })
        .collect()
}

async fn a_backlog_of_100_000_is_claimed_from_its_beginning(database: tests::Database) {
    let outbox = Outbox::open(database).await;
    let mut tasks = backlog(outbox.now);
    for part in tasks.chunks(INSERT_COUNT) {
        let rows = part.iter().cloned();
        let rows = rows.map(|task| task.into_active_model().reset_all());
        entity::outbox_task::Entity::insert_many(rows)
            .exec_without_returning(&outbox.connection)
            .await
            .unwrap();
    }
    tasks.sort_by_key(|task| (task.deadline_at, task.id));
    let mut expected = tasks.iter().map(|task| task.id);
    for round in 0..ROUND_COUNT {
        let started = Instant::now();
        let due = async |after, limit| {
            outbox::due(&outbox.db, outbox.now, &Communes::All, after, limit)
                .await
                .unwrap()
        };
        let window = due(None, CLAIM_COUNT).await;
        assert_eq!(window.len(), CLAIM_COUNT, "no more than asked for");
        let behind = due(window.last().map(Candidate::place), CLAIM_COUNT).await;
        let ids_of = |tasks: &[Candidate]| tasks.iter().map(|one| one.id).collect::<Vec<_>>();
        let next = tasks[(round + 1) * CLAIM_COUNT..]
            .iter()
            .map(|task| task.id);
        assert!(next.take(CLAIM_COUNT).eq(ids_of(&behind)), "in one row");
        let first = ids_of(&window);
        let claimed =
            outbox::claim(&outbox.db, &first, fresh_id(), outbox.now, LEASE_SECONDS).await;
        let took = started.elapsed();
        assert!(took < CLAIM_DURATION_MAX, "round {round} took {took:?}");
        for task in claimed.unwrap() {
            assert_eq!(Some(task.id), expected.next(), "an inversion");
        }
    }
}
