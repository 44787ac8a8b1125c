//! One broken rule, with the place in the document where it is broken.

use chrono::{DateTime, Utc};

use super::{Code, Language};
use crate::country;
use crate::time::format_instant;

/// Details that make a message precise without repeating submitted values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The stay can be declared from this instant on.
    DeclareFrom(DateTime<Utc>),
    /// Arrivals before this instant are no longer taken.
    OldestArrival(DateTime<Utc>),
    /// The bound, in characters after trimming.
    LengthMax(usize),
    /// The bounds of a number of elements or of a number.
    Between(usize, usize),
    /// This member would do as well.
    OrMember(&'static str),
    /// The character at this place, from 1 on, may be a digit that was read as a letter.
    MisreadAt(usize),
    /// The row of a file, from 1.
    AtRow(usize),
    /// The code of the commune that a former one went into, its main part.
    CommuneNow(u32),
    /// Two columns of a file, from 1.
    Columns(usize, usize),
    /// Codes of the two countries that a word may mean.
    EitherCountry(&'static str, &'static str),
    /// The dates of this column have the day first.
    DayFirst,
    /// The dates of this column have the month first.
    MonthFirst,
    /// It is a parameter of the query that is not known, not a member of a document: says so
    /// instead of what the code says.
    Parameter,
    /// The media types that are taken here.
    MediaTypes(&'static [&'static str]),
    /// The body came packed.
    Packed,
    /// An object has two members of one name, which `errors` names.
    MemberRepeated,
}

/// A rule broken at a place of the document. As a warning, it refuses nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// RFC 6901 pointer into the document sent; a missing member is named where it would stand.
    pub pointer: String,
    /// Which rule.
    pub code: Code,
    /// What makes the message exact.
    pub hint: Option<Hint>,
}

impl Violation {
    /// A violation without a hint.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: Code) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            hint: None,
        }
    }

    /// The same violation with a hint.
    #[must_use]
    pub fn with(mut self, hint: Hint) -> Self {
        self.hint = Some(hint);
        self
    }

    /// The fact, then the fix, then what the hint adds. Never holds the submitted value.
    #[must_use]
    pub fn message(&self, language: Language) -> String {
        let detail = self.code.detail(language);
        match self.hint {
            None => detail.to_owned(),
            Some(hint @ Hint::Parameter) => hint.sentence(language),
            Some(hint) => format!("{detail} {}", hint.sentence(language)),
        }
    }
}

/// A column as spreadsheets call it: A, B, … Z, AA, …
pub(super) fn letters(column: usize) -> String {
    let mut rest = column;
    let mut letters = Vec::new();
    while rest > 0 {
        let place = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + place));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

impl Hint {
    /// The sentence it adds to a text.
    #[must_use]
    pub fn sentence(self, language: Language) -> String {
        match (self, language) {
            (Self::DeclareFrom(at), Language::Vi) => {
                format!("Có thể khai báo sớm nhất từ {}.", format_instant(at))
            }
            (Self::DeclareFrom(at), Language::En) => {
                format!("It can be declared from {} on.", format_instant(at))
            }
            (Self::OldestArrival(at), Language::Vi) => {
                format!(
                    "Thời điểm đến sớm nhất được nhận là {}.",
                    format_instant(at)
                )
            }
            (Self::OldestArrival(at), Language::En) => {
                format!("The oldest arrival taken is {}.", format_instant(at))
            }
            (Self::LengthMax(length), Language::Vi) => format!("Tối đa {length} ký tự."),
            (Self::LengthMax(length), Language::En) => format!("At most {length} characters."),
            (Self::Between(least, most), Language::Vi) => format!("Từ {least} đến {most}."),
            (Self::Between(least, most), Language::En) => format!("From {least} to {most}."),
            (Self::OrMember(member), Language::Vi) => format!("Có thể thay bằng {member}."),
            (Self::OrMember(member), Language::En) => format!("Or send {member} instead."),
            (Self::CommuneNow(code), Language::Vi) => format!("Mã hiện nay: {code:05}."),
            (Self::CommuneNow(code), Language::En) => format!("Today it is {code:05}."),
            (Self::AtRow(row), Language::Vi) => format!("Dòng {row}."),
            (Self::AtRow(row), Language::En) => format!("Row {row}."),
            (Self::Columns(first, second), Language::Vi) => {
                format!("Cột {} và {}.", letters(first), letters(second))
            }
            (Self::Columns(first, second), Language::En) => {
                format!("Columns {} and {}.", letters(first), letters(second))
            }
            (Self::EitherCountry(first, second), Language::Vi) => {
                let name = |code| country::names(code).map_or(code, |(vi, _)| vi);
                let (one, other) = (name(first), name(second));
                format!("Có thể là {one} ({first}) hoặc {other} ({second}).")
            }
            (Self::EitherCountry(first, second), Language::En) => {
                let name = |code| country::names(code).map_or(code, |(_, en)| en);
                let (one, other) = (name(first), name(second));
                format!("It may be {one} ({first}) or {other} ({second}).")
            }
            (Self::DayFirst, Language::Vi) => {
                "Trong cột này ngày đứng trước, tháng đứng sau.".to_owned()
            }
            (Self::DayFirst, Language::En) => {
                "In this column the day stands before the month.".to_owned()
            }
            (Self::MonthFirst, Language::Vi) => {
                "Trong cột này tháng đứng trước, ngày đứng sau.".to_owned()
            }
            (Self::MonthFirst, Language::En) => {
                "In this column the month stands before the day.".to_owned()
            }
            (Self::Parameter, Language::Vi) => {
                "Địa chỉ này không có tham số truy vấn như vậy. Hãy sửa tên hoặc bỏ tham số này."
                    .to_owned()
            }
            (Self::Parameter, Language::En) => {
                "This address has no such query parameter. Correct its name or leave it out."
                    .to_owned()
            }
            (Self::MediaTypes(kinds), Language::Vi) => {
                format!("Ở đây: Content-Type: {}.", kinds.join(" hoặc "))
            }
            (Self::MediaTypes(kinds), Language::En) => {
                format!("Here: Content-Type: {}.", kinds.join(" or "))
            }
            (Self::Packed, Language::Vi) => {
                "Nội dung đã bị nén (tiêu đề Content-Encoding): hãy tắt nén khi gửi.".to_owned()
            }
            (Self::Packed, Language::En) => {
                "The body is compressed (header Content-Encoding): switch compression of requests off."
                    .to_owned()
            }
            (Self::MemberRepeated, Language::Vi) => {
                "Một mục xuất hiện hai lần; errors nêu rõ mục nào.".to_owned()
            }
            (Self::MemberRepeated, Language::En) => {
                "A member is there twice; errors names it.".to_owned()
            }
            (Self::MisreadAt(place), Language::Vi) => format!(
                "Ký tự thứ {place} có thể là chữ số bị đọc thành chữ cái (0/O, 1/I, 8/B, 5/S, 2/Z)."
            ),
            (Self::MisreadAt(place), Language::En) => format!(
                "Character {place} may be a digit read as a letter (0/O, 1/I, 8/B, 5/S, 2/Z)."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_called_as_spreadsheets_call_them() {
        let table = [(1, "A"), (26, "Z"), (27, "AA"), (52, "AZ"), (200, "GR")];
        for (column, name) in table {
            assert_eq!(letters(column), name);
        }
    }

    #[test]
    fn a_hint_completes_the_message() {
        let violation = Violation::new("/note", Code::TooLong).with(Hint::LengthMax(2000));
        assert!(
            violation
                .message(Language::En)
                .ends_with(". At most 2000 characters.")
        );
        assert!(
            violation
                .message(Language::Vi)
                .ends_with(". Tối đa 2000 ký tự.")
        );
    }
}
