//! The initial content of a database: the public catalogues, and for development an organisation
//! with five facilities, its keys and a made-up population.
//!
//! Everything is embedded in the binary and the same at every run: catalogues and people come
//! from the files in `data/` (their sources and licences in `data/SOURCES.md`) and from constants,
//! never from the clock or from randomness. Only the texts of demo keys are random, and they are
//! never read back from the database, which holds nothing but their hashes.
//!
//! Seeding is safe to repeat, and safe when two processes do it at once.

mod catalogues;
mod data;
mod destinations;
mod units;

mod accounts;
mod demo;
mod names;
mod people;
mod ready;

pub use accounts::{DemoAccount, DemoAccounts, seed_demo_accounts};
pub use catalogues::{CatalogueSeed, catalogues, seed_catalogues};
pub use demo::{
    DemoFacilityIds, DemoKeys, DemoOrganisation, DemoSecrets, DemoSeeded, demo_facilities,
    demo_facility_ids, demo_organisation, seed_demo,
};
pub use destinations::seed_destinations;
pub use people::{DemoPerson, demo_people};
pub use ready::ReadyLine;
