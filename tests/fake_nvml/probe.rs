//! A small program to run beside the fake NVML: asks the product's telemetry of one device and prints what it says, one
//! JSON value a line: all facts, then as many readings as were asked for.
//! Arguments: the number of readings, the device's UUID and PCI address (`-` for none), and where /sys lies. With a fifth,
//! a nonce in hex, it prints what the card signs over that instead.
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::path::Path;

use gpu_assay::device::{Identity, Provenance};
use gpu_assay::telemetry;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [readings, uuid, address, root, nonce @ ..] = &arguments[..] else {
        return Err("four arguments".into());
    };
    let given = |text: &String| (text != "-").then(|| text.clone());
    let identity = Identity {
        backend: "test".into(),
        name: "NVIDIA H200".into(),
        provenance: Provenance::Hardware,
        vendor_id: Some(telemetry::NVIDIA),
        device_id: Some(0x2335),
        pci_address: given(address),
        uuid: given(uuid),
        driver: String::new(),
        units: None,
        memory_bytes: None,
        fillable_bytes: None,
        buffer_bytes_max: 0,
        features: Vec::new(),
        details: Default::default(),
    };
    if let [nonce] = nonce {
        let nonce = hex::decode(nonce)?.try_into().map_err(|_| "a nonce has 32 bytes")?;
        let told = match telemetry::attest(&identity, &nonce) {
            Ok(given) => serde_json::json!({
                "report": hex::encode(given.report), "chain": String::from_utf8(given.chain)?
            }),
            Err(why) => serde_json::json!({ "why": why }),
        };
        println!("{told}");
        return Ok(());
    }
    let mut source = telemetry::for_device_under(&identity, Path::new(root));
    let facts: serde_json::Map<String, serde_json::Value> = source
        .facts()
        .into_iter()
        .map(|fact| {
            let value = match fact.value {
                Ok(value) => serde_json::json!({ "value": value }),
                Err(missing) => serde_json::json!({ "by": missing.by, "why": missing.why }),
            };
            (fact.name.to_owned(), value)
        })
        .collect();
    println!("{}", serde_json::Value::Object(facts));
    for _ in 0..readings.parse()? {
        println!("{}", serde_json::to_string(&source.read())?);
    }
    Ok(())
}
