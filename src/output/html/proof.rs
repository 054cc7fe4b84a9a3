//! A proof as one page for people who decide: the trust level first, what was proved, what that means, and what it does not.
//! Owns the order of these; the words are those of the terminal.

use std::io;

use maud::{Markup, html};

use super::frame::{self, Standing, fact, heads, moment, name, prose, scroll, tile};
use crate::device::ProvenanceKind;
use crate::language::{Language, say};
use crate::output::page::Page;
use crate::output::proof::{facts, meaning, outcome, tables};
use crate::proof::challenge::Challenge;
use crate::proof::level::TrustLevel;
use crate::proof::statement::{Outcome, Proof, Proved};
use crate::seal::Envelope;
use crate::units::Unit;

pub fn proof(proof: &Proof, challenge: &Challenge, signed: &Envelope, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let body = html! {
        main {
            div.summary { (head(proof, challenge, language)) }
            (figures(proof, language))
            @if proof.outcome == Outcome::Held {
                section { h2 { (say!(language, "title-meaning")) } p { (prose(&meaning(proof, challenge, language))) } }
            }
            section {
                h2 { (say!(language, "title-unproved")) }
                ul {
                    li { (say!(language, "unproved-card")) }
                    li { (say!(language, "unproved-unit")) }
                    li { (say!(language, "unproved-after")) }
                }
            }
        }
        footer {
            p { (prose(&say!(language, "foot-proof"))) }
            (frame::imprint(signed, language))
            p { (say!(language, "foot-proof-made", version = &proof.tool_version)) }
            @if language != Language::English { p { (say!(language, "foot-recorded")) } }
        }
    };
    frame::page(&say!(language, "page-title", what = outcome(proof, language)), &body, out)
}

/// Green is what held, and was challenged by somebody elsewhere.
fn standing(proof: &Proof) -> Standing {
    match (&proof.outcome, proof.level()) {
        (Outcome::Held, TrustLevel::L2 | TrustLevel::L3) => Standing::Good,
        (Outcome::Held, TrustLevel::L0 | TrustLevel::L1) | (Outcome::Unfinished { .. }, _) => Standing::Open,
        (Outcome::Refuted { .. }, _) => Standing::Bad,
    }
}

fn head(proof: &Proof, challenge: &Challenge, language: Language) -> Markup {
    let standing = standing(proof);
    let [(trust, level), clock, challenge, (begun, at)] = facts(proof, challenge, language);
    html! {
        header.(standing.class()) {
            p.kicker { (say!(language, "kicker-proof")) (say!(language, "list-clause")) (trust) }
            h1 { (standing.badge(&level)) }
            p.lead { (say!(language, "proof-outcome", words = outcome(proof, language))) }
            @if is_simulated(proof) {
                p.warning { strong { (say!(language, "simulated")) } (say!(language, "simulated-because")) }
            }
            (tiles(proof, language))
            dl.facts {
                (fact(&clock.0, html! { (clock.1) }))
                (fact(&challenge.0, name(&challenge.1)))
                (fact(&begun, html! { (moment(&at)) }))
            }
        }
    }
}

fn is_simulated(proof: &Proof) -> bool {
    proof.figures.gpus.iter().any(|gpu| gpu.identity.provenance.kind() == ProvenanceKind::Simulated)
}

/// What all GPUs come to together, if it holds.
fn tiles(proof: &Proof, language: Language) -> Markup {
    let gpus = &proof.figures.gpus;
    let sum = |of: &dyn Fn(&Proved) -> f64| gpus.iter().map(of).sum::<f64>();
    let memory = sum(&|gpu| gpu.memory.as_ref().map_or(0.0, |held| held.bytes as f64));
    html! {
        @if proof.outcome == Outcome::Held {
            dl.tiles {
                (tile(false, &gpus.len().to_string(), &say!(language, "tile-devices")))
                (tile(false, &Unit::OpPerSecond.format(sum(&|gpu| gpu.floor_per_s)), &say!(language, "tile-proved")))
                @if memory > 0.0 { (tile(false, &Unit::Byte.format(memory), &say!(language, "proof-head-memory"))) }
            }
        }
    }
}

fn figures(proof: &Proof, language: Language) -> Markup {
    let title = say!(language, "title-figures");
    html! {
        section {
            h2 { (title) }
            @for table in tables(proof, language) {
                (scroll(&title, html! { table.stack {
                    (heads(&table.head))
                    tbody { @for row in &table.rows {
                        tr { @for (cell, head) in row.iter().zip(&table.head) { td data-label=(head) { (name(cell)) } } }
                    } }
                } }))
            }
        }
    }
}
