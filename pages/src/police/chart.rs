//! Charts as shapes of an SVG: geometry in attributes, colour by class. A table beside each says the
//! same.

use askama::{Template, filters::HtmlSafe};

use crate::words::Words;

/// How wide charts are.
const WIDTH: f64 = 508.0;
/// The share that declarations should reach, in tenths of a percent.
pub const MARK_PERMILLE: u32 = 980;
/// Under this share a bar is red.
const LATE_PERMILLE: u32 = 950;

/// A drawn chart.
#[derive(Clone, Debug, Template)]
#[template(path = "police_chart.html")]
pub struct Chart {
    /// What it shows, for those who do not see it.
    pub label: &'static str,
    height: f64,
    shapes: Vec<Shape>,
}

impl HtmlSafe for Chart {}

/// A shape; numbers are those of the drawing.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Box {
        class: &'static str,
        x: f64,
        y: f64,
        width: f64,
        height: f64,
    },
    Line {
        class: &'static str,
        from: (f64, f64),
        to: (f64, f64),
    },
    Path {
        class: &'static str,
        points: String,
    },
    Text {
        class: &'static str,
        anchor: &'static str,
        x: f64,
        y: f64,
        text: String,
    },
}

fn text(class: &'static str, anchor: &'static str, (x, y): (f64, f64), text: String) -> Shape {
    Shape::Text {
        class,
        anchor,
        x,
        y,
        text,
    }
}

/// `M34.0 146.8 L67.3 146.8`.
fn path(points: &[(f64, f64)]) -> String {
    let steps = points.iter().enumerate();
    let steps = steps.map(|(place, (x, y))| {
        let step = if place == 0 { 'M' } else { 'L' };
        format!("{step}{x:.1} {y:.1}")
    });
    steps.collect::<Vec<_>>().join(" ")
}

/// The next rounder number: 1, 2 or 5 of a power of ten.
fn rounded_up(number: f64) -> f64 {
    let mut step = 1.0;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            if step * factor >= number {
                return step * factor;
            }
        }
        step *= 10.0;
    }
}

/// An hour of a column chart.
#[derive(Clone, Copy, Debug)]
pub struct Hour {
    /// The hour.
    pub hour: u32,
    /// What is counted.
    pub count: Option<u32>,
    /// What is usual.
    pub usual: Option<u32>,
}

/// Columns by hour, with a dashed line of what is usual.
#[must_use]
pub fn columns(words: Words, hours: &[Hour]) -> Chart {
    const LEFT: f64 = 34.0;
    const TOP: f64 = 14.0;
    const BOTTOM: f64 = 156.0;
    let numbers = hours.iter().flat_map(|hour| [hour.count, hour.usual]);
    let most = numbers.flatten().max().unwrap_or(0).max(10);
    let top = rounded_up(f64::from(most));
    let step = (WIDTH - LEFT) / 24.0;
    let y_of = |count: f64| BOTTOM - (BOTTOM - TOP) * count / top;
    let middle = |hour: u32| LEFT + step * (f64::from(hour) + 0.5);
    let mut shapes = axis(&[0.0, top / 2.0, top], (LEFT, WIDTH), y_of, |count| {
        format!("{count:.0}")
    });
    for hour in hours {
        if let Some(count) = hour.count {
            let y = y_of(f64::from(count));
            shapes.push(Shape::Box {
                class: "bar",
                x: middle(hour.hour) - step * 0.38,
                y,
                width: step * 0.76,
                height: BOTTOM - y,
            });
        }
    }
    let usual = hours
        .iter()
        .filter_map(|hour| Some((hour.hour, hour.usual?)));
    let usual: Vec<(f64, f64)> = usual
        .map(|(hour, count)| (middle(hour), y_of(f64::from(count))))
        .collect();
    if usual.len() > 1 {
        let points = path(&usual);
        shapes.push(Shape::Path {
            class: "bar2",
            points,
        });
    }
    let told = hours.iter().filter(|hour| hour.hour % 3 == 0);
    shapes.extend(told.map(|hour| {
        let place = (middle(hour.hour), BOTTOM + 16.0);
        text("", "middle", place, words.hour_short(hour.hour))
    }));
    Chart {
        label: words.chart_arrivals(),
        height: 178.0,
        shapes,
    }
}

/// Lines across, each with its number.
fn axis(
    numbers: &[f64],
    (left, right): (f64, f64),
    y_of: impl Fn(f64) -> f64,
    say: impl Fn(f64) -> String,
) -> Vec<Shape> {
    let lines = numbers.iter().flat_map(|number| {
        let y = y_of(*number);
        let line = Shape::Line {
            class: "axis",
            from: (left, y),
            to: (right, y),
        };
        [line, text("", "end", (left - 6.0, y + 4.0), say(*number))]
    });
    lines.collect()
}

/// A bar of a share.
#[derive(Clone, Debug)]
pub struct Share {
    /// Of what.
    pub name: String,
    /// What that means, below the name.
    pub meaning: &'static str,
    /// In tenths of a percent; `None` where too few are counted.
    pub permille: Option<u32>,
}

impl Share {
    fn class(permille: u32) -> &'static str {
        if permille >= MARK_PERMILLE {
            "ok"
        } else if permille >= LATE_PERMILLE {
            "soon"
        } else {
            "late"
        }
    }
}

/// Bars of shares, with the mark that they should reach.
#[must_use]
pub fn shares(words: Words, label: &'static str, shares: &[Share]) -> Chart {
    const LEFT: f64 = 178.0;
    const RIGHT: f64 = 450.0;
    const STEP: f64 = 26.0;
    let least = shares.iter().filter_map(|share| share.permille).min();
    // The scale begins at the tens under the lowest share, so that differences are seen.
    let from = least.map_or(800, |least| (least / 100 * 100).min(800));
    let scale = (RIGHT - LEFT) / f64::from(1_000 - from);
    let x_of = |permille: u32| LEFT + f64::from(permille.saturating_sub(from)) * scale;
    let mut shapes = Vec::new();
    let mut y = 6.0;
    for share in shares {
        let name = (LEFT - 10.0, y + 11.0);
        shapes.push(text("", "end", name, share.name.clone()));
        if !share.meaning.is_empty() {
            let meaning = share.meaning.to_owned();
            shapes.push(text("", "end", (LEFT - 10.0, y + 27.0), meaning));
        }
        let row = |class, width| Shape::Box {
            class,
            x: LEFT,
            y,
            width,
            height: 14.0,
        };
        shapes.push(row("track", RIGHT - LEFT));
        let said = match share.permille {
            Some(permille) => {
                shapes.push(row(Share::class(permille), x_of(permille) - LEFT));
                percent(words, permille)
            }
            None => words.hidden_count().to_owned(),
        };
        shapes.push(text("val", "start", (RIGHT + 8.0, y + 11.0), said));
        y += match share.meaning {
            "" => STEP,
            _ => STEP + 16.0,
        };
    }
    let mark = x_of(MARK_PERMILLE);
    shapes.push(Shape::Line {
        class: "ref",
        from: (mark, 0.0),
        to: (mark, y),
    });
    let below = y + 14.0;
    shapes.push(text(
        "",
        "middle",
        (mark, below),
        words.mark_98().to_owned(),
    ));
    shapes.push(text(
        "",
        "start",
        (LEFT, below),
        words.percent_whole(from / 10),
    ));
    Chart {
        label,
        height: y + 20.0,
        shapes,
    }
}

/// A point of a line chart.
#[derive(Clone, Debug)]
pub struct Age {
    /// When, in words.
    pub at: String,
    /// Seconds: the median, 95 in 100, the oldest.
    pub seconds: [Option<u64>; 3],
}

/// Three lines of how long cases had waited.
#[must_use]
pub fn ages(words: Words, ages: &[Age]) -> Chart {
    const LEFT: f64 = 44.0;
    const RIGHT: f64 = 396.0;
    const TOP: f64 = 14.0;
    const BOTTOM: f64 = 148.0;
    let oldest = ages.iter().filter_map(|age| age.seconds[2]).max();
    let hours = rounded_up((oldest.unwrap_or(0) as f64 / 3_600.0).max(1.0));
    let y_of = |seconds: f64| BOTTOM - (BOTTOM - TOP) * seconds / (hours * 3_600.0);
    let last = ages.len().saturating_sub(1).max(1) as f64;
    let x_of = |place: usize| LEFT + (RIGHT - LEFT) * place as f64 / last;
    let lines = [0.0, hours / 2.0, hours].map(|hour| hour * 3_600.0);
    let mut shapes = axis(&lines, (LEFT, RIGHT), y_of, |seconds| short(words, seconds));
    let names = [words.median(), words.percent_95(), words.oldest()];
    let mut said_at: Vec<f64> = Vec::new();
    for (line, name) in names.iter().enumerate() {
        let points = ages.iter().enumerate();
        let points = points.filter_map(|(place, age)| Some((place, age.seconds[line]?)));
        let points: Vec<(f64, f64)> = points
            .map(|(place, seconds)| (x_of(place), y_of(seconds as f64)))
            .collect();
        let Some((_, end)) = points.last().copied() else {
            continue;
        };
        shapes.push(Shape::Path {
            class: ["ln", "ln b2", "ln b3"][line],
            points: path(&points),
        });
        // Names do not lie upon each other.
        let y = said_at.last().map_or(end, |below| end.min(below - 15.0));
        said_at.push(y);
        shapes.push(text(
            "val",
            "start",
            (RIGHT + 6.0, y + 4.0),
            (*name).to_owned(),
        ));
    }
    let told = ages.iter().enumerate().filter(|(place, _)| place % 2 == 0);
    shapes.extend(
        told.map(|(place, age)| text("", "middle", (x_of(place), BOTTOM + 17.0), age.at.clone())),
    );
    Chart {
        label: words.chart_backlog(),
        height: 170.0,
        shapes,
    }
}

/// Hours, or minutes under one hour.
fn short(words: Words, seconds: f64) -> String {
    match seconds % 3_600.0 == 0.0 {
        true => words.hour_short(seconds / 3_600.0),
        false => words.minutes((seconds / 60.0).round()),
    }
}

/// `98,2 %`.
#[must_use]
pub fn percent(words: Words, permille: u32) -> String {
    words.percent(permille / 10, permille % 10)
}

#[cfg(test)]
mod tests {
    use domain::problem::Language;

    use super::*;

    #[test]
    fn scales_end_at_round_numbers() {
        let table = [
            (0.5, 1.0),
            (10.0, 10.0),
            (11.0, 20.0),
            (196.0, 200.0),
            (201.0, 500.0),
        ];
        for (number, expected) in table {
            assert!(
                (rounded_up(number) - expected).abs() < f64::EPSILON,
                "{number}"
            );
        }
    }

    #[test]
    fn a_chart_draws_only_what_may_be_told() {
        let words = Words(Language::Vi);
        let hours: Vec<Hour> = (0..24)
            .map(|hour| Hour {
                hour,
                count: (hour == 14).then_some(42),
                usual: None,
            })
            .collect();
        let drawn = columns(words, &hours).render().unwrap();
        assert_eq!(drawn.matches("class=\"bar\"").count(), 1);
        assert!(!drawn.contains("NaN"), "{drawn}");
        let hidden = [Share {
            name: "Nhà <khách>".to_owned(),
            meaning: "",
            permille: None,
        }];
        let drawn = shares(words, words.chart_on_time(), &hidden)
            .render()
            .unwrap();
        assert!(drawn.contains("dưới 10"));
        assert!(drawn.contains("Nhà &#60;khách&#62;"));
        let none = ages(words, &[]).render().unwrap();
        assert!(!none.contains("<path"), "{none}");
    }
}
