//! What is asked of a party that accepts or refuses.

use std::path::PathBuf;

use clap::Args;

use super::fleet::CountArgs;
use crate::fleet::waivers::Waiver;

/// Accept or refuse what was delivered, in a certificate that both parties sign
///
/// The first party draws it up: all nodes as `assay fleet` counts them, which reports decide, what was waived, what is due.
/// The other one runs the same with --countersign and the same choices (--waive, --refuse, --as-of, --since, --nodes), which draws
/// it up again from its own copies of contract and reports, and signs only what is equal; the refusal names the first party's choices
/// where they are others. No day to come can be counted by. The contract must name both keys. UUIDs and serial numbers are hidden
/// behind a salt that the parties share. Ends with 0 where all that is due is accepted, else like `assay fleet`; the certificate is signed then too,
/// and says so.
#[derive(Debug, Args)]
pub struct AcceptArgs {
    #[command(flatten)]
    pub count: CountArgs,
    /// The private key of the party that signs, one of the two that the contract names
    #[arg(long, value_name = "PARTY.pem")]
    pub key: PathBuf,
    /// Where the certificate goes; must not be there yet
    #[arg(long, value_name = "FILE", default_value = "acceptance.dsse.json")]
    pub out: PathBuf,
    /// A clause that nodes need not meet to be accepted, and why: CLAUSE=REASON, or CLAUSE@NODE=REASON for one node. Credits
    /// and price cuts for it stay due. May be given several times
    #[arg(long, value_name = "CLAUSE=REASON")]
    pub waive: Vec<Waiver>,
    /// Refuse everything, for this reason
    #[arg(long, value_name = "REASON", value_parser = reason)]
    pub refuse: Option<String>,
    /// Add a signature to this certificate, if the same follows from these reports and options. Without --as-of it must be counted by
    /// today, and no report be newer
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    pub countersign: Option<PathBuf>,
    /// The file of the salt, made by the party that signs first [default: the contract's name with .salt]
    #[arg(long, value_name = "FILE")]
    pub salt: Option<PathBuf>,
}

fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a refusal without a reason helps nobody; write why".to_owned()),
        text => Ok(text.to_owned()),
    }
}
