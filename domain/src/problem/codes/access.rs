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

    /// The account reaches what its manager does not.
    AccountBeyondScope => "account_beyond_scope", status: 403 {
        vi: "Tài khoản có phạm vi rộng hơn của bạn",
            "Tài khoản này còn thuộc cơ sở mà bạn không quản lý, nên bạn không được đổi. Hãy nhờ người quản lý toàn tổ chức.";
        en: "The account reaches further than yours",
            "This account also works at facilities that you do not manage, so you may not change it. Ask a manager of the whole organisation.";
    }

    /// The session has ended, or never was one.
    SessionEnded => "session_ended" {
        vi: "Phiên đăng nhập đã kết thúc",
            "Phiên làm việc này không còn hiệu lực: đã hết giờ, đã đăng xuất, hoặc mật khẩu hay vai trò đã thay đổi. Hãy đăng nhập lại.";
        en: "The session has ended",
            "This session is no longer valid: its time is over, it was signed out, or the password or role has changed. Sign in again.";
    }

    /// Name and password do not belong to an account, whichever of them is wrong.
    SignInFailed => "sign_in_failed" {
        vi: "Không đăng nhập được",
            "Tên đăng nhập hoặc mật khẩu không đúng. Hãy nhập lại; nếu quên mật khẩu, hãy xin người quản lý một liên kết mới.";
        en: "Not signed in",
            "The name or the password is wrong. Enter them again; if the password is forgotten, ask the manager for a new link.";
    }

    /// The one-time code is wrong, too old, or was used before.
    CodeRejected => "code_rejected" {
        vi: "Mã xác thực không đúng",
            "Mã không đúng, đã hết hạn hoặc đã dùng một lần. Hãy đợi mã kế tiếp trong ứng dụng xác thực rồi nhập lại, hoặc dùng một mã dự phòng.";
        en: "The code is not right",
            "The code is wrong, too old, or was used before. Wait for the next one in the authenticator and enter it, or use a recovery code.";
    }

    /// The password is right and the second factor is still missing.
    SecondFactorRequired => "second_factor_required" {
        vi: "Cần thêm bước xác thực",
            "Mật khẩu đúng, nhưng tài khoản này còn cần mã xác thực. Hãy nhập mã để hoàn tất đăng nhập.";
        en: "A second factor is required",
            "The password is right, but this account also needs a one-time code. Enter the code to finish signing in.";
    }

    /// A browser sent this for a page of somebody else.
    CrossSite => "cross_site", status: 403 {
        vi: "Yêu cầu từ trang web khác",
            "Yêu cầu này không xuất phát từ trang của hệ thống nên không được thực hiện. Hãy mở lại trang của hệ thống và làm lại tại đó.";
        en: "Sent by another site",
            "This request did not come from a page of this service, so nothing was done. Open the service's own page and do it there.";
    }
}

    } };
}
