use std::time::Duration;

use super::*;
use crate::{
    load::{schedule::Pace, summary::Tally, timeline::Timeline},
    machine::Memory,
};

fn sample(rate: f64) -> Sample {
    let pace = Pace::Closed {
        request_count: None,
        duration: Some(Duration::from_secs(10)),
    };
    let (mut tally, mut timeline) = (Tally::new().unwrap(), Timeline::new(&pace));
    for millisecond in 1..=100 {
        let latency = Duration::from_millis(millisecond);
        tally.note_latency(latency);
        timeline.note(latency * 90, Some(latency)).unwrap();
    }
    Sample {
        count: 100.0,
        rate,
        cpu_us: 400.0,
        processes_us: vec![("generator", 60.0), ("api & co", 200.0)],
        steal_percent: 1.0,
        p50_ms: Some(50.0),
        p99_ms: Some(99.0),
        distribution: tally.distribution(),
        over_time: timeline.points(),
    }
}

fn report() -> Report {
    let mut ours = Side::new("luutru <b>");
    ours.samples = vec![sample(5_000.0), sample(6_000.0), sample(5_500.0)];
    let mut other = Side::new("pgbench");
    other.samples = vec![sample(4_000.0), sample(4_100.0), sample(4_200.0)];
    for sample in &mut other.samples {
        (sample.distribution, sample.over_time) = (Vec::new(), Vec::new());
        (sample.p50_ms, sample.p99_ms) = (None, None);
    }
    let memory = Memory {
        resident_mib: 43.0,
        peak_mib: 50.0,
    };
    Report {
        processors: 2,
        seconds: 10,
        connections: 64,
        seed: 7,
        measures: vec![
            Measure::paired("P1", "stays", vec![ours, other]),
            Measure::memory("P12", "memory", vec![("api, idle", memory)]),
        ],
    }
}

/// Elements that are opened and never closed, or closed in another order.
fn unbalanced(html: &str) -> Option<String> {
    const VOID: [&str; 2] = ["meta", "!doctype"];
    let mut open: Vec<&str> = Vec::new();
    for tag in html.split('<').skip(1) {
        let Some((tag, _)) = tag.split_once('>') else {
            return Some(tag.to_owned());
        };
        let name = tag.split([' ', '/']).find(|word| !word.is_empty());
        let name = name.unwrap_or_default();
        if tag.starts_with('/') {
            if open.pop() != Some(name) {
                return Some(tag.to_owned());
            }
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    open.pop().map(str::to_owned)
}

#[test]
fn the_page_is_whole_and_needs_nothing_from_elsewhere() {
    let html = of_report(&report());
    assert_eq!(unbalanced(&html), None);
    for foreign in ["http", "<script", "<link", "@import", "url(", "src="] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    assert!(html.contains("--seed 7"));
    assert!(html.contains("1.31 ×"), "{html}");
}

#[test]
fn text_is_never_markup() {
    let html = of_report(&report());
    assert!(html.contains("luutru &lt;b&gt;"));
    assert!(html.contains("api &amp; co"));
    assert!(!html.contains("<b>\"") && !html.contains("luutru <b>"));
}

#[test]
fn a_measure_has_its_charts_and_what_was_not_timed_has_no_latency() {
    let html = of_report(&report());
    let count = |text: &str| html.matches(text).count();
    // Rate, processor time, latency, distribution; memory.
    assert_eq!(count("<svg "), 5);
    assert_eq!(count("Latency over time: luutru"), 2);
    assert_eq!(count("Latency over time: pgbench"), 0);
    // p50 and p99 of three rounds.
    assert_eq!(count("<polyline "), 6);
    assert!(!html.contains("NaN") && !html.contains("inf"));
}

#[test]
fn a_run_of_nothing_is_a_page_all_the_same() {
    let tally = Tally::new().unwrap();
    let html = of_summary(&Summary::new("load-1", 7, &tally, None));
    assert_eq!(unbalanced(&html), None);
    assert!(!html.contains("NaN") && !html.contains("inf"));
}
