//! Codes of the class `conflict`: the request contradicts what is stored.

macro_rules! conflict {
    ([$next:ident $($later:ident)*] $($rows:tt)*) => { $next! { [$($later)*] $($rows)*

Conflict, status: 409 {
    /// The reference is taken by a stay with other content.
    ReferenceConflict => "reference_conflict" {
        vi: "Mã tham chiếu đã dùng",
            "Mã tham chiếu này thuộc về một lượt lưu trú khác nội dung tại cơ sở. Hãy xem lượt lưu trú đã nêu; dùng mã khác cho lượt mới.";
        en: "The reference is taken",
            "This reference belongs to a stay of the facility with other content. Look at the stay named in stay_id; use another reference for a new stay.";
    }

    /// The idempotency key was used for another request.
    IdempotencyKeyReused => "idempotency_key_reused", status: 422 {
        vi: "Idempotency-Key đã dùng cho yêu cầu khác",
            "Khóa này đã đi cùng một yêu cầu có nội dung khác. Hãy dùng khóa mới cho mỗi yêu cầu mới.";
        en: "The idempotency key was used before",
            "This key was used for a different request. Use a new key for each new request.";
    }

    /// The first request with this idempotency key is still running.
    IdempotencyInProgress => "idempotency_in_progress", retryable: true {
        vi: "Yêu cầu trước đang được xử lý",
            "Yêu cầu đầu tiên mang khóa này chưa xử lý xong. Hãy gửi lại sau giây lát với cùng khóa.";
        en: "The first request is still running",
            "The first request with this key has not finished. Send it again in a moment with the same key.";
    }

    /// A change came without the version that it is meant for.
    PreconditionRequired => "precondition_required", status: 428 {
        vi: "Thiếu phiên bản cần thay đổi",
            "Yêu cầu thay đổi lưu trú phải nêu phiên bản trong tiêu đề If-Match. Hãy gửi If-Match với ETag của lượt lưu trú.";
        en: "The version is missing",
            "A change must name the version of the stay it applies to. Send If-Match with the stay's ETag.";
    }

    /// What is to be changed has another version than the one the change is meant for.
    VersionMismatch => "version_mismatch", status: 412 {
        vi: "Phiên bản đã thay đổi",
            "Nội dung hiện tại không ở phiên bản nêu trong If-Match; chưa có gì được thay đổi. Hãy xem lại nội dung hiện tại rồi gửi lại với ETag của nó.";
        en: "The version has changed",
            "The stored version is not the one named in If-Match; nothing was changed. Look at what is stored now and send the change again with its current ETag.";
    }

    /// The guest has departed; the change is for guests who are there.
    StayDeparted => "stay_departed" {
        vi: "Khách đã rời đi",
            "Khách của lượt lưu trú này đã rời đi. Nếu sai, hãy xóa departed_at bằng PATCH kèm lý do trước.";
        en: "The guest has departed",
            "The guest of this stay has departed. If that is wrong, first clear departed_at by PATCH, with a reason.";
    }

    /// The stay is cancelled, which is final.
    StayCancelled => "stay_cancelled" {
        vi: "Lượt lưu trú đã bị hủy",
            "Lượt lưu trú này đã bị hủy và không thể thay đổi nữa. Nếu khách có lưu trú, hãy khai báo một lượt mới.";
        en: "The stay is cancelled",
            "This stay is cancelled, which is final. If the guest does stay, declare a new stay.";
    }

    /// The lease under which a case was to be decided holds no more.
    LeaseLost => "lease_lost" {
        vi: "Đã mất quyền giữ vụ việc",
            "Thời hạn giữ đã hết hoặc vụ việc không được giữ bằng lease_id này, nên chưa có gì được lưu. Hãy nhận lại vụ việc rồi quyết định.";
        en: "The lease is lost",
            "The lease has expired, or the case is not held under this lease_id; nothing was saved. Claim the case again, then decide.";
    }

    /// The question is answered, or an officer has decided without its answer.
    QuestionClosed => "question_closed" {
        vi: "Câu hỏi đã khép lại",
            "Câu hỏi này đã được trả lời, hoặc công an đã quyết định; câu trả lời này chưa được lưu. Hãy xem các câu hỏi còn mở của lượt lưu trú; nếu cần sửa dữ liệu, hãy gửi thay đổi.";
        en: "The question is closed",
            "This question has been answered, or an officer has decided; this answer was not saved. Look at the open questions of the stay; to correct what was declared, send a change.";
    }

    /// A later census was taken of the same part of the facility.
    CensusStale => "census_stale" {
        vi: "Danh sách đã cũ",
            "Đã có danh sách chụp muộn hơn (last_taken_at) cho cùng phạm vi; không có gì thay đổi. Hãy lập danh sách mới rồi gửi lại.";
        en: "The census is out of date",
            "A later census of the same scope is known (last_taken_at); nothing was changed. Take the census again and send that.";
    }

    /// A census after which hardly anybody would be left.
    CensusImplausible => "census_implausible" {
        vi: "Danh sách khó tin",
            "Danh sách trống hoặc làm hơn một nửa số khách rời đi; không có gì thay đổi. Nếu đúng, hãy gửi lại với confirm.departures bằng con số ở departures.";
        en: "The census is implausible",
            "The census is empty, or more than half of the guests would depart; nothing was changed. If that is right, send it again with the number in departures as confirm.departures.";
    }

    /// The organisation has as many webhooks as it may have.
    TooManyWebhooks => "too_many_webhooks" {
        vi: "Đã đủ số webhook",
            "Đơn vị đã có số webhook tối đa nên webhook mới chưa được tạo. Hãy xóa một webhook không còn dùng rồi gửi lại.";
        en: "Too many webhooks",
            "The organisation has reached its number of webhooks, so this one was not created. Delete one that is no longer used, then send it again.";
    }

    /// Another organisation has this code.
    CodeTaken => "code_taken" {
        vi: "Mã đã có tổ chức dùng",
            "Một tổ chức khác đã mang mã này. Hãy chọn mã khác, hoặc thay đổi tổ chức đã có.";
        en: "The code is taken",
            "Another organisation has this code. Choose another one, or change the existing organisation.";
    }

    /// Another account has this name.
    AccountNameTaken => "account_name_taken" {
        vi: "Tên đăng nhập đã có người dùng",
            "Một tài khoản khác đã mang tên này. Hãy chọn tên khác, ví dụ thêm tên cơ sở.";
        en: "The name is taken",
            "Another account has this name. Choose another one, for instance with the name of the facility.";
    }

    /// The account has a second factor already.
    SecondFactorEnrolled => "second_factor_enrolled" {
        vi: "Đã có mã xác thực",
            "Tài khoản này đã gắn với một ứng dụng xác thực. Để thay, hãy xin người quản lý một liên kết mới.";
        en: "A second factor is enrolled",
            "This account already has an authenticator. To replace it, ask the manager for a new link.";
    }

    /// The webhook is disabled.
    WebhookDisabled => "webhook_disabled" {
        vi: "Webhook đã bị tắt",
            "Webhook đang tắt nên không có gì được gửi. Hãy bật lại bằng POST /v1/webhooks/{id}/enable rồi gửi lại.";
        en: "The webhook is disabled",
            "The webhook is disabled, so nothing is sent. Enable it with POST /v1/webhooks/{id}/enable, then send it again.";
    }

    /// The police have answered: there is nothing to send again.
    DeliverySettled => "delivery_settled" {
        vi: "Công an đã trả lời",
            "Thông báo này đã được công an tiếp nhận hoặc từ chối nên không có gì để gửi lại. Nếu bị từ chối, hãy sửa lượt lưu trú: phiên bản mới sẽ tự được gửi đi.";
        en: "The police have answered",
            "The police accepted or refused this notification, so there is nothing to send again. If it was refused, amend the stay: the new version is sent automatically.";
    }

    /// A later version of the stay carries the whole stay.
    DeliverySuperseded => "delivery_superseded" {
        vi: "Đã có phiên bản mới hơn",
            "Phiên bản mới hơn của lượt lưu trú mang toàn bộ nội dung nên thông báo này không được gửi lại. Hãy xem thông báo của phiên bản mới nhất.";
        en: "There is a later version",
            "A later version of the stay carries the whole stay, so this notification is not sent again. Look at the notification of the newest version.";
    }
}

    } };
}
