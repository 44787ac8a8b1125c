//! The meaning of words in cells.

use domain::document::{DocumentKind, NoDocumentReason};
use domain::party::PartyRole;
use domain::purpose::Purpose;
use domain::sex::Sex;
use domain::text::{fold, single_spaced};

/// Between the word and its explanation in a drop-down list.
pub(crate) const LABEL_SEPARATOR: &str = " - ";

/// Whether a status means that the guest is present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowPresence {
    /// The guest is there.
    Here,
    /// The guest was there and has left.
    Left,
    /// The guest will come, perhaps.
    NotYet,
    /// The guest will not come, or never did.
    Never,
}

/// Words of people and programs for a present guest.
const HERE: [&str; 43] = [
    "IN",
    "CHECKED IN",
    "CHECK IN",
    "CHECKEDIN",
    "CHECKIN",
    "CI",
    "IN HOUSE",
    "INHOUSE",
    "IN RESIDENCE",
    "RESIDENT",
    "ARRIVED",
    "STAYING",
    "STAYOVER",
    "STAY OVER",
    "OCCUPIED",
    "PRESENT",
    "ADMITTED",
    "INPATIENT",
    "STARTED",
    "DUE OUT",
    "WALK IN",
    "CURRENT",
    "O",
    "DANG O",
    "DANG LUU TRU",
    "DANG TAM TRU",
    "DANG NOI TRU",
    "NOI TRU",
    "DANG DIEU TRI",
    "NAM VIEN",
    "DANG NAM VIEN",
    "DANG CO MAT",
    "CO MAT",
    "CON O",
    "VAO",
    "DA VAO",
    "VAO O",
    "DEN",
    "DA DEN",
    "DA NHAN PHONG",
    "NHAN PHONG",
    "CO KHACH",
    "DA CHECK IN",
];

/// Words for a guest who has left: the stay must be declared all the same.
const LEFT: [&str; 34] = [
    "OUT",
    "CHECKED OUT",
    "CHECK OUT",
    "CHECKEDOUT",
    "CHECKOUT",
    "DEPARTED",
    "LEFT",
    "GONE",
    "COMPLETED",
    "PROCESSED",
    "FINISHED",
    "STAYED",
    "MOVED OUT",
    "DISCHARGED",
    "RA",
    "DA RA",
    "RA VE",
    "DI",
    "DA DI",
    "DA ROI DI",
    "ROI DI",
    "DA ROI",
    "DA TRA PHONG",
    "TRA PHONG",
    "DA TRA",
    "DA CHECK OUT",
    "DA CHECKOUT",
    "RA VIEN",
    "DA RA VIEN",
    "XUAT VIEN",
    "DA XUAT VIEN",
    "DA CHUYEN DI",
    "CHUYEN DI",
    "DA VE",
];

/// Words for a guest who has not arrived yet.
const NOT_YET: [&str; 46] = [
    "CONFIRMED",
    "NOT CONFIRMED",
    "UNCONFIRMED",
    "RESERVED",
    "RESERVATION",
    "BOOKED",
    "BOOKING",
    "GUARANTEED",
    "DUE IN",
    "EXPECTED",
    "EXPECTED ARRIVAL",
    "ARRIVAL",
    "ARRIVING",
    "NOT ARRIVED",
    "NOT CHECKED IN",
    "NOT YET ARRIVED",
    "PENDING",
    "TENTATIVE",
    "OPTION",
    "OPTIONAL",
    "PROSPECT",
    "REQUESTED",
    "ENQUIRED",
    "INQUIRY",
    "QUOTE",
    "WAITLIST",
    "WAITLISTED",
    "WAITING LIST",
    "NEW",
    "PLANNED",
    "UPCOMING",
    "DAT TRUOC",
    "DA DAT",
    "DA DAT PHONG",
    "DAT PHONG",
    "DA XAC NHAN",
    "CHO XAC NHAN",
    "CHUA XAC NHAN",
    "CHUA DEN",
    "CHUA NHAN PHONG",
    "CHUA VAO",
    "CHUA CHECK IN",
    "SAP DEN",
    "DU KIEN",
    "CHO DEN",
    "GIU CHO",
];

/// Words for a guest who never came and will not.
const NEVER: [&str; 26] = [
    "NO SHOW",
    "NOSHOW",
    "CANCELLED",
    "CANCELED",
    "CANCEL",
    "CANCELLATION",
    "CXL",
    "CNX",
    "VOID",
    "DELETED",
    "DECLINED",
    "REJECTED",
    "EXPIRED",
    "LOST",
    "HUY",
    "DA HUY",
    "BI HUY",
    "KHACH HUY",
    "KHACH DA HUY",
    "HUY PHONG",
    "HUY DAT PHONG",
    "DA HUY PHONG",
    "KHONG DEN",
    "KHACH KHONG DEN",
    "TU CHOI",
    "VANG",
];

/// Purposes in Vietnamese, and what hospitals and schools write.
const PURPOSES: [(&str, Purpose); 53] = [
    ("DU LICH", Purpose::Tourism),
    ("NGHI MAT", Purpose::Tourism),
    ("NGHI DUONG", Purpose::Tourism),
    ("LEISURE", Purpose::Tourism),
    ("HOLIDAY", Purpose::Tourism),
    ("VACATION", Purpose::Tourism),
    ("TOURIST", Purpose::Tourism),
    ("TRAVEL", Purpose::Tourism),
    ("CONG TAC", Purpose::Business),
    ("DI CONG TAC", Purpose::Business),
    ("BUSINESS TRIP", Purpose::Business),
    ("HOC TAP", Purpose::Study),
    ("HOC", Purpose::Study),
    ("DI HOC", Purpose::Study),
    ("DU HOC", Purpose::Study),
    ("STUDENT", Purpose::Study),
    ("EDUCATION", Purpose::Study),
    ("THAM VIENG", Purpose::Visit),
    ("HOI NGHI", Purpose::Conference),
    ("HOI THAO", Purpose::Conference),
    ("HOI NGHI, HOI THAO", Purpose::Conference),
    ("MICE", Purpose::Conference),
    ("THAM THAN", Purpose::FamilyVisit),
    ("THAM THAN NHAN", Purpose::FamilyVisit),
    ("THAM GIA DINH", Purpose::FamilyVisit),
    ("VISITING RELATIVES", Purpose::FamilyVisit),
    ("TU THIEN", Purpose::Charity),
    ("TO CHUC QUOC TE", Purpose::InternationalOrganisation),
    ("KET HON", Purpose::Marriage),
    ("LANH SU", Purpose::Consular),
    ("LANH SU QUAN", Purpose::Consular),
    ("VIEN TRO", Purpose::Aid),
    ("DAI SU QUAN", Purpose::Embassy),
    ("DINH CU", Purpose::Settlement),
    ("TIEP THI", Purpose::Marketing),
    ("BAO CHI", Purpose::Press),
    ("BAO CHI, PHONG VIEN", Purpose::Press),
    ("PHONG VIEN", Purpose::Press),
    ("THUONG MAI", Purpose::Trade),
    ("GIA HAN THI THUC", Purpose::VisaExtension),
    ("CHUA BENH", Purpose::MedicalTreatment),
    ("KHAM BENH", Purpose::MedicalTreatment),
    ("KHAM CHUA BENH", Purpose::MedicalTreatment),
    ("DIEU TRI", Purpose::MedicalTreatment),
    ("MEDICAL", Purpose::MedicalTreatment),
    ("TREATMENT", Purpose::MedicalTreatment),
    ("LAO DONG", Purpose::Work),
    ("LAM VIEC", Purpose::Work),
    ("DI LAM", Purpose::Work),
    ("EMPLOYMENT", Purpose::Work),
    ("CHAM SOC NGUOI BENH", Purpose::PatientCarer),
    ("CHAM BENH", Purpose::PatientCarer),
    ("NUOI BENH", Purpose::PatientCarer),
];

/// Kinds of documents: numbers of the police's form, then what people write.
const DOCUMENT_KINDS: [(&str, DocumentKind); 86] = [
    ("1", DocumentKind::CitizenCard),
    ("2", DocumentKind::OldIdentityCard),
    ("3", DocumentKind::DrivingLicence),
    ("4", DocumentKind::Passport),
    ("5", DocumentKind::BirthCertificate),
    ("6", DocumentKind::HealthInsuranceCard),
    ("7", DocumentKind::PersonalIdNotice),
    ("8", DocumentKind::CitizenCard),
    ("9", DocumentKind::Other),
    ("CC", DocumentKind::CitizenCard),
    ("CCCD", DocumentKind::CitizenCard),
    ("THE CCCD", DocumentKind::CitizenCard),
    ("CCCD GAN CHIP", DocumentKind::CitizenCard),
    ("CAN CUOC", DocumentKind::CitizenCard),
    ("THE CAN CUOC", DocumentKind::CitizenCard),
    ("CAN CUOC CONG DAN", DocumentKind::CitizenCard),
    ("THE CAN CUOC CONG DAN", DocumentKind::CitizenCard),
    ("THE CAN CUOC, CAN CUOC CONG DAN", DocumentKind::CitizenCard),
    ("CAN CUOC DIEN TU", DocumentKind::CitizenCard),
    ("VNEID", DocumentKind::CitizenCard),
    ("ID", DocumentKind::CitizenCard),
    ("ID CARD", DocumentKind::CitizenCard),
    ("IDENTITY CARD", DocumentKind::CitizenCard),
    ("IDENTITY", DocumentKind::CitizenCard),
    ("NATIONAL ID", DocumentKind::CitizenCard),
    ("NATIONAL ID CARD", DocumentKind::CitizenCard),
    ("NATIONAL IDENTITY CARD", DocumentKind::CitizenCard),
    ("CITIZEN CARD", DocumentKind::CitizenCard),
    ("CITIZEN ID", DocumentKind::CitizenCard),
    ("CITIZEN IDENTITY CARD", DocumentKind::CitizenCard),
    ("PERSONALAUSWEIS", DocumentKind::CitizenCard),
    ("CMND", DocumentKind::OldIdentityCard),
    ("CMT", DocumentKind::OldIdentityCard),
    ("CMTND", DocumentKind::OldIdentityCard),
    ("CHUNG MINH", DocumentKind::OldIdentityCard),
    ("CHUNG MINH THU", DocumentKind::OldIdentityCard),
    ("CHUNG MINH NHAN DAN", DocumentKind::OldIdentityCard),
    ("CHUNG MINH NHAN DAN 9 SO", DocumentKind::OldIdentityCard),
    ("CMND 9 SO", DocumentKind::OldIdentityCard),
    ("CMND CU", DocumentKind::OldIdentityCard),
    ("OLD IDENTITY CARD", DocumentKind::OldIdentityCard),
    ("THONG BAO SO DINH DANH", DocumentKind::PersonalIdNotice),
    (
        "THONG BAO SO DINH DANH CA NHAN",
        DocumentKind::PersonalIdNotice,
    ),
    ("SO DINH DANH", DocumentKind::PersonalIdNotice),
    ("SO DINH DANH CA NHAN", DocumentKind::PersonalIdNotice),
    ("HC", DocumentKind::Passport),
    ("HO CHIEU", DocumentKind::Passport),
    ("PASSPORT", DocumentKind::Passport),
    ("PASS", DocumentKind::Passport),
    ("PP", DocumentKind::Passport),
    ("PPT", DocumentKind::Passport),
    ("E PASSPORT", DocumentKind::Passport),
    ("GIAY THONG HANH", DocumentKind::TravelDocument),
    ("GIAY TO DI LAI QUOC TE KHAC", DocumentKind::TravelDocument),
    ("LAISSEZ PASSER", DocumentKind::TravelDocument),
    ("TRAVEL DOCUMENT", DocumentKind::TravelDocument),
    ("GPLX", DocumentKind::DrivingLicence),
    ("GIAY PHEP LAI XE", DocumentKind::DrivingLicence),
    ("BANG LAI", DocumentKind::DrivingLicence),
    ("BANG LAI XE", DocumentKind::DrivingLicence),
    ("DRIVING LICENCE", DocumentKind::DrivingLicence),
    ("DRIVING LICENSE", DocumentKind::DrivingLicence),
    ("DRIVERS LICENSE", DocumentKind::DrivingLicence),
    ("DRIVER LICENSE", DocumentKind::DrivingLicence),
    ("KHAI SINH", DocumentKind::BirthCertificate),
    ("GIAY KHAI SINH", DocumentKind::BirthCertificate),
    ("GKS", DocumentKind::BirthCertificate),
    ("BIRTH CERTIFICATE", DocumentKind::BirthCertificate),
    ("BHYT", DocumentKind::HealthInsuranceCard),
    ("THE BHYT", DocumentKind::HealthInsuranceCard),
    ("BAO HIEM Y TE", DocumentKind::HealthInsuranceCard),
    ("THE BAO HIEM Y TE", DocumentKind::HealthInsuranceCard),
    ("HEALTH INSURANCE CARD", DocumentKind::HealthInsuranceCard),
    ("KHONG", DocumentKind::None),
    ("KHONG CO", DocumentKind::None),
    ("KHONG CO GIAY TO", DocumentKind::None),
    ("CHUA CO", DocumentKind::None),
    ("CHUA CO GIAY TO", DocumentKind::None),
    ("NO DOCUMENT", DocumentKind::None),
    ("NONE", DocumentKind::None),
    ("NO", DocumentKind::None),
    ("KHAC", DocumentKind::Other),
    ("GIAY TO KHAC", DocumentKind::Other),
    ("LOAI KHAC", DocumentKind::Other),
    ("OTHER", DocumentKind::Other),
    ("OTHERS", DocumentKind::Other),
];

const NO_DOCUMENT_REASONS: [(&str, NoDocumentReason); 27] = [
    ("TRE EM", NoDocumentReason::Minor),
    ("TRE NHO", NoDocumentReason::Minor),
    ("CON NHO", NoDocumentReason::Minor),
    ("CHUA DU TUOI", NoDocumentReason::Minor),
    ("NGUOI CHUA THANH NIEN", NoDocumentReason::Minor),
    (
        "NGUOI CHUA THANH NIEN CHUA CO GIAY TO",
        NoDocumentReason::Minor,
    ),
    ("CHILD", NoDocumentReason::Minor),
    ("CHILDREN", NoDocumentReason::Minor),
    ("TRE SO SINH", NoDocumentReason::Newborn),
    ("SO SINH", NoDocumentReason::Newborn),
    ("MOI SINH", NoDocumentReason::Newborn),
    ("NEWBORN CHILD", NoDocumentReason::Newborn),
    ("BABY", NoDocumentReason::Newborn),
    ("CHUA RO DANH TINH", NoDocumentReason::Unidentified),
    ("CHUA RO", NoDocumentReason::Unidentified),
    ("KHONG RO", NoDocumentReason::Unidentified),
    ("KHONG RO DANH TINH", NoDocumentReason::Unidentified),
    (
        "CHUA XAC DINH DUOC DANH TINH",
        NoDocumentReason::Unidentified,
    ),
    ("VO DANH", NoDocumentReason::Unidentified),
    ("UNKNOWN", NoDocumentReason::Unidentified),
    ("MAT GIAY TO", NoDocumentReason::Lost),
    ("MAT", NoDocumentReason::Lost),
    ("BI MAT", NoDocumentReason::Lost),
    ("THAT LAC", NoDocumentReason::Lost),
    ("LOST DOCUMENT", NoDocumentReason::Lost),
    ("DOCUMENT LOST", NoDocumentReason::Lost),
    ("STOLEN", NoDocumentReason::Lost),
];

const MALE: [&str; 22] = [
    "NAM", "M", "MALE", "MR", "MISTER", "MSTR", "MASTER", "SIR", "ONG", "1", "TRAI", "ANH",
    "NAM GIOI", "DAN ONG", "MAN", "BOY", "HERR", "MONSIEUR", "HOMME", "BE TRAI", "CHU", "BAC TRAI",
];
const FEMALE: [&str; 26] = [
    "NU", "F", "FEMALE", "MRS", "MS", "MISS", "MADAM", "MADAME", "MME", "MLLE", "BA", "CHI", "CO",
    "0", "GAI", "NU GIOI", "PHU NU", "WOMAN", "GIRL", "FRAU", "FEMME", "BE GAI", "W", "LADY", "DI",
    "EM GAI",
];
const UNSPECIFIED: [&str; 24] = [
    "X",
    "KHAC",
    "OTHER",
    "O",
    "UNSPECIFIED",
    "KHONG GHI",
    "KHONG RO",
    "CHUA RO",
    "KHONG XAC DINH",
    "UNKNOWN",
    "U",
    "N/A",
    "NA",
    "NOT STATED",
    "NOT SPECIFIED",
    "NOT APPLICABLE",
    "INDETERMINATE",
    "DIVERSE",
    "DIVERS",
    "NON BINARY",
    "NONBINARY",
    "<",
    "GIOI TINH KHAC",
    "LGBT",
];

const PARTY_ROLES: [(&str, PartyRole); 14] = [
    ("TRUONG DOAN", PartyRole::Head),
    ("NGUOI DAI DIEN", PartyRole::Head),
    ("DAI DIEN", PartyRole::Head),
    ("LEADER", PartyRole::Head),
    ("PRIMARY", PartyRole::Head),
    ("MAIN GUEST", PartyRole::Head),
    ("THANH VIEN", PartyRole::Member),
    ("NGUOI DI CUNG", PartyRole::Member),
    ("COMPANION", PartyRole::Member),
    ("VO", PartyRole::Spouse),
    ("CHONG", PartyRole::Spouse),
    ("VO CHONG", PartyRole::Spouse),
    ("CON", PartyRole::Child),
    ("NGUOI CHAM SOC", PartyRole::Carer),
];

/// A word as it is compared: upper case, no marks, no dots or underlines.
fn comparable(text: &str) -> String {
    let folded = fold(text).replace(['.', '*', '!', '"'], "");
    let spaced: String = folded
        .chars()
        .map(|letter| {
            if matches!(letter, '_' | '-') {
                ' '
            } else {
                letter
            }
        })
        .collect();
    single_spaced(&spaced)
}

/// The possible readings of a cell as one word: the whole cell, the two sides of a drop-down label,
/// and the part before a bracketed explanation.
fn readings(text: &str) -> Vec<String> {
    let mut readings = vec![comparable(text)];
    let mut add = |part: &str| {
        let part = comparable(part);
        if !part.is_empty() && !readings.contains(&part) {
            readings.push(part);
        }
    };
    if text.contains(LABEL_SEPARATOR) {
        text.split(LABEL_SEPARATOR).for_each(&mut add);
    }
    if let Some((front, rest)) = text.split_once('(') {
        add(front);
        add(rest.trim_end_matches([')', ' ']));
    }
    readings
}

/// The word of a list that one of the readings is.
fn find<T: Copy>(text: &str, words: &[(&str, T)], parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    readings(text).iter().find_map(|reading| {
        let named = words.iter().find(|(name, _)| name == reading);
        let is_code = parse(&reading.to_lowercase().replace(' ', "_"));
        is_code.or(named.map(|(_, word)| *word))
    })
}

/// A word of the contract, without its explanation.
fn code(text: &str) -> String {
    let (word, _) = text.split_once(LABEL_SEPARATOR).unwrap_or((text, ""));
    word.trim().to_lowercase()
}

/// The sex that a cell names: `Nam/Male` names one twice, `Nam/Nữ` names none.
pub(super) fn sex(text: &str) -> String {
    let of_word = |word: &str| {
        let word = comparable(word);
        let is_in = |words: &[&str]| words.contains(&word.as_str());
        if is_in(&MALE) {
            Some(Sex::Male)
        } else if is_in(&FEMALE) {
            Some(Sex::Female)
        } else if is_in(&UNSPECIFIED) || word == "N/A" {
            Some(Sex::Unspecified)
        } else {
            Sex::parse(&word.to_lowercase())
        }
    };
    if let Some(sex) = of_word(text) {
        return sex.as_str().to_owned();
    }
    let words = text.split(['/', '|', '(', ')', ',', ';']);
    let words = words.flat_map(|part| part.split(LABEL_SEPARATOR));
    let found: Vec<Option<Sex>> = words
        .filter(|word| !word.trim().is_empty())
        .map(of_word)
        .collect();
    match found.split_first() {
        Some((Some(first), others)) if others.iter().all(|other| *other == Some(*first)) => {
            first.as_str().to_owned()
        }
        _ => code(text),
    }
}

/// The meaning of a status; `None` when it is unknown. `Checked in (paid)` is recognised by its
/// beginning.
pub(super) fn presence(status: &str) -> Option<RowPresence> {
    readings(status).iter().find_map(|reading| {
        let lists: [(&[&str], RowPresence); 4] = [
            (&HERE, RowPresence::Here),
            (&LEFT, RowPresence::Left),
            (&NOT_YET, RowPresence::NotYet),
            (&NEVER, RowPresence::Never),
        ];
        let found = lists
            .iter()
            .find(|(words, _)| words.contains(&reading.as_str()));
        found.map(|(_, presence)| *presence)
    })
}

/// A word of the catalogue.
pub(super) fn purpose(text: &str) -> Option<&'static str> {
    find(text, &PURPOSES, Purpose::parse).map(Purpose::as_str)
}

/// A word of the catalogue.
pub(super) fn document_kind(text: &str) -> Option<DocumentKind> {
    find(text, &DOCUMENT_KINDS, DocumentKind::parse)
}

/// A word of the contract, else the text itself, which will be refused.
pub(super) fn no_document_reason(text: &str) -> String {
    let found = find(text, &NO_DOCUMENT_REASONS, NoDocumentReason::parse);
    found.map_or_else(|| code(text), |reason| reason.as_str().to_owned())
}

/// A word of the contract, else the text itself, which will be refused.
pub(super) fn party_role(text: &str) -> String {
    let found = find(text, &PARTY_ROLES, PartyRole::parse);
    found.map_or_else(|| code(text), |role| role.as_str().to_owned())
}

/// Whether a cell holds what a spreadsheet says instead of a value: an error, a truth value.
pub(super) fn is_no_value(text: &str) -> bool {
    const ERRORS: [&str; 12] = [
        "#N/A",
        "#NA",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#GETTING_DATA",
    ];
    let upper = text.trim().to_uppercase();
    let is_truth = matches!(upper.as_str(), "TRUE" | "FALSE");
    let is_err = upper
        .strip_prefix("ERR:")
        .is_some_and(|code| code.parse::<u16>().is_ok());
    is_truth || is_err || ERRORS.contains(&upper.as_str()) || is_too_narrow(&upper)
}

/// `#####`: a column too narrow for its number, exported as it is shown.
fn is_too_narrow(text: &str) -> bool {
    text.len() >= 3 && text.bytes().all(|byte| byte == b'#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_with_and_without_their_explanation() {
        assert_eq!(purpose("tourism - Du lịch"), Some("tourism"));
        assert_eq!(purpose("Du lịch - tourism"), Some("tourism"));
        assert_eq!(purpose("Du lịch"), Some("tourism"));
        assert_eq!(purpose("medical_treatment"), Some("medical_treatment"));
        assert_eq!(purpose("OTA"), None);
        let kinds = [
            ("passport - Hộ chiếu", Some("passport")),
            ("Hộ chiếu - passport", Some("passport")),
            ("Hộ chiếu (Passport)", Some("passport")),
            ("HỘ CHIẾU", Some("passport")),
            ("8", Some("citizen_card")),
            ("C.C.C.D", Some("citizen_card")),
            ("Identity_card", Some("citizen_card")),
            ("DNI", None),
        ];
        for (text, kind) in kinds {
            assert_eq!(
                document_kind(text).map(DocumentKind::as_str),
                kind,
                "{text}"
            );
        }
        assert_eq!(no_document_reason("Trẻ sơ sinh - newborn"), "newborn");
        assert_eq!(no_document_reason("Mất giấy tờ"), "lost");
        assert_eq!(no_document_reason("quên"), "quên");
    }

    #[test]
    fn a_sex_is_told_in_every_way_it_is_written() {
        let table = [
            ("Nữ", "female"),
            ("NU", "female"),
            ("male - Nam", "male"),
            ("Nam - male", "male"),
            ("Nam/Male", "male"),
            ("Nữ / Female", "female"),
            ("Female (Nữ)", "female"),
            ("Mr.", "male"),
            ("Mrs", "female"),
            ("M", "male"),
            ("f", "female"),
            ("1", "male"),
            ("0", "female"),
            ("X", "unspecified"),
            ("Khác", "unspecified"),
            ("Other", "unspecified"),
            ("N/A", "unspecified"),
            ("Không xác định", "unspecified"),
            // A cell that leaves the choice open names none.
            ("Nam/Nữ", "nam/nữ"),
            ("2", "2"),
            ("?", "?"),
        ];
        for (text, word) in table {
            assert_eq!(sex(text), word, "{text}");
        }
    }

    #[test]
    fn a_status_tells_who_is_there_and_nothing_else_is_taken_for_it() {
        let table = [
            (
                RowPresence::Here,
                "CHECKED IN|Checked_In|In-House|Đang ở|đang ở|vao|Vào|Due Out|Đã nhận phòng|Checked in (paid)",
            ),
            (
                RowPresence::Left,
                "CHECKED OUT|Checked-Out|Đã trả phòng|da tra phong|ra|Ra viện|Departed|OUT",
            ),
            (
                RowPresence::NotYet,
                "Due In|Chưa đến|Confirmed|đặt trước|RESERVED|Waitlist|NOT CONFIRMED",
            ),
            (
                RowPresence::Never,
                "NO SHOW|No-show|Khách hủy|Khách huỷ|Hủy|Đã hủy|cancelled|Canceled",
            ),
        ];
        for (presence_, statuses) in table {
            for status in statuses.split('|') {
                assert_eq!(presence(status), Some(presence_), "{status}");
            }
        }
        for status in ["??", "Paid", "Đã thanh toán", "VIP", "7", "-"] {
            assert_eq!(presence(status), None, "{status}");
        }
        let mut seen = std::collections::HashSet::new();
        for word in HERE.iter().chain(&LEFT).chain(&NOT_YET).chain(&NEVER) {
            assert_eq!(comparable(word), *word);
            assert!(seen.insert(word), "{word} twice");
        }
    }

    #[test]
    fn words_of_lists_are_in_comparable_form_and_mean_one_thing() {
        fn check<T>(words: &[(&str, T)]) {
            let mut seen = std::collections::HashSet::new();
            for (word, _) in words {
                assert_eq!(comparable(word), *word);
                assert!(seen.insert(*word), "{word} twice");
            }
        }
        check(&PURPOSES);
        check(&DOCUMENT_KINDS);
        check(&NO_DOCUMENT_REASONS);
        check(&PARTY_ROLES);
        let sexes = MALE.iter().chain(&FEMALE).chain(&UNSPECIFIED);
        let distinct: std::collections::HashSet<_> = sexes.clone().collect();
        assert_eq!(distinct.len(), sexes.count());
    }

    #[test]
    fn what_a_spreadsheet_says_instead_of_a_value_is_seen() {
        for text in [
            "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "TRUE", "false", "Err:502", "#####",
        ] {
            assert!(is_no_value(text), "{text}");
        }
        for text in ["N/A", "# 5", "#5", "True Nguyen", "A#"] {
            assert!(!is_no_value(text), "{text}");
        }
    }
}
