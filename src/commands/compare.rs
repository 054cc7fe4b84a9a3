//! `assay compare`: what became worse between two reports of the same machine. Touches no device.

use std::path::Path;

use super::check::{read_trusted, read_unverified};
use super::{Failure, print};
use crate::cli::CompareArgs;
use crate::exit::Exit;
use crate::output::comparison;
use crate::report::Report;
use crate::report::compare::compare as compared;
use crate::seal::TrustList;

pub fn compare(args: &CompareArgs, quiet: bool) -> Result<Exit, Failure> {
    let trust = TrustList::load(&args.trust).map_err(Failure::usage)?;
    let is_verified = !args.trust.is_empty();
    let read = |path: &Path| -> Result<Report, Failure> {
        if is_verified { read_trusted(path, &trust) } else { read_unverified(path) }
    };
    let comparison = compared(&read(&args.before)?, &read(&args.after)?, args.width);
    if !quiet {
        print(|out| {
            if args.json {
                comparison::json(&comparison, is_verified, out)
            } else {
                comparison::human(&comparison, is_verified, out)
            }
        })?;
    }
    Ok(comparison.exit())
}
