//! A certificate on a terminal, and as JSON: what was decided, who signed, what was checked.

use std::io::{self, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use serde_json::json;

use super::advice;
use super::listing::{print_json, print_table};
use super::page::Page;
use crate::certificate::choices;
use crate::certificate::recheck::Chain;
use crate::certificate::{Certificate, ClauseTally, Decision, Role};
use crate::contract::escaped;
use crate::fleet::launch::words;
use crate::fleet::nodes::State;
use crate::fleet::waivers::Waiver;
use crate::language::{Language, say};
use crate::report::Difference;

/// A certificate and whose signatures on it hold.
pub struct Shown<'a> {
    pub certificate: &'a Certificate,
    pub signed: &'a [Role],
}

impl Shown<'_> {
    /// Whether both parties have signed.
    pub fn is_whole(&self) -> bool {
        self.signed.len() == Role::BOTH.len()
    }

    fn missing(&self) -> impl Iterator<Item = Role> {
        Role::BOTH.into_iter().filter(|role| !self.signed.contains(role))
    }
}

/// After a party has signed. `refused` reports lay beside those that count.
pub fn signed(shown: &Shown, (file, salt): (&Path, &Path), refused: usize, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    summary(shown, out)?;
    if refused > 0 {
        writeln!(out, "{}", say!(language, "certificate-refused-reports", count = refused))?;
    }
    let path = |path: &Path| path.display().to_string();
    writeln!(out, "\n{}", say!(language, "certificate-file", file = path(file)))?;
    writeln!(out, "{}", say!(language, "certificate-salt", file = path(salt)))?;
    for role in shown.missing() {
        let command = format!(
            "assay accept REPORTS --contract C --trust K --key {}.pem --countersign {} {}",
            role.name().to_uppercase(),
            words::shown(&file.display().to_string()),
            choices::options(shown.certificate, language)
        );
        writeln!(out, "{}", say!(language, "certificate-next", role = role.name(), command = command))?;
    }
    Ok(())
}

/// After it was checked.
pub fn verified(shown: &Shown, chain: &Chain, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    summary(shown, out)?;
    writeln!(out)?;
    let (what, colour) = match chain {
        Chain::Signatures => (say!(language, "certificate-signatures-hold"), AnsiColor::Green),
        Chain::Contract => (say!(language, "certificate-contract-holds"), AnsiColor::Green),
        Chain::Reports(differences) if differences.is_empty() => {
            (say!(language, "certificate-holds"), AnsiColor::Green)
        }
        Chain::Reports(differences) => {
            for found in differences {
                writeln!(out, "{}", difference(found, language))?;
            }
            (say!(language, "certificate-differs"), AnsiColor::Red)
        }
    };
    let style = colour.on_default().bold();
    writeln!(out, "{style}{what}{style:#}")
}

pub fn difference(found: &Difference, language: Language) -> String {
    let Difference { what, stated, recomputed } = found;
    say!(language, "certificate-difference", what = what, stated = stated, recomputed = recomputed)
}

fn summary(shown: &Shown, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let Certificate { contract, as_of, waivers, money, parties, .. } = shown.certificate;
    let id = say!(language, "quoted", text = escaped(&contract.id));
    let moment = as_of.0.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let head = say!(language, "certificate-contract", id = id, sha256 = &contract.sha256, as_of = moment);
    writeln!(out, "{head}")?;
    bounds(shown.certificate, out)?;
    decision(shown.certificate, out)?;
    clauses(shown.certificate, out)?;
    for Waiver { clause, node, reason } in waivers {
        let line = match node {
            Some(node) => {
                say!(language, "certificate-waived-on", clause = clause, node = node, reason = reason)
            }
            None => say!(language, "certificate-waived", clause = clause, reason = reason),
        };
        writeln!(out, "{line}")?;
    }
    if let Some(money) = money {
        let amount = |amount: &Option<_>| advice::total(amount.as_ref(), &money.currency, language);
        let (credits, cuts) = (amount(&money.credits), amount(&money.price_cuts_per_month));
        writeln!(out, "{}", say!(language, "certificate-sums", credits = credits, cuts = cuts))?;
    }
    for role in Role::BOTH {
        let (name, key) = (role.name(), parties.key(role).as_str());
        let line = match shown.signed.contains(&role) {
            true => say!(language, "certificate-signed", role = name, key = key),
            false => say!(language, "certificate-not-signed", role = name, key = key),
        };
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// What the first party chose to count, which the other should know before it signs.
fn bounds(certificate: &Certificate, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    if let Some(since) = certificate.since {
        writeln!(out, "{}", say!(language, "certificate-since", since = since.to_string()))?;
    }
    if let Some(list) = &certificate.list {
        let never = list.never_reported.len();
        let line = say!(language, "listed", count = never, nodes = list.nodes, sha256 = &list.sha256);
        writeln!(out, "{line}")?;
    }
    let days = Timestamp::now().duration_since(certificate.as_of.0).as_hours() / 24;
    if days != 0 {
        writeln!(out, "{}", say!(language, "certificate-of-another-day", days = days))?;
    }
    Ok(())
}

/// Accepted or refused, how many, and on what evidence.
fn decision(certificate: &Certificate, out: &mut Page) -> io::Result<()> {
    let (language, counts) = (out.language, &certificate.counts);
    if certificate.simulated() > 0 {
        writeln!(out, "{}", say!(language, "fleet-simulated", count = certificate.simulated()))?;
    }
    let line = match (&certificate.decision, counts.contracted) {
        (Decision::Refused { reason }, _) => say!(language, "certificate-refused", reason = reason),
        (Decision::Accepted, Some(contracted)) => {
            say!(language, "certificate-accepted-of", accepted = counts.accepted, contracted = contracted)
        }
        (Decision::Accepted, None) => say!(language, "certificate-accepted", count = counts.accepted),
    };
    let bold = Style::new().bold();
    writeln!(out, "{bold}{line}{bold:#}")?;
    // What was refused has no accepted nodes to tell of.
    if matches!(certificate.decision, Decision::Refused { .. }) {
        return Ok(());
    }
    let lacking = counts.promised.saturating_sub(counts.accepted);
    if lacking > 0 {
        writeln!(out, "{}", say!(language, "certificate-lacking", count = lacking))?;
    }
    let accepted = || certificate.nodes.iter().filter(|node| node.state == State::Accepted);
    let challenged = accepted().filter(|node| node.challenge_sha256.is_some()).count();
    let proved = accepted().filter(|node| node.proof.is_some()).count();
    let accepted = accepted().count();
    writeln!(
        out,
        "{}",
        say!(language, "fleet-evidence", accepted = accepted, challenged = challenged, proved = proved)
    )
}

/// Clauses that some node does not meet.
fn clauses(certificate: &Certificate, out: &mut Page) -> io::Result<()> {
    let language = out.language;
    let not_met = certificate.clauses.iter().filter(|t| t.waived + t.failed + t.undecided > 0);
    let rows: Vec<[String; 5]> = not_met
        .map(|tally| {
            let ClauseTally { clause, met, waived, failed, undecided } = tally;
            [clause.clone(), met.to_string(), waived.to_string(), failed.to_string(), undecided.to_string()]
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let head = [
        say!(language, "head-clause"),
        say!(language, "head-nodes-met"),
        say!(language, "head-waived"),
        say!(language, "head-failed"),
        say!(language, "state-undecided"),
    ];
    writeln!(out)?;
    print_table(head, rows, out)
}

pub fn json(shown: &Shown, chain: &Chain, out: &mut Page) -> io::Result<()> {
    let (reports, differences) = match chain {
        Chain::Reports(differences) => (true, differences.as_slice()),
        Chain::Signatures | Chain::Contract => (false, [].as_slice()),
    };
    let value = json!({
        "signed_by": shown.signed,
        "whole": shown.is_whole(),
        "contract_checked": !matches!(chain, Chain::Signatures),
        "reports_checked": reports,
        "holds": chain.holds(),
        "differences": differences,
        "certificate": shown.certificate,
    });
    print_json(&value, out)
}
