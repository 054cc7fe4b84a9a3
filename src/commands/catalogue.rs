//! `assay catalogue`: shows and checks cards, signs overlays. Touches no device.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::results::write_new;
use super::signed::{open, refused, sound};
use super::{Failure, print, tell};
use crate::catalogue::overlay::{EXAMPLE, FILE_BYTES_MAX, Overlay};
use crate::catalogue::{self, built_in, in_use};
use crate::cli::CatalogueCommand;
use crate::contract::escaped;
use crate::exit::Exit;
use crate::files;
use crate::inventory;
use crate::language::{Language, say};
use crate::output::catalogue::{self as output, Checked};
use crate::output::inventory::left_out_said;
use crate::output::listing::entry;
use crate::output::reading::Reading;
use crate::seal::{SecretKey, TrustList};

/// Of the names before the values.
const NAMES: usize = 11;

pub fn catalogue(command: &CatalogueCommand, quiet: bool, language: Language) -> Result<Exit, Failure> {
    match command {
        CatalogueCommand::List { json } => print(|out| output::list(in_use(), *json, out.speaking(language))),
        CatalogueCommand::Show { name, json } => show(&name.join(" "), *json, language),
        CatalogueCommand::New => print(|out| out.write_all(EXAMPLE.as_bytes())),
        // Programs read one language.
        CatalogueCommand::Check { file, trust, json: true } => {
            check(file.as_deref(), trust, true, Language::English)
        }
        CatalogueCommand::Check { file, trust, json: false } => {
            check(file.as_deref(), trust, false, language)
        }
        CatalogueCommand::Bands { reports, trust, title } => bands(reports, trust, title, (quiet, language)),
        CatalogueCommand::Sign { file, key, out } => sign(file, key, out, quiet, language),
    }
}

/// Everything is compared with these overlays too from now on.
pub(super) fn put_in_use(files: &[PathBuf], trust: &[PathBuf]) -> Result<(), Failure> {
    let trust = TrustList::load(trust).map_err(Failure::usage)?;
    let overlay =
        |file: &PathBuf| Overlay::from_verified(&open(file, &trust)?).map_err(|e| refused(file)(&e));
    let overlays = files.iter().map(overlay).collect::<Result<Vec<_>, _>>()?;
    catalogue::in_use::put_in_use(&overlays).map_err(Failure::usage)
}

fn show(name: &str, json: bool, language: Language) -> Result<Exit, Failure> {
    let gpu = catalogue::resolve(name).one(name).map_err(Failure::usage)?;
    print(|out| output::card(in_use(), gpu, json, out.speaking(language)))
}

fn check(file: Option<&Path>, trust: &[PathBuf], json: bool, language: Language) -> Result<Exit, Failure> {
    match file {
        Some(file) => check_overlay(file, trust, json, language),
        None => check_built_in(json, language),
    }
}

fn check_built_in(json: bool, language: Language) -> Result<Exit, Failure> {
    let problems = catalogue::check(language);
    let checked = Checked {
        what: say!(language, "catalogue-built-in", version = catalogue::VERSION),
        catalogue: built_in(),
        sha256: catalogue::data::digest(),
        signer: None,
        problems: &problems,
    };
    print(|out| output::checked(&checked, json, out.speaking(language)))?;
    Ok(if problems.is_empty() { Exit::Pass } else { Exit::Bug })
}

fn check_overlay(file: &Path, trust: &[PathBuf], json: bool, language: Language) -> Result<Exit, Failure> {
    let trusted = TrustList::load(trust).map_err(Failure::usage)?;
    let signed = is_envelope(&read(file)?);
    let (overlay, signer) = match (signed, trust) {
        (true, []) => {
            let why = "it is signed; name the signer's public key with --trust PUB.pem";
            return Err(Failure::usage(format!("{}: {why}", file.display())));
        }
        (false, [_, ..]) => {
            return Err(refused(file)(&"it is not signed; without --trust it is checked as it is"));
        }
        (true, _) => {
            let refused = refused(file);
            let verified = open(file, &trusted)?;
            let overlay = Overlay::from_verified(&verified).map_err(|e| refused(&e))?;
            (overlay, Some(verified.signer().clone()))
        }
        (false, []) => (parse(file)?, None),
    };
    let (catalogue, problems) = overlay.check(language);
    let checked = Checked {
        what: say!(
            language,
            "catalogue-overlay",
            title = escaped(&overlay.title),
            version = escaped(&overlay.version)
        ),
        catalogue: &catalogue,
        sha256: overlay.digest().map_err(Failure::usage)?,
        signer: signer.as_ref(),
        problems: &problems,
    };
    print(|out| output::checked(&checked, json, out.speaking(language)))?;
    Ok(if problems.is_empty() { Exit::Pass } else { Exit::Usage })
}

fn sign(file: &Path, key: &Path, out: &Path, quiet: bool, language: Language) -> Result<Exit, Failure> {
    let overlay = parse(file)?;
    let key = SecretKey::load(key).map_err(Failure::usage)?;
    let (_, problems) = overlay.check(Language::English);
    if let [first, rest @ ..] = &problems[..] {
        let more = if rest.is_empty() { String::new() } else { format!(" (and {} more)", rest.len()) };
        let shown = file.display();
        return Err(Failure::usage(format!(
            "{shown}: {first}{more}; `assay catalogue check {shown}` shows all"
        )));
    }
    let envelope = overlay.seal(&key).map_err(Failure::usage)?;
    write_new(out, &envelope.to_bytes())?;
    let sha256 = overlay.digest().map_err(Failure::usage)?;
    tell(quiet, |page| {
        entry(&say!(language, "name-overlay"), NAMES, out.display(), page)?;
        entry(&say!(language, "head-cards"), NAMES, overlay.cards.len(), page)?;
        entry(&say!(language, "head-bands"), NAMES, overlay.bands.len(), page)?;
        entry("sha256", NAMES, &sha256, page)?;
        entry(&say!(language, "name-signed"), NAMES, key.public().id(), page)
    })
}

fn bands(
    files: &[PathBuf],
    trust: &[PathBuf],
    title: &str,
    (quiet, language): (bool, Language),
) -> Result<Exit, Failure> {
    let trust = TrustList::load(trust).map_err(Failure::usage)?;
    let reading = Reading::start(quiet, language);
    let read = |file: &PathBuf| {
        let (report, verified) = sound(file, open(file, &trust)?)?;
        reading.one();
        Ok((report, verified.sha256()))
    };
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let (overlay, left_out) = inventory::bands::overlay(files.iter().map(read), title, &today)?;
    drop(reading);
    if overlay.bands.is_empty() {
        return Err(Failure::new(
            Exit::Inconclusive,
            "no card of these reports is in order and one of the catalogue by its figures, so there is no band; `assay certify` says why",
        ));
    }
    if let Some(first) = overlay.check(Language::English).1.first() {
        return Err(Failure::usage(format!("these reports make no catalogue: {first}")));
    }
    let text = toml::to_string(&overlay).map_err(|e| Failure::new(Exit::Bug, e.to_string()))?;
    print(|out| {
        for one in &left_out {
            writeln!(out, "# {}", left_out_said(one, language))?;
        }
        out.write_all(text.as_bytes())
    })
}

fn parse(file: &Path) -> Result<Overlay, Failure> {
    Overlay::parse(&read(file)?).map_err(|e| Failure::usage(format!("{}: {e}", file.display())))
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    // Signed ones are longer by a third.
    files::read_at_most(file, FILE_BYTES_MAX as u64 * 2).map_err(|e| {
        Failure::usage(format!("{} cannot be read: {e}; give the path of an overlay", file.display()))
    })
}

/// TOML never begins like this, JSON always does.
fn is_envelope(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}
