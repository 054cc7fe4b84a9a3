//! Cards as a person or a program reads them: all in a table, one with everything that is known of it, and what is wrong.

use std::io::{self, Write};

use serde_json::json;

use super::listing::{print_json, print_table};
use super::page::Page;
use super::rows;
use crate::catalogue::bands::{Band, Basis};
use crate::catalogue::check::cells_filled;
use crate::catalogue::columns::{COLUMNS, Cell, Column};
use crate::catalogue::problem::Problem;
use crate::catalogue::sources::{Origin, Source, WasRead};
use crate::catalogue::{Catalogue, Gpu, VERSION, digest};
use crate::evidence::metric::{Kind, MetricName};
use crate::language::{Language, say};
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
    let l = out.language;
    print_table(list_head(l), cells, out)?;
    writeln!(out, "\n{}", say!(l, "catalogue-list", cards = catalogue.gpus.len()))?;
    writeln!(out, "{}", say!(l, "catalogue-list-more"))?;
    writeln!(out, "{}", say!(l, "catalogue-version", version = VERSION, sha256 = digest()))
}

fn list_head(l: Language) -> [String; 8] {
    [
        say!(l, "head-card"),
        say!(l, "fact-units"),
        say!(l, "fact-memory"),
        say!(l, "head-bandwidth"),
        "fp32".to_owned(),
        "fp16".to_owned(),
        "fp8".to_owned(),
        say!(l, "head-power"),
    ]
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
    let l = out.language;
    writeln!(out, "{}\n", gpu.name)?;
    let cells = facts(catalogue, gpu).into_iter().map(|Fact { column, cell, origin }| {
        let (confidence, sources) = origin.map_or((String::new(), String::new()), |origin| {
            let ids: Vec<&str> = origin.sources.iter().map(|source| source.id.as_str()).collect();
            (origin.confidence.said(l), ids.join(" "))
        });
        [(column.label)(l), format!("{cell} {}", column.unit).trim().to_owned(), confidence, sources]
    });
    let head =
        [say!(l, "head-fact"), say!(l, "head-value"), say!(l, "head-confidence"), say!(l, "head-sources")];
    print_table(head, cells, out)?;
    writeln!(out, "\n{}", say!(l, "catalogue-rates"))?;
    if !gpu.notes.is_empty() {
        writeln!(out, "{}", say!(l, "catalogue-note", note = &gpu.notes))?;
    }
    bands(catalogue, gpu, out)?;
    writeln!(out, "\n{}", say!(l, "title-sources"))?;
    let cells = sources.iter().map(|source| {
        let address = source.address.as_ref().map_or(String::new(), |address| format!(", {address}"));
        let read = match source.read {
            WasRead::Yes => String::new(),
            WasRead::No => say!(l, "source-from-memory"),
            WasRead::Unstated => say!(l, "source-perhaps-read"),
        };
        [source.id.clone(), source.kind.said(l), format!("{}{address}{read}", source.title)]
    });
    print_table([say!(l, "head-id"), say!(l, "fact-kind"), say!(l, "head-what")], cells, out)
}

/// What healthy cards of this kind reach.
fn bands(catalogue: &Catalogue, gpu: &Gpu, out: &mut Page) -> io::Result<()> {
    let l = out.language;
    if catalogue.bands_of(gpu).next().is_none() {
        return writeln!(out, "\n{}", say!(l, "no-bands"));
    }
    writeln!(out, "\n{}", say!(l, "title-bands"))?;
    let mut notes: Vec<String> = Vec::new();
    let cells: Vec<_> = catalogue.bands_of(gpu).map(|band| band_cells(band, &mut notes, l)).collect();
    let head = [
        say!(l, "head-metric"),
        say!(l, "head-typical"),
        say!(l, "head-low-high"),
        say!(l, "head-basis"),
        say!(l, "head-note"),
    ];
    print_table(head, cells, out)?;
    writeln!(out)?;
    for (index, note) in notes.iter().enumerate() {
        writeln!(out, "[{}] {note}", index + 1)?;
    }
    writeln!(out, "\n{}", say!(l, "about-band-own"))?;
    writeln!(out, "{}", say!(l, "about-band-published"))?;
    writeln!(out, "{}", say!(l, "about-band-inferred"))
}

fn basis_said(basis: Basis, l: Language) -> String {
    match basis {
        Basis::Own => say!(l, "band-own"),
        Basis::Published => say!(l, "basis-published"),
        Basis::Inferred => say!(l, "basis-inferred"),
    }
}

/// One band. What it rests on goes to the notes, where that of several bands is told once.
fn band_cells(band: &Band, notes: &mut Vec<String>, l: Language) -> [String; 5] {
    let Band { metric, low, typical, high, basis, devices, confidence, conditions, sources, .. } = band;
    let mut about = vec![say!(l, "band-confidence", confidence = confidence.said(l))];
    about.extend(devices.map(|count| say!(l, "count-devices", count)));
    let mut note = about.join(&say!(l, "list-clause")) + &say!(l, "list-colon");
    if !conditions.is_empty() {
        note += &(say!(l, "recorded", text = conditions) + &say!(l, "list-semicolon"));
    }
    note += &sources.join(" ");
    let index = notes.iter().position(|known| *known == note).unwrap_or_else(|| {
        notes.push(note);
        notes.len() - 1
    });
    [
        metric.to_string(),
        shown(metric, *typical),
        if low == high { say!(l, "one-figure") } else { range(metric, *low, *high) },
        basis_said(*basis, l),
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
        Kind::Number(unit) => rows::from_to(&unit.format(low), &unit.format(high)),
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
    let l = out.language;
    writeln!(out, "{}", say!(l, "catalogue-counts", what, cards, facts, sources, bands))?;
    writeln!(out, "sha256 {sha256}")?;
    if let Some(signer) = signer {
        writeln!(out, "{}", say!(l, "catalogue-signed", signer = signer.to_string()))?;
    }
    for problem in *problems {
        writeln!(out, "{}", say!(l, "catalogue-wrong", at = &problem.at, why = &problem.why))?;
    }
    match problems.len() {
        0 => writeln!(out, "{}", say!(l, "catalogue-sound")),
        count => writeln!(out, "{}", say!(l, "catalogue-mistakes", count)),
    }
}
