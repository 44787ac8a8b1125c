//! Which line is about which stay.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet, hash_map::Entry};

use serde_json::Value;
use uuid::Uuid;

use super::{Known, Line};
use crate::document::comparable_number;
use crate::stay::Presence;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineMatch {
    /// This stay.
    Stay(Uuid),
    /// No stay that is known.
    Nobody,
    /// A duplicate of the earlier line at this index.
    Repeated(usize),
}

/// Matches each line with a stay, by reference first and then by document. No two lines match the
/// same stay.
#[must_use]
pub fn match_lines(lines: &[Line], stays: &[Known<'_>]) -> Vec<LineMatch> {
    let by_reference = by_key(stays, |stay| reference(stay.content).map(str::to_owned));
    let by_document = by_key(stays, |stay| document(stay.content));
    let mut matches = repeated(lines);
    let mut taken = HashSet::new();
    for is_by_reference in [true, false] {
        for (line, found) in lines.iter().zip(&mut matches) {
            if *found != LineMatch::Nobody {
                continue;
            }
            let candidates = if is_by_reference {
                reference(&line.content).and_then(|reference| by_reference.get(reference))
            } else {
                document(&line.content).and_then(|number| by_document.get(&number))
            };
            let fitting = candidates.into_iter().flatten().find(|stay| {
                let is_same = is_by_reference || is_one_country(&line.content, stay.content);
                is_same && !taken.contains(&stay.stay_id)
            });
            if let Some(stay) = fitting {
                taken.insert(stay.stay_id);
                *found = LineMatch::Stay(stay.stay_id);
            }
        }
    }
    matches
}

/// Stays by a key: present guests first, newest first among equals.
fn by_key<'a>(
    stays: &'a [Known<'a>],
    key: impl Fn(&Known<'_>) -> Option<String>,
) -> HashMap<String, Vec<&'a Known<'a>>> {
    let mut order: Vec<&Known<'_>> = stays.iter().collect();
    order.sort_by_key(|stay| {
        let is_present = stay.presence == Presence::Present;
        (Reverse(is_present), Reverse(stay.arrival_at))
    });
    let mut found: HashMap<String, Vec<&Known<'_>>> = HashMap::new();
    for stay in order {
        if let Some(key) = key(stay) {
            found.entry(key).or_default().push(stay);
        }
    }
    found
}

/// Marks lines with the same reference as an earlier one, or with the same document if neither has
/// a reference.
fn repeated(lines: &[Line]) -> Vec<LineMatch> {
    let mut seen = HashMap::new();
    let marks = lines.iter().enumerate().map(|(place, line)| {
        let key = match reference(&line.content) {
            Some(reference) => Some((true, reference.to_owned())),
            None => document(&line.content).map(|number| (false, number)),
        };
        let Some(key) = key else {
            return LineMatch::Nobody;
        };
        match seen.entry(key) {
            Entry::Occupied(first) => LineMatch::Repeated(*first.get()),
            Entry::Vacant(free) => {
                free.insert(place);
                LineMatch::Nobody
            }
        }
    });
    marks.collect()
}

fn reference(content: &Value) -> Option<&str> {
    content["reference"].as_str()
}

/// The document number in comparable form.
pub(super) fn document(content: &Value) -> Option<String> {
    let number = content.pointer("/guest/document/number")?.as_str()?;
    Some(comparable_number(number)).filter(|number| !number.is_empty())
}

/// Whether the one names the same document as the other, or none.
pub(super) fn is_one_document(one: &Value, other: &Value) -> bool {
    document(one).is_none_or(|number| document(other).as_ref() == Some(&number))
        && is_one_country(one, other)
}

/// Two countries may give the same number.
fn is_one_country(one: &Value, other: &Value) -> bool {
    let nationality = |content: &Value| {
        let named = content.pointer("/guest/nationality")?.as_str()?;
        Some(named.to_uppercase())
    };
    match (nationality(one), nationality(other)) {
        (Some(one), Some(other)) => one == other,
        (None, _) | (_, None) => true,
    }
}
