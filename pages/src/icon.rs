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
    Activity "activity",
    ArrowLeft "arrow-left",
    Baby "baby",
    Ban "ban",
    Bed "bed-double",
    Book "book-user",
    Building "building-2",
    CalendarPlus "calendar-plus",
    Camera "camera",
    Check "check",
    CheckCheck "check-check",
    ChevronRight "chevron-right",
    CircleCheck "circle-check",
    CircleX "circle-x",
    Clipboard "clipboard-paste",
    Clock "clock",
    ClockAlert "clock-alert",
    Copy "copy",
    Door "door-open",
    Download "download",
    Eye "eye",
    FileUp "file-up",
    Filter "filter",
    Flag "flag",
    Help "circle-question-mark",
    History "history",
    Inbox "inbox",
    Keyboard "keyboard",
    Languages "languages",
    LayoutGrid "layout-grid",
    Lock "lock",
    LogIn "log-in",
    LogOut "log-out",
    Moon "moon",
    Octagon "octagon-alert",
    Pause "pause",
    Pencil "pencil",
    Phone "phone",
    Printer "printer",
    QrCode "qr-code",
    Restart "rotate-ccw",
    Question "message-circle-question-mark",
    Scan "scan-line",
    Send "send",
    Shield "shield-check",
    Timer "timer",
    Triangle "triangle-alert",
    Undo "undo-2",
    UserPlus "user-round-plus",
    Users "users",
    UserX "user-round-x",
    WifiOff "wifi-off",
}

impl fmt::Display for Icon {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.markup())
    }
}

/// The markup is a constant of this crate.
impl HtmlSafe for Icon {}
