//! The register of guests (sổ lưu trú) of a day or a month, to be printed.

use askama::Template;

use crate::frame::Head;
use crate::icon::Icon;

/// The register.
#[derive(Template)]
#[template(path = "register.html")]
pub struct RegisterPage {
    /// What every page has.
    pub head: Head,
    /// The facility.
    pub facility: String,
    /// Its whole address.
    pub address: String,
    /// The day or month, as it is asked for: the name of its field, and its value.
    pub asked: (&'static str, String),
    /// The day or month in words.
    pub period: String,
    /// The day that is shown, for the field.
    pub day: String,
    /// The month that is shown, for the field.
    pub month: String,
    /// Whether the numbers of documents are whole.
    pub is_whole: bool,
    /// The guests, in order of arrival.
    pub lines: Vec<RegisterLine>,
    /// How many guests are left out, because they are stored damaged or there are too many.
    pub left_out_count: usize,
    /// When the register was made, and by whom.
    pub made: String,
}

/// A guest of the register.
pub struct RegisterLine {
    /// Its number in the register.
    pub number: usize,
    /// The guest.
    pub name: String,
    /// When the guest was born.
    pub birth: String,
    /// The sex.
    pub sex: &'static str,
    /// The nationality.
    pub nationality: String,
    /// Kind and number of the document.
    pub document: String,
    /// Where the guest lives.
    pub residence: String,
    /// Where the guest sleeps.
    pub room: String,
    /// When the stay began.
    pub arrival: String,
    /// When it ended, or is expected to.
    pub departure: String,
    /// Why the guest stays.
    pub purpose: String,
}
