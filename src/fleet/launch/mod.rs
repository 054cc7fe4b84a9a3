//! Ready job files that measure every node of a list: by Slurm, by Kubernetes, or over ssh.
//! Owns what they have in common; must not write files or know the command line.
//!
//! What comes from outside stands in a script as one quoted word and in YAML as one quoted string, and in no comment.

pub mod kubernetes;
pub mod limits;
pub mod missing;
pub mod node;
pub mod slurm;
pub mod ssh;
mod template;
pub mod words;

use std::time::Duration;

use crate::seal::sha256_hex;
use node::NodeName;

/// What is to be run on every node, whoever starts it.
#[derive(Clone, Debug)]
pub struct Launch<'a> {
    pub nodes: Vec<NodeName<'a>>,
    pub contract: Contract,
    /// How long a run may take before it is told to stop.
    pub limit: Duration,
    /// How often a run that left no report is tried again.
    pub retries: u32,
    /// Further arguments of `assay run`.
    pub arguments: Vec<String>,
}

/// The contract's own bytes, which its digest is of.
#[derive(Clone, Debug)]
pub struct Contract {
    pub bytes: Vec<u8>,
    pub is_json: bool,
}

/// One file of a launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub name: &'static str,
    pub bytes: Vec<u8>,
}

/// Why there can be no such launch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LaunchError {
    #[error("line {line} names {name:?}, and {why}")]
    Node { line: usize, name: String, why: &'static str },
    #[error("{option} {value:?} {why}")]
    Value { option: &'static str, value: String, why: &'static str },
    #[error("a template has no value for {0:?}")]
    Unfilled(String),
}

impl Contract {
    /// What the copy is called: the ending tells in which form it is.
    pub fn name(&self) -> &'static str {
        if self.is_json { "contract.json" } else { "contract.toml" }
    }

    fn file(&self) -> File {
        File { name: self.name(), bytes: self.bytes.clone() }
    }
}

impl Launch<'_> {
    fn list(&self) -> File {
        let names = self.nodes.iter().flat_map(|node| [node.as_str(), "\n"]);
        File { name: "nodes.txt", bytes: names.collect::<String>().into_bytes() }
    }

    /// Tells this launch from others: the same nodes, contract and arguments have the same.
    fn id(&self) -> String {
        let arguments = self.arguments.iter().flat_map(|argument| [argument.as_bytes(), b"\0"]);
        let parts = [self.list().bytes, b"\0".to_vec(), self.contract.bytes.clone(), b"\0".to_vec()];
        let mut bytes = parts.concat();
        bytes.extend(arguments.flatten());
        sha256_hex(&bytes).chars().take(12).collect()
    }

    /// Checked for what no place can take.
    fn arguments(&self) -> Result<&[String], LaunchError> {
        self.arguments.iter().try_for_each(|argument| words::plain("the argument", argument).map(drop))?;
        Ok(&self.arguments)
    }
}
