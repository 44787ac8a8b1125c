//! What a program sees of each code: an example for the catalogue.

use serde_json::{Value, json};

use super::{Class, Code, Language};

/// Where each code about a member is met most. A code without a place here is about no member.
const PLACES: &[(Code, &str)] = &[
    (Code::InvalidType, "/guest/full_name"),
    (Code::UnknownField, "/guest/firstname"),
    (Code::MemberRepeated, "/guest/full_name"),
    (Code::ReadOnly, "/received_at"),
    (Code::TooLong, "/note"),
    (Code::ControlCharacter, "/guest/full_name"),
    (Code::InvisibleCharacter, "/room"),
    (Code::InvisibleDropped, "/guest/document/number"),
    (Code::TextCut, "/note"),
    (Code::NationalityDiffersFromDocument, "/guest/nationality"),
    (Code::NameDoubtful, "/guest/full_name"),
    (Code::SameAsEarlierItem, ""),
    (Code::Required, "/guest/full_name"),
    (Code::NothingToChange, ""),
    (Code::QuestionUnknown, "/question_id"),
    (Code::ReferredToSameCommune, "/commune_code"),
    (Code::TooFewItems, "/stays"),
    (Code::TooManyItems, "/stays"),
    (Code::OutOfRange, "/rooms/0/capacity"),
    (Code::Duplicate, "/rooms/1/name"),
    (Code::UnknownCode, "/purpose"),
    (Code::FacilityUnknown, "/facility_id"),
    (Code::FacilityEnded, "/facility_id"),
    (Code::OrganisationUnknown, "/organisation_code"),
    (Code::OrganisationEnded, "/organisation_code"),
    (Code::OrganisationCodeInvalid, "/code"),
    (Code::CommuneReplaced, "/commune_code"),
    (Code::ValidFromInPast, "/valid_from"),
    (Code::ContradictsMember, "/never_expires"),
    (Code::NotForRole, "/communes"),
    (Code::PersonalNumber, "/reason"),
    (Code::UnknownCommune, "/guest/residence/commune_code"),
    (Code::InvalidInstant, "/arrival_at"),
    (Code::InvalidDate, "/guest/birth_date"),
    (Code::ArrivalInFuture, "/arrival_at"),
    (Code::ArrivalTooOld, "/arrival_at"),
    (Code::DepartureBeforeArrival, "/expected_departure_at"),
    (Code::DepartureInFuture, "/departed_at"),
    (Code::BirthDateInFuture, "/guest/birth_date"),
    (Code::BirthDateTooOld, "/guest/birth_date"),
    (Code::InvalidName, "/guest/full_name"),
    (Code::InvalidPhone, "/guest/phone"),
    (Code::InvalidDocumentNumber, "/guest/document/number"),
    (Code::DocumentNumberNotAllowed, "/guest/document/number"),
    (Code::PersonalIdNotDigits, "/guest/document/number"),
    (Code::PersonalIdLength, "/guest/document/number"),
    (Code::PersonalIdBirthPlace, "/guest/document/number"),
    (Code::PersonalIdFutureBirthYear, "/guest/document/number"),
    (Code::InvalidLimit, "/query/limit"),
    (Code::InvalidCursor, "/query/cursor"),
    (Code::InvalidFilter, "/query/presence"),
    (Code::SexDiffersFromNumber, "/guest/sex"),
    (Code::BirthYearDiffersFromNumber, "/guest/birth_date"),
    (Code::PermittedStayEnded, "/guest/permitted_stay_until"),
    (Code::VisaExpired, "/guest/visa/expires_on"),
    (Code::EnteredAfterArrival, "/guest/entered_on"),
    (Code::TemporaryResidenceDue, "/expected_departure_at"),
    (Code::AlreadyPresentHere, "/guest/document/number"),
    (Code::OverlapsStayHere, "/arrival_at"),
    (Code::DeclaredByAnotherSender, "/guest/document/number"),
    (Code::CommuneCodeOld, "/guest/residence/commune_code"),
    (Code::CommuneCodeAmbiguous, "/guest/residence/commune_code"),
    (Code::NotCardQr, "/text"),
    (Code::CardQrIncomplete, "/text"),
    (Code::NotMrz, "/text"),
    (Code::MrzLength, "/text"),
    (Code::MrzCharacter, "/text"),
    (Code::MrzOtherDocument, "/text"),
    (Code::ImageUnreadable, ""),
    (Code::ImageTooManyPixels, ""),
    (Code::ImageWithoutQr, ""),
    (Code::NumberCleaned, "/guest/document/number"),
    (Code::TextRepaired, "/guest"),
    (Code::ScanFieldUnreadable, "/guest/birth_date"),
    (Code::IssueDateDoubtful, "/guest/document"),
    (Code::CheckDigitWrong, "/guest/document/number"),
    (Code::MrzNumbersDiffer, "/guest/document/number"),
    (Code::NameCutOff, "/guest/full_name"),
    (Code::DocumentExpired, "/guest/document"),
    (Code::FileUnreadable, ""),
    (Code::FileEncodingUnknown, ""),
    (Code::FileHasMacros, ""),
    (Code::FileExpandsTooFar, ""),
    (Code::FileTooHeavy, ""),
    (Code::FileQuoteOpen, ""),
    (Code::FileNotATable, ""),
    (Code::FormNotOneFile, ""),
    (Code::FileCompressed, ""),
    (Code::FileTooManyRows, ""),
    (Code::FileTooManyColumns, ""),
    (Code::FileCellTooLong, ""),
    (Code::FileEmpty, ""),
    (Code::FileColumnsUnknown, ""),
    (Code::FileColumnsAmbiguous, ""),
    (Code::Formula, "/room"),
    (Code::DateAmbiguous, "/arrival_at"),
    (Code::LeadingZeroLost, "/guest/document/number"),
    (Code::NumberRounded, "/guest/document/number"),
    (Code::TextDamaged, "/guest/full_name"),
    (Code::NationalityAmbiguous, "/guest/nationality"),
    (Code::StatusUnknown, ""),
    (Code::CellNotText, "/room"),
    (Code::WebhookUrlInvalid, "/url"),
    (Code::WebhookAddressNotAllowed, "/url"),
    (Code::UntilInPast, "/until"),
    (Code::ArrivalTimeAssumed, "/arrival_at"),
    (Code::PartyIncomplete, "/party"),
    (Code::DateAssumed, "/guest/birth_date"),
    (Code::TwoGuestsInCell, "/guest/full_name"),
    (Code::BookingCancelled, ""),
    (Code::GuestNotArrived, ""),
    (Code::GuestDeparted, ""),
    (Code::CensusTimeOutOfRange, "/taken_at"),
    (Code::CensusOutsideScope, "/ward"),
    (Code::CensusLineRepeated, "/reference"),
    (Code::CensusMissing, ""),
    (Code::CensusGuestUnclear, "/stays/0"),
];

/// The code as it is met in an answer: one element of `errors` or of `warnings`, or a problem's
/// own members.
pub(super) fn example(code: Code) -> Value {
    let place = PLACES.iter().find(|(placed, _)| *placed == code);
    let pointer = place.map(|(_, pointer)| *pointer).unwrap_or_default();
    match code.class() {
        Class::Warning => json!({"pointer": pointer, "code": code.as_str()}),
        Class::Violation => json!({
            "pointer": pointer,
            "code": code.as_str(),
            "message": code.detail(Language::Vi),
        }),
        Class::Request | Class::Access | Class::Conflict | Class::Limit | Class::Service => {
            json!({
                "code": code.as_str(),
                "title": code.title(Language::Vi),
                "detail": code.detail(Language::Vi),
                "retryable": code.is_retryable(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_about_a_member_has_a_place_and_no_other_has() {
        for code in Code::ALL.iter().copied() {
            let count = PLACES.iter().filter(|(placed, _)| *placed == code).count();
            let is_of_a_member = matches!(code.class(), Class::Violation | Class::Warning);
            assert_eq!(count, usize::from(is_of_a_member), "{code}");
        }
    }
}
