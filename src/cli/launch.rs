//! What is to be run on every node of a list, and by what.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::time;

/// Write the job files that measure every node of a list, for Slurm, Kubernetes or ssh
///
/// Each node runs `assay run --node NAME` by the same contract, and its results go below its name. A run that dies is tried
/// again, one that takes too long is told to stop and seals what it has, and a node that is down holds up no other. With
/// --missing-from the files are for those nodes only that have no finished report yet.
#[derive(Debug, Subcommand)]
pub enum LaunchCommand {
    Slurm(SlurmArgs),
    Kubernetes(KubernetesArgs),
    Ssh(SshArgs),
}

#[derive(Debug, Args)]
pub struct CommonArgs {
    /// All nodes to measure, one name a line, as the cluster knows them
    #[arg(long, value_name = "FILE")]
    pub nodes: PathBuf,
    /// The contract to judge against; a copy goes with the files
    #[arg(long, short, value_name = "FILE")]
    pub contract: PathBuf,
    /// The new directory for the files
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Stop a run that takes longer, so that it seals what it has [default: several times what healthy devices take for the
    /// profile, and the time for which a load is kept up]
    #[arg(long, value_name = "TIME", value_parser = limit)]
    pub time: Option<Duration>,
    /// Try again so often where a run leaves no report, at most
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(0..=100), default_value_t = 1)]
    pub retries: u32,
    /// Leave out nodes that have a finished report by this contract in these files or directories
    #[arg(long, value_name = "REPORTS", num_args = 1..)]
    pub missing_from: Vec<PathBuf>,
    /// A public key that is trusted to sign those reports; may be given several times [default: the signer.pub.pem beside
    /// each, which shows that it is whole, and not who signed]
    #[arg(long, value_name = "PUB.pem", requires = "missing_from")]
    pub trust: Vec<PathBuf>,
    /// Further arguments of `assay run`, such as: -- --profile acceptance [default: --soak, where the contract demands that a load is
    /// kept up]
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<String>,
}

#[derive(Debug, Args)]
pub struct OnNodesArgs {
    /// The program on the nodes: its path there, or a name that is found there
    #[arg(long, value_name = "PATH", default_value = "assay")]
    pub assay: String,
    /// The private key that signs, by its path on the nodes [default: one made for each run, which shows only that a report
    /// was not changed]
    #[arg(long, value_name = "PATH")]
    pub key: Option<String>,
}

/// A job for each node
///
/// Writes assay.sbatch and submit.sh, whose options go to sbatch: sh DIR/submit.sh --partition=gpu
#[derive(Debug, Args)]
pub struct SlurmArgs {
    #[command(flatten)]
    pub common: CommonArgs,
    #[command(flatten)]
    pub on_nodes: OnNodesArgs,
    /// The directory for results, which every node must see
    #[arg(long, value_name = "DIR")]
    pub results: PathBuf,
    /// Generic resources to ask for, such as gpu:8 [default: none, since a node that is asked for as a whole comes with all]
    #[arg(long, value_name = "LIST")]
    pub gres: Option<String>,
    /// Give up on nodes that have not ended so long after the launch, such as those that are down [default: an hour more
    /// than all tries can take]
    #[arg(long, value_name = "TIME", value_parser = whole)]
    pub within: Option<Duration>,
}

/// A Job for each node, pinned to it, and a recipe for the image
///
/// Writes job.yaml, to be applied by kubectl, and a Dockerfile for the program alone. Needs Kubernetes 1.29 or newer.
#[derive(Debug, Args)]
pub struct KubernetesArgs {
    #[command(flatten)]
    pub common: CommonArgs,
    /// The image that holds the program, as the cluster pulls it
    #[arg(long, value_name = "IMAGE")]
    pub image: String,
    /// The persistent volume claim for results, which every node must be able to mount
    #[arg(long, value_name = "CLAIM")]
    pub claim: String,
    /// The secret that holds the private key that signs, as key.pem [default: a key made for each run, which shows only that a
    /// report was not changed]
    #[arg(long, value_name = "SECRET")]
    pub key_secret: Option<String>,
    /// GPUs of every node [default: as the contract says, else 1]
    #[arg(long, value_name = "NUMBER")]
    pub gpus: Option<NonZeroU32>,
    /// What a GPU is called as a resource of the cluster; parts of cards have names such as nvidia.com/mig-1g.18gb
    #[arg(long, value_name = "NAME", default_value = "nvidia.com/gpu")]
    pub resource: String,
    /// Give up on nodes that have not ended so long after the launch [default: an hour more than all tries can take]
    #[arg(long, value_name = "TIME", value_parser = whole)]
    pub within: Option<Duration>,
}

/// Scripts for nodes that only ssh reaches
///
/// Writes launch.sh, whose options go to ssh: sh DIR/launch.sh -l ubuntu. A run goes on where its connection breaks; the next
/// connection waits for it and brings its results.
#[derive(Debug, Args)]
pub struct SshArgs {
    #[command(flatten)]
    pub common: CommonArgs,
    #[command(flatten)]
    pub on_nodes: OnNodesArgs,
    /// The directory for results, on this machine
    #[arg(long, value_name = "DIR")]
    pub results: PathBuf,
    /// So many nodes at the same time, at most
    #[arg(long, value_name = "NUMBER", default_value = "64")]
    pub parallel: NonZeroU32,
}

impl LaunchCommand {
    pub fn common(&self) -> &CommonArgs {
        match self {
            LaunchCommand::Slurm(args) => &args.common,
            LaunchCommand::Kubernetes(args) => &args.common,
            LaunchCommand::Ssh(args) => &args.common,
        }
    }
}

/// As long as a load can be kept up, and what comes besides.
fn limit(text: &str) -> Result<Duration, String> {
    time(text, Duration::from_secs(1), Duration::from_secs(40 * 86_400), "20m, 2h or 25h")
}

fn whole(text: &str) -> Result<Duration, String> {
    time(text, Duration::from_secs(1), Duration::from_secs(400 * 86_400), "2h, 24h or 72h")
}
