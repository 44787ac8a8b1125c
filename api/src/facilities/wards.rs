//! The wards of a facility: how many people each has, and when its list was last confirmed.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::facility::Facility;
use domain::time::local_date;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::Serialize;
use uuid::Uuid;

use super::{find, occupancy, rooms};
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::Instant;
use crate::topic::Topic;

/// The wards of a facility.
#[derive(Object, Serialize)]
pub(crate) struct WardList {
    /// The wards, by name.
    items: Vec<Ward>,
    /// Always `null`: the list is whole.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// A ward: of the facility's list of rooms, or named by somebody who is there.
#[derive(Object, Serialize)]
pub(crate) struct Ward {
    /// Its name.
    name: String,
    /// How many declared people are there now.
    present_count: u32,
    /// The instant of the newest census that covers it, its own or one of the whole facility;
    /// `null` where there was none.
    #[oai(nullable)]
    confirmed_at: Option<Instant>,
}

/// Wards, listed.
pub(crate) struct WardsApi(pub(crate) Arc<App>);

/// Wards are listed.
#[derive(ApiResponse)]
pub(crate) enum WardsListed {
    /// All wards.
    #[oai(status = 200)]
    List(Json<WardList>),
}

impl Examples for WardsApi {
    const EXAMPLES: &'static str = include_str!("wards.examples.json");
}

#[OpenApi]
impl WardsApi {
    /// List the wards of a facility
    ///
    /// With how many people each has, and when its list was last confirmed by a census.
    #[oai(
        path = "/v1/facilities/:id/wards",
        method = "get",
        operation_id = "listWards",
        tag = "Topic::Facilities"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListWards>,
        /// The facility's id.
        Path(id): Path<Uuid>,
    ) -> Result<WardsListed, Failure> {
        let app = &self.0;
        let facility = find(admitted.sender(), id)?;
        let now = app.clock.now();
        let (occupants, _) = occupancy::occupants(app, facility, local_date(now)).await?;
        let present = occupants.iter().filter(|occupant| {
            occupant.arrival_at <= now && occupant.departed_at.is_none_or(|at| at > now)
        });
        let named = present.filter_map(|occupant| occupant.ward.as_deref());
        let wards = counted(app, facility, named).await?;
        Ok(WardsListed::List(Json(WardList {
            items: wards.into_iter().map(Ward::of).collect(),
            next_cursor: None,
        })))
    }
}

/// A ward, as it was last counted.
pub(crate) struct CountedWard {
    /// Its name.
    pub(crate) name: String,
    /// How many declared people are there now.
    pub(crate) present_count: u32,
    /// When the newest census was taken that covers it.
    pub(crate) confirmed_at: Option<DateTime<Utc>>,
}

/// The wards of a facility, by name: those of its rooms, and those that people are in. `named` has
/// the ward of everybody who is in one.
pub(crate) async fn counted(
    app: &App,
    facility: &Facility,
    named: impl Iterator<Item = &str>,
) -> Result<Vec<CountedWard>, Failure> {
    let list = rooms::current(app, facility).await?.list;
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for room in list.rooms() {
        if let Some(ward) = &room.ward {
            counts.entry(ward.clone()).or_default();
        }
    }
    for ward in named {
        *counts.entry(ward.to_owned()).or_default() += 1;
    }
    let names: Vec<String> = counts.keys().cloned().collect();
    let counted_at = app.intake.counted_at(facility.id, &names).await?;
    let wards = counts.into_iter().zip(counted_at);
    Ok(wards
        .map(|((name, present_count), confirmed_at)| CountedWard {
            name,
            present_count,
            confirmed_at,
        })
        .collect())
}

impl Ward {
    fn of(ward: CountedWard) -> Self {
        Self {
            name: ward.name,
            present_count: ward.present_count,
            confirmed_at: ward.confirmed_at.map(Instant::of),
        }
    }
}
