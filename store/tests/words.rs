//! A damaged word is an error where it is used: the row, and the list it stands in, can be read.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends, with a sentence"
)]

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use domain::{
    audit::SubjectKind,
    change::ChangeKind,
    coded::Coded,
    event::EventKind,
    import::ImportState,
    operator::{AttemptOutcome, DestinationState, PeerName, TaskState},
    review::ReviewState,
    sex::Sex,
    stay::{Channel, IdentityReview, IdentityState, Presence},
    webhook::EventProgress,
};
use entity::{
    api_key, attempt, audit_entry, destination, event, facility, import, import_row, outbox_task,
    review_case, review_decision, stay, stay_version, webhook, webhook_delivery,
};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, EntityTrait, IntoActiveModel, ModelTrait,
};
use store::{
    Backend, ConnectOptions, Database, Error, consistency,
    directory::{self, ListPart},
    facilities, key_ring, webhooks,
    word::{Unreadable, Word},
};
use tests::{TestDatabase, on_both_databases};
use uuid::Uuid;

#[path = "samples/others.rs"]
mod others;
#[path = "samples/rows.rs"]
mod rows;

on_both_databases![
    a_damaged_word_of_a_stay_is_an_error_of_that_word,
    a_damaged_word_of_a_version_is_an_error_of_that_word,
    a_damaged_word_of_a_task_is_an_error_of_that_word,
    a_damaged_word_of_an_attempt_is_an_error_of_that_word,
    a_damaged_word_of_an_event_or_the_audit_is_an_error_of_that_word,
    a_damaged_word_of_a_case_is_an_error_of_that_word,
    a_damaged_word_of_a_destination_is_an_error_of_that_word,
    a_damaged_word_of_a_file_is_an_error_of_that_word,
    a_damaged_word_of_the_directory_is_an_error_of_that_row,
    a_damaged_word_of_a_webhook_is_an_error_of_that_word,
    the_check_counts_every_damaged_word,
];

/// No word of any set.
const DAMAGED: &str = "thiềm";

const DROP_CHECKS: &str = "DO $$ DECLARE one record; BEGIN \
       FOR one IN SELECT conname, conrelid::regclass AS name FROM pg_constraint \
         WHERE contype = 'c' AND connamespace = 'public'::regnamespace \
       LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.name, one.conname); \
       END LOOP; END $$;";

/// A database with a row of each table, in which every word may be damaged.
struct House {
    backend: Backend,
    db: Database,
    connection: DatabaseConnection,
    _database: TestDatabase,
}

impl House {
    async fn open(database: tests::Database) -> Self {
        let database = database.create().await;
        let db = Database::connect(database.url(), &ConnectOptions::default())
            .await
            .unwrap();
        store::schema::migrate(&db).await.unwrap();
        let house = Self {
            backend: db.backend(),
            db,
            connection: sea_orm::Database::connect(database.url()).await.unwrap(),
            _database: database,
        };
        house.fill().await;
        house
    }

    async fn fill(&self) {
        let now = tests::now().to_utc();
        let stay = stay_row(now).into_active_model().reset_all();
        stay.insert(&self.connection).await.unwrap();
        let version = version_row(now).into_active_model().reset_all();
        version.insert(&self.connection).await.unwrap();
        let task = task_row(now).into_active_model().reset_all();
        task.insert(&self.connection).await.unwrap();
        let attempt = attempt_row(now).into_active_model().reset_all();
        attempt.insert(&self.connection).await.unwrap();
        self.put(others::event(now)).await;
        self.put(others::audit_entry(now)).await;
        self.put(others::review(now)).await;
        self.put(others::review_case(now)).await;
        self.put(others::review_decision(now)).await;
        self.put(others::destination(now)).await;
        self.put(others::import(now)).await;
        self.put(others::import_row()).await;
        self.put(others::organisation(now)).await;
        self.put(others::facility(Uuid::from_u128(1), now)).await;
        self.put(others::api_key(now)).await;
        self.put(others::account(now)).await;
        self.put(others::session(now)).await;
        self.put(others::webhook(now)).await;
        self.put(others::webhook_delivery(now)).await;
    }

    async fn put<M, A>(&self, row: M)
    where
        M: IntoActiveModel<A> + ModelTrait,
        A: ActiveModelTrait<Entity = M::Entity>,
        M::Entity: EntityTrait<Model = M, ActiveModel = A>,
    {
        let row = row.into_active_model().reset_all();
        let insert = M::Entity::insert(row).exec_without_returning(&self.connection);
        insert.await.unwrap();
    }

    /// Damages a column of the one row of a table. The schema keeps other words out, so that only
    /// damage past luutru brings one in.
    async fn damage(&self, table: &str, column: &str) {
        let without_checks = match self.backend {
            Backend::Sqlite => "PRAGMA ignore_check_constraints = ON;",
            Backend::Postgres => DROP_CHECKS,
        };
        let text = format!("{without_checks} UPDATE {table} SET {column} = '{DAMAGED}'");
        self.connection.execute_unprepared(&text).await.unwrap();
    }

    /// The one row of a table.
    async fn row<E: EntityTrait>(&self) -> E::Model {
        let rows = E::find().all(&self.connection).await.unwrap();
        rows.into_iter().next().unwrap()
    }
}

/// The word is not readable, says so as damage, and is shown to people as it is stored.
fn assert_damaged<T: Coded>(word: &Word<T>, column: &str) {
    assert_eq!(word.get(), Err(Unreadable { what: T::NAME }), "{column}");
    assert_eq!(word.as_stored(), DAMAGED, "{column}");
    let error = Error::from(word.get().unwrap_err());
    assert!(
        matches!(error, Error::Corrupt { what } if what == T::NAME),
        "{column}: {error}"
    );
}

fn assert_sound<T: Coded + Debug>(word: &Word<T>, expected: T) {
    assert_eq!(word.get(), Ok(expected));
}

async fn a_damaged_word_of_a_stay_is_an_error_of_that_word(database: tests::Database) {
    let house = House::open(database).await;
    let columns = [
        "facility_kind",
        "identity_state",
        "identity_review",
        "delivery_state",
        "completion_state",
        "timeliness",
        "purpose",
        "sex",
        "document_kind",
    ];
    for column in columns {
        house.damage("stay", column).await;
    }
    let row: stay::Model = house.row::<stay::Entity>().await;
    assert_sound(&row.presence, Presence::Present);
    assert_damaged(&row.facility_kind, "facility_kind");
    assert_damaged(&row.identity_state, "identity_state");
    assert_damaged(row.identity_review.as_ref().unwrap(), "identity_review");
    assert_damaged(&row.delivery_state, "delivery_state");
    assert_damaged(&row.completion_state, "completion_state");
    assert_damaged(&row.timeliness, "timeliness");
    assert_damaged(&row.purpose, "purpose");
    assert_damaged(row.sex.as_ref().unwrap(), "sex");
    assert_damaged(&row.document_kind, "document_kind");
    house.damage("stay", "presence").await;
    let row: stay::Model = house.row::<stay::Entity>().await;
    assert_damaged(&row.presence, "presence");
}

async fn a_damaged_word_of_a_version_is_an_error_of_that_word(database: tests::Database) {
    let house = House::open(database).await;
    house.damage("stay_version", "channel").await;
    house.damage("stay_version", "change_kind").await;
    let row: stay_version::Model = house.row::<stay_version::Entity>().await;
    assert_sound(&row.presence, Presence::Present);
    assert_damaged(&row.channel, "channel");
    assert_damaged(&row.change_kind, "change_kind");
    house.damage("stay_version", "presence").await;
    let row: stay_version::Model = house.row::<stay_version::Entity>().await;
    assert_damaged(&row.presence, "presence");
}

async fn a_damaged_word_of_a_task_is_an_error_of_that_word(database: tests::Database) {
    let house = House::open(database).await;
    house.damage("outbox_task", "kind").await;
    house.damage("outbox_task", "step").await;
    house.damage("outbox_task", "identity_state").await;
    let row: outbox_task::Model = house.row::<outbox_task::Entity>().await;
    assert_sound(&row.state, TaskState::Waiting);
    assert_eq!(row.commune_code, "00001");
    assert_damaged(&row.kind, "kind");
    assert_damaged(&row.step, "step");
    assert_damaged(row.identity_state.as_ref().unwrap(), "identity_state");
    house.damage("outbox_task", "state").await;
    let row: outbox_task::Model = house.row::<outbox_task::Entity>().await;
    assert_damaged(&row.state, "state");
}

async fn a_damaged_word_of_an_attempt_is_an_error_of_that_word(database: tests::Database) {
    let house = House::open(database).await;
    let row: attempt::Model = house.row::<attempt::Entity>().await;
    assert_sound(&row.peer, PeerName::Police);
    house.damage("attempt", "peer").await;
    house.damage("attempt", "outcome").await;
    let row: attempt::Model = house.row::<attempt::Entity>().await;
    assert_damaged(&row.peer, "peer");
    assert_damaged(&row.outcome, "outcome");
}

async fn a_damaged_word_of_an_event_or_the_audit_is_an_error_of_that_word(
    database: tests::Database,
) {
    let house = House::open(database).await;
    let row = house.row::<event::Entity>().await;
    assert_sound(&row.kind, EventKind::StayAccepted);
    house.damage("event", "kind").await;
    assert_damaged(&house.row::<event::Entity>().await.kind, "kind");
    house.damage("audit_entry", "actor_kind").await;
    house.damage("audit_entry", "action").await;
    let row = house.row::<audit_entry::Entity>().await;
    assert_sound(&row.subject_kind, SubjectKind::Stay);
    assert_damaged(&row.actor_kind, "actor_kind");
    assert_damaged(&row.action, "action");
    house.damage("audit_entry", "subject_kind").await;
    let row = house.row::<audit_entry::Entity>().await;
    assert_damaged(&row.subject_kind, "subject_kind");
}

async fn a_damaged_word_of_a_case_is_an_error_of_that_word(database: tests::Database) {
    let house = House::open(database).await;
    house.damage("review_case", "kind").await;
    house.damage("review_case", "decision").await;
    let row = house.row::<review_case::Entity>().await;
    assert_sound(&row.state, ReviewState::Open);
    assert_damaged(&row.kind, "kind");
    assert_damaged(row.decision.as_ref().unwrap(), "decision");
    house.damage("review_case", "state").await;
    let row = house.row::<review_case::Entity>().await;
    assert_damaged(&row.state, "state");
    house.damage("review_decision", "decision").await;
    house.damage("review_decision", "pointers").await;
    let row = house.row::<review_decision::Entity>().await;
    assert_damaged(&row.decision, "decision");
    assert!(store::review::asked_about(&row).is_err());
}

async fn a_damaged_word_of_a_destination_is_an_error_of_that_word(database: tests::Database) {
    let house = House::open(database).await;
    house.damage("destination", "breaker").await;
    let row = house.row::<destination::Entity>().await;
    assert_sound(&row.state, DestinationState::Running);
    assert_damaged(&row.breaker, "breaker");
    house.damage("destination", "state").await;
    let row = house.row::<destination::Entity>().await;
    assert_damaged(&row.state, "state");
}

async fn a_damaged_word_of_a_file_is_an_error_of_that_word(database: tests::Database) {
    let house = House::open(database).await;
    house.damage("import", "format").await;
    house.damage("import", "date_order").await;
    let row = house.row::<import::Entity>().await;
    assert_sound(&row.state, ImportState::Queued);
    assert_damaged(&row.format, "format");
    assert_damaged(row.date_order.as_ref().unwrap(), "date_order");
    house.damage("import", "state").await;
    assert_damaged(&house.row::<import::Entity>().await.state, "state");
    house.damage("import_row", "outcome").await;
    let row = house.row::<import_row::Entity>().await;
    assert_damaged(&row.outcome, "outcome");
}

async fn a_damaged_word_of_the_directory_is_an_error_of_that_row(database: tests::Database) {
    let house = House::open(database).await;
    house.damage("facility", "kind").await;
    let damaged = Uuid::from_u128(1);
    let sound = Uuid::from_u128(2);
    let now = tests::now().to_utc();
    house.put(others::facility(sound, now)).await;
    let changed = Uuid::from_u128(3);
    house
        .put(facility::Model {
            version: 2,
            ..others::facility(changed, now)
        })
        .await;
    house.put(others::directory_change(changed, now)).await;
    house.damage("directory_change", "content").await;
    assert_damaged(&house.row::<facility::Entity>().await.kind, "kind");
    let part = ListPart {
        after: None,
        count_max: 10,
    };
    let listed = directory::facilities(&house.db, None, part, now).await;
    let listed = listed.unwrap().into_iter();
    let listed: Vec<_> = listed.map(|one| (one.id, one.row.is_ok())).collect();
    assert_eq!(listed, [(damaged, false), (sound, true), (changed, false)]);
    // A key for the sound one works on; a key for both is not taken for one of a single facility.
    let of = async |only: &[Uuid]| facilities::of_organisation(&house.db, damaged, only, now).await;
    assert_eq!(of(&[sound]).await.unwrap().len(), 1);
    assert!(matches!(of(&[]).await, Err(Error::Corrupt { .. })));

    house.damage("api_key", "role").await;
    assert_damaged(&house.row::<api_key::Entity>().await.role, "role");
    let listed = key_ring::list(&house.db, None, part).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(listed.into_iter().all(|one| one.row.is_err()));
}

async fn a_damaged_word_of_a_webhook_is_an_error_of_that_word(database: tests::Database) {
    let house = House::open(database).await;
    house.damage("webhook", "disabled_reason").await;
    house.damage("webhook", "kinds").await;
    house.damage("webhook", "facility_ids").await;
    let row = house.row::<webhook::Entity>().await;
    let reason = row.disabled_reason.as_ref().unwrap();
    assert_damaged(reason, "disabled_reason");
    assert!(webhooks::kinds(&row).is_err());
    assert!(webhooks::facility_ids(&row).is_err());
    house.damage("webhook_delivery", "kind").await;
    house.damage("webhook_delivery", "last_outcome").await;
    let row = house.row::<webhook_delivery::Entity>().await;
    assert_sound(&row.state, EventProgress::Waiting);
    assert_damaged(&row.kind, "kind");
    assert_damaged(row.last_outcome.as_ref().unwrap(), "last_outcome");
    house.damage("webhook_delivery", "state").await;
    let row = house.row::<webhook_delivery::Entity>().await;
    assert_damaged(&row.state, "state");
}

async fn the_check_counts_every_damaged_word(database: tests::Database) {
    let house = House::open(database).await;
    let count = async || {
        let findings = consistency::check(&house.db).await.unwrap();
        let words = findings.iter().find(|one| one.rule == "words_are_known");
        words.unwrap().count
    };
    assert_eq!(count().await, 0);
    for (damaged, (table, column)) in (1..).zip(consistency::word_columns()) {
        house.damage(table, column).await;
        assert_eq!(count().await, damaged, "{table}.{column}");
    }
}

fn stay_row(now: DateTime<Utc>) -> stay::Model {
    stay::Model {
        identity_state: IdentityState::Verified.into(),
        identity_review: Some(IdentityReview::Reviewed.into()),
        sex: Some(Sex::Female.into()),
        ..rows::stay(Uuid::from_u128(1), now)
    }
}

fn version_row(now: DateTime<Utc>) -> stay_version::Model {
    stay_version::Model {
        stay_id: Uuid::from_u128(1),
        version: 1,
        channel: Channel::Rest.into(),
        created_by: Uuid::nil(),
        received_at: now,
        sealed: vec![1],
        content_index: vec![1],
        content_sha256: vec![1],
        receipt_number: "LT-1".to_owned(),
        receipt_kid: "kid".to_owned(),
        receipt_signature: vec![1],
        warnings: "[]".to_owned(),
        owed: None,
        is_forwardable: true,
        change_kind: ChangeKind::Declared.into(),
        change_index: None,
        sealed_reason: None,
        presence: Presence::Present.into(),
        delivery_version: 1,
        as_of: None,
    }
}

fn task_row(now: DateTime<Utc>) -> outbox_task::Model {
    outbox_task::Model {
        identity_state: Some(IdentityState::Deferred.into()),
        ..rows::task(Uuid::from_u128(2), Uuid::from_u128(1), now)
    }
}

fn attempt_row(now: DateTime<Utc>) -> attempt::Model {
    attempt::Model {
        id: Uuid::from_u128(3),
        task_id: Uuid::from_u128(2),
        stay_id: Uuid::from_u128(1),
        peer: PeerName::Police.into(),
        lease_id: Uuid::from_u128(4),
        started_at: now,
        latency_ms: 1,
        outcome: AttemptOutcome::Delivered.into(),
        http_status: None,
        code: None,
    }
}
