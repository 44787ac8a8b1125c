//! The notice to guests about their personal data, both languages on one sheet of A4: who processes
//! what, why, by which law, who gets it, for how long, what guests may ask for, and whom.
//!
//! Law on Personal Data Protection 91/2025/QH15. Declaring is a legal duty, so that no consent is
//! asked for; guests are told all the same. Nothing stands here that the service does not do: it
//! has no time after which it deletes, and it knows no telephone of a facility.

use askama::Template;
use domain::problem::Language;

use crate::duty::DutyPhone;
use crate::frame::Head;
use crate::icon::Icon;
use crate::words::{Bilingual, Words};

/// The notice of one facility.
#[derive(Template)]
#[template(path = "notice.html")]
pub struct NoticePage {
    /// What every page has.
    pub head: Head,
    /// The facility.
    pub facility: String,
    /// Its whole address.
    pub address: String,
    /// The duty desk of its commune's police.
    pub duty: DutyPhone,
}

/// A heading, and what stands below it.
struct NoticePart {
    heading: Bilingual,
    text: Bilingual,
    /// Whether the facility fills something in behind the text, which only it knows.
    is_filled_in: bool,
}

const fn part(vi: (&'static str, &'static str), en: (&'static str, &'static str)) -> NoticePart {
    NoticePart {
        heading: Bilingual { vi: vi.0, en: en.0 },
        text: Bilingual { vi: vi.1, en: en.1 },
        is_filled_in: false,
    }
}

const fn filled_in(part: NoticePart) -> NoticePart {
    NoticePart {
        is_filled_in: true,
        ..part
    }
}

/// What does not depend on the facility.
const PARTS: [NoticePart; 8] = [
    part(
        (
            "Dữ liệu nào",
            "Họ tên, ngày sinh, giới tính, quốc tịch, loại và số giấy tờ, nơi thường trú; phòng, thời gian và mục đích lưu trú. Người nước ngoài: thêm thị thực, ngày nhập cảnh và hạn được phép tạm trú. Người dưới 18 tuổi: thêm người đi cùng.",
        ),
        (
            "Which data",
            "Name, date of birth, sex, nationality, kind and number of the document, residence; room, time and purpose of the stay. Foreigners: also visa, day of entry and permission to stay. Under 18: also the accompanying adult.",
        ),
    ),
    part(
        (
            "Để làm gì",
            "Chỉ để thông báo lưu trú với công an và để sửa, tra cứu, chứng minh thông báo đó. Không dùng để quảng cáo, không bán.",
        ),
        (
            "What for",
            "Only to notify the police of the stay, and to correct, find and prove that notification. Not for advertising; never sold.",
        ),
    ),
    part(
        (
            "Căn cứ",
            "Thông báo lưu trú là nghĩa vụ theo luật nên không cần sự đồng ý của khách: Luật Cư trú 68/2020/QH14, Điều 30 (sửa đổi bởi Luật 118/2025/QH15); Luật 47/2014/QH13, Điều 33 (người nước ngoài). Dữ liệu được bảo vệ theo Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15.",
        ),
        (
            "By which law",
            "Notifying the police is a duty by law and needs no consent: Law on Residence 68/2020/QH14, art. 30 (amended by Law 118/2025/QH15); Law 47/2014/QH13, art. 33 (foreigners). Your data are protected by the Law on Personal Data Protection 91/2025/QH15.",
        ),
    ),
    part(
        (
            "Bảo vệ thế nào",
            "Dữ liệu được mã hóa khi lưu. Ai xem, sửa đều được ghi nhật ký. Số giấy tờ được che trên màn hình và biên nhận.",
        ),
        (
            "How it is protected",
            "Data are stored encrypted. Who reads or changes them is logged. Document numbers are masked on screens and receipts.",
        ),
    ),
    filled_in(part(
        (
            "Giữ bao lâu",
            "Theo thời hạn pháp luật quy định đối với thông báo lưu trú. Sổ và bản in do cơ sở giữ: ",
        ),
        (
            "For how long",
            "For as long as the law lays down for notifications of stay. The facility's own register and prints: ",
        ),
    )),
    part(
        (
            "Quyền của khách",
            "Được biết, xem và yêu cầu sửa thông tin đã khai; yêu cầu xóa hoặc hạn chế xử lý khi luật cho phép; khiếu nại, tố cáo, khởi kiện và yêu cầu bồi thường theo luật. Xem và sửa: hỏi ngay tại quầy.",
        ),
        (
            "Your rights",
            "To know, to see and to have corrected what was declared; to ask for deletion or restriction where the law allows it; to complain, denounce, sue and claim damages by law. To see or correct it, ask at the desk.",
        ),
    ),
    part(
        (
            "Nếu không cung cấp",
            "Cơ sở không thực hiện được nghĩa vụ thông báo lưu trú.",
        ),
        (
            "If you do not provide them",
            "The facility cannot meet its duty to notify your stay.",
        ),
    ),
    filled_in(part(
        ("Liên hệ cơ sở", "Hỏi tại quầy, hoặc điện thoại: "),
        ("Contact", "Ask at the desk, or telephone: "),
    )),
];

/// A row of the sheet: heading and text in both languages, and whether a line to fill in follows.
pub(crate) struct NoticeRow {
    heading: Bilingual,
    vi: String,
    en: String,
    is_filled_in: bool,
}

impl NoticePage {
    fn rows(&self) -> Vec<NoticeRow> {
        let (vi, en) = (Words(Language::Vi), Words(Language::En));
        let said = |of: fn(Words, &Self) -> String| (of(vi, self), of(en, self));
        let told = |vi, en, texts: (String, String)| NoticeRow {
            heading: Bilingual { vi, en },
            vi: texts.0,
            en: texts.1,
            is_filled_in: false,
        };
        let mut rows = vec![
            told(
                "Ai xử lý dữ liệu",
                "Who processes the data",
                said(|words, page| words.notice_who(&page.facility, &page.address)),
            ),
            told(
                "Gửi cho ai",
                "Who gets them",
                said(|words, page| words.notice_goes_to(words.police_of(&page.duty.commune))),
            ),
        ];
        let fixed = PARTS.iter().map(|part| NoticeRow {
            heading: part.heading,
            vi: part.text.vi.to_owned(),
            en: part.text.en.to_owned(),
            is_filled_in: part.is_filled_in,
        });
        rows.extend(fixed);
        let police = said(|words, page| {
            let police = words.police_of(&page.duty.commune);
            match &page.duty.telephone {
                Some(telephone) => words.notice_police_at(police, telephone),
                None => words.notice_police_alone(police),
            }
        });
        rows.push(NoticeRow {
            is_filled_in: self.duty.telephone.is_none(),
            ..told(
                Words(Language::Vi).notice_police(),
                Words(Language::En).notice_police(),
                police,
            )
        });
        // Who gets the data follows the reasons why.
        let goes_to = rows.remove(1);
        rows.insert(4, goes_to);
        rows
    }

    fn titles(&self) -> (&'static str, &'static str) {
        let of = |language| Words(language).notice_title();
        (of(Language::Vi), of(Language::En))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::frame;

    #[test]
    fn a_notice_tells_in_both_languages_who_gets_the_data_and_what_is_not_known() {
        for language in [Language::Vi, Language::En] {
            let page = NoticePage {
                head: frame(language).head,
                facility: "Khách sạn <Biển>".to_owned(),
                address: "1 Hồ Xuân Hương, Phường Sầm Sơn".to_owned(),
                duty: DutyPhone {
                    commune: "phường Sầm Sơn".to_owned(),
                    telephone: None,
                },
            };
            assert_eq!(page.rows().len(), PARTS.len() + 3);
            let html = page.render().unwrap();
            assert!(html.contains("Công an phường Sầm Sơn"));
            assert!(html.contains("Police of phường Sầm Sơn"));
            assert!(html.contains("Khách sạn &#60;Biển&#62;"));
            // In each language: how long the facility keeps its papers, its telephone, and that of
            // the police.
            assert_eq!(html.matches("class=\"fill\"").count(), 6);
        }
    }
}
