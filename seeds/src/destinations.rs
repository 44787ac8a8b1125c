//! The default destinations: the police of each of the 34 provinces, over the endpoint of the
//! settings.

use anyhow::Context;
use runtime::{clock::Clock, ids};
use serde_json::Value;
use store::{
    Database,
    destinations::{self, Destination, NATIONAL},
};

use crate::units;

/// Adds the destinations that are not there yet; those that are stay as operators left them.
pub async fn seed_destinations(db: &Database, clock: &Clock) -> anyhow::Result<()> {
    let new = |code: &str, name: String, province_code: Option<String>| {
        let id = ids::uuid_v7(clock);
        destinations::new(code.to_owned(), id, name, province_code, clock.now())
    };
    let mut rows = vec![new(NATIONAL, "Cổng tiếp nhận chung".to_owned(), None)];
    for province in units::provinces()? {
        let (code, full_name) = of_province(&province)?;
        rows.push(new(
            code,
            format!("Công an {full_name}"),
            Some(code.to_owned()),
        ));
    }
    let known = destinations::all(db).await?;
    let is_new = |row: &Destination| !known.iter().any(|other| other.code == row.code);
    rows.retain(is_new);
    if !rows.is_empty() {
        destinations::add(db, rows).await?;
    }
    Ok(())
}

fn of_province(province: &Value) -> anyhow::Result<(&str, &str)> {
    let text = |member| province[member].as_str().context("a province");
    Ok((text("code")?, text("full_name")?))
}
