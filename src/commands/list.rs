//! `assay list`: devices, metrics, and what can be simulated.

use super::discover::{self, Found};
use super::{Failure, print};
use crate::cli::ListArgs;
use crate::device::{self, fault::FAULTS};
use crate::evidence::metric::METRICS;
use crate::exit::Exit;
use crate::language::Language;
use crate::output::listing;

pub fn list(args: &ListArgs, language: Language) -> Result<Exit, Failure> {
    if args.metrics {
        return print(|out| listing::metrics(&METRICS, args.json, out.speaking(language)));
    }
    if args.simulated {
        let cards = device::sim::list().map_err(Failure::usage)?;
        return print(|out| listing::simulated(&cards, FAULTS, args.json, out.speaking(language)));
    }
    let program = discover::program()?;
    let found = discover::everything(&program, &discover::NEVER);
    let nvml = listing::Nvml { found: discover::nvml(&program), wanted: discover::has_nvidia(&found) };
    let rows: Vec<_> =
        found.iter().map(|Found { backend, devices, answered: _ }| (*backend, devices)).collect();
    print(|out| listing::devices(&rows, &nvml, args.json, out.speaking(language)))?;
    let usable = found.iter().any(|f| f.devices.as_ref().is_ok_and(|d| !d.is_empty()));
    Ok(if usable { Exit::Pass } else { Exit::Environment })
}
