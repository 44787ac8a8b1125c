//! Codes of the class `limit`: a quota or a bound is exceeded.

macro_rules! limit {
    ([$next:ident $($later:ident)*] $($rows:tt)*) => { $next! { [$($later)*] $($rows)*

Limit, status: 429 {
    /// The body is larger than this path takes.
    BodyTooLarge => "body_too_large", status: 413 {
        vi: "Nội dung quá lớn",
            "Nội dung vượt quá dung lượng của đường dẫn này và chưa được lưu. Hãy chia nhỏ rồi gửi lại.";
        en: "The body is too large",
            "The body exceeds the limit of this path and was not saved. Send it in smaller parts.";
    }

    /// The batch costs more than the quota's burst.
    BatchTooLarge => "batch_too_large", status: 413 {
        vi: "Lô khai báo quá lớn",
            "Lô này có nhiều lượt lưu trú hơn hạn mức có thể nhận một lần. Hãy chia thành các lô nhỏ hơn.";
        en: "The batch is too large",
            "The batch holds more stays than the quota ever allows at once. Send smaller batches.";
    }

    /// A quota is spent.
    RateLimited => "rate_limited", retryable: true {
        vi: "Đã hết hạn mức",
            "Hạn mức của khóa hoặc cơ sở đã hết; yêu cầu chưa được lưu. Hãy gửi lại sau thời gian nêu trong Retry-After.";
        en: "The quota is used up",
            "The quota of this key or facility is used up; the request was not saved. Send it again after the time in Retry-After.";
    }

    /// A facility has as many files waiting as it may.
    TooManyImports => "too_many_imports", retryable: true {
        vi: "Quá nhiều tệp đang chờ",
            "Cơ sở này đã có ba tệp đang chờ hoặc đang xử lý. Hãy gửi lại sau khi một tệp xong.";
        en: "Too many files are waiting",
            "This facility already has three files waiting or being read. Send this one again when one of them is done.";
    }

    /// Too many wrong passwords or codes, for this account or from this address.
    TooManySignIns => "too_many_sign_ins", retryable: true {
        vi: "Thử đăng nhập quá nhiều lần",
            "Đã có quá nhiều lần nhập sai từ đây. Hãy đợi hết thời gian nêu trong Retry-After rồi thử lại; những người khác vẫn đăng nhập được.";
        en: "Too many attempts to sign in",
            "There were too many wrong attempts from here. Wait for the time in Retry-After and try again; others can still sign in.";
    }
}

    } };
}
