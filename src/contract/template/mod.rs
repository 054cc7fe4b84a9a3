//! `assay contract new`: a whole contract with comments, to be edited by the parties.
//! Owns the words of the template; must not know how anything is measured.

mod language;
mod lease;

use std::fmt::Write;

use crate::catalogue;
use crate::device::{Identity, ProvenanceKind};
use crate::evidence::metric::{Kind, MetricName};
use crate::evidence::stats::Stat;
use crate::evidence::{DeviceEvidence, Value};
use crate::seal::KeyId;
use crate::units::Unit;

pub use lease::{Lease, lease};

/// What the bounds of a template are taken from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A datacentre card of middling size; every figure is to be replaced.
    Generic,
    /// What was measured on a device.
    Measured(&'a DeviceEvidence),
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
pub fn template(source: Source<'_>, keys: &Keys) -> String {
    let mut text = HEAD.to_owned();
    let identity = match source {
        Source::Generic => None,
        Source::Measured(device) => device.identity.as_ref(),
    };
    accept(&mut text, identity);
    text.push_str(PARTIES);
    text.push_str(&party("tenant", "Tenant", keys.tenant.as_ref(), KEY));
    text.push_str(&party("provider", "Provider", keys.provider.as_ref(), KEY));
    inventory(&mut text, identity, source);
    text.push_str(CLAUSES);
    for row in bounds(source) {
        clause(&mut text, &row);
    }
    text.push_str(TAIL);
    text
}

const HEAD: &str = "\
# A contract for compute. `assay contract check FILE` reads it, `assay run --contract FILE` measures and judges.
version = 1
id = \"lease-0000-000\"
title = \"What the provider owes the tenant on each node\"

";

const PARTIES: &str = "
# Who agrees. `assay key show` prints the id of a key; without it a report is not tied to a party.
";

const KEY: &str = "64 hex digits";

const CLAUSES: &str = "
# Clauses. Each has an id of its own, and
#   severity   must: decides the verdict; should, info: is reported
#   metric     what is measured, `assay list --metrics` shows all
#   at_least, at_most, equals, or never alone
#   statistic  which figure of the samples counts: min p1 p5 p50 mean p95 p99 max last,
#              or delivered: all work over all time, measured until it is decided (at_least only)
#   scope      every_device (default), any_device, node: the sum over all devices, or fleet: decided over
#              all nodes by a quorum, such as \"99 %\" of cards; there a bound may be \"95 % of fleet median\"
#   guard      the figure's uncertainty, such as \"1 %\": so near the bound nothing is decided
# GB is 10^9 bytes and GiB is 2^30.
";

const TAIL: &str = "
[[clause]]
id = \"no-memory-errors\"
title = \"Every word of that memory reads back as it was written\"
severity = \"must\"
metric = \"memory.errors.count\"
equals = \"0\"

# What telemetry must not show. Inconclusive where the machine gives no telemetry, so `should` at first.
[[clause]]
id = \"no-thermal-throttle\"
title = \"The card is never too hot for its clocks\"
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

# One figure as a share of another.
[[clause]]
id = \"triad-near-copy\"
title = \"Memory keeps its speed with two reads and one write\"
severity = \"info\"
metric = \"stream.triad.rate\"
statistic = \"p50\"
ratio_to = \"stream.copy.rate\"
at_least = 0.9
";

fn accept(text: &mut String, identity: Option<&Identity>) {
    let kind = identity.map_or(ProvenanceKind::Hardware, |identity| identity.provenance.kind());
    text.push_str(
        "# Evidence from elsewhere never passes: hardware, software (a driver on the CPU), simulated.\n",
    );
    if kind != ProvenanceKind::Hardware {
        text.push_str("# THIS DEVICE IS NO HARDWARE. For a real contract write accept = [\"hardware\"].\n");
    }
    let _ = writeln!(text, "accept = [\"{kind}\"]");
}

fn inventory(text: &mut String, identity: Option<&Identity>, source: Source<'_>) {
    text.push_str("# What each node must hold. Judged like a must clause.\n[inventory]\ndevices = 1\n");
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
    text.push_str("# Of this memory 95 % must hold its own data, all at once.\n");
    match (promised, source) {
        (Some(bytes), _) => {
            let _ = writeln!(text, "memory = \"{bytes} B\"");
        }
        (None, Source::Generic) => text.push_str("memory = \"80 GB\"\n"),
        (None, Source::Measured(_)) => text.push_str("# memory = \"80 GB\"\n"),
    }
}

/// One `at_least` clause of the template.
struct Row {
    id: &'static str,
    title: &'static str,
    metric: &'static str,
    bound: f64,
    unit: Unit,
}

/// Rates that a template demands: id, title, metric, and the generic figure.
const RATES: [(&str, &str, &str, f64); 5] = [
    ("memory-triad", "Memory bandwidth, two reads and one write", "stream.triad.rate", 1.5e12),
    ("memory-copy", "Memory bandwidth, one read and one write", "stream.copy.rate", 1.5e12),
    ("fp32", "Multiply-add rate of the FP32 units", "fma.fp32.rate", 15e12),
    ("gemm-fp16", "Dense matrix product, FP16 with FP32 sums", "gemm.fp16.rate", 100e12),
    ("host-to-device", "Host memory to device memory", "link.h2d.rate", 10e9),
];

fn bounds(source: Source<'_>) -> Vec<Row> {
    RATES
        .into_iter()
        .filter_map(|(id, title, name, generic)| {
            let metric = MetricName::parse(name).ok()?;
            let Kind::Number(unit) = metric.kind() else { return None };
            let bound = match source {
                Source::Generic => Some(generic),
                Source::Measured(device) => of_measured(device, &metric),
            }?;
            Some(Row { id, title, metric: name, bound, unit })
        })
        .collect()
}

fn of_measured(device: &DeviceEvidence, metric: &MetricName) -> Option<f64> {
    let measurement = device.measurement(metric)?;
    match &measurement.value {
        Value::Timed(_) => Some(Stat::P50.of(&measurement.figures())? * OF_MEASURED),
        Value::Count { .. } | Value::Share { .. } | Value::AtLeast { .. } => None,
    }
}

fn clause(text: &mut String, row: &Row) {
    let Row { id, title, metric, bound, unit } = row;
    let bound = unit.format(*bound);
    let _ = write!(
        text,
        "\n[[clause]]\nid = \"{id}\"\ntitle = \"{title}\"\nseverity = \"must\"\nmetric = \"{metric}\"\n\
         at_least = \"{bound}\"\nstatistic = \"p50\"\n"
    );
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
        let contract =
            parse("new.toml", template(Source::Generic, &Keys::default()).as_bytes()).unwrap().contract;
        assert_eq!(contract.clauses.len(), 10);
    }
}
