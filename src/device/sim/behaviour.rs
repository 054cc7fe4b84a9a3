//! A fault script as the world acts on it: every setting resolved, checked against the card it is meant for.
//! Owns the meaning of keys; must not know how anything is measured or timed.

use super::exec::Wrong;
use super::profiles::Profile;
use crate::device::DeviceError;
use crate::device::fault::{Injected, Often, Per, Script, Sensors, Setting, When};
use crate::device::op::Precision;

/// How one card behaves. Shares are multiples of what an honest card does.
#[derive(Clone, Debug)]
pub struct Behaviour {
    pub seed: u64,
    pub index: u64,
    pub memory_bytes: u64,
    pub buffer_bytes_max: u64,
    pub name: Option<String>,
    pub uuid: Option<String>,
    pub units: u32,
    pub flips: Vec<(u64, u8)>,
    pub stuck: Vec<(u64, u8, bool)>,
    pub real_bytes: u64,
    pub oom_bytes: u64,
    pub wrong: Wrong,
    /// One element of products in so many is wrong.
    pub upset: Option<u64>,
    pub upset_when: Option<When>,
    pub lazy: bool,
    pub uncounted: bool,
    pub memory_rate: f64,
    pub compute_rate: f64,
    pub speed: f64,
    /// Share of all time that another tenant has.
    pub stolen: f64,
    /// Share of all time in which another tenant takes half of the memory's bandwidth.
    pub crowded: f64,
    /// Copies from the card of this index come at this share of the rate.
    pub peer_rates: Vec<(u64, f64)>,
    pub throttle: Option<(f64, u64)>,
    /// Share of speed lost per second.
    pub drift_per_s: f64,
    pub clock_lie: f64,
    /// Speed of the device's clock; `None` where it has none.
    pub timer: Option<f64>,
    pub noise: f64,
    pub lost: Trigger,
    pub lost_at_ns: Option<u64>,
    pub hang_at_call: Option<u64>,
    pub stall_at_call: Option<u64>,
    /// Copies from cards of these indices never end.
    pub stall_at_peers: Vec<u64>,
    pub crash_at_call: Option<u64>,
    pub fail: Trigger,
    pub error: Injected,
    pub sensors: Option<Sensors>,
    pub telemetry_name: Option<String>,
    pub telemetry_bytes: Option<u64>,
    pub telemetry_uuid: Option<String>,
    pub ecc_per_s: f64,
    pub ecc_corrected_per_s: f64,
    pub remaps_per_s: f64,
    pub replays_per_s: f64,
    pub remap_pending: bool,
    pub remap_failure: bool,
    /// The code, and when it comes.
    pub xid: Option<(u64, u64)>,
    pub cannot: Vec<Precision>,
    pub unwritten: Vec<Precision>,
    /// Whether the vendor's library of products is there.
    pub library: bool,
}

/// Something that happens at a device call.
#[derive(Clone, Copy, Debug)]
pub struct Trigger {
    /// Counted from 1.
    pub call: Option<u64>,
    pub often: Often,
}

impl Trigger {
    pub fn fires(&self, call: u64) -> bool {
        self.call.is_some_and(|at| match self.often {
            Often::Once => call == at,
            Often::Forever => call >= at,
        })
    }
}

/// An honest card still varies a little.
const NOISE: f64 = 0.003;

/// Wrapping more often than this would make a card of nothing but seams.
const WRAPS_MAX: u64 = 4096;

impl Behaviour {
    pub fn honest(card: &Profile) -> Self {
        Self {
            seed: 0,
            index: 0,
            memory_bytes: card.memory_bytes,
            buffer_bytes_max: card.buffer_bytes_max,
            name: None,
            uuid: None,
            units: card.units,
            flips: Vec::new(),
            stuck: Vec::new(),
            real_bytes: u64::MAX,
            oom_bytes: u64::MAX,
            wrong: Wrong::default(),
            upset: None,
            upset_when: None,
            lazy: false,
            uncounted: false,
            memory_rate: 1.0,
            compute_rate: 1.0,
            speed: 1.0,
            stolen: 0.0,
            crowded: 0.0,
            peer_rates: Vec::new(),
            throttle: None,
            drift_per_s: 0.0,
            clock_lie: 1.0,
            timer: Some(1.0),
            noise: NOISE,
            lost: Trigger { call: None, often: Often::Forever },
            lost_at_ns: None,
            hang_at_call: None,
            stall_at_call: None,
            stall_at_peers: Vec::new(),
            crash_at_call: None,
            fail: Trigger { call: None, often: Often::Once },
            error: Injected::Validation,
            sensors: None,
            telemetry_name: None,
            telemetry_bytes: None,
            telemetry_uuid: None,
            ecc_per_s: 0.0,
            ecc_corrected_per_s: 0.0,
            remaps_per_s: 0.0,
            replays_per_s: 0.0,
            remap_pending: false,
            remap_failure: false,
            xid: None,
            cannot: Vec::new(),
            unwritten: Vec::new(),
            library: false,
        }
    }

    /// `Err` says which setting does not fit the card, and what would.
    pub fn of(card: &Profile, script: &Script) -> Result<Self, String> {
        let mut behaviour = Self::honest(card);
        for setting in &script.settings {
            behaviour.apply(setting);
        }
        behaviour.checked(card)
    }

    fn apply(&mut self, setting: &Setting) {
        let per_s = |amount: f64, per: Per| amount / per.seconds();
        match setting.clone() {
            Setting::Seed(seed) => self.seed = seed,
            Setting::Index(index) => self.index = index,
            Setting::Mem(bytes) => self.memory_bytes = bytes,
            Setting::Buffer(bytes) => self.buffer_bytes_max = bytes,
            Setting::Name(name) => self.name = Some(name),
            Setting::Uuid(uuid) => self.uuid = Some(uuid),
            Setting::Units(units) => self.units = u32::try_from(units).unwrap_or(u32::MAX),
            Setting::Flip { addr, bit } => self.flips.push((addr, bit)),
            Setting::Stuck { addr, bit, at_one } => self.stuck.push((addr, bit, at_one)),
            Setting::Alias(bytes) => self.real_bytes = bytes,
            Setting::Oom(bytes) => self.oom_bytes = bytes,
            Setting::GemmWrong(element) => self.wrong.gemm_element = Some(element),
            Setting::MmaWrong(result) => self.wrong.mma_result = Some(result),
            Setting::CollectiveWrong(element) => self.wrong.collective_element = Some(element),
            Setting::FmaWrong(lane) => self.wrong.fma_lane = Some(lane),
            Setting::UnitWrong(unit) => self.wrong.unit = Some(unit),
            Setting::Upset(elements) => self.upset = Some(elements),
            Setting::UpsetWhen(when) => self.upset_when = Some(when),
            Setting::Lazy => self.lazy = true,
            Setting::Uncounted => self.uncounted = true,
            Setting::MemoryRate(share) => self.memory_rate = share,
            Setting::ComputeRate(share) => self.compute_rate = share,
            Setting::Speed(share) => self.speed = share,
            Setting::Stolen(share) => self.stolen = share,
            Setting::Crowded(share) => self.crowded = share,
            Setting::PeerRate { index, share } => self.peer_rates.push((index, share)),
            Setting::Throttle { share, from_ns } => self.throttle = Some((share, from_ns)),
            Setting::Drift { share, per } => self.drift_per_s = per_s(share, per),
            Setting::ClockLie(share) => self.clock_lie = share,
            Setting::Timer(timer) => self.timer = timer,
            Setting::Noise(noise) => self.noise = noise,
            Setting::LostAtCall(call) => self.lost.call = Some(call),
            Setting::LostAtTime(ns) => self.lost_at_ns = Some(ns),
            Setting::Lost(often) => self.lost.often = often,
            Setting::HangAtCall(call) => self.hang_at_call = Some(call),
            Setting::StallAtCall(call) => self.stall_at_call = Some(call),
            Setting::StallAtPeer(index) => self.stall_at_peers.push(index),
            Setting::CrashAtCall(call) => self.crash_at_call = Some(call),
            Setting::FailAtCall(call) => self.fail.call = Some(call),
            Setting::Fail(often) => self.fail.often = often,
            Setting::Error(error) => self.error = error,
            Setting::Telemetry(sensors) => self.sensors = Some(sensors),
            Setting::TelemetryName(name) => self.telemetry_name = Some(name),
            Setting::TelemetryMem(bytes) => self.telemetry_bytes = Some(bytes),
            Setting::TelemetryUuid(uuid) => self.telemetry_uuid = Some(uuid),
            Setting::Ecc { count, per } => self.ecc_per_s = per_s(count, per),
            Setting::EccCorrected { count, per } => self.ecc_corrected_per_s = per_s(count, per),
            Setting::Remaps { count, per } => self.remaps_per_s = per_s(count, per),
            Setting::Replays { count, per } => self.replays_per_s = per_s(count, per),
            Setting::RemapPending => self.remap_pending = true,
            Setting::RemapFailure => self.remap_failure = true,
            // The code is for the reader of the script: readings count events.
            Setting::Xid { code, from_ns } => self.xid = Some((code, from_ns)),
            Setting::No(precision) => self.cannot.push(precision),
            Setting::Unwritten(precision) => self.unwritten.push(precision),
            Setting::Library => self.library = true,
        }
    }

    fn checked(mut self, card: &Profile) -> Result<Self, String> {
        if self.memory_bytes < 4096 {
            return Err(format!("mem is {} bytes; write for example mem=80GB", self.memory_bytes));
        }
        self.memory_bytes -= self.memory_bytes % 4;
        self.real_bytes = (self.real_bytes - self.real_bytes % 4).min(self.memory_bytes);
        if self.real_bytes < self.memory_bytes.div_ceil(WRAPS_MAX) {
            return Err(format!(
                "alias is less than 1/{WRAPS_MAX} of the memory; write for example alias=40GB"
            ));
        }
        self.buffer_bytes_max = (self.buffer_bytes_max - self.buffer_bytes_max % 4).min(self.memory_bytes);
        if self.buffer_bytes_max < 1024 {
            return Err("buffer is less than 1 kB; write for example buffer=2GB".to_owned());
        }
        self.wrong.units = self.units.into();
        if let Some(unit) = self.wrong.unit.filter(|unit| *unit >= self.wrong.units) {
            let units = self.units;
            return Err(format!("there is no unit {unit} of {units}; write for example unit_wrong=0"));
        }
        let places = self.flips.iter().map(|f| f.0).chain(self.stuck.iter().map(|s| s.0));
        match places.max() {
            Some(addr) if addr >= self.memory_bytes => Err(format!(
                "byte {addr} lies beyond the {} bytes of {}; choose a smaller address",
                self.memory_bytes, card.key
            )),
            Some(_) | None => Ok(self),
        }
    }

    /// The error that `fail@call` brings about.
    pub fn injected(&self, wait_limit_ms: u64) -> DeviceError {
        let why = "injected by the script".to_owned();
        match self.error {
            Injected::Lost => DeviceError::Lost { why },
            Injected::OutOfMemory => DeviceError::OutOfMemory { bytes: 0 },
            Injected::Validation => DeviceError::Validation { why },
            Injected::Hang => DeviceError::Hang { after_ms: wait_limit_ms },
            Injected::Crash => DeviceError::Crash { why },
        }
    }
}
