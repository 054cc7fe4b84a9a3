//! `assay contract new`: a whole contract with comments, to be edited by the parties.
//! Owns the words of the template; must not know how anything is measured.

mod conditions;
mod generic;
mod language;
mod lease;

use std::fmt::Write;

use crate::catalogue;
use crate::device::{Identity, ProvenanceKind};
use crate::evidence::metric::{Kind, MetricName};
use crate::evidence::stats::Stat;
use crate::evidence::{DeviceEvidence, Value};
use crate::language::Language;
use crate::seal::KeyId;

use generic::Generic;
use language::Words;
pub use lease::{Lease, lease};

/// What the bounds of a template are taken from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A datacentre card of middling size; every figure is to be replaced.
    Generic,
    /// What was measured on a device, which was one of so many.
    Measured {
        device: &'a DeviceEvidence,
        devices: usize,
        /// What the report has against it, on one line: its bounds are no promise before that is understood.
        against: Option<&'a str>,
    },
}

/// Ids of the parties' keys, as far as they are known.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    pub tenant: Option<KeyId>,
    pub provider: Option<KeyId>,
}

/// A party; without its key, where that goes.
fn party(role: &str, name: &str, key: Option<&KeyId>, unknown: &str) -> String {
    let key =
        key.map_or_else(|| format!("# key_sha256 = \"{unknown}\""), |key| format!("key_sha256 = \"{key}\""));
    format!("[parties.{role}]\nname = {}\n{key}\n\n", quoted(name))
}

/// Share of a measured median that a template demands.
const OF_MEASURED: f64 = 0.9;

/// A contract in TOML that this program reads as it stands.
pub fn template(source: Source<'_>, keys: &Keys, language: Language) -> String {
    let (words, own) = (Words::of(language), Generic::of(language));
    let mut text = format!("{}{}title = {}\n\n", own.head, HEAD, quoted(words.title));
    let identity = match source {
        Source::Generic => None,
        Source::Measured { device, .. } => device.identity.as_ref(),
    };
    if let Source::Measured { against: Some(against), .. } = source {
        let _ = writeln!(text, "# {}\n# {against}", own.failed);
    }
    accept(&mut text, identity, own);
    text.push_str(own.parties);
    text.push_str(&party("tenant", words.tenant, keys.tenant.as_ref(), words.key));
    text.push_str(&party("provider", words.provider, keys.provider.as_ref(), words.key));
    inventory(&mut text, identity, source, words);
    text.push_str(own.clauses);
    rates(&mut text, source, words, own);
    tail(&mut text, words, own);
    text
}

const HEAD: &str = "version = 1\nid = \"lease-0000-000\"\n";

/// What no bound is taken for.
fn tail(text: &mut String, words: &Words, own: &Generic) {
    let Generic { telemetry, ratio, .. } = own;
    let [errors, thermal, near] = [own.memory_errors, words.thermal, own.near_copy].map(quoted);
    let _ = write!(
        text,
        "
[[clause]]
id = \"no-memory-errors\"
title = {errors}
severity = \"must\"
metric = \"memory.errors.count\"
equals = \"0\"

{telemetry}[[clause]]
id = \"no-thermal-throttle\"
title = {thermal}
severity = \"should\"
never = \"throttle.thermal\"

[[clause]]
id = \"no-uncorrected-ecc\"
severity = \"should\"
never = \"ecc.uncorrected\"

[[clause]]
id = \"no-driver-errors\"
severity = \"should\"
never = \"xid\"

{ratio}[[clause]]
id = \"triad-near-copy\"
title = {near}
severity = \"info\"
metric = \"stream.triad.rate\"
statistic = \"p50\"
ratio_to = \"stream.copy.rate\"
at_least = 0.9
"
    );
}

fn accept(text: &mut String, identity: Option<&Identity>, own: &Generic) {
    let kind = identity.map_or(ProvenanceKind::Hardware, |identity| identity.provenance.kind());
    text.push_str(own.accept);
    if kind != ProvenanceKind::Hardware {
        text.push_str(own.no_hardware);
    }
    let _ = writeln!(text, "accept = [\"{kind}\"]");
}

fn inventory(text: &mut String, identity: Option<&Identity>, source: Source<'_>, words: &Words) {
    let devices = match source {
        Source::Generic => 1,
        Source::Measured { devices, .. } => devices,
    };
    let _ = writeln!(text, "{}[inventory]\ndevices = {devices}", words.inventory);
    match identity {
        Some(identity) => {
            let model = catalogue::of(identity).next().map_or(&identity.name, |gpu| &gpu.name);
            let _ = writeln!(text, "sku = {}", quoted(model));
        }
        None => text.push_str("# sku = \"H200 SXM\"\n"),
    }
    // Software shares the host's memory, so what is reported is no promise.
    let promised = identity
        .filter(|identity| identity.provenance.kind() != ProvenanceKind::Software)
        .and_then(|identity| identity.memory_bytes);
    text.push_str(words.memory);
    match (promised, source) {
        (Some(bytes), _) => {
            let _ = writeln!(text, "memory = \"{bytes} B\"");
        }
        (None, Source::Generic) => text.push_str("memory = \"80 GB\"\n"),
        (None, Source::Measured { .. }) => text.push_str("# memory = \"80 GB\"\n"),
    }
}

/// Rates that a template demands: id, metric, and the generic figure. Their titles are the words' business.
const RATES: [(&str, &str, f64); 5] = [
    ("memory-triad", "stream.triad.rate", 1.5e12),
    ("memory-copy", "stream.copy.rate", 1.5e12),
    ("fp32", "fma.fp32.rate", 15e12),
    ("gemm-fp16", "gemm.fp16.rate", 100e12),
    ("host-to-device", "link.h2d.rate", 10e9),
];

fn rates(text: &mut String, source: Source<'_>, words: &Words, own: &Generic) {
    let [triad, copy, _, _, _, from_host, ..] = words.rates;
    let titles = [triad, copy, own.fp32, own.gemm_fp16, from_host];
    for ((id, name, generic), title) in RATES.into_iter().zip(titles) {
        let Ok(metric) = MetricName::parse(name) else { continue };
        let Kind::Number(unit) = metric.kind() else { continue };
        let bound = match source {
            Source::Generic => Some(generic),
            Source::Measured { device, .. } => of_measured(device, &metric),
        };
        if let Some(bound) = bound {
            clause(text, id, title, &rate(&metric, &unit.format(bound)), "");
        }
    }
}

fn of_measured(device: &DeviceEvidence, metric: &MetricName) -> Option<f64> {
    let measurement = device.measurement(metric)?;
    match &measurement.value {
        Value::Timed(_) => Some(Stat::P50.of(&measurement.figures())? * OF_MEASURED),
        Value::Count { .. }
        | Value::Share { .. }
        | Value::AtLeast { .. }
        | Value::ByUnit { .. }
        | Value::Lengths(_) => None,
    }
}

/// A clause with `rule`, its lines, after a comment.
fn clause(text: &mut String, id: &str, title: &str, rule: &str, comment: &str) {
    let _ = write!(
        text,
        "\n{comment}[[clause]]\nid = \"{id}\"\ntitle = {}\nseverity = \"must\"\n{rule}",
        quoted(title)
    );
}

fn rate(metric: &MetricName, bound: &str) -> String {
    format!("metric = \"{metric}\"\nat_least = \"{bound}\"\nstatistic = \"p50\"\n")
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::contract::parse;

    #[test]
    fn every_template_is_a_contract() {
        for language in Language::ALL {
            let text = template(Source::Generic, &Keys::default(), language);
            assert_eq!(parse("new.toml", text.as_bytes()).unwrap().contract.clauses.len(), 10);
        }
    }
}
