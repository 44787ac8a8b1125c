//! From values to places on a chart.

/// An axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    /// Where `from` and `to` lie on the chart.
    pixels: (f64, f64),
    is_logarithmic: bool,
}

impl Scale {
    /// From 0 to at least `most`, in equal steps.
    pub(super) fn linear(most: f64, pixels: (f64, f64)) -> Self {
        let most = if most > 0.0 { most } else { 1.0 };
        let step = step(most);
        Self {
            from: 0.0,
            to: (most / step).ceil() * step,
            pixels,
            is_logarithmic: false,
        }
    }

    /// From at most `least` to at least `most`, both above 0, in equal ratios.
    pub(super) fn logarithmic(least: f64, most: f64, pixels: (f64, f64)) -> Self {
        let from = round_down(least.max(1e-3));
        Self {
            from,
            // A single value needs some room, too.
            to: round_up(most.max(from * 2.0)),
            pixels,
            is_logarithmic: true,
        }
    }

    /// The place of a value; one that is off the axis is put on its end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = value.clamp(self.from, self.to);
        let share = if self.is_logarithmic {
            (value / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        let (start, end) = self.pixels;
        start + share * (end - start)
    }

    /// The values to write on the axis.
    pub(super) fn ticks(&self) -> Vec<f64> {
        if !self.is_logarithmic {
            let step = step(self.to);
            let count = (self.to / step).round() as u32;
            return (0..=count).map(|tick| f64::from(tick) * step).collect();
        }
        let exponents = self.from.log10().floor() as i32..=self.to.log10().ceil() as i32;
        let of = |digits: &[f64]| -> Vec<f64> {
            exponents
                .clone()
                .flat_map(|exponent| {
                    digits
                        .iter()
                        .map(move |digit| digit * 10_f64.powi(exponent))
                })
                .filter(|tick| (self.from..=self.to).contains(tick))
                .collect()
        };
        let fine = of(&[1.0, 2.0, 5.0]);
        if fine.len() > 9 { of(&[1.0]) } else { fine }
    }
}

/// The next 1, 2 or 5 times a power of ten, towards 0.
fn round_down(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let mut digits = [5.0, 2.0].into_iter().map(|digit| digit * power);
    digits.find(|round| *round <= value).unwrap_or(power)
}

/// The same away from 0.
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let mut digits = [1.0, 2.0, 5.0].into_iter().map(|digit| digit * power);
    digits.find(|round| *round >= value).unwrap_or(10.0 * power)
}

/// 1, 2 or 5 times a power of ten, for four to ten steps up to `most`.
fn step(most: f64) -> f64 {
    let rough = most / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().map(|digit| digit * power);
    step.take_while(|step| *step <= rough)
        .last()
        .unwrap_or(power)
}

/// A number without more digits than it needs, its thousands apart.
pub(super) fn number(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 || (size >= 10.0 && size.fract() == 0.0) => 0,
        size if size >= 10.0 => 1,
        size if size.fract() == 0.0 => 0,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    let text = match text.split_once('.') {
        Some((_, _)) => text.trim_end_matches('0').trim_end_matches('.'),
        None => &text,
    };
    let whole_length = text.find('.').unwrap_or(text.len());
    let mut parted = String::new();
    for (position, letter) in text.char_indices() {
        if position > 0 && position < whole_length && (whole_length - position).is_multiple_of(3) {
            parted.push(',');
        }
        parted.push(letter);
    }
    parted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_axis_ends_on_a_tick() {
        let scale = Scale::linear(437.0, (0.0, 100.0));
        assert_eq!(
            scale.ticks(),
            [
                0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0, 350.0, 400.0, 450.0
            ]
        );
        assert!((scale.at(225.0) - 50.0).abs() < 1e-9);
        assert!((scale.at(9_999.0) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_logarithmic_axis_has_the_same_room_for_every_ratio() {
        let scale = Scale::logarithmic(1.0, 100.0, (200.0, 0.0));
        assert!((scale.at(10.0) - 100.0).abs() < 1e-9);
        assert_eq!(scale.ticks(), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
        let wide = Scale::logarithmic(0.1, 10_000.0, (0.0, 1.0));
        assert_eq!(wide.ticks().len(), 6);
    }

    #[test]
    fn a_logarithmic_axis_begins_and_ends_on_a_tick() {
        let scale = Scale::logarithmic(17.0, 817.0, (0.0, 1.0));
        let ticks = scale.ticks();
        assert_eq!((ticks[0], ticks[ticks.len() - 1]), (10.0, 1_000.0));
    }

    #[test]
    fn nothing_measured_is_no_reason_to_divide_by_zero() {
        assert!(Scale::linear(0.0, (0.0, 10.0)).at(0.0).is_finite());
        assert!(
            Scale::logarithmic(0.0, 0.0, (0.0, 10.0))
                .at(0.0)
                .is_finite()
        );
    }

    #[test]
    fn numbers_have_the_digits_they_need() {
        let table = [
            (0.0, "0"),
            (0.456, "0.46"),
            (0.5, "0.5"),
            (7.0, "7"),
            (12.34, "12.3"),
            (250.4, "250"),
            (1_234.0, "1,234"),
            (1_234_567.0, "1,234,567"),
            (999.9, "1,000"),
        ];
        for (value, expected) in table {
            assert_eq!(number(value), expected);
        }
    }
}
