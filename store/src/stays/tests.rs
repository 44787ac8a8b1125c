//! Lists and digests of a facility with very many stays read no more than they show.

use ::tests::on_both_databases;
use chrono::TimeDelta;
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::*;
use crate::due::tests::{FACILITY, House, settled};

on_both_databases![
    rare_stays_are_found_among_a_hundred_thousand,
    a_reference_leads_to_its_stays_and_no_others,
];

const REFERENCE: [u8; 32] = [7; 32];
const CANCELLED_COUNT: u8 = 200;

fn filter() -> StayFilter {
    StayFilter {
        facility_ids: vec![FACILITY],
        ..StayFilter::default()
    }
}

fn by_reference() -> StayFilter {
    StayFilter {
        reference_indexes: vec![REFERENCE.to_vec(), vec![8; 32]],
        ..filter()
    }
}

fn by_delivery(state: DeliveryState) -> StayFilter {
    StayFilter {
        delivery: Some(state),
        ..filter()
    }
}

fn by_identity(review: Option<IdentityReview>, states: &[IdentityState]) -> StayFilter {
    let states = states.to_vec();
    StayFilter {
        identity: Some(IdentityFilter { review, states }),
        ..filter()
    }
}

fn changed_since(day: NaiveDate) -> StayFilter {
    StayFilter {
        changed_since: Some(day.and_time(chrono::NaiveTime::MIN).and_utc()),
        ..filter()
    }
}

async fn ids_of_page(db: &Database, filter: StayFilter, before: Option<Uuid>) -> Vec<Uuid> {
    let found = list(db, &filter, Order::Newest(before), 9).await;
    let found = found.unwrap().into_iter();
    found.map(|stay| stay.id).collect()
}

/// Statements, each with the index that is to serve it.
fn statements(backend: Backend, day: NaiveDate) -> Vec<(&'static str, Statement)> {
    let page = |filter: StayFilter| {
        let stays = listed(backend, &filter, Order::Newest(None));
        stays.limit(51).build(backend.into())
    };
    let digest = arrivals_of(FACILITY, day).build(backend.into());
    let table = [
        (
            "stay_not_acknowledged",
            page(by_delivery(DeliveryState::Rejected)),
        ),
        (
            "stay_not_acknowledged",
            page(by_delivery(DeliveryState::Parked)),
        ),
        (
            "stay_late",
            page(StayFilter {
                timeliness: Some(Timeliness::Late),
                ..filter()
            }),
        ),
        (
            "stay_incomplete",
            page(StayFilter {
                completion: Some(CompletionState::Due),
                ..filter()
            }),
        ),
        (
            "stay_cancelled",
            page(StayFilter {
                presence: Some(Presence::Cancelled),
                ..filter()
            }),
        ),
        (
            "stay_attention",
            page(by_identity(
                Some(IdentityReview::Attention),
                &IdentityState::ATTENTION,
            )),
        ),
        (
            "stay_deferred_or_reviewed",
            page(by_identity(None, &[IdentityState::Deferred])),
        ),
        (
            "stay_deferred_or_reviewed",
            page(by_identity(Some(IdentityReview::Reviewed), &[])),
        ),
        ("stay_by_arrival", digest),
        ("stay_by_facility", newest(backend, &[FACILITY], None, 51)),
        ("stay_cancelled_by_reference", page(by_reference())),
    ];
    // SQLite reads such lists of a facility whole.
    let halves = [
        ("stay_changed", changed_since(day)),
        (
            "stay_left_by_facility",
            StayFilter {
                departure_from: changed_since(day).changed_since,
                ..filter()
            },
        ),
    ];
    let halves = halves.map(|(index, filter)| (index, page(filter)));
    let halves = halves.into_iter();
    let halves = halves.filter(|_| dialect::joins_indexes(backend));
    table.into_iter().chain(halves).collect()
}

async fn rare_stays_are_found_among_a_hundred_thousand(database: ::tests::Database) {
    let house = House::open(database).await;
    house.add(1, |_| {}).await;
    house.multiply(1).await;
    let day = settled(1).arrival_on + TimeDelta::days(1);
    house.add(2, |stay| stay.arrival_on = day).await;
    house
        .add(3, |stay| {
            stay.delivery_state = DeliveryState::Rejected.into()
        })
        .await;

    // So many that it matters which index finds the one.
    for number in 0..CANCELLED_COUNT {
        house
            .add(1_000 + u128::from(number), |stay| {
                stay.presence = Presence::Cancelled.into();
                stay.reference_index = Some(vec![number; 32]);
            })
            .await;
    }
    house.execute("ANALYZE").await;

    for (index, statement) in statements(house.db.backend(), day) {
        let plan = house.plan(statement).await;
        for whole in ["SCAN stay", "Seq Scan on stay"] {
            assert!(!plan.contains(whole), "{index}: {plan}");
        }
        assert!(plan.contains(index), "{index}: {plan}");
    }
    let ids_of = async |filter: StayFilter| ids_of_page(&house.db, filter, None).await;
    assert_eq!(
        ids_of(by_delivery(DeliveryState::Rejected)).await,
        [Uuid::from_u128(3)]
    );
    assert_eq!(
        ids_of(by_delivery(DeliveryState::Acknowledged)).await.len(),
        9
    );
    house
        .add(4, |stay| stay.changed_at += TimeDelta::days(2))
        .await;
    assert_eq!(ids_of(changed_since(day)).await, [Uuid::from_u128(4)]);
    let elsewhere = StayFilter {
        facility_ids: vec![Uuid::from_u128(8)],
        ..changed_since(day)
    };
    assert!(ids_of(elsewhere).await.is_empty());
    let older = ids_of_page(&house.db, filter(), Some(Uuid::from_u128(4))).await;
    assert_eq!(older, [3, 2, 1].map(Uuid::from_u128));
    let arrived = arrived_on(&house.db, FACILITY, day).await.unwrap();
    assert_eq!(arrived.len(), 1);
}

async fn a_reference_leads_to_its_stays_and_no_others(database: ::tests::Database) {
    let house = House::open(database).await;
    for (id, presence, reference) in [
        (1, Presence::Cancelled, Some(REFERENCE)),
        (2, Presence::Cancelled, Some(REFERENCE)),
        (3, Presence::Departed, Some(REFERENCE)),
        // Declared with the reference, and given another one since.
        (4, Presence::Present, Some([9; 32])),
        (5, Presence::Present, None),
    ] {
        house
            .add(id, |stay| {
                stay.presence = presence.into();
                stay.reference_index = reference.map(Vec::from);
            })
            .await;
    }
    for (key_hash, stay_id) in [(REFERENCE, 3), ([8; 32], 4), ([9; 32], 4)] {
        let key = declaration_key::Model {
            key_hash: key_hash.to_vec(),
            stay_id: Uuid::from_u128(stay_id),
            created_at: settled(1).received_at,
            expires_at: settled(1).received_at,
        };
        let key = key.into_active_model().reset_all();
        key.insert(&house.connection).await.unwrap();
    }
    let found = list(&house.db, &by_reference(), Order::Newest(None), 9).await;
    let ids: Vec<u128> = found
        .unwrap()
        .iter()
        .map(|stay| stay.id.as_u128())
        .collect();
    assert_eq!(ids, [3, 2, 1]);
    let elsewhere = StayFilter {
        facility_ids: vec![Uuid::from_u128(8)],
        ..by_reference()
    };
    let found = list(&house.db, &elsewhere, Order::Newest(None), 9).await;
    assert_eq!(found.unwrap(), []);
}
