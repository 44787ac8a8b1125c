//! Codes of the class `service`: the service cannot answer now.

macro_rules! service {
    ([$next:ident $($later:ident)*] $($rows:tt)*) => { $next! { [$($later)*] $($rows)*

Service, status: 503 {
    /// Too much waits already.
    Overloaded => "overloaded", retryable: true {
        vi: "Hệ thống đang quá tải",
            "Hệ thống đang có quá nhiều yêu cầu chờ; yêu cầu này chưa được lưu. Hãy gửi lại sau thời gian nêu trong Retry-After.";
        en: "The service is overloaded",
            "Too many requests are waiting; this one was not saved. Send it again after the time in Retry-After.";
    }

    /// The database does not answer.
    StorageUnavailable => "storage_unavailable", retryable: true {
        vi: "Cơ sở dữ liệu không phản hồi",
            "Cơ sở dữ liệu tạm thời không phản hồi; yêu cầu chưa được lưu. Hãy gửi lại sau thời gian nêu trong Retry-After.";
        en: "The database does not answer",
            "The database does not answer at the moment; the request was not saved. Send it again after the time in Retry-After.";
    }

    /// What is stored of the stay is damaged; the operator knows of it.
    StayUnreadable => "stay_unreadable", status: 500 {
        vi: "Không đọc được dữ liệu của lượt lưu trú này",
            "Dữ liệu đã lưu của lượt lưu trú này bị hỏng nên không đọc được; các lượt khác không bị ảnh hưởng và không có gì bị thay đổi. Hãy báo cho đơn vị vận hành kèm mã lượt lưu trú; đừng khai lại lượt này khi chưa có trả lời.";
        en: "The stored stay cannot be read",
            "The stored data of this stay is damaged and cannot be read; other stays are not affected and nothing was changed. Give the operator the id of the stay; do not declare it again before you have an answer.";
    }

    /// The database has no room.
    StorageFull => "storage_full", retryable: true {
        vi: "Cơ sở dữ liệu hết chỗ",
            "Nơi lưu trữ đã đầy; yêu cầu chưa được lưu. Hãy gửi lại sau; đơn vị vận hành đã được báo.";
        en: "The database is full",
            "The storage has no room left; the request was not saved. Send it again later; the operator has been told.";
    }

    /// Whether it was saved is not known.
    OutcomeUnknown => "outcome_unknown", retryable: true {
        vi: "Chưa rõ đã lưu hay chưa",
            "Không xác định được yêu cầu đã được lưu hay chưa. Hãy gửi lại nguyên văn: không có gì bị tạo hai lần.";
        en: "The outcome is not known",
            "We do not know whether this was saved. Send it again unchanged: nothing is saved twice.";
    }

    /// The process is stopping.
    Stopping => "stopping", retryable: true {
        vi: "Hệ thống đang dừng",
            "Tiến trình này đang dừng; yêu cầu chưa được lưu. Hãy gửi lại sau giây lát.";
        en: "The service is stopping",
            "This process is stopping; the request was not saved. Send it again in a moment.";
    }

    /// A fault of the service.
    Internal => "internal", status: 500 {
        vi: "Lỗi của hệ thống",
            "Hệ thống gặp lỗi; yêu cầu chưa được lưu. Hãy báo đơn vị vận hành kèm request_id.";
        en: "Internal error",
            "The service failed; the request was not saved. Give the operator the request_id.";
    }
}

    } };
}
