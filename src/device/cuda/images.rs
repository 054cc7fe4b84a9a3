//! The compiled kernels in this binary, and which of them a device gets.
//! Owns the choice; the bytes and their table are made by kernels/build.py. Must not call the driver.

/// One family of kernels, as one image each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    Blake3,
    Census,
    Chase,
    Digest,
    Dmma,
    Draw,
    Fma,
    FmaBf16,
    Gemm,
    Mma,
    MmaFp8,
    MmaSm75,
    Pattern,
    Stream,
    Tensor,
    TensorFp64,
    TensorFp8,
    TensorSm75,
    TensorUmma,
    TensorUmmaInt8,
    TensorWgmma,
    Umma,
    UmmaInt8,
    Walk,
    Wgmma,
}

impl Source {
    pub const ALL: [Source; 25] = [
        Source::Blake3,
        Source::Census,
        Source::Chase,
        Source::Digest,
        Source::Dmma,
        Source::Draw,
        Source::Fma,
        Source::FmaBf16,
        Source::Gemm,
        Source::Mma,
        Source::MmaFp8,
        Source::MmaSm75,
        Source::Pattern,
        Source::Stream,
        Source::Tensor,
        Source::TensorFp64,
        Source::TensorFp8,
        Source::TensorSm75,
        Source::TensorUmma,
        Source::TensorUmmaInt8,
        Source::TensorWgmma,
        Source::Umma,
        Source::UmmaInt8,
        Source::Walk,
        Source::Wgmma,
    ];

    /// The stem of its files.
    pub fn name(self) -> &'static str {
        match self {
            Source::Blake3 => "blake3",
            Source::Census => "census",
            Source::Chase => "chase",
            Source::Digest => "digest",
            Source::Dmma => "dmma",
            Source::Draw => "draw",
            Source::Fma => "fma",
            Source::FmaBf16 => "fma_bf16",
            Source::Gemm => "gemm",
            Source::Mma => "mma",
            Source::MmaFp8 => "mma_fp8",
            Source::MmaSm75 => "mma_sm75",
            Source::Pattern => "pattern",
            Source::Stream => "stream",
            Source::Tensor => "tensor",
            Source::TensorFp64 => "tensor_fp64",
            Source::TensorFp8 => "tensor_fp8",
            Source::TensorSm75 => "tensor_sm75",
            Source::TensorUmma => "tensor_umma",
            Source::TensorUmmaInt8 => "tensor_umma_int8",
            Source::TensorWgmma => "tensor_wgmma",
            Source::Umma => "umma",
            Source::UmmaInt8 => "umma_int8",
            Source::Walk => "walk",
            Source::Wgmma => "wgmma",
        }
    }
}

/// One compiled file.
#[derive(Debug)]
pub struct Image {
    pub source: &'static str,
    pub code: Code,
    pub sha256: &'static str,
    pub bytes: &'static [u8],
}

/// What an image runs on. Compute capability 9.0 is number 90.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Machine code for exactly one compute capability.
    Cubin { sm: u32 },
    /// For the driver to compile, from this compute capability on.
    Ptx { from_sm: u32 },
}

pub use table::IMAGES;

#[rustfmt::skip]
#[path = "../../../kernels/built/table.rs"]
mod table;

/// The compute capabilities whose kernels have run on hardware and given right results, each shown by a result in
/// results/.
const PROVEN: &[u32] = &[90];

pub fn proven(sm: u32) -> bool {
    PROVEN.contains(&sm)
}

/// Families that came later, or are not what they were, and have run on no hardware at all.
const UNTRIED: &[Source] = &[
    Source::FmaBf16,
    Source::Mma,
    Source::TensorUmma,
    Source::TensorUmmaInt8,
    Source::TensorWgmma,
    Source::Umma,
    Source::UmmaInt8,
    Source::Walk,
];

pub fn untried(source: Source) -> bool {
    UNTRIED.contains(&source)
}

/// Of these, the ones by instructions that no card of ours has: machine code alone cannot tell whether they do what they should.
pub fn on_probation(source: Source) -> bool {
    matches!(source, Source::TensorUmma | Source::TensorUmmaInt8 | Source::Umma | Source::UmmaInt8)
}

/// What stands beside the figures of kernels that have not run on hardware yet.
pub fn caveat(sm: u32) -> Option<String> {
    (!proven(sm)).then(|| format!("kernels for sm_{sm} have not yet run on hardware"))
}

/// The same of one family.
pub fn caveat_of(source: Source, sm: u32) -> Option<String> {
    let words = || format!("{} kernels have not yet run on hardware", source.name());
    caveat(sm).or_else(|| untried(source).then(words))
}

/// The images of `source` that may run on compute capability `sm`, the best first: its own machine code, then what the
/// driver can compile.
pub fn candidates(source: Source, sm: u32) -> Vec<&'static Image> {
    // `mma.sync` reaches FP8 units on Ada and on the smaller Blackwells; elsewhere assemblers make FP16 of it, unasked.
    if matches!(source, Source::MmaFp8 | Source::TensorFp8) && sm != 89 && sm / 10 != 12 {
        return Vec::new();
    }
    let of_source = || IMAGES.iter().filter(|image| image.source == source.name());
    let exact = of_source().filter(|image| image.code == Code::Cubin { sm });
    let compiled = of_source().filter(|image| match image.code {
        Code::Cubin { .. } => false,
        Code::Ptx { from_sm } => from_sm <= sm,
    });
    exact.chain(compiled).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use sha2::{Digest as _, Sha256};

    use super::*;

    fn kernels() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/kernels"))
    }

    /// Whoever changes a kernel must run `make kernels`, and commit what it builds.
    #[test]
    fn the_images_were_built_from_these_sources() {
        let text = std::fs::read_to_string(kernels().join("built/manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        let digest = |path: &Path| hex::encode(Sha256::digest(std::fs::read(path).unwrap()));
        let sources = manifest["sources"].as_object().unwrap();
        let is_source = |name: &str| name.ends_with(".cu") || name.ends_with(".cuh");
        let on_disk =
            std::fs::read_dir(kernels()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut on_disk: Vec<String> = on_disk.filter(|name| is_source(name)).collect();
        on_disk.sort();
        assert_eq!(
            on_disk,
            sources
                .keys()
                .cloned()
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
        );
        for (name, built_from) in sources {
            assert_eq!(*built_from, digest(&kernels().join(name)), "{name} has changed: run `make kernels`");
        }
        let listed = manifest["images"].as_array().unwrap();
        assert_eq!(listed.len(), IMAGES.len());
        for (image, listed) in IMAGES.iter().zip(listed) {
            assert_eq!(listed["sha256"], image.sha256, "{}", listed["file"]);
            assert_eq!(hex::encode(Sha256::digest(image.bytes)), image.sha256, "{}", listed["file"]);
        }
    }

    #[test]
    fn what_never_ran_on_hardware_says_so() {
        assert_eq!(caveat_of(Source::Chase, 90), None);
        assert!(Source::ALL.into_iter().all(|source| untried(source) || !on_probation(source)));
        for (source, sm, words) in [
            (Source::Walk, 90, "walk kernels have not yet"),
            (Source::Walk, 80, "sm_80"),
            (Source::Umma, 100, "sm_100"),
        ] {
            assert!(caveat_of(source, sm).is_some_and(|caveat| caveat.contains(words)), "{source:?} on {sm}");
        }
    }

    /// The digest of the machine code alone: what functions are called in it makes no other code.
    fn code_digest(cubin: &[u8]) -> String {
        let word = |at: usize, bytes: usize| {
            cubin[at..at + bytes].iter().rev().fold(0usize, |word, byte| word << 8 | usize::from(*byte))
        };
        // ELF64: where the sections' headers lie, how many there are, which holds their names.
        let headers = (0..word(60, 2)).map(|section| word(40, 8) + 64 * section);
        let extent = |header: usize| (word(header + 24, 8), word(header + 32, 8));
        let (names, _) = extent(word(40, 8) + 64 * word(62, 2));
        let is_code = |header: &usize| cubin[names + word(*header, 4)..].starts_with(b".text.");
        let mut code: Vec<&[u8]> =
            headers.filter(is_code).map(extent).map(|(at, bytes)| &cubin[at..at + bytes]).collect();
        code.sort_unstable();
        assert!(!code.is_empty());
        hex::encode(Sha256::digest(code.concat()))
    }

    /// Kernels that reports in results/ say to have been measured with, by the digests of their files.
    fn measured() -> std::collections::BTreeSet<String> {
        use base64::Engine as _;
        let mut digests = std::collections::BTreeSet::new();
        for result in ["2026-11-26", "2026-11-27"] {
            let file = kernels().join(format!("../results/nvidia-h200/{result}/report.dsse.json"));
            let sealed: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
            let payload = sealed["payload"].as_str().unwrap();
            let payload = base64::engine::general_purpose::STANDARD.decode(payload).unwrap();
            let report: serde_json::Value = serde_json::from_slice(&payload).unwrap();
            let figures = &report["predicate"]["evidence"]["devices"][0]["measurements"];
            let kernels = figures.as_array().unwrap().iter().map(|m| m["conditions"]["kernel"].as_str());
            digests.extend(kernels.flatten().map(str::to_owned));
        }
        digests
    }

    /// Code that ran on an H200 and that no figure of a report names.
    const RAN: [(Source, &str, &str); 6] = [
        (
            Source::Blake3,
            "56d31cd95ed7864b9cefd6167d9d60917f7a25bbdfc2a34638be4cccad111cf2",
            "2026-11-27: equals the reference, and made the proof",
        ),
        (
            Source::Digest,
            "788fc0ad11df39e717af485da0a0a1b86b766c74537b01ef0544826b5d081207",
            "2026-11-26: equals the reference",
        ),
        (
            Source::Draw,
            "4eaee41345a4a9e152ff02cb2428ad2c91312a3e9629009421f0484065756a93",
            "2026-11-26: equals the reference",
        ),
        (
            Source::Gemm,
            "c99b2014ebcd46518afe428de40c2b74217590cd669d4a9c0d5d961f12a59976",
            "2026-11-27: beside cuBLASLt, compared in part",
        ),
        (
            Source::TensorFp64,
            "29f14e90d9fda0946a1535db420cf9afadf7275f53574f50557caa4290c10e14",
            "2026-11-27: equals the reference, and timed",
        ),
        (
            Source::Wgmma,
            "689ea40c8ee226211282b2b9a06be38db897f53ea01fbbb95cc9bfd3a4125a8e",
            "2026-11-27: measured as e1fb511b..., in which its functions had other names",
        ),
    ];

    /// What is changed has run nowhere, until somebody runs it.
    #[test]
    fn what_counts_as_tried_is_what_ran() {
        let measured = measured();
        let of_hopper = Source::ALL.map(|source| candidates(source, 90).into_iter().next());
        for (source, image) in Source::ALL.into_iter().zip(of_hopper) {
            let Some(image) = image.filter(|image| image.code == Code::Cubin { sm: 90 }) else { continue };
            let code = code_digest(image.bytes);
            let ran = measured.contains(image.sha256)
                || RAN.iter().any(|(of, digest, _)| (*of, *digest) == (source, code.as_str()));
            assert_eq!(untried(source), !ran, "{}: its code is {code}", source.name());
        }
    }

    #[test]
    fn every_family_has_code_for_every_device_since_its_first() {
        for source in Source::ALL {
            let of_hopper =
                [Source::Wgmma, Source::Dmma, Source::TensorFp64, Source::TensorWgmma].contains(&source);
            let of_turing = [Source::MmaSm75, Source::TensorSm75].contains(&source);
            let of_blackwell = [
                (Source::TensorUmma, &[100, 103][..]),
                (Source::TensorUmmaInt8, &[100]),
                (Source::Umma, &[100, 103]),
                (Source::UmmaInt8, &[100]),
            ];
            let of_blackwell = of_blackwell.into_iter().find(|(of, _)| *of == source).map(|(_, its)| its);
            let of_few = of_blackwell.or(of_hopper.then_some(&[90])).or(of_turing.then_some(&[75]));
            if let Some(its) = of_few {
                for one in its {
                    let found = candidates(source, *one);
                    assert!(
                        matches!(found[..], [Image { code: Code::Cubin { sm }, .. }] if sm == one),
                        "{found:?}"
                    );
                }
                let others =
                    [70, 75, 80, 86, 89, 90, 100, 103, 120, 121].into_iter().filter(|sm| !its.contains(sm));
                assert!(others.into_iter().all(|sm| candidates(source, sm).is_empty()), "{source:?}");
                continue;
            }
            let (first, only): (u32, &[u32]) = match source {
                Source::MmaFp8 | Source::TensorFp8 => (89, &[89, 120]),
                Source::FmaBf16 | Source::Mma | Source::Tensor => (80, &[80, 86, 89, 90, 100, 103, 120]),
                Source::Blake3
                | Source::Census
                | Source::Chase
                | Source::Digest
                | Source::Draw
                | Source::Fma
                | Source::Gemm
                | Source::Pattern
                | Source::Stream
                | Source::Dmma
                | Source::MmaSm75
                | Source::TensorFp64
                | Source::TensorSm75
                | Source::TensorUmma
                | Source::TensorUmmaInt8
                | Source::TensorWgmma
                | Source::Umma
                | Source::UmmaInt8
                | Source::Walk
                | Source::Wgmma => (70, &[70, 75, 80, 86, 89, 90, 100, 103, 120]),
            };
            for &sm in only {
                let found = candidates(source, sm);
                assert_eq!(found[0].code, Code::Cubin { sm }, "{source:?}");
                assert_eq!(found[1].code, Code::Ptx { from_sm: first }, "{source:?}");
            }
            for sm in [61, 70, 75, 80, 86, 89, 90, 100, 103, 120].into_iter().filter(|sm| !only.contains(sm))
            {
                assert!(candidates(source, sm).is_empty(), "{source:?} on sm_{sm}");
            }
            // Kinds that came after this program.
            let later = candidates(source, 121);
            assert_eq!(later[0].code, Code::Ptx { from_sm: first }, "{source:?}");
        }
    }
}
