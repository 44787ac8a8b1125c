//! What a browser sends: the pairs of a form, and those of an address.

use chrono::{DateTime, Utc};
use poem::{Request, RequestBody};

use crate::app::App;
use crate::exchange;
use crate::payload;
use crate::problem::Failure;

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

    /// The first value of a name; empty when there is none.
    pub(super) fn value(&self, name: &str) -> &str {
        let mut pairs = self.pairs.iter();
        pairs
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.as_str())
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
