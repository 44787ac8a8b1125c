//! Codes of the class `violation`: a member of a document breaks a rule.

macro_rules! violation {
    ([$next:ident $($later:ident)*] $($rows:tt)*) => { $next! { [$($later)*] $($rows)*

Violation, status: 422 {
    /// Another JSON type than the contract's.
    InvalidType => "invalid_type", at: "/guest/full_name" {
        vi: "Sai kiểu JSON",
            "Mục này có kiểu JSON khác với tài liệu API. Hãy gửi đúng kiểu: chuỗi, đối tượng hoặc danh sách.";
        en: "Wrong JSON type",
            "This member has another JSON type than the API document says. Send the type it names.";
    }

    /// A member the contract does not know.
    UnknownField => "unknown_field", at: "/guest/firstname" {
        vi: "Mục không tồn tại",
            "Tài liệu API không có mục này. Hãy sửa tên hoặc bỏ mục này.";
        en: "Unknown member",
            "The API document has no such member. Correct its name or leave it out.";
    }

    /// An object with two members of one name.
    MemberRepeated => "member_repeated", at: "/guest/full_name" {
        vi: "Mục lặp lại",
            "Mục này xuất hiện hai lần trong cùng một đối tượng JSON. Hãy chỉ gửi một lần, với giá trị đúng.";
        en: "Member given twice",
            "This member occurs twice in one JSON object. Send it once.";
    }

    /// A member that only the service sets.
    ReadOnly => "read_only", at: "/received_at" {
        vi: "Mục chỉ do hệ thống ghi",
            "Mục này chỉ do hệ thống đặt. Hãy bỏ mục này khi gửi.";
        en: "Set by the service only",
            "Only the service sets this member. Leave it out.";
    }

    /// Text longer than its bound.
    TooLong => "too_long", at: "/note" {
        vi: "Quá dài",
            "Nội dung của mục này quá dài. Hãy rút ngắn.";
        en: "Too long",
            "The text of this member is too long. Shorten it.";
    }

    /// Text with a control character.
    ControlCharacter => "control_character", at: "/guest/full_name" {
        vi: "Có ký tự điều khiển",
            "Mục này có ký tự điều khiển không nhìn thấy được. Hãy nhập lại mà không có ký tự đó.";
        en: "Control character",
            "This member holds an invisible control character. Enter it again without that character.";
    }

    /// A character that nobody sees: zero-width, direction, tag.
    InvisibleCharacter => "invisible_character", at: "/room" {
        vi: "Có ký tự ẩn",
            "Mục này có ký tự ẩn không nhìn thấy được, thường do sao chép từ nơi khác. Hãy xóa hết mục này rồi gõ lại bằng tay.";
        en: "Invisible character",
            "This member holds an invisible character, which often comes with copied text. Clear the member and type it again.";
    }

    /// A required member is missing.
    Required => "required", at: "/guest/full_name" {
        vi: "Thiếu mục bắt buộc",
            "Mục này là bắt buộc trong trường hợp này. Hãy bổ sung.";
        en: "Required",
            "This member is required here. Add it.";
    }

    /// A change that says why, and not what.
    NothingToChange => "nothing_to_change", at: "" {
        vi: "Không có gì để thay đổi",
            "Chỉ có lý do, không có mục nào cần sửa, nên không có phiên bản mới. Hãy gửi kèm các mục cần sửa; để trả lời công an bằng lời, hãy dùng POST …/answers.";
        en: "There is nothing to change",
            "A reason came without a member to change, so no version was made. Send the members to correct as well; to answer the police in words, use POST …/answers.";
    }

    /// No question of the police about this stay.
    QuestionUnknown => "question_unknown", at: "/question_id" {
        vi: "Không có câu hỏi này",
            "Lượt lưu trú này không có câu hỏi nào của công an với mã định danh ấy. Hãy lấy question_id từ mục questions của lượt lưu trú.";
        en: "No such question",
            "The police asked no question with this id about this stay. Take question_id from the stay's questions.";
    }

    /// The commune to which a case is referred has it already.
    ReferredToSameCommune => "referred_to_same_commune", at: "/commune_code" {
        vi: "Vụ việc đã ở xã, phường này",
            "Vụ việc đang thuộc chính xã, phường được chuyển đến, nên chưa có gì được lưu. Hãy chọn xã, phường khác, hoặc quyết định tại đây.";
        en: "The commune has the case already",
            "The case already belongs to this commune; nothing was saved. Refer it to another commune, or decide it here.";
    }

    /// A list with fewer elements than allowed.
    TooFewItems => "too_few_items", at: "/stays" {
        vi: "Danh sách quá ngắn",
            "Danh sách có ít phần tử hơn mức cho phép. Hãy gửi đủ số lượng.";
        en: "Too few elements",
            "The list has fewer elements than allowed. Send at least the smallest number.";
    }

    /// A list with more elements than allowed.
    TooManyItems => "too_many_items", at: "/stays" {
        vi: "Danh sách quá dài",
            "Danh sách có nhiều phần tử hơn mức cho phép. Hãy chia thành nhiều lần gửi.";
        en: "Too many elements",
            "The list has more elements than allowed. Send them in several requests.";
    }

    /// A number outside of its bounds.
    OutOfRange => "out_of_range", at: "/rooms/0/capacity" {
        vi: "Số nằm ngoài giới hạn",
            "Giá trị phải là số nguyên trong giới hạn cho phép. Hãy gửi một số trong giới hạn đó.";
        en: "The number is out of bounds",
            "The value must be a whole number within its bounds. Send a number within them.";
    }

    /// An element that repeats an earlier one of its list.
    Duplicate => "duplicate", at: "/rooms/1/name" {
        vi: "Phần tử lặp lại",
            "Phần tử này lặp lại một phần tử trước đó trong danh sách. Hãy bỏ phần tử thừa hoặc đặt tên khác.";
        en: "The element is repeated",
            "This element repeats an earlier one of the list. Leave it out, or name it differently.";
    }

    /// A word that is not in its catalogue.
    UnknownCode => "unknown_code", at: "/purpose" {
        vi: "Mã không có trong danh mục",
            "Giá trị này không có trong danh mục tương ứng. Hãy chọn một giá trị của danh mục (API: /v1/catalogues).";
        en: "Not in the catalogue",
            "This word is not in its catalogue. Choose one that is (by API: /v1/catalogues).";
    }

    /// No facility that the key may use.
    FacilityUnknown => "facility_unknown", at: "/facility_id" {
        vi: "Cơ sở không xác định",
            "Khóa này không khai báo được cho cơ sở đã nêu. Hãy dùng một mã cơ sở lấy từ /v1/facilities.";
        en: "Unknown facility",
            "This key cannot declare for the facility named. Use an id listed under /v1/facilities.";
    }

    /// The facility, or its organisation, has ended: it takes no new declarations.
    FacilityEnded => "facility_ended", at: "/facility_id" {
        vi: "Cơ sở đã ngừng hoạt động",
            "Cơ sở này, hoặc tổ chức của cơ sở, đã ngừng hoạt động nên không nhận khai báo mới; các lần lưu trú đã khai báo vẫn xem, sửa và báo trả phòng được. Hãy khai báo cho cơ sở khác, hoặc liên hệ người quản trị hệ thống nếu cơ sở vẫn hoạt động.";
        en: "The facility has ended",
            "This facility, or its organisation, has ended and takes no new declarations; stays declared before can still be read, changed and departed. Declare for another facility, or contact the administrator if this one is still open.";
    }

    /// No organisation has this code.
    OrganisationUnknown => "organisation_unknown", at: "/organisation_code" {
        vi: "Không có tổ chức này",
            "Không có tổ chức nào mang mã này. Hãy dùng một mã trong danh sách tổ chức, hoặc tạo tổ chức trước.";
        en: "Unknown organisation",
            "No organisation has this code. Use one from the list of organisations, or create the organisation first.";
    }

    /// The organisation has ended.
    OrganisationEnded => "organisation_ended", at: "/organisation_code" {
        vi: "Tổ chức đã ngừng hoạt động",
            "Tổ chức này đã ngừng hoạt động nên không thể thêm cơ sở hoặc khóa. Hãy mở lại tổ chức bằng cách bỏ ended_at.";
        en: "The organisation has ended",
            "This organisation has ended and gets no new facilities or keys. Open it again by clearing ended_at.";
    }

    /// The code of an organisation with something else than small letters, digits, `-_.`.
    OrganisationCodeInvalid => "organisation_code_invalid", at: "/code" {
        vi: "Mã tổ chức không hợp lệ",
            "Mã tổ chức gồm chữ thường không dấu, chữ số, gạch ngang, gạch dưới hoặc dấu chấm, và bắt đầu bằng chữ hoặc số. Hãy chọn mã khác, ví dụ khach-san-bien-xanh.";
        en: "Not an organisation code",
            "A code has small letters a to z, digits, hyphens, underscores and dots, and begins with a letter or digit. Choose another, for instance blue-sea-hotel.";
    }

    /// The name of an account with something else than small letters, digits, `-_.@`.
    AccountNameInvalid => "account_name_invalid", at: "/name" {
        vi: "Tên đăng nhập không hợp lệ",
            "Tên đăng nhập gồm 3 đến 64 chữ thường không dấu, chữ số, gạch ngang, gạch dưới, dấu chấm hoặc @, và bắt đầu bằng chữ. Hãy chọn tên khác, ví dụ le-tan-bien-xanh.";
        en: "Not a name to sign in with",
            "A name has 3 to 64 small letters a to z, digits, hyphens, underscores, dots or @, and begins with a letter. Choose another, for instance desk-blue-sea.";
    }

    /// A password shorter than its bound.
    PasswordTooShort => "password_too_short", at: "/password" {
        vi: "Mật khẩu quá ngắn",
            "Mật khẩu phải có ít nhất 12 ký tự. Hãy dùng một câu ngắn dễ nhớ; dấu cách và chữ có dấu đều được.";
        en: "The password is too short",
            "A password has at least 12 characters. Use a short sentence; spaces and any letters are fine.";
    }

    /// A password that is among the first that anybody tries.
    PasswordCommon => "password_common", at: "/password" {
        vi: "Mật khẩu dễ đoán",
            "Mật khẩu này nằm trong danh sách mật khẩu phổ biến hoặc quá dễ đoán. Hãy ghép vài từ không liên quan với nhau.";
        en: "The password is easy to guess",
            "This password is a common one or easy to guess. Put together a few words that have nothing to do with each other.";
    }

    /// A period that ends before it begins.
    PeriodReversed => "period_reversed", at: "/areas/0/valid_until" {
        vi: "Thời hạn kết thúc trước khi bắt đầu",
            "Ngày cuối đứng trước ngày đầu của thời hạn. Hãy sửa một trong hai ngày.";
        en: "The period ends before it begins",
            "The last day lies before the first day of the period. Correct one of them.";
    }

    /// A facility whose kind does not go with the role.
    FacilityNotForRole => "facility_not_for_role", at: "/facility_ids/0" {
        vi: "Cơ sở không hợp với vai trò",
            "Vai trò này không làm việc tại loại cơ sở này. Hãy chọn cơ sở khác hoặc vai trò khác.";
        en: "Not a facility of this role",
            "This role does not work at a facility of this kind. Choose another facility or another role.";
    }

    /// A commune that is no more, where only one of today will do.
    CommuneReplaced => "commune_replaced", at: "/commune_code" {
        vi: "Đơn vị hành chính đã được sắp xếp lại",
            "Mã này là của một đơn vị cấp xã trước ngày 2025-07-01. Hãy dùng mã của đơn vị hiện nay.";
        en: "A former commune",
            "This is the code of a commune that existed before 2025-07-01. Use the code of the commune that replaced it.";
    }

    /// A day before today.
    ValidFromInPast => "valid_from_in_past", at: "/valid_from" {
        vi: "Ngày có hiệu lực đã qua",
            "Thay đổi chỉ có hiệu lực từ hôm nay hoặc một ngày sau đó. Hãy gửi ngày muộn hơn, hoặc bỏ trống để có hiệu lực từ hôm nay.";
        en: "The first day has passed",
            "A change takes effect today or on a later day. Send a later day, or leave it out for today.";
    }

    /// A member that says the opposite of another.
    ContradictsMember => "contradicts_member", at: "/never_expires" {
        vi: "Hai mục mâu thuẫn nhau",
            "Mục này nói ngược với một mục khác trong cùng yêu cầu. Hãy chỉ gửi một trong hai.";
        en: "It contradicts another member",
            "This member says the opposite of another one. Send only one of the two.";
    }

    /// Text with what may be somebody's number, where it would lie in the clear.
    PersonalNumber => "personal_number", at: "/reason" {
        vi: "Có số giống số giấy tờ hoặc điện thoại",
            "Nội dung này được lưu không mã hóa và mọi người vận hành đều đọc được, nhưng có dãy số giống số giấy tờ hoặc số điện thoại. Hãy bỏ dãy số đó và mọi thông tin cá nhân.";
        en: "Contains what looks like a personal number",
            "This text is stored in the clear and every operator can read it, but it holds digits like those of a document or a telephone. Leave them out, and everything else about persons.";
    }

    /// A member that keys of this role do not have.
    NotForRole => "not_for_role", at: "/communes" {
        vi: "Mục không dùng cho vai trò này",
            "Khóa có vai trò này không có mục này: cơ sở chỉ dành cho khóa khai báo, xã và tỉnh chỉ dành cho khóa công an. Hãy bỏ mục này hoặc chọn vai trò khác.";
        en: "Not for this role",
            "Keys of this role do not have this member: facilities are for those who declare, communes and provinces for the police. Leave it out, or choose another role.";
    }

    /// Not a telephone number that people could dial.
    InvalidTelephone => "invalid_telephone", at: "/telephone" {
        vi: "Không phải số điện thoại",
            "Số điện thoại gồm ít nhất 3 chữ số, có thể có khoảng trắng, dấu chấm, gạch ngang, ngoặc, gạch chéo và dấu +. Hãy sửa lại, hoặc để trống nếu chưa có số.";
        en: "Not a telephone number",
            "A number has at least 3 digits, with blanks, dots, hyphens, brackets, slashes and + at will. Correct it, or leave it empty if there is none.";
    }

    /// No commune of this code, now or before 2025-07-01.
    UnknownCommune => "unknown_commune", at: "/guest/residence/commune_code" {
        vi: "Mã xã, phường không tồn tại",
            "Không có đơn vị hành chính cấp xã mang mã này. Hãy dùng mã 5 chữ số trong danh mục communes.";
        en: "Unknown commune",
            "No commune has this code. Use a five-digit code of the catalogue communes.";
    }

    /// Not an RFC 3339 instant with offset.
    InvalidInstant => "invalid_instant", at: "/arrival_at" {
        vi: "Thời điểm không hợp lệ",
            "Mục này không phải thời điểm RFC 3339 có múi giờ. Hãy gửi dạng 2026-11-23T14:05:00+07:00.";
        en: "Not an instant",
            "This is not an RFC 3339 instant with an offset. Send it like 2026-11-23T14:05:00+07:00.";
    }

    /// Not a day that exists.
    InvalidDate => "invalid_date", at: "/guest/birth_date" {
        vi: "Ngày không hợp lệ",
            "Ngày này không tồn tại hoặc viết sai dạng. Hãy gửi YYYY-MM-DD; ngày sinh có thể là YYYY hoặc YYYY-MM.";
        en: "Not a date",
            "This day does not exist or is written in another form. Send YYYY-MM-DD; a birth date may be YYYY or YYYY-MM.";
    }

    /// The arrival is too far in the future.
    ArrivalInFuture => "arrival_in_future", at: "/arrival_at" {
        vi: "Thời điểm đến còn ở tương lai",
            "Khách chưa đến tại thời điểm khai báo. Hãy khai báo khi khách đã đến.";
        en: "The arrival is in the future",
            "The guest has not arrived yet. Declare the stay on arrival.";
    }

    /// The arrival is too far in the past.
    ArrivalTooOld => "arrival_too_old", at: "/arrival_at" {
        vi: "Thời điểm đến đã quá lâu",
            "Thời điểm đến nằm ngoài khoảng thời gian còn nhận khai báo. Hãy kiểm tra ngày; nếu đúng, báo trực tiếp công an cấp xã.";
        en: "The arrival is too old",
            "The arrival is earlier than declarations are accepted for. Check the date; if it is right, contact the commune police directly.";
    }

    /// The departure is not after the arrival.
    DepartureBeforeArrival => "departure_before_arrival", at: "/expected_departure_at" {
        vi: "Thời điểm đi không sau thời điểm đến",
            "Thời điểm đi phải sau thời điểm đến. Hãy sửa một trong hai.";
        en: "Departure not after arrival",
            "The departure must be after the arrival. Correct one of the two.";
    }

    /// The guest's departure has not come yet.
    DepartureInFuture => "departure_in_future", at: "/departed_at" {
        vi: "Khách chưa rời đi",
            "Thời điểm rời đi chưa đến. Hãy báo khi khách đã rời đi; để đổi ngày đi dự kiến, dùng extension.";
        en: "The departure is in the future",
            "The departure is in the future. Record it once the guest has left; to move the expected departure, use extension.";
    }

    /// The birth date has not come yet.
    BirthDateInFuture => "birth_date_in_future", at: "/guest/birth_date" {
        vi: "Ngày sinh ở tương lai",
            "Ngày sinh chưa đến. Hãy kiểm tra giấy tờ của khách.";
        en: "Birth date in the future",
            "This birth date is in the future. Check the guest's document.";
    }

    /// The birth date is more than 150 years ago.
    BirthDateTooOld => "birth_date_too_old", at: "/guest/birth_date" {
        vi: "Ngày sinh quá xa",
            "Ngày sinh cách đây hơn 150 năm. Hãy kiểm tra giấy tờ của khách.";
        en: "Birth date too long ago",
            "This birth date is more than 150 years ago. Check the guest's document.";
    }

    /// A name with something other than letters, apostrophes, hyphens, dots and spaces.
    InvalidName => "invalid_name", at: "/guest/full_name" {
        vi: "Tên không hợp lệ",
            "Mục này không phải là tên người: tên phải có chữ cái, nhiều hơn chữ số. Hãy ghi đúng như trên giấy tờ.";
        en: "Not a name",
            "This is not the name of a person: a name has letters, and more of them than digits. Write it as on the document.";
    }

    /// The number has not the form of its kind of document.
    InvalidDocumentNumber => "invalid_document_number", at: "/guest/document/number" {
        vi: "Số giấy tờ không đúng dạng",
            "Số này không đúng dạng của loại giấy tờ đã chọn. Hãy kiểm tra số và loại giấy tờ; dạng của từng loại có trong danh mục document_kinds.";
        en: "Document number malformed",
            "This number does not have the format of this kind of document. Check number and kind; the catalogue document_kinds shows each form.";
    }

    /// A number beside `document.kind` `none`.
    DocumentNumberNotAllowed => "document_number_not_allowed", at: "/guest/document/number" {
        vi: "Không có giấy tờ thì không có số",
            "Đã khai không có giấy tờ nhưng lại có số giấy tờ. Hãy chọn đúng loại giấy tờ hoặc bỏ số.";
        en: "A number without a document",
            "The document is declared as none, yet it has a number. Name the kind of document or leave the number out.";
    }

    /// A personal ID number with something other than ASCII digits.
    PersonalIdNotDigits => "personal_id_not_digits", at: "/guest/document/number" {
        vi: "Số định danh có ký tự lạ",
            "Số định danh cá nhân chỉ gồm chữ số từ 0 đến 9, không có khoảng trắng hay dấu. Hãy nhập lại.";
        en: "Personal ID number: digits only",
            "A personal ID number holds the digits 0 to 9 only, without spaces or dots. Enter it again.";
    }

    /// A personal ID number without exactly 12 digits.
    PersonalIdLength => "personal_id_length", at: "/guest/document/number" {
        vi: "Số định danh không đủ 12 chữ số",
            "Số định danh cá nhân có đúng 12 chữ số. Hãy nhập lại.";
        en: "Personal ID number: 12 digits",
            "A personal ID number has exactly 12 digits. Enter it again.";
    }

    /// Digits 1 to 3 name no place of birth registration.
    PersonalIdBirthPlace => "personal_id_birth_place", at: "/guest/document/number" {
        vi: "Số định danh: mã nơi sinh không tồn tại",
            "Ba chữ số đầu không phải mã nơi đăng ký khai sinh. Hãy đối chiếu với giấy tờ.";
        en: "Personal ID number: no such birth place",
            "The first three digits are not a code of a place of birth registration. Compare with the document.";
    }

    /// Digits 4 to 6 name a birth year that has not come yet.
    PersonalIdFutureBirthYear => "personal_id_future_birth_year", at: "/guest/document/number" {
        vi: "Số định danh: năm sinh ở tương lai",
            "Chữ số thứ 4 đến thứ 6 cho một năm sinh chưa đến. Hãy đối chiếu với giấy tờ.";
        en: "Personal ID number: birth year in the future",
            "Digits 4 to 6 give a birth year in the future. Compare with the document.";
    }

    /// `limit` is out of bounds.
    InvalidLimit => "invalid_limit", at: "/query/limit" {
        vi: "limit không hợp lệ",
            "limit phải là số nguyên trong giới hạn cho phép. Hãy sửa hoặc bỏ tham số này.";
        en: "limit out of bounds",
            "limit must be a whole number within its bounds. Correct it or leave it out.";
    }

    /// `cursor` is not one of ours.
    InvalidCursor => "invalid_cursor", at: "/query/cursor" {
        vi: "cursor không hợp lệ",
            "cursor không phải giá trị do hệ thống cấp cho danh sách này. Hãy dùng next_cursor của trang trước hoặc bắt đầu lại từ đầu.";
        en: "cursor not recognised",
            "This cursor was not issued for this list. Use next_cursor of the previous page, or start again without a cursor.";
    }

    /// A filter's value cannot be read.
    InvalidFilter => "invalid_filter", at: "/query/presence" {
        vi: "Bộ lọc không hợp lệ",
            "Không đọc được giá trị của tham số này. Hãy dùng dạng nêu trong tài liệu API.";
        en: "Filter not readable",
            "The value of this parameter cannot be read. Use the form shown in the API document.";
    }

    /// The census was taken too far ahead or too long ago.
    CensusTimeOutOfRange => "census_time_out_of_range", at: "/taken_at" {
        vi: "Thời điểm lập danh sách không hợp lệ",
            "taken_at ở tương lai hoặc quá xa trong quá khứ. Hãy gửi thời điểm thật sự lập danh sách và kiểm tra đồng hồ của máy.";
        en: "The time of the census is out of range",
            "taken_at is in the future or too far in the past. Send the time at which the census was really taken, and check the machine's clock.";
    }

    /// A line of a census about somebody outside of its scope.
    CensusOutsideScope => "census_outside_scope", at: "/ward" {
        vi: "Khách ngoài phạm vi danh sách",
            "Dòng này nêu khoa hoặc phòng ngoài phạm vi (scope) của danh sách. Hãy gửi dòng này trong danh sách của phạm vi đúng.";
        en: "Outside the scope of the census",
            "The line names a ward or room outside the scope of the census. Send it in the census of the right scope.";
    }

    /// A line of a census about the same guest as one before it.
    CensusLineRepeated => "census_line_repeated", at: "/reference" {
        vi: "Dòng bị lặp",
            "Một dòng trước đó đã nói về cùng một khách. Hãy chỉ giữ một dòng cho mỗi khách.";
        en: "The line is repeated",
            "An earlier line is about the same guest. Keep one line for each guest.";
    }

    /// No address of the form that webhooks are sent to.
    WebhookUrlInvalid => "webhook_url_invalid", at: "/url" {
        vi: "Địa chỉ webhook không hợp lệ",
            "Địa chỉ không có dạng được nhận. Hãy ghi địa chỉ https với cổng được phép, không có tên người dùng, mật khẩu hay phần sau dấu #.";
        en: "The webhook's address is not valid",
            "This is not an accepted webhook URL. Use an https address with an allowed port, without user name, password or fragment.";
    }

    /// The address leads where webhooks may not go.
    WebhookAddressNotAllowed => "webhook_address_not_allowed", at: "/url" {
        vi: "Địa chỉ webhook không được phép",
            "Địa chỉ dẫn đến mạng nội bộ hoặc mạng không được gửi tới. Hãy dùng địa chỉ công khai, hoặc nhờ người vận hành mở mạng đó.";
        en: "The webhook's address is not allowed",
            "The address leads to a private network or another network that nothing is sent to. Use a public address, or ask the operator to allow that network.";
    }

    /// An end that has passed already.
    UntilInPast => "until_in_past", at: "/until" {
        vi: "Thời điểm kết thúc đã qua",
            "until phải ở tương lai. Hãy gửi thời điểm muộn hơn, hoặc bỏ trống để tạm dừng đến khi cho chạy lại.";
        en: "The end has passed already",
            "until must be in the future. Send a later time, or leave it out to pause until the destination is resumed.";
    }
}

    } };
}
