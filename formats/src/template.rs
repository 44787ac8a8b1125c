//! The template for guests' stays, in Vietnamese and in English: recognised headings, with required
//! ones marked and notes on what to type; drop-down lists with the usual words on top; cells that
//! leave numbers as typed; and an example sheet.

use domain::problem::Language;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, Format, FormatAlign, Formula, Note, Workbook,
    Worksheet,
};

use crate::columns::Field;
use crate::stay_rows::LABEL_SEPARATOR;
use crate::write_error::WriteError;

/// Rows with drop-down lists.
const LISTED_ROW_COUNT: u32 = 2_000;
/// Countries that most guests of Viet Nam come from, in this order; the others follow by name.
const USUAL_COUNTRIES: [&str; 24] = [
    "VNM", "CHN", "KOR", "TWN", "USA", "JPN", "IND", "KHM", "RUS", "MYS", "AUS", "THA", "PHL",
    "GBR", "FRA", "DEU", "SGP", "LAO", "IDN", "CAN", "HKG", "ITA", "ESP", "NLD",
];
/// Documents that most guests show.
const USUAL_DOCUMENT_KINDS: [&str; 5] = [
    "citizen_card",
    "passport",
    "birth_certificate",
    "old_identity_card",
    "foreign_identity_card",
];

/// A word and what a person calls it.
#[derive(Clone, Debug)]
pub struct TemplateWord {
    /// The word of the contract.
    pub code: String,
    /// Its Vietnamese name.
    pub name_vi: String,
    /// Its English name.
    pub name_en: String,
}

/// The lists of the template.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    /// Kinds of documents.
    pub document_kinds: Vec<TemplateWord>,
    /// Purposes.
    pub purposes: Vec<TemplateWord>,
    /// Sexes.
    pub sexes: Vec<TemplateWord>,
    /// Countries.
    pub countries: Vec<TemplateWord>,
}

/// For which guests a column is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// Everybody.
    Always,
    /// Foreigners.
    Foreigners,
    /// Nobody, or in the cases that the note names.
    Sometimes,
}

/// A column of the template.
struct TemplateColumn {
    field: Field,
    vi: &'static str,
    en: &'static str,
    need: Need,
    /// What to type, Vietnamese and English.
    note: [&'static str; 2],
    /// Its values on the example sheet: a citizen, a foreigner, a child.
    examples: [&'static str; 3],
}

const fn column(
    field: Field,
    [vi, en]: [&'static str; 2],
    need: Need,
    note: [&'static str; 2],
    examples: [&'static str; 3],
) -> TemplateColumn {
    TemplateColumn {
        field,
        vi,
        en,
        need,
        note,
        examples,
    }
}

/// The columns of the template in their order.
const COLUMNS: [TemplateColumn; 29] = [
    column(
        Field::Reference,
        ["Mã khai báo", "Reference"],
        Need::Sometimes,
        [
            "Mã riêng của cơ sở cho lượt lưu trú này. Có mã thì gửi lại tệp không tạo lượt thứ hai.",
            "Your own name for this stay. With it, a file that is sent again makes no second stay.",
        ],
        ["LT-0001", "LT-0002", "LT-0003"],
    ),
    column(
        Field::Room,
        ["Phòng", "Room"],
        Need::Always,
        ["Số phòng hoặc tên phòng.", "Number or name of the room."],
        ["101", "205", "101"],
    ),
    column(
        Field::Bed,
        ["Giường", "Bed"],
        Need::Sometimes,
        [
            "Bệnh viện, ký túc xá, phòng tập thể.",
            "Hospitals, dormitories, shared rooms.",
        ],
        ["", "", ""],
    ),
    column(
        Field::Ward,
        ["Khoa", "Ward"],
        Need::Sometimes,
        [
            "Chỉ bệnh viện; không gửi cho công an.",
            "Hospitals only; not sent to the police.",
        ],
        ["", "", ""],
    ),
    column(
        Field::FullName,
        ["Họ và tên", "Full name"],
        Need::Always,
        [
            "Đúng như trên giấy tờ; mỗi dòng một người.",
            "As on the document; one person a row.",
        ],
        ["Nguyễn Văn Thử", "SPECIMEN ANNA", "Nguyễn Thị Mẫu"],
    ),
    column(
        Field::BirthDate,
        ["Ngày sinh", "Date of birth"],
        Need::Foreigners,
        [
            "Như 17/05/1990; chỉ biết năm thì ghi 1990. Bắt buộc nếu không có số định danh 12 chữ số.",
            "Like 17/05/1990; if only the year is known 1990. Required without the personal ID number of 12 digits.",
        ],
        ["17/05/1990", "08/12/1985", "02/03/2019"],
    ),
    column(
        Field::Sex,
        ["Giới tính", "Sex"],
        Need::Foreigners,
        ["Nam, Nữ hoặc Không ghi.", "Male, Female or Unspecified."],
        ["Nam", "Nữ", "Nữ"],
    ),
    column(
        Field::Nationality,
        ["Quốc tịch", "Nationality"],
        Need::Foreigners,
        [
            "Tên nước, như Việt Nam, Hàn Quốc, hoặc mã trên hộ chiếu, như KOR.",
            "Name of the country, like South Korea, or the code of the passport, like KOR.",
        ],
        ["Việt Nam", "Đức", "Việt Nam"],
    ),
    column(
        Field::DocumentKind,
        ["Loại giấy tờ", "Document type"],
        Need::Sometimes,
        [
            "Để trống thì hiểu theo số: 12 chữ số là căn cước, số của người nước ngoài là hộ chiếu.",
            "Left empty it is told by the number: 12 digits are a citizen card, a foreigner's is a passport.",
        ],
        ["CCCD", "Hộ chiếu", "Không có"],
    ),
    column(
        Field::DocumentNumber,
        ["Số giấy tờ", "Document number"],
        Need::Always,
        [
            "Đủ cả số 0 ở đầu. Không có giấy tờ thì để trống và ghi lý do ở cột bên cạnh.",
            "With the zeros in front. Without a document leave it empty and give the reason in the next column.",
        ],
        ["001090990017", "C01X00T47", ""],
    ),
    column(
        Field::NoDocumentReason,
        ["Lý do không có giấy tờ", "Reason for no document"],
        Need::Sometimes,
        [
            "Chỉ khi không có giấy tờ.",
            "Only where there is no document.",
        ],
        ["", "", "Trẻ em"],
    ),
    column(
        Field::Arrival,
        ["Ngày đến", "Arrival date"],
        Need::Always,
        [
            "Ngày trước, tháng sau, như 28/11/2026.",
            "Day first, then month, like 28/11/2026.",
        ],
        ["28/11/2026", "28/11/2026", "28/11/2026"],
    ),
    column(
        Field::ArrivalTime,
        ["Giờ đến", "Arrival time"],
        Need::Sometimes,
        [
            "Như 14:05. Để trống thì tính 14:00 hoặc lúc gửi tệp nếu sớm hơn.",
            "Like 14:05. Left empty it counts as 14:00, or as the time of sending if that is earlier.",
        ],
        ["14:05", "23:10", "14:05"],
    ),
    column(
        Field::Departure,
        ["Ngày đi dự kiến", "Expected departure date"],
        Need::Sometimes,
        [
            "Bắt buộc với khách sạn, nhà nghỉ và cơ sở cho thuê lưu trú.",
            "Required of hotels, guest houses and others who let rooms.",
        ],
        ["30/11/2026", "02/12/2026", "30/11/2026"],
    ),
    column(
        Field::DepartureTime,
        ["Giờ đi dự kiến", "Expected departure time"],
        Need::Sometimes,
        ["Như 12:00.", "Like 12:00."],
        ["", "", ""],
    ),
    column(
        Field::Purpose,
        ["Mục đích lưu trú", "Purpose of stay"],
        Need::Sometimes,
        [
            "Để trống thì theo loại cơ sở.",
            "Left empty it follows from the kind of facility.",
        ],
        ["Công tác", "Du lịch", "Du lịch"],
    ),
    column(
        Field::ResidenceAddress,
        ["Nơi thường trú", "Home address"],
        Need::Sometimes,
        ["Địa chỉ thường trú.", "Where the guest lives."],
        ["Số 5 ngõ 2, phường Mẫu, tỉnh Mẫu", "", ""],
    ),
    column(
        Field::Phone,
        ["Số điện thoại", "Phone number"],
        Need::Sometimes,
        ["Không gửi cho công an.", "Not sent to the police."],
        ["0900 000 001", "", ""],
    ),
    column(
        Field::PermittedStayUntil,
        ["Tạm trú đến ngày", "Stay permitted until"],
        Need::Foreigners,
        [
            "Ngày cuối được phép tạm trú, theo dấu nhập cảnh hoặc thị thực.",
            "Last permitted day, by the entry stamp or the visa.",
        ],
        ["", "27/12/2026", ""],
    ),
    column(
        Field::VisaKind,
        ["Loại thị thực", "Visa type"],
        Need::Sometimes,
        ["Như DL, EV.", "Like DL, EV."],
        ["", "DL", ""],
    ),
    column(
        Field::VisaNumber,
        ["Số thị thực", "Visa number"],
        Need::Sometimes,
        ["Như in trên thị thực.", "As printed on the visa."],
        ["", "AB0000001", ""],
    ),
    column(
        Field::VisaExpiry,
        ["Ngày hết hạn thị thực", "Visa expiry date"],
        Need::Sometimes,
        ["Như 27/12/2026.", "Like 27/12/2026."],
        ["", "27/12/2026", ""],
    ),
    column(
        Field::EnteredOn,
        ["Ngày nhập cảnh", "Date of entry"],
        Need::Sometimes,
        ["Như 27/11/2026.", "Like 27/11/2026."],
        ["", "27/11/2026", ""],
    ),
    column(
        Field::EntryGate,
        ["Cửa khẩu nhập cảnh", "Port of entry"],
        Need::Sometimes,
        ["Như Nội Bài, Mộc Bài.", "Like Noi Bai, Moc Bai."],
        ["", "Nội Bài", ""],
    ),
    column(
        Field::GuardianName,
        ["Người giám hộ", "Guardian name"],
        Need::Sometimes,
        ["Của trẻ em hoặc người bệnh.", "Of a child or a patient."],
        ["", "", "Nguyễn Văn Thử"],
    ),
    column(
        Field::GuardianRelation,
        ["Quan hệ với người giám hộ", "Relation of guardian"],
        Need::Sometimes,
        ["Như bố, mẹ.", "Like father, mother."],
        ["", "", "bố"],
    ),
    column(
        Field::GuardianPhone,
        ["Số điện thoại người giám hộ", "Guardian phone"],
        Need::Sometimes,
        ["Không gửi cho công an.", "Not sent to the police."],
        ["", "", "0900 000 001"],
    ),
    column(
        Field::BookingReference,
        ["Mã đặt phòng", "Booking reference"],
        Need::Sometimes,
        [
            "Chung cho những khách đi cùng nhau.",
            "Shared by guests who travel together.",
        ],
        ["DP-17", "", "DP-17"],
    ),
    column(
        Field::Note,
        ["Ghi chú", "Note"],
        Need::Sometimes,
        [
            "Của cơ sở; không gửi cho công an.",
            "Your own; not sent to the police.",
        ],
        ["", "", ""],
    ),
];

/// Columns that the template lacks and messages may name.
const OTHERS: [(Field, [&str; 2]); 13] = [
    (Field::PersonNumber, ["Mã sinh viên", "Student ID"]),
    (Field::FamilyName, ["Họ", "Last name"]),
    (Field::GivenName, ["Tên", "First name"]),
    (Field::BirthYear, ["Năm sinh", "Year of birth"]),
    (Field::PersonalId, ["Số CCCD", "Personal ID number"]),
    (Field::PassportNumber, ["Số hộ chiếu", "Passport number"]),
    (Field::PurposeText, ["Mục đích khác", "Other purpose"]),
    (Field::CommuneCode, ["Mã xã", "Commune code"]),
    (
        Field::MotherReference,
        ["Mã khai báo của mẹ", "Mother reference"],
    ),
    (Field::PartyRole, ["Vai trò trong đoàn", "Role in party"]),
    (Field::Status, ["Trạng thái", "Status"]),
    (Field::Adults, ["Số người lớn", "Adults"]),
    (Field::Children, ["Số trẻ em", "Children"]),
];

/// Reasons for no document, as the contract has them.
const NO_DOCUMENT_REASONS: [(&str, [&str; 2]); 4] = [
    ("minor", ["Trẻ em", "Child"]),
    ("newborn", ["Trẻ sơ sinh", "Newborn"]),
    ("unidentified", ["Chưa rõ danh tính", "Unidentified"]),
    ("lost", ["Mất giấy tờ", "Lost document"]),
];

const fn of<T: Copy>(language: Language, [vi, en]: [T; 2]) -> T {
    match language {
        Language::Vi => vi,
        Language::En => en,
    }
}

/// The heading of a field.
#[must_use]
pub fn heading(field: Field, language: Language) -> &'static str {
    let of_template = COLUMNS.iter().find(|column| column.field == field);
    let names = of_template
        .map(|column| [column.vi, column.en])
        .or_else(|| {
            let other = OTHERS.iter().find(|(other, _)| *other == field);
            other.map(|(_, names)| *names)
        });
    names.map_or("", |names| of(language, names))
}

/// The columns of the template with their headings.
pub fn headings(language: Language) -> impl Iterator<Item = (Field, String)> {
    COLUMNS
        .iter()
        .map(move |column| (column.field, column.title(language)))
}

impl TemplateColumn {
    /// With a mark at what is required.
    fn title(&self, language: Language) -> String {
        let name = of(language, [self.vi, self.en]);
        match self.need {
            Need::Always => format!("{name} *"),
            Need::Foreigners => format!("{name} (**)"),
            Need::Sometimes => name.to_owned(),
        }
    }

    fn note(&self, language: Language) -> String {
        let need = match self.need {
            Need::Always => of(language, ["* Bắt buộc. ", "* Required. "]),
            Need::Foreigners => of(
                language,
                [
                    "** Bắt buộc với người nước ngoài. ",
                    "** Required of foreigners. ",
                ],
            ),
            Need::Sometimes => "",
        };
        format!("{need}{}", of(language, self.note))
    }
}

/// How wide a column is, in characters.
#[must_use]
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a field that nobody thought of has the usual width"
)]
pub const fn width(field: Field) -> f64 {
    match field {
        Field::Room | Field::Bed | Field::Sex | Field::ArrivalTime | Field::DepartureTime => 11.0,
        Field::FullName | Field::GuardianName | Field::DocumentKind => 28.0,
        Field::ResidenceAddress | Field::Note => 40.0,
        _ => 18.0,
    }
}

/// The template as a workbook.
///
/// # Errors
/// The writer failed.
pub fn xlsx(lists: &Lists, language: Language) -> Result<Vec<u8>, WriteError> {
    let mut workbook = Workbook::new();
    let names = of(
        language,
        [
            ["Khai báo", "Ví dụ", "Danh mục"],
            ["Stays", "Example", "Lists"],
        ],
    );
    let sheet = workbook.add_worksheet();
    sheet.set_name(names[0])?;
    write_headings(sheet, language)?;
    for (column, place) in (0_u16..).zip(&COLUMNS) {
        add_list(sheet, column, place.field, lists, language, names[2])?;
    }
    let example = workbook.add_worksheet();
    example.set_name(names[1])?;
    write_headings(example, language)?;
    write_examples(example, language)?;
    let sheet = workbook.add_worksheet();
    sheet.set_name(names[2])?;
    for (column, (_, labels)) in (0_u16..).zip(labels(lists, language)) {
        sheet.set_column_width(column, 40.0)?;
        for (row, label) in (0_u32..).zip(labels) {
            sheet.write_string(row, column, label)?;
        }
    }
    Ok(workbook.save_to_buffer()?)
}

fn write_headings(sheet: &mut Worksheet, language: Language) -> Result<(), WriteError> {
    let heading = |color: u32| {
        Format::new()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::Top)
            .set_background_color(Color::RGB(color))
    };
    let (required, foreigners, others) = (
        heading(0x00F8_CBAD),
        heading(0x00FF_E699),
        heading(0x00DD_EBF7),
    );
    // As text, so that no zero in front is lost and no day is turned around.
    let text = Format::new().set_num_format("@");
    sheet.set_freeze_panes(1, 0)?;
    for (place, column) in (0_u16..).zip(&COLUMNS) {
        sheet.set_column_width(place, width(column.field))?;
        sheet.set_column_format(place, &text)?;
        let format = match column.need {
            Need::Always => &required,
            Need::Foreigners => &foreigners,
            Need::Sometimes => &others,
        };
        sheet.write_string_with_format(0, place, column.title(language), format)?;
        let note = Note::new(column.note(language))
            .set_author("luutru")
            .add_author_prefix(false);
        sheet.insert_note(0, place, &note)?;
    }
    Ok(())
}

fn write_examples(sheet: &mut Worksheet, language: Language) -> Result<(), WriteError> {
    let text = Format::new().set_num_format("@");
    for (place, column) in (0_u16..).zip(&COLUMNS) {
        for (row, example) in (1_u32..).zip(column.examples) {
            let shown = match language {
                Language::Vi => example,
                Language::En => in_english(example),
            };
            sheet.write_string_with_format(row, place, shown, &text)?;
        }
    }
    let why = of(
        language,
        [
            "Trang này chỉ là ví dụ và không được đọc. Hãy điền vào trang Khai báo.",
            "This sheet is an example and is not read. Fill in the sheet Stays.",
        ],
    );
    sheet.write_string(6, 0, why)?;
    Ok(())
}

fn in_english(example: &'static str) -> &'static str {
    match example {
        "Nam" => "Male",
        "Nữ" => "Female",
        "Việt Nam" => "Viet Nam",
        "Đức" => "Germany",
        "CCCD" => "Citizen card",
        "Hộ chiếu" => "Passport",
        "Không có" => "No document",
        "Trẻ em" => "Child",
        "Công tác" => "Business",
        "Du lịch" => "Tourism",
        "bố" => "father",
        other => other,
    }
}

fn add_list(
    sheet: &mut Worksheet,
    column: u16,
    field: Field,
    lists: &Lists,
    language: Language,
    lists_sheet: &str,
) -> Result<(), WriteError> {
    let Some(range) = range_of(field, lists, language, lists_sheet) else {
        return Ok(());
    };
    // Warns rather than rejects, because words of other programs are understood as well.
    let validation = DataValidation::new()
        .allow_list_formula(Formula::new(format!("={range}")))
        .set_error_style(DataValidationErrorStyle::Warning);
    sheet.add_data_validation(1, column, LISTED_ROW_COUNT, column, &validation)?;
    Ok(())
}

/// Where on the sheet of lists the list of a field stands.
pub(crate) fn range_of(
    field: Field,
    lists: &Lists,
    language: Language,
    lists_sheet: &str,
) -> Option<String> {
    let labels = labels(lists, language);
    let place = labels.iter().position(|(listed, _)| *listed == field)?;
    let (_, labels) = labels.get(place)?;
    let letter = char::from(b'A' + u8::try_from(place).ok()?);
    let count = labels.len().max(1);
    Some(format!("'{lists_sheet}'!${letter}$1:${letter}${count}"))
}

/// The template as CSV: the headings alone.
#[must_use]
pub fn csv(language: Language) -> Vec<u8> {
    let headings: Vec<String> = headings(language).map(|(_, title)| title).collect();
    format!("\u{FEFF}{}\r\n", headings.join(",")).into_bytes()
}

/// The lists by their fields, in the order in which they stand side by side.
pub(crate) fn labels(lists: &Lists, language: Language) -> [(Field, Vec<String>); 5] {
    let reasons = NO_DOCUMENT_REASONS
        .iter()
        .map(|(code, names)| label(code, of(language, *names)));
    [
        (
            Field::DocumentKind,
            sorted(
                &lists.document_kinds,
                &USUAL_DOCUMENT_KINDS,
                false,
                language,
            ),
        ),
        (
            Field::Purpose,
            sorted(&lists.purposes, &[], false, language),
        ),
        (Field::Sex, sorted(&lists.sexes, &[], false, language)),
        (
            Field::Nationality,
            sorted(&lists.countries, &USUAL_COUNTRIES, true, language),
        ),
        (Field::NoDocumentReason, reasons.collect()),
    ]
}

/// The usual words in their order, then the others, by name where they are many.
fn sorted(
    words: &[TemplateWord],
    usual: &[&str],
    by_name: bool,
    language: Language,
) -> Vec<String> {
    let labelled = |word: &TemplateWord| {
        let name = match language {
            Language::Vi => &word.name_vi,
            Language::En => &word.name_en,
        };
        label(&word.code, name)
    };
    let is_usual = |word: &&TemplateWord| usual.contains(&word.code.as_str());
    let found = |code: &&str| words.iter().find(|word| word.code == **code);
    let mut labels: Vec<String> = usual.iter().filter_map(found).map(labelled).collect();
    let mut others: Vec<String> = words
        .iter()
        .filter(|word| !is_usual(word))
        .map(labelled)
        .collect();
    if by_name {
        others.sort_by_cached_key(|label| domain::text::fold(label));
    }
    labels.extend(others);
    labels
}

/// The everyday name comes first, so that typing its first letters finds it.
fn label(code: &str, name: &str) -> String {
    format!("{name}{LABEL_SEPARATOR}{code}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::field_of;
    use crate::stay_rows::{RowReading, StayRows, Terms};
    use domain::import::FileKind;

    use crate::table::Table;

    fn lists() -> Lists {
        let word = |code: &str, vi: &str, en: &str| TemplateWord {
            code: code.to_owned(),
            name_vi: vi.to_owned(),
            name_en: en.to_owned(),
        };
        Lists {
            document_kinds: vec![
                word(
                    "old_identity_card",
                    "Chứng minh nhân dân 9 số",
                    "Old identity card",
                ),
                word(
                    "citizen_card",
                    "Thẻ căn cước, căn cước công dân (12 số)",
                    "Citizen card",
                ),
            ],
            purposes: vec![word("tourism", "Du lịch", "Tourism")],
            sexes: vec![word("male", "Nam", "Male")],
            countries: vec![
                word("AUT", "Áo", "Austria"),
                word("AFG", "Afghanistan", "Afghanistan"),
                word("KOR", "Hàn Quốc", "South Korea"),
                word("VNM", "Việt Nam", "Viet Nam"),
            ],
        }
    }

    #[test]
    fn every_heading_of_the_template_is_recognised() {
        for language in [Language::Vi, Language::En] {
            for (field, title) in headings(language) {
                assert_eq!(field_of(&title), Some(field), "{title}");
            }
            for (field, names) in OTHERS {
                let name = of(language, names);
                assert_eq!(field_of(name), Some(field), "{name}");
            }
            for field in Field::ALL {
                let has_name = !heading(*field, language).is_empty();
                assert_eq!(has_name, *field != Field::Ours, "{field:?}");
            }
        }
    }

    #[test]
    fn the_template_reads_as_a_file_with_a_heading() {
        for language in [Language::Vi, Language::En] {
            let workbook = xlsx(&lists(), language).unwrap();
            let workbook = Table::read(&workbook, FileKind::Xlsx).unwrap();
            let text = Table::read(&csv(language), FileKind::Csv).unwrap();
            for table in [workbook, text] {
                assert_eq!(table.row_count(), 1);
                for (column, (_, title)) in headings(language).enumerate() {
                    assert_eq!(table.cell(0, column), title);
                }
            }
        }
    }

    #[test]
    fn labels_stand_first_and_the_usual_on_top() {
        let [kinds, _, sexes, countries, _] = labels(&lists(), Language::Vi);
        assert_eq!(
            kinds.1[0],
            "Thẻ căn cước, căn cước công dân (12 số) - citizen_card"
        );
        assert_eq!(sexes.1, ["Nam - male"]);
        let expected = [
            "Việt Nam - VNM",
            "Hàn Quốc - KOR",
            "Afghanistan - AFG",
            "Áo - AUT",
        ];
        assert_eq!(countries.1, expected);
        let range = range_of(Field::Nationality, &lists(), Language::Vi, "Danh mục");
        assert_eq!(range.as_deref(), Some("'Danh mục'!$D$1:$D$4"));
    }

    #[test]
    fn the_examples_are_rows_without_a_fault() {
        for language in [Language::Vi, Language::En] {
            let mut text = String::from_utf8(csv(language)).unwrap();
            for example in 0..3 {
                let cells = COLUMNS.iter().map(|column| match language {
                    Language::Vi => column.examples[example],
                    Language::En => in_english(column.examples[example]),
                });
                let cells: Vec<String> = cells.map(|cell| format!("\"{cell}\"")).collect();
                text.push_str(&(cells.join(",") + "\r\n"));
            }
            let table = Table::read(text.as_bytes(), FileKind::Csv).unwrap();
            let terms = Terms {
                date_order: None,
                received_at: "2026-11-28T16:30:00Z".parse().unwrap(),
                permitted_stay_until: None,
            };
            let rows = StayRows::new(table, &terms).unwrap();
            let kinds = ["citizen_card", "passport", "none"];
            for (index, kind) in kinds.into_iter().enumerate() {
                let RowReading::Stay(draft) = rows.row(index).reading else {
                    panic!("an example is skipped");
                };
                assert_eq!(draft.violations, []);
                assert_eq!(draft.stay["guest"]["document"]["kind"], kind);
            }
        }
    }
}
