//! I18 and I23: receipts, and the digest of a facility's day.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    super::{
        history::{Known, Request},
        journal::Operation,
    },
    Invariant, Report, View, text,
};
use crate::receipt::verified_payload;

pub(super) fn check(view: &View<'_>, report: &mut Report) {
    let mut seen = BTreeSet::new();
    for declaration in view.history.declarations.values() {
        for (_, known, stay) in view.history.outcomes(declaration) {
            let Some(stay) = stay.filter(|_| known == Known::Acknowledged) else {
                continue;
            };
            // Verifies the first answer of each; later ones must equal it.
            if seen.insert(stay["receipt"]["jws"].to_string()) {
                verify(view, report, stay);
            }
        }
    }
    for intent in view.history.changes.values().flatten() {
        for request in view.history.tries(intent) {
            if request.known() == Known::Acknowledged
                && seen.insert(request.answer["receipt"]["jws"].to_string())
            {
                verify(view, report, &request.answer);
            }
        }
    }
    for stay in view.evidence.shown.values() {
        if seen.insert(stay["receipt"]["jws"].to_string()) {
            verify(view, report, stay);
        }
    }
    days(view, report);
}

/// I18.
fn verify(view: &View<'_>, report: &mut Report, stay: &Value) {
    let id = text(stay, "id");
    let receipt = &stay["receipt"];
    let jws = text(receipt, "jws");
    let number = receipt["version"].as_i64().unwrap_or_default();
    let Ok(payload) = verified_payload(jws, &view.evidence.jwks) else {
        report.look(
            Invariant::ReceiptsVerify,
            false,
            "a receipt does not verify with the published keys",
            &[id],
        );
        return;
    };
    let speaks_of_it = payload["stay_id"] == id
        && payload["content_sha256"] == receipt["content_sha256"]
        && payload["received_at"] == receipt["received_at"];
    report.look(
        Invariant::ReceiptsVerify,
        speaks_of_it,
        "a receipt states something else than its answer",
        &[id],
    );
    // I1 already reports a lost stay.
    if let Some(version) = view.versions.get(&(id, number)) {
        let signature = jws.rsplit('.').next().unwrap_or_default();
        let signature = URL_SAFE_NO_PAD.decode(signature).map(hex::encode);
        let is_of_the_version = payload["content_sha256"] == version.content_sha256.as_str()
            && payload["number"] == version.receipt_number.as_str()
            && signature.is_ok_and(|signature| signature == version.receipt_signature);
        report.look(
            Invariant::ReceiptsVerify,
            is_of_the_version,
            "a receipt does not speak of the stored version",
            &[id],
        );
    }
}

/// I23: for each facility and day of arrival, of the stays whose sender knows the outcome.
fn days(view: &View<'_>, report: &mut Report) {
    let mut sent: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut open: BTreeSet<&str> = BTreeSet::new();
    for (reference, declaration) in &view.history.declarations {
        let outcomes = view.history.outcomes(declaration);
        let stay = outcomes
            .filter(|(_, known, _)| *known == Known::Acknowledged)
            .find_map(|(_, _, stay)| stay);
        let Some(stay) = stay else {
            open.extend(view.stored_under(reference).iter().copied());
            continue;
        };
        match cancellation(view, text(stay, "id")) {
            Some(Known::Acknowledged) => continue,
            Some(Known::Unknown) => {
                open.insert(text(stay, "id"));
                continue;
            }
            Some(Known::Refused) | None => {}
        }
        let day = text(&declaration.item.content, "arrival_at")
            .get(..10)
            .unwrap_or_default();
        let facility = text(&declaration.item.content, "facility_id");
        sent.entry((facility.to_owned(), day.to_owned()))
            .or_default()
            .insert(text(&stay["receipt"], "number").to_owned());
    }
    let mut stored: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for stay in &view.evidence.records.stays {
        if open.contains(stay.id.as_str()) || stay.presence == "cancelled" {
            continue;
        }
        if let Some(first) = view.versions.get(&(stay.id.as_str(), 1)) {
            stored
                .entry((stay.facility_id.clone(), stay.arrival_on.clone()))
                .or_default()
                .insert(first.receipt_number.clone());
        }
    }
    let days: BTreeSet<_> = sent.keys().chain(stored.keys()).collect();
    for day in days {
        report.look(
            Invariant::DayDigestAgrees,
            sent.get(day).map(digest) == stored.get(day).map(digest),
            "the digest of a facility's day is not the sender's",
            &[&day.0, &day.1],
        );
    }
}

/// The outcome of a stay's cancellation, if one was sent.
fn cancellation(view: &View<'_>, stay_id: &str) -> Option<Known> {
    let intents = view.history.changes.get(stay_id)?;
    let intent = intents
        .iter()
        .find(|intent| intent.operation == Operation::Cancel)?;
    let outcomes: Vec<Known> = view.history.tries(intent).map(Request::known).collect();
    [Known::Acknowledged, Known::Unknown, Known::Refused]
        .into_iter()
        .find(|known| outcomes.contains(known))
}

/// Count, and SHA-256 over the sorted numbers joined by line feeds.
fn digest(numbers: &BTreeSet<String>) -> (usize, String) {
    let lines: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let digest = Sha256::digest(lines.join("\n"));
    (numbers.len(), hex::encode(digest))
}
