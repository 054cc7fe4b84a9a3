//! `assay render`: a report in another form.

use super::check::read_unverified;
use super::{Failure, print};
use crate::cli::RenderArgs;
use crate::exit::Exit;
use crate::language::Language;

pub fn render(args: &RenderArgs, language: Language) -> Result<Exit, Failure> {
    let report = read_unverified(&args.report)?;
    print(|out| args.format.render(&report, out.speaking(language)))
}
