//! `assay contract new --sku`: a whole lease of so many nodes of one card, with bounds that healthy cards of it reach.
//! Owns what such a lease demands; the words are the language's business.

use std::fmt::Write;
use std::num::NonZeroU32;

use super::language::Words;
use super::{HEAD, Keys, clause, conditions, party, quoted, rate};
use crate::catalogue::bands::{BETWEEN_CARDS, down};
use crate::catalogue::{self, Band, Gpu};
use crate::contract::clause::Flag;
use crate::contract::finding::id;
use crate::contract::inventory::MEMORY_SHARE;
use crate::contract::means::{self, Means};
use crate::contract::money::Money;
use crate::contract::when::Day;
use crate::evidence::counters::{REMAP_FAILURES, REMAPS_PENDING};
use crate::evidence::metric::{Kind, MetricName};
use crate::language::{Language, say};

/// What the parties know before they know anything of bounds.
#[derive(Clone, Debug)]
pub struct Lease {
    pub card: &'static Gpu,
    pub nodes: NonZeroU32,
    pub devices: NonZeroU32,
    /// The day by which all nodes are owed.
    pub due: Day,
    /// For a device and hour.
    pub price: Option<Money>,
    pub language: Language,
    pub keys: Keys,
}

/// Rates that a lease demands, where it is known what healthy cards reach: id and metric.
pub(super) const RATES: [(&str, &str); 8] = [
    ("memory-triad", "stream.triad.rate"),
    ("memory-copy", "stream.copy.rate"),
    ("fp64", "fma.fp64.rate"),
    ("gemm-bf16", "gemm.bf16.rate"),
    ("gemm-fp8", "gemm.fp8_e4m3.rate"),
    ("host-to-device", "link.h2d.rate"),
    ("device-to-host", "link.d2h.rate"),
    ("device-to-device", PEERS),
];
const PEERS: &str = "peer.slowest.rate";

/// The share of a product's rate that must be left after a day at full load: heat lowers clocks.
const AFTER_A_DAY: f64 = 0.95;

/// A contract in TOML that this program reads as it stands.
pub fn lease(lease: &Lease) -> String {
    let words = Words::of(lease.language);
    let mut text = deal(lease, words);
    text.push_str(words.clauses);
    let rates = rates(&mut text, lease, words);
    let kept = load(&mut text, lease, words);
    let whole = integrity(&mut text, lease.card, words);
    let agreed = [Some(id::DEVICES), Some(id::SKU), lease.card.memory_sizes().next().map(|_| id::MEMORY)];
    let agreed: Vec<&str> = agreed.into_iter().flatten().collect();
    remedies(
        &mut text,
        &[&rates[..], &kept.slow].concat(),
        &[&kept.faulty[..], &whole, &agreed].concat(),
        words,
    );
    let exclusion = format!("{EXCLUSION}reason = {}\n", quoted(words.maintenance));
    text.push_str(&commented(words.exclusions, &exclusion));
    text.push_str(&format!("\n{}", commented(words.proof, &proof(lease))));
    text
}

/// With the memory that the inventory names, as far as it can be filled.
fn proof(lease: &Lease) -> String {
    let memory = lease.card.memory_sizes().reduce(f64::min).map(|gb| {
        let held = (gb * MEMORY_SHARE).floor();
        format!("[proof.memory]\nheld = \"{held} GB\"\nfloor = \"20 % of stream.read.rate\"\n")
    });
    format!("[proof]\nfloor = \"50 % of gemm.int8.rate\"\n{}", memory.unwrap_or_default())
}

const EXCLUSION: &str = "[[exclusion]]\nfrom = 2027-02-10T02:00:00Z\nuntil = 2027-02-10T06:00:00Z\n";

/// Who, what, when, for how much.
fn deal(lease: &Lease, words: &Words) -> String {
    let Lease { card, nodes, devices, due, price, keys, .. } = lease;
    let memory = card.memory_sizes().reduce(f64::min);
    let memory = memory.map_or(String::new(), |gb| format!("{}memory = \"{gb} GB\"\n", words.memory));
    let price = match price {
        Some(price) => format!("{}[price]\namount = \"{price}\"\nper = \"device_hour\"\n", words.price),
        None => commented(words.price, "[price]\namount = \"... USD\"\nper = \"device_hour\"\n"),
    };
    [
        format!("{}{HEAD}title = {}\n", words.head, quoted(words.title)),
        format!("{}accept = [\"hardware\"]\n", words.accept),
        format!("{}\n{}", commented(words.freshness, "freshness = \"challenge\"\n"), words.parties),
        party("tenant", words.tenant, keys.tenant.as_ref(), words.key),
        party("provider", words.provider, keys.provider.as_ref(), words.key),
        format!(
            "{}[inventory]\ndevices = {devices}\nsku = {}\n{memory}\n",
            words.inventory,
            quoted(&card.name)
        ),
        format!("{}[[delivery]]\ndue = {due}\nnodes = {nodes}\n\n{price}\n", words.delivery),
    ]
    .concat()
}

/// What a bound rests on.
fn comment(words: &Words, reached: &Reached) -> String {
    format!("# {}{}{}\n", words.from, say!(words.language, "list-colon"), reached.by)
}

/// What is not agreed, but may be.
fn commented(about: &str, toml: &str) -> String {
    let lines: String = toml.lines().map(|line| format!("# {line}\n")).collect();
    format!("{about}{lines}")
}

/// The clauses on rates; gives their ids.
fn rates(text: &mut String, lease: &Lease, words: &Words) -> Vec<&'static str> {
    let mut ids = Vec::new();
    for ((id, name), title) in RATES.into_iter().zip(words.rates) {
        if name == PEERS && lease.devices.get() == 1 {
            continue;
        }
        let reached = Reached::by(lease.card, name, BETWEEN_CARDS, words);
        if let (Some(metric), Some(reached)) = (measured(lease.card, name), reached) {
            let by_vendor = if metric.probe() == "vendor" { words.by_vendor } else { "" };
            let about = format!("{}{by_vendor}", comment(words, &reached));
            let rule = rate(&metric, &reached.bound);
            if reached.holds_of(lease.devices) {
                clause(text, id, title, &rule, &about);
                ids.push(id);
            } else {
                let mut toml = String::new();
                clause(&mut toml, id, title, &rule, "");
                let _ =
                    write!(text, "\n{}", commented(&format!("{about}{}", words.links), toml.trim_start()));
            }
        }
    }
    // Where it is not known what healthy cards reach, a lease without any bound would hold nobody to anything.
    for (kind, rows) in words.unknown_rates() {
        if ids.iter().any(|id| id.starts_with(kind)) {
            continue;
        }
        let known = rows.iter().find_map(|row| {
            let metric = measured(lease.card, row.metric)?;
            lease.card.datasheet(&metric).map(|_| (row, metric))
        });
        if let Some((row, metric)) = known {
            let bound = format!("{} % of datasheet", row.percent);
            clause(text, row.id, row.title, &rate(&metric, &bound), words.unknown);
            ids.push(row.id);
        }
    }
    ids
}

fn is_measured_whole(card: &Gpu, name: &str) -> bool {
    MetricName::parse(name).is_ok_and(|metric| means::of(card, &metric) == Means::Whole)
}

/// By which metric it can be told on `card` whether it reaches a rate: products that our kernels fall short of by the vendor's library.
fn measured(card: &Gpu, name: &str) -> Option<MetricName> {
    let metric = MetricName::parse(name).ok()?;
    match means::of(card, &metric) {
        Means::Whole => Some(metric),
        Means::Part => means::by_vendor(card, &metric).or(Some(metric)),
        Means::Lacking => means::by_vendor(card, &metric),
    }
}

/// Ids of clauses by what follows where they are not met.
struct Ids {
    slow: Vec<&'static str>,
    faulty: Vec<&'static str>,
}

/// The clauses on a load that is kept up.
fn load(text: &mut String, lease: &Lease, words: &Words) -> Ids {
    let _ = write!(text, "\n{}", words.load);
    clause(text, "kept-up", words.kept_up, "metric = \"sustain.watched.time\"\nat_least = \"24 h\"\n", "");
    clause(text, "steady", words.drift, "metric = \"sustain.drift.share\"\nat_most = \"3 %\"\n", "");
    clause(
        text,
        "right-under-load",
        words.load_errors,
        "metric = \"sustain.errors.count\"\nequals = 0\n",
        "",
    );
    let mut ids = Ids { slow: vec!["steady"], faulty: vec!["kept-up", "right-under-load"] };
    let reached = Reached::by(lease.card, "gemm.bf16.rate", BETWEEN_CARDS * AFTER_A_DAY, words);
    if let Some(reached) = reached.filter(|_| is_measured_whole(lease.card, "sustain.bf16.rate")) {
        let rule = format!(
            "metric = \"sustain.bf16.rate\"\nat_least = \"{}\"\nstatistic = \"last\"\n",
            reached.bound
        );
        clause(text, "gemm-bf16-kept-up", words.last, &rule, "");
        ids.slow.push("gemm-bf16-kept-up");
    }
    ids
}

/// The clauses on faults that can be told of the card; gives their ids.
fn integrity(text: &mut String, card: &Gpu, words: &Words) -> Vec<&'static str> {
    let _ = write!(text, "\n{}", words.integrity);
    let counts = [
        ("no-memory-errors", words.memory_errors, "memory.errors.count"),
        ("no-ecc-errors", words.ecc, ECC),
        ("no-remap-pending", words.remap_pending, REMAPS_PENDING),
        ("no-remap-failure", words.remap_failure, REMAP_FAILURES),
        ("no-driver-errors", words.xid, "counters.xid.count"),
    ];
    let mut ids = Vec::new();
    let is_told = |name: &str| is_measured_whole(card, name) && is_counted(card, name);
    for (id, title, metric) in counts.into_iter().filter(|(.., name)| is_told(name)) {
        clause(text, id, title, &format!("metric = \"{metric}\"\nequals = 0\n"), "");
        ids.push(id);
    }
    if means::tells(card, Flag::ThrottleThermal) {
        clause(text, "never-too-hot", words.thermal, "never = \"throttle.thermal\"\n", "");
        ids.push("never-too-hot");
    }
    ids
}

const ECC: &str = "counters.ecc_uncorrected.count";

/// Whether such a card as it is delivered counts this. GeForce cards come with ECC off, and then count no errors. Whether rows wait for
/// their replacement, or had none, is told of stacked memory (HBM), which NVIDIA puts on its largest chips alone.
fn is_counted(card: &Gpu, name: &str) -> bool {
    match name {
        ECC => !card.name.starts_with("GeForce"),
        REMAPS_PENDING | REMAP_FAILURES => {
            matches!(card.compute_capability.as_str(), "7.0" | "8.0" | "9.0" | "10.0" | "10.3")
        }
        _ => true,
    }
}

/// Too slow costs less, faulty is exchanged, late is credited and in the end ends the lease.
fn remedies(text: &mut String, rates: &[&str], whole: &[&str], words: &Words) {
    let list = |ids: &[&str]| ids.iter().map(|id| quoted(id)).collect::<Vec<_>>().join(", ");
    let _ = write!(
        text,
        "\n{}[[remedy]]\nof = [\"delivery\"]\nkind = \"credit\"\nper_day = \"1 %\"\ncap = \"30 %\"\nclaim_days = 30\n\n\
         [[remedy]]\nof = [\"delivery\"]\nkind = \"terminate\"\nwithin_days = 60\n\n\
         [[remedy]]\nof = [{}]\nkind = \"price_cut\"\ncap = \"50 %\"\nclaim_days = 30\n\n\
         [[remedy]]\nof = [{}]\nkind = \"replace\"\nwithin_days = 5\n\n",
        words.remedies,
        list(rates),
        list(whole)
    );
}

/// A bound, and what it rests on.
struct Reached {
    bound: String,
    by: String,
    band: &'static Band,
}

impl Reached {
    /// A share of the least that healthy cards reach, where that is known.
    fn by(card: &Gpu, metric: &str, share: f64, words: &Words) -> Option<Self> {
        let metric = MetricName::parse(metric).ok()?;
        let Kind::Number(unit) = metric.kind() else { return None };
        let band = catalogue::band(card, &metric)?;
        let conditions = conditions::said(&band.conditions, words.language);
        let (low, high) = (unit.format(band.low), unit.format(band.high));
        let basis = words.basis(band.basis).to_owned() + &say!(words.language, "list-clause") + &conditions;
        let by = say!(words.language, "healthy-range", low, high, basis);
        Some(Self { bound: unit.format(down(band.low * share)), by, band })
    }

    /// Whether nodes with so many devices reach it too.
    fn holds_of(&self, devices: NonZeroU32) -> bool {
        self.band.holds_of(devices.get())
    }
}
