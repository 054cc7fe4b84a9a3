//! The fault matrix: each fault of a simulated card, the clauses it is measured against, who must notice, and how it ends.
//! Owns the table; how a row is run lies beside it.

use gpu_assay::contract::Verdict;
use gpu_assay::engine::Profile;
use gpu_assay::exit::Exit;

pub struct Row {
    /// The honest card, which must pass, and what is wrong with the other one.
    pub card: &'static str,
    pub fault: &'static str,
    /// A second device of the same run and its fault; only through the real binary.
    pub beside: Option<(&'static str, &'static str)>,
    pub probe: &'static str,
    pub profile: Profile,
    pub sample_ms: u64,
    pub sustain_ms: u64,
    /// Contract text: at most one inventory, then clauses.
    pub contract: &'static [&'static str],
    pub verdict: Verdict,
    pub exit: Exit,
    /// Clause of the finding that must have this verdict, and a phrase of its reason.
    pub notices: &'static str,
    pub says: &'static str,
}

/// A card with a fault, under one probe.
const fn on(card: &'static str, fault: &'static str, probe: &'static str) -> Row {
    Row {
        card,
        fault,
        beside: None,
        probe,
        profile: Profile::Quick,
        sample_ms: 1,
        sustain_ms: 0,
        contract: &[],
        verdict: Verdict::Pass,
        exit: Exit::Pass,
        notices: "",
        says: "",
    }
}

impl Row {
    const fn under(self, contract: &'static [&'static str]) -> Self {
        Self { contract, ..self }
    }

    const fn beside(self, card: &'static str, fault: &'static str) -> Self {
        Self { beside: Some((card, fault)), ..self }
    }

    /// Long enough for slow changes to show.
    const fn long(self) -> Self {
        Self { sample_ms: 4000, ..self }
    }

    /// A load kept up for a minute, by the simulated clock.
    const fn kept_up(self) -> Self {
        Self { sustain_ms: 60_000, ..self }
    }

    const fn standard(self) -> Self {
        Self { profile: Profile::Standard, ..self }
    }

    const fn fails(self, notices: &'static str, says: &'static str) -> Self {
        Self { verdict: Verdict::Fail, exit: Exit::Fail, notices, says, ..self }
    }

    const fn stays_open(self, notices: &'static str, says: &'static str) -> Self {
        Self { verdict: Verdict::Inconclusive, exit: Exit::Inconclusive, notices, says, ..self }
    }

    const fn conflicts(self, notices: &'static str, says: &'static str) -> Self {
        Self { verdict: Verdict::Fail, exit: Exit::Identity, notices, says, ..self }
    }

    const fn passes(self, notices: &'static str) -> Self {
        Self { notices, says: "the demand is met", ..self }
    }
}

// Each clause about 5 % below what the honest small card reaches, and named after its metric.
const TRIAD: &str = "[[clause]]\nid = \"triad\"\nmetric = \"stream.triad.rate\"\nat_least = \"8.5 GB/s\"\nstatistic = \"p50\"";
const FP32: &str =
    "[[clause]]\nid = \"fp32\"\nmetric = \"fma.fp32.rate\"\nat_least = \"3.5 GFLOP/s\"\nstatistic = \"p50\"";
const TF32: &str =
    "[[clause]]\nid = \"tf32\"\nmetric = \"mma.tf32.rate\"\nat_least = \"9.5 GFLOP/s\"\nstatistic = \"p50\"";
const FP64: &str =
    "[[clause]]\nid = \"fp64\"\nmetric = \"fma.fp64.rate\"\nat_least = \"1.75 GFLOP/s\"\nstatistic = \"p50\"";
const INT8_MIN: &str =
    "[[clause]]\nid = \"int8\"\nmetric = \"fma.int8.rate\"\nat_least = \"7.2 GOP/s\"\nstatistic = \"min\"";
const GEMM: &str =
    "[[clause]]\nid = \"gemm\"\nmetric = \"gemm.fp32.rate\"\nat_least = \"2.9 GFLOP/s\"\nstatistic = \"p50\"";
const UPLOAD: &str =
    "[[clause]]\nid = \"upload\"\nmetric = \"link.h2d.rate\"\nat_least = \"1.9 GB/s\"\nstatistic = \"p50\"";
const LATENCY: &str =
    "[[clause]]\nid = \"latency\"\nmetric = \"chase.hbm.latency\"\nat_most = \"210 ns\"\nstatistic = \"p50\"";
const CACHE: &str =
    "[[clause]]\nid = \"cache\"\nmetric = \"chase.32kib.latency\"\nat_most = \"32 ns\"\nstatistic = \"p50\"";
const CAPACITY: &str =
    "[[clause]]\nid = \"capacity\"\nmetric = \"memory.filled.bytes\"\nat_least = \"60 MiB\"";
const ERRORS: &str = "[[clause]]\nid = \"errors\"\nmetric = \"memory.errors.count\"\nequals = 0";
const UNITS: &str = "[[clause]]\nid = \"units\"\nmetric = \"identity.device.units\"\nequals = \"8\"";
const CENSUS: &str = "[[clause]]\nid = \"census\"\nmetric = \"census.units.count\"\nat_least = \"8\"";
const ALONE: &str = "[[clause]]\nid = \"alone\"\nmetric = \"census.stolen.share\"\nat_most = \"1 %\"";
const COOL: &str = "[[clause]]\nid = \"cool\"\nnever = \"throttle.thermal\"";
const NO_ECC: &str = "[[clause]]\nid = \"no-ecc\"\nnever = \"ecc.uncorrected\"";
const NO_XID: &str = "[[clause]]\nid = \"no-xid\"\nnever = \"xid\"";
// Of a load that is kept up.
const STEADY: &str = "[[clause]]\nid = \"steady\"\nmetric = \"sustain.drift.share\"\nat_most = \"2 %\"";
const KEPT: &str = "[[clause]]\nid = \"kept\"\nmetric = \"sustain.bf16.rate\"\nat_least = \"11.5 GFLOP/s\"\nstatistic = \"last\"";
const NO_ERRORS: &str = "[[clause]]\nid = \"no-errors\"\nmetric = \"sustain.errors.count\"\nequals = 0";
const TAIL: &str = "[[clause]]\nid = \"tail\"\nmetric = \"sustain.p999.latency\"\nat_most = \"3.2 ms\"";
const COOL_SHARE: &str =
    "[[clause]]\nid = \"cool-share\"\nmetric = \"sustain.thermal_throttle.share\"\nat_most = \"1 %\"";
const COOL_TIME: &str =
    "[[clause]]\nid = \"cool-time\"\nmetric = \"sustain.first_throttle.time\"\nat_least = \"1 min\"";
const FRUGAL: &str = "[[clause]]\nid = \"frugal\"\nmetric = \"sustain.flop.energy\"\nat_most = \"5 nJ/FLOP\"";
// Counters, before the run and after it.
const UNCORRECTED: &str =
    "[[clause]]\nid = \"uncorrected\"\nmetric = \"counters.ecc_uncorrected.count\"\nequals = 0";
const CORRECTED: &str =
    "[[clause]]\nid = \"corrected\"\nmetric = \"counters.ecc_corrected.count\"\nat_most = \"0\"";
const ROWS: &str = "[[clause]]\nid = \"rows\"\nmetric = \"counters.remapped_rows.count\"\nequals = 0";
const PENDING: &str = "[[clause]]\nid = \"pending\"\nmetric = \"counters.remap_pending.count\"\nequals = 0";
const WORN: &str = "[[clause]]\nid = \"worn\"\nmetric = \"counters.remap_failure.count\"\nequals = 0";
const REPLAYS: &str =
    "[[clause]]\nid = \"replays\"\nmetric = \"counters.pcie_replays.count\"\nat_most = \"3\"";
const XIDS: &str = "[[clause]]\nid = \"xids\"\nmetric = \"counters.xid.count\"\nequals = 0";
// The same of a large card.
const H200_WRITE: &str =
    "[[clause]]\nid = \"write\"\nmetric = \"memory.write.rate\"\nat_least = \"4 TB/s\"\nstatistic = \"p50\"";
const H200_FP32: &str =
    "[[clause]]\nid = \"fp32\"\nmetric = \"fma.fp32.rate\"\nat_least = \"60 TFLOP/s\"\nstatistic = \"p50\"";
const H200_MEMORY: &str = "[inventory]\ndevices = 1\nmemory = \"141 GB\"";
const H200_PART: &str = "[[clause]]\nid = \"part\"\nmetric = \"memory.filled.bytes\"\nat_least = \"900 MB\"";

const MEMORY: &str = "[inventory]\ndevices = 1\nmemory = \"64 MiB\"";
const UNDISTURBED: &str =
    "[[clause]]\nid = \"memory\"\nmetric = \"census.disturbed_memory.share\"\nat_most = \"1 %\"";
const SHORT_SLICES: &str =
    "[[clause]]\nid = \"slices\"\nmetric = \"census.slice.time\"\nat_most = \"1 ms\"\nstatistic = \"max\"";
const MODEL: &str = "[inventory]\ndevices = 1\nsku = \"Assay Mini\"";
const SUMS: &str = "[[clause]]\nid = \"sums\"\nmetric = \"collective.all_reduce.busbw\"\nat_least = \"0.9 GB/s\"\nstatistic = \"p50\"";
const COPIES: &str = "[[clause]]\nid = \"copies\"\nmetric = \"peer.slowest.rate\"\nat_least = \"1.1 GB/s\"\nstatistic = \"p50\"";
const PAIR: &str = "[inventory]\ndevices = 2";

/// Cards on which streams and products take a moment.
const STREAMER: &str = "mini,mem=16MiB,buffer=2MiB";
const BURNER: &str = "mini,mem=16MiB,buffer=4MiB";
const PRODUCER: &str = "mini,mem=4MiB,buffer=1MiB";

/// Rows that one process can show.
#[rustfmt::skip]
pub const MATRIX: &[Row] = &[
    // Memory.
    on("mini", "flip=41MB:17", "memory").under(&[CAPACITY, ERRORS]).fails("errors", "not met"),
    on("mini", "flip=41MB:17", "memory").under(&[CAPACITY]).fails("capacity", "2 words read back wrong"),
    on("mini", "stuck=3MB:5", "memory").under(&[ERRORS]).fails("errors", "not met"),
    on("mini", "stuck=3MB:5=0", "memory").under(&[ERRORS]).fails("errors", "not met"),
    on("mini", "alias=32MB", "memory").under(&[CAPACITY]).fails("capacity", "words read back wrong"),
    on("mini", "alias=32MB", "memory").under(&[MEMORY, ERRORS]).fails("inventory.memory", "words read back wrong"),
    on("mini", "mem=32MB", "memory").under(&[MEMORY, ERRORS]).fails("inventory.memory", "not met"),
    on("mini", "oom=32MB", "memory").under(&[MEMORY, ERRORS]).fails("inventory.memory", "not met"),
    on("h200", "alias=40GB", "memory").standard().under(&[H200_MEMORY, ERRORS]).fails("inventory.memory", "words read back wrong"),
    on("h200", "oom=60GB", "memory").standard().under(&[H200_MEMORY, ERRORS]).fails("inventory.memory", "not met"),
    on("h200", "oom=500MB", "memory").under(&[H200_PART]).fails("part", "not met"),
    // Results.
    on(PRODUCER, "gemm_wrong=17", "gemm").under(&[GEMM]).fails("gemm", "wrong result: the result of gemm is wrong at word 17"),
    // One unit in many, of results that nobody samples.
    on(PRODUCER, "unit_wrong=3", "gemm").under(&[GEMM]).fails("gemm", "wrong result: the product is wrong at row 192, column 0"),
    on("h200", "unit_wrong=100", "fma").under(&[H200_FP32]).fails("fp32", "wrong result: the result of fma is wrong at word 12800"),
    on("mini", "fma_wrong=5", "fma").under(&[FP32]).fails("fp32", "wrong result: the result of fma is wrong at word 5"),
    on("mini", "mma_wrong=9", "mma").under(&[TF32]).fails("tf32", "wrong result: the result of mma is wrong at word 9"),
    on(STREAMER, "lazy", "stream").under(&[TRIAD]).fails("triad", "wrong result"),
    on("mini", "lazy", "link").under(&[UPLOAD]).fails("upload", "wrong result: the scan looked at 0 of"),
    on("mini", "lazy", "memory").under(&[CAPACITY]).fails("capacity", "wrong result: the scan looked at 0 of"),
    on("mini", "uncounted", "mma").under(&[TF32]).fails("tf32", "the device did not do all of the work"),
    on("mini", "uncounted", "fma").under(&[FP32]).fails("fp32", "the device did not do all of the work"),
    // Speed.
    on(STREAMER, "membw=0.5", "stream").under(&[TRIAD]).fails("triad", "not met"),
    on("mini", "flops=0.5", "mma").under(&[TF32]).fails("tf32", "not met"),
    on("mini", "flops=0.5", "fma").under(&[FP32]).fails("fp32", "not met"),
    on("mini", "speed=0.5", "link").under(&[UPLOAD]).fails("upload", "not met"),
    on("mini", "speed=0.5", "chase").under(&[LATENCY]).fails("latency", "not met"),
    on("h200", "speed=3", "memory").under(&[H200_WRITE]).stays_open("write", "beyond what such a device can do"),
    on("h200", "speed=3", "fma").under(&[H200_FP32]).stays_open("fp32", "beyond what such a device can do"),
    on("mini", "speed=100", "chase").under(&[CACHE]).stays_open("cache", "beyond what such a device can do"),
    on("mini", "throttle=0.5@2s", "fma").under(&[COOL]).fails("cool", "throttle.thermal was seen"),
    on("mini", "throttle=0.5@2s", "fma").under(&[INT8_MIN]).fails("int8", "not met"),
    on("mini", "drift=0.15/min", "fma").long().under(&[INT8_MIN]).fails("int8", "not met"),
    on("mini", "clocklie=0.5", "fma").under(&[FP32]).fails("fp32", "not met"),
    on("mini", "timer=0.8", "fma").under(&[FP32]).stays_open("fp32", "the device's clock says"),
    on("mini", "timer=1.2", "fma").under(&[FP32]).stays_open("fp32", "the device's clock says"),
    on("mini", "timer=0.5", "link").under(&[UPLOAD]).stays_open("upload", "the device's clock says"),
    // Loss.
    on("mini", "lost@call=40", "fma").under(&[FP32]).stays_open("fp32", "device lost: at device call 40"),
    on("mini", "lost@t=2s", "fma").under(&[FP32]).stays_open("fp32", "device lost"),
    on("mini", "lost@call=40,lost=once", "fma").under(&[FP32]).stays_open("fp32", "device lost"),
    on("mini", "hang@call=40", "fma").under(&[FP32]).stays_open("fp32", "no answer from the device for 10000 ms"),
    on("mini", "fail@call=5,error=validation", "fma").under(&[FP64]).stays_open("fp64", "the driver refused the work"),
    on("mini", "fail@call=5,error=memory", "fma").under(&[FP64]).stays_open("fp64", "out of device memory"),
    on("mini", "fail@call=5,error=lost", "fma").under(&[FP32]).stays_open("fp32", "device lost"),
    on("mini", "fail@call=5,error=hang", "fma").under(&[FP32]).stays_open("fp32", "no answer from the device"),
    on("mini", "fail@call=5,error=crash", "fma").under(&[FP32]).stays_open("fp32", "the driver crashed"),
    on("mini", "fail@call=5,fail=forever", "fma").under(&[FP32]).stays_open("fp32", "the driver refused the work"),
    // Telemetry.
    on("mini", "telemetry=none", "fma").under(&[COOL]).stays_open("cool", "telemetry does not say"),
    on("mini", "telemetry=frozen", "fma").long().under(&[COOL]).stays_open("cool", "telemetry is frozen"),
    on("mini", "telemetry=frozen", "link").under(&[COOL]).stays_open("cool", "too few to say never"),
    on("mini", "telemetry=failing", "fma").under(&[COOL]).stays_open("cool", "telemetry does not say"),
    on("mini", "ecc=60/min", "fma").under(&[NO_ECC]).fails("no-ecc", "ecc.uncorrected was seen"),
    on("mini", "xid=79@2s", "fma").under(&[NO_XID]).fails("no-xid", "xid was seen"),
    // Identity.
    on("mini", "telemetry_name=Assay Mega", "link").under(&[UPLOAD]).conflicts("identity.conflict", "the name is"),
    on("mini", "telemetry_mem=32MB", "link").under(&[UPLOAD]).conflicts("identity.conflict", "the memory is"),
    on("mini", "telemetry_uuid=00112233445566778899aabbccddeeff", "link").under(&[UPLOAD])
        .conflicts("identity.conflict", "the uuid is"),
    on("mini", "name=Other Card", "link").under(&[MODEL, UPLOAD]).stays_open("inventory.sku", "neither confirms nor contradicts"),
    on("mini", "units=4", "link").under(&[UNITS]).fails("units", "not met"),
    on("mini", "units=4", "census").under(&[CENSUS]).fails("census", "not met"),
    on("mini", "stolen=0.2", "census").under(&[ALONE]).fails("alone", "not met"),
    on("mini", "stolen=0.2", "census").under(&[SHORT_SLICES]).fails("slices", "not met"),
    on("mini", "crowded=0.3", "census").under(&[ALONE, UNDISTURBED]).fails("memory", "not met"),
    on("mini", "stolen=0.3", "fma").under(&[FP32]).fails("fp32", "not met"),
    on("mini", "units=4", "fma").under(&[FP32]).fails("fp32", "not met"),
    // Abilities.
    on("mini", "no=fp64", "fma").under(&[FP64]).fails("fp64", "this card has no fp64 arithmetic"),
    on("mini", "unwritten=fp64", "fma").under(&[FP64]).stays_open("fp64", "this backend cannot measure it"),
    // Counters.
    on("mini", "ecc=60/min", "fma").under(&[UNCORRECTED]).fails("uncorrected", "not met"),
    on("mini", "ecc_corrected=60/min", "fma").under(&[CORRECTED]).fails("corrected", "not met"),
    on("mini", "remaps=60/min", "fma").under(&[ROWS]).fails("rows", "not met"),
    on("mini", "replays=600/min", "fma").under(&[REPLAYS]).fails("replays", "not met"),
    on("mini", "remap_pending", "fma").under(&[PENDING]).fails("pending", "not met"),
    on("mini", "remap_failure", "fma").under(&[WORN]).fails("worn", "not met"),
    on("mini", "xid=79@2s", "fma").under(&[XIDS]).fails("xids", "not met"),
    on("mini", "telemetry=none", "fma").under(&[XIDS]).stays_open("xids", "telemetry does not say driver error events"),
    on("mini", "telemetry=failing", "fma").under(&[ROWS]).stays_open("rows", "telemetry does not say remapped rows"),
    // Under a load that is kept up.
    on(BURNER, "throttle=0.7@40s", "sustain").kept_up().under(&[COOL_TIME]).fails("cool-time", "not met"),
    on(BURNER, "telemetry=none", "sustain").kept_up().under(&[COOL_TIME]).stays_open("cool-time", "telemetry does not say why clocks are reduced"),
    on(BURNER, "flops=0.3", "sustain").kept_up().under(&[FRUGAL]).fails("frugal", "not met"),
    on(BURNER, "telemetry=none", "sustain").kept_up().under(&[FRUGAL]).stays_open("frugal", "telemetry does not say the power"),
    on(BURNER, "throttle=0.7@40s", "sustain").kept_up().under(&[STEADY]).fails("steady", "not met"),
    on(BURNER, "throttle=0.7@40s", "sustain").kept_up().under(&[KEPT]).fails("kept", "not met"),
    on(BURNER, "throttle=0.7@40s", "sustain").kept_up().under(&[COOL_SHARE]).fails("cool-share", "not met"),
    on(BURNER, "throttle=0.7@40s", "sustain").kept_up().under(&[TAIL]).fails("tail", "not met"),
    on(BURNER, "drift=0.04/min", "sustain").kept_up().under(&[STEADY]).fails("steady", "not met"),
    on(BURNER, "upset=300000000", "sustain").kept_up().under(&[NO_ERRORS]).fails("no-errors", "not met"),
    on(BURNER, "upset=300000000", "sustain").kept_up().under(&[KEPT]).fails("kept", "results under load were wrong"),
    on(BURNER, "upset=100000,upset_when=hot:40", "sustain").kept_up().under(&[NO_ERRORS]).fails("no-errors", "not met"),
    on(BURNER, "upset=1,upset_when=idle", "sustain").kept_up().under(&[NO_ERRORS]).fails("no-errors", "not met"),
    on(BURNER, "stuck=1MB:5", "sustain").kept_up().under(&[NO_ERRORS]).fails("no-errors", "not met"),
    on(BURNER, "ecc=60/min", "sustain").kept_up().under(&[NO_ECC]).fails("no-ecc", "ecc.uncorrected was seen"),
    on(BURNER, "xid=79@30s", "sustain").kept_up().under(&[NO_XID]).fails("no-xid", "xid was seen"),
    on(BURNER, "lost@t=30s", "sustain").kept_up().under(&[KEPT]).stays_open("kept", "device lost"),
    on(BURNER, "hang@call=30000", "sustain").kept_up().under(&[KEPT]).stays_open("kept", "no answer from the device"),
    on(BURNER, "telemetry=frozen,clocklie=0.8", "sustain").kept_up().under(&[KEPT]).fails("kept", "not met"),
    on(BURNER, "timer=0.8", "sustain").kept_up().under(&[KEPT]).stays_open("kept", "the device's clock says"),
    on(BURNER, "noise=0.02", "sustain").kept_up().under(&[KEPT, STEADY, NO_ERRORS, COOL_SHARE]).passes("steady"),
    // No fault.
    on("mini", "noise=0.04", "fma").under(&[FP32]).passes("fp32"),
    on("mini", "noise=0.04", "link").under(&[UPLOAD]).passes("upload"),
    on("mini", "noise=0.04", "census").under(&[CENSUS, ALONE]).passes("alone"),
    on("mini", "timer=none", "fma").under(&[FP32]).passes("fp32"),
    on("mini", "library", "link").under(&[UPLOAD]).passes("upload"),
    on("mini", "seed=7,index=3,buffer=8MiB", "memory").under(&[MEMORY, CAPACITY, ERRORS]).passes("errors"),
];

/// Rows that need processes: a worker that stands still or is gone, several devices, and some of the above once more.
#[rustfmt::skip]
pub const THROUGH_THE_BINARY: &[Row] = &[
    on("mini", "stall@call=40", "fma").under(&[FP32]).stays_open("fp32", "no sign of life from its worker"),
    on("mini", "crash@call=40", "fma").under(&[FP32]).stays_open("fp32", "the worker died (signal: 6"),
    on("mini", "uuid=00112233445566778899aabbccddeeff", "link")
        .beside("mini,index=1", "uuid=00112233445566778899aabbccddeeff")
        .under(&[PAIR, UPLOAD]).conflicts("identity.duplicate", "are one device: both have the UUID"),
    on("mini", "collective_wrong=3", "collective").beside("mini,index=1", "noise=0.01")
        .under(&[PAIR, SUMS]).fails("sums", "element 3 of device 0 is wrong"),
    on("mini", "noise=0.01", "collective").beside("mini,index=1", "collective_wrong=3")
        .under(&[PAIR, SUMS]).fails("sums", "element 3 of device 1 is wrong"),
    on("mini", "lazy", "collective").beside("mini,index=1", "noise=0.01")
        .under(&[PAIR, SUMS]).fails("sums", "after all_reduce element 0 of device 0 is wrong"),
    on("mini", "noise=0.01", "collective").beside("mini,index=1", "speed=0.3")
        .under(&[PAIR, SUMS]).fails("sums", "not met"),
    on("mini", "peer_rate=1:0.5", "peer").beside("mini,index=1", "noise=0.01")
        .under(&[PAIR, COPIES]).fails("copies", "(peer.1-0.rate): the demand is not met"),
    on("mini", "stall@peer=1", "peer").beside("mini,index=1", "noise=0.01")
        .under(&[PAIR, COPIES]).stays_open("copies", "no sign of life from its worker"),
    on("mini", "flip=41MB:17", "memory").under(&[CAPACITY, ERRORS]).fails("errors", "not met"),
    on("mini", "alias=32MB", "memory").under(&[CAPACITY]).fails("capacity", "words read back wrong"),
    on("mini", "lost@call=40", "fma").under(&[FP32]).stays_open("fp32", "device lost: at device call 40"),
    on("mini", "hang@call=40", "fma").under(&[FP32]).stays_open("fp32", "no answer from the device"),
    on("mini", "telemetry_name=Assay Mega", "link").under(&[UPLOAD]).conflicts("identity.conflict", "the name is"),
    on("mini", "noise=0.04", "fma").under(&[FP32]).passes("fp32"),
];
