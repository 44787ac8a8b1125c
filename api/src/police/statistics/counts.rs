//! From rows to what is told of them: few people are never told.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    facility::FacilityKind,
    stay::{CompletionState, IdentityState, Timeliness},
    time::{VIET_NAM, local_date},
};
use store::review::statistics::{HourCount, StateCount, WaitingSpan};

use super::figures::{
    ArrivalHour, BacklogHour, CommuneOnTime, DataQuality, KindOnTime, OnTimeCount, WEEK_COUNT,
};
use crate::shapes::text::{CommuneCode, Instant};

/// Counts under this are not told.
pub(crate) const TOLD_MIN: u64 = 10;

/// Declarations, and those on time.
#[derive(Clone, Copy, Default)]
struct Tally {
    declared: u64,
    on_time: u64,
}

impl Tally {
    fn add(&mut self, row: &StateCount) {
        let count = u64::try_from(row.stay_count).unwrap_or_default();
        self.declared += count;
        if row
            .timeliness
            .get()
            .is_ok_and(|one| one == Timeliness::OnTime)
        {
            self.on_time += count;
        }
    }

    fn told(self) -> OnTimeCount {
        OnTimeCount {
            declared: told(self.declared),
            on_time_permille: permille(self.on_time, self.declared),
        }
    }
}

const HIDDEN: OnTimeCount = OnTimeCount {
    declared: None,
    on_time_permille: None,
};

/// A count, unless it stands for few people.
fn told(count: u64) -> Option<u32> {
    (count >= TOLD_MIN).then(|| u32::try_from(count).unwrap_or(u32::MAX))
}

/// A part of a count that may be told.
fn permille(part: u64, whole: u64) -> Option<u32> {
    let share = (part * 1_000 + whole / 2).checked_div(whole)?;
    told(whole)?;
    u32::try_from(share).ok()
}

/// All declarations.
pub(super) fn on_time(rows: &[StateCount]) -> OnTimeCount {
    let mut all = Tally::default();
    rows.iter().for_each(|row| all.add(row));
    all.told()
}

/// By kind of facility, in the order of the law.
pub(super) fn by_kind(rows: &[StateCount]) -> Vec<KindOnTime> {
    let mut tallies: Vec<(FacilityKind, Tally)> = Vec::new();
    for kind in FacilityKind::ALL {
        let mut tally = Tally::default();
        let of_kind = |row: &&StateCount| row.facility_kind.get().is_ok_and(|one| one == *kind);
        rows.iter().filter(of_kind).for_each(|row| tally.add(row));
        if tally.declared > 0 {
            tallies.push((*kind, tally));
        }
    }
    let told = told_together(tallies.iter().map(|(_, tally)| *tally).collect());
    let kinds = tallies.into_iter().zip(told);
    kinds
        .map(|((kind, _), declarations)| KindOnTime {
            facility_kind: kind.into(),
            declarations,
        })
        .collect()
}

/// By commune, in the order of their codes.
pub(super) fn by_commune(rows: &[StateCount]) -> Vec<CommuneOnTime> {
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for row in rows {
        tallies.entry(&row.commune_code).or_default().add(row);
    }
    let told = told_together(tallies.values().copied().collect());
    let communes = tallies.into_keys().zip(told);
    communes
        .map(|(code, declarations)| CommuneOnTime {
            commune_code: CommuneCode(code.to_owned()),
            declarations,
        })
        .collect()
}

/// What is told of parts whose sum is told: where one part alone is hidden, the smallest other one
/// is hidden with it.
fn told_together(tallies: Vec<Tally>) -> Vec<OnTimeCount> {
    let mut told: Vec<OnTimeCount> = tallies.iter().map(|tally| tally.told()).collect();
    let hidden_count = told.iter().filter(|one| one.declared.is_none()).count();
    if hidden_count == 1 {
        let others = told.iter().enumerate();
        let others = others.filter_map(|(place, one)| Some((one.declared?, place)));
        if let Some((_, place)) = others.min() {
            told[place] = HIDDEN;
        }
    }
    told
}

/// The hours of today beside the mean of the weeks before.
pub(super) fn arrivals(
    rows: &[HourCount],
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Vec<ArrivalHour> {
    let at_hour = |hour: u32, is_today: bool| {
        let of_hour = rows.iter().filter(move |row| {
            row.hour == i64::from(hour) && (row.arrival_on == today) == is_today
        });
        let sum: i64 = of_hour.map(|row| row.stay_count).sum();
        u64::try_from(sum).unwrap_or_default()
    };
    let this_hour = match local_date(now) == today {
        true => chrono::Timelike::hour(&now.with_timezone(&VIET_NAM)),
        false => 23,
    };
    (0..24)
        .map(|hour| ArrivalHour {
            hour,
            today: told(at_hour(hour, true)).filter(|_| hour <= this_hour),
            usual: told(mean(at_hour(hour, false))),
        })
        .collect()
}

/// The mean of the weeks that a sum is of.
fn mean(sum: u64) -> u64 {
    let weeks = u64::from(WEEK_COUNT);
    (sum + weeks / 2) / weeks
}

/// How long the cases that waited at an instant had waited.
pub(super) fn backlog(spans: &[WaitingSpan], at: DateTime<Utc>) -> BacklogHour {
    let waited = spans
        .iter()
        .filter(|span| span.opened_at <= at && span.decided_at.is_none_or(|decided| decided > at));
    let ages = waited.map(|span| (at - span.opened_at).num_seconds());
    let mut ages: Vec<u64> = ages.filter_map(|age| u64::try_from(age).ok()).collect();
    ages.sort_unstable();
    let at_share = |percent: usize| {
        let last = ages.len().checked_sub(1)?;
        ages.get(last * percent / 100).copied()
    };
    BacklogHour {
        at: Instant::of(at),
        waiting: u32::try_from(ages.len()).unwrap_or(u32::MAX),
        median_seconds: at_share(50),
        p95_seconds: at_share(95),
        oldest_seconds: ages.last().copied(),
    }
}

/// How good the data are.
pub(super) fn quality(rows: &[StateCount], duplicate_count: i64) -> DataQuality {
    let sum = |is_counted: &dyn Fn(&StateCount) -> bool| {
        let counted = rows.iter().filter(|row| is_counted(row));
        let sum: i64 = counted.map(|row| row.stay_count).sum();
        u64::try_from(sum).unwrap_or_default()
    };
    let identity = |row: &StateCount| row.identity_state.get().ok();
    let all = sum(&|_| true);
    let agreeing = sum(&|row| identity(row) == Some(IdentityState::Verified));
    let answered = sum(&|row| {
        let state = identity(row);
        let answers = [
            IdentityState::Verified,
            IdentityState::Mismatch,
            IdentityState::NotFound,
        ];
        state.is_some_and(|state| answers.contains(&state))
    });
    let complete = sum(&|row| {
        let state = row.completion_state.get();
        state.is_ok_and(|state| state == CompletionState::Complete)
    });
    let timely = sum(&|row| {
        row.timeliness
            .get()
            .is_ok_and(|one| one == Timeliness::OnTime)
    });
    let duplicates = u64::try_from(duplicate_count).unwrap_or_default();
    DataQuality {
        correct_permille: permille(agreeing, answered),
        complete_permille: permille(complete, all),
        clean_permille: permille(all.saturating_sub(duplicates), all),
        timely_permille: permille(timely, all),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use domain::time::parse_instant;

    use super::*;

    fn row(commune: &str, timeliness: Timeliness, stay_count: i64) -> StateCount {
        StateCount {
            facility_kind: FacilityKind::School.into(),
            commune_code: commune.to_owned(),
            timeliness: timeliness.into(),
            identity_state: IdentityState::Verified.into(),
            completion_state: CompletionState::Complete.into(),
            stay_count,
        }
    }

    #[test]
    fn few_people_are_not_told_and_no_sum_gives_them_away() {
        let rows = [
            row("00004", Timeliness::OnTime, 9),
            row("00008", Timeliness::OnTime, 12),
            row("00012", Timeliness::OnTime, 90),
            row("00012", Timeliness::Late, 10),
        ];
        let told: Vec<Option<u32>> = by_commune(&rows)
            .iter()
            .map(|one| one.declarations.declared)
            .collect();
        assert_eq!(told, [None, None, Some(100)]);
        let communes = by_commune(&rows);
        assert_eq!(communes[2].declarations.on_time_permille, Some(900));
        assert_eq!(on_time(&rows).declared, Some(121));
        assert_eq!(on_time(&rows[..1]).on_time_permille, None);
        assert_eq!(on_time(&[]).declared, None);
    }

    #[test]
    fn a_backlog_is_as_old_as_the_cases_that_waited_then() {
        let now = parse_instant("2026-11-27T20:00:00+07:00").unwrap();
        let span = |waited: i64, decided_ago: Option<i64>| WaitingSpan {
            opened_at: now - TimeDelta::minutes(waited),
            decided_at: decided_ago.map(|ago| now - TimeDelta::minutes(ago)),
        };
        let spans = [span(120, None), span(90, Some(30)), span(10, None)];
        let at = backlog(&spans, now);
        assert_eq!((at.waiting, at.oldest_seconds), (2, Some(7_200)));
        let before = backlog(&spans, now - TimeDelta::minutes(60));
        assert_eq!((before.waiting, before.oldest_seconds), (2, Some(3_600)));
        let long_ago = backlog(&spans, now - TimeDelta::hours(5));
        assert_eq!((long_ago.waiting, long_ago.median_seconds), (0, None));
    }

    #[test]
    fn hours_are_compared_with_those_of_the_weeks_before() {
        let now = parse_instant("2026-11-27T20:30:00+07:00").unwrap();
        let today = local_date(now);
        let hour = |days: u64, hour, stay_count| HourCount {
            arrival_on: today - chrono::Days::new(days),
            hour,
            stay_count,
        };
        let rows = [
            hour(0, 14, 30),
            hour(0, 15, 9),
            hour(7, 14, 20),
            hour(14, 14, 20),
        ];
        let hours = arrivals(&rows, today, now);
        assert_eq!((hours[14].today, hours[14].usual), (Some(30), Some(10)));
        assert_eq!((hours[15].today, hours[15].usual), (None, None));
        assert_eq!(hours.len(), 24);
    }
}
