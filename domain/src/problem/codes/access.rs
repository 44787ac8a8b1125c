//! Codes of the class `access`: the caller may not do this.

macro_rules! access {
    ([$next:ident $($later:ident)*] $($rows:tt)*) => { $next! { [$($later)*] $($rows)*

Access, status: 401 {
    /// No valid key was presented.
    Unauthorized => "unauthorized" {
        vi: "Chưa xác thực",
            "Không có khóa hợp lệ trong yêu cầu. Hãy gửi Authorization: Bearer cùng một khóa còn hiệu lực.";
        en: "Not authenticated",
            "The request carries no valid key. Send Authorization: Bearer with a valid key.";
    }

    /// The key's time is over.
    KeyExpired => "key_expired" {
        vi: "Khóa đã hết hạn",
            "Khóa đã quá thời hạn sử dụng nên không còn được chấp nhận. Hãy đề nghị đơn vị vận hành cấp khóa mới và thay khóa trong phần mềm của bạn.";
        en: "The key has expired",
            "The key has expired and is no longer accepted. Ask the operator for a new key and use that one.";
    }

    /// The key's role may not do this.
    Forbidden => "forbidden", status: 403 {
        vi: "Không có quyền",
            "Vai trò của khóa không được phép thực hiện việc này. Hãy dùng khóa có vai trò phù hợp.";
        en: "Not permitted",
            "The role of this key may not do this. Use a key with a suitable role.";
    }
}

    } };
}
