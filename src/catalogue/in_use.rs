//! Overlays that a process compares with beside what is built in. They are set once, before anything is compared.
//! Owns what is in use and its digest; must not know files or whose signature counts.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::built_in;
use super::data::{self, Catalogue};
use super::overlay::Overlay;
use super::problem::Problem;
use crate::language::Language;
use crate::seal::sha256_hex;
use crate::seal::statement::StatementError;

static IN_USE: OnceLock<(Catalogue, Vec<OverlayName>)> = OnceLock::new();

/// An overlay that was in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OverlayName {
    pub title: String,
    pub version: String,
    /// SHA-256 of its JCS form, as `assay catalogue check` says it.
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UseError {
    #[error("{0}")]
    Statement(#[from] StatementError),
    #[error("overlay {title:?}: {first}; `assay catalogue check` shows all that is wrong")]
    Wrong { title: String, first: Problem },
}

/// Everything is compared with these too from now on. Each is checked beside those before it.
pub fn put_in_use(overlays: &[Overlay]) -> Result<(), UseError> {
    if overlays.is_empty() {
        return Ok(());
    }
    let (mut all, mut names) = (built_in().clone(), Vec::new());
    for overlay in overlays {
        let (mut catalogue, problems) = overlay.check_beside(&all.gpus, Language::English);
        if let Some(first) = problems.into_iter().next() {
            return Err(UseError::Wrong { title: overlay.title.clone(), first });
        }
        let sha256 = overlay.digest()?;
        catalogue.bands.iter_mut().for_each(|band| band.overlay = Some(sha256.clone()));
        all = all.with(catalogue);
        let Overlay { title, version, .. } = overlay.clone();
        names.push(OverlayName { title, version, sha256 });
    }
    // Once: nobody changes what was compared with in mid-process.
    let _ = IN_USE.set((all, names));
    Ok(())
}

pub(super) fn catalogue() -> Option<&'static Catalogue> {
    IN_USE.get().map(|(catalogue, _)| catalogue)
}

/// In the order in which they were given.
pub fn overlays() -> &'static [OverlayName] {
    IN_USE.get().map_or(&[], |(_, names)| names)
}

/// SHA-256 of the built-in data; with overlays, of a line with that and a line with the digest of each.
pub fn digest() -> String {
    digest_with(overlays())
}

/// The same where these overlays were in use beside what is built in here.
pub fn digest_with(overlays: &[OverlayName]) -> String {
    if overlays.is_empty() {
        return data::digest();
    }
    let lines = std::iter::once(data::digest()).chain(overlays.iter().map(|name| name.sha256.clone()));
    sha256_hex(lines.map(|line| line + "\n").collect::<String>().as_bytes())
}
