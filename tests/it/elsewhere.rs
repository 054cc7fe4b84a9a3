//! What was signed on one machine is checked on another, whose C library rounds otherwise: every figure is the same there,
//! to the last bit.

use std::process::Command;

use crate::process::{assay, output_of};

/// Mathematics of which every result lies one bit beside that of this machine's C library.
const ROUNDS_OTHERWISE: &str = r#"
#include <cmath>
#include <cstdio>
#include <dlfcn.h>
template <class... X> double beside(const char* name, X... x) {
    return std::nextafter(reinterpret_cast<double (*)(X...)>(dlsym(RTLD_NEXT, name))(x...), INFINITY);
}
#define OF_ONE(name) extern "C" double name(double x) { return beside(#name, x); }
#define OF_TWO(name) extern "C" double name(double x, double y) { return beside(#name, x, y); }
OF_ONE(exp) OF_ONE(exp2) OF_ONE(expm1) OF_ONE(log) OF_ONE(log1p) OF_ONE(log2) OF_ONE(log10)
OF_ONE(sin) OF_ONE(cos) OF_ONE(tanh) OF_ONE(atanh) OF_TWO(pow) OF_TWO(hypot)
__attribute__((constructor)) static void loaded() { std::fputs("rounds otherwise\n", stderr); }
"#;

const CONTRACT: &str = "version = 1\nid = \"elsewhere\"\naccept = [\"simulated\"]\n\
    [[clause]]\nid = \"fma\"\nmetric = \"fma.fp32.rate\"\nat_least = \"1 GFLOP/s\"\nstatistic = \"delivered\"\n";

#[test]
#[cfg(target_os = "linux")]
fn a_report_holds_where_the_c_library_rounds_otherwise() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(file("rounds.cc"), ROUNDS_OTHERWISE).unwrap();
    let mut compiler = Command::new("g++");
    compiler.args(["-shared", "-fPIC", "-O1", "-o", &file("rounds.so"), &file("rounds.cc"), "-ldl"]);
    assert!(compiler.status().unwrap().success());

    std::fs::write(file("contract.toml"), CONTRACT).unwrap();
    let (contract, out) = (file("contract.toml"), file("out"));
    let mut run = vec!["run", "--probe", "fma", "--contract", &contract, "--out", &out];
    // Times so unlike that intervals hang on how far they spread.
    let cards: Vec<String> = (1..=6).map(|seed| format!("sim:mini,noise=0.5,seed={seed}")).collect();
    run.extend(cards.iter().flat_map(|card| ["--device", card]));
    let ended = assay(run);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);

    let (report, key) = (file("out/report.dsse.json"), file("out/signer.pub.pem"));
    let ended = output_of(&[("LD_PRELOAD", &file("rounds.so"))], ["verify", "--trust", &key, &report]);
    assert!(ended.stderr.contains("rounds otherwise"), "{}", ended.stderr);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
}
