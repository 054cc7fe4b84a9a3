//! Which numbers of ops make no sense.

use super::*;

#[test]
fn ops_whose_numbers_make_no_sense_are_refused() {
    let expand =
        |elements, precision, bits| Op::Expand { dst: Buf::NONE, elements, precision, bits, key: [0; 8] };
    let tree = |chunks| Op::Tree { src: Buf::NONE, chunks, out: Buf::NONE, key: None };
    let ring = |slots, stride_bytes| Op::Ring { dst: Buf::NONE, slots, stride_bytes, seed: 1 };
    for good in [
        ring(1, 4),
        ring(1 << 20, 128),
        expand(0, Precision::Int8, 1),
        expand(64, Precision::Int8, 8),
        expand(1 << 40, Precision::Fp16, 6),
        expand(192, Precision::Bf16, 6),
        expand(64, Precision::Fp32, 1),
        tree(2),
        tree(1 << 20),
        Op::Flip { dst: Buf::NONE, word: 1, mask: 1 },
    ] {
        assert_eq!(good.check(), Ok(()), "{good:?}");
    }
    for (bad, why) in [
        (ring(3, 128), "a ring of 3 slots"),
        (ring(0, 128), "a ring of 0 slots"),
        (ring(4, 0), "0 bytes apart"),
        (ring(4, 6), "6 bytes apart"),
        (expand(65, Precision::Int8, 8), "65 elements"),
        (expand(64, Precision::Int8, 9), "9 bits"),
        (expand(64, Precision::Int8, 0), "0 bits"),
        (expand(64, Precision::Fp16, 7), "fp16 of 7 bits"),
        (expand(64, Precision::Fp32, 8), "fp32 of 8 bits"),
        (expand(64, Precision::Tf32, 6), "tf32"),
        (expand(64, Precision::Fp64, 6), "fp64"),
        (tree(0), "0 chunks"),
        (tree(1), "1 chunks"),
        (tree(3), "3 chunks"),
        (tree(1 << 21), "2097152 chunks"),
    ] {
        let said = bad.check();
        assert!(matches!(&said, Err(said) if said.contains(why)), "{bad:?}: {said:?}");
    }
}
