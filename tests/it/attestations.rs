//! A vendor's attestation: what holds is verified, whatever else is there speaks against the prover, and what is not there is
//! no more than absent.

use gpu_assay::device::Provenance;
use gpu_assay::proof::attestation::{Attested, Card, Contradiction, Roots, check};
use gpu_assay::proof::challenge::Issued;
use gpu_assay::proof::level::TrustLevel;
use gpu_assay::proof::session::{Fault, Session};
use gpu_assay::proof::statement::{By, Figures, Outcome, Proof};
use gpu_assay::proof::wire::{Frame, Hello, Timed};
use gpu_assay::proof::work::Seeds;
use gpu_assay::seal::sha256_hex;
use gpu_assay::telemetry::Attestation;
use jiff::Timestamp;

use super::support::data;
use super::support_attest::{SIGNS_CERTIFICATES, SIGNS_DATA, Vendor, key, report};
use super::support_proof::*;

pub const NONCE: [u8; 32] = [0x42; 32];

fn at(text: &str) -> [Timestamp; 1] {
    [text.parse().unwrap()]
}

pub fn today() -> [Timestamp; 1] {
    at("2026-06-01T00:00:00Z")
}

fn published() -> Attestation {
    let read = |name| std::fs::read(data(&format!("attestation/{name}"))).unwrap();
    Attestation { report: read("gh100.report.bin"), chain: read("gh100.chain.pem") }
}

/// The nonce that the published report was made for.
fn asked() -> [u8; 32] {
    published().report[4..36].try_into().unwrap()
}

/// A card that NVIDIA's own verifier takes is taken here, by its built-in root.
#[test]
fn the_attestation_that_nvidia_publishes_is_verified() {
    let card = check(&published(), &asked(), &today(), Roots::in_use()).unwrap();
    assert!(card.name.contains("CN=GH100 A01 GSP BROM"), "{}", card.name);
    assert_eq!(card.root_sha256, "102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48");
    assert_eq!((card.driver.as_deref(), card.vbios.as_deref()), (Some("550.90.07"), Some("96.00.9F.00.01")));
    // Without the root at its end it leads there all the same.
    let mut short = published();
    let end = String::from_utf8(short.chain.clone()).unwrap().rfind("-----BEGIN").unwrap();
    short.chain.truncate(end);
    assert_eq!(check(&short, &asked(), &today(), Roots::in_use()), Ok(card));
}

#[test]
fn no_bit_of_an_attestation_can_be_changed() {
    let holds = |changed: &Attestation| check(changed, &asked(), &today(), Roots::in_use());
    let right = holds(&published()).unwrap();
    for at in (0..published().report.len()).step_by(61) {
        let mut changed = published();
        changed.report[at] ^= 1 << (at % 8);
        assert!(holds(&changed).is_err(), "byte {at} of the report");
    }
    for at in (0..published().chain.len()).step_by(61) {
        let mut changed = published();
        changed.chain[at] ^= 1 << (at % 7);
        assert!(holds(&changed).is_err(), "byte {at} of the chain");
    }
    for length in (0..published().report.len()).step_by(293) {
        let mut cut = published();
        cut.report.truncate(length);
        assert!(holds(&cut).is_err(), "{length} bytes of the report");
    }
    let mut longer = published();
    longer.report.push(0);
    assert!(holds(&longer).is_err());
    assert_eq!(holds(&published()), Ok(right));
}

#[test]
fn an_attestation_of_a_vendor_that_is_trusted_is_verified() {
    let vendor = Vendor::new(1);
    let card = check(&vendor.attests(&NONCE), &NONCE, &today(), &vendor.roots()).unwrap();
    let point = vendor.keys[1].verifying_key().to_sec1_point(false);
    assert_eq!(card.key_sha256, sha256_hex(point.as_bytes()));
    assert_eq!((card.name.as_str(), card.driver.as_deref()), ("CN=Card of vendor 1", Some(report::DRIVER)));
    let root = check(&vendor.attests(&NONCE), &NONCE, &today(), Roots::in_use());
    assert!(matches!(root, Err(Contradiction::Root(_))), "{root:?}");
}

/// What is found of an attestation that was changed in one way.
fn changed(how: impl Fn(&mut Vendor)) -> Result<Card, Contradiction> {
    let right = Vendor::new(1);
    let mut vendor = Vendor::new(1);
    how(&mut vendor);
    check(&vendor.attests(&NONCE), &NONCE, &today(), &right.roots())
}

#[track_caller]
fn breaks(part: &str, how: impl Fn(&mut Vendor)) {
    let found = changed(how);
    assert!(matches!(found, Err(Contradiction::Chain(why)) if why.contains(part)), "{part}: {found:?}");
}

#[test]
fn each_rule_about_certificates_is_kept() {
    assert!(changed(|_| {}).is_ok());
    breaks("issued by the next", |v| v.drafts[0].issuer = "Somebody".into());
    breaks("no authority", |v| v.drafts[1].authority = None);
    breaks("no authority", |v| (v.drafts[1].authority, v.drafts[1].denies) = (None, true));
    breaks("longer than an authority allows", |v| v.drafts[2].authority = Some(Some(0)));
    assert!(changed(|v| v.drafts[2].authority = Some(Some(1))).is_ok());
    breaks("may not sign certificates", |v| v.drafts[1].usage = SIGNS_DATA);
    breaks("not one that signs data", |v| v.drafts[0].usage = SIGNS_CERTIFICATES);
    breaks("not valid at the time", |v| v.drafts[2].until = "20260531235959Z");
    breaks("not valid at the time", |v| v.drafts[0].from = "20260601000001Z");
    breaks("something critical", |v| v.drafts[1].critical = true);
    // Signed by a key that is not in the next certificate.
    let mut certificates = Vendor::new(1).certificates();
    certificates[0] = Vendor::new(1).drafts[0].sign(&key(1), &key(9));
    let forged = Attestation { chain: certificates.concat().into_bytes(), ..Vendor::new(1).attests(&NONCE) };
    let found = check(&forged, &NONCE, &today(), &Vendor::new(1).roots());
    assert_eq!(found, Err(Contradiction::Chain("the signature of a certificate does not hold")));
}

#[test]
fn each_thing_that_an_attestation_says_is_checked() {
    let vendor = Vendor::new(1);
    let roots = vendor.roots();
    let found = |given: &Attestation| check(given, &NONCE, &today(), &roots);
    assert_eq!(found(&vendor.attests(&[0x43; 32])), Err(Contradiction::Nonce));
    let mut by_another = vendor.attests(&NONCE);
    by_another.report = report::signed(&report::unsigned(&NONCE), &key(9));
    assert_eq!(found(&by_another), Err(Contradiction::Signature));
    assert_eq!(changed(|v| v.drafts[0].firmware = Some([0xf2; 48])), Err(Contradiction::Firmware));
    assert_eq!(changed(|v| v.drafts[0].firmware = None), Err(Contradiction::Firmware));
    // The same names, but nobody's keys.
    let foreign = Vendor { keys: Vendor::new(9).keys, ..Vendor::new(1) };
    assert!(matches!(found(&foreign.attests(&NONCE)), Err(Contradiction::Root(_))));
    for chain in ["", "no certificate", &vendor.certificates()[3], &vendor.chain().repeat(3)] {
        let given = Attestation { chain: chain.into(), ..vendor.attests(&NONCE) };
        assert!(matches!(found(&given), Err(Contradiction::Chain(_))), "{chain}");
    }
    // Signed as they are: measurements that nobody asked to be signed, one more than there is, something behind the last field.
    for change in [|r: &mut Vec<u8>| r[2] = 0, |r: &mut Vec<u8>| r[41] += 1, |r: &mut Vec<u8>| r.push(0)] {
        let mut unsigned = report::unsigned(&NONCE);
        change(&mut unsigned);
        let report = report::signed(&unsigned, &vendor.keys[0]);
        let given = Attestation { report, ..vendor.attests(&NONCE) };
        assert!(matches!(found(&given), Err(Contradiction::Report(_))), "{unsigned:?}");
    }
    assert!(Roots::parse(b"nothing").is_err());
}

const ASK: [u8; 32] = [5; 32];

/// A conversation with so many GPUs in hardware, and what each shows of its attestation.
fn conversation(gpus: u32, given: &[(u16, Result<Attestation, String>)]) -> (Issued, Vec<Timed>) {
    let issued = issued(&challenge(gpus));
    let mut hello: Hello = hello(&issued, SMALL);
    hello.gpus.iter_mut().for_each(|gpu| gpu.identity.provenance = Provenance::Hardware);
    let committed = commit(&issued, &hello, 4, &mut Honest);
    let mut frames = [committed.rounds(), committed.answers(ASK, &mut Honest)].concat();
    let done = frames.pop().unwrap();
    for (gpu, given) in given {
        let frame = Frame::Attestation { gpu: *gpu, given: given.clone() };
        frames.push(Timed { at_ns: done.at_ns, frame });
    }
    frames.push(done);
    (issued, frames)
}

/// What a card signs for one GPU of the conversation.
fn nonce(gpu: u32) -> [u8; 32] {
    Seeds::new(&[7; 32], &ASK, gpu).attestation()
}

fn taken<'a>(issued: &'a Issued, frames: &[Timed], roots: &'a Roots) -> Result<Session<'a>, Fault> {
    let mut session = Session::new(issued, [3; 32]).trusting(roots);
    frames.iter().try_for_each(|frame| session.take(frame))?;
    assert!(session.is_done());
    Ok(session)
}

#[test]
fn what_each_card_signs_follows_from_the_challenge_the_question_and_its_number() {
    let info = |gpu: u32| [&b"gpu-assay proof v1 T"[..], &gpu.to_le_bytes()].concat();
    let mut wanted = [0; 32];
    let secret = hkdf::Hkdf::<sha2::Sha256>::new(None, &[[7; 32], ASK].concat());
    secret.expand(&info(1), &mut wanted).unwrap();
    assert_eq!(nonce(1), wanted);
    assert_ne!(nonce(0), nonce(1));
}

#[test]
fn a_proof_reaches_l3_where_all_of_l2_holds_and_every_card_is_attested() {
    let (one, two) = (Vendor::new(1), Vendor::new(1).other_card(20));
    let roots = one.roots();
    let level = |given: &[(u16, Result<Attestation, String>)]| {
        let (issued, frames) = conversation(2, given);
        let session = taken(&issued, &frames, &roots).unwrap();
        let mut proof = signed(&issued, &[], By::Witness);
        proof.figures = Figures::of(&session, 64);
        proof
    };
    let both = [(0, Ok(one.attests(&nonce(0)))), (1, Ok(two.attests(&nonce(1))))];
    let mut proof = level(&both);
    assert_eq!(proof.level(), TrustLevel::L3);
    let json = serde_json::to_value(&proof.figures.gpus[1]).unwrap();
    assert_eq!(json["attestation"]["kind"], "verified");
    assert_eq!(json["attestation"]["name"], "CN=Card of vendor 1");
    // What L2 takes is still needed.
    let on_one_host = Proof { same_host: Some(true), ..proof.clone() };
    let of_nobody = Proof { by: By::Prover, ..proof.clone() };
    let refuted = Proof { outcome: Outcome::Refuted { why: String::new() }, ..proof.clone() };
    for spoilt in [on_one_host, of_nobody, refuted] {
        assert_eq!(spoilt.level(), TrustLevel::L1);
    }
    proof.figures.gpus[1].attestation = Some(Attested::Absent { why: "off".into() });
    assert_eq!(proof.level(), TrustLevel::L2);
    let absent = (1, Err("off\u{1b}[31m".to_owned()));
    let proof = level(&[both[0].clone(), absent]);
    assert_eq!(proof.level(), TrustLevel::L2);
    assert_eq!(proof.figures.gpus[1].attestation, Some(Attested::Absent { why: "off[31m".into() }));
    let silent = level(&[]);
    assert_eq!((silent.level(), &silent.figures.gpus[0].attestation), (TrustLevel::L2, &None));
}

#[test]
fn an_attestation_that_does_not_hold_refutes_the_proof() {
    let (one, two) = (Vendor::new(1), Vendor::new(1).other_card(20));
    let roots = one.roots();
    let fault = |given: &[(u16, Result<Attestation, String>)]| {
        let (issued, frames) = conversation(2, given);
        taken(&issued, &frames, &roots).err().expect("it holds")
    };
    let zero = (0, Ok(one.attests(&nonce(0))));
    let why = |given: &[(u16, Result<Attestation, String>)]| {
        let Fault::Attestation { gpu, why } = fault(given) else { panic!("{}", fault(given)) };
        (gpu, why)
    };
    // That of the other GPU, of an older question, of a card that answers for both, and both words.
    assert_eq!(why(&[(1, zero.1.clone())]), (1, Contradiction::Nonce));
    assert_eq!(
        why(&[(0, Ok(one.attests(&Seeds::new(&[7; 32], &[6; 32], 0).attestation())))]),
        (0, Contradiction::Nonce)
    );
    assert_eq!(why(&[zero.clone(), (1, Ok(one.attests(&nonce(1))))]), (1, Contradiction::SameCard(0)));
    assert_eq!(why(&[zero.clone(), zero.clone()]), (0, Contradiction::SameCard(0)));
    assert_eq!(why(&[(0, Err("none".into())), zero.clone()]), (0, Contradiction::Twice));
    assert_eq!(why(&[zero.clone(), (0, Err("none".into()))]), (0, Contradiction::Twice));
    assert_eq!(fault(&[(2, Ok(two.attests(&nonce(2))))]), Fault::NoGpu(2));
    // The same card with other firmware is the same card.
    let mut reloaded = Vendor::new(1);
    reloaded.keys[0] = key(30);
    assert_eq!(why(&[zero, (1, Ok(reloaded.attests(&nonce(1))))]), (1, Contradiction::SameCard(0)));
}

#[test]
fn an_attestation_before_the_question_is_out_of_turn() {
    let vendor = Vendor::new(1);
    let (issued, mut frames) = conversation(1, &[(0, Ok(vendor.attests(&nonce(0))))]);
    let at = frames.iter().position(|timed| matches!(timed.frame, Frame::Ask(_))).unwrap();
    let moved = frames.remove(frames.len() - 2);
    frames.insert(at, Timed { at_ns: frames[at].at_ns, ..moved });
    let roots = vendor.roots();
    assert!(matches!(
        taken(&issued, &frames, &roots).err(),
        Some(Fault::OutOfTurn { frame: "attestation", .. })
    ));
}

#[test]
fn frames_of_attestations_are_read_as_they_were_written_and_have_a_limit() {
    let vendor = Vendor::new(1);
    let frame = |given| Frame::Attestation { gpu: 3, given };
    let read = |bytes: &[u8]| Frame::read(&mut &*bytes).map(Option::unwrap);
    for given in [Ok(vendor.attests(&NONCE)), Err("why \u{4f60}".to_owned())] {
        let written = frame(given);
        assert_eq!(read(&written.encode()).unwrap(), written);
    }
    let long =
        |report, chain| frame(Ok(Attestation { report: vec![1; report], chain: vec![b'x'; chain] })).encode();
    assert!(read(&long(Attestation::REPORT_MAX, Attestation::CHAIN_MAX)).is_ok());
    assert!(read(&long(Attestation::REPORT_MAX + 1, 1)).unwrap_err().to_string().contains("too long"));
    assert!(read(&long(1, Attestation::CHAIN_MAX + 1)).unwrap_err().to_string().contains("too long"));
    let mut lying = long(10, 0);
    lying[7] = 11;
    assert!(read(&lying).unwrap_err().to_string().contains("too short"));
    let mut not_text = frame(Err("xx".into())).encode();
    *not_text.last_mut().unwrap() = 0xff;
    assert!(read(&not_text).unwrap_err().to_string().contains("UTF-8"));
}
