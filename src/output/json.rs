//! A report as JSON: exactly the predicate that was signed, indented.

use std::io::{self, Write};

use crate::report::Report;

pub fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}
