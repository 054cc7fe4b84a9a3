//! What is asked about many nodes at once.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;

use super::launch::LaunchCommand;
use super::percent;
use crate::output::fleet::Form;

/// Count many reports: what was promised, what came, what is good, which cards are not, what is due
///
/// Each report is verified and judged again from its samples. Ends with 0 where all that is due is accepted, 1 where nodes are missing
/// or rejected, 3 where some are undecided, 5 where one card is in two nodes or the samples of one run pass for those of another
/// node or time (the same report twice counts once), 6 where a signature or a figure does not hold.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct FleetArgs {
    #[command(subcommand)]
    pub command: Option<FleetCommand>,
    #[command(flatten)]
    pub count: Option<CountArgs>,
}

#[derive(Debug, Args)]
pub struct CountArgs {
    /// Signed reports, directories that hold some, *.jsonl files with one in each line, or - for such lines on standard input
    #[arg(value_name = "REPORTS", required = true)]
    pub reports: Vec<PathBuf>,
    /// The contract that they must have been judged by
    #[arg(long, short, value_name = "FILE")]
    pub contract: PathBuf,
    /// A public key that is trusted to sign reports; may be given several times
    #[arg(long, value_name = "PUB.pem", required = true)]
    pub trust: Vec<PathBuf>,
    /// A challenge that reports answer, or a directory with *.json files that hold some; may be given several times. Those beside
    /// reports, as `assay run` keeps them, are found without it
    #[arg(long, value_name = "FILE")]
    pub challenge: Vec<PathBuf>,
    /// All nodes that there are to be, one name a line: says which never reported. Reports of others are named and do not count
    #[arg(long, value_name = "FILE")]
    pub nodes: Option<PathBuf>,
    /// The day or the moment by which to count, such as 2027-01-31; now where none is given
    #[arg(long, value_name = "WHEN", value_parser = end_of)]
    pub as_of: Option<Timestamp>,
    /// Count only reports and proofs from this day or moment on
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

#[derive(Debug, Subcommand)]
pub enum FleetCommand {
    Inventory(OfferArgs),
    Plan(PlanArgs),
    #[command(subcommand)]
    Launch(LaunchCommand),
}

/// Sum inventory certificates: so many cards of each class, by what they reach
///
/// Of each node the newest certificate counts, and each card once, as the newest certificate of all nodes has it; one that shows a
/// fault counts against older ones even after it lapsed. Cards that are slower than healthy ones, faulty, parts of a card or like none
/// of the catalogue are set aside and named: what is summed is what can be offered. Where names of cards are hidden behind several
/// salts, only those behind the salt of most cards are summed. Ends with 0 where there is such a card and every
/// certificate counts, 3 where one does not cover the moment or is behind another salt, or nothing can be offered, 5 where one card is
/// in two nodes, 6 where a signature does not hold.
#[derive(Debug, Args)]
pub struct OfferArgs {
    /// Inventory certificates, directories that hold some, *.jsonl files with one in each line, or - for such lines on standard
    /// input
    #[arg(value_name = "CERTIFICATES", required = true)]
    pub certificates: Vec<PathBuf>,
    /// A public key that is trusted to certify; may be given several times
    #[arg(long, value_name = "PUB.pem", required = true)]
    pub trust: Vec<PathBuf>,
    /// The day or the moment that certificates must cover, such as 2027-01-31; now where none is given
    #[arg(long, value_name = "WHEN", value_parser = end_of)]
    pub as_of: Option<Timestamp>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Say how many nodes to test where not all can be, when to accept the lot, and which nodes to draw
///
/// Prints the smallest sample that keeps both risks, and the same test one node at a time, which is over sooner. All chances
/// are exact. The nodes are drawn by a seed that nobody knew when they were named: agree beforehand on a public random
/// value of a later day, so that both parties can draw again.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// How many nodes are accepted or rejected together
    #[arg(long, value_name = "N", value_parser = lot)]
    pub lot: u32,
    /// The share of bad nodes that is still good: such a lot should be accepted
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub aql: f64,
    /// The share of bad nodes that is bad: such a lot should be rejected
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub ltpd: f64,
    /// The chance, at most, that a good lot is rejected
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "5%")]
    pub producer_risk: f64,
    /// The chance, at most, that a bad lot is accepted
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "5%")]
    pub consumer_risk: f64,
    /// All nodes of the lot, one name a line, as the provider named them
    #[arg(long, value_name = "FILE", requires = "seed")]
    pub nodes: Option<PathBuf>,
    /// What draws them: any text that became known after the nodes were named
    #[arg(long, value_name = "TEXT", requires = "nodes", value_parser = seed)]
    pub seed: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

fn lot(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("{text:?} is no number of nodes; write for example 330"))
}

fn seed(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("a seed is not blank; give a text that nobody knew when the nodes were named".to_owned());
    }
    Ok(text.to_owned())
}
