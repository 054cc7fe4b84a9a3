//! What `assay contract check` found, as a person or a program reads it.

use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use super::listing::print_json;
use super::page::Page;
use crate::contract::Parsed;
use crate::contract::lint::{Lint, Place, Weight};
use crate::contract::parse::{At, locate};

/// A contract that was read, and the objections to it.
pub struct Found<'a> {
    pub file: &'a Path,
    pub text: &'a str,
    pub parsed: &'a Parsed,
    pub lints: &'a [Lint],
}

impl Found<'_> {
    pub fn text(&self, out: &mut Page) -> io::Result<()> {
        let contract = &self.parsed.contract;
        let clauses = counted(contract.clauses.len(), "clause");
        writeln!(out, "{}: contract {:?} is well formed, {clauses}", self.file.display(), contract.id)?;
        writeln!(out, "sha256 {}", self.parsed.sha256)?;
        for lint in self.lints {
            let at = self.at(lint).map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
            let clause = match &lint.at {
                Place::Clause(id) => format!("clause {id:?}: "),
                Place::Key(table, key) => format!("{table}.{key}: "),
                Place::Contract => String::new(),
            };
            writeln!(out, "\n{}{at}: {} [{}]", self.file.display(), lint.weight.name(), lint.rule)?;
            writeln!(out, "  {clause}{}", lint.why)?;
            writeln!(out, "  write: {}", lint.write)?;
        }
        if !self.lints.is_empty() {
            let of = |weight| self.lints.iter().filter(|lint| lint.weight == weight).count();
            let (errors, warnings) = (of(Weight::Error), of(Weight::Warning));
            writeln!(out, "\n{}, {}", counted(errors, "error"), counted(warnings, "warning"))?;
        }
        Ok(())
    }

    pub fn json(&self, out: &mut Page) -> io::Result<()> {
        let lints: Vec<_> =
            self.lints.iter().map(|lint| json!({ "lint": lint, "at": self.at(lint) })).collect();
        let id = &self.parsed.contract.id;
        print_json(&json!({ "contract": id, "sha256": self.parsed.sha256, "lints": lints }), out)
    }

    fn at(&self, lint: &Lint) -> Option<At> {
        locate(self.text, &lint.at)
    }
}

fn counted(count: usize, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}
