//! Describes the result of checking a receipt.

use domain::problem::Language;
use runtime::signing::{self, ReceiptKind, SigningError};
use serde_json::Value;

use super::evidence::{Agreement, ReceiptEvidence};

/// The result of a check.
pub(super) struct Report {
    outcome: Result<(ReceiptKind, Value), SigningError>,
    content: Option<Agreement>,
}

impl Report {
    /// Checks signature and content.
    pub(super) fn of(evidence: &ReceiptEvidence, keys: &Value) -> Self {
        let outcome = signing::verify(&evidence.jws(), keys).and_then(|(kind, payload)| {
            let payload = serde_json::from_slice::<Value>(&payload);
            Ok((kind, payload.map_err(|_| SigningError::NotAReceipt)?))
        });
        let content = outcome.as_ref().ok().and_then(|(kind, payload)| {
            let sha256 = match kind {
                ReceiptKind::Stay => payload["content_sha256"].as_str(),
                ReceiptKind::Day => None,
            };
            evidence.content_matches(sha256.unwrap_or_default())
        });
        Self { outcome, content }
    }

    /// Whether the receipt is genuine and, if content was shown, of this content.
    pub(super) fn holds(&self) -> bool {
        let is_content_right = match self.content {
            None | Some(Agreement::Same) => true,
            Some(Agreement::Differs | Agreement::WithoutSalt) => false,
        };
        self.outcome.is_ok() && is_content_right
    }

    /// The result, its facts, and what to do if the receipt is not valid.
    pub(super) fn text(&self, language: Language) -> String {
        match &self.outcome {
            Err(error) => format!("{}\n", refusal(*error).of(language)),
            Ok((kind, payload)) => {
                let mut lines = vec![genuine(*kind).of(language).to_owned()];
                lines.extend(facts(*kind, payload, language));
                lines.push(content(*kind, self.content).of(language).to_owned());
                lines.join("\n") + "\n"
            }
        }
    }
}

/// The same in both languages.
struct ReportWords {
    vi: &'static str,
    en: &'static str,
}

impl ReportWords {
    fn of(&self, language: Language) -> &'static str {
        match language {
            Language::Vi => self.vi,
            Language::En => self.en,
        }
    }
}

const fn words(vi: &'static str, en: &'static str) -> ReportWords {
    ReportWords { vi, en }
}

const fn genuine(kind: ReceiptKind) -> ReportWords {
    match kind {
        ReceiptKind::Stay => words(
            "HỢP LỆ: biên nhận thông báo lưu trú, chữ ký đúng.",
            "VALID: receipt for a notification of stay, the signature is right.",
        ),
        ReceiptKind::Day => words(
            "HỢP LỆ: biên nhận trong ngày của cơ sở, chữ ký đúng.",
            "VALID: receipt of a facility's day, the signature is right.",
        ),
    }
}

const fn refusal(error: SigningError) -> ReportWords {
    match error {
        SigningError::UnknownKey => words(
            "KHÔNG KIỂM TRA ĐƯỢC: biên nhận được ký bằng khóa không có trong tệp khóa. Lấy \
             /.well-known/jwks.json của chính hệ thống đã cấp, hoặc thêm khóa cũ bằng --keys.",
            "NOT VERIFIED: the receipt is signed by a key that the key files lack. Take \
             /.well-known/jwks.json of the service that gave it, or add an older key with --keys.",
        ),
        SigningError::WrongSignature => words(
            "KHÔNG HỢP LỆ: chữ ký sai. Biên nhận đã bị sửa hoặc chép thiếu; quét lại mã QR, nếu \
             vẫn vậy thì không chấp nhận.",
            "NOT VALID: the signature is wrong. The receipt was changed or copied in part; scan \
             the QR code again, and if this stays do not accept it.",
        ),
        SigningError::NotAReceipt
        | SigningError::NoKey
        | SigningError::BadKey { .. }
        | SigningError::BadPublicKey { .. }
        | SigningError::NotGenerated => words(
            "KHÔNG HỢP LỆ: đây không phải biên nhận đã ký. Đưa nguyên văn JWS (ba phần nối bằng \
             dấu chấm) hoặc tệp JSON của hệ thống.",
            "NOT VALID: this is no signed receipt. Give the whole JWS (three parts joined by \
             dots) or the service's JSON.",
        ),
    }
}

const fn content(kind: ReceiptKind, found: Option<Agreement>) -> ReportWords {
    match (kind, found) {
        (ReceiptKind::Stay, None) => words(
            "Nội dung: chưa kiểm tra. Thêm --content TỆP với nội dung lưu trú để so mã băm.",
            "Content: not checked. Add --content FILE with the stay to compare its hash.",
        ),
        (ReceiptKind::Day, None) => words(
            "Danh sách: mã băm bao gồm mọi số biên nhận của ngày.",
            "List: the digest covers every receipt number of the day.",
        ),
        (ReceiptKind::Stay, Some(Agreement::Same)) => words(
            "Nội dung: KHỚP mã băm trong biên nhận.",
            "Content: MATCHES the hash in the receipt.",
        ),
        (ReceiptKind::Stay | ReceiptKind::Day, Some(Agreement::Differs))
        | (ReceiptKind::Day, Some(Agreement::Same)) => words(
            "Nội dung: KHÔNG KHỚP. Biên nhận là thật nhưng thuộc nội dung khác.",
            "Content: DIFFERS. The receipt is genuine, but of other content.",
        ),
        (ReceiptKind::Stay | ReceiptKind::Day, Some(Agreement::WithoutSalt)) => words(
            "Nội dung: không kiểm tra được vì thiếu content_salt (16 byte, base64url). Thêm \
             --salt.",
            "Content: cannot be checked without its content_salt (16 bytes, base64url). Add \
             --salt.",
        ),
    }
}

/// The signed facts, one a line.
fn facts(kind: ReceiptKind, payload: &Value, language: Language) -> Vec<String> {
    let labels: &[(&str, ReportWords)] = match kind {
        ReceiptKind::Stay => &STAY_LABELS,
        ReceiptKind::Day => &DAY_LABELS,
    };
    let lines = labels.iter().filter_map(|(member, label)| {
        let value = match &payload[*member] {
            Value::Null => return None,
            Value::String(text) => verdict(text).map_or_else(
                || shown(text),
                |verdict| format!("{} ({text})", verdict.of(language)),
            ),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                payload[*member].to_string()
            }
        };
        Some(format!("  {}: {value}", label.of(language)))
    });
    lines.collect()
}

/// Even signed text is not trusted on a terminal: the service may not be who it claims to be.
fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

const fn label(
    member: &'static str,
    vi: &'static str,
    en: &'static str,
) -> (&'static str, ReportWords) {
    (member, words(vi, en))
}

static STAY_LABELS: [(&str, ReportWords); 9] = [
    label("number", "Số biên nhận", "Number"),
    label("version", "Phiên bản", "Version"),
    label("received_at", "Tiếp nhận lúc", "Received"),
    label("deadline_at", "Hạn thông báo", "Deadline"),
    label("timeliness", "Kết quả", "Verdict"),
    label("facility_id", "Cơ sở", "Facility"),
    label("stay_id", "Lượt lưu trú", "Stay"),
    label("content_sha256", "Mã băm nội dung", "Content hash"),
    label("iss", "Bên cấp", "Issuer"),
];

static DAY_LABELS: [(&str, ReportWords); 6] = [
    label("date", "Ngày đến", "Day of arrival"),
    label("facility_id", "Cơ sở", "Facility"),
    label("count", "Số lượt khách", "Stays"),
    label("sha256", "Mã băm các số biên nhận", "Digest of the numbers"),
    label("as_of", "Tính đến", "As of"),
    label("iss", "Bên cấp", "Issuer"),
];

fn verdict(text: &str) -> Option<ReportWords> {
    match text {
        "on_time" => Some(words("ĐÚNG HẠN", "ON TIME")),
        "late" => Some(words("QUÁ HẠN", "LATE")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
