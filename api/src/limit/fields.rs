//! The header fields `RateLimit-Policy` and `RateLimit`, in one place because their draft moves.
//!
//! Form: draft-ietf-httpapi-ratelimit-headers-10 and -11, which agree on lists of strings with
//! the parameters `q`, `w`, `r`, `t`.

use poem::http::{HeaderMap, HeaderName, HeaderValue};

use super::{Allowance, FacilityMeter, KeyMeter, Rate};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Writes the fields.
pub(crate) struct RateLimitFields {
    policy: HeaderValue,
}

impl RateLimitFields {
    /// For quotas that never change while the process runs.
    pub(super) fn new(key: Rate, facility: Rate, reads: Rate) -> Self {
        let policies = [("key", key), ("facility", facility), ("reads", reads)];
        let policies = policies.map(|(name, rate)| {
            let (quota, window) = (rate.burst, rate.window_seconds());
            format!("\"{name}\";q={quota};w={window}")
        });
        Self {
            policy: header_value(&policies.join(", ")),
        }
    }

    /// Tells a key what it may do and what is left. `facility` is the one the request is about.
    pub(crate) fn set(
        &self,
        headers: &mut HeaderMap,
        key: &KeyMeter,
        facility: Option<&FacilityMeter>,
    ) {
        let mut limits = format!("{}, {}", left("key", &key.stays), left("reads", &key.reads));
        if let Some(facility) = facility {
            limits.push_str(", ");
            limits.push_str(&left("facility", &facility.stays));
        }
        headers.insert(POLICY, self.policy.clone());
        headers.insert(LIMIT, header_value(&limits));
    }
}

fn left(name: &str, allowance: &Allowance) -> String {
    let (remaining, seconds) = (allowance.remaining(), allowance.seconds_to_next());
    format!("\"{name}\";r={remaining};t={seconds}")
}

/// Only digits, names of ours and marks come here.
fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::config::ApiSettings;
    use crate::limit::Limits;

    #[tokio::test(start_paused = true)]
    async fn the_fields_say_what_there_is_and_what_is_left() {
        let limits = Limits::new(&ApiSettings::for_test());
        let key = limits.key(Uuid::nil()).unwrap();
        let facility = limits.facility(Uuid::nil()).unwrap();
        key.stays.take(1).unwrap();
        facility.stays.take(3_000).unwrap();

        let mut headers = HeaderMap::new();
        limits.fields.set(&mut headers, &key, Some(&facility));
        assert_eq!(
            headers["ratelimit-policy"],
            r#""key";q=6000;w=60, "facility";q=3000;w=150, "reads";q=2000;w=20"#
        );
        assert_eq!(
            headers["ratelimit"],
            r#""key";r=5999;t=1, "reads";r=2000;t=1, "facility";r=0;t=1"#
        );
    }
}
