//! The address at which browsers reach the service.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use poem::http::Uri;

/// `http://…` or `https://…`, with a host and without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    has_tls: bool,
    authority: String,
}

impl PublicUrl {
    /// Whether browsers come over TLS.
    pub fn has_tls(&self) -> bool {
        self.has_tls
    }

    /// Whether it is reached on this machine alone.
    pub fn is_local(&self) -> bool {
        let host = match self.authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            Some(_) | None => self.authority.as_str(),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.eq_ignore_ascii_case("localhost")
            || bare
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// The address of a path, which begins with a slash.
    pub fn with_path(&self, path: &str) -> String {
        format!("{self}{path}")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.has_tls { "https" } else { "http" };
        write!(formatter, "{scheme}://{}", self.authority)
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let advice =
            || "give an address such as https://luutru.example.vn, without a path".to_owned();
        let uri: Uri = text.trim().parse().map_err(|_| advice())?;
        let has_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) | None => return Err(advice()),
        };
        let authority = uri.authority().ok_or_else(advice)?.as_str();
        if uri.path() != "/" || uri.query().is_some() || authority.contains('@') {
            return Err(advice());
        }
        Ok(Self {
            has_tls,
            authority: authority.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_host_is_known_by_its_names() {
        for (text, expected) in [
            ("http://localhost", true),
            ("http://LOCALHOST:8080", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("http://[::1]", true),
            ("http://luutru.example.vn", false),
            ("http://localhost.example.vn:80", false),
            ("http://192.168.1.10:8080", false),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!(url.is_local(), expected, "{text}");
        }
    }

    #[test]
    fn an_address_has_a_scheme_and_a_host_and_nothing_else() {
        for (text, expected) in [
            ("https://luutru.example.vn", "https://luutru.example.vn/x"),
            ("https://luutru.example.vn/", "https://luutru.example.vn/x"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/x"),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!(url.with_path("/x"), expected);
            assert_eq!(url.has_tls(), text.starts_with("https"));
        }
        for text in [
            "",
            "luutru.example.vn",
            "ftp://x",
            "https://x/y",
            "https://a:b@x",
            "https://x?y",
        ] {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }
}
