//! The queue of several areas is read from the beginning of each, and shows every case once.

use std::collections::BTreeMap;

use ::tests::on_both_databases;
use chrono::TimeDelta;
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::*;
use crate::due::tests::{House, settled};

on_both_databases![
    a_queue_of_many_areas_is_read_page_by_page,
    every_case_is_counted_once_and_none_is_read,
];

const CASE_COUNT: u32 = 3_000;
/// Rows of one statement: SQLite takes 32,766 parameters.
const INSERT_COUNT: usize = 1_000;
const PAGE_LENGTH: usize = 51;
/// Code and province of the communes; the last is nobody's concern.
const COMMUNES: [(&str, &str); 4] = [
    ("14797", "38"),
    ("16531", "38"),
    ("00004", "01"),
    ("00008", "01"),
];

fn case(number: u32) -> Case {
    let (commune_code, province_code) = COMMUNES[number as usize % COMMUNES.len()];
    let minutes = i64::from(number.wrapping_mul(2_654_435_761) % 10_000);
    Case {
        id: Uuid::from_u128(number.into()),
        kind: ReviewKind::Mismatch.into(),
        state: ReviewState::Open.into(),
        priority: i32::try_from(number % 3).unwrap(),
        commune_code: commune_code.to_owned(),
        province_code: province_code.to_owned(),
        facility_id: Uuid::from_u128(7),
        stay_id: Uuid::from_u128(number.into()),
        version: 1,
        detail: "{}".to_owned(),
        opened_at: settled(1).received_at + TimeDelta::minutes(minutes),
        lease_id: None,
        leased_by: None,
        leased_until: None,
        decision: None,
        decided_by: None,
        decided_at: None,
        closed_at: None,
    }
}

async fn filled(database: ::tests::Database) -> (House, Vec<Case>) {
    let house = House::open(database).await;
    let cases: Vec<Case> = (1..=CASE_COUNT).map(case).collect();
    for part in cases.chunks(INSERT_COUNT) {
        let rows = part.iter().cloned();
        let rows = rows.map(|case| case.into_active_model().reset_all());
        review_case::Entity::insert_many(rows)
            .exec_without_returning(&house.connection)
            .await
            .unwrap();
    }
    house.execute("ANALYZE").await;
    (house, cases)
}

async fn a_queue_of_many_areas_is_read_page_by_page(database: ::tests::Database) {
    let (house, mut cases) = filled(database).await;
    let scope = OfficerScope {
        // One of them twice, and both in the province as well.
        communes: ["14797", "00004", "14797"].map(str::to_owned).to_vec(),
        provinces: vec!["38".to_owned()],
    };
    cases.retain(|case| case.commune_code != "00008");
    cases.sort_by_key(|case| (case.priority, case.opened_at, case.id));
    let (mut shown, mut after) = (Vec::new(), None);
    loop {
        let page = list(
            &house.db,
            &scope,
            &CaseFilter::default(),
            after,
            PAGE_LENGTH,
        )
        .await;
        let page = page.unwrap();
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.id);
        shown.extend(page);
    }
    assert_eq!(shown, cases);

    let condition = CaseFilter::default().condition(house.db.backend());
    let page = page(house.db.backend(), &scope, &condition, 51);
    let plan = house.plan(page.unwrap()).await;
    for index in [
        "review_case_open_by_commune",
        "review_case_open_by_province",
    ] {
        assert!(plan.contains(index), "{index}: {plan}");
    }
    for whole in ["SCAN review_case", "SCAN n", "Seq Scan on review_case"] {
        assert!(!plan.contains(whole), "{plan}");
    }
    let nobody = OfficerScope {
        communes: Vec::new(),
        provinces: Vec::new(),
    };
    let nothing = list(
        &house.db,
        &nobody,
        &CaseFilter::default(),
        None,
        PAGE_LENGTH,
    )
    .await;
    assert_eq!(nothing.unwrap(), []);
}

async fn every_case_is_counted_once_and_none_is_read(database: ::tests::Database) {
    let (house, cases) = filled(database).await;
    // Cases are longer than what is counted of them.
    let detail = "a".repeat(1_000);
    house
        .execute(&format!("UPDATE review_case SET detail = '{detail}'"))
        .await;
    if house.db.backend() == Backend::Postgres {
        // What is visible to all is told by the index alone.
        house.execute("VACUUM ANALYZE review_case").await;
    }
    let (mut counted, mut expected) = (BTreeMap::new(), BTreeMap::new());
    let scope = OfficerScope {
        // The first lies in the province as well.
        communes: ["14797", "00004"].map(str::to_owned).to_vec(),
        provinces: vec!["38".to_owned()],
    };
    let now = settled(1).received_at;
    for count in counts(&house.db, &scope, now).await.unwrap() {
        counted.insert(
            count.commune_code,
            (count.open_count, count.oldest_opened_at),
        );
    }
    for case in cases.iter().filter(|case| case.commune_code != "00008") {
        let (count, oldest) = expected
            .entry(case.commune_code.clone())
            .or_insert((0, Some(case.opened_at)));
        *count += 1;
        *oldest = (*oldest).min(Some(case.opened_at));
    }
    assert_eq!(counted, expected);
    let nobody = OfficerScope {
        communes: Vec::new(),
        provinces: Vec::new(),
    };
    assert_eq!(counts(&house.db, &nobody, now).await.unwrap(), []);

    let reads = match house.db.backend() {
        Backend::Sqlite => "USING COVERING INDEX",
        Backend::Postgres => "Index Only Scan using",
    };
    let plan = house.plan(counting(house.db.backend(), &scope, now)).await;
    for index in [
        "review_case_counts_by_commune",
        "review_case_counts_by_province",
    ] {
        assert!(plan.contains(&format!("{reads} {index}")), "{plan}");
    }
}
