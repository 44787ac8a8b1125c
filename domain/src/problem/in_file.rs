//! Violations in terms of a spreadsheet: the column by its heading, and what to type into the cell.

use chrono::{DateTime, Timelike, Utc};

use super::violation::letters;
use super::{Code, Hint, Language, Violation};
use crate::time::VIET_NAM;

/// The column that a violation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetColumnRef<'a> {
    /// It is there: its number, from 1, and its heading.
    Present(usize, &'a str),
    /// The file has none; what the template calls it.
    Missing(&'a str),
    /// It is about no column in particular.
    None,
}

/// The message of a violation or a warning: the column, the fact, what to type. Never holds a
/// value of the row.
#[must_use]
pub fn in_file(violation: &Violation, column: SheetColumnRef<'_>, language: Language) -> String {
    let place = match (column, language) {
        (SheetColumnRef::Present(number, heading), Language::Vi) => {
            format!("Cột {} “{heading}”: ", letters(number))
        }
        (SheetColumnRef::Present(number, heading), Language::En) => {
            format!("Column {} “{heading}”: ", letters(number))
        }
        (SheetColumnRef::Missing(heading), Language::Vi) => {
            format!("Tệp không có cột “{heading}”: ")
        }
        (SheetColumnRef::Missing(heading), Language::En) => {
            format!("The file has no column “{heading}”: ")
        }
        (SheetColumnRef::None, _) => String::new(),
    };
    let is_missing = matches!(column, SheetColumnRef::Missing(_));
    let words = words(violation, is_missing, language);
    let detail = words.unwrap_or_else(|| violation.code.detail(language));
    match violation.hint.and_then(|hint| sentence(hint, language)) {
        Some(hint) => format!("{place}{detail} {hint}"),
        None => format!("{place}{detail}"),
    }
}

/// Instants as written in Viet Nam; spreadsheet users do not know JSON members.
fn sentence(hint: Hint, language: Language) -> Option<String> {
    match (hint, language) {
        (Hint::DeclareFrom(at), Language::Vi) => {
            Some(format!("Có thể khai báo sớm nhất từ {}.", local(at)))
        }
        (Hint::DeclareFrom(at), Language::En) => {
            Some(format!("It can be declared from {} on.", local(at)))
        }
        (Hint::OldestArrival(at), Language::Vi) => {
            Some(format!("Ngày giờ đến sớm nhất được nhận là {}.", local(at)))
        }
        (Hint::OldestArrival(at), Language::En) => {
            Some(format!("The oldest arrival taken is {}.", local(at)))
        }
        (Hint::OrMember(_), _) => None,
        (
            Hint::LengthMax(_)
            | Hint::Between(..)
            | Hint::MisreadAt(_)
            | Hint::AtRow(_)
            | Hint::Columns(..)
            | Hint::EitherCountry(..)
            | Hint::CommuneNow(_)
            | Hint::DayFirst
            | Hint::MonthFirst
            | Hint::Parameter
            | Hint::MediaTypes(_)
            | Hint::Packed
            | Hint::MemberRepeated,
            _,
        ) => Some(hint.sentence(language)),
    }
}

fn local(at: DateTime<Utc>) -> String {
    let at = at.with_timezone(&VIET_NAM);
    // Rounded up to the next whole minute, so that the earliest time is not too early.
    let at = if at.second() > 0 || at.nanosecond() > 0 {
        at + chrono::TimeDelta::seconds(i64::from(60 - at.second()))
    } else {
        at
    };
    at.format("%H:%M %d/%m/%Y").to_string()
}

/// Fact and fix to use where the code's own text mentions JSON or the API.
fn words(violation: &Violation, is_missing: bool, language: Language) -> Option<&'static str> {
    let [vi, en] = both(violation.code, &violation.pointer, is_missing)?;
    Some(match language {
        Language::Vi => vi,
        Language::En => en,
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most codes speak of no door: their own words will do"
)]
fn both(code: Code, pointer: &str, is_missing: bool) -> Option<[&'static str; 2]> {
    Some(match code {
        Code::Required if is_missing => [
            "mục này là bắt buộc trong trường hợp này. Hãy thêm cột như trong tệp mẫu rồi điền.",
            "it is required in this case. Add the column as in the template and fill it in.",
        ],
        Code::Required => [
            "Ô này để trống mà mục này là bắt buộc trong trường hợp này. Hãy điền vào.",
            "The cell is empty and is required in this case. Fill it in.",
        ],
        Code::InvalidInstant => [
            "Ngày giờ này không tồn tại hoặc không đọc được. Hãy gõ ngày và giờ như 28/11/2026 14:05; giờ có thể ở cột riêng, như 14:05.",
            "This day or time does not exist or cannot be read. Type it like 28/11/2026 14:05; the time may stand in a column of its own, like 14:05.",
        ],
        Code::InvalidDate if pointer == "/guest/birth_date" => [
            "Ngày sinh này không tồn tại hoặc không đọc được. Hãy gõ như 17/05/1990; nếu chỉ biết năm thì gõ 1990, chỉ biết tháng và năm thì gõ 05/1990.",
            "This birth date does not exist or cannot be read. Type it like 17/05/1990; if only the year is known type 1990, if only month and year 05/1990.",
        ],
        Code::InvalidDate => [
            "Ngày này không tồn tại hoặc không đọc được. Hãy gõ ngày như 28/11/2026.",
            "This day does not exist or cannot be read. Type it like 28/11/2026.",
        ],
        Code::UnknownCode => unknown_word(pointer)?,
        Code::UnknownCommune => [
            "Không có xã, phường nào mang mã này. Hãy gõ mã 5 chữ số của xã, phường hoặc để trống và ghi địa chỉ.",
            "No commune has this code. Type its code of five digits, or leave the cell empty and write the address.",
        ],
        Code::InvalidDocumentNumber => [
            "Số này không đúng dạng của loại giấy tờ. Hãy so với giấy tờ: CMND cũ có 9 chữ số, hộ chiếu chỉ gồm chữ và số, không quá 10 ký tự.",
            "This number has not the form of its kind of document. Compare with the document: an old identity card has 9 digits, a passport letters and digits, 10 at most.",
        ],
        Code::DocumentNumberNotAllowed => [
            "Loại giấy tờ ghi là không có nhưng lại có số. Hãy chọn đúng loại giấy tờ hoặc xóa số.",
            "The kind of document says none, yet there is a number. Choose the kind of document or clear the number.",
        ],
        Code::ReferenceConflict => [
            "Mã này thuộc về một lượt lưu trú khác nội dung. Hãy sửa lượt đó hoặc dùng mã khác cho lượt mới.",
            "This reference belongs to a stay with other content. Correct that stay, or use another reference for a new one.",
        ],
        Code::AlreadyPresentHere => [
            "Giấy tờ này đã có một lượt lưu trú chưa kết thúc tại cơ sở. Nếu khách chuyển phòng, hãy sửa lượt cũ và hủy lượt này; nếu khách đã đi, hãy ghi nhận lúc đi của lượt cũ.",
            "A stay of this document at this facility has not ended. If the guest moved to another room, correct the earlier stay and cancel this one; if the guest had left, record the departure of the earlier one.",
        ],
        Code::InvalidName => [
            "Ô này không phải tên người. Hãy ghi họ tên đúng như trên giấy tờ.",
            "This is not the name of a person. Write the name as on the document.",
        ],
        _ => return None,
    })
}

/// What to type where the word is in no list.
fn unknown_word(pointer: &str) -> Option<[&'static str; 2]> {
    Some(match pointer {
        "/guest/nationality" => [
            "Không nhận ra nước này. Hãy ghi tên nước (như Việt Nam, Hàn Quốc, Pháp) hoặc mã của nước in trên hộ chiếu (như KOR).",
            "This country is not known. Write its name (like Viet Nam, South Korea, France) or its code as the passport has it (like KOR).",
        ],
        "/guest/sex" => [
            "Không nhận ra giới tính này. Hãy gõ Nam, Nữ hoặc Khác.",
            "This sex is not known. Type Male, Female or Other.",
        ],
        "/guest/document/kind" => [
            "Không nhận ra loại giấy tờ này. Hãy gõ CCCD, Hộ chiếu, CMND, Giấy khai sinh… như trong danh sách của tệp mẫu.",
            "This kind of document is not known. Type Citizen card, Passport, Birth certificate… as in the list of the template.",
        ],
        "/guest/no_document_reason" => [
            "Không nhận ra lý do này. Hãy gõ Trẻ em, Trẻ sơ sinh, Chưa rõ danh tính hoặc Mất giấy tờ.",
            "This reason is not known. Type Child, Newborn, Unidentified or Lost.",
        ],
        "/party/role" => [
            "Không nhận ra vai trò này. Hãy để trống, hoặc ghi Trưởng đoàn hay Thành viên.",
            "This role is not known. Leave the cell empty, or write Leader or Member.",
        ],
        _ => [
            "Không nhận ra từ này. Hãy chọn một từ trong danh sách của tệp mẫu.",
            "This word is not known. Choose one of the list in the template.",
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_instant;

    #[test]
    fn a_message_names_the_column_and_what_to_type() {
        let fault = Violation::new("/arrival_at", Code::InvalidInstant).with(Hint::DayFirst);
        let column = SheetColumnRef::Present(9, "Ngày đến");
        let message = in_file(&fault, column, Language::Vi);
        assert!(message.starts_with("Cột I “Ngày đến”: "), "{message}");
        assert!(message.contains("28/11/2026 14:05"), "{message}");
        assert!(message.ends_with("Trong cột này ngày đứng trước, tháng đứng sau."));
        let missing = Violation::new("/guest/permitted_stay_until", Code::Required);
        let message = in_file(
            &missing,
            SheetColumnRef::Missing("Stay permitted until"),
            Language::En,
        );
        assert!(message.starts_with("The file has no column “Stay permitted until”: it is"));
    }

    #[test]
    fn no_message_speaks_of_json() {
        let at = parse_instant("2026-11-29T02:00:30Z").unwrap();
        let hints = [
            Hint::DeclareFrom(at),
            Hint::OldestArrival(at),
            Hint::OrMember("/x"),
        ];
        let pointers = [
            "/arrival_at",
            "/guest/birth_date",
            "/guest/sex",
            "/purpose",
            "",
        ];
        let of_rows = [
            Code::Required,
            Code::InvalidInstant,
            Code::InvalidDate,
            Code::UnknownCode,
            Code::UnknownCommune,
            Code::ArrivalInFuture,
            Code::ArrivalTooOld,
            Code::DepartureBeforeArrival,
            Code::InvalidDocumentNumber,
            Code::DocumentNumberNotAllowed,
            Code::ReferenceConflict,
            Code::DateAmbiguous,
            Code::LeadingZeroLost,
            Code::NumberRounded,
            Code::TextDamaged,
            Code::NationalityAmbiguous,
            Code::StatusUnknown,
            Code::CellNotText,
        ];
        for code in of_rows {
            for pointer in pointers {
                for hint in hints {
                    for language in [Language::Vi, Language::En] {
                        let violation = Violation::new(pointer, code).with(hint);
                        let message =
                            in_file(&violation, SheetColumnRef::Present(1, "X"), language);
                        for word in ["RFC", "JSON", "YYYY", "/v1", "T02", "+07", "date_order"] {
                            assert!(!message.contains(word), "{message}");
                        }
                    }
                }
            }
        }
        let early = Violation::new("/arrival_at", Code::ArrivalInFuture).with(hints[0]);
        assert!(
            in_file(&early, SheetColumnRef::None, Language::En).ends_with("09:01 29/11/2026 on.")
        );
    }
}
