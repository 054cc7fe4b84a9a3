//! What the tenant demands to be proved, signed, so that no proof can be made before it or for somebody else.
//! Owns the challenge's form and when it counts; must not know how it is answered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::seal::statement::{Kind, StatementError, Subject};
use crate::seal::{Envelope, SecretKey, Verified, sha256_hex};

pub const KIND: Kind = Kind { uri: "https://gpu-assay.dev/challenge/v1", what: "challenge" };
/// Additions keep it, changes of meaning raise it.
pub const FORMAT: u32 = 1;

/// No node has more devices; a limit, so that a hostile file costs little.
pub const GPUS_MAX: u32 = 64;
/// The work of more than an hour is better proved by several challenges.
pub const SECONDS_MAX: u32 = 3600;
/// With more rows nothing is gained, with fewer little is proved.
pub const OPENINGS: std::ops::RangeInclusive<u32> = 64..=65536;
/// Wrong rows of more than 1 % of the work then escape with at most 1 %.
pub const OPENINGS_DEFAULT: u32 = 460;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Challenge {
    pub format: u32,
    /// 32 random bytes, from which everything that must be computed follows.
    #[serde(with = "hex::serde")]
    #[schemars(with = "String", regex(pattern = "^[0-9a-f]{64}$"))]
    pub nonce: [u8; 32],
    /// SHA-256 of the contract file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_sha256: Option<String>,
    /// Which node is to answer, as the parties call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// GPUs that must compute at the same time.
    pub gpus: u32,
    /// RFC 3339.
    pub not_before: String,
    pub expires: String,
    /// Memory that each GPU must hold filled while it computes, in bytes. 0 demands none.
    #[serde(default)]
    pub memory_bytes: u64,
    /// For how long they must compute, in seconds.
    pub at_least_s: u32,
    /// Rows of results that will be asked for, for each GPU.
    pub openings: u32,
}

/// A challenge as it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    pub challenge: Challenge,
    /// SHA-256 of the signed bytes: names this challenge in the protocol and in proofs.
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    #[error("{0}")]
    Statement(#[from] StatementError),
    #[error("{field} is {is}, {must}")]
    Field { field: &'static str, is: String, must: String },
    #[error("the challenge is good from {0} on, which had not come; is the clock right?")]
    TooEarly(String),
    #[error("the challenge expired at {0}; a new one is needed")]
    Expired(String),
}

impl Challenge {
    /// Whether all fields make sense together.
    pub fn check(&self) -> Result<(), ChallengeError> {
        KIND.check_format(self.format, FORMAT)?;
        let within = |field, value: u32, least: u32, most: u32| {
            let must = format!("not a number from {least} to {most}");
            let holds = (least..=most).contains(&value);
            if holds { Ok(()) } else { Err(ChallengeError::Field { field, is: value.to_string(), must }) }
        };
        within("gpus", self.gpus, 1, GPUS_MAX)?;
        within("at_least_s", self.at_least_s, 1, SECONDS_MAX)?;
        within("openings", self.openings, *OPENINGS.start(), *OPENINGS.end())?;
        let [from, until] = self.good()?;
        if from >= until {
            let must = format!("not after not_before, {}", self.not_before);
            return Err(ChallengeError::Field { field: "expires", is: self.expires.clone(), must });
        }
        Ok(())
    }

    /// From when on and until when it may be answered.
    pub fn good(&self) -> Result<[Timestamp; 2], ChallengeError> {
        Ok([time("not_before", &self.not_before)?, time("expires", &self.expires)?])
    }

    /// Signs it.
    pub fn seal(&self, key: &SecretKey) -> Result<Envelope, ChallengeError> {
        self.check()?;
        Ok(Envelope::seal(&KIND.encode(self.subjects()?, self)?, key))
    }

    /// The nonce, and the contract where one is named.
    fn subjects(&self) -> Result<Vec<Subject>, StatementError> {
        let nonce = Subject::new("nonce", sha256_hex(&self.nonce));
        let contract = self.contract_sha256.iter().map(|sha256| Subject::new("contract", sha256.clone()));
        Ok([nonce].into_iter().chain(contract).collect())
    }
}

impl Issued {
    pub fn from_verified(verified: &Verified) -> Result<Self, ChallengeError> {
        Self::read(verified.bytes())
    }

    /// For those who answer, to whom it does not matter who asks: nobody has checked who signed it.
    pub fn unchecked(envelope: &Envelope) -> Result<Self, ChallengeError> {
        Self::read(&KIND.payload(envelope.unchecked())?)
    }

    fn read(bytes: &[u8]) -> Result<Self, ChallengeError> {
        let challenge = KIND.read(bytes, Challenge::check, Challenge::subjects)?;
        Ok(Self { challenge, sha256: sha256_hex(bytes) })
    }

    /// Names this host in answers to this challenge, and tells others nothing: SHA-256 of the nonce and the id that the
    /// kernel draws at each boot. `None` where there is no such id.
    pub fn host_sha256(&self) -> Option<String> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(sha256_hex(&[self.challenge.nonce.as_slice(), boot.trim().as_bytes()].concat()))
    }

    /// Whether it may be answered at this time.
    pub fn is_good_at(&self, now: Timestamp) -> Result<(), ChallengeError> {
        let [from, until] = self.challenge.good()?;
        if now < from {
            return Err(ChallengeError::TooEarly(self.challenge.not_before.clone()));
        }
        if now >= until {
            return Err(ChallengeError::Expired(self.challenge.expires.clone()));
        }
        Ok(())
    }
}

/// The JSON Schema of the whole statement that is signed.
pub fn schema() -> String {
    KIND.schema::<Challenge>()
}

fn time(field: &'static str, text: &str) -> Result<Timestamp, ChallengeError> {
    let must = || "not a time such as 2026-01-31T12:00:00Z".to_owned();
    text.parse().map_err(|_| ChallengeError::Field { field, is: format!("{text:?}"), must: must() })
}
