//! Every stable code of the service, in one list: what went wrong, with words in two languages.
//!
//! A code is never renamed and never used for something else. A text gives the fact, then the
//! fix, and never the submitted value. The HTTP status belongs to the `api` crate.

mod example;
mod in_file;
mod language;
mod violation;
mod words;

use serde_json::{Value, json};

pub use in_file::{Column, in_file};
pub use language::Language;
pub use violation::{Hint, Violation};

coded! {
    /// What kind of statement a code makes.
    pub enum Class {
        /// The request cannot be read or is not offered.
        Request => "request",
        /// Who calls may not do this.
        Access => "access",
        /// The request contradicts what is stored.
        Conflict => "conflict",
        /// A quota or a bound is exceeded.
        Limit => "limit",
        /// The service cannot answer now.
        Service => "service",
        /// One member of the document breaks a rule.
        Violation => "violation",
        /// One member of the document deserves a look; nothing is refused.
        Warning => "warning",
    }
}

coded! {
    /// A stable code of a problem, a violation or a warning.
    pub enum Code {
        /// The body is not JSON.
        MalformedJson => "malformed_json",
        /// The body is nested deeper than 32 levels.
        JsonTooDeep => "json_too_deep",
        /// Nothing here that the caller may see.
        NotFound => "not_found",
        /// The path exists, the method does not.
        MethodNotAllowed => "method_not_allowed",
        /// No representation that `Accept` allows.
        NotAcceptable => "not_acceptable",
        /// The body's media type is not taken here.
        UnsupportedMediaType => "unsupported_media_type",
        /// The request did not arrive whole in time.
        RequestTimeout => "request_timeout",
        /// The document breaks rules; `errors` names each.
        ValidationFailed => "validation_failed",
        /// The request names a host that is not this service.
        HostUnknown => "host_unknown",
        /// `Idempotency-Key` is not 1 to 255 visible ASCII characters.
        IdempotencyKeyMalformed => "idempotency_key_malformed",

        /// No valid key was presented.
        Unauthorized => "unauthorized",
        /// The key's time is over.
        KeyExpired => "key_expired",
        /// The key's role may not do this.
        Forbidden => "forbidden",

        /// The reference is taken by a stay with other content.
        ReferenceConflict => "reference_conflict",
        /// The idempotency key was used for another request.
        IdempotencyKeyReused => "idempotency_key_reused",
        /// The first request with this idempotency key is still running.
        IdempotencyInProgress => "idempotency_in_progress",
        /// A change came without the version that it is meant for.
        PreconditionRequired => "precondition_required",
        /// What is to be changed has another version than the one the change is meant for.
        VersionMismatch => "version_mismatch",
        /// The guest has departed; the change is for guests who are there.
        StayDeparted => "stay_departed",
        /// The stay is cancelled, which is final.
        StayCancelled => "stay_cancelled",
        /// The lease under which a case was to be decided holds no more.
        LeaseLost => "lease_lost",
        /// The question is answered, or an officer has decided without its answer.
        QuestionClosed => "question_closed",
        /// A later census was taken of the same part of the facility.
        CensusStale => "census_stale",
        /// A census after which hardly anybody would be left.
        CensusImplausible => "census_implausible",

        /// The organisation has as many webhooks as it may have.
        TooManyWebhooks => "too_many_webhooks",
        /// Another organisation has this code.
        CodeTaken => "code_taken",
        /// The webhook is switched off.
        WebhookDisabled => "webhook_disabled",
        /// The police have answered: there is nothing to send again.
        DeliverySettled => "delivery_settled",
        /// A later version of the stay carries the whole stay.
        DeliverySuperseded => "delivery_superseded",

        /// The body is larger than this path takes.
        BodyTooLarge => "body_too_large",
        /// The batch costs more than the quota's burst.
        BatchTooLarge => "batch_too_large",
        /// A quota is spent.
        RateLimited => "rate_limited",
        /// A facility has as many files waiting as it may.
        TooManyImports => "too_many_imports",

        /// Too much waits already.
        Overloaded => "overloaded",
        /// The database does not answer.
        StorageUnavailable => "storage_unavailable",
        /// What is stored of the stay is damaged; the operator knows of it.
        StayUnreadable => "stay_unreadable",
        /// The database has no room.
        StorageFull => "storage_full",
        /// Whether it was saved is not known.
        OutcomeUnknown => "outcome_unknown",
        /// The process is stopping.
        Stopping => "stopping",
        /// A fault of the service.
        Internal => "internal",

        /// Another JSON type than the contract's.
        InvalidType => "invalid_type",
        /// A member the contract does not know.
        UnknownField => "unknown_field",
        /// An object with two members of one name.
        MemberRepeated => "member_repeated",
        /// A member that only the service sets.
        ReadOnly => "read_only",
        /// Text longer than its bound.
        TooLong => "too_long",
        /// Text with a control character.
        ControlCharacter => "control_character",
        /// A character that nobody sees: zero-width, direction, tag.
        InvisibleCharacter => "invisible_character",
        /// A required member is missing.
        Required => "required",
        /// A change that says why, and not what.
        NothingToChange => "nothing_to_change",
        /// No question of the police about this stay.
        QuestionUnknown => "question_unknown",
        /// The commune to which a case is referred has it already.
        ReferredToSameCommune => "referred_to_same_commune",
        /// A list with fewer elements than allowed.
        TooFewItems => "too_few_items",
        /// A list with more elements than allowed.
        TooManyItems => "too_many_items",
        /// A number outside of its bounds.
        OutOfRange => "out_of_range",
        /// An element that repeats an earlier one of its list.
        Duplicate => "duplicate",
        /// A word that is not in its catalogue.
        UnknownCode => "unknown_code",
        /// No facility that the key may use.
        FacilityUnknown => "facility_unknown",
        /// The facility, or its organisation, has ended: it takes no new declarations.
        FacilityEnded => "facility_ended",
        /// No organisation has this code.
        OrganisationUnknown => "organisation_unknown",
        /// The organisation has ended.
        OrganisationEnded => "organisation_ended",
        /// The code of an organisation with something else than small letters, digits, `-_.`.
        OrganisationCodeInvalid => "organisation_code_invalid",
        /// A commune that is no more, where only one of today will do.
        CommuneReplaced => "commune_replaced",
        /// A day before today.
        ValidFromInPast => "valid_from_in_past",
        /// A member that says the opposite of another.
        ContradictsMember => "contradicts_member",
        /// Text with what may be somebody's number, where it would lie in the clear.
        PersonalNumber => "personal_number",
        /// A member that keys of this role do not have.
        NotForRole => "not_for_role",
        /// No commune of this code, now or before 2025-07-01.
        UnknownCommune => "unknown_commune",
        /// Not an RFC 3339 instant with offset.
        InvalidInstant => "invalid_instant",
        /// Not a day that exists.
        InvalidDate => "invalid_date",
        /// The arrival lies too far ahead.
        ArrivalInFuture => "arrival_in_future",
        /// The arrival lies too far back.
        ArrivalTooOld => "arrival_too_old",
        /// The departure is not after the arrival.
        DepartureBeforeArrival => "departure_before_arrival",
        /// The guest's departure has not come yet.
        DepartureInFuture => "departure_in_future",
        /// The birth date has not come yet.
        BirthDateInFuture => "birth_date_in_future",
        /// The birth date is more than 150 years ago.
        BirthDateTooOld => "birth_date_too_old",
        /// A name with something other than letters, apostrophes, hyphens, dots and spaces.
        InvalidName => "invalid_name",
        /// Not a telephone number.
        InvalidPhone => "invalid_phone",
        /// The number has not the form of its kind of document.
        InvalidDocumentNumber => "invalid_document_number",
        /// A number beside `document.kind` `none`.
        DocumentNumberNotAllowed => "document_number_not_allowed",
        /// A personal ID number with something other than ASCII digits.
        PersonalIdNotDigits => "personal_id_not_digits",
        /// A personal ID number without exactly 12 digits.
        PersonalIdLength => "personal_id_length",
        /// Digits 1 to 3 name no place of birth registration.
        PersonalIdBirthPlace => "personal_id_birth_place",
        /// Digits 4 to 6 name a birth year that has not come yet.
        PersonalIdFutureBirthYear => "personal_id_future_birth_year",
        /// `limit` is out of bounds.
        InvalidLimit => "invalid_limit",
        /// `cursor` is not one of ours.
        InvalidCursor => "invalid_cursor",
        /// A filter's value cannot be read.
        InvalidFilter => "invalid_filter",
        /// The text is not that of the QR code on a citizen's card.
        NotCardQr => "not_card_qr",
        /// The text of a card's QR code with fewer than seven fields.
        CardQrIncomplete => "card_qr_incomplete",
        /// The text is not that of a machine-readable zone.
        NotMrz => "not_mrz",
        /// Lines that fit none of the three sizes of a machine-readable zone.
        MrzLength => "mrz_length",
        /// A machine-readable zone with a character it cannot hold.
        MrzCharacter => "mrz_character",
        /// The machine-readable zone of a visa or of another document that identifies nobody.
        MrzOtherDocument => "mrz_other_document",
        /// The body is no whole picture of the media type it names.
        ImageUnreadable => "image_unreadable",
        /// The picture has more pixels than are decoded.
        ImageTooManyPixels => "image_too_many_pixels",
        /// The picture shows no QR code that can be read.
        ImageWithoutQr => "image_without_qr",
        /// The file is damaged, locked, or of another kind than it is said to be.
        FileUnreadable => "file_unreadable",
        /// Text in no encoding that can be told for certain.
        FileEncodingUnknown => "file_encoding_unknown",
        /// A workbook with macros.
        FileHasMacros => "file_has_macros",
        /// Unpacked, the file would be far larger than it looks.
        FileExpandsTooFar => "file_expands_too_far",
        /// Reading the file takes more memory or time than a file may have.
        FileTooHeavy => "file_too_heavy",
        /// A quotation mark that never closes, or only rows later.
        FileQuoteOpen => "file_quote_open",
        /// A web page, a picture or another document with the name of a table.
        FileNotATable => "file_not_a_table",
        /// A form that holds not just one file.
        FormNotOneFile => "form_not_one_file",
        /// The file is packed.
        FileCompressed => "file_compressed",
        /// More rows than are taken.
        FileTooManyRows => "file_too_many_rows",
        /// More columns than are taken.
        FileTooManyColumns => "file_too_many_columns",
        /// A cell with more text than any column can hold.
        FileCellTooLong => "file_cell_too_long",
        /// No row below the heading.
        FileEmpty => "file_empty",
        /// No heading that names a guest and an arrival.
        FileColumnsUnknown => "file_columns_unknown",
        /// Two columns that both fit one member.
        FileColumnsAmbiguous => "file_columns_ambiguous",
        /// A cell with a formula.
        Formula => "formula",
        /// A date that may mean two days.
        DateAmbiguous => "date_ambiguous",
        /// A number whose zeros in front were lost.
        LeadingZeroLost => "leading_zero_lost",
        /// A number written with an exponent: digits are lost.
        NumberRounded => "number_rounded",
        /// Text that was read in a wrong encoding before it came.
        TextDamaged => "text_damaged",
        /// A word that may mean two countries.
        NationalityAmbiguous => "nationality_ambiguous",
        /// A status that does not tell whether the guest is there.
        StatusUnknown => "status_unknown",
        /// A cell with an error, a date or a truth value where text is expected.
        CellNotText => "cell_not_text",
        /// The census was taken too far ahead or too long ago.
        CensusTimeOutOfRange => "census_time_out_of_range",
        /// A line of a census about somebody outside of its scope.
        CensusOutsideScope => "census_outside_scope",
        /// A line of a census about the same guest as one before it.
        CensusLineRepeated => "census_line_repeated",
        /// No address of the form that webhooks are sent to.
        WebhookUrlInvalid => "webhook_url_invalid",
        /// The address leads where webhooks may not go.
        WebhookAddressNotAllowed => "webhook_address_not_allowed",
        /// An end that has passed already.
        UntilInPast => "until_in_past",

        /// The sex declared is not the one in the number.
        SexDiffersFromNumber => "sex_differs_from_number",
        /// The birth year declared is not the one in the number.
        BirthYearDiffersFromNumber => "birth_year_differs_from_number",
        /// The permitted stay ended before the arrival.
        PermittedStayEnded => "permitted_stay_ended",
        /// The visa expired before the arrival.
        VisaExpired => "visa_expired",
        /// The entry into the country lies after the arrival.
        EnteredAfterArrival => "entered_after_arrival",
        /// A stay of 30 days or more.
        TemporaryResidenceDue => "temporary_residence_due",
        /// The same document is present at this facility.
        AlreadyPresentHere => "already_present_here",
        /// The same document left this facility after the arrival declared.
        OverlapsStayHere => "overlaps_stay_here",
        /// That stay was declared with another key.
        DeclaredByAnotherSender => "declared_by_another_sender",
        /// A commune code of before 2025-07-01.
        CommuneCodeOld => "commune_code_old",
        /// A commune code of before 2025-07-01 whose unit went into several.
        CommuneCodeAmbiguous => "commune_code_ambiguous",
        /// Spaces, dots or full-width forms were dropped from a number.
        NumberCleaned => "number_cleaned",
        /// The scanned text came damaged in encoding, letter case or spacing and was mended.
        TextRepaired => "text_repaired",
        /// A field of the scanned text that cannot be read; the member is left out.
        ScanFieldUnreadable => "scan_field_unreadable",
        /// The card's day of issue does not exist, is before the birth or after today.
        IssueDateDoubtful => "issue_date_doubtful",
        /// A check digit of the machine-readable zone does not fit.
        CheckDigitWrong => "check_digit_wrong",
        /// The two numbers in the zone of a citizen's card do not agree.
        MrzNumbersDiffer => "mrz_numbers_differ",
        /// The name fills its field in the machine-readable zone and may be cut.
        NameCutOff => "name_cut_off",
        /// The document's last day of validity has passed.
        DocumentExpired => "document_expired",
        /// Characters that nobody sees were dropped.
        InvisibleDropped => "invisible_dropped",
        /// What was longer than the member may be was cut off.
        TextCut => "text_cut",
        /// A Vietnamese citizen's document with another nationality.
        NationalityDiffersFromDocument => "nationality_differs_from_document",
        /// Letters in a scanned name where fillers belong, or digits.
        NameDoubtful => "name_doubtful",
        /// An item of a request that says the same as an earlier one.
        SameAsEarlierItem => "same_as_earlier_item",
        /// An arrival date without a time counts as 14:00.
        ArrivalTimeAssumed => "arrival_time_assumed",
        /// A booking for more guests than the file lists.
        PartyIncomplete => "party_incomplete",
        /// A date that was read in the likeliest of the ways it may be read.
        DateAssumed => "date_assumed",
        /// A cell that seems to hold the names of two people.
        TwoGuestsInCell => "two_guests_in_cell",
        /// A row whose booking was cancelled: nobody is declared.
        BookingCancelled => "booking_cancelled",
        /// A row of a guest who has not come yet: nobody is declared.
        GuestNotArrived => "guest_not_arrived",
        /// A row of a guest who has left, and not when: nobody is declared.
        GuestDeparted => "guest_departed",
        /// A guest who is present and was not in a census.
        CensusMissing => "census_missing",
        /// A faulty line of a census that leaves open which guest it is about.
        CensusGuestUnclear => "census_guest_unclear",
    }
}

/// A code's words in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// A few words, for a heading.
    pub title: &'static str,
    /// The fact, then the fix.
    pub detail: &'static str,
}

impl Code {
    /// What kind of statement the code makes.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::MalformedJson
            | Self::JsonTooDeep
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::NotAcceptable
            | Self::UnsupportedMediaType
            | Self::RequestTimeout
            | Self::ValidationFailed
            | Self::HostUnknown
            | Self::IdempotencyKeyMalformed => Class::Request,
            Self::Unauthorized | Self::KeyExpired | Self::Forbidden => Class::Access,
            Self::ReferenceConflict
            | Self::IdempotencyKeyReused
            | Self::IdempotencyInProgress
            | Self::PreconditionRequired
            | Self::VersionMismatch
            | Self::StayDeparted
            | Self::StayCancelled
            | Self::LeaseLost
            | Self::QuestionClosed
            | Self::CensusStale
            | Self::CensusImplausible
            | Self::TooManyWebhooks
            | Self::CodeTaken
            | Self::WebhookDisabled
            | Self::DeliverySettled
            | Self::DeliverySuperseded => Class::Conflict,
            Self::BodyTooLarge | Self::BatchTooLarge | Self::RateLimited | Self::TooManyImports => {
                Class::Limit
            }
            Self::Overloaded
            | Self::StorageUnavailable
            | Self::StorageFull
            | Self::OutcomeUnknown
            | Self::Stopping
            | Self::StayUnreadable
            | Self::Internal => Class::Service,
            Self::InvalidType
            | Self::UnknownField
            | Self::MemberRepeated
            | Self::ReadOnly
            | Self::TooLong
            | Self::ControlCharacter
            | Self::InvisibleCharacter
            | Self::Required
            | Self::NothingToChange
            | Self::QuestionUnknown
            | Self::ReferredToSameCommune
            | Self::TooFewItems
            | Self::TooManyItems
            | Self::OutOfRange
            | Self::Duplicate
            | Self::UnknownCode
            | Self::FacilityUnknown
            | Self::FacilityEnded
            | Self::OrganisationUnknown
            | Self::OrganisationEnded
            | Self::OrganisationCodeInvalid
            | Self::CommuneReplaced
            | Self::ValidFromInPast
            | Self::ContradictsMember
            | Self::NotForRole
            | Self::PersonalNumber
            | Self::UnknownCommune
            | Self::InvalidInstant
            | Self::InvalidDate
            | Self::ArrivalInFuture
            | Self::ArrivalTooOld
            | Self::DepartureBeforeArrival
            | Self::DepartureInFuture
            | Self::BirthDateInFuture
            | Self::BirthDateTooOld
            | Self::InvalidName
            | Self::InvalidDocumentNumber
            | Self::DocumentNumberNotAllowed
            | Self::PersonalIdNotDigits
            | Self::PersonalIdLength
            | Self::PersonalIdBirthPlace
            | Self::PersonalIdFutureBirthYear
            | Self::InvalidLimit
            | Self::InvalidCursor
            | Self::InvalidFilter
            | Self::NotCardQr
            | Self::CardQrIncomplete
            | Self::NotMrz
            | Self::MrzLength
            | Self::MrzCharacter
            | Self::MrzOtherDocument
            | Self::ImageUnreadable
            | Self::ImageTooManyPixels
            | Self::ImageWithoutQr
            | Self::FileUnreadable
            | Self::FileEncodingUnknown
            | Self::FileHasMacros
            | Self::FileExpandsTooFar
            | Self::FileTooHeavy
            | Self::FileQuoteOpen
            | Self::FileNotATable
            | Self::FormNotOneFile
            | Self::FileCompressed
            | Self::FileTooManyRows
            | Self::FileTooManyColumns
            | Self::FileCellTooLong
            | Self::FileEmpty
            | Self::FileColumnsUnknown
            | Self::FileColumnsAmbiguous
            | Self::Formula
            | Self::DateAmbiguous
            | Self::LeadingZeroLost
            | Self::NumberRounded
            | Self::TextDamaged
            | Self::NationalityAmbiguous
            | Self::StatusUnknown
            | Self::CellNotText
            | Self::CensusTimeOutOfRange
            | Self::CensusOutsideScope
            | Self::CensusLineRepeated
            | Self::WebhookUrlInvalid
            | Self::WebhookAddressNotAllowed
            | Self::UntilInPast => Class::Violation,
            Self::InvalidPhone
            | Self::InvisibleDropped
            | Self::TextCut
            | Self::NationalityDiffersFromDocument
            | Self::NameDoubtful
            | Self::SameAsEarlierItem
            | Self::SexDiffersFromNumber
            | Self::BirthYearDiffersFromNumber
            | Self::PermittedStayEnded
            | Self::VisaExpired
            | Self::EnteredAfterArrival
            | Self::TemporaryResidenceDue
            | Self::AlreadyPresentHere
            | Self::OverlapsStayHere
            | Self::DeclaredByAnotherSender
            | Self::CommuneCodeOld
            | Self::CommuneCodeAmbiguous
            | Self::NumberCleaned
            | Self::TextRepaired
            | Self::ScanFieldUnreadable
            | Self::IssueDateDoubtful
            | Self::CheckDigitWrong
            | Self::MrzNumbersDiffer
            | Self::NameCutOff
            | Self::DocumentExpired
            | Self::ArrivalTimeAssumed
            | Self::PartyIncomplete
            | Self::DateAssumed
            | Self::TwoGuestsInCell
            | Self::BookingCancelled
            | Self::GuestNotArrived
            | Self::GuestDeparted
            | Self::CensusMissing
            | Self::CensusGuestUnclear => Class::Warning,
        }
    }

    /// Whether the same request may succeed later without being changed.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RequestTimeout
                | Self::IdempotencyInProgress
                | Self::RateLimited
                | Self::TooManyImports
                | Self::Overloaded
                | Self::StorageUnavailable
                | Self::StorageFull
                | Self::OutcomeUnknown
                | Self::Stopping
        )
    }

    /// A heading of a few words.
    #[must_use]
    pub const fn title(self, language: Language) -> &'static str {
        words::words(self, language).title
    }

    /// The fact, then the fix. Never holds a submitted value.
    #[must_use]
    pub const fn detail(self, language: Language) -> &'static str {
        words::words(self, language).detail
    }

    /// What to do about it: [`Self::detail`] without its first sentence, the fact.
    #[must_use]
    pub fn fix(self, language: Language) -> &'static str {
        let sentences = self.detail(language).split_once(". ");
        sentences.map_or("", |(_, fix)| fix)
    }
}

/// The catalogue `error_codes`: every code with class, `retryable`, words in both languages and
/// an example of what a program sees, as
/// `{code, class, retryable, title: {vi, en}, detail: {vi, en}, fix: {vi, en}, example}`.
#[must_use]
pub fn catalogue() -> Vec<Value> {
    Code::ALL.iter().copied().map(catalogue_entry).collect()
}

fn catalogue_entry(code: Code) -> Value {
    json!({
        "code": code.as_str(),
        "class": code.class().as_str(),
        "retryable": code.is_retryable(),
        "title": {"vi": code.title(Language::Vi), "en": code.title(Language::En)},
        "detail": {"vi": code.detail(Language::Vi), "en": code.detail(Language::En)},
        "fix": {"vi": code.fix(Language::Vi), "en": code.fix(Language::En)},
        "example": example::example(code),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_snake_case_unique_and_reads_back() {
        let mut seen = HashSet::new();
        for code in Code::ALL.iter().copied() {
            let word = code.as_str();
            assert!(
                word.chars()
                    .all(|letter| letter.is_ascii_lowercase() || letter == '_')
            );
            assert!(seen.insert(word), "{word} twice");
            assert_eq!(Code::parse(word), Some(code));
        }
    }

    #[test]
    fn words_are_there_in_both_languages_and_end_as_sentences() {
        for code in Code::ALL.iter().copied() {
            for language in [Language::Vi, Language::En] {
                assert!(!code.title(language).is_empty(), "{code}");
                assert!(!code.title(language).ends_with('.'), "{code}");
                assert!(code.detail(language).ends_with('.'), "{code}");
                assert!(code.fix(language).ends_with('.'), "{code} has no fix");
            }
            assert_ne!(code.title(Language::Vi), code.title(Language::En), "{code}");
            assert_ne!(
                code.detail(Language::Vi),
                code.detail(Language::En),
                "{code}"
            );
        }
    }

    #[test]
    fn the_catalogue_lists_every_code_once() {
        let listed: HashSet<String> = catalogue()
            .iter()
            .map(|entry| entry["code"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(listed.len(), Code::ALL.len());
    }

    #[test]
    fn only_passing_troubles_are_retryable() {
        for code in Code::ALL.iter().copied().filter(|code| code.is_retryable()) {
            let class = code.class();
            assert!(
                !matches!(class, Class::Violation | Class::Warning | Class::Access),
                "{code}"
            );
        }
        assert!(Code::OutcomeUnknown.is_retryable());
        assert!(!Code::IdempotencyKeyReused.is_retryable());
    }
}
