//! The command line: flags and help texts, nothing else. Parsing touches no file and no device.

mod accept;
mod agreed;
mod certify;
mod check;
mod compare;
mod fleet;
pub mod help;
mod launch;
mod locale;
mod wrap;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};

pub use accept::AcceptArgs;
pub use agreed::{CatalogueCommand, ContractCommand, NewContract};
pub use certify::CertifyArgs;
pub use check::{AttestArgs, Attestation, CheckArgs, TimestampArgs, VerifyArgs};
pub use compare::CompareArgs;
pub use fleet::{CountArgs, FleetArgs, FleetCommand, OfferArgs, PlanArgs};
pub use launch::{CommonArgs, KubernetesArgs, LaunchCommand, OnNodesArgs, SlurmArgs, SshArgs};

use self::locale::Locale;
use crate::engine::Profile;
use crate::language::Language;
use crate::output::Format;
use crate::probes;
use crate::proof::challenge::OPENINGS_DEFAULT;

/// Did this rented machine deliver the compute that the contract names?
///
/// assay runs compute kernels on GPUs, checks every result, compares the rates with a contract and signs what it
/// found, so that a third party can check the answer without a GPU and without trusting the machine.
#[derive(Debug, Parser)]
#[command(name = "assay", version, max_term_width = 100, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    /// Print nothing but errors
    #[arg(long, short, global = true)]
    pub quiet: bool,

    /// The language of all that people read but errors
    #[arg(
        long,
        global = true,
        value_parser = Locale,
        value_name = "LANGUAGE",
        default_value = Language::default().tag(),
        env = "ASSAY_LANG",
        hide_env_values = true
    )]
    pub lang: Language,

    /// A signed overlay of the catalogue: cards and bands to compare with beside those that are built in; may be given several times.
    /// What was judged with one is verified with the same
    #[arg(long, global = true, value_name = "FILE", requires = "overlay_trust")]
    pub overlay: Vec<PathBuf>,

    /// A public key that is trusted to sign overlays; may be given several times
    #[arg(long, global = true, value_name = "PUB.pem")]
    pub overlay_trust: Vec<PathBuf>,

    /// Certificates (PEM) that a vendor's attestation in a proof must lead to [default: NVIDIA's own root, which is built in]
    #[arg(long, global = true, value_name = "FILE")]
    pub attestation_root: Option<PathBuf>,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    every must clause passed (or the command did what it was asked)
  1    a must clause failed
  2    the command line, the contract or an input file is wrong
  3    inconclusive: not enough was measured to decide
  4    no usable device, or something is missing on this machine
  5    sources disagree about what a device is
  6    a signature, nonce, schema or recomputed figure does not hold
  70   a bug in assay
  130  interrupted, after the partial report was sealed

First steps:
  assay doctor                                   what this machine can measure, and what is missing
  assay contract new > contract.toml             a commented contract to start from
  assay run --contract contract.toml             measure, judge, sign
  assay verify OUT/report.dsse.json --trust KEY  check somebody else's report";

#[derive(Debug, Subcommand)]
pub enum Command {
    List(ListArgs),
    Run(RunArgs),
    Seal(SealArgs),
    Verify(VerifyArgs),
    Compare(CompareArgs),
    Replay(ReplayArgs),
    Render(RenderArgs),
    /// Write, check or describe contract files
    #[command(subcommand)]
    Contract(ContractCommand),
    /// Cards: what their datasheets say, what healthy ones reach, and where that comes from
    #[command(subcommand)]
    Catalogue(CatalogueCommand),
    Certify(CertifyArgs),
    Fleet(FleetArgs),
    Accept(AcceptArgs),
    Attest(AttestArgs),
    Timestamp(TimestampArgs),
    /// Demand a proof of work
    #[command(subcommand)]
    Challenge(ChallengeCommand),
    Witness(WitnessArgs),
    Prove(ProveArgs),
    /// Make or show signing keys
    #[command(subcommand)]
    Key(KeyCommand),
    Doctor(DoctorArgs),
    /// Print a completion script for your shell
    Completions {
        shell: clap_complete::Shell,
    },
    /// Print the manual page, in roff
    Manpage,
    /// A measuring process; started by assay itself
    #[command(hide = true)]
    Worker(WorkerArgs),
}

/// Show the devices that can be measured, and why others cannot
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Show the metrics that contracts can name instead
    #[arg(long, conflicts_with = "simulated")]
    pub metrics: bool,
    /// Show the cards that can be simulated instead, and what can be wrong with them
    #[arg(long)]
    pub simulated: bool,
}

/// Measure devices, judge them against a contract, sign a report
///
/// Writes report.dsse.json (the signed report), events.jsonl (everything that happened, as it happened) and the
/// renderings asked for into a new directory, prints a verdict table, and ends with a documented exit code.
/// Ctrl-C ends a run early and still leaves a signed, partial report.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The contract to judge against (TOML or JSON; `assay contract new` writes one). Without one the run measures,
    /// judges nothing and ends with exit code 3
    #[arg(long, short, value_name = "FILE")]
    pub contract: Option<PathBuf>,
    /// A device to measure, as `assay list` names it, or a part of a divided card as `nvidia-smi -L` does, cuda:MIG-UUID; may be given
    /// several times [default: all hardware devices and all parts that the environment names, or the first software device where
    /// there is no hardware]
    #[arg(long, short, value_name = "SELECTOR")]
    pub device: Vec<String>,
    /// How thoroughly to measure: quick takes a minute or two and fills at most 1 GiB of memory; standard fills
    /// all that a contract can demand and takes minutes
    #[arg(long, value_enum, default_value_t = Profile::Standard)]
    pub profile: Profile,
    /// Run only these probes, separated by commas; may be given several times
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = PossibleValuesParser::new(probes::names()))]
    pub probe: Vec<String>,
    /// Measure one device after the other instead of all at the same time. A contract counts such figures only where it
    /// says so (measured = "alone")
    #[arg(long)]
    pub one_at_a_time: bool,
    /// Time to sample each case, such as 500ms, 10s or 2m [default: 300ms in quick, 2.5s in standard]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub duration: Option<Duration>,
    /// Also keep up a full load for so long, such as 10m, 1h, 24h or 168h: products, multiply-add chains, memory, link,
    /// steps and pauses, every result checked [default: 7m in acceptance, else none]
    #[arg(long, value_name = "TIME", value_parser = soak)]
    pub soak: Option<Duration>,
    /// Only measure, on purpose: a run without a contract that measured everything then ends with exit code 0
    #[arg(long, conflicts_with = "contract")]
    pub measure_only: bool,
    /// The private key that signs (`assay key new` makes one) [default: a key made for this run alone]
    #[arg(long, value_name = "KEY.pem")]
    pub key: Option<PathBuf>,
    /// Hide UUIDs and serial numbers in all that is written, behind the salt in this file (`assay key salt` makes one). Who has it
    /// too can say which card is which; a card that is counted twice shows to everybody
    #[arg(long, value_name = "FILE")]
    pub salt: Option<PathBuf>,
    /// What this node is called where many are counted, such as rack3-node17
    #[arg(long, value_name = "NAME", value_parser = node_name)]
    pub node: Option<String>,
    /// The challenge that this run answers (`assay challenge new` makes one): all data are drawn from it, so that the report
    /// cannot be older. It is kept beside the report
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    pub challenge: Option<PathBuf>,
    /// Directory for the results; must not hold a report already [default: assay-TIME]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with the run in this directory that broke off: devices, probes and times are those it was begun with
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with_all = ["device", "profile", "probe", "duration", "soak", "out", "seed", "events", "challenge"]
    )]
    pub resume: Option<PathBuf>,
    /// Where the event lines go besides; `-` is the standard output
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
    /// Also write the report in these forms, separated by commas; may be given several times
    #[arg(long, value_enum, value_name = "FORMAT", value_delimiter = ',')]
    pub format: Vec<Format>,
    /// Give up on a device that shows no sign of life for so long
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    pub hang_after: Duration,
    /// Draw all data from this seed instead of a random one
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
}

/// Sign what a run recorded before it broke off
///
/// For a run that was killed, crashed or lost its power: the partial report says where it stops, and its verdict is at
/// best inconclusive. `assay run --resume DIR` goes on with it instead.
#[derive(Debug, Args)]
pub struct SealArgs {
    /// The directory of the run, with its events.jsonl
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// The contract to judge against
    #[arg(long, short, value_name = "FILE")]
    pub contract: Option<PathBuf>,
    /// The private key that signs [default: a key made for this report alone]
    #[arg(long, value_name = "KEY.pem")]
    pub key: Option<PathBuf>,
    /// Also write the report in these forms, separated by commas; may be given several times
    #[arg(long, value_enum, value_name = "FORMAT", value_delimiter = ',')]
    pub format: Vec<Format>,
}

/// Judge a recording again
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The recording (events.jsonl), or - for the standard input
    pub events: PathBuf,
    /// The contract to judge against
    #[arg(long, short, value_name = "FILE")]
    pub contract: PathBuf,
}

/// Show a report or a proof in another form; this does not check its signature
///
/// A report that is not what follows from its own samples is shown as it states it; then this ends with 6.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// The signed report (report.dsse.json) or proof (proof.dsse.json)
    pub report: PathBuf,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Subcommand)]
pub enum ChallengeCommand {
    New(NewChallenge),
}

/// Write a signed challenge, which whoever is to prove something gets
///
/// It is good for one proof. What must be computed follows from its nonce, so that nothing can be computed before.
#[derive(Debug, Args)]
pub struct NewChallenge {
    /// The contract whose node is to prove its work: its digest and number of devices go into the challenge
    #[arg(long, short, value_name = "FILE")]
    pub contract: Option<PathBuf>,
    /// The private key that signs
    #[arg(long, value_name = "KEY.pem")]
    pub key: PathBuf,
    /// The file to write; must not exist
    #[arg(long, value_name = "FILE", default_value = "challenge.dsse.json")]
    pub out: PathBuf,
    /// GPUs that must compute at the same time [default: as the contract says, else 1]
    #[arg(long, value_name = "NUMBER")]
    pub gpus: Option<u32>,
    /// Which node is to answer, as the parties call it
    #[arg(long, value_name = "NAME")]
    pub node: Option<String>,
    /// Memory that each GPU must hold filled meanwhile, such as "134 GB" [default: none]
    #[arg(long, value_name = "BYTES")]
    pub memory: Option<String>,
    /// For how long they must compute
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    pub at_least: Duration,
    /// For how long the challenge is good, from now on
    #[arg(long, value_name = "TIME", value_parser = validity, default_value = "24h")]
    pub valid: Duration,
    /// Rows of results that are asked for, for each GPU. With 460, wrong results of more than 1 % of the work escape with a
    /// probability of 1 % at most
    #[arg(long, value_name = "NUMBER", default_value_t = OPENINGS_DEFAULT)]
    pub openings: u32,
}

/// Time a prover and ask it for rows of its results; sign what was proved
///
/// COMMAND reaches the machine that proves and starts `assay prove` there, such as: ssh gpu17 assay prove --challenge
/// ch.dsse.json. All time is taken here. Writes proof.dsse.json, the transcript and the challenge into a new directory; they are
/// all that `assay verify` needs. Ends with 0 where the proof held, 6 where it was refuted, 3 where it was not finished.
#[derive(Debug, Args)]
pub struct WitnessArgs {
    /// The challenge that is to be answered. It is used up as soon as the clock starts
    #[arg(long, value_name = "FILE")]
    pub challenge: PathBuf,
    /// The private key that signs
    #[arg(long, value_name = "KEY.pem")]
    pub key: PathBuf,
    /// A public key that is trusted to sign challenges; may be given several times [default: that of --key]
    #[arg(long, value_name = "PUB.pem")]
    pub trust: Vec<PathBuf>,
    /// Directory for the results; must not hold a proof already [default: assay-proof-TIME]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Give up on a prover that says nothing for so long
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "2m")]
    pub patience: Duration,
    /// How to start the prover
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// Answer a challenge: compute, commit, show what is asked for
///
/// Speaks with `assay witness` on its standard input and output. With --out it is its own witness: without somebody else's
/// clock and questions, the trust level is then at most L1.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// The challenge to answer
    #[arg(long, value_name = "FILE")]
    pub challenge: PathBuf,
    /// A device to prove with, as `assay list` names it; may be given several times [default: as in `assay run`, as many as the
    /// challenge demands]
    #[arg(long, short, value_name = "SELECTOR")]
    pub device: Vec<String>,
    /// Hide UUIDs behind the salt in this file, as in `assay run`. What a card attests still has its certificate
    #[arg(long, value_name = "FILE")]
    pub salt: Option<PathBuf>,
    /// Directory for the results, where there is no witness
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The private key that signs, where there is no witness [default: a key made for this proof alone]
    #[arg(long, value_name = "KEY.pem", requires = "out")]
    pub key: Option<PathBuf>,
    /// Give up on a witness that is late by so long, or that does not listen for so long
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "2m")]
    pub patience: Duration,
}

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a signing key: FILE (private, mode 0600) and FILE with .pub.pem beside it
    New { file: PathBuf },
    /// Make a salt, behind which runs and certificates of one contract hide UUIDs and serial numbers; whoever shares it can tell them
    Salt { file: PathBuf },
    /// Show a key's fingerprint and its public half
    Show { file: PathBuf },
}

/// Say what is missing on this machine for which backend, and the command that fixes it
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// Print what this backend finds
    #[arg(long, value_name = "BACKEND", conflicts_with_all = ["check", "nvml"])]
    pub list: Option<String>,
    /// Open this device, print what it is, and close it
    #[arg(long, value_name = "SELECTOR")]
    pub check: Option<String>,
    /// Open it, try these of its kernels, print what came of that, and close it
    #[arg(long, value_name = "FAMILY", requires = "check")]
    pub rehearse: Option<String>,
    /// Print what NVML there is
    #[arg(long, conflicts_with = "check")]
    pub nvml: bool,
    /// Measure between devices
    #[arg(long, conflicts_with_all = ["list", "check", "nvml"])]
    pub node: bool,
    /// The process that started this one, without which it must not go on
    #[arg(long, value_name = "PID")]
    pub parent: Option<u32>,
}

/// Reads `500ms`, `10s`, `1m 30s`.
fn duration(text: &str) -> Result<Duration, String> {
    time(text, Duration::from_millis(1), Duration::from_secs(86_400), "500ms, 10s or 2m")
}

/// Names go into tables and file names.
fn node_name(text: &str) -> Result<String, String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_name = (1..=64).contains(&text.len()) && text.chars().all(good);
    let why = || format!("{text:?} is no name of a node; write 1 to 64 letters, digits, '-', '_' or '.'");
    is_name.then(|| text.to_owned()).ok_or_else(why)
}

/// Shorter than ten seconds there is nothing to keep up; longer than a month nobody waits.
fn soak(text: &str) -> Result<Duration, String> {
    time(text, Duration::from_secs(10), Duration::from_secs(31 * 86_400), "10m, 24h or 168h")
}

/// A challenge that is good for ever would be kept in stock.
fn validity(text: &str) -> Result<Duration, String> {
    time(text, Duration::from_secs(1), Duration::from_secs(31 * 86_400), "1h, 24h or 72h")
}

fn time(text: &str, least: Duration, most: Duration, examples: &str) -> Result<Duration, String> {
    let hint = format!("write for example {examples}");
    let span: Option<jiff::SignedDuration> = text
        .parse()
        .ok()
        .and_then(|span: jiff::Span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok());
    match Duration::try_from(span.ok_or_else(|| format!("{text:?} is not a time; {hint}"))?) {
        Ok(duration) if (least..=most).contains(&duration) => Ok(duration),
        Ok(_) | Err(_) => {
            Err(format!("{text:?} must lie between {least:?} and {} h; {hint}", most.as_secs() / 3600))
        }
    }
}

/// Reads `1%` or `0.5`, in percent, as a share.
fn percent(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.trim().trim_end_matches('%').trim_end().parse().ok();
    match number {
        Some(percent) if (0.0..=50.0).contains(&percent) => Ok(percent / 100.0),
        Some(_) | None => Err(format!("{text:?} is not a share from 0% to 50%; write for example 1%")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_names_every_exit_code() {
        for exit in crate::exit::Exit::ALL {
            let line = EXIT_CODES.lines().find(|l| l.trim_start().starts_with(&format!("{} ", exit.code())));
            assert!(line.is_some(), "{exit:?}");
        }
    }

    #[test]
    fn shares_are_read_or_refused() {
        assert_eq!((percent("1%"), percent("0.5"), percent("0 %")), (Ok(0.01), Ok(0.005), Ok(0.0)));
        for bad in ["", "%", "-1%", "51%", "nan", "inf", "one"] {
            assert!(percent(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations_are_read_or_refused() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for bad in ["", "10", "-5s", "0s", "1000h", "ten"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
