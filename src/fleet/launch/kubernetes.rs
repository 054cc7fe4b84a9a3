//! A launch by Kubernetes: a Job for each node, the contract beside them, and the image's recipe.

use std::num::NonZeroU32;
use std::time::Duration;

use base64::Engine as _;

use super::limits::{self, GRACE};
use super::node::NodeName;
use super::template::fill;
use super::words::{plain, yaml};
use super::{File, Launch, LaunchError};

/// For pulling the image, which counts as time of the pod.
const PULL: Duration = Duration::from_secs(600);

/// What the cluster has.
#[derive(Clone, Copy, Debug)]
pub struct Kubernetes<'a> {
    pub image: &'a str,
    /// The volume claim that results go to.
    pub claim: &'a str,
    /// The secret that holds `key.pem`.
    pub key_secret: Option<&'a str>,
    /// Of every node.
    pub gpus: NonZeroU32,
    /// What a GPU, or a part of one, is called as a resource.
    pub resource: &'a str,
    /// When a Job that has not ended gives up.
    pub within: Option<Duration>,
}

impl Kubernetes<'_> {
    pub fn files(&self, launch: &Launch<'_>) -> Result<Vec<File>, LaunchError> {
        let name = format!("assay-{}", launch.id());
        let config_map = [
            ("launch", name.clone()),
            ("contract", launch.contract.name().to_owned()),
            ("base64", base64::engine::general_purpose::STANDARD.encode(&launch.contract.bytes)),
        ];
        let mut manifest = fill(include_str!("kubernetes/configmap.yaml"), &config_map)?;
        let shared = self.shared(launch, &name)?;
        for (at, node) in launch.nodes.iter().enumerate() {
            let own = [("number", (at + 1).to_string()), ("node", yaml(host(at + 1, *node)?))];
            let values: Vec<_> = shared.iter().cloned().chain(own).collect();
            manifest.extend(fill(include_str!("kubernetes/job.yaml"), &values)?);
        }
        Ok(vec![
            File { name: "job.yaml", bytes: manifest },
            File { name: "Dockerfile", bytes: include_bytes!("kubernetes/Dockerfile").to_vec() },
            launch.list(),
            launch.contract.file(),
        ])
    }

    /// The values that all Jobs have in common.
    fn shared(&self, launch: &Launch<'_>, name: &str) -> Result<Vec<(&'static str, String)>, LaunchError> {
        let limit = launch.limit + PULL;
        let within = self.within.unwrap_or_else(|| limits::whole(limit, launch.retries));
        let key = self.key_secret.map(|secret| object("--key-secret", secret)).transpose()?;
        let mount = "            - name: key\n              mountPath: /key\n              readOnly: true\n";
        // Only its owner may read a key. In decimal, since not all parsers read octal numbers alike.
        let volume = |secret: &str| {
            let secret = yaml(secret);
            format!(
                "        - name: key\n          secret:\n            secretName: {secret}\n            defaultMode: 256\n"
            )
        };
        Ok(vec![
            ("launch", name.to_owned()),
            ("contract", launch.contract.name().to_owned()),
            ("retries", launch.retries.to_string()),
            ("within", within.as_secs().max(1).to_string()),
            ("seconds", limit.as_secs().to_string()),
            ("grace", GRACE.as_secs().to_string()),
            ("image", yaml(plain("--image", self.image)?)),
            ("gpus", self.gpus.to_string()),
            ("resource", yaml(resource(self.resource)?)),
            ("claim", yaml(object("--claim", self.claim)?)),
            ("arguments", arguments(launch, key.is_some())?),
            ("key_mount", key.map_or(String::new(), |_| mount.to_owned())),
            ("key_volume", key.map_or(String::new(), volume)),
        ])
    }
}

/// Of the container, one a line. Kubernetes itself puts node and pod in their places.
fn arguments(launch: &Launch<'_>, has_key: bool) -> Result<String, LaunchError> {
    let contract = format!("/contract/{}", launch.contract.name());
    let ours =
        ["run", "--contract", contract.as_str(), "--node", "$(NODE)", "--out", "/results/$(NODE)/$(POD)"];
    let key = ["--key", "/key/key.pem"];
    // A doubled sign stands for itself and names no variable.
    let theirs: Vec<String> =
        launch.arguments()?.iter().map(|argument| argument.replace('$', "$$")).collect();
    let all =
        ours.into_iter().chain(key.into_iter().filter(|_| has_key)).chain(theirs.iter().map(String::as_str));
    let lines: Vec<String> = all.map(|argument| format!("            - {}", yaml(argument))).collect();
    Ok(lines.join("\n"))
}

/// Names of objects and hosts are those of the domain name system.
fn is_dns(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

fn object<'a>(option: &'static str, name: &'a str) -> Result<&'a str, LaunchError> {
    let why = "is no name of an object; write lower-case letters, digits, '-' and '.'";
    if is_dns(name) { Ok(name) } else { Err(LaunchError::Value { option, value: name.to_owned(), why }) }
}

/// A domain, and a name in it.
fn resource(name: &str) -> Result<&str, LaunchError> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_one = |(domain, of): (&str, &str)| is_dns(domain) && !of.is_empty() && of.chars().all(good);
    let why = "names no resource; write it as `kubectl describe node` does, such as nvidia.com/gpu or nvidia.com/mig-1g.18gb";
    let is_resource = name.split_once('/').is_some_and(is_one);
    if is_resource {
        Ok(name)
    } else {
        Err(LaunchError::Value { option: "--resource", value: name.to_owned(), why })
    }
}

fn host(line: usize, node: NodeName<'_>) -> Result<&str, LaunchError> {
    let why = "nodes of Kubernetes have lower-case letters, digits, '-' and '.' only; write it as `kubectl get nodes` does";
    let name = node.as_str();
    if is_dns(name) { Ok(name) } else { Err(LaunchError::Node { line, name: name.to_owned(), why }) }
}
