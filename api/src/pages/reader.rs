//! Who reads a page, as far as the request tells: language, theme, and the facility that was chosen.

use domain::problem::Language;
use pages::frame::{Head, Theme};
use pages::words::Words;
use poem::Request;
use poem::http::{HeaderMap, Method, header};
use uuid::Uuid;

use crate::app::App;
use crate::auth::origin;
use crate::exchange;

/// The cookie with the language.
pub(super) const LANGUAGE: &str = "lang";
/// The cookie with the theme.
pub(super) const THEME: &str = "theme";
/// The cookie with whether a question of the police is heard.
pub(super) const SOUND: &str = "sound";
/// The cookie that turns single letters off.
pub(super) const KEYS: &str = "keys";
/// The cookie with the facility.
pub(super) const FACILITY: &str = "facility";

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct PageReader {
    /// The words of the reader's language.
    pub(super) words: Words,
    theme: Theme,
    /// Whether single letters do something.
    pub(super) has_single_keys: bool,
    path: String,
    /// Whether the page can be read again under its path: it does not answer a form.
    pub(super) is_readable: bool,
    /// The facility that was chosen, where there are several.
    pub(super) facility: Option<Uuid>,
    /// Whether a question of the police is heard.
    pub(super) has_sound: bool,
    /// The token of the session, for forms; none before somebody is recognised.
    pub(super) form_token: Option<String>,
    /// Whether the browser takes compressed pages.
    pub(super) takes_gzip: bool,
}

impl PageReader {
    /// Reads the headers of a request.
    pub(crate) fn of(request: &Request) -> Self {
        let headers = request.headers();
        let accepted = exchange::text(headers, header::ACCEPT_LANGUAGE.as_str())
            .map(Language::from_accept_language);
        let chosen = match cookie(headers, LANGUAGE) {
            Some("vi") => Some(Language::Vi),
            Some("en") => Some(Language::En),
            Some(_) | None => None,
        };
        let encodings = exchange::text(headers, header::ACCEPT_ENCODING.as_str());
        Self {
            words: Words(chosen.or(accepted).unwrap_or_default()),
            theme: cookie(headers, THEME)
                .and_then(Theme::parse)
                .unwrap_or_default(),
            has_single_keys: cookie(headers, KEYS) != Some("off"),
            path: request.uri().path().to_owned(),
            is_readable: request.method() == Method::GET,
            facility: cookie(headers, FACILITY).and_then(|id| Uuid::try_parse(id).ok()),
            has_sound: cookie(headers, SOUND) != Some("off"),
            form_token: form_token(request),
            takes_gzip: encodings.is_some_and(takes_gzip),
        }
    }

    /// What every page has; `path` is where a switch of language leads back to.
    pub(super) fn head_at(&self, title: impl Into<String>, path: impl Into<String>) -> Head {
        Head {
            words: self.words,
            theme: self.theme,
            has_single_keys: self.has_single_keys,
            title: title.into(),
            path: path.into(),
        }
    }

    /// The same for the page that was asked for.
    pub(super) fn head(&self, title: impl Into<String>) -> Head {
        self.head_at(title, self.path.as_str())
    }

    /// The page that was asked for.
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

fn form_token(request: &Request) -> Option<String> {
    let app = App::of(request).ok()?;
    let caller = exchange::of(request).ok()?.caller.get()?;
    caller.signed_in().map(|one| origin::token(app, one))
}

/// Whether gzip is named and not refused.
fn takes_gzip(encodings: &str) -> bool {
    encodings.split(',').any(|encoding| {
        let mut parts = encoding.split(';').map(str::trim);
        let is_gzip = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        is_gzip && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';'));
    pairs.find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; lang=en"));
        headers.append(header::COOKIE, HeaderValue::from_static("theme=dark"));
        assert_eq!(cookie(&headers, LANGUAGE), Some("en"));
        assert_eq!(cookie(&headers, THEME), Some("dark"));
        assert_eq!(cookie(&headers, FACILITY), None);
    }

    #[test]
    fn gzip_may_be_refused() {
        let table = [
            ("gzip, deflate, br", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("br", false),
            ("", false),
        ];
        for (encodings, expected) in table {
            assert_eq!(takes_gzip(encodings), expected, "{encodings}");
        }
    }
}
