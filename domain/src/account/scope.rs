//! What an account may see: facilities, or communes and provinces for a time.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A commune or a province.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Jurisdiction {
    /// The code of a commune of today.
    Commune(String),
    /// The code of a province.
    Province(String),
}

/// An area that an officer covers, from one day to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaGrant {
    /// Which.
    #[serde(flatten)]
    pub area: Jurisdiction,
    /// The first day.
    pub valid_from: NaiveDate,
    /// The last day; none: until further notice.
    pub valid_until: Option<NaiveDate>,
}

impl AreaGrant {
    /// Whether it holds on a day.
    #[must_use]
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_until.is_none_or(|last| day <= last)
    }
}

/// What an account may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountScope {
    /// Facilities; none for a manager: all of the organisation, also later ones.
    pub facility_ids: Vec<Uuid>,
    /// Areas of officers and supervisors.
    pub areas: Vec<AreaGrant>,
}

impl AccountScope {
    /// Whether it reaches one of these facilities; whoever is bound to none reaches all.
    #[must_use]
    pub fn touches(&self, facilities: &[Uuid]) -> bool {
        let own = &self.facility_ids;
        own.is_empty() || own.iter().any(|id| facilities.contains(id))
    }

    /// Whether it reaches these facilities and nothing else.
    #[must_use]
    pub fn is_within(&self, facilities: &[Uuid]) -> bool {
        let own = &self.facility_ids;
        !own.is_empty() && own.iter().all(|id| facilities.contains(id))
    }

    /// The communes covered on a day.
    #[must_use]
    pub fn communes_on(&self, day: NaiveDate) -> Vec<String> {
        self.codes_on(day, |area| match area {
            Jurisdiction::Commune(code) => Some(code),
            Jurisdiction::Province(_) => None,
        })
    }

    /// The provinces covered on a day.
    #[must_use]
    pub fn provinces_on(&self, day: NaiveDate) -> Vec<String> {
        self.codes_on(day, |area| match area {
            Jurisdiction::Province(code) => Some(code),
            Jurisdiction::Commune(_) => None,
        })
    }

    fn codes_on(
        &self,
        day: NaiveDate,
        code: impl Fn(&Jurisdiction) -> Option<&String>,
    ) -> Vec<String> {
        let grants = self.areas.iter().filter(|grant| grant.holds_on(day));
        grants
            .filter_map(|grant| code(&grant.area))
            .cloned()
            .collect()
    }
}
