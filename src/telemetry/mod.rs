//! What the machine says about itself while it works: clocks, power, heat, error counters.
//! Owns the trait; must not know probes. Every value is the machine's own word.

mod reading;

pub use reading::{Reading, Throttle};

/// A source of readings for one device.
pub trait Telemetry {
    /// The current reading; a reading never fails. Where a sensor says nothing its field is `None`, and where there is
    /// no source at all there is no reading.
    fn read(&mut self) -> Option<Reading>;
}

/// Telemetry of a device that has none.
pub struct Absent;

impl Telemetry for Absent {
    fn read(&mut self) -> Option<Reading> {
        None
    }
}
