//! `assay fleet`: many signed reports as one answer. Touches no device.

use jiff::Timestamp;

use super::{Failure, print};
use crate::cli::FleetArgs;
use crate::contract;
use crate::exit::Exit;
use crate::fleet::{self, Span, intake};
use crate::seal::TrustList;

pub fn fleet(args: &FleetArgs, quiet: bool) -> Result<Exit, Failure> {
    let trust = TrustList::load(&args.trust).map_err(Failure::usage)?;
    let contract = contract::parse::load(&args.contract).map_err(Failure::usage)?;
    let terms = intake::Terms { trust: &trust, contract: &contract };
    let intake = intake::read(&args.reports, &terms).map_err(Failure::usage)?;
    let span = Span { since: args.since, as_of: args.as_of.unwrap_or_else(Timestamp::now) };
    let answer = fleet::answer(&contract, intake, span);
    if !quiet {
        print(|out| args.format.render(&answer, out))?;
    }
    Ok(answer.exit())
}
