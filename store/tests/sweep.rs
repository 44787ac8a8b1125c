//! What has run out is forgotten, portion by portion, and nothing else is.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends, with a sentence"
)]

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ActiveModelTrait, DatabaseConnection, EntityTrait, IntoActiveModel, PaginatorTrait};
use store::{ConnectOptions, Database, sweep};
use tests::on_both_databases;
use uuid::Uuid;

on_both_databases![all_that_has_run_out_is_forgotten];

/// More than one portion, and no multiple of it.
const EXPIRED_COUNT: u32 = 1_203;
const KEPT_COUNT: u32 = 7;

fn hash(number: u32) -> Vec<u8> {
    [number.to_be_bytes(); 8].concat()
}

/// The first ones have run out by now.
fn ends(now: DateTime<Utc>) -> impl Iterator<Item = (u32, DateTime<Utc>)> {
    (0..EXPIRED_COUNT + KEPT_COUNT).map(move |number| {
        let is_expired = number < EXPIRED_COUNT;
        let days = if is_expired { -20 } else { 1 };
        (number, now + TimeDelta::days(days))
    })
}

async fn insert<A: ActiveModelTrait>(
    connection: &DatabaseConnection,
    rows: impl Iterator<Item = A>,
) {
    let rows = rows.map(ActiveModelTrait::reset_all);
    let inserted = <A::Entity as EntityTrait>::insert_many(rows);
    inserted.exec_without_returning(connection).await.unwrap();
}

async fn all_that_has_run_out_is_forgotten(database: tests::Database) {
    let database = database.create().await;
    let db = Database::connect(database.url(), &ConnectOptions::default()).await;
    let db = db.unwrap();
    store::schema::migrate(&db).await.unwrap();
    let connection = sea_orm::Database::connect(database.url()).await.unwrap();
    let now = tests::now().to_utc();

    let declarations = ends(now).map(|(number, expires_at)| entity::declaration_key::Model {
        key_hash: hash(number),
        stay_id: Uuid::from_u128(number.into()),
        created_at: now,
        expires_at,
    });
    let keys = ends(now).map(|(number, expires_at)| entity::idempotency_key::Model {
        key_hash: hash(number),
        request_hash: hash(number),
        stay_id: None,
        version: None,
        created_at: now,
        expires_at,
    });
    // Persons tried for one number.
    let tries = ends(now).map(|(number, last_at)| entity::identity_try::Model {
        number_hash: hash(0),
        person_hash: hash(number),
        first_at: last_at,
        last_at,
    });
    insert(
        &connection,
        declarations.map(IntoActiveModel::into_active_model),
    )
    .await;
    insert(&connection, keys.map(IntoActiveModel::into_active_model)).await;
    insert(&connection, tries.map(IntoActiveModel::into_active_model)).await;

    let count = sweep::forget_expired_keys(&db, now).await.unwrap();
    assert_eq!(count, 3 * u64::from(EXPIRED_COUNT));
    let kept = [
        entity::declaration_key::Entity::find()
            .count(&connection)
            .await,
        entity::idempotency_key::Entity::find()
            .count(&connection)
            .await,
        entity::identity_try::Entity::find()
            .count(&connection)
            .await,
    ];
    assert_eq!(kept.map(Result::unwrap), [u64::from(KEPT_COUNT); 3]);
    let again = sweep::forget_expired_keys(&db, now).await.unwrap();
    assert_eq!(again, 0);
}
