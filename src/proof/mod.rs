//! Evidence of work that holds against a host that lies.
//!
//! A *challenge* names what must be computed; a *prover* computes it on its devices and commits to every result; a
//! *witness*, on another machine, keeps the clock and asks for rows that it draws after the commitments; the *check* is done
//! by the witness and again by anybody who has the transcript. The check shares no code with the prover but [`work`], which
//! is where the matrices come from.
//!
//! This is protocol 3, complete enough to write the other side of it. Numbers are little-endian; `||` joins bytes.
//!
//! # Signed statements
//! DSSE v1.0.2 envelopes of in-toto Statements v1 with Ed25519. The challenge ([`challenge::Challenge`]) is named by `D`, the
//! SHA-256 of the signed bytes of its statement. The proof ([`statement::Proof`]) names `D` and the SHA-256 of the transcript.
//! Their JSON Schemas, and that of the hello message, lie in `tests/data/schemas`.
//!
//! # Messages
//! A frame is `kind (1) || length (4) || body (length)`, at most 2^20 bytes of body. `P` is the prover, `W` the witness.
//!
//! | kind | from | name | body |
//! |---|---|---|---|
//! | 1 | P | hello | JSON ([`wire::Hello`]): protocol, `D`, host, and for each GPU its selector, identity, work and memory |
//! | 10 | W | fill | seed (32): random; only where memory is demanded, as the next |
//! | 11 | P | filled | nothing; the memory of all GPUs is |
//! | 2 | W | begin | start (32): random; the clock starts |
//! | 3 | P | root | gpu (2), round (4), root (32) |
//! | 14 | W | turn | gpu (2), round (4), seed (32): random; only where memory is demanded |
//! | 4 | W | halt | nothing; sent once the demanded time has passed |
//! | 5 | P | closed | rounds committed (4), for each GPU |
//! | 6 | W | ask | seed (32): random |
//! | 7 | P | row | gpu (2), question (4), path length p (1), path (32 p), row (4 n) |
//! | 12 | P | cell | gpu (2), question (4), path (the rest) |
//! | 13 | P | attestation | gpu (2), length l (4), report (l), certificates (PEM, the rest); where l = 0, why there is none (UTF-8) |
//! | 8 | P | done | nothing |
//! | 9 | P | failed | UTF-8: why the prover gives up; at any time |
//!
//! Order: hello, fill, filled, begin, roots, halt, more roots, closed, ask, rows, cells and attestations, done. The roots of one
//! GPU come in the order of their rounds, from 0; those of different GPUs mix freely. Before the first round of a sweep, and before
//! the first product after one, there is a turn, which the witness says as soon as it has the root before it, but not at the end of a
//! cycle after halt. After halt a prover finishes the cycle that it has begun (a round, where there is no memory) and begins no other. Each question is answered once, in any order, and there is at
//! most one attestation of each GPU. A *transcript* is all frames of both sides as `time (8) || frame`, the time in nanoseconds of
//! the witness's monotonic clock since it started the prover, when it sent the frame or had received it.
//!
//! # Rounds
//! Without memory every round is a product. With memory a cycle is `products` rounds of products, then a *sweep* of `parts`
//! rounds, one for each part of the memory. Every round commits to a root. Keys are HKDF-SHA256 (RFC 5869, no salt) of
//! `nonce || start`, of cells of `nonce || seed of fill`, 32 bytes each, with this info:
//! * of B: `"gpu-assay proof v1 B" || gpu (4)`;
//! * of A in round r: `"gpu-assay proof v1 A" || gpu (4) || r (4) || root of round r - 2`, where a turn lies between these two its
//!   seed, and where r < 2 and none does 32 zero bytes;
//! * of a part in round r: the same with `P`;
//! * of cells: `"gpu-assay proof v1 M" || gpu (4)`;
//! * of what a card is to sign, with `nonce || seed of ask` as of cells: `"gpu-assay proof v1 T" || gpu (4)`.
//!
//! So no matrix is known before the clock starts, no two rounds can be exchanged, left out or begun early, and nothing of a sweep
//! before the witness has all products before it, nor the reverse.
//!
//! # Products
//! Each GPU computes products `C = A B` of its announced work: `m` a power of two from 2 to 16384, `n` one from 256, `k` a multiple
//! of 64. `numbers` says how: `int32`, entries of 8 bits, `k` up to 65536, C in 32-bit integers; or `fp32`, entries of 6 bits,
//! `k` up to 16384, C in FP32. In both all sums are exact in any order. A has m rows of k entries; B is drawn transposed, n
//! rows of k; C has m rows of n. B stays the same in all rounds, A is new in each. Entry i of a matrix with key K is byte i of the
//! extended output of BLAKE3 keyed with K over no bytes, its low 8 or 6 bits as a signed number. The root is the BLAKE3 hash of C,
//! row-major. As n >= 256 a row is a whole subtree of that hash.
//!
//! # Memory
//! `parts` (4 to 65536) of `cells` (a power of two up to 2^18) of 4096 bytes, at least as much as the challenge demands; `products`
//! from 4 to 65536. A cell is 64 lines of 64 bytes. With x = 64 zero bytes before the first line, 64 times for each line: the
//! last 16 bytes of x become `cell (8) || line (4) || turn (4)`, the cell counted over all parts; then x becomes the first 64 bytes of
//! output of BLAKE3 keyed with the cells' key over x. The line is x then. The root of a part's round is the keyed BLAKE3 hash of
//! the part, under that round's key. To make a cell takes 64 times the work of hashing it, line by line: what is not kept cannot
//! be had in time.
//!
//! # Questions
//! For each GPU, as many rows of products as the challenge says, and as many cells where there is memory. Question q takes bytes 8q
//! to 8q + 7 of the extended output of BLAKE3 keyed with the seed of ask over `gpu (4)` (rows) or `gpu (4) || "M"` (cells), as a
//! number x. Of R rounds of that kind with m rows (or cells) each it is position `floor(x R m / 2^64)`: round `position / m` of
//! that kind, row `position mod m`. Paths hold the log2(m) chaining values beside the row's own, from the lowest level up.
//!
//! # Attestation
//! Where the vendor's attestation can be had (NVIDIA, confidential-computing mode), each card signs a number of its own, which
//! follows from the challenge and the seed of ask: it signs after the work is committed. The report is an SPDM 1.1 GET_MEASUREMENTS
//! request of 37 bytes with that number as its nonce, and the MEASUREMENTS answer to it (DMTF DSP0274). Its last 96 bytes are r
//! and s, big-endian, of an ECDSA signature on P-384 over the SHA-384 of all before, by the key of the first certificate. Each
//! further certificate signs the one before it; the last is the vendor's root, or signed by it. To have no attestation is no
//! fault, to show one that does not hold is. [`attestation`] says what is not checked. No card in that mode was tried yet.
//!
//! # Check
//! 1. Every frame in its turn; as many GPUs as demanded; no two of one kind of provenance with one PCI address (but for parts of
//!    a divided card, of which both say `mig: yes` and give different UUIDs), nor with one UUID, where it is none of zeros and of
//!    no driver on a CPU; work and memory within the limits above; halt not before the demanded time; every GPU with at least one
//!    cycle, and only whole ones.
//! 2. Each row's chaining value, with its path, gives the root of its round; so does that of each cell, which the checker makes.
//! 3. Each number of a row is one that a product can have: in size at most `k 2^(2 bits - 2)`, in FP32 whole and not -0.
//! 4. For each GPU, over its rows S, with random 32-bit factors w that only the checker knows: `(w A_S) B = w C_S`, in exact
//!    integers (R. Freivalds, 1977). A wrong entry passes with probability 2^-32.
//! 5. Each attestation that is there: nonce and signature; names, signatures, key usage, authority, path length and validity (when
//!    the challenge may be answered) of its certificates; the root; the firmware's digest in the first certificate, where the
//!    report has one; no two GPUs attested by one card, which is the key of the second certificate.
//!
//! # What follows
//! Let a share f of a GPU's rows be wrong. All q questions miss them with probability (1 - f)^q, and so a proof that holds says,
//! with a confidence of 99 %, that f is at most `1 - 0.01^(1/q)`: 0.996 % for the usual 460. Skipped whole rounds are the same as
//! skipped rows; one round alone is 1/R of the work. The same holds for cells: in the mean of all sweeps, all but that share of the
//! memory was there. The bounds hold for all GPUs of a proof at once: to miss what is wrong with all of them is no likelier than to
//! miss what is wrong with one.
//!
//! The time of a round is from the root before it, begin or turn, whichever is last, to its own. The proved *floor* of a GPU is
//! `(1 - f) * 2 m n k * R / (time of all products)` operations a second; of its memory
//! `(1 - f) * bytes of a part * R / (time of all parts)` bytes a second. Whoever keeps a root back, to have done more by then, only
//! makes its own kind's time longer. The way of each turn to the prover, and of the next root back, is part of these times. The time
//! of all GPUs ends with closed: what is left of it after the last root of one counts to its products. So one card that computes for
//! several, one after the other, has for none of them more than its share.
//!
//! Protocol 1 had no turns: round r hung on round r - 2 alone. There a prover could hold the last root of one kind back until it was
//! through with the other, which then took no time at all. So of its proofs with memory both floors are held to follow from the time
//! of all rounds together, whatever they state. Programs that spoke protocols 1 and 2 counted no time after a GPU's last root; it is
//! counted when their proofs are checked.
//!
//! The floor counts the multiplications and additions of the plain product. Not bounded: faster algorithms for exact products
//! (Strassen's saves an eighth at each level and is seldom used for these sizes); which unit of a card did the work; and whether it
//! was this card, or several others that answer for it, in time and over whatever link they have. Two GPUs of one proof can be
//! two by their own word and one in truth: then each has half of the floor that such a card has alone, which is what to compare.
//!
//! The first root of a GPU depends on begin, and so whoever computed it was no farther away than light comes in half of the time
//! between the two: 150 km for each millisecond, of which the first round itself took its part. Later rounds hang on one another
//! and not on the witness; they bound no distance.
//!
//! Memory may lie anywhere that is read at that floor: host memory is read over its link, which is many times slower. Of what
//! is not kept a share u can be made again while the rest is read: that takes 64 u times the work of reading, which shows in the
//! floor as soon as the hashing that the card can do at most is known.
//!
//! An attestation shows that a card which its vendor knows was at hand when the question was asked, in whatever machine, and what
//! driver and firmware it measured. The number it signs reaches it through the prover's host: which card worked is not shown.
//!
//! Without a witness the prover is its own ([`statement::By::Prover`]): the seed of ask is then the SHA-256 of all transcript bytes
//! before it. Such a prover can try many last roots until the questions suit it, and its clock is its own.

pub mod answer;
pub mod attestation;
pub mod beside;
pub mod chain;
pub mod challenge;
pub mod level;
pub mod memory;
pub mod nonces;
pub mod outfit;
pub mod product;
pub mod prove;
pub mod recheck;
pub mod rounds;
pub mod schedule;
pub mod session;
pub mod statement;
pub mod tree;
pub mod voice;
pub mod wire;
pub mod witness;
pub mod work;
