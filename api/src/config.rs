//! The settings of the API. Nobody else in this crate reads the environment.

use std::num::NonZeroU32;
use std::time::Duration;

use chrono::TimeDelta;
use domain::declaration::Window;
use runtime::address::TrustedProxies;
use runtime::webhook_target::WebhookTargetSettings;

use crate::hosts::Hosts;
use crate::public_url::PublicUrl;

/// Settings of the API process.
#[derive(clap::Args, Clone, Debug)]
pub struct ApiSettings {
    /// Address of the API, host:port. Port 0 picks a free port.
    #[arg(long, env = "LUUTRU_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,

    /// Where /metrics, /livez and /readyz are served, host:port. Keep it off the public network.
    #[arg(long, env = "LUUTRU_OPS_LISTEN", default_value = "127.0.0.1:9090")]
    pub ops_listen: String,

    /// Proxies whose X-Forwarded-For is trusted: comma-separated addresses and networks, such as
    /// 10.0.0.0/8. All other requests count against the address they come from.
    #[arg(
        long,
        env = "LUUTRU_TRUSTED_PROXIES",
        default_value = "",
        value_name = "NETWORKS"
    )]
    pub trusted_proxies: TrustedProxies,

    /// Host names of the API, comma-separated; * accepts any. IP addresses and names without a dot
    /// are always accepted; requests for other names are refused.
    #[arg(long, env = "LUUTRU_HOSTS", default_value = "", value_name = "NAMES")]
    pub hosts: Hosts,

    /// Address at which browsers reach the service, such as <https://luutru.example.vn>. With https,
    /// cookies are sent over TLS only. It also begins the one-time links of accounts.
    #[arg(
        long,
        env = "LUUTRU_PUBLIC_URL",
        default_value = "http://127.0.0.1:8080",
        value_name = "URL"
    )]
    pub public_url: PublicUrl,

    /// Sustained stays per second and facility.
    #[arg(
        long,
        env = "LUUTRU_FACILITY_STAYS_PER_SECOND",
        default_value = "20",
        value_name = "COUNT"
    )]
    pub facility_stays_per_second: NonZeroU32,

    /// Burst of stays that a facility may declare at once.
    #[arg(
        long,
        env = "LUUTRU_FACILITY_STAY_BURST",
        default_value = "3000",
        value_name = "COUNT"
    )]
    pub facility_stay_burst: NonZeroU32,

    /// Sustained stays per second and key.
    #[arg(
        long,
        env = "LUUTRU_KEY_STAYS_PER_SECOND",
        default_value = "100",
        value_name = "COUNT"
    )]
    pub key_stays_per_second: NonZeroU32,

    /// Burst of stays that a key may declare at once.
    #[arg(
        long,
        env = "LUUTRU_KEY_STAY_BURST",
        default_value = "6000",
        value_name = "COUNT"
    )]
    pub key_stay_burst: NonZeroU32,

    /// Sustained reading requests per second and key.
    #[arg(
        long,
        env = "LUUTRU_READS_PER_SECOND",
        default_value = "100",
        value_name = "COUNT"
    )]
    pub reads_per_second: NonZeroU32,

    /// Burst of reading requests that a key may make at once.
    #[arg(
        long,
        env = "LUUTRU_READ_BURST",
        default_value = "2000",
        value_name = "COUNT"
    )]
    pub read_burst: NonZeroU32,

    /// Concurrent requests per key; further ones wait.
    #[arg(
        long,
        env = "LUUTRU_KEY_REQUESTS_AT_ONCE",
        default_value = "128",
        value_name = "COUNT"
    )]
    pub key_requests_at_once: NonZeroU32,

    /// Concurrent declaring requests per facility.
    #[arg(
        long,
        env = "LUUTRU_FACILITY_REQUESTS_AT_ONCE",
        default_value = "128",
        value_name = "COUNT"
    )]
    pub facility_requests_at_once: NonZeroU32,

    /// Concurrent requests of all keys. Lists and batches get at most three quarters of them:
    /// single declarations take precedence.
    #[arg(
        long,
        env = "LUUTRU_REQUESTS_AT_ONCE",
        default_value = "512",
        value_name = "COUNT"
    )]
    pub requests_at_once: NonZeroU32,

    /// How long an officer holds claimed cases, in seconds; an extension adds as much.
    #[arg(
        long,
        env = "LUUTRU_REVIEW_LEASE_SECONDS",
        default_value = "600",
        value_name = "SECONDS"
    )]
    pub review_lease_seconds: NonZeroU32,

    /// Event streams that one key may hold open in this process.
    #[arg(
        long,
        env = "LUUTRU_KEY_EVENT_STREAMS",
        default_value = "4",
        value_name = "COUNT"
    )]
    pub key_event_streams: NonZeroU32,

    /// Event streams that this process holds open for all keys.
    #[arg(
        long,
        env = "LUUTRU_EVENT_STREAMS",
        default_value = "256",
        value_name = "COUNT"
    )]
    pub event_streams: NonZeroU32,

    /// Maximum size of the body of one stay, in bytes.
    #[arg(
        long,
        env = "LUUTRU_STAY_BODY_BYTES_MAX",
        default_value = "65536",
        value_name = "BYTES"
    )]
    pub stay_body_bytes_max: u32,

    /// Maximum size of the body of a batch, in bytes.
    #[arg(
        long,
        env = "LUUTRU_BATCH_BODY_BYTES_MAX",
        default_value = "4194304",
        value_name = "BYTES"
    )]
    pub batch_body_bytes_max: u32,

    /// Maximum size of the body of a census, in bytes.
    #[arg(
        long,
        env = "LUUTRU_CENSUS_BODY_BYTES_MAX",
        default_value = "16777216",
        value_name = "BYTES"
    )]
    pub census_body_bytes_max: u32,

    /// Maximum size of an uploaded file, in bytes.
    #[arg(
        long,
        env = "LUUTRU_FILE_BODY_BYTES_MAX",
        default_value = "67108864",
        value_name = "BYTES"
    )]
    pub file_body_bytes_max: u32,

    /// Time limit for the whole upload of a file, in seconds.
    #[arg(
        long,
        env = "LUUTRU_FILE_BODY_TIMEOUT_SECONDS",
        default_value = "240",
        value_name = "SECONDS"
    )]
    pub file_body_timeout_seconds: NonZeroU32,

    /// Time limit for the whole body of a request, in seconds.
    #[arg(
        long,
        env = "LUUTRU_BODY_TIMEOUT_SECONDS",
        default_value = "20",
        value_name = "SECONDS"
    )]
    pub body_timeout_seconds: NonZeroU32,

    /// Time limit for answering a request, in seconds, whatever happens.
    #[arg(
        long,
        env = "LUUTRU_REQUEST_TIMEOUT_SECONDS",
        default_value = "30",
        value_name = "SECONDS"
    )]
    pub request_timeout_seconds: NonZeroU32,

    /// How many minutes in the future an arrival may be.
    #[arg(
        long,
        env = "LUUTRU_ARRIVAL_AHEAD_MINUTES",
        default_value = "10",
        value_name = "MINUTES"
    )]
    pub arrival_ahead_minutes: u32,

    /// How many days in the past an arrival may be.
    #[arg(
        long,
        env = "LUUTRU_ARRIVAL_BACK_DAYS",
        default_value = "62",
        value_name = "DAYS"
    )]
    pub arrival_back_days: u32,

    #[command(flatten)]
    pub webhooks: WebhookTargetSettings,

    /// Every machine counts as enrolled at every desk: for `luutru up` in the development profile,
    /// where no manager has enrolled any. No option sets it.
    #[arg(skip)]
    pub trusts_every_machine: bool,

    /// Names of demo accounts, each signed in by one click: for `luutru up` in the development
    /// profile. No option sets it.
    #[arg(skip)]
    pub demo_accounts: Vec<String>,
}

impl ApiSettings {
    /// Multiplies every rate and burst, as `luutru up` does: a demonstration must not hit the
    /// quotas of a front desk.
    #[must_use]
    pub fn with_rates_times(mut self, factor: NonZeroU32) -> Self {
        let rates = [
            &mut self.facility_stays_per_second,
            &mut self.facility_stay_burst,
            &mut self.key_stays_per_second,
            &mut self.key_stay_burst,
            &mut self.reads_per_second,
            &mut self.read_burst,
        ];
        for rate in rates {
            *rate = rate.saturating_mul(factor);
        }
        self
    }

    /// How far from now an arrival may lie: a setting of the intake that arrives with the API's.
    pub fn window(&self) -> Window {
        Window {
            ahead: TimeDelta::minutes(self.arrival_ahead_minutes.into()),
            back: TimeDelta::days(self.arrival_back_days.into()),
        }
    }

    /// Whether cookies of people could be sent unencrypted over a network.
    pub fn is_public_in_clear(&self) -> bool {
        !self.public_url.has_tls() && !self.public_url.is_local()
    }

    /// Whether browsers come over TLS.
    pub(crate) fn has_tls(&self) -> bool {
        self.public_url.has_tls()
    }

    pub(crate) fn body_timeout(&self) -> Duration {
        Duration::from_secs(self.body_timeout_seconds.get().into())
    }

    pub(crate) fn file_body_timeout(&self) -> Duration {
        Duration::from_secs(self.file_body_timeout_seconds.get().into())
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds.get().into())
    }
}

#[cfg(test)]
impl ApiSettings {
    /// The defaults.
    pub(crate) fn for_test() -> Self {
        use clap::{Args, Command, FromArgMatches};

        let command = Self::augment_args(Command::new("api"));
        Self::from_arg_matches(&command.get_matches_from(["api"])).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_contract() {
        let settings = ApiSettings::for_test();
        let limits = [
            (settings.facility_stays_per_second.get(), 20),
            (settings.facility_stay_burst.get(), 3_000),
            (settings.key_stays_per_second.get(), 100),
            (settings.key_stay_burst.get(), 6_000),
            (settings.reads_per_second.get(), 100),
            (settings.read_burst.get(), 2_000),
            (settings.key_requests_at_once.get(), 128),
            (settings.facility_requests_at_once.get(), 128),
            (settings.requests_at_once.get(), 512),
            (settings.stay_body_bytes_max, 64 * 1024),
            (settings.batch_body_bytes_max, 4 * 1024 * 1024),
            (settings.census_body_bytes_max, 16 * 1024 * 1024),
            (settings.file_body_bytes_max, 64 * 1024 * 1024),
        ];
        for (got, expected) in limits {
            assert_eq!(got, expected);
        }
        assert_eq!(settings.window(), Window::default());
    }

    #[test]
    fn a_demonstration_has_ten_times_the_rates_and_the_same_places() {
        let ten = NonZeroU32::new(10).unwrap();
        let settings = ApiSettings::for_test().with_rates_times(ten);
        assert_eq!(settings.key_stay_burst.get(), 60_000);
        assert_eq!(settings.facility_stays_per_second.get(), 200);
        assert_eq!(settings.key_requests_at_once.get(), 128);
    }
}
