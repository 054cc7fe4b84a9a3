//! The fault script of simulated devices: `sim:<profile>[,key=value]...`, what each key means, and the parser.
//! Owns the grammar and its table; must not know how any fault is carried out.

#[cfg(test)]
mod print;
mod value;

use super::op::Precision;
use crate::language::{Language, say};
use crate::nearest::nearest;
pub use value::{Often, Per};

/// What stands after `sim:`, checked for form.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    pub profile: String,
    pub settings: Vec<Setting>,
}

/// One `key=value` of a script. The keys and their meaning stand in [`FAULTS`].
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    Seed(u64),
    Index(u64),
    Mem(u64),
    Buffer(u64),
    Name(String),
    Uuid(String),
    Units(u64),
    Flip { addr: u64, bit: u8 },
    Stuck { addr: u64, bit: u8, at_one: bool },
    Alias(u64),
    Oom(u64),
    GemmWrong(u64),
    FmaWrong(u64),
    Upset(u64),
    UpsetWhen(When),
    MmaWrong(u64),
    CollectiveWrong(u64),
    UnitWrong(u64),
    MemoryRate(f64),
    ComputeRate(f64),
    Speed(f64),
    Stolen(f64),
    Crowded(f64),
    PeerRate { index: u64, share: f64 },
    Throttle { share: f64, from_ns: u64 },
    Drift { share: f64, per: Per },
    ClockLie(f64),
    Timer(Option<f64>),
    Noise(f64),
    LostAtCall(u64),
    LostAtTime(u64),
    Lost(Often),
    HangAtCall(u64),
    StallAtCall(u64),
    StallAtPeer(u64),
    CrashAtCall(u64),
    FailAtCall(u64),
    Fail(Often),
    Error(Injected),
    Lazy,
    Uncounted,
    Telemetry(Sensors),
    TelemetryName(String),
    TelemetryMem(u64),
    TelemetryUuid(String),
    Ecc { count: f64, per: Per },
    EccCorrected { count: f64, per: Per },
    Remaps { count: f64, per: Per },
    Replays { count: f64, per: Per },
    RemapPending,
    RemapFailure,
    Xid { code: u64, from_ns: u64 },
    No(Precision),
    Unwritten(Precision),
    Library,
}

/// Which error `fail@call` brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Injected {
    Lost,
    OutOfMemory,
    Validation,
    Hang,
    Crash,
}

/// When products come out wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At this temperature and above.
    Hot { from_c: u64 },
    /// In the first product after the card had nothing to do.
    Idle,
}

/// What is wrong with the telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensors {
    Absent,
    Frozen,
    Failing,
}

/// One row of the table of keys.
pub struct Fault {
    pub key: &'static str,
    /// A well-formed part of a script; the key alone where it takes no value.
    pub example: &'static str,
    about: fn(Language) -> String,
    repeatable: bool,
    read: fn(&str) -> Result<Setting, String>,
}

impl Fault {
    /// What it makes of a card, in one line.
    pub fn about(&self, language: Language) -> String {
        (self.about)(language)
    }
}

const fn fault(
    key: &'static str,
    example: &'static str,
    read: fn(&str) -> Result<Setting, String>,
    about: fn(Language) -> String,
) -> Fault {
    Fault { key, example, about, repeatable: false, read }
}

const fn each(fault: Fault) -> Fault {
    Fault { repeatable: true, ..fault }
}

/// Every key a script may use, in the order in which help shows them.
#[rustfmt::skip]
pub const FAULTS: &[Fault] = &[
    // The card.
    fault("seed", "seed=7", |v| value::whole(v, 0, u64::MAX).map(Setting::Seed),
        |l| say!(l, "fault-seed")),
    fault("index", "index=1", |v| value::whole(v, 0, 255).map(Setting::Index),
        |l| say!(l, "fault-index")),
    fault("mem", "mem=80GB", |v| value::bytes(v).map(Setting::Mem),
        |l| say!(l, "fault-mem")),
    fault("buffer", "buffer=2GB", |v| value::bytes(v).map(Setting::Buffer),
        |l| say!(l, "fault-buffer")),
    fault("name", "name=NVIDIA H200", |v| value::text(v).map(Setting::Name),
        |l| say!(l, "fault-name")),
    fault("uuid", "uuid=00112233445566778899aabbccddeeff", |v| value::uuid(v).map(Setting::Uuid),
        |l| say!(l, "fault-uuid")),
    fault("units", "units=114", |v| value::whole(v, 1, 100_000).map(Setting::Units),
        |l| say!(l, "fault-units")),
    // Memory.
    each(fault("flip", "flip=41GB:17", |v| value::bit(v).map(|(addr, bit)| Setting::Flip { addr, bit }),
        |l| say!(l, "fault-flip"))),
    each(fault("stuck", "stuck=3GB:5=0", |v| value::stuck(v).map(|(addr, bit, at_one)| Setting::Stuck { addr, bit, at_one }),
        |l| say!(l, "fault-stuck"))),
    fault("alias", "alias=40GB", |v| value::bytes(v).map(Setting::Alias),
        |l| say!(l, "fault-alias")),
    fault("oom", "oom=60GB", |v| value::bytes(v).map(Setting::Oom),
        |l| say!(l, "fault-oom")),
    // Results.
    fault("gemm_wrong", "gemm_wrong=17", |v| value::whole(v, 0, u64::MAX).map(Setting::GemmWrong),
        |l| say!(l, "fault-gemm-wrong")),
    fault("fma_wrong", "fma_wrong=5", |v| value::whole(v, 0, u64::MAX).map(Setting::FmaWrong),
        |l| say!(l, "fault-fma-wrong")),
    fault("upset", "upset=1000000000", |v| value::whole(v, 1, u64::MAX).map(Setting::Upset),
        |l| say!(l, "fault-upset")),
    fault("upset_when", "upset_when=hot:65", |v| value::when(v).map(Setting::UpsetWhen),
        |l| say!(l, "fault-upset-when")),
    fault("mma_wrong", "mma_wrong=9", |v| value::whole(v, 0, u64::MAX).map(Setting::MmaWrong),
        |l| say!(l, "fault-mma-wrong")),
    fault("collective_wrong", "collective_wrong=3", |v| value::whole(v, 0, u64::MAX).map(Setting::CollectiveWrong),
        |l| say!(l, "fault-collective-wrong")),
    fault("unit_wrong", "unit_wrong=3", |v| value::whole(v, 0, u64::MAX).map(Setting::UnitWrong),
        |l| say!(l, "fault-unit-wrong")),
    fault("lazy", "lazy", |v| value::nothing(v).map(|()| Setting::Lazy),
        |l| say!(l, "fault-lazy")),
    fault("uncounted", "uncounted", |v| value::nothing(v).map(|()| Setting::Uncounted),
        |l| say!(l, "fault-uncounted")),
    // Speed and clocks.
    fault("membw", "membw=0.5", |v| value::share(v).map(Setting::MemoryRate),
        |l| say!(l, "fault-membw")),
    fault("flops", "flops=0.5", |v| value::share(v).map(Setting::ComputeRate),
        |l| say!(l, "fault-flops")),
    fault("speed", "speed=3.0", |v| value::share(v).map(Setting::Speed),
        |l| say!(l, "fault-speed")),
    fault("stolen", "stolen=0.2", |v| value::number(v, 0.0, 0.9).map(Setting::Stolen),
        |l| say!(l, "fault-stolen")),
    fault("crowded", "crowded=0.3", |v| value::number(v, 0.0, 1.0).map(Setting::Crowded),
        |l| say!(l, "fault-crowded")),
    each(fault("peer_rate", "peer_rate=1:0.5", |v| value::peer_share(v).map(|(index, share)| Setting::PeerRate { index, share }),
        |l| say!(l, "fault-peer-rate"))),
    fault("throttle", "throttle=0.7@20s", |v| value::share_from(v).map(|(share, from_ns)| Setting::Throttle { share, from_ns }),
        |l| say!(l, "fault-throttle")),
    fault("drift", "drift=0.03/min", |v| value::rate(v).map(|(share, per)| Setting::Drift { share, per }),
        |l| say!(l, "fault-drift")),
    fault("clocklie", "clocklie=0.6", |v| value::share(v).map(Setting::ClockLie),
        |l| say!(l, "fault-clocklie")),
    fault("timer", "timer=0.8", |v| value::timer(v).map(Setting::Timer),
        |l| say!(l, "fault-timer")),
    fault("noise", "noise=0.01", |v| value::number(v, 0.0, 0.5).map(Setting::Noise),
        |l| say!(l, "fault-noise")),
    // Loss.
    fault("lost@call", "lost@call=412", |v| value::call(v).map(Setting::LostAtCall),
        |l| say!(l, "fault-lost-at-call")),
    fault("lost@t", "lost@t=5s", |v| value::time(v).map(Setting::LostAtTime),
        |l| say!(l, "fault-lost-at-t")),
    fault("lost", "lost=once", |v| value::often(v).map(Setting::Lost),
        |l| say!(l, "fault-lost")),
    fault("hang@call", "hang@call=20", |v| value::call(v).map(Setting::HangAtCall),
        |l| say!(l, "fault-hang-at-call")),
    fault("stall@call", "stall@call=20", |v| value::call(v).map(Setting::StallAtCall),
        |l| say!(l, "fault-stall-at-call")),
    each(fault("stall@peer", "stall@peer=1", |v| value::whole(v, 0, 255).map(Setting::StallAtPeer),
        |l| say!(l, "fault-stall-at-peer"))),
    fault("crash@call", "crash@call=20", |v| value::call(v).map(Setting::CrashAtCall),
        |l| say!(l, "fault-crash-at-call")),
    fault("fail@call", "fail@call=9", |v| value::call(v).map(Setting::FailAtCall),
        |l| say!(l, "fault-fail-at-call")),
    fault("fail", "fail=forever", |v| value::often(v).map(Setting::Fail),
        |l| say!(l, "fault-fail")),
    fault("error", "error=lost", |v| value::injected(v).map(Setting::Error),
        |l| say!(l, "fault-error")),
    // Telemetry.
    fault("telemetry", "telemetry=frozen", |v| value::sensors(v).map(Setting::Telemetry),
        |l| say!(l, "fault-telemetry")),
    fault("telemetry_name", "telemetry_name=NVIDIA A100", |v| value::text(v).map(Setting::TelemetryName),
        |l| say!(l, "fault-telemetry-name")),
    fault("telemetry_mem", "telemetry_mem=40GB", |v| value::bytes(v).map(Setting::TelemetryMem),
        |l| say!(l, "fault-telemetry-mem")),
    fault("telemetry_uuid", "telemetry_uuid=00112233445566778899aabbccddeeff", |v| value::uuid(v).map(Setting::TelemetryUuid),
        |l| say!(l, "fault-telemetry-uuid")),
    fault("ecc", "ecc=3/min", |v| value::rate(v).map(|(count, per)| Setting::Ecc { count, per }),
        |l| say!(l, "fault-ecc")),
    fault("ecc_corrected", "ecc_corrected=3/min", |v| value::rate(v).map(|(count, per)| Setting::EccCorrected { count, per }),
        |l| say!(l, "fault-ecc-corrected")),
    fault("remaps", "remaps=3/min", |v| value::rate(v).map(|(count, per)| Setting::Remaps { count, per }),
        |l| say!(l, "fault-remaps")),
    fault("replays", "replays=3/min", |v| value::rate(v).map(|(count, per)| Setting::Replays { count, per }),
        |l| say!(l, "fault-replays")),
    fault("xid", "xid=79@10s", |v| value::xid(v).map(|(code, from_ns)| Setting::Xid { code, from_ns }),
        |l| say!(l, "fault-xid")),
    fault("remap_pending", "remap_pending", |v| value::nothing(v).map(|()| Setting::RemapPending),
        |l| say!(l, "fault-remap-pending")),
    fault("remap_failure", "remap_failure", |v| value::nothing(v).map(|()| Setting::RemapFailure),
        |l| say!(l, "fault-remap-failure")),
    // Abilities.
    each(fault("no", "no=fp64", |v| value::precision(v).map(Setting::No),
        |l| say!(l, "fault-no"))),
    each(fault("unwritten", "unwritten=fp16", |v| value::precision(v).map(Setting::Unwritten),
        |l| say!(l, "fault-unwritten"))),
    fault("library", "library", |v| value::nothing(v).map(|()| Setting::Library),
        |l| say!(l, "fault-library")),
];

/// Why a script is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("part {part}, at character {at} ({text:?}): {why}")]
pub struct ScriptError {
    /// Counted from 1, between commas; the profile is part 1.
    pub part: usize,
    /// Characters counted from 1, from the start of the selector, `sim:` included.
    pub at: usize,
    /// The part, cut to a readable length.
    pub text: String,
    pub why: String,
}

/// Longest script in bytes, most parts, longest word: enough for any honest use, little enough for any message.
const SCRIPT_BYTES_MAX: usize = 4096;
const PARTS_MAX: usize = 128;
const PROFILE_BYTES_MAX: usize = 32;

impl Script {
    /// Reads what stands after `sim:`.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let mut at = "sim:".len() + 1;
        let (mut settings, mut keys): (Vec<Setting>, Vec<&str>) = (Vec::new(), Vec::new());
        let mut profile = None;
        if text.len() > SCRIPT_BYTES_MAX {
            let why = format!("a script has at most {SCRIPT_BYTES_MAX} bytes, this one has {}", text.len());
            return Err(ScriptError { part: 1, at, text: cut(text), why });
        }
        for (index, part) in text.split(',').enumerate() {
            let wrong = |why: String| ScriptError { part: index + 1, at, text: cut(part), why };
            if index == 0 {
                profile = Some(read_profile(part).map_err(wrong)?);
            } else if index > PARTS_MAX {
                return Err(wrong(format!("a script has at most {PARTS_MAX} settings")));
            } else {
                let (row, setting) = read_setting(part).map_err(wrong)?;
                let before = keys.iter().position(|key| *key == row.key);
                if let (Some(before), false) = (before, row.repeatable) {
                    let why = format!("{} stands already in part {}; keep one", row.key, before + 2);
                    return Err(wrong(why));
                }
                settings.push(setting);
                keys.push(row.key);
            }
            at += part.chars().count() + 1;
        }
        Ok(Self { profile: profile.unwrap_or_default(), settings })
    }
}

fn read_profile(part: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if part.is_empty() {
        Err("a card's profile must come first; write for example sim:h200".to_owned())
    } else if part.len() > PROFILE_BYTES_MAX || !part.chars().all(plain) {
        Err("a profile is written in lower-case letters, digits, - and _; write for example sim:h200"
            .to_owned())
    } else {
        Ok(part.to_owned())
    }
}

fn read_setting(part: &str) -> Result<(&'static Fault, Setting), String> {
    let (key, value) = part.split_once('=').unwrap_or((part, ""));
    let Some(row) = FAULTS.iter().find(|row| row.key == key) else {
        let meant = nearest(key, FAULTS.iter().map(|row| row.key));
        let hint = meant.map_or(String::new(), |name| format!(", did you mean {name:?}"));
        return Err(format!("there is no key {:?}{hint}; `assay list --simulated` shows all", cut(key)));
    };
    let setting = (row.read)(value).map_err(|why| format!("{why}; write for example {}", row.example))?;
    Ok((row, setting))
}

/// The first characters of user input, for a message.
fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

impl Injected {
    const ALL: [Injected; 5] =
        [Injected::Lost, Injected::OutOfMemory, Injected::Validation, Injected::Hang, Injected::Crash];

    fn name(self) -> &'static str {
        match self {
            Injected::Lost => "lost",
            Injected::OutOfMemory => "memory",
            Injected::Validation => "validation",
            Injected::Hang => "hang",
            Injected::Crash => "crash",
        }
    }
}

impl Sensors {
    const ALL: [Sensors; 3] = [Sensors::Absent, Sensors::Frozen, Sensors::Failing];

    fn name(self) -> &'static str {
        match self {
            Sensors::Absent => "none",
            Sensors::Frozen => "frozen",
            Sensors::Failing => "failing",
        }
    }
}

#[cfg(test)]
mod tests;
