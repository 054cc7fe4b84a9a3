//! Whose limit the rates of our WGSL kernels show, and which have shown on a card that they reach it.
//! Owns that list; must not know how anything is run.

use crate::device::op::{Op, Precision};
use crate::device::{Identity, Provenance, Reach};

/// A card on which chains of multiply-adds came to what it can, through one driver.
struct Proof {
    vendor_id: u32,
    device_id: u32,
    /// How [`Identity::driver`] begins: another one may translate the same kernels worse.
    driver: &'static str,
    chains: &'static [Precision],
}

/// Each shown by a result in results/. On an H200 chains in FP16 and INT8, all products, the driver's copy, and every pass over memory fell
/// short of what kernels for CUDA reached there, in nvidia-h200/2026-11-26-vulkan and 2026-11-27: reads of memory by 6 %, its scan by 29 %.
const PROVEN: &[Proof] = &[Proof {
    vendor_id: 0x10de,
    device_id: 0x2335,
    driver: "Vulkan NVIDIA ",
    chains: &[Precision::Fp64, Precision::Fp32, Precision::Int32],
}];

impl Proof {
    fn is_of(&self, identity: &Identity) -> bool {
        (identity.vendor_id, identity.device_id) == (Some(self.vendor_id), Some(self.device_id))
            && identity.driver.starts_with(self.driver)
    }
}

/// Whose limit the best form of `op` shows. How well a driver translates arithmetic is another matter on each card, as is by which
/// engine it copies, how near kernels come to memory and caches, and what it adds to each load: on hardware they count as ours to fall short
/// of, where nothing has shown that they reach what the card can.
pub fn reach(op: &Op, identity: &Identity) -> Reach {
    if matches!(identity.provenance, Provenance::Software { .. }) {
        return Reach::Card;
    }
    let may_be_ours = match *op {
        Op::Fma { precision, .. } => {
            !PROVEN.iter().any(|proof| proof.is_of(identity) && proof.chains.contains(&precision))
        }
        Op::Mma { .. }
        | Op::Gemm { .. }
        | Op::Copy { .. }
        | Op::Reread { .. }
        | Op::Fill { .. }
        | Op::Scan { .. }
        | Op::Stream { .. }
        | Op::Chase { .. } => true,
        Op::Flip { .. }
        | Op::Draw { .. }
        | Op::Expand { .. }
        | Op::Cells { .. }
        | Op::Tree { .. }
        | Op::Digest { .. }
        | Op::Ring { .. }
        | Op::Census { .. }
        | Op::Walk { .. }
        | Op::Lend { .. }
        | Op::Collective { .. } => false,
    };
    if may_be_ours { Reach::Kernel } else { Reach::Card }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use base64::Engine as _;

    use super::*;
    use crate::device::draw::Distribution;
    use crate::device::op::{Buf, Chains, Maker, Means, Route, Shape, StreamKind};
    use crate::device::wgpu::forms::{Card, forms};

    /// What a report in results/ says of its first device.
    fn device(result: &str) -> serde_json::Value {
        let root = env!("CARGO_MANIFEST_DIR");
        let file = format!("{root}/results/nvidia-h200/{result}/report.dsse.json");
        let sealed: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let payload = sealed["payload"].as_str().unwrap();
        let payload = base64::engine::general_purpose::STANDARD.decode(payload).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        report["predicate"]["evidence"]["devices"][0].clone()
    }

    /// The median of its rates of this name, in work per nanosecond.
    fn median(device: &serde_json::Value, metric: &str) -> f64 {
        let all = device["measurements"].as_array().unwrap();
        let timed = &all.iter().find(|m| m["metric"] == metric).unwrap()["value"];
        // What is timed is so many repeats of the work.
        let work = timed["work"].as_f64().unwrap() * timed["repeat"].as_f64().unwrap();
        let mut rates: Vec<f64> = timed["samples"]
            .as_array()
            .unwrap()
            .iter()
            .map(|sample| work / sample[0].as_f64().unwrap())
            .collect();
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    }

    fn chain(precision: Precision) -> Op {
        chains_of(precision, Chains { accumulators: 8, stride: 0 })
    }

    fn chains_of(precision: Precision, chains: Chains) -> Op {
        let distribution = Distribution::Normal;
        Op::Fma { precision, chains, rounds: 2, lanes: 1, distribution, seed: 1, out: Buf::NONE }
    }

    fn others() -> Vec<Op> {
        let [a, b, c] = [Buf::NONE; 3];
        let shape = Shape { m: 1, n: 1, k: 1 };
        let products =
            Precision::ALL.map(|precision| Op::Gemm { by: Maker::Ours, precision, shape, a, b, c });
        let routes =
            [Route::Within(a), Route::HostToDevice(Means::Pinned), Route::DeviceToHost(Means::Pinned)];
        let copies = routes.map(|route| Op::Copy { route, buf: b, words: 1, seed: 1 });
        let streams = StreamKind::ALL.map(|kind| Op::Stream { kind, a, b, c, elements: 1 });
        let memory = [
            Op::Reread { src: a, words: Op::REREAD_WORDS, passes: 1, sum: b },
            Op::Fill { dst: a, words: 1, first_word: 0, seed: 1 },
            Op::Scan { src: a, words: 1, first_word: 0, seed: 1, tally: b },
            Op::Chase { ring: a, hops: 1, state: b },
        ];
        products.into_iter().chain(copies).chain(streams).chain(memory).collect()
    }

    /// What counts as the card's own limit through Vulkan is what came to within a fiftieth of CUDA on that card, and nothing else.
    #[test]
    fn what_has_shown_its_reach_is_what_results_show() {
        let (vulkan, cuda) = (device("2026-11-26-vulkan"), device("2026-11-27"));
        let h200: Identity = serde_json::from_value(vulkan["identity"].clone()).unwrap();
        let shown = |metric: &str| median(&vulkan, metric) > 0.98 * median(&cuda, metric);
        for precision in
            [Precision::Fp64, Precision::Fp32, Precision::Fp16, Precision::Int32, Precision::Int8]
        {
            let expected =
                if shown(&format!("fma.{}.rate", precision.name())) { Reach::Card } else { Reach::Kernel };
            assert_eq!(reach(&chain(precision), &h200), expected, "{precision:?}");
        }
        assert_eq!(reach(&chain(Precision::Fp32), &h200), Reach::Card);
        let streams = StreamKind::ALL.map(|kind| format!("stream.{}", kind.name()));
        let others_by_name = [
            "gemm.fp64",
            "gemm.fp32",
            "gemm.fp16",
            "gemm.int8",
            "stream.driver_copy",
            "memory.write",
            "memory.verify",
        ];
        for metric in streams.iter().map(String::as_str).chain(others_by_name) {
            assert!(!shown(&format!("{metric}.rate")), "{metric}");
        }
        for op in others() {
            assert_eq!(reach(&op, &h200), Reach::Kernel, "{op:?}");
        }
    }

    /// A kernel that is another now has not shown anything.
    #[test]
    fn the_kernels_that_have_shown_it_are_those_of_today() {
        let card = Card {
            software: false,
            fp16: true,
            fp64: true,
            matrix: None,
            group_max: 1024,
            shared_bytes: 48 << 10,
            bindings: 8,
            binding_bytes: u64::from(u32::MAX),
        };
        let shown = device("2026-11-26-vulkan");
        for precision in PROVEN[0].chains {
            let metric = format!("fma.{}.rate", precision.name());
            let all = shown["measurements"].as_array().unwrap();
            let conditions = &all.iter().find(|m| m["metric"] == metric.as_str()).unwrap()["conditions"];
            let (chains, label) = conditions["variant"].as_str().unwrap().split_once('-').unwrap();
            let [accumulators, stride] = [0, 1].map(|n| chains.split('x').nth(n).unwrap().parse().unwrap());
            let chains = Chains { accumulators, stride };
            let kernel = &conditions["kernel"];
            let forms = forms(&chains_of(*precision, chains), &card, &|_| 0);
            let digest = forms
                .into_iter()
                .find(|form| form.label == label)
                .and_then(|form| form.kernel)
                .map(|kernel| [false, true].map(|subgroups| kernel.digest(subgroups)));
            assert!(digest.is_some_and(|either| either.iter().any(|d| kernel == d)), "{metric} by {label}");
        }
    }

    #[test]
    fn on_other_cards_and_through_other_drivers_nothing_shows_the_card() {
        let h200: Identity = serde_json::from_value(device("2026-11-26-vulkan")["identity"].clone()).unwrap();
        for card in [
            Identity { device_id: Some(0x2330), ..h200.clone() },
            Identity { vendor_id: Some(0x1002), ..h200.clone() },
            Identity { driver: "Vulkan NVK Mesa 25.0.7".to_owned(), ..h200.clone() },
            Identity { driver: "Dx12 32.0.15".to_owned(), ..h200.clone() },
        ] {
            for op in Precision::ALL.map(chain).into_iter().chain(others()) {
                assert_eq!(reach(&op, &card), Reach::Kernel, "{op:?}");
            }
        }
        let software = Identity { provenance: Provenance::Software { cpu_threads: 1 }, ..h200 };
        assert!(others().iter().all(|op| reach(op, &software) == Reach::Card));
    }
}
