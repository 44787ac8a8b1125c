//! The facilities that a key may declare for, and what belongs to each.

pub(crate) mod digest;
pub(crate) mod due;
pub(crate) mod occupancy;
pub(crate) mod rooms;

use std::sync::Arc;

use domain::{facility::Facility, problem::Code, sender::Sender, time::format_instant};
use uuid::Uuid;

use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Reading};
use crate::cursor;
use crate::problem::Failure;
use crate::query::{Page, Query, id_of};
use crate::shapes::text::{CommuneCode, FacilityKindWord, Instant, ProvinceCode};
use crate::shapes::{FacilityPage, FacilityView};

/// What cursors of this list are good for.
const LIST: &str = "facilities";

/// A page of the key's facilities, by id.
pub(crate) fn list(
    app: &App,
    admitted: &Admitted<Reading>,
    mut query: Query,
) -> Result<Answer<FacilityPage>, Failure> {
    let sender = admitted.sender();
    let page = query.page(&app.vault, LIST, sender.key_id);
    query.finish()?;
    let (facilities, last) = part(&sender.facilities, page);
    let next_cursor = last.map(|last| cursor::write(&app.vault, LIST, sender.key_id, last));
    Ok(Answer::of(&FacilityPage {
        items: facilities.iter().map(|facility| view(facility)).collect(),
        next_cursor,
    }))
}

/// One of the key's facilities.
pub(crate) fn show(
    admitted: &Admitted<Reading>,
    id: &str,
) -> Result<Answer<FacilityView>, Failure> {
    Ok(Answer::of(&view(find(admitted.sender(), id)?)))
}

/// The facility of this id. Absent, foreign and malformed are the same 404.
pub(crate) fn find<'a>(sender: &'a Sender, id: &str) -> Result<&'a Arc<Facility>, Failure> {
    let facility = sender.facility(id_of(id)?);
    facility.ok_or_else(|| Failure::new(Code::NotFound))
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
        kind: FacilityKindWord(facility.kind.as_str().to_owned()),
        subkind: facility.subkind.clone(),
        name: facility.name.clone(),
        address: facility.address.clone(),
        commune_code: CommuneCode(facility.commune_code.clone()),
        province_code: ProvinceCode(facility.province_code.clone()),
        is_remote: facility.is_remote,
        ended_at: facility.ended_at.map(|at| Instant(format_instant(at))),
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
