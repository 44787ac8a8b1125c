//! Chooses which due tasks to claim. Pure.
//!
//! Nearest deadline minute first; within a minute facilities take turns, so that a large one does
//! not keep small ones waiting.

use std::collections::{HashMap, HashSet};

use store::outbox::Candidate;
use uuid::Uuid;

/// How many candidates to read behind `window`, the first `count` that are due, before choosing
/// `count` of them.
///
/// Only tasks of the window's last minute can lose their place to one behind the window, and of
/// each facility all but the first: none where every facility has one, nearly `count` where a
/// single facility has them all. A task that `is_apart` is not chosen with others, and leaves its
/// place too.
///
/// The next power of two, so that the statements that read them are few and stay prepared.
pub(crate) fn further_count(
    window: &[Candidate],
    count: usize,
    is_apart: impl Fn(&Candidate) -> bool,
) -> usize {
    if window.len() < count {
        return 0;
    }
    let (apart, others): (Vec<_>, Vec<_>) = window.iter().partition(|one| is_apart(one));
    let mut minutes = others.chunk_by(|one, next| minute(one) == minute(next));
    let last_minute = minutes.next_back().unwrap_or_default();
    let facilities: HashSet<Uuid> = last_minute.iter().map(|one| one.facility_id).collect();
    match apart.len() + last_minute.len() - facilities.len() {
        0 => 0,
        doubtful => doubtful.next_power_of_two(),
    }
}

/// Chooses up to `count_max` of `candidates`, which come nearest deadline first. `takes` is asked
/// of each in the order of the choice whether there is room for it.
pub(crate) fn choose(
    candidates: &[Candidate],
    count_max: usize,
    mut takes: impl FnMut(&Candidate) -> bool,
) -> Vec<Uuid> {
    let mut chosen = Vec::with_capacity(count_max.min(candidates.len()));
    let minutes = candidates.chunk_by(|one, next| minute(one) == minute(next));
    for candidate in minutes.flat_map(in_turn) {
        if chosen.len() == count_max {
            break;
        }
        if takes(candidate) {
            chosen.push(candidate.id);
        }
    }
    chosen
}

fn minute(candidate: &Candidate) -> i64 {
    candidate.deadline_at.timestamp().div_euclid(60)
}

/// The first of each facility, then the second of each, and so on.
fn in_turn(candidates: &[Candidate]) -> Vec<&Candidate> {
    let mut counts: HashMap<Uuid, usize> = HashMap::new();
    let mut turns: Vec<(usize, &Candidate)> = candidates
        .iter()
        .map(|candidate| {
            let count = counts.entry(candidate.facility_id).or_default();
            *count += 1;
            (*count, candidate)
        })
        .collect();
    turns.sort_by_key(|(turn, _)| *turn);
    turns.into_iter().map(|(_, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use proptest::prelude::*;

    use super::*;

    fn candidate(id: u128, facility: u128, seconds: i64) -> Candidate {
        Candidate {
            id: Uuid::from_u128(id),
            facility_id: Uuid::from_u128(facility),
            commune_code: "00004".to_owned(),
            deadline_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds),
            claim_count: 0,
        }
    }

    fn numbers(chosen: Vec<Uuid>) -> Vec<u128> {
        chosen.into_iter().map(|id| id.as_u128()).collect()
    }

    #[test]
    fn facilities_take_turns_within_a_minute_only() {
        let candidates = [
            candidate(1, 10, 0),
            candidate(2, 10, 1),
            candidate(3, 10, 2),
            candidate(4, 20, 58),
            candidate(5, 30, 59),
            candidate(6, 20, 59),
            candidate(7, 40, 60),
        ];
        let order = [1, 4, 5, 2, 6, 3, 7];
        for count_max in 0..9 {
            let chosen = numbers(choose(&candidates, count_max, |_| true));
            assert_eq!(chosen, order[..count_max.min(order.len())]);
        }
    }

    #[test]
    fn what_finds_no_room_leaves_its_place_to_the_next() {
        let candidates = [
            candidate(1, 10, 0),
            candidate(2, 20, 0),
            candidate(3, 10, 60),
        ];
        let no_room = Uuid::from_u128(20);
        let chosen = choose(&candidates, 2, |one| one.facility_id != no_room);
        assert_eq!(numbers(chosen), [1, 3]);
    }

    #[test]
    fn behind_the_window_is_read_what_may_push_a_task_out() {
        // Facility and minute of each task, the number of those apart, how many are read behind.
        type Tasks = &'static [(u128, i64)];
        let table: [(Tasks, usize, usize); 7] = [
            (&[], 0, 0),
            (&[(1, 0), (2, 0), (3, 0), (4, 0)], 0, 0),
            (&[(1, 0), (1, 0), (1, 0), (1, 0)], 0, 4),
            (&[(1, 0), (1, 0), (2, 0), (2, 0)], 0, 2),
            (&[(1, 0), (1, 0), (1, 0), (1, 1)], 0, 0),
            (&[(1, 0), (2, 0), (3, 0), (4, 0)], 1, 1),
            (&[(1, 0), (1, 0), (1, 0), (1, 0)], 4, 4),
        ];
        for (tasks, apart_count, expected) in table {
            let window: Vec<Candidate> = (0..)
                .zip(tasks)
                .map(|(id, (facility, minute))| candidate(id, *facility, minute * 60))
                .collect();
            let is_apart = |one: &Candidate| one.id.as_u128() < apart_count as u128;
            let further = further_count(&window, window.len().max(1), is_apart);
            assert_eq!(further, expected, "{tasks:?}");
            let all = further_count(&window, window.len() + 1, is_apart);
            assert_eq!(all, 0, "there is nothing behind {tasks:?}");
        }
    }

    proptest! {
        /// Reading on would change the choice by tasks of other facilities only so far as these
        /// stand further back than all that was read.
        #[test]
        fn no_facility_behind_a_full_window_is_passed_over(
            facilities in proptest::collection::vec(0_u128..6, 1..200),
            count in 1_usize..60,
        ) {
            let queue: Vec<Candidate> = (0..)
                .zip(&facilities)
                .map(|(id, facility)| candidate(id, *facility, 0))
                .collect();
            let window = &queue[..count.min(queue.len())];
            let read = window.len() + further_count(window, count, |_| false);
            let read = &queue[..read.min(queue.len())];
            let chosen = choose(read, count, |_| true);
            let of_facilities: HashSet<Uuid> = read.iter().map(|one| one.facility_id).collect();
            let served: HashSet<Uuid> = read
                .iter()
                .filter(|one| chosen.contains(&one.id))
                .map(|one| one.facility_id)
                .collect();
            prop_assert_eq!(served.len(), of_facilities.len().min(count));
            prop_assert!(read.len() < 3 * count);
        }

        #[test]
        fn nothing_chosen_is_due_in_a_later_minute_than_what_is_left(
            mut rows in proptest::collection::vec((0_i64..600, 0_u128..5), 0..100),
            count_max in 0_usize..120,
        ) {
            rows.sort_unstable();
            let candidates: Vec<Candidate> = (0..)
                .zip(&rows)
                .map(|(id, (seconds, facility))| candidate(id, *facility, *seconds))
                .collect();
            let chosen = choose(&candidates, count_max, |_| true);
            prop_assert_eq!(chosen.len(), count_max.min(candidates.len()));
            let (taken, left): (Vec<_>, Vec<_>) =
                candidates.iter().partition(|one| chosen.contains(&one.id));
            let last = taken.iter().map(|one| minute(one)).max();
            let first = left.iter().map(|one| minute(one)).min();
            if let (Some(last), Some(first)) = (last, first) {
                prop_assert!(last <= first);
            }
            // No facility is two ahead of one that still waits in the same minute.
            for minute_of in taken.iter().map(|one| minute(one)) {
                let count = |of: &[&Candidate], facility| {
                    of.iter()
                        .filter(|one| one.facility_id == facility && minute(one) == minute_of)
                        .count()
                };
                for waiting in left.iter().filter(|one| minute(one) == minute_of) {
                    for other in &taken {
                        let ahead = count(&taken, other.facility_id);
                        prop_assert!(ahead <= count(&taken, waiting.facility_id) + 1);
                    }
                }
            }
        }
    }
}
