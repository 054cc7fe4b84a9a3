//! Every op in every launch form on every device that is there equals the reference.
//! The harness takes any `Device`; which devices there are is the inventory's business.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use gpu_assay::device::backend::OpenOptions;
use gpu_assay::device::draw::{self, Distribution};
use gpu_assay::device::inventory;
use gpu_assay::device::op::{Chains, Maker, Op, Precision, Route, Shape, StreamKind, Tally};
use gpu_assay::device::reference::Memory;
use gpu_assay::device::{Buf, Device, Identity};
use gpu_assay::probes::{self, rehearsal};

mod hashes;
mod places;
mod products;
use hashes::{cells, expansions, trees};
use places::{censuses, copies, rings, walks};
use products::{SHAPES, large_tiles_in, products_in, tiles_in, wide_tiles_in};
pub use products::{deep_products, in_first_form, library_products, multiplies, products};

/// How results may differ from the reference.
#[derive(Clone, Copy)]
enum Agree {
    Bits,
    /// FP32 or FP64 values, relative to the largest value of the reference.
    Within(f64),
}

/// One device under test.
struct Bench<'a> {
    device: &'a mut dyn Device,
    /// How many forms of each op run, the likeliest first.
    forms: usize,
    cases: usize,
    skipped: Vec<String>,
}

/// What lies behind the data of every buffer, to show that nothing writes there.
const GUARD: usize = 56;

impl<'a> Bench<'a> {
    fn new(device: &'a mut dyn Device) -> Self {
        Self { device, forms: usize::MAX, cases: 0, skipped: Vec::new() }
    }

    /// Runs `op` in its forms, on buffers that begin as `contents`, and compares every buffer with the reference.
    fn case(&mut self, contents: &[Vec<u8>], repeat: u32, agree: Agree, op: impl Fn(&[Buf]) -> Op) {
        let none = vec![Buf::NONE; contents.len()];
        if let Err(unsupported) = self.device.supports(&op(&none)) {
            let line = format!("{:?}: {} ({:?})", op(&none), unsupported.why, unsupported.by);
            self.skipped.push(line);
            return;
        }
        let contents: Vec<Vec<u8>> = contents.iter().map(|c| guarded(c)).collect();
        let bufs: Vec<Buf> = contents.iter().map(|c| self.device.alloc(c.len() as u64).unwrap()).collect();
        let op = op(&bufs);
        let mut expected = Memory::default();
        for (buf, bytes) in bufs.iter().zip(&contents) {
            expected.put(*buf, bytes.clone());
        }
        let counted_by_host: Vec<Option<u32>> = (0..repeat).map(|_| expected.execute(&op)).collect();
        let variants = self.device.variants(&op);
        assert!(!variants.is_empty(), "{op:?} is supported and has no variant");
        for (index, variant) in variants.iter().enumerate().take(self.forms) {
            let what = format!("{op:?} as {} on {}", variant.label, self.device.identity().name);
            for (buf, bytes) in bufs.iter().zip(&contents) {
                self.device.write(*buf, 0, bytes).unwrap();
            }
            let ticket = self.device.submit(&op, index, repeat).unwrap_or_else(|e| panic!("{what}: {e}"));
            let done = self.device.wait(ticket).unwrap_or_else(|e| panic!("{what}: {e}"));
            let units = op.units().map(|units| (units as u32).wrapping_mul(repeat));
            assert_eq!(done.counted, units, "{what}: counted units");
            if matches!(op, Op::Copy { route: Route::DeviceToHost(_) | Route::BothWays(_), .. }) {
                assert_eq!(units, Some(counted_by_host.iter().flatten().sum()), "{what}: reference");
            }
            for (place, buf) in bufs.iter().enumerate() {
                let mut got = vec![0; contents[place].len()];
                self.device.read(*buf, 0, &mut got).unwrap();
                // The reference cuts a tally to its own size.
                let mut wanted = expected.get(*buf).to_vec();
                wanted.extend_from_slice(&contents[place][wanted.len()..]);
                let data = contents[place].len() - GUARD;
                let what = format!("{what}, buffer {place}");
                assert_eq!(got[data..], wanted[data..], "{what}: written beyond its end");
                compare(&got[..data], &wanted[..data], agree, &op, &what);
            }
            self.cases += 1;
        }
        for buf in bufs {
            self.device.free(buf);
        }
    }
}

fn guarded(content: &[u8]) -> Vec<u8> {
    let mut bytes = content.to_vec();
    bytes.resize(bytes.len().next_multiple_of(8), 0x5A);
    bytes.extend((0..GUARD).map(|i| 0xA0 | i as u8 & 15));
    bytes
}

fn compare(got: &[u8], expected: &[u8], agree: Agree, op: &Op, what: &str) {
    if got == expected {
        return;
    }
    let differing = got.iter().zip(expected).position(|(a, b)| a != b).unwrap();
    let Agree::Within(tolerance) = agree else {
        panic!(
            "{what}: byte {differing} of {} differs: got {:x?}, expected {:x?}",
            got.len(),
            &got[differing / 4 * 4..][..4],
            &expected[differing / 4 * 4..][..4]
        );
    };
    let wide = matches!(
        op,
        Op::Fma { precision: Precision::Fp64, .. }
            | Op::Mma { precision: Precision::Fp64, .. }
            | Op::Gemm { precision: Precision::Fp64, .. }
    );
    let (got, expected) = (numbers(got, wide), numbers(expected, wide));
    let scale = expected.iter().fold(0f64, |m, v| m.max(v.abs()));
    for (i, (g, e)) in got.iter().zip(&expected).enumerate() {
        let near = g.to_bits() == e.to_bits() || (g - e).abs() <= tolerance * scale;
        assert!(near, "{what}: element {i}: got {g}, expected {e}, scale {scale}");
    }
}

fn numbers(bytes: &[u8], wide: bool) -> Vec<f64> {
    if wide {
        bytes.chunks_exact(8).map(|c| f64::from_le_bytes(c.try_into().unwrap())).collect()
    } else {
        bytes.chunks_exact(4).map(|c| f64::from(f32::from_le_bytes(c.try_into().unwrap()))).collect()
    }
}

fn garbage(bytes: u64) -> Vec<u8> {
    (0..bytes).map(|i| draw::hash(99, i) as u8).collect()
}

/// `elements` drawn values as they lie in memory.
fn drawn(precision: Precision, distribution: Distribution, seed: u64, elements: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for i in 0..elements {
        let bits = draw::value_bits(precision, distribution, seed, i).to_le_bytes();
        bytes.extend_from_slice(&bits[..precision.bytes() as usize]);
    }
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

const SIZES: [u64; 7] = [1, 3, 64, 1000, 8192, 16_384, 100_003];

fn patterns(bench: &mut Bench<'_>) {
    for words in SIZES {
        // Also across the places where the high half of the index changes.
        for first_word in [0, 77, (1 << 32) - 5, (1 << 32) - 9000, (7 << 32) + 1, u64::MAX - 500] {
            let seed = 0x1234_5678_9ABC_DEF0 ^ words;
            bench.case(&[garbage(words * 4)], 2, Agree::Bits, |b| Op::Fill {
                dst: b[0],
                words,
                first_word,
                seed,
            });
            let clean: Vec<u8> = (0..words)
                .flat_map(|w| draw::pattern(seed, first_word.wrapping_add(w)).to_le_bytes())
                .collect();
            let tally = Tally::default().encode().to_vec();
            bench.case(&[clean.clone(), tally.clone()], 3, Agree::Bits, |b| Op::Scan {
                src: b[0],
                words,
                first_word,
                seed,
                tally: b[1],
            });
        }
    }
    for word in [0, 1, 700, 2047] {
        bench.case(&[garbage(8192)], 1, Agree::Bits, |b| Op::Flip { dst: b[0], word, mask: 0x8000_0001 });
        bench.case(&[garbage(8192)], 3, Agree::Bits, |b| Op::Flip { dst: b[0], word, mask: 4 });
    }
}

/// Wrong words are counted exactly; examples are compared after sorting, as `Tally::decode` does.
fn faulty_memory(bench: &mut Bench<'_>) {
    let (words, first_word, seed) = (50_000u64, (1u64 << 32) - 20_000, 5);
    for wrong in [1u64, 15, 16, 5000] {
        let mut bytes: Vec<u8> =
            (0..words).flat_map(|w| draw::pattern(seed, first_word + w).to_le_bytes()).collect();
        for i in 0..wrong {
            let word = i * (words / wrong) + i % 7;
            bytes[word as usize * 4 + (i % 4) as usize] ^= 1 << (i % 8);
        }
        let device = &mut *bench.device;
        let (src, tally) = (device.alloc(words * 4).unwrap(), device.alloc(Tally::BYTES as u64).unwrap());
        device.write(src, 0, &bytes).unwrap();
        let op = Op::Scan { src, words, first_word, seed, tally };
        let mut memory = Memory::default();
        memory.put(src, bytes.clone());
        memory.put(tally, Tally::default().encode().to_vec());
        memory.execute(&op);
        let expected = Tally::decode(memory.get(tally).try_into().unwrap());
        for variant in 0..device.variants(&op).len() {
            device.write(tally, 0, &Tally::default().encode()).unwrap();
            let ticket = device.submit(&op, variant, 1).unwrap();
            device.wait(ticket).unwrap();
            let mut raw = [0; Tally::BYTES];
            device.read(tally, 0, &mut raw).unwrap();
            let mut got = Tally::decode(&raw);
            assert_eq!(got.examples.len(), wrong.min(16) as usize);
            for example in &got.examples {
                let read = &bytes[example.word as usize * 4..][..4];
                assert_eq!(example.got.to_le_bytes(), read, "an example that is not in memory");
                assert_ne!(example.got, draw::pattern(seed, first_word + example.word));
            }
            if wrong > 16 {
                // Which of many come first is up to the device.
                got.examples.clone_from(&expected.examples);
            }
            assert_eq!(got, expected);
        }
        device.free(src);
        device.free(tally);
        bench.cases += 1;
    }
}

const DISTRIBUTIONS: [Distribution; 3] =
    [Distribution::Integers { magnitude: 3 }, Distribution::Normal, Distribution::Wide];

fn draws(bench: &mut Bench<'_>) {
    for precision in Precision::ALL {
        for distribution in DISTRIBUTIONS {
            for elements in [1, 2, 3, 5, 255, 2048, 50_001] {
                let bytes = (elements * precision.bytes()).next_multiple_of(4);
                bench.case(&[garbage(bytes)], 2, Agree::Bits, |b| Op::Draw {
                    dst: b[0],
                    elements,
                    precision,
                    distribution,
                    seed: 0xFEDC_BA98_0000_0007,
                });
            }
        }
    }
}

fn streams(bench: &mut Bench<'_>) {
    let integers = Distribution::Integers { magnitude: 1000 };
    for kind in StreamKind::ALL {
        for elements in SIZES {
            let a = drawn(Precision::Fp32, integers, 1, elements);
            let b = drawn(Precision::Fp32, integers, 2, elements);
            let c = garbage(elements * 4);
            for repeat in [1, 5] {
                bench.case(&[a.clone(), b.clone(), c.clone()], repeat, Agree::Bits, |b| Op::Stream {
                    kind,
                    a: b[0],
                    b: b[1],
                    c: b[2],
                    elements,
                });
            }
        }
    }
}

fn rereads(bench: &mut Bench<'_>) {
    for (tiles, passes) in [(1, 1), (3, 7), (5, 2)] {
        let words = tiles * Op::REREAD_WORDS;
        for repeat in [1, 3] {
            bench.case(&[garbage(words * 4), garbage(4)], repeat, Agree::Bits, |b| Op::Reread {
                src: b[0],
                words,
                passes,
                sum: b[1],
            });
        }
    }
}

fn digests(bench: &mut Bench<'_>) {
    for (rows, row_words) in [(1u64, 1u32), (7, 3), (3, 64), (5, 1000), (300, 513), (2, 40_000)] {
        let src = garbage(rows * u64::from(row_words) * 4);
        bench.case(&[src, garbage(rows * 8)], 2, Agree::Bits, |b| Op::Digest {
            src: b[0],
            rows,
            row_words,
            out: b[1],
        });
    }
}

/// Odd ones, and all that the probe tries. Drivers that compile take seconds for each.
const RECURRENCES: [(u32, u32); 8] = [(1, 0), (8, 0), (13, 1), (16, 4), (16, 0), (12, 1), (14, 1), (32, 8)];

fn chains(bench: &mut Bench<'_>) {
    let compiled_before = bench.device.identity().backend == "cuda";
    let recurrences = if compiled_before { &RECURRENCES[..] } else { &RECURRENCES[..4] };
    for precision in Precision::ALL {
        // Integers stay exact while they fit the significand.
        let exact_rounds = if precision.roundoff() > 1e-3 {
            2
        } else if precision.roundoff() > 1e-6 {
            4
        } else {
            16
        };
        for &(accumulators, stride) in recurrences {
            for (lanes, rounds, distribution) in [
                (100, exact_rounds, Distribution::Integers { magnitude: 2 }),
                (1, 2, Distribution::Integers { magnitude: 2 }),
                (65, 330, Distribution::Normal),
                (64, 64, Distribution::Wide),
            ] {
                let exact = !precision.is_float() || matches!(distribution, Distribution::Integers { .. });
                // Each round rounds once or twice to the format's precision.
                let agree = match exact {
                    true => Agree::Bits,
                    false => Agree::Within(f64::from(rounds) * 4.0 * precision.roundoff()),
                };
                let out = garbage(u64::from(lanes) * precision.result_bytes());
                bench.case(&[out], 2, agree, |b| Op::Fma {
                    precision,
                    chains: Chains { accumulators, stride },
                    rounds,
                    lanes,
                    distribution,
                    seed: 0x0000_0002_8000_0001,
                    out: b[0],
                });
            }
        }
    }
}

type Part = (&'static str, fn(&mut Bench<'_>));

/// All ops, in families that can be run alone.
const MEMORY: &[Part] = &[
    ("patterns", patterns),
    ("faulty memory", faulty_memory),
    ("draws", draws),
    ("streams", streams),
    ("rereads", rereads),
    ("digests", digests),
];
const HASHES: &[Part] = &[("expansions", expansions), ("cells", cells), ("trees", trees)];
const CEILINGS: &[Part] = &[
    ("chains", chains),
    ("tiles", |bench| Precision::ALL.into_iter().for_each(|p| tiles_in(bench, p))),
    ("wide tiles", |bench| Precision::ALL.into_iter().for_each(|p| wide_tiles_in(bench, p))),
    ("large tiles", |bench| Precision::ALL.into_iter().for_each(|p| large_tiles_in(bench, p))),
];
const PRODUCTS: &[Part] = &[("products", |bench| {
    Precision::ALL.into_iter().for_each(|p| products_in(bench, Maker::Ours, p, &SHAPES));
})];
const PLACES: &[Part] = &[("rings", rings), ("copies", copies), ("censuses", censuses), ("walks", walks)];

/// All ops on one device.
pub fn conforms(device: &mut dyn Device) {
    for family in [MEMORY, HASHES, CEILINGS, PRODUCTS, PLACES] {
        conform(device, family);
    }
}

fn conform(device: &mut dyn Device, family: &[Part]) {
    let mut bench = Bench::new(device);
    for (name, part) in family {
        let start = std::time::Instant::now();
        let before = bench.cases;
        part(&mut bench);
        println!("  {name}: {} runs in {:.1} s", bench.cases - before, start.elapsed().as_secs_f64());
    }
    for line in &bench.skipped {
        println!("  not supported: {line}");
    }
    assert!(bench.cases > 0, "nothing of this family was run");
}

/// All devices that really compute, opened one after the other. Panics where there is none: this build has a
/// backend, so a machine that tests it needs a device.
pub fn each_device(mut test: impl FnMut(&mut dyn Device, &Identity)) {
    let mut found = 0;
    for backend in inventory::BACKENDS.iter().filter(|backend| backend.name != "sim") {
        let listed = match (backend.list)() {
            Ok(listed) => listed,
            Err(why) => {
                println!("{}: skipped, no devices: {why}", backend.name);
                continue;
            }
        };
        for one in listed {
            let options = OpenOptions { wait_limit: Duration::from_secs(60) };
            let mut opened = match inventory::open(&one.selector, options) {
                Ok(opened) => opened,
                Err(error) => {
                    println!("{} ({}): {error}", one.selector, one.identity.name);
                    continue;
                }
            };
            println!("{} ({}, {})", one.selector, one.identity.name, one.identity.driver);
            // Here is where kernels show whether they are right that have run on no hardware.
            for family in rehearsal::families(&*opened.device, &probes::names()) {
                opened.device.admit(family, Ok(()));
            }
            test(&mut *opened.device, &one.identity);
            found += 1;
        }
    }
    assert!(
        found > 0,
        "no device could be opened; to test without a GPU install a software Vulkan driver: \
         apt-get install mesa-vulkan-drivers"
    );
}

/// Launch forms on matrix units, which the stock software drivers lack. Devices that have them show it above as well.
#[test]
#[ignore = "needs cooperative matrices; `tests/adapters.sh sid` fetches a software driver that has them"]
fn products_equal_the_reference_on_matrix_units() {
    let mut units = 0;
    each_device(|device, identity| {
        let (shape, [a, b, c]) = (Shape { m: 1, n: 1, k: 1 }, [Buf::NONE; 3]);
        let product = Op::Gemm { by: Maker::Ours, precision: Precision::Fp16, shape, a, b, c };
        if device.variants(&product).iter().any(|variant| variant.label.starts_with("coop")) {
            assert!(identity.features.iter().any(|name| name == "cooperative-matrix"));
            multiplies(device, &[Precision::Fp16]);
            units += 1;
        }
    });
    assert!(units > 0, "no device here has forms on matrix units");
}

/// A test for each family, because tools that watch each access take minutes for some.
macro_rules! equals_the_reference_on_every_device {
    ($($name:ident: $family:expr,)*) => {$(
        #[cfg(feature = "wgpu")]
        #[test]
        fn $name() {
            each_device(|device, _| conform(device, $family));
        }
    )*};
}
equals_the_reference_on_every_device! {
    memory_equals_the_reference_on_every_device: MEMORY,
    hashes_equal_the_reference_on_every_device: HASHES,
    ceilings_equal_the_reference_on_every_device: CEILINGS,
    products_equal_the_reference_on_every_device: PRODUCTS,
    places_equal_the_reference_on_every_device: PLACES,
}
