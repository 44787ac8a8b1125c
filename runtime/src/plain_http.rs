//! Whether a peer may be called without TLS. These calls carry personal data, so production allows
//! only TLS, the local host, or hosts that the operator has named.

use std::net::IpAddr;

use reqwest::Url;

use crate::secrets::SettingError;

/// Environment name of the hosts that may be called in clear.
pub const ALLOW_PLAIN_HTTP: &str = "LUUTRU_ALLOW_PLAIN_HTTP";

/// Settings for calls without TLS.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct PlainHttpSettings {
    /// Comma-separated hosts of the population registry and police endpoints that may be called
    /// over http://, where calls can be read in transit. The local host is always allowed.
    #[arg(
        long,
        env = "LUUTRU_ALLOW_PLAIN_HTTP",
        value_delimiter = ',',
        value_name = "HOSTS"
    )]
    pub allow_plain_http: Vec<String>,

    /// Whether this is asked at all: in production.
    #[arg(skip)]
    pub is_enforced: bool,
}

impl PlainHttpSettings {
    /// Whether the setting's address may be called; invalid addresses are reported elsewhere.
    ///
    /// Errors: it would be called in clear.
    pub fn check(&self, setting: &str, address: &str) -> Result<(), SettingError> {
        let Some(url) = Url::parse(address).ok().filter(|_| self.is_enforced) else {
            return Ok(());
        };
        let host = url.host_str().unwrap_or_default();
        let is_named = self
            .allow_plain_http
            .iter()
            .any(|named| named.trim().eq_ignore_ascii_case(host));
        if url.scheme() != "http" || is_loopback(host) || is_named {
            return Ok(());
        }
        Err(SettingError::new(
            setting,
            format!(
                "would be called over http://: personal data would be sent unencrypted. Use \
                 https://, or name the host in {ALLOW_PLAIN_HTTP} if nobody can eavesdrop."
            ),
        ))
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_production_only_this_host_and_named_ones_are_called_in_clear() {
        let settings = |is_enforced| PlainHttpSettings {
            allow_plain_http: vec!["police-sim".to_owned(), " 10.1.2.3 ".to_owned()],
            is_enforced,
        };
        let table = [
            ("https://police.example", true),
            ("http://127.0.0.1:8082", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:8082", true),
            ("http://localhost:8082", true),
            ("http://police-sim:8082", true),
            ("http://POLICE-SIM:8082", true),
            ("http://10.1.2.3", true),
            ("http://10.1.2.4", false),
            ("http://police.example", false),
            ("http://police-sim.example", false),
            ("http://127.0.0.1.example", false),
            ("http://0.0.0.0", false),
            ("http://127.0.0.1@police.example", false),
        ];
        for (address, is_allowed) in table {
            let outcome = settings(true).check("LUUTRU_POLICE_URL", address);
            assert_eq!(outcome.is_ok(), is_allowed, "{address}");
            assert!(settings(false).check("LUUTRU_POLICE_URL", address).is_ok());
            if let Err(error) = outcome {
                assert!(error.to_string().starts_with("LUUTRU_POLICE_URL: "));
                assert!(!error.to_string().contains("example"));
            }
        }
    }
}
