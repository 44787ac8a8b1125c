//! The place and reason of a stay: facility, room, purpose, party.

use std::sync::Arc;

use uuid::Uuid;

use super::{Context, Faults, Party};
use crate::draft::Draft;
use crate::facility::{Facility, PlaceRule};
use crate::party::PartyRole;
use crate::problem::{Code, Hint};
use crate::purpose::Purpose;

/// The place as far as known; an unknown facility is reported as a fault.
pub(super) struct Place {
    pub(super) facility: Option<Arc<Facility>>,
    pub(super) purpose: Option<Purpose>,
}

pub(super) fn check(draft: &Draft, context: &Context<'_>, faults: &mut Faults) -> Place {
    let facility = facility(draft, context, faults);
    if let Some(facility) = &facility {
        check_room(draft, facility, faults);
    }
    let purpose = purpose(draft, faults);
    check_party(draft, faults);
    Place { facility, purpose }
}

/// The party, of a draft whose party has been checked.
pub(super) fn party(draft: &Draft) -> Option<Party> {
    draft.party.as_ref().map(|party| Party {
        reference: party.reference.clone(),
        role: party.role.as_deref().and_then(PartyRole::parse),
    })
}

/// The facility named, or the only one there is. Absent, foreign and malformed ids look the same.
fn facility(draft: &Draft, context: &Context<'_>, faults: &mut Faults) -> Option<Arc<Facility>> {
    let found = match &draft.facility_id {
        Some(id) => named(id, context, faults)?,
        None => only(context, faults)?,
    };
    if context.is_new && !found.is_open(context.received_at) {
        faults.push("/facility_id", Code::FacilityEnded);
    }
    Some(Arc::clone(found))
}

fn named<'a>(id: &str, context: &Context<'a>, faults: &mut Faults) -> Option<&'a Arc<Facility>> {
    let found = Uuid::try_parse(id)
        .ok()
        .and_then(|id| context.facilities.iter().find(|facility| facility.id == id));
    if found.is_none() {
        faults.push("/facility_id", Code::FacilityUnknown);
    }
    found
}

/// The only facility there is.
fn only<'a>(context: &Context<'a>, faults: &mut Faults) -> Option<&'a Arc<Facility>> {
    let [only] = context.facilities else {
        faults.require("/facility_id");
        return None;
    };
    (!faults.has("/facility_id")).then_some(only)
}

fn check_room(draft: &Draft, facility: &Facility, faults: &mut Faults) {
    match facility.kind.place_rule() {
        PlaceRule::Nothing => {}
        PlaceRule::Room if draft.room.is_some() => {}
        PlaceRule::Room => faults.require("/room"),
        PlaceRule::RoomOrBed if draft.room.is_some() || draft.bed.is_some() => {}
        PlaceRule::RoomOrBed => {
            if !faults.has("/room") && !faults.has("/bed") {
                faults.push_with("/room", Code::Required, Hint::OrMember("/bed"));
            }
        }
    }
}

/// `other` must say what it means.
fn purpose(draft: &Draft, faults: &mut Faults) -> Option<Purpose> {
    let word = draft.purpose.as_deref()?;
    let purpose = Purpose::parse(word);
    if purpose.is_none() {
        faults.push("/purpose", Code::UnknownCode);
    }
    if purpose == Some(Purpose::Other) && draft.purpose_text.is_none() {
        faults.require("/purpose_text");
    }
    purpose
}

fn check_party(draft: &Draft, faults: &mut Faults) {
    let role = draft.party.as_ref().and_then(|party| party.role.as_deref());
    if role.is_some_and(|word| PartyRole::parse(word).is_none()) {
        faults.push("/party/role", Code::UnknownCode);
    }
}
