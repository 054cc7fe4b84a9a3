//! A full load kept up: products above all, and by turns multiply-add chains, memory, link, load steps and pauses, since
//! faults hide where clocks and power change. Every result is compared.
//! Owns the order of loads; must not know how windows become figures.

mod chains;
mod link;
mod memory;
mod products;
mod watch;

use std::time::Duration;

use super::Probe;
use crate::device::{DeviceError, Identity};
use crate::engine::bench::Bench;
use crate::engine::case::Case;
use crate::engine::{Settings, Trouble, check};
use crate::evidence::event::What;
use crate::evidence::metric::MetricName;
use crate::evidence::sustain::{FIGURES, Load, SUSTAINED, rate_of};
use crate::evidence::{Absence, AbsenceReason, Check, Conditions, Measurement};
use crate::units::Unit;
use chains::Chains;
use link::Link;
use memory::Memory;
use products::Products;
use watch::{During, Watch};

/// Does the device keep its speed under a full load, and do its results stay right?
pub const PROBE: Probe = Probe { name: super::SUSTAIN, cases };

/// What a turn of the cycle is spent on, in parts of a thousand.
const CYCLE: [(Turn, u64); 9] = [
    (Turn::Products, 300),
    (Turn::Memory, 30),
    (Turn::Products, 250),
    (Turn::Chains, 50),
    (Turn::Products, 250),
    (Turn::Memory, 30),
    (Turn::Link, 30),
    (Turn::Steps, 30),
    (Turn::Pause, 30),
];
/// A longer cycle would leave too few pauses, a shorter one too little heat.
const CYCLE_NS_MAX: u64 = 300_000_000_000;
/// So many cycles at least, however short the time.
const CYCLES_MIN: u64 = 3;
/// Load and pause by turns: about as fast as power supplies and fans settle.
const STEP: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug)]
enum Turn {
    Products,
    Chains,
    Memory,
    Link,
    /// Short bursts of products with pauses between them.
    Steps,
    Pause,
}

fn cases(identity: &Identity, settings: &Settings) -> Vec<Case> {
    if settings.sustain_ms <= kept_up_ms(settings) {
        return Vec::new();
    }
    let rates = SUSTAINED.map(rate_of);
    let figures = FIGURES.iter().map(|figure| figure.name.to_owned());
    let metrics: Vec<String> = rates.iter().cloned().chain(figures).collect();
    let (identity, settings) = (identity.clone(), settings.clone());
    let case = Case::new(&metrics, move |bench| sustain(bench, &identity, &settings));
    case.into_iter().map(|case| Case { goes_on: true, ..case }).collect()
}

/// How much of the load is done already.
fn kept_up_ms(settings: &Settings) -> u64 {
    settings.begun.as_ref().map_or(0, |begun| begun.kept_up_ms)
}

/// Yields windows as they come, and no measurement: figures follow from the windows.
fn sustain(bench: &mut Bench, identity: &Identity, settings: &Settings) -> Result<Vec<Measurement>, Trouble> {
    let mut products = Products::prepare(bench, identity, settings)?;
    let mut others = Others::prepare(bench, identity, settings.seed)?;
    let load = products.load(settings.sustain_ms)?;
    let check = std::mem::take(&mut others.checks).into_iter().fold(load.check.clone(), check::joined);
    let shape = format!("{}{}", load.conditions.shape, others.named());
    let conditions = Conditions { shape, ..load.conditions.clone() };
    let load = Load { check, conditions, piece_ns: others.piece_ns, ..load };
    for metric in SUSTAINED.iter().filter_map(|p| MetricName::parse(&rate_of(*p)).ok()) {
        if metric != load.metric {
            let why = format!(
                "the load was {}; a contract that names this one has it kept up instead",
                load.metric
            );
            bench.emit(What::Absent(Absence { metric, reason: AbsenceReason::Skipped { why } }))?;
        }
    }
    let mut watch = Watch::begin(bench, load, kept_up_ms(settings), products.first())?;
    let outcome = keep_up(bench, &mut watch, &mut products, &mut others);
    products.abandon(bench);
    outcome?;
    watch.end(bench)?;
    Ok(Vec::new())
}

/// What runs between the products; what a device cannot is left out.
struct Others {
    chains: Option<Chains>,
    memory: Option<Memory>,
    link: Option<Link>,
    /// How long the longest piece of them took.
    piece_ns: u64,
    /// Of all of them before they began.
    checks: Vec<Check>,
}

impl Others {
    fn prepare(bench: &mut Bench, identity: &Identity, seed: u64) -> Result<Self, Trouble> {
        let (chains, of_chains) = possible(Chains::prepare(bench, identity, seed))?.unzip();
        let link = possible(Link::prepare(bench, identity, seed))?;
        // Last, since it takes what the others leave.
        let (memory, of_memory) = possible(Memory::prepare(bench, identity, seed))?.unzip();
        let pieces = [
            chains.as_ref().map(|chains| chains.took_ns),
            link.as_ref().map(|link| link.took_ns),
            memory.as_ref().map(|memory| memory.took_ns),
        ];
        let piece_ns = pieces.into_iter().flatten().max().unwrap_or(0);
        let checks = of_chains.into_iter().chain(of_memory).collect();
        Ok(Self { chains, memory, link, piece_ns, checks })
    }

    /// What there is of them, for the conditions.
    fn named(&self) -> String {
        let memory = |memory: &Memory| Unit::Byte.format(memory.bytes() as f64) + " of memory";
        let there = [
            self.chains.is_some().then(|| "chains".to_owned()),
            self.memory.as_ref().map(memory),
            self.link.is_some().then(|| "link".to_owned()),
        ];
        there.iter().flatten().map(|name| format!(" + {name}")).collect()
    }
}

fn possible<T>(prepared: Result<T, Trouble>) -> Result<Option<T>, Trouble> {
    match prepared {
        Ok(load) => Ok(Some(load)),
        Err(Trouble::Unsupported(_) | Trouble::Skipped(_)) => Ok(None),
        // What is left of the memory may be too little for it.
        Err(Trouble::Device(DeviceError::OutOfMemory { .. })) => Ok(None),
        Err(other) => Err(other),
    }
}

fn keep_up(
    bench: &mut Bench,
    watch: &mut Watch,
    products: &mut Products,
    others: &mut Others,
) -> Result<(), Trouble> {
    let cycle_ns = CYCLE_NS_MAX.min(watch.asked_ns() / CYCLES_MIN);
    let mut turn_ends_ns = 0;
    for (turn, share) in CYCLE.iter().cycle() {
        if watch.is_through(bench, watch.left_ns()) {
            return Ok(());
        }
        turn_ends_ns = (turn_ends_ns + cycle_ns / 1000 * share).min(watch.left_ns());
        while !watch.is_through(bench, turn_ends_ns) {
            match (turn, &mut *others) {
                (Turn::Chains, Others { chains: Some(chains), .. }) => chains.run(bench, watch)?,
                (Turn::Memory, Others { memory: Some(memory), .. }) => memory.run(bench, watch)?,
                (Turn::Link, Others { link: Some(link), .. }) => link.run(bench, watch)?,
                (Turn::Steps, _) => {
                    products.burst(bench, watch, STEP)?;
                    bench.pause(STEP);
                }
                (Turn::Pause, _) => bench.pause(STEP),
                (Turn::Products | Turn::Chains | Turn::Memory | Turn::Link, _) => {
                    products.batch(bench, watch)?
                }
            }
            watch.tick(bench, During::Other)?;
        }
    }
    Ok(())
}
