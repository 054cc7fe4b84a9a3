//! How often decisions err, and how long they take: simulated devices whose delivered rate is known.
//! Owns scenarios, counting and exact intervals; prints nothing.

use gpu_assay::evidence::sequence::{Decision, Sequence};

use super::noise::{Noise, Series};

/// The indifference width of the study, as contracts have it unless they say otherwise.
pub const WIDTH: f64 = 0.01;
/// What a device is promised, for rejecting a good one and for accepting a bad one alike.
pub const ERROR_RATE: f64 = 0.001;
/// Clauses of one device, among which that is split.
pub const CLAUSES: u64 = 4;

pub struct Scenario {
    pub name: &'static str,
    pub noise: Noise,
    /// Spread of one batch, as a share of its time.
    pub spread: f64,
    /// Whether the promise is meant to hold here.
    pub promised: bool,
}

const fn scenario(name: &'static str, noise: Noise, spread: f64) -> Scenario {
    Scenario { name, noise, spread, promised: true }
}

const fn beyond(name: &'static str, noise: Noise, spread: f64) -> Scenario {
    Scenario { name, noise, spread, promised: false }
}

pub const SCENARIOS: [Scenario; 18] = [
    scenario("white noise, 2 %", Noise::White, 0.02),
    scenario("white noise, 0.3 %", Noise::White, 0.003),
    scenario("autocorrelation 0.5, 2 %", Noise::Wandering(0.5), 0.02),
    scenario("autocorrelation 0.9, 1 %", Noise::Wandering(0.9), 0.01),
    scenario("white noise over a slow wander, 1 %", Noise::WhiteAndSlow, 0.01),
    scenario("clock toggles every 5 batches, 2 %", Noise::Toggling(5.0), 0.02),
    scenario("lognormal, 2 %", Noise::Lognormal, 0.02),
    scenario("Student t3 and outliers, 2 %", Noise::Outliers, 0.02),
    scenario("1 % and 1 batch in 50 is 20 % slower", Noise::Hiccups(50.0, 20.0), 0.01),
    scenario("1 %, throttles by 5 % after 10 batches", Noise::Throttling(10, 5.0), 0.01),
    beyond("autocorrelation 0.9, 2 %", Noise::Wandering(0.9), 0.02),
    beyond("white noise over a slow wander, 1.5 %", Noise::WhiteAndSlow, 0.015),
    beyond("1 %, clock toggles every 200 batches", Noise::Toggling(200.0), 0.01),
    beyond("1 %, drifts by 1 % in all", Noise::Drift(1.0), 0.01),
    beyond("1 %, drifts by 5 % in all", Noise::Drift(5.0), 0.01),
    beyond("1 %, throttles by 5 % after 500 batches", Noise::Throttling(500, 5.0), 0.01),
    beyond("0.2 % and 1 batch in 300 is 10 times as long", Noise::Hiccups(300.0, 4500.0), 0.002),
    beyond("0.2 % and 1 batch in 1000 is 61 times as long", Noise::Hiccups(1000.0, 30_000.0), 0.002),
];

/// How far the delivered rate of a device lies from its bound, in widths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    Good,
    Bad,
    FarAbove,
    FarBelow,
}

impl Truth {
    /// Delivered over bound.
    fn rate(self) -> f64 {
        match self {
            Truth::Good => 1.0,
            Truth::Bad => 1.0 - WIDTH,
            Truth::FarAbove => 1.0 + 3.0 * WIDTH,
            Truth::FarBelow => 1.0 - 3.0 * WIDTH,
        }
    }

    pub fn is_error(self, decision: Decision) -> bool {
        match self {
            Truth::Good | Truth::FarAbove => decision == Decision::Fail,
            Truth::Bad | Truth::FarBelow => decision == Decision::Pass,
        }
    }
}

/// How much is simulated.
#[derive(Clone, Copy)]
pub struct Size {
    pub devices: u64,
    /// Batches after which a decision is given up: the horizon over which a delivered rate is the mean.
    pub cap: u32,
    pub seed: u64,
}

/// What came of all devices of one kind.
#[derive(Default)]
pub struct Outcome {
    /// Devices of which one clause or more was decided wrongly.
    pub wrong: u64,
    pub clauses_open: u64,
    /// Batches of every clause, sorted.
    pub batches: Vec<u32>,
}

impl Outcome {
    pub fn mean_batches(&self) -> f64 {
        self.batches.iter().map(|n| f64::from(*n)).sum::<f64>() / self.batches.len() as f64
    }
}

/// The seed of one clause of one device.
fn seed(size: Size, index: usize, truth: Truth, clause: u64) -> u64 {
    let kind = (index * 4 + truth as usize) as u64;
    gpu_assay::device::draw::derived(size.seed ^ (kind << 40), clause)
}

/// Simulates all devices of a kind, on as many threads as there are.
pub fn simulate(index: usize, truth: Truth, size: Size) -> Outcome {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let parts: Vec<Outcome> = std::thread::scope(|scope| {
        let part = |first| {
            scope.spawn(move || devices(index, truth, size, (first..size.devices).step_by(threads as usize)))
        };
        let running: Vec<_> = (0..threads).map(part).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut all = Outcome::default();
    for part in parts {
        all.wrong += part.wrong;
        all.clauses_open += part.clauses_open;
        all.batches.extend(part.batches);
    }
    all.batches.sort_unstable();
    all
}

fn devices(index: usize, truth: Truth, size: Size, which: impl Iterator<Item = u64>) -> Outcome {
    let mut outcome = Outcome::default();
    for device in which {
        let mut wrong = false;
        for clause in 0..CLAUSES {
            let (decision, batches) = clause_of(index, truth, size, device * CLAUSES + clause);
            wrong |= truth.is_error(decision);
            outcome.clauses_open += u64::from(decision == Decision::Undecided);
            outcome.batches.push(batches);
        }
        outcome.wrong += u64::from(wrong);
    }
    outcome
}

/// Samples one clause until it is decided: the decision, and after how many batches.
fn clause_of(index: usize, truth: Truth, size: Size, clause: u64) -> (Decision, u32) {
    let scenario = &SCENARIOS[index];
    let mut series = Series::new(scenario.noise, seed(size, index, truth, clause), size.cap);
    let mut sequence = Sequence::new(ERROR_RATE / CLAUSES as f64, WIDTH);
    for batch in 1..=size.cap {
        let time = (1.0 + scenario.spread * series.next()) / truth.rate();
        let interval = sequence.push(time);
        match interval.map_or(Decision::Undecided, |interval| interval.decide(1.0, WIDTH)) {
            Decision::Undecided => {}
            decision @ (Decision::Pass | Decision::Fail) => return (decision, batch),
        }
    }
    (Decision::Undecided, size.cap)
}

/// The shortest test of a length fixed beforehand that errs no more often than a clause may, with its cut in the middle:
/// found by trying lengths on as many series. It knows the noise, as no real test does. `None` where even the longest does not.
pub fn fixed_length(index: usize, size: Size, longest: u32) -> Option<u32> {
    let scenario = &SCENARIOS[index];
    let lengths: Vec<u32> = std::iter::successors(Some(1u32), |n| Some(n + n.div_ceil(40)))
        .take_while(|n| *n <= longest)
        .collect();
    let allowed = (size.devices as f64 * ERROR_RATE).floor() as u64;
    let wrong = |truth: Truth| {
        let mut wrong = vec![0u64; lengths.len()];
        for clause in 0..size.devices * CLAUSES {
            let mut series = Series::new(scenario.noise, seed(size, index, truth, !clause), size.cap);
            let (mut sum, mut done) = (0.0, 0);
            for (length, wrong) in lengths.iter().zip(&mut wrong) {
                while done < *length {
                    sum += series.next();
                    done += 1;
                }
                let time = (1.0 + scenario.spread * sum / f64::from(done)) / truth.rate();
                let passes = time < (1.0 + 1.0 / (1.0 - WIDTH)) / 2.0;
                *wrong += u64::from(passes == (truth == Truth::Bad));
            }
        }
        wrong
    };
    let wrong = &wrong;
    let [good, bad] = std::thread::scope(|scope| {
        [Truth::Good, Truth::Bad]
            .map(|truth| scope.spawn(move || wrong(truth)))
            .map(|thread| thread.join().unwrap())
    });
    let found = (0..lengths.len()).find(|at| good[*at].max(bad[*at]) <= allowed);
    found.map(|at| lengths[at])
}
