//! A run that answers a challenge: begun after it was issued, with data drawn from it.
//! Owns what makes a report fresh. It shows that an honest report is no older than the challenge: no sample is tied to it, so whoever
//! writes a report by hand may name any.

use jiff::Timestamp;

use super::challenge::{Challenge, ChallengeError, Issued};
use crate::evidence::RunInfo;
use crate::seal::sha256_hex;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    #[error("it answers another challenge, or none")]
    Other,
    #[error("its data are not drawn from the challenge that it names")]
    Seed,
    #[error("it began at {0:?}, which is no time")]
    Time(String),
    #[error("it began when {0}")]
    When(#[from] ChallengeError),
    #[error("the challenge is for the contract {challenge}, the run was for {run}")]
    Contract { challenge: String, run: String },
    #[error("the challenge is for the node {challenge:?}, the run was told {run}")]
    Node { challenge: String, run: String },
    #[error("the challenge demands {demanded} GPUs, the run has {has}")]
    Devices { demanded: u32, has: usize },
}

impl Challenge {
    /// What all data of a run that answers it are drawn from.
    pub fn run_seed(&self) -> u64 {
        let digest = sha256_hex(&[b"assay run seed".as_slice(), &self.nonce].concat());
        u64::from_str_radix(&digest[..16], 16).unwrap_or_default()
    }
}

/// Whether the run answers the challenge. Its start is by the machine's own clock.
pub fn check(run: &RunInfo, issued: &Issued) -> Result<(), Unanswered> {
    let Issued { challenge, sha256 } = issued;
    if run.challenge_sha256.as_ref() != Some(sha256) {
        return Err(Unanswered::Other);
    }
    if run.seed != format!("{:016x}", challenge.run_seed()) {
        return Err(Unanswered::Seed);
    }
    let started: Timestamp =
        run.started.parse().map_err(|_| Unanswered::Time(run.started.chars().take(64).collect()))?;
    issued.is_good_at(started)?;
    let named = |text: &Option<String>| text.as_ref().map_or("none".to_owned(), |text| format!("{text:?}"));
    if let Some(demanded) = challenge.contract_sha256.as_ref()
        && run.contract_sha256.as_ref() != Some(demanded)
    {
        let challenge = demanded.clone();
        return Err(Unanswered::Contract { challenge, run: named(&run.contract_sha256) });
    }
    if let Some(node) = challenge.node.as_ref()
        && run.node.as_ref() != Some(node)
    {
        return Err(Unanswered::Node { challenge: node.clone(), run: named(&run.node) });
    }
    let (demanded, has) = (challenge.gpus, run.selectors.len());
    if has < demanded as usize {
        return Err(Unanswered::Devices { demanded, has });
    }
    Ok(())
}
