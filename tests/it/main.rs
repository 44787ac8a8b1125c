//! The service as its users meet it, a module a capability, each test on SQLite and PostgreSQL.
// Deep futures of the container client overflow the default when the whole workspace is built.
#![recursion_limit = "256"]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on ends, with a sentence"
)]

mod changes;
mod declaring;
mod idempotency;
mod life;
mod receipts;
mod replays;
mod warnings;
mod words;

mod batches;
mod census;
mod census_week;
mod managing;
mod problems;
mod rights;
mod scope;
mod signing_in;

mod catalogues;
mod codes;
mod digest;
mod document;
mod documents;
mod due;
mod duty_desks;
mod ending;
mod events;
mod limits;
mod lists;
mod nights;
mod pages;
mod pages_help;
mod pages_house;
mod pages_live;
mod pages_many;
mod pages_office;
mod pages_police;
mod rooms;
mod scans;
mod sealing;
mod searching;
mod texts;
mod typing;
mod webhooks;

mod admin;
mod backlog;
mod delivery;
mod desk_files;
mod destinations;
mod directory;
mod faults;
mod files;
mod identity;
mod imports;
mod installation_keys;
mod operator;
mod police;
mod review;
mod watch;
mod workers;

mod abuse;
mod chaos;
mod clocks;
mod commands;
mod crashes;
mod recovery;
mod starts;
mod stops;
mod storage;
mod stuck;

mod architecture;
mod harness;
mod names;
