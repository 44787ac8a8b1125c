//! How calls travel: HTTP, and what is read of an answer. The text of an answer never leaves this
//! crate.
//!
//! The [`Transport`] of a call is a value, so that a test can substitute a script.

use std::pin::Pin;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{
    Client, Response, Url,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
};
use runtime::{
    outgoing::{self, OutgoingLimits, ReadError},
    secrets::SettingError,
};

/// A call on its way.
pub(crate) type Calling<'a> =
    Pin<Box<dyn Future<Output = Result<PeerAnswer, CallFault>> + Send + 'a>>;

/// How calls travel.
pub(crate) trait Transport: Send + Sync {
    /// Sends `body` as JSON and reads the answer up to a limit. `now` is the current instant, for
    /// times in the answer.
    fn post(&self, headers: HeaderMap, body: Vec<u8>, now: DateTime<Utc>) -> Calling<'_>;
}

/// An answer that was read whole.
#[derive(Clone, Debug)]
pub(crate) struct PeerAnswer {
    pub(crate) status: u16,
    pub(crate) is_json: bool,
    /// How long the peer asks to be left alone.
    pub(crate) retry_after: Option<TimeDelta>,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer. Whether the call had an effect is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallFault {
    /// No whole answer in time.
    Timeout,
    /// No connection.
    Connect,
    /// The connection ended before the answer did.
    Cut,
    /// More than we read.
    TooLong,
}

impl CallFault {
    /// The code of attempts and labels.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Cut => "cut",
            Self::TooLong => "answer_too_long",
        }
    }
}

/// Over HTTP.
struct Http {
    url: Url,
    client: Client,
}

impl Transport for Http {
    fn post(&self, headers: HeaderMap, body: Vec<u8>, now: DateTime<Utc>) -> Calling<'_> {
        let request = self
            .client
            .post(self.url.clone())
            .headers(headers)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        Box::pin(async move {
            match request.send().await {
                Ok(response) => read(response, now).await,
                Err(error) => Err(fault_of(&error)),
            }
        })
    }
}

/// Calls to `base_url` at `path`. `setting` is the environment name of the address.
pub(crate) fn http(
    setting: &'static str,
    base_url: &str,
    path: &str,
    limits: &OutgoingLimits,
) -> Result<Box<dyn Transport>, SettingError> {
    let advice = "is not an http:// or https:// address. Write it as http://host:port.";
    let mut url = Url::parse(base_url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| SettingError::new(setting, advice))?;
    url.set_path(&format!("{}/{path}", url.path().trim_end_matches('/')));
    let client = outgoing::client(limits).map_err(|_| {
        SettingError::new(setting, "cannot be called: the TLS library did not start.")
    })?;
    Ok(Box::new(Http { url, client }))
}

async fn read(response: Response, now: DateTime<Utc>) -> Result<PeerAnswer, CallFault> {
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name)?.to_str().ok();
    let is_json = header(CONTENT_TYPE).is_some_and(is_json);
    let retry_after = header(RETRY_AFTER).and_then(|text| parse_retry_after(text, now));
    match outgoing::read_limited(response, outgoing::ANSWER_BYTES_MAX).await {
        Ok(body) => Ok(PeerAnswer {
            status,
            is_json,
            retry_after,
            body: body.to_vec(),
        }),
        Err(ReadError::TooLong { .. }) => Err(CallFault::TooLong),
        Err(ReadError::BrokenOff(error)) if error.is_timeout() => Err(CallFault::Timeout),
        Err(ReadError::BrokenOff(_)) => Err(CallFault::Cut),
    }
}

fn fault_of(error: &reqwest::Error) -> CallFault {
    if error.is_timeout() {
        CallFault::Timeout
    } else if error.is_connect() {
        CallFault::Connect
    } else {
        CallFault::Cut
    }
}

/// `application/json`, or a type of its family such as `application/problem+json`.
fn is_json(content_type: &str) -> bool {
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Seconds, or the instant of RFC 9110, section 10.2.3. A time in the past is ignored.
fn parse_retry_after(text: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let text = text.trim();
    let wish = match text.parse::<u32>() {
        Ok(seconds) => TimeDelta::seconds(seconds.into()),
        Err(_) => DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now,
    };
    (wish > TimeDelta::zero()).then_some(wish)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_seconds_or_an_instant() {
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        let table = [
            ("120", Some(120)),
            (" 5 ", Some(5)),
            ("0", None),
            ("-1", None),
            ("Mon, 23 Nov 2026 10:01:00 GMT", Some(60)),
            ("Mon, 23 Nov 2026 09:59:00 GMT", None),
            ("soon", None),
            ("", None),
        ];
        for (text, seconds) in table {
            let wish = parse_retry_after(text, now).map(|wish| wish.num_seconds());
            assert_eq!(wish, seconds, "{text}");
        }
    }

    #[test]
    fn json_is_told_from_other_types() {
        let table = [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/problem+json", true),
            ("text/html; charset=utf-8", false),
            ("text/json", false),
            ("application/jsonl", false),
            ("", false),
        ];
        for (content_type, expected) in table {
            assert_eq!(is_json(content_type), expected, "{content_type}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_called_is_refused_by_its_setting() {
        let limits = OutgoingLimits::default();
        let transport = |url| http("LUUTRU_POLICE_URL", url, "v1/x", &limits);
        assert!(transport("http://127.0.0.1:8082/").is_ok());
        for url in ["", "127.0.0.1:8082", "ftp://host", "http://"] {
            let error = transport(url).err().unwrap();
            assert_eq!(error.setting(), "LUUTRU_POLICE_URL", "{url}");
        }
    }
}
