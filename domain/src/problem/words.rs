//! The words of every code, Vietnamese and English side by side: the fact, then the fix.

use super::{Code, Language, Words};

/// The words of a code. A code without words in both languages does not compile.
pub(super) const fn words(code: Code, language: Language) -> Words {
    let [vi, en] = both(code);
    match language {
        Language::Vi => vi,
        Language::En => en,
    }
}

/// Title and detail in Vietnamese, then title and detail in English.
const fn pair(vi: [&'static str; 2], en: [&'static str; 2]) -> [Words; 2] {
    [
        Words {
            title: vi[0],
            detail: vi[1],
        },
        Words {
            title: en[0],
            detail: en[1],
        },
    ]
}

const fn both(code: Code) -> [Words; 2] {
    match code {
        Code::MalformedJson => pair(
            [
                "Nội dung không phải JSON",
                "Nội dung gửi lên không phải JSON hợp lệ. Hãy gửi một văn bản JSON theo RFC 8259, mã hóa UTF-8.",
            ],
            [
                "The body is not JSON",
                "The body is not valid JSON. Send one JSON text (RFC 8259) in UTF-8.",
            ],
        ),
        Code::JsonTooDeep => pair(
            [
                "JSON lồng quá sâu",
                "Nội dung JSON lồng quá 32 mức. Hãy gửi đúng cấu trúc trong tài liệu API.",
            ],
            [
                "The JSON is nested too deep",
                "The JSON body is nested deeper than 32 levels. Send the structure shown in the API document.",
            ],
        ),
        Code::NotFound => pair(
            [
                "Không tìm thấy",
                "Không có nội dung này trong phạm vi của khóa. Hãy kiểm tra đường dẫn, mã định danh và khóa đang dùng.",
            ],
            [
                "Not found",
                "There is nothing here that this key may see. Check the path, the id and the key in use.",
            ],
        ),
        Code::MethodNotAllowed => pair(
            [
                "Phương thức không được hỗ trợ",
                "Đường dẫn này không nhận phương thức HTTP đã dùng. Hãy dùng một phương thức nêu trong tiêu đề Allow.",
            ],
            [
                "Method not allowed",
                "This path does not take this HTTP method. Use one named in the Allow header.",
            ],
        ),
        Code::NotAcceptable => pair(
            [
                "Không có định dạng được yêu cầu",
                "Tài nguyên này không có định dạng nào mà tiêu đề Accept cho phép. Hãy yêu cầu một định dạng nêu trong tài liệu API.",
            ],
            [
                "No acceptable format",
                "This resource has no format that the Accept header allows. Ask for one named in the API document.",
            ],
        ),
        Code::UnsupportedMediaType => pair(
            [
                "Kiểu nội dung không được hỗ trợ",
                "Đường dẫn này không nhận nội dung theo cách đã gửi. Hãy gửi theo kiểu nội dung mà tài liệu API nêu cho đường dẫn này, không nén.",
            ],
            [
                "Unsupported media type",
                "This path does not take the body in the way it was sent. Send it as a media type that the API document names for this path, not compressed.",
            ],
        ),
        Code::RequestTimeout => pair(
            [
                "Yêu cầu đến quá chậm",
                "Yêu cầu chưa đến đủ trong thời gian cho phép và chưa được lưu. Hãy gửi lại.",
            ],
            [
                "The request came too slowly",
                "The request did not arrive whole in time and was not saved. Send it again.",
            ],
        ),
        Code::ValidationFailed => pair(
            [
                "Nội dung khai báo chưa hợp lệ",
                "Nội dung vi phạm một hoặc nhiều quy tắc và chưa được lưu. Hãy sửa từng mục nêu trong errors rồi gửi lại.",
            ],
            [
                "The document breaks rules",
                "The document breaks one or more rules and was not saved. Mend each place named in errors and send it again.",
            ],
        ),
        Code::IdempotencyKeyMalformed => pair(
            [
                "Idempotency-Key không hợp lệ",
                "Idempotency-Key phải gồm 1 đến 255 ký tự ASCII nhìn thấy được. Hãy dùng, ví dụ, một UUID.",
            ],
            [
                "Idempotency-Key is malformed",
                "Idempotency-Key must be 1 to 255 visible ASCII characters. Use, for example, a UUID.",
            ],
        ),
        Code::HostUnknown => pair(
            [
                "Sai tên máy chủ",
                "Yêu cầu gửi tới một tên máy chủ không phải của hệ thống này. Hãy dùng đúng địa chỉ mà đơn vị vận hành đã cung cấp; nếu tên đó đúng, đơn vị vận hành cần khai báo nó trong LUUTRU_HOSTS.",
            ],
            [
                "Not a name of this service",
                "The request names a host that is not this service. Use the address that the operator gave you; if the name is right, the operator has to list it in LUUTRU_HOSTS.",
            ],
        ),
        Code::KeyExpired => pair(
            [
                "Khóa đã hết hạn",
                "Khóa đã quá thời hạn sử dụng nên không còn được chấp nhận. Hãy đề nghị đơn vị vận hành cấp khóa mới và thay khóa trong phần mềm của bạn.",
            ],
            [
                "The key has expired",
                "The key is past its end and no longer accepted. Ask the operator for a new key and put it in its place.",
            ],
        ),
        Code::Unauthorized => pair(
            [
                "Chưa xác thực",
                "Không có khóa hợp lệ trong yêu cầu. Hãy gửi Authorization: Bearer cùng một khóa còn hiệu lực.",
            ],
            [
                "Not authenticated",
                "The request carries no valid key. Send Authorization: Bearer with a key that is in force.",
            ],
        ),
        Code::Forbidden => pair(
            [
                "Không có quyền",
                "Vai trò của khóa không được phép thực hiện việc này. Hãy dùng khóa có vai trò phù hợp.",
            ],
            [
                "Not permitted",
                "The role of this key may not do this. Use a key with a fitting role.",
            ],
        ),
        Code::ReferenceConflict => pair(
            [
                "Mã tham chiếu đã dùng",
                "Mã tham chiếu này thuộc về một lượt lưu trú khác nội dung tại cơ sở. Hãy xem lượt lưu trú đã nêu; dùng mã khác cho lượt mới.",
            ],
            [
                "The reference is taken",
                "This reference belongs to a stay of the facility with other content. Look at the stay named; use another reference for a new stay.",
            ],
        ),
        Code::IdempotencyKeyReused => pair(
            [
                "Idempotency-Key đã dùng cho yêu cầu khác",
                "Khóa này đã đi cùng một yêu cầu có nội dung khác. Hãy dùng khóa mới cho mỗi yêu cầu mới.",
            ],
            [
                "The idempotency key was used before",
                "This key came with another request. Use a new key for each new request.",
            ],
        ),
        Code::LeaseLost => pair(
            [
                "Đã mất quyền giữ vụ việc",
                "Thời hạn giữ đã hết hoặc vụ việc không được giữ bằng lease_id này, nên chưa có gì được lưu. Hãy nhận lại vụ việc rồi quyết định.",
            ],
            [
                "The lease is lost",
                "The lease has run out, or the case is not held under this lease_id; nothing was saved. Claim the case again, then decide.",
            ],
        ),
        Code::QuestionClosed => pair(
            [
                "Câu hỏi đã khép lại",
                "Câu hỏi này đã được trả lời, hoặc công an đã quyết định; câu trả lời này chưa được lưu. Hãy xem các câu hỏi còn mở của lượt lưu trú; nếu cần sửa dữ liệu, hãy gửi thay đổi.",
            ],
            [
                "The question is closed",
                "This question is answered already, or an officer has decided; this answer was not saved. Look at the questions that are open on the stay; to correct what was declared, send a change.",
            ],
        ),
        Code::IdempotencyInProgress => pair(
            [
                "Yêu cầu trước đang được xử lý",
                "Yêu cầu đầu tiên mang khóa này chưa xử lý xong. Hãy gửi lại sau giây lát với cùng khóa.",
            ],
            [
                "The first request is still running",
                "The first request with this key has not finished. Send it again in a moment with the same key.",
            ],
        ),
        Code::PreconditionRequired => pair(
            [
                "Thiếu phiên bản cần thay đổi",
                "Yêu cầu thay đổi lưu trú phải nêu phiên bản trong tiêu đề If-Match. Hãy gửi If-Match với ETag của lượt lưu trú.",
            ],
            [
                "The version is missing",
                "A change of a stay names the version it is meant for. Send If-Match with the stay's ETag.",
            ],
        ),
        Code::VersionMismatch => pair(
            [
                "Phiên bản đã thay đổi",
                "Nội dung hiện tại không ở phiên bản nêu trong If-Match; chưa có gì được thay đổi. Hãy xem lại nội dung hiện tại rồi gửi lại với ETag của nó.",
            ],
            [
                "The version has changed",
                "What is stored is not at the version named in If-Match; nothing was changed. Look at it and send the change again with its present ETag.",
            ],
        ),
        Code::StayDeparted => pair(
            [
                "Khách đã rời đi",
                "Khách của lượt lưu trú này đã rời đi. Nếu sai, hãy xóa departed_at bằng PATCH kèm lý do trước.",
            ],
            [
                "The guest has departed",
                "The guest of this stay has departed. If that is wrong, take departed_at back first, by PATCH with its reason.",
            ],
        ),
        Code::StayCancelled => pair(
            [
                "Lượt lưu trú đã bị hủy",
                "Lượt lưu trú này đã bị hủy và không thể thay đổi nữa. Nếu khách có lưu trú, hãy khai báo một lượt mới.",
            ],
            [
                "The stay is cancelled",
                "This stay is cancelled, which is final. If the guest does stay, declare a new stay.",
            ],
        ),
        Code::CensusStale => pair(
            [
                "Danh sách đã cũ",
                "Đã có danh sách chụp muộn hơn (last_taken_at) cho cùng phạm vi; không có gì thay đổi. Hãy lập danh sách mới rồi gửi lại.",
            ],
            [
                "The census is out of date",
                "A later census of the same scope is known (last_taken_at); nothing was changed. Take the census again and send that.",
            ],
        ),
        Code::CensusImplausible => pair(
            [
                "Danh sách khó tin",
                "Danh sách trống hoặc làm hơn một nửa số khách rời đi; không có gì thay đổi. Nếu đúng, hãy gửi lại với confirm.departures bằng con số ở departures.",
            ],
            [
                "The census is implausible",
                "The census is empty, or more than half of the guests would depart; nothing was changed. If that is right, send it again with confirm.departures as the number in departures.",
            ],
        ),
        Code::TooManyWebhooks => pair(
            [
                "Đã đủ số webhook",
                "Đơn vị đã có số webhook tối đa nên webhook mới chưa được tạo. Hãy xóa một webhook không còn dùng rồi gửi lại.",
            ],
            [
                "Too many webhooks",
                "The organisation has as many webhooks as it may have, and this one was not made. Delete one that is no longer used, then send it again.",
            ],
        ),
        Code::CodeTaken => pair(
            [
                "Mã đã có tổ chức dùng",
                "Một tổ chức khác đã mang mã này. Hãy chọn mã khác, hoặc thay đổi tổ chức đã có.",
            ],
            [
                "The code is taken",
                "Another organisation has this code. Choose another, or change the organisation that is there.",
            ],
        ),
        Code::WebhookDisabled => pair(
            [
                "Webhook đã bị tắt",
                "Webhook đang tắt nên không có gì được gửi. Hãy bật lại bằng POST /v1/webhooks/{id}/enable rồi gửi lại.",
            ],
            [
                "The webhook is switched off",
                "The webhook is switched off, so nothing is sent. Switch it on with POST /v1/webhooks/{id}/enable, then send it again.",
            ],
        ),
        Code::DeliverySettled => pair(
            [
                "Công an đã trả lời",
                "Thông báo này đã được công an tiếp nhận hoặc từ chối nên không có gì để gửi lại. Nếu bị từ chối, hãy sửa lượt lưu trú: phiên bản mới sẽ tự được gửi đi.",
            ],
            [
                "The police have answered",
                "This notification was taken or refused by the police, so there is nothing to send again. If it was refused, amend the stay: the new version goes by itself.",
            ],
        ),
        Code::DeliverySuperseded => pair(
            [
                "Đã có phiên bản mới hơn",
                "Phiên bản mới hơn của lượt lưu trú mang toàn bộ nội dung nên thông báo này không được gửi lại. Hãy xem thông báo của phiên bản mới nhất.",
            ],
            [
                "There is a later version",
                "A later version of the stay carries the whole stay, so this notification is not sent again. Look at the notification of the newest version.",
            ],
        ),
        Code::BodyTooLarge => pair(
            [
                "Nội dung quá lớn",
                "Nội dung vượt quá dung lượng của đường dẫn này và chưa được lưu. Hãy chia nhỏ rồi gửi lại.",
            ],
            [
                "The body is too large",
                "The body exceeds the size of this path and was not saved. Send it in smaller parts.",
            ],
        ),
        Code::BatchTooLarge => pair(
            [
                "Lô khai báo quá lớn",
                "Lô này có nhiều lượt lưu trú hơn hạn mức có thể nhận một lần. Hãy chia thành các lô nhỏ hơn.",
            ],
            [
                "The batch is too large",
                "The batch holds more stays than the quota can ever take at once. Send smaller batches.",
            ],
        ),
        Code::RateLimited => pair(
            [
                "Đã hết hạn mức",
                "Hạn mức của khóa hoặc cơ sở đã hết; yêu cầu chưa được lưu. Hãy gửi lại sau thời gian nêu trong Retry-After.",
            ],
            [
                "The quota is spent",
                "The quota of this key or facility is spent; the request was not saved. Send it again after the time in Retry-After.",
            ],
        ),
        Code::Overloaded => pair(
            [
                "Hệ thống đang quá tải",
                "Hệ thống đang có quá nhiều yêu cầu chờ; yêu cầu này chưa được lưu. Hãy gửi lại sau thời gian nêu trong Retry-After.",
            ],
            [
                "The service is overloaded",
                "Too many requests are waiting; this one was not saved. Send it again after the time in Retry-After.",
            ],
        ),
        Code::StorageUnavailable => pair(
            [
                "Cơ sở dữ liệu không phản hồi",
                "Cơ sở dữ liệu tạm thời không phản hồi; yêu cầu chưa được lưu. Hãy gửi lại sau thời gian nêu trong Retry-After.",
            ],
            [
                "The database does not answer",
                "The database does not answer at the moment; the request was not saved. Send it again after the time in Retry-After.",
            ],
        ),
        Code::StayUnreadable => pair(
            [
                "Không đọc được dữ liệu của lượt lưu trú này",
                "Dữ liệu đã lưu của lượt lưu trú này bị hỏng nên không đọc được; các lượt khác không bị ảnh hưởng và không có gì bị thay đổi. Hãy báo cho đơn vị vận hành kèm mã lượt lưu trú; đừng khai lại lượt này khi chưa có trả lời.",
            ],
            [
                "The stored stay cannot be read",
                "What is stored of this stay is damaged and cannot be read; other stays are not affected and nothing was changed. Tell the operator the id of the stay; do not declare it again before you have an answer.",
            ],
        ),
        Code::StorageFull => pair(
            [
                "Cơ sở dữ liệu hết chỗ",
                "Nơi lưu trữ đã đầy; yêu cầu chưa được lưu. Hãy gửi lại sau; đơn vị vận hành đã được báo.",
            ],
            [
                "The database is full",
                "The storage has no room left; the request was not saved. Send it again later; the operator has been told.",
            ],
        ),
        Code::OutcomeUnknown => pair(
            [
                "Chưa rõ đã lưu hay chưa",
                "Không xác định được yêu cầu đã được lưu hay chưa. Hãy gửi lại nguyên văn: không có gì bị tạo hai lần.",
            ],
            [
                "The outcome is not known",
                "We do not know whether this was saved. Send it again unchanged: nothing is made twice.",
            ],
        ),
        Code::Stopping => pair(
            [
                "Hệ thống đang dừng",
                "Tiến trình này đang dừng; yêu cầu chưa được lưu. Hãy gửi lại sau giây lát.",
            ],
            [
                "The service is stopping",
                "This process is stopping; the request was not saved. Send it again in a moment.",
            ],
        ),
        Code::Internal => pair(
            [
                "Lỗi của hệ thống",
                "Hệ thống gặp lỗi; yêu cầu chưa được lưu. Hãy báo đơn vị vận hành kèm request_id.",
            ],
            [
                "A fault of the service",
                "The service met a fault; the request was not saved. Tell the operator the request_id.",
            ],
        ),
        Code::InvalidType => pair(
            [
                "Sai kiểu JSON",
                "Mục này có kiểu JSON khác với tài liệu API. Hãy gửi đúng kiểu: chuỗi, đối tượng hoặc danh sách.",
            ],
            [
                "Wrong JSON type",
                "This member has another JSON type than the API document says. Send a string, an object or a list as written there.",
            ],
        ),
        Code::UnknownField => pair(
            [
                "Mục không tồn tại",
                "Tài liệu API không có mục này. Hãy sửa tên hoặc bỏ mục này.",
            ],
            [
                "Unknown member",
                "The API document has no such member. Correct its name or leave it out.",
            ],
        ),
        Code::MemberRepeated => pair(
            [
                "Mục lặp lại",
                "Mục này xuất hiện hai lần trong cùng một đối tượng JSON. Hãy chỉ gửi một lần, với giá trị đúng.",
            ],
            [
                "Member given twice",
                "This member is there twice in one JSON object. Send it once, with the value that holds.",
            ],
        ),
        Code::ReadOnly => pair(
            [
                "Mục chỉ do hệ thống ghi",
                "Mục này chỉ do hệ thống đặt. Hãy bỏ mục này khi gửi.",
            ],
            [
                "Set by the service only",
                "Only the service sets this member. Leave it out.",
            ],
        ),
        Code::TooLong => pair(
            ["Quá dài", "Nội dung của mục này quá dài. Hãy rút ngắn."],
            [
                "Too long",
                "The text of this member is too long. Shorten it.",
            ],
        ),
        Code::ControlCharacter => pair(
            [
                "Có ký tự điều khiển",
                "Mục này có ký tự điều khiển không nhìn thấy được. Hãy nhập lại mà không có ký tự đó.",
            ],
            [
                "Control character",
                "This member holds an invisible control character. Enter it again without.",
            ],
        ),
        Code::InvisibleCharacter => pair(
            [
                "Có ký tự ẩn",
                "Mục này có ký tự ẩn không nhìn thấy được, thường do sao chép từ nơi khác. Hãy xóa hết mục này rồi gõ lại bằng tay.",
            ],
            [
                "Invisible character",
                "This member holds an invisible character, which often comes with copied text. Clear the member and type it again.",
            ],
        ),
        Code::InvisibleDropped => pair(
            [
                "Đã bỏ ký tự ẩn",
                "Ký tự ẩn trong mục này đã được bỏ. Hãy xem lại mục này có đúng không.",
            ],
            [
                "Invisible characters dropped",
                "Invisible characters were dropped from this member. Check that it is right.",
            ],
        ),
        Code::TextCut => pair(
            [
                "Nội dung quá dài đã được cắt bớt",
                "Phần vượt quá độ dài cho phép của mục này đã được bỏ. Hãy xem lại phần còn lại.",
            ],
            [
                "Text cut",
                "What was longer than this member may be was cut off. Check what is left.",
            ],
        ),
        Code::NationalityDiffersFromDocument => pair(
            [
                "Quốc tịch khác với giấy tờ",
                "Giấy tờ này do Việt Nam cấp cho công dân Việt Nam nhưng quốc tịch khai là nước khác. Hãy xem lại loại giấy tờ và quốc tịch.",
            ],
            [
                "Nationality and document disagree",
                "Viet Nam gives this document to its citizens, but another nationality is declared. Check kind of document and nationality.",
            ],
        ),
        Code::NameDoubtful => pair(
            [
                "Họ tên có thể đọc sai",
                "Phần họ tên quét được có ký tự lạ, có thể do máy đọc nhầm. Hãy so với họ tên in trên giấy tờ.",
            ],
            [
                "Name in doubt",
                "The scanned name holds characters that may be misread. Compare it with the name printed on the document.",
            ],
        ),
        Code::SameAsEarlierItem => pair(
            [
                "Trùng với một mục trước đó",
                "Mục này giống hệt một mục trước trong cùng lần gửi nên chỉ được lưu một lần. Nếu là hai người khác nhau, hãy thêm reference riêng cho mỗi người rồi gửi lại.",
            ],
            [
                "Same as an earlier item",
                "This item says the same as an earlier one of this request and was saved once. If they are two people, give each a reference of their own and send them again.",
            ],
        ),
        Code::Required => pair(
            [
                "Thiếu mục bắt buộc",
                "Mục này là bắt buộc trong trường hợp này. Hãy bổ sung.",
            ],
            ["Required", "This member is required here. Add it."],
        ),
        Code::NothingToChange => pair(
            [
                "Không có gì để thay đổi",
                "Chỉ có lý do, không có mục nào cần sửa, nên không có phiên bản mới. Hãy gửi kèm các mục cần sửa; để trả lời công an bằng lời, hãy dùng POST …/answers.",
            ],
            [
                "There is nothing to change",
                "A reason came without a member to change, so that no version was made. Send the members to correct with it; to answer the police in words, use POST …/answers.",
            ],
        ),
        Code::QuestionUnknown => pair(
            [
                "Không có câu hỏi này",
                "Lượt lưu trú này không có câu hỏi nào của công an với mã định danh ấy. Hãy lấy question_id từ mục questions của lượt lưu trú.",
            ],
            [
                "No such question",
                "The police asked no question with this id about this stay. Take question_id from the stay's questions.",
            ],
        ),
        Code::ReferredToSameCommune => pair(
            [
                "Vụ việc đã ở xã, phường này",
                "Vụ việc đang thuộc chính xã, phường được chuyển đến, nên chưa có gì được lưu. Hãy chọn xã, phường khác, hoặc quyết định tại đây.",
            ],
            [
                "The commune has the case already",
                "The case is with this very commune; nothing was saved. Refer it to another commune, or decide it here.",
            ],
        ),
        Code::TooFewItems => pair(
            [
                "Danh sách quá ngắn",
                "Danh sách có ít phần tử hơn mức cho phép. Hãy gửi đủ số lượng.",
            ],
            [
                "Too few elements",
                "The list has fewer elements than allowed. Send at least the smallest number.",
            ],
        ),
        Code::TooManyItems => pair(
            [
                "Danh sách quá dài",
                "Danh sách có nhiều phần tử hơn mức cho phép. Hãy chia thành nhiều lần gửi.",
            ],
            [
                "Too many elements",
                "The list has more elements than allowed. Send them in several requests.",
            ],
        ),
        Code::OutOfRange => pair(
            [
                "Số nằm ngoài giới hạn",
                "Giá trị phải là số nguyên trong giới hạn cho phép. Hãy gửi một số trong giới hạn đó.",
            ],
            [
                "The number is out of bounds",
                "The value must be a whole number within bounds. Send a number within them.",
            ],
        ),
        Code::Duplicate => pair(
            [
                "Phần tử lặp lại",
                "Phần tử này lặp lại một phần tử trước đó trong danh sách. Hãy bỏ phần tử thừa hoặc đặt tên khác.",
            ],
            [
                "The element comes twice",
                "This element repeats an earlier one of the list. Leave it out, or name it differently.",
            ],
        ),
        Code::UnknownCode => pair(
            [
                "Mã không có trong danh mục",
                "Giá trị này không có trong danh mục tương ứng. Hãy dùng một mã lấy từ /v1/catalogues.",
            ],
            [
                "Not in the catalogue",
                "This word is not in its catalogue. Use one listed under /v1/catalogues.",
            ],
        ),
        Code::FacilityUnknown => pair(
            [
                "Cơ sở không xác định",
                "Khóa này không khai báo được cho cơ sở đã nêu. Hãy dùng một mã cơ sở lấy từ /v1/facilities.",
            ],
            [
                "Unknown facility",
                "This key cannot declare for the facility named. Use an id listed under /v1/facilities.",
            ],
        ),
        Code::FacilityEnded => pair(
            [
                "Cơ sở đã ngừng hoạt động",
                "Cơ sở này, hoặc tổ chức của cơ sở, đã ngừng hoạt động nên không nhận khai báo mới; các lần lưu trú đã khai báo vẫn xem, sửa và báo trả phòng được. Hãy khai báo cho cơ sở khác, hoặc liên hệ người quản trị hệ thống nếu cơ sở vẫn hoạt động.",
            ],
            [
                "The facility has ended",
                "This facility, or its organisation, has ended and takes no new declarations; stays declared before can still be read, changed and departed. Declare for another facility, or tell the administrator if this one is still open.",
            ],
        ),
        Code::OrganisationUnknown => pair(
            [
                "Không có tổ chức này",
                "Không có tổ chức nào mang mã này. Hãy dùng một mã trong danh sách tổ chức, hoặc tạo tổ chức trước.",
            ],
            [
                "Unknown organisation",
                "No organisation has this code. Use one of the list of organisations, or make the organisation first.",
            ],
        ),
        Code::OrganisationEnded => pair(
            [
                "Tổ chức đã ngừng hoạt động",
                "Tổ chức này đã ngừng hoạt động nên không thể thêm cơ sở hoặc khóa. Hãy mở lại tổ chức bằng cách bỏ ended_at.",
            ],
            [
                "The organisation has ended",
                "This organisation has ended and gets no new facilities or keys. Open it again by clearing ended_at.",
            ],
        ),
        Code::OrganisationCodeInvalid => pair(
            [
                "Mã tổ chức không hợp lệ",
                "Mã tổ chức gồm chữ thường không dấu, chữ số, gạch ngang, gạch dưới hoặc dấu chấm, và bắt đầu bằng chữ hoặc số. Hãy chọn mã khác, ví dụ khach-san-bien-xanh.",
            ],
            [
                "Not a code of an organisation",
                "A code has small letters a to z, digits, hyphens, underscores and dots, and begins with a letter or digit. Choose another, for instance blue-sea-hotel.",
            ],
        ),
        Code::CommuneReplaced => pair(
            [
                "Đơn vị hành chính đã được sắp xếp lại",
                "Mã này là của một đơn vị cấp xã trước ngày 2025-07-01. Hãy dùng mã của đơn vị hiện nay.",
            ],
            [
                "A commune of before",
                "This is the code of a commune of before 2025-07-01. Use the code of the commune it went into.",
            ],
        ),
        Code::ValidFromInPast => pair(
            [
                "Ngày có hiệu lực đã qua",
                "Thay đổi chỉ có hiệu lực từ hôm nay hoặc một ngày sau đó. Hãy gửi ngày muộn hơn, hoặc bỏ trống để có hiệu lực từ hôm nay.",
            ],
            [
                "The first day has passed",
                "A change holds from today or a later day on. Send a later day, or leave it out for today.",
            ],
        ),
        Code::ContradictsMember => pair(
            [
                "Hai mục mâu thuẫn nhau",
                "Mục này nói ngược với một mục khác trong cùng yêu cầu. Hãy chỉ gửi một trong hai.",
            ],
            [
                "It contradicts another member",
                "This member says the opposite of another one. Send only one of the two.",
            ],
        ),
        Code::NotForRole => pair(
            [
                "Mục không dùng cho vai trò này",
                "Khóa có vai trò này không có mục này: cơ sở chỉ dành cho khóa khai báo, xã và tỉnh chỉ dành cho khóa công an. Hãy bỏ mục này hoặc chọn vai trò khác.",
            ],
            [
                "Not for this role",
                "Keys of this role do not have this member: facilities are for those who declare, communes and provinces for the police. Leave it out, or choose another role.",
            ],
        ),
        Code::PersonalNumber => pair(
            [
                "Có số giống số giấy tờ hoặc điện thoại",
                "Nội dung này được lưu không mã hóa và mọi người vận hành đều đọc được, nhưng có dãy số giống số giấy tờ hoặc số điện thoại. Hãy bỏ dãy số đó và mọi thông tin cá nhân.",
            ],
            [
                "It holds what looks like somebody's number",
                "This text lies in the clear and every operator reads it, but it holds digits like those of a document or a telephone. Leave them out, and everything else about persons.",
            ],
        ),
        Code::UnknownCommune => pair(
            [
                "Mã xã, phường không tồn tại",
                "Không có đơn vị hành chính cấp xã mang mã này. Hãy dùng mã 5 chữ số trong danh mục communes.",
            ],
            [
                "Unknown commune",
                "No commune has this code. Use a five-digit code of the catalogue communes.",
            ],
        ),
        Code::InvalidInstant => pair(
            [
                "Thời điểm không hợp lệ",
                "Mục này không phải thời điểm RFC 3339 có múi giờ. Hãy gửi dạng 2026-11-23T14:05:00+07:00.",
            ],
            [
                "Not an instant",
                "This is not an RFC 3339 instant with an offset. Send it like 2026-11-23T14:05:00+07:00.",
            ],
        ),
        Code::InvalidDate => pair(
            [
                "Ngày không hợp lệ",
                "Ngày này không tồn tại hoặc viết sai dạng. Hãy gửi YYYY-MM-DD; ngày sinh có thể là YYYY hoặc YYYY-MM.",
            ],
            [
                "Not a date",
                "This day does not exist or is written in another form. Send YYYY-MM-DD; a birth date may be YYYY or YYYY-MM.",
            ],
        ),
        Code::ArrivalInFuture => pair(
            [
                "Thời điểm đến còn ở tương lai",
                "Khách chưa đến tại thời điểm khai báo. Hãy khai báo khi khách đã đến.",
            ],
            [
                "The arrival lies ahead",
                "The guest has not arrived yet. Declare the stay on arrival.",
            ],
        ),
        Code::ArrivalTooOld => pair(
            [
                "Thời điểm đến đã quá lâu",
                "Thời điểm đến nằm ngoài khoảng thời gian còn nhận khai báo. Hãy kiểm tra ngày; nếu đúng, báo trực tiếp công an cấp xã.",
            ],
            [
                "The arrival is too old",
                "The arrival lies before the time for which declarations are taken. Check the date; if it is right, tell the commune police directly.",
            ],
        ),
        Code::DepartureBeforeArrival => pair(
            [
                "Thời điểm đi không sau thời điểm đến",
                "Thời điểm đi phải sau thời điểm đến. Hãy sửa một trong hai.",
            ],
            [
                "Departure not after arrival",
                "The departure must lie after the arrival. Correct one of the two.",
            ],
        ),
        Code::DepartureInFuture => pair(
            [
                "Khách chưa rời đi",
                "Thời điểm rời đi chưa đến. Hãy báo khi khách đã rời đi; để đổi ngày đi dự kiến, dùng extension.",
            ],
            [
                "The departure has not come",
                "The departure lies ahead. Tell it when the guest has left; to move the expected departure, use extension.",
            ],
        ),
        Code::BirthDateInFuture => pair(
            [
                "Ngày sinh ở tương lai",
                "Ngày sinh chưa đến. Hãy kiểm tra giấy tờ của khách.",
            ],
            [
                "Birth date in the future",
                "This birth date has not come yet. Check the guest's document.",
            ],
        ),
        Code::BirthDateTooOld => pair(
            [
                "Ngày sinh quá xa",
                "Ngày sinh cách đây hơn 150 năm. Hãy kiểm tra giấy tờ của khách.",
            ],
            [
                "Birth date too long ago",
                "This birth date is more than 150 years ago. Check the guest's document.",
            ],
        ),
        Code::InvalidName => pair(
            [
                "Tên không hợp lệ",
                "Mục này không phải là tên người: tên phải có chữ cái, nhiều hơn chữ số. Hãy ghi đúng như trên giấy tờ.",
            ],
            [
                "Not a name",
                "This is not the name of a person: a name has letters, and more of them than digits. Write it as on the document.",
            ],
        ),
        Code::InvalidPhone => pair(
            [
                "Không giống số điện thoại",
                "Mục này được giữ như đã ghi nhưng không giống một số điện thoại (3 đến 15 chữ số). Hãy xem lại nếu cần liên hệ với khách.",
            ],
            [
                "Not like a telephone number",
                "This was kept as it is, but is not like a telephone number (3 to 15 digits). Check it if the guest has to be reached.",
            ],
        ),
        Code::InvalidDocumentNumber => pair(
            [
                "Số giấy tờ không đúng dạng",
                "Số này không đúng dạng của loại giấy tờ đã chọn. Hãy kiểm tra số và loại giấy tờ; dạng của từng loại có trong danh mục document_kinds.",
            ],
            [
                "Document number malformed",
                "This number has not the form of its kind of document. Check number and kind; the catalogue document_kinds shows each form.",
            ],
        ),
        Code::DocumentNumberNotAllowed => pair(
            [
                "Không có giấy tờ thì không có số",
                "Đã khai không có giấy tờ nhưng lại có số giấy tờ. Hãy chọn đúng loại giấy tờ hoặc bỏ số.",
            ],
            [
                "A number without a document",
                "The document is declared as none, yet it has a number. Name the kind of document or leave the number out.",
            ],
        ),
        Code::PersonalIdNotDigits => pair(
            [
                "Số định danh có ký tự lạ",
                "Số định danh cá nhân chỉ gồm chữ số từ 0 đến 9, không có khoảng trắng hay dấu. Hãy nhập lại.",
            ],
            [
                "Personal ID number: digits only",
                "A personal ID number holds the digits 0 to 9 only, without spaces or dots. Enter it again.",
            ],
        ),
        Code::PersonalIdLength => pair(
            [
                "Số định danh không đủ 12 chữ số",
                "Số định danh cá nhân có đúng 12 chữ số. Hãy nhập lại.",
            ],
            [
                "Personal ID number: 12 digits",
                "A personal ID number has exactly 12 digits. Enter it again.",
            ],
        ),
        Code::PersonalIdBirthPlace => pair(
            [
                "Số định danh: mã nơi sinh không tồn tại",
                "Ba chữ số đầu không phải mã nơi đăng ký khai sinh. Hãy đối chiếu với giấy tờ.",
            ],
            [
                "Personal ID number: no such birth place",
                "The first three digits are no code of a place of birth registration. Compare with the document.",
            ],
        ),
        Code::PersonalIdFutureBirthYear => pair(
            [
                "Số định danh: năm sinh ở tương lai",
                "Chữ số thứ 4 đến thứ 6 cho một năm sinh chưa đến. Hãy đối chiếu với giấy tờ.",
            ],
            [
                "Personal ID number: birth year in the future",
                "Digits 4 to 6 give a birth year that has not come yet. Compare with the document.",
            ],
        ),
        Code::InvalidLimit => pair(
            [
                "limit không hợp lệ",
                "limit phải là số nguyên trong giới hạn cho phép. Hãy sửa hoặc bỏ tham số này.",
            ],
            [
                "limit out of bounds",
                "limit must be a whole number within its bounds. Correct it or leave it out.",
            ],
        ),
        Code::InvalidCursor => pair(
            [
                "cursor không hợp lệ",
                "cursor không phải giá trị do hệ thống cấp cho danh sách này. Hãy dùng next_cursor của trang trước hoặc bắt đầu lại từ đầu.",
            ],
            [
                "cursor not recognised",
                "This cursor was not given out for this list. Use next_cursor of the page before, or begin again without.",
            ],
        ),
        Code::InvalidFilter => pair(
            [
                "Bộ lọc không hợp lệ",
                "Không đọc được giá trị của tham số này. Hãy dùng dạng nêu trong tài liệu API.",
            ],
            [
                "Filter not readable",
                "The value of this parameter cannot be read. Use the form shown in the API document.",
            ],
        ),
        Code::NotCardQr => pair(
            [
                "Không phải mã QR của thẻ căn cước",
                "Nội dung này không phải mã QR in trên thẻ căn cước hoặc căn cước công dân gắn chíp. Hãy quét đúng mã QR trên thẻ, hoặc nhập tay.",
            ],
            [
                "Not the QR code of a citizen card",
                "This is not the text of the QR code on a Vietnamese citizen card. Scan the code on the card, or type the fields.",
            ],
        ),
        Code::CardQrIncomplete => pair(
            [
                "Mã QR đọc thiếu",
                "Nội dung mã QR của thẻ có ít hơn 7 mục nên đã bị cắt khi đọc. Hãy quét lại, hoặc nhập tay.",
            ],
            [
                "The QR code was read in part",
                "The text of the card's QR code has fewer than seven fields: it was cut off. Scan it again, or type the fields.",
            ],
        ),
        Code::NotMrz => pair(
            [
                "Không phải vùng đọc máy (MRZ)",
                "Nội dung này không phải các dòng đọc máy của thẻ hoặc hộ chiếu. Hãy gửi đủ các dòng có ký tự < ở cuối trang hoặc mặt sau thẻ.",
            ],
            [
                "Not a machine-readable zone",
                "This is not the machine-readable zone of a card or passport. Send its lines, those with the character <, from the foot of the page or the back of the card.",
            ],
        ),
        Code::MrzLength => pair(
            [
                "Vùng đọc máy sai độ dài",
                "Vùng đọc máy phải có 3 dòng 30 ký tự, 2 dòng 36 ký tự hoặc 2 dòng 44 ký tự. Hãy quét lại cho đủ dòng, đủ ký tự.",
            ],
            [
                "Machine-readable zone of a wrong length",
                "A machine-readable zone has 3 lines of 30, 2 lines of 36 or 2 lines of 44 characters. Scan it again, every line to its end.",
            ],
        ),
        Code::MrzCharacter => pair(
            [
                "Vùng đọc máy có ký tự lạ",
                "Vùng đọc máy chỉ gồm chữ cái A đến Z không dấu, chữ số và ký tự <. Hãy quét lại.",
            ],
            [
                "Character outside the machine-readable zone",
                "A machine-readable zone holds the letters A to Z, digits and < only. Scan it again.",
            ],
        ),
        Code::MrzOtherDocument => pair(
            [
                "Không phải giấy tờ tùy thân",
                "Vùng đọc máy này thuộc thị thực hoặc giấy tờ khác, không phải thẻ hay hộ chiếu. Hãy quét trang nhân thân của hộ chiếu hoặc thẻ.",
            ],
            [
                "Not an identity document",
                "This zone belongs to a visa or another document, not to a card or passport. Scan the passport's data page or the card.",
            ],
        ),
        Code::ImageUnreadable => pair(
            [
                "Không đọc được ảnh",
                "Tệp không phải ảnh PNG hoặc JPEG nguyên vẹn đúng với Content-Type. Hãy chụp hoặc xuất lại ảnh.",
            ],
            [
                "The picture cannot be read",
                "The body is not a whole PNG or JPEG picture of the Content-Type named. Take or export the picture again.",
            ],
        ),
        Code::ImageTooManyPixels => pair(
            [
                "Ảnh quá nhiều điểm ảnh",
                "Kích thước ảnh vượt mức được xử lý. Hãy thu nhỏ ảnh hoặc cắt sát mã QR.",
            ],
            [
                "The picture has too many pixels",
                "The picture is larger than what is decoded here. Scale it down, or cut it to the QR code.",
            ],
        ),
        Code::ImageWithoutQr => pair(
            [
                "Không tìm thấy mã QR trong ảnh",
                "Ảnh không có mã QR nào đọc được. Hãy chụp thẳng, gần, đủ sáng và rõ nét, hoặc nhập tay.",
            ],
            [
                "No QR code in the picture",
                "The picture shows no QR code that can be read. Take it straight on, close, bright and sharp, or type the fields.",
            ],
        ),
        Code::SexDiffersFromNumber => pair(
            [
                "Giới tính khác với số định danh",
                "Giới tính đã khai khác với giới tính trong số định danh. Hãy đối chiếu với giấy tờ; nếu đúng thì không cần sửa.",
            ],
            [
                "Sex differs from the number",
                "The sex declared is not the one in the personal ID number. Compare with the document; if it is right, nothing need be done.",
            ],
        ),
        Code::BirthYearDiffersFromNumber => pair(
            [
                "Năm sinh khác với số định danh",
                "Năm sinh đã khai khác với năm sinh trong số định danh. Hãy đối chiếu với giấy tờ; nếu đúng thì không cần sửa.",
            ],
            [
                "Birth year differs from the number",
                "The birth year declared is not the one in the personal ID number. Compare with the document; if it is right, nothing need be done.",
            ],
        ),
        Code::PermittedStayEnded => pair(
            [
                "Đã hết hạn tạm trú trước ngày đến",
                "Ngày hết hạn tạm trú đã khai trước ngày khách đến. Hãy xem lại dấu nhập cảnh hoặc thị thực; nếu đúng là đã hết hạn, vẫn khai và báo cho cơ quan quản lý xuất nhập cảnh.",
            ],
            [
                "The permitted stay ended before the arrival",
                "The last permitted day declared lies before the day of arrival. Look at the entry stamp or the visa again; if it has ended indeed, declare the stay all the same and tell the immigration office.",
            ],
        ),
        Code::VisaExpired => pair(
            [
                "Thị thực hết hạn trước ngày đến",
                "Ngày hết hạn thị thực đã khai trước ngày khách đến. Hãy xem lại thị thực; nếu đúng, không cần làm gì thêm.",
            ],
            [
                "The visa expired before the arrival",
                "The last day of the visa declared lies before the day of arrival. Look at the visa again; if it is right, nothing need be done.",
            ],
        ),
        Code::EnteredAfterArrival => pair(
            [
                "Ngày nhập cảnh sau ngày đến",
                "Ngày nhập cảnh đã khai sau ngày khách đến cơ sở. Hãy xem lại dấu nhập cảnh và lúc đến.",
            ],
            [
                "The entry lies after the arrival",
                "The day of entry declared lies after the day of arrival at the facility. Check the entry stamp and the arrival.",
            ],
        ),
        Code::TemporaryResidenceDue => pair(
            [
                "Phải đăng ký tạm trú",
                "Khách ở từ 30 ngày trở lên thì phải đăng ký tạm trú (Luật Cư trú, điều 27). Hãy hướng dẫn khách đăng ký.",
            ],
            [
                "Temporary residence is due",
                "A stay of 30 days or more needs registration of temporary residence (Law on Residence, art. 27). Tell the guest to register.",
            ],
        ),
        Code::AlreadyPresentHere => pair(
            [
                "Khách đang lưu trú tại đây",
                "Giấy tờ này đã có một lượt lưu trú chưa kết thúc tại cơ sở (xem stay_id). Nếu khách đã đi, hãy ghi nhận lúc rời đi của lượt đó; nếu khai trùng, hãy hủy một lượt.",
            ],
            [
                "The guest is present here",
                "A stay of this document at this facility has not ended (see stay_id). If the guest has left, record the departure of that stay; if it is the same stay, cancel one of them.",
            ],
        ),
        Code::OverlapsStayHere => pair(
            [
                "Trùng thời gian với lượt lưu trú khác tại đây",
                "Một lượt lưu trú của giấy tờ này tại cơ sở (xem stay_id) kết thúc sau lúc đến đã khai. Hãy kiểm tra lúc đến và lúc rời đi của cả hai lượt.",
            ],
            [
                "Overlaps another stay here",
                "A stay of this document at this facility (see stay_id) ended after the arrival declared. Check arrival and departure of both stays.",
            ],
        ),
        Code::DeclaredByAnotherSender => pair(
            [
                "Đã được khai bằng khóa khác",
                "Lượt lưu trú đó (xem stay_id) được khai cho cơ sở này bằng một khóa khác. Hãy kiểm tra xem có hai phần mềm cùng khai cho cơ sở hay không.",
            ],
            [
                "Declared with another key",
                "That stay (see stay_id) was declared for this facility with another key. Check whether two programs declare for the facility.",
            ],
        ),
        Code::CommuneCodeOld => pair(
            [
                "Mã xã, phường cũ",
                "Mã này thuộc đơn vị hành chính trước ngày 01/07/2025. Lần sau hãy dùng mã mới trong danh mục communes.",
            ],
            [
                "Old commune code",
                "This code belongs to a unit of before 2025-07-01. Next time use the new code of the catalogue communes.",
            ],
        ),
        Code::CommuneCodeAmbiguous => pair(
            [
                "Mã xã, phường cũ đã chia tách",
                "Mã này thuộc đơn vị hành chính trước ngày 01/07/2025 đã được chia vào nhiều đơn vị mới. Hãy hỏi khách và chọn một trong các mã mới nêu ở danh mục commune_aliases.",
            ],
            [
                "Old commune code of a divided unit",
                "This code belongs to a unit of before 2025-07-01 that went into several new ones. Ask the guest and choose one of the new codes named in the catalogue commune_aliases.",
            ],
        ),
        Code::NumberCleaned => pair(
            [
                "Số đã được làm sạch",
                "Khoảng trắng, dấu chấm hoặc ký tự toàn khổ trong số đã được bỏ. Hãy đối chiếu với giấy tờ.",
            ],
            [
                "The number was cleaned",
                "Spaces, dots or full-width forms were dropped from the number. Compare with the document.",
            ],
        ),
        Code::TextRepaired => pair(
            [
                "Nội dung quét đã được phục hồi",
                "Máy quét làm sai bảng mã, chữ hoa hoặc khoảng cách; nội dung đã được phục hồi. Hãy đối chiếu với giấy tờ và chỉnh lại máy quét.",
            ],
            [
                "The scanned text was mended",
                "The scanner changed encoding, letter case or spacing; the text was mended. Compare with the document, and correct the scanner's settings.",
            ],
        ),
        Code::ScanFieldUnreadable => pair(
            [
                "Không đọc được mục này",
                "Nội dung quét không cho mục này một giá trị hợp lệ, nên mục được để trống. Hãy nhập theo giấy tờ.",
            ],
            [
                "This field could not be read",
                "The scanned text has no valid value for this member; it was left out. Enter it from the document.",
            ],
        ),
        Code::IssueDateDoubtful => pair(
            [
                "Ngày cấp thẻ đáng ngờ",
                "Ngày cấp trong mã QR không tồn tại, trước ngày sinh hoặc sau hôm nay. Hãy kiểm tra thẻ.",
            ],
            [
                "Doubtful day of issue",
                "The day of issue in the QR code does not exist, lies before the birth or after today. Look at the card again.",
            ],
        ),
        Code::CheckDigitWrong => pair(
            [
                "Số kiểm tra không khớp",
                "Số kiểm tra trong vùng đọc máy không khớp với mục này, có thể do đọc nhầm. Hãy đối chiếu từng ký tự với giấy tờ.",
            ],
            [
                "Check digit does not fit",
                "The check digit in the machine-readable zone does not fit, perhaps a misreading. Compare each character with the document.",
            ],
        ),
        Code::MrzNumbersDiffer => pair(
            [
                "Hai số trong vùng đọc máy khác nhau",
                "Số thẻ không phải 9 chữ số cuối của số định danh trong cùng vùng đọc máy. Hãy đối chiếu với mặt trước thẻ.",
            ],
            [
                "Two numbers in the zone differ",
                "The card's number is not the last nine digits of the personal ID number in the same zone. Compare with the front of the card.",
            ],
        ),
        Code::NameCutOff => pair(
            [
                "Tên có thể bị cắt",
                "Tên chiếm hết chỗ trong vùng đọc máy nên có thể bị cắt. Hãy nhập đủ họ tên theo giấy tờ.",
            ],
            [
                "The name may be cut off",
                "The name fills its field in the machine-readable zone and may be cut. Enter it in full from the document.",
            ],
        ),
        Code::DocumentExpired => pair(
            [
                "Giấy tờ đã hết hạn",
                "Ngày hết hạn trong vùng đọc máy đã qua. Hãy hỏi khách giấy tờ còn hạn; vẫn khai báo được bằng giấy tờ này.",
            ],
            [
                "The document has expired",
                "The last day of validity in the machine-readable zone has passed. Ask for a valid document; the stay can still be declared with this one.",
            ],
        ),
        Code::FileUnreadable => pair(
            [
                "Không đọc được tệp",
                "Tệp bị hỏng, có mật khẩu, hoặc không đúng loại đã khai. Hãy lưu lại thành XLSX không có mật khẩu hoặc CSV (UTF-8) rồi gửi lại.",
            ],
            [
                "The file cannot be read",
                "The file is damaged, has a password, or is of another kind than stated. Save it as XLSX without a password or as CSV (UTF-8), and send it again.",
            ],
        ),
        Code::FileEncodingUnknown => pair(
            [
                "Không rõ bảng mã của tệp",
                "Không xác định chắc chắn được bảng mã của tệp văn bản. Hãy lưu tệp thành CSV UTF-8 hoặc XLSX rồi gửi lại.",
            ],
            [
                "The encoding is not known",
                "The encoding of the text cannot be told for certain. Save the file as CSV UTF-8 or as XLSX, and send it again.",
            ],
        ),
        Code::FileHasMacros => pair(
            [
                "Tệp có macro",
                "Bảng tính có macro nên không được nhận. Hãy lưu thành XLSX (không macro) rồi gửi lại.",
            ],
            [
                "The file has macros",
                "The workbook holds macros and is not taken. Save it as XLSX without macros, and send it again.",
            ],
        ),
        Code::FileExpandsTooFar => pair(
            [
                "Tệp nén phình quá lớn",
                "Khi giải nén tệp lớn hơn mức cho phép rất nhiều. Hãy chép dữ liệu sang một bảng tính mới rồi gửi lại.",
            ],
            [
                "The file expands too far",
                "Unpacked, the file is far larger than allowed. Copy the data into a new workbook, and send that.",
            ],
        ),
        Code::FileTooHeavy => pair(
            [
                "Tệp quá nặng",
                "Đọc tệp này cần nhiều bộ nhớ hoặc thời gian hơn mức cho phép. Hãy chép riêng các dòng khách sang một bảng tính mới, hoặc chia thành nhiều tệp, rồi gửi lại.",
            ],
            [
                "The file is too heavy",
                "Reading the file takes more memory or time than is allowed. Copy the rows of the guests alone into a new workbook, or divide them into several files, and send that.",
            ],
        ),
        Code::FileQuoteOpen => pair(
            [
                "Dấu nháy kép không được đóng",
                "Trong tệp CSV có dấu nháy kép mở ra mà không đóng, nên các dòng bên dưới bị dính vào cùng một ô. Hãy đóng hoặc xóa dấu nháy kép ở dòng đó, hoặc lưu tệp thành XLSX, rồi gửi lại.",
            ],
            [
                "A quotation mark is not closed",
                "In the CSV a quotation mark opens and does not close, so that the rows below it run into one cell. Close or remove the mark in that row, or save the file as XLSX, and send it again.",
            ],
        ),
        Code::FileNotATable => pair(
            [
                "Tệp không phải bảng tính",
                "Tệp là trang web, PDF, ảnh hoặc tài liệu khác mang tên bảng tính. Hãy mở tệp bằng Excel hoặc xuất lại từ phần mềm của quý vị, chọn Lưu thành (Save As) loại Excel Workbook (.xlsx), rồi gửi tệp đó.",
            ],
            [
                "The file is no table",
                "The file is a web page, a PDF, a picture or another document under the name of a table. Open it in Excel, or export it again from your program, choose Save As, Excel Workbook (.xlsx), and send that.",
            ],
        ),
        Code::FormNotOneFile => pair(
            [
                "Biểu mẫu không có đúng một tệp",
                "Biểu mẫu (multipart/form-data) phải có đúng một tệp và không có trường nào khác. Hãy ghi facility_id, dry_run, date_order trên địa chỉ (query).",
            ],
            [
                "The form does not hold exactly one file",
                "The form (multipart/form-data) must hold exactly one file and no other field. Give facility_id, dry_run and date_order in the address (query).",
            ],
        ),
        Code::FileCompressed => pair(
            [
                "Tệp đang bị nén",
                "Tệp đang được nén (zip, gzip, rar, 7z). Hãy giải nén rồi gửi chính bảng tính bên trong.",
            ],
            [
                "The file is packed",
                "The file is packed (zip, gzip, rar, 7z). Unpack it, and send the table that is in it.",
            ],
        ),
        Code::FileTooManyRows => pair(
            [
                "Tệp có quá nhiều dòng",
                "Tệp có nhiều dòng hơn mức được nhận. Hãy chia thành nhiều tệp.",
            ],
            [
                "The file has too many rows",
                "The file has more rows than are taken. Divide it into several files.",
            ],
        ),
        Code::FileTooManyColumns => pair(
            [
                "Tệp có quá nhiều cột",
                "Tệp có nhiều cột hơn mức được nhận. Hãy bỏ các cột thừa.",
            ],
            [
                "The file has too many columns",
                "The file has more columns than are taken. Remove those that are not needed.",
            ],
        ),
        Code::FileCellTooLong => pair(
            [
                "Có ô quá dài",
                "Một ô có nhiều chữ hơn mức được nhận. Hãy rút ngắn ô đó; nếu là CSV, hãy kiểm tra dấu nháy kép.",
            ],
            [
                "A cell is too long",
                "A cell holds more text than is taken. Shorten it; in a CSV, check the quotation marks.",
            ],
        ),
        Code::FileEmpty => pair(
            [
                "Tệp không có dòng nào",
                "Tệp không có dòng dữ liệu nào dưới dòng tiêu đề. Hãy nhập ít nhất một dòng.",
            ],
            [
                "The file has no rows",
                "There is no row below the heading. Fill in at least one.",
            ],
        ),
        Code::FileColumnsUnknown => pair(
            [
                "Không nhận ra các cột",
                "Không tìm thấy dòng tiêu đề có cột họ tên và cột ngày đến. Hãy đặt tên cột như trong tệp mẫu tại /v1/imports/template.",
            ],
            [
                "The columns are not recognised",
                "No heading with a column for the name and one for the arrival was found. Name the columns as in the template at /v1/imports/template.",
            ],
        ),
        Code::FileColumnsAmbiguous => pair(
            [
                "Hai cột trùng ý nghĩa",
                "Có hai cột cùng hiểu được là một mục mà nội dung khác nhau. Hãy đổi tên hoặc bỏ một trong hai cột.",
            ],
            [
                "Two columns mean the same",
                "Two columns can both be read as the same thing and say different things. Rename or remove one of them.",
            ],
        ),
        Code::Formula => pair(
            [
                "Ô chứa công thức",
                "Ô chứa công thức nên giá trị không được tin dùng. Hãy dán giá trị (Paste values) thay cho công thức.",
            ],
            [
                "The cell holds a formula",
                "The cell holds a formula, whose value is not trusted. Paste the value in its place.",
            ],
        ),
        Code::DateAmbiguous => pair(
            [
                "Ngày có thể hiểu hai cách",
                "Ngày này có thể hiểu theo hai cách. Hãy ghi ngày trước, tháng sau, năm đủ bốn chữ số, như 28/11/2026.",
            ],
            [
                "The date may mean two days",
                "This date may mean two days. Write day, month and a year of four digits, like 28/11/2026.",
            ],
        ),
        Code::LeadingZeroLost => pair(
            [
                "Số bị mất số 0 ở đầu",
                "Số này thiếu chữ số, có thể do bảng tính làm mất số 0 ở đầu. Hãy kiểm tra số đề nghị trong tệp các dòng bị từ chối và nhập lại ở dạng văn bản.",
            ],
            [
                "Zeros in front were lost",
                "The number lacks digits; a spreadsheet may have dropped the zeros in front. Check the one proposed in the file of rejected rows, and enter it as text.",
            ],
        ),
        Code::NumberRounded => pair(
            [
                "Số bị làm tròn",
                "Số ở dạng số mũ (như 3.8E+10) nên đã mất chữ số. Hãy nhập lại số theo giấy tờ ở dạng văn bản.",
            ],
            [
                "The number was rounded",
                "The number is written with an exponent (like 3.8E+10), so digits are lost. Enter it again from the document, as text.",
            ],
        ),
        Code::TextDamaged => pair(
            [
                "Chữ bị hỏng bảng mã",
                "Chữ ở đây đã bị hỏng bảng mã (font TCVN3, VNI…) từ trước khi gửi. Hãy chuyển sang Unicode (UTF-8) rồi gửi lại, hoặc gõ lại.",
            ],
            [
                "The text is damaged",
                "The text was damaged by a wrong encoding (a TCVN3 or VNI font…) before it was sent. Convert it to Unicode (UTF-8) and send it again, or type it again.",
            ],
        ),
        Code::NationalityAmbiguous => pair(
            [
                "Quốc tịch hiểu được hai cách",
                "Từ này có thể chỉ hai nước khác nhau. Hãy ghi rõ tên nước có dấu hoặc mã ba chữ cái của nước.",
            ],
            [
                "The nationality may mean two countries",
                "This word may mean two different countries. Write the country's whole name, or its code of three letters.",
            ],
        ),
        Code::StatusUnknown => pair(
            [
                "Không rõ khách có đang ở hay không",
                "Trạng thái này không cho biết khách đang ở, đã đi hay chưa đến, nên không khai báo. Hãy ghi Đang ở, Đã trả phòng, Chưa đến hoặc Đã hủy.",
            ],
            [
                "The status does not tell whether the guest is there",
                "This status does not say that the guest is there, has left or has not come, so nobody was declared. Write In house, Checked out, Not arrived or Cancelled.",
            ],
        ),
        Code::CellNotText => pair(
            [
                "Ô không chứa nội dung dùng được",
                "Ô chứa lỗi của bảng tính (như #N/A), TRUE/FALSE hoặc một ngày, không phải nội dung của mục này. Hãy định dạng ô là Văn bản rồi gõ lại nội dung.",
            ],
            [
                "The cell holds no text",
                "The cell holds an error of the spreadsheet (such as #N/A), TRUE/FALSE or a date, which is nothing for this column. Format the cell as text and type its content again.",
            ],
        ),
        Code::WebhookUrlInvalid => pair(
            [
                "Địa chỉ webhook không hợp lệ",
                "Địa chỉ không có dạng được nhận. Hãy ghi địa chỉ https với cổng được phép, không có tên người dùng, mật khẩu hay phần sau dấu #.",
            ],
            [
                "The webhook's address is not valid",
                "The address has not the form that is taken. Write an https address with a port that is allowed, without user name, password or fragment.",
            ],
        ),
        Code::WebhookAddressNotAllowed => pair(
            [
                "Địa chỉ webhook không được phép",
                "Địa chỉ dẫn đến mạng nội bộ hoặc mạng không được gửi tới. Hãy dùng địa chỉ công khai, hoặc nhờ người vận hành mở mạng đó.",
            ],
            [
                "The webhook's address is not allowed",
                "The address leads to a private network or another one that nothing is sent to. Use a public address, or ask the operator to open that network.",
            ],
        ),
        Code::ArrivalTimeAssumed => pair(
            [
                "Giờ đến được giả định",
                "Dòng chỉ có ngày đến nên giờ đến được tính là 14:00, hoặc lúc tiếp nhận nếu sớm hơn. Hãy ghi giờ đến nếu biết.",
            ],
            [
                "The time of arrival was assumed",
                "The row has only a date of arrival, which counts as 14:00, or as the time of receipt if that was earlier. Give the time if it is known.",
            ],
        ),
        Code::UntilInPast => pair(
            [
                "Thời điểm kết thúc đã qua",
                "until phải ở tương lai. Hãy gửi thời điểm muộn hơn, hoặc bỏ trống để tạm dừng đến khi cho chạy lại.",
            ],
            [
                "The end has passed already",
                "until must lie ahead. Send a later instant, or leave it out to pause until it is resumed.",
            ],
        ),
        Code::CensusTimeOutOfRange => pair(
            [
                "Thời điểm lập danh sách không hợp lệ",
                "taken_at ở tương lai hoặc quá xa trong quá khứ. Hãy gửi thời điểm thật sự lập danh sách và kiểm tra đồng hồ của máy.",
            ],
            [
                "The time of the census is out of range",
                "taken_at lies ahead, or too far back. Send the time at which the census was really taken, and check the clock of the machine.",
            ],
        ),
        Code::CensusOutsideScope => pair(
            [
                "Khách ngoài phạm vi danh sách",
                "Dòng này nêu khoa hoặc phòng ngoài phạm vi (scope) của danh sách. Hãy gửi dòng này trong danh sách của phạm vi đúng.",
            ],
            [
                "Outside of the scope of the census",
                "The line names a ward or room outside of the scope of the census. Send it in the census of the right scope.",
            ],
        ),
        Code::CensusLineRepeated => pair(
            [
                "Dòng bị lặp",
                "Một dòng trước đó đã nói về cùng một khách. Hãy chỉ giữ một dòng cho mỗi khách.",
            ],
            [
                "The line is repeated",
                "A line before it is about the same guest. Keep one line for each guest.",
            ],
        ),
        Code::CensusMissing => pair(
            [
                "Không có trong danh sách",
                "Khách đang lưu trú nhưng không có trong danh sách gần nhất. Nếu khách đã rời đi, hãy ghi nhận thời điểm rời đi; nếu còn ở, danh sách sau sẽ khép lại câu hỏi này.",
            ],
            [
                "Not in the census",
                "The guest is present and was not in the last census. If the guest has left, record the departure; if not, the next census that has the guest closes the question.",
            ],
        ),
        Code::CensusGuestUnclear => pair(
            [
                "Không rõ dòng nói về khách nào",
                "Dòng này có lỗi và không cho biết chắc là khách nào, nên khách vắng tên được hỏi lại thay vì được ghi là đã rời đi. Hãy sửa số giấy tờ hoặc mã (reference) của dòng rồi gửi lại danh sách.",
            ],
            [
                "Not clear which guest the line is about",
                "The line is faulty and does not tell for certain which guest it is about, so guests who are missing are asked about instead of departing. Mend the document number or the reference of the line and send the census again.",
            ],
        ),
        Code::DateAssumed => pair(
            [
                "Ngày được hiểu theo cách thường gặp",
                "Ngày này không ghi đủ hoặc có thể đọc theo hai cách, nên đã được hiểu theo cách thường gặp. Hãy xem lại ngày đã lưu có đúng không.",
            ],
            [
                "The date was read in the usual way",
                "This date is not written in full or may be read in two ways, and was read in the usual one. Check that the date that was kept is right.",
            ],
        ),
        Code::TwoGuestsInCell => pair(
            [
                "Ô có vẻ ghi tên hai người",
                "Ô này có vẻ ghi tên hai người, mà mỗi dòng chỉ khai được một người. Nếu là hai người, hãy hủy lượt này rồi khai mỗi người một dòng, mỗi người một số giấy tờ.",
            ],
            [
                "The cell seems to name two people",
                "The cell seems to hold the names of two people, and a row declares one. If they are two, cancel this stay and declare each in a row of their own, with their own document.",
            ],
        ),
        Code::BookingCancelled => pair(
            [
                "Đặt phòng đã hủy",
                "Dòng này là lượt đặt phòng đã hủy hoặc khách không đến, nên không khai báo ai. Nếu khách đang ở, hãy sửa cột trạng thái.",
            ],
            [
                "The booking was cancelled",
                "This row is of a booking that was cancelled or of a guest who never came, so nobody was declared. If the guest is there, correct the status.",
            ],
        ),
        Code::GuestNotArrived => pair(
            [
                "Khách chưa đến",
                "Dòng này là khách chưa đến, nên chưa khai báo. Hãy gửi lại khi khách đã đến.",
            ],
            [
                "The guest has not come yet",
                "This row is of a guest who has not come yet, so nobody was declared. Send it again once the guest is there.",
            ],
        ),
        Code::GuestDeparted => pair(
            [
                "Khách đã đi, không rõ lúc nào",
                "Dòng này là khách đã đi nhưng không có ngày giờ đi, nên không khai báo. Hãy ghi ngày giờ đi thực tế rồi gửi lại.",
            ],
            [
                "The guest has left, and not when",
                "This row is of a guest who has left, without the time when, so nobody was declared. Write the day and time of departure and send it again.",
            ],
        ),
        Code::PartyIncomplete => pair(
            [
                "Đặt phòng có thêm khách",
                "Số khách của lượt đặt phòng nhiều hơn số dòng trong tệp. Hãy khai báo cả những khách còn lại.",
            ],
            [
                "The booking has more guests",
                "The booking is for more guests than the file has rows. Declare the others, too.",
            ],
        ),
        Code::TooManyImports => pair(
            [
                "Quá nhiều tệp đang chờ",
                "Cơ sở này đã có ba tệp đang chờ hoặc đang xử lý. Hãy gửi lại sau khi một tệp xong.",
            ],
            [
                "Too many files are waiting",
                "This facility already has three files that wait or are worked on. Send this one again when one of them is done.",
            ],
        ),
    }
}
