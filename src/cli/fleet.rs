//! What is asked about many nodes at once.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::percent;

#[derive(Debug, Subcommand)]
pub enum FleetCommand {
    Plan(PlanArgs),
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
