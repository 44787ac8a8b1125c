//! One call to a consumer: signed, and what its answer means.

use std::time::Duration;

use domain::webhook::CallOutcome;
use reqwest::{Client, Response, header};
use runtime::{
    outgoing, standard_webhooks,
    webhook_target::{self, WebhookTargets},
};
use secrecy::SecretString;
use store::webhooks::DeliveryRow;
use tokio::time::timeout;

/// The most that is read of an answer. Its content is ignored; reading it lets the connection be
/// reused.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// For reading it.
const ANSWER_DURATION_MAX: Duration = Duration::from_secs(2);

/// The target of a call.
pub(super) struct Call<'a> {
    pub(super) client: &'a Client,
    pub(super) targets: &'a WebhookTargets,
    pub(super) url: &'a str,
    pub(super) secret: &'a str,
}

impl Call<'_> {
    /// Sends the delivery's body. `timestamp_s` is now, in seconds since 1970.
    pub(super) async fn post(
        &self,
        delivery: &DeliveryRow,
        timestamp_s: i64,
    ) -> (CallOutcome, Option<u16>) {
        // Checked again: the policy may have changed since registration, and a literal IP address
        // is never resolved.
        let Ok(url) = self.targets.normalise(self.url) else {
            return (CallOutcome::NotAllowed, None);
        };
        let text = SecretString::from(self.secret.to_owned());
        let Ok(secret) = standard_webhooks::parse_secret("webhook", &text) else {
            return (CallOutcome::NotAllowed, None);
        };
        let id = delivery.event_id.to_string();
        let body = delivery.body.clone();
        let signature = standard_webhooks::sign(&secret, &id, timestamp_s, body.as_bytes());
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(standard_webhooks::ID_HEADER, id)
            .header(standard_webhooks::TIMESTAMP_HEADER, timestamp_s)
            .header(standard_webhooks::SIGNATURE_HEADER, signature)
            .body(body);
        match request.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                if response.status().is_success() {
                    finish(response).await;
                }
                (outcome_of(status), Some(status))
            }
            Err(error) if webhook_target::is_refused(&error) => (CallOutcome::NotAllowed, None),
            Err(error) if error.is_timeout() => (CallOutcome::TimedOut, None),
            Err(_) => (CallOutcome::Unreachable, None),
        }
    }
}

/// The status is enough; a body that is too long or too slow closes the connection.
async fn finish(response: Response) {
    let read = outgoing::read_limited(response, ANSWER_BYTES_MAX);
    let _ = timeout(ANSWER_DURATION_MAX, read).await;
}

fn outcome_of(status: u16) -> CallOutcome {
    match status {
        200..=299 => CallOutcome::Delivered,
        300..=399 => CallOutcome::Redirected,
        410 => CallOutcome::Gone,
        _ => CallOutcome::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_2xx_is_a_success_and_410_is_the_end() {
        let table = [
            (200, CallOutcome::Delivered),
            (204, CallOutcome::Delivered),
            (299, CallOutcome::Delivered),
            (301, CallOutcome::Redirected),
            (308, CallOutcome::Redirected),
            (400, CallOutcome::Refused),
            (404, CallOutcome::Refused),
            (410, CallOutcome::Gone),
            (429, CallOutcome::Refused),
            (500, CallOutcome::Refused),
            (199, CallOutcome::Refused),
        ];
        for (status, expected) in table {
            assert_eq!(outcome_of(status), expected, "{status}");
        }
    }
}
