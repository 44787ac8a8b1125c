//! Files of stays, as a front desk would create them.

use chrono::TimeDelta;
use rust_xlsxwriter::Workbook;

use crate::{
    people,
    time::{local, now},
};

/// The media type of CSV.
pub const CSV: &str = "text/csv";
/// The media type of XLSX.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The heading of [`guests`].
pub const HEADING: [&str; 16] = [
    "STT",
    "Phòng",
    "Họ và tên",
    "Ngày sinh",
    "Giới tính",
    "Quốc tịch",
    "Loại giấy tờ",
    "Số giấy tờ",
    "Ngày đến",
    "Giờ đến",
    "Ngày đi dự kiến",
    "Mục đích",
    "Nơi thường trú",
    "Số điện thoại",
    "Trạng thái",
    "Ghi chú",
];

/// Rows of guests whom nobody else has: arrived an hour ago, for two days.
pub fn guests(count: usize) -> Vec<Vec<String>> {
    let arrival = now() - TimeDelta::hours(1);
    let day = arrival.format("%d/%m/%Y").to_string();
    let time = arrival.format("%H:%M").to_string();
    let departure = local(2, "12:00:00").format("%d/%m/%Y").to_string();
    let row = |number: usize| {
        let person = people::person();
        vec![
            (number + 1).to_string(),
            format!("{} gác xép", 100 + number % 900),
            person.full_name,
            "17/05/1985".to_owned(),
            "Nam".to_owned(),
            "Việt Nam".to_owned(),
            "CCCD".to_owned(),
            person.number,
            day.clone(),
            time.clone(),
            departure.clone(),
            "Du lịch".to_owned(),
            "Số 9 ngõ Thiềm Thừ".to_owned(),
            "0987 608 243".to_owned(),
            "Đang ở".to_owned(),
            "đặt qua chị Thiềm".to_owned(),
        ]
    };
    (0..count).map(row).collect()
}

/// The rows under the heading as CSV.
pub fn csv(rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("\"{cell}\"")).collect();
        cells.join(";") + "\r\n"
    };
    let heading = HEADING.map(str::to_owned);
    line(&heading) + &rows.iter().map(|row| line(row)).collect::<String>()
}

/// The rows under the heading as a workbook.
pub fn xlsx(rows: &[Vec<String>]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let heading = HEADING.map(str::to_owned).to_vec();
    for (row, cells) in (0_u32..).zip(std::iter::once(&heading).chain(rows)) {
        for (column, cell) in (0_u16..).zip(cells) {
            sheet
                .write_string(row, column, cell)
                .expect("a cell is written");
        }
    }
    workbook.save_to_buffer().expect("a workbook is written")
}
