//! What this machine's CPU can do at most: fused multiply-add rate, and STREAM copy and triad, on all threads. A
//! software Vulkan driver runs on these units, so its rates are compared with these. Prints `name value unit`.
#![allow(unsafe_code, reason = "a function that needs CPU features may only be called once they are known")]

use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

/// Enough to hide the latency of a multiply-add, few enough for the registers.
const CHAINS: usize = 12;
const FMA_ROUNDS: u64 = 100_000_000;
const REPEATS: usize = 5;
/// Doubles in one array; three arrays are far larger than any cache.
const STREAM_LENGTH: usize = 1 << 25;

/// Defines a function that runs `rounds` times `CHAINS` independent multiply-adds on whole vector registers.
macro_rules! fma_chains {
    ($name:ident, $feature:literal, $splat:path, $fma:path) => {
        #[target_feature(enable = $feature)]
        fn $name(rounds: u64) {
            let (factor, term) = black_box(($splat(0.999), $splat(0.001)));
            let mut chains = [$splat(1.0); CHAINS];
            for _ in 0..rounds {
                for chain in &mut chains {
                    *chain = $fma(*chain, factor, term);
                }
            }
            black_box(chains);
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod vector {
    use super::{CHAINS, Loop, black_box};
    use std::arch::x86_64 as arch;

    fma_chains!(fp32_256, "avx2,fma", arch::_mm256_set1_ps, arch::_mm256_fmadd_ps);
    fma_chains!(fp64_256, "avx2,fma", arch::_mm256_set1_pd, arch::_mm256_fmadd_pd);
    fma_chains!(fp32_512, "avx512f", arch::_mm512_set1_ps, arch::_mm512_fmadd_ps);
    fma_chains!(fp64_512, "avx512f", arch::_mm512_set1_pd, arch::_mm512_fmadd_pd);

    /// The widest loops that this CPU can run, for fp32 and fp64.
    pub fn loops() -> Option<(Loop, Loop)> {
        // SAFETY: each function is only called on a CPU that has what it enables.
        if is_x86_feature_detected!("avx512f") {
            Some(((|n| unsafe { fp32_512(n) }, 16), (|n| unsafe { fp64_512(n) }, 8)))
        } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            Some(((|n| unsafe { fp32_256(n) }, 8), (|n| unsafe { fp64_256(n) }, 4)))
        } else {
            None
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod vector {
    use super::{CHAINS, Loop, black_box};
    use std::arch::aarch64 as arch;

    fma_chains!(fp32_128, "neon", arch::vdupq_n_f32, arch::vfmaq_f32);
    fma_chains!(fp64_128, "neon", arch::vdupq_n_f64, arch::vfmaq_f64);

    /// The loops for fp32 and fp64.
    pub fn loops() -> Option<(Loop, Loop)> {
        // SAFETY: every CPU of this architecture has NEON.
        Some(((|n| unsafe { fp32_128(n) }, 4), (|n| unsafe { fp64_128(n) }, 2)))
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod vector {
    pub fn loops() -> Option<(super::Loop, super::Loop)> {
        None
    }
}

/// A loop of multiply-adds and how many lanes it has.
type Loop = (fn(u64), usize);

/// Seconds that `threads` threads take for `work`, from when all are ready until the last is done.
fn timed(threads: usize, work: impl Fn(usize) + Sync) -> f64 {
    let ready = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|index| {
                let (work, ready) = (&work, &ready);
                scope.spawn(move || {
                    ready.wait();
                    work(index);
                })
            })
            .collect();
        ready.wait();
        let begun = Instant::now();
        for worker in workers {
            // A panic in a worker is passed on by the scope.
            let _ = worker.join();
        }
        begun.elapsed().as_secs_f64()
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn fma(name: &str, (run, lanes): Loop, threads: usize) {
    let flops = (FMA_ROUNDS as usize * CHAINS * lanes * 2 * threads) as f64;
    let rates = (0..REPEATS).map(|_| flops / timed(threads, |_| run(FMA_ROUNDS)) / 1e9);
    println!("{name}.{threads}threads {:.1} GFLOP/s", median(rates.collect()));
}

/// One STREAM kernel over `a`, `b` and `c`.
type Work = fn(&mut [f64], &[f64], &[f64]);

/// STREAM's copy and triad over arrays that the threads share; bytes are counted as STREAM counts them.
fn stream(threads: usize) {
    let part = STREAM_LENGTH.div_ceil(threads);
    let array = |value: f64| -> Vec<std::sync::Mutex<Vec<f64>>> {
        (0..threads).map(|_| std::sync::Mutex::new(vec![value; part])).collect()
    };
    let (a, b, c) = (array(1.0), array(2.0), array(3.0));
    let on_part = |work: Work| {
        timed(threads, |index| {
            if let (Ok(mut a), Ok(b), Ok(c)) = (a[index].lock(), b[index].lock(), c[index].lock()) {
                work(&mut a, &b, &c);
                black_box(&mut a);
            }
        })
    };
    let copy = |a: &mut [f64], b: &[f64], _: &[f64]| a.copy_from_slice(b);
    let triad = |a: &mut [f64], b: &[f64], c: &[f64]| {
        for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
            *a = *b + 3.0 * *c;
        }
    };
    let works: [(&str, usize, Work); 2] = [("stream.copy", 16, copy), ("stream.triad", 24, triad)];
    for (name, bytes, work) in works {
        let rates = (0..REPEATS).map(|_| (bytes * part * threads) as f64 / on_part(work) / 1e9);
        println!("{name}.{threads}threads {:.1} GB/s", median(rates.collect()));
    }
}

fn main() {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    match vector::loops() {
        Some((fp32, fp64)) => {
            fma("fma.fp32", fp32, 1);
            fma("fma.fp32", fp32, all);
            fma("fma.fp64", fp64, all);
        }
        None => println!("fma.fp32 unknown: this CPU has no fused multiply-add that is known here"),
    }
    stream(all);
}
