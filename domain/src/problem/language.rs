//! The two languages of the service.

/// A language for titles, details and messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Language {
    /// Vietnamese, the default.
    #[default]
    Vi,
    /// English.
    En,
}

impl Language {
    /// The tag for `Content-Language`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    /// Chooses by an `Accept-Language` value (RFC 9110, 12.5.4): the one of ours with the greatest
    /// weight, the first named among equals; Vietnamese when neither is wanted or the value cannot
    /// be read.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Self {
        let mut best = (0.0_f32, Self::default());
        for range in header.split(',') {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Self::of_range) else {
                continue;
            };
            let weight = parts.find_map(weight).unwrap_or(1.0);
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }

    /// `vi`, `vi-VN`, `en`, `en-GB`, …; `*` is the default.
    fn of_range(range: &str) -> Option<Self> {
        let primary = range.trim().split('-').next()?;
        if primary.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else if primary.eq_ignore_ascii_case("vi") || primary == "*" {
            Some(Self::Vi)
        } else {
            None
        }
    }
}

/// The weight in `q=0.8`; nothing when the parameter is another one.
fn weight(parameter: &str) -> Option<f32> {
    let value = parameter.trim().strip_prefix("q=")?;
    value
        .trim()
        .parse()
        .ok()
        .filter(|weight| (0.0..=1.0).contains(weight))
}

#[cfg(test)]
mod tests {
    use super::Language::{self, En, Vi};

    #[test]
    fn the_greatest_weight_wins_and_vietnamese_is_the_default() {
        let table = [
            ("", Vi),
            ("en", En),
            ("EN-gb", En),
            ("vi", Vi),
            ("vi,en;q=0.9", Vi),
            ("vi;q=0.5, en", En),
            ("fr, en;q=0.3", En),
            ("fr", Vi),
            ("en;q=0", Vi),
            ("*", Vi),
            ("en;q=abc", En),
            (";;;,,,q=", Vi),
        ];
        for (header, language) in table {
            assert_eq!(Language::from_accept_language(header), language, "{header}");
        }
    }
}
