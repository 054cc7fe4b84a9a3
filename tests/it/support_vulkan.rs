//! For tests that need a Vulkan driver to misbehave: sets up a child process so that the loader puts the fault
//! layer (`tests/layer`) in front of the driver. Owns the manifest and the variables; asserts nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::examples::example;

const NAME: &str = "VK_LAYER_ASSAY_faults";

/// The fault layer with the faults that were asked for. Lives as long as the processes that it is applied to.
pub struct FaultLayer {
    manifest: tempfile::TempDir,
    faults: Vec<(String, String)>,
}

impl FaultLayer {
    /// A layer that changes nothing yet.
    pub fn new() -> Self {
        let manifest = tempfile::tempdir().unwrap();
        let library = example("layer", "libfault_layer.so");
        let text = serde_json::json!({
            "file_format_version": "1.2.0",
            "layer": {
                "name": NAME,
                "type": "GLOBAL",
                "library_path": library,
                "api_version": "1.3.0",
                "implementation_version": "1",
                "description": "breaks a healthy driver on request",
            }
        });
        std::fs::write(manifest.path().join("fault_layer.json"), text.to_string()).unwrap();
        Self { manifest, faults: Vec::new() }
    }

    /// Asks for one fault: `fault` is the part after `ASSAY_LAYER_`, see `tests/layer/faults.rs`.
    pub fn with(mut self, fault: &str, value: impl ToString) -> Self {
        self.faults.push((format!("ASSAY_LAYER_{fault}"), value.to_string()));
        self
    }

    /// Claims to be another card.
    pub fn disguised(self, name: &str, ids: &str) -> Self {
        self.with("NAME", name).with("IDS", ids)
    }

    /// Lets `command` see its Vulkan driver through this layer. Its children inherit it.
    pub fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("VK_LAYER_PATH", self.manifest.path())
            .env("VK_INSTANCE_LAYERS", NAME)
            .envs(self.faults.iter().map(|(name, value)| (name, value)))
    }
}

/// Restricts `command` to the drivers with these manifests.
pub fn only_drivers<'a>(command: &'a mut Command, manifests: &[PathBuf]) -> &'a mut Command {
    let joined = std::env::join_paths(manifests).unwrap();
    command.env("VK_DRIVER_FILES", &joined).env("VK_ICD_FILENAMES", &joined)
}

/// The manifest of the software driver that the distribution installs.
pub fn lavapipe() -> PathBuf {
    let folder = Path::new("/usr/share/vulkan/icd.d");
    let found = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lvp_icd")));
    found.expect("the tests need lavapipe: on Debian and Ubuntu `apt-get install mesa-vulkan-drivers`")
}

/// Copies the driver of `manifest` into `folder`: named beside the original it is a second device that says the
/// same of itself in everything, its UUID included.
pub fn twin(manifest: &Path, folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(manifest).unwrap();
    let mut parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
    let library = PathBuf::from(parsed["ICD"]["library_path"].as_str().unwrap());
    let copy = folder.join("libvulkan_twin.so");
    std::fs::copy(&library, &copy).unwrap();
    parsed["ICD"]["library_path"] = copy.to_str().unwrap().into();
    let path = folder.join("twin_icd.json");
    std::fs::write(&path, parsed.to_string()).unwrap();
    path
}
