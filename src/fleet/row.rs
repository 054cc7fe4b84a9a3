//! What a fleet keeps of one report: who, when, which cards, how each was judged.
//! Owns the reduction; must not know where reports come from. A report of ordinary size becomes about a kilobyte.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::doubt::{self, Doubt};
use crate::contract::{Amount, Finding, Parsed, Reason, Severity, Subject, Verdict, finding};
use crate::device::ProvenanceKind;
use crate::evidence::metric::{METRICS, MetricName};
use crate::evidence::{DeviceEvidence, Ended, Evidence, Value};
use crate::report::{ContractCopy, Recheck, Report, TrustLevel};
use crate::seal::Verified;

/// One report whose signature and figures hold.
#[derive(Clone, Debug)]
pub struct Row {
    /// The file, or its place in a stream.
    pub source: String,
    /// SHA-256 of the signed bytes.
    pub payload: [u8; 32],
    /// SHA-256 of everything that was measured, whoever it is said to be of. `None` where nothing was timed.
    pub samples: Option<[u8; 32]>,
    /// As the run was told with `--node`.
    pub node: Option<String>,
    /// By the machine's own clock.
    pub started: Timestamp,
    /// SHA-256 of the challenge that it answers. `None` where that is not shown.
    pub challenge: Option<String>,
    /// Why it shows no pass, whatever it says.
    pub doubts: Vec<Doubt>,
    /// Whether it was judged by another text of the contract that says the same.
    pub by_other_text: bool,
    /// SHA-256 of the salt that hides the ids of its cards.
    pub salt: Option<String>,
    pub level: TrustLevel,
    /// Whether the run came to its end by itself.
    pub is_finished: bool,
    pub verdict: Verdict,
    /// What the node as a whole was found lacking.
    pub lacking: Vec<Lacking>,
    pub cards: Vec<Card>,
    /// Whether any result was wrong, whoever demanded it.
    pub is_wrong: bool,
    /// For how long devices were watched, and how often one failed meanwhile, summed over all.
    pub watched_s: f64,
    pub failures: u32,
}

/// One device of a report.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    pub selector: String,
    pub name: String,
    /// Where its figures come from; `None` where it was never opened.
    pub kind: Option<ProvenanceKind>,
    /// Where it lies in its node, for whoever is to take it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pci_address: Option<String>,
    /// What names it among the cards of all nodes: see [`names`](crate::device::same::names).
    pub ids: BTreeSet<String>,
    pub verdict: Verdict,
    pub lacking: Vec<Lacking>,
    /// Medians by place in [`METRICS`].
    #[serde(serialize_with = "by_name")]
    pub medians: Vec<(u16, f64)>,
}

/// A clause that is not met, and why. The sentence is made when somebody reads it, in that reader's language.
#[derive(Clone, Debug, PartialEq)]
pub struct Lacking {
    pub clause: String,
    pub severity: Severity,
    pub verdict: Verdict,
    pub demanded: Option<Amount>,
    pub found: Option<Amount>,
    pub because: Reason,
    /// The share of the bound that is missing or too much, where both are numbers.
    pub short: Option<f64>,
    /// Whether sources contradict one another about what this card is.
    pub identity: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("its start {0:?} is no time")]
pub struct NoTime(String);

impl Row {
    pub fn of(
        source: String,
        report: &Report,
        recheck: &Recheck,
        verified: &Verified,
    ) -> Result<Self, NoTime> {
        let evidence = &report.evidence;
        let started = &evidence.run.started;
        let began = started.parse().map_err(|_| NoTime(started.clone()))?;
        let cards: Vec<Card> =
            (0u32..).zip(&evidence.devices).map(|(at, device)| card(at, device, recheck)).collect();
        let lost =
            evidence.devices.iter().filter(|device| matches!(device.ended, Ended::Lost { .. })).count();
        let wrong = evidence
            .devices
            .iter()
            .filter(|device| device.sustained.as_ref().is_some_and(|load| load.wrong() > 0))
            .count();
        let between = evidence.node.as_ref().is_some_and(|node| !node.wrong().is_empty());
        let is_wrong = between || evidence.devices.iter().any(|device| !device.wrong().is_empty());
        let watched = evidence.devices.iter().filter_map(|device| device.sustained.as_ref());
        Ok(Self {
            source,
            payload: Sha256::digest(verified.bytes()).into(),
            samples: samples(evidence),
            node: evidence.run.node.clone(),
            started: began,
            challenge: None,
            by_other_text: false,
            doubts: doubt::untimely(report, began).into_iter().collect(),
            salt: evidence.run.salt_sha256.clone(),
            level: report.trust_level,
            is_finished: evidence.ended == Ended::Completed,
            verdict: recheck.verdict.unwrap_or(Verdict::Inconclusive),
            lacking: lacking(&recheck.findings, |subject| *subject == Subject::Node),
            cards,
            is_wrong,
            // The sum of nothing would be -0.
            watched_s: watched.fold(0.0, |sum, load| sum + load.watched_ns() as f64 / 1e9),
            failures: u32::try_from(lost + wrong).unwrap_or(u32::MAX),
        })
    }

    /// The same by our text of the contract, where it was judged by another. Terms that are equal judge equally, and the report
    /// has those that it was judged by, to be judged by again; of others nothing is kept but that the node was there, and
    /// what it says of its cards.
    pub fn by_our_text(mut self, judged: &ContractCopy, ours: &Parsed) -> Self {
        if judged.terms == ours.contract {
            self.by_other_text = true;
            return self;
        }
        let [judged, ours] = [&judged.sha256, &ours.sha256].map(String::clone);
        self.doubts.push(Doubt::OtherText { judged, ours });
        self.verdict = Verdict::Inconclusive;
        self.lacking.retain(|lacking| lacking.identity);
        for card in &mut self.cards {
            card.verdict = Verdict::Inconclusive;
            card.lacking.retain(|lacking| lacking.identity);
            card.medians.clear();
        }
        self
    }

    /// Whether nothing that was agreed was judged on it.
    pub fn is_unjudged(&self) -> bool {
        self.doubts.iter().any(|doubt| matches!(doubt, Doubt::OtherText { .. }))
    }

    /// What it lacks in `must` clauses, with the selector of the card where it is one.
    pub fn musts(&self) -> impl Iterator<Item = (Option<&str>, &Lacking)> {
        let of_cards = self
            .cards
            .iter()
            .flat_map(|card| card.lacking.iter().map(|lacking| (Some(card.selector.as_str()), lacking)));
        let all = self.lacking.iter().map(|lacking| (None, lacking)).chain(of_cards);
        all.filter(|(_, lacking)| lacking.severity == Severity::Must)
    }

    /// What it says where these clauses are left out. What is doubted shows no pass; a failure that somebody signed stays one.
    pub fn verdict_but(&self, waived: &[&str]) -> Verdict {
        let is_waived = |lacking: &Lacking| waived.contains(&lacking.clause.as_str());
        let (waived, rest): (Vec<_>, Vec<_>) =
            self.musts().map(|(_, lacking)| lacking).partition(|lacking| is_waived(lacking));
        let verdict = match rest.iter().map(|lacking| lacking.verdict).max() {
            Some(worst) => worst,
            None if !waived.is_empty() => Verdict::Pass,
            None => self.verdict,
        };
        if self.doubts.is_empty() { verdict } else { verdict.max(Verdict::Inconclusive) }
    }

    /// Whether every device came to its end and was right in all it did.
    pub fn is_whole(&self) -> bool {
        self.failures == 0 && !self.is_wrong
    }
}

impl Card {
    /// The median of a metric, in its unit's base.
    pub fn median(&self, metric: &str) -> Option<f64> {
        let is_it = |place: u16| METRICS.get(usize::from(place)).is_some_and(|row| row.name == metric);
        self.medians.iter().find(|(place, _)| is_it(*place)).map(|(_, median)| *median)
    }

    /// Selector, name and place.
    pub fn shown(&self) -> String {
        let Self { selector, name, pci_address, .. } = self;
        let place = pci_address.as_ref().map_or(String::new(), |address| format!(", PCI {address}"));
        format!("{selector} ({name}{place})")
    }
}

fn card(at: u32, device: &DeviceEvidence, recheck: &Recheck) -> Card {
    let is_mine = |subject: &Subject| match subject {
        Subject::Device { index, .. } => *index == at,
        Subject::Node => false,
    };
    let mine = recheck
        .findings
        .iter()
        .filter(|finding| is_mine(&finding.subject) && finding.severity == Severity::Must);
    let medians = recheck.summaries.iter().filter(|summary| summary.device == Some(at));
    Card {
        selector: device.selector.clone(),
        name: device.identity.as_ref().map_or(String::new(), |identity| identity.name.clone()),
        kind: device.identity.as_ref().map(|identity| identity.provenance.kind()),
        pci_address: device.identity.as_ref().and_then(|identity| identity.pci_address.clone()),
        ids: device.ids(),
        verdict: mine.map(|finding| finding.verdict).max().unwrap_or(Verdict::Inconclusive),
        lacking: lacking(&recheck.findings, is_mine),
        medians: medians.filter_map(|of| Some((place(&of.metric)?, of.summary.p50))).collect(),
    }
}

/// With names, as people know them.
fn by_name<S: Serializer>(medians: &[(u16, f64)], serializer: S) -> Result<S::Ok, S::Error> {
    let named = medians
        .iter()
        .filter_map(|(at, median)| Some((METRICS.get(usize::from(*at))?.name.as_str(), median)));
    serializer.collect_map(named)
}

/// Where a metric stands in the table of all.
fn place(metric: &MetricName) -> Option<u16> {
    let at = METRICS.iter().position(|row| row.name == metric.as_str())?;
    u16::try_from(at).ok()
}

fn lacking(findings: &[Finding], is_mine: impl Fn(&Subject) -> bool) -> Vec<Lacking> {
    let open =
        findings.iter().filter(|finding| finding.verdict != Verdict::Pass && is_mine(&finding.subject));
    open.map(|finding| Lacking {
        clause: finding.clause.clone(),
        severity: finding.severity,
        verdict: finding.verdict,
        demanded: finding.bound.clone(),
        found: finding.observed.clone(),
        because: finding.because.clone(),
        short: short(finding),
        identity: matches!(finding.clause.as_str(), finding::id::CONFLICT | finding::id::DUPLICATE),
    })
    .collect()
}

fn short(finding: &Finding) -> Option<f64> {
    let (observed, bound) = (finding.observed.as_ref()?.number()?, finding.bound.as_ref()?.number()?);
    (finding.verdict == Verdict::Fail).then(|| off(observed, bound))
}

/// The share of the bound by which a figure that fails is off, 0 to 1: what lies below `bound` is too little, what lies above too much.
/// Where nothing at all was allowed, anything is wholly off.
pub(super) fn off(figure: f64, bound: f64) -> f64 {
    let off = (figure - bound).abs() / bound.abs();
    if off.is_nan() { 0.0 } else { off.min(1.0) }
}

/// Two runs never take the same nanoseconds: equal samples were copied. Counts alone are equal by nature.
fn samples(evidence: &Evidence) -> Option<[u8; 32]> {
    let measured: Vec<_> =
        evidence.devices.iter().map(|device| (&device.measurements, &device.sustained)).collect();
    let has_times = |value: &Value| matches!(value, Value::Timed(timed) if !timed.samples.is_empty());
    let timed = evidence.devices.iter().any(|device| device.measurements.iter().any(|m| has_times(&m.value)));
    let bytes = serde_json::to_vec(&measured).ok()?;
    timed.then(|| Sha256::digest(&bytes).into())
}

#[cfg(test)]
mod tests {
    use super::off;

    #[test]
    fn too_much_is_off_as_too_little_is() {
        for (figure, bound, share) in [
            (90.0, 100.0, 0.1),
            (0.0, 100.0, 1.0),
            (197.0, 100.0, 0.97),
            (110.0, 100.0, 0.1),
            (900.0, 100.0, 1.0),
            (3.0, 0.0, 1.0),
            (0.0, 0.0, 0.0),
            (f64::INFINITY, 100.0, 1.0),
        ] {
            assert!(
                (off(figure, bound) - share).abs() < 1e-12,
                "{figure} of {bound}: {}",
                off(figure, bound)
            );
        }
    }
}
