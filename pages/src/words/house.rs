//! The house: its rooms, its residents, its day and its register.

use domain::problem::Language;

use super::Words;

words! { ENTRIES:
    rooms: "Phòng", "Rooms";
    reconcile: "Đối soát", "Reconcile";
    roster: "Nội trú", "Residents";
    household: "Nhà công vụ", "Household";
    register: "Sổ lưu trú", "Register";

    // Many guests at once.
    chosen_count(count): "Đã chọn {count} khách", "{count} selected";
    select_all: "Chọn tất cả", "Select all";
    listed_of(listed, all): "Đang hiện {listed} trong {all} khách. Tìm theo phòng hoặc tên để thu hẹp.", "Showing {listed} of {all} guests. Find a room or a name to narrow the list.";
    extend_selected: "Gia hạn khách đã chọn", "Extend the selected guests";
    transfer_selected: "Chuyển phòng người đã chọn", "Move those selected";
    whole_list(count): "Cả {count} người trong danh sách:", "All {count} of the list:";
    check_out_all: "Ghi rời đi tất cả", "Check out all";
    extend_all: "Gia hạn tất cả", "Extend all";
    choose_somebody: "Chưa chọn khách nào.", "Nobody is selected.";
    choose_somebody_hint: "Đánh dấu ít nhất một khách trong danh sách rồi bấm lại.", "Tick at least one guest of the list, then press again.";
    check_out_count(count): "Trả phòng {count} khách", "Check out {count} guests";
    extend_count(count): "Gia hạn {count} khách", "Extend {count} guests";
    transfer_count(count): "Chuyển phòng {count} khách", "Move {count} guests";
    extended_count(count): "Đã gia hạn {count} khách.", "{count} guests extended.";
    transferred_count(count): "Đã chuyển phòng {count} khách.", "{count} guests moved.";
    nothing_changed_yet: "Chưa có gì thay đổi. Kiểm tra danh sách rồi xác nhận một lần cho tất cả.", "Nothing has changed yet. Look at the list, then confirm once for all.";
    count_has_changed(count): "Danh sách vừa đổi: nay là {count} khách. Chưa lưu gì; kiểm tra rồi xác nhận lại.", "The list has just changed: it is {count} guests now. Nothing is saved; look at it and confirm again.";
    partly_done(count): "{count} khách chưa lưu được; lý do ở từng dòng.", "{count} guests are not saved; the reason is in each line.";
    moved_meanwhile: "Người khác vừa sửa lượt này; xem lại rồi xác nhận.", "Somebody else has just changed this stay; look at it and confirm.";
    go_back: "Thôi, quay lại", "Go back";
    new_room: "Phòng mới", "New room";
    transfer_reason: "Chuyển phòng", "Moved to another room";
    and_more(count): "và {count} người khác", "and {count} others";

    // Guests who are expected.
    tab_undeclared: "Chưa khai", "Not declared";
    not_declared: "chưa khai", "not declared";
    guests_not_declared(count): "{count} khách chưa khai", "{count} guests not declared";
    undeclared_guests: "Khách chưa khai", "Guests not declared";
    everybody_declared: "Đã khai đủ", "All declared";
    everybody_declared_hint: "Ghi khách sắp đến ở bên dưới: khách hiện ở đây, trên sơ đồ phòng và thanh thời hạn cho đến khi được khai.",
        "Note expected guests below: they appear here, on the map and in the deadline bar until they are declared.";
    expected_on: "Ngày đến", "Arrives on";
    declare_this_guest: "Khai", "Declare";
    will_not_come: "Không đến", "Will not come";
    declaring_of(name): "khách {name}", "the guest {name}";
    note_expected: "Ghi khách sắp đến", "Note an expected guest";
    note_guest: "Ghi khách", "Note the guest";
    number_if_known: "Số giấy tờ", "Document number";
    number_hint: "Có số giấy tờ thì khách tự ra khỏi danh sách khi được khai, bằng bất kỳ cách nào.", "With a number the guest leaves this list by being declared, in whatever way.";
    paste_many: "Dán nhiều khách", "Paste many guests";
    pasted_guests: "Mỗi dòng một khách: họ tên, phòng, số giấy tờ", "One guest a line: name, room, document number";
    pasted_hint: "Dán thẳng ba cột từ Excel, hoặc ngăn bằng dấu chấm phẩy.", "Paste three columns from Excel, or separate them by semicolons.";
    note_guests: "Ghi tất cả", "Note all";
    noted_guests(count): "Đã ghi {count} khách chưa khai.", "{count} guests noted as not declared.";
    removed_guest: "Đã bỏ khách khỏi danh sách chưa khai.", "The guest is removed from the list.";
    line_is(line, message): "Dòng {line}: {message}", "Line {line}: {message}";
    enter_expected_name: "Nhập họ tên khách.", "Enter the guest's name.";
    too_many_lines: "Ghi tối đa 200 khách một lần.", "Note at most 200 guests at once.";
    day_out_of_range: "Ngày đến từ hôm qua đến 62 ngày tới.", "The day is yesterday or up to 62 days ahead.";

    // Today.
    today_is(day, summary): "{day} · {summary}", "{day} · {summary}";
    weekday_0: "Thứ Hai", "Monday";
    weekday_1: "Thứ Ba", "Tuesday";
    weekday_2: "Thứ Tư", "Wednesday";
    weekday_3: "Thứ Năm", "Thursday";
    weekday_4: "Thứ Sáu", "Friday";
    weekday_5: "Thứ Bảy", "Saturday";
    weekday_6: "Chủ Nhật", "Sunday";
    named_day(weekday, day): "{weekday} {day}", "{weekday} {day}";
    leaving_and_overdue(overdue): "Khách trả phòng hôm nay · {overdue} quá giờ", "Guests leaving today · {overdue} overdue";
    legend_undeclared: "chưa khai đủ", "not declared";
    on_time_of(on_time, arrived): "{on_time} / {arrived}", "{on_time} / {arrived}";
    print_register: "In sổ lưu trú", "Print the register";
    compare_receipts: "Đối soát biên nhận", "Compare receipts";
    floor_of_house(house, floor): "{house} · tầng {floor}", "{house} · floor {floor}";

    // Rooms.
    rooms_title: "Phòng của cơ sở", "Rooms of the facility";
    rooms_hold(rooms, guests): "{rooms} phòng, {guests} chỗ", "{rooms} rooms for {guests} guests";
    no_rooms: "Chưa có danh sách phòng", "No rooms are listed";
    no_rooms_hint: "Thêm phòng ở bên cạnh để có sơ đồ phòng và biết còn bao nhiêu chỗ.", "Add rooms to see a map of them and what is free.";
    room_name: "Số phòng", "Room";
    last_room: "Đến phòng", "To room";
    last_room_hint: "Thêm cả dãy: từ 301 đến 310.", "Adds a row: from 301 to 310.";
    room_kind: "Loại", "Kind";
    kind_room: "Phòng", "Room";
    kind_bed: "Giường", "Bed";
    capacity: "Số chỗ", "Guests";
    house_or_ward: "Nhà, khu, khoa", "House or ward";
    floor: "Tầng", "Floor";
    floor_hint: "Bỏ trống khi số phòng đã nói: 203 là tầng 2.", "Leave empty where the number tells: 203 is on floor 2.";
    add_room: "Thêm phòng", "Add a room";
    change_room(name): "Sửa phòng {name}", "Change room {name}";
    change_room_named(name): "phòng {name}", "room {name}";
    remove_room: "Bỏ phòng này", "Remove this room";
    add_instead: "Thêm phòng khác", "Add another room";
    rooms_saved: "Đã lưu danh sách phòng.", "The list of rooms is saved.";
    rooms_moved: "Người khác vừa sửa danh sách phòng.", "Somebody else has just changed the list.";
    rooms_moved_hint: "Chưa lưu. Danh sách bên dưới là bản mới; những gì đã gõ còn nguyên, lưu lại nếu vẫn đúng.", "Not saved. The list below is the new one; what you typed is kept: save it again if it is still right.";
    enter_capacity: "Nhập số chỗ, từ 1 đến 1.000.", "Enter how many guests it holds, 1 to 1,000.";
    room_known: "Đã có phòng này trong danh sách.", "This room is listed already.";
    room_too_long: "Tên dài nhất 64 ký tự, không có ký tự lạ.", "A name has at most 64 plain characters.";
    row_unreadable: "Hai đầu của dãy phải là số, số sau lớn hơn và cách nhau không quá 200.", "Both ends must be numbers, the second larger, at most 200 apart.";

    // The register.
    register_title: "Sổ lưu trú", "Register of guests";
    register_of_day(day): "Ngày {day}", "Of {day}";
    register_of_month(month): "Tháng {month}", "Of {month}";
    choose_day: "Ngày", "Day";
    choose_month: "Tháng", "Month";
    show: "Xem", "Show";
    back_to_today: "Về hôm nay", "Back to today";
    whole_numbers: "Hiện đủ số giấy tờ để in", "Show whole numbers for printing";
    masked_numbers: "Che số giấy tờ", "Mask the numbers";
    read_is_audited: "Mỗi lần mở sổ được ghi nhật ký.", "Each time the register is opened is logged.";
    number_short: "TT", "No.";
    birth_short: "Sinh", "Born";
    residence: "Nơi thường trú", "Residence";
    arrival_short: "Đến", "From";
    departure_short: "Đi", "Until";
    expected_mark(at): "({at})", "({at})";
    expected_legend: "Giờ đi trong ngoặc là dự kiến.", "Departures in brackets are expected.";
    register_count(count): "{count} lượt khách", "{count} guests";
    register_empty: "Không có khách nào trong thời gian này.", "No guests in this time.";
    left_out(count): "{count} lượt không in được: quá nhiều hoặc không đọc được. Chọn thời gian ngắn hơn, hoặc báo người vận hành.", "{count} stays are not printed: too many, or unreadable. Choose a shorter time, or tell the operator.";
    made_at(at, person): "Lập lúc {at}, {person}", "Made {at}, {person}";
    keeper_signs: "Người lập sổ", "Keeper";
    officer_signs: "Cán bộ kiểm tra", "Inspecting officer";
    signs_here: "(ký, ghi rõ họ tên)", "(signature and name)";

    // The reconciliation.
    reconcile_title: "Đối soát ngày", "Reconcile a day";
    reconcile_hint: "So biên nhận hệ thống đang giữ với biên nhận cơ sở đang giữ. Chỉ so, không lưu gì.", "Compares the receipts that the service holds with those that you hold. Nothing is stored.";
    receipts_stored: "Hệ thống đang giữ", "The service holds";
    receipt_count: "Biên nhận", "Receipts";
    late_count: "Quá hạn", "Late";
    digest_is: "Mã tổng hợp (SHA-256)", "Digest (SHA-256)";
    digest_hint: "Trùng mã với hệ thống của cơ sở là không thiếu lượt nào ở cả hai bên.", "Where your system computes the same, nothing is missing on either side.";
    your_receipts: "Số biên nhận cơ sở đang giữ", "Receipt numbers that you hold";
    your_receipts_hint: "Dán mỗi số một dòng, hoặc cả cột từ Excel. Số lặp lại chỉ tính một lần.", "Paste one a line, or a column from Excel. A number that repeats counts once.";
    read_file: "Đọc từ tệp", "Read from a file";
    compare: "So sánh", "Compare";
    enter_receipts: "Dán ít nhất một số biên nhận.", "Paste at least one receipt number.";
    receipts_agree(count): "Khớp: cả {count} biên nhận có ở cả hai bên.", "They agree: all {count} receipts are on both sides.";
    receipts_differ: "Hai bên chưa khớp.", "The two sides differ.";
    receipts_differ_hint(missing, unknown): "{missing} biên nhận cơ sở chưa giữ, {unknown} số hệ thống không có trong ngày này.", "{missing} receipts are not on your list, {unknown} numbers are unknown here for this day.";
    missing_receipts: "Cơ sở chưa giữ", "Not on your list";
    missing_receipts_hint: "Đã khai và đã lưu. Ghi số biên nhận vào sổ của cơ sở.", "Declared and stored. Add the numbers to your records.";
    unknown_receipts: "Hệ thống không có trong ngày này", "Not stored for this day";
    unknown_receipts_hint: "Thuộc ngày khác, đã hủy, hoặc chưa từng được lưu: khai lại các khách này; khai lại không tạo hai lượt.", "Of another day, cancelled, or never saved: declare these guests again; nothing is made twice.";
    receipts_of_day: "Biên nhận trong ngày", "Receipts of the day";
    no_receipts: "Không có lượt nào bắt đầu trong ngày này", "No stay began on this day";

    // The roster.
    roster_title: "Nội trú", "Residents";
    sleeping_tonight: "Ngủ lại tối nay", "Tonight";
    free_places: "Còn chỗ", "Free places";
    all_places: "Tổng số chỗ", "Places";
    leaving_soon: "Hết hạn trong 7 ngày", "Ending within 7 days";
    residents: "Người nội trú", "Residents";
    residents_of_room(room): "Người ở phòng {room}", "Residents of room {room}";
    start_term: "Đầu kỳ: nhập danh sách", "Start of term: import a list";
    start_term_hint: "Đầu kỳ, nhập danh sách từ tệp. Cuối kỳ, ghi rời đi hoặc gia hạn cho cả danh sách, một lần xác nhận.", "At the start of a term, import a list. At its end, check out or extend the whole list with one confirmation.";
    nobody_resident: "Chưa có người nội trú", "No residents";

    // The household.
    household_title: "Nhà công vụ", "Household";
    household_summary(members, guests): "{members} người ở, {guests} khách lưu trú", "{members} residents, {guests} guests";
    household_members: "Người ở", "Members of the household";
    household_guests: "Khách lưu trú", "Guests of the household";
    household_rule: "Ở từ 30 ngày trở lên hoặc chưa định ngày đi là người ở, phải đăng ký tạm trú; dưới 30 ngày là khách lưu trú.", "From 30 days on, or without an end, somebody is a resident and registers temporary residence; below, a guest.";
    declare_household_guest: "Khai khách", "Declare a guest";
    no_members: "Chưa khai người ở nào", "No members are declared";
    no_household_guests: "Không có khách lưu trú", "No guests";
}

impl Words {
    /// A weekday, counted from Monday.
    #[must_use]
    pub const fn of_weekday(self, day: chrono::Weekday) -> &'static str {
        match day {
            chrono::Weekday::Mon => self.weekday_0(),
            chrono::Weekday::Tue => self.weekday_1(),
            chrono::Weekday::Wed => self.weekday_2(),
            chrono::Weekday::Thu => self.weekday_3(),
            chrono::Weekday::Fri => self.weekday_4(),
            chrono::Weekday::Sat => self.weekday_5(),
            chrono::Weekday::Sun => self.weekday_6(),
        }
    }
}
