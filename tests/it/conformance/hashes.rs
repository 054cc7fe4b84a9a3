//! Ops that are BLAKE3: elements drawn under a key, and trees over memory.

use gpu_assay::device::Buf;
use gpu_assay::device::op::{Op, Precision};
use gpu_assay::device::reference::Memory;

use super::{Agree, Bench, garbage};

/// Single compressions, whole warps of them, and parts; every number of bits where it costs little.
pub fn expansions(bench: &mut Bench<'_>) {
    let formats = [(Precision::Int8, 8), (Precision::Fp16, 6), (Precision::Bf16, 6), (Precision::Fp32, 6)];
    let key = [0x0123_4567, 0x89AB_CDEF, 0, u32::MAX, 5, 6 << 16, 7 << 24, 0x8000_0001];
    for (precision, bits_max) in formats {
        let mut case = |elements: u64, bits| {
            bench.case(&[garbage(elements * precision.bytes())], 2, Agree::Bits, |b| Op::Expand {
                dst: b[0],
                elements,
                precision,
                bits,
                key,
            });
        };
        (1..=bits_max).for_each(|bits| case(64, bits));
        for elements in [128, 31 * 64, 32 * 64, 33 * 64, 256 * 64, 257 * 64, 1563 * 64] {
            case(elements, bits_max);
        }
    }
}

/// From the smallest to some that no block and no workgroup makes alone, without a key and with one.
pub fn trees(bench: &mut Bench<'_>) {
    let mut case = |chunks: u64, key: Option<[u32; 8]>| {
        let (src, out) =
            (garbage(chunks * Op::CHUNK_BYTES), garbage(Op::tree_nodes(chunks) * Op::NODE_BYTES));
        let bytes = key.map(|key| key.map(u32::to_le_bytes).concat().try_into().unwrap());
        let hash = bytes.map_or_else(|| blake3::hash(&src), |key| blake3::keyed_hash(&key, &src));
        let tree = |b: &[Buf]| Op::Tree { src: b[0], chunks, out: b[1], key };
        let mut memory = Memory::default();
        memory.put(Buf(0), src.clone());
        memory.put(Buf(1), out.clone());
        memory.execute(&tree(&[Buf(0), Buf(1)]));
        assert!(memory.get(Buf(1)).ends_with(hash.as_bytes()), "the reference's tree over {chunks} chunks");
        bench.case(&[src, out], 2, Agree::Bits, tree);
    };
    for chunks in [2u64, 4, 8, 32, 64, 256, 512, 1024, 2048] {
        case(chunks, None);
    }
    for chunks in [2, 512, 2048] {
        case(chunks, Some([1, 2, 3 << 16, 4, 5, 6 << 24, 7, u32::MAX]));
    }
}

/// Some that are no whole block, from numbers beyond 32 bits on too.
pub fn cells(bench: &mut Bench<'_>) {
    for (cells, first) in [(1u64, 0u64), (3, 7), (70, u64::from(u32::MAX) - 5)] {
        bench.case(&[garbage(cells * Op::CELL_BYTES)], 2, Agree::Bits, |b| Op::Cells {
            dst: b[0],
            cells,
            first,
            key: [9, 8, 7, 6, 5, 4, 3, 1 << 31],
        });
    }
}
