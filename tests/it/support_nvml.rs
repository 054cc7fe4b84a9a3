//! For tests that need an NVIDIA driver: sets up a child process so that it finds the fake NVML (`tests/fake_nvml`).
//! Owns the library's place and the variables; asserts nothing.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::examples::{example, output_within};

/// How the fake's card is found.
pub const UUID: &str = "000102030405060708090a0b0c0d0e0f";
pub const ADDRESS: &str = "0000:fe:00.0";

const LIBRARY: &str = "libnvidia-ml.so.1";
const LIMIT: Duration = Duration::from_secs(60);

/// A fake NVML with what was wished for. Lives as long as the processes that it is applied to.
pub struct FakeNvml {
    folder: tempfile::TempDir,
    wishes: Vec<(String, String)>,
}

impl FakeNvml {
    /// A healthy card.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(example("fake_nvml", "libfake_nvml.so"), folder.path().join(LIBRARY)).unwrap();
        Self { folder, wishes: Vec::new() }
    }

    /// A file that is no library.
    pub fn broken() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(LIBRARY), "not a library").unwrap();
        Self { folder, wishes: Vec::new() }
    }

    /// Wishes for something: `wish` is the part after `ASSAY_NVML_`, see `tests/fake_nvml/wishes.rs`.
    pub fn with(mut self, wish: &str, value: impl ToString) -> Self {
        self.wishes.push((format!("ASSAY_NVML_{wish}"), value.to_string()));
        self
    }

    /// A library without this function: its name is made unfindable wherever it stands in the file.
    pub fn lacking(self, function: &str) -> Self {
        let path = self.library();
        let mut bytes = std::fs::read(&path).unwrap();
        let name = [function.as_bytes(), &[0]].concat();
        let mut found = 0;
        for at in 0..bytes.len() - name.len() {
            if bytes[at..].starts_with(&name) {
                bytes[at] = b'x';
                found += 1;
            }
        }
        assert!(found > 0, "the fake has no {function}");
        std::fs::write(path, bytes).unwrap();
        self
    }

    pub fn library(&self) -> PathBuf {
        self.folder.path().join(LIBRARY)
    }

    /// Lets `command` find this NVML. Its children inherit it.
    pub fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("LD_LIBRARY_PATH", self.folder.path())
            .envs(self.wishes.iter().map(|(name, value)| (name, value)))
    }

    /// What telemetry says of the fake's card.
    pub fn told(&self, readings: u32) -> Told {
        let output =
            output_within(self.apply(&mut probe(readings, UUID, "-", "/")), LIMIT).expect("the probe hangs");
        Told::from(output)
    }
}

/// The program that asks telemetry.
pub fn probe(readings: u32, uuid: &str, address: &str, root: &str) -> Command {
    let mut command = Command::new(example("fake_nvml", "nvml_probe"));
    command.args([&readings.to_string(), uuid, address, root]);
    command
}

pub struct Told {
    pub facts: Map<String, Value>,
    pub readings: Vec<Value>,
}

impl From<std::process::Output> for Told {
    fn from(output: std::process::Output) -> Self {
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && stderr.is_empty(), "{:?} {stderr}", output.status);
        let lines = String::from_utf8(output.stdout).unwrap();
        let mut lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let facts = lines.next().unwrap().as_object().unwrap().clone();
        Self { facts, readings: lines.collect() }
    }
}

impl Told {
    /// A fact that is known.
    pub fn fact(&self, name: &str) -> &str {
        self.facts[name]["value"].as_str().unwrap_or_else(|| panic!("{name}: {}", self.facts[name]))
    }

    /// Who lacks a fact, and why.
    pub fn missing(&self, name: &str) -> (&str, &str) {
        let fact = &self.facts[name];
        let text = |key: &str| fact[key].as_str().unwrap_or_else(|| panic!("{name}: {fact}"));
        (text("by"), text("why"))
    }
}
