//! An axis of a plot: what it spans, where its ticks lie, and what stands at them.
//! Owns round numbers, of figures and of time.

/// So that noise does not look like collapse.
const SPAN_LEAST: f64 = 0.1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Linear,
    /// In decades.
    Log10,
    /// In powers of two, for sizes.
    Log2,
    /// Linear in seconds, with ticks where a clock has them.
    Time,
}

pub struct Axis {
    pub scale: Scale,
    /// What stands at a tick.
    pub label: fn(f64) -> String,
    /// Whether zero must be seen.
    pub from_zero: bool,
    /// A linear axis spans at least this share of what it shows.
    pub span_least: f64,
    /// What must lie on the axis, so that plots below each other have one axis.
    pub domain: Option<(f64, f64)>,
}

impl Axis {
    pub fn linear(label: fn(f64) -> String) -> Self {
        Self { scale: Scale::Linear, label, from_zero: false, span_least: SPAN_LEAST, domain: None }
    }

    pub fn time() -> Self {
        Self { scale: Scale::Time, ..Self::linear(seconds) }
    }

    pub fn log(label: fn(f64) -> String) -> Self {
        Self { scale: Scale::Log10, ..Self::linear(label) }
    }

    /// Where `value` lies on the axis, in what the backend draws linearly; `None` where it has no place.
    pub fn place(&self, value: f64) -> Option<f64> {
        let placed = match self.scale {
            Scale::Linear | Scale::Time => value,
            Scale::Log10 => libm::log10(value),
            Scale::Log2 => libm::log2(value),
        };
        placed.is_finite().then_some(placed)
    }

    pub fn value(&self, placed: f64) -> f64 {
        match self.scale {
            Scale::Linear | Scale::Time => placed,
            Scale::Log10 => libm::pow(10.0, placed),
            Scale::Log2 => libm::exp2(placed),
        }
    }

    /// What stands at a tick of an axis that ends at `high`.
    pub fn label_at(&self, placed: f64, high: f64) -> String {
        match self.scale {
            Scale::Time => on_a_clock(placed, high),
            Scale::Linear | Scale::Log10 | Scale::Log2 => (self.label)(self.value(placed)),
        }
    }

    /// From where to where, around `placed`: `None` where there is nothing.
    pub fn range(&self, placed: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
        let ends = self.domain.into_iter().flat_map(|(low, high)| [low, high]);
        let (mut low, mut high) = placed
            .chain(ends.filter_map(|end| self.place(end)))
            .map(|v| (v, v))
            .reduce(|(low, high), (v, _)| (low.min(v), high.max(v)))?;
        if self.from_zero {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        let least = match self.scale {
            Scale::Linear | Scale::Time => self.span_least * low.abs().max(high.abs()).max(f64::MIN_POSITIVE),
            Scale::Log10 | Scale::Log2 => 1.0,
        };
        let missing = (least - (high - low)).max(0.0) / 2.0;
        let margin = 0.04 * (high - low).max(least);
        let low = if self.from_zero && low == 0.0 { 0.0 } else { low - missing - margin };
        let (low, high) = (low, high + missing + margin);
        (low.is_finite() && high.is_finite() && low < high).then_some((low, high))
    }

    /// Round figures between `low` and `high`, placed. At most a dozen, whatever the range.
    pub fn ticks(&self, low: f64, high: f64) -> Vec<f64> {
        let step = match self.scale {
            Scale::Linear => round_step((high - low) / 4.5),
            Scale::Time => round_time((high - low) / 4.5),
            Scale::Log10 if high - low < 2.5 => return fine_decades(low, high),
            Scale::Log10 | Scale::Log2 => ((high - low) / 6.0).ceil().max(1.0),
        };
        // Three times 0.1 is a little more than 0.3.
        let slack = 1e-9;
        let (first, last) = ((low / step - slack).ceil(), high / step + slack);
        let ticks = (0..12).map(|n| first + f64::from(n));
        ticks.take_while(|n| *n <= last).map(|n| n * step).collect()
    }
}

/// 1, 2 or 5 times a power of ten, not below `least`.
fn round_step(least: f64) -> f64 {
    let power = libm::pow(10.0, libm::log10(least).floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= least).unwrap_or(least)
}

/// As clocks divide time, not below `least`: so many seconds, minutes or hours, or round numbers of days.
fn round_time(least: f64) -> f64 {
    const STEPS: [f64; 17] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0,
        21_600.0, 43_200.0,
    ];
    const DAY: f64 = 86_400.0;
    if least <= 1.0 {
        return round_step(least);
    }
    STEPS.into_iter().find(|step| *step >= least).unwrap_or_else(|| round_step((least / DAY).max(1.0)) * DAY)
}

/// 1, 2 and 5 of each decade.
fn fine_decades(low: f64, high: f64) -> Vec<f64> {
    let first = low.floor();
    let ticks = (0..4).flat_map(|n| [1f64, 2.0, 5.0].map(|digit| first + f64::from(n) + libm::log10(digit)));
    ticks.filter(|tick| (low..=high).contains(tick)).collect()
}

/// `3.2T`, `700`, `20k`: a figure at a tick, whose unit stands in the caption.
pub fn short(value: f64) -> String {
    let prefixes = [("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0)];
    let (prefix, factor) =
        prefixes.into_iter().find(|(_, factor)| value.abs() >= *factor * 0.9999).unwrap_or(("", 1.0));
    let text = format!("{:.3}", value / factor);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{}{prefix}", if text == "-0" { "0" } else { text })
}

/// A time on an axis that ends at `high` seconds: all its ticks have one unit.
fn on_a_clock(value: f64, high: f64) -> String {
    let (unit, seconds) = match high {
        ..180.0 => ("s", 1.0),
        ..10_800.0 => ("min", 60.0),
        _ => ("h", 3600.0),
    };
    format!("{} {unit}", short(value / seconds))
}

/// `0.5 s`, `12 s`, `90 s`, `4 min`, `30 h`
pub fn seconds(value: f64) -> String {
    let (value, unit) = match value {
        v if v >= 3600.0 && v % 3600.0 == 0.0 => (v / 3600.0, "h"),
        v if v >= 60.0 && v % 60.0 == 0.0 && v < 3.0 * 3600.0 => (v / 60.0, "min"),
        v if v >= 3.0 * 3600.0 => (v / 3600.0, "h"),
        v if v >= 180.0 => (v / 60.0, "min"),
        v => (v, "s"),
    };
    format!("{} {unit}", short(value))
}

/// `4 KiB`, `64 MiB`
pub fn binary_size(value: f64) -> String {
    let prefixes = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let (prefix, shift) =
        prefixes.into_iter().find(|(_, s)| value >= f64::from(1u32 << s)).unwrap_or(("B", 0));
    format!("{} {prefix}", short(value / f64::from(1u32 << shift)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few_whatever_the_range() {
        let linear = Axis::linear(short);
        assert_eq!(linear.ticks(0.0, 10.0), [0.0, 5.0, 10.0]);
        assert_eq!(linear.ticks(96.0, 104.0), [96.0, 98.0, 100.0, 102.0, 104.0]);
        let sizes = Axis { scale: Scale::Log2, ..Axis::linear(binary_size) };
        let labels: Vec<String> =
            sizes.ticks(11.5, 32.5).iter().map(|t| binary_size(libm::exp2(*t))).collect();
        assert_eq!(labels, ["4 KiB", "64 KiB", "1 MiB", "16 MiB", "256 MiB", "4 GiB"]);
        for (low, high) in [(-1e300, 1e300), (0.0, f64::MIN_POSITIVE), (1e15, 1e15 + 1.0), (-300.0, 308.0)] {
            for axis in [Axis::linear(short), Axis::log(short), Axis::time()] {
                assert!(axis.ticks(low, high).len() <= 12);
            }
        }
    }

    #[test]
    fn ticks_of_time_are_where_a_clock_has_them() {
        for (until, labels) in [
            (0.31, &["0 s", "0.1 s", "0.2 s", "0.3 s"][..]),
            (40.0, &["0 s", "10 s", "20 s", "30 s", "40 s"]),
            (187.0, &["0 min", "1 min", "2 min", "3 min"]),
            (601.0, &["0 min", "5 min", "10 min"]),
            (86_562.0, &["0 h", "6 h", "12 h", "18 h", "24 h"]),
            (604_900.0, &["0 h", "48 h", "96 h", "144 h"]),
        ] {
            let axis = Axis::time();
            let shown: Vec<String> =
                axis.ticks(0.0, until).into_iter().map(|tick| axis.label_at(tick, until)).collect();
            assert_eq!(shown, labels, "{until}");
        }
    }

    #[test]
    fn figures_at_ticks_are_short() {
        let shown = [short(0.0), short(3.25e12), short(700.0), short(1e15), short(0.25), short(-2000.0)];
        assert_eq!(shown, ["0", "3.25T", "700", "1P", "0.25", "-2k"]);
        let times = [12.0, 60.0, 90.0, 187.5, 240.0, 3600.0, 5400.0, 108_000.0].map(seconds);
        assert_eq!(times, ["12 s", "1 min", "90 s", "3.125 min", "4 min", "1 h", "90 min", "30 h"]);
    }
}
