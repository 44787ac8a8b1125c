//! What a browser sends: the pairs of a form, and those of an address.

use chrono::{DateTime, Utc};
use poem::http::{HeaderValue, Method};
use poem::{Request, RequestBody};
use serde_json::Value;

use crate::accounts::session::BYTES_MAX as STRANGERS_BYTES_MAX;
use crate::app::App;
use crate::auth::origin;
use crate::exchange;
use crate::idempotency::IdempotencyKey;
use crate::payload;
use crate::problem::Failure;

/// The field of a form that carries the token of its session.
pub(super) const TOKEN_FIELD: &str = "csrf_token";

/// Where no header tells which page sent a form, its token is moved to the header of scripts, where
/// [`origin::check`] looks for it before anything is done.
///
/// Errors: those of every body.
pub(super) async fn carry_token(request: Request) -> Result<Request, Failure> {
    let headers = request.headers();
    if request.method() != Method::POST
        || !origin::is_unknown(headers)
        || !payload::is_form(headers)
    {
        return Ok(request);
    }
    let bytes_max = App::of(&request)?.settings.stay_body_bytes_max;
    let (mut request, mut body) = request.split();
    let (bytes, _) = payload::receive_form(&request, &mut body, bytes_max).await?;
    if let Ok(token) = HeaderValue::from_str(PageForm::parse(&bytes).value(TOKEN_FIELD)) {
        request.headers_mut().insert(origin::TOKEN_HEADER, token);
    }
    request.set_body(bytes);
    Ok(request)
}

/// The field of a form that guards it against being carried out twice: made when the form is drawn,
/// so that a second click sends the same one.
pub(super) const KEY_FIELD: &str = "key";

/// The guard of a form; what a form of ours does not send is none.
pub(super) fn key_of(sent: &str) -> IdempotencyKey {
    IdempotencyKey(Some(sent.to_owned()).filter(|key| is_key(key)))
}

/// A key as the intake takes it.
pub(super) fn is_key(key: &str) -> bool {
    (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The pairs of a form.
#[derive(Default)]
pub(super) struct PageForm {
    pairs: Vec<(String, String)>,
}

impl PageForm {
    /// The body of a request, and when it was there.
    ///
    /// Errors: those of every body; 415 for one that is no form.
    pub(super) async fn receive(
        request: &Request,
        body: &mut RequestBody,
    ) -> Result<(Self, DateTime<Utc>), Failure> {
        let bytes_max = App::of(request)?.settings.stay_body_bytes_max;
        let (bytes, received_at) = payload::receive_form(request, body, bytes_max).await?;
        Ok((Self::parse(&bytes), received_at))
    }

    /// The same for a form of many guests, as large as a batch may be.
    pub(super) async fn receive_many(
        request: &Request,
        body: &mut RequestBody,
    ) -> Result<(Self, DateTime<Utc>), Failure> {
        let bytes_max = App::of(request)?.settings.batch_body_bytes_max;
        let (bytes, received_at) = payload::receive_form(request, body, bytes_max).await?;
        Ok((Self::parse(&bytes), received_at))
    }

    /// The body of a request that nobody has vouched for.
    ///
    /// Errors: those of every body; 415 for one that is no form.
    pub(super) async fn of_stranger(
        request: &Request,
        body: &mut RequestBody,
    ) -> Result<Self, Failure> {
        let (bytes, _) = payload::receive_form(request, body, STRANGERS_BYTES_MAX).await?;
        Ok(Self::parse(&bytes))
    }

    /// The query of an address.
    pub(super) fn of_query(request: &Request) -> Self {
        Self::parse(request.uri().query().unwrap_or_default().as_bytes())
    }

    /// What a script says beside a body that is no form, in the header `Luutru-Form`.
    pub(super) fn of_header(request: &Request) -> Self {
        let said = exchange::text(request.headers(), "luutru-form");
        Self::parse(said.unwrap_or_default().as_bytes())
    }

    /// The pairs of a form or of a query.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(bytes);
        Self {
            pairs: pairs.into_owned().collect(),
        }
    }

    /// A form of one pair.
    #[cfg(test)]
    pub(super) fn of_pair(name: &str, value: &str) -> Self {
        Self {
            pairs: vec![(name.to_owned(), value.to_owned())],
        }
    }

    /// The values of these names as the members of a request; what is empty is left out.
    pub(super) fn to_json(&self, names: &[&str]) -> Value {
        let pairs = names.iter().map(|name| (*name, self.value(name)));
        let filled = pairs.filter(|(_, value)| !value.is_empty());
        filled
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect()
    }

    /// The first value of a name; empty when there is none.
    pub(super) fn value(&self, name: &str) -> &str {
        let mut pairs = self.pairs.iter();
        pairs
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// The guard against carrying out the form twice.
    pub(super) fn key(&self) -> IdempotencyKey {
        key_of(self.value(KEY_FIELD))
    }

    /// All values of a name.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let pairs = self.pairs.iter();
        let of_name = pairs.filter(move |(key, _)| key == name);
        of_name.map(|(_, value)| value.as_str())
    }

    /// All pairs.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.pairs.iter();
        pairs.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_what_was_typed() {
        let form = PageForm::parse("full_name=Nguy%E1%BB%85n+V%C4%83n+An&stay=1&stay=2".as_bytes());
        assert_eq!(form.value("full_name"), "Nguyễn Văn An");
        assert_eq!(form.values("stay").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(form.value("room"), "");
    }
}
