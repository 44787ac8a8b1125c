//! Each stay once, by one of those who look, and no row read that need not be.

use std::cell::Cell;

use ::tests::on_both_databases;
use chrono::{Days, TimeDelta};
use domain::{
    audit::{Action, SubjectKind},
    event::EventKind,
    night,
    stay::NotificationKind,
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel, QueryTrait};

use super::*;
use crate::{
    audit::{self, Actor},
    due::tests::{House, settled},
};

on_both_databases![
    who_is_there_at_23_00_is_forwarded_once,
    what_moved_since_it_was_found_is_left_alone,
    a_departure_is_told_of_once_and_again_after_it_was_moved,
    a_hundred_thousand_stays_with_nothing_to_do_are_not_read,
];

/// 23:00 of the day on which [`settled`] stays begin.
fn evening() -> DateTime<Utc> {
    settled(1).arrival_at + TimeDelta::hours(9)
}

fn forwarded(stay: &StayRow) -> Forwarded {
    let place = (stay.id, evening());
    let subject = (SubjectKind::Stay, stay.id);
    Forwarded {
        task: NewTask {
            id: stay.id,
            stay_id: stay.id,
            version: stay.version,
            kind: NotificationKind::Stay,
            facility_id: stay.facility_id,
            commune_code: stay.commune_code.clone(),
            deadline_at: stay.deadline_at,
            due_at: evening(),
            trace_parent: None,
            created_at: evening(),
        },
        audit: audit::entry(place, Actor::Worker, Action::NotificationRequired, subject),
    }
}

async fn found(house: &House, now: DateTime<Utc>) -> Vec<StayRow> {
    let day = night::last_evening(now);
    still_there(&house.db, day, 50).await.unwrap()
}

fn ids(stays: &[StayRow]) -> Vec<u128> {
    stays.iter().map(|stay| stay.id.as_u128()).collect()
}

async fn stay(house: &House, id: u128) -> StayRow {
    let id = Uuid::from_u128(id);
    crate::stays::get(&house.db, id).await.unwrap()
}

async fn who_is_there_at_23_00_is_forwarded_once(database: ::tests::Database) {
    let house = House::open(database).await;
    // Each row: days after the first, presence, where it is on its way.
    for (id, days, presence, delivery) in [
        (1, 0, Presence::Present, DeliveryState::NotRequired),
        (2, 1, Presence::Present, DeliveryState::NotRequired),
        (3, 0, Presence::Departed, DeliveryState::NotRequired),
        (4, 0, Presence::Cancelled, DeliveryState::NotRequired),
        (5, 0, Presence::Present, DeliveryState::Acknowledged),
    ] {
        house
            .add(id, |stay| {
                stay.arrival_on = stay.arrival_on + Days::new(days);
                stay.presence = presence.into();
                stay.delivery_state = delivery.into();
                stay.version = 3;
            })
            .await;
    }
    assert_eq!(found(&house, evening() - TimeDelta::seconds(1)).await, []);
    let there = found(&house, evening()).await;
    assert_eq!(ids(&there), [1]);
    let all: Vec<Forwarded> = there.iter().map(forwarded).collect();
    let count = forward(&house.db, all.clone(), evening()).await.unwrap();
    assert_eq!(count, 1);
    // Another worker found it as well.
    assert_eq!(forward(&house.db, all, evening()).await.unwrap(), 0);
    let sent = stay(&house, 1).await;
    assert_eq!(sent.delivery_state.get(), Ok(DeliveryState::Queued));
    assert_eq!((sent.version, sent.delivery_version), (3, 3));
    assert_eq!(found(&house, evening()).await, []);
    let next = evening() + TimeDelta::days(30);
    assert_eq!(ids(&found(&house, next).await), [2]);
    let known = [1, 2].map(Uuid::from_u128);
    let known = known_tasks(&house.db, &known).await.unwrap();
    assert_eq!(known, HashSet::from([Uuid::from_u128(1)]));
}

async fn what_moved_since_it_was_found_is_left_alone(database: ::tests::Database) {
    let house = House::open(database).await;
    for id in 1..=4 {
        house
            .add(id, |stay| {
                stay.delivery_state = DeliveryState::NotRequired.into()
            })
            .await;
    }
    let there = found(&house, evening()).await;
    let mut changed = stay(&house, 1).await.into_active_model();
    changed.version = Set(2);
    changed.update(&house.connection).await.unwrap();
    let mut left = stay(&house, 2).await.into_active_model();
    left.presence = Set(Presence::Departed.into());
    left.update(&house.connection).await.unwrap();
    let mut sent = stay(&house, 3).await.into_active_model();
    sent.delivery_state = Set(DeliveryState::Queued.into());
    sent.update(&house.connection).await.unwrap();
    let all = there.iter().map(forwarded).collect();
    assert_eq!(forward(&house.db, all, evening()).await.unwrap(), 1);
    let states = [1, 2, 3, 4].map(|id| stay(&house, id));
    let mut told = Vec::new();
    for state in states {
        told.push(state.await.delivery_state.get().unwrap());
    }
    let expected = [
        DeliveryState::NotRequired,
        DeliveryState::NotRequired,
        DeliveryState::Queued,
        DeliveryState::Queued,
    ];
    assert_eq!(told, expected);
    // It is found again as it stands now.
    assert_eq!(ids(&found(&house, evening()).await), [1]);
}

async fn tell(house: &House, now: DateTime<Utc>, limit: u64) -> Vec<u128> {
    let told = Cell::new(Vec::new());
    let count = tell_overdue(&house.db, now, limit, |stay| {
        let mut all = told.take();
        all.push(stay.id.as_u128());
        told.set(all);
        entity::event::Model {
            id: Uuid::from_u64_pair(now.timestamp().unsigned_abs(), stay.id.as_u64_pair().1),
            organisation_id: Some(stay.organisation_id),
            facility_id: Some(stay.facility_id),
            stay_id: Some(stay.id),
            version: Some(stay.version),
            kind: EventKind::StayDepartureOverdue.into(),
            detail: "{}".to_owned(),
            created_at: now,
            sequence: None,
        }
    })
    .await
    .unwrap();
    let told = told.take();
    assert_eq!(told.len(), count);
    told
}

async fn a_departure_is_told_of_once_and_again_after_it_was_moved(database: ::tests::Database) {
    let house = House::open(database).await;
    let noon = settled(1).arrival_at + TimeDelta::days(2);
    for (id, hours, presence) in [
        (1, -1, Presence::Present),
        (2, -2, Presence::Present),
        (3, 0, Presence::Present),
        (4, 1, Presence::Present),
        (5, -1, Presence::Departed),
        (6, -1, Presence::Cancelled),
    ] {
        house
            .add(id, |stay| {
                stay.presence = presence.into();
                stay.expected_departure_at = Some(noon + TimeDelta::hours(hours));
            })
            .await;
    }
    house.add(7, |_| {}).await;
    assert!(has_overdue(&house.db, noon).await.unwrap());
    assert_eq!(tell(&house, noon, 2).await, [2, 1]);
    assert_eq!(tell(&house, noon, 50).await, [3]);
    assert_eq!(tell(&house, noon, 50).await, Vec::<u128>::new());
    assert!(!has_overdue(&house.db, noon).await.unwrap());
    // Extended, and overdue again.
    let mut extended = stay(&house, 1).await.into_active_model();
    extended.expected_departure_at = Set(Some(noon + TimeDelta::days(1)));
    extended.update(&house.connection).await.unwrap();
    assert_eq!(tell(&house, noon, 50).await, Vec::<u128>::new());
    let next = noon + TimeDelta::days(1);
    assert_eq!(tell(&house, next, 50).await, [4, 1]);
    assert_eq!(tell(&house, next, 50).await, Vec::<u128>::new());
}

async fn a_hundred_thousand_stays_with_nothing_to_do_are_not_read(database: ::tests::Database) {
    let house = House::open(database).await;
    let noon = settled(1).arrival_at + TimeDelta::days(2);
    // Reported, and never removed.
    house
        .add(1, |stay| {
            stay.expected_departure_at = Some(noon);
            stay.departure_noted_for = Some(noon);
        })
        .await;
    house.multiply(1).await;
    let backend = house.db.backend();
    let overdue = oldest_overdue(backend, noon);
    let there = stay::Entity::find()
        .filter(Expr::cust("presence = 'present'"))
        .filter(Expr::cust("delivery_state = 'not_required'"))
        .filter(stay::Column::ArrivalOn.lte(noon.date_naive()))
        .order_by_asc(stay::Column::ArrivalOn)
        .order_by_asc(stay::Column::Id)
        .build(backend.into());
    for (index, statement) in [("stay_overdue", overdue), ("stay_without_night", there)] {
        let plan = house.plan(statement).await;
        assert!(plan.contains(index), "{index} serves nothing: {plan}");
    }
    assert_eq!(tell(&house, noon, 50).await, Vec::<u128>::new());
    assert_eq!(found(&house, noon).await, []);
}
