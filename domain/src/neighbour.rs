//! Stays of the same document at the same time: what to tell the sender, and what the police.
//!
//! None of this refuses a declaration: a lodging must declare its guest whatever others have
//! declared (Law on Residence 68/2020/QH14, art. 30). A sender learns only of the facility's own
//! stays; only the police learn of stays elsewhere.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::document::DocumentKind;
use crate::problem::Code;
use crate::review::ReviewKind;
use crate::time::format_instant;

/// The most stays that warnings and a case name; more would not help.
const NAMED_COUNT_MAX: usize = 3;
const NUMBER: &str = "/guest/document/number";
const ARRIVAL: &str = "/arrival_at";

/// A stay that is being declared or amended.
#[derive(Clone, Copy, Debug)]
pub struct Newcomer {
    /// Where.
    pub facility_id: Uuid,
    /// The key that declares it.
    pub declared_by: Uuid,
    /// From when.
    pub arrival_at: DateTime<Utc>,
    /// Until when, as far as it is known: the departure, else the expected one.
    pub ends_at: Option<DateTime<Utc>>,
}

/// Another stay of the same document, not cancelled.
#[derive(Clone, Debug)]
pub struct Neighbour {
    /// The stay.
    pub stay_id: Uuid,
    /// Where.
    pub facility_id: Uuid,
    /// In which commune.
    pub commune_code: String,
    /// The key that declared it.
    pub declared_by: Uuid,
    /// From when.
    pub arrival_at: DateTime<Utc>,
    /// Until when; `None` while the guest is there.
    pub departed_at: Option<DateTime<Utc>>,
}

/// Distinguishes the guests on one document: keyed hashes of name and party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer<'a> {
    /// A word of the document kinds.
    pub document_kind: &'a str,
    /// Name and birth year.
    pub name: Option<&'a [u8]>,
    /// Facility and party.
    pub party: Option<&'a [u8]>,
}

/// Whether two guests of one document are a family that travels on it: children stand in a
/// parent's passport. They are of one party and have different names; with the same name it is
/// the same guest twice.
#[must_use]
pub fn is_family(one: Bearer<'_>, other: Bearer<'_>) -> bool {
    let kind = DocumentKind::parse(one.document_kind);
    let may_be_shared = match kind {
        Some(DocumentKind::Passport | DocumentKind::TravelDocument) => true,
        Some(_) | None => false,
    };
    may_be_shared
        && one.document_kind == other.document_kind
        && one.party.is_some()
        && one.party == other.party
        && one.name.is_some()
        && other.name.is_some()
        && one.name != other.name
}

/// The consequences of a stay's neighbours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notice {
    /// Warnings for the sender, as they are stored and shown: `{pointer, code, stay_id}`.
    pub warnings: Vec<Value>,
    /// Cases for the police, with their detail.
    pub cases: Vec<(ReviewKind, Value)>,
}

impl Neighbour {
    /// Whether both stays overlap. A departure at the instant of the other arrival does not
    /// overlap.
    #[must_use]
    pub fn overlaps(&self, newcomer: &Newcomer) -> bool {
        let is_gone = self
            .departed_at
            .is_some_and(|departed_at| departed_at <= newcomer.arrival_at);
        let comes_later = newcomer
            .ends_at
            .is_some_and(|ends_at| ends_at <= self.arrival_at);
        !is_gone && !comes_later
    }

    fn kind(&self, newcomer: &Newcomer) -> ReviewKind {
        if self.facility_id != newcomer.facility_id {
            ReviewKind::DeclaredElsewhere
        } else if self.departed_at.is_none() {
            ReviewKind::Duplicate
        } else {
            ReviewKind::Overlap
        }
    }

    fn detail(&self) -> Value {
        json!({
            "stay_id": self.stay_id,
            "facility_id": self.facility_id,
            "commune_code": self.commune_code,
            "arrival_at": format_instant(self.arrival_at),
            "departed_at": self.departed_at.map(format_instant),
        })
    }
}

/// The consequences of the neighbours, newest first.
#[must_use]
pub fn notice(newcomer: &Newcomer, neighbours: &[Neighbour]) -> Notice {
    let overlapping: Vec<&Neighbour> = neighbours
        .iter()
        .filter(|neighbour| neighbour.overlaps(newcomer))
        .collect();
    let mut notice = Notice::default();
    let here = overlapping
        .iter()
        .filter(|neighbour| neighbour.facility_id == newcomer.facility_id);
    for neighbour in here.take(NAMED_COUNT_MAX) {
        warn(&mut notice.warnings, newcomer, neighbour);
    }
    let kinds = [
        ReviewKind::Duplicate,
        ReviewKind::Overlap,
        ReviewKind::DeclaredElsewhere,
    ];
    for kind in kinds {
        let of_kind = overlapping
            .iter()
            .filter(|neighbour| neighbour.kind(newcomer) == kind);
        let stays: Vec<Value> = of_kind
            .take(NAMED_COUNT_MAX)
            .map(|neighbour| neighbour.detail())
            .collect();
        if !stays.is_empty() {
            notice.cases.push((kind, json!({"stays": stays})));
        }
    }
    notice
}

fn warn(warnings: &mut Vec<Value>, newcomer: &Newcomer, neighbour: &Neighbour) {
    let mut add = |pointer: &str, code: Code| {
        warnings.push(json!({
            "pointer": pointer, "code": code.as_str(), "stay_id": neighbour.stay_id,
        }));
    };
    if neighbour.departed_at.is_none() {
        add(NUMBER, Code::AlreadyPresentHere);
    } else {
        add(ARRIVAL, Code::OverlapsStayHere);
    }
    if neighbour.declared_by != newcomer.declared_by {
        add(NUMBER, Code::DeclaredByAnotherSender);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_instant;

    const HERE: Uuid = Uuid::from_u128(1);
    const ELSEWHERE: Uuid = Uuid::from_u128(2);
    const DESK: Uuid = Uuid::from_u128(3);
    const CHAIN: Uuid = Uuid::from_u128(4);

    fn at(hour: u32) -> DateTime<Utc> {
        parse_instant(&format!("2026-11-23T{hour:02}:00:00+07:00")).unwrap()
    }

    fn newcomer() -> Newcomer {
        Newcomer {
            facility_id: HERE,
            declared_by: DESK,
            arrival_at: at(12),
            ends_at: Some(at(20)),
        }
    }

    fn neighbour(facility_id: Uuid, declared_by: Uuid, from: u32, to: Option<u32>) -> Neighbour {
        Neighbour {
            stay_id: Uuid::from_u128(u128::from(from)),
            facility_id,
            commune_code: "16531".to_owned(),
            declared_by,
            arrival_at: at(from),
            departed_at: to.map(at),
        }
    }

    #[test]
    fn a_family_on_one_passport_is_of_one_party_and_has_different_names() {
        let bearer = |document_kind, name, party| Bearer {
            document_kind,
            name,
            party,
        };
        let (one, other) = (Some(b"1".as_slice()), Some(b"2".as_slice()));
        // Each row: kind, names and parties of both, whether they are a family.
        let table = [
            ("passport", [one, other], [one, one], true),
            ("travel_document", [one, other], [one, one], true),
            ("passport", [one, one], [one, one], false),
            ("passport", [one, other], [one, other], false),
            ("passport", [one, other], [None, None], false),
            ("passport", [one, other], [one, None], false),
            ("passport", [None, other], [one, one], false),
            ("citizen_card", [one, other], [one, one], false),
            ("birth_certificate", [one, other], [one, one], false),
        ];
        for (kind, names, parties, expected) in table {
            let [first, second] =
                [0, 1].map(|place: usize| bearer(kind, names[place], parties[place]));
            assert_eq!(
                is_family(first, second),
                expected,
                "{kind} {names:?} {parties:?}"
            );
            assert_eq!(is_family(second, first), expected);
        }
        let child = bearer("passport", other, one);
        assert!(!is_family(bearer("travel_document", one, one), child));
    }

    #[test]
    fn two_stays_overlap_when_both_are_there_at_some_instant() {
        // From, to, whether it overlaps a stay from 12 to 20.
        let table = [
            (8, Some(11), false),
            (8, Some(12), false),
            (8, Some(13), true),
            (8, None, true),
            (12, Some(12), false),
            (12, None, true),
            (19, None, true),
            (20, None, false),
            (21, Some(22), false),
        ];
        for (from, to, expected) in table {
            let neighbour = neighbour(HERE, DESK, from, to);
            assert_eq!(neighbour.overlaps(&newcomer()), expected, "{from} {to:?}");
        }
        let endless = Newcomer {
            ends_at: None,
            ..newcomer()
        };
        assert!(neighbour(HERE, DESK, 21, None).overlaps(&endless));
    }

    #[test]
    fn a_sender_hears_of_the_own_facility_and_the_police_of_all() {
        let codes = |notice: &Notice| -> Vec<String> {
            let codes = notice.warnings.iter().map(|warning| {
                assert!(warning["stay_id"].is_string(), "{warning}");
                format!("{} {}", warning["pointer"], warning["code"]).replace('"', "")
            });
            codes.collect()
        };
        let present = "/guest/document/number already_present_here";
        let another = "/guest/document/number declared_by_another_sender";
        let overlaps = "/arrival_at overlaps_stay_here";
        // Where, by whom, until when; warnings, case.
        let table = [
            (HERE, DESK, None, vec![present], ReviewKind::Duplicate),
            (
                HERE,
                CHAIN,
                None,
                vec![present, another],
                ReviewKind::Duplicate,
            ),
            (HERE, DESK, Some(13), vec![overlaps], ReviewKind::Overlap),
            (
                HERE,
                CHAIN,
                Some(13),
                vec![overlaps, another],
                ReviewKind::Overlap,
            ),
            (ELSEWHERE, DESK, None, vec![], ReviewKind::DeclaredElsewhere),
            (
                ELSEWHERE,
                CHAIN,
                Some(13),
                vec![],
                ReviewKind::DeclaredElsewhere,
            ),
        ];
        for (facility, by, to, warnings, kind) in table {
            let found = notice(&newcomer(), &[neighbour(facility, by, 8, to)]);
            assert_eq!(codes(&found), warnings, "{kind}");
            let kinds: Vec<_> = found.cases.iter().map(|(kind, _)| *kind).collect();
            assert_eq!(kinds, [kind]);
        }
    }

    #[test]
    fn many_neighbours_are_one_case_a_kind_and_a_few_names() {
        let mut neighbours = vec![neighbour(ELSEWHERE, DESK, 8, None); 9];
        neighbours.extend(vec![neighbour(HERE, DESK, 9, None); 9]);
        let found = notice(&newcomer(), &neighbours);
        assert_eq!(found.warnings.len(), NAMED_COUNT_MAX);
        let counts: Vec<_> = found
            .cases
            .iter()
            .map(|(kind, detail)| (*kind, detail["stays"].as_array().unwrap().len()))
            .collect();
        assert_eq!(
            counts,
            [
                (ReviewKind::Duplicate, NAMED_COUNT_MAX),
                (ReviewKind::DeclaredElsewhere, NAMED_COUNT_MAX)
            ]
        );
        assert_eq!(notice(&newcomer(), &[]), Notice::default());
    }
}
