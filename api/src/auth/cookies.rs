//! The cookies of people: of a session, of an enrolled machine, and of a browser in which an account
//! has signed in before.
//!
//! Over TLS their names begin with `__Host-`, so that no other host can set them. A script never
//! sees them.

use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use domain::role::AccountRole;
use poem::http::{HeaderMap, HeaderValue, header};
use runtime::token::Token;

use crate::config::ApiSettings;

/// The cookie of a session.
pub(crate) const SESSION: &str = "luutru_session";
/// The cookie of an enrolled machine.
const MACHINE: &str = "luutru_machine";
/// The cookie of a browser in which an account has signed in before.
const BROWSER: &str = "luutru_browser";
const HOST_PREFIX: &str = "__Host-";
/// How long a machine stays enrolled without being seen: browsers keep no cookie for longer.
const MACHINE_KEPT: Duration = Duration::days(400);
/// How long a browser is remembered.
const BROWSER_KEPT: Duration = Duration::days(90);

/// The token of the session in the headers.
pub(crate) fn session(headers: &HeaderMap, settings: &ApiSettings) -> Option<Token> {
    Token::parse(&value(headers, settings, SESSION)?)
}

/// The token of the machine in the headers.
pub(crate) fn machine(headers: &HeaderMap, settings: &ApiSettings) -> Option<Token> {
    Token::parse(&value(headers, settings, MACHINE)?)
}

/// What the browser in the headers remembers.
pub(crate) fn browser(headers: &HeaderMap, settings: &ApiSettings) -> Option<String> {
    value(headers, settings, BROWSER)
}

/// Sets the cookie of a session. Desks are led here by links; nobody else is.
pub(crate) fn set_session(
    settings: &ApiSettings,
    token: &Token,
    role: AccountRole,
) -> Option<HeaderValue> {
    let same_site = if role.is_desk() {
        SameSite::Lax
    } else {
        SameSite::Strict
    };
    let kept = Duration::new(role.session_max().num_seconds(), 0);
    set(settings, SESSION, &token.text(), same_site, kept)
}

/// Takes the cookie of a session away.
pub(crate) fn clear_session(settings: &ApiSettings) -> Option<HeaderValue> {
    set(settings, SESSION, "", SameSite::Lax, Duration::ZERO)
}

/// Sets the cookie of a machine.
pub(crate) fn set_machine(settings: &ApiSettings, token: &Token) -> Option<HeaderValue> {
    set(
        settings,
        MACHINE,
        &token.text(),
        SameSite::Lax,
        MACHINE_KEPT,
    )
}

/// Sets the cookie of a browser.
pub(crate) fn set_browser(settings: &ApiSettings, text: &str) -> Option<HeaderValue> {
    set(settings, BROWSER, text, SameSite::Strict, BROWSER_KEPT)
}

fn name_of(settings: &ApiSettings, name: &str) -> String {
    if settings.has_tls() {
        format!("{HOST_PREFIX}{name}")
    } else {
        name.to_owned()
    }
}

fn value(headers: &HeaderMap, settings: &ApiSettings, name: &str) -> Option<String> {
    let name = name_of(settings, name);
    let lines = headers.get_all(header::COOKIE).iter();
    let texts = lines.filter_map(|line| line.to_str().ok());
    let cookies = texts.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let mut own = cookies.filter(|cookie| cookie.name() == name);
    let found = own.next()?;
    // Two of one name are nobody's.
    own.next().is_none().then(|| found.value().to_owned())
}

fn set(
    settings: &ApiSettings,
    name: &str,
    value: &str,
    same_site: SameSite,
    kept: Duration,
) -> Option<HeaderValue> {
    let cookie = Cookie::build((name_of(settings, name), value))
        .path("/")
        .http_only(true)
        .secure(settings.has_tls())
        .same_site(same_site)
        .max_age(kept);
    HeaderValue::from_str(&cookie.build().to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over_tls() -> ApiSettings {
        ApiSettings {
            public_url: "https://luutru.example.vn".parse().unwrap(),
            ..ApiSettings::for_test()
        }
    }

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn over_tls_a_cookie_is_of_this_host_alone() {
        let token = Token::generate();
        let set = set_session(&over_tls(), &token, AccountRole::FrontDesk).unwrap();
        let set = set.to_str().unwrap().to_owned();
        assert!(set.starts_with("__Host-luutru_session="), "{set}");
        for word in [
            "HttpOnly",
            "Secure",
            "SameSite=Lax",
            "Path=/",
            "Max-Age=604800",
        ] {
            assert!(set.contains(word), "{word} in {set}");
        }
        assert!(!set.contains("Domain"), "{set}");
        let plain = ApiSettings::for_test();
        let set = set_session(&plain, &token, AccountRole::CommuneOfficer).unwrap();
        let set = set.to_str().unwrap().to_owned();
        assert!(
            set.starts_with("luutru_session=") && !set.contains("Secure"),
            "{set}"
        );
        assert!(
            set.contains("SameSite=Strict") && set.contains("Max-Age=43200"),
            "{set}"
        );
    }

    #[test]
    fn a_session_is_read_from_its_one_cookie() {
        let token = Token::generate();
        let text = token.text();
        let own = format!("luutru_session={}", text.as_str());
        let plain = ApiSettings::for_test();
        let read = |lines: &[&str]| session(&headers(lines), &plain);
        assert_eq!(read(&[&own]), Some(token.clone()));
        assert_eq!(
            read(&[&format!("lang=vi; {own}; theme=dark")]),
            Some(token.clone())
        );
        assert_eq!(read(&["lang=vi", &own]), Some(token.clone()));
        assert_eq!(read(&[&own, &own]), None);
        assert_eq!(read(&["luutru_session=x"]), None);
        assert_eq!(read(&[]), None);
        assert_eq!(
            session(&headers(&[&own]), &over_tls()),
            None,
            "set by another host"
        );
        let prefixed = format!("__Host-{own}");
        assert_eq!(session(&headers(&[&prefixed]), &over_tls()), Some(token));
    }
}
