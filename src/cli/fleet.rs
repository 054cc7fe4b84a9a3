//! Many nodes: counting their reports.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::output::fleet::Form;

/// Count many reports: what was promised, what came, what is good, which cards are not, what is due
///
/// Each report is verified and judged again from its samples. Ends with 0 where all that is due is accepted, 1 where nodes are missing
/// or rejected, 3 where some are undecided, 5 where one card is in two nodes or a report was copied, 6 where a signature or a figure
/// does not hold.
#[derive(Debug, Args)]
pub struct FleetArgs {
    /// Signed reports, directories that hold some, *.jsonl files with one in each line, or - for such lines on standard input
    #[arg(value_name = "REPORTS", required = true)]
    pub reports: Vec<PathBuf>,
    /// The contract that they must have been judged by
    #[arg(long, short, value_name = "FILE")]
    pub contract: PathBuf,
    /// A public key that is trusted to sign reports; may be given several times
    #[arg(long, value_name = "PUB.pem", required = true)]
    pub trust: Vec<PathBuf>,
    /// The day or the moment by which to count, such as 2027-01-31; now where none is given
    #[arg(long, value_name = "WHEN", value_parser = end_of)]
    pub as_of: Option<Timestamp>,
    /// Count only reports from this day or moment on
    #[arg(long, value_name = "WHEN", value_parser = begin_of)]
    pub since: Option<Timestamp>,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = Form::Human)]
    pub format: Form,
}

/// A day counts until its end.
fn end_of(text: &str) -> Result<Timestamp, String> {
    moment(text, |day| day.at(23, 59, 59, 999_999_999))
}

fn begin_of(text: &str) -> Result<Timestamp, String> {
    moment(text, |day| day.at(0, 0, 0, 0))
}

fn moment(text: &str, of_day: fn(Date) -> jiff::civil::DateTime) -> Result<Timestamp, String> {
    let hint =
        || format!("{text:?} is no day and no moment; write for example 2027-01-31 or 2027-01-31T06:00:00Z");
    match text.parse::<Date>() {
        Ok(day) if !text.contains('T') => jiff::tz::Offset::UTC.to_timestamp(of_day(day)).map_err(|_| hint()),
        _ => text.parse().map_err(|_| hint()),
    }
}
