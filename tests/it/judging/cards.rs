//! Which devices of a run are one card, and how many there are.

use gpu_assay::device::Provenance;

use super::*;

#[test]
fn the_inventory_counts_devices_once() {
    let two = "[inventory]\ndevices = 2";
    let is =
        |run: &Evidence, verdict| assert_eq!(codes(two, run), [("inventory.devices".to_owned(), verdict)]);
    is(&good_run(2), Verdict::Pass);
    is(&good_run(3), Verdict::Pass);
    is(&good_run(1), Verdict::Fail);
    is(&good_run(0), Verdict::Fail);
    let mut lost = good_run(2);
    lost.devices[1].ended = Ended::Unfinished;
    is(&lost, Verdict::Inconclusive);
    lost.devices[1].identity = None;
    is(&lost, Verdict::Inconclusive);
    // A scheduler that gives a run a part of the node has not shown that the rest is missing.
    for (shown, verdict) in [
        ("0", Verdict::Inconclusive),
        ("3,", Verdict::Inconclusive),
        ("GPU-00112233-4455-6677-8899-aabbccddeeff", Verdict::Inconclusive),
        ("0,1", Verdict::Fail),
        ("0,1,2", Verdict::Fail),
    ] {
        for variable in ["visible_devices", "container_devices"] {
            let mut part = good_run(1);
            let details = &mut part.devices[0].identity.as_mut().unwrap().details;
            details.insert(variable.to_owned(), shown.to_owned());
            is(&part, verdict);
        }
    }

    let mut same = good_run(2);
    let address = same.devices[0].identity.as_ref().unwrap().pci_address.clone();
    same.devices[1].identity.as_mut().unwrap().pci_address = address;
    let both =
        [("identity.duplicate".to_owned(), Verdict::Fail), ("inventory.devices".to_owned(), Verdict::Fail)];
    assert_eq!(codes(two, &same), both);
    assert_eq!(exit(&judge(&contract_with(two, TRIAD).contract, &same)), Exit::Identity);
}

/// Several parts of one divided card lie at its address; each has a UUID of its own. They are as many devices where parts are agreed
/// on, and one card where cards are.
#[test]
fn parts_of_a_card_are_several_devices_and_one_card() {
    let mut parts = good_run(2);
    for device in &mut parts.devices {
        device.timeline.clear();
        let identity = device.identity.as_mut().unwrap();
        identity.name = "Test Card T100 MIG 1g.8gb".into();
        identity.pci_address = Some("0000:01:00.0".into());
        identity.details.insert("mig".into(), "yes".into());
    }
    let of_parts = "[inventory]\ndevices = 2\nsku = \"T100 MIG 1g.8gb\"";
    let said = |clause: &str, verdict| (clause.to_owned(), verdict);
    let [pass, fail] = [Verdict::Pass, Verdict::Fail];
    let all = |devices, sku| {
        vec![said("inventory.devices", devices), said("inventory.sku", sku), said("inventory.sku", sku)]
    };
    assert_eq!(codes(of_parts, &parts), all(pass, pass));
    assert_eq!(codes("[inventory]\ndevices = 2\nsku = \"T100\"", &parts), all(fail, fail));
    // CUDA shows a process one part. Who measured several has named them, and there was no other to name.
    let mut one = parts.clone();
    one.devices.truncate(1);
    let short = |devices, run| codes(&of_parts.replace('2', devices), run)[0].clone();
    assert_eq!(short("2", &one), said("inventory.devices", Verdict::Inconclusive));
    assert_eq!(short("3", &parts), said("inventory.devices", fail));
    assert_eq!(codes("[inventory]\ndevices = 2", &parts), [said("inventory.devices", fail)]);
    assert_eq!(codes("[inventory]\ndevices = 1", &parts), [said("inventory.devices", pass)]);
    let twice = |edit: fn(&mut Identity)| {
        let mut run = parts.clone();
        edit(run.devices[1].identity.as_mut().unwrap());
        let found = codes("[inventory]\ndevices = 2", &run);
        assert_eq!(found, [said("identity.duplicate", fail), said("inventory.devices", fail)]);
    };
    twice(|part| part.uuid = Some(format!("{:032x}", 1)));
    // The whole card, which holds the part.
    twice(|whole| drop(whole.details.remove("mig")));
    twice(|nameless| nameless.uuid = None);
}

#[test]
fn what_is_simulated_is_no_card_of_the_machine() {
    let mut both = good_run(2);
    let first = both.devices[0].identity.clone().unwrap();
    both.devices[1].identity = Some(Identity { provenance: Provenance::Hardware, ..first });
    assert_eq!(codes("", &both), []);
}

/// Drivers without UUIDs give zeros.
#[test]
fn zeros_name_no_card() {
    let mut run = good_run(2);
    for device in &mut run.devices {
        device.identity.as_mut().unwrap().uuid = Some("0".repeat(32));
    }
    assert_eq!(codes("", &run), []);
}

#[test]
fn one_uuid_is_one_card_unless_it_is_software() {
    let twins = |provenance: Provenance| {
        let mut run = good_run(2);
        for device in &mut run.devices {
            let identity = device.identity.as_mut().unwrap();
            identity.provenance = provenance.clone();
            (identity.uuid, identity.pci_address) = (Some("ab".repeat(16)), None);
        }
        codes("", &run)
    };
    assert_eq!(twins(Provenance::Software { cpu_threads: 2 }), []);
    for one in [Provenance::Hardware, Provenance::Simulated { script: "sim:test".into() }] {
        assert_eq!(twins(one), [("identity.duplicate".to_owned(), Verdict::Fail)]);
    }
}
