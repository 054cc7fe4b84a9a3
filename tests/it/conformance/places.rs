//! Ops that walk through memory, move it, or show where and when they ran.

use gpu_assay::device::Buf;
use gpu_assay::device::census::{self, Record};
use gpu_assay::device::draw;
use gpu_assay::device::op::{Means, Op, Route};
use gpu_assay::device::reference::Memory;
use gpu_assay::device::walk::{self, Way};

use super::{Agree, Bench, garbage};

pub fn rings(bench: &mut Bench<'_>) {
    for (slots, stride_bytes) in [(1u32, 64u32), (64, 4), (1024, 64), (4096, 132)] {
        let bytes = u64::from(slots) * u64::from(stride_bytes);
        let op = |b: &[Buf]| Op::Ring { dst: b[0], slots, stride_bytes, seed: 3 };
        bench.case(&[garbage(bytes)], 2, Agree::Bits, op);
        let mut memory = Memory::default();
        memory.put(Buf(0), garbage(bytes));
        memory.execute(&op(&[Buf(0)]));
        for hops in [1, 15, 16, 1000, 5003] {
            let contents = [memory.get(Buf(0)).to_vec(), vec![0; 4]];
            bench.case(&contents, 3, Agree::Bits, |b| Op::Chase { ring: b[0], hops, state: b[1] });
        }
    }
}

pub fn copies(bench: &mut Bench<'_>) {
    for words in [1u64, 1000, 100_003] {
        let seed = 21;
        let pattern: Vec<u8> = (0..words).flat_map(|w| draw::pattern(seed, w).to_le_bytes()).collect();
        let into = |route| (route, garbage(words * 4));
        let mut routes = vec![into(Route::Within(Buf::NONE)), (Route::BothWays(Buf::NONE), pattern.clone())];
        for means in [Means::Pinned, Means::InTurn, Means::Pageable, Means::Kernel] {
            routes.push(into(Route::HostToDevice(means)));
            routes.push((Route::DeviceToHost(means), pattern.clone()));
        }
        for (route, first) in routes {
            bench.case(&[first, garbage(words * 4)], 3, Agree::Bits, |b| {
                let route = match route {
                    Route::Within(_) => Route::Within(b[1]),
                    Route::BothWays(_) => Route::BothWays(b[1]),
                    Route::HostToDevice(_) | Route::DeviceToHost(_) | Route::FromPeer(_) => route,
                };
                Op::Copy { route, buf: b[0], words, seed }
            });
        }
    }
}

/// The same of walks, whose ends the reference knows. More blocks than the device has units, and than the ring has slots.
pub fn walks(bench: &mut Bench<'_>) {
    for (slots, stride_bytes, hops, blocks) in
        [(64, 16, 0, 1), (64, 128, 1, 5), (1024, 128, 2049, 12), (4, 16, 40, 9)]
    {
        let first = slots - 2;
        let way = Way { slots, stride_bytes, seed: 3, first, hops };
        let op = |ring, out| Op::Walk { ring, slots, stride_bytes, first, hops, blocks, out };
        if bench.device.supports(&op(Buf::NONE, Buf::NONE)).is_err() {
            return;
        }
        let bytes = u64::from(blocks) * walk::Record::BYTES;
        let ring = bench.device.alloc(u64::from(slots) * u64::from(stride_bytes)).unwrap();
        let out = bench.device.alloc(bytes).unwrap();
        bench.device.write(out, 0, &garbage(bytes)).unwrap();
        let orders =
            [(Op::Ring { dst: ring, slots, stride_bytes, seed: 3 }, slots), (op(ring, out), hops * blocks)];
        for (order, units) in orders {
            let ticket = bench.device.submit(&order, 0, 1).unwrap();
            assert_eq!(bench.device.wait(ticket).unwrap().counted, Some(units), "{order:?}");
        }
        let mut found = vec![0; usize::try_from(bytes).unwrap()];
        bench.device.read(out, 0, &mut found).unwrap();
        let records = walk::Record::read(&found);
        assert_eq!(walk::broken(&records, &way), None, "{way:?}");
        // As the reference goes, hop by hop.
        let mut memory = Memory::default();
        memory.put(Buf(0), vec![0; usize::try_from(slots * stride_bytes).unwrap()]);
        memory.execute(&Op::Ring { dst: Buf(0), slots, stride_bytes, seed: 3 });
        for (block, record) in (0..).zip(&records) {
            memory.put(Buf(1), way.start(block).to_le_bytes().to_vec());
            memory.execute(&Op::Chase { ring: Buf(0), hops, state: Buf(1) });
            assert_eq!(record.at.to_le_bytes().to_vec(), memory.get(Buf(1)), "{way:?}, block {block}");
        }
        bench.device.free(ring);
        bench.device.free(out);
        bench.cases += 1;
    }
}

/// No two runs are alike: what a census leaves behind obeys its laws instead.
pub fn censuses(bench: &mut Bench<'_>) {
    let (blocks, spin_ns) = (5, 2_000_000);
    let out = bench.device.alloc(u64::from(blocks) * Record::BYTES).unwrap();
    let op = Op::Census { blocks, spin_ns, out };
    let mut after_ns = 0;
    for _ in 0..if bench.device.supports(&op).is_ok() { 2 } else { 0 } {
        bench.device.write(out, 0, &garbage(u64::from(blocks) * Record::BYTES)).unwrap();
        let ticket = bench.device.submit(&op, 0, 1).unwrap();
        assert_eq!(bench.device.wait(ticket).unwrap().counted, Some(blocks));
        let mut bytes = vec![0; usize::try_from(u64::from(blocks) * Record::BYTES).unwrap()];
        bench.device.read(out, 0, &mut bytes).unwrap();
        let records = Record::read(&bytes);
        assert_eq!(census::broken(&records, u64::from(spin_ns), after_ns), None);
        after_ns = records.iter().map(|record| record.end_ns).max().unwrap();
        bench.cases += 1;
    }
    bench.device.free(out);
}
