//! Overlays of the catalogue in use: what is compared with them, and that nobody verifies without them what was judged with them.

use gpu_assay::catalogue::overlay::Overlay;
use gpu_assay::seal::{Envelope, SecretKey};

use crate::certificates::Desk;

/// The example's card as somebody signs it.
fn desk() -> Desk {
    let desk = Desk::new();
    std::fs::write(desk.path("example.toml"), gpu_assay::catalogue::overlay::EXAMPLE).unwrap();
    desk.assay(0, "catalogue sign example.toml --key tenant.pem --out example.dsse.json");
    desk
}

const USE: &str = "--overlay example.dsse.json --overlay-trust tenant.pub.pem";

#[test]
fn a_card_of_an_overlay_is_a_card_like_any_other() {
    let desk = desk();
    for command in ["contract new --sku X100", "catalogue show X100"] {
        let unknown = desk.assay(2, command);
        assert!(unknown.stderr.contains("X100"), "{}", unknown.stderr);
    }
    let lease = desk.assay(0, &format!("contract new --sku X100 {USE}")).stdout;
    assert!(lease.contains("sku = \"Example X100\""), "{lease}");
    // 95 % of the least that its maker's band names.
    assert!(lease.contains("at_least = \"1.23 TB/s\""), "{lease}");
    std::fs::write(desk.path("x100.toml"), lease).unwrap();
    let without = desk.assay(2, "contract check x100.toml");
    assert!(without.stderr.contains("Example X100") || without.stdout.contains("Example X100"));
    // What it still lacks, it lacks whatever the card.
    let with = desk.assay(2, &format!("contract check x100.toml {USE}"));
    assert!(with.stdout.contains("[no-price]") && !with.stdout.contains("X100\""), "{}", with.stdout);
    assert!(desk.assay(0, &format!("catalogue show X100 {USE}")).stdout.contains("example-datasheet"));
    assert!(desk.assay(0, &format!("catalogue list {USE}")).stdout.contains("Example X100"));
}

#[test]
fn what_was_judged_with_an_overlay_is_verified_with_the_same() {
    let desk = desk();
    let run = "run --contract lease.toml --device sim:mini --probe census --key provider.pem --out";
    desk.assay(0, &format!("{run} with {USE}"));
    let verify =
        |out: &str| format!("verify {out}/report.dsse.json --trust provider.pub.pem --contract lease.toml");
    desk.assay(0, &format!("{} {USE}", verify("with")));
    let without = desk.assay(6, &verify("with"));
    assert!(
        without.stdout.contains("(--overlay)") && without.stdout.contains("Cards of a maker"),
        "{}",
        without.stdout
    );
    // It may be honest: nobody has the overlay here.
    let words = ["judged with other overlays of the catalogue", "do not accept it"];
    assert_eq!(words.map(|words| without.stdout.contains(words)), [true, false], "{}", without.stdout);
    // The reverse too: it would say what it was not judged with.
    desk.assay(0, &format!("{run} plain"));
    desk.assay(0, &verify("plain"));
    desk.assay(6, &format!("{} {USE}", verify("plain")));
}

#[test]
fn only_what_a_trusted_key_signed_is_used() {
    let desk = desk();
    let list = "catalogue list --overlay example.dsse.json";
    let alone = desk.assay(2, list);
    assert!(alone.stderr.contains("--overlay-trust"), "{}", alone.stderr);
    let stranger = desk.assay(6, &format!("{list} --overlay-trust provider.pub.pem"));
    assert!(stranger.stderr.contains("example.dsse.json"), "{}", stranger.stderr);
    let twice = desk.assay(2, &format!("{list} --overlay example.dsse.json --overlay-trust tenant.pub.pem"));
    assert!(twice.stderr.contains("does not mean one card alone"), "{}", twice.stderr);
}

#[test]
fn a_run_becomes_the_reference_that_bounds_are_shares_of() {
    let desk = Desk::new();
    desk.assay(0, "run --measure-only --profile quick --probe fma --device sim:mini,seed=1 --device sim:mini,seed=2,index=1,speed=0.9 --key provider.pem --out good");
    let table = desk.assay(0, "contract reference good/report.dsse.json --trust provider.pub.pem").stdout;
    let contract = std::fs::read_to_string(desk.path("lease.toml")).unwrap();
    let clause = "[[clause]]\nid = \"fp32\"\nmetric = \"fma.fp32.rate\"\nstatistic = \"p50\"\nat_least = \"98 % of reference\"\n";
    std::fs::write(desk.path("lease.toml"), format!("{contract}\n{table}\n{clause}")).unwrap();
    let run = "run --contract lease.toml --profile quick --probe census --probe fma --key provider.pem";
    // The slowest of the reference is what counts.
    desk.assay(0, &format!("{run} --device sim:mini,seed=3,speed=0.9 --out as-good"));
    desk.assay(1, &format!("{run} --device sim:mini,seed=3,speed=0.8 --out worse"));
    desk.assay(6, "contract reference good/report.dsse.json --trust tenant.pub.pem");
    desk.assay(0, "run --measure-only --probe census --device sim:mini --key provider.pem --out counts");
    desk.assay(3, "contract reference counts/report.dsse.json --trust provider.pub.pem");
}

/// A desk with reports of two cards in order, one that is slow, one with a bad bit, and one of whose memory little was looked at.
fn measured() -> Desk {
    let desk = desk();
    for (name, device, profile) in [
        ("a", "sim:h100,seed=1", "standard"),
        ("b", "sim:h100,seed=2", "standard"),
        ("slow", "sim:h100,seed=3,flops=0.8", "standard"),
        ("bad", "sim:h100,seed=4,flops=0.9,flip=41GB:17", "standard"),
        ("hasty", "sim:h100,seed=5,flops=0.9", "quick"),
    ] {
        let run =
            "run --measure-only --duration 1s --probe census --probe fma --probe memory --key provider.pem";
        desk.assay(0, &format!("{run} --profile {profile} --device {device} --out {name}"));
    }
    desk
}

/// Of the H100 no band of our own is built in, so that nobody is slow by it.
#[test]
fn bands_of_ones_own_reports_tell_a_slow_card_from_a_healthy_one() {
    let desk = measured();
    let reports = "a/report.dsse.json b/report.dsse.json --trust provider.pub.pem";
    let bands = desk.assay(0, &format!("catalogue bands {reports} --title ours")).stdout;
    for line in [
        "cards = \"H100 SXM5 80GB\"",
        "metric = \"fma.fp64.rate\"",
        "basis = \"own\"",
        "devices = 2",
        "unit = \"TFLOP/s\"",
        // Of simulated cards, which nobody may take for real ones.
        "conditions = \"NO HARDWARE, simulated; ",
    ] {
        assert!(bands.contains(line), "{line}: {bands}");
    }
    std::fs::write(desk.path("ours.toml"), bands).unwrap();
    desk.assay(0, "catalogue check ours.toml");
    desk.assay(0, "catalogue sign ours.toml --key tenant.pem --out ours.dsse.json");
    let certify = "certify --key provider.pem --trust provider.pub.pem --report slow/report.dsse.json --out";
    let usual = desk.assay(3, &format!("{certify} usual")).stdout;
    assert!(usual.contains("not compared"), "{usual}");
    let ours = "--overlay ours.dsse.json --overlay-trust tenant.pub.pem";
    let found = desk.assay(1, &format!("{certify} found {ours}")).stdout;
    assert!(found.contains("slower than healthy cards") && found.contains("BELOW"), "{found}");
    let healthy = certify.replace("slow/", "a/");
    let healthy = desk.assay(0, &format!("{healthy} healthy {ours}")).stdout;
    assert!(healthy.contains("in order"), "{healthy}");
    desk.assay(0, "run --measure-only --probe census --device sim:mini --key provider.pem --out mini");
    let nothing = desk.assay(3, "catalogue bands mini/report.dsse.json --trust provider.pub.pem");
    assert!(nothing.stderr.contains("no band"), "{}", nothing.stderr);
}

/// What a certificate says that was drawn up with bands that its reader lacks.
#[test]
fn whose_bands_they_were_is_seen_by_whoever_does_not_have_them() {
    let desk = measured();
    let reports = "a/report.dsse.json b/report.dsse.json --trust provider.pub.pem";
    let bands = desk.assay(0, &format!("catalogue bands {reports} --title ours")).stdout;
    std::fs::write(desk.path("ours.toml"), bands).unwrap();
    desk.assay(0, "catalogue sign ours.toml --key tenant.pem --out ours.dsse.json");
    let ours = "--overlay ours.dsse.json --overlay-trust tenant.pub.pem";
    let certify = "certify --key provider.pem --trust provider.pub.pem --report";
    desk.assay(1, &format!("{certify} slow/report.dsse.json --out found {ours}"));
    let healthy = desk.assay(0, &format!("{certify} a/report.dsse.json --out healthy {ours}")).stdout;
    assert!(healthy.contains("measured by assay, says \"ours\""), "{healthy}");
    assert!(healthy.contains("beside what is built in, it was compared with \"ours\""), "{healthy}");
    let verify = "verify healthy/inventory.dsse.json --trust provider.pub.pem";
    desk.assay(0, &format!("{verify} {ours}"));
    desk.assay(1, &format!("{} {ours}", verify.replace("healthy", "found")));
    // Whoever does not have them is told so, and what he can say himself.
    let without = desk.assay(3, verify).stdout;
    for words in [
        "by the catalogue of this program: H100 SXM5 80GB, as it is called, not compared",
        "says \"ours\"",
        "not with yours",
    ] {
        assert!(without.contains(words), "{words}: {without}");
    }
    let said: serde_json::Value =
        serde_json::from_str(&desk.assay(3, &format!("{verify} --json")).stdout).unwrap();
    assert_eq!((&said["holds"], &said["cards"][0]["quality"]), (&true.into(), &"good".into()));
    assert_eq!(said["by_own_catalogue"][0]["quality"], "uncompared");
    let band = |said: &serde_json::Value| {
        let figures = said["inventory"]["cards"][0]["figures"].as_array().unwrap();
        figures.iter().find(|figure| figure["metric"] == "fma.fp32.rate").unwrap()["healthy"].clone()
    };
    assert_eq!(band(&said)["overlay"], said["inventory"]["catalogue"]["overlays"][0]["sha256"], "{said}");
    // What is said of a card must follow from the bands that are named, even where nobody has them.
    // And what is called built in must be so.
    let key = SecretKey::load(&desk.path("provider.pem")).unwrap();
    let label = format!(",\"overlay\":{}", band(&said)["overlay"]);
    for (name, stated, forged, differs) in [
        ("found", "\"below\"", "\"healthy\"", "standing"),
        ("healthy", label.as_str(), "", "fma.fp32.rate.healthy"),
    ] {
        let file = desk.path(&format!("{name}/inventory.dsse.json"));
        let envelope = std::fs::read(&file).unwrap();
        let payload = String::from_utf8(Envelope::load(&file).unwrap().unchecked().unwrap()).unwrap();
        assert!(payload.contains(stated), "{payload}");
        std::fs::write(&file, Envelope::seal(payload.replace(stated, forged).as_bytes(), &key).to_bytes())
            .unwrap();
        let said = desk.assay(6, &verify.replace("healthy", name)).stdout;
        assert!(said.contains(differs), "{differs}: {said}");
        std::fs::write(&file, envelope).unwrap();
    }
    let sum = desk.assay(0, "fleet inventory healthy --trust provider.pub.pem").stdout;
    assert!(sum.contains("of which 1 by bands that are not built in: \"ours\""), "{sum}");
}

/// One bad card would make every other as bad a card in order.
#[test]
fn a_card_that_is_not_in_order_makes_no_band() {
    let desk = measured();
    let bands = |names: &[&str]| {
        let reports: String = names.iter().map(|name| format!(" {name}/report.dsse.json")).collect();
        desk.assay(0, &format!("catalogue bands{reports} --trust provider.pub.pem --title ours")).stdout
    };
    let of_two = bands(&["a", "b"]);
    let of_all = bands(&["a", "b", "slow", "bad", "hasty"]);
    let told = |text: &str| text.lines().filter(|line| line.starts_with('#')).collect::<Vec<_>>().join("\n");
    assert_eq!(told(&of_two), "");
    let why = told(&of_all);
    for words in [
        "flip=41GB:17",
        "FAULTY",
        "seed=5",
        "all of its memory must be filled",
        "seed=3",
        "fma.fp32.rate is 5",
    ] {
        assert!(why.contains(words), "{words}: {why}");
    }
    let read = |text: &str, metric: &str| {
        let overlay = Overlay::parse(text.as_bytes()).unwrap();
        let row = overlay.bands.into_iter().find(|row| row.metric == metric).unwrap();
        (row.low, row.high, row.devices)
    };
    assert_eq!(read(&of_two, "fma.fp32.rate"), read(&of_all, "fma.fp32.rate"));
    assert_eq!(read(&of_all, "memory.filled.bytes").2, Some(3), "the slow one has all of its memory");
}
