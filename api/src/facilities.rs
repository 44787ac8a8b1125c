//! The facilities that a key may declare for, and what belongs to each.

pub(crate) mod digest;
pub(crate) mod due;
pub(crate) mod expected_guests;
pub(crate) mod occupancy;
pub(crate) mod rooms;
pub(crate) mod wards;

use std::sync::Arc;

use domain::{facility::Facility, problem::Code, sender::Sender};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::auth::{Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::parameters::{Page, Paged, Query};
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::{CommuneCode, FacilityKindWord, Instant, ProvinceCode};
use crate::topic::Topic;

/// The scope of this list's cursors.
const LIST: &str = "facilities";

/// A facility that the key may declare for.
#[derive(Object, Serialize)]
#[oai(rename = "Facility")]
pub(crate) struct FacilityView {
    /// Its id.
    id: Uuid,
    /// What it is by law.
    kind: FacilityKindWord,
    /// A closer word, such as hotel or dormitory.
    #[serde(skip_serializing_if = "Option::is_none")]
    subkind: Option<String>,
    /// Its name.
    name: String,
    /// Its address inside the commune.
    address: String,
    /// Its commune.
    commune_code: CommuneCode,
    /// Its province.
    province_code: ProvinceCode,
    /// Whether foreigners may be declared within 24 hours instead of 12.
    is_remote: bool,
    /// From when on it takes no new declarations; stays declared before are still read, changed and
    /// departed.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Instant>,
}

/// A page of facilities.
#[derive(Object, Serialize)]
pub(crate) struct FacilityPage {
    /// The facilities, by id.
    items: Vec<FacilityView>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// The facilities that a key may declare for.
pub(crate) struct FacilitiesApi(pub(crate) Arc<App>);

/// Facilities are listed.
#[derive(ApiResponse)]
pub(crate) enum FacilitiesListed {
    /// A page of facilities.
    #[oai(status = 200)]
    Page(Json<FacilityPage>),
}

/// A facility is shown.
#[derive(ApiResponse)]
pub(crate) enum FacilityShown {
    /// The facility.
    #[oai(status = 200)]
    Facility(Json<FacilityView>),
}

impl Examples for FacilitiesApi {
    const EXAMPLES: &'static str = include_str!("facilities.examples.json");
}

#[OpenApi]
impl FacilitiesApi {
    /// List facilities
    ///
    /// What the key may declare for, by id.
    #[oai(
        path = "/v1/facilities",
        method = "get",
        operation_id = "listFacilities",
        tag = "Topic::Facilities"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListFacilities>,
        mut query: Query<Paged>,
    ) -> Result<FacilitiesListed, Failure> {
        let (vault, sender) = (&self.0.vault, admitted.sender());
        let page = query.page(vault, LIST, sender.key_id);
        query.finish()?;
        let (facilities, last) = part(&sender.facilities, page);
        Ok(FacilitiesListed::Page(Json(FacilityPage {
            items: facilities.iter().map(|facility| view(facility)).collect(),
            next_cursor: last.map(|last| cursor::write(vault, LIST, sender.key_id, last)),
        })))
    }

    /// See a facility
    #[oai(
        path = "/v1/facilities/:id",
        method = "get",
        operation_id = "showFacility",
        tag = "Topic::Facilities"
    )]
    async fn show(
        &self,
        admitted: Admitted<op::ShowFacility>,
        /// The facility's id.
        Path(id): Path<Uuid>,
    ) -> Result<FacilityShown, Failure> {
        let facility = view(find(admitted.sender(), id)?);
        Ok(FacilityShown::Facility(Json(facility)))
    }
}

/// The facility of this id. Absent and foreign are the same 404.
pub(crate) fn find(sender: &Sender, id: Uuid) -> Result<&Arc<Facility>, Failure> {
    sender
        .facility(id)
        .ok_or_else(|| Failure::new(Code::NotFound))
}

/// A part of the facilities, which are in the order of their ids, and its last one's id if there
/// are more.
fn part(facilities: &[Arc<Facility>], page: Page) -> (&[Arc<Facility>], Option<Uuid>) {
    let start = page.after.map_or(0, |after| {
        facilities.partition_point(|facility| facility.id <= after)
    });
    let rest = facilities.get(start..).unwrap_or_default();
    match rest.split_at_checked(page.limit) {
        Some((shown, further)) if !further.is_empty() => {
            (shown, shown.last().map(|facility| facility.id))
        }
        Some(_) | None => (rest, None),
    }
}

fn view(facility: &Facility) -> FacilityView {
    FacilityView {
        id: facility.id,
        kind: facility.kind.into(),
        subkind: facility.subkind.clone(),
        name: facility.name.clone(),
        address: facility.address.clone(),
        commune_code: CommuneCode(facility.commune_code.clone()),
        province_code: ProvinceCode(facility.province_code.clone()),
        is_remote: facility.is_remote,
        ended_at: facility.ended_at.map(Instant::of),
    }
}

#[cfg(test)]
mod tests {
    use domain::facility::FacilityKind;

    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap() {
        let facility = |number| {
            Arc::new(Facility {
                id: Uuid::from_u128(number),
                organisation_id: Uuid::nil(),
                kind: FacilityKind::School,
                subkind: None,
                name: String::new(),
                address: String::new(),
                commune_code: "16531".to_owned(),
                province_code: "38".to_owned(),
                is_remote: false,
                ended_at: None,
            })
        };
        let facilities: Vec<_> = (1..=5).map(facility).collect();
        let ids = |shown: &[Arc<Facility>]| -> Vec<u128> {
            shown.iter().map(|facility| facility.id.as_u128()).collect()
        };
        let table = [
            (None, 2, vec![1, 2], Some(2)),
            (Some(2), 2, vec![3, 4], Some(4)),
            (Some(4), 2, vec![5], None),
            (None, 5, vec![1, 2, 3, 4, 5], None),
            (Some(9), 2, vec![], None),
        ];
        for (after, limit, expected, last) in table {
            let after = after.map(Uuid::from_u128);
            let (shown, more) = part(&facilities, Page { limit, after });
            assert_eq!(ids(shown), expected);
            assert_eq!(more.map(|id| id.as_u128()), last);
        }
    }
}
