//! The CUDA backend on a driver without a GPU: every op in every form against the reference.

use std::process::Command;
use std::time::Duration;

use gpu_assay::device::backend::OpenOptions;
use gpu_assay::device::inventory;

use crate::examples::output_within;
use crate::support_cuda::{FakeCuda, is_here};

/// Runs one test of this binary again, on the driver for tests.
fn again(driver: &FakeCuda, test: &str) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("cuda::{test}"), "--nocapture", "--include-ignored"]);
    let output =
        output_within(driver.apply(&mut command), Duration::from_secs(300)).expect("the child hangs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "the child ran no test: {said}");
    println!("{said}");
}

#[test]
fn every_op_in_every_form_equals_the_reference() {
    if !is_here() {
        return again(&FakeCuda, "every_op_in_every_form_equals_the_reference");
    }
    let options = OpenOptions { wait_limit: Duration::from_secs(60) };
    let mut opened = inventory::open("cuda:0", options).unwrap_or_else(|error| panic!("{error}"));
    crate::conformance::conforms(&mut *opened.device);
}
