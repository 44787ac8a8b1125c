//! The guest, and the members required of each kind of guest.

use chrono::NaiveDate;

use super::{Context, Faults, Guardian, Guest, Residence, Visa};
use crate::birth_date::BirthDate;
use crate::catalogue::{CommuneCode, VIET_NAM_CODE};
use crate::damage::is_damaged;
use crate::document::{Document, DocumentKind, ImpliedNationality, NoDocumentReason};
use crate::draft::{Draft, DraftGuest};
use crate::problem::Code;
use crate::sex::Sex;
use crate::time::parse_day;

const FULL_NAME: &str = "/guest/full_name";
const BIRTH_DATE: &str = "/guest/birth_date";
const SEX: &str = "/guest/sex";
const NATIONALITY: &str = "/guest/nationality";
const DOCUMENT: &str = "/guest/document";
const DOCUMENT_KIND: &str = "/guest/document/kind";
const DOCUMENT_NUMBER: &str = "/guest/document/number";
const NO_DOCUMENT_REASON: &str = "/guest/no_document_reason";
const PERMITTED_STAY_UNTIL: &str = "/guest/permitted_stay_until";
const COMMUNE_CODE: &str = "/guest/residence/commune_code";

/// Digits of a telephone number (ITU-T E.164 has at most 15).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 3..=15;

/// Which law applies, as far as the document tells.
#[derive(Clone, PartialEq, Eq)]
enum ApplicableLaw {
    /// Vietnamese, stated or implied.
    Citizen,
    /// Another nationality, with its code.
    Foreigner(String),
    /// No document and no nationality stated: judged as a citizen.
    Unknown,
    /// Unknown until a fault is fixed.
    Undecided,
}

/// The state of the document while other members are judged.
struct ShownDocument {
    kind: Option<DocumentKind>,
    /// Only beside [`DocumentKind::None`].
    reason: Option<NoDocumentReason>,
    document: Option<Document>,
}

impl ShownDocument {
    fn is_unidentified(&self) -> bool {
        self.reason == Some(NoDocumentReason::Unidentified)
    }
}

/// The guest, if free of faults.
pub(super) fn check(draft: &Draft, context: &Context<'_>, faults: &mut Faults) -> Option<Guest> {
    let sent = &draft.guest;
    let birth_date = birth_date(sent, context.today, faults);
    let sex = word(sent.sex.as_deref(), SEX, Sex::parse, faults);
    let shown = shown(sent, context.today, faults);
    // "Không rõ Nam 1" is what a ward calls a person nobody knows.
    if !shown.is_unidentified() || sent.full_name.as_deref().is_some_and(is_damaged) {
        check_name(sent.full_name.as_deref(), FULL_NAME, faults);
    }
    let standing = standing(sent, &shown, context, faults);
    check_required(draft, &shown, &standing, faults);
    check_residence(sent, context, faults);
    warn_of_phone(sent.phone.as_deref(), "/guest/phone", faults);
    let guardian = guardian(sent, faults);
    let permitted_stay_until = day(
        sent.permitted_stay_until.as_deref(),
        PERMITTED_STAY_UNTIL,
        faults,
    );
    let visa = visa(sent, faults);
    let entered_on = day(sent.entered_on.as_deref(), "/guest/entered_on", faults);
    let document = shown.document?;
    warn_of_nationality(&document, &standing, faults);
    warn_of_number(&document, birth_date, sex, faults);
    Some(Guest {
        full_name: sent.full_name.clone(),
        birth_date,
        sex,
        nationality: nationality(standing),
        document,
        residence: residence(sent),
        phone: sent.phone.clone(),
        guardian,
        mother_reference: sent.mother_reference.clone(),
        permitted_stay_until,
        visa,
        entered_on,
        entry_gate: sent.entry_gate.clone(),
    })
}

/// What each kind of guest owes.
///
/// Source: Law on Residence 68/2020/QH14, art. 30(2) as amended by Law 118/2025/QH15, art. 4(9)
/// (name, birth date, number); Law 47/2014/QH13, art. 33 with form NA17 for foreigners. A citizen
/// with the 12-digit number owes nothing more: the number stands for the rest.
fn check_required(
    draft: &Draft,
    shown: &ShownDocument,
    standing: &ApplicableLaw,
    faults: &mut Faults,
) {
    let sent = &draft.guest;
    if shown.is_unidentified() {
        require(draft.reference.is_some(), "/reference", faults);
        return;
    }
    require(sent.full_name.is_some(), FULL_NAME, faults);
    let Some(kind) = shown.kind else { return };
    if kind == DocumentKind::None && shown.reason.is_none() {
        return;
    }
    let is_foreigner = match standing {
        ApplicableLaw::Foreigner(_) => true,
        ApplicableLaw::Citizen | ApplicableLaw::Unknown => false,
        ApplicableLaw::Undecided if kind.has_personal_id() => return,
        ApplicableLaw::Undecided => false,
    };
    if is_foreigner || !kind.has_personal_id() {
        require(sent.birth_date.is_some(), BIRTH_DATE, faults);
        require(sent.sex.is_some(), SEX, faults);
    }
    // A child born here has not entered the country.
    if is_foreigner && shown.reason != Some(NoDocumentReason::Newborn) {
        require(
            sent.permitted_stay_until.is_some(),
            PERMITTED_STAY_UNTIL,
            faults,
        );
    }
}

/// The document, with a number of its kind's form; `none` needs a reason and no number.
fn shown(sent: &DraftGuest, today: NaiveDate, faults: &mut Faults) -> ShownDocument {
    let reason = word(
        sent.no_document_reason.as_deref(),
        NO_DOCUMENT_REASON,
        NoDocumentReason::parse,
        faults,
    );
    let Some(document) = &sent.document else {
        faults.require(DOCUMENT);
        return ShownDocument {
            kind: None,
            reason: None,
            document: None,
        };
    };
    require(document.kind.is_some(), DOCUMENT_KIND, faults);
    let Some(kind) = word(
        document.kind.as_deref(),
        DOCUMENT_KIND,
        DocumentKind::parse,
        faults,
    ) else {
        return ShownDocument {
            kind: None,
            reason: None,
            document: None,
        };
    };
    let document = match document.number.as_deref() {
        _ if kind == DocumentKind::None => missing(document.number.is_some(), reason, faults),
        Some(number) => numbered(kind, number, today, faults),
        None => {
            faults.require(DOCUMENT_NUMBER);
            None
        }
    };
    let reason = reason.filter(|_| kind == DocumentKind::None);
    ShownDocument {
        kind: Some(kind),
        reason,
        document,
    }
}

fn numbered(
    kind: DocumentKind,
    number: &str,
    today: NaiveDate,
    faults: &mut Faults,
) -> Option<Document> {
    match Document::numbered(kind, number, today) {
        Ok(document) => Some(document),
        Err(code) => {
            faults.push(DOCUMENT_NUMBER, code);
            None
        }
    }
}

fn missing(
    has_number: bool,
    reason: Option<NoDocumentReason>,
    faults: &mut Faults,
) -> Option<Document> {
    if has_number {
        faults.push(DOCUMENT_NUMBER, Code::DocumentNumberNotAllowed);
    }
    require(reason.is_some(), NO_DOCUMENT_REASON, faults);
    reason.map(|reason| Document::Missing { reason })
}

/// The nationality sent, else the one the document implies.
fn standing(
    sent: &DraftGuest,
    shown: &ShownDocument,
    context: &Context<'_>,
    faults: &mut Faults,
) -> ApplicableLaw {
    if let Some(code) = sent.nationality.as_deref() {
        return match context.catalogues.country(code) {
            Some(country) if country.code == VIET_NAM_CODE => ApplicableLaw::Citizen,
            Some(country) => ApplicableLaw::Foreigner(country.code.clone()),
            None => {
                faults.push(NATIONALITY, Code::UnknownCode);
                ApplicableLaw::Undecided
            }
        };
    }
    let Some(kind) = shown.kind.filter(|_| !faults.has(NATIONALITY)) else {
        return ApplicableLaw::Undecided;
    };
    match kind.implied_nationality() {
        ImpliedNationality::Vietnamese => ApplicableLaw::Citizen,
        ImpliedNationality::Unknown => ApplicableLaw::Unknown,
        ImpliedNationality::MustBeNamed => {
            faults.require(NATIONALITY);
            ApplicableLaw::Undecided
        }
    }
}

fn nationality(standing: ApplicableLaw) -> Option<String> {
    match standing {
        ApplicableLaw::Citizen => Some(VIET_NAM_CODE.to_owned()),
        ApplicableLaw::Foreigner(code) => Some(code),
        ApplicableLaw::Unknown | ApplicableLaw::Undecided => None,
    }
}

/// A day, a month or a year that exists and in which somebody alive can have been born.
fn birth_date(sent: &DraftGuest, today: NaiveDate, faults: &mut Faults) -> Option<BirthDate> {
    let text = sent.birth_date.as_deref()?;
    let Some(date) = BirthDate::parse(text) else {
        faults.push(BIRTH_DATE, Code::InvalidDate);
        return None;
    };
    if let Err(code) = date.check(today) {
        faults.push(BIRTH_DATE, code);
    }
    Some(date)
}

/// Viet Nam gives these to its citizens only (Law on Identity 26/2023/QH15, arts. 3 and 18); a
/// foreigner's card is a [`DocumentKind::ForeignIdentityCard`]. A child with two nationalities may
/// have both, so this is a warning rather than a refusal.
fn warn_of_nationality(document: &Document, standing: &ApplicableLaw, faults: &mut Faults) {
    let is_citizens = matches!(
        document.kind(),
        DocumentKind::CitizenCard | DocumentKind::OldIdentityCard | DocumentKind::PersonalIdNotice
    );
    if is_citizens && matches!(standing, ApplicableLaw::Foreigner(_)) {
        faults.warn(NATIONALITY, Code::NationalityDiffersFromDocument);
    }
}

/// The number encodes sex and birth year, but may predate a correction of either: a difference is a
/// warning, never a refusal.
fn warn_of_number(
    document: &Document,
    birth_date: Option<BirthDate>,
    sex: Option<Sex>,
    faults: &mut Faults,
) {
    let Some(id) = document.personal_id() else {
        return;
    };
    if sex.is_some_and(|sex| sex != Sex::Unspecified && sex != id.sex()) {
        faults.warn(SEX, Code::SexDiffersFromNumber);
    }
    if birth_date.is_some_and(|date| date.year() != id.birth_year()) {
        faults.warn(BIRTH_DATE, Code::BirthYearDiffersFromNumber);
    }
}

/// Most people's cards show codes from before 2025-07-01: accepted with a warning.
fn check_residence(sent: &DraftGuest, context: &Context<'_>, faults: &mut Faults) {
    let residence = sent.residence.as_ref();
    // It never blocks a declaration.
    if residence.is_some_and(|residence| residence.address.as_deref().is_some_and(is_damaged)) {
        faults.warn("/guest/residence/address", Code::TextDamaged);
    }
    let code = sent
        .residence
        .as_ref()
        .and_then(|residence| residence.commune_code.as_deref());
    let Some(code) = code else { return };
    match context.catalogues.commune_code(code) {
        Some(CommuneCode::Current(_)) => {}
        Some(CommuneCode::Old([_])) => faults.warn(COMMUNE_CODE, Code::CommuneCodeOld),
        // The unit was split: only the guest knows which part applies.
        Some(CommuneCode::Old(_)) => faults.warn(COMMUNE_CODE, Code::CommuneCodeAmbiguous),
        None => faults.push(COMMUNE_CODE, Code::UnknownCommune),
    }
}

fn residence(sent: &DraftGuest) -> Option<Residence> {
    sent.residence.as_ref().map(|residence| Residence {
        commune_code: residence.commune_code.clone(),
        address: residence.address.clone(),
    })
}

fn guardian(sent: &DraftGuest, faults: &mut Faults) -> Option<Guardian> {
    let guardian = sent.guardian.as_ref()?;
    check_name(
        guardian.full_name.as_deref(),
        "/guest/guardian/full_name",
        faults,
    );
    warn_of_phone(guardian.phone.as_deref(), "/guest/guardian/phone", faults);
    Some(Guardian {
        full_name: guardian.full_name.clone(),
        relation: guardian.relation.clone(),
        phone: guardian.phone.clone(),
    })
}

fn visa(sent: &DraftGuest, faults: &mut Faults) -> Option<Visa> {
    let visa = sent.visa.as_ref()?;
    let expires_on = day(visa.expires_on.as_deref(), "/guest/visa/expires_on", faults);
    Some(Visa {
        kind: visa.kind.clone(),
        number: visa.number.clone(),
        expires_on,
    })
}

fn check_name(name: Option<&str>, pointer: &str, faults: &mut Faults) {
    if name.is_some_and(is_damaged) {
        faults.push(pointer, Code::TextDamaged);
    } else if name.is_some_and(|name| !is_name(name)) {
        faults.push(pointer, Code::InvalidName);
    }
}

/// Most digits of a name: `3RD`, `CB NGUYỄN THỊ HOA 1`.
const NAME_DIGIT_COUNT_MAX: usize = 3;

/// What a passport may print as a name (ICAO Doc 9303-3, section 4.6, and its issuers' habits:
/// `MUTHU A/L RAMASAMY`, `LIM @ AHMAD`, `YAMADA (SMITH)`, `JOHN SMITH 3RD`): letters of any script
/// with their marks, more of them than of the few digits, and punctuation between. The joiners are
/// part of how some scripts are spelt. A number, an address of mail or of a page is none.
pub(crate) fn is_name(name: &str) -> bool {
    let is_allowed = |letter: char| {
        letter.is_alphabetic()
            || letter.is_ascii_digit()
            || unicode_normalization::char::is_combining_mark(letter)
            || letter.is_whitespace()
            || matches!(
                letter,
                '\'' | '’' | '‘' | 'ʼ' | '`' | '´' | '.' | '·' | '・'
            )
            || matches!(letter, '/' | '@' | ',' | '(' | ')')
            || matches!(letter, '-' | '‐' | '‑' | '–' | '\u{200c}' | '\u{200d}')
    };
    let count = |is_counted: fn(char) -> bool| name.chars().filter(|one| is_counted(*one)).count();
    let (letters, digits) = (
        count(char::is_alphabetic),
        count(|letter| letter.is_ascii_digit()),
    );
    let is_address = |word: &str| {
        let after = word.split_once('@').map(|(_, after)| after);
        after.is_some_and(|after| after.contains('.')) || word.contains("//")
    };
    name.chars().all(is_allowed)
        && letters > digits
        && digits <= NAME_DIGIT_COUNT_MAX
        && !name.split_whitespace().any(is_address)
}

/// Keeps an invalid telephone number: it is not forwarded to anybody, and it must not block a
/// declaration.
fn warn_of_phone(phone: Option<&str>, pointer: &str, faults: &mut Faults) {
    if phone.is_some_and(|phone| !is_phone(phone)) {
        faults.warn(pointer, Code::InvalidPhone);
    }
}

fn is_phone(phone: &str) -> bool {
    let digit_count = phone.bytes().filter(u8::is_ascii_digit).count();
    let is_allowed = |letter: char| {
        letter.is_ascii_digit() || matches!(letter, '+' | ' ' | '.' | '-' | '(' | ')' | '/')
    };
    PHONE_DIGITS.contains(&digit_count) && phone.chars().all(is_allowed)
}

fn day(text: Option<&str>, pointer: &str, faults: &mut Faults) -> Option<NaiveDate> {
    let day = parse_day(text?);
    if day.is_none() {
        faults.push(pointer, Code::InvalidDate);
    }
    day
}

fn word<T>(
    text: Option<&str>,
    pointer: &str,
    parse: impl FnOnce(&str) -> Option<T>,
    faults: &mut Faults,
) -> Option<T> {
    let parsed = parse(text?);
    if parsed.is_none() {
        faults.push(pointer, Code::UnknownCode);
    }
    parsed
}

fn require(is_there: bool, pointer: &str, faults: &mut Faults) {
    if !is_there {
        faults.require(pointer);
    }
}
