//! `assay list` as a person or a program reads it.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;

use crate::device::backend::Listed;
use crate::device::{Identity, Provenance};
use crate::evidence::metric::{Kind, MetricDef};
use crate::units::Unit;

type Row<'a> = (&'static str, &'a Result<Vec<Listed>, String>);

/// The devices of every backend, and for those that have none, why.
pub fn devices(rows: &[Row], json: bool, out: &mut dyn Write) -> io::Result<()> {
    if json {
        let backends: Vec<_> = rows
            .iter()
            .map(|(backend, found)| match found {
                Ok(devices) => json!({ "backend": backend, "devices": devices }),
                Err(why) => json!({ "backend": backend, "devices": [], "missing": why }),
            })
            .collect();
        return print_json(&json!({ "backends": backends }), out);
    }
    let listed = rows.iter().filter_map(|(_, found)| found.as_ref().ok()).flatten();
    let cells = listed.map(|Listed { selector, identity }| {
        [
            selector.clone(),
            identity.name.clone(),
            kind(&identity.provenance).to_owned(),
            pci_id(identity),
            identity.memory_bytes.map_or("-".to_owned(), |b| Unit::Byte.format(b as f64)),
            identity.driver.clone(),
        ]
    });
    let table = plain_table(["selector", "name", "kind", "pci id", "memory", "driver"], cells);
    writeln!(out, "{}", table.trim_fmt())?;
    let listed = rows.iter().filter_map(|(_, found)| found.as_ref().ok()).flatten();
    for (selector, caveat) in listed.filter_map(|l| Some((&l.selector, l.identity.details.get("kernels")?))) {
        writeln!(out, "\n{selector}: {caveat}")?;
    }
    for (backend, why) in rows.iter().filter_map(|(b, found)| found.as_ref().err().map(|why| (b, why))) {
        writeln!(out, "\n{backend}: no devices: {why}")?;
    }
    Ok(())
}

fn kind(provenance: &Provenance) -> &'static str {
    match provenance {
        Provenance::Hardware => "hardware",
        Provenance::Software { .. } => "software (CPU)",
        Provenance::Simulated { .. } => "simulated",
    }
}

fn pci_id(identity: &Identity) -> String {
    match (identity.vendor_id, identity.device_id) {
        (Some(vendor), Some(device)) => format!("{vendor:04x}:{device:04x}"),
        (Some(vendor), None) => format!("{vendor:04x}:-"),
        (None, _) => "-".to_owned(),
    }
}

/// The metrics that contracts can name.
pub fn metrics(metrics: &[MetricDef], json: bool, out: &mut dyn Write) -> io::Result<()> {
    let unit = |kind| match kind {
        Kind::Number(unit) => Unit::symbol(unit),
        Kind::Fact => "text",
    };
    if json {
        let rows: Vec<_> = metrics
            .iter()
            .map(|m| json!({ "name": m.name, "unit": unit(m.kind), "about": m.about }))
            .collect();
        return print_json(&json!({ "metrics": rows }), out);
    }
    let cells = metrics.iter().map(|m| [m.name.clone(), unit(m.kind).to_owned(), m.about.clone()]);
    let table = plain_table(["metric", "unit", "what it is"], cells);
    writeln!(out, "{}", table.trim_fmt())
}

/// A table without lines, as command-line tools print lists.
pub(super) fn plain_table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.map(str::to_uppercase));
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

pub(super) fn print_json(value: &serde_json::Value, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}
