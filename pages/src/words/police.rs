//! Police officers: the queue, a case, what is watched.

use domain::{
    facility::FacilityKind,
    identity::GradeReason,
    problem::Language,
    review::{DecisionReason, ReviewDecision, ReviewKind, ReviewState},
};

use super::Words;

words! { ENTRIES:
    queue: "Hàng đợi", "Queue";
    dashboard: "Theo dõi", "Watch";

    // What an officer works for.
    police_of_areas(areas): "Công an {areas}", "Police of {areas}";
    police: "Công an", "Police";
    several_areas(first, count): "{first} và {count} địa bàn khác", "{first} and {count} more areas";

    // The bar.
    held_cases: "Vụ việc đang giữ", "Cases you hold";
    percent_whole(number): "{number} %", "{number}%";
    holding(count): "Đang giữ {count} vụ việc", "You hold {count} cases";
    holding_left: ", còn", ", for";
    holding_until(clock): ", đến {clock}", ", until {clock}";
    holding_nothing: "Bạn chưa giữ vụ việc nào", "You hold no case";
    hold_longer(minutes): "Giữ thêm {minutes} phút", "Hold for {minutes} more minutes";
    give_all_back: "Trả lại", "Give back";
    lease_near: "Còn 2 phút giữ vụ việc.", "Two minutes left to hold the cases.";
    lease_over: "Thời hạn giữ đã hết.", "You no longer hold the cases.";
    watching_only: "Chỉ xem, không quyết định", "You watch, and decide nothing";

    // The queue.
    waiting_cases(count): "{count} vụ việc chờ", "{count} cases wait";
    waiting_cases_longest(count, waited): "{count} vụ việc chờ, lâu nhất {waited}", "{count} cases wait, the longest for {waited}";
    take_next(count): "Nhận {count} vụ việc kế tiếp", "Take the next {count}";
    changes_waiting(count): "{count} thay đổi chờ hiện", "Show {count} changes";
    stat_due_soon: "Khẩn: hạn trong 3 giờ", "Urgent: due within 3 hours";
    stat_identity: "Khác hoặc không có trong CSDL", "Differ from the registry, or unknown to it";
    stat_awaiting: "Chờ cơ sở trả lời", "Wait for the facility's answer";
    stat_median: "Thời gian xử lý trung vị hôm nay", "Median handling time today";
    filter_queue: "Lọc hàng đợi", "Filter the queue";
    kind_of_case: "Loại vụ việc", "Kind of case";
    all_kinds: "Tất cả loại", "All kinds";
    area: "Địa bàn", "Area";
    all_areas: "Toàn địa bàn", "The whole area";
    kind_of_facility: "Loại cơ sở", "Kind of facility";
    all_facilities: "Tất cả", "All";
    filter: "Lọc", "Filter";
    not_closed: "Chưa xong", "Not done";
    waiting_for_officers: "Chờ xử lý", "Waiting";
    only_held: "Bạn đang giữ", "You hold";
    list_of_cases: "Danh sách vụ việc", "List of cases";
    priority: "Ưu tiên", "Priority";
    reason_opened: "Lý do mở", "Reason";
    waited: "Đã chờ", "Waited";
    waits: "Chờ", "Waits";
    holder: "Người giữ", "Held by";
    held_by_you: "Bạn giữ", "You";
    held_by_other(clock): "Người khác, đến {clock}", "Somebody else, until {clock}";
    take: "Nhận", "Take";
    take_case(name): "{name}", "{name}";
    priority_1: "Khẩn", "Urgent";
    priority_2: "Cao", "High";
    priority_3: "Thường", "Normal";
    priority_4: "Thấp", "Low";
    time_left(time): "còn {time}", "{time} left";
    time_over(time): "quá hạn {time}", "{time} late";
    minutes(count): "{count} phút", "{count} min";
    hours_and_minutes(hours, minutes): "{hours} giờ {minutes:02} phút", "{hours} h {minutes:02} min";
    days_and_hours(days, hours): "{days} ngày {hours} giờ", "{days} d {hours} h";
    queue_empty: "Không còn vụ việc nào chờ trong địa bàn", "No case waits in your area";
    queue_empty_hint: "Vụ việc mới hiện ở đây trong vài giây.", "New cases appear here within seconds.";
    queue_none_match: "Không có vụ việc nào khớp với bộ lọc", "No case matches the filter";
    show_whole_queue: "Xem cả hàng đợi", "Show the whole queue";
    only_facility(name): "Chỉ {name}", "Only {name}";
    this_facility: "một cơ sở", "one facility";
    key_take_and_open: "nhận và mở", "take and open";
    key_take_next: "nhận loạt kế tiếp", "take the next ones";
    key_decide: "chấp nhận, hỏi cơ sở, chuyển, trả lại", "accept, ask, refer, give back";
    key_confirm: "nhận vụ việc, ghi quyết định", "take the case, record the decision";
    no_names_in_list: "Danh sách không hiện họ tên. Mở vụ việc mới hiện và được ghi nhật ký.",
        "This list shows no names. Opening a case does, and is logged.";
    next_page: "Trang sau", "Next page";
    first_page: "Trang đầu", "First page";
    damaged_cases(count): "{count} vụ việc bị hỏng dữ liệu, quản trị đã được báo.", "{count} cases are stored damaged; the operator knows.";
    nothing_taken: "Không còn vụ việc nào để nhận.", "There is no case left to take.";
    nothing_taken_hint: "Người khác vừa nhận, hoặc hàng đợi đã hết.", "Somebody else took it, or the queue is empty.";
    held_longer: "Đã giữ thêm.", "You hold them longer.";
    given_back_all(count): "Đã trả lại {count} vụ việc.", "{count} cases given back.";

    // Kinds of cases.
    kind_mismatch: "Khác dữ liệu dân cư", "Differs from the registry";
    kind_not_found: "Không có trong dữ liệu dân cư", "Unknown to the registry";
    kind_probing: "Một số giấy tờ, nhiều tên", "One number, several names";
    kind_rejected: "Cổng công an từ chối", "Refused by the police endpoint";
    kind_late: "Khai quá hạn", "Declared late";
    kind_implausible: "Không hợp lý", "Implausible";
    kind_duplicate: "Khai hai lần", "Declared twice";
    kind_overlap: "Hai nơi cùng một đêm", "Two places in one night";
    kind_declared_elsewhere: "Cơ sở khác cũng khai", "Declared elsewhere as well";

    // States of cases.
    case_open: "Chờ xử lý", "Waiting";
    case_awaiting: "Chờ cơ sở trả lời", "Waiting for the facility";
    case_referred: "Được chuyển đến", "Referred here";
    case_closed: "Đã xong", "Done";

    // Kinds of facilities.
    lodging_business: "Cơ sở kinh doanh lưu trú", "Lodging business";
    guest_house: "Nhà khách", "Guest house";
    official_residence: "Nhà công vụ", "Official residence";
    medical_facility: "Cơ sở khám, chữa bệnh", "Medical facility";
    school: "Trường học, ký túc xá", "School or dormitory";

    // A case.
    back_to_queue: "Hàng đợi", "Queue";
    case_sub(facility, opened, waited): "{facility} · mở {opened}, đã chờ {waited}", "{facility} · opened {opened}, waited {waited}";
    case_sub_room(facility, room, opened, waited): "{facility} · phòng {room} · mở {opened}, đã chờ {waited}",
        "{facility} · room {room} · opened {opened}, waited {waited}";
    key_previous: "trước", "previous";
    key_next: "sau", "next";
    declared_and_registry: "Khai báo và dữ liệu dân cư", "Declaration and registry";
    member: "Mục", "Member";
    as_declared: "Cơ sở đã khai", "Declared";
    against_registry: "So với CSDL dân cư", "Against the registry";
    degree: "Mức độ", "In what";
    grade_exact: "Khớp", "Agrees";
    grade_near: "Gần khớp", "Nearly";
    grade_different: "Khác", "Differs";
    grade_none: "Không so", "Not compared";
    grade_absent: "Không có", "Unknown";
    grade_pending: "Đang đối chiếu", "Being checked";
    counted_differences(different, near): "{different} khác, {near} gần khớp", "{different} differ, {near} nearly agree";
    nothing_differs: "Không mục nào khác", "Nothing differs";
    number_known: "có trong dữ liệu dân cư", "known to the registry";
    number_unknown: "không có trong dữ liệu dân cư", "not known to the registry";
    sex_of_number: "số định danh cũng cho giới tính khác", "the number says the other sex as well";
    year_of_number: "số định danh cho năm sinh khác", "the number says another year of birth";
    only_degrees: "Hệ thống chỉ cho biết mức khớp, không hiện dữ liệu dân cư. Lần xem này đã được ghi nhật ký với mục đích “xử lý vụ việc”.",
        "Only how well it agrees is told; the registry's data are not shown. This sight is logged, for handling the case.";
    reason_other_marks: "chỉ khác dấu, khoảng trắng hoặc ký hiệu", "only other marks, spaces or signs";
    reason_other_order: "cùng các từ, khác thứ tự", "the same words in another order";
    reason_cut_off: "một tên là phần đầu của tên kia", "one name is the beginning of the other";
    reason_other_name: "khác tên, không chỉ khác dấu", "another name, not only other marks";
    reason_less_precise: "một bên không đủ ngày tháng, phần còn lại khớp", "one is less precise; the rest agrees";
    reason_swapped: "đảo ngày và tháng", "day and month have changed places";
    reason_other_day: "khác ngày, cùng tháng và năm", "another day, the same month and year";
    reason_other_month: "khác tháng, cùng ngày và năm", "another month, the same day and year";
    reason_other_year: "khác năm, cùng ngày và tháng", "another year, the same day and month";
    reason_other_date: "khác nhiều hơn một phần", "more than one part is another";
    reason_other_sex: "khác giới tính", "the other sex";
    the_stay: "Lượt lưu trú", "Stay";
    police_reference: "Mã công an", "Police reference";
    not_yet: "chưa có", "none yet";
    damaged_stay: "Nội dung khai báo bị hỏng dữ liệu nên không hiện được.", "What was declared is stored damaged and cannot be shown.";
    history: "Lịch sử", "History";
    at_time: "Lúc", "When";
    what_happened: "Việc", "What";
    who: "Ai", "Who";
    outcome: "Kết quả", "Outcome";
    by_system: "Hệ thống", "The service";
    by_facility: "Cơ sở", "The facility";
    by_you: "Bạn", "You";
    by_other_officer: "Cán bộ khác", "Another officer";
    version_named(version, what): "Bản {version}: {what}", "Version {version}: {what}";
    was_compared: "Đối chiếu dân cư", "Compared with the registry";
    was_sent: "Gửi cổng công an", "Sent to the police endpoint";
    was_opened: "Mở vụ việc", "Case opened";
    was_answered: "Cơ sở trả lời", "The facility answered";
    was_corrected: "Cơ sở đã sửa mục được hỏi", "The facility changed what was asked about";
    tried_times(count): "lần {count}", "attempt {count}";
    with_status(text, status): "{text} (HTTP {status})", "{text} (HTTP {status})";
    attempt_delivered: "đã nhận", "taken";
    attempt_answered: "đã trả lời", "answered";
    attempt_refused: "bị từ chối", "refused";
    attempt_failed: "chưa được", "not yet";
    referred_to(commune): "đến {commune}", "to {commune}";
    related_cases: "Vụ việc khác của cơ sở", "Other cases of the facility";
    no_related_cases: "Cơ sở không có vụ việc nào khác chưa xong.", "The facility has no other case.";
    all_of_facility: "Xem trong hàng đợi", "Show in the queue";

    // The decision.
    decision: "Quyết định", "Decision";
    decide_accept: "Chấp nhận", "Accept";
    decide_ask: "Hỏi cơ sở", "Ask the facility";
    decide_refer: "Chuyển công an xã, phường khác", "Refer to another commune";
    decide_give_back: "Trả lại hàng đợi", "Give back to the queue";
    to_look_at: "Mục cần xem lại", "What to look at";
    for_police_only: "(chỉ công an thấy)", "(the police alone see it)";
    looked_at(members): "Cần xem: {members}.", "To look at: {members}.";
    reason_code: "Mã lý do", "Reason";
    question_to_facility: "Câu hỏi gửi cơ sở", "Question to the facility";
    question_names_three: "Cơ sở luôn được hỏi về họ tên, số giấy tờ và ngày sinh; không biết mục nào khác.",
        "The facility is always asked about name, number and date of birth, and never hears which of them differs.";
    default_question: "Xin đối chiếu họ tên, số giấy tờ và ngày sinh với giấy tờ của khách.",
        "Please compare name, number and date of birth with the guest's document.";
    question_tells: "Câu hỏi có vẻ cho biết kết quả đối chiếu", "The question seems to tell what the registry said";
    question_tells_hint: "Chưa gửi. Sửa câu hỏi, hoặc nhấn gửi lần nữa nếu vẫn muốn giữ.", "Not sent. Change it, or send again to keep it.";
    refer_where: "Xã, phường nhận", "To which commune";
    refer_hint: "Gõ tên hoặc mã 5 số.", "Type a name or the five-digit code.";
    internal_note: "Ghi chú nội bộ", "Internal note";
    record_decision: "Ghi quyết định, mở vụ kế tiếp", "Decide and open the next";
    decision_missing: "Chọn quyết định.", "Choose a decision.";
    reason_missing: "Chọn mã lý do, hoặc ghi lý do vào ghi chú.", "Choose a reason, or write it into the note.";
    commune_missing: "Chọn xã, phường nhận.", "Choose the commune.";
    commune_unknown: "Không có xã, phường này. Gõ tên đầy đủ hoặc mã 5 số.", "There is no such commune. Type its full name or code.";
    commune_same: "Vụ việc đang ở chính xã, phường này.", "The case is with this commune already.";
    lease_lost: "Thời hạn giữ đã hết, chưa có gì được lưu", "You no longer hold the case, nothing was saved";
    lease_lost_hint: "Nhận lại vụ việc; nội dung đã gõ còn nguyên.", "Take it again; what you typed is kept.";
    take_again: "Nhận lại vụ việc", "Take the case again";
    take_this: "Nhận vụ việc", "Take the case";
    take_this_hint: "Nhận để quyết định. Trong thời hạn giữ, không ai khác nhận được.", "Take it to decide. Nobody else gets it while you hold it.";
    other_holds(clock): "Người khác đang giữ vụ việc này đến {clock}.", "Somebody else holds this case until {clock}.";
    other_took: "Người khác vừa nhận vụ việc này.", "Somebody else has just taken this case.";
    is_closed: "Vụ việc đã xong, không cần làm gì thêm.", "The case is done; nothing more is to do.";
    done_accept: "Đã chấp nhận.", "Accepted.";
    done_ask: "Đã gửi câu hỏi cho cơ sở.", "The question is sent to the facility.";
    done_refer: "Đã chuyển vụ việc.", "The case is referred.";
    done_give_back: "Đã trả vụ việc lại hàng đợi.", "The case is back in the queue.";
    next_is_here: "Vụ việc kế tiếp bạn giữ ở ngay đây.", "The next case you hold is here.";
    none_held_left: "Bạn không còn giữ vụ việc nào.", "You hold no case any more.";
    why_data_confirmed: "Đã xác minh, thông tin đúng", "Checked, the data are right";
    why_registry_outdated: "Dữ liệu dân cư chưa cập nhật", "The registry is not up to date";
    why_number_changed: "Số định danh đã thay đổi", "The number has changed";
    why_excused_delay: "Khai muộn có lý do", "Late for a reason";
    why_typing_error: "Nghi nhập sai khi gõ tay", "Probably typed wrongly";
    why_document_of_another: "Nghi dùng giấy tờ của người khác", "Probably somebody else's document";
    why_unclear: "Chưa đủ thông tin", "Not enough to decide";
    why_other_commune: "Thuộc địa bàn khác", "Belongs to another commune";
    choose_reason_code: "Chọn mã lý do", "Choose a reason";

    // What is watched over.
    watch_sub(day): "{day} · số nhỏ hơn 10 không hiển thị", "{day} · counts under 10 are not shown";
    as_table: "Xem dạng bảng", "Show as a table";
    table_of(title): "Bảng: {title}", "Table: {title}";
    hour: "Giờ", "Hour";
    hour_of(hour): "{hour} giờ", "{hour}:00";
    hour_short(hour): "{hour}h", "{hour}h";
    arrivals_today: "Hôm nay", "Today";
    arrivals_usual: "Trung bình bốn tuần trước", "Mean of four weeks";
    hidden_count: "dưới 10", "under 10";
    percent(whole, tenth): "{whole},{tenth} %", "{whole}.{tenth}%";
    arrivals_more(percent): "Khách đến nhiều hơn mọi tuần gần đây {percent} %", "{percent}% more guests than in recent weeks";
    arrivals_fewer(percent): "Khách đến ít hơn mọi tuần gần đây {percent} %", "{percent}% fewer guests than in recent weeks";
    arrivals_as_usual: "Khách đến như mọi tuần gần đây", "As many guests as in recent weeks";
    arrivals_too_few: "Hôm nay còn ít khách đến", "Few guests have arrived today";
    arrivals_sum(today, usual): "Các giờ đủ số để so: {today} khách, trung bình bốn tuần trước {usual}.", "Hours that can be compared: {today} guests, {usual} in the mean of four weeks.";
    arrivals_busiest(hour, count): "Đông nhất lúc {hour} giờ: {count} khách.", "Busiest at {hour}:00: {count} guests.";
    arrivals_none: "Chưa có giờ nào từ 10 khách trở lên.", "No hour has ten guests yet.";
    chart_arrivals: "Biểu đồ cột: khách đến theo giờ hôm nay, đường đứt là trung bình bốn tuần trước", "Bar chart: guests by hour today; the dashed line is the mean of four weeks";
    chart_on_time: "Biểu đồ thanh: tỷ lệ đúng hạn, có mức tham chiếu 98 %", "Bar chart: share on time, with the mark of 98%";
    chart_backlog: "Biểu đồ đường: tuổi hàng đợi, trung vị, 95 phần trăm, lâu nhất", "Line chart: age of the queue: median, 95 percent, oldest";
    chart_quality: "Biểu đồ thanh: đúng, đủ, sạch, sống", "Bar chart: correct, complete, clean, timely";
    worst_late(name): "{name} khai trễ nhiều nhất", "{name}: most often late";
    all_above_mark: "Mọi loại cơ sở đều đạt mức 98 % đúng hạn", "Every kind of facility is on time at 98% and more";
    all_communes_above: "Mọi xã, phường đều đạt mức 98 % đúng hạn", "Every commune is on time at 98% and more";
    commune_below(name): "{name} dưới mức, thấp nhất địa bàn", "{name} is under the mark, the lowest of the area";
    too_few_declared: "Chưa đủ số liệu để so", "Not enough to compare";
    on_time_all(percent, count): "Toàn địa bàn {percent} đúng hạn trong 7 ngày, {count} lượt khai.", "{percent} of {count} declarations of 7 days were on time.";
    on_time_unknown: "Trong 7 ngày có dưới 10 lượt khai.", "Fewer than ten declarations in 7 days.";
    mark_98: "mức 98 %", "98%";
    on_time_share: "Đúng hạn", "On time";
    declared_count: "Lượt khai", "Declarations";
    commune: "Xã, phường", "Commune";
    backlog_none: "Không có vụ việc nào chờ", "No case waits";
    backlog_ages: "Hàng đợi đang già đi", "The queue is getting older";
    backlog_shrinks: "Hàng đợi đang trẻ lại", "The queue is getting younger";
    backlog_steady: "Tuổi hàng đợi không đổi nhiều", "The queue is about as old as before";
    backlog_now(count, median, oldest): "{count} vụ việc chờ; một nửa chờ không quá {median}, lâu nhất {oldest}.",
        "{count} cases wait; half of them for {median} at most, the oldest for {oldest}.";
    median: "Trung vị", "Median";
    percent_95: "95 %", "95%";
    oldest: "Lâu nhất", "Oldest";
    quality_good: "Dữ liệu đúng, đủ, sạch, sống đều từ 98 %", "The data are correct, complete, clean and timely at 98% and more";
    quality_lacks(name): "Phần “{name}” thấp nhất, dưới mức 98 %", "“{name}” is the lowest, under 98%";
    quality_lowest(percent): "Chỉ số chung lấy số thấp nhất: {percent}.", "The overall figure is the lowest: {percent}.";
    quality: "Chỉ số", "Figure";
    meaning: "Nghĩa", "Meaning";
    value: "Giá trị", "Value";
    correct: "Đúng", "Correct";
    complete: "Đủ", "Complete";
    clean: "Sạch", "Clean";
    timely: "Sống", "Timely";
    correct_means: "khớp dữ liệu dân cư", "agrees with the registry";
    complete_means: "đủ mục bắt buộc", "owes nothing";
    clean_means: "không khai trùng", "not declared twice";
    timely_means: "khai đúng hạn", "declared on time";
}

impl Words {
    /// Why a case was opened.
    #[must_use]
    pub const fn of_review_kind(self, kind: ReviewKind) -> &'static str {
        match kind {
            ReviewKind::Mismatch => self.kind_mismatch(),
            ReviewKind::NotFound => self.kind_not_found(),
            ReviewKind::Probing => self.kind_probing(),
            ReviewKind::Rejected => self.kind_rejected(),
            ReviewKind::Late => self.kind_late(),
            ReviewKind::Implausible => self.kind_implausible(),
            ReviewKind::Duplicate => self.kind_duplicate(),
            ReviewKind::Overlap => self.kind_overlap(),
            ReviewKind::DeclaredElsewhere => self.kind_declared_elsewhere(),
        }
    }

    /// Where a case is.
    #[must_use]
    pub const fn of_review_state(self, state: ReviewState) -> &'static str {
        match state {
            ReviewState::Open => self.case_open(),
            ReviewState::AwaitingCorrection => self.case_awaiting(),
            ReviewState::Referred => self.case_referred(),
            ReviewState::Closed => self.case_closed(),
        }
    }

    /// What an officer decides.
    #[must_use]
    pub const fn of_decision(self, decision: ReviewDecision) -> &'static str {
        match decision {
            ReviewDecision::Accept => self.decide_accept(),
            ReviewDecision::RequestCorrection => self.decide_ask(),
            ReviewDecision::Refer => self.decide_refer(),
        }
    }

    /// Why an officer decides so.
    #[must_use]
    pub const fn of_decision_reason(self, reason: DecisionReason) -> &'static str {
        match reason {
            DecisionReason::DataConfirmed => self.why_data_confirmed(),
            DecisionReason::RegistryOutdated => self.why_registry_outdated(),
            DecisionReason::NumberChanged => self.why_number_changed(),
            DecisionReason::ExcusedDelay => self.why_excused_delay(),
            DecisionReason::TypingError => self.why_typing_error(),
            DecisionReason::DocumentOfAnother => self.why_document_of_another(),
            DecisionReason::Unclear => self.why_unclear(),
            DecisionReason::OtherCommune => self.why_other_commune(),
        }
    }

    /// In what two values differ.
    #[must_use]
    pub const fn of_grade_reason(self, reason: GradeReason) -> &'static str {
        match reason {
            GradeReason::OtherMarks => self.reason_other_marks(),
            GradeReason::OtherOrder => self.reason_other_order(),
            GradeReason::CutOff => self.reason_cut_off(),
            GradeReason::OtherName => self.reason_other_name(),
            GradeReason::LessPrecise => self.reason_less_precise(),
            GradeReason::DayAndMonthSwapped => self.reason_swapped(),
            GradeReason::OtherDay => self.reason_other_day(),
            GradeReason::OtherMonth => self.reason_other_month(),
            GradeReason::OtherYear => self.reason_other_year(),
            GradeReason::OtherDate => self.reason_other_date(),
            GradeReason::OtherSex => self.reason_other_sex(),
        }
    }

    /// What a facility is by law, as officers call it.
    #[must_use]
    pub const fn of_kind_of_facility(self, kind: FacilityKind) -> &'static str {
        match kind {
            FacilityKind::LodgingBusiness => self.lodging_business(),
            FacilityKind::GuestHouse => self.guest_house(),
            FacilityKind::OfficialResidence => self.official_residence(),
            FacilityKind::MedicalFacility => self.medical_facility(),
            FacilityKind::School => self.school(),
        }
    }

    /// How urgent a case is.
    #[must_use]
    pub const fn of_priority(self, priority: u32) -> &'static str {
        match priority {
            0 | 1 => self.priority_1(),
            2 => self.priority_2(),
            3 => self.priority_3(),
            _ => self.priority_4(),
        }
    }

    /// How long something takes, in the two largest units.
    #[must_use]
    pub fn lasting(self, seconds: i64) -> String {
        let minutes = seconds.max(0) / 60;
        let (days, hours) = (minutes / (24 * 60), minutes / 60 % 24);
        if days > 0 {
            self.days_and_hours(days, hours)
        } else if hours > 0 {
            self.hours_and_minutes(hours, minutes % 60)
        } else {
            self.minutes(minutes)
        }
    }
}
