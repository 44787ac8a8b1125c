//! The history of the schema, one change a file, the same on SQLite and PostgreSQL.
//!
//! Changes are additive: the previous release runs on the new schema. `store::schema` runs them
//! safely from several processes at once.

pub use sea_orm_migration::prelude::*;

mod column;
mod m20261124_000001_directory;
mod m20261124_000002_catalogues;
mod m20261124_000003_stays;
mod m20261124_000004_delivery;
mod m20261124_000005_audit;
mod m20261125_000006_changes;
mod m20261125_000007_events;
mod m20261125_000008_review_cases;
mod m20261125_000009_rooms;
mod m20261125_000010_imports;
mod m20261125_000011_census;
mod m20261125_000012_event_head;
mod m20261125_000013_delivery;
mod m20261125_000013_destinations;
mod m20261125_000014_webhooks;
mod m20261125_000015_due;
mod m20261128_000016_census_lease;
mod m20261129_000017_stay_life;
mod m20261129_000018_review;
mod m20261129_000018_watch;
mod m20261129_000019_installation;
mod m20261129_000020_import_terms;
mod m20261129_000021_sheets;
mod m20261129_000022_directory;
mod m20261129_000023_webhook_proof;
mod m20261129_000024_stay_by_name;
mod m20261129_000025_stay_lists;
mod m20261129_000026_outbox_pages;
mod m20261130_000027_rare_stays;
mod m20261130_000028_name_hash;
mod m20261130_000030_accounts;
mod m20261130_000031_decisions_by_time;
mod m20261130_000034_expected_guests;
mod m20261130_000035_withdrawn_stays;
mod m20261130_000036_duty_desks;
mod m20261130_000037_case_counts;

/// All migrations in their order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_directory::Migration),
            Box::new(m20261124_000002_catalogues::Migration),
            Box::new(m20261124_000003_stays::Migration),
            Box::new(m20261124_000004_delivery::Migration),
            Box::new(m20261124_000005_audit::Migration),
            Box::new(m20261125_000006_changes::Migration),
            Box::new(m20261125_000007_events::Migration),
            Box::new(m20261125_000008_review_cases::Migration),
            Box::new(m20261125_000009_rooms::Migration),
            Box::new(m20261125_000010_imports::Migration),
            Box::new(m20261125_000011_census::Migration),
            Box::new(m20261125_000012_event_head::Migration),
            Box::new(m20261125_000013_delivery::Migration),
            Box::new(m20261125_000013_destinations::Migration),
            Box::new(m20261125_000014_webhooks::Migration),
            Box::new(m20261125_000015_due::Migration),
            Box::new(m20261128_000016_census_lease::Migration),
            Box::new(m20261129_000017_stay_life::Migration),
            Box::new(m20261129_000018_review::Migration),
            Box::new(m20261129_000018_watch::Migration),
            Box::new(m20261129_000019_installation::Migration),
            Box::new(m20261129_000020_import_terms::Migration),
            Box::new(m20261129_000021_sheets::Migration),
            Box::new(m20261129_000022_directory::Migration),
            Box::new(m20261129_000023_webhook_proof::Migration),
            Box::new(m20261129_000024_stay_by_name::Migration),
            Box::new(m20261129_000025_stay_lists::Migration),
            Box::new(m20261129_000026_outbox_pages::Migration),
            Box::new(m20261130_000027_rare_stays::Migration),
            Box::new(m20261130_000028_name_hash::Migration),
            Box::new(m20261130_000030_accounts::Migration),
            Box::new(m20261130_000031_decisions_by_time::Migration),
            Box::new(m20261130_000034_expected_guests::Migration),
            Box::new(m20261130_000035_withdrawn_stays::Migration),
            Box::new(m20261130_000036_duty_desks::Migration),
            Box::new(m20261130_000037_case_counts::Migration),
        ]
    }
}
