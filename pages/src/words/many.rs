//! Many guests at once: a group, a file, a census.

use domain::problem::Language;

use super::Words;

words! { ENTRIES:
    group: "Cả đoàn", "Group";
    imports: "Nhập tệp", "Import a file";
    ward: "Khoa phòng", "Ward";

    // A group.
    declare_a_group: "Khai cả đoàn", "Declare a group";
    group_hint: "Điền phần chung một lần, rồi quét từng thẻ liên tiếp. Không cần nhấn gì giữa hai thẻ.",
        "Fill in what all share once, then scan card after card. No key is needed between two cards.";
    group_shared: "Phần chung của cả đoàn", "What the whole group shares";
    group_name: "Tên đoàn", "Name of the group";
    group_head: "Trưởng đoàn", "Head of the group";
    group_head_is_sent: "Đã khai", "Declared already";
    group_count: "Số khách", "Guests";
    scan_next: "Quét thẻ tiếp theo", "Scan the next card";
    group_ready: "Sẵn sàng nhận máy quét", "Ready for the scanner";
    group_scanned(count): "Đã có {count} khách · sẵn sàng", "{count} guests so far · ready";
    group_scan_hint: "Thẻ quét lại lần hai không tạo thêm dòng.", "A card scanned twice makes no second row.";
    row_added(row, name): "Vừa nhận: dòng {row}, {name}.", "Just taken: row {row}, {name}.";
    row_known(row, name): "{name} đã ở dòng {row}; không tạo thêm dòng.", "{name} is in row {row} already; no row was added.";
    rows_pasted(added): "Đã thêm {added} dòng từ bảng.", "{added} rows were added from the table.";
    rows_pasted_known(added, known): "Đã thêm {added} dòng từ bảng; {known} người đã có trong danh sách.", "{added} rows were added from the table; {known} people were in the list already.";
    rows_roomed(count): "Đã xếp phòng cho {count} khách.", "Rooms were assigned to {count} guests.";
    row_removed(row): "Đã bỏ dòng {row}.", "Row {row} was taken out.";
    quick_rooms: "Xếp phòng nhanh", "Quick rooms";
    from_room: "Từ phòng", "From room";
    each_room: "mỗi phòng", "guests in each";
    assign_rooms: "Xếp phòng", "Assign";
    paste_table: "Dán từ bảng tính", "Paste from a spreadsheet";
    paste_hint: "Chép các dòng trong bảng tính, kể cả dòng tiêu đề nếu có, rồi dán vào đây. Không có tiêu đề thì cột được nhận ra theo nội dung.",
        "Copy the rows of a spreadsheet, with their heading if there is one, and paste them here. Without a heading the columns are recognised by what they hold.";
    pasted_rows: "Các dòng đã chép", "Copied rows";
    add_rows: "Thêm các dòng này", "Add these rows";
    paste_unread: "Không nhận ra bảng này: cần cột họ tên và cột số giấy tờ.", "This table is not recognised: it needs a column of names and one of document numbers.";
    no_group_yet: "Chưa có khách nào trong đoàn", "Nobody is in the group yet";
    no_group_yet_hint: "Quét thẻ đầu tiên, hoặc dán bảng từ Excel.", "Scan the first card, or paste a table from Excel.";
    row_count_is(count): "{count} dòng", "{count} rows";
    valid_count(count): "{count} hợp lệ", "{count} valid";
    bad_count(count): "{count} cần sửa", "{count} to correct";
    doubt_count(count): "{count} nên đối chiếu", "{count} to compare";
    row_order: "Dòng lỗi xếp trên cùng, rồi dòng mới nhất", "Rows to correct first, then the newest";
    row: "Dòng", "Row";
    row_valid: "Hợp lệ", "Valid";
    row_bad: "Cần sửa", "Correct it";
    row_doubtful: "Đối chiếu", "Compare";
    field_of_row(field, row): "{field}, dòng {row}", "{field}, row {row}";
    use_value(value): "Dùng {value}", "Use {value}";
    edit_row(row): "Sửa dòng {row}", "Change row {row}";
    remove_row(row): "Bỏ dòng {row}", "Take row {row} out";
    group_list: "Danh sách khách của đoàn", "Guests of the group";
    check_rows: "Kiểm tra lại", "Check again";
    count_agrees(count): "{count} dòng, đúng {count} khách theo danh sách.", "{count} rows, just the {count} guests of the list.";
    count_differs(count, expected): "{count} dòng, danh sách ghi {expected} khách.", "{count} rows, the list says {expected} guests.";
    bad_rows_stay(count): "{count} dòng cần sửa vẫn được giữ lại trên trang này.", "{count} rows to correct stay on this page.";
    send_group(count): "Gửi {count} khách hợp lệ", "Send the {count} valid guests";
    send_group_differs(count, expected): "Gửi {count} khách, danh sách ghi {expected}", "Send {count} guests, the list says {expected}";
    nobody_to_send: "Chưa có khách hợp lệ", "No valid guest yet";
    group_declared(count): "Đã khai {count} khách, đều đúng hạn và có biên nhận.", "{count} guests declared, all on time, each with a receipt.";
    group_declared_late(count, late): "Đã khai {count} khách và có biên nhận; {late} khách quá hạn.", "{count} guests declared, each with a receipt; {late} of them late.";
    group_replayed(count): "{count} người trong số đó đã khai từ trước, không tạo lượt thứ hai.", "{count} of them had been declared before; no second stay was made.";
    rows_kept: "Danh sách vẫn còn nguyên bên dưới. Gửi lại không bao giờ tạo hai lượt.", "The list is still here below. Sending again never makes two stays.";
    too_many_rows(max): "Mỗi lần gửi nhiều nhất {max} khách. Các dòng vượt quá chưa được thêm: gửi danh sách này trước, rồi thêm phần còn lại.",
        "At most {max} guests are sent at once. The rows beyond that were not added: send this list first, then add the rest.";
    unknown_count: "Ghi số khách bằng chữ số.", "Write the number of guests in digits.";
    key_next_bad: "dòng cần sửa tiếp theo", "the next row to correct";

    // Files.
    imports_hint: "CSV hoặc XLSX từ phần mềm khách sạn, sổ Excel, hay mẫu của hệ thống.", "CSV or XLSX from a hotel program, an Excel book or our template.";
    import_template: "Tải tệp mẫu", "Get the template";
    drop_file: "Kéo tệp vào đây", "Drop a file here";
    choose_file: "Chọn tệp trên máy", "Choose a file";
    file_hint(size): "Tối đa {size} MB. Tên cột tiếng Việt hay tiếng Anh, thứ tự nào cũng được.", "At most {size} MB. Headings in Vietnamese or English, in any order.";
    send_file: "Gửi tệp", "Send the file";
    try_file: "Chạy thử, không lưu gì", "Try it, store nothing";
    import_how: "Việc gì xảy ra", "What happens";
    import_received: "Tiếp nhận khi tải xong", "Received when the upload is complete";
    import_received_hint: "Thời điểm tiếp nhận của mọi dòng hợp lệ là lúc tải xong, dù đọc tệp mất bao lâu.", "Every valid row counts as received when the upload was complete, however long the reading takes.";
    import_each_row: "Dòng nào đúng thì nhận", "Each row for itself";
    import_each_row_hint: "Dòng sai không làm hỏng dòng đúng. Sửa ngay trên trang, hoặc tải dòng lỗi về sửa.", "A bad row never harms a good one. Correct it on the page, or get the bad rows as a file.";
    import_again: "Gửi lại không sợ trùng", "Sending again makes nothing twice";
    import_again_hint: "Dòng đã khai được nhận ra và bỏ qua.", "Rows that were declared are known again.";
    recent_files: "Tệp gần đây", "Recent files";
    kept_seven_days: "giữ 7 ngày", "kept for 7 days";
    no_file_yet: "Chưa có tệp nào trong 7 ngày qua.", "No file in the last 7 days.";
    file_of(kind, at): "Tệp {kind} lúc {at}", "{kind} file of {at}";
    file_waiting: "Chờ đọc", "Waiting";
    file_reading: "Đang đọc", "Being read";
    file_done: "Xong", "Done";
    file_failed: "Không đọc được", "Unreadable";
    file_tried: "Chạy thử", "Tried";
    rows_to_correct(count): "{count} dòng cần sửa", "{count} rows to correct";
    rejected_file(count): "Tải {count} dòng lỗi", "Get the {count} bad rows";
    trial_fact: "Chạy thử: chưa khai gì.", "A trial: nothing was declared.";
    trial_advice: "Gửi lại tệp bằng nút Gửi tệp để khai.", "Send the file again by Send the file to declare.";
    file_unread: "Không đọc được tệp này; chưa có gì được lưu.", "This file cannot be read; nothing was saved.";
    progress: "Tiến độ", "Progress";
    of_rows(count): "trong {count} dòng", "of {count} rows";
    file_waits: "Tệp đã được lưu và đang chờ đến lượt đọc.", "The file is stored and waits for its turn.";
    may_leave: "Có thể rời trang này; việc đọc tệp vẫn tiếp tục.", "You may leave this page; the file is read on.";
    reload: "Xem lại tiến độ", "Look again";
    rows_new: "nhận mới, có biên nhận", "new, with a receipt";
    rows_would_pass: "sẽ được nhận", "would be taken";
    rows_known_before: "đã khai trước đó", "declared before";
    rows_refused: "chưa khai, cần sửa", "not declared, to correct";
    rows_skipped: "bỏ qua: không phải khách đang ở", "skipped: nobody who is here";
    mend_in_place: "Sửa tại chỗ", "Correct them here";
    mended_counts: "Dòng sửa xong được tiếp nhận vào lúc gửi lại.", "A mended row counts as received when it is sent again.";
    send_mended: "Gửi lại các dòng đã sửa", "Send the corrected rows";
    only_mended: "Chỉ các dòng này được gửi lại; dòng đã nhận giữ nguyên.", "Only these rows are sent again; those taken stay as they are.";
    first_rejected(count): "Đang hiện {count} dòng đầu; gửi xong sẽ hiện tiếp.", "The first {count} are shown; the others follow once these are sent.";
    rows_mended(count): "Đã khai {count} dòng đã sửa.", "{count} corrected rows are declared.";
    rows_still_bad(count): "{count} dòng vẫn cần sửa.", "{count} rows still need correcting.";
    worth_a_look: "Nên xem qua", "Worth a look";
    taken_already: "Đã nhận; không bắt buộc sửa", "Taken; need not be corrected";
    row_is(row): "Dòng {row}", "Row {row}";
    row_of_sheet(row, sheet): "Dòng {row}, trang {sheet}", "Row {row}, sheet {sheet}";
    columns: "Cột đã nhận ra", "Columns";
    columns_of(sheet): "Cột đã nhận ra, trang {sheet}", "Columns of sheet {sheet}";
    column: "Cột", "Column";
    in_the_file: "Trong tệp", "In the file";
    taken_for: "Được hiểu là", "Taken for";
    ignored: "Bỏ qua", "Ignored";
    sheets_unread: "Trang không được đọc", "Sheets that are not read";
    too_many_files: "Ba tệp đang chờ đọc. Gửi lại khi một tệp đã xong.", "Three files wait. Send this one when one of them is done.";

    // A ward.
    ward_one: "Khoa", "Ward";
    wards_heading: "Các khoa", "Wards";
    people_here: "người đang ở", "people here";
    last_confirmed(at): "Xác nhận lần cuối {at}", "Last confirmed {at}";
    never_confirmed: "Chưa xác nhận lần nào", "Never confirmed";
    whole_facility: "Cả cơ sở", "The whole facility";
    show_ward: "Xem", "Show";
    compare_list: "So với danh sách đã khai", "Compare with what is declared";
    ward_source_known: "Đánh dấu ai đã ra, hoặc dán danh sách mới.",
        "Mark who has left, or paste a new list.";
    ward_source_pasted(at): "Danh sách chụp lúc {at}, so với những người đã khai.", "The list of {at}, compared with what is declared.";
    paste_census: "Dán danh sách người đang nằm viện", "Paste the list of who is here";
    paste_census_hint: "Chép cả dòng tiêu đề: mã bệnh nhân, họ tên, số giấy tờ, phòng, giường. Ai không có trong danh sách sẽ được hỏi.",
        "Copy the heading, too: patient number, name, document number, room, bed. Who is not in the list is asked about.";
    lines_to_correct: "Dòng cần sửa", "Lines to correct";
    lines_to_correct_hint: "Dòng lỗi không được khai; sửa rồi so lại.", "A faulty line is not declared; correct it and compare again.";
    newcomers: "Mới vào", "New";
    gone: "Đã ra", "Left";
    moved: "Đổi chỗ", "Moved";
    corrected: "Đổi thông tin", "Other changes";
    newborns: "Sơ sinh", "Newborn";
    unidentified: "Chưa rõ danh tính", "Not identified";
    unchanged: "Không đổi", "Unchanged";
    show_list: "Xem danh sách", "Show the list";
    came_from(place): "Từ {place}.", "From {place}.";
    room_and_bed(room, bed): "Phòng {room} · giường {bed}", "Room {room} · bed {bed}";
    room_alone(room): "Phòng {room}", "Room {room}";
    bed_alone(bed): "Giường {bed}", "Bed {bed}";
    not_in_list: "Không còn trong danh sách.", "No longer in the list.";
    completed_later: "Khai báo tạm vẫn có biên nhận; bổ sung khi biết.", "A provisional declaration has a receipt; complete it when more is known.";
    still_here: "Còn ở đây", "Still here";
    has_left: "Đã ra viện", "Has left";
    nobody_in_ward: "Chưa có ai được khai ở đây", "Nobody is declared here";
    nobody_in_ward_hint: "Dán danh sách từ phần mềm bệnh viện, hoặc khai từng người.", "Paste the list of the hospital's program, or declare one by one.";
    confirm_list: "Xác nhận danh sách", "Confirm the list";
    present_people: "Có mặt", "Present";
    confirm_present(count): "Xác nhận {count} người", "Confirm {count} people";
    missing_after_confirming: "Người vắng chỉ được ghi là rời đi sau khi xác nhận.", "Who is missing is recorded as departed only after you confirm.";
    type_to_confirm(count): "Gõ {count} để xác nhận", "Type {count} to confirm";
    census_looks_wrong(count): "Danh sách này ghi {count} người đã ra, quá nửa số người đang ở hoặc tất cả. Nếu đúng, gõ {count}.",
        "By this list {count} people have left, more than half or all of them. If that is so, type {count}.";
    census_done(present): "Đã xác nhận {present} người có mặt.", "{present} people are confirmed as present.";
    census_changes(arrived, departed, changed): "Mới vào {arrived}, đã ra {departed}, đổi {changed}.", "New {arrived}, left {departed}, changed {changed}.";
    census_rejected(count): "{count} dòng chưa được khai: sửa rồi xác nhận lại.", "{count} lines are not declared: correct them and confirm again.";
}
