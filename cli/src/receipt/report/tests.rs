//! Creates receipts, presents them in every form, and corrupts them.

use domain::{canonical::to_canonical_json, receipt};
use runtime::signing::ReceiptSigner;
use serde_json::json;

use super::*;

const SALT: &str = "AAECAwQFBgcICQoLDA0ODw";

fn signer() -> ReceiptSigner {
    ReceiptSigner::from_pem(&ReceiptSigner::generate_pem().unwrap()).unwrap()
}

fn content() -> Value {
    json!({
        "facility_id": "0197c1c8-0280-7000-8000-000000000010",
        "guest": {"full_name": "Nguyễn Văn An", "document": {"kind": "citizen_card", "number": "038090001234"}},
        "room": "203",
    })
}

fn jws(signer: &ReceiptSigner) -> String {
    let salt: [u8; 16] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    let sha256 = receipt::content_sha256(&salt, &to_canonical_json(&content()));
    let payload = to_canonical_json(&json!({
        "number": "LT-261124-0000000000000001", "version": 1, "timeliness": "late",
        "received_at": "2026-11-24T23:05:00+07:00", "deadline_at": "2026-11-24T23:00:00+07:00",
        "content_sha256": hex::encode(sha256), "iss": "luutru",
    }));
    signer.sign_receipt(&payload).0
}

/// The service's answer: what was declared and what it added.
fn answer(signer: &ReceiptSigner) -> Value {
    let mut answer = content();
    answer["id"] = json!("0197c1c8-0280-7000-8000-000000000011");
    answer["presence"] = json!("present");
    answer["receipt"] = json!({"content_salt": SALT, "jws": jws(signer)});
    answer
}

fn evidence(receipt: impl Into<String>) -> ReceiptEvidence {
    ReceiptEvidence {
        receipt: receipt.into(),
        content: None,
        salt: None,
    }
}

#[test]
fn a_receipt_holds_in_every_form_it_is_shown_in() {
    let signer = signer();
    let bare = jws(&signer);
    let whole = answer(&signer);
    let mut departed = whole.clone();
    departed["departed_at"] = json!("2026-11-25T08:00:00+07:00");
    let table = [
        (evidence(bare.clone()), None),
        (evidence(format!(" {bare}\n")), None),
        (evidence(whole["receipt"].to_string()), None),
        (evidence(whole.to_string()), Some(Agreement::Same)),
        (evidence(departed.to_string()), Some(Agreement::Same)),
        (
            ReceiptEvidence {
                content: Some(whole.clone()),
                ..evidence(bare.clone())
            },
            Some(Agreement::Same),
        ),
        (
            ReceiptEvidence {
                content: Some(content()),
                salt: Some(SALT.to_owned()),
                ..evidence(bare.clone())
            },
            Some(Agreement::Same),
        ),
        (
            ReceiptEvidence {
                content: Some(content()),
                ..evidence(whole["receipt"].to_string())
            },
            Some(Agreement::Same),
        ),
    ];
    for (evidence, content) in table {
        let report = Report::of(&evidence, &signer.jwks());
        assert!(report.holds(), "{}", evidence.receipt);
        assert_eq!(report.content, content, "{}", evidence.receipt);
    }
}

#[test]
fn other_content_or_no_salt_does_not_hold() {
    let signer = signer();
    let mut other = content();
    other["room"] = json!("204");
    let with = |content, salt: Option<&str>| ReceiptEvidence {
        content: Some(content),
        salt: salt.map(str::to_owned),
        ..evidence(jws(&signer))
    };
    let table = [
        (with(other, Some(SALT)), Agreement::Differs),
        (
            with(content(), Some("AAECAwQFBgcICQoLDA0OAA")),
            Agreement::Differs,
        ),
        (with(content(), None), Agreement::WithoutSalt),
        (with(content(), Some("AAEC")), Agreement::WithoutSalt),
        (with(json!([]), Some(SALT)), Agreement::Differs),
    ];
    for (evidence, content) in table {
        let report = Report::of(&evidence, &signer.jwks());
        assert!(!report.holds());
        assert_eq!(report.content, Some(content));
    }
}

#[test]
fn a_receipt_of_another_key_or_a_changed_one_does_not_hold() {
    let (signer, stranger) = (signer(), signer());
    let good = jws(&signer);
    let changed = good.replace(".eyJ", ".eyI");
    let table = [
        (good.as_str(), stranger.jwks(), SigningError::UnknownKey),
        (
            changed.as_str(),
            signer.jwks(),
            SigningError::WrongSignature,
        ),
        ("hello", signer.jwks(), SigningError::NotAReceipt),
        ("{}", signer.jwks(), SigningError::NotAReceipt),
        ("", signer.jwks(), SigningError::NotAReceipt),
    ];
    for (text, keys, error) in table {
        let report = Report::of(&evidence(text), &keys);
        assert!(!report.holds());
        assert_eq!(report.outcome.as_ref().unwrap_err(), &error);
        for language in [Language::Vi, Language::En] {
            assert!(report.text(language).ends_with(".\n"));
        }
    }
}

#[test]
fn the_report_is_readable_in_both_languages() {
    let signer = signer();
    let report = Report::of(&evidence(answer(&signer).to_string()), &signer.jwks());
    let vietnamese = report.text(Language::Vi);
    for part in [
        "HỢP LỆ",
        "Số biên nhận: LT-261124-",
        "QUÁ HẠN (late)",
        "KHỚP",
    ] {
        assert!(vietnamese.contains(part), "{part} in {vietnamese}");
    }
    let english = report.text(Language::En);
    for part in ["VALID", "Number: LT-261124-", "LATE (late)", "MATCHES"] {
        assert!(english.contains(part), "{part} in {english}");
    }
}

#[test]
fn a_signed_text_cannot_write_on_the_terminal() {
    assert_eq!(shown("\u{1b}[2JLT\r\n"), "[2JLT");
}
