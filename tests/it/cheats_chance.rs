//! Cheaters that escape by chance: as often as a proof says, over many draws of the questions. What is counted here is kept in results/.

use std::collections::BTreeSet;
use std::path::Path;

use gpu_assay::proof::chain::Broken;
use gpu_assay::proof::challenge::{Challenge, Issued};
use gpu_assay::proof::session::Fault;

use super::support::test_key;
use super::support_proof::*;

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

/// Leaves out a whole round.
struct Omits(u32);

impl Conduct for Omits {
    fn row(&mut self, job: &Job, row: u32) -> Vec<u8> {
        let right = job.row(row);
        if job.round == self.0 { stored(job.work, &vec![0; right.len()]) } else { stored(job.work, &right) }
    }
}

/// One cell of all is not kept.
struct Forgets(u64);

impl Conduct for Forgets {
    fn cell(&mut self, _round: u32, index: u64, right: Vec<u8>) -> Vec<u8> {
        if index == self.0 { vec![0; right.len()] } else { right }
    }
}

/// How often one cheater escaped.
struct Counted {
    what: &'static str,
    share: f64,
    asked: u32,
    trials: u32,
    escaped: u32,
}

impl Counted {
    /// The promise that a proof prints: of `asked` that are drawn evenly, all are right with probability (1 - f)^asked.
    fn expected(&self) -> f64 {
        f64::from(self.trials) * (1.0 - self.share).powi(self.asked as i32)
    }

    fn row(&self) -> String {
        let Counted { what, share, asked, trials, escaped } = self;
        let (share, expected) = (100.0 * share, self.expected());
        format!("| {what} | {share:.2} % | {asked} | {trials} | {escaped} | {expected:.1} |\n")
    }
}

/// By a key that is always the same, so that the same questions are drawn wherever this runs.
fn always(terms: &Challenge) -> Issued {
    let dir = tempfile::tempdir().unwrap();
    issued_by(terms, &test_key(dir.path(), "test-a"))
}

/// Draws the questions of one conversation so often. `is_hit` says whether they meet what is wrong, which the check must find then, and
/// only then.
fn count(
    (what, share, trials): (&'static str, f64, u32),
    (issued, committed): (&Issued, &Committed),
    fault: &dyn Fn(&Fault) -> bool,
    is_hit: &dyn Fn(&[u8; 32]) -> bool,
) -> Counted {
    let rounds = committed.rounds();
    let escapes = |trial: &u32| {
        let ask = *blake3::hash(&trial.to_le_bytes()).as_bytes();
        let frames = [rounds.as_slice(), &committed.answers(ask, &mut Honest)].concat();
        let held = check(issued, &frames);
        match (is_hit(&ask), &held) {
            (true, Err(found)) => assert!(fault(found), "{found:?}"),
            (false, Ok(())) => {}
            (hit, held) => panic!("hit {hit}: {held:?}"),
        }
        held.is_ok()
    };
    let escaped = (0..trials).filter(escapes).count() as u32;
    Counted { what, share, asked: issued.challenge.openings, trials, escaped }
}

fn skipping(what: &'static str, cheat: &mut dyn Conduct, openings: u32) -> Counted {
    const ROUNDS: u32 = 40;
    let mut terms = challenge(1);
    terms.openings = openings;
    let issued = always(&terms);
    let committed = commit(&issued, &hello(&issued, SMALL), ROUNDS, cheat);
    let all = (0..ROUNDS).flat_map(|round| (0..SMALL.m).map(move |row| (round, row)));
    let is_wrong = |(round, row): &(u32, u32)| {
        committed.row(0, *round, *row) != stored(&SMALL, &committed.job(0, *round).row(*row))
    };
    let wrong: BTreeSet<(u32, u32)> = all.filter(is_wrong).collect();
    let share = wrong.len() as f64 / f64::from(ROUNDS * SMALL.m);
    let is_hit = |ask: &[u8; 32]| {
        let [rows, _] = committed.questions(0, ask);
        rows.iter().any(|asked| wrong.contains(&(asked.round, asked.row)))
    };
    let fault = |found: &Fault| *found == Fault::Gpu { gpu: 0, broken: Broken::Product };
    count((what, share, 400), (&issued, &committed), &fault, &is_hit)
}

/// A twentieth of the memory is missing.
fn forgetting() -> Counted {
    let mut terms = challenge(1);
    terms.memory_bytes = CELLS.bytes();
    let issued = always(&terms);
    let cycle = CELLS.products + CELLS.parts;
    let committed = commit(&issued, &hello(&issued, SMALL), cycle, &mut Forgets(3));
    let is_hit = |ask: &[u8; 32]| {
        let [_, cells] = committed.questions(0, ask);
        cells.iter().any(|cell| (cell.round, cell.row) == (CELLS.products, 3))
    };
    let fault = |found: &Fault| matches!(found, Fault::Gpu { gpu: 0, broken: Broken::Cell { .. } });
    let share = 1.0 / f64::from(CELLS.parts * CELLS.cells);
    count(("memory not held", share, 400), (&issued, &committed), &fault, &is_hit)
}

const HEAD: &str = "\
# Cheaters that escape by chance

How often each escaped, beside what the proof says of it: of `q` rows or cells that are drawn evenly, all are right with probability
`(1 - f)^q` where a share `f` is wrong. `cargo test --test it cheats_chance` counts again and compares with this file; `ASSAY_BLESS=1`
rewrites it. In every trial the check refused exactly where a question met what was wrong. No device was measured: the provers are
arithmetic on a CPU. Cheaters that never escape are in [tests/it/cheats.rs](../../tests/it/cheats.rs).

| cheater | wrong | asked | trials | escaped | expected |
| --- | --- | --- | --- | --- | --- |
";

#[test]
fn cheaters_escape_as_rarely_as_promised() {
    let skipped = [(10, 460), (20, 128), (50, 64), (200, 64)].map(|(permille, asked)| {
        skipping("rows not computed", &mut Skips { permille, drawn: permille }, asked)
    });
    let omitted = skipping("a round of 40 not computed", &mut Omits(17), 64);
    let all: Vec<Counted> = skipped.into_iter().chain([omitted, forgetting()]).collect();
    for counted in &all {
        let (escaped, expected) = (f64::from(counted.escaped), counted.expected());
        // Five standard deviations of a binomial, and what is near zero may be a few.
        assert!((escaped - expected).abs() <= 5.0 * expected.sqrt() + 3.0, "{}", counted.row());
    }
    let text = HEAD.to_owned() + &all.iter().map(Counted::row).collect::<String>();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/proofs/cheaters.md");
    if std::env::var_os("ASSAY_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{} is not what is counted; ASSAY_BLESS=1 rewrites it:\n{text}", path.display());
}
