//! `assay list` as a person or a program reads it.

use std::io::{self, Write};

use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::page::Page;
pub(super) use super::table::print_table;
use crate::device::backend::Listed;
use crate::device::fault::Fault;
use crate::device::{Identity, Provenance};
use crate::evidence::metric::{Kind, MetricDef};
use crate::language::{Language, say};
use crate::telemetry::NvmlFound;
use crate::units::Unit;
use crate::visible::in_one_line;

type Row<'a> = (&'static str, &'a Result<Vec<Listed>, String>);

/// The NVML of this machine.
pub struct Nvml {
    pub found: Result<NvmlFound, String>,
    /// Whether its absence matters.
    pub wanted: bool,
}

impl Nvml {
    /// In one line, where there is anything to say.
    pub fn line(&self, l: Language) -> Option<String> {
        match &self.found {
            Ok(NvmlFound { version, driver, cards, library: None }) => {
                Some(say!(l, "nvml-found", version, driver, cards))
            }
            Ok(NvmlFound { version, driver, cards, library: Some(path) }) => {
                Some(say!(l, "nvml-found-at", version, driver, cards, path))
            }
            Err(why) => self.wanted.then(|| say!(l, "nvml-missing", why)),
        }
    }

    pub fn json(&self) -> serde_json::Value {
        match &self.found {
            Ok(found) => json!(found),
            Err(why) => json!({ "missing": why }),
        }
    }
}

/// A library of the vendor's: its version and file, or why there is none.
pub struct VendorLibrary {
    pub name: &'static str,
    found: Result<[String; 2], String>,
    missing: fn(Language, &str) -> String,
}

impl VendorLibrary {
    /// As the first card says that could use them.
    pub fn all<'a>(identities: impl Iterator<Item = &'a Identity> + Clone) -> Vec<Self> {
        let missing = [
            |l: Language, why: &str| say!(l, "cublaslt-missing", why),
            |l: Language, why: &str| say!(l, "nccl-missing", why),
        ];
        let named = [
            ("cuBLASLt", "cublaslt_version", Identity::VENDOR_LIBRARY, Identity::NO_VENDOR_LIBRARY),
            ("NCCL", "nccl_version", Identity::COLLECTIVE_LIBRARY, Identity::NO_COLLECTIVE_LIBRARY),
        ];
        let of = |((name, version, path, no), missing)| {
            let found = identities.clone().find_map(|identity| {
                let detail = |name: &str| identity.details.get(name).cloned();
                match (detail(version).zip(detail(path)), detail(no)) {
                    (Some((version, path)), _) => Some(Ok([version, path])),
                    (None, why) => why.map(Err),
                }
            });
            found.map(|found| Self { name, found, missing })
        };
        named.into_iter().zip(missing).filter_map(of).collect()
    }

    pub fn line(&self, l: Language) -> String {
        match &self.found {
            Ok([version, path]) => say!(l, "library-found", version, path),
            Err(why) => (self.missing)(l, why),
        }
    }

    /// As programs and lists name it.
    pub fn key(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    pub fn json(&self) -> serde_json::Value {
        match &self.found {
            Ok([version, library]) => json!({ "version": version, "library": library }),
            Err(why) => json!({ "missing": why }),
        }
    }
}

/// The devices of every backend, and for those that have none, why.
pub fn devices(rows: &[Row], nvml: &Nvml, json: bool, out: &mut Page) -> io::Result<()> {
    if json {
        let backends: Vec<_> = rows
            .iter()
            .map(|(backend, found)| match found {
                Ok(devices) => json!({ "backend": backend, "devices": devices }),
                Err(why) => json!({ "backend": backend, "devices": [], "missing": why }),
            })
            .collect();
        return print_json(&json!({ "backends": backends, "nvml": nvml.json() }), out);
    }
    let l = out.language;
    let listed = rows.iter().filter_map(|(_, found)| found.as_ref().ok()).flatten();
    let cells = listed.map(|Listed { selector, identity }| {
        [
            selector.clone(),
            identity.name.clone(),
            kind(&identity.provenance, l),
            pci_id(identity),
            identity.memory_bytes.map_or("-".to_owned(), |b| Unit::Byte.format(b as f64)),
            identity.driver.clone(),
            identity.features.join(" "),
        ]
    });
    print_table(devices_head(l), cells, out)?;
    let listed = rows.iter().filter_map(|(_, found)| found.as_ref().ok()).flatten();
    for (selector, caveat) in listed.filter_map(|l| Some((&l.selector, l.identity.details.get("kernels")?))) {
        writeln!(out, "\n{}", say!(l, "list-caveat", selector, caveat))?;
    }
    for (backend, why) in rows.iter().filter_map(|(b, found)| found.as_ref().err().map(|why| (b, why))) {
        writeln!(out, "\n{}", say!(l, "list-no-devices", backend = *backend, why))?;
    }
    if let Some(line) = nvml.line(l) {
        writeln!(out, "\nnvml{}{line}", say!(l, "list-colon"))?;
    }
    let listed = rows.iter().filter_map(|(_, found)| found.as_ref().ok()).flatten();
    for library in VendorLibrary::all(listed.map(|listed| &listed.identity)) {
        writeln!(out, "\n{}{}{}", library.key(), say!(l, "list-colon"), library.line(l))?;
    }
    Ok(())
}

fn devices_head(l: Language) -> [String; 7] {
    [
        say!(l, "head-selector"),
        say!(l, "fact-name"),
        say!(l, "fact-kind"),
        say!(l, "head-pci-id"),
        say!(l, "fact-memory"),
        say!(l, "fact-driver"),
        say!(l, "head-features"),
    ]
}

fn kind(provenance: &Provenance, l: Language) -> String {
    match provenance {
        Provenance::Hardware => say!(l, "provenance-hardware"),
        Provenance::Software { .. } => say!(l, "list-software"),
        Provenance::Simulated { .. } => say!(l, "provenance-simulated"),
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
pub fn metrics(metrics: &[MetricDef], json: bool, out: &mut Page) -> io::Result<()> {
    // Programs read one language.
    let l = if json { Language::English } else { out.language };
    let unit = |kind| match kind {
        Kind::Number(unit) => Unit::symbol(unit).to_owned(),
        Kind::Fact => say!(l, "unit-text"),
    };
    if json {
        let rows: Vec<_> = metrics
            .iter()
            .map(|m| json!({ "name": m.name, "unit": unit(m.kind), "about": m.about(l) }))
            .collect();
        return print_json(&json!({ "metrics": rows }), out);
    }
    let cells = metrics.iter().map(|m| [m.name.clone(), unit(m.kind), m.about(l)]);
    let head = [say!(l, "head-metric"), say!(l, "head-unit"), say!(l, "head-what-it-is")];
    print_table(head, cells, out)
}

/// The cards that can be simulated, and what can be wrong with them.
pub fn simulated(cards: &[Listed], faults: &[Fault], json: bool, out: &mut Page) -> io::Result<()> {
    // Programs read one language.
    let l = if json { Language::English } else { out.language };
    if json {
        let cards: Vec<_> = cards
            .iter()
            .map(|card| json!({ "selector": card.selector, "name": card.identity.name }))
            .collect();
        let keys: Vec<_> = faults
            .iter()
            .map(|fault| json!({ "key": fault.key, "example": fault.example, "about": fault.about(l) }))
            .collect();
        return print_json(&json!({ "cards": cards, "keys": keys }), out);
    }
    let cells = cards.iter().map(|card| [card.selector.clone(), card.identity.name.clone()]);
    print_table([say!(l, "head-selector"), say!(l, "fact-name")], cells, out)?;
    writeln!(out, "\n{}\n", say!(l, "list-profiles"))?;
    let cells = faults.iter().map(|fault| [fault.example.to_owned(), fault.about(l)]);
    print_table([say!(l, "head-example"), say!(l, "head-what-it-is")], cells, out)
}

/// A name and its value. Values stand below one another where all names of a list are given the same width: in columns of a terminal, of
/// which a Chinese character takes two.
pub fn entry(name: &str, width: usize, value: impl std::fmt::Display, out: &mut Page) -> io::Result<()> {
    let gap = width.saturating_sub(name.width());
    writeln!(out, "{name}{:gap$}  {}", "", in_one_line(&value.to_string()))
}

pub(super) fn print_json(value: &serde_json::Value, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}
