//! Recomputes everything that a report derives from its samples, and says where it differs.
//! Owns the comparison; runs the same functions as the writer and nothing else.

use serde::Serialize;

use super::difference::{self, Difference};
use super::{ContractCopy, DeviceSummary, Report, SealedBy, exit, summaries, trust_level};
use crate::catalogue;
use crate::catalogue::in_use::{self, OverlayName};
use crate::contract::{Finding, Parsed, Verdict, judge, overall};
use crate::evidence::Evidence;
use crate::exit::Exit;
use crate::language::{Language, say};

/// The difference that is no contradiction within the report: the verifier demanded another contract.
pub const CONTRACT: &str = "contract";

/// Told only beside other differences within the report, whose cause it may be.
const CATALOGUE: &str = "catalogue";

/// The report was judged with other overlays of the catalogue than those that `--overlay` names.
pub const OVERLAYS: &str = "overlays of the catalogue (--overlay)";

/// What the samples say, beside what the report says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recheck {
    pub verdict: Option<Verdict>,
    pub findings: Vec<Finding>,
    pub summaries: Vec<DeviceSummary>,
    /// Empty where the report holds.
    pub differences: Vec<Difference>,
    /// Where the verifier demanded another contract: what the two say otherwise. Empty where their texts alone differ.
    pub terms: Vec<Difference>,
}

/// Recomputes every figure, summary, finding and the verdict from the raw samples by the report's own contract, which
/// must be `given`, the contract that the verifier knows, where there is one.
pub fn recheck(report: &Report, given: Option<&Parsed>) -> Recheck {
    let mut differences = Vec::new();
    let mut differ = |what: String, stated: String, recomputed: String| {
        if stated != recomputed {
            differences.push(Difference { what, stated, recomputed });
        }
    };
    let copy = report.contract.as_ref();
    let mut terms = Vec::new();
    if let Some(given) = given.map(ContractCopy::from) {
        let name = |copy: &ContractCopy| format!("{} sha256:{}", copy.terms.id, copy.sha256);
        let (stated, demanded) = (copy.map_or("none".to_owned(), name), name(&given));
        if stated == demanded {
            differ("contract terms".to_owned(), json(&copy), json(&Some(&given)));
        } else {
            differ(CONTRACT.to_owned(), stated, demanded);
            terms = difference::between(&copy.map(|copy| &copy.terms), &Some(&given.terms));
        }
    }
    let level = trust_level(&report.evidence);
    differ("trust level".to_owned(), format!("{:?}", report.trust_level), format!("{level:?}"));

    let overlays = |overlays: &[OverlayName]| {
        let names = overlays.iter().map(|o| format!("{:?} {:?} sha256:{}", o.title, o.version, o.sha256));
        names.collect::<Vec<_>>().join(", ")
    };
    let used = if copy.is_some() { in_use::overlays() } else { &[] };
    differ(OVERLAYS.to_owned(), overlays(&report.overlays), overlays(used));

    let summaries = summaries(&report.evidence);
    compare(&report.summaries, &summaries, |s| summary_key(&report.evidence, s), &mut differ);
    let findings = copy.map_or(Vec::new(), |copy| judge(&copy.terms, &report.evidence));
    compare(&report.findings, &findings, finding_key, &mut differ);
    let verdict = copy.is_some().then(|| overall(&findings));
    let name = |verdict: Option<Verdict>| verdict.map_or("none", Verdict::name).to_owned();
    differ("verdict".to_owned(), name(report.verdict), name(verdict));
    let is_otherwise = differences.iter().any(|difference| difference.what != CONTRACT);
    let ours = catalogue::digest();
    if let Some(stated) = report.catalogue_sha256.as_ref().filter(|stated| is_otherwise && **stated != ours) {
        let (what, stated) = (CATALOGUE.to_owned(), stated.clone());
        differences.push(Difference { what, stated, recomputed: ours });
    }
    Recheck { verdict, findings, summaries, differences, terms }
}

fn summary_key(evidence: &Evidence, summary: &DeviceSummary) -> String {
    let Some(index) = summary.device else { return format!("summary of {}", summary.metric) };
    let device = evidence.devices.get(index as usize);
    let selector = device.map_or("a device that is not there", |device| device.selector.as_str());
    format!("summary of {} on {selector}", summary.metric)
}

fn finding_key(finding: &Finding) -> String {
    format!("finding {} on {}", finding.clause, finding.subject)
}

/// Compares two lists that should be equal, entry by entry in order; `key` names an entry in messages.
fn compare<T: PartialEq + Serialize>(
    stated: &[T],
    recomputed: &[T],
    key: impl Fn(&T) -> String,
    differ: &mut impl FnMut(String, String, String),
) {
    for at in 0..stated.len().max(recomputed.len()) {
        let (stated, recomputed) = (stated.get(at), recomputed.get(at));
        if stated == recomputed {
            continue;
        }
        let Some(either) = stated.or(recomputed) else { continue };
        differ(key(either), json(&stated), json(&recomputed));
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|e| format!("not JSON: {e}"))
}

impl Recheck {
    pub fn holds(&self) -> bool {
        self.differences.is_empty()
    }

    /// Whether nothing is wrong but that the verifier demanded another contract.
    pub fn holds_by_another_contract(&self) -> bool {
        matches!(&self.differences[..], [only] if only.what == CONTRACT)
    }

    /// Whether nothing is otherwise but the text of the contract: equal terms judge equally.
    pub fn holds_by_another_text(&self) -> bool {
        self.holds_by_another_contract() && self.terms.is_empty()
    }

    /// Whether it was judged with other overlays of the catalogue than those that are given now.
    pub fn is_by_other_overlays(&self) -> bool {
        self.differences.iter().any(|difference| difference.what == OVERLAYS)
    }

    /// The report as its samples have it: what was recomputed counts, never what was stated.
    pub fn recomputed(&self, report: &Report) -> Report {
        let (verdict, findings, summaries) = (self.verdict, self.findings.clone(), self.summaries.clone());
        let trust_level = trust_level(&report.evidence);
        Report { verdict, findings, summaries, trust_level, ..report.clone() }
    }

    /// The exit code of verifying: what was recomputed counts, never what was stated.
    pub fn exit(&self, report: &Report) -> Exit {
        let holds = self.holds() || self.holds_by_another_text();
        if holds { exit(self.verdict, &self.findings, &report.evidence) } else { Exit::Signature }
    }
}

impl SealedBy {
    pub fn said(self, language: Language) -> String {
        match self {
            SealedBy::Ephemeral => say!(language, "ledger-key-ephemeral"),
            SealedBy::Named => say!(language, "ledger-key-named"),
        }
    }
}
