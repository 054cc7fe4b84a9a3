//! What `assay contract check` found, as a person or a program reads it.

use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use super::listing::print_json;
use super::page::Page;
use crate::contract::Parsed;
use crate::contract::escaped;
use crate::contract::lint::{Lint, Place, Weight};
use crate::contract::parse::{At, locator};
use crate::language::say;

/// A contract that was read, and the objections to it.
pub struct Found<'a> {
    pub file: &'a Path,
    pub text: &'a str,
    pub parsed: &'a Parsed,
    pub lints: &'a [Lint],
}

impl Found<'_> {
    pub fn text(&self, out: &mut Page) -> io::Result<()> {
        let (l, contract) = (out.language, &self.parsed.contract);
        let (file, id) = (self.file.display().to_string(), escaped(&contract.id));
        let clauses = contract.clauses.len();
        writeln!(out, "{}", say!(l, "lint-well-formed", file = &file, id, clauses))?;
        writeln!(out, "sha256 {}", self.parsed.sha256)?;
        let locate = self.locator();
        for lint in self.lints {
            let at = locate(&lint.at).map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
            let why = match &lint.at {
                Place::Clause(id) => say!(l, "lint-clause", id = escaped(id), why = &lint.why),
                Place::Key(table, key) | Place::Nth(table, _, key) => {
                    format!("{table}.{key}{}{}", say!(l, "list-colon"), lint.why)
                }
                Place::Contract => lint.why.clone(),
            };
            let colon = say!(l, "list-colon");
            writeln!(out, "\n{file}{at}{colon}{} [{}]", lint.weight.said(l), lint.rule)?;
            writeln!(out, "  {why}\n  {}", say!(l, "lint-write", write = &lint.write))?;
        }
        if !self.lints.is_empty() {
            let of = |weight| self.lints.iter().filter(|lint| lint.weight == weight).count();
            let (errors, warnings) = (of(Weight::Error), of(Weight::Warning));
            writeln!(out, "\n{}", say!(l, "lint-counts", errors, warnings))?;
        }
        Ok(())
    }

    pub fn json(&self, out: &mut Page) -> io::Result<()> {
        let locate = self.locator();
        let lints: Vec<_> =
            self.lints.iter().map(|lint| json!({ "lint": lint, "at": locate(&lint.at) })).collect();
        let id = &self.parsed.contract.id;
        print_json(&json!({ "contract": id, "sha256": self.parsed.sha256, "lints": lints }), out)
    }

    fn locator(&self) -> impl Fn(&Place) -> Option<At> {
        locator(&self.file.display().to_string(), self.text)
    }
}
