//! Libraries and small programs that cargo builds as examples, and children that may hang.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A file that cargo builds from an `[[example]]` in `tests/<folder>`, next to this test's own binary. `cargo test`
/// builds it, but `cargo test --test it` does not, so one that is older than its source is refused.
pub fn example(folder: &str, file: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let path = own.parent().unwrap().parent().unwrap().join("examples").join(file);
    let built = std::fs::metadata(&path).and_then(|m| m.modified()).ok();
    let sources =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder).read_dir().unwrap().flatten();
    // The probe is one file, all others are the library.
    let is_own = |name: &str| name.ends_with(".rs") && (name == "probe.rs") != file.ends_with(".so");
    let own_sources = sources.filter(|source| is_own(&source.file_name().to_string_lossy()));
    let changed = own_sources.map(|source| source.metadata().unwrap().modified().unwrap()).max();
    assert!(built >= changed, "{} is missing or old: run `cargo build --examples` first", path.display());
    path
}

/// Runs `command` to its end, however much it says; one that takes longer than `limit` is killed and gives `None`.
pub fn output_within(command: &mut Command, limit: Duration) -> Option<Output> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (stdout, stderr) = (all_of(child.stdout.take().unwrap()), all_of(child.stderr.take().unwrap()));
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let status = child.wait().unwrap();
    Some(Output { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() })
}

/// Reads a pipe to its end while its writer runs, which would stand still where it is full.
fn all_of(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
}
