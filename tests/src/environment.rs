//! Settings of the test run, all from the environment:
//! - `LUUTRU_TEST_BINARY`: the binary under test; else the one beside the test executable.
//! - `LUUTRU_TEST_POSTGRES_IMAGE`: image of the container; else the official `postgres:15`.
//! - `LUUTRU_TEST_DATABASE_URL`: a PostgreSQL server whose user may create databases, instead of
//!   a container.
//! - `POSTGRES_IMAGE`, `NGINX_IMAGE`, `BASE_IMAGE`: images of the evening's containers.
//! - `LUUTRU_TEST_IMPORT_ROWS`: rows of the file during which the service is killed; else 3,000.
//! - `LUUTRU_TEST_SCHEDULE_SEEDS`, `LUUTRU_TEST_SCHEDULE_SEED`: how many seeds of the simulated
//!   schedule are run, and the first of them.
//! - `LUUTRU_TEST_ATTACK_CONNECTIONS`: connections that an attacker opens; else 1,300.
//! - `LUUTRU_TEST_CENSUS_SEEDS`, `LUUTRU_TEST_CENSUS_SEED`: how many weeks of censuses are made, or
//!   the one that is.
//! - `LUUTRU_TEST_BACKLOG_ROWS`: tasks that wait when the worker starts; else 100,000.
//! - `LUUTRU_UPDATE_GOLDEN=1`: golden files are written, not compared.

/// A setting that is there and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a test run reads its environment"
)]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Rows of the file during which the service is killed.
pub fn import_row_count() -> usize {
    let asked = setting("LUUTRU_TEST_IMPORT_ROWS");
    asked.map_or(3_000, |count| {
        count.parse().expect("LUUTRU_TEST_IMPORT_ROWS is a number")
    })
}

/// Connections that an attacker opens: more than an address may have.
pub fn attack_connection_count() -> usize {
    let asked = setting("LUUTRU_TEST_ATTACK_CONNECTIONS");
    asked.map_or(1_300, |count| {
        count
            .parse()
            .expect("LUUTRU_TEST_ATTACK_CONNECTIONS is a number")
    })
}

/// Tasks that wait when a worker starts.
pub fn backlog_row_count() -> usize {
    let asked = setting("LUUTRU_TEST_BACKLOG_ROWS");
    asked.map_or(100_000, |count| {
        count.parse().expect("LUUTRU_TEST_BACKLOG_ROWS is a number")
    })
}

/// Whether golden files are to be written instead of compared.
pub fn is_golden_update() -> bool {
    setting("LUUTRU_UPDATE_GOLDEN").is_some_and(|value| value == "1")
}
