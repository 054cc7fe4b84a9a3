//! Provers that cheat, each refused for the reason that is its own. They never meet our prover's code: what they do
//! right is plain arithmetic from `support_proof`.

use gpu_assay::proof::chain::Broken;
use gpu_assay::proof::challenge::Issued;
use gpu_assay::proof::memory::Memory;
use gpu_assay::proof::schedule::Question;
use gpu_assay::proof::session::Fault;
use gpu_assay::proof::wire::{Frame, Timed};
use gpu_assay::proof::work::{Numbers, Work};

use super::support::data;
use super::support_proof::*;

const FLOATS: Work = Work { numbers: Numbers::Fp32, ..SMALL };

const NO_PRODUCT: Fault = Fault::Gpu { gpu: 0, broken: Broken::Product };

/// What is wrong with the only GPU.
fn broken(ended: Result<(), Fault>) -> Broken {
    match ended {
        Err(Fault::Gpu { gpu: 0, broken }) => broken,
        other => panic!("{other:?}"),
    }
}

#[test]
fn honest_work_holds() {
    for work in [SMALL, FLOATS, Work { m: 2, ..SMALL }, Work { n: 512, k: 192, ..SMALL }] {
        assert_eq!(converse(work, 5, &mut Honest), Ok(()), "{work:?}");
    }
    let issued = issued(&challenge(3));
    let committed = commit(&issued, &hello(&issued, SMALL), 2, &mut Honest);
    let frames = [committed.rounds(), committed.answers([1; 32], &mut Honest)].concat();
    assert_eq!(check(&issued, &frames), Ok(()));
}

/// Computes all rows but a share of them, which it leaves as they come.
struct Skips {
    permille: u64,
    drawn: u64,
}

impl Conduct for Skips {
    fn row(&mut self, job: &Job, row: u32) -> Vec<u8> {
        self.drawn = self.drawn.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let right = job.row(row);
        let skip = (self.drawn >> 33) % 1000 < self.permille;
        if skip { stored(job.work, &vec![1; right.len()]) } else { stored(job.work, &right) }
    }
}

/// The promise that a proof prints: of rows drawn q times, all are right with probability (1 - f)^q.
#[test]
fn skipped_rows_escape_as_rarely_as_promised() {
    const TRIALS: u32 = 400;
    for (permille, openings) in [(10, 460), (20, 128), (50, 64), (200, 64)] {
        let mut terms = challenge(1);
        terms.openings = openings;
        let issued = issued(&terms);
        let mut cheat = Skips { permille, drawn: permille };
        let committed = commit(&issued, &hello(&issued, SMALL), 40, &mut cheat);
        let wrong = wrong_rows(&committed);
        let rounds = committed.rounds();
        let escaped = (0..TRIALS).filter(|trial| {
            let mut ask = [0; 32];
            ask[..4].copy_from_slice(&trial.to_le_bytes());
            let answers = committed.answers(ask, &mut Honest);
            let frames = [rounds.as_slice(), &answers].concat();
            let hit = asked(&committed, &ask).iter().any(|q| wrong.contains(&(q.round, q.row)));
            let held = check(&issued, &frames);
            assert_eq!(held, if hit { Err(NO_PRODUCT) } else { Ok(()) });
            held.is_ok()
        });
        let escaped = escaped.count() as f64;
        let share = wrong.len() as f64 / f64::from(40 * SMALL.m);
        let expected = f64::from(TRIALS) * (1.0 - share).powi(openings as i32);
        println!(
            "{share:.3} of the rows wrong, {openings} asked: {escaped} of {TRIALS} escaped, {expected:.1} expected"
        );
        // Five standard deviations of a binomial, and what is near zero may be a few.
        assert!(
            (escaped - expected).abs() <= 5.0 * expected.sqrt() + 3.0,
            "{escaped} of {expected} at {share}"
        );
    }
}

fn asked(committed: &Committed, ask: &[u8; 32]) -> Vec<Question> {
    let [rows, _] = committed.questions(0, ask);
    rows
}

fn wrong_rows(committed: &Committed) -> std::collections::BTreeSet<(u32, u32)> {
    let all = (0..40).flat_map(|round| (0..SMALL.m).map(move |row| (round, row)));
    all.filter(|(round, row)| {
        let right = stored(&SMALL, &committed.job(0, *round).row(*row));
        committed.row(0, *round, *row) != right
    })
    .collect()
}

/// Answers that pass one linear check chosen by the prover, `C r = A (B r)`, without the product.
struct Projects;
impl Conduct for Projects {
    fn row(&mut self, job: &Job, row: u32) -> Vec<u8> {
        // r is all ones: the sum of each row is right, its entries are not.
        let right = job.row(row);
        let mut row = vec![0; right.len()];
        row[0] = right.iter().sum();
        stored(job.work, &row)
    }
}

/// One row computed, the others its multiples.
struct RankOne;
impl Conduct for RankOne {
    fn row(&mut self, job: &Job, row: u32) -> Vec<u8> {
        let factor = i64::from(row % 3);
        stored(job.work, &job.row(0).iter().map(|c| c * factor).collect::<Vec<_>>())
    }
}

/// The product of an earlier round again.
struct Repeats(Vec<Vec<u8>>);
impl Conduct for Repeats {
    fn row(&mut self, job: &Job, row: u32) -> Vec<u8> {
        if job.round == 0 {
            self.0.push(stored(job.work, &job.row(row)));
        }
        self.0[row as usize].clone()
    }
}

/// Everything right but one entry of every row, by one.
struct Nudges;
impl Conduct for Nudges {
    fn row(&mut self, job: &Job, row: u32) -> Vec<u8> {
        let mut right = job.row(row);
        right[17] += 1;
        stored(job.work, &right)
    }
}

#[test]
fn stand_ins_for_the_product_are_refused() {
    let cheats: [(&str, Box<dyn Conduct>); 4] = [
        ("projection", Box::new(Projects)),
        ("rank one", Box::new(RankOne)),
        ("replay", Box::new(Repeats(Vec::new()))),
        ("off by one", Box::new(Nudges)),
    ];
    for (name, mut cheat) in cheats {
        let ended = converse(SMALL, 4, &mut *cheat);
        // What is too large for any product is seen even earlier.
        let refused =
            matches!(&ended, Err(Fault::Gpu { gpu: 0, broken: Broken::Product | Broken::Number { .. } }));
        assert!(refused, "{name}: {ended:?}");
    }
}

/// Commits to nothing and computes the rows that are asked for.
struct Late;
impl Conduct for Late {
    fn root(&mut self, _c: &[u8]) -> [u8; 32] {
        [0x55; 32]
    }
}

/// Commits to one product and shows another.
struct Swaps;
impl Conduct for Swaps {
    fn shown(&mut self, _job: &Job, _question: Question, row: &[u8]) -> Option<Vec<u8>> {
        let mut row = row.to_vec();
        row[0] ^= 1;
        Some(row)
    }
}

#[test]
fn rows_that_were_not_committed_are_refused() {
    assert!(matches!(broken(converse(SMALL, 3, &mut Late)), Broken::Uncommitted { .. }));
    assert!(matches!(broken(converse(SMALL, 3, &mut Swaps)), Broken::Uncommitted { .. }));
}

/// Right numbers, written otherwise, and numbers that are none.
struct Writes([u8; 4]);
impl Conduct for Writes {
    fn row(&mut self, job: &Job, row: u32) -> Vec<u8> {
        let mut bytes = stored(job.work, &job.row(row));
        bytes[..4].copy_from_slice(&self.0);
        bytes
    }
}

#[test]
fn numbers_that_no_product_can_hold_are_refused() {
    let floats = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, 0.5, 1e30, f32::MIN_POSITIVE, 65537.0];
    for float in floats {
        let ended = converse(FLOATS, 3, &mut Writes(float.to_le_bytes()));
        assert!(matches!(broken(ended), Broken::Number { .. }), "{float}");
    }
    for number in [i32::MIN, i32::MAX, 64 * 128 * 128 + 1] {
        let ended = converse(SMALL, 3, &mut Writes(number.to_le_bytes()));
        assert!(matches!(broken(ended), Broken::Number { .. }), "{number}");
    }
    // In range, and wrong.
    for number in [64i32 * 128 * 128, -5] {
        let ended = converse(SMALL, 3, &mut Writes(number.to_le_bytes()));
        assert_eq!(ended, Err(NO_PRODUCT), "{number}");
    }
}

#[test]
fn work_done_for_another_challenge_is_refused() {
    let mut other = challenge(1);
    other.nonce = [8; 32];
    let (old, new) = (issued(&other), issued(&challenge(1)));
    let committed = commit(&old, &hello(&old, SMALL), 3, &mut Honest);
    let mut frames = [committed.rounds(), committed.answers([5; 32], &mut Honest)].concat();
    assert_eq!(check(&old, &frames), Ok(()));
    assert_eq!(check(&new, &frames), Err(Fault::Challenge(old.sha256.clone())));
    frames[0].frame = Frame::Hello(hello(&new, SMALL));
    assert_eq!(check(&new, &frames), Err(NO_PRODUCT));
}

#[test]
fn one_card_cannot_stand_for_several() {
    let issued = issued(&challenge(8));
    let mut offered = hello(&issued, SMALL);
    let only = |offered| vec![Timed { at_ns: 0, frame: Frame::Hello(offered) }];
    offered.gpus[5].identity.uuid = offered.gpus[2].identity.uuid.clone();
    let refused = check(&issued, &only(offered.clone()));
    assert!(matches!(refused, Err(Fault::SameCard { one: 2, other: 5, by: "UUID", .. })), "{refused:?}");
    offered.gpus[5].identity.uuid = None;
    offered.gpus[5].identity.pci_address = offered.gpus[0].identity.pci_address.clone();
    let refused = check(&issued, &only(offered.clone()));
    assert!(
        matches!(refused, Err(Fault::SameCard { one: 0, other: 5, by: "PCI address", .. })),
        "{refused:?}"
    );
    offered.gpus.truncate(5);
    assert_eq!(check(&issued, &only(offered)), Err(Fault::Count { demanded: 8, shown: 5 }));
}

#[test]
fn work_too_small_to_count_or_too_large_to_be_exact_is_refused() {
    let broken = [
        Work { m: 1, ..SMALL },
        Work { m: 48, ..SMALL },
        Work { n: 128, ..SMALL },
        Work { n: 1 << 15, ..SMALL },
        Work { k: 0, ..SMALL },
        Work { k: 65, ..SMALL },
        Work { k: 1 << 17, ..SMALL },
        Work { k: 1 << 15, ..FLOATS },
    ];
    let issued = issued(&challenge(1));
    for work in broken {
        let frames = [Timed { at_ns: 0, frame: Frame::Hello(hello(&issued, work)) }];
        assert!(matches!(check(&issued, &frames), Err(Fault::Work { gpu: 0, .. })), "{work:?}");
    }
}

/// Shows no row of every second question.
struct Silent(u32);
impl Conduct for Silent {
    fn shown(&mut self, _job: &Job, _question: Question, row: &[u8]) -> Option<Vec<u8>> {
        self.0 += 1;
        self.0.is_multiple_of(2).then(|| row.to_vec())
    }
}

#[test]
fn questions_left_open_are_refused() {
    assert_eq!(broken(converse(SMALL, 3, &mut Silent(0))), Broken::Unanswered(32));
}

/// Every frame left out, sent twice, or exchanged with the one after it.
#[test]
fn no_disorder_passes() {
    let issued = issued(&challenge(2));
    let committed = commit(&issued, &hello(&issued, SMALL), 2, &mut Honest);
    let frames = [committed.rounds(), committed.answers([5; 32], &mut Honest)].concat();
    let rounds = committed.rounds().len();
    for at in (0..=rounds).chain([frames.len() - 1]) {
        let mut less = frames.clone();
        less.remove(at);
        assert!(!holds(&issued, &less), "without {:?}", frames[at].frame.name());
        let mut more = frames.clone();
        more.insert(at, frames[at].clone());
        assert!(!holds(&issued, &more), "twice {:?}", frames[at].frame.name());
    }
    let mut early = frames.clone();
    early[rounds - 2].at_ns = early[rounds - 3].at_ns;
    assert!(matches!(check(&issued, &early), Err(Fault::TooShort { at_least_s: 1, .. })));
    let mut backwards = frames.clone();
    backwards[rounds].at_ns = 0;
    assert_eq!(check(&issued, &backwards), Err(Fault::Backwards));
    let mut elsewhere = frames.clone();
    elsewhere[2].frame = Frame::Root { gpu: 7, round: 0, root: [0; 32] };
    assert_eq!(check(&issued, &elsewhere), Err(Fault::NoGpu(7)));
    let mut given_up = frames;
    given_up[3].frame = Frame::Failed("no card".into());
    assert_eq!(check(&issued, &given_up), Err(Fault::GaveUp("no card".into())));
}

fn holds(issued: &gpu_assay::proof::challenge::Issued, frames: &[Timed]) -> bool {
    let mut session = gpu_assay::proof::session::Session::new(issued, [3; 32]);
    frames.iter().all(|frame| session.take(frame).is_ok()) && session.is_done()
}

fn with_memory() -> Issued {
    let mut terms = challenge(1);
    terms.memory_bytes = CELLS.bytes();
    issued(&terms)
}

/// Two cycles of products and a sweep, with this conduct.
fn hold_memory(conduct: &mut dyn Conduct) -> Result<(), Fault> {
    let issued = with_memory();
    let committed = commit(&issued, &hello(&issued, SMALL), 2 * (CELLS.products + CELLS.parts), conduct);
    check(&issued, &[committed.rounds(), committed.answers([5; 32], conduct)].concat())
}

#[test]
fn memory_that_is_held_holds() {
    assert_eq!(hold_memory(&mut Honest), Ok(()));
}

/// Half of the memory stands for all of it.
struct Aliased;
impl Conduct for Aliased {
    fn cell(&mut self, _round: u32, index: u64, right: Vec<u8>) -> Vec<u8> {
        let half = u64::from(CELLS.parts * CELLS.cells) / 2;
        if index < half { right } else { vec![index as u8; right.len()] }
    }
}

/// One cell of all is not kept.
struct Forgets(u64);
impl Conduct for Forgets {
    fn cell(&mut self, _round: u32, index: u64, right: Vec<u8>) -> Vec<u8> {
        if index == self.0 { vec![0; right.len()] } else { right }
    }
}

/// One bit of one cell decays after the first sweep.
struct Decays;
impl Conduct for Decays {
    fn cell(&mut self, round: u32, index: u64, mut right: Vec<u8>) -> Vec<u8> {
        if round > CELLS.products + CELLS.parts && index == 7 {
            right[4095] ^= 1;
        }
        right
    }
}

#[test]
fn memory_that_is_not_held_is_noticed() {
    assert!(matches!(broken(hold_memory(&mut Aliased)), Broken::Cell { .. }));
    assert!(matches!(broken(hold_memory(&mut Forgets(19))), Broken::Cell { .. }));
    assert!(matches!(broken(hold_memory(&mut Decays)), Broken::Cell { .. }));
}

/// A twentieth of the memory is missing: of 64 cells drawn, all are there with probability 0.95^64.
#[test]
fn missing_memory_escapes_as_rarely_as_promised() {
    let issued = with_memory();
    let cycle = CELLS.products + CELLS.parts;
    let committed = commit(&issued, &hello(&issued, SMALL), cycle, &mut Forgets(3));
    let rounds = committed.rounds();
    let escaped = (0..300u32).filter(|trial| {
        let ask = *blake3::hash(&trial.to_le_bytes()).as_bytes();
        let [_, cells] = committed.questions(0, &ask);
        let hit = cells.iter().any(|cell| (cell.round, cell.row) == (CELLS.products, 3));
        let ended = check(&issued, &[rounds.as_slice(), &committed.answers(ask, &mut Honest)].concat());
        assert_eq!(ended.is_err(), hit, "{ended:?}");
        !hit
    });
    let (escaped, expected) = (escaped.count() as f64, 300.0 * 0.95f64.powi(64));
    println!("a twentieth of the memory missing, 64 asked: {escaped} of 300 escaped, {expected:.1} expected");
    assert!((escaped - expected).abs() <= 5.0 * expected.sqrt(), "{escaped}");
}

#[test]
fn less_memory_than_demanded_or_another_order_is_refused() {
    let issued = with_memory();
    let committed = commit(&issued, &hello(&issued, SMALL), 9, &mut Honest);
    let frames = [committed.rounds(), committed.answers([5; 32], &mut Honest)].concat();
    assert_eq!(check(&issued, &frames), Ok(()));
    let mut less = hello(&issued, SMALL);
    less.gpus[0].memory = Some(Memory { parts: 4, ..CELLS });
    let first = |hello| [Timed { at_ns: 0, frame: Frame::Hello(hello) }];
    let refused = |offered| Err(Fault::Memory { gpu: 0, offered, demanded: CELLS.bytes() });
    assert_eq!(check(&issued, &first(less.clone())), refused(4 * CELLS.part_bytes()));
    less.gpus[0].memory = None;
    assert_eq!(check(&issued, &first(less.clone())), refused(0));
    for broken in
        [Memory { cells: 3, ..CELLS }, Memory { parts: 3, ..CELLS }, Memory { products: 0, ..CELLS }]
    {
        less.gpus[0].memory = Some(broken);
        assert!(
            matches!(check(&issued, &first(less.clone())), Err(Fault::Work { gpu: 0, .. })),
            "{broken:?}"
        );
    }
    for at in 1..4 {
        let mut without = frames.clone();
        without.remove(at);
        assert!(!holds(&issued, &without), "without {}", frames[at].frame.name());
    }
    let half = commit(&issued, &hello(&issued, SMALL), 7, &mut Honest);
    assert_eq!(broken(check(&issued, &half.rounds())), Broken::Incomplete { came: 7, cycle: 9 });
    // An answer that is somebody else's.
    let mut swapped = frames.clone();
    let last = frames.len() - 2;
    swapped.swap(last, last - 1);
    assert_eq!(check(&issued, &swapped), Ok(()), "answers come in any order");
    if let [
        Timed { frame: Frame::Cell { path: a, .. }, .. },
        Timed { frame: Frame::Cell { path: b, .. }, .. },
    ] = &mut swapped[last - 1..=last]
    {
        std::mem::swap(a, b);
    }
    assert!(matches!(broken(check(&issued, &swapped)), Broken::Cell { .. }));
}

/// The seeds of the fuzz target are whole conversations, which mutations start from.
#[test]
fn the_seeds_of_the_fuzzer_hold() {
    let mut terms = challenge(1);
    terms.openings = 4;
    let issued = Issued { challenge: terms, sha256: "ab".repeat(32) };
    for (name, numbers) in [("int32.bin", Numbers::Int32), ("fp32.bin", Numbers::Fp32)] {
        let work = Work { m: 4, numbers, ..SMALL };
        let committed = commit(&issued, &hello(&issued, work), 3, &mut Honest);
        let frames = [committed.rounds(), committed.answers([5; 32], &mut Honest)].concat();
        assert_eq!(check(&issued, &frames), Ok(()));
        let (seed, path) = (bytes(&frames), data("../fuzz/seeds/transcript").join(name));
        if std::env::var_os("ASSAY_BLESS").is_some() {
            std::fs::write(&path, &seed).unwrap();
        }
        assert!(std::fs::read(&path).unwrap_or_default() == seed, "{name} is old; ASSAY_BLESS=1 rewrites it");
    }
}
