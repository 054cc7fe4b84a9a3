//! A proof as a person or a program reads it, and what is seen while it is made.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::human as reports;
use super::imprint::Imprint;
use super::listing::{entry, print_json, print_table};
use super::page::Page;
use crate::device::ProvenanceKind;
use crate::language::{Language, say};
use crate::proof::attestation::Attested;
use crate::proof::challenge::Challenge;
use crate::proof::level::TrustLevel;
use crate::proof::session::Session;
use crate::proof::statement::{By, Held, Outcome, Proof, Proved};
use crate::seal::{Envelope, Verified};
use crate::units::Unit;

/// Of the names before the values.
const NAMES: usize = 11;

/// What was proved, and what that means.
pub fn human(proof: &Proof, challenge: &Challenge, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    for (name, value) in facts(proof, challenge, language) {
        entry(&name, NAMES, value, out)?;
    }
    for table in tables(proof, language) {
        writeln!(out)?;
        print_table(table.head, table.rows, out)?;
    }
    if proof.outcome == Outcome::Held {
        writeln!(out, "\n{}", meaning(proof, challenge, language))?;
    }
    let colour = match &proof.outcome {
        Outcome::Held => AnsiColor::Green,
        Outcome::Refuted { .. } => AnsiColor::Red,
        Outcome::Unfinished { .. } => AnsiColor::Yellow,
    };
    let (style, words) = (colour.on_default().bold(), outcome(proof, language));
    writeln!(out, "\n{}", say!(language, "proof-outcome", words = format!("{style}{words}{style:#}")))
}

/// What stands above all figures, the trust level first: names and values.
pub fn facts(proof: &Proof, challenge: &Challenge, language: Language) -> [(String, String); 4] {
    let sha256 = &proof.challenge_sha256;
    let of = match &challenge.node {
        Some(node) => say!(language, "proof-challenge-of-node", sha256 = sha256, node = node),
        None => format!("sha256:{sha256}"),
    };
    [
        (say!(language, "name-trust"), level(proof, language)),
        (say!(language, "proof-clock"), clock(proof, language)),
        (say!(language, "ledger-challenge"), of),
        (say!(language, "proof-begun"), proof.at.clone()),
    ]
}

pub fn outcome(proof: &Proof, language: Language) -> String {
    match &proof.outcome {
        Outcome::Held => say!(language, "proof-held"),
        Outcome::Refuted { why } => say!(language, "proof-refuted", why = why),
        Outcome::Unfinished { why } => say!(language, "proof-unfinished", why = why),
    }
}

/// Figures of each GPU: names of columns, and rows.
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// What each GPU has done, what of memory each held where any did, and what its vendor attests.
pub fn tables(proof: &Proof, language: Language) -> Vec<Table> {
    let gpus = || (0u32..).zip(&proof.figures.gpus);
    let work = Table {
        head: vec![
            "GPU".to_owned(),
            say!(language, "proof-head-device"),
            say!(language, "proof-head-product"),
            say!(language, "proof-head-rounds"),
            say!(language, "proof-head-time"),
            say!(language, "proof-head-gap"),
            say!(language, "proof-head-least"),
        ],
        rows: gpus().map(|(n, gpu)| row(n, gpu)).collect(),
    };
    let memory = Table {
        head: vec![
            "GPU".to_owned(),
            say!(language, "proof-head-memory"),
            say!(language, "proof-head-sweeps"),
            say!(language, "proof-head-time"),
            say!(language, "proof-head-read"),
        ],
        rows: gpus().filter_map(|(n, gpu)| Some(memory_row(n, gpu.memory.as_ref()?))).collect(),
    };
    let vendor = Table {
        head: vec!["GPU".to_owned(), say!(language, "proof-head-attested")],
        rows: gpus()
            .map(|(n, gpu)| vec![n.to_string(), attested(gpu.attestation.as_ref(), language)])
            .collect(),
    };
    [work, memory, vendor].into_iter().filter(|table| !table.rows.is_empty()).collect()
}

/// What a card's vendor attests of it.
fn attested(of: Option<&Attested>, language: Language) -> String {
    match of {
        Some(Attested::Verified(card)) => {
            let unknown = || say!(language, "proof-attested-unknown");
            let versions = [&card.driver, &card.vbios].map(|version| version.clone().unwrap_or_else(unknown));
            let [driver, vbios] = &versions;
            say!(language, "proof-attested", name = &card.name, driver = driver, vbios = vbios)
        }
        Some(Attested::Absent { why }) => say!(language, "proof-not-attested", why = why),
        None => say!(language, "proof-nothing-said-of-attestation"),
    }
}

/// The same, to whoever checks it.
pub fn verified(proof: &Proof, verified: &Verified, challenge: &Challenge, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    entry(&say!(language, "name-signed"), NAMES, verified.signer(), out)?;
    let statement = format!("sha256:{}", verified.sha256());
    entry(&say!(language, "ledger-statement"), NAMES, statement, out)?;
    human(proof, challenge, out)?;
    let bold = Style::new().bold();
    let words = match proof.outcome {
        Outcome::Held => say!(language, "proof-verified-held"),
        Outcome::Refuted { .. } | Outcome::Unfinished { .. } => say!(language, "proof-verified"),
    };
    writeln!(out, "{}", say!(language, "verification", words = format!("{bold}{words}{bold:#}")))
}

/// A proof that nobody has checked.
pub fn human_unchecked(
    proof: &Proof,
    challenge: &Challenge,
    signed: &Envelope,
    out: &mut Page,
) -> io::Result<()> {
    reports::imprint(signed, out)?;
    human(proof, challenge, out)
}

/// The same for programs.
pub fn json_unchecked(
    proof: &Proof,
    challenge: &Challenge,
    signed: &Envelope,
    out: &mut Page,
) -> io::Result<()> {
    let value = json!({
        "signature": "not checked",
        "statement_sha256": Imprint::of(signed).map(|imprint| imprint.sha256),
        "proof": proof,
        "challenge": challenge,
    });
    print_json(&value, out)
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
        "statement_sha256": verified.sha256(),
        "unknown_signatures": verified.unknown_signatures(),
        "trust_level": proof.level(),
        "proof": proof,
        "challenge": challenge,
    });
    print_json(&value, out)
}

/// The level, and what keeps it from being higher.
fn level(proof: &Proof, language: Language) -> String {
    let any = |kind| proof.figures.gpus.iter().any(|gpu| gpu.identity.provenance.kind() == kind);
    match proof.level() {
        TrustLevel::L0 => say!(language, "trust-l0"),
        TrustLevel::L1 => {
            let reasons = [
                (proof.outcome != Outcome::Held, say!(language, "proof-did-not-hold")),
                (proof.by == By::Prover, say!(language, "proof-own-clock")),
                (proof.same_host == Some(true), say!(language, "proof-one-host")),
                (proof.same_host.is_none(), say!(language, "proof-perhaps-one-host")),
                (any(ProvenanceKind::Software), say!(language, "proof-by-software")),
            ];
            let reasons = reasons.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason);
            let reasons = reasons.collect::<Vec<_>>().join(&say!(language, "proof-and"));
            say!(language, "proof-level-1", reasons = reasons)
        }
        TrustLevel::L2 => say!(language, "proof-level-2"),
        TrustLevel::L3 => say!(language, "trust-l3"),
    }
}

fn clock(proof: &Proof, language: Language) -> String {
    match proof.by {
        By::Witness => say!(language, "proof-clock-of-witness"),
        By::Prover => say!(language, "proof-clock-of-prover"),
    }
}

fn row(number: u32, gpu: &Proved) -> Vec<String> {
    let work = &gpu.work;
    vec![
        number.to_string(),
        format!("{} {}", gpu.selector, gpu.identity.name),
        format!("{}x{}x{} {}", work.m, work.n, work.k, work.numbers.name()),
        gpu.rounds.to_string(),
        Unit::Nanosecond.format(gpu.products_ns as f64),
        Unit::Nanosecond.format(gpu.longest_gap_ns as f64),
        Unit::OpPerSecond.format(gpu.floor_per_s),
    ]
}

fn memory_row(number: u32, held: &Held) -> Vec<String> {
    vec![
        number.to_string(),
        Unit::Byte.format(held.bytes as f64),
        held.sweeps.to_string(),
        Unit::Nanosecond.format(held.sweeps_ns as f64),
        Unit::BytePerSecond.format(held.floor_bytes_per_s),
    ]
}

pub fn meaning(proof: &Proof, challenge: &Challenge, language: Language) -> String {
    let (rows, share) = (challenge.openings, Unit::Share.format(proof.figures.escaping_share));
    if proof.by == By::Prover {
        return say!(language, "proof-meaning-own", rows = rows);
    }
    let mut text = say!(language, "proof-meaning", rows = rows, share = share);
    let farthest = proof.figures.gpus.iter().filter_map(Proved::reach).max_by_key(|(ns, _)| *ns);
    if let Some((ns, metres)) = farthest {
        let (time, km) = (Unit::Nanosecond.format(ns as f64), format!("{:.0}", (metres / 1000.0).ceil()));
        text += &say!(language, "proof-meaning-reach", time = time, km = km);
    }
    if let Some(ns) = proof.figures.fill_ns {
        let time = Unit::Nanosecond.format(ns as f64);
        text += &say!(language, "proof-meaning-memory", time = time, cells = rows);
    }
    let attested = |gpu: &Proved| matches!(gpu.attestation, Some(Attested::Verified(_)));
    if proof.figures.gpus.iter().any(attested) {
        text += &say!(language, "proof-meaning-attested");
    }
    text
}

/// What is seen while the clock runs: on a terminal a line that changes, elsewhere nothing.
pub struct Watch {
    bar: ProgressBar,
    at_least: Duration,
    language: Language,
}

impl Watch {
    pub fn start(at_least_s: u32, quiet: bool, language: Language) -> Self {
        let bar = if quiet || !io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new_spinner()
        };
        let style = ProgressStyle::with_template("{spinner} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(style);
        bar.set_message(say!(language, "proof-waiting"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, at_least: Duration::from_secs(u64::from(at_least_s)), language }
    }

    pub fn see(&mut self, session: &Session, now_ns: u64) {
        let rounds =
            session.progress().iter().map(|gpu| gpu.rounds.to_string()).collect::<Vec<_>>().join(" ");
        if let Some(ns) = session.runs_for_ns(now_ns) {
            let (now, all) = (ns / 1_000_000_000, self.at_least.as_secs());
            let message = say!(self.language, "proof-computing", now = now, all = all, rounds = rounds);
            self.bar.set_message(message);
        } else if session.answers_ns().is_some() {
            self.bar.set_message(say!(self.language, "proof-asking", rounds = rounds));
        }
    }

    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}
