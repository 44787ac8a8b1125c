//! Every word on a receipt, Vietnamese and English together.

use domain::document::DocumentKind;
use domain::stay::Timeliness;

/// The same in both languages.
#[derive(Clone, Copy, Debug)]
pub(super) struct PaperWords {
    pub(super) vi: &'static str,
    pub(super) en: &'static str,
}

const fn words(vi: &'static str, en: &'static str) -> PaperWords {
    PaperWords { vi, en }
}

pub(super) const STAY_TITLE: PaperWords = words(
    "BIÊN NHẬN THÔNG BÁO LƯU TRÚ",
    "Receipt for a notification of stay",
);
pub(super) const DAY_TITLE: PaperWords = words(
    "BIÊN NHẬN THÔNG BÁO LƯU TRÚ TRONG NGÀY",
    "Receipt for the notifications of stay of one day",
);
pub(super) const LIST_TITLE: PaperWords = words("DANH SÁCH BIÊN NHẬN", "Receipts of the day");

pub(super) const NUMBER: PaperWords = words("Số biên nhận", "Receipt number");
pub(super) const VERSION: PaperWords = words("Phiên bản", "Version");
pub(super) const FACILITY: PaperWords = words("Cơ sở lưu trú", "Facility");
pub(super) const ADDRESS: PaperWords = words("Địa chỉ", "Address");
pub(super) const GUEST: PaperWords = words("Khách lưu trú", "Guest");
pub(super) const DOCUMENT: PaperWords = words("Giấy tờ", "Document");
pub(super) const ROOM: PaperWords = words("Phòng", "Room");
pub(super) const BED: PaperWords = words("Giường", "Bed");
pub(super) const ARRIVAL: PaperWords = words("Thời điểm đến", "Arrival");
pub(super) const EXPECTED_DEPARTURE: PaperWords = words("Dự kiến rời đi", "Expected departure");
pub(super) const RECEIVED: PaperWords = words("Thời điểm tiếp nhận", "Received");
pub(super) const DEADLINE: PaperWords = words("Hạn thông báo", "Deadline");
pub(super) const CONTENT_HASH: PaperWords = words("Mã băm nội dung", "Content hash (SHA-256)");
pub(super) const DAY: PaperWords = words("Ngày đến", "Day of arrival");
pub(super) const COUNT: PaperWords = words("Số lượt khách", "Stays");
pub(super) const ON_TIME_COUNT: PaperWords = words("Trong đó đúng hạn", "Of these on time");
pub(super) const AS_OF: PaperWords = words("Tính đến", "As of");
pub(super) const NUMBERS_HASH: PaperWords = words("Mã băm các số biên nhận", "Digest (SHA-256)");
pub(super) const TIMELINESS: PaperWords = words("Kết quả", "Verdict");

pub(super) const NOT_STATED: PaperWords = words("không có", "none");
pub(super) const UNNAMED: PaperWords = words("Chưa xác định danh tính", "Not identified yet");

/// Beside the QR code.
pub(super) const HOW_TO_VERIFY: PaperWords = words(
    "Mã QR chứa biên nhận đã ký số (JWS, Ed25519). Quét mã để lấy nguyên văn, rồi kiểm tra bằng \
     lệnh luutru receipt verify hoặc thư viện JOSE bất kỳ với khóa công khai tại \
     /.well-known/jwks.json của hệ thống. Không cần kết nối mạng.",
    "The QR code holds the signed receipt (JWS, Ed25519). Scan it for its text and check that \
     with luutru receipt verify or any JOSE library and the system's public keys \
     (/.well-known/jwks.json). No network is needed.",
);
pub(super) const STAY_SIGNED: PaperWords = words(
    "Chữ ký bao gồm số biên nhận, thời điểm tiếp nhận, hạn, kết quả và mã băm nội dung; không \
     chứa họ tên hay số giấy tờ.",
    "Signed are number, time of receipt, deadline, verdict and content hash: no name and no \
     document number.",
);
pub(super) const DAY_SIGNED: PaperWords = words(
    "Chữ ký bao gồm cơ sở, ngày, số lượt khách và mã băm của tất cả số biên nhận trong danh sách, \
     xếp theo thứ tự và nối bằng ký tự xuống dòng.",
    "Signed are facility, day, count and the digest of all numbers of the list, sorted and joined \
     by line feeds.",
);

/// At the foot of every receipt.
pub(super) const LEGAL_BASIS: PaperWords = words(
    "Căn cứ: Luật Cư trú 68/2020/QH14, Điều 30 (sửa đổi bởi Luật 118/2025/QH15); Luật \
     47/2014/QH13, Điều 33 (người nước ngoài). Giờ Việt Nam (UTC+7).",
    "Basis: Law on Residence 68/2020/QH14, art. 30 (amended by Law 118/2025/QH15); Law \
     47/2014/QH13, art. 33 (foreigners). Viet Nam time (UTC+7).",
);

/// In words that need no colour.
pub(super) const fn verdict(timeliness: Timeliness) -> PaperWords {
    match timeliness {
        Timeliness::OnTime => words("ĐÚNG HẠN", "On time"),
        Timeliness::Late => words("QUÁ HẠN", "Late"),
    }
}

pub(super) const fn document(kind: DocumentKind) -> PaperWords {
    match kind {
        DocumentKind::CitizenCard => words("Căn cước (12 số)", "identity card"),
        DocumentKind::ForeignIdentityCard => {
            words("Thẻ căn cước nước ngoài", "foreign identity card")
        }
        DocumentKind::OldIdentityCard => words("Chứng minh nhân dân 9 số", "old identity card"),
        DocumentKind::PersonalIdNotice => {
            words("Thông báo số định danh", "notice of personal ID number")
        }
        DocumentKind::Passport => words("Hộ chiếu", "passport"),
        DocumentKind::TravelDocument => words("Giấy tờ đi lại quốc tế", "travel document"),
        DocumentKind::DrivingLicence => words("Giấy phép lái xe", "driving licence"),
        DocumentKind::BirthCertificate => words("Giấy khai sinh", "birth certificate"),
        DocumentKind::HealthInsuranceCard => words("Thẻ bảo hiểm y tế", "health insurance card"),
        DocumentKind::Other => words("Giấy tờ khác", "other document"),
        DocumentKind::None => words("Không có giấy tờ", "no document"),
    }
}
