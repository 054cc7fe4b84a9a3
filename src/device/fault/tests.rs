//! The fault script: what parses, what is refused and with which words, and that printing is its inverse.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

#[test]
fn every_key_parses_its_own_example_and_prints_under_its_own_name() {
    for row in FAULTS {
        let script = Script::parse(&format!("h200,{}", row.example)).unwrap();
        assert_eq!(script.settings.len(), 1, "{}", row.example);
        assert_eq!(script.settings[0].text().0, row.key);
        assert_eq!(Script::parse(&script.to_string()).unwrap(), script);
        assert_eq!(FAULTS.iter().filter(|other| other.key == row.key).count(), 1, "{} stands twice", row.key);
    }
}

#[test]
fn the_designs_example_reads_as_meant() {
    let script = Script::parse("h200,mem=80GB,flip=41GB:17,throttle=0.7@20s,lost@call=412,seed=7").unwrap();
    assert_eq!(script.profile, "h200");
    assert_eq!(
        script.settings,
        [
            Setting::Mem(80_000_000_000),
            Setting::Flip { addr: 41_000_000_000, bit: 17 },
            Setting::Throttle { share: 0.7, from_ns: 20_000_000_000 },
            Setting::LostAtCall(412),
            Setting::Seed(7),
        ]
    );
    assert_eq!(script.to_string(), "h200,mem=80GB,flip=41GB:17,throttle=0.7@20s,lost@call=412,seed=7");
}

#[test]
fn errors_say_where_what_and_what_to_try() {
    let error = Script::parse("h200,flop=0.5").unwrap_err();
    assert_eq!((error.part, error.at), (2, 10));
    let message = error.to_string();
    assert!(message.starts_with(
        "part 2, at character 10 (\"flop=0.5\"): there is no key \"flop\", did you mean \"flip\"; `assay list --simulated` shows all"
    ), "{message}");
    for (bad, part, at, says) in [
        ("", 1, 5, "a card's profile must come first"),
        ("H200", 1, 5, "lower-case letters"),
        ("mini,", 2, 10, "there is no key \"\""),
        ("mini,ü=1,x", 2, 10, "there is no key \"ü\""),
        ("mini,name=Ü,flip=1GB", 3, 17, "a byte address, a colon and a bit"),
        (
            "mini,flip=1GB:32",
            2,
            10,
            "\"32\" is not a whole number from 0 to 31; write for example flip=41GB:17",
        ),
        ("mini,flip=1TFLOPS:3", 2, 10, "the unit \"TFLOPS\" does not fit"),
        ("mini,seed=1,seed=2", 3, 17, "seed stands already in part 2"),
        ("mini,lazy=1", 2, 10, "takes no value"),
        (
            "mini,peer_rate=1",
            2,
            10,
            "the index of a card, a colon and a share are needed; write for example peer_rate=1:0.5",
        ),
        ("mini,noise=nan", 2, 10, "not a plain number from 0 to 0.5"),
        ("mini,noise=0.6", 2, 10, "not a plain number from 0 to 0.5"),
        ("mini,speed=0", 2, 10, "not a plain number"),
        ("mini,speed=1e3", 2, 10, "not a plain number"),
        ("mini,mem=-1GB", 2, 10, "not a finite number"),
        ("mini,mem=101TB", 2, 10, "is more than 100TB"),
        ("mini,xid=79@400000h", 2, 10, "longer than"),
        ("mini,lost@t=99999999s", 2, 10, "longer than"),
        ("mini,lost@call=0", 2, 10, "from 1 to"),
        ("mini,no=fp9", 2, 10, "is not one of fp64, fp32, tf32, fp16, bf16, fp8_e4m3, fp8_e5m2, int32, int8"),
        ("mini,uuid=AA", 2, 10, "32 lower-case hex digits"),
        ("mini,name=a\nb", 2, 10, "printable"),
    ] {
        let error = Script::parse(bad).unwrap_err();
        assert!(error.why.contains(says), "{bad}: {error}");
        assert_eq!((error.part, error.at), (part, at), "{bad}");
    }
    let long = "mini".to_owned() + &",seed=1".repeat(10_000);
    assert!(Script::parse(&long).unwrap_err().why.contains("at most 4096 bytes"));
    let many = "mini".to_owned() + &",flip=1B:1".repeat(PARTS_MAX + 1);
    assert!(Script::parse(&many).unwrap_err().why.contains("at most 128 settings"));
}

#[test]
fn keys_for_places_may_stand_several_times() {
    let script = Script::parse("mini,flip=4B:1,flip=8B:2,stuck=1kB:3,stuck=1kB:4=0").unwrap();
    assert_eq!(script.settings.len(), 4);
    assert_eq!(script.to_string(), "mini,flip=4B:1,flip=8B:2,stuck=1kB:3=1,stuck=1kB:4=0");
}

fn setting() -> impl Strategy<Value = Setting> {
    let share = || (1u32..4_000_000).prop_map(|n| f64::from(n) / 4096.0);
    let bytes = || prop_oneof![0u64..200, (0u64..1000).prop_map(|n| n * 1_000_000_000)];
    let per = || prop::sample::select(Per::ALL.to_vec());
    let often = || prop::sample::select(Often::ALL.to_vec());
    let name = || "[^,\\p{Cc}]{1,64}";
    prop_oneof![
        any::<u64>().prop_map(Setting::Seed),
        bytes().prop_map(Setting::Mem),
        bytes().prop_map(Setting::TelemetryMem),
        name().prop_map(Setting::Name),
        name().prop_map(Setting::TelemetryName),
        "[0-9a-f]{32}".prop_map(Setting::Uuid),
        (bytes(), 0u8..32).prop_map(|(addr, bit)| Setting::Flip { addr, bit }),
        (bytes(), 0u8..32, any::<bool>()).prop_map(|(addr, bit, at_one)| Setting::Stuck {
            addr,
            bit,
            at_one
        }),
        share().prop_map(Setting::MemoryRate),
        (share(), bytes()).prop_map(|(share, from_ns)| Setting::Throttle { share, from_ns }),
        (share(), per()).prop_map(|(share, per)| Setting::Drift { share, per }),
        (share(), per()).prop_map(|(count, per)| Setting::Ecc { count, per }),
        (share(), per()).prop_map(|(count, per)| Setting::EccCorrected { count, per }),
        (share(), per()).prop_map(|(count, per)| Setting::Remaps { count, per }),
        (share(), per()).prop_map(|(count, per)| Setting::Replays { count, per }),
        prop::option::of(share()).prop_map(Setting::Timer),
        (0u64..256, share()).prop_map(|(index, share)| Setting::PeerRate { index, share }),
        (0u64..256).prop_map(Setting::StallAtPeer),
        (1u64..).prop_map(Setting::LostAtCall),
        bytes().prop_map(Setting::LostAtTime),
        often().prop_map(Setting::Lost),
        often().prop_map(Setting::Fail),
        prop::sample::select(Injected::ALL.to_vec()).prop_map(Setting::Error),
        prop::sample::select(Sensors::ALL.to_vec()).prop_map(Setting::Telemetry),
        (1u64..1000, bytes()).prop_map(|(code, from_ns)| Setting::Xid { code, from_ns }),
        prop::sample::select(Precision::ALL.to_vec()).prop_map(Setting::No),
        Just(Setting::Lazy),
        Just(Setting::Library),
    ]
}

proptest! {
    #[test]
    fn printing_is_the_inverse_of_parsing(
        profile in "[a-z0-9_-]{1,32}",
        settings in prop::collection::vec(setting(), 0..12),
    ) {
        let mut keys = std::collections::BTreeSet::new();
        let settings = settings.into_iter().filter(|s| {
            let key = s.text().0;
            keys.insert(key) || FAULTS.iter().any(|row| row.key == key && row.repeatable)
        }).collect();
        let script = Script { profile, settings };
        prop_assert_eq!(Script::parse(&script.to_string()), Ok(script));
    }

    #[test]
    fn no_text_makes_the_parser_panic_and_what_parses_survives_printing(text in "\\PC{0,80}") {
        if let Ok(script) = Script::parse(&text) {
            prop_assert_eq!(Script::parse(&script.to_string()), Ok(script));
        }
    }

    #[test]
    fn mutilated_scripts_do_no_harm(
        index in 0..FAULTS.len(), cut in 0usize..40, junk in "[-0-9.:@=/einfNaNGTB,ü ]{0,12}",
    ) {
        let mut text = format!("mini,{}", FAULTS[index].example);
        let at = cut.min(text.len());
        text.insert_str(at, &junk);
        if let Ok(script) = Script::parse(&text) {
            prop_assert_eq!(Script::parse(&script.to_string()), Ok(script));
        }
    }
}
