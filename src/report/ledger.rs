//! What a report's reader knows, and how: signed by whom, recomputed here, or only the machine's own word.
//! Owns the sorting of statements into these three; must not know how they are printed.

use serde::Serialize;

use super::Report;
use super::recheck::Recheck;
use crate::contract::{Parties, Party, escaped};
use crate::device::{Identity, Provenance};
use crate::evidence::{DeviceEvidence, Value};
use crate::language::{Language, say};
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

/// Sorts what a verified report says, in words for people who read that language.
///
/// `challenge` is the one that the report was shown to answer.
pub fn ledger(
    report: &Report,
    verified: &Verified,
    recheck: &Recheck,
    challenge: Option<&Issued>,
    language: Language,
) -> Ledger {
    let hint = verified.wrong_hint().map(|hint| {
        entry(say!(language, "ledger-key-name"), say!(language, "ledger-wrong-hint", hint = hint.to_string()))
    });
    let named = report.evidence.run.challenge_sha256.as_ref().filter(|_| challenge.is_none());
    Ledger {
        signed: signed(report, verified, language),
        recomputed: recomputed(report, recheck, language)
            .into_iter()
            .chain(challenge.map(|challenge| fresh(challenge, language)))
            .collect(),
        machines_word: report
            .evidence
            .devices
            .iter()
            .flat_map(|device| word_of_device(device, language))
            .chain(word_of_run(report, language))
            .chain(named.map(|sha256| {
                let value = say!(language, "ledger-names-challenge", sha256 = sha256);
                entry(say!(language, "ledger-challenge"), value)
            }))
            .chain(hint)
            .collect(),
    }
}

fn fresh(challenge: &Issued, language: Language) -> Entry {
    let value = say!(language, "ledger-answers-challenge", sha256 = &challenge.sha256);
    entry(say!(language, "ledger-challenge"), value)
}

/// Which of those whom the contract names a key is of. Whoever trusts more keys than one wants to know whose word this is.
fn party(report: &Report, key: &KeyId, language: Language) -> Option<String> {
    let Parties { tenant, provider } = &report.contract.as_ref()?.terms.parties;
    let has =
        |party: &Option<Party>| party.as_ref().is_some_and(|party| party.key_sha256.as_ref() == Some(key));
    let names_keys = [tenant, provider].into_iter().flatten().any(|party| party.key_sha256.is_some());
    match (has(tenant), has(provider)) {
        (true, _) => Some(say!(language, "ledger-party-tenant")),
        (false, true) => Some(say!(language, "ledger-party-provider")),
        (false, false) => names_keys.then(|| say!(language, "ledger-party-neither")),
    }
}

fn signed(report: &Report, verified: &Verified, language: Language) -> Vec<Entry> {
    let mut entries = Vec::new();
    for signer in verified.signers() {
        entries.push(entry(say!(language, "ledger-signer"), signer.as_str()));
        let party = party(report, signer, language);
        entries.extend(party.map(|party| entry(say!(language, "ledger-party"), party)));
    }
    entries.extend([
        entry(say!(language, "ledger-statement"), format!("sha256:{}", verified.sha256())),
        entry(say!(language, "ledger-key"), report.sealed_by.said(language)),
        entry(say!(language, "ledger-judged-by"), format!("{} {}", report.tool.name, report.tool.version)),
    ]);
    let catalogue = report.catalogue_sha256.iter();
    entries.extend(
        catalogue.map(|sha256| entry(say!(language, "ledger-judged-with"), format!("sha256:{sha256}"))),
    );
    if let Some(contract) = &report.contract {
        entries.push(entry(
            say!(language, "fact-contract"),
            format!("{} sha256:{}", contract.terms.id, contract.sha256),
        ));
    }
    // A recording may be judged again by other terms than it was made for. That is no fault, but worth knowing.
    let judged = report.contract.as_ref().map(|contract| &contract.sha256);
    match &report.evidence.run.contract_sha256 {
        Some(made_for) if judged.is_some_and(|judged| judged != made_for) => {
            entries.push(entry(say!(language, "ledger-other-contract"), format!("sha256:{made_for}")));
        }
        Some(_) | None => {}
    }
    entries
}

fn recomputed(report: &Report, recheck: &Recheck, language: Language) -> Vec<Entry> {
    let between = report.evidence.node.iter().flat_map(|node| &node.measurements);
    let measurements = report.evidence.devices.iter().flat_map(|device| &device.measurements).chain(between);
    let samples: usize = measurements
        .map(|measurement| match &measurement.value {
            Value::Timed(timed) => timed.samples.len(),
            Value::ByUnit { units, .. } => units.len(),
            Value::Lengths(lengths) => lengths.times.len(),
            Value::Count { .. } | Value::Share { .. } | Value::AtLeast { .. } => 1,
        })
        .sum();
    let loads = report.evidence.devices.iter().filter_map(|device| device.sustained.as_ref());
    let samples = samples + loads.map(|load| load.windows.len()).sum::<usize>();
    let mut entries = vec![
        entry(say!(language, "head-samples"), samples.to_string()),
        entry(say!(language, "ledger-summaries"), recheck.summaries.len().to_string()),
        entry(say!(language, "ledger-findings"), recheck.findings.len().to_string()),
        entry(say!(language, "name-trust"), format!("{:?}", super::trust_level(&report.evidence))),
        entry(say!(language, "ledger-differences"), recheck.differences.len().to_string()),
    ];
    if let Some(verdict) = recheck.verdict {
        entries.push(entry(say!(language, "head-verdict"), verdict.said(language)));
    }
    entries
}

fn word_of_device(device: &DeviceEvidence, language: Language) -> Vec<Entry> {
    let Some(identity) = &device.identity else {
        let what =
            say!(language, "ledger-of", of = &device.selector, what = say!(language, "ledger-identity"));
        return vec![entry(what, say!(language, "ledger-no-identity"))];
    };
    let mut entries = identity_entries(identity, language);
    entries.extend(device.facts.iter().map(|fact| entry(fact.metric.as_str(), fact.value.clone())));
    entries.push(entry(
        say!(language, "ledger-telemetry"),
        say!(language, "count-readings", count = device.timeline.len()),
    ));
    for entry in &mut entries {
        entry.what = say!(language, "ledger-of", of = &device.selector, what = &entry.what);
    }
    entries
}

fn identity_entries(identity: &Identity, language: Language) -> Vec<Entry> {
    let provenance = match &identity.provenance {
        Provenance::Hardware => say!(language, "provenance-hardware"),
        Provenance::Software { cpu_threads } => say!(language, "software-on", threads = *cpu_threads),
        Provenance::Simulated { script } => {
            let script = say!(language, "quoted", text = escaped(script));
            say!(language, "ledger-simulated-by", script)
        }
    };
    let ids = identity.vendor_id.zip(identity.device_id);
    let optional = [
        (say!(language, "fact-pci-id"), ids.map(|(vendor, device)| format!("{vendor:04x}:{device:04x}"))),
        (say!(language, "fact-pci-address"), identity.pci_address.clone()),
        ("UUID".to_owned(), identity.uuid.clone()),
        (say!(language, "fact-units"), identity.units.map(|units| units.to_string())),
        (
            say!(language, "ledger-reported-memory"),
            identity.memory_bytes.map(|bytes| Unit::Byte.format(bytes as f64)),
        ),
    ];
    [
        entry(say!(language, "fact-name"), identity.name.clone()),
        entry(say!(language, "ledger-provenance"), provenance),
        entry(say!(language, "fact-driver"), identity.driver.clone()),
    ]
    .into_iter()
    .chain(optional.into_iter().filter_map(|(what, value)| Some(entry(what, value?))))
    .collect()
}

fn word_of_run(report: &Report, language: Language) -> Vec<Entry> {
    let mut entries =
        report.evidence.run.host.as_ref().map_or(Vec::new(), |host| word_of_host(host, language));
    entries.extend([
        entry(say!(language, "ledger-clocks"), say!(language, "ledger-timed-there")),
        entry(say!(language, "name-measured"), report.evidence.run.order.said(language)),
        entry(say!(language, "ledger-started"), report.evidence.run.started.clone()),
        entry(say!(language, "ledger-sealed"), report.sealed_at.clone()),
        entry(
            say!(language, "ledger-measured-by"),
            format!("{} {}", report.evidence.run.tool, report.evidence.run.tool_version),
        ),
    ]);
    entries
}

fn word_of_host(host: &Host, language: Language) -> Vec<Entry> {
    let adapter = |adapter: &Adapter| match adapter.speed_mbps {
        Some(speed) => say!(language, "ledger-adapter", name = &adapter.name, speed = speed.to_string()),
        None => adapter.name.clone(),
    };
    let network: Vec<String> = host.network.iter().map(adapter).collect();
    let virtual_machine = host.hypervisor.map(|is| match is {
        true => say!(language, "ledger-hypervisor"),
        false => say!(language, "ledger-no-hypervisor"),
    });
    [
        (say!(language, "ledger-machine"), host.machine.clone()),
        (say!(language, "ledger-processor"), host.cpu.clone()),
        (say!(language, "ledger-threads"), host.cpu_threads.map(|n| n.to_string())),
        (
            say!(language, "ledger-host-memory"),
            host.memory_bytes.map(|bytes| Unit::Byte.format(bytes as f64)),
        ),
        (say!(language, "ledger-numa"), host.numa_nodes.map(|n| n.to_string())),
        (say!(language, "ledger-kernel"), host.kernel.clone()),
        (say!(language, "ledger-virtualisation"), virtual_machine),
        (say!(language, "ledger-container"), host.container.clone()),
        (say!(language, "ledger-network"), (!network.is_empty()).then(|| language.list(&network))),
    ]
    .into_iter()
    .filter_map(|(what, value)| Some(entry(say!(language, "ledger-host", what = what), value?)))
    .collect()
}
