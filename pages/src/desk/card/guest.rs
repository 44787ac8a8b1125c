//! What kind of guest a card is of, as far as it can be told before the declaration is judged.

use chrono::{DateTime, Utc};
use domain::{
    birth_date::BirthDate,
    catalogue::VIET_NAM_CODE,
    document::{DocumentKind, ImpliedNationality, NoDocumentReason},
    personal_id::PersonalId,
    time::local_date,
    typed::{self, Recognised},
};

use crate::desk::form::CardForm;

/// What follows from the values of a card.
pub(super) struct CardGuest {
    /// The personal ID number, if it is one.
    pub(super) id: Option<PersonalId>,
    /// When the guest was born, as typed or read.
    pub(super) birth: Option<BirthDate>,
    /// Whether the document is known by the personal ID number.
    pub(super) has_personal_id: bool,
    /// Whether the number may be of two kinds of documents.
    pub(super) has_ambiguous_number: bool,
    /// Whether stays of the same document can be found by the number.
    pub(super) has_sound_number: bool,
    /// Whether the guest is no citizen of Viet Nam.
    pub(super) is_foreigner: bool,
    /// The same, and also while no nationality is named that has to be.
    pub(super) may_be_foreigner: bool,
    /// Whether birth date and sex have to be typed.
    pub(super) owes_birth_and_sex: bool,
    /// Whether the nationality has to be named.
    pub(super) owes_nationality: bool,
    /// Whether nobody knows who it is.
    pub(super) is_unidentified: bool,
    /// Whether the guest is under age.
    pub(super) is_minor: bool,
}

impl CardGuest {
    pub(super) fn of(form: &CardForm, now: DateTime<Utc>) -> Self {
        let today = local_date(now);
        let kind = DocumentKind::parse(&form.kind);
        let has_personal_id = kind.is_some_and(DocumentKind::has_personal_id);
        let id = PersonalId::parse(&form.number, today)
            .ok()
            .filter(|_| has_personal_id);
        let birth = typed::birth_date(&form.birth_date, today);
        let of_number = id
            .as_ref()
            .and_then(|id| BirthDate::parse(&id.birth_year().to_string()));
        let must_name =
            kind.is_some_and(|kind| kind.implied_nationality() == ImpliedNationality::MustBeNamed);
        let is_named = !form.nationality.is_empty();
        let is_foreigner = is_named && form.nationality != VIET_NAM_CODE;
        let reason = NoDocumentReason::parse(&form.no_document_reason);
        let is_unidentified = reason == Some(NoDocumentReason::Unidentified);
        let is_nine = matches!(typed::recognise(&form.number), Recognised::NineDigits(_));
        Self {
            has_sound_number: id.is_some() || !has_personal_id,
            has_ambiguous_number: is_nine && !has_personal_id,
            may_be_foreigner: is_foreigner || (must_name && !is_named),
            owes_birth_and_sex: (!has_personal_id || is_foreigner) && !is_unidentified,
            owes_nationality: must_name,
            is_minor: birth
                .or(of_number)
                .is_some_and(|birth| typed::is_minor(birth, today))
                || reason == Some(NoDocumentReason::Minor),
            id,
            birth,
            has_personal_id,
            is_foreigner,
            is_unidentified,
        }
    }
}
