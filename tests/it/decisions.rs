//! Sequential decisions err no more often than is promised, and are early: the study of `benches/decisions.rs` on fewer devices.

#[path = "../../benches/decisions/noise.rs"]
mod noise;
#[path = "../../benches/decisions/study.rs"]
mod study;

use gpu_assay::chance::{Binomial, Count};
use study::{ERROR_RATE, SCENARIOS, Size, Truth, fixed_length, simulate};

const SIZE: Size = Size { devices: 250, cap: 600, seed: 1 };

/// Of devices as good, or as bad, as the promise allows, no more are decided wrongly than chance explains: a right program
/// fails here once in a million times at most.
#[test]
fn errors_are_no_more_frequent_than_promised() {
    let kinds = SCENARIOS.iter().filter(|scenario| scenario.promised).count() * 2;
    for (index, scenario) in SCENARIOS.iter().enumerate().filter(|(_, scenario)| scenario.promised) {
        for truth in [Truth::Good, Truth::Bad] {
            let wrong = simulate(index, truth, SIZE).wrong;
            let chance = Binomial { of: SIZE.devices, share: ERROR_RATE }.at_least(wrong);
            let (name, devices) = (scenario.name, SIZE.devices);
            assert!(chance > 1e-6 / kinds as f64, "{name}, {truth:?}: {wrong} of {devices} wrong");
        }
    }
}

/// Twice what the promise covers, so that the floor under intervals does not hide what batches and their correlation do: taken
/// for independent, such samples mislead every third device.
#[test]
fn samples_that_hang_together_are_not_taken_for_independent() {
    for name in ["autocorrelation 0.9, 2 %", "white noise over a slow wander, 1.5 %"] {
        let index = SCENARIOS.iter().position(|scenario| scenario.name == name).unwrap();
        let wrong = simulate(index, Truth::Good, Size { cap: 2048, ..SIZE }).wrong;
        assert!(wrong * 20 < SIZE.devices, "{name}: {wrong} of {} wrong", SIZE.devices);
    }
}

#[test]
fn a_device_far_from_its_bound_takes_a_fifth_of_a_fixed_time() {
    let fixed = fixed_length(0, Size { devices: 2000, ..SIZE }, 600).unwrap();
    for truth in [Truth::FarAbove, Truth::FarBelow] {
        let far = simulate(0, truth, SIZE);
        assert_eq!((far.wrong, far.clauses_open), (0, 0));
        assert!(far.mean_batches() * 4.5 < f64::from(fixed), "{truth:?}: {} of {fixed}", far.mean_batches());
    }
}

/// What the README says that the promise does not cover: no look that decides sees stalls that are rarer than its samples.
#[test]
fn long_stalls_that_are_rare_pass_unseen() {
    for (index, scenario) in SCENARIOS.iter().enumerate().filter(|(_, s)| s.name.contains("times as long")) {
        let wrong = simulate(index, Truth::Bad, SIZE).wrong;
        assert!(!scenario.promised && wrong * 2 > SIZE.devices, "{}: {wrong} wrong", scenario.name);
    }
}
