//! `assay timestamp`: what a time-stamping authority is asked.

use super::results::write_new;
use super::{Failure, tell};
use crate::cli::TimestampArgs;
use crate::exit::Exit;
use crate::files;
use crate::fleet::launch::words;
use crate::language::{Language, say};
use crate::output::listing::entry;
use crate::seal::envelope::FILE_BYTES_MAX;
use crate::seal::timestamp::{TimestampError, request};

/// Of the names before the values.
const NAMES: usize = 7;

pub fn timestamp(args: &TimestampArgs, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let shown = args.file.display();
    let file = files::read_at_most(&args.file, FILE_BYTES_MAX as u64);
    let file = file.map_err(|why| Failure::usage(format!("{shown} cannot be read: {why}")))?;
    let request = request(&file).map_err(|e| {
        let exit = match e {
            TimestampError::NoRandom(_) => Exit::Environment,
            TimestampError::Encoding(_) => Exit::Bug,
        };
        Failure::new(exit, e.to_string())
    })?;
    let out = args.out.clone().unwrap_or_else(|| args.file.with_added_extension("tsq"));
    write_new(&out, &request)?;
    tell(quiet, |to| {
        let (request, bytes, file) = (out.display().to_string(), file.len().to_string(), shown.to_string());
        let [asked, answer] = [&out, &args.file.with_added_extension("tsr")]
            .map(|path| words::shown(&path.display().to_string()));
        let next = format!(
            "curl -H 'Content-Type: application/timestamp-query' --data-binary @{asked} URL > {answer}"
        );
        let request = say!(language, "stamp-request", request = request, bytes = bytes, file = file);
        entry(&say!(language, "name-request"), NAMES, request, to)?;
        entry(&say!(language, "name-next"), NAMES, next, to)
    })
}
