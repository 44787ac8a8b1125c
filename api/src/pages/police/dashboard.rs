//! The page of what is watched over. Titles are findings, made by rule from the numbers.

use chrono::Timelike;
use domain::facility::FacilityKind;
use domain::time::{VIET_NAM, parse_day};
use pages::moment;
use pages::police::chart::{self, Age, Hour, MARK_PERMILLE, Share};
use pages::police::dashboard::{DashboardPage, WatchFigure};
use pages::section::Section;
use pages::words::Words;
use poem::Request;

use super::{capital, instant};
use crate::auth::{Access, op};
use crate::pages::enter::OfficeVisit;
use crate::pages::{MadePage, html};
use crate::police::scope_of;
use crate::police::statistics::figures::{
    ArrivalHour, BacklogHour, DataQuality, OnTimeCount, PoliceStatistics,
};
use crate::police::statistics::statistics;

/// Communes that are drawn: those with the lowest shares.
const COMMUNE_COUNT_MAX: usize = 10;
/// From this difference on a number is another, in percent.
const DIFFERENCE_MIN: u32 = 5;

/// `GET /police/dashboard`.
pub(in crate::pages) async fn show(request: Request) -> MadePage {
    let (visit, _) = OfficeVisit::<op::DashboardPage>::open(request).await?;
    let words = visit.reader.words;
    let title = words.dashboard().to_owned();
    let around = visit.surroundings(Section::Dashboard, title).await?;
    let counted = statistics(&visit.app, &scope_of(visit.admitted.sender())).await?;
    let day = parse_day(&counted.day.0).map(|day| day.format("%d/%m/%Y").to_string());
    let page = DashboardPage {
        sub: words.watch_sub(day.unwrap_or_default()),
        figures: vec![
            arrivals(
                words,
                &counted.arrivals,
                visit.now.with_timezone(&VIET_NAM).hour(),
            ),
            by_kind(words, &counted),
            backlog(words, &counted.backlog),
            visit.by_commune(&counted),
            quality(words, &counted.quality),
        ],
        frame: around.frame,
        bar: around.bar,
    };
    html::page(&visit.reader, &page)
}

/// A count, or that it is not told.
fn count(words: Words, number: Option<u32>) -> String {
    number.map_or_else(
        || words.hidden_count().to_owned(),
        |number| number.to_string(),
    )
}

fn share(words: Words, permille: Option<u32>) -> String {
    permille.map_or_else(
        || words.hidden_count().to_owned(),
        |permille| chart::percent(words, permille),
    )
}

fn arrivals(words: Words, hours: &[ArrivalHour], this_hour: u32) -> WatchFigure {
    let columns = [words.hour(), words.arrivals_today(), words.arrivals_usual()];
    let row = |hour: &ArrivalHour| {
        vec![
            words.hour_of(hour.hour),
            match hour.hour > this_hour {
                true => words.not_yet().to_owned(),
                false => count(words, hour.today),
            },
            count(words, hour.usual),
        ]
    };
    let drawn = hours.iter().map(|hour| Hour {
        hour: hour.hour,
        count: hour.today,
        usual: hour.usual,
    });
    // Only hours of which both numbers are told can be compared.
    let compared = hours
        .iter()
        .filter_map(|hour| Some((hour.today?, hour.usual?)));
    let (today, usual) =
        compared.fold((0, 0), |sum, (today, usual)| (sum.0 + today, sum.1 + usual));
    let busiest = hours
        .iter()
        .filter_map(|hour| Some((hour.today?, hour.hour)));
    WatchFigure {
        title: arrivals_title(words, today, usual),
        text: match busiest.max() {
            Some((count, hour)) => format!(
                "{} {}",
                words.arrivals_sum(today, usual),
                words.arrivals_busiest(hour, count)
            ),
            None => words.arrivals_none().to_owned(),
        },
        legend: Some([words.arrivals_today(), words.arrivals_usual()]),
        chart: chart::columns(words, &drawn.collect::<Vec<_>>()),
        columns: columns.to_vec(),
        rows: hours.iter().map(row).collect(),
    }
}

fn arrivals_title(words: Words, today: u32, usual: u32) -> String {
    let difference = (today.abs_diff(usual) * 100).checked_div(usual);
    match difference {
        None => words.arrivals_too_few().to_owned(),
        Some(percent) if percent < DIFFERENCE_MIN => words.arrivals_as_usual().to_owned(),
        Some(percent) if today > usual => words.arrivals_more(percent),
        Some(percent) => words.arrivals_fewer(percent),
    }
}

/// What is said of all declarations.
fn on_time_text(words: Words, all: OnTimeCount) -> String {
    match (all.on_time_permille, all.declared) {
        (Some(permille), Some(count)) => words.on_time_all(chart::percent(words, permille), count),
        _ => words.on_time_unknown().to_owned(),
    }
}

/// The lowest share, with its name.
fn lowest(shares: &[Share]) -> Option<(u32, &str)> {
    let told = shares.iter();
    let told = told.filter_map(|share| Some((share.permille?, share.name.as_str())));
    told.min()
}

/// A figure of shares; `title` is given the lowest of them.
fn shares_figure(
    words: Words,
    (heading, text): (&'static str, String),
    named: Vec<(String, OnTimeCount)>,
    title: impl FnOnce(Option<(u32, &str)>) -> String,
) -> WatchFigure {
    let row = |(name, one): &(String, OnTimeCount)| {
        let on_time = share(words, one.on_time_permille);
        vec![name.clone(), on_time, count(words, one.declared)]
    };
    let rows = named.iter().map(row).collect();
    let shares = named.into_iter().map(|(name, one)| Share {
        name,
        meaning: "",
        permille: one.on_time_permille,
    });
    let shares: Vec<Share> = shares.collect();
    WatchFigure {
        title: title(lowest(&shares)),
        text,
        legend: None,
        chart: chart::shares(words, words.chart_on_time(), &shares),
        columns: vec![heading, words.on_time_share(), words.declared_count()],
        rows,
    }
}

fn by_kind(words: Words, counted: &PoliceStatistics) -> WatchFigure {
    let named = counted.by_kind.iter().map(|one| {
        let kind = FacilityKind::parse(&one.facility_kind.0);
        let name = kind.map_or("", |kind| words.of_kind_of_facility(kind));
        (name.to_owned(), one.declarations)
    });
    let text = on_time_text(words, counted.declarations);
    let about = (words.kind_of_facility(), text);
    shares_figure(words, about, named.collect(), |lowest| match lowest {
        None => words.too_few_declared().to_owned(),
        Some((permille, _)) if permille >= MARK_PERMILLE => words.all_above_mark().to_owned(),
        Some((_, name)) => words.worst_late(name),
    })
}

impl<A: Access> OfficeVisit<A> {
    /// The communes with the lowest shares first.
    fn by_commune(&self, counted: &PoliceStatistics) -> WatchFigure {
        let words = self.reader.words;
        let mut named: Vec<(String, OnTimeCount)> = counted
            .by_commune
            .iter()
            .map(|one| {
                (
                    capital(&self.commune(&one.commune_code.0)),
                    one.declarations,
                )
            })
            .collect();
        named.sort_by_key(|(_, one)| one.on_time_permille.unwrap_or(u32::MAX));
        named.truncate(COMMUNE_COUNT_MAX);
        let text = on_time_text(words, counted.declarations);
        shares_figure(
            words,
            (words.commune(), text),
            named,
            |lowest| match lowest {
                None => words.too_few_declared().to_owned(),
                Some((permille, _)) if permille >= MARK_PERMILLE => {
                    words.all_communes_above().to_owned()
                }
                Some((_, name)) => words.commune_below(name),
            },
        )
    }
}

fn backlog(words: Words, hours: &[BacklogHour]) -> WatchFigure {
    let lasting = |seconds: Option<u64>| {
        let seconds = seconds.and_then(|seconds| i64::try_from(seconds).ok());
        seconds.map_or_else(|| words.unknown().to_owned(), |it| words.lasting(it))
    };
    let row = |hour: &BacklogHour| {
        vec![
            moment::clock(instant(&hour.at.0)),
            hour.waiting.to_string(),
            lasting(hour.median_seconds),
            lasting(hour.p95_seconds),
            lasting(hour.oldest_seconds),
        ]
    };
    let drawn = hours.iter().map(|hour| Age {
        at: moment::clock(instant(&hour.at.0)),
        seconds: [hour.median_seconds, hour.p95_seconds, hour.oldest_seconds],
    });
    let now = hours.last().filter(|hour| hour.waiting > 0);
    WatchFigure {
        title: backlog_title(words, hours).to_owned(),
        text: now.map_or_else(String::new, |now| {
            let (median, oldest) = (lasting(now.median_seconds), lasting(now.oldest_seconds));
            words.backlog_now(now.waiting, median, oldest)
        }),
        legend: None,
        chart: chart::ages(words, &drawn.collect::<Vec<_>>()),
        columns: vec![
            words.hour(),
            words.waits(),
            words.median(),
            words.percent_95(),
            words.oldest(),
        ],
        rows: hours.iter().map(row).collect(),
    }
}

/// Whether the middle case waits longer now than it did in the first hour that had one.
fn backlog_title(words: Words, hours: &[BacklogHour]) -> &'static str {
    let now = hours.last().and_then(|hour| hour.median_seconds);
    let first = hours.iter().find_map(|hour| hour.median_seconds);
    match (first, now) {
        (_, None) | (None, _) => words.backlog_none(),
        (Some(first), Some(now)) if now > first + first / 2 + 600 => words.backlog_ages(),
        (Some(first), Some(now)) if now + first / 2 < first => words.backlog_shrinks(),
        (Some(_), Some(_)) => words.backlog_steady(),
    }
}

fn quality(words: Words, quality: &DataQuality) -> WatchFigure {
    let figures = [
        (
            words.correct(),
            words.correct_means(),
            quality.correct_permille,
        ),
        (
            words.complete(),
            words.complete_means(),
            quality.complete_permille,
        ),
        (words.clean(), words.clean_means(), quality.clean_permille),
        (
            words.timely(),
            words.timely_means(),
            quality.timely_permille,
        ),
    ];
    let shares = figures.map(|(name, meaning, permille)| Share {
        name: name.to_owned(),
        meaning,
        permille,
    });
    let told = figures.iter();
    let lowest = told
        .filter_map(|(name, _, permille)| Some(((*permille)?, *name)))
        .min();
    let row = |(name, meaning, permille): &(&str, &str, Option<u32>)| {
        vec![
            (*name).to_owned(),
            (*meaning).to_owned(),
            share(words, *permille),
        ]
    };
    WatchFigure {
        title: match lowest {
            None => words.too_few_declared().to_owned(),
            Some((permille, _)) if permille >= MARK_PERMILLE => words.quality_good().to_owned(),
            Some((_, name)) => words.quality_lacks(name),
        },
        text: lowest.map_or_else(String::new, |(permille, _)| {
            words.quality_lowest(chart::percent(words, permille))
        }),
        legend: None,
        chart: chart::shares(words, words.chart_quality(), &shares),
        columns: vec![words.quality(), words.meaning(), words.value()],
        rows: figures.iter().map(row).collect(),
    }
}
