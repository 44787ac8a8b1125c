//! Codes of the class `request`: the request cannot be read or is not offered.

macro_rules! request {
    ([$next:ident $($later:ident)*] $($rows:tt)*) => { $next! { [$($later)*] $($rows)*

Request, status: 400 {
    /// The body is not JSON.
    MalformedJson => "malformed_json" {
        vi: "Nội dung không phải JSON",
            "Nội dung gửi lên không phải JSON hợp lệ. Hãy gửi một văn bản JSON theo RFC 8259, mã hóa UTF-8.";
        en: "The body is not JSON",
            "The body is not valid JSON. Send one JSON text (RFC 8259) in UTF-8.";
    }

    /// The body is nested deeper than 32 levels.
    JsonTooDeep => "json_too_deep" {
        vi: "JSON lồng quá sâu",
            "Nội dung JSON lồng quá 32 mức. Hãy gửi đúng cấu trúc trong tài liệu API.";
        en: "The JSON is nested too deep",
            "The JSON body is nested deeper than 32 levels. Send the structure shown in the API document.";
    }

    /// Nothing here that the caller may see.
    NotFound => "not_found", status: 404 {
        vi: "Không tìm thấy",
            "Không có nội dung này trong phạm vi của khóa. Hãy kiểm tra đường dẫn, mã định danh và khóa đang dùng.";
        en: "Not found",
            "There is nothing here that this key may see. Check the path, the id and the key.";
    }

    /// The path exists, the method does not.
    MethodNotAllowed => "method_not_allowed", status: 405 {
        vi: "Phương thức không được hỗ trợ",
            "Đường dẫn này không nhận phương thức HTTP đã dùng. Hãy dùng một phương thức nêu trong tiêu đề Allow.";
        en: "Method not allowed",
            "This path does not take this HTTP method. Use one named in the Allow header.";
    }

    /// No representation that `Accept` allows.
    NotAcceptable => "not_acceptable", status: 406 {
        vi: "Không có định dạng được yêu cầu",
            "Tài nguyên này không có định dạng nào mà tiêu đề Accept cho phép. Hãy yêu cầu một định dạng nêu trong tài liệu API.";
        en: "No acceptable format",
            "This resource has no format that the Accept header allows. Ask for one named in the API document.";
    }

    /// The body's media type is not taken here.
    UnsupportedMediaType => "unsupported_media_type", status: 415 {
        vi: "Kiểu nội dung không được hỗ trợ",
            "Đường dẫn này không nhận nội dung theo cách đã gửi. Hãy gửi theo kiểu nội dung mà tài liệu API nêu cho đường dẫn này, không nén.";
        en: "Unsupported media type",
            "This path does not take a body of this media type, or the body is compressed. Send it uncompressed, as a media type that the API document names for this path.";
    }

    /// The request did not arrive whole in time.
    RequestTimeout => "request_timeout", status: 408, retryable: true {
        vi: "Yêu cầu đến quá chậm",
            "Yêu cầu chưa đến đủ trong thời gian cho phép và chưa được lưu. Hãy gửi lại.";
        en: "The request was too slow",
            "The request did not arrive completely in time and was not saved. Send it again.";
    }

    /// The document breaks rules; `errors` names each.
    ValidationFailed => "validation_failed", status: 422 {
        vi: "Nội dung khai báo chưa hợp lệ",
            "Nội dung vi phạm một hoặc nhiều quy tắc và chưa được lưu. Hãy sửa từng mục nêu trong errors rồi gửi lại.";
        en: "The document breaks rules",
            "The document breaks one or more rules and was not saved. Fix every field listed in errors and send it again.";
    }

    /// The request names a host that is not this service.
    HostUnknown => "host_unknown", status: 421 {
        vi: "Sai tên máy chủ",
            "Yêu cầu gửi tới một tên máy chủ không phải của hệ thống này. Hãy dùng đúng địa chỉ mà đơn vị vận hành đã cung cấp; nếu tên đó đúng, đơn vị vận hành cần khai báo nó trong LUUTRU_HOSTS.";
        en: "Unknown host name",
            "The request names a host that is not this service. Use the address that the operator gave you; if the name is right, the operator has to list it in LUUTRU_HOSTS.";
    }

    /// `Idempotency-Key` is not 1 to 255 visible ASCII characters.
    IdempotencyKeyMalformed => "idempotency_key_malformed" {
        vi: "Idempotency-Key không hợp lệ",
            "Idempotency-Key phải gồm 1 đến 255 ký tự ASCII nhìn thấy được. Hãy dùng, ví dụ, một UUID.";
        en: "Idempotency-Key is malformed",
            "Idempotency-Key must be 1 to 255 visible ASCII characters. Use, for example, a UUID.";
    }

    /// The one-time link was used, has expired, or never was one.
    InvitationInvalid => "invitation_invalid", status: 404 {
        vi: "Liên kết không còn dùng được",
            "Liên kết này đã dùng, đã hết hạn hoặc không đúng. Hãy xin người quản lý một liên kết mới.";
        en: "The link is no longer good",
            "This link was used, has expired, or is not complete. Ask the manager for a new one.";
    }
}

    } };
}
