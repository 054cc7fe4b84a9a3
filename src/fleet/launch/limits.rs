//! How long a run may take, and all tries of it together.

use std::time::Duration;

use crate::engine::Profile;

/// For sealing what there is, from the word to stop until the end by force.
pub const GRACE: Duration = Duration::from_secs(45);

/// Between two tries: what schedulers take for it.
const PAUSE: Duration = Duration::from_secs(180);
/// For nodes that are busy or being repaired.
const WAIT: Duration = Duration::from_secs(3600);

const MINUTE: Duration = Duration::from_secs(60);

/// What was asked of a run.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub profile: Profile,
    /// In place of the profile's.
    pub soak: Option<Duration>,
    /// Of each case, in place of the profile's.
    pub sample: Option<Duration>,
    /// Devices that are measured one after the other.
    pub turns: u32,
}

/// When a run has taken too long: several times what healthy devices take, since sequential clauses sample eight times as
/// long where they cannot decide. Only what hangs should ever be stopped.
pub fn run(asked: &Asked) -> Duration {
    let Asked { profile, soak, sample, turns } = *asked;
    let measuring = match profile {
        Profile::Quick => 15 * MINUTE,
        Profile::Standard | Profile::Acceptance => 60 * MINUTE,
    };
    let usual = Duration::from_millis(profile.sample_ms());
    let longer = sample.map_or(1.0, |sample| sample.as_secs_f64() / usual.as_secs_f64()).clamp(1.0, 1e6);
    let soak = soak.unwrap_or(Duration::from_millis(profile.sustain_ms()));
    let seconds = measuring.as_secs_f64() * longer + soak.as_secs_f64();
    // Longer nobody waits, and what is added to it still fits.
    Duration::from_secs((seconds * f64::from(turns.max(1))).ceil().min(1e12) as u64)
}

/// When a launch gives up on a node, where `one` try takes so long at most.
pub fn whole(one: Duration, retries: u32) -> Duration {
    (one.saturating_add(PAUSE)).saturating_mul(retries.saturating_add(1)).saturating_add(WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_grow_with_what_is_asked() {
        let asked = Asked { profile: Profile::Quick, soak: None, sample: None, turns: 1 };
        assert_eq!(run(&asked), 15 * MINUTE);
        assert_eq!(run(&Asked { profile: Profile::Acceptance, ..asked }), 67 * MINUTE);
        let day = Duration::from_secs(86_400);
        assert_eq!(run(&Asked { soak: Some(day), ..asked }), day + 15 * MINUTE);
        assert_eq!(run(&Asked { sample: Some(Duration::from_millis(600)), ..asked }), 30 * MINUTE);
        assert_eq!(run(&Asked { sample: Some(Duration::from_millis(1)), ..asked }), 15 * MINUTE);
        assert_eq!(run(&Asked { turns: 8, ..asked }), 120 * MINUTE);
        assert_eq!(whole(day, 1), 2 * (day + PAUSE) + WAIT);
        assert!(whole(Duration::MAX, u32::MAX) == Duration::MAX);
    }
}
