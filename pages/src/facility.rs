//! Choosing the facility to work for, where there are several.

use askama::Template;
use uuid::Uuid;

use crate::frame::Head;
use crate::icon::Icon;

/// The facilities to choose from.
#[derive(Template)]
#[template(path = "facility.html")]
pub struct FacilityPage {
    /// What every page has.
    pub head: Head,
    /// The facilities.
    pub facilities: Vec<FacilityChoice>,
}

/// A facility to choose.
pub struct FacilityChoice {
    /// The facility.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub address: String,
}
