//! Provers that cheat, each refused for the reason that is its own. They never meet our prover's code: what they do
//! right is plain arithmetic from `support_proof`.

use gpu_assay::device::{Identity, Provenance};
use gpu_assay::proof::chain::{Broken, ROUNDS_MAX};
use gpu_assay::proof::challenge::Issued;
use gpu_assay::proof::schedule::{History, Question, Schedule};
use gpu_assay::proof::session::{Fault, Session};
use gpu_assay::proof::wire::{Frame, Hello, Timed};
use gpu_assay::proof::work::{Numbers, Seeds, Work};

use super::support::data;
use super::support_proof::*;

const FLOATS: Work = Work { numbers: Numbers::Fp32, ..SMALL };

const NO_PRODUCT: Fault = Fault::Gpu { gpu: 0, broken: Broken::Product };

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
pub struct Late;
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
pub struct Writes(pub [u8; 4]);
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
    let is_taken = |edit: &dyn Fn(&mut Identity)| {
        let mut offered = hello(&issued, SMALL);
        offered.gpus.iter_mut().for_each(|gpu| edit(&mut gpu.identity));
        let mut session = Session::new(&issued, [3; 32]);
        session.take(&Timed { at_ns: 0, frame: Frame::Hello(offered) })
    };
    // Parts of one card share its address and have UUIDs of their own; whole cards do not.
    let at_one_address = |card: &mut Identity| card.pci_address = Some("0000:01:00.0".into());
    let is_part = |part: &mut Identity| {
        at_one_address(part);
        part.uuid = part.uuid.take().map(|uuid| uuid.replacen('0', "f", 1));
        part.details.insert("mig".into(), "yes".into());
    };
    assert_eq!(is_taken(&is_part), Ok(()));
    let refused = is_taken(&at_one_address);
    assert!(
        matches!(refused, Err(Fault::SameCard { one: 0, other: 1, by: "PCI address", .. })),
        "{refused:?}"
    );
    // The UUID of a driver on a CPU is that of the driver; zeros are none.
    let software = |adapter: &mut Identity| {
        (adapter.provenance, adapter.uuid) = (Provenance::Software { cpu_threads: 2 }, Some("ab".repeat(16)));
    };
    assert_eq!(is_taken(&software), Ok(()));
    assert_eq!(is_taken(&|nameless| nameless.uuid = Some("0".repeat(32))), Ok(()));
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

#[test]
fn no_work_is_refused_as_such() {
    let issued = issued(&challenge(1));
    let committed = commit(&issued, &hello(&issued, SMALL), 0, &mut Honest);
    assert_eq!(broken(check(&issued, &committed.rounds())), Broken::Incomplete { came: 0, cycle: 1 });
}

/// Whoever could know a matrix earlier, or use one twice, could compute earlier, or less.
#[test]
fn every_matrix_follows_from_all_that_came_before() {
    let (nonce, start, root) = ([1; 32], [2; 32], [3; 32]);
    let seeds = |nonce, start, gpu| Seeds::new(nonce, start, gpu);
    let here = seeds(&nonce, &start, 0);
    let mut keys = vec![here.b(), here.cells(), here.a(2, &root), here.part(2, &root)];
    keys.extend([here.a(2, &[4; 32]), here.a(3, &root), here.part(2, &[4; 32]), here.part(3, &root)]);
    for other in [seeds(&[5; 32], &start, 0), seeds(&nonce, &[5; 32], 0), seeds(&nonce, &start, 1)] {
        keys.extend([other.b(), other.cells(), other.a(2, &root), other.part(2, &root)]);
    }
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count, "two keys are one");
    // Cycles of four products and five parts.
    let roots = (0..14).map(|round| [round; 32]).collect();
    let history = History { roots, turns: vec![[100; 32], [101; 32]] };
    let before = |memory, protocol, rounds: [u32; 8]| {
        rounds.map(|round| Schedule::new(memory, protocol).before(&history, round)[0])
    };
    let rounds = [0, 1, 2, 4, 5, 6, 9, 11];
    for (memory, protocol) in [(None, 1), (None, 2), (Some(&CELLS), 1)] {
        assert_eq!(before(memory, protocol, rounds), [0, 0, 0, 2, 3, 4, 7, 9], "{memory:?} {protocol}");
    }
    assert_eq!(before(Some(&CELLS), 2, rounds), [0, 0, 0, 100, 100, 4, 101, 9]);
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
    let mut renumbered = frames.clone();
    let Frame::Root { gpu: 0, round: 0, root } = renumbered[2].frame else { panic!("{:?}", renumbered[2]) };
    renumbered[2].frame = Frame::Root { gpu: 0, round: 1, root };
    let out_of_turn = Broken::Round { round: 1, next: 0 };
    assert_eq!(check(&issued, &renumbered), Err(Fault::Gpu { gpu: 0, broken: out_of_turn }));
    let mut newer = frames.clone();
    newer[0].frame = Frame::Hello(Hello { protocol: 4, ..hello(&issued, SMALL) });
    assert_eq!(check(&issued, &newer), Err(Fault::Protocol(4)));
    let mut fewer = frames.clone();
    fewer[rounds - 1].frame = Frame::Closed(vec![2, 1]);
    let said = Broken::Rounds { said: Some(1), came: 2 };
    assert_eq!(check(&issued, &fewer), Err(Fault::Gpu { gpu: 1, broken: said }));
    let mut given_up = frames;
    given_up[3].frame = Frame::Failed("no card".into());
    assert_eq!(check(&issued, &given_up), Err(Fault::GaveUp("no card".into())));
}

/// Whoever checks keeps a root for each round.
#[test]
fn no_prover_makes_the_checker_keep_without_end() {
    let issued = issued(&challenge(1));
    let mut session = Session::new(&issued, [3; 32]);
    let mut take = |frame| session.take(&Timed { at_ns: 0, frame });
    take(Frame::Hello(hello(&issued, SMALL))).unwrap();
    take(Frame::Begin([0; 32])).unwrap();
    for round in 0..ROUNDS_MAX {
        take(Frame::Root { gpu: 0, round, root: [0; 32] }).unwrap();
    }
    let one_more = take(Frame::Root { gpu: 0, round: ROUNDS_MAX, root: [0; 32] });
    assert_eq!(one_more, Err(Fault::Gpu { gpu: 0, broken: Broken::TooMany }));
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
