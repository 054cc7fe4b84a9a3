//! What of a device can be compared with the catalogue, and what of it is plausible.
//! Owns the table of traits and how each is read; must not know how far off is too far for a whole card.

use super::{Figure, Measured, Shown};
use crate::catalogue::columns::column;
use crate::catalogue::{Gpu, peak_of};
use crate::device::Identity;
use crate::device::op::Precision;
use crate::device::same::Facts;
use crate::evidence::metric::MetricName;

/// What can be compared.
pub(super) enum Trait {
    /// A figure itself, and what shares of the catalogue's are plausible.
    Figure(&'static str, [f64; 2]),
    /// One figure over another, which neither clock nor power limit changes much.
    Ratio(&'static str, &'static str, [f64; 2]),
    /// A column of the catalogue, in its unit, where the catalogue has it.
    Column(&'static str, Source, [f64; 2]),
}

/// Where a value for a column comes from.
pub(super) enum Source {
    Measured(Read),
    /// The machine says so. That makes no card like another, but may contradict its own name.
    OwnWord(Read),
}

type Read = fn(&Identity, &Measured) -> Option<f64>;

/// Cards throttle, so that rates may be low; boost clocks in datasheets are not the highest. Bandwidth of memory is lost to little else
/// than how it is used, and what reads it may come from caches. Units are whole. The ratio of two rates of vector units is a property of the chip.
/// A cache in two halves answers each unit from one (an H200: 33 of 50 MiB), and one that forgets at random ends late. Makers of
/// boards set power limits, by default a third above at most; whoever runs a card may set it lower.
pub(super) const TRAITS: [Trait; 17] = [
    Trait::Figure("census.units.count", [0.999, 1.001]),
    Trait::Figure("memory.filled.bytes", [0.85, 1.08]),
    Trait::Figure("stream.triad.rate", [0.6, 1.05]),
    Trait::Figure("fma.fp64.rate", [0.5, 1.25]),
    Trait::Figure("fma.fp32.rate", [0.5, 1.25]),
    Trait::Figure("gemm.fp64.rate", [0.4, 1.25]),
    Trait::Figure("gemm.tf32.rate", [0.4, 1.25]),
    Trait::Figure("gemm.fp16.rate", [0.4, 1.25]),
    Trait::Figure("gemm.bf16.rate", [0.4, 1.25]),
    Trait::Figure("gemm.int8.rate", [0.4, 1.25]),
    Trait::Figure("gemm.fp8_e4m3.rate", [0.4, 1.25]),
    Trait::Ratio("fma.fp64.rate", "fma.fp32.rate", [0.75, 1.33]),
    Trait::Ratio("gemm.bf16.rate", "fma.fp32.rate", [0.45, 1.6]),
    Trait::Column("l2_MiB", Source::Measured(l2_mib), [0.4, 2.6]),
    Trait::Column("compute_capability", Source::OwnWord(capability), [0.999, 1.001]),
    Trait::Column("tdp_W", Source::OwnWord(|_, measured| measured.power_default_w), [0.8, 1.35]),
    Trait::Column("tdp_W", Source::OwnWord(|_, measured| measured.power_limit_w), [0.55, 1.35]),
];

/// What tensor units compute in, and the least compute capability that has an instruction for it (NVIDIA, PTX ISA, `mma`, notes on
/// target architectures). FP64 is left out: vector units do as well.
const INSTRUCTIONS: [(Precision, f64); 6] = [
    (Precision::Fp16, 7.0),
    (Precision::Int8, 7.5),
    (Precision::Bf16, 8.0),
    (Precision::Tf32, 8.0),
    (Precision::Fp8E4m3, 8.9),
    (Precision::Fp8E5m2, 8.9),
];

fn find<'a>(figures: &'a [Figure], name: &str) -> Option<&'a Figure> {
    figures.iter().find(|figure| figure.metric.as_str() == name)
}

/// What tensor units did that no card of this kind has an instruction for, and what the device refused though its datasheet has a figure.
pub(super) fn instructions(measured: &Measured, gpu: &Gpu) -> Vec<(String, Shown, Shown)> {
    let metric = |precision: Precision| format!("mma.{}.rate", precision.name());
    let own = gpu.compute_capability.parse::<f64>().ok();
    let ran = INSTRUCTIONS.into_iter().filter_map(|(precision, needs)| {
        let own = own.filter(|own| *own < needs)?;
        find(&measured.figures, &metric(precision)).filter(|figure| figure.value > 0.0)?;
        Some((metric(precision), Shown::Needs(needs), Shown::Number(own)))
    });
    let refused = INSTRUCTIONS.into_iter().filter_map(|(precision, _)| {
        let refused = measured.refused.iter().find(|name| name.as_str() == metric(precision))?;
        Some((metric(precision), Shown::Refused, Shown::Number(gpu.datasheet(refused)?)))
    });
    ran.chain(refused).collect()
}

/// Working sets of which L2 and memory answer half each, by latency, in MiB: between 1 MiB, which no L1 holds, and 1 GiB, which no L2
/// does. `None` where latencies do not rise, where the curve has steps of more than two, and of a part of a card, whose L2 is parted too.
fn l2_mib(identity: &Identity, measured: &Measured) -> Option<f64> {
    const NAMES: [&str; 11] =
        ["1mib", "2mib", "4mib", "8mib", "16mib", "32mib", "64mib", "128mib", "256mib", "512mib", "1gib"];
    let latency = |size: &str| find(&measured.figures, &format!("chase.{size}.latency")).map(|f| f.value);
    let curve: Vec<f64> = NAMES.into_iter().map(latency).collect::<Option<_>>()?;
    let is_part = Facts::of(identity).is_part;
    let (cache, memory) = (*curve.first()?, *curve.last()?);
    if is_part || memory < cache * 1.3 {
        return None;
    }
    let half = f64::midpoint(cache, memory);
    let at = curve.windows(2).position(|two| two[0] < half && half <= two[1])?;
    let within = (half - curve[at]) / (curve[at + 1] - curve[at]);
    Some(libm::exp2(at as f64 + within))
}

fn capability(identity: &Identity, _: &Measured) -> Option<f64> {
    identity.details.get("compute_capability")?.parse().ok()
}

/// One trait of a device.
pub(super) struct Seen {
    pub what: &'static Trait,
    pub value: f64,
    pub at_least: bool,
}

impl Trait {
    pub fn seen(&'static self, identity: &Identity, measured: &Measured) -> Option<Seen> {
        let find = |name: &str| find(&measured.figures, name);
        let (value, at_least) = match self {
            Trait::Figure(name, _) => find(name).map(|figure| (figure.value, figure.at_least))?,
            Trait::Ratio(above, below, _) => {
                let (above, below) = (find(above)?, find(below)?);
                // Of two figures that may both be more, nothing is known of the ratio.
                if below.at_least {
                    return None;
                }
                (above.value / below.value, above.at_least)
            }
            Trait::Column(_, Source::Measured(read) | Source::OwnWord(read), _) => {
                (read(identity, measured)?, false)
            }
        };
        (value.is_finite() && value > 0.0).then_some(Seen { what: self, value, at_least })
    }

    fn plausible(&self) -> [f64; 2] {
        match self {
            Trait::Figure(_, plausible) | Trait::Ratio(_, _, plausible) | Trait::Column(_, _, plausible) => {
                *plausible
            }
        }
    }

    /// What the catalogue says of it: several numbers where a card comes with several sizes of memory.
    pub fn of_card(&self, gpu: &Gpu) -> Vec<f64> {
        let of = |name: &str| MetricName::parse(name).ok().and_then(|metric| peak_of(gpu, &metric));
        // Only these have one cache between those of the units and memory, and count their capabilities by number.
        let capability = gpu.compute_capability.parse::<f64>().ok();
        match self {
            Trait::Figure("census.units.count", _) => gpu.units.map(f64::from).into_iter().collect(),
            Trait::Figure("memory.filled.bytes", _) => gpu.memory_sizes().map(|gb| gb * 1e9).collect(),
            Trait::Figure(name, _) => of(name).into_iter().collect(),
            Trait::Ratio(above, below, _) => {
                of(above).zip(of(below)).map(|(a, b)| a / b).into_iter().collect()
            }
            Trait::Column("compute_capability", ..) => capability.into_iter().collect(),
            Trait::Column("l2_MiB", ..) => gpu.l2_mib.filter(|_| capability.is_some()).into_iter().collect(),
            Trait::Column(name, ..) => {
                column(name).and_then(|column| column.number(gpu)).into_iter().collect()
            }
        }
    }

    pub fn name(&self) -> String {
        match self {
            Trait::Figure(name, _) | Trait::Column(name, ..) => (*name).to_owned(),
            Trait::Ratio(above, below, _) => format!("{above} : {below}"),
        }
    }

    pub fn shown(&self, value: f64) -> Shown {
        match self {
            Trait::Figure(..) | Trait::Column(..) => Shown::Number(value),
            Trait::Ratio(..) => Shown::Ratio(value),
        }
    }

    /// Whether only the machine says it.
    pub fn is_own_word(&self) -> bool {
        matches!(self, Trait::Column(_, Source::OwnWord(_), _))
    }

    /// Whether a card of which the catalogue does not have it is compared without.
    pub fn is_left_out(&self) -> bool {
        matches!(self, Trait::Column(..))
    }
}

impl Seen {
    /// How far this is from the middle of what is plausible of a card, in halves of that range, and what the catalogue says.
    pub fn from(&self, gpu: &Gpu) -> Option<(f64, f64)> {
        let [low, high] = self.what.plausible();
        let (middle, half) = ((low * high).sqrt(), libm::log(high / low) / 2.0);
        let away = |says: f64| {
            let away = libm::log(self.value / says / middle) / half;
            // What may be more is never too little.
            if self.at_least { away.max(0.0) } else { away.abs() }
        };
        let all = self.what.of_card(gpu).into_iter().filter(|says| *says > 0.0);
        all.map(|says| (away(says), says)).min_by(|a, b| a.0.total_cmp(&b.0))
    }
}
