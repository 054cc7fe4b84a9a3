//! For tests of the CUDA backend without a GPU: builds the kernels for the CPU, puts the driver for tests
//! (`tests/fake_cuda`) where the loader finds it, and sets up child processes. Asserts nothing about results.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::examples::example;

/// A healthy CUDA driver without a GPU.
pub struct FakeCuda;

impl FakeCuda {
    /// Lets `command` and its children find this driver.
    pub fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("LD_LIBRARY_PATH", installed()).env("ASSAY_FAKE_CUDA_KERNELS", KERNELS.as_path())
    }
}

/// Whether this process runs on the driver for tests.
pub fn is_here() -> bool {
    std::env::var_os("ASSAY_FAKE_CUDA_KERNELS").is_some()
}

fn driver() -> PathBuf {
    example("fake_cuda", "libfake_cuda.so")
}

/// A folder that holds the driver by the names that programs look for.
fn installed() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = driver().parent().unwrap().join("fake_cuda");
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["libcuda.so", "libcuda.so.1"] {
            replace(&folder.join(name), &std::fs::read(driver()).unwrap());
        }
        folder
    });
    &FOLDER
}

/// Writes beside the target and renames: another test process may be reading it.
fn replace(target: &Path, bytes: &[u8]) {
    if std::fs::read(target).is_ok_and(|there| there == bytes) {
        return;
    }
    let file = tempfile::NamedTempFile::new_in(target.parent().unwrap()).unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file.persist(target).unwrap();
}

/// kernels/*.cu as a library for this machine's CPU.
static KERNELS: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = driver().parent().unwrap().join("fake_cuda");
    std::fs::create_dir_all(&folder).unwrap();
    let library = folder.join("libcpu_kernels.so");
    let scratch = tempfile::tempdir().unwrap();
    let mut sources = vec![fake_cuda().join("cpu_kernels.cpp")];
    for (stem, entries) in declared() {
        let source = scratch.path().join(format!("{stem}.cpp"));
        let table: String = entries.iter().map(|entry| format!("ENTRY({entry}) ")).collect();
        let text = format!(
            "#include \"cpu_kernels.h\"\n#include \"{stem}.cu\"\nstatic const cpu::Table table({{{table}}});\n"
        );
        std::fs::write(&source, text).unwrap();
        sources.push(source);
    }
    if is_newer(&library) {
        return library;
    }
    let objects: Vec<PathBuf> = sources.iter().map(|source| object(source, scratch.path())).collect();
    let compilations: Vec<_> =
        sources.iter().zip(&objects).map(|(source, object)| compile(source, object)).collect();
    for mut compilation in compilations {
        assert!(compilation.wait().unwrap().success(), "g++ cannot compile the kernels for the CPU");
    }
    let made = scratch.path().join("made.so");
    let status =
        Command::new("g++").args(["-shared", "-pthread", "-o"]).arg(&made).args(&objects).status().unwrap();
    assert!(status.success(), "g++ cannot link the kernels for the CPU");
    replace(&library, &std::fs::read(&made).unwrap());
    library
});

fn kernels() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels")
}

fn fake_cuda() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fake_cuda")
}

/// The kernels of every source, as its PTX declares them.
fn declared() -> Vec<(String, Vec<String>)> {
    let built = std::fs::read_dir(kernels().join("built")).unwrap().map(|entry| entry.unwrap().path());
    built
        .filter(|path| path.extension().is_some_and(|e| e == "ptx"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let entries =
                text.split(".visible .entry ").skip(1).map(|e| e.split('(').next().unwrap().to_owned());
            (path.file_stem().unwrap().to_string_lossy().into_owned(), entries.collect())
        })
        .collect()
}

/// Whether the library is newer than everything that it is made from.
fn is_newer(library: &Path) -> bool {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).ok();
    let sources = [kernels(), fake_cuda(), kernels().join("built")];
    let files =
        sources.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|e| e.unwrap().path());
    let youngest = files.filter(|path| path.is_file()).filter_map(|path| changed(&path)).max();
    changed(library) > youngest
}

fn object(source: &Path, folder: &Path) -> PathBuf {
    folder.join(source.file_stem().unwrap()).with_extension("o")
}

fn compile(source: &Path, object: &Path) -> std::process::Child {
    Command::new("g++")
        // Products are fused only where a kernel says so, as for the GPU. The library is used where it is built.
        .args(["-std=c++20", "-O2", "-march=native", "-ffp-contract=off", "-fPIC", "-pthread"])
        // That check takes the switch from one fiber to another for a mistake.
        .args(["-U_FORTIFY_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-c"])
        .arg("-I")
        .arg(kernels())
        .arg("-I")
        .arg(fake_cuda())
        .arg(source)
        .arg("-o")
        .arg(object)
        .spawn()
        .expect("the tests need g++: on Debian and Ubuntu `apt-get install g++`")
}
