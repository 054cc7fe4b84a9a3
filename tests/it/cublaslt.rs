//! The vendor's library of products (`tests/fake_cublaslt`, on the driver for tests): its products equal the reference, whole runs have
//! its figures with what it is, and where it is absent, wrong, lazy, failing or crashing nothing else suffers.

use std::path::Path;
use std::process::Command;

use gpu_assay::device::op::{Maker, Op, Precision, Shape};
use gpu_assay::device::{Buf, Lacking, Reach};
use serde_json::Value;

use crate::cuda::{assay_on, in_child, open};
use crate::process::{assay, verified};
use crate::support_cuda::{FakeCuda, cublaslt, live, live_in_cublaslt};

/// What the library has, as the real one.
const HAS: [Precision; 7] = [
    Precision::Fp64,
    Precision::Fp32,
    Precision::Tf32,
    Precision::Fp16,
    Precision::Bf16,
    Precision::Fp8E4m3,
    Precision::Int8,
];
const LABEL: &str = "cublaslt-12.4.5-algo66-tile20-splitk1-stages14";

fn sha256(file: &Path) -> String {
    hex::encode(<sha2::Sha256 as sha2::Digest>::digest(std::fs::read(file).unwrap()))
}

#[test]
fn every_product_equals_the_reference_and_all_is_given_back() {
    let driver = FakeCuda::new().with_cublaslt();
    if in_child("cublaslt", "every_product_equals_the_reference_and_all_is_given_back", &driver) {
        let mut opened = open();
        let shapes = [[144, 112, 80], [16, 16, 16], [16, 240, 96]];
        crate::conformance::products(&mut *opened.device, Maker::Vendor, &HAS, &shapes);
        let product = |precision, k| {
            let (shape, [a, b, c]) = (Shape { m: 129, n: 97, k }, [Buf::NONE; 3]);
            Op::Gemm { by: Maker::Vendor, precision, shape, a, b, c }
        };
        // Any size in wide formats; and what there is none of says whose fault it is not.
        crate::conformance::products(&mut *opened.device, Maker::Vendor, &HAS[..5], &[[129, 97, 65]]);
        for (precision, k) in [(Precision::Fp8E5m2, 80), (Precision::Fp8E4m3, 80), (Precision::Int8, 65)] {
            let unsupported = opened.device.supports(&product(precision, k)).unwrap_err();
            assert_eq!(unsupported.by, Lacking::Us);
            assert!(unsupported.why.contains("CUBLAS_STATUS_NOT_SUPPORTED (15)"), "{}", unsupported.why);
            assert!(opened.device.variants(&product(precision, k)).is_empty());
        }
        let variants = opened.device.variants(&product(Precision::Bf16, 80));
        assert_eq!(variants.len(), 1);
        assert_eq!((&*variants[0].label, variants[0].reach), (LABEL, Reach::Kernel));
        assert_eq!(variants[0].kernel, sha256(cublaslt()));
        assert!(variants[0].caveat.as_ref().is_some_and(|caveat| caveat.contains("not yet run on hardware")));
        drop(opened);
        assert_eq!((live(), live_in_cublaslt()), (0, 0));
    }
}

#[test]
fn the_check_on_hardware_runs_on_the_stand_in() {
    in_child("hardware", "by_library_products_equal_the_reference", &FakeCuda::new().with_cublaslt());
}

/// The least that a device may have, so that products stay small.
fn small() -> FakeCuda {
    FakeCuda::new().with("MEMORY_MIB", 1)
}

/// A run of the probe alone: its exit code, its events, and whether the report verifies.
fn run(driver: &FakeCuda, probes: &[&str]) -> (Option<i32>, Vec<Value>) {
    run_for(driver, probes, "60s")
}

/// The same, where so long a silence is a hang.
fn run_for(driver: &FakeCuda, probes: &[&str], hang_after: &str) -> (Option<i32>, Vec<Value>) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut args =
        vec!["run", "--measure-only", "--device", "cuda:0", "--profile", "quick", "--duration", "1ms"];
    args.extend(["--hang-after", hang_after]);
    probes.iter().for_each(|probe| args.extend(["--probe", probe]));
    args.extend(["--out", out.to_str().unwrap()]);
    let ended = assay_on(driver, args);
    verified(&out);
    let events = std::fs::read_to_string(out.join("events.jsonl")).unwrap();
    (ended.code, events.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// What happened, by the name of the event and the metric that it is about.
fn found<'a>(events: &'a [Value], event: &str, metric: &str) -> Option<&'a Value> {
    let of_kind = events.iter().filter(|line| line["event"] == event).map(|line| &line["data"]);
    of_kind.into_iter().find(|data| data["metric"] == metric)
}

#[test]
fn a_run_has_its_figures_and_what_it_is() {
    let (code, events) = run(&small().with_cublaslt(), &["vendor", "gemm"]);
    assert_eq!(code, Some(0));
    for precision in HAS {
        let metric = format!("vendor.{}.rate", precision.name());
        let measured = found(&events, "measured", &metric).unwrap_or_else(|| panic!("no {metric}"));
        assert_eq!(measured["check"]["kind"], "matched", "{measured}");
        assert_eq!(measured["check"]["canary"], "caught", "{measured}");
        assert!(measured["check"]["exact"].as_u64().unwrap() > 4_000, "{measured}");
        assert_eq!(measured["conditions"]["variant"], LABEL);
        assert_eq!(measured["conditions"]["kernel"], *sha256(cublaslt()));
    }
    let absent = found(&events, "absent", "vendor.fp8_e5m2.rate").unwrap();
    assert!(absent["reason"]["why"].as_str().unwrap().contains("no such product in fp8_e5m2"), "{absent}");
    // Our own figures are always by our own kernels.
    for precision in Precision::MULTIPLIED {
        let metric = format!("gemm.{}.rate", precision.name());
        let measured = found(&events, "measured", &metric).unwrap_or_else(|| panic!("no {metric}"));
        assert!(!measured["conditions"]["variant"].as_str().unwrap().contains("cublas"), "{measured}");
    }
    let opened = events.iter().find(|line| line["event"] == "device_opened").unwrap();
    let details = &opened["data"]["details"];
    assert_eq!(details["cublaslt_path"], cublaslt().to_str().unwrap());
    assert_eq!(details["cublaslt_version"], "12.4.5");
}

#[test]
fn without_the_library_nothing_is_missed_and_the_reason_is_told() {
    let (code, events) = run(&small(), &["vendor", "census"]);
    assert_eq!(code, Some(0));
    let text: String = events.iter().map(Value::to_string).collect();
    assert!(text.contains("census.units.count") && !text.contains("vendor.bf16.rate"), "{text}");
    assert!(text.contains("\"no_cublaslt\":\"no libcublasLt is on the loader's path"), "{text}");
    for args in [&["list"][..], &["doctor"]] {
        let missing = assay_on(&small(), args).stdout;
        assert!(missing.contains("no libcublasLt is on the loader's path"), "{missing}");
        let there = assay_on(&small().with_cublaslt(), args).stdout;
        assert!(there.contains(&format!("12.4.5, {}", cublaslt().display())), "{there}");
    }
    let json = assay_on(&small().with_cublaslt(), ["doctor", "--json"]).stdout;
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["cublaslt"]["version"], "12.4.5");
}

#[test]
fn the_library_can_be_named_and_what_is_none_says_why() {
    let file = cublaslt().to_str().unwrap();
    let named = assay_on(&small().under("ASSAY_CUBLASLT", file), ["list"]).stdout;
    assert!(named.contains(&format!("12.4.5, {file}")), "{named}");
    let dir = tempfile::tempdir().unwrap();
    for (name, content, why) in [
        ("libempty.so", Vec::new(), "file too short"),
        ("libnot.so", vec![b'x'; 4096], "invalid ELF header"),
        ("absent.so", Vec::new(), "No such file"),
    ] {
        let file = dir.path().join(name);
        if name != "absent.so" {
            std::fs::write(&file, content).unwrap();
        }
        let said = assay_on(&small().under("ASSAY_CUBLASLT", file.to_str().unwrap()), ["list"]).stdout;
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("cannot be used") && said.contains(why), "{name}: {said}");
        assert!(said.contains("cuda:0"), "{said}");
    }
    // Some other library: it lacks the first function that is looked for.
    let other = small().under("ASSAY_CUBLASLT", "libm.so.6");
    let said = assay_on(&other, ["list"]).stdout;
    assert!(said.contains("libm.so.6 cannot be used: it has no function cublasLtGetVersion"), "{said}");
}

/// Wrong in one element, or left out where both factors are what they were: neither has a figure.
#[test]
fn a_wrong_product_and_one_left_out_are_found() {
    for (mistake, word) in [("wrong", "is wrong"), ("lazy", "gave another result")] {
        let (code, events) = run(&small().with_cublaslt_that("MISTAKE", mistake), &["vendor"]);
        assert_eq!(code, Some(0));
        for precision in HAS {
            let metric = format!("vendor.{}.rate", precision.name());
            let measured = found(&events, "measured", &metric).unwrap_or_else(|| panic!("no {metric}"));
            assert_eq!(measured["check"]["kind"], "wrong", "{mistake}: {measured}");
            assert!(measured["check"]["why"].as_str().unwrap().contains(word), "{mistake}: {measured}");
        }
    }
}

/// Whatever a function answers, also what no header has: a reason in the place of figures, and the run goes on.
#[test]
fn a_library_that_refuses_costs_its_own_figures_only() {
    for (function, code, said) in [
        ("cublasLtCreate", 1, "does not start: cublasLtCreate: CUBLAS_STATUS_NOT_INITIALIZED (1)"),
        ("cublasLtMatmulDescCreate", 3, "cublasLtMatmulDescCreate: CUBLAS_STATUS_ALLOC_FAILED (3)"),
        ("cublasLtMatmulDescSetAttribute", 7, "CUBLAS_STATUS_INVALID_VALUE (7)"),
        ("cublasLtMatrixLayoutCreate", -5, "status -5, which has no name"),
        ("cublasLtMatmulPreferenceCreate", 3, "cublasLtMatmulPreferenceCreate"),
        ("cublasLtMatmulPreferenceSetAttribute", 3, "cublasLtMatmulPreferenceSetAttribute"),
        ("cublasLtMatmulAlgoGetHeuristic", 12_345, "status 12345, which has no name"),
        ("cublasLtMatmul", 13, "cublasLtMatmul: CUBLAS_STATUS_EXECUTION_FAILED (13)"),
        ("cublasLtMatmul", 4711, "cublasLtMatmul: status 4711, which has no name"),
    ] {
        let driver = small().with_cublaslt_that("FAIL", &format!("{function}:{code}"));
        let (ended, events) = run(&driver, &["vendor", "census"]);
        assert_eq!(ended, Some(0), "{function}");
        let absent = found(&events, "absent", "vendor.bf16.rate").unwrap_or_else(|| panic!("{function}"));
        assert!(absent.to_string().contains(said), "{function}: {absent}");
        assert!(events.iter().any(|event| event.to_string().contains("\"completed\"")), "{function}");
    }
    // What only names an algorithm is not needed.
    let driver = small().with_cublaslt_that("FAIL", "cublasLtMatmulAlgoConfigGetAttribute:7");
    let (_, events) = run(&driver, &["vendor"]);
    let measured = found(&events, "measured", "vendor.bf16.rate").unwrap();
    assert_eq!(measured["conditions"]["variant"], "cublaslt-12.4.5");
}

/// A product that it has in small and not in large is none that is wrong.
#[test]
fn a_size_that_the_library_has_no_product_for_is_no_wrong_result() {
    let driver = FakeCuda::new().with("MEMORY_MIB", 2).with_cublaslt_that("MISTAKE", "modest");
    let (code, events) = run(&driver, &["vendor", "census"]);
    assert_eq!(code, Some(0));
    let absent = found(&events, "absent", "vendor.bf16.rate").unwrap_or_else(|| panic!("{events:?}"));
    assert_eq!(absent["reason"]["kind"], "unsupported", "{absent}");
    let why = absent["reason"]["why"].as_str().unwrap();
    assert!(why.contains("has no such product in bf16, ") && why.contains("it proposes nothing"), "{why}");
}

/// Its first step may take longer than any other silence may last; but not for ever.
#[test]
fn a_library_that_starts_slowly_is_not_one_that_hangs() {
    for (fault, function) in [("SLOW", "cublasLtCreate:4000"), ("HANG", "cublasLtCreate")] {
        let driver = small().with_cublaslt_that(fault, function);
        let (code, events) = run_for(&driver, &["vendor"], "2s");
        let figure = found(&events, "measured", "vendor.bf16.rate");
        let ended = events.iter().find(|event| event["event"] == "device_ended").unwrap().to_string();
        if fault == "SLOW" {
            assert_eq!((code, &figure.unwrap()["check"]["kind"]), (Some(0), &"matched".into()), "{ended}");
        } else {
            assert!(figure.is_none() && code != Some(0), "{events:?}");
            assert!(ended.contains("the device hung") && ended.contains("vendor.fp64.rate"), "{ended}");
        }
    }
}

/// It takes the worker with it, after all that is measured without it.
#[test]
fn a_library_that_crashes_ends_in_a_signed_report() {
    let (code, events) = run(&small().with_cublaslt_that("CRASH", "cublasLtMatmul"), &["vendor", "census"]);
    assert_ne!(code, Some(70));
    assert!(found(&events, "measured", "census.units.count").is_some());
    let ended = events.iter().map(Value::to_string).find(|event| event.contains("\"lost\""));
    assert!(ended.is_some_and(|event| event.contains("vendor.fp64.rate")), "{events:?}");
}

/// Whoever demands such a figure is told what it takes; without one nothing is decided.
#[test]
fn a_demand_is_decided_only_where_the_library_is() {
    let dir = tempfile::tempdir().unwrap();
    let contract = dir.path().join("contract.toml");
    let clause = "[[clause]]\nid = \"library\"\nmetric = \"vendor.bf16.rate\"\nat_least = \"1 MFLOP/s\"";
    let head = "version = 1\nid = \"by-the-library\"\naccept = [\"simulated\"]\n";
    std::fs::write(&contract, format!("{head}{clause}\nstatistic = \"p50\"\n")).unwrap();
    for (card, code, words) in [
        ("sim:mini,mem=4MiB,buffer=1MiB,library", 0, "the demand is met"),
        ("sim:mini,mem=4MiB,buffer=1MiB", 3, "where the vendor's library (cuBLASLt) is"),
    ] {
        let out = dir.path().join(code.to_string());
        let args = ["run", "--profile", "quick", "--duration", "1ms", "--probe", "vendor", "--device", card];
        let files = ["--contract", contract.to_str().unwrap(), "--out", out.to_str().unwrap()];
        let ended = assay(args.into_iter().chain(files));
        assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains(words), "{}", ended.stdout);
    }
}

#[test]
fn the_program_is_linked_to_no_library_of_the_vendor() {
    let linked = Command::new("ldd").arg(env!("CARGO_BIN_EXE_assay")).output().unwrap();
    let linked = String::from_utf8_lossy(&linked.stdout);
    assert!(linked.contains("libc.so"), "{linked}");
    for library in ["cuda", "cublas", "nccl", "nvidia"] {
        assert!(!linked.contains(library), "{linked}");
    }
}
