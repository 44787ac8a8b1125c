//! The icons, those of Lucide that are used (ISC licence, `assets/icons/LICENSE.txt`). They are
//! decoration: words beside them say the same.

use std::fmt;

use askama::filters::HtmlSafe;

macro_rules! icons {
    ($($icon:ident $file:literal,)+) => {
        /// An icon.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Icon {
            $(
                #[doc = concat!("`", $file, "`.")]
                $icon,
            )+
        }

        impl Icon {
            const fn markup(self) -> &'static str {
                match self {
                    $(Self::$icon => include_str!(concat!("../assets/icons/", $file, ".svg")).trim_ascii_end(),)+
                }
            }
        }
    };
}

icons! {
    ArrowLeft "arrow-left",
    Baby "baby",
    Ban "ban",
    Bed "bed-double",
    Book "book-user",
    CalendarPlus "calendar-plus",
    Camera "camera",
    Check "check",
    CheckCheck "check-check",
    CircleCheck "circle-check",
    CircleX "circle-x",
    Clock "clock",
    Door "door-open",
    Eye "eye",
    Flag "flag",
    Help "circle-question-mark",
    History "history",
    Keyboard "keyboard",
    Languages "languages",
    Lock "lock",
    LogIn "log-in",
    LogOut "log-out",
    Moon "moon",
    Octagon "octagon-alert",
    Pause "pause",
    Pencil "pencil",
    Printer "printer",
    QrCode "qr-code",
    Question "message-circle-question-mark",
    Scan "scan-line",
    Send "send",
    Shield "shield-check",
    Timer "timer",
    Triangle "triangle-alert",
    Undo "undo-2",
    UserPlus "user-round-plus",
    Users "users",
    WifiOff "wifi-off",
}

impl fmt::Display for Icon {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.markup())
    }
}

/// The markup is a constant of this crate.
impl HtmlSafe for Icon {}
