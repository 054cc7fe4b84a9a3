//! What is in an image: the kernels that a PTX text declares. Machine code is known by its hash, and its kernels are
//! those of the PTX that it was made from.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{INVALID_IMAGE, NO_BINARY_FOR_GPU, Refusal};

/// A kernel as its PTX declares it.
#[derive(Clone, Debug)]
pub struct Signature {
    pub name: String,
    /// The size of each argument, in bytes.
    pub sizes: Vec<u32>,
    /// Threads of a block, at most.
    pub threads_max: u32,
    /// Blocks of a cluster.
    pub cluster: u32,
}

fn built() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels/built")
}

/// The kernels of the image at `at`, if a device of compute capability `sm` can run it; else why not, in words.
///
/// # Safety
/// `at` must point to a PTX text that ends in a zero byte, or to an ELF file.
pub unsafe fn kernels(at: *const u8, sm: u32) -> Result<Vec<Signature>, (Refusal, String)> {
    // SAFETY: the first bytes of either are there.
    if unsafe { std::slice::from_raw_parts(at, 4) } == b"\x7fELF" {
        // SAFETY: an ELF file, as the caller promises.
        let bytes = unsafe { elf(at) };
        return of_machine_code(bytes, sm);
    }
    // SAFETY: a text that ends in a zero byte, as the caller promises.
    let text = unsafe { std::ffi::CStr::from_ptr(at.cast()) };
    of_ptx(&text.to_string_lossy(), sm)
}

/// The whole of an ELF file, whose section headers or program headers are its end.
unsafe fn elf(at: *const u8) -> &'static [u8] {
    // SAFETY: the header is there; fields as the ELF specification places them.
    let field = |offset: usize, bytes: usize| unsafe {
        (0..bytes).rev().fold(0usize, |value, i| value << 8 | usize::from(*at.add(offset + i)))
    };
    let sections = field(0x28, 8) + field(0x3A, 2) * field(0x3C, 2);
    let programs = field(0x20, 8) + field(0x36, 2) * field(0x38, 2);
    // SAFETY: as above.
    unsafe { std::slice::from_raw_parts(at, sections.max(programs)) }
}

fn of_machine_code(bytes: &[u8], sm: u32) -> Result<Vec<Signature>, (Refusal, String)> {
    let digest = hex::encode(Sha256::digest(bytes));
    let manifest = std::fs::read_to_string(built().join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let image = manifest["images"].as_array().unwrap().iter().find(|image| image["sha256"] == digest);
    let Some(image) = image else { return Err((INVALID_IMAGE, String::new())) };
    let target: String = image["target"].as_str().unwrap().chars().filter(char::is_ascii_digit).collect();
    if target != sm.to_string() {
        return Err((NO_BINARY_FOR_GPU, String::new()));
    }
    let ptx = built().join(format!("{}.ptx", image["source"].as_str().unwrap()));
    Ok(declared(&std::fs::read_to_string(ptx).unwrap()))
}

fn of_ptx(text: &str, sm: u32) -> Result<Vec<Signature>, (Refusal, String)> {
    let target = text.lines().find_map(|line| line.strip_prefix(".target sm_"));
    let target: Option<u32> = target.and_then(|target| target.trim().parse().ok());
    match target {
        None => Err((INVALID_IMAGE, "ptxas fatal: no .target in this text".to_owned())),
        Some(target) if target > sm => Err((NO_BINARY_FOR_GPU, format!("ptxas fatal: needs sm_{target}"))),
        Some(_) => Ok(declared(text)),
    }
}

/// Every `.entry` with its `.param`s, its `.maxntid` and its `.reqnctapercluster`.
pub fn declared(text: &str) -> Vec<Signature> {
    text.split(".visible .entry ")
        .skip(1)
        .map(|entry| {
            let (name, rest) = entry.split_once('(').unwrap();
            let (parameters, rest) = rest.split_once(')').unwrap();
            let head = rest.split('{').next().unwrap();
            let first = |name: &str| head.split(name).nth(1).and_then(|rest| rest.split([',', '\n']).next());
            let number = |name: &str| first(name).and_then(|count| count.trim().parse().ok());
            Signature {
                name: name.to_owned(),
                // Pointers are declared as .u64 with what they point at.
                sizes: parameters.lines().filter_map(size).collect(),
                threads_max: number(".maxntid ").unwrap_or(1024),
                cluster: number(".reqnctapercluster ").unwrap_or(1),
            }
        })
        .collect()
}

/// The size of the argument that `line` declares: `.param .u64 name` or `.param .align 64 .b8 name[128]`.
fn size(line: &str) -> Option<u32> {
    let rest = line.trim().strip_prefix(".param ")?;
    let size = match rest.strip_prefix(".u") {
        Some(bits) => bits[..2].parse::<u32>().unwrap() / 8,
        None => rest.split(['[', ']']).nth(1).unwrap().parse().unwrap(),
    };
    Some(size)
}
