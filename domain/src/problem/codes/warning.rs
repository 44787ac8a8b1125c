//! Codes of the class `warning`: a member of a document deserves a look; nothing is refused.

macro_rules! warning {
    ([$next:ident $($later:ident)*] $($rows:tt)*) => { $next! { [$($later)*] $($rows)*

Warning, status: 422 {
    /// Not a telephone number.
    InvalidPhone => "invalid_phone", at: "/guest/phone" {
        vi: "Không giống số điện thoại",
            "Mục này được giữ như đã ghi nhưng không giống một số điện thoại (3 đến 15 chữ số). Hãy xem lại nếu cần liên hệ với khách.";
        en: "Not like a telephone number",
            "This was stored as it is, but does not look like a telephone number (3 to 15 digits). Check it if the guest has to be reached.";
    }

    /// The sex declared is not the one in the number.
    SexDiffersFromNumber => "sex_differs_from_number", at: "/guest/sex" {
        vi: "Giới tính khác với số định danh",
            "Giới tính đã khai khác với giới tính trong số định danh. Hãy đối chiếu với giấy tờ; nếu đúng thì không cần sửa.";
        en: "Sex differs from the number",
            "The sex declared is not the one in the personal ID number. Compare with the document; if it is right, there is nothing to do.";
    }

    /// The birth year declared is not the one in the number.
    BirthYearDiffersFromNumber => "birth_year_differs_from_number", at: "/guest/birth_date" {
        vi: "Năm sinh khác với số định danh",
            "Năm sinh đã khai khác với năm sinh trong số định danh. Hãy đối chiếu với giấy tờ; nếu đúng thì không cần sửa.";
        en: "Birth year differs from the number",
            "The birth year declared is not the one in the personal ID number. Compare with the document; if it is right, there is nothing to do.";
    }

    /// The permitted stay ended before the arrival.
    PermittedStayEnded => "permitted_stay_ended", at: "/guest/permitted_stay_until" {
        vi: "Đã hết hạn tạm trú trước ngày đến",
            "Ngày hết hạn tạm trú đã khai trước ngày khách đến. Hãy xem lại dấu nhập cảnh hoặc thị thực; nếu đúng là đã hết hạn, vẫn khai và báo cho cơ quan quản lý xuất nhập cảnh.";
        en: "The permitted stay ended before the arrival",
            "The last permitted day declared is before the day of arrival. Look at the entry stamp or the visa again; if it really has ended, declare the stay all the same and inform the immigration office.";
    }

    /// The visa expired before the arrival.
    VisaExpired => "visa_expired", at: "/guest/visa/expires_on" {
        vi: "Thị thực hết hạn trước ngày đến",
            "Ngày hết hạn thị thực đã khai trước ngày khách đến. Hãy xem lại thị thực; nếu đúng, không cần làm gì thêm.";
        en: "The visa expired before the arrival",
            "The last day of the visa declared is before the day of arrival. Look at the visa again; if it is right, there is nothing to do.";
    }

    /// The entry into the country lies after the arrival.
    EnteredAfterArrival => "entered_after_arrival", at: "/guest/entered_on" {
        vi: "Ngày nhập cảnh sau ngày đến",
            "Ngày nhập cảnh đã khai sau ngày khách đến cơ sở. Hãy xem lại dấu nhập cảnh và lúc đến.";
        en: "The entry is after the arrival",
            "The day of entry declared is after the day of arrival at the facility. Check the entry stamp and the arrival.";
    }

    /// A stay of 30 days or more.
    TemporaryResidenceDue => "temporary_residence_due", at: "/expected_departure_at" {
        vi: "Phải đăng ký tạm trú",
            "Khách ở từ 30 ngày trở lên thì phải đăng ký tạm trú (Luật Cư trú, điều 27). Hãy hướng dẫn khách đăng ký.";
        en: "Temporary residence is due",
            "A stay of 30 days or more needs registration of temporary residence (Law on Residence, art. 27). Tell the guest to register.";
    }

    /// The same document is present at this facility.
    AlreadyPresentHere => "already_present_here", at: "/guest/document/number" {
        vi: "Khách đang lưu trú tại đây",
            "Giấy tờ này đã có một lượt lưu trú chưa kết thúc tại cơ sở (xem stay_id). Nếu khách đã đi, hãy ghi nhận lúc rời đi của lượt đó; nếu khai trùng, hãy hủy một lượt.";
        en: "The guest is present here",
            "A stay of this document at this facility has not ended (see stay_id). If the guest has left, record the departure of that stay; if it is the same stay, cancel one of them.";
    }

    /// The same document left this facility after the arrival declared.
    OverlapsStayHere => "overlaps_stay_here", at: "/arrival_at" {
        vi: "Trùng thời gian với lượt lưu trú khác tại đây",
            "Một lượt lưu trú của giấy tờ này tại cơ sở (xem stay_id) kết thúc sau lúc đến đã khai. Hãy kiểm tra lúc đến và lúc rời đi của cả hai lượt.";
        en: "Overlaps another stay here",
            "A stay of this document at this facility (see stay_id) ended after the arrival declared. Check arrival and departure of both stays.";
    }

    /// That stay was declared with another key.
    DeclaredByAnotherSender => "declared_by_another_sender", at: "/guest/document/number" {
        vi: "Đã được khai bằng khóa khác",
            "Lượt lưu trú đó (xem stay_id) được khai cho cơ sở này bằng một khóa khác. Hãy kiểm tra xem có hai phần mềm cùng khai cho cơ sở hay không.";
        en: "Declared with another key",
            "That stay (see stay_id) was declared for this facility with another key. Check whether two programs declare for the facility.";
    }

    /// A commune code of before 2025-07-01.
    CommuneCodeOld => "commune_code_old", at: "/guest/residence/commune_code" {
        vi: "Mã xã, phường cũ",
            "Mã này thuộc đơn vị hành chính trước ngày 01/07/2025. Lần sau hãy dùng mã mới trong danh mục communes.";
        en: "Old commune code",
            "This code belongs to a unit that existed before 2025-07-01. Next time use the new code of the catalogue communes.";
    }

    /// A commune code of before 2025-07-01 whose unit went into several.
    CommuneCodeAmbiguous => "commune_code_ambiguous", at: "/guest/residence/commune_code" {
        vi: "Mã xã, phường cũ đã chia tách",
            "Mã này thuộc đơn vị hành chính trước ngày 01/07/2025 đã được chia vào nhiều đơn vị mới. Hãy hỏi khách và chọn một trong các mã mới nêu ở danh mục commune_aliases.";
        en: "Old commune code of a divided unit",
            "This code belongs to a unit that existed before 2025-07-01 and was divided among several new ones. Ask the guest and choose one of the new codes named in the catalogue commune_aliases.";
    }

    /// Spaces, dots or full-width forms were dropped from a number.
    NumberCleaned => "number_cleaned", at: "/guest/document/number" {
        vi: "Số đã được làm sạch",
            "Khoảng trắng, dấu chấm hoặc ký tự toàn khổ trong số đã được bỏ. Hãy đối chiếu với giấy tờ.";
        en: "The number was cleaned",
            "Spaces, dots or full-width forms were dropped from the number. Compare with the document.";
    }

    /// The scanned text was damaged in encoding, letter case or spacing and has been repaired.
    TextRepaired => "text_repaired", at: "/guest" {
        vi: "Nội dung quét đã được phục hồi",
            "Máy quét làm sai bảng mã, chữ hoa hoặc khoảng cách; nội dung đã được phục hồi. Hãy đối chiếu với giấy tờ và chỉnh lại máy quét.";
        en: "The scanned text was repaired",
            "The scanner changed encoding, letter case or spacing; the text was repaired. Compare with the document, and correct the scanner's settings.";
    }

    /// A field of the scanned text that cannot be read; the member is left out.
    ScanFieldUnreadable => "scan_field_unreadable", at: "/guest/birth_date" {
        vi: "Không đọc được mục này",
            "Nội dung quét không cho mục này một giá trị hợp lệ, nên mục được để trống. Hãy nhập theo giấy tờ.";
        en: "This field could not be read",
            "The scanned text has no valid value for this member; it was left out. Enter it from the document.";
    }

    /// The card's day of issue does not exist, is before the birth or after today.
    IssueDateDoubtful => "issue_date_doubtful", at: "/guest/document" {
        vi: "Ngày cấp thẻ đáng ngờ",
            "Ngày cấp trong mã QR không tồn tại, trước ngày sinh hoặc sau hôm nay. Hãy kiểm tra thẻ.";
        en: "Doubtful day of issue",
            "The day of issue in the QR code does not exist, or is before the birth or after today. Look at the card again.";
    }

    /// A check digit of the machine-readable zone does not fit.
    CheckDigitWrong => "check_digit_wrong", at: "/guest/document/number" {
        vi: "Số kiểm tra không khớp",
            "Số kiểm tra trong vùng đọc máy không khớp với mục này, có thể do đọc nhầm. Hãy đối chiếu từng ký tự với giấy tờ.";
        en: "Check digit does not match",
            "The check digit in the machine-readable zone does not match, perhaps because of a misreading. Compare each character with the document.";
    }

    /// The two numbers in the zone of a citizen's card do not agree.
    MrzNumbersDiffer => "mrz_numbers_differ", at: "/guest/document/number" {
        vi: "Hai số trong vùng đọc máy khác nhau",
            "Số thẻ không phải 9 chữ số cuối của số định danh trong cùng vùng đọc máy. Hãy đối chiếu với mặt trước thẻ.";
        en: "Two numbers in the zone differ",
            "The card's number is not the last nine digits of the personal ID number in the same zone. Compare with the front of the card.";
    }

    /// The name fills its field in the machine-readable zone and may be cut.
    NameCutOff => "name_cut_off", at: "/guest/full_name" {
        vi: "Tên có thể bị cắt",
            "Tên chiếm hết chỗ trong vùng đọc máy nên có thể bị cắt. Hãy nhập đủ họ tên theo giấy tờ.";
        en: "The name may be cut off",
            "The name fills its field in the machine-readable zone and may be cut. Enter it in full from the document.";
    }

    /// The document's last day of validity has passed.
    DocumentExpired => "document_expired", at: "/guest/document" {
        vi: "Giấy tờ đã hết hạn",
            "Ngày hết hạn trong vùng đọc máy đã qua. Hãy hỏi khách giấy tờ còn hạn; vẫn khai báo được bằng giấy tờ này.";
        en: "The document has expired",
            "The last day of validity in the machine-readable zone has passed. Ask for a valid document; the stay can still be declared with this one.";
    }

    /// Characters that nobody sees were dropped.
    InvisibleDropped => "invisible_dropped", at: "/guest/document/number" {
        vi: "Đã bỏ ký tự ẩn",
            "Ký tự ẩn trong mục này đã được bỏ. Hãy xem lại mục này có đúng không.";
        en: "Invisible characters dropped",
            "Invisible characters were dropped from this member. Check that it is right.";
    }

    /// The text was too long for the member and was cut off.
    TextCut => "text_cut", at: "/note" {
        vi: "Nội dung quá dài đã được cắt bớt",
            "Phần vượt quá độ dài cho phép của mục này đã được bỏ. Hãy xem lại phần còn lại.";
        en: "Text cut",
            "The text was longer than this member may be and was cut off. Check what is left.";
    }

    /// A Vietnamese citizen's document with another nationality.
    NationalityDiffersFromDocument => "nationality_differs_from_document", at: "/guest/nationality" {
        vi: "Quốc tịch khác với giấy tờ",
            "Giấy tờ này do Việt Nam cấp cho công dân Việt Nam nhưng quốc tịch khai là nước khác. Hãy xem lại loại giấy tờ và quốc tịch.";
        en: "Nationality and document disagree",
            "Only Vietnamese citizens hold this kind of document, but another nationality is declared. Check the kind of document and the nationality.";
    }

    /// Letters in a scanned name where fillers belong, or digits.
    NameDoubtful => "name_doubtful", at: "/guest/full_name" {
        vi: "Họ tên có thể đọc sai",
            "Phần họ tên quét được có ký tự lạ, có thể do máy đọc nhầm. Hãy so với họ tên in trên giấy tờ.";
        en: "Name in doubt",
            "The scanned name holds characters that may be misread. Compare it with the name printed on the document.";
    }

    /// An item of a request that says the same as an earlier one.
    SameAsEarlierItem => "same_as_earlier_item", at: "" {
        vi: "Trùng với một mục trước đó",
            "Mục này giống hệt một mục trước trong cùng lần gửi nên chỉ được lưu một lần. Nếu là hai người khác nhau, hãy thêm reference riêng cho mỗi người rồi gửi lại.";
        en: "Same as an earlier item",
            "This item says the same as an earlier one of this request and was saved once. If they are two people, give each a reference of their own and send them again.";
    }

    /// An arrival date without a time counts as 14:00.
    ArrivalTimeAssumed => "arrival_time_assumed", at: "/arrival_at" {
        vi: "Giờ đến được giả định",
            "Dòng chỉ có ngày đến nên giờ đến được tính là 14:00, hoặc lúc tiếp nhận nếu sớm hơn. Hãy ghi giờ đến nếu biết.";
        en: "The time of arrival was assumed",
            "The row has only a date of arrival, which counts as 14:00, or as the time of receipt if that was earlier. Give the time if it is known.";
    }

    /// A booking for more guests than the file lists.
    PartyIncomplete => "party_incomplete", at: "/party" {
        vi: "Đặt phòng có thêm khách",
            "Số khách của lượt đặt phòng nhiều hơn số dòng trong tệp. Hãy khai báo cả những khách còn lại.";
        en: "The booking has more guests",
            "The booking is for more guests than the file has rows. Declare the others, too.";
    }

    /// A date that was read in the likeliest of the ways it may be read.
    DateAssumed => "date_assumed", at: "/guest/birth_date" {
        vi: "Ngày được hiểu theo cách thường gặp",
            "Ngày này không ghi đủ hoặc có thể đọc theo hai cách, nên đã được hiểu theo cách thường gặp. Hãy xem lại ngày đã lưu có đúng không.";
        en: "The date was read in the usual way",
            "This date is incomplete or can be read in two ways, and was read in the usual one. Check that the stored date is right.";
    }

    /// A cell that seems to hold the names of two people.
    TwoGuestsInCell => "two_guests_in_cell", at: "/guest/full_name" {
        vi: "Ô có vẻ ghi tên hai người",
            "Ô này có vẻ ghi tên hai người, mà mỗi dòng chỉ khai được một người. Nếu là hai người, hãy hủy lượt này rồi khai mỗi người một dòng, mỗi người một số giấy tờ.";
        en: "The cell seems to name two people",
            "The cell seems to hold the names of two people, and a row declares one. If they are two, cancel this stay and declare each in a row of their own, with their own document.";
    }

    /// A row whose booking was cancelled: nobody is declared.
    BookingCancelled => "booking_cancelled", at: "" {
        vi: "Đặt phòng đã hủy",
            "Dòng này là lượt đặt phòng đã hủy hoặc khách không đến, nên không khai báo ai. Nếu khách đang ở, hãy sửa cột trạng thái.";
        en: "The booking was cancelled",
            "This row is about a cancelled booking or a guest who never came, so nobody was declared. If the guest is there, correct the status.";
    }

    /// A row of a guest who has not come yet: nobody is declared.
    GuestNotArrived => "guest_not_arrived", at: "" {
        vi: "Khách chưa đến",
            "Dòng này là khách chưa đến, nên chưa khai báo. Hãy gửi lại khi khách đã đến.";
        en: "The guest has not arrived yet",
            "This row is about a guest who has not arrived yet, so nobody was declared. Send it again once the guest is there.";
    }

    /// A row of a guest who has left, and not when: nobody is declared.
    GuestDeparted => "guest_departed", at: "" {
        vi: "Khách đã đi, không rõ lúc nào",
            "Dòng này là khách đã đi nhưng không có ngày giờ đi, nên không khai báo. Hãy ghi ngày giờ đi thực tế rồi gửi lại.";
        en: "The guest has left at an unknown time",
            "This row is about a guest who has left, without the time of departure, so nobody was declared. Write the day and time of departure and send it again.";
    }

    /// A guest who is present and was not in a census.
    CensusMissing => "census_missing", at: "" {
        vi: "Không có trong danh sách",
            "Khách đang lưu trú nhưng không có trong danh sách gần nhất. Nếu khách đã rời đi, hãy ghi nhận thời điểm rời đi; nếu còn ở, danh sách sau sẽ khép lại câu hỏi này.";
        en: "Not in the census",
            "The guest is present and was not in the last census. If the guest has left, record the departure; if not, the next census that lists the guest closes the question.";
    }

    /// A faulty line of a census that leaves open which guest it is about.
    CensusGuestUnclear => "census_guest_unclear", at: "/stays/0" {
        vi: "Không rõ dòng nói về khách nào",
            "Dòng này có lỗi và không cho biết chắc là khách nào, nên khách vắng tên được hỏi lại thay vì được ghi là đã rời đi. Hãy sửa số giấy tờ hoặc mã (reference) của dòng rồi gửi lại danh sách.";
        en: "Not clear which guest the line is about",
            "The line is faulty and does not say for certain which guest it is about, so missing guests became questions instead of departures. Correct the document number or the reference of the line and send the census again.";
    }
}

    } };
}
