//! A launch over ssh, where there is no scheduler: plain scripts, for this side and for the nodes.
//!
//! A run belongs to the node and not to the connection: otherwise a try after a broken one would measure beside it.

use std::num::NonZeroU32;

use super::limits::GRACE;
use super::template::fill;
use super::words::{absolute, program, word, words};
use super::{File, Launch, LaunchError};

/// For connecting and for bringing back the results, in seconds.
const TRANSFER: u64 = 300;

/// How nodes are reached.
#[derive(Clone, Copy, Debug)]
pub struct Ssh<'a> {
    /// Here, where the results are brought.
    pub results: &'a str,
    pub assay: &'a str,
    pub key: Option<&'a str>,
    /// How many nodes measure at the same time.
    pub parallel: NonZeroU32,
}

impl Ssh<'_> {
    pub fn files(&self, launch: &Launch<'_>) -> Result<Vec<File>, LaunchError> {
        let key = self.key.map(|key| absolute("--key", key)).transpose()?;
        let seconds = launch.limit.as_secs().max(1);
        let values = [
            ("parallel", self.parallel.to_string()),
            ("results", word(absolute("--results", self.results)?)),
            ("id", launch.id()),
            ("connection", (seconds + GRACE.as_secs() + TRANSFER).to_string()),
            ("contract", launch.contract.name().to_owned()),
            ("retries", launch.retries.to_string()),
            ("assay", word(program("--assay", self.assay)?)),
            ("seconds", seconds.to_string()),
            ("grace", GRACE.as_secs().to_string()),
            ("key", key.map_or(String::new(), |key| words(["--key", key]))),
            ("arguments", words(launch.arguments()?.iter().map(String::as_str))),
        ];
        let script = |name, template| Ok(File { name, bytes: fill(template, &values)? });
        Ok(vec![
            script("launch.sh", include_str!("ssh/launch.sh"))?,
            script("node.sh", include_str!("ssh/node.sh"))?,
            script("remote.sh", include_str!("ssh/remote.sh"))?,
            launch.list(),
            launch.contract.file(),
        ])
    }
}
