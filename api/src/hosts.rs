//! The host names of the API.
//!
//! A foreign web page must not reach an API on the visitor's own machine or network through a name
//! that resolves there (DNS rebinding). IP addresses and names without a dot are safe; every other
//! name must be configured by the operator.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use domain::problem::Code;
use poem::Request;
use poem::http::{Version, header};

/// Health checks of the operator's machines, under any name.
const PROBES: [&str; 2] = ["/livez", "/readyz"];
/// Allows every name.
const ANY: &str = "*";

/// Names that are taken besides addresses and names without a dot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(Arc<[String]>);

impl FromStr for Hosts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = text.split(',').map(str::trim);
        let names = words.filter(|word| !word.is_empty()).map(|word| {
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || ".-".contains(letter);
            if word == ANY || word.chars().all(is_name) {
                Ok(bare(word).to_ascii_lowercase())
            } else {
                Err(
                    "give names such as luutru.example.vn, with commas and without ports"
                        .to_owned(),
                )
            }
        });
        Ok(Self(names.collect::<Result<_, _>>()?))
    }
}

impl Hosts {
    /// Whether a request is for us.
    ///
    /// Errors: the code of its refusal.
    pub(crate) fn judge(&self, request: &Request) -> Result<(), Code> {
        if PROBES.contains(&request.uri().path()) {
            return Ok(());
        }
        let mut lines = request.headers().get_all(header::HOST).iter();
        let line = lines.next();
        if lines.next().is_some() {
            return Err(Code::HostUnknown);
        }
        let authority = request
            .uri()
            .authority()
            .map(|authority| authority.as_str());
        let authorities = line.map(|line| line.to_str().unwrap_or_default());
        let mut named = authorities.into_iter().chain(authority).peekable();
        if named.peek().is_none() && request.version() > Version::HTTP_10 {
            return Err(Code::HostUnknown);
        }
        if named.all(|authority| self.takes(authority)) {
            Ok(())
        } else {
            Err(Code::HostUnknown)
        }
    }

    fn takes(&self, authority: &str) -> bool {
        let Some(host) = host_of(authority) else {
            return false;
        };
        let is_address = host.parse::<IpAddr>().is_ok();
        let is_ours = |name: &String| name == ANY || name.eq_ignore_ascii_case(host);
        is_address || !host.contains('.') || is_of_this_machine(host) || self.0.iter().any(is_ours)
    }
}

/// RFC 6761, 6.3.
fn is_of_this_machine(host: &str) -> bool {
    let end = host.rsplit('.').next();
    end.is_some_and(|end| end.eq_ignore_ascii_case("localhost"))
}

/// Host of `host[:port]`, without the dot that may end a name; `None` when it is malformed.
fn host_of(authority: &str) -> Option<&str> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return is_port.then_some(host);
    }
    let (host, is_right) = match authority.split_once(':') {
        Some((host, port)) => (host, is_port(port)),
        None => (authority, true),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let host = bare(host);
    (is_right && !host.is_empty() && host.bytes().all(is_name)).then_some(host)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn bare(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(hosts: &str, named: &[&'static str], path: &str) -> Result<(), Code> {
        let hosts: Hosts = hosts.parse().unwrap();
        let mut request = Request::builder().uri_str(path);
        for host in named {
            request = request.header(header::HOST, *host);
        }
        hosts.judge(&request.finish())
    }

    #[test]
    fn addresses_and_near_names_are_ours_and_foreign_ones_are_not() {
        let ours = [
            "127.0.0.1:8080",
            "[::1]:8080",
            "[::1]",
            "localhost",
            "LOCALHOST:1",
            "desk.localhost",
            "api-1:8080",
            "luutru.example.vn",
            "Luutru.Example.VN.:443",
        ];
        for host in ours {
            assert_eq!(
                judge("luutru.example.vn", &[host], "/v1/stays"),
                Ok(()),
                "{host}"
            );
        }
        let foreign = [
            "evil.example",
            "luutru.example.vn.evil.example",
            "127.0.0.1.evil.example",
            "user@127.0.0.1",
            "127.0.0.1:80:90",
            "[::1",
            "[evil.example]",
            "a b",
            "",
        ];
        for host in foreign {
            let judged = judge("luutru.example.vn", &[host], "/v1/stays");
            assert_eq!(judged, Err(Code::HostUnknown), "{host}");
        }
        assert_eq!(judge("*", &["evil.example"], "/v1/stays"), Ok(()));
    }

    #[test]
    fn a_request_names_one_host() {
        let two = ["localhost", "localhost"];
        assert_eq!(judge("", &two, "/v1/stays"), Err(Code::HostUnknown));
        assert_eq!(judge("", &[], "/v1/stays"), Err(Code::HostUnknown));
        assert_eq!(judge("", &["evil.example"], "/livez"), Ok(()));
        let twice = judge("", &["localhost"], "http://evil.example/v1/stays");
        assert_eq!(twice, Err(Code::HostUnknown));
    }

    #[test]
    fn a_setting_has_names_without_ports() {
        assert!("luutru.example.vn, b.vn".parse::<Hosts>().is_ok());
        assert!("https://luutru.example.vn".parse::<Hosts>().is_err());
        assert!("luutru.example.vn:443".parse::<Hosts>().is_err());
    }
}
