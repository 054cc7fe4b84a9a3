//! A proof as a person or a program reads it, and what is seen while it is made.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::listing::{print_json, print_table};
use super::page::Page;
use crate::device::ProvenanceKind;
use crate::proof::challenge::Challenge;
use crate::proof::level::TrustLevel;
use crate::proof::session::Session;
use crate::proof::statement::{By, Held, Outcome, Proof, Proved};
use crate::seal::Verified;
use crate::units::Unit;

/// What was proved, and what that means.
pub fn human(proof: &Proof, challenge: &Challenge, out: &mut Page) -> io::Result<()> {
    writeln!(out, "trust level  {}", level(proof))?;
    writeln!(out, "clock        {}", clock(proof))?;
    let node = challenge.node.as_ref().map_or(String::new(), |node| format!(" for node {node}"));
    writeln!(out, "challenge    sha256:{}{node}", proof.challenge_sha256)?;
    writeln!(out, "begun        {}", proof.at)?;
    if !proof.figures.gpus.is_empty() {
        writeln!(out)?;
        let header =
            ["GPU", "device, by its own word", "product", "rounds", "time", "longest gap", "at least"];
        print_table(header, (0..).zip(&proof.figures.gpus).map(|(n, gpu)| row(n, gpu)), out)?;
        let held = (0..).zip(&proof.figures.gpus);
        let held: Vec<_> = held.filter_map(|(n, gpu)| Some(memory_row(n, gpu.memory.as_ref()?))).collect();
        if !held.is_empty() {
            writeln!(out)?;
            print_table(["GPU", "memory held", "sweeps", "time", "read at least"], held, out)?;
        }
    }
    if proof.outcome == Outcome::Held {
        writeln!(out, "\n{}", meaning(proof, challenge))?;
    }
    let (colour, words) = match &proof.outcome {
        Outcome::Held => (AnsiColor::Green, "held".to_owned()),
        Outcome::Refuted { why } => (AnsiColor::Red, format!("REFUTED: {why}")),
        Outcome::Unfinished { why } => (AnsiColor::Yellow, format!("not finished: {why}")),
    };
    let style = colour.on_default().bold();
    writeln!(out, "\nproof: {style}{words}{style:#}")
}

/// The same, to whoever checks it.
pub fn verified(proof: &Proof, verified: &Verified, challenge: &Challenge, out: &mut Page) -> io::Result<()> {
    writeln!(out, "signed by    {}", verified.signer())?;
    human(proof, challenge, out)?;
    let bold = Style::new().bold();
    writeln!(
        out,
        "verification: {bold}the signatures hold, and the transcript gives these figures{}{bold:#}",
        if proof.outcome == Outcome::Held { "; every shown row was checked again" } else { "" }
    )
}

pub fn json(
    proof: &Proof,
    verified: &Verified,
    challenge: &Challenge,
    out: &mut dyn Write,
) -> io::Result<()> {
    let value = json!({
        "signature": "valid",
        "signer": verified.signer(),
        "trust_level": proof.level(),
        "proof": proof,
        "challenge": challenge,
    });
    print_json(&value, out)
}

/// The level, and what keeps it from being higher.
fn level(proof: &Proof) -> String {
    let any = |kind| proof.figures.gpus.iter().any(|gpu| gpu.identity.provenance.kind() == kind);
    match proof.level() {
        TrustLevel::L0 => "L0, self-declared: a simulated device, or none".to_owned(),
        TrustLevel::L1 => {
            let reasons = [
                (proof.outcome != Outcome::Held, "the proof did not hold"),
                (proof.by == By::Prover, "nobody but the prover kept the clock and asked"),
                (proof.same_host, "prover and witness are one host"),
                (any(ProvenanceKind::Software), "a device is software that runs on the CPU"),
            ];
            let reasons = reasons.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason);
            format!("L1, and no more because {}", reasons.collect::<Vec<_>>().join(", and "))
        }
        TrustLevel::L2 => "L2, challenged and timed by the witness".to_owned(),
        TrustLevel::L3 => "L3, as L2 with the vendor's attestation".to_owned(),
    }
}

fn clock(proof: &Proof) -> &'static str {
    match proof.by {
        By::Witness => "the witness's, which also drew the questions",
        By::Prover => "the prover's own, and it could ask itself until the questions suited it",
    }
}

fn row(number: u32, gpu: &Proved) -> [String; 7] {
    let work = &gpu.work;
    [
        number.to_string(),
        format!("{} {}", gpu.selector, gpu.identity.name),
        format!("{}x{}x{} {}", work.m, work.n, work.k, work.numbers.name()),
        gpu.rounds.to_string(),
        Unit::Nanosecond.format(gpu.products_ns as f64),
        Unit::Nanosecond.format(gpu.longest_gap_ns as f64),
        Unit::OpPerSecond.format(gpu.floor_per_s),
    ]
}

fn memory_row(number: u32, held: &Held) -> [String; 5] {
    [
        number.to_string(),
        Unit::Byte.format(held.bytes as f64),
        held.sweeps.to_string(),
        Unit::Nanosecond.format(held.sweeps_ns as f64),
        Unit::BytePerSecond.format(held.floor_bytes_per_s),
    ]
}

fn meaning(proof: &Proof, challenge: &Challenge) -> String {
    let share = Unit::Share.format(proof.figures.escaping_share);
    let memory = match proof.figures.fill_ns {
        Some(ns) => format!(
            " The memory was filled in {} with what is slow to make, and each sweep hashed all of it, under keys that nobody could \
             know before; {} cells of each GPU were made again here, and all were hashed. It lay wherever it can be read so \
             fast; host memory is read over its link.",
            Unit::Nanosecond.format(ns as f64),
            challenge.openings
        ),
        None => String::new(),
    };
    format!(
        "At least so many multiplications and additions of whole numbers per second were done, on matrices that nobody could \
         know before. {} rows of each GPU's results were asked for after all results were committed, and all of them hold: \
         had more than {share} of the rows been wrong, this would have shown with a probability of 99 % or more; the figures are \
         less by that share. Which unit did the work, in which precision, and whether it was this card, they do not say.{memory}",
        challenge.openings
    )
}

/// What is seen while the clock runs: on a terminal a line that changes, elsewhere nothing.
pub struct Watch {
    bar: ProgressBar,
    at_least: Duration,
}

impl Watch {
    pub fn start(at_least_s: u32, quiet: bool) -> Self {
        let bar = if quiet || !io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new_spinner()
        };
        let style = ProgressStyle::with_template("{spinner} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(style);
        bar.set_message("waiting for the prover");
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, at_least: Duration::from_secs(u64::from(at_least_s)) }
    }

    pub fn see(&mut self, session: &Session, now_ns: u64) {
        let rounds =
            session.progress().iter().map(|gpu| gpu.rounds.to_string()).collect::<Vec<_>>().join(" ");
        if let Some(ns) = session.runs_for_ns(now_ns) {
            let (now, all) = (ns / 1_000_000_000, self.at_least.as_secs());
            self.bar.set_message(format!("{now} of {all} s, rounds of each GPU: {rounds}"));
        } else if session.answers_ns().is_some() {
            self.bar.set_message(format!("asking about {rounds} rounds"));
        }
    }

    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}
