//! Facilities, and what each kind must state about a stay.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::purpose::Purpose;

coded! {
    /// The five kinds of facility that declare stays.
    pub enum FacilityKind {
        /// Hotel, private guesthouse, homestay, worker housing, vessel.
        LodgingBusiness => "lodging_business",
        /// Guest house of an agency (nhà khách).
        GuestHouse => "guest_house",
        /// Official residence (nhà công vụ).
        OfficialResidence => "official_residence",
        /// Hospital or clinic with in-patients.
        MedicalFacility => "medical_facility",
        /// School or dormitory.
        School => "school",
    }
}

/// A facility as the rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facility {
    /// The facility's id.
    pub id: Uuid,
    /// The organisation that runs it.
    pub organisation_id: Uuid,
    /// What it is by law.
    pub kind: FacilityKind,
    /// Closer word (`hotel`, `homestay`, `dormitory`, …), from the catalogue.
    pub subkind: Option<String>,
    /// Its name, as the police know it.
    pub name: String,
    /// Street address inside the commune.
    pub address: String,
    /// Five-digit code of its commune, ward or special zone.
    pub commune_code: String,
    /// Two-digit code of its province.
    pub province_code: String,
    /// Whether it lies in a remote area, where a foreigner's deadline is 24 hours
    /// (Law 47/2014/QH13, art. 33).
    pub is_remote: bool,
    /// From when on it takes no new declarations, because it or its organisation has ended. What was
    /// declared is still read, changed and departed.
    pub ended_at: Option<DateTime<Utc>>,
}

/// The place that a kind of facility must state: where the guest sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceRule {
    /// `room` is required.
    Room,
    /// `room` or `bed` is required.
    RoomOrBed,
    /// Neither is required.
    Nothing,
}

impl FacilityKind {
    /// The place in the facility where the guest sleeps: the "lodging address" of Law on Residence
    /// 68/2020/QH14, art. 30(2) as amended by Law 118/2025/QH15, art. 4(9), is the facility's
    /// address with the room.
    #[must_use]
    pub const fn place_rule(self) -> PlaceRule {
        match self {
            Self::LodgingBusiness | Self::GuestHouse | Self::School => PlaceRule::Room,
            Self::MedicalFacility => PlaceRule::RoomOrBed,
            Self::OfficialResidence => PlaceRule::Nothing,
        }
    }

    /// Whether the expected departure is required ("duration", same article). A hospital often
    /// cannot know it, and an official residence is assigned without an end.
    #[must_use]
    pub const fn requires_expected_departure(self) -> bool {
        match self {
            Self::LodgingBusiness | Self::GuestHouse | Self::School => true,
            Self::MedicalFacility | Self::OfficialResidence => false,
        }
    }

    /// The purpose of a stay that names none.
    #[must_use]
    pub const fn default_purpose(self) -> Purpose {
        match self {
            Self::LodgingBusiness => Purpose::Tourism,
            Self::GuestHouse | Self::OfficialResidence => Purpose::Business,
            Self::MedicalFacility => Purpose::MedicalTreatment,
            Self::School => Purpose::Study,
        }
    }
}

impl Facility {
    /// Whether it takes new declarations.
    #[must_use]
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.ended_at.is_none_or(|end| at < end)
    }

    /// The purpose of a stay that names none: that of the kind, except for the few lodging
    /// businesses whose closer word says more (worker housing, apartment, household).
    #[must_use]
    pub fn default_purpose(&self) -> Purpose {
        match self.subkind.as_deref() {
            Some("worker_housing") => Purpose::Work,
            Some("apartment" | "household") => Purpose::FamilyVisit,
            Some(_) | None => self.kind.default_purpose(),
        }
    }
}
