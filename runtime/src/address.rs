//! The address of a client, including clients behind proxies.
//!
//! Invariants: a header is trusted only from a proxy that the operator has configured, so no client
//! can choose the address it is counted under. An address is personal and never logged.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use ipnet::IpNet;
use poem::http::{HeaderMap, HeaderName};

/// The header in which proxies name their clients, with the last one on the right.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The prefix of an IPv6 address that one site owns: it may use any address within.
const HOUSE_BITS: u32 = 64;

/// An address as it is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// IPv4 addresses, even if mapped to IPv6; for IPv6 the first 64 bits.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address)),
            IpAddr::V6(address) => {
                let house = u128::from(address) >> (128 - HOUSE_BITS) << (128 - HOUSE_BITS);
                Self(IpAddr::V6(Ipv6Addr::from(house)))
            }
        }
    }
}

impl fmt::Debug for ClientAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientAddress")
    }
}

/// The trusted proxies: comma-separated addresses and networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Whether this address belongs to one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The origin of a request: the peer, or the rightmost address of `X-Forwarded-For` that is not
    /// one of these proxies. An invalid entry ends the search at the proxy that sent it.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let mut client = peer;
        if self.contains(peer) {
            let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
            let lines = lines.iter().rev();
            let hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
            for hop in hops.map_while(address_of) {
                client = hop;
                if !self.contains(hop) {
                    break;
                }
            }
        }
        ClientAddress::of(client)
    }
}

impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = text.split(',').map(str::trim);
        let networks = words.filter(|word| !word.is_empty()).map(|word| {
            let network = word.parse().map(|network: IpNet| network.trunc());
            let address = word.parse().map(|address: IpAddr| address.to_canonical());
            network.or_else(|_| address.map(IpNet::from)).map_err(|_| {
                "give addresses or networks such as 10.0.0.0/8, with commas".to_owned()
            })
        });
        Ok(Self(networks.collect::<Result<_, _>>()?))
    }
}

/// An address as proxies write it, with or without a port.
fn address_of(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse();
    address
        .or_else(|_| hop.parse().map(|address: SocketAddr| address.ip()))
        .ok()
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_of_ours_is_the_client() {
        let proxies: TrustedProxies = "10.0.0.0/8, 192.0.2.7,fd00::/8".parse().unwrap();
        // Each row: peer, lines of the header, the client.
        let table: [(&str, &[&str], &str); 11] = [
            ("203.0.113.9", &[], "203.0.113.9"),
            ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            (
                "10.0.0.1",
                &["1.2.3.4, 198.51.100.1, 192.0.2.7"],
                "198.51.100.1",
            ),
            (
                "10.0.0.1",
                &["1.2.3.4", "198.51.100.1:4711"],
                "198.51.100.1",
            ),
            ("fd00::1", &["[2001:db8::1]:443"], "2001:db8::"),
            (
                "10.0.0.1",
                &["198.51.100.1, unknown, 192.0.2.7"],
                "192.0.2.7",
            ),
            ("10.0.0.1", &["1.2.3.4, 10.9.9.9, 10.8.8.8"], "1.2.3.4"),
            ("10.0.0.1", &["x"], "10.0.0.1"),
        ];
        for (peer, lines, client) in table {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
            }
            let found = proxies.client(address(peer), &headers);
            assert!(
                found == ClientAddress::of(address(client)),
                "{peer} {lines:?}"
            );
        }
    }

    #[test]
    fn a_house_has_one_address() {
        let same = [
            ("2001:db8::1", "2001:db8::ffff:1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ];
        for (one, other) in same {
            assert!(ClientAddress::of(address(one)) == ClientAddress::of(address(other)));
        }
        let others = [
            ("2001:db8::1", "2001:db8:0:1::1"),
            ("192.0.2.1", "192.0.2.2"),
        ];
        for (one, other) in others {
            assert!(ClientAddress::of(address(one)) != ClientAddress::of(address(other)));
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        assert_eq!("".parse(), Ok(TrustedProxies::default()));
        assert!("proxy.example".parse::<TrustedProxies>().is_err());
        assert!("10.0.0.0/33".parse::<TrustedProxies>().is_err());
    }
}
