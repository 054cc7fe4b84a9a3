//! Each fault can be seen at the seam, and nothing else changes.

use super::*;
use crate::device::op::{Chains, Means, Route, StreamKind, TileShape};
use crate::telemetry::{Reading, Throttle};

const QUIET: &str = "mini,noise=0";

fn fma(opened: &mut Opened) -> Op {
    let out = opened.device.alloc(4096).unwrap();
    Op::Fma {
        precision: Precision::Fp32,
        chains: Chains { accumulators: 8, stride: 0 },
        rounds: 1 << 12,
        lanes: 1024,
        distribution: Distribution::Normal,
        seed: 1,
        out,
    }
}

fn triad(opened: &mut Opened) -> Op {
    let [a, b, c] = [(); 3].map(|()| opened.device.alloc(4 << 20).unwrap());
    Op::Stream { kind: StreamKind::Triad, a, b, c, elements: 1 << 20 }
}

/// Host and device time of one op, in that order.
fn times(script: &str, make: fn(&mut Opened) -> Op) -> (f64, Option<f64>) {
    let mut opened = open(script);
    let op = make(&mut opened);
    let before_ns = opened.clock.now_ns();
    let done = run(&mut opened, op).unwrap();
    ((opened.clock.now_ns() - before_ns) as f64, done.device_ns.map(|ns| ns as f64))
}

/// How much longer than on an honest card an op takes.
fn slowdown(fault: &str, make: fn(&mut Opened) -> Op) -> f64 {
    times(&format!("{QUIET},{fault}"), make).0 / times(QUIET, make).0
}

fn near(value: f64, expected: f64) -> bool {
    (value / expected - 1.0).abs() < 0.02
}

/// A reading in the middle of work.
fn reading_under_load(script: &str) -> Reading {
    let mut opened = open(script);
    let op = fma(&mut opened);
    let ticket = opened.device.submit(&op, 1, 100).unwrap();
    let reading = opened.telemetry.read().unwrap();
    opened.device.wait(ticket).unwrap();
    reading
}

#[test]
fn broken_bits_are_found_where_they_are() {
    let found = fill_and_scan(&mut open("mini"), 16 << 20);
    assert_eq!((found.words_checked, found.words_wrong), (4 << 20, 0));
    let found = fill_and_scan(&mut open("mini,flip=4MB:17"), 16 << 20);
    assert_eq!((found.words_checked, found.words_wrong, found.bit_mask), (4 << 20, 1, 1 << 17));
    assert_eq!(found.examples[0].word, 1_000_000);
    // A stuck bit is wrong under a pattern or under its inverse, never under both.
    for level in [0, 1] {
        let mut opened = open(&format!("mini,stuck=4MB:5={level}"));
        let dst = opened.device.alloc(16 << 20).unwrap();
        let tally = opened.device.alloc(Tally::BYTES as u64).unwrap();
        for seed in [3, draw::inverted(3)] {
            run(&mut opened, Op::Fill { dst, words: 4 << 20, first_word: 0, seed }).unwrap();
            run(&mut opened, Op::Scan { src: dst, words: 4 << 20, first_word: 0, seed, tally }).unwrap();
        }
        let found = Tally::decode(&read(&mut opened, tally, Tally::BYTES).try_into().unwrap());
        assert_eq!((found.words_wrong, found.bits_set, found.bits_cleared), (1, level, 1 - level));
    }
}

#[test]
fn memory_that_is_not_there_wraps_around() {
    let mut opened = open("h200,alias=40GB");
    let bytes = 141_000_000_000u64;
    let found = fill_and_scan(&mut opened, bytes);
    // Only the last 40 GB still hold what was written.
    assert_eq!(found.words_checked, bytes / 4);
    // So does all but the tally, which lies beyond the end of real memory itself.
    let wrong = found.words_wrong - (bytes - 40_000_000_000) / 4;
    assert!((1..=Tally::BYTES as u64 / 4).contains(&wrong), "{wrong}");
    assert_eq!(found.examples.len(), Tally::EXAMPLES);
    // The end of the fill reached the start of memory last after three whole rounds: 120 GB further on.
    let start = draw::pattern(9, 120_000_000_000 / 4);
    assert_eq!((found.examples[0].word, found.examples[0].got), (0, start));
    let share_of_bits = found.bits_set as f64 / (found.words_wrong as f64 * 32.0);
    assert!((0.2..0.3).contains(&share_of_bits), "{share_of_bits}");
    let found = fill_and_scan(&mut opened, 30_000_000_000);
    assert_eq!(found.words_wrong, 0);
}

#[test]
fn allocations_end_where_the_script_says() {
    let mut opened = open("h200,oom=60GB");
    assert_eq!(opened.device.identity().memory_bytes, Some(143_771 << 20));
    opened.device.alloc(50_000_000_000).unwrap();
    assert_eq!(opened.device.alloc(20_000_000_000), Err(DeviceError::OutOfMemory { bytes: 20_000_000_000 }));
    let opened = open("mini,mem=32MB,buffer=8MB,units=4,name=Other");
    let identity = opened.device.identity();
    assert_eq!((identity.memory_bytes, identity.buffer_bytes_max), (Some(32_000_000), 8_000_000));
    assert_eq!((identity.units, identity.name.as_str()), (Some(4), "Other"));
}

#[test]
fn one_result_is_wrong() {
    let shape = Shape { m: 16, n: 16, k: 16 };
    let product = |script: &str| {
        let mut opened = open(script);
        let buffers = [(); 3].map(|()| opened.device.alloc(1024).unwrap());
        for (dst, seed) in buffers.into_iter().zip([1, 2]) {
            let (precision, distribution) = (Precision::Fp32, Distribution::Normal);
            run(&mut opened, Op::Draw { dst, elements: 256, precision, distribution, seed }).unwrap();
        }
        run(&mut opened, gemm(Precision::Fp32, shape, buffers)).unwrap();
        words(&read(&mut opened, buffers[2], 1024))
    };
    let lanes = |script: &str| {
        let mut opened = open(script);
        let mut op = fma(&mut opened);
        if let Op::Fma { rounds, .. } = &mut op {
            *rounds = 8;
        }
        run(&mut opened, op).unwrap();
        words(&read(&mut opened, Buf(0), 4096))
    };
    let tiles = |script: &str| {
        let mut opened = open(script);
        let out = opened.device.alloc(4096).unwrap();
        let (precision, distribution) = (Precision::Bf16, Distribution::Normal);
        run(
            &mut opened,
            Op::Mma { shape: TileShape::Warp, precision, turns: 2, tiles: 8, distribution, seed: 1, out },
        )
        .unwrap();
        words(&read(&mut opened, out, 4096))
    };
    let differ =
        |a: Vec<u32>, b: Vec<u32>| -> Vec<usize> { (0..a.len()).filter(|i| a[*i] != b[*i]).collect() };
    assert_eq!(differ(product("mini"), product("mini,gemm_wrong=273")), [17]);
    assert_eq!(differ(tiles("mini"), tiles("mini,mma_wrong=1033")), [9]);
    assert_eq!(differ(lanes("mini"), lanes("mini,fma_wrong=1029")), [5]);
}

#[test]
fn work_that_is_not_done_or_not_counted() {
    let mut opened = open("mini,lazy");
    let dst = opened.device.alloc(4096).unwrap();
    let done = run(&mut opened, Op::Fill { dst, words: 1024, first_word: 0, seed: 1 }).unwrap();
    assert_eq!(done.counted, Some(1024));
    assert!(done.device_ns > Some(0));
    assert_eq!(read(&mut opened, dst, 4096), [0; 4096]);
    let mut opened = open("mini,uncounted");
    let dst = opened.device.alloc(4096).unwrap();
    let done = run(&mut opened, Op::Fill { dst, words: 1024, first_word: 0, seed: 1 }).unwrap();
    assert_eq!(done.counted, Some(512));
    assert_ne!(read(&mut opened, dst, 4096), [0; 4096]);
}

#[test]
fn slow_cards_are_slow_where_they_should_be() {
    assert!(near(slowdown("flops=0.5", fma), 2.0));
    assert!(near(slowdown("flops=0.5", triad), 1.0));
    assert!(near(slowdown("membw=0.5", triad), 2.0));
    assert!(near(slowdown("membw=0.5", fma), 1.0));
    assert!(near(slowdown("units=4", fma), 2.0));
    assert!(near(slowdown("clocklie=0.5", fma), 2.0));
    assert!(near(slowdown("speed=0.25", triad), 4.0));
    assert!(slowdown("speed=3", fma) < 0.34);
    assert!(near(slowdown("throttle=0.5@0s", fma), 2.0));
    assert!(near(slowdown("throttle=0.5@1h", fma), 1.0));
}

#[test]
fn throttling_and_drift_begin_in_time() {
    let rates = |script: &str| -> Vec<f64> {
        let mut opened = open(script);
        let op = fma(&mut opened);
        (0..4)
            .map(|_| {
                opened.clock.sleep(Duration::from_secs(10));
                1e9 / run(&mut opened, op).unwrap().device_ns.unwrap() as f64
            })
            .collect()
    };
    let throttled = rates("mini,noise=0,throttle=0.7@25s");
    assert!(near(throttled[1] / throttled[0], 1.0) && near(throttled[2] / throttled[0], 0.7));
    let drifting = rates("mini,noise=0,drift=0.6/min");
    assert!(near(drifting[3] / drifting[0], 0.6 / 0.9), "{drifting:?}");
}

#[test]
fn clocks_lie() {
    let (host, device) = times("mini,noise=0,timer=0.8", fma);
    assert!(near(device.unwrap() / host, 0.8));
    assert_eq!(times("mini,timer=none", fma).1, None);
    let honest = reading_under_load("mini");
    assert_eq!(honest.clock_mhz, Some(1000));
    assert_eq!(reading_under_load("mini,clocklie=0.6").clock_mhz, Some(1000));
    assert_eq!(reading_under_load("mini,flops=0.6").clock_mhz, Some(600));
    let hot = reading_under_load("mini,throttle=0.7@0s");
    assert_eq!((hot.clock_mhz, hot.throttle), (Some(700), Some(vec![Throttle::Thermal])));
    assert!(hot.temperature_c > honest.temperature_c && hot.power_mw < honest.power_mw);
}

#[test]
fn noise_stays_within_its_share() {
    let mut opened = open("mini,noise=0.01");
    let op = fma(&mut opened);
    let times: Vec<f64> = (0..200).map(|_| run(&mut opened, op).unwrap().device_ns.unwrap() as f64).collect();
    let mean = times.iter().sum::<f64>() / 200.0;
    let (least, most) = times.iter().fold((f64::MAX, 0f64), |(l, m), t| (l.min(*t), m.max(*t)));
    assert!(most / mean < 1.012 && least / mean > 0.988 && most / least > 1.015);
}

#[test]
fn a_lost_device_looks_like_success_until_it_is_waited_for() {
    // Call 1 allocates, 2 submits, 3 waits.
    let mut opened = open("mini,lost@call=2");
    let op = fma(&mut opened);
    let ticket = opened.device.submit(&op, 0, 1).unwrap();
    assert!(matches!(opened.device.wait(ticket), Err(DeviceError::Lost { .. })));
    assert!(matches!(opened.device.alloc(4), Err(DeviceError::Lost { .. })));
    assert!(matches!(run(&mut opened, op), Err(DeviceError::Lost { .. })));

    let mut opened = open("mini,lost@call=2,lost=once");
    let op = fma(&mut opened);
    assert!(matches!(run(&mut opened, op), Err(DeviceError::Lost { .. })));
    assert!(run(&mut opened, op).is_ok());

    let mut opened = open("mini,lost@t=5s");
    let op = fma(&mut opened);
    assert!(run(&mut opened, op).is_ok());
    let ticket = opened.device.submit(&op, 0, 400).unwrap();
    assert!(matches!(opened.device.wait(ticket), Err(DeviceError::Lost { .. })));
    assert!(matches!(opened.device.read(Buf(0), 0, &mut [0; 4]), Err(DeviceError::Lost { .. })));
}

#[test]
fn a_hung_device_costs_the_wait_limit() {
    let mut opened = open("mini,hang@call=2");
    let op = fma(&mut opened);
    let before_ns = opened.clock.now_ns();
    let ticket = opened.device.submit(&op, 0, 1).unwrap();
    assert!(opened.clock.now_ns() - before_ns < 1_000_000);
    assert_eq!(opened.device.wait(ticket), Err(DeviceError::Hang { after_ms: 10_000 }));
    assert!(opened.clock.now_ns() - before_ns >= 10_000_000_000);
    // Work that takes longer than anybody waits is no better.
    let mut opened = open(QUIET);
    let op = fma(&mut opened);
    let ticket = opened.device.submit(&op, 0, u32::MAX).unwrap();
    assert_eq!(opened.device.wait(ticket), Err(DeviceError::Hang { after_ms: 10_000 }));
}

#[test]
fn any_call_can_fail_once_or_from_then_on() {
    let story = |script: &str| {
        let mut opened = open(script);
        let mut failed = Vec::new();
        let mut note = |call: u32, ok: bool| {
            if !ok {
                failed.push(call)
            }
        };
        let buf = opened.device.alloc(64).unwrap_or(Buf(0));
        note(2, opened.device.write(buf, 0, &[0; 64]).is_ok());
        note(3, opened.device.read(buf, 0, &mut [0; 64]).is_ok());
        let ticket = opened.device.submit(&Op::Flip { dst: buf, word: 0, mask: 1 }, 0, 1);
        note(4, ticket.is_ok());
        if let Ok(ticket) = ticket {
            note(5, opened.device.wait(ticket).is_ok());
        }
        note(6, opened.device.alloc(64).is_ok());
        failed
    };
    assert_eq!(story("mini"), [0u32; 0]);
    for call in [2, 3, 4, 5] {
        assert_eq!(story(&format!("mini,fail@call={call},error=lost")), [call]);
    }
    assert_eq!(story("mini,fail@call=3,fail=forever"), [3, 4, 6]);
    for (name, error) in [
        ("lost", DeviceError::Lost { why: "injected by the script".into() }),
        ("memory", DeviceError::OutOfMemory { bytes: 0 }),
        ("validation", DeviceError::Validation { why: "injected by the script".into() }),
        ("hang", DeviceError::Hang { after_ms: 10_000 }),
        ("crash", DeviceError::Crash { why: "injected by the script".into() }),
    ] {
        assert_eq!(open(&format!("mini,fail@call=1,error={name}")).device.alloc(4), Err(error));
    }
    // A ticket whose wait failed is spent: two more can be opened.
    let mut opened = open("mini,fail@call=3");
    let op = fma(&mut opened);
    let ticket = opened.device.submit(&op, 0, 1).unwrap();
    assert!(opened.device.wait(ticket).is_err());
    let tickets = [(); 2].map(|()| opened.device.submit(&op, 0, 1).unwrap());
    assert!(tickets.into_iter().all(|ticket| opened.device.wait(ticket).is_ok()));
}

#[test]
fn sensors_lie_fail_and_count() {
    let mut opened = open("mini");
    let identity = opened.device.identity().clone();
    let reading = opened.telemetry.read().unwrap();
    assert_eq!(reading.name.as_deref(), Some(identity.name.as_str()));
    assert_eq!((reading.uuid, reading.memory_bytes), (identity.uuid.clone(), identity.memory_bytes));
    assert_eq!((reading.ecc_uncorrected, reading.xid), (Some(0), Some(0)));

    let reading = open("mini,telemetry_name=A,telemetry_mem=1GB").telemetry.read().unwrap();
    assert_eq!((reading.name.as_deref(), reading.memory_bytes), (Some("A"), Some(1_000_000_000)));
    let uuid = "00112233445566778899aabbccddeeff";
    let mut opened = open(&format!("mini,telemetry_uuid={uuid}"));
    assert_eq!(opened.telemetry.read().unwrap().uuid.as_deref(), Some(uuid));
    assert_eq!(opened.device.identity().uuid, identity.uuid);
    assert_eq!(open(&format!("mini,uuid={uuid}")).device.identity().uuid.as_deref(), Some(uuid));
    assert_eq!(open("mini,telemetry=none").telemetry.read(), None);

    let mut opened = open("mini,telemetry=frozen,ecc=3/min");
    let first = opened.telemetry.read();
    opened.clock.sleep(Duration::from_secs(120));
    assert_eq!(opened.telemetry.read(), first);

    let mut opened = open("mini,ecc=3/min,xid=79@10s");
    opened.clock.sleep(Duration::from_secs(9));
    assert_eq!(opened.telemetry.read().unwrap().xid, Some(0));
    opened.clock.sleep(Duration::from_secs(111));
    let reading = opened.telemetry.read().unwrap();
    assert_eq!((reading.ecc_uncorrected, reading.xid), (Some(6), Some(1)));
    assert_eq!(reading.xid_codes, Some(vec![(79, 1)]));
}

#[test]
fn cards_differ_by_seed_and_index_and_may_lack_abilities() {
    let key = |script: &str| {
        let identity = open(script).device.identity().clone();
        (identity.uuid, identity.pci_address)
    };
    let keys: std::collections::BTreeSet<_> =
        ["mini", "mini,index=1", "mini,seed=1", "h200"].map(key).into_iter().collect();
    assert_eq!(keys.len(), 4);
    assert_eq!(key("mini").1.as_deref(), Some("0000:19:00.0"));

    let mut opened = open("mini,no=fp64,unwritten=fp16");
    let mut op = fma(&mut opened);
    for (want, lacks) in [
        (Precision::Fp32, None),
        (Precision::Fp64, Some(crate::device::Lacking::Card)),
        (Precision::Fp16, Some(crate::device::Lacking::Us)),
    ] {
        if let Op::Fma { precision, out, .. } = &mut op {
            (*precision, *out) = (want, Buf::NONE);
        }
        assert_eq!(opened.device.supports(&op).err().map(|e| e.by), lacks);
        assert_eq!(opened.device.variants(&op).is_empty(), lacks.is_some());
    }
}

#[test]
fn the_link_has_its_own_speed() {
    let mut opened = open(QUIET);
    let buf = opened.device.alloc(8 << 20).unwrap();
    let op = |route| Op::Copy { route, buf, words: 2 << 20, seed: 4 };
    let up = run(&mut opened, op(Route::HostToDevice(Means::Pinned))).unwrap();
    let down = run(&mut opened, op(Route::DeviceToHost(Means::Pinned))).unwrap();
    assert_eq!((up.counted, down.counted), (None, Some(2 << 20)));
    assert!(near((8 << 20) as f64 / down.device_ns.unwrap() as f64, 2.0));
    let staged = run(&mut opened, op(Route::DeviceToHost(Means::Pageable))).unwrap();
    assert!(near((8 << 20) as f64 / staged.device_ns.unwrap() as f64, 0.6));
    let other = opened.device.alloc(8 << 20).unwrap();
    let both = run(&mut opened, op(Route::BothWays(other))).unwrap();
    assert!(near((16 << 20) as f64 / both.device_ns.unwrap() as f64, 3.7));
}
