//! What a fleet comes to, as a person or a program reads it.

mod cards;
mod csv;
pub(super) mod heads;
mod human;
mod parquet;
pub(super) mod reasons;

use std::io::{self, Write};

use super::html;
use super::listing::print_json;
use super::page::Page;
use crate::contract::Contract;
use crate::fleet::Answer;

/// The forms the answer can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// Tables for a terminal
    Human,
    /// Everything
    Json,
    /// One line per card
    Csv,
    /// The same as a Parquet file, for tools that count further; send it to a file
    Parquet,
    /// One page for people who decide: a summary, then what it stands on; needs no network
    Html,
}

impl Form {
    /// Whether it is no text: it must reach its reader byte by byte, and no terminal.
    pub fn is_binary(self) -> bool {
        self == Form::Parquet
    }

    pub fn render(self, answer: &Answer, contract: &Contract, out: &mut Page) -> io::Result<()> {
        match self {
            Form::Human => human::answer(answer, out),
            Form::Json => print_json(&serde_json::to_value(answer)?, out),
            Form::Csv => csv::answer(answer, out),
            Form::Parquet => out.write_all(&parquet::answer(answer)?),
            Form::Html => html::answer(answer, contract, out),
        }
    }
}
