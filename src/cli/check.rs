//! What is asked about something that somebody signed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What to check, whom to trust, what it must stand on.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The signed report (report.dsse.json), proof (proof.dsse.json) or certificate (acceptance.dsse.json, inventory.dsse.json)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// A public key that is trusted to sign; may be given several times
    #[arg(long, value_name = "PUB.pem", required = true)]
    pub trust: Vec<PathBuf>,
    /// The contract that the report must have been judged against, that the challenge must name, or that was accepted
    #[arg(long, value_name = "FILE")]
    pub contract: Option<PathBuf>,
    /// For a report or a proof: the challenge that it must answer; for a certificate: one that a report answers, where it lies beside
    /// none of them
    #[arg(long, value_name = "FILE")]
    pub challenge: Option<PathBuf>,
    /// For a report: a proof (proof.dsse.json) of the same node, against which the floors that the contract demands are held
    #[arg(long, value_name = "FILE")]
    pub proof: Option<PathBuf>,
    /// For a report: the recording (events.jsonl) that is said to be of its run, or - for the standard input. It must hold the evidence
    /// of the report, to the last figure
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
    /// For a certificate: reports that it must follow from, as `assay fleet` takes them; may be given several times
    #[arg(long, value_name = "REPORTS", requires = "contract")]
    pub reports: Vec<PathBuf>,
    /// For a certificate: the file of the parties' salt [default: the contract's name with .salt]
    #[arg(long, value_name = "FILE", requires = "reports")]
    pub salt: Option<PathBuf>,
}

/// Check a signed report, proof or certificate: signature, schema, and everything that can be computed again
///
/// A report is judged again from its raw samples, and with --proof beside what was proved to a witness. A proof is checked again from the transcript and the challenge that lie
/// beside it, whose signer must be trusted too. An acceptance certificate is drawn up again from contract and reports; it
/// ends as the fleet that it is about: with 1 where something due is not accepted, 5 where a card is in two nodes, at best with
/// 3 where a party has not signed. An inventory certificate is drawn up again from the report beside it, and ends like
/// `assay certify`; where its cards were compared with another catalogue than that of this program, as with an --overlay that is not
/// given here, like the worse of what both say.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub check: CheckArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Check a report or certificate, and sign what came out in a form that policy engines know
///
/// Says no more than `assay verify` does, and what is not decided is not passed. Ends as that does; the statement is written
/// unless the check itself fails.
#[derive(Debug, Args)]
pub struct AttestArgs {
    #[command(flatten)]
    pub check: CheckArgs,
    /// The form of the statement, which in-toto defines
    #[arg(long = "as", value_enum, value_name = "FORM")]
    pub form: Attestation,
    /// The private key of whoever checks
    #[arg(long, value_name = "KEY.pem")]
    pub key: PathBuf,
    /// Where the signed statement goes; must not be there yet
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// In-toto predicates for results of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Attestation {
    /// Test Result v0.1: which clauses on which devices, or which nodes, passed, passed with a warning, failed
    TestResult,
    /// Simple Verification Result v0.2: the properties that were verified
    Svr,
}

/// Write a request for a timestamp on a file (RFC 3161)
///
/// Send it to a time-stamping authority that both parties trust, and keep the answer:
/// `curl -H 'Content-Type: application/timestamp-query' --data-binary @FILE.tsq URL > FILE.tsr`. Anybody can check it:
/// `openssl ts -verify -data FILE -in FILE.tsr -CAfile AUTHORITY.pem`, and once the authority's certificate has expired with
/// `-attime SECONDS`, the time of the stamp in seconds since 1970, which `openssl ts -reply -in FILE.tsr -text` shows as a date.
#[derive(Debug, Args)]
pub struct TimestampArgs {
    /// The file to be stamped, such as a certificate that both have signed
    pub file: PathBuf,
    /// Where the request goes; must not be there yet [default: the file's name with .tsq]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}
