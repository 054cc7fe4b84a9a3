//! Everything that a person or another program reads: tables, files, the live display.
//! Owns wording and layout; must not judge or measure.
//!
//! To add a form of reports: a variant of [`Format`] (its comment is the help, which `src/cli/zh-CN.ftl` has in Chinese), its file, and how
//! it is rendered; the compiler asks for each. What tables say is in `rows.rs`, so that all forms say the same; `tests/it/pages.rs` and
//! `tests/it/hostile.rs` show what a page must hold and what must never break out of it.

pub mod acceptance;
pub mod advice;
pub mod catalogue;
pub mod certificate;
pub mod comparison;
pub mod csv;
pub mod diagnosis;
mod figures;
mod findings;
pub mod fleet;
pub mod html;
pub mod human;
pub mod imprint;
pub mod inventory;
pub mod json;
pub mod junit;
mod likeness;
pub mod lints;
pub mod listing;
pub mod live;
pub mod markdown;
pub mod page;
pub mod plot;
pub mod progress;
pub mod prometheus;
pub mod proof;
pub mod reading;
mod rows;
mod table;
mod teller;
pub mod verification;

use std::io;

use self::page::Page;
use crate::proof::challenge::Challenge;
use crate::proof::statement::Proof;
use crate::report::Report;
use crate::seal::Envelope;

/// The forms a report can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Tables for a terminal
    Human,
    /// The report's content, without its signature
    Json,
    /// Tables for a ticket or a pull request
    Markdown,
    /// One line per measurement
    Csv,
    /// One page with plots, for people who decide; needs no network
    Html,
    /// JUnit XML, one test case per clause, for the test view of a pipeline
    Junit,
    /// Gauges for the text file collector of Prometheus's node exporter
    Prometheus,
}

impl Format {
    /// As a run writes it beside the signed report.
    pub fn file_name(self) -> &'static str {
        match self {
            Format::Human => "report.txt",
            Format::Json => "report.json",
            Format::Markdown => "report.md",
            Format::Csv => "report.csv",
            Format::Html => "report.html",
            Format::Junit => "report.junit.xml",
            Format::Prometheus => "assay.prom",
        }
    }

    /// Writes the `report` that `signed` holds in this form. `Human` carries terminal styles, which the caller's stream keeps or strips.
    pub fn render(self, report: &Report, signed: &Envelope, out: &mut Page) -> io::Result<()> {
        match self {
            Format::Human => human::whole(report, signed, out),
            Format::Json => json::report(report, out),
            Format::Markdown => markdown::report(report, signed, out),
            Format::Csv => csv::report(report, out),
            Format::Html => html::report(report, signed, out),
            Format::Junit => junit::report(report, out),
            Format::Prometheus => prometheus::report(report, out),
        }
    }

    /// How a proof is written in this form, whose signature and transcript nobody has checked. `None` where there is no such form.
    pub fn of_proof(self) -> Option<RenderProof> {
        match self {
            Format::Human => Some(proof::human_unchecked),
            Format::Json => Some(proof::json_unchecked),
            Format::Markdown => Some(markdown::proof),
            Format::Html => Some(html::proof),
            Format::Csv | Format::Junit | Format::Prometheus => None,
        }
    }
}

type RenderProof = fn(&Proof, &Challenge, &Envelope, &mut Page) -> io::Result<()>;
