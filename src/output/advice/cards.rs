//! Which cards of a report something is to be done about, each with where it sits, so that whoever has the node finds it.
//! Owns these steps; what is wrong with a card was judged before.

use super::{Step, odd};
use crate::contract::finding::id;
use crate::contract::{Finding, Reason, Severity, Subject, Verdict};
use crate::device::DeviceError;
use crate::evidence::metric::{self, MetricName};
use crate::evidence::{Absence, AbsenceReason, DeviceEvidence, Ended};
use crate::language::{Language, say};
use crate::output::rows;
use crate::report::Report;

/// Steps about single cards, the most urgent first.
pub fn steps(report: &Report, language: Language) -> Vec<Step> {
    let all = [
        lost(report, language),
        parted(report, language),
        bad(report, language),
        rows_of_memory(report, language),
        foreign(report, language),
        unseen(report, language),
        odd::step(report, language),
    ];
    all.into_iter().flatten().collect()
}

/// `cuda:5 (PCI 0000:9b:00.0, serial 1652323000123)`
pub(super) fn named(device: &DeviceEvidence, language: Language) -> String {
    match rows::place(device, language) {
        Some(place) => say!(language, "card-at", selector = &device.selector, place),
        None => device.selector.clone(),
    }
}

/// Those whose run broke off by themselves.
fn lost(report: &Report, language: Language) -> Option<Step> {
    let devices = report.evidence.devices.iter().filter(|device| matches!(device.ended, Ended::Lost { .. }));
    let colon = say!(language, "list-colon");
    let told = |device| format!("{}{colon}{}", named(device, language), device.ended.said(language));
    let lost: Vec<String> = devices.map(told).collect();
    let what = match lost.len() {
        0 => return None,
        // Hardly each by itself.
        count @ 2.. if count == report.evidence.devices.len() => say!(language, "step-lost-all"),
        count => say!(language, "step-lost", count = count),
    };
    Some(Step::about(what, lost))
}

/// What broke off between cards, of which it took none with it.
fn parted(report: &Report, language: Language) -> Option<Step> {
    let node = report.evidence.node.as_ref().filter(|node| matches!(node.ended, Ended::Lost { .. }))?;
    let card = |place: u32| report.evidence.devices.get(place as usize).map(|card| named(card, language));
    let told = |absence: &Absence| {
        let AbsenceReason::Failed { error: DeviceError::Lost { .. } | DeviceError::Hang { .. } } =
            absence.reason
        else {
            return None;
        };
        let (from, to) = metric::pair(absence.metric.as_str())?;
        let ends = format!("{} -> {}", card(from)?, card(to)?);
        Some(format!("{ends}{}{}", say!(language, "list-colon"), absence.reason.said(language)))
    };
    let parted: Vec<String> = node.absences.iter().filter_map(told).collect();
    (!parted.is_empty()).then(|| Step::about(say!(language, "step-parted", count = parted.len()), parted))
}

fn fails(finding: &&Finding) -> bool {
    finding.severity == Severity::Must && finding.verdict == Verdict::Fail
}

/// The binding clauses that a device fails, each once.
fn failed(report: &Report, device: usize) -> Vec<&str> {
    let of_device = |finding: &&Finding| match finding.subject {
        Subject::Device { index, .. } => index as usize == device,
        Subject::Node => false,
    };
    let mut clauses: Vec<&str> =
        report.findings.iter().filter(fails).filter(of_device).map(|f| f.clause.as_str()).collect();
    clauses.dedup();
    clauses
}

/// Those that fall short where others do not. Where all do it is not the card.
fn bad(report: &Report, language: Language) -> Option<Step> {
    let devices = &report.evidence.devices;
    let failed = devices.iter().enumerate().map(|(at, device)| (device, failed(report, at)));
    let bad: Vec<_> = failed.filter(|(_, clauses)| !clauses.is_empty()).collect();
    if bad.is_empty() || bad.len() == devices.len() {
        return None;
    }
    let colon = say!(language, "list-colon");
    let told = |(device, clauses): &(&DeviceEvidence, Vec<&str>)| {
        format!("{}{colon}{}", named(device, language), language.list(clauses))
    };
    let what = say!(language, "step-bad-cards", count = bad.len(), all = devices.len());
    Some(Step::about(what, bad.iter().map(told)))
}

fn demanded(report: &Report) -> Option<usize> {
    Some(report.contract.as_ref()?.terms.inventory.as_ref()?.devices.get() as usize)
}

/// Cards whose memory has rows that wait for a reset to be replaced, or that could not be: by the vendor's rules these are to be
/// reset, or exchanged, whatever they reach meanwhile.
fn rows_of_memory(report: &Report, language: Language) -> Option<Step> {
    let is_some = |count: Option<u32>| count.is_some_and(|count| count > 0);
    let of_device = |device: &DeviceEvidence| {
        let reading = &device.timeline.last()?.reading;
        let waits = is_some(reading.remapped_rows_pending) || is_some(reading.retired_pages_pending);
        let state = match (is_some(reading.remapped_rows_failed), waits) {
            (true, _) => say!(language, "rows-failed"),
            (false, true) => say!(language, "rows-pending"),
            (false, false) => return None,
        };
        Some(format!("{}{}{state}", named(device, language), say!(language, "list-colon")))
    };
    let told: Vec<String> = report.evidence.devices.iter().filter_map(of_device).collect();
    (!told.is_empty()).then(|| Step::about(say!(language, "step-rows", count = told.len()), told))
}

/// Cards of another model, where there are more than are agreed: perhaps nobody rents them.
fn foreign(report: &Report, language: Language) -> Option<Step> {
    let others = report.findings.iter().filter(|f| f.clause == id::SKU && f.verdict == Verdict::Fail);
    let others: Vec<String> = others.map(|finding| finding.subject.said(language)).collect();
    let (agreed, measured) = (demanded(report)?, report.evidence.devices.len());
    let is_enough = !others.is_empty() && measured - others.len() >= agreed;
    is_enough.then(|| Step::about(say!(language, "step-foreign", measured, agreed), others))
}

/// That the driver or the kernel sees cards which the run did not.
fn unseen(report: &Report, language: Language) -> Option<Step> {
    let missing = |finding: &&Finding| {
        finding.clause == id::DEVICES && matches!(finding.because, Reason::TooFewDevices { .. })
    };
    report.findings.iter().filter(fails).find(missing)?;
    let count = |name: &str| {
        let metric = MetricName::parse(name).ok()?;
        let told =
            report.evidence.devices.iter().filter_map(|device| device.fact(&metric)?.parse::<usize>().ok());
        told.max()
    };
    let measured = report.evidence.devices.len();
    let (driver, kernel) = (count("identity.nvml.cards"), count("identity.pci.cards"));
    let sees_more = driver.max(kernel).is_some_and(|seen| seen > measured);
    let said = |count: Option<usize>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    sees_more.then(|| {
        Step::new(say!(language, "step-unseen", measured, driver = said(driver), kernel = said(kernel)))
    })
}
