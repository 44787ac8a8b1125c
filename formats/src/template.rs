//! The template for guests' stays: headings that are recognised, drop-down lists of the words that
//! count, and cells that leave numbers as they are typed.

use rust_xlsxwriter::{Color, DataValidation, Format, Formula, Workbook};

use crate::columns::Field;
use crate::rejected::WriteError;
use crate::stay_rows::LABEL_SEPARATOR;

/// Rows with drop-down lists.
const LISTED_ROW_COUNT: u32 = 2_000;
const COLUMN_WIDTH: f64 = 20.0;
const LISTS_SHEET: &str = "Danh mục";

/// A word and what a person calls it.
pub struct Word {
    /// The word of the contract.
    pub code: String,
    /// Its Vietnamese name.
    pub name: String,
}

/// The lists of the template.
pub struct Lists {
    /// Kinds of documents.
    pub document_kinds: Vec<Word>,
    /// Purposes.
    pub purposes: Vec<Word>,
    /// Sexes.
    pub sexes: Vec<Word>,
    /// Countries.
    pub countries: Vec<Word>,
}

/// The columns of the template with their headings.
pub const HEADINGS: [(Field, &str); 21] = [
    (Field::Reference, "Mã khai báo"),
    (Field::Room, "Phòng"),
    (Field::Bed, "Giường"),
    (Field::FullName, "Họ và tên"),
    (Field::BirthDate, "Ngày sinh"),
    (Field::Sex, "Giới tính"),
    (Field::Nationality, "Quốc tịch"),
    (Field::DocumentKind, "Loại giấy tờ"),
    (Field::DocumentNumber, "Số giấy tờ"),
    (Field::NoDocumentReason, "Lý do không có giấy tờ"),
    (Field::Arrival, "Ngày đến"),
    (Field::ArrivalTime, "Giờ đến"),
    (Field::Departure, "Ngày đi dự kiến"),
    (Field::Purpose, "Mục đích"),
    (Field::ResidenceAddress, "Nơi thường trú"),
    (Field::Phone, "Số điện thoại"),
    (Field::PermittedStayUntil, "Tạm trú đến ngày"),
    (Field::VisaNumber, "Số thị thực"),
    (Field::EnteredOn, "Ngày nhập cảnh"),
    (Field::BookingReference, "Mã đặt phòng"),
    (Field::Note, "Ghi chú"),
];

/// Reasons for no document, as the contract has them.
const NO_DOCUMENT_REASONS: [(&str, &str); 4] = [
    ("minor", "Trẻ em"),
    ("newborn", "Trẻ sơ sinh"),
    ("unidentified", "Chưa rõ danh tính"),
    ("lost", "Mất giấy tờ"),
];

/// The template as a workbook.
///
/// # Errors
/// The writer failed.
pub fn xlsx(lists: &Lists) -> Result<Vec<u8>, WriteError> {
    let mut workbook = Workbook::new();
    let heading = Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0x00DD_EBF7));
    // As text, so that no zero in front is lost and no day is turned around.
    let text = Format::new().set_num_format("@");
    let sheet = workbook.add_worksheet();
    sheet.set_name("Khai báo")?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, (field, title)) in (0_u16..).zip(HEADINGS) {
        sheet.set_column_width(column, COLUMN_WIDTH)?;
        sheet.set_column_format(column, &text)?;
        sheet.write_string_with_format(0, column, title, &heading)?;
        if let Some((place, count)) = place_of(field, lists) {
            let list = Formula::new(format!(
                "='{LISTS_SHEET}'!${place}$1:${place}${}",
                count.max(1)
            ));
            // A warning, not a wall: words of other programs are understood as well.
            let validation = DataValidation::new()
                .allow_list_formula(list)
                .set_error_style(rust_xlsxwriter::DataValidationErrorStyle::Warning);
            sheet.add_data_validation(1, column, LISTED_ROW_COUNT, column, &validation)?;
        }
    }
    let sheet = workbook.add_worksheet();
    sheet.set_name(LISTS_SHEET)?;
    for (column, labels) in (0_u16..).zip(columns(lists)) {
        for (row, label) in (0_u32..).zip(labels) {
            sheet.write_string(row, column, label)?;
        }
    }
    Ok(workbook.save_to_buffer()?)
}

/// The template as CSV: the headings alone.
#[must_use]
pub fn csv() -> Vec<u8> {
    let headings = HEADINGS.map(|(_, title)| title).join(",");
    format!("\u{FEFF}{headings}\r\n").into_bytes()
}

/// The column of the lists' sheet that a field's list stands in, and its length.
fn place_of(field: Field, lists: &Lists) -> Option<(char, usize)> {
    let fields = [
        Field::DocumentKind,
        Field::Purpose,
        Field::Sex,
        Field::Nationality,
        Field::NoDocumentReason,
    ];
    let place = fields.iter().position(|listed| *listed == field)?;
    let letter = char::from(b'A' + u8::try_from(place).ok()?);
    Some((letter, columns(lists)[place].len()))
}

fn columns(lists: &Lists) -> [Vec<String>; 5] {
    let labels = |words: &[Word]| {
        words
            .iter()
            .map(|word| label(&word.code, &word.name))
            .collect()
    };
    let reasons = NO_DOCUMENT_REASONS.map(|(code, name)| label(code, name));
    [
        labels(&lists.document_kinds),
        labels(&lists.purposes),
        labels(&lists.sexes),
        labels(&lists.countries),
        reasons.to_vec(),
    ]
}

fn label(code: &str, name: &str) -> String {
    format!("{code}{LABEL_SEPARATOR}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::field_of;
    use crate::table::{FileKind, Table};

    #[test]
    fn every_heading_of_the_template_is_recognised() {
        for (field, title) in HEADINGS {
            assert_eq!(field_of(title), Some(field), "{title}");
        }
    }

    #[test]
    fn the_template_reads_as_a_file_with_a_heading() {
        let word = |code: &str| Word {
            code: code.to_owned(),
            name: "x".to_owned(),
        };
        let lists = Lists {
            document_kinds: vec![word("passport")],
            purposes: vec![word("tourism")],
            sexes: vec![word("male")],
            countries: vec![word("VNM")],
        };
        let workbook = Table::read(&xlsx(&lists).unwrap(), FileKind::Xlsx).unwrap();
        let text = Table::read(&csv(), FileKind::Csv).unwrap();
        for table in [workbook, text] {
            assert_eq!(table.row_count(), 1);
            for (column, (_, title)) in HEADINGS.iter().enumerate() {
                assert_eq!(table.cell(0, column), *title);
            }
        }
    }
}
