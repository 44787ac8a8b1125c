use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn production() -> WebhookTargets {
    WebhookTargets::new(&WebhookTargetSettings {
        webhook_ports: vec![443, 8443],
        ..WebhookTargetSettings::default()
    })
}

fn development() -> WebhookTargets {
    WebhookTargets::new(&WebhookTargetSettings {
        webhook_allow_private: Some(true),
        webhook_ports: vec![443, 8443],
        ..WebhookTargetSettings::default()
    })
}

/// One that answers the n-th question with the n-th list of addresses.
fn with_answers(answers: &'static [&'static [&'static str]]) -> WebhookTargets {
    let count = Arc::new(AtomicUsize::new(0));
    WebhookTargets {
        lookup: Arc::new(move |_| {
            let answer = answers[count.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1)];
            let addresses = answer.iter().map(|address| address.parse().unwrap());
            let addresses: Vec<IpAddr> = addresses.collect();
            async move { Ok(addresses) }.boxed()
        }),
        ..production()
    }
}

/// Abuse case 54: none of these is the public internet, by registration or by connection.
#[tokio::test]
async fn a_private_address_is_refused_at_registration_and_at_each_connection() {
    let table = [
        "127.0.0.1",
        "127.255.255.254",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.255",
        "0.0.0.0",
        "0.1.2.3",
        "192.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "192.88.99.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::127.0.0.1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
    ];
    for text in table {
        let address: IpAddr = text.parse().unwrap();
        let host = match address {
            IpAddr::V4(_) => text.to_owned(),
            IpAddr::V6(_) => format!("[{text}]"),
        };
        let url = format!("https://{host}/hook");
        assert_eq!(
            production().normalise(&url),
            Err(TargetRefusal::Address),
            "{url}"
        );
        assert_eq!(
            production().judge_all(&[address]),
            Err(TargetRefusal::Address)
        );
        assert!(development().normalise(&url).is_ok(), "{url}");
    }
    for text in [
        "8.8.8.8",
        "172.32.0.1",
        "100.128.0.1",
        "2606:4700::1111",
        "2a00::1",
    ] {
        assert!(is_public(text.parse().unwrap()), "{text}");
    }
}

/// Abuse case 55: what the name stood for at the check does not matter at the connection.
#[tokio::test]
async fn a_name_that_turns_private_after_the_check_is_refused_at_the_connection() {
    let targets = with_answers(&[&["8.8.8.8"], &["127.0.0.1"]]);
    let url = targets.normalise("https://hook.example.vn/").unwrap();
    targets.check(&url).await.unwrap();
    let client = targets.client(&OutgoingLimits::default()).unwrap();
    let error = client.post(&url).send().await.unwrap_err();
    assert!(is_refused(&error), "{error:?}");

    // One private address among public ones is enough, at the check too.
    let mixed = with_answers(&[&["8.8.8.8", "10.0.0.1"]]);
    assert_eq!(mixed.check(&url).await, Err(TargetRefusal::Address));
}

/// Abuse case 57.
#[test]
fn other_schemes_user_information_and_ports_are_refused() {
    let table = [
        "http://hook.example.vn/",
        "file:///etc/passwd",
        "gopher://hook.example.vn/",
        "ftp://hook.example.vn/",
        "https://user:pass@hook.example.vn/",
        "https://user@hook.example.vn/",
        "https://hook.example.vn:25/",
        "https://hook.example.vn:6379/",
        "https://hook.example.vn:5432/",
        "https://hook.example.vn:80/",
        "https://hook.example.vn/#part",
        "https://",
        "hook.example.vn",
        "//hook.example.vn/",
        "javascript:alert(1)",
        "",
    ];
    for text in table {
        assert_eq!(
            production().normalise(text),
            Err(TargetRefusal::Form),
            "{text}"
        );
    }
    let too_long = format!("https://hook.example.vn/{}", "a".repeat(URL_LENGTH_MAX));
    assert_eq!(production().normalise(&too_long), Err(TargetRefusal::Form));
    for text in [
        "https://hook.example.vn/a?b=c",
        "https://hook.example.vn:8443/",
    ] {
        assert_eq!(production().normalise(text).as_deref(), Ok(text));
    }
    let http = "http://127.0.0.1:4711/hook";
    assert_eq!(development().normalise(http).as_deref(), Ok(http));
    assert_eq!(
        development().normalise("http://user@127.0.0.1/"),
        Err(TargetRefusal::Form)
    );
}

/// Abuse case 58: one address, many spellings.
#[test]
fn other_spellings_are_normalised_and_then_judged() {
    let table = [
        "https://2130706433/",
        "https://0x7f000001/",
        "https://017700000001/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://0177.0.0.01/",
        "https://127。0。0。1/",
        "https://１２７.0.0.1/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://db.localhost/",
        "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
        "https://[::ffff:7f00:1]/",
        "https://[0:0:0:0:0:0:0:1]/",
    ];
    for text in table {
        assert_eq!(
            production().normalise(text),
            Err(TargetRefusal::Address),
            "{text}"
        );
    }
    let dotted = production().normalise("https://Hook.Example.VN./a");
    assert_eq!(dotted.as_deref(), Ok("https://hook.example.vn/a"));
    let look_alike = production().normalise("https://exаmple.vn/").unwrap();
    assert!(look_alike.starts_with("https://xn--"), "{look_alike}");
}

#[test]
fn a_network_of_the_settings_is_open_and_its_neighbours_are_not() {
    let targets = WebhookTargets::new(&WebhookTargetSettings {
        webhook_ports: vec![443],
        webhook_networks: vec![
            "10.20.0.0/16".parse().unwrap(),
            "fd12::/32".parse().unwrap(),
        ],
        ..WebhookTargetSettings::default()
    });
    for open in ["https://10.20.255.1/", "https://[fd12::9]/"] {
        assert!(targets.normalise(open).is_ok(), "{open}");
    }
    for closed in ["https://10.21.0.1/", "https://[fd12:1::9]/"] {
        assert_eq!(targets.normalise(closed), Err(TargetRefusal::Address));
    }
    assert_eq!(
        targets.normalise("http://10.20.0.1/"),
        Err(TargetRefusal::Form)
    );
    for wrong in [
        "",
        "10.0.0.0",
        "10.0.0.0/33",
        "fd12::/129",
        "x/8",
        "10.0.0.0/-1",
    ] {
        assert_eq!(wrong.parse::<Network>(), Err(NoNetwork), "{wrong}");
    }
    let everything: Network = "0.0.0.0/0".parse().unwrap();
    assert!(everything.holds("127.0.0.1".parse().unwrap()));
}
