//! A launch by Slurm: a job for each node.
//!
//! Not one array for all. Its tasks can be pinned, by `scontrol update` while they are held; but once Slurm finds that one
//! task cannot start, it passes over the rest of the array, so that one node that is down would hold up all others. No prolog
//! or epilog is needed: those of the site run around every try, and what one try leaves behind the next one seals.

use std::time::Duration;

use super::limits::{self, GRACE};
use super::template::fill;
use super::words::{absolute, plain, program, word, words};
use super::{File, Launch, LaunchError};

/// The signal that announces the end may come so much earlier than it is asked for.
const EARLY: Duration = Duration::from_secs(60);

/// How the cluster is to be used.
#[derive(Clone, Copy, Debug)]
pub struct Slurm<'a> {
    /// Where all nodes write.
    pub results: &'a str,
    pub assay: &'a str,
    pub key: Option<&'a str>,
    /// Generic resources, such as `gpu:8`.
    pub gres: Option<&'a str>,
    /// When a job that has not ended gives up.
    pub within: Option<Duration>,
}

impl Slurm<'_> {
    pub fn files(&self, launch: &Launch<'_>) -> Result<Vec<File>, LaunchError> {
        // Slurm counts in minutes.
        let minutes = (launch.limit + GRACE + EARLY).as_secs().div_ceil(60);
        let limit = Duration::from_secs(60 * minutes);
        let within = self.within.unwrap_or_else(|| limits::whole(limit, launch.retries));
        if within < limit {
            return Err(LaunchError::Value {
                option: "--within",
                value: format!("{} s", within.as_secs()),
                why: "is shorter than one try, whose --time Slurm is given with two minutes more; give a longer one",
            });
        }
        let key = self.key.map(|key| absolute("--key", key)).transpose()?;
        let values = [
            ("id", launch.id()),
            ("minutes", minutes.to_string()),
            ("grace", GRACE.as_secs().to_string()),
            ("within", within.as_secs().to_string()),
            ("gres", gres(self.gres)?),
            ("assay", word(program("--assay", self.assay)?)),
            ("results", word(absolute("--results", self.results)?)),
            ("retries", launch.retries.to_string()),
            ("contract", launch.contract.name().to_owned()),
            ("key", key.map_or(String::new(), |key| words(["--key", key]))),
            ("arguments", words(launch.arguments()?.iter().map(String::as_str))),
        ];
        Ok(vec![
            File { name: "assay.sbatch", bytes: fill(include_str!("slurm/assay.sbatch"), &values)? },
            File { name: "submit.sh", bytes: fill(include_str!("slurm/submit.sh"), &values)? },
            launch.list(),
            launch.contract.file(),
        ])
    }
}

/// The line that asks for it. Such lines are no shell, so that nothing can be quoted in them.
fn gres(gres: Option<&str>) -> Result<String, LaunchError> {
    let Some(gres) = gres else { return Ok(String::new()) };
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | ',' | '=' | '/');
    if plain("--gres", gres)?.chars().all(good) {
        return Ok(format!("#SBATCH --gres={gres}"));
    }
    let why = "names no generic resources; write for example gpu:8 or gpu:h100:8";
    Err(LaunchError::Value { option: "--gres", value: gres.to_owned(), why })
}
