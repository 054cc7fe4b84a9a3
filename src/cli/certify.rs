//! What is asked of whoever certifies cards.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{RunArgs, time};
use crate::engine::Profile;
use crate::output::Format;

/// Certify what the cards of this node are and can do, without a contract
///
/// Runs every probe, signs the report, and beside it an inventory certificate: each card's class by its figures, whatever it is
/// called, what it reaches against datasheet and healthy cards, its faults, and until when that is said. `assay fleet inventory`
/// sums certificates; a later run is compared with one by `assay compare`. Ends with 0 where every card is like healthy cards
/// of its class, 1 where one is slower or faulty, 3 where one is like no card of the
/// catalogue, could not be compared, is a part of a card, or was not measured whole (a quick profile fills 1 GiB of memory, so that no
/// card is in order by it), 5 where sources disagree about one.
#[derive(Debug, Args)]
pub struct CertifyArgs {
    /// The private key of whoever certifies
    #[arg(long, value_name = "KEY.pem")]
    pub key: PathBuf,
    /// Certify what this signed report measured, instead of measuring
    #[arg(
        long,
        value_name = "REPORT",
        requires = "trust",
        conflicts_with_all = ["device", "profile", "duration", "soak", "salt", "node", "format", "hang_after"]
    )]
    pub report: Option<PathBuf>,
    /// A public key that is trusted to sign that report; may be given several times
    #[arg(long, value_name = "PUB.pem", requires = "report")]
    pub trust: Vec<PathBuf>,
    /// For how long that is said, from the start of the run on
    #[arg(long, value_name = "TIME", value_parser = validity, default_value = "90d")]
    pub valid: Duration,
    /// Directory for the results; must not hold a certificate already [default: assay-inventory-TIME]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// A device to certify, as `assay list` names it; may be given several times [default: as in `assay run`]
    #[arg(long, short, value_name = "SELECTOR")]
    pub device: Vec<String>,
    /// How thoroughly to measure
    #[arg(long, value_enum, default_value_t = Profile::Standard)]
    pub profile: Profile,
    /// Time to sample each case [default: as in `assay run`]
    #[arg(long, value_name = "TIME", value_parser = super::duration)]
    pub duration: Option<Duration>,
    /// Also keep up a full load for so long, such as 10m or 24h [default: as in `assay run`]
    #[arg(long, value_name = "TIME", value_parser = super::soak)]
    pub soak: Option<Duration>,
    /// Hide UUIDs and serial numbers behind the salt in this file, as in `assay run`
    #[arg(long, value_name = "FILE")]
    pub salt: Option<PathBuf>,
    /// What this node is called where many are counted
    #[arg(long, value_name = "NAME", value_parser = super::node_name)]
    pub node: Option<String>,
    /// Also write the report in these forms, separated by commas; may be given several times
    #[arg(long, value_enum, value_name = "FORMAT", value_delimiter = ',')]
    pub format: Vec<Format>,
    /// Give up on a device that shows no sign of life for so long
    #[arg(long, value_name = "TIME", value_parser = super::duration, default_value = "60s")]
    pub hang_after: Duration,
}

impl CertifyArgs {
    /// The run that measures for it, into that directory.
    pub fn run(&self, out: PathBuf) -> RunArgs {
        RunArgs {
            contract: None,
            device: self.device.clone(),
            profile: self.profile,
            probe: Vec::new(),
            one_at_a_time: false,
            duration: self.duration,
            soak: self.soak,
            measure_only: true,
            key: Some(self.key.clone()),
            salt: self.salt.clone(),
            node: self.node.clone(),
            challenge: None,
            out: Some(out),
            resume: None,
            events: None,
            format: self.format.clone(),
            hang_after: self.hang_after,
            seed: None,
        }
    }
}

/// Cards age; what was measured years ago says nothing.
fn validity(text: &str) -> Result<Duration, String> {
    time(text, Duration::from_secs(3600), Duration::from_secs(366 * 86_400), "24h, 30d or 90d")
}
