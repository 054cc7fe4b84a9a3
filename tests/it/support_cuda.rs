//! For tests of the CUDA backend without a GPU: builds the kernels for the CPU, puts the driver for tests
//! (`tests/fake_cuda`) where the loader finds it, and sets up child processes. Asserts nothing about results.

#![allow(unsafe_code, reason = "the driver for tests is asked about itself through its C interface")]

use std::ffi::{CStr, c_char};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};

use crate::examples::example;

/// A CUDA driver without a GPU, with the faults that were asked for.
#[derive(Clone, Debug, Default)]
pub struct FakeCuda {
    faults: Vec<(String, String)>,
    folder: Option<PathBuf>,
    /// Where more libraries lie.
    beside: Vec<PathBuf>,
}

impl FakeCuda {
    /// A healthy driver.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for one fault or claim: `fault` is the part after `ASSAY_FAKE_CUDA_`, see `tests/fake_cuda/faults.rs`.
    pub fn with(mut self, fault: &str, value: impl ToString) -> Self {
        self.faults.push((format!("ASSAY_FAKE_CUDA_{fault}"), value.to_string()));
        self
    }

    /// Sets a variable that real drivers read as well.
    pub fn under(mut self, variable: &str, value: &str) -> Self {
        self.faults.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// With the cuBLASLt for tests (`tests/fake_cublaslt`) where the loader looks.
    pub fn with_cublaslt(mut self) -> Self {
        self.beside.push(cublaslt().parent().unwrap().to_owned());
        self
    }

    /// Asks that library for one fault, see `tests/fake_cublaslt/faults.rs`.
    pub fn with_cublaslt_that(mut self, fault: &str, value: &str) -> Self {
        self.faults.push((format!("ASSAY_FAKE_CUBLASLT_{fault}"), value.to_owned()));
        self.with_cublaslt()
    }

    /// With the NCCL for tests (`tests/fake_nccl`) where the loader looks.
    pub fn with_nccl(mut self) -> Self {
        self.beside.push(nccl().parent().unwrap().to_owned());
        self
    }

    /// Asks that library for one fault, see `tests/fake_nccl/faults.rs`.
    pub fn with_nccl_that(mut self, fault: &str, value: &str) -> Self {
        self.faults.push((format!("ASSAY_FAKE_NCCL_{fault}"), value.to_owned()));
        self.with_nccl()
    }

    /// With the libraries in this folder where the loader looks.
    pub fn beside(mut self, folder: &Path) -> Self {
        self.beside.push(folder.to_owned());
        self
    }

    /// A driver that lacks one function. The copy of the library lives in `folder`.
    pub fn without(mut self, function: &str, folder: &Path) -> Self {
        let mut bytes = std::fs::read(driver()).unwrap();
        let name = [b"\0", function.as_bytes(), b"\0"].concat();
        let places: Vec<usize> =
            (0..bytes.len() - name.len()).filter(|at| bytes[*at..].starts_with(&name)).collect();
        assert!(!places.is_empty(), "the driver has no {function}");
        places.iter().for_each(|at| bytes[at + 1] = b'x');
        std::fs::write(folder.join("libcuda.so.1"), bytes).unwrap();
        self.folder = Some(folder.to_owned());
        self
    }

    /// Lets `command` and its children find this driver.
    pub fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let folder = self.folder.clone().unwrap_or_else(|| installed().to_owned());
        let folders = std::iter::once(&folder).chain(&self.beside);
        command
            .env("LD_LIBRARY_PATH", std::env::join_paths(folders).unwrap())
            .env("ASSAY_FAKE_CUDA_KERNELS", KERNELS.as_path())
            .envs(self.faults.iter().map(|(name, value)| (name, value)))
    }
}

/// Compiles what every such driver needs, which takes half a minute: for tests that look at a clock later.
pub fn ready() {
    LazyLock::force(&KERNELS);
}

/// Lines of a report about what has no figure, but for NVML, which is not beside this driver.
pub fn unmeasured(report: &str) -> Vec<&str> {
    let lines = report.lines().filter(|line| line.contains("not measured"));
    lines.filter(|line| !line.contains("identity.nvml.library")).collect()
}

/// Whether this process runs on the driver for tests.
pub fn is_here() -> bool {
    std::env::var_os("ASSAY_FAKE_CUDA_KERNELS").is_some()
}

/// Asks the driver in this process, which must have been opened before. Its library stays loaded.
fn ask<F: Copy, T>(name: &str, call: impl FnOnce(F) -> T) -> T {
    assert!(is_here(), "only in a child that runs on the driver for tests");
    // SAFETY: our own library, with the functions that tests/fake_cuda/lib.rs declares.
    unsafe {
        let library = libloading::Library::new("libcuda.so").unwrap();
        let function: F = *library.get::<F>(name.as_bytes()).unwrap();
        let answer = call(function);
        std::mem::forget(library);
        answer
    }
}

/// Handles and allocations that were not freed.
pub fn live() -> u64 {
    ask("assay_fake_live", |f: extern "C" fn() -> u64| f())
}

/// Calls since [`fails_at`].
pub fn calls() -> u64 {
    ask("assay_fake_calls", |f: extern "C" fn() -> u64| f())
}

/// Lets call `n` from now on answer `code`. Everything that was there is gone.
pub fn fails_at(n: u64, code: i32) {
    ask("assay_fake_reset", |f: extern "C" fn(u64, i32)| f(n, code));
}

/// The call that was made to fail.
pub fn failed_call() -> String {
    // SAFETY: the driver gives a string that lives until the next reset.
    ask("assay_fake_failed", |f: extern "C" fn() -> *const c_char| unsafe { CStr::from_ptr(f()) })
        .to_string_lossy()
        .into_owned()
}

/// Lets this bit of every `tcgen05` product's descriptors be wrong from now on, in this process, or none (tests/fake_cuda/cpu_sm100.cpp).
pub fn flip_descriptors(bit: Option<u8>) {
    assert!(is_here(), "only in a child that runs on the driver for tests");
    // SAFETY: our own library, which the driver has loaded as well, with the function that cpu_sm100.cpp declares.
    unsafe {
        let library = libloading::Library::new(std::env::var_os("ASSAY_FAKE_CUDA_KERNELS").unwrap()).unwrap();
        library.get::<extern "C" fn(i32)>(b"cpu_flip").unwrap()(bit.map_or(-1, i32::from));
    }
}

/// The cuBLASLt for tests, by the name that programs look for.
pub fn cublaslt() -> &'static Path {
    static FILE: LazyLock<PathBuf> = LazyLock::new(|| installed_as("fake_cublaslt", "libcublasLt.so.12"));
    &FILE
}

/// The NCCL for tests, by the name that programs look for.
pub fn nccl() -> &'static Path {
    static FILE: LazyLock<PathBuf> = LazyLock::new(|| installed_as("fake_nccl", "libnccl.so.2"));
    &FILE
}

/// A library for tests in a folder of its own.
fn installed_as(example_name: &str, name: &str) -> PathBuf {
    let built = example(example_name, &format!("lib{example_name}.so"));
    let file = built.parent().unwrap().join(example_name).join(name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    replace(&file, &std::fs::read(built).unwrap());
    file
}

/// What of that cuBLASLt was not given back, in this process.
pub fn live_in_cublaslt() -> u64 {
    live_in("libcublasLt.so.12", "assay_fake_cublaslt_live")
}

/// And of that NCCL.
pub fn live_in_nccl() -> u64 {
    live_in("libnccl.so.2", "assay_fake_nccl_live")
}

fn live_in(library: &str, function: &str) -> u64 {
    // SAFETY: our own library, which is loaded.
    unsafe {
        let library = libloading::Library::new(library).unwrap();
        library.get::<extern "C" fn() -> u64>(function).unwrap()()
    }
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
    let of_ours = ["cpu_kernels.cpp", "cpu_sm90.cpp", "cpu_sm100.cpp"];
    let mut sources: Vec<PathBuf> = of_ours.iter().map(|name| fake_cuda().join(name)).collect();
    for (stem, entries) in declared() {
        let source = scratch.path().join(format!("{stem}.cpp"));
        let table: String = entries.iter().map(|entry| format!("ENTRY({entry}) ")).collect();
        // Names without linkage: the sources use the same ones for different things.
        let text = format!(
            "#include \"cpu_kernels.h\"\nnamespace {{\n#include \"{stem}.cu\"\n\
             const cpu::Table table({{{table}}});\n}}\n"
        );
        std::fs::write(&source, text).unwrap();
        sources.push(source);
    }
    if is_newer(&library) {
        return library;
    }
    let objects: Vec<PathBuf> = sources.iter().map(|source| object(source, scratch.path())).collect();
    // As many at once as there are cores: all of them together take gigabytes of memory.
    let left = Mutex::new(sources.iter().zip(&objects));
    let one = || left.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while let Some((source, object)) = one() {
                    let is_made = compile(source, object).success();
                    assert!(is_made, "g++ cannot compile {} for the CPU", source.display());
                }
            });
        }
    });
    // What runs kernels apart from them: all that a library keeps for each thread is quick to reach only where it is little.
    let (runner, kernels) = objects.split_at(1);
    link(runner, &folder.join("libcpu_runner.so"), &[]);
    let folder = format!("-L{}", folder.display());
    link(kernels, &library, &[&folder, "-lcpu_runner", "-Wl,-rpath,$ORIGIN"]);
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

fn link(objects: &[PathBuf], library: &Path, libraries: &[&str]) {
    let made = tempfile::NamedTempFile::new().unwrap();
    let mut linker = Command::new("g++");
    linker.args(["-shared", "-pthread", "-o"]).arg(made.path()).args(objects).args(libraries);
    assert!(linker.status().unwrap().success(), "g++ cannot link the kernels for the CPU");
    replace(library, &std::fs::read(made.path()).unwrap());
}

fn compile(source: &Path, object: &Path) -> std::process::ExitStatus {
    Command::new("g++")
        // Products are fused only where a kernel says so, as for the GPU. The library is used where it is built.
        .args(["-std=c++20", "-O3", "-march=native", "-ffp-contract=off", "-fPIC", "-pthread"])
        // That check takes the switch from one fiber to another for a mistake.
        .args([
            "-U_FORTIFY_SOURCE",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-Wno-unknown-pragmas",
            "-Wno-unused-function",
            "-c",
        ])
        .arg("-I")
        .arg(kernels())
        .arg("-I")
        .arg(fake_cuda())
        .arg(source)
        .arg("-o")
        .arg(object)
        .status()
        .expect("the tests need g++: on Debian and Ubuntu `apt-get install g++`")
}
