//! Charts as inline SVG. Their colours are classes of the page's style sheet.

use std::fmt::Write;

use super::{
    escape,
    scale::{Scale, number},
};
use crate::load::{summary::LatencyClass, timeline::Point};

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 270.0;
/// Room for the numbers of the axes.
const LEFT: f64 = 56.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 44.0;
/// Of a chart of horizontal bars.
const ROW_HEIGHT: f64 = 40.0;
const BAR_HEIGHT: f64 = 20.0;
const LABEL_WIDTH: f64 = 190.0;
/// As many colours as the style sheet has.
const COLOUR_COUNT: usize = 6;
/// Narrower than this, a part of a bar has no room for its number.
const LABELLED_WIDTH_MIN: f64 = 34.0;

/// A row of a chart of bars: its name, and the length of each part.
pub(super) type Row<'a> = (&'a str, Vec<(&'a str, f64)>);

/// Latency over the time of a run, one line per quantile and round. `most_ms` is the top of the
/// axis, so that charts can be compared.
pub(super) fn over_time(title: &str, rounds: &[&[Point]], range_ms: (f64, f64)) -> String {
    let points = || rounds.iter().copied().flatten();
    let end = points().map(|point| point.at_seconds).fold(0.0, f64::max);
    let x = Scale::linear(end, (LEFT, WIDTH - 8.0));
    let y = Scale::logarithmic(range_ms.0, range_ms.1, (HEIGHT - BOTTOM, TOP));
    let mut svg = frame(title, &x, "seconds from the start", &y, "ms");
    let quantiles: [fn(&Point) -> f64; 2] = [|point| point.p50_ms, |point| point.p99_ms];
    for (colour, quantile) in quantiles.iter().enumerate() {
        for round in rounds {
            let places: Vec<String> = round
                .iter()
                .map(|point| {
                    let (x, y) = (x.at(point.at_seconds), y.at(quantile(point)));
                    format!("{x:.1},{y:.1}")
                })
                .collect();
            let places = places.join(" ");
            let _ = write!(
                svg,
                r#"<polyline class="line l{colour}" points="{places}"/>"#
            );
        }
    }
    svg.push_str("</svg>");
    let legend = legend(&[
        "p50: half of the requests were faster",
        "p99: 99 in 100 were faster",
    ]);
    let note = match rounds.len() {
        0 | 1 => "milliseconds, logarithmic",
        _ => "milliseconds, logarithmic; one line per round",
    };
    figure(title, note, &legend, &svg)
}

/// Requests per second over the time of a run, by when they were to start.
pub(super) fn rate_over_time(title: &str, note: &str, points: &[Point]) -> String {
    let end = points.last().map_or(0.0, |point| point.at_seconds);
    let most = points.iter().map(|point| point.rate).fold(0.0, f64::max);
    let x = Scale::linear(end, (LEFT, WIDTH - 8.0));
    let y = Scale::linear(most, (HEIGHT - BOTTOM, TOP));
    let mut svg = frame(title, &x, "seconds from the start", &y, "/s");
    let places: Vec<String> = points
        .iter()
        .map(|point| format!("{:.1},{:.1}", x.at(point.at_seconds), y.at(point.rate)))
        .collect();
    let places = places.join(" ");
    let _ = write!(
        svg,
        r#"<polyline class="line l2" points="{places}"/></svg>"#
    );
    figure(title, note, "", &svg)
}

/// Least and most of what [`over_time`] shows of these rounds.
pub(super) fn range_ms<'a>(rounds: impl Iterator<Item = &'a [Point]>) -> (f64, f64) {
    rounds
        .flatten()
        .filter(|point| point.p50_ms > 0.0)
        .fold((f64::MAX, 0.0), |(least, most), point| {
            (least.min(point.p50_ms), f64::max(most, point.p99_ms))
        })
}

/// How many requests took how long, one outline per side.
pub(super) fn distribution(title: &str, sides: &[(&str, Vec<LatencyClass>)]) -> String {
    let classes = || sides.iter().flat_map(|(_, classes)| classes);
    let least = classes()
        .map(|class| class.from_ms)
        .fold(f64::MAX, f64::min);
    let most = classes().map(|class| class.to_ms).fold(0.0, f64::max);
    let share = |count: u64, all: u64| count as f64 * 100.0 / all.max(1) as f64;
    let totals: Vec<u64> = sides
        .iter()
        .map(|(_, classes)| classes.iter().map(|class| class.count).sum())
        .collect();
    let highest = sides
        .iter()
        .zip(&totals)
        .flat_map(|((_, classes), all)| classes.iter().map(|class| share(class.count, *all)))
        .fold(0.0, f64::max);
    let x = Scale::logarithmic(least, most, (LEFT, WIDTH - 8.0));
    let y = Scale::linear(highest, (HEIGHT - BOTTOM, TOP));
    let mut svg = frame(title, &x, "latency, ms", &y, "%");
    for (colour, ((_, classes), all)) in sides.iter().zip(&totals).enumerate() {
        let mut path = String::new();
        let floor = y.at(0.0);
        for class in classes {
            let height = y.at(share(class.count, *all));
            let command = if path.is_empty() {
                format!("M{:.1},{floor:.1}", x.at(class.from_ms))
            } else {
                String::new()
            };
            let _ = write!(path, "{command}L{:.1},{height:.1}", x.at(class.from_ms));
            let _ = write!(path, "L{:.1},{height:.1}", x.at(class.to_ms));
        }
        if let Some(last) = classes.last() {
            let _ = write!(path, "L{:.1},{floor:.1}", x.at(last.to_ms));
        }
        let colour = colour % COLOUR_COUNT;
        let _ = write!(
            svg,
            r#"<path class="area s{colour} l{colour}" d="{path}"/>"#
        );
    }
    svg.push_str("</svg>");
    let names: Vec<&str> = sides.iter().map(|(name, _)| *name).collect();
    let legend = if names.len() > 1 {
        legend(&names)
    } else {
        String::new()
    };
    figure(
        title,
        "share of requests by latency, logarithmic",
        &legend,
        &svg,
    )
}

/// Horizontal bars, each made of parts; the colour of a part follows its name.
pub(super) fn bars(title: &str, note: &str, unit: &str, rows: &[Row<'_>]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|(_, parts)| parts) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let sum = |parts: &[(&str, f64)]| parts.iter().map(|(_, length)| length).sum::<f64>();
    let most = rows.iter().map(|(_, parts)| sum(parts)).fold(0.0, f64::max);
    let x = Scale::linear(most, (LABEL_WIDTH, WIDTH - 90.0));
    let height = rows.len() as f64 * ROW_HEIGHT;
    let mut svg = open(title, height);
    for (row, (label, parts)) in rows.iter().enumerate() {
        let middle = (row as f64 + 0.5) * ROW_HEIGHT;
        let _ = write!(
            svg,
            r#"<text class="strong" x="0" y="{:.1}">{}</text>"#,
            middle + 4.0,
            escape(label)
        );
        let mut done = 0.0;
        for (name, length) in parts {
            let (start, end) = (x.at(done), x.at(done + length));
            done += length;
            let colour = names
                .iter()
                .position(|known| known == name)
                .unwrap_or_default();
            svg.push_str(&part(
                (start, end),
                middle,
                colour % COLOUR_COUNT,
                (name, *length),
            ));
        }
        let _ = write!(
            svg,
            r#"<text class="strong" x="{:.1}" y="{:.1}">{} {unit}</text>"#,
            x.at(done) + 8.0,
            middle + 4.0,
            number(done)
        );
    }
    svg.push_str("</svg>");
    let legend = if names.len() > 1 {
        legend(&names)
    } else {
        String::new()
    };
    figure(title, note, &legend, &svg)
}

fn part(
    (start, end): (f64, f64),
    middle: f64,
    colour: usize,
    (name, length): (&str, f64),
) -> String {
    let (width, top) = ((end - start).max(0.0), middle - BAR_HEIGHT / 2.0);
    let (name, length) = (escape(name), number(length));
    let mut svg = format!(
        r#"<rect class="s{colour}" x="{start:.1}" y="{top:.1}" width="{width:.1}" height="{BAR_HEIGHT}"><title>{name} {length}</title></rect>"#
    );
    if width >= LABELLED_WIDTH_MIN {
        let _ = write!(
            svg,
            r#"<text x="{:.1}" y="{:.1}" text-anchor="middle" style="fill:var(--paper)">{length}</text>"#,
            f64::midpoint(start, end),
            middle + 4.0
        );
    }
    svg
}

/// A dot per round on one axis, and a mark at the median.
pub(super) fn dots(title: &str, note: &str, unit: &str, rows: &[(&str, Vec<f64>, f64)]) -> String {
    let most = rows
        .iter()
        .flat_map(|(_, values, _)| values)
        .fold(0.0_f64, |a, b| a.max(*b));
    let x = Scale::linear(most, (LABEL_WIDTH, WIDTH - 90.0));
    let height = rows.len() as f64 * ROW_HEIGHT + 26.0;
    let floor = height - 26.0;
    let mut svg = open(title, height);
    for tick in x.ticks() {
        let place = x.at(tick);
        let _ = write!(
            svg,
            r#"<line class="grid" x1="{place:.1}" x2="{place:.1}" y1="0" y2="{floor:.1}"/><text x="{place:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            floor + 18.0,
            number(tick)
        );
    }
    for (row, (label, values, median)) in rows.iter().enumerate() {
        let middle = (row as f64 + 0.5) * ROW_HEIGHT;
        let colour = row % COLOUR_COUNT;
        let _ = write!(
            svg,
            r#"<text class="strong" x="0" y="{:.1}">{}</text>"#,
            middle + 4.0,
            escape(label)
        );
        for value in values {
            let place = x.at(*value);
            let value = number(*value);
            let _ = write!(
                svg,
                r#"<circle class="s{colour}" cx="{place:.1}" cy="{middle:.1}" r="5" fill-opacity=".65"><title>{value} {unit}</title></circle>"#
            );
        }
        let (place, top, end) = (x.at(*median), middle - 12.0, middle + 12.0);
        let _ = write!(
            svg,
            r#"<line class="l{colour}" stroke-width="2.5" x1="{place:.1}" x2="{place:.1}" y1="{top:.1}" y2="{end:.1}"/><text class="strong" x="{:.1}" y="{:.1}">{} {unit}</text>"#,
            WIDTH - 82.0,
            middle + 4.0,
            number(*median)
        );
    }
    svg.push_str("</svg>");
    figure(title, note, "", &svg)
}

/// An empty chart with both axes.
fn frame(title: &str, x: &Scale, x_name: &str, y: &Scale, y_unit: &str) -> String {
    let mut svg = open(title, HEIGHT);
    let (floor, end) = (HEIGHT - BOTTOM, WIDTH - 8.0);
    for tick in y.ticks() {
        let place = y.at(tick);
        let _ = write!(
            svg,
            r#"<line class="grid" x1="{LEFT}" x2="{end}" y1="{place:.1}" y2="{place:.1}"/><text x="{:.1}" y="{:.1}" text-anchor="end">{} {y_unit}</text>"#,
            LEFT - 8.0,
            place + 4.0,
            number(tick)
        );
    }
    for tick in x.ticks() {
        let place = x.at(tick);
        let _ = write!(
            svg,
            r#"<text x="{place:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            floor + 18.0,
            number(tick)
        );
    }
    let _ = write!(
        svg,
        r#"<line class="grid" x1="{LEFT}" x2="{end}" y1="{floor}" y2="{floor}"/><text x="{end}" y="{:.1}" text-anchor="end">{x_name}</text>"#,
        floor + 36.0
    );
    svg
}

fn open(title: &str, height: f64) -> String {
    let title = escape(title);
    format!(r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">"#)
}

fn legend(names: &[&str]) -> String {
    let mut items = String::new();
    for (position, name) in names.iter().enumerate() {
        let (colour, name) = (position % COLOUR_COUNT, escape(name));
        let _ = write!(items, r#"<li><i class="b{colour}"></i>{name}</li>"#);
    }
    format!(r#"<ul class="legend">{items}</ul>"#)
}

fn figure(title: &str, note: &str, legend: &str, svg: &str) -> String {
    let (title, note) = (escape(title), escape(note));
    format!(
        "<figure><figcaption>{title} <small>{note}</small></figcaption>{legend}{svg}</figure>\n"
    )
}
