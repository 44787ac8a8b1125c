//! Words in cells and what they mean.

use std::collections::HashMap;

use domain::catalogue::Catalogues;
use domain::document::DocumentKind;
use domain::purpose::Purpose;
use domain::scan;
use domain::text::fold;

/// Between the word and its explanation in a drop-down list.
pub(crate) const LABEL_SEPARATOR: &str = " - ";

/// What people call countries besides their names.
const NICKNAMES: [(&str, &str); 20] = [
    ("VIET", "VNM"),
    ("VIETNAM", "VNM"),
    ("VIET NAM", "VNM"),
    ("VIETNAMESE", "VNM"),
    ("KINH", "VNM"),
    ("ANH", "GBR"),
    ("ANH QUOC", "GBR"),
    ("UK", "GBR"),
    ("ENGLAND", "GBR"),
    ("SCOTLAND", "GBR"),
    ("HAN QUOC", "KOR"),
    ("KOREA", "KOR"),
    ("SOUTH KOREA", "KOR"),
    ("TQ", "CHN"),
    ("TRUNG QUOC", "CHN"),
    ("D", "DEU"),
    ("MY", "USA"),
    ("HOA KY", "USA"),
    ("NGA", "RUS"),
    ("UC", "AUS"),
];

/// What the status of somebody who is not here is called. Guests who have left were here, and
/// their stay is owed all the same.
const ABSENT: [&str; 13] = [
    "NO SHOW",
    "NOSHOW",
    "NO-SHOW",
    "CANCELLED",
    "CANCELED",
    "CONFIRMED",
    "RESERVED",
    "WAITLIST",
    "NOT CONFIRMED",
    "DAT TRUOC",
    "DA DAT",
    "HUY",
    "DA HUY",
];

/// Purposes in Vietnamese, and what hospitals and schools write.
const PURPOSES: [(&str, Purpose); 25] = [
    ("DU LICH", Purpose::Tourism),
    ("CONG TAC", Purpose::Business),
    ("HOC TAP", Purpose::Study),
    ("HOC", Purpose::Study),
    ("THAM VIENG", Purpose::Visit),
    ("HOI NGHI", Purpose::Conference),
    ("HOI NGHI, HOI THAO", Purpose::Conference),
    ("THAM THAN", Purpose::FamilyVisit),
    ("TU THIEN", Purpose::Charity),
    ("TO CHUC QUOC TE", Purpose::InternationalOrganisation),
    ("KET HON", Purpose::Marriage),
    ("LANH SU", Purpose::Consular),
    ("VIEN TRO", Purpose::Aid),
    ("DAI SU QUAN", Purpose::Embassy),
    ("DINH CU", Purpose::Settlement),
    ("TIEP THI", Purpose::Marketing),
    ("BAO CHI", Purpose::Press),
    ("THUONG MAI", Purpose::Trade),
    ("GIA HAN THI THUC", Purpose::VisaExtension),
    ("CHUA BENH", Purpose::MedicalTreatment),
    ("KHAM CHUA BENH", Purpose::MedicalTreatment),
    ("DIEU TRI", Purpose::MedicalTreatment),
    ("LAO DONG", Purpose::Work),
    ("LAM VIEC", Purpose::Work),
    ("CHAM SOC NGUOI BENH", Purpose::PatientCarer),
];

/// Kinds of documents: numbers of the police's form, then what people write.
const DOCUMENT_KINDS: [(&str, DocumentKind); 42] = [
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
    ("CAN CUOC", DocumentKind::CitizenCard),
    ("THE CAN CUOC", DocumentKind::CitizenCard),
    ("CAN CUOC CONG DAN", DocumentKind::CitizenCard),
    ("ID CARD", DocumentKind::CitizenCard),
    ("IDENTITY CARD", DocumentKind::CitizenCard),
    ("CITIZEN CARD", DocumentKind::CitizenCard),
    ("CMND", DocumentKind::OldIdentityCard),
    ("CMT", DocumentKind::OldIdentityCard),
    ("CHUNG MINH NHAN DAN", DocumentKind::OldIdentityCard),
    ("CMND CU", DocumentKind::OldIdentityCard),
    ("THONG BAO SO DINH DANH", DocumentKind::PersonalIdNotice),
    ("SO DINH DANH", DocumentKind::PersonalIdNotice),
    ("HC", DocumentKind::Passport),
    ("HO CHIEU", DocumentKind::Passport),
    ("PASSPORT", DocumentKind::Passport),
    ("PP", DocumentKind::Passport),
    ("GPLX", DocumentKind::DrivingLicence),
    ("GIAY PHEP LAI XE", DocumentKind::DrivingLicence),
    ("BANG LAI", DocumentKind::DrivingLicence),
    ("BANG LAI XE", DocumentKind::DrivingLicence),
    ("DRIVING LICENCE", DocumentKind::DrivingLicence),
    ("DRIVER LICENSE", DocumentKind::DrivingLicence),
    ("KHAI SINH", DocumentKind::BirthCertificate),
    ("GIAY KHAI SINH", DocumentKind::BirthCertificate),
    ("BIRTH CERTIFICATE", DocumentKind::BirthCertificate),
    ("BHYT", DocumentKind::HealthInsuranceCard),
    ("THE BHYT", DocumentKind::HealthInsuranceCard),
    ("KHONG", DocumentKind::None),
    ("KHONG CO", DocumentKind::None),
    ("KHAC", DocumentKind::Other),
    ("OTHER", DocumentKind::Other),
];

const MALE: [&str; 9] = ["NAM", "M", "MALE", "MR", "MR.", "ONG", "1", "TRAI", "ANH"];
const FEMALE: [&str; 13] = [
    "NU", "F", "FEMALE", "MRS", "MRS.", "MS", "MS.", "MISS", "BA", "CHI", "CO", "0", "GAI",
];

/// Finds countries by whatever they are called.
pub struct CountryNames(HashMap<String, String>);

impl CountryNames {
    /// From the catalogue: codes of two and three letters, names in both languages.
    #[must_use]
    pub fn new(catalogues: &Catalogues) -> Self {
        let mut names = HashMap::new();
        for country in catalogues.countries() {
            let alpha_2 = country.alpha_2.as_ref();
            let all = [Some(&country.name_vi), Some(&country.name_en), alpha_2];
            for name in all.into_iter().flatten() {
                names.entry(fold(name)).or_insert(country.code.clone());
            }
        }
        for country in catalogues.countries() {
            names.insert(country.code.clone(), country.code.clone());
        }
        for (name, code) in NICKNAMES {
            names.insert(name.to_owned(), code.to_owned());
        }
        Self(names)
    }

    /// The alpha-3 code of a name or code.
    #[must_use]
    pub fn code(&self, text: &str) -> Option<String> {
        let find = |text: &str| self.0.get(&fold(text)).cloned();
        find(text).or_else(|| find(word(text)))
    }
}

/// What stands in front of the explanation in a drop-down list.
fn word(text: &str) -> &str {
    let (word, _) = text.split_once(LABEL_SEPARATOR).unwrap_or((text, ""));
    word.trim()
}

/// A word of the contract, without its explanation.
pub(super) fn code(text: String) -> String {
    word(&text).to_lowercase()
}

/// A word of the contract, else the text itself, which will be refused.
pub(super) fn sex(text: String) -> String {
    let folded = fold(word(&text));
    if MALE.contains(&folded.as_str()) {
        "male".to_owned()
    } else if FEMALE.contains(&folded.as_str()) {
        "female".to_owned()
    } else {
        code(text)
    }
}

/// Whether a status says that nobody is here. One that we do not know says nothing.
pub(super) fn is_absent(status: &str) -> bool {
    let folded = fold(status).replace('_', " ");
    ABSENT.contains(&folded.as_str())
}

/// A word of the catalogue.
pub(super) fn purpose(text: &str) -> Option<&'static str> {
    let word = word(text);
    let known = Purpose::parse(&word.to_lowercase());
    let folded = fold(word);
    let named = || {
        let found = PURPOSES.iter().find(|(name, _)| *name == folded);
        found.map(|(_, purpose)| *purpose)
    };
    known.or_else(named).map(Purpose::as_str)
}

/// A word of the catalogue.
pub(super) fn document_kind(text: &str) -> Option<&'static str> {
    let word = word(text);
    let known = DocumentKind::parse(&word.to_lowercase());
    let folded = fold(word).replace(['.', '_'], " ");
    let named = || {
        let found = DOCUMENT_KINDS.iter().find(|(name, _)| *name == folded);
        found.map(|(_, kind)| *kind)
    };
    known.or_else(named).map(DocumentKind::as_str)
}

/// Whether the text is what is left of another: `Nguy?n` is not noticed, `Nguyá»…n` and `Nguy�n`
/// are.
pub(super) fn is_damaged(text: &str) -> bool {
    let is_replaced = text.contains('\u{FFFD}');
    is_replaced || scan::is_misread(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_with_and_without_their_explanation() {
        assert_eq!(purpose("tourism - Du lịch"), Some("tourism"));
        assert_eq!(purpose("Du lịch"), Some("tourism"));
        assert_eq!(purpose("OTA"), None);
        assert_eq!(document_kind("passport - Hộ chiếu"), Some("passport"));
        assert_eq!(document_kind("Hộ chiếu"), Some("passport"));
        assert_eq!(document_kind("8"), Some("citizen_card"));
        assert_eq!(document_kind("DNI"), None);
        assert_eq!(sex("Nữ".to_owned()), "female");
        assert_eq!(sex("male - Nam".to_owned()), "male");
        assert_eq!(sex("X".to_owned()), "x");
    }

    #[test]
    fn who_has_left_was_here_and_who_did_not_come_was_not() {
        for status in ["NO SHOW", "Confirmed", "Hủy", "đặt trước", "cancelled"] {
            assert!(is_absent(status), "{status}");
        }
        for status in ["CHECKED IN", "Checked out", "ra", "vao", "Đang ở", "??"] {
            assert!(!is_absent(status), "{status}");
        }
    }

    #[test]
    fn damaged_text_is_seen() {
        for text in ["Nguyá»…n VÄƒn An", "Nguy\u{FFFD}n"] {
            assert!(is_damaged(text), "{text}");
        }
        for text in ["Nguyễn Văn An", "Müller", "Jürgen", "H'Ngọc Niê", "Ngô"] {
            assert!(!is_damaged(text), "{text}");
        }
    }
}
