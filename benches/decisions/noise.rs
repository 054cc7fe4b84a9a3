//! What the times of equal batches may look like, seeded.
//! Owns the series of the study and the number that each of them is really true of; must not know how they are judged.

use gpu_assay::device::draw::derived;

/// Uniform and normal numbers.
struct Chance {
    seed: u64,
    drawn: u64,
    /// Normal numbers come in pairs.
    second: Option<f64>,
}

impl Chance {
    fn uniform(&mut self) -> f64 {
        self.drawn += 1;
        ((derived(self.seed, self.drawn) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        if let Some(second) = self.second.take() {
            return second;
        }
        let (length, turn) =
            ((-2.0 * libm::log(self.uniform())).sqrt(), std::f64::consts::TAU * self.uniform());
        self.second = Some(length * libm::sin(turn));
        length * libm::cos(turn)
    }

    fn happens(&mut self, chance: f64) -> bool {
        self.uniform() < chance
    }
}

/// How times spread around their mean.
#[derive(Clone, Copy)]
pub enum Noise {
    White,
    /// Autoregressive of first order.
    Wandering(f64),
    /// Seven parts of white noise to three of a slow wander, by variance: what hangs together hides.
    WhiteAndSlow,
    /// Two clocks; the mean number of batches on one of them.
    Toggling(f64),
    Lognormal,
    /// Student's t with three degrees of freedom, and a twentieth of the batches ten spreads slower.
    Outliers,
    /// One batch in so many takes so many spreads longer.
    Hiccups(f64, f64),
    /// The mean drifts up by so many spreads over the horizon.
    Drift(f64),
    /// From this batch on, times are so many spreads longer.
    Throttling(u32, f64),
}

/// One series: mean 0 over the horizon, spread 1 (of what is not drift, step or hiccup).
pub struct Series {
    noise: Noise,
    chance: Chance,
    state: f64,
    at: u32,
    horizon: u32,
}

impl Series {
    pub fn new(noise: Noise, seed: u64, horizon: u32) -> Self {
        let mut chance = Chance { seed, drawn: 0, second: None };
        let state = match noise {
            Noise::Toggling(_) if chance.happens(0.5) => 1.0,
            Noise::Toggling(_) => -1.0,
            Noise::White
            | Noise::Wandering(_)
            | Noise::WhiteAndSlow
            | Noise::Lognormal
            | Noise::Outliers
            | Noise::Hiccups(..)
            | Noise::Drift(_)
            | Noise::Throttling(..) => chance.normal(),
        };
        Self { noise, chance, state, at: 0, horizon }
    }

    fn wander(&mut self, memory: f64) -> f64 {
        let now = self.state;
        self.state = memory * now + (1.0 - memory * memory).sqrt() * self.chance.normal();
        now
    }

    /// Time that is lost in a fixed way, less its mean over the horizon.
    fn trend(&self) -> f64 {
        let horizon = f64::from(self.horizon);
        match self.noise {
            Noise::Drift(rise) => rise * (f64::from(self.at) / horizon - 0.5),
            Noise::Throttling(from, step) => {
                let share = 1.0 - f64::from(from) / horizon;
                if self.at < from { -step * share } else { step * (1.0 - share) }
            }
            Noise::White
            | Noise::Wandering(_)
            | Noise::WhiteAndSlow
            | Noise::Toggling(_)
            | Noise::Lognormal
            | Noise::Outliers
            | Noise::Hiccups(..) => 0.0,
        }
    }

    pub fn next(&mut self) -> f64 {
        let trend = self.trend();
        self.at += 1;
        trend
            + match self.noise {
                Noise::White | Noise::Drift(_) | Noise::Throttling(..) => self.chance.normal(),
                Noise::Wandering(memory) => self.wander(memory),
                Noise::WhiteAndSlow => {
                    0.7f64.sqrt() * self.chance.normal() + 0.3f64.sqrt() * self.wander(0.95)
                }
                Noise::Toggling(batches) => {
                    if self.chance.happens(1.0 / batches) {
                        self.state = -self.state;
                    }
                    0.95 * self.state + (1.0 - 0.95f64 * 0.95).sqrt() * self.chance.normal()
                }
                Noise::Lognormal => {
                    let (mean, square) = (libm::exp(0.5), libm::exp(2.0));
                    (libm::exp(self.chance.normal()) - mean) / (square - mean * mean).sqrt()
                }
                Noise::Outliers => self.outliers(),
                Noise::Hiccups(one_in, length) => {
                    let hiccup = if self.chance.happens(1.0 / one_in) { length } else { 0.0 };
                    self.chance.normal() + hiccup - length / one_in
                }
            }
    }

    fn outliers(&mut self) -> f64 {
        let squares: f64 = (0..3).map(|_| self.chance.normal().powi(2)).sum();
        let heavy = self.chance.normal() / squares.sqrt();
        let outlier = if self.chance.happens(0.05) { 10.0 } else { 0.0 };
        // Variances: 1 of the heavy-tailed part, 100 * 0.05 * 0.95 of the outliers.
        (heavy + outlier - 0.5) / 5.75f64.sqrt()
    }
}
