//! Evidence of work that holds against a host that lies.
//!
//! A *challenge* names what must be computed; a *prover* computes it on its devices and commits to every result; a
//! *witness*, on another machine, keeps the clock and asks for rows that it draws after the commitments; the *check* is done
//! by the witness and again by anybody who has the transcript. The check shares no code with the prover but [`work`], which
//! is where the matrices come from.
//!
//! This is protocol 1, complete enough to write the other side of it. Numbers are little-endian; `||` joins bytes.
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
//! | 1 | P | hello | JSON ([`wire::Hello`]): protocol, `D`, host, and for each GPU its selector, identity and work |
//! | 2 | W | begin | start (32): random; the clock starts |
//! | 3 | P | root | gpu (2), round (4), root (32) |
//! | 4 | W | halt | nothing; sent once the demanded time has passed |
//! | 5 | P | closed | rounds committed (4), for each GPU |
//! | 6 | W | ask | ask (32): random |
//! | 7 | P | row | gpu (2), question (4), path length p (1), path (32 p), row (4 n) |
//! | 8 | P | done | nothing |
//! | 9 | P | failed | UTF-8: why the prover gives up; at any time |
//!
//! Order: hello, begin, roots, halt, more roots, closed, ask, rows, done. The roots of one GPU come in the order of their rounds,
//! from 0; those of different GPUs mix freely. After halt a prover finishes the rounds that it has begun and begins no other. Each
//! question is answered once, in any order. A *transcript* is all frames of both sides as `time (8) || frame`, the time in
//! nanoseconds of the witness's monotonic clock since it started the prover, when it sent the frame or had received it.
//!
//! # Work
//! Each GPU computes products `C = A B` of its announced work: `m` a power of two from 2 to 16384, `n` one from 256, `k` a multiple
//! of 64. `numbers` says how: `int32`, entries of 8 bits, `k` up to 65536, C in 32-bit integers; or `fp32`, entries of 6 bits,
//! `k` up to 16384, C in FP32. In both all sums are exact in any order. A has m rows of k entries; B is drawn transposed, n
//! rows of k; C has m rows of n. B stays the same in all rounds, A is new in each. Entry i of a matrix with key K is byte i of the
//! extended output of BLAKE3 keyed with K over no bytes, its low 8 or 6 bits as a signed number.
//!
//! Keys are HKDF-SHA256 (RFC 5869, no salt) of `nonce || start`, 32 bytes each, with this info:
//! * of B: `"gpu-assay proof v1 B" || gpu (4)`;
//! * of A in round r: `"gpu-assay proof v1 A" || gpu (4) || r (4) || root of round r - 2`, or 32 zero bytes where r < 2.
//!
//! So no matrix is known before the clock starts, and no two rounds can be exchanged, left out or begun early. The *root* of a
//! round is the BLAKE3 hash of C, row-major. As n >= 256 a row is a whole subtree of that hash.
//!
//! # Questions
//! For each GPU, as many as the challenge says. Question q takes bytes 8q to 8q + 7 of the extended output of BLAKE3 keyed with
//! `ask` over `gpu (4)` as a number x; with R rounds committed it is position `floor(x R m / 2^64)`, that is round
//! `position / m`, row `position mod m`. The path holds the log2(m) chaining values beside the row's own, from the lowest level up.
//!
//! # Check
//! 1. Every frame in its turn; as many GPUs as demanded; no two with one UUID, or where a UUID lacks, one PCI address; work
//!    within the limits above; halt not before the demanded time; every GPU with at least one round.
//! 2. Each row's chaining value, with its path, gives the root of its round.
//! 3. Each number of a row is one that a product can have: in size at most `k 2^(2 bits - 2)`, in FP32 whole and not -0.
//! 4. For each GPU, over its rows S, with random 32-bit factors w that only the checker knows: `(w A_S) B = w C_S`, in exact
//!    integers (R. Freivalds, 1977). A wrong entry passes with probability 2^-32.
//!
//! # What follows
//! Let a share f of a GPU's rows be wrong. All q questions miss them with probability (1 - f)^q, and so a proof that holds says,
//! with a confidence of 99 %, that f is at most `1 - 0.01^(1/q)`: 0.996 % for the usual 460. Skipped whole rounds are the same as
//! skipped rows; one round alone is 1/R of the work. The proved *floor* of a GPU is
//! `(1 - f) * 2 m n k * R / (time of its last root - time of begin)`. The bound holds for all GPUs of a proof at once: to miss the
//! wrong rows of all of them is no likelier than to miss those of one.
//!
//! It counts the multiplications and additions of the plain product. Not bounded: faster algorithms for exact products (Strassen's
//! saves an eighth at each level and is seldom used for these sizes); which unit of a card did the work; and whether it was this
//! card, or several others that answer for it, in time and over whatever link they have. Two GPUs of one proof can be two by
//! their own word and one in truth: then each has half of the floor that such a card has alone, which is what to compare.
//!
//! Without a witness the prover is its own ([`statement::By::Prover`]): `ask` is then the SHA-256 of all transcript bytes before
//! it. Such a prover can try many last roots until the questions suit it, and its clock is its own.

pub mod chain;
pub mod challenge;
pub mod level;
pub mod memory;
pub mod nonces;
pub mod product;
pub mod prove;
pub mod recheck;
pub mod rounds;
pub mod schedule;
pub mod session;
pub mod statement;
pub mod tree;
pub mod wire;
pub mod witness;
pub mod work;
