//! What was declared, as names and values; the number of the document is masked unless it is asked
//! for.

use domain::{
    birth_date::BirthDate,
    country,
    document::{DocumentKind, NoDocumentReason, masked_number},
    problem::Language,
    purpose::Purpose,
    sex::Sex,
    stay::ATTENTION_POINTERS,
    time::{parse_day, parse_instant},
    typed,
};
use pages::stay::Fact;
use pages::words::Words;

use crate::pages::lines::StayLine;

/// Members that a page shows, in its order.
const SHOWN: [&str; 19] = [
    "/guest/full_name",
    "/guest/document/number",
    "/guest/document/kind",
    "/guest/no_document_reason",
    "/guest/birth_date",
    "/guest/sex",
    "/guest/nationality",
    "/guest/permitted_stay_until",
    "/guest/visa/number",
    "/guest/residence/address",
    "/guest/phone",
    "/guest/guardian/full_name",
    "/room",
    "/bed",
    "/arrival_at",
    "/expected_departure_at",
    "/departed_at",
    "/purpose",
    "/reference",
];

/// The members of a stay that are there.
pub(super) fn of(words: Words, line: &StayLine, is_number_shown: bool) -> Vec<Fact> {
    let state = &line.state;
    let is_flagged = state.identity.needs_attention(state.review);
    let shown = SHOWN.iter().filter_map(|pointer| {
        let value = line.text(pointer)?;
        let value = match *pointer {
            "/guest/document/number" if !is_number_shown => masked_number(value),
            pointer => written(words, pointer, value),
        };
        Some(Fact {
            name: words.of_member(pointer),
            value,
            is_flagged: is_flagged && ATTENTION_POINTERS.contains(pointer),
        })
    });
    shown.collect()
}

/// A value as people write it.
fn written(words: Words, pointer: &str, value: &str) -> String {
    let said = match pointer {
        "/guest/document/kind" => {
            DocumentKind::parse(value).map(|kind| words.of_document_kind(kind).to_owned())
        }
        "/guest/no_document_reason" => NoDocumentReason::parse(value)
            .map(|reason| words.of_no_document_reason(reason).to_owned()),
        "/guest/birth_date" => BirthDate::parse(value).map(typed::written_birth_date),
        "/guest/sex" => Sex::parse(value).map(|sex| words.of_sex(sex).to_owned()),
        "/guest/nationality" => country::names(value).map(|(vi, en)| match words.0 {
            Language::Vi => vi.to_owned(),
            Language::En => en.to_owned(),
        }),
        "/guest/permitted_stay_until" => parse_day(value).map(typed::written_day),
        "/arrival_at" | "/expected_departure_at" | "/departed_at" => {
            parse_instant(value).map(typed::written_instant)
        }
        "/purpose" => Purpose::parse(value).map(|purpose| words.of_purpose(purpose).to_owned()),
        _ => None,
    };
    said.unwrap_or_else(|| value.to_owned())
}
