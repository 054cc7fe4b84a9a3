//! What both parties sign: which nodes are accepted under a contract, by which reports, with which waivers, and what is due.
//! Owns the certificate's form and who has signed it; must not know files. Whoever signs draws it up again first.

pub mod choices;
pub mod draft;
pub mod recheck;

use serde::{Deserialize, Serialize};

use crate::contract::Verdict;
use crate::contract::when::Moment;
use crate::contract::{Contract, Parties, Party};
use crate::device::ProvenanceKind;
use crate::exit::Exit;
use crate::fleet::delivery::Milestone;
use crate::fleet::money::Money;
use crate::fleet::nodes::State;
use crate::fleet::over::OverFleet;
use crate::fleet::proofs::ProofSummary;
use crate::fleet::waivers::Waiver;
use crate::fleet::{Counts, DUPLICATE, Doubts, standing};
use crate::report::TrustLevel;
use crate::seal::statement::{Kind, StatementError, Subject};
use crate::seal::{Envelope, KeyId, SecretKey, Verified};

pub const KIND: Kind = Kind { uri: "https://gpu-assay.dev/acceptance/v1", what: "acceptance certificate" };
/// Additions keep it, changes of meaning raise it.
pub const FORMAT: u32 = 2;

/// All of it follows from the contract, the reports and what was decided: see [`draft`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Certificate {
    pub format: u32,
    pub tool_version: String,
    pub contract: ContractName,
    /// The keys whose signatures make it whole.
    pub parties: Signatories,
    pub decision: Decision,
    /// Up to which moment nodes, days and money are counted.
    pub as_of: Moment,
    /// Reports that began before it do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// Where the nodes were named beforehand: who never reported. Nodes below are all of the list then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<NodeList>,
    pub counts: Counts,
    pub milestones: Vec<Milestone>,
    /// How many nodes meet each `must` clause.
    pub clauses: Vec<ClauseTally>,
    /// Clauses that no single node decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over_fleet: Vec<OverFleet>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<Waiver>,
    pub nodes: Vec<NodeDecision>,
    /// `None` where the contract names no price.
    pub money: Option<Money>,
    /// SHA-256 of the 32 bytes that hide the names of cards.
    pub salt_sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ContractName {
    pub id: String,
    /// SHA-256 of the contract file's bytes.
    pub sha256: String,
}

/// A list of nodes that the provider was held to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NodeList {
    /// Of the sorted names, each with a line break.
    pub sha256: String,
    pub nodes: u32,
    pub never_reported: Vec<String>,
}

/// The parties' keys, as the contract names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Signatories {
    pub tenant: KeyId,
    pub provider: KeyId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Decision {
    /// The nodes that are accepted below are taken over as delivered. Nothing is said of those that are not.
    Accepted,
    /// Nothing is taken over.
    Refused { reason: String },
}

/// Nodes by how they stand to one clause; together they are all that were delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClauseTally {
    pub clause: String,
    pub met: u32,
    pub waived: u32,
    pub failed: u32,
    pub undecided: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NodeDecision {
    pub name: String,
    pub state: State,
    /// SHA-256 of the signed bytes of the report that decides.
    pub report_sha256: Option<String>,
    /// How far that report can be trusted by itself.
    pub level: Option<TrustLevel>,
    /// SHA-256 of the challenge that this report answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge_sha256: Option<String>,
    /// What was proved of the node to a witness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofSummary>,
    /// By the machine's own clock.
    pub first_report: Option<Moment>,
    pub cards: Vec<CardName>,
    /// Why it is not accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Grounds>,
    /// What it lacks and need not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<Grounds>,
}

/// A clause that is not met on a node, or a doubt about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Grounds {
    /// Selector and name of the card, or its hidden id where another node has it too; absent where it is the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    pub clause: String,
    pub verdict: Verdict,
    /// In English, whoever signs.
    pub because: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CardName {
    pub selector: String,
    pub name: String,
    /// Absent where the device was never opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ProvenanceKind>,
    /// HMAC-SHA256 of `uuid ...` and `serial ...` under the salt: who knows the salt can say which card it is.
    pub hidden_ids: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("{0}")]
    Statement(#[from] StatementError),
    #[error(
        "the certificate is of format {0}, this program reads format {FORMAT}; get a version that reads it"
    )]
    Format(u32),
    #[error(
        "the contract does not name the key of the {0}; write key_sha256 = \"...\" under [parties.{0}], as `assay key show` \
         prints it"
    )]
    NoKey(&'static str),
    #[error("one key is named for both parties; nobody signs a contract with himself")]
    OneKey,
}

/// Which of the two parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Tenant,
    Provider,
}

impl Role {
    pub const BOTH: [Role; 2] = [Role::Tenant, Role::Provider];

    pub fn name(self) -> &'static str {
        match self {
            Role::Tenant => "tenant",
            Role::Provider => "provider",
        }
    }
}

impl Signatories {
    pub fn of(contract: &Contract) -> Result<Self, CertificateError> {
        let Parties { tenant, provider } = &contract.parties;
        let key = |party: &Option<Party>, role: Role| {
            let key = party.as_ref().and_then(|party| party.key_sha256.clone());
            key.ok_or(CertificateError::NoKey(role.name()))
        };
        let (tenant, provider) = (key(tenant, Role::Tenant)?, key(provider, Role::Provider)?);
        if tenant == provider {
            return Err(CertificateError::OneKey);
        }
        Ok(Self { tenant, provider })
    }

    pub fn key(&self, role: Role) -> &KeyId {
        match role {
            Role::Tenant => &self.tenant,
            Role::Provider => &self.provider,
        }
    }

    /// The party whose key it is.
    pub fn role(&self, key: &KeyId) -> Option<Role> {
        Role::BOTH.into_iter().find(|role| self.key(*role) == key)
    }
}

impl Certificate {
    /// Signs it for the first time; [`Envelope::countersign`] adds the other party's signature.
    pub fn seal(&self, key: &SecretKey) -> Result<Envelope, CertificateError> {
        Ok(Envelope::seal(&KIND.encode(self.subjects(), self)?, key))
    }

    pub fn from_verified(verified: &Verified) -> Result<Self, CertificateError> {
        let readable = |certificate: &Self| match certificate {
            Self { format: FORMAT, parties, .. } if parties.tenant == parties.provider => {
                Err(CertificateError::OneKey)
            }
            Self { format: FORMAT, .. } => Ok(()),
            Self { format, .. } => Err(CertificateError::Format(*format)),
        };
        KIND.read(verified.bytes(), readable, |certificate| Ok(certificate.subjects()))
    }

    /// Parties whose keys signed these bytes, of those that are trusted.
    pub fn signed_by(&self, verified: &Verified) -> Vec<Role> {
        let signers: Vec<&KeyId> = verified.signers().collect();
        Role::BOTH.into_iter().filter(|role| signers.contains(&self.parties.key(*role))).collect()
    }

    /// The names of the list, where there was one: those that never reported and those that did.
    pub fn names(&self) -> Option<Vec<&str>> {
        let never = self.list.as_ref()?.never_reported.iter();
        Some(never.chain(self.nodes.iter().map(|node| &node.name)).map(String::as_str).collect())
    }

    pub fn is_refused(&self) -> bool {
        matches!(self.decision, Decision::Refused { .. })
    }

    /// Whether all that was due is accepted: as the fleet's answer ended that it was drawn up from.
    pub fn exit(&self) -> Exit {
        let is_double = self.nodes.iter().flat_map(|node| &node.reasons).any(|why| why.clause == DUPLICATE);
        let never = self.list.as_ref().is_some_and(|list| !list.never_reported.is_empty());
        let standing =
            standing(&self.counts, &self.milestones, &self.over_fleet, Doubts { is_double, never });
        if self.is_refused() { standing.worst(Exit::Fail) } else { standing }
    }

    /// Nodes that were only simulated: whatever was signed, nothing was delivered.
    pub fn simulated(&self) -> usize {
        let is_simulated = |card: &CardName| card.kind == Some(ProvenanceKind::Simulated);
        self.nodes.iter().filter(|node| node.cards.iter().any(is_simulated)).count()
    }

    /// The contract, each report that decides on a node, and what stands behind it.
    fn subjects(&self) -> Vec<Subject> {
        let contract = Subject::new(format!("contract:{}", self.contract.id), self.contract.sha256.clone());
        let of_nodes = self.nodes.iter().flat_map(|node| {
            let proof = node.proof.as_ref().map(|proof| &proof.sha256);
            [
                ("report", node.report_sha256.as_ref()),
                ("challenge", node.challenge_sha256.as_ref()),
                ("proof", proof),
            ]
            .into_iter()
            .filter_map(|(what, sha256)| Some(Subject::new(format!("{what}:{}", node.name), sha256?.clone())))
        });
        std::iter::once(contract).chain(of_nodes).collect()
    }
}

/// The JSON Schema of the whole statement that is signed.
pub fn schema() -> String {
    KIND.schema::<Certificate>()
}
