//! How warm a simulated card gets and how much power it draws.
//! Owns a first-order thermal model; must not know ops or faults.

use std::collections::VecDeque;

const AMBIENT_C: f64 = 28.0;
/// Rise over ambient at the power limit, once it has settled.
const RISE_C: f64 = 42.0;
/// Time in which 63 % of a step is reached; heat sinks of server cards take about half a minute.
const SETTLING_NS: f64 = 30e9;
/// Share of the power limit that an idle card draws.
const IDLE: f64 = 0.11;

/// Temperature now, and the work that is still to come.
#[derive(Debug)]
pub struct Heat {
    at_ns: u64,
    temperature_c: f64,
    work: VecDeque<Work>,
}

#[derive(Clone, Copy, Debug)]
pub struct Work {
    pub start_ns: u64,
    pub end_ns: u64,
    /// Share of the power limit above idle.
    pub load: f64,
}

impl Heat {
    pub fn cold() -> Self {
        let temperature_c = AMBIENT_C + RISE_C * IDLE;
        Self { at_ns: 0, temperature_c, work: VecDeque::new() }
    }

    /// Adds work that starts no earlier than all work before it ended.
    pub fn add(&mut self, now_ns: u64, work: Work) {
        self.settle(now_ns);
        self.work.push_back(work);
    }

    /// Share of the power limit that is drawn at this time.
    pub fn power_share(&mut self, now_ns: u64) -> f64 {
        self.settle(now_ns);
        let now = self.work.front().filter(|work| work.start_ns <= now_ns);
        IDLE + (1.0 - IDLE) * now.map_or(0.0, |work| work.load)
    }

    pub fn temperature_c(&mut self, now_ns: u64) -> f64 {
        self.settle(now_ns);
        self.temperature_c
    }

    fn settle(&mut self, now_ns: u64) {
        while let Some(work) = self.work.front().copied() {
            self.relax(now_ns.min(work.start_ns), 0.0);
            self.relax(now_ns.min(work.end_ns), work.load);
            if now_ns < work.end_ns {
                return;
            }
            self.work.pop_front();
        }
        self.relax(now_ns, 0.0);
    }

    fn relax(&mut self, until_ns: u64, load: f64) {
        let Some(passed_ns) = until_ns.checked_sub(self.at_ns).filter(|ns| *ns > 0) else { return };
        let target = AMBIENT_C + RISE_C * (IDLE + (1.0 - IDLE) * load);
        let left = libm::exp(-(passed_ns as f64) / SETTLING_NS);
        self.temperature_c = target + (self.temperature_c - target) * left;
        self.at_ns = until_ns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_warms_under_load_and_cools_again() {
        let mut heat = Heat::cold();
        let cold = heat.temperature_c(0);
        heat.add(0, Work { start_ns: 0, end_ns: 300_000_000_000, load: 1.0 });
        assert!(heat.power_share(1) > 0.99);
        let warming = heat.temperature_c(30_000_000_000);
        let hot = heat.temperature_c(299_000_000_000);
        assert!(cold < warming && warming < hot && (69.0..70.1).contains(&hot), "{cold} {warming} {hot}");
        assert!(heat.power_share(301_000_000_000) < 0.2);
        assert!(heat.temperature_c(900_000_000_000) < 33.0);
    }
}
