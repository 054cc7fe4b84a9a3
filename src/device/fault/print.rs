//! A script as it would be written, for tests alone, which show by it that reading loses nothing.
//! Owns how each setting is printed; must not know how it is read.

use std::fmt;

use super::{Script, Setting, When, value};

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.profile)?;
        for setting in &self.settings {
            let (key, value) = setting.text();
            write!(f, ",{key}")?;
            if !value.is_empty() {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

impl When {
    fn text(self) -> String {
        match self {
            When::Hot { from_c } => format!("hot:{from_c}"),
            When::Idle => "idle".to_owned(),
        }
    }
}

impl Setting {
    /// Key and value as they are written; a key without a value has an empty one.
    pub(super) fn text(&self) -> (&'static str, String) {
        use value::{print_bytes as bytes, print_time as time};
        match self {
            Setting::Seed(n) => ("seed", n.to_string()),
            Setting::Index(n) => ("index", n.to_string()),
            Setting::Mem(n) => ("mem", bytes(*n)),
            Setting::Buffer(n) => ("buffer", bytes(*n)),
            Setting::Name(name) => ("name", name.clone()),
            Setting::Uuid(uuid) => ("uuid", uuid.clone()),
            Setting::Units(n) => ("units", n.to_string()),
            Setting::Flip { addr, bit } => ("flip", format!("{}:{bit}", bytes(*addr))),
            Setting::Stuck { addr, bit, at_one } => {
                ("stuck", format!("{}:{bit}={}", bytes(*addr), u8::from(*at_one)))
            }
            Setting::Alias(n) => ("alias", bytes(*n)),
            Setting::Oom(n) => ("oom", bytes(*n)),
            Setting::GemmWrong(n) => ("gemm_wrong", n.to_string()),
            Setting::FmaWrong(n) => ("fma_wrong", n.to_string()),
            Setting::Upset(n) => ("upset", n.to_string()),
            Setting::UpsetWhen(when) => ("upset_when", when.text()),
            Setting::MmaWrong(n) => ("mma_wrong", n.to_string()),
            Setting::CollectiveWrong(n) => ("collective_wrong", n.to_string()),
            Setting::UnitWrong(n) => ("unit_wrong", n.to_string()),
            Setting::Lazy => ("lazy", String::new()),
            Setting::Uncounted => ("uncounted", String::new()),
            Setting::MemoryRate(x) => ("membw", x.to_string()),
            Setting::ComputeRate(x) => ("flops", x.to_string()),
            Setting::Speed(x) => ("speed", x.to_string()),
            Setting::Stolen(x) => ("stolen", x.to_string()),
            Setting::Crowded(x) => ("crowded", x.to_string()),
            Setting::PeerRate { index, share } => ("peer_rate", format!("{index}:{share}")),
            Setting::Throttle { share, from_ns } => ("throttle", format!("{share}@{}", time(*from_ns))),
            Setting::Drift { share, per } => ("drift", format!("{share}/{}", per.name())),
            Setting::ClockLie(x) => ("clocklie", x.to_string()),
            Setting::Timer(x) => ("timer", x.map_or("none".to_owned(), |x| x.to_string())),
            Setting::Noise(x) => ("noise", x.to_string()),
            Setting::LostAtCall(n) => ("lost@call", n.to_string()),
            Setting::LostAtTime(ns) => ("lost@t", time(*ns)),
            Setting::Lost(often) => ("lost", often.name().to_owned()),
            Setting::HangAtCall(n) => ("hang@call", n.to_string()),
            Setting::StallAtCall(n) => ("stall@call", n.to_string()),
            Setting::StallAtPeer(index) => ("stall@peer", index.to_string()),
            Setting::CrashAtCall(n) => ("crash@call", n.to_string()),
            Setting::FailAtCall(n) => ("fail@call", n.to_string()),
            Setting::Fail(often) => ("fail", often.name().to_owned()),
            Setting::Error(injected) => ("error", injected.name().to_owned()),
            Setting::Telemetry(sensors) => ("telemetry", sensors.name().to_owned()),
            Setting::TelemetryName(name) => ("telemetry_name", name.clone()),
            Setting::TelemetryMem(n) => ("telemetry_mem", bytes(*n)),
            Setting::TelemetryUuid(uuid) => ("telemetry_uuid", uuid.clone()),
            Setting::Ecc { count, per } => ("ecc", format!("{count}/{}", per.name())),
            Setting::EccCorrected { count, per } => ("ecc_corrected", format!("{count}/{}", per.name())),
            Setting::Remaps { count, per } => ("remaps", format!("{count}/{}", per.name())),
            Setting::Replays { count, per } => ("replays", format!("{count}/{}", per.name())),
            Setting::RemapPending => ("remap_pending", String::new()),
            Setting::RemapFailure => ("remap_failure", String::new()),
            Setting::Xid { code, from_ns } => ("xid", format!("{code}@{}", time(*from_ns))),
            Setting::No(precision) => ("no", precision.name().to_owned()),
            Setting::Unwritten(precision) => ("unwritten", precision.name().to_owned()),
            Setting::Library => ("library", String::new()),
        }
    }
}
