//! The row of a stay: what is declared, in clear columns and keyed hashes.

use chrono::{DateTime, Datelike, Utc};
use domain::{
    birth_date::BirthDate,
    declaration::{Declaration, Guest},
    personal_id::PersonalId,
    sex::Sex,
    stay::{DeliveryState, IdentityState, Presence},
    time,
};
use entity::word::Word;
use runtime::{
    ids,
    vault::{Owner, StayKey},
};
use store::stays::StayRow;

use super::{Clerk, month};
use crate::{
    Refusal,
    index::{document_index, name_index, reference_index},
    occasion::Occasion,
};

impl Clerk {
    /// The row of a new stay, and the key that seals everything of it. Errors:
    /// [`Refusal::Internal`] when no key can seal.
    pub(super) fn new_stay(
        &self,
        occasion: &Occasion<'_>,
        declaration: &Declaration,
    ) -> Result<(StayRow, StayKey), Refusal> {
        let facility = &declaration.facility;
        let owner = Owner {
            organisation_id: facility.organisation_id,
            facility_id: facility.id,
        };
        let stay_id = ids::uuid_v7(&self.clock);
        let month = month(occasion.received_at);
        let new_key = self.vault.new_stay_key(&month, stay_id, owner);
        let new_key = new_key.map_err(|error| Refusal::Internal(error.into()))?;
        let delivery = if declaration.is_forwardable {
            DeliveryState::Queued
        } else {
            DeliveryState::NotRequired
        };
        let mut stay = StayRow {
            id: stay_id,
            organisation_id: facility.organisation_id,
            facility_id: facility.id,
            facility_kind: facility.kind.into(),
            commune_code: facility.commune_code.clone(),
            province_code: facility.province_code.clone(),
            version: 1,
            presence: Presence::Present.into(),
            identity_state: IdentityState::Pending.into(),
            identity_review: None,
            delivery_state: delivery.into(),
            delivery_version: 1,
            police_reference: None,
            delivery_reason: None,
            completion_state: declaration.completion.into(),
            owed: declaration.owed.to_text(),
            timeliness: declaration.timeliness.into(),
            arrival_at: declaration.arrival_at,
            arrival_on: time::local_date(declaration.arrival_at),
            expected_departure_at: None,
            departed_at: None,
            received_at: occasion.received_at,
            deadline_at: declaration.deadline.at,
            purpose: declaration.purpose.into(),
            sex: None,
            age_band: None,
            nationality: None,
            document_kind: declaration.guest.document.kind().into(),
            reference_index: None,
            document_index: None,
            name_index: None,
            party_index: None,
            changed_at: occasion.received_at,
            sealed_key: Some(new_key.sealed),
            departure_noted_for: None,
            attention_version: None,
        };
        self.describe(&mut stay, declaration);
        Ok((stay, new_key.key))
    }

    /// Writes the clear columns that tell of what is declared.
    pub(crate) fn describe(&self, stay: &mut StayRow, declaration: &Declaration) {
        let facility = &declaration.facility;
        let guest = &declaration.guest;
        let vault = &self.vault;
        let birth_year = known_birth_year(guest);
        stay.arrival_at = declaration.arrival_at;
        stay.arrival_on = time::local_date(declaration.arrival_at);
        stay.expected_departure_at = declaration.expected_departure_at;
        stay.purpose = declaration.purpose.into();
        stay.sex = known_sex(guest).map(Word::from);
        stay.age_band = birth_year.map(|year| age_band(declaration.arrival_at, year).to_owned());
        stay.nationality.clone_from(&guest.nationality);
        stay.document_kind = guest.document.kind().into();
        stay.reference_index = declaration
            .reference
            .as_ref()
            .map(|reference| reference_index(vault, facility.id, reference).to_vec());
        stay.document_index = guest
            .document
            .number()
            .map(|number| document_index(vault, number));
        stay.name_index = guest
            .full_name
            .as_ref()
            .map(|name| name_index(vault, name, birth_year));
        let party = declaration.party.as_ref();
        let party = party.and_then(|party| party.reference.as_deref());
        stay.party_index = party.map(|reference| {
            let parts: [&[u8]; 2] = [facility.id.as_bytes(), reference.as_bytes()];
            vault.blind_index("stay.party", &parts).to_vec()
        });
    }
}

/// As sent, otherwise derived from the number.
fn known_sex(guest: &Guest) -> Option<Sex> {
    guest
        .sex
        .or_else(|| guest.document.personal_id().map(PersonalId::sex))
}

/// As sent, otherwise derived from the number.
fn known_birth_year(guest: &Guest) -> Option<i32> {
    guest
        .birth_date
        .map(BirthDate::year)
        .or_else(|| guest.document.personal_id().map(PersonalId::birth_year))
}

/// Age on arrival by years alone, in the bands reports use.
fn age_band(arrival_at: DateTime<Utc>, birth_year: i32) -> &'static str {
    match time::local_date(arrival_at).year() - birth_year {
        ..14 => "0-13",
        14..18 => "14-17",
        18..60 => "18-59",
        60.. => "60+",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_filed_in_bands_by_the_local_year_of_arrival() {
        // Each row: arrival, year of birth, band.
        let table = [
            ("2026-11-23T07:00:00Z", 2026, "0-13"),
            ("2026-11-23T07:00:00Z", 2013, "0-13"),
            ("2026-11-23T07:00:00Z", 2012, "14-17"),
            ("2026-11-23T07:00:00Z", 2009, "14-17"),
            ("2026-11-23T07:00:00Z", 2008, "18-59"),
            ("2026-11-23T07:00:00Z", 1967, "18-59"),
            ("2026-11-23T07:00:00Z", 1966, "60+"),
            // In Viet Nam the next year has begun.
            ("2026-12-31T16:59:59Z", 2009, "14-17"),
            ("2026-12-31T17:00:00Z", 2009, "18-59"),
        ];
        for (arrival_at, birth_year, band) in table {
            let arrival_at = time::parse_instant(arrival_at).unwrap();
            assert_eq!(age_band(arrival_at, birth_year), band, "{birth_year}");
        }
    }
}
