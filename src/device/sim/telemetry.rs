//! The sensors of a simulated card, and the lies that its script wants them to tell.
//! Owns how a world becomes a reading; must not know ops or probes.

use std::cell::RefCell;
use std::rc::Rc;

use super::World;
use crate::device::Identity;
use crate::device::fault::Sensors;
use crate::telemetry::{Reading, Telemetry, Throttle};

/// Reads the world that the device shares.
pub struct SimTelemetry {
    world: Rc<RefCell<World>>,
    identity: Identity,
    /// The first reading, which frozen sensors repeat.
    first: Option<Reading>,
    readings: u64,
}

impl SimTelemetry {
    pub fn new(world: Rc<RefCell<World>>, identity: Identity) -> Self {
        Self { world, identity, first: None, readings: 0 }
    }

    fn now(&self) -> Reading {
        let mut world = self.world.borrow_mut();
        let now_ns = world.now_ns();
        let passed_s = now_ns as f64 / 1e9;
        let xid = world.behaviour.xid.filter(|(_, from_ns)| now_ns >= *from_ns);
        let lies = &world.behaviour;
        Reading {
            name: lies.telemetry_name.clone().or_else(|| Some(self.identity.name.clone())),
            uuid: lies.telemetry_uuid.clone().or_else(|| self.identity.uuid.clone()),
            memory_bytes: lies.telemetry_bytes.or(self.identity.memory_bytes),
            ecc_uncorrected: Some((lies.ecc_per_s * passed_s) as u64),
            ecc_corrected: Some((lies.ecc_corrected_per_s * passed_s) as u64),
            remapped_rows_corrected: Some(0),
            remapped_rows_uncorrected: Some((lies.remaps_per_s * passed_s) as u32),
            remapped_rows_pending: Some(u32::from(lies.remap_pending)),
            remapped_rows_failed: Some(u32::from(lies.remap_failure)),
            pcie_replays: Some((lies.replays_per_s * passed_s) as u64),
            xid: Some(u64::from(xid.is_some())),
            xid_codes: Some(xid.iter().map(|(code, _)| (*code, 1)).collect()),
            throttle: Some(if world.is_throttled() { vec![Throttle::Thermal] } else { Vec::new() }),
            clock_mhz: Some(world.clock_mhz()),
            power_mw: Some(world.power_mw()),
            power_limit_mw: Some(world.card.power_w * 1000),
            temperature_c: Some(world.temperature_c()),
            pcie_generation: Some(world.pcie_generation()),
            pcie_width: Some(16),
            ..Reading::default()
        }
    }
}

impl Telemetry for SimTelemetry {
    fn read(&mut self) -> Option<Reading> {
        let sensors = self.world.borrow().behaviour.sensors;
        self.readings += 1;
        match sensors {
            None => Some(self.now()),
            Some(Sensors::Absent) => None,
            Some(Sensors::Failing) if self.readings.is_multiple_of(2) => Some(Reading::default()),
            Some(Sensors::Failing) => Some(self.now()),
            Some(Sensors::Frozen) => {
                let now = self.now();
                Some(self.first.get_or_insert(now).clone())
            }
        }
    }
}
