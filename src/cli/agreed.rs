//! What is agreed before anything is measured: contracts, and the catalogue that they take names from.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::contract::inventory::DEVICES_MOST;
use crate::contract::money::Money;
use crate::contract::when::{Day, When};

#[derive(Debug, Subcommand)]
pub enum ContractCommand {
    New(NewContract),
    /// Check a contract file without measuring anything, and say what it leaves open
    ///
    /// Ends with 2 where something in it cannot be meant so, or where a lease lacks what leases fail without.
    Check {
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the table of a contract that names this signed run as its reference, of which bounds may be shares
    Reference {
        /// The signed report of a good card or node (report.dsse.json)
        report: PathBuf,
        /// A public key that is trusted to sign it; may be given several times
        #[arg(long, value_name = "PUB.pem", required = true)]
        trust: Vec<PathBuf>,
    },
    /// Print the JSON Schema of contract files
    Schema,
}

/// Print a complete, commented contract to start from
///
/// With --sku it is a lease of so many nodes, in the language of --lang, with bounds that healthy cards of that model reach; without, it
/// says what one node must show in a test.
#[derive(Debug, Args)]
pub struct NewContract {
    /// Bounds from what this report measured, less a margin
    #[arg(long, value_name = "REPORT", conflicts_with = "sku")]
    pub from: Option<PathBuf>,
    /// The card that is leased, such as "H200 SXM"; `assay catalogue list` shows all
    #[arg(long, value_name = "NAME")]
    pub sku: Option<String>,
    /// How many nodes are owed
    #[arg(long, value_name = "N", requires = "sku", default_value = "1")]
    pub nodes: NonZeroU32,
    /// How many cards each node holds; where none is given 8, of GB200 and GB300 4, of GH200 1, as nodes of these are built
    #[arg(long, value_name = "N", requires = "sku", value_parser = devices)]
    pub gpus_per_node: Option<NonZeroU32>,
    /// The day by which they are owed; in 30 days where none is given
    #[arg(long, value_name = "YYYY-MM-DD", requires = "sku", value_parser = day)]
    pub due: Option<Day>,
    /// What one card costs for one hour, such as "2.40 USD"
    #[arg(long, value_name = "MONEY", requires = "sku", value_parser = money)]
    pub price: Option<Money>,
    /// The tenant's public key, whose id goes into the contract
    #[arg(long, value_name = "PUB.pem")]
    pub tenant: Option<PathBuf>,
    /// The provider's public key
    #[arg(long, value_name = "PUB.pem")]
    pub provider: Option<PathBuf>,
}

fn devices(text: &str) -> Result<NonZeroU32, String> {
    let devices = text.parse().ok().filter(|devices: &NonZeroU32| devices.get() <= DEVICES_MOST);
    devices.ok_or_else(|| {
        format!(
            "{text:?} is no number of cards from 1 to {DEVICES_MOST}; how many nodes there are is --nodes"
        )
    })
}

fn day(text: &str) -> Result<Day, String> {
    text.parse().map(When).map_err(|_| format!("{text:?} is no day; write for example 2027-01-31"))
}

fn money(text: &str) -> Result<Money, String> {
    Money::try_from(text.to_owned())
}

#[derive(Debug, Subcommand)]
pub enum CatalogueCommand {
    /// Show the cards that the catalogue knows
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one card: every fact with its source and how certain it is, and what healthy cards reach
    Show {
        /// Such as: H200 SXM
        #[arg(required = true)]
        name: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a complete, commented overlay to start from: cards that the catalogue lacks
    New,
    /// Check the built-in catalogue, or an overlay with cards that it lacks
    ///
    /// Every fact must say where it comes from, figures must fit one another, and no band may exceed what the card can do.
    /// Ends with 0 where nothing is wrong, 2 where an overlay has mistakes, 6 where its signature does not hold.
    Check {
        /// The overlay (TOML), or a signed one (overlay.dsse.json)
        file: Option<PathBuf>,
        /// A public key that is trusted to sign overlays; may be given several times
        #[arg(long, value_name = "PUB.pem", requires = "file")]
        trust: Vec<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print an overlay with bands of what the cards of these signed reports reach, to read over, complete and sign
    ///
    /// Cards count that are in order, as `assay certify` says it, and what they are called, by their figures; and of those what is not
    /// worse than the middle of its kind by more than 5 %. What is left out stands as a comment at the top, with why. From the 5th
    /// percentile of the slowest to the 95th of the fastest; certificates and leases that use the overlay call slower cards slow.
    Bands {
        /// Signed reports (report.dsse.json) of healthy cards
        #[arg(required = true, value_name = "REPORT")]
        reports: Vec<PathBuf>,
        /// A public key that is trusted to sign them; may be given several times
        #[arg(long, value_name = "PUB.pem", required = true)]
        trust: Vec<PathBuf>,
        /// What the overlay is about, and of whom it is
        #[arg(long, value_name = "TEXT", default_value = "Bands of our own cards")]
        title: String,
    },
    /// Check and sign an overlay
    Sign {
        /// The overlay (TOML)
        file: PathBuf,
        /// The private key that signs
        #[arg(long, value_name = "KEY.pem")]
        key: PathBuf,
        /// The file to write; must not exist
        #[arg(long, value_name = "FILE", default_value = "overlay.dsse.json")]
        out: PathBuf,
    },
}
