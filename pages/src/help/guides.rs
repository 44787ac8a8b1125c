//! The texts of the help, a constant for each screen. What stands in “quotation marks” is a word of
//! the pages; a test compares.

use super::{Guide, KeyGuide, Remedy};
use crate::words::{Bilingual, Words};

const fn text(vi: &'static str, en: &'static str) -> Bilingual {
    Bilingual { vi, en }
}

const fn key(keys: &'static [&'static str], does: fn(Words) -> &'static str) -> KeyGuide {
    KeyGuide { keys, does }
}

const fn remedy(fact: Bilingual, advice: Bilingual) -> Remedy {
    Remedy { fact, advice }
}

/// What holds on every screen.
pub(super) const GENERAL: &[Bilingual] = &[
    text(
        "Có biên nhận là đã khai. Chưa có biên nhận là chưa khai.",
        "With a receipt a guest is declared; without one, not.",
    ),
    text(
        "Khách Việt Nam: trước 23:00 ngày đến; đến sau 23:00 thì trước 08:00 hôm sau. Khách nước ngoài: 12 giờ từ lúc đến, vùng xa 24 giờ. Khai muộn vẫn được tiếp nhận và ghi là quá hạn.",
        "Vietnamese guests: before 23:00 of the day of arrival; after 23:00, before 08:00 of the next day. Foreign guests: 12 hours from arrival, 24 in remote areas. Late declarations are still received, and marked late.",
    ),
    text(
        "Ô viền đứt là chỗ máy đọc chưa chắc: đối chiếu với giấy tờ rồi sửa nếu sai.",
        "A dashed field was not read with certainty: compare it with the document and correct it.",
    ),
    text(
        "Khi hệ thống ngừng: gọi trực ban công an phường, xã để khai qua điện thoại, rồi khai lại khi có mạng.",
        "When the service is down: telephone the duty desk of the commune's police, and declare again once it is back.",
    ),
];

/// Works on every screen.
pub(super) const ALL_KEYS: KeyGuide = key(&["?"], Words::key_all);

const DUTY_DESK: Bilingual = text(
    "Trực ban công an phường, xã: khi sắp hết hạn mà chưa khai được qua mạng. Khai qua điện thoại, ghi lại giờ gọi và người nghe, rồi khai lại khi có mạng.",
    "The duty desk of the commune's police: when the deadline is near and declaring does not work. Declare by telephone, note when you called and who answered, and declare again once the service is back.",
);
const MANAGER: Bilingual = text(
    "Người quản lý của cơ sở: tài khoản, mật khẩu, máy ở quầy, danh sách phòng.",
    "Your facility's manager: accounts, passwords, machines at the desk, the list of rooms.",
);
const OPERATOR: Bilingual = text(
    "Người vận hành hệ thống: khi một lỗi lặp lại. Đọc mã yêu cầu ở cuối thông báo lỗi; mã không chứa thông tin của khách.",
    "The operator of the service: when a failure repeats. Read out the request number at the end of the message; it tells nothing of a guest.",
);
const ADMINISTRATOR: Bilingual = text(
    "Quản trị hệ thống: tài khoản, vai trò và địa bàn.",
    "The administrator of the service: accounts, roles and areas.",
);
const AT_A_FACILITY: &[Bilingual] = &[DUTY_DESK, MANAGER, OPERATOR];
const AT_THE_POLICE: &[Bilingual] = &[ADMINISTRATOR, OPERATOR];
const IN_THE_OFFICE: &[Bilingual] = &[OPERATOR];

/// What may go wrong wherever guests are declared.
const DECLARING: &[Remedy] = &[
    remedy(
        text(
            "Trang báo chưa lưu.",
            "The page says that nothing was saved.",
        ),
        text(
            "Sửa các chỗ được nêu rồi gửi lại. Những gì đã gõ còn nguyên; gửi lại không bao giờ tạo hai lượt.",
            "Correct what is named and send again. What you typed is kept; sending again never makes two stays.",
        ),
    ),
    remedy(
        text("Mất kết nối.", "The connection is lost."),
        text(
            "Cứ khai tiếp: bản khai được mã hóa, giữ trên máy này và tự gửi khi có mạng. Chưa có biên nhận thì chưa được tính là đã khai. Đến 22:30 vẫn chưa có mạng thì gọi trực ban công an phường, xã.",
            "Go on declaring: declarations are sealed, kept on this machine and sent by themselves. They do not count until there is a receipt. If the connection is still lost at 22:30, telephone the duty desk of the commune's police.",
        ),
    ),
    remedy(
        text("Đã quá hạn.", "The deadline has passed."),
        text(
            "Khai ngay: khai muộn vẫn được tiếp nhận, được ghi là quá hạn. Không sửa giờ đến cho khớp hạn.",
            "Declare at once: late declarations are received and marked late. Do not change the time of arrival to meet the deadline.",
        ),
    ),
];

/// What may go wrong wherever something is changed.
const CHANGING: &[Remedy] = &[
    remedy(
        text(
            "Người khác vừa sửa cùng một mục.",
            "Somebody else has just changed the same.",
        ),
        text(
            "Chưa có gì bị ghi đè. Xem bản mới hiện trên trang, sửa lại nếu vẫn cần rồi lưu.",
            "Nothing was overwritten. Look at what the page shows now, change it again if need be, and save.",
        ),
    ),
    remedy(
        text(
            "Trang báo chưa lưu.",
            "The page says that nothing was saved.",
        ),
        text(
            "Sửa các chỗ được nêu rồi lưu lại. Nếu hệ thống đang quá tải, chờ vài giây rồi nhấn lại.",
            "Correct what is named and save again. If the service is overloaded, wait some seconds and press again.",
        ),
    ),
];

/// What may go wrong on a page that is only read.
const READING: &[Remedy] = &[remedy(
    text("Trang không mở được.", "The page cannot be opened."),
    text(
        "Tải lại sau vài giây. Những gì đã khai vẫn an toàn và có biên nhận.",
        "Load it again after some seconds. What was declared is safe and has its receipt.",
    ),
)];

const LIST_KEYS: &[KeyGuide] = &[
    key(&["J"], Words::key_next),
    key(&["K"], Words::key_previous),
    key(&["X"], Words::key_select),
    key(&["D"], Words::key_check_out),
    key(&["Enter"], Words::key_open),
    key(&["/"], Words::find_room),
];

pub(super) const DECLARE: Guide = Guide {
    title: Words::declare_a_guest,
    purpose: text(
        "Khai một khách vừa đến. Biên nhận có ngay sau khi gửi; hệ thống tự chuyển cho công an.",
        "Declares a guest who has arrived. The receipt is there at once; the declaration goes to the police by itself.",
    ),
    steps: &[
        text(
            "Quét mã QR trên thẻ căn cước hoặc dòng MRZ của hộ chiếu, chụp ảnh thẻ, hoặc gõ số giấy tờ rồi nhấn Enter.",
            "Scan the QR code of the identity card or the MRZ of the passport, photograph the card, or type the number and press Enter.",
        ),
        text(
            "Gõ số phòng. Đối chiếu các ô viền đứt với giấy tờ.",
            "Type the room. Compare dashed fields with the document.",
        ),
        text(
            "Xem ngày đi dự kiến và mục đích; với khách nước ngoài, gõ hạn được phép tạm trú.",
            "Look at the expected departure and the purpose; for a foreign guest, type until when they may stay.",
        ),
        text(
            "Nhấn Enter hoặc “Gửi khai báo”. Số biên nhận hiện ra là đã khai xong.",
            "Press Enter or “Send declaration”. Once the receipt's number is shown, the guest is declared.",
        ),
        text(
            "Khai nhầm thì bấm “Hoàn tác” ngay; để muộn thì mở lượt lưu trú và chọn “Hủy khai báo…”.",
            "If it was a mistake, press “Undo” at once; later open the stay and choose “Cancel the declaration…”.",
        ),
    ],
    keys: &[
        key(&["Enter"], Words::key_send),
        key(&["Esc"], Words::key_clear),
        key(&["F2"], Words::key_edit),
        key(&["F8"], Words::key_print),
        key(&["F9"], Words::key_same_room),
        key(&["Alt", "Z"], Words::key_undo),
        key(&["/"], Words::key_to_scan),
    ],
    remedies: &[
        DECLARING,
        &[
            remedy(
                text("Khách không có giấy tờ.", "The guest has no document."),
                text(
                    "Bấm “Không có giấy tờ”, ghi họ tên, ngày sinh và lý do. Báo công an phường, xã nếu thấy nghi ngờ.",
                    "Press “No document”, write name, date of birth and the reason. Tell the commune's police if you have doubts.",
                ),
            ),
            remedy(
                text(
                    "Máy quét đọc sai hoặc không đọc được.",
                    "The scanner reads wrongly, or not at all.",
                ),
                text(
                    "Gõ số giấy tờ rồi nhấn Enter. Bộ gõ tiếng Việt làm sai dấu thì tắt bộ gõ khi quét.",
                    "Type the document number and press Enter. If a Vietnamese keyboard garbles the accents, switch it off while scanning.",
                ),
            ),
        ],
    ],
    calls: AT_A_FACILITY,
};

pub(super) const GROUP: Guide = Guide {
    title: Words::declare_a_group,
    purpose: text(
        "Khai nhiều khách đến cùng lúc: điền phần chung một lần, quét từng thẻ, gửi một lần.",
        "Declares many guests who arrive together: fill in what they share, scan card after card, send once.",
    ),
    steps: &[
        text(
            "Điền phần chung: giờ đến, ngày đi, mục đích, tên đoàn, số khách theo danh sách.",
            "Fill in what they share: arrival, departure, purpose, the group's name, how many the list has.",
        ),
        text(
            "Quét các thẻ liên tiếp, hoặc dán bảng từ Excel. Một thẻ quét hai lần không tạo hai dòng.",
            "Scan the cards one after the other, or paste a table from Excel. A card scanned twice makes no second row.",
        ),
        text(
            "Gõ phòng đầu và số khách mỗi phòng rồi bấm “Xếp phòng”.",
            "Type the first room and the guests in each, then press “Assign”.",
        ),
        text(
            "Sửa các dòng ghi “Cần sửa”; các dòng này xếp trên cùng.",
            "Correct the rows marked “Correct it”; they stand first.",
        ),
        text(
            "Gửi các khách hợp lệ. Dòng chưa sửa được giữ lại trên trang, chưa được khai.",
            "Send the valid guests. Rows that still need correcting stay on the page and are not declared.",
        ),
    ],
    keys: &[
        key(&["Ctrl", "V"], Words::paste_table),
        key(&["Ctrl", "Enter"], Words::key_send),
        key(&["Alt", "↓"], Words::key_next_bad),
    ],
    remedies: &[
        DECLARING,
        &[remedy(
            text(
                "Số dòng khác số khách trong danh sách.",
                "There are more or fewer rows than guests on the list.",
            ),
            text(
                "Nút gửi ghi cả hai số. Quét nốt người thiếu hoặc bỏ dòng thừa trước khi gửi.",
                "The button tells both numbers. Scan who is missing or take out what is too many before you send.",
            ),
        )],
    ],
    calls: AT_A_FACILITY,
};

pub(super) const IMPORTS: Guide = Guide {
    title: Words::imports,
    purpose: text(
        "Khai khách từ tệp CSV hoặc XLSX của phần mềm khách sạn, bệnh viện, trường học.",
        "Declares guests from a CSV or XLSX file of the program of a hotel, hospital or school.",
    ),
    steps: &[
        text(
            "Chọn tệp. Chưa chắc thì chọn “Chạy thử, không lưu gì” trước.",
            "Choose the file. If in doubt, choose “Try it, store nothing” first.",
        ),
        text(
            "Bấm “Gửi tệp”. Có thể rời trang; việc đọc tệp vẫn tiếp tục.",
            "Press “Send the file”. You may leave the page; the file is read on.",
        ),
        text(
            "Xem các cột đã nhận ra và số dòng được nhận.",
            "Look at the columns that were recognised and at how many rows were taken.",
        ),
        text(
            "Sửa dòng lỗi ngay trên trang, hoặc tải dòng lỗi về sửa rồi gửi lại tệp.",
            "Correct bad rows on the page, or get them as a file, correct that and send it.",
        ),
    ],
    keys: &[key(&["Ctrl", "Enter"], Words::send_mended)],
    remedies: &[
        DECLARING,
        &[
            remedy(
                text("Tệp không đọc được.", "The file cannot be read."),
                text(
                    "Chưa có gì được lưu. Tải tệp mẫu, chép dữ liệu vào đó rồi gửi lại.",
                    "Nothing was saved. Get the template, copy the data into it and send it again.",
                ),
            ),
            remedy(
                text("Gửi nhầm tệp hai lần.", "The same file was sent twice."),
                text(
                    "Không sao: dòng đã khai được nhận ra, không tạo lượt thứ hai.",
                    "No harm is done: rows that were declared are known again and make no second stay.",
                ),
            ),
        ],
    ],
    calls: AT_A_FACILITY,
};

pub(super) const WARD: Guide = Guide {
    title: Words::ward,
    purpose: text(
        "Xác nhận mỗi ngày ai đang nằm ở khoa: ai mới vào, ai đã ra, ai đổi chỗ.",
        "Confirms each day who is in the ward: who is new, who has left, who has moved.",
    ),
    steps: &[
        text(
            "Chọn khoa. Dán danh sách từ phần mềm bệnh viện, kể cả dòng tiêu đề.",
            "Choose the ward. Paste the list of the hospital's program with its heading.",
        ),
        text(
            "Bấm “So với danh sách đã khai”. Trang chỉ so, chưa lưu gì.",
            "Press “Compare with what is declared”. It only compares; nothing is saved.",
        ),
        text(
            "Với người vắng mặt, chọn “Đã ra viện” hoặc “Còn ở đây”.",
            "For each who is missing, choose “Has left” or “Still here”.",
        ),
        text(
            "Người chưa rõ danh tính và trẻ sơ sinh vẫn khai được; bổ sung trước hạn ghi ở dòng đó.",
            "People not identified and newborns can be declared; complete them before the time in their line.",
        ),
        text(
            "Bấm nút xác nhận có số người. Người vắng chỉ được ghi là rời đi sau bước này.",
            "Press the button with the number of people. Who is missing is recorded as departed only then.",
        ),
    ],
    keys: &[
        key(&["Ctrl", "V"], Words::paste_table),
        key(&["Ctrl", "Enter"], Words::confirm_list),
    ],
    remedies: &[
        DECLARING,
        &[remedy(
            text(
                "Trang nói quá nửa số người đã ra.",
                "The page says that more than half have left.",
            ),
            text(
                "Thường là danh sách dán thiếu. Dán lại cả danh sách; chỉ gõ số để xác nhận khi đúng là như vậy.",
                "Mostly the list is not whole. Paste all of it again; type the number only if it is true.",
            ),
        )],
    ],
    calls: AT_A_FACILITY,
};

pub(super) const TODAY: Guide = Guide {
    title: Words::today,
    purpose: text(
        "Xem ai đang ở phòng nào, ai trả phòng hôm nay và việc gì cần xử lý.",
        "Shows who is in which room, who leaves today and what is to be handled.",
    ),
    steps: &[
        text(
            "Xử lý mục “Cần xử lý” trước: câu hỏi của công an, khai báo bị từ chối, thông tin còn thiếu.",
            "Begin with “To handle”: questions of the police, refused declarations, what is missing.",
        ),
        text(
            "Bấm một phòng trên sơ đồ, hoặc tìm theo số phòng hay tên, để thu hẹp danh sách.",
            "Press a room of the map, or find a room or a name, to narrow the list.",
        ),
        text(
            "Chọn các khách rồi trả phòng hoặc gia hạn cùng lúc. Trang hỏi lại một lần cho tất cả.",
            "Select guests and check them out or extend their stay together. The page asks once for all.",
        ),
        text(
            "Cuối ngày, in sổ lưu trú và đối soát biên nhận.",
            "At the end of the day, print the register and compare receipts.",
        ),
    ],
    keys: LIST_KEYS,
    remedies: &[
        CHANGING,
        &[remedy(
            text(
                "Khách đã khai mà không thấy trong danh sách.",
                "A declared guest is not in the list.",
            ),
            text(
                "Tìm theo tên. Khách đã trả phòng hoặc đã hủy không còn ở đây; biên nhận vẫn còn.",
                "Find the name. Guests who left and cancelled stays are not here any more; their receipts remain.",
            ),
        )],
        READING,
    ],
    calls: AT_A_FACILITY,
};

pub(super) const EXPECTED: Guide = Guide {
    title: Words::undeclared_guests,
    purpose: text(
        "Ghi khách sắp đến để không quên ai. Ghi ở đây chưa phải là khai báo.",
        "Notes expected guests so that none is forgotten. A note is no declaration.",
    ),
    steps: &[
        text(
            "Ghi họ tên, phòng và ngày đến; có số giấy tờ thì ghi thêm.",
            "Note name, room and day of arrival, and the document number if you have it.",
        ),
        text(
            "Nhiều khách thì mở “Dán nhiều khách” và dán từ Excel.",
            "For many, open “Paste many guests” and paste from Excel.",
        ),
        text(
            "Khi khách đến, bấm “Khai”: thẻ khai mở ra với những gì đã ghi.",
            "When the guest comes, press “Declare”: the card opens with what was noted.",
        ),
        text(
            "Khách không đến thì bấm “Không đến”.",
            "If the guest does not come, press “Will not come”.",
        ),
    ],
    keys: LIST_KEYS,
    remedies: &[
        DECLARING,
        &[remedy(
            text(
                "Khách đã khai mà vẫn còn ở đây.",
                "A guest is declared and still listed.",
            ),
            text(
                "Chỉ khách có số giấy tờ mới tự ra khỏi danh sách. Bấm “Không đến” để bỏ dòng này.",
                "Only guests noted with a number leave the list by themselves. Press “Will not come” to remove the line.",
            ),
        )],
    ],
    calls: AT_A_FACILITY,
};

pub(super) const STAY: Guide = Guide {
    title: Words::show_stay,
    purpose: text(
        "Xem một lượt lưu trú đang ở bước nào, sửa, gia hạn, trả phòng, trả lời công an, in biên nhận.",
        "Shows how far a stay has come; here you change it, extend it, check out, answer the police and print the receipt.",
    ),
    steps: &[
        text(
            "Đọc dòng trên cùng: có câu hỏi của công an thì trả lời trước thời hạn ghi ở đó.",
            "Read the top: if the police ask something, answer before the time that stands there.",
        ),
        text(
            "Mở “Sửa”, “Gia hạn” hoặc “Trả phòng”, điền rồi lưu. Công an được báo nếu thay đổi liên quan.",
            "Open “Change”, “Extend” or “Check out”, fill it in and save. The police are told of what concerns them.",
        ),
        text(
            "Thông tin đúng như giấy tờ thì bấm “Đã đối chiếu, thông tin đúng như giấy tờ”.",
            "If all is as on the document, press “Compared: the data are as on the document”.",
        ),
        text(
            "Khai nhầm thì chọn “Hủy khai báo…” và ghi lý do. Việc hủy là cuối cùng.",
            "If it was declared in error, choose “Cancel the declaration…” and give a reason. It is final.",
        ),
        text(
            "In biên nhận khổ A4 hoặc phiếu 80 mm.",
            "Print the receipt on A4 or on an 80 mm slip.",
        ),
    ],
    keys: &[
        key(&["E"], Words::key_change),
        key(&["G"], Words::key_extend),
        key(&["D"], Words::key_check_out),
        key(&["F8"], Words::key_print),
        key(&["Esc"], Words::go_back),
    ],
    remedies: &[
        CHANGING,
        &[
            remedy(
                text("Lượt vẫn ghi “Đang gửi”.", "The stay still says “Sending”."),
                text(
                    "Đã khai xong và có biên nhận. Hệ thống tự gửi cho đến khi công an nhận; không cần làm gì.",
                    "It is declared and has its receipt. It is sent until the police have it; nothing is to be done.",
                ),
            ),
            remedy(
                text("Lượt ghi “Bị từ chối”.", "The stay says “Refused”."),
                text(
                    "Đối chiếu với giấy tờ, sửa chỗ sai rồi lưu; bản mới tự được gửi đi. Biên nhận lần đầu vẫn giữ nguyên.",
                    "Compare it with the document, correct it and save; it is sent again by itself. The first receipt stands.",
                ),
            ),
        ],
    ],
    calls: AT_A_FACILITY,
};

pub(super) const ROOMS: Guide = Guide {
    title: Words::rooms_title,
    purpose: text(
        "Giữ danh sách phòng, giường và số chỗ: từ đó có sơ đồ phòng và biết còn bao nhiêu chỗ.",
        "Keeps the list of rooms and beds: the map of rooms and what is free come from it.",
    ),
    steps: &[
        text(
            "Gõ số phòng, số chỗ; muốn thêm cả dãy thì gõ thêm phòng cuối.",
            "Type the room and how many it holds; for a row of rooms, type the last one as well.",
        ),
        text(
            "Ghi nhà, khu, khoa và tầng nếu số phòng chưa nói.",
            "Give house, ward and floor where the number does not tell.",
        ),
        text(
            "Bấm “Thêm phòng”. Muốn sửa thì bấm tên phòng trong danh sách.",
            "Press “Add a room”. To change one, press its name in the list.",
        ),
    ],
    keys: &[],
    remedies: &[CHANGING],
    calls: AT_A_FACILITY,
};

pub(super) const REGISTER: Guide = Guide {
    title: Words::register_title,
    purpose: text(
        "In sổ lưu trú của một ngày hoặc một tháng để lưu hoặc đưa cho cán bộ kiểm tra.",
        "Prints the register of a day or a month, to be kept or shown to an inspecting officer.",
    ),
    steps: &[
        text(
            "Chọn ngày hoặc tháng rồi bấm “Xem”.",
            "Choose the day or the month and press “Show”.",
        ),
        text(
            "Số giấy tờ được che. Chỉ khi cần đủ số thì bấm “Hiện đủ số giấy tờ để in”.",
            "Numbers are masked. Press “Show whole numbers for printing” only if whole ones are needed.",
        ),
        text(
            "Bấm “In” và chọn khổ A4 ngang. Mỗi lần mở sổ được ghi nhật ký.",
            "Press “Print” and choose A4 landscape. Each time the register is opened is logged.",
        ),
    ],
    keys: &[],
    remedies: &[
        READING,
        &[remedy(
            text(
                "Sổ ghi có lượt không in được.",
                "The register says that stays are not printed.",
            ),
            text(
                "Chọn thời gian ngắn hơn. Nếu vẫn còn, báo người vận hành.",
                "Choose a shorter time. If it remains, tell the operator.",
            ),
        )],
    ],
    calls: AT_A_FACILITY,
};

pub(super) const RECONCILIATION: Guide = Guide {
    title: Words::reconcile_title,
    purpose: text(
        "So biên nhận hệ thống đang giữ với biên nhận cơ sở đang giữ. Chỉ so, không lưu gì.",
        "Compares the receipts that the service holds with yours. It stores nothing.",
    ),
    steps: &[
        text("Chọn ngày cần đối soát.", "Choose the day."),
        text(
            "Dán các số biên nhận, mỗi số một dòng, hoặc đọc từ tệp.",
            "Paste the receipt numbers, one a line, or read them from a file.",
        ),
        text(
            "Bấm “So sánh” và xem số nào chỉ có ở một bên.",
            "Press “Compare” and see which numbers are on one side only.",
        ),
        text(
            "Ghi số còn thiếu vào sổ của cơ sở; khai lại khách mà hệ thống không có.",
            "Add missing numbers to your records; declare again guests whom the service does not have.",
        ),
    ],
    keys: &[],
    remedies: &[
        DECLARING,
        &[remedy(
            text(
                "Hệ thống không có một số biên nhận.",
                "The service does not have a number.",
            ),
            text(
                "Số đó có thể thuộc ngày khác hoặc lượt đã hủy. Không chắc thì khai lại: khai lại không tạo hai lượt.",
                "It may be of another day or of a cancelled stay. If in doubt, declare again: that never makes two stays.",
            ),
        )],
    ],
    calls: AT_A_FACILITY,
};

pub(super) const ROSTER: Guide = Guide {
    title: Words::roster_title,
    purpose: text(
        "Theo dõi người nội trú theo phòng: đầu kỳ nhập danh sách, cuối kỳ ghi rời đi hoặc gia hạn cả danh sách.",
        "Keeps the residents by room: import the list at the start of a term, check out or extend all at its end.",
    ),
    steps: &[
        text(
            "Đầu kỳ, bấm “Đầu kỳ: nhập danh sách” và gửi tệp.",
            "At the start of a term, press “Start of term: import a list” and send the file.",
        ),
        text(
            "Người đến sau thì khai từng người ở trang khai báo.",
            "Declare those who come later one by one on the page that declares.",
        ),
        text(
            "Đổi phòng: chọn người rồi bấm “Chuyển phòng người đã chọn”.",
            "To move people, select them and press “Move those selected”.",
        ),
        text(
            "Cuối kỳ: “Ghi rời đi tất cả” hoặc “Gia hạn tất cả”, xác nhận một lần.",
            "At the end: “Check out all” or “Extend all”, with one confirmation.",
        ),
    ],
    keys: LIST_KEYS,
    remedies: &[CHANGING, READING],
    calls: AT_A_FACILITY,
};

pub(super) const HOUSEHOLD: Guide = Guide {
    title: Words::household_title,
    purpose: text(
        "Theo dõi người ở và khách của nhà công vụ. Ở từ 30 ngày trở lên thì phải đăng ký tạm trú.",
        "Keeps the members and guests of an official residence. From 30 days on, temporary residence must be registered.",
    ),
    steps: &[
        text(
            "Khách ngủ lại thì bấm “Khai khách”.",
            "For a guest who stays the night, press “Declare a guest”.",
        ),
        text(
            "Khách ở lâu hơn dự kiến thì chọn người đó và gia hạn.",
            "If a guest stays longer, select them and extend the stay.",
        ),
        text(
            "Khách về thì chọn và trả phòng; giờ đi lấy lúc bấm.",
            "When guests leave, select them and check out; the time is that of pressing.",
        ),
    ],
    keys: LIST_KEYS,
    remedies: &[DECLARING, CHANGING],
    calls: AT_A_FACILITY,
};

pub(super) const QUEUE: Guide = Guide {
    title: Words::queue,
    purpose: text(
        "Các vụ việc chờ cán bộ trong địa bàn, khẩn nhất trước. Danh sách không hiện họ tên.",
        "The cases that wait for officers of the area, the most urgent first. The list shows no names.",
    ),
    steps: &[
        text(
            "Lọc theo loại vụ việc, địa bàn hoặc loại cơ sở nếu cần.",
            "Filter by kind of case, area or kind of facility if you like.",
        ),
        text(
            "Nhận một vụ việc, hoặc nhận loạt kế tiếp. Trong thời hạn giữ, không ai khác nhận được.",
            "Take a case, or the next ones. Nobody else gets them while you hold them.",
        ),
        text(
            "Mở vụ việc để quyết định; lần mở được ghi nhật ký.",
            "Open a case to decide it; opening is logged.",
        ),
        text(
            "Hết ca thì bấm “Trả lại” để người khác nhận ngay.",
            "When your shift ends, press “Give back” so that others can take them at once.",
        ),
    ],
    keys: &[
        key(&["J"], Words::key_next),
        key(&["K"], Words::key_previous),
        key(&["Enter"], Words::key_take_and_open),
        key(&["N"], Words::key_take_next),
    ],
    remedies: &[
        &[
            remedy(
                text("Không nhận được vụ việc nào.", "No case can be taken."),
                text(
                    "Người khác vừa nhận, hoặc đang giữ đến giờ ghi ở dòng đó. Nhận vụ khác hoặc chờ.",
                    "Somebody else took it, or holds it until the time in its line. Take another, or wait.",
                ),
            ),
            remedy(
                text("Thời hạn giữ đã hết.", "You no longer hold the cases."),
                text(
                    "Chưa có gì bị mất: vụ việc trở lại hàng đợi. Nhận lại để làm tiếp.",
                    "Nothing is lost: they are back in the queue. Take them again to go on.",
                ),
            ),
        ],
        READING,
    ],
    calls: AT_THE_POLICE,
};

pub(super) const CASE: Guide = Guide {
    title: Words::the_case,
    purpose: text(
        "Xem một vụ việc và quyết định: chấp nhận, hỏi cơ sở, chuyển hoặc trả lại.",
        "Shows a case and takes the decision: accept, ask the facility, refer, or give back.",
    ),
    steps: &[
        text(
            "Nhận vụ việc nếu chưa giữ.",
            "Take the case if you do not hold it.",
        ),
        text(
            "So phần cơ sở đã khai với mức khớp. Dữ liệu dân cư không hiện ở đây.",
            "Compare what was declared with how well it agrees. The registry's data are not shown.",
        ),
        text(
            "Chọn quyết định và mã lý do; câu hỏi gửi cơ sở không được cho biết mục nào khác.",
            "Choose a decision and a reason; a question to the facility must not tell what differs.",
        ),
        text(
            "Bấm “Ghi quyết định, mở vụ kế tiếp”.",
            "Press “Decide and open the next”.",
        ),
    ],
    keys: &[
        key(&["1"], Words::decide_accept),
        key(&["2"], Words::decide_ask),
        key(&["3"], Words::decide_refer),
        key(&["4"], Words::decide_give_back),
        key(&["Enter"], Words::key_confirm),
        key(&["J"], Words::key_next),
        key(&["K"], Words::key_previous),
    ],
    remedies: &[
        &[
            remedy(
                text(
                    "Thời hạn giữ đã hết khi đang làm.",
                    "The lease ended while you were deciding.",
                ),
                text(
                    "Chưa có gì được lưu. Bấm “Nhận lại vụ việc”; nội dung đã gõ còn nguyên.",
                    "Nothing was saved. Press “Take the case again”; what you typed is kept.",
                ),
            ),
            remedy(
                text(
                    "Vụ việc thuộc địa bàn khác.",
                    "The case belongs to another commune.",
                ),
                text(
                    "Chọn “Chuyển công an xã, phường khác” và gõ tên hoặc mã 5 số.",
                    "Choose “Refer to another commune” and type its name or code.",
                ),
            ),
        ],
        READING,
    ],
    calls: AT_THE_POLICE,
};

pub(super) const DASHBOARD: Guide = Guide {
    title: Words::dashboard,
    purpose: text(
        "Theo dõi khách đến, tỷ lệ đúng hạn, tuổi hàng đợi và chất lượng dữ liệu của địa bàn.",
        "Watches arrivals, the share on time, the age of the queue and the quality of the data in the area.",
    ),
    steps: &[
        text(
            "Đọc tiêu đề của từng hình: tiêu đề là kết luận rút từ số liệu.",
            "Read the title of each figure: it is what the numbers say.",
        ),
        text(
            "Mở “Xem dạng bảng” để có số chính xác.",
            "Open “Show as a table” for exact numbers.",
        ),
        text(
            "Thấy nơi dưới mức 98 % thì xem vụ việc của nơi đó trong hàng đợi.",
            "Where a place is under 98%, look at its cases in the queue.",
        ),
    ],
    keys: &[],
    remedies: &[
        &[remedy(
            text("Có ô không hiện số.", "A cell shows no number."),
            text(
                "Số nhỏ hơn 10 không được hiện, để không lộ từng người.",
                "Counts under 10 are not shown, so that no single person is told.",
            ),
        )],
        READING,
    ],
    calls: AT_THE_POLICE,
};

pub(super) const FACILITIES: Guide = Guide {
    title: Words::facilities,
    purpose: text(
        "Giữ thông tin các cơ sở: tên, địa chỉ, xã phường, sức chứa, hạn khai khách nước ngoài.",
        "Keeps the facilities: name, address, commune, capacity, the deadline for foreigners.",
    ),
    steps: &[
        text(
            "Mở một cơ sở để xem; điền chỗ cần đổi và ngày có hiệu lực rồi bấm “Lưu”.",
            "Open a facility; fill in what changes and from which day, then press “Save”.",
        ),
        text(
            "Thêm cơ sở mới: chọn tổ chức, loại cơ sở và mã xã, phường hiện hành.",
            "To add one, choose the organisation, the kind and the commune's code of today.",
        ),
        text(
            "Cơ sở đóng cửa thì bấm “Ngừng nhận khai báo”. Lượt đã khai vẫn sửa và trả phòng được.",
            "When a facility closes, press “End declarations”. Declared stays can still be changed and checked out.",
        ),
    ],
    keys: &[],
    remedies: &[CHANGING],
    calls: IN_THE_OFFICE,
};

pub(super) const ACCOUNTS: Guide = Guide {
    title: Words::accounts,
    purpose: text(
        "Tạo và ngừng tài khoản đăng nhập, đặt vai trò và phạm vi.",
        "Makes and ends accounts, and sets their role and scope.",
    ),
    steps: &[
        text(
            "Mở “Tạo tài khoản”: tên đăng nhập, tên gọi theo vị trí, vai trò, nơi làm việc.",
            "Open “Make an account”: user name, a label by position, role, where they work.",
        ),
        text(
            "Chép liên kết ngay và đưa cho người dùng: liên kết dùng được một lần, trong 72 giờ.",
            "Copy the link at once and hand it over: it works once, within 72 hours.",
        ),
        text(
            "Quên mật khẩu hoặc mất điện thoại thì mở tài khoản và bấm “Tạo liên kết mới”.",
            "For a forgotten password or a lost telephone, open the account and press “Make a new link”.",
        ),
        text(
            "Người thôi việc thì bấm “Ngừng tài khoản” ngay trong ngày.",
            "When somebody leaves, press “End the account” the same day.",
        ),
    ],
    keys: &[],
    remedies: &[
        CHANGING,
        &[remedy(
            text(
                "Chỉ xem được, không sửa được tài khoản.",
                "An account can be seen and not changed.",
            ),
            text(
                "Tài khoản còn làm việc ở cơ sở mà bạn không quản lý. Nhờ quản trị hệ thống.",
                "It also works at facilities that you do not manage. Ask the administrator.",
            ),
        )],
    ],
    calls: &[ADMINISTRATOR, OPERATOR],
};

pub(super) const MACHINES: Guide = Guide {
    title: Words::machines,
    purpose: text(
        "Ghi nhận máy ở quầy: ở máy được tin cậy, lễ tân đăng nhập chỉ cần mật khẩu.",
        "Enrols the machines of the desk: at a trusted machine the desk signs in by password alone.",
    ),
    steps: &[
        text(
            "Ra đúng máy ở quầy và đăng nhập bằng tài khoản quản lý.",
            "Go to the desk's own machine and sign in as the manager.",
        ),
        text(
            "Ghi tên máy, chọn cơ sở rồi bấm “Tin cậy máy này”.",
            "Name the machine, choose the facility and press “Trust this machine”.",
        ),
        text(
            "Máy hỏng, mất hoặc đổi chỗ thì bấm “Thôi tin cậy”.",
            "If a machine is lost, broken or moved, press “End”.",
        ),
    ],
    keys: &[],
    remedies: &[
        CHANGING,
        &[remedy(
            text(
                "Máy đã ghi nhận mà vẫn hỏi mã.",
                "An enrolled machine still asks for a code.",
            ),
            text(
                "Trình duyệt đã bị xóa dữ liệu, hoặc dùng trình duyệt khác. Ghi nhận lại ở đúng trình duyệt đó.",
                "The browser's data were cleared, or it is another browser. Enrol that browser again.",
            ),
        )],
    ],
    calls: &[ADMINISTRATOR, OPERATOR],
};

pub(super) const DESTINATIONS: Guide = Guide {
    title: Words::destinations,
    purpose: text(
        "Xem thông báo đang đi đâu, nơi nào bị ngắt, và gửi lại những gì bị tạm treo.",
        "Shows where notifications go, which way is cut off, and sends again what was set aside.",
    ),
    steps: &[
        text(
            "Đọc phần trên cùng: nơi nhận bị ngắt, số đang chờ, hạn gần nhất.",
            "Read the top: what is cut off, how many wait, the nearest deadline.",
        ),
        text(
            "Mở nơi nhận để xem nguyên nhân và các thông báo bị tạm treo.",
            "Open a destination to see why, and what was set aside.",
        ),
        text(
            "Khi nguyên nhân đã hết, gửi lại theo từng nguyên nhân.",
            "Once the cause is gone, send again cause by cause.",
        ),
        text(
            "Cổng công an bảo trì thì “Tạm dừng” kèm lý do và giờ tự chạy lại.",
            "While the police endpoint is maintained, “Pause” it with a reason and when it resumes.",
        ),
    ],
    keys: &[],
    remedies: &[
        &[
            remedy(
                text(
                    "Cổng công an không trả lời.",
                    "The police endpoint does not answer.",
                ),
                text(
                    "Khai báo vẫn được tiếp nhận và tự gửi khi cổng trở lại. Hỏi đơn vị vận hành cổng nếu hạn đã gần.",
                    "Declarations are still received and sent once it is back. Ask those who run the endpoint if a deadline is near.",
                ),
            ),
            remedy(
                text(
                    "Gửi lại rồi vẫn bị treo.",
                    "What was sent again is set aside again.",
                ),
                text(
                    "Nguyên nhân chưa hết. Đọc nguyên nhân ở bảng, sửa ở nguồn rồi gửi lại.",
                    "The cause remains. Read it in the table, fix it at its source and send again.",
                ),
            ),
        ],
        CHANGING,
    ],
    calls: IN_THE_OFFICE,
};

pub(super) const HEALTH: Guide = Guide {
    title: Words::health,
    purpose: text(
        "Xem hệ thống có hoạt động bình thường không: kiểm tra, cổng bị ngắt, lần sao lưu gần nhất.",
        "Shows whether the service is well: checks, cut-off endpoints, the newest backup.",
    ),
    steps: &[
        text("Đọc câu trên cùng.", "Read the sentence at the top."),
        text(
            "Có mục lỗi thì xem mục đó là hệ thống bên ngoài hay cơ sở dữ liệu.",
            "If a check fails, see whether it is another system or the database.",
        ),
        text(
            "Xem giờ sao lưu gần nhất và lần gọi cuối của tiến trình gửi.",
            "Look at the newest backup and the last call of a worker.",
        ),
    ],
    keys: &[],
    remedies: &[
        &[remedy(
            text(
                "Tiến trình gửi lâu không gọi.",
                "No worker has called for long.",
            ),
            text(
                "Kiểm tra tiến trình gửi có đang chạy không. Khai báo vẫn được tiếp nhận và chờ.",
                "See whether the worker runs. Declarations are still received, and wait.",
            ),
        )],
        READING,
    ],
    calls: IN_THE_OFFICE,
};

pub(super) const DUTY_DESKS: Guide = Guide {
    title: Words::duty_desks,
    purpose: text(
        "Giữ số điện thoại trực ban công an của từng xã, phường. Cơ sở thấy số này khi không khai được qua mạng.",
        "Keeps the telephone of each commune's duty desk. Facilities see it when they cannot declare online.",
    ),
    steps: &[
        text(
            "Xã, phường có cơ sở mà chưa có số được đánh dấu “Chưa có số”.",
            "A commune that has facilities but no number is marked “No number yet”.",
        ),
        text(
            "Chọn xã, phường, gõ số rồi bấm “Lưu”. Cơ sở thấy số mới ngay.",
            "Choose the commune, type the number, press “Save”. Facilities see it at once.",
        ),
        text(
            "Số không dùng nữa: chọn xã, phường, để trống ô số rồi bấm “Lưu”.",
            "A number that is no longer used: choose the commune, leave the number empty, press “Save”.",
        ),
    ],
    keys: &[],
    remedies: &[CHANGING],
    calls: IN_THE_OFFICE,
};

pub(super) const ORGANISATIONS: Guide = Guide {
    title: Words::organisations,
    purpose: text(
        "Giữ các tổ chức khai báo: doanh nghiệp, bệnh viện, trường học, cơ quan.",
        "Keeps the organisations that declare: companies, hospitals, schools, agencies.",
    ),
    steps: &[
        text(
            "Mở “Thêm tổ chức”: tên và mã ngắn. Mã ngắn không đổi được về sau.",
            "Open “Add an organisation”: name and short code. The code never changes.",
        ),
        text(
            "Thêm cơ sở của tổ chức, rồi tạo tài khoản cho người quản lý.",
            "Add its facilities, then make an account for its manager.",
        ),
        text(
            "Tổ chức thôi hoạt động thì bấm “Ngừng nhận khai báo”.",
            "When an organisation ends, press “End declarations”.",
        ),
    ],
    keys: &[],
    remedies: &[CHANGING],
    calls: IN_THE_OFFICE,
};

pub(super) const KEYS: Guide = Guide {
    title: Words::keys_heading,
    purpose: text(
        "Tạo và thu hồi khóa cho phần mềm. Người dùng thì đăng nhập, không dùng khóa.",
        "Makes and revokes the keys of programs. People sign in and use no keys.",
    ),
    steps: &[
        text(
            "Mở “Tạo khóa”: tên phần mềm, vai trò, được khai cho cơ sở nào, thời hạn.",
            "Open “Make a key”: the program, its role, for which facilities, how long it is good.",
        ),
        text(
            "Chép khóa ngay và cất vào nơi giữ bí mật: khóa chỉ hiện một lần.",
            "Copy the key at once and put it where secrets are kept: it is shown once.",
        ),
        text(
            "Nghi lộ khóa thì thu hồi ngay, rồi tạo khóa mới.",
            "If a key may be known to others, revoke it at once and make a new one.",
        ),
    ],
    keys: &[],
    remedies: &[
        CHANGING,
        &[remedy(
            text("Mất khóa.", "A key is lost."),
            text(
                "Không xem lại được. Tạo khóa mới, đổi trong phần mềm rồi thu hồi khóa cũ.",
                "It cannot be shown again. Make a new one, change the program, then revoke the old one.",
            ),
        )],
    ],
    calls: IN_THE_OFFICE,
};

pub(super) const OWN: Guide = Guide {
    title: Words::own_account,
    purpose: text(
        "Đổi mật khẩu, xem các phiên đăng nhập của mình, bật hoặc tắt phím tắt một chữ.",
        "Changes your password, shows your sessions, turns single-letter shortcuts on or off.",
    ),
    steps: &[
        text(
            "Đổi mật khẩu: gõ mật khẩu hiện tại rồi mật khẩu mới. Một câu dài dễ nhớ là tốt nhất.",
            "To change the password, type the present one and the new one. A long phrase is best.",
        ),
        text(
            "Thấy phiên lạ thì bấm “Kết thúc” ở phiên đó rồi đổi mật khẩu.",
            "If a session is not yours, press “End” beside it and change the password.",
        ),
        text(
            "Dùng phần mềm đọc màn hình thì tắt phím tắt một chữ.",
            "If you use a screen reader, turn single letters off.",
        ),
    ],
    keys: &[],
    remedies: &[CHANGING],
    calls: &[MANAGER, OPERATOR],
};

pub(super) const SIGN_IN: Guide = Guide {
    title: Words::sign_in,
    purpose: text(
        "Đăng nhập bằng tên và mật khẩu, rồi mã 6 số. Ở máy quầy được tin cậy không cần mã.",
        "Signs you in by name and password, then six digits. A trusted machine of the desk needs no code.",
    ),
    steps: &[
        text(
            "Gõ tên đăng nhập và mật khẩu.",
            "Type user name and password.",
        ),
        text(
            "Gõ mã 6 số trong ứng dụng xác thực; không có điện thoại thì dùng một mã dự phòng.",
            "Type the six digits of the authenticator app; without your telephone, a recovery code.",
        ),
        text(
            "Lần đầu: mở liên kết được đưa, đặt mật khẩu, quét mã vào ứng dụng xác thực và cất mã dự phòng.",
            "The first time: open the link you were given, set a password, scan the code into the app and keep the recovery codes.",
        ),
    ],
    keys: &[],
    remedies: &[&[
        remedy(
            text(
                "Quên mật khẩu hoặc mất điện thoại.",
                "The password is forgotten or the telephone lost.",
            ),
            text(
                "Nhờ người quản lý của cơ sở tạo liên kết mới.",
                "Ask your facility's manager for a new link.",
            ),
        ),
        remedy(
            text("Mã không đúng.", "The code is wrong."),
            text(
                "Chờ mã tiếp theo rồi thử lại. Giờ của điện thoại phải đúng.",
                "Wait for the next code and try again. The telephone's clock must be right.",
            ),
        ),
        remedy(
            text(
                "Không đăng nhập được mà hạn khai đã gần.",
                "Signing in does not work and the deadline is near.",
            ),
            text(
                "Gọi trực ban công an phường, xã để khai qua điện thoại, rồi khai lại khi vào được.",
                "Telephone the duty desk of the commune's police and declare that way; declare again once you are in.",
            ),
        ),
    ]],
    calls: AT_A_FACILITY,
};
