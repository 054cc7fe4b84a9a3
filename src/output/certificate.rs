//! A certificate on a terminal, and as JSON: what was decided, who signed, what was checked.

use std::io::{self, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use serde_json::json;

use super::fleet::human::{counted, evidence, simulated};
use super::listing::{print_json, print_table};
use super::page::Page;
use crate::certificate::recheck::Chain;
use crate::certificate::{Certificate, ClauseTally, Decision, Role};
use crate::fleet::nodes::State;
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

/// After a party has signed.
pub fn signed(shown: &Shown, file: &Path, salt: &Path, out: &mut Page) -> io::Result<()> {
    summary(shown, out)?;
    writeln!(out, "\ncertificate  {}", file.display())?;
    writeln!(out, "salt         {}, for the parties' eyes: it tells which cards are meant", salt.display())?;
    for role in shown.missing() {
        writeln!(
            out,
            "next         the {} signs the same by: assay accept REPORTS --contract C --trust K --key PARTY.pem --countersign {}",
            role.name(),
            file.display()
        )?;
    }
    Ok(())
}

/// After it was checked.
pub fn verified(shown: &Shown, chain: &Chain, out: &mut Page) -> io::Result<()> {
    summary(shown, out)?;
    writeln!(out)?;
    let (what, colour) = match chain {
        Chain::Signatures => (
            "the signatures hold; give --contract and --reports to check what they stand under".to_owned(),
            AnsiColor::Green,
        ),
        Chain::Contract => (
            "the signatures hold, and this is the contract; give --reports too, to draw it up again"
                .to_owned(),
            AnsiColor::Green,
        ),
        Chain::Reports(differences) if differences.is_empty() => (
            "the signatures hold, and the same certificate follows from contract and reports".to_owned(),
            AnsiColor::Green,
        ),
        Chain::Reports(differences) => {
            for told in differences.iter().map(difference) {
                writeln!(out, "DIFFERS: {told}")?;
            }
            (
                "the signatures hold, but another certificate follows from contract and reports; do not rely on it".to_owned(),
                AnsiColor::Red,
            )
        }
    };
    let style = colour.on_default().bold();
    writeln!(out, "verification: {style}{what}{style:#}")
}

pub fn difference(found: &Difference) -> String {
    let Difference { what, stated, recomputed } = found;
    format!("{what}\n  the certificate says  {stated}\n  the reports say       {recomputed}")
}

fn summary(shown: &Shown, out: &mut Page) -> io::Result<()> {
    let Certificate { contract, counts, decision, as_of, waivers, money, .. } = shown.certificate;
    let moment = as_of.0.strftime("%Y-%m-%d %H:%M:%S UTC");
    writeln!(out, "contract {:?}, sha256 {}, as of {moment}", contract.id, contract.sha256)?;
    if shown.certificate.simulated() > 0 {
        writeln!(out, "{}", simulated(shown.certificate.simulated()))?;
    }
    let bold = Style::new().bold();
    match decision {
        Decision::Accepted => {
            let lacking = counts.promised.saturating_sub(counts.accepted);
            let accepted = counts.accepted as usize;
            match &counts.contracted {
                Some(all) => {
                    writeln!(out, "{bold}ACCEPTED{bold:#}: {accepted} of {}", counted(*all as usize, "node"))?
                }
                None => writeln!(out, "{bold}ACCEPTED{bold:#}: {}", counted(accepted, "node"))?,
            }
            if lacking > 0 {
                writeln!(out, "not accepted of those promised by then: {lacking}")?;
            }
        }
        Decision::Refused { reason } => writeln!(out, "{bold}REFUSED{bold:#}: {reason}")?,
    }
    let accepted = || shown.certificate.nodes.iter().filter(|node| node.state == State::Accepted);
    writeln!(
        out,
        "{}",
        evidence(
            accepted().count(),
            accepted().filter(|node| node.challenge_sha256.is_some()).count(),
            accepted().filter(|node| node.proof.is_some()).count(),
        )
    )?;
    let not_met = shown.certificate.clauses.iter().filter(|t| t.waived + t.failed + t.undecided > 0);
    let rows: Vec<[String; 5]> = not_met
        .map(|tally| {
            let ClauseTally { clause, met, waived, failed, undecided } = tally;
            [clause.clone(), met.to_string(), waived.to_string(), failed.to_string(), undecided.to_string()]
        })
        .collect();
    if !rows.is_empty() {
        writeln!(out)?;
        print_table(["clause", "nodes that meet it", "waived", "failed", "undecided"], rows, out)?;
    }
    for waiver in waivers {
        writeln!(out, "waived: {waiver}, because: {}", waiver.reason)?;
    }
    if let Some(money) = money {
        let (credits, cuts, currency) = (&money.credits, &money.price_cuts_per_month, &money.currency);
        writeln!(out, "credits due {credits} {currency}, price cuts {cuts} {currency} a month")?;
    }
    for role in Role::BOTH {
        let key = shown.certificate.parties.key(role);
        let signed = if shown.signed.contains(&role) { "signed" } else { "NOT signed" };
        writeln!(out, "{:8} {signed}, key {key}", role.name())?;
    }
    Ok(())
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
