//! Settled stays cost nothing, however many there are.

use std::time::{Duration, Instant};

use ::tests::{TestDatabase, on_both_databases};
use chrono::{TimeDelta, TimeZone};
use domain::{
    document::DocumentKind,
    facility::FacilityKind,
    purpose::Purpose,
    stay::{DeliveryState, IdentityState, Timeliness},
};
use sea_orm::{
    ActiveModelTrait, DatabaseConnection, IntoActiveModel, Iterable, QueryTrait, Statement,
};

use super::*;
use crate::{
    Backend, ConnectOptions,
    census::lease::{self, CensusLease},
};

on_both_databases![
    a_hundred_thousand_settled_stays_are_not_read,
    each_list_has_its_stays_in_order,
];

pub(crate) const FACILITY: Uuid = Uuid::from_u128(7);
const SETTLED_COUNT: u32 = 100_000;
/// Far below what reading all would take; the best of some tries counts.
const DURATION_MAX: Duration = Duration::from_millis(100);
const TRY_COUNT: usize = 5;

pub(crate) struct House {
    pub(crate) db: Database,
    pub(crate) connection: DatabaseConnection,
    _database: TestDatabase,
}

impl House {
    pub(crate) async fn open(database: ::tests::Database) -> Self {
        let database = database.create().await;
        let db = Database::connect(database.url(), &ConnectOptions::default())
            .await
            .unwrap();
        crate::schema::migrate(&db).await.unwrap();
        Self {
            db,
            connection: sea_orm::Database::connect(database.url()).await.unwrap(),
            _database: database,
        }
    }

    pub(crate) async fn execute(&self, text: &str) {
        self.connection.execute_unprepared(text).await.unwrap();
    }

    pub(crate) async fn add(&self, id: u128, change: impl FnOnce(&mut StayRow)) {
        let mut stay = settled(id);
        change(&mut stay);
        let stay = stay.into_active_model().reset_all();
        stay.insert(&self.connection).await.unwrap();
    }

    /// Many more like the one with this id, with ids of the weeks before.
    pub(crate) async fn multiply(&self, id: u128) {
        let columns: Vec<String> = stay::Column::iter()
            .map(|column| sea_orm::IdenStatic::as_str(&column).to_owned())
            .collect();
        let copied = columns[1..].join(", ");
        let (numbers, fresh_id, from) = match self.db.backend() {
            Backend::Sqlite => (
                format!(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                     WHERE i < {SETTLED_COUNT})"
                ),
                "CAST(x'019c0000' || randomblob(12) AS BLOB)",
                "n".to_owned(),
            ),
            Backend::Postgres => (
                String::new(),
                "CAST('019c0000' || substr(CAST(gen_random_uuid() AS text), 9) AS uuid)",
                format!("generate_series(1, {SETTLED_COUNT}) AS n(i)"),
            ),
        };
        let literal = match self.db.backend() {
            Backend::Sqlite => format!("x'{}'", Uuid::from_u128(id).simple()),
            Backend::Postgres => format!("'{}'", Uuid::from_u128(id)),
        };
        self.execute(&format!(
            "{numbers} INSERT INTO stay (id, {copied}) \
             SELECT {fresh_id}, {copied} FROM stay, {from} WHERE id = {literal}"
        ))
        .await;
        self.execute("ANALYZE").await;
    }

    /// How the database would go about it.
    pub(crate) async fn plan(&self, statement: Statement) -> String {
        let word = match self.db.backend() {
            Backend::Sqlite => "EXPLAIN QUERY PLAN",
            Backend::Postgres => "EXPLAIN",
        };
        let explained = Statement {
            sql: format!("{word} {}", statement.sql),
            ..statement
        };
        let rows = self.connection.query_all_raw(explained).await.unwrap();
        let column = match self.db.backend() {
            Backend::Sqlite => "detail",
            Backend::Postgres => "QUERY PLAN",
        };
        let lines = rows.iter().map(|row| row.try_get("", column).unwrap());
        lines.collect::<Vec<String>>().join("\n")
    }
}

/// A stay to which nothing is left to do.
pub(crate) fn settled(id: u128) -> StayRow {
    let arrival_at = Utc.with_ymd_and_hms(2026, 3, 2, 7, 0, 0).unwrap();
    StayRow {
        id: Uuid::from_u128(id),
        organisation_id: Uuid::from_u128(1),
        facility_id: FACILITY,
        facility_kind: FacilityKind::LodgingBusiness.into(),
        commune_code: "14797".to_owned(),
        province_code: "38".to_owned(),
        version: 1,
        presence: Presence::Present.into(),
        identity_state: IdentityState::Verified.into(),
        identity_review: None,
        delivery_state: DeliveryState::Acknowledged.into(),
        delivery_version: 1,
        police_reference: None,
        delivery_reason: None,
        completion_state: CompletionState::Complete.into(),
        owed: None,
        timeliness: Timeliness::OnTime.into(),
        arrival_at,
        arrival_on: arrival_at.date_naive(),
        expected_departure_at: None,
        departed_at: None,
        received_at: arrival_at,
        deadline_at: arrival_at + TimeDelta::hours(9),
        purpose: Purpose::Tourism.into(),
        sex: None,
        age_band: None,
        nationality: None,
        document_kind: DocumentKind::CitizenCard.into(),
        reference_index: None,
        document_index: None,
        name_index: None,
        sealed_key: None,
        party_index: None,
        changed_at: arrival_at,
        departure_noted_for: None,
        attention_version: None,
    }
}

async fn a_hundred_thousand_settled_stays_are_not_read(database: ::tests::Database) {
    let house = House::open(database).await;
    house.add(1, |_| {}).await;
    house.multiply(1).await;
    house
        .add(2, |stay| {
            stay.delivery_state = DeliveryState::Rejected.into()
        })
        .await;
    house
        .add(3, |stay| {
            stay.identity_state = IdentityState::Mismatch.into()
        })
        .await;
    house
        .add(4, |stay| {
            stay.completion_state = CompletionState::Due.into()
        })
        .await;
    let after = Some((settled(1).arrival_at, Uuid::nil()));
    let backend = house.db.backend().into();
    let by_departure = page(
        overdue_of(FACILITY, settled(1).arrival_at),
        stay::Column::ExpectedDepartureAt,
        after,
        51,
    );
    let page = |stays| page(stays, stay::Column::DeadlineAt, after, 51).build(backend);
    let values = vec![rows::uuid(FACILITY), rows::uuid(FACILITY)];
    let table = [
        (
            "stay_unconfirmed_by_deadline",
            page(unconfirmed_of(FACILITY)),
        ),
        ("stay_flagged_by_deadline", page(flagged_of(FACILITY))),
        ("stay_probed_by_deadline", page(probed_of(FACILITY))),
        ("stay_incomplete", owing_of(FACILITY).build(backend)),
        ("stay_leaving_by_facility", by_departure.build(backend)),
        (
            "census_question_by_facility",
            dialect::statement(house.db.backend(), QUESTIONS, values),
        ),
    ];
    for (index, statement) in table {
        let plan = house.plan(statement).await;
        for whole in ["SCAN stay", "Seq Scan on stay", "TEMP B-TREE", "Sort Key"] {
            assert!(!plan.contains(whole), "{index}: {plan}");
        }
        // A table without rows is read as it stands by PostgreSQL: only stays are many here.
        let is_empty = index == "census_question_by_facility";
        assert!(
            is_empty || plan.contains(index),
            "{index} serves nothing: {plan}"
        );
    }
    let mut best = Duration::MAX;
    for _ in 0..TRY_COUNT {
        let started = Instant::now();
        for list in [
            unconfirmed(&house.db, FACILITY, None, 51).await.unwrap(),
            flagged(&house.db, FACILITY, None, 51).await.unwrap(),
            owing(&house.db, FACILITY).await.unwrap(),
        ] {
            assert_eq!(list.len(), 1);
        }
        assert_eq!(asked(&house.db, FACILITY).await.unwrap(), []);
        best = best.min(started.elapsed());
    }
    assert!(best < DURATION_MAX, "the lists took {best:?}");
}

async fn each_list_has_its_stays_in_order(database: ::tests::Database) {
    let house = House::open(database).await;
    let deadline = |hours| settled(1).deadline_at + TimeDelta::hours(hours);
    for (id, hours, delivery) in [
        (5, 2, DeliveryState::Queued),
        (4, 3, DeliveryState::Delivering),
        (3, 1, DeliveryState::Rejected),
        (2, 3, DeliveryState::Parked),
        (6, 0, DeliveryState::NotRequired),
    ] {
        house
            .add(id, |stay| {
                stay.delivery_state = delivery.into();
                stay.deadline_at = deadline(hours);
            })
            .await;
    }
    for (id, presence) in [
        (7, Presence::Present),
        (8, Presence::Departed),
        (9, Presence::Cancelled),
    ] {
        house
            .add(id, |stay| {
                stay.presence = presence.into();
                stay.identity_state = IdentityState::NotFound.into();
                stay.completion_state = CompletionState::Due.into();
            })
            .await;
    }
    for (id, state, review) in [
        (11, IdentityState::Verified, IdentityReview::Attention),
        (12, IdentityState::Mismatch, IdentityReview::Attention),
        (13, IdentityState::NotFound, IdentityReview::Reviewed),
    ] {
        house
            .add(id, |stay| {
                stay.identity_state = state.into();
                stay.identity_review = Some(review.into());
            })
            .await;
    }
    house
        .add(10, |stay| {
            stay.facility_id = Uuid::from_u128(8);
            stay.delivery_state = DeliveryState::Queued.into();
        })
        .await;
    let ids =
        |stays: Vec<StayRow>| -> Vec<u128> { stays.iter().map(|stay| stay.id.as_u128()).collect() };
    let page = async |after, limit| {
        let page = unconfirmed(&house.db, FACILITY, after, limit).await;
        ids(page.unwrap())
    };
    assert_eq!(page(None, 50).await, [3, 5, 2, 4]);
    assert_eq!(page(None, 2).await, [3, 5]);
    let after = |hours, id| Some((deadline(hours), Uuid::from_u128(id)));
    assert_eq!(page(after(2, 5), 50).await, [2, 4]);
    assert_eq!(page(after(3, 2), 50).await, [4]);
    assert_eq!(page(after(3, 4), 50).await, Vec::<u128>::new());
    let flagged = flagged(&house.db, FACILITY, None, 50).await.unwrap();
    assert_eq!(ids(flagged), [7, 11, 12]);
    each_overdue_departure_is_listed(&house).await;
    let mut owing = ids(owing(&house.db, FACILITY).await.unwrap());
    owing.sort_unstable();
    assert_eq!(owing, [7, 8]);

    let at = |minutes| settled(1).arrival_at + TimeDelta::minutes(minutes);
    let stays: Vec<Uuid> = [5, 9].map(Uuid::from_u128).to_vec();
    let turn = CensusLease {
        facility_id: FACILITY,
        lease_id: Uuid::from_u128(1),
    };
    let is_taken = lease::take(&house.db, turn, at(5), 60).await.unwrap();
    assert!(is_taken);
    crate::census::question(&house.db, turn, &stays, &[], at(5))
        .await
        .unwrap();
    let asked = asked(&house.db, FACILITY).await.unwrap();
    let asked: Vec<_> = asked
        .iter()
        .map(|(stay, asked_at)| (stay.id.as_u128(), *asked_at))
        .collect();
    assert_eq!(
        asked,
        [(5, at(5))],
        "nobody is asked about what is cancelled"
    );
}

async fn each_overdue_departure_is_listed(house: &House) {
    let noon = settled(1).arrival_at + TimeDelta::days(2);
    // Each row: stay, hours from noon at which its guest was to leave, presence.
    for (id, hours, presence) in [
        (21, -1, Presence::Present),
        (22, -30, Presence::Present),
        (23, 0, Presence::Present),
        (24, 1, Presence::Present),
        (25, -2, Presence::Departed),
        (26, -2, Presence::Cancelled),
    ] {
        house
            .add(id, |stay| {
                stay.presence = presence.into();
                stay.expected_departure_at = Some(noon + TimeDelta::hours(hours));
            })
            .await;
    }
    let page = async |after, limit| -> Vec<u128> {
        let page = overdue(&house.db, FACILITY, noon, after, limit).await;
        let page = page.unwrap();
        page.iter().map(|stay| stay.id.as_u128()).collect()
    };
    assert_eq!(page(None, 50).await, [22, 21, 23]);
    assert_eq!(page(None, 1).await, [22]);
    let after = (noon - TimeDelta::hours(1), Uuid::from_u128(21));
    assert_eq!(page(Some(after), 50).await, [23]);
}
