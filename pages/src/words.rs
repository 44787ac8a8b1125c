//! Every word that the pages say, in both languages. An entry without one of them does not compile;
//! one with a placeholder is a function of what is filled in, and both languages must use it.
//!
//! What codes say is not repeated here: it comes from [`domain::problem`].

mod codes;

use domain::problem::Language;

/// The words of one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words(pub Language);

/// A text of a page that is all text, such as help, in both languages.
#[derive(Clone, Copy, Debug)]
pub struct Bilingual {
    pub(crate) vi: &'static str,
    pub(crate) en: &'static str,
}

impl Bilingual {
    pub(crate) const fn said(self, words: Words) -> &'static str {
        match words.0 {
            Language::Vi => self.vi,
            Language::En => self.en,
        }
    }
}

macro_rules! words {
    ($entries:ident: $( $name:ident $(($($filled:ident),+))?: $vi:literal, $en:literal; )+) => {
        impl Words {
            $( word!($name $(($($filled),+))?: $vi, $en); )+
        }

        /// Every entry: its name, and what it says in Vietnamese and English.
        #[cfg(test)]
        pub(super) const $entries: &[(&str, &str, &str)] = &[ $( (stringify!($name), $vi, $en), )+ ];
    };
}

macro_rules! word {
    ($name:ident: $vi:literal, $en:literal) => {
        #[doc = concat!("“", $vi, "”, “", $en, "”.")]
        #[must_use]
        pub const fn $name(self) -> &'static str {
            match self.0 {
                Language::Vi => $vi,
                Language::En => $en,
            }
        }
    };
    ($name:ident ($($filled:ident),+): $vi:literal, $en:literal) => {
        #[doc = concat!("“", $vi, "”, “", $en, "”.")]
        #[must_use]
        pub fn $name(self, $($filled: impl ::std::fmt::Display),+) -> String {
            match self.0 {
                Language::Vi => format!($vi, $($filled = $filled),+),
                Language::En => format!($en, $($filled = $filled),+),
            }
        }
    };
}

// The words of each kind of work; those of the frame and of the desk follow.
mod house;
mod many;
mod office;
mod police;

words! { DESK:
    // The frame.
    service: "lưu trú", "luutru";
    home: "lưu trú, trang đầu", "luutru, first page";
    skip_to_content: "Đến nội dung chính", "Skip to content";
    main_navigation: "Điều hướng chính", "Main navigation";
    desk: "Khai báo", "Declare";
    today: "Hôm nay", "Today";
    help: "Trợ giúp", "Help";
    shortcuts: "Phím tắt", "Shortcuts";
    other_language: "English", "Tiếng Việt";
    switch_theme: "Đổi nền sáng, tối", "Switch light and dark";
    sign_out: "Đăng xuất", "Sign out";
    close: "Đóng", "Close";
    page_title(title): "{title} – lưu trú", "{title} – luutru";
    error_title(title): "Lỗi: {title}", "Error: {title}";
    front_desk: "Lễ tân", "Front desk";

    // The deadline bar.
    deadline: "Thời hạn khai báo", "Deadline";
    deadline_before: "còn", "";
    deadline_between: "đến", "left until";
    deadline_alone: "Hạn khai báo", "Declare before";
    guests_to_handle(count): "{count} việc cần xử lý", "{count} to handle";
    minutes_left(minutes): "Còn {minutes} phút đến hạn khai báo.", "{minutes} minutes left to declare.";
    clock_today(time): "{time} hôm nay", "{time} today";
    clock_yesterday(time): "{time} hôm qua", "{time} yesterday";
    clock_tomorrow(time): "{time} ngày mai", "{time} tomorrow";
    clock_on(time, day): "{time} ngày {day}", "{time} on {day}";

    // Declaring a guest.
    declare_a_guest: "Khai báo khách", "Declare a guest";
    scan_or_type: "Quét thẻ hoặc gõ số giấy tờ", "Scan a card or type a document number";
    ready_to_scan: "Sẵn sàng nhận máy quét", "Ready for the scanner";
    scan_hint: "Mã QR trên thẻ căn cước, dòng MRZ cuối hộ chiếu, hoặc gõ số rồi nhấn Enter. Loại giấy tờ được nhận ra tự động.",
        "QR code on the identity card, MRZ lines of a passport, or type the number and press Enter. The kind is recognised.";
    photograph_card: "Chụp ảnh thẻ", "Photograph card";
    camera_hint: "Đưa mặt có mã QR của thẻ vào giữa khung hình. Mã được đọc tự động, ảnh không được lưu lại.",
        "Hold the side of the card with the QR code in the middle. It is read by itself; no picture is kept.";
    camera_refused: "Không mở được máy quay. Cho phép trình duyệt dùng máy quay, hoặc chọn một ảnh có sẵn.",
        "The camera cannot be opened. Allow the browser to use it, or choose a picture.";
    choose_picture: "Chọn ảnh có sẵn", "Choose a picture";
    no_document: "Không có giấy tờ", "No document";
    scan_first: "Quét thẻ hoặc gõ số giấy tờ trước.", "Scan a card or type a number first.";
    scanned_guest: "Khách vừa quét", "Scanned guest";
    send_declaration: "Gửi khai báo", "Send declaration";
    send_again: "Gửi lại", "Send again";
    clear_and_scan: "Xóa, quét lại", "Clear, scan again";
    edit: "Sửa", "Edit";
    kept_as_typed: "Những gì đã nhập được giữ nguyên", "What you typed is kept";
    on_time_before: "Đúng hạn nếu gửi trước", "On time if sent before";
    already_late: "Đã quá hạn: khai ngay, vẫn được tiếp nhận", "Late already: declare now, it is still received";
    source_qr: "Thẻ căn cước · mã QR", "Identity card · QR";
    source_mrz: "Giấy tờ · MRZ", "Document · MRZ";
    source_typed: "Gõ tay", "Typed";
    source_none: "Không có giấy tờ", "No document";
    aged(years): "{years} tuổi", "aged {years}";
    by_number(sex, year): "{sex}, sinh năm {year} theo số", "{sex}, born in {year} by the number";
    resident_at(address): "Thường trú: {address}", "Resident at: {address}";
    duplicate_check: "Kiểm tra trùng", "Duplicate check";
    no_duplicate: "Khách không có lượt nào khác đang mở tại đây.", "This guest has no other open stay here.";
    already_here(room, since): "Khách đang lưu trú phòng {room} từ {since}.", "Already staying in room {room} since {since}.";
    already_here_without_room(since): "Khách đang lưu trú tại đây từ {since}.", "Already staying here since {since}.";
    open_that_stay: "Sửa lượt đó", "Change that stay";
    declare_all_the_same: "Nếu đúng là khách mới đến, cứ khai tiếp.", "If the guest has come again, go on declaring.";
    foreigners_deadline: "Hạn riêng của khách nước ngoài", "Foreign guests' own deadline";
    foreigners_rule: "Khách nước ngoài có hạn riêng: 12 giờ từ lúc đến.", "Foreign guests have their own deadline: 12 hours from arrival.";
    foreigners_rule_remote: "Khách nước ngoài ở vùng xa có hạn riêng: 24 giờ từ lúc đến.", "Foreign guests in remote areas have their own deadline: 24 hours from arrival.";
    guardian: "Người giám hộ", "Guardian";
    minors_rule: "Dưới 18 tuổi: khai kèm người đi cùng.", "Under 18: declare with an accompanying adult.";
    just_declared_adults: "Vừa khai:", "Just declared:";
    in_room(name, room): "{name} · phòng {room}", "{name} · room {room}";
    father: "Cha", "Father";
    mother: "Mẹ", "Mother";
    grandparent: "Ông, bà", "Grandparent";
    sibling: "Anh, chị", "Brother or sister";
    teacher: "Thầy, cô", "Teacher";
    other_relation: "Khác", "Other";
    optional: "(không bắt buộc)", "(optional)";
    if_any: "(nếu có)", "(if any)";
    if_known: "(nếu biết)", "(if known)";
    now: "(bây giờ)", "(now)";
    date_example: "Gõ 3012 là 30/12, hoặc cả ngày.", "Type 3012 for 30/12, or the whole date.";
    permit_hint: "Hạn tạm trú ghi trên thị thực hoặc dấu nhập cảnh. Gõ 3012 là 30/12, hoặc cả ngày.", "The permission is on the visa or the entry stamp. Type 3012 for 30/12, or the whole date.";
    birth_hint: "Ví dụ 5/3/95 hoặc 05031995", "Such as 5/3/95 or 05031995";
    name_hint: "Đúng như trên giấy tờ, có dấu.", "As on the document, with its accents.";
    nine_digits_hint: "9 số có thể là hộ chiếu hoặc chứng minh nhân dân cũ: chọn loại.", "Nine digits may be a passport or an old identity card: choose.";
    choose: "Chọn…", "Choose…";
    stated_purpose: "Mục đích cụ thể", "Which purpose";

    // Names of fields.
    document_kind: "Loại giấy tờ", "Kind of document";
    document_number: "Số giấy tờ", "Document number";
    full_name: "Họ và tên", "Full name";
    birth_date: "Ngày sinh", "Date of birth";
    sex: "Giới tính", "Sex";
    nationality: "Quốc tịch", "Nationality";
    address: "Nơi thường trú", "Residence";
    phone: "Điện thoại", "Telephone";
    reason_without_document: "Lý do không có giấy tờ", "Why there is no document";
    reference: "Mã của cơ sở", "Your own reference";
    room: "Phòng", "Room";
    bed: "Giường", "Bed";
    arrival: "Đến", "Arrival";
    expected_departure: "Đi dự kiến", "Expected departure";
    purpose: "Mục đích", "Purpose";
    permitted_until: "Được tạm trú đến", "Permitted until";
    visa_kind: "Loại thị thực", "Kind of visa";
    visa_number: "Số thị thực", "Visa number";
    entered_on: "Nhập cảnh", "Entered on";
    relation: "Quan hệ", "Relation";
    guardian_name: "Họ và tên người giám hộ", "Guardian's full name";
    guardian_phone: "Điện thoại người giám hộ", "Guardian's telephone";

    // What is missing, by field.
    enter_room: "Nhập số phòng.", "Enter the room number.";
    enter_name: "Nhập họ và tên.", "Enter the full name.";
    enter_number: "Nhập số giấy tờ.", "Enter the document number.";
    enter_birth_date: "Nhập ngày sinh, hoặc năm sinh.", "Enter the date or the year of birth.";
    choose_sex: "Chọn giới tính.", "Choose the sex.";
    choose_nationality: "Chọn quốc tịch.", "Choose the nationality.";
    choose_kind: "Chọn loại giấy tờ.", "Choose the kind of document.";
    choose_reason: "Chọn lý do không có giấy tờ.", "Choose why there is no document.";
    enter_departure: "Nhập ngày đi dự kiến.", "Enter the expected departure.";
    enter_permission: "Nhập ngày cuối được phép tạm trú.", "Enter the last permitted day.";
    enter_reference: "Nhập mã của cơ sở để tìm lại người chưa rõ danh tính.", "Enter a reference by which you find this person again.";
    unreadable_day: "Không đọc được ngày này. Gõ ngày trước, tháng sau, ví dụ 30/12/2026.", "This date cannot be read. Type the day first, such as 30/12/2026.";
    departure_after_arrival: "Ngày đi phải sau ngày đến. Sửa một trong hai.", "Departure must be after arrival. Change one of them.";
    at_field(field, message): "{field}: {message}", "{field}: {message}";

    // Not saved.
    not_saved_one: "Chưa lưu: có 1 chỗ cần sửa", "Not saved: 1 thing to correct";
    not_saved_many(count): "Chưa lưu: có {count} chỗ cần sửa", "Not saved: {count} things to correct";
    not_saved_because(reason): "Chưa lưu: {reason}", "Not saved: {reason}";
    card_kept: "Bản khai vẫn còn nguyên bên dưới. Nhấn Enter để gửi lại; gửi lại không bao giờ tạo hai lượt.",
        "The declaration is still here below. Press Enter to send it again; sending again never makes two stays.";
    not_known_whether_saved: "Chưa biết đã lưu hay chưa.", "It is not known whether this was saved.";
    asking_again: "Đang hỏi lại; không có gì bị tạo hai lần.", "Asking again; nothing is made twice.";
    request_is(id): "Mã yêu cầu {id}.", "Request {id}.";
    connection_lost: "Chưa lưu: mất kết nối.", "Not saved: the connection is lost.";
    nothing_was_saved: "Chưa có gì được lưu.", "Nothing was saved.";

    // Declared.
    declared_on_time(name): "Đã khai đúng hạn: {name}", "Declared on time: {name}";
    declared_late(name): "Đã khai, quá hạn: {name}", "Declared, late: {name}";
    and_room(text, room): "{text}, phòng {room}", "{text}, room {room}";
    receipt_number: "Số biên nhận", "Receipt number";
    received_at: "Tiếp nhận lúc", "Received";
    deadline_at: "Hạn khai báo", "Deadline";
    destination: "Nơi nhận", "Goes to";
    police_of(commune): "Công an {commune}", "Police of {commune}";
    safe_and_sent: "Đã lưu an toàn kể cả khi mất điện. Hệ thống tự gửi công an; không cần làm gì thêm.",
        "Safe even if the power fails. It goes to the police by itself; nothing more to do.";
    print_receipt: "In biên nhận", "Print the receipt";
    add_to_room: "Thêm người cùng phòng", "Add a guest to this room";
    show_stay: "Xem lượt lưu trú", "Show the stay";
    just_declared: "Vừa khai", "Just declared";
    show_all: "Xem tất cả", "Show all";
    none_declared_yet: "Năm khách gần nhất sẽ hiện ở đây, kèm biên nhận.", "The five newest guests appear here, with their receipts.";
    no_guest_yet: "Chưa có khách nào hôm nay", "No guests yet today";
    no_guest_yet_hint: "Quét thẻ của khách đầu tiên là khai được ngay. Nếu tối nay không có khách, không cần gửi gì.",
        "Scan the first guest's card and declare at once. Without guests tonight, nothing needs to be sent.";
    nothing_to_handle: "Không có việc nào cần xử lý", "Nothing to handle";
    nothing_to_handle_hint: "Quét thẻ của khách tiếp theo. Khai báo nào bị hỏi lại hoặc bị từ chối sẽ hiện ở đây.",
        "Scan the next guest's card. Declarations that are questioned or refused appear here.";
    to_handle: "Cần xử lý", "To handle";
    undo: "Hoàn tác", "Undo";
    undo_of(name): "khai báo {name}", "the declaration of {name}";
    undone(name): "Đã rút khai báo {name}.", "The declaration of {name} is withdrawn.";
    undone_hint: "Chưa gửi gì cho công an. Quét lại nếu cần khai lại; lịch sử vẫn ghi cả hai việc.", "Nothing went to the police. Scan again to declare again; the history keeps both.";
    connection_lost_since(at): "Mất kết nối từ {at}. Cứ khai tiếp.", "Offline since {at}. Go on declaring.";
    go_on_declaring: "Mất kết nối. Cứ khai tiếp.", "Offline. Go on declaring.";
    drafts_are_sealed: "Bản khai được mã hóa và giữ trên máy này, rồi tự gửi một lần khi có mạng.", "Declarations are sealed and kept on this machine, and sent once by themselves when the connection is back.";
    not_declared_yet: "Chưa được tính là đã khai cho đến khi có biên nhận.", "They do not count until there is a receipt.";
    drafts_kept_here: "Đang giữ trên máy này", "Kept on this machine";
    draft_times(at, due): "Soạn xong {at} · chưa có biên nhận · hạn {due}", "Written {at} · no receipt yet · due {due}";
    in_room_alone(room): "Phòng {room}", "Room {room}";
    drafts_sent(n): "Đã có mạng: gửi xong {n} bản khai, đều đúng hạn.", "Online again: {n} declarations sent, all on time.";
    drafts_sent_late(n, late): "Đã có mạng: gửi xong {n} bản khai, {late} bản quá hạn.", "Online again: {n} declarations sent, {late} of them late.";
    drafts_wait(n): "Còn {n} bản khai chưa gửi được, đang giữ trên máy này. Vẫn đăng xuất?", "{n} declarations are not sent yet and are kept on this machine. Sign out all the same?";
    draft_not_opened: "Chưa khai: không mở được bản khai giữ trên máy này.", "Not declared: a declaration kept on this machine cannot be opened.";
    declare_it_again: "Khai lại khách của phòng đó.", "Declare the guest of that room again.";
    state_no_network: "Chờ mạng", "Waiting for network";
    to_be_mended: "Cần sửa", "To be mended";
    open_and_mend: "Mở để sửa", "Open and mend";
    try_again_now: "Thử gửi lại", "Try again now";
    print_sheet: "In phiếu dự phòng", "Print a sheet";
    keep_draft: "Giữ lại, gửi khi có mạng", "Keep, send when online";
    live_updates: "Cập nhật", "Updates";
    updated_seconds_ago(n): "cập nhật {n} giây trước", "updated {n} seconds ago";
    updated_minutes_ago(n): "cập nhật {n} phút trước", "updated {n} minutes ago";
    not_live: "chưa nối lại được", "not connected";
    keep_still: "Tạm dừng", "Pause";
    sound_on: "Bật tiếng báo", "Sound on";
    sound_off: "Tắt tiếng báo", "Sound off";
    too_late_to_undo: "Chưa hủy: khai báo này đã chuyển đi gửi công an.", "Not cancelled: this declaration is on its way to the police.";
    cancel_with_reason: "Nếu khai nhầm, chọn Hủy khai báo và ghi lý do; công an được báo cả hai.", "If it was declared in error, choose Cancel the declaration and give a reason; the police are told of both.";
    undo_reason: "Hoàn tác ngay sau khi khai ở quầy", "Undone at the desk right after declaring";

    // States.
    state_queued: "Đang gửi", "Sending";
    state_acknowledged: "Công an đã nhận", "Police have it";
    state_attention: "Cần xem lại", "Look again";
    state_asked: "Công an hỏi", "Police ask";
    state_missing: "Còn ở đây không?", "Still here?";
    state_rejected: "Bị từ chối", "Refused";
    state_parked: "Tạm treo", "Set aside";
    state_not_required: "Chưa cần báo", "Not due (day guest)";
    state_withdrawn: "Đã rút trước khi gửi", "Withdrawn before sending";
    state_overdue: "Quá giờ trả phòng", "Departure overdue";
    state_owing: "Còn thiếu", "Incomplete";
    state_unconfirmed: "Chưa xác nhận", "Not confirmed";
    present: "Đang lưu trú", "Present";
    departed: "Đã rời đi", "Departed";
    cancelled: "Đã hủy", "Cancelled";
    on_time: "Đúng hạn", "On time";
    late: "Quá hạn", "Late";

    // What is to be done.
    compare_members: "Họ tên, số giấy tờ, ngày sinh: đối chiếu với giấy tờ.", "Name, number, date of birth: compare with the document.";
    asked_until(question, until): "“{question}” Trả lời trước {until}.", "“{question}” Answer before {until}.";
    missing_from_census: "Không có trong lần điểm danh gần nhất: ghi trả phòng, hoặc xác nhận còn ở đây.", "Not in the newest census: record the departure, or confirm that the guest is here.";
    refused_by_police: "Cổng công an từ chối. Sửa thông tin, hệ thống tự gửi lại.", "The police refused it. Correct it and it is sent again by itself.";
    still_on_its_way: "Đã lưu và có biên nhận; công an chưa trả lời. Không cần làm gì.", "Saved, with a receipt; the police have not answered yet. Nothing to do.";
    complete_until(until): "Bổ sung thông tin còn thiếu trước {until}.", "Complete what is missing before {until}.";
    departure_has_passed(at): "Giờ đi dự kiến {at} đã qua: ghi trả phòng hoặc gia hạn.", "The expected departure {at} has passed: check out or extend.";

    // A stay.
    journey: "Hành trình", "Journey";
    version_is(version): "Phiên bản {version}", "Version {version}";
    step_received: "Đã tiếp nhận", "Received";
    step_checked: "Đã đối chiếu", "Checked";
    step_sent: "Đã gửi công an", "Sent to the police";
    step_acknowledged: "Công an đã nhận", "Police have it";
    step_waiting: "đang chờ", "waiting";
    has_receipt: "có biên nhận", "with a receipt";
    identity_pending: "đang đối chiếu", "being checked";
    identity_verified: "khớp", "agrees";
    identity_attention: "cần xem lại", "look again";
    identity_reviewed: "Công an đã xem, không cần sửa", "Reviewed by the police";
    identity_not_applicable: "không cần đối chiếu", "not needed";
    identity_deferred: "sẽ đối chiếu sau", "checked later";
    declared_content: "Nội dung đã khai", "What was declared";
    show_number: "Hiện số giấy tờ", "Show the number";
    hide_number: "Ẩn số giấy tờ", "Hide the number";
    versions: "Các phiên bản", "Versions";
    version_fixed: "Thời điểm tiếp nhận và kết quả đúng hạn là của bản 1, không đổi khi sửa.",
        "Time of receipt and verdict are those of version 1 and never change.";
    receipt: "Biên nhận", "Receipt";
    verdict: "Kết quả", "Verdict";
    print_a4: "In A4", "Print A4";
    print_slip: "In phiếu 80 mm", "Print 80 mm slip";
    check_out: "Trả phòng", "Check out";
    check_out_named(name): "Trả phòng {name}", "Check out {name}";
    extend: "Gia hạn", "Extend";
    amend: "Sửa", "Change";
    cancel_stay: "Hủy khai báo…", "Cancel the declaration…";
    cancel_for_good: "Hủy khai báo", "Cancel the declaration";
    cancel_hint: "Chỉ dùng khi khai nhầm. Việc hủy là cuối cùng và được báo cho công an.",
        "Only for a mistaken declaration. It is final, and the police are told.";
    reason: "Lý do", "Reason";
    reason_of_change_hint: "Ghi ngắn gọn vì sao sửa; không gửi công an.", "Briefly why; not sent to the police.";
    departed_at: "Đã đi lúc", "Left at";
    extend_until: "Ở đến", "Stays until";
    save_changes: "Lưu thay đổi", "Save the changes";
    changed_meanwhile(version): "Người khác vừa sửa lượt này (bản {version}). Xem bản mới rồi sửa lại.", "Somebody else has just changed this stay (version {version}). Look at it, then change it again.";
    saved(what): "Đã lưu: {what}.", "Saved: {what}.";
    police_ask(question): "Công an hỏi: “{question}”", "The police ask: “{question}”";
    asked_at(at, until): "Hỏi lúc {at}. Trả lời trước {until}. Khai báo vẫn được tính theo lần khai đầu.", "Asked {at}. Answer before {until}. The verdict of the first declaration stands.";
    answer_in_words: "Trả lời bằng lời", "Answer in words";
    send_answer: "Gửi trả lời", "Send the answer";
    answer_as_on_document: "Đã đối chiếu, thông tin đúng như giấy tờ", "Compared: the data are as on the document";
    answered: "Đã gửi trả lời cho công an.", "The answer is on its way to the police.";
    in_file: "nhập từ tệp", "from a file";
    changed_members(members): "Đã đổi: {members}", "Changed: {members}";
    first_declaration: "Khai lần đầu", "First declaration";
    change_amended: "Sửa", "Corrected";
    change_departed: "Ghi trả phòng", "Departed";
    change_returned: "Bỏ ghi trả phòng", "Departure taken back";
    change_extended: "Gia hạn", "Extended";
    change_cancelled: "Hủy", "Cancelled";
    change_completed: "Bổ sung", "Completed";
    unnamed: "Chưa rõ danh tính", "Not identified";
    unknown: "không có", "none";

    // Today.
    guests_in_rooms(guests, occupied, all): "{guests} khách trong {occupied}/{all} phòng", "{guests} guests in {occupied} of {all} rooms";
    guests_present(guests): "{guests} khách đang ở", "{guests} guests present";
    filter_guests: "Lọc khách", "Filter guests";
    tab_present: "Đang ở", "Present";
    tab_leaving: "Trả phòng hôm nay", "Leaving today";
    room_map: "Sơ đồ phòng", "Room map";
    floor_is(floor): "Tầng {floor}", "Floor {floor}";
    other_rooms: "Khác", "Other";
    legend_attention: "cần xem lại", "look again";
    legend_empty: "nét đứt: trống", "dashed: empty";
    empty_room: "trống", "empty";
    of_capacity(count, capacity): "{count}/{capacity}", "{count}/{capacity}";
    guests_word: "khách", "guests";
    look_again: "xem lại", "look again";
    present_guests: "Khách đang ở", "Guests present";
    guests_of_room(room): "Khách phòng {room}", "Guests of room {room}";
    leaving_guests: "Khách trả phòng hôm nay", "Guests leaving today";
    all_rooms: "Tất cả các phòng", "All rooms";
    find_room: "Tìm phòng", "Find a room";
    find_hint: "203 hoặc tên", "203 or a name";
    guest: "Khách", "Guest";
    state: "Trạng thái", "State";
    action: "Việc", "Action";
    select_guest(name): "Chọn {name}", "Select {name}";
    checked_out(count): "Đã ghi trả phòng {count} khách.", "{count} guests checked out.";
    check_out_selected: "Trả phòng khách đã chọn", "Check out the selected guests";
    not_checked_out(count): "{count} khách chưa ghi được: mở từng lượt để xem lý do.", "{count} could not be checked out: open each to see why.";
    nobody_present: "Chưa có khách nào đang ở", "Nobody is staying here";
    nobody_present_hint: "Khách đã khai sẽ hiện ở đây theo phòng.", "Declared guests appear here by room.";
    nobody_found: "Không có khách nào khớp", "No guest matches";
    reconciliation: "Đối soát hôm nay", "Today's count";
    arrived_today: "Khách đến trong ngày", "Arrived today";
    with_receipt: "Có biên nhận", "With a receipt";
    on_time_count: "Đúng hạn", "On time";

    // Receipts on paper.
    receipt_title: "Biên nhận thông báo lưu trú", "Receipt for a notification of stay";
    print: "In", "Print";
    back_to_stay: "Về lượt lưu trú", "Back to the stay";
    facility: "Cơ sở lưu trú", "Facility";
    facility_address: "Địa chỉ", "Address";
    document: "Giấy tờ", "Document";
    content_hash: "Mã băm nội dung (SHA-256)", "Content hash (SHA-256)";
    qr_of_receipt: "Mã QR chứa biên nhận đã ký", "QR code with the signed receipt";
    receipt_signed: "Biên nhận đã ký số. Quét mã để lấy nguyên văn, rồi kiểm tra bằng lệnh luutru receipt verify; không cần mạng. Chữ ký không chứa họ tên hay số giấy tờ.",
        "The receipt is signed. Scan the code for its text and check it with luutru receipt verify; no network is needed. The signature holds no name and no document number.";
    legal_basis: "Căn cứ: Luật Cư trú 68/2020/QH14, Điều 30 (sửa đổi bởi Luật 118/2025/QH15); Luật 47/2014/QH13, Điều 33 (người nước ngoài). Giờ Việt Nam.",
        "Basis: Law on Residence 68/2020/QH14, art. 30 (amended by Law 118/2025/QH15); Law 47/2014/QH13, art. 33 (foreigners). Viet Nam time.";

    // Signing in.
    sign_in: "Đăng nhập", "Sign in";
    account_name: "Tên đăng nhập", "User name";
    password: "Mật khẩu", "Password";
    show_password: "Hiện mật khẩu", "Show the password";
    continue_word: "Tiếp tục", "Continue";
    forgotten_password: "Quên mật khẩu? Hỏi người quản lý của cơ sở.", "Forgotten? Ask your facility's manager.";
    wrong_password: "Tên đăng nhập hoặc mật khẩu không đúng.", "User name or password is wrong.";
    enter_account_name: "Nhập tên đăng nhập.", "Enter the user name.";
    enter_password: "Nhập mật khẩu.", "Enter the password.";
    not_signed_in: "Chưa đăng nhập được", "Not signed in";
    enter_the_code: "Nhập mã xác thực", "Enter the code";
    second_step(name): "Bước 2 trong 2 · {name}", "Step 2 of 2 · {name}";
    one_time_code: "Mã 6 số trong ứng dụng xác thực", "6-digit code of your authenticator app";
    code_hint: "Mã đổi sau mỗi 30 giây. Dán được; đủ 6 số thì tự gửi.", "It changes every 30 seconds. Paste works; six digits send themselves.";
    recovery_code_hint: "Không có điện thoại? Gõ một mã dự phòng thay cho mã 6 số.", "No telephone? Type a recovery code instead.";
    wrong_code: "Mã không đúng hoặc đã dùng. Chờ mã tiếp theo rồi thử lại.", "The code is wrong or was used. Wait for the next one.";
    enrol_title: "Cài ứng dụng xác thực", "Set up the authenticator";
    enrol_hint: "Mở ứng dụng xác thực trên điện thoại, quét mã này, rồi gõ mã 6 số mà ứng dụng hiện.",
        "Open the authenticator app on your telephone, scan this code, and type the six digits it shows.";
    enrol_by_hand: "Không quét được? Gõ khóa này vào ứng dụng:", "Cannot scan? Type this key into the app:";
    qr_of_secret: "Mã QR cho ứng dụng xác thực", "QR code for the authenticator app";
    recovery_title: "Cất mã dự phòng", "Keep the recovery codes";
    recovery_hint: "Mỗi mã dùng được một lần khi không có điện thoại. In hoặc chép ra giấy: các mã chỉ hiện một lần này.",
        "Each is good once, when your telephone is not at hand. Print them or write them down: they are shown this once.";
    i_have_kept_them: "Tôi đã cất mã", "I have kept them";
    invitation_title: "Đặt mật khẩu", "Set your password";
    invitation_for(person): "Liên kết này dành cho {person} và dùng được một lần.", "This link is for {person} and works once.";
    new_password: "Mật khẩu mới", "New password";
    password_hint: "Một câu dài dễ nhớ là tốt nhất; không dùng mật khẩu phổ biến.", "A long phrase that you remember is best; common passwords are refused.";
    save_password: "Lưu mật khẩu", "Save the password";
    password_saved: "Đã lưu mật khẩu. Đăng nhập để bắt đầu.", "The password is saved. Sign in to begin.";
    session_ended: "Phiên làm việc đã hết. Đăng nhập lại để làm tiếp.", "Your session has ended. Sign in again to go on.";
    signed_out: "Đã đăng xuất.", "You are signed out.";
    duty_telephone: "Trực ban công an phường, xã nhận khai báo qua điện thoại khi hệ thống ngừng.",
        "The duty desk of the commune's police takes declarations by telephone when the service is down.";

    duty_at(police, telephone): "Trực ban {police}: {telephone}. Gọi khi sắp hết hạn mà chưa khai được qua mạng, nhất là từ 22:30.",
        "Duty desk, {police}: {telephone}. Call when the deadline is near and declaring does not work, above all from 22:30 on.";
    duty_unknown(police): "Trực ban {police} nhận khai báo qua điện thoại khi hệ thống ngừng. Hệ thống chưa có số điện thoại này: hỏi công an phường, xã và ghi sẵn ở quầy.",
        "The duty desk, {police}, takes declarations by telephone when the service is down. The service does not know its number: ask the commune's police and keep it at the desk.";
    duty_briefly(telephone): "Trực ban công an: {telephone}", "Police duty desk: {telephone}";
    notice_police: "Liên hệ công an", "The police";
    notice_police_at(police, telephone): "{police}, trực ban: {telephone}", "{police}, duty desk: {telephone}";
    notice_police_alone(police): "{police}, điện thoại: ", "{police}, telephone: ";

    // A page that is none.
    failed_title: "Không mở được trang này", "This page cannot be opened";
    back_to_desk: "Về trang đầu", "Back to the first page";
    choose_facility: "Chọn cơ sở", "Choose the facility";

    // Help.
    help_title: "Trợ giúp", "Help";
    help_of_screens: "Trợ giúp của từng trang", "Help for each screen";
    help_on(title): "Trợ giúp: {title}", "Help: {title}";
    help_steps: "Các bước", "Steps";
    help_remedies: "Khi có trục trặc", "When something goes wrong";
    help_calls: "Hỏi ai, gọi ai", "Whom to call";
    help_all: "Mọi mục trợ giúp", "All help";
    the_case: "Vụ việc", "Case";

    // The notice to guests about their data.
    notice_title: "Thông báo về dữ liệu cá nhân của khách lưu trú", "Notice to guests about their personal data";
    notice_who(facility, address): "{facility}, {address}: hỏi, ghi và khai báo. Khai báo được chuyển qua hệ thống luutru.",
        "{facility}, {address}: asks for, records and declares them. The declaration goes through the service luutru.";
    notice_goes_to(police): "{police}, qua cổng tiếp nhận của công an. Họ tên, số giấy tờ và ngày sinh được đối chiếu với Cơ sở dữ liệu quốc gia về dân cư; cơ sở không nhận dữ liệu nào từ đó. Hệ thống không gửi cho ai khác.",
        "{police}, through the endpoint of the police. Name, number and date of birth are compared with the national population database; the facility gets no data from it. The service sends them to nobody else.";
    print_notice: "In thông báo cho khách", "Print the notice to guests";
    notice_place: "Treo ở quầy hoặc đưa cho khách khi nhận phòng. Cơ sở tự điền các chỗ chấm trước khi treo.",
        "Put it up at the desk, or hand it to guests. Fill in the dotted lines before you do.";
    key_send: "gửi", "send";
    key_clear: "xóa, quét lại", "clear, scan again";
    key_edit: "sửa thông tin khách", "edit the guest";
    key_to_scan: "về ô quét", "to the scan field";
    key_all: "mọi phím tắt", "all shortcuts";
    key_print: "in biên nhận", "print the receipt";
    key_same_room: "thêm người cùng phòng", "add a guest to this room";
    key_undo: "hoàn tác lượt vừa khai", "undo the newest declaration";
    key_move: "di chuyển trong danh sách", "move in the list";
    key_select: "chọn", "select";
    key_check_out: "trả phòng", "check out";
    key_open: "mở", "open";
    key_extend: "gia hạn", "extend";
    key_change: "sửa lượt lưu trú", "change the stay";
}

impl Words {
    /// The tag of the language.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        self.0.as_str()
    }

    /// The language that these are not.
    #[must_use]
    pub const fn other_tag(self) -> &'static str {
        match self.0 {
            Language::Vi => Language::En.as_str(),
            Language::En => Language::Vi.as_str(),
        }
    }

    /// How many places are to be corrected.
    #[must_use]
    pub fn not_saved(self, count: usize) -> String {
        match count {
            1 => self.not_saved_one().to_owned(),
            _ => self.not_saved_many(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn every_entry() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
        [
            DESK,
            house::ENTRIES,
            many::ENTRIES,
            office::ENTRIES,
            police::ENTRIES,
        ]
        .into_iter()
        .flatten()
    }

    #[test]
    fn every_entry_says_something_in_vietnamese() {
        for (name, vi, _) in every_entry() {
            assert!(!vi.trim().is_empty(), "{name}");
        }
    }

    #[test]
    fn no_entry_excuses_itself_or_shouts() {
        for (name, vi, en) in every_entry() {
            assert!(!vi.contains('!') && !en.contains('!'), "{name}");
            assert!(!vi.contains("Rất tiếc") && !en.contains("Sorry"), "{name}");
        }
    }

    /// What stands in quotation marks, as the help quotes words of the pages.
    fn quoted(text: &str) -> impl Iterator<Item = &str> {
        let parts = text.split('“').skip(1);
        parts.filter_map(|part| part.split_once('”').map(|(word, _)| word))
    }

    #[test]
    fn help_quotes_what_pages_say() {
        for text in crate::help::every_text() {
            for word in quoted(text.vi) {
                assert!(every_entry().any(|(_, vi, _)| *vi == word), "{word}");
            }
            for word in quoted(text.en) {
                assert!(every_entry().any(|(.., en)| *en == word), "{word}");
            }
        }
    }

    #[test]
    fn no_entry_is_there_twice() {
        let mut names = HashSet::new();
        for (name, ..) in every_entry() {
            assert!(names.insert(name), "{name}");
        }
    }

    #[test]
    fn a_placeholder_is_filled_in_both_languages() {
        for language in [Language::Vi, Language::En] {
            let words = Words(language);
            assert!(words.and_room("An", 203).contains("203"));
        }
        assert_eq!(
            Words(Language::Vi).not_saved(1),
            "Chưa lưu: có 1 chỗ cần sửa"
        );
        assert_eq!(
            Words(Language::Vi).not_saved(3),
            "Chưa lưu: có 3 chỗ cần sửa"
        );
    }
}
