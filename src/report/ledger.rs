//! What a report's reader knows, and how: signed by whom, recomputed here, or only the machine's own word.
//! Owns the sorting of statements into these three; must not know how they are printed.

use serde::Serialize;

use super::Report;
use super::recheck::Recheck;
use crate::device::{Identity, Provenance};
use crate::evidence::{DeviceEvidence, Value};
use crate::proof::challenge::Issued;
use crate::seal::{KeyId, Verified};
use crate::telemetry::host::{Adapter, Host};
use crate::units::Unit;

/// Everything a report says, sorted by what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// The signer stands behind it, and it was not changed since.
    pub signed: Vec<Entry>,
    /// This program computed it again from the samples, just now.
    pub recomputed: Vec<Entry>,
    /// The measured machine said so. Work, time and memory may contradict it, nothing here confirms it.
    pub machines_word: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub what: String,
    pub value: String,
}

fn entry(what: impl Into<String>, value: impl Into<String>) -> Entry {
    Entry { what: what.into(), value: value.into() }
}

/// Sorts what a verified report says.
///
/// `challenge` is the one that the report was shown to answer.
pub fn ledger(report: &Report, verified: &Verified, recheck: &Recheck, challenge: Option<&Issued>) -> Ledger {
    let hint = verified.wrong_hint().map(|hint| {
        entry(
            "envelope's key name",
            format!("{hint}, which is not the signer's; no signature covers this name"),
        )
    });
    let named = report.evidence.run.challenge_sha256.as_ref().filter(|_| challenge.is_none());
    Ledger {
        signed: signed(report, verified.signer()),
        recomputed: recomputed(report, recheck).into_iter().chain(challenge.map(fresh)).collect(),
        machines_word: report
            .evidence
            .devices
            .iter()
            .flat_map(word_of_device)
            .chain(word_of_run(report))
            .chain(named.map(|sha256| {
                entry("challenge", format!("it says that it answers sha256:{sha256}; give --challenge"))
            }))
            .chain(hint)
            .collect(),
    }
}

fn fresh(challenge: &Issued) -> Entry {
    entry(
        "challenge",
        format!("sha256:{}; all data are drawn from it, so the report is no older", challenge.sha256),
    )
}

fn signed(report: &Report, signer: &KeyId) -> Vec<Entry> {
    let mut entries = vec![
        entry("signer", signer.as_str()),
        entry("key", report.sealed_by.name()),
        entry("judged by", format!("{} {}", report.tool.name, report.tool.version)),
    ];
    if let Some(contract) = &report.contract {
        entries.push(entry("contract", format!("{} sha256:{}", contract.terms.id, contract.sha256)));
    }
    // A recording may be judged again by other terms than it was made for. That is no fault, but worth knowing.
    let judged = report.contract.as_ref().map(|contract| &contract.sha256);
    match &report.evidence.run.contract_sha256 {
        Some(made_for) if judged.is_some_and(|judged| judged != made_for) => {
            entries.push(entry("made for another contract", format!("sha256:{made_for}")));
        }
        Some(_) | None => {}
    }
    entries
}

fn recomputed(report: &Report, recheck: &Recheck) -> Vec<Entry> {
    let between = report.evidence.node.iter().flat_map(|node| &node.measurements);
    let measurements = report.evidence.devices.iter().flat_map(|device| &device.measurements).chain(between);
    let samples: usize = measurements
        .map(|measurement| match &measurement.value {
            Value::Timed(timed) => timed.samples.len(),
            Value::Count { .. } | Value::Share { .. } | Value::AtLeast { .. } => 1,
        })
        .sum();
    let loads = report.evidence.devices.iter().filter_map(|device| device.sustained.as_ref());
    let samples = samples + loads.map(|load| load.windows.len()).sum::<usize>();
    let mut entries = vec![
        entry("samples", samples.to_string()),
        entry("summaries", recheck.summaries.len().to_string()),
        entry("findings", recheck.findings.len().to_string()),
        entry("trust level", format!("{:?}", super::trust_level(&report.evidence))),
        entry("differences", recheck.differences.len().to_string()),
    ];
    if let Some(verdict) = recheck.verdict {
        entries.push(entry("verdict", verdict.name()));
    }
    entries
}

fn word_of_device(device: &DeviceEvidence) -> Vec<Entry> {
    let Some(identity) = &device.identity else {
        return vec![entry(format!("{}: identity", device.selector), "none, the device was never opened")];
    };
    let mut entries = identity_entries(identity);
    entries.extend(device.facts.iter().map(|fact| entry(fact.metric.as_str(), fact.value.clone())));
    entries.push(entry("telemetry", format!("{} readings", device.timeline.len())));
    for entry in &mut entries {
        entry.what = format!("{}: {}", device.selector, entry.what);
    }
    entries
}

fn identity_entries(identity: &Identity) -> Vec<Entry> {
    let provenance = match &identity.provenance {
        Provenance::Hardware => "hardware".to_owned(),
        Provenance::Software { cpu_threads } => format!("software on {cpu_threads} CPU threads"),
        Provenance::Simulated { script } => format!("simulated by {script:?}"),
    };
    let ids = identity.vendor_id.zip(identity.device_id);
    let optional = [
        ("PCI id", ids.map(|(vendor, device)| format!("{vendor:04x}:{device:04x}"))),
        ("PCI address", identity.pci_address.clone()),
        ("UUID", identity.uuid.clone()),
        ("units", identity.units.map(|units| units.to_string())),
        ("reported memory", identity.memory_bytes.map(|bytes| Unit::Byte.format(bytes as f64))),
    ];
    [
        entry("name", identity.name.clone()),
        entry("provenance", provenance),
        entry("driver", identity.driver.clone()),
    ]
    .into_iter()
    .chain(optional.into_iter().filter_map(|(what, value)| Some(entry(what, value?))))
    .collect()
}

fn word_of_run(report: &Report) -> Vec<Entry> {
    let mut entries = report.evidence.run.host.as_ref().map_or(Vec::new(), word_of_host);
    entries.extend([
        entry("clocks", "every sample was timed on the measured machine"),
        entry("measured", report.evidence.run.order.to_string()),
        entry("started", report.evidence.run.started.clone()),
        entry("sealed", report.sealed_at.clone()),
        entry("measured by", format!("{} {}", report.evidence.run.tool, report.evidence.run.tool_version)),
    ]);
    entries
}

fn word_of_host(host: &Host) -> Vec<Entry> {
    let adapter = |adapter: &Adapter| match adapter.speed_mbps {
        Some(speed) => format!("{} at {speed} Mbit/s", adapter.name),
        None => adapter.name.clone(),
    };
    let network: Vec<String> = host.network.iter().map(adapter).collect();
    let virtual_machine = host.hypervisor.map(|is| if is { "under a hypervisor" } else { "no hypervisor" });
    [
        ("machine", host.machine.clone()),
        ("processor", host.cpu.clone()),
        ("processor threads", host.cpu_threads.map(|n| n.to_string())),
        ("memory", host.memory_bytes.map(|bytes| Unit::Byte.format(bytes as f64))),
        ("NUMA nodes", host.numa_nodes.map(|n| n.to_string())),
        ("kernel", host.kernel.clone()),
        ("virtualisation", virtual_machine.map(str::to_owned)),
        ("container", host.container.clone()),
        ("network", (!network.is_empty()).then(|| network.join(", "))),
    ]
    .into_iter()
    .filter_map(|(what, value)| Some(entry(format!("host: {what}"), value?)))
    .collect()
}
