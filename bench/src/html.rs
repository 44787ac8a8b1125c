//! A report or a summary as a page: one file with its charts inside, without scripts and without anything
//! from elsewhere, readable on light and on dark screens and on paper.

mod chart;
mod scale;

use std::{collections::BTreeMap, fmt::Write};

use crate::{
    load::{
        summary::{LatencyClass, Summary},
        timeline::Point,
    },
    report::{Measure, Report, Sample, Side},
};
use chart::Row;
use scale::number;

const STYLE: &str = include_str!("html/style.css");

/// A page of what `luutru bench` measured.
#[must_use]
pub fn of_report(report: &Report) -> String {
    let ids: Vec<&str> = report.measures.iter().map(|measure| measure.id).collect();
    let intro = format!(
        "{}, on {} processors, {} connections, {} seconds for each side of each round. Medians are \
         taken over the rounds. Guests of this run: <code>--seed {}</code>.",
        ids.join(", "),
        report.processors,
        report.connections,
        report.seconds,
        report.seed
    );
    let sections = report.measures.iter().map(section);
    page("luutru bench", &intro, &sections.collect::<String>())
}

/// A page of one run of `luutru load`.
#[must_use]
pub fn of_summary(summary: &Summary) -> String {
    let intro = format!(
        "Run {}, {} requests in {} s. Guests of this run: <code>--seed {}</code>.",
        escape(&summary.run),
        number(summary.requests as f64),
        number(summary.seconds),
        summary.seed
    );
    let latency = &summary.latency_ms;
    let mut figures = vec![
        (
            number(summary.accepted_per_second),
            "accepted stays per second",
        ),
        (number(summary.accepted as f64), "accepted"),
        (format!("{} ms", number(latency.p50)), "p50"),
        (format!("{} ms", number(latency.p99)), "p99"),
        (format!("{} ms", number(latency.max)), "slowest"),
    ];
    let others = [
        (summary.replayed, "replayed"),
        (summary.rejected, "rejected"),
        (summary.unknown, "without a known outcome"),
    ];
    for (count, name) in others {
        if count > 0 {
            figures.push((number(count as f64), name));
        }
    }
    if let Some(police) = &summary.police {
        figures.push((number(police.arrived as f64), "at the police"));
        figures.push((number(police.missing as f64), "missing there"));
    }
    let rounds = [summary.over_time.as_slice()];
    let mut body = cards(&figures);
    body.push_str(&timelines(&[(
        "Latency over time".to_owned(),
        rounds.to_vec(),
    )]));
    body.push_str(&distributions(&[("", summary.distribution.clone())]));
    body.push_str(&rates(&summary.over_time));
    body.push_str(&counts("Answers by status", &summary.statuses));
    body.push_str(&counts("Stays by problem code", &summary.codes));
    page("luutru load", &intro, &body)
}

fn section(measure: &Measure) -> String {
    let title = escape(&measure.title);
    let mut html = format!(
        "<section><h2><span class=\"id\">{}</span>{title}</h2>\n",
        measure.id
    );
    html.push_str(&cards(&figures(measure)));
    for figure in &measure.figures {
        let figure = escape(&figure.to_string());
        let _ = write!(html, "<p class=\"quiet\">{figure}</p>");
    }
    for note in &measure.notes {
        let _ = write!(html, "<p class=\"quiet\">{}</p>", escape(note));
    }
    if !measure.sides.is_empty() {
        html.push_str(&rates_by_round(&measure.sides));
        html.push_str(&processor_times(&measure.sides));
        html.push_str(&latencies(&measure.sides));
        html.push_str(&table(&measure.sides));
    }
    html.push_str(&memory(measure));
    html.push_str("</section>\n");
    html
}

fn figures(measure: &Measure) -> Vec<(String, &'static str)> {
    let mut figures = Vec::new();
    if let Some(ratio) = measure.ratio {
        figures.push((
            format!("{ratio:.2} ×"),
            "ratio of rates, median of the rounds",
        ));
    }
    if let Some(ours) = measure.sides.first().map(Side::medians) {
        figures.push((number(ours.rate), "operations per second"));
        figures.push((
            format!("{} µs", number(ours.own_us())),
            "processor time of its own",
        ));
        if let Some(p99) = ours.p99_ms {
            figures.push((format!("{} ms", number(p99)), "p99"));
        }
    }
    figures
}

fn rates_by_round(sides: &[Side]) -> String {
    let rows: Vec<(&str, Vec<f64>, f64)> = sides
        .iter()
        .map(|side| {
            let rates = side.samples.iter().map(|sample| sample.rate).collect();
            (side.name, rates, side.medians().rate)
        })
        .collect();
    let note = "operations per second; a dot per round, a mark at the median";
    chart::dots("Rate", note, "/s", &rows)
}

fn processor_times(sides: &[Side]) -> String {
    let medians: Vec<(&str, Sample)> = sides
        .iter()
        .map(|side| (side.name, side.medians()))
        .collect();
    let rows: Vec<Row<'_>> = medians
        .iter()
        .map(|(name, sample)| {
            let parts = sample.processes_us.iter();
            (
                *name,
                parts.map(|(process, micros)| (*process, *micros)).collect(),
            )
        })
        .collect();
    let note = "microseconds per operation, medians";
    chart::bars("Processor time by process", note, "µs", &rows)
}

/// Of the sides whose requests were timed.
fn latencies(sides: &[Side]) -> String {
    let timed = || {
        sides
            .iter()
            .filter(|side| side.samples.iter().any(is_timed))
    };
    let charts: Vec<(String, Vec<&[Point]>)> = timed()
        .map(|side| {
            let rounds = side
                .samples
                .iter()
                .map(|sample| sample.over_time.as_slice());
            (
                format!("Latency over time: {}", side.name),
                rounds.collect(),
            )
        })
        .collect();
    let together: Vec<(&str, Vec<LatencyClass>)> = timed()
        .map(|side| (side.name, together(&side.samples)))
        .collect();
    timelines(&charts) + &distributions(&together)
}

fn is_timed(sample: &Sample) -> bool {
    !sample.distribution.is_empty()
}

/// Charts with one scale, so that they can be compared.
fn timelines(charts: &[(String, Vec<&[Point]>)]) -> String {
    let all = charts.iter().flat_map(|(_, rounds)| rounds.iter().copied());
    let range = chart::range_ms(all);
    if range.1 <= 0.0 {
        return String::new();
    }
    let charts = charts.iter();
    charts
        .map(|(title, rounds)| chart::over_time(title, rounds, range))
        .collect()
}

fn distributions(sides: &[(&str, Vec<LatencyClass>)]) -> String {
    if sides.iter().all(|(_, classes)| classes.is_empty()) {
        return String::new();
    }
    chart::distribution("Distribution of latency", sides)
}

/// The requests of all rounds. Classes have the same edges in every round.
fn together(samples: &[Sample]) -> Vec<LatencyClass> {
    let mut classes: Vec<LatencyClass> = Vec::new();
    for class in samples.iter().flat_map(|sample| &sample.distribution) {
        match classes
            .iter_mut()
            .find(|known| known.from_ms == class.from_ms)
        {
            Some(known) => known.count += class.count,
            None => classes.push(class.clone()),
        }
    }
    classes.sort_by(|one, other| one.from_ms.total_cmp(&other.from_ms));
    classes
}

fn rates(over_time: &[Point]) -> String {
    if over_time.is_empty() {
        return String::new();
    }
    let refused: u64 = over_time.iter().map(|point| point.refused).sum();
    let note = format!(
        "requests started per second; {} refused in all are left out",
        number(refused as f64)
    );
    chart::rate_over_time("Rate over time", &note, over_time)
}

fn table(sides: &[Side]) -> String {
    let mut rows = String::new();
    for side in sides {
        for (round, sample) in side.samples.iter().enumerate() {
            rows.push_str(&row(side.name, &format!("round {}", round + 1), sample, ""));
        }
        if side.samples.len() > 1 {
            rows.push_str(&row(
                side.name,
                "median",
                &side.medians(),
                " class=\"median\"",
            ));
        }
    }
    format!(
        "<div class=\"scroll\"><table><thead><tr><th>Side</th><th>Round</th><th>per second</th>\
         <th>of its own, µs</th><th>whole machine, µs</th><th>p50, ms</th><th>p99, ms</th>\
         <th>steal, %</th></tr></thead><tbody>{rows}</tbody></table></div>\n"
    )
}

fn row(side: &str, round: &str, sample: &Sample, class: &str) -> String {
    let timed = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    format!(
        "<tr{class}><td>{}</td><td>{round}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
         <td>{}</td><td>{:.1}</td></tr>",
        escape(side),
        number(sample.rate),
        number(sample.own_us()),
        number(sample.cpu_us),
        timed(sample.p50_ms),
        timed(sample.p99_ms),
        sample.steal_percent
    )
}

fn memory(measure: &Measure) -> String {
    if measure.memory.is_empty() {
        return String::new();
    }
    let rows: Vec<Row<'_>> = measure
        .memory
        .iter()
        .map(|(name, memory)| (*name, vec![("resident", memory.resident_mib)]))
        .collect();
    chart::bars("Memory", "resident, MiB", "MiB", &rows)
}

fn counts(title: &str, counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let rows = counts.iter().map(|(label, count)| {
        let count = number(*count as f64);
        format!("<tr><td>{}</td><td>{count}</td></tr>", escape(label))
    });
    format!(
        "<table><thead><tr><th>{title}</th><th>count</th></tr></thead><tbody>{}</tbody></table>\n",
        rows.collect::<String>()
    )
}

fn cards(figures: &[(String, &str)]) -> String {
    let items = figures.iter().map(|(value, name)| {
        format!(
            "<li><b>{}</b><span>{}</span></li>",
            escape(value),
            escape(name)
        )
    });
    format!("<ul class=\"figures\">{}</ul>\n", items.collect::<String>())
}

/// `intro` and `body` are HTML.
fn page(title: &str, intro: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n\
         <p class=\"quiet\">{intro}</p>\n{body}</body>\n</html>\n"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
