//! Which addresses chosen by others may be called: webhook targets.
//!
//! A caller that names an address must not reach anything through us that it could not reach
//! directly. So addresses are checked twice: at registration, by their form and by what the name
//! resolves to; and at every connection, where the name is resolved once and only the checked
//! addresses are connected to. A name that changes its meaning in between gains nothing.

use std::{
    error::Error as StdError,
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use reqwest::{
    Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

use crate::outgoing::{self, OutgoingLimits};

/// Longest address that is taken, in bytes.
pub const URL_LENGTH_MAX: usize = 2_048;
/// How long a registration waits for the name service.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// Settings for webhook targets. API and worker must have the same.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct WebhookTargetSettings {
    /// Allows webhooks to private and loopback addresses, over http and to any port: for
    /// development and tests. The default for `up` in development.
    #[arg(
        long,
        env = "LUUTRU_WEBHOOK_ALLOW_PRIVATE",
        num_args = 0..=1,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    pub webhook_allow_private: Option<bool>,

    /// Ports allowed for webhooks.
    #[arg(
        long,
        env = "LUUTRU_WEBHOOK_PORTS",
        default_value = "443,8443",
        value_delimiter = ',',
        value_name = "PORTS"
    )]
    pub webhook_ports: Vec<u16>,

    /// Private networks allowed for webhooks, such as 10.20.0.0/16.
    #[arg(
        long,
        env = "LUUTRU_WEBHOOK_NETWORKS",
        value_delimiter = ',',
        value_name = "NETWORKS"
    )]
    pub webhook_networks: Vec<Network>,
}

/// An IP network, written as `address/length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    length: u8,
}

/// Why a text is no [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no network; write it as 10.20.0.0/16 or fd12::/32")]
pub struct NoNetwork;

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (address, length) = text.trim().split_once('/').ok_or(NoNetwork)?;
        let address: IpAddr = address.parse().map_err(|_| NoNetwork)?;
        let length: u8 = length.parse().map_err(|_| NoNetwork)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        if length > bits {
            return Err(NoNetwork);
        }
        Ok(Self { address, length })
    }
}

impl Network {
    const fn v4(a: u8, b: u8, c: u8, length: u8) -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::new(a, b, c, 0)),
            length,
        }
    }

    const fn v6(first: u16, second: u16, length: u8) -> Self {
        Self {
            address: IpAddr::V6(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0)),
            length,
        }
    }

    fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let kept = u32::MAX.checked_shl(32 - u32::from(self.length));
                (own.to_bits() ^ other.to_bits()) & kept.unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let kept = u128::MAX.checked_shl(128 - u32::from(self.length));
                (own.to_bits() ^ other.to_bits()) & kept.unwrap_or(0) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// IPv4 ranges outside the public internet.
///
/// Source: IANA IPv4 Special-Purpose Address Registry, and multicast.
const CLOSED_V4: [Network; 15] = [
    Network::v4(0, 0, 0, 8),
    Network::v4(10, 0, 0, 8),
    Network::v4(100, 64, 0, 10),
    Network::v4(127, 0, 0, 8),
    Network::v4(169, 254, 0, 16),
    Network::v4(172, 16, 0, 12),
    Network::v4(192, 0, 0, 24),
    Network::v4(192, 0, 2, 24),
    Network::v4(192, 88, 99, 24),
    Network::v4(192, 168, 0, 16),
    Network::v4(198, 18, 0, 15),
    Network::v4(198, 51, 100, 24),
    Network::v4(203, 0, 113, 24),
    Network::v4(224, 0, 0, 4),
    Network::v4(240, 0, 0, 4),
];

/// The only IPv6 that is the public internet. Loopback, mapped and translated IPv4, unique local,
/// link-local and multicast addresses lie outside.
///
/// Source: IANA IPv6 Global Unicast Address Assignments.
const OPEN_V6: Network = Network::v6(0x2000, 0, 3);

/// What in [`OPEN_V6`] is not the public internet: protocol assignments with Teredo,
/// documentation, 6to4.
///
/// Source: IANA IPv6 Special-Purpose Address Registry.
const CLOSED_V6: [Network; 4] = [
    Network::v6(0x2001, 0, 23),
    Network::v6(0x2001, 0x0db8, 32),
    Network::v6(0x2002, 0, 16),
    Network::v6(0x3fff, 0, 20),
];

/// Whether an address belongs to the public internet.
fn is_public(address: IpAddr) -> bool {
    let is_in = |network: &Network| network.holds(address);
    match address {
        IpAddr::V4(_) => !CLOSED_V4.iter().any(is_in),
        IpAddr::V6(_) => OPEN_V6.holds(address) && !CLOSED_V6.iter().any(is_in),
    }
}

/// Why a target is refused. Contains no part of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetRefusal {
    /// Not a URL in an accepted form.
    #[error("the address is no https URL of the form that is taken")]
    Form,
    /// It leads to an address that is not open to webhooks.
    #[error("the address leads where webhooks may not go")]
    Address,
}

/// Resolves a name to addresses.
type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// Judges targets. A clone judges alike.
#[derive(Clone)]
pub struct WebhookTargets {
    allows_private: bool,
    ports: Vec<u16>,
    networks: Vec<Network>,
    lookup: Lookup,
}

impl fmt::Debug for WebhookTargets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("WebhookTargets")
            .field("allows_private", &self.allows_private)
            .finish_non_exhaustive()
    }
}

impl WebhookTargets {
    /// As the settings say.
    pub fn new(settings: &WebhookTargetSettings) -> Self {
        Self {
            allows_private: settings.webhook_allow_private.unwrap_or(false),
            ports: settings.webhook_ports.clone(),
            networks: settings.webhook_networks.clone(),
            lookup: Arc::new(|name| ask_system(name).boxed()),
        }
    }

    /// The address as stored and called: one canonical spelling (instead of decimal, octal and
    /// hexadecimal numbers, other scripts, a trailing dot).
    ///
    /// Errors: [`TargetRefusal::Form`] without https, with user information or a fragment, with another
    /// port, too long; [`TargetRefusal::Address`] when it names an address that is not open.
    pub fn normalise(&self, text: &str) -> Result<String, TargetRefusal> {
        if text.len() > URL_LENGTH_MAX {
            return Err(TargetRefusal::Form);
        }
        let mut url = Url::parse(text.trim()).map_err(|_| TargetRefusal::Form)?;
        if let Some(name) = url.domain().and_then(|name| name.strip_suffix('.')) {
            let name = name.to_owned();
            url.set_host(Some(&name)).map_err(|_| TargetRefusal::Form)?;
        }
        self.judge(&url)?;
        Ok(url.into())
    }

    /// Resolves the address. An unknown name is accepted, because it is checked again at every
    /// connection.
    ///
    /// Errors: [`TargetRefusal::Address`]; [`TargetRefusal::Form`] when it is not as [`Self::normalise`] gives
    /// it.
    pub async fn check(&self, url: &str) -> Result<(), TargetRefusal> {
        let url = Url::parse(url).map_err(|_| TargetRefusal::Form)?;
        self.judge(&url)?;
        let Some(name) = url.domain() else {
            return Ok(());
        };
        match tokio::time::timeout(LOOKUP_TIMEOUT, (self.lookup)(name.to_owned())).await {
            Ok(Ok(addresses)) => self.judge_all(&addresses),
            Ok(Err(_)) | Err(_) => Ok(()),
        }
    }

    /// A client that connects only to allowed addresses. Check each URL with [`Self::normalise`]
    /// before calling it: literal IP addresses are not resolved.
    pub fn client(&self, limits: &OutgoingLimits) -> Result<Client, reqwest::Error> {
        outgoing::builder(limits)
            .dns_resolver(Arc::new(self.clone()))
            .build()
    }

    fn judge(&self, url: &Url) -> Result<(), TargetRefusal> {
        let is_https = url.scheme() == "https";
        let is_http = url.scheme() == "http";
        let has_extras =
            !url.username().is_empty() || url.password().is_some() || url.fragment().is_some();
        if has_extras || !(is_https || (is_http && self.allows_private)) {
            return Err(TargetRefusal::Form);
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if !self.allows_private && !self.ports.contains(&port) {
            return Err(TargetRefusal::Form);
        }
        let host = url.host_str().ok_or(TargetRefusal::Form)?;
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        match literal.parse::<IpAddr>() {
            Ok(address) => self.judge_all(&[address]),
            Err(_) if is_local_name(host) && !self.allows_private => Err(TargetRefusal::Address),
            Err(_) => Ok(()),
        }
    }

    /// One forbidden address rejects them all: a name that leads both inside and outside is no
    /// accident.
    fn judge_all(&self, addresses: &[IpAddr]) -> Result<(), TargetRefusal> {
        let is_open = |address: &IpAddr| {
            self.allows_private
                || is_public(*address)
                || self.networks.iter().any(|network| network.holds(*address))
        };
        if addresses.iter().all(is_open) {
            Ok(())
        } else {
            Err(TargetRefusal::Address)
        }
    }
}

/// True when a call was not made because its target is not allowed.
pub fn is_refused(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<TargetRefusal>() {
            return true;
        }
        cause = error.source();
    }
    false
}

impl Resolve for WebhookTargets {
    fn resolve(&self, name: Name) -> Resolving {
        let targets = self.clone();
        Box::pin(async move {
            let addresses = (targets.lookup)(name.as_str().to_owned()).await?;
            targets.judge_all(&addresses)?;
            let sockets = addresses
                .into_iter()
                .map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(sockets) as Addrs)
        })
    }
}

/// The machine itself, whatever the name service says of it (RFC 6761, 6.3).
fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

async fn ask_system(name: String) -> io::Result<Vec<IpAddr>> {
    let sockets = tokio::net::lookup_host((name, 0)).await?;
    Ok(sockets.map(|socket| socket.ip()).collect())
}

#[cfg(test)]
mod tests;
