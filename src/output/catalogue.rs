//! Cards as a person or a program reads them: all in a table, one with everything that is known of it, and what is wrong.

use std::io::{self, Write};

use serde_json::json;

use super::listing::{print_json, print_table};
use super::page::Page;
use super::rows;
use crate::catalogue::bands::Band;
use crate::catalogue::check::{Problem, cells_filled};
use crate::catalogue::columns::{COLUMNS, Cell, Column};
use crate::catalogue::sources::{Origin, Source, WasRead};
use crate::catalogue::{Catalogue, Gpu, VERSION, digest};
use crate::evidence::metric::{Kind, MetricName};
use crate::seal::KeyId;
use crate::units::Unit;

/// A fact of a card, with what it rests on.
struct Fact<'a> {
    column: &'static Column,
    cell: Cell,
    origin: Option<Origin<'a>>,
}

fn facts<'a>(catalogue: &'a Catalogue, gpu: &Gpu) -> Vec<Fact<'a>> {
    let fact = |column: &'static Column| {
        let cell = column.of(gpu)?;
        Some(Fact { column, cell, origin: catalogue.origin(gpu, column.name) })
    };
    COLUMNS.iter().filter_map(fact).collect()
}

/// All cards.
pub fn list(catalogue: &Catalogue, json: bool, out: &mut Page) -> io::Result<()> {
    if json {
        let cards: Vec<_> = catalogue.gpus.iter().map(|gpu| card_json(catalogue, gpu)).collect();
        let sources = &catalogue.sources;
        return print_json(
            &json!({ "version": VERSION, "sha256": digest(), "cards": cards, "sources": sources }),
            out,
        );
    }
    let rate = |figure: Option<f64>| figure.map_or("-".to_owned(), |tera| tera.to_string());
    let cells = catalogue.gpus.iter().map(|gpu| {
        let memory = gpu.memory_sizes().map(|gb| gb.to_string()).collect::<Vec<_>>().join("|");
        [
            gpu.name.clone(),
            gpu.units.map_or("-".to_owned(), |units| units.to_string()),
            if memory.is_empty() { "-".to_owned() } else { format!("{memory} GB") },
            gpu.bandwidth_gb_per_s.map_or("-".to_owned(), |gb| Unit::BytePerSecond.format(gb * 1e9)),
            rate(gpu.fp32),
            rate(gpu.fp16.or(gpu.bf16)),
            rate(gpu.fp8),
            gpu.tdp_w.map_or("-".to_owned(), |watt| format!("{watt} W")),
        ]
    });
    let header = ["card", "units", "memory", "bandwidth", "fp32", "fp16", "fp8", "power"];
    print_table(header, cells, out)?;
    let cards = catalogue.gpus.len();
    writeln!(
        out,
        "\n{cards} cards; rates are dense datasheet peaks in TFLOP/s, FP16 or BF16 with FP32 sums."
    )?;
    writeln!(out, "`assay catalogue show NAME` says where each figure comes from.")?;
    writeln!(out, "version {VERSION}, sha256 {}", digest())
}

/// One card.
pub fn card(catalogue: &Catalogue, gpu: &Gpu, json: bool, out: &mut Page) -> io::Result<()> {
    let sources = sources_of(catalogue, gpu);
    if json {
        let card = card_json(catalogue, gpu);
        return print_json(
            &json!({ "version": VERSION, "sha256": digest(), "card": card, "sources": sources }),
            out,
        );
    }
    writeln!(out, "{}\n", gpu.name)?;
    let cells = facts(catalogue, gpu).into_iter().map(|Fact { column, cell, origin }| {
        let (confidence, sources) = origin.map_or((String::new(), String::new()), |origin| {
            let ids: Vec<&str> = origin.sources.iter().map(|source| source.id.as_str()).collect();
            (origin.confidence.name().to_owned(), ids.join(" "))
        });
        [column.label.to_owned(), format!("{cell} {}", column.unit).trim().to_owned(), confidence, sources]
    });
    print_table(["fact", "value", "confidence", "sources"], cells, out)?;
    writeln!(out, "\nRates are dense peaks; FP16 and BF16 with FP32 sums; links count both directions.")?;
    if !gpu.notes.is_empty() {
        writeln!(out, "Note: {}", gpu.notes)?;
    }
    bands(catalogue, gpu, out)?;
    writeln!(out, "\nSources")?;
    let cells = sources.iter().map(|source| {
        let address = source.address.as_ref().map_or(String::new(), |address| format!(", {address}"));
        let read = match source.read {
            WasRead::Yes => "",
            WasRead::No => "; quoted from memory",
            WasRead::Unstated => "; not known whether it was read",
        };
        [source.id.clone(), source.kind.name().to_owned(), format!("{}{address}{read}", source.title)]
    });
    print_table(["id", "kind", "what"], cells, out)
}

/// What healthy cards of this kind reach.
fn bands(catalogue: &Catalogue, gpu: &Gpu, out: &mut Page) -> io::Result<()> {
    if catalogue.bands_of(gpu).next().is_none() {
        return writeln!(out, "\nWhat healthy cards of this kind reach is not known here yet.");
    }
    writeln!(out, "\nWhat healthy cards reach")?;
    let mut notes: Vec<String> = Vec::new();
    let cells: Vec<_> = catalogue.bands_of(gpu).map(|band| band_cells(band, &mut notes)).collect();
    print_table(["metric", "typical", "low .. high", "basis", "note"], cells, out)?;
    writeln!(out)?;
    for (index, note) in notes.iter().enumerate() {
        writeln!(out, "[{}] {note}", index + 1)?;
    }
    writeln!(out, "\nown: signed reports of assay, 5th to 95th percentile of their samples")?;
    writeln!(out, "published: measured by another tool under conditions of its own")?;
    writeln!(out, "inferred: the share of the datasheet that cards of the same architecture reach")
}

/// One band. What it rests on goes to the notes, where that of several bands is told once.
fn band_cells(band: &Band, notes: &mut Vec<String>) -> [String; 5] {
    let Band { metric, low, typical, high, basis, devices, confidence, conditions, sources, .. } = band;
    let devices = devices.map_or(String::new(), |count| format!(", {}", plural(count as usize, "device")));
    let sources = sources.join(" ");
    let separator = if conditions.is_empty() { "" } else { "; " };
    let note = format!("{} confidence{devices}: {conditions}{separator}{sources}", confidence.name());
    let index = notes.iter().position(|known| *known == note).unwrap_or_else(|| {
        notes.push(note);
        notes.len() - 1
    });
    [
        metric.to_string(),
        shown(metric, *typical),
        if low == high { "one figure".to_owned() } else { range(metric, *low, *high) },
        basis.name().to_owned(),
        format!("[{}]", index + 1),
    ]
}

fn shown(metric: &MetricName, value: f64) -> String {
    match metric.kind() {
        Kind::Number(unit) => unit.format(value),
        Kind::Fact => value.to_string(),
    }
}

fn range(metric: &MetricName, low: f64, high: f64) -> String {
    match metric.kind() {
        Kind::Number(unit) => rows::range(unit, low, high),
        Kind::Fact => format!("{low} .. {high}"),
    }
}

/// The sources of a card's facts and bands, in the catalogue's order.
fn sources_of<'a>(catalogue: &'a Catalogue, gpu: &Gpu) -> Vec<&'a Source> {
    let origins = facts(catalogue, gpu).into_iter().filter_map(|fact| fact.origin);
    let mut named: Vec<&str> =
        origins.flat_map(|origin| origin.sources).map(|source| source.id.as_str()).collect();
    named.extend(catalogue.bands_of(gpu).flat_map(|band| &band.sources).map(String::as_str));
    catalogue.sources.iter().filter(|source| named.contains(&source.id.as_str())).collect()
}

fn card_json(catalogue: &Catalogue, gpu: &Gpu) -> serde_json::Value {
    let facts: Vec<_> = facts(catalogue, gpu)
        .iter()
        .map(|Fact { column, cell, origin }| {
            let value = match cell {
                Cell::Text(text) => json!(text),
                Cell::Number(number) => json!(number),
            };
            let sources = origin.iter().flat_map(|origin| &origin.sources).map(|source| &source.id);
            json!({
                "column": column.name,
                "value": value,
                "unit": column.unit,
                "confidence": origin.as_ref().map(|origin| origin.confidence),
                "sources": sources.collect::<Vec<_>>(),
            })
        })
        .collect();
    let bands: Vec<_> = catalogue.bands_of(gpu).map(band_json).collect();
    json!({ "name": gpu.name, "facts": facts, "bands": bands, "notes": gpu.notes })
}

fn band_json(band: &Band) -> serde_json::Value {
    let unit = match band.metric.kind() {
        Kind::Number(unit) => unit.symbol(),
        Kind::Fact => "text",
    };
    let Band { metric, low, typical, high, devices, conditions, basis, sources, confidence, .. } = band;
    json!({
        "metric": metric, "unit": unit, "low": low, "typical": typical, "high": high, "devices": devices,
        "conditions": conditions, "basis": basis, "confidence": confidence, "sources": sources,
    })
}

/// A catalogue that was checked.
pub struct Checked<'a> {
    pub what: String,
    pub catalogue: &'a Catalogue,
    pub sha256: String,
    /// The trusted key that signed it.
    pub signer: Option<&'a KeyId>,
    pub problems: &'a [Problem],
}

/// What is wrong with a catalogue, or that nothing is.
pub fn checked(checked: &Checked, json: bool, out: &mut Page) -> io::Result<()> {
    let Checked { what, catalogue, sha256, signer, problems } = checked;
    let [cards, facts] = [catalogue.gpus.len(), cells_filled(catalogue)];
    let [sources, bands] = [catalogue.sources.len(), catalogue.bands.len()];
    if json {
        let counts = json!({ "cards": cards, "facts": facts, "sources": sources, "bands": bands });
        return print_json(
            &json!({ "what": what, "counts": counts, "sha256": sha256, "signer": signer, "problems": problems }),
            out,
        );
    }
    let counted = [(cards, "card"), (facts, "fact"), (sources, "source"), (bands, "band")];
    let counted: Vec<String> = counted.iter().map(|(count, noun)| plural(*count, noun)).collect();
    writeln!(out, "{what}: {}", counted.join(", "))?;
    writeln!(out, "sha256 {sha256}")?;
    if let Some(signer) = signer {
        writeln!(out, "signed by {signer}, which you trust")?;
    }
    for problem in *problems {
        writeln!(out, "WRONG  {problem}")?;
    }
    if problems.is_empty() {
        return writeln!(out, "every fact has a source, and all figures fit one another");
    }
    writeln!(out, "{}", plural(problems.len(), "mistake"))
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
