//! The CPU meaning of `Op::Expand` and `Op::Tree`. The hash function is the published implementation of BLAKE3.
//! Owns which bytes become which elements and in what order nodes lie; must not know any backend.

use blake3::hazmat::{ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};
use half::{bf16, f16};

use crate::device::op::{Op, Precision};

/// Words from index `from` of what [`Op::Expand`] writes; zeros in formats that it does not have.
pub fn expanded_words(precision: Precision, bits: u32, key: &[u32; 8], from: u64, out: &mut [u32]) {
    let each = 4 / precision.bytes();
    let mut stream = blake3::Hasher::new_keyed(&key_bytes(key)).finalize_xof();
    stream.set_position(from * each);
    let mut bytes = [0; 4];
    let bytes = &mut bytes[..each as usize];
    for word in out {
        stream.fill(bytes);
        let elements = bytes.iter().map(|byte| integer_bits(precision, low_bits(*byte, bits)));
        *word = elements.rev().fold(0, |word, element| word.unbounded_shl(32 / each as u32) | element);
    }
}

fn key_bytes(key: &[u32; 8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (slot, word) in bytes.chunks_exact_mut(4).zip(key) {
        slot.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// The low `bits` bits, 1 to 8, as a signed number.
fn low_bits(byte: u8, bits: u32) -> i8 {
    let unused = 8 - bits;
    ((byte << unused) as i8) >> unused
}

fn integer_bits(precision: Precision, value: i8) -> u32 {
    match precision {
        Precision::Int8 => u32::from(value as u8),
        Precision::Fp16 => u32::from(f16::from(value).to_bits()),
        Precision::Bf16 => u32::from(bf16::from(value).to_bits()),
        Precision::Fp32 => f32::from(value).to_bits(),
        Precision::Fp64 | Precision::Tf32 | Precision::Fp8E4m3 | Precision::Fp8E5m2 | Precision::Int32 => 0,
    }
}

/// Hashes for each line of a cell: making one takes so many times the work of hashing it.
pub const CELL_TURNS: u32 = 64;
const LINE_BYTES: usize = 64;
/// What one hash hands to the next; the rest of a line says which hash it is.
const CHAINED: usize = 48;

/// Cell `index` of the memory that `key` stands for: 64 lines of 64 bytes. From a line of zeros on, [`CELL_TURNS`] times for each
/// line: its last 16 bytes become the cell's number (8 bytes), the line's and the turn's (4 bytes each), and what BLAKE3 keyed
/// with `key` then yields over it, 64 bytes, is the line.
pub fn cell(key: &[u32; 8], index: u64) -> Vec<u8> {
    let (key, mut line) = (key_bytes(key), [0; LINE_BYTES]);
    let mut cell = Vec::with_capacity(Op::CELL_BYTES as usize);
    for number in 0..Op::CELL_BYTES as u32 / LINE_BYTES as u32 {
        for turn in 0..CELL_TURNS {
            line[CHAINED..CHAINED + 8].copy_from_slice(&index.to_le_bytes());
            line[CHAINED + 8..].copy_from_slice(&[number.to_le_bytes(), turn.to_le_bytes()].concat());
            blake3::Hasher::new_keyed(&key).update(&line).finalize_xof().fill(&mut line);
        }
        cell.extend(line);
    }
    cell
}

/// The nodes of the hash tree over `bytes`, a power of two of whole chunks, in the order of [`Op::Tree`].
pub fn tree(bytes: &[u8], key: Option<&[u32; 8]>) -> Vec<ChainingValue> {
    let key = key.map(key_bytes);
    let mode = key.as_ref().map_or(Mode::Hash, Mode::KeyedHash);
    let chunk = |(i, chunk): (u64, &[u8])| {
        let mut hasher = key.as_ref().map_or_else(blake3::Hasher::new, blake3::Hasher::new_keyed);
        hasher.set_input_offset(i * Op::CHUNK_BYTES).update(chunk).finalize_non_root()
    };
    let mut nodes: Vec<ChainingValue> =
        (0..).zip(bytes.chunks_exact(Op::CHUNK_BYTES as usize)).map(chunk).collect();
    let (mut from, mut children) = (0, nodes.len());
    while children > 1 {
        let parent = |pair: &[ChainingValue; 2]| {
            let [left, right] = pair;
            if children == 2 {
                return *merge_subtrees_root(left, right, mode).as_bytes();
            }
            merge_subtrees_non_root(left, right, mode)
        };
        let parents: Vec<ChainingValue> = nodes[from..].as_chunks().0.iter().map(parent).collect();
        (from, children) = (from + children, parents.len());
        nodes.extend(parents);
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Buf;
    use crate::device::reference::{Memory, element};

    /// The input of the published test vectors (BLAKE3-team/BLAKE3, test_vectors.json).
    fn numbered(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|i| (i % 251) as u8).collect()
    }

    #[test]
    fn the_last_node_is_the_published_hash() {
        for (bytes, hash) in [
            (2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a"),
            (4096, "015094013f57a5277b59d8475c0501042c0b642e531b0a1c8f58d2163229e969"),
            (8192, "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63"),
        ] {
            let nodes = tree(&numbered(bytes), None);
            assert_eq!(nodes.len() as u64, Op::tree_nodes(bytes as u64 / Op::CHUNK_BYTES));
            assert_eq!(hex::encode(nodes[nodes.len() - 1]), hash);
        }
    }

    /// Whoever shows some chunks proves them along a path of nodes, so that every node must lie in its place.
    #[test]
    fn every_node_is_that_of_the_chunks_below_it() {
        let bytes = numbered(64 * 1024);
        let nodes = tree(&bytes, None);
        let (mut at, mut width) = (0, 1024);
        while width < bytes.len() {
            for (i, below) in bytes.chunks(width).enumerate() {
                let mut hasher = blake3::Hasher::new();
                hasher.set_input_offset((i * width) as u64).update(below);
                assert_eq!(nodes[at], hasher.finalize_non_root(), "node {i} over {width} bytes");
                at += 1;
            }
            width *= 2;
        }
        assert_eq!(nodes[at..], [*blake3::hash(&bytes).as_bytes()]);
    }

    #[test]
    fn under_a_key_the_last_node_is_the_keyed_hash() {
        let (key, bytes) = ([1, 2, 3, 4, 5, 6, 7, u32::MAX], numbered(8192));
        let nodes = tree(&bytes, Some(&key));
        assert_eq!(nodes[nodes.len() - 1], *blake3::keyed_hash(&key_bytes(&key), &bytes).as_bytes());
    }

    /// Each line from the one before it, by the published hash.
    #[test]
    fn a_cell_is_a_chain_of_hashes() {
        let (key, index) = ([9; 8], 0x1_0000_0003u64);
        let cell = cell(&key, index);
        assert_eq!(cell.len() as u64, Op::CELL_BYTES);
        for line in [1u32, 40] {
            let mut x: [u8; 64] = cell[64 * (line as usize - 1)..][..64].try_into().unwrap_or([0; 64]);
            for turn in 0..CELL_TURNS {
                let place =
                    [index.to_le_bytes().as_slice(), &line.to_le_bytes(), &turn.to_le_bytes()].concat();
                x[48..].copy_from_slice(&place);
                blake3::Hasher::new_keyed(&key_bytes(&key)).update(&x).finalize_xof().fill(&mut x);
            }
            assert_eq!(cell[64 * line as usize..][..64], x);
        }
    }

    /// The key of the published test vectors; the output over no bytes.
    #[test]
    fn expanded_bytes_are_the_published_output() {
        let key = b"whats the Elvish word for friend";
        let key: Vec<u32> = key.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
        let mut words = [0; 32];
        expanded_words(Precision::Int8, 8, key[..].try_into().unwrap_or(&[0; 8]), 0, &mut words);
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(
            hex::encode(bytes),
            "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26\
             b18171a2f22a4b94822c701f107153dba24918c4bae4d2945c20ece13387627d\
             3b73cbf97b797d5e59948c7ef788f54372df45e45e4293c7dc18c1d41144a975\
             8be58960856be1eabbe22c2653190de560ca3b2ac4aa692a9210694254c371e8"
        );
    }

    #[test]
    fn elements_are_the_low_bits_of_their_bytes_in_every_format() {
        let key = [1, 2, 3, 4, 5, 6, 7, u32::MAX];
        let mut stream = blake3::Hasher::new_keyed(&key_bytes(&key)).finalize_xof();
        let mut bytes = [0; 192];
        stream.fill(&mut bytes);
        for (precision, bits_max) in
            [(Precision::Int8, 8), (Precision::Fp16, 6), (Precision::Bf16, 6), (Precision::Fp32, 6)]
        {
            for bits in 1..=bits_max {
                let mut memory = Memory::default();
                memory.put(Buf(0), vec![0xAA; 192 * precision.bytes() as usize + 4]);
                let op = Op::Expand { dst: Buf(0), elements: 192, precision, bits, key };
                assert_eq!(op.check(), Ok(()));
                memory.execute(&op);
                let (elements, rest) = memory.get(Buf(0)).split_at(192 * precision.bytes() as usize);
                assert_eq!(rest, [0xAA; 4], "written beyond its end");
                for (element_bytes, byte) in elements.chunks(precision.bytes() as usize).zip(bytes) {
                    let mut wide = [0; 8];
                    wide[..element_bytes.len()].copy_from_slice(element_bytes);
                    let got = element(precision, u64::from_le_bytes(wide));
                    let low = i32::from(byte) % (1 << bits);
                    let wanted = if low < 1 << (bits - 1) { low } else { low - (1 << bits) };
                    assert_eq!(got, f64::from(wanted), "{precision:?}, {bits} bits of {byte:#x}");
                    assert!(got != 0.0 || got.is_sign_positive(), "{precision:?}: a negative zero");
                }
            }
        }
    }

    #[test]
    fn an_expansion_may_begin_at_any_word() {
        let key = [9; 8];
        for precision in [Precision::Int8, Precision::Bf16, Precision::Fp32] {
            let mut all = [0; 100];
            expanded_words(precision, 6, &key, 0, &mut all);
            for from in [1, 15, 16, 17, 63] {
                let mut part = [0; 30];
                expanded_words(precision, 6, &key, from, &mut part);
                assert_eq!(part, all[from as usize..][..30], "{precision:?} from word {from}");
            }
        }
    }
}
