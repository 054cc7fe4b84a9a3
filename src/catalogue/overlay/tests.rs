//! Overlays as makers would write them, and as they must not.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::language::Language;
use crate::seal::TrustList;

fn problems(text: &str) -> Vec<String> {
    let (_, problems) = Overlay::parse(text.as_bytes()).unwrap().check(Language::English);
    problems.iter().map(Problem::to_string).collect()
}

#[test]
fn the_example_is_read_checked_signed_and_opened() {
    let overlay = Overlay::parse(EXAMPLE.as_bytes()).unwrap();
    let (catalogue, wrong) = overlay.check(Language::English);
    assert_eq!((catalogue.gpus.len(), catalogue.bands.len(), wrong), (1, 1, vec![]));
    assert_eq!(catalogue.bands[0].typical, 1.4e12);
    let key = SecretKey::generate().unwrap();
    let envelope = Envelope::parse(&overlay.seal(&key).unwrap().to_bytes()).unwrap();
    let verified = envelope.open(&TrustList::new([key.public()])).unwrap();
    let opened = Overlay::from_verified(&verified).unwrap();
    assert_eq!(opened.digest(), overlay.digest());
    assert_eq!(opened.check(Language::English).1, vec![]);
}

#[test]
fn rules_of_the_built_in_tables_hold() {
    for (from, to, words) in [
        ("fp16 = 204.8", "fp16 = 409.6", "is it the sparse figure?"),
        ("GBps = 1600", "GBps = 1.6", "memory_bandwidth_GBps: 1.6 is not between"),
        ("columns = \"*\"", "columns = \"fp32\"", "nothing says where it comes from"),
        ("datasheet\"\nread = \"yes\"", "datasheet\"\nread = \"no\"", "none of its sources was read"),
        ("\"Example X100\"", "\"H200 SXM\"", "does not mean one card alone"),
        ("1234:abcd", "10de:2335", "H200 SXM has the same id"),
        ("high = 1.45", "high = 1.61", "above the datasheet's"),
        ("title = \"Cards", "title = \"\" #", "title: is empty"),
        ("stream.triad.rate", "stream.triad.speed", "there is no metric"),
    ] {
        let changed = EXAMPLE.replace(from, to);
        assert_ne!(changed, EXAMPLE, "{from}");
        let found = problems(&changed).join("\n");
        assert!(found.contains(words), "{words}: {found}");
    }
}

#[test]
fn what_is_no_overlay_is_refused_with_the_place() {
    for (file, words) in [
        ("", "missing field `format`"),
        ("format = 1\ntitel = 2", "line 2"),
        ("format = ", "line 1"),
        ("card = []\nformat = 2\ntitle = \"\"\nversion = \"\"", "format 2"),
        ("\u{0}", "line 1"),
    ] {
        let why = Overlay::parse(file.as_bytes()).unwrap_err().to_string();
        assert!(why.contains(words) && why.contains("; "), "{file:?}: {why}");
    }
    assert_eq!(Overlay::parse(&[0xff]).unwrap_err(), OverlayError::NotText);
    assert_eq!(Overlay::parse(&vec![b' '; FILE_BYTES_MAX + 1]).unwrap_err(), OverlayError::TooLarge);
    assert_eq!(
        problems("card = []\nformat = 1\ntitle = \"a\"\nversion = \"b\""),
        ["card: there is none and no band; begin each with [[card]] or [[band]]"]
    );
}

#[test]
fn what_would_cost_much_is_refused() {
    let head = "format = 1\ntitle = \"a\"\nversion = \"b\"\n";
    let many = format!("{head}{}", "[[card]]\n".repeat(257));
    assert_eq!(
        Overlay::parse(many.as_bytes()).unwrap_err(),
        OverlayError::TooMany { what: "cards", most: 256 }
    );
    let long = format!("{head}[[card]]\nname = \"{}\"", "a 1 ".repeat(30));
    assert_eq!(Overlay::parse(long.as_bytes()).unwrap_err(), OverlayError::LongName);
    let nothing = format!("{head}{}", "[[card]]\n".repeat(256));
    assert!(problems(&nothing).len() >= 256);
}

/// A line of bands has as many as it names cards, and each says all of it again.
#[test]
fn a_line_of_bands_that_would_fill_the_memory_is_refused() {
    let band = |cards: &str, more: &str| {
        format!(
            "format = 1\ntitle = \"a\"\nversion = \"b\"\n[[source]]\nid = \"s\"\ntitle = \"s\"\nkind = \"paper\"\nread = \"no\"\n\
             [[band]]\ncards = \"{cards}\"\nmetric = \"stream.triad.rate\"\nlow = 1\ntypical = 1\nhigh = 1\nunit = \"TB/s\"\n\
             basis = \"published\"\nsources = \"s\"\nconfidence = \"low\"\nconditions = \"{more}\"\n"
        )
    };
    let (cards, text) = ("H200 SXM;".repeat(1000), "x".repeat(10_000));
    assert_eq!(Overlay::parse(band(&cards, &text).as_bytes()).unwrap_err(), OverlayError::LongBands);
    assert_eq!(problems(&band("H200 SXM;H100 SXM5 80GB", &text)), Vec::<String>::new());
}

/// It is looked through once for each column. Looked through for each cell it would take minutes.
#[test]
fn long_lines_of_provenance_beside_many_cards_are_checked() {
    let fields = "vendor=\"v\"\narch=\"a\"\nfp64=1\nfp32=1\ntf32=1\nfp16=1\nbf16=1\nfp8=1\nint8=1\nfp4=1\n";
    let cards: String = (0..256).map(|n| format!("[[card]]\nname = \"ZX{n:03}\"\n{fields}")).collect();
    let line = "[[provenance]]\ncard = \"*\"\ncolumns = \"";
    let text = format!(
        "format = 1\ntitle = \"a\"\nversion = \"b\"\n{cards}{line}{}\"\nsources = \"s\"\nconfidence = \"low\"\n",
        "x ".repeat(400_000)
    );
    assert!(problems(&text).iter().any(|problem| problem.contains("nothing says where it comes from")));
}

#[test]
fn what_is_quoted_stays_on_its_line() {
    let hostile = EXAMPLE.replace("= \"1234:abcd\"", "= \"\\u001b[31m\\n1234\"");
    let found = problems(&hostile);
    assert!(!found.is_empty() && found.iter().all(|line| !line.contains(char::is_control)), "{found:?}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_damage_is_read_or_refused(at in 0..EXAMPLE.len(), byte: u8, cut in 0..EXAMPLE.len()) {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        bytes[at] = byte;
        for file in [&bytes[..], &bytes[..cut]] {
            let _ = Overlay::parse(file).map(|overlay| overlay.check(Language::English));
        }
    }

    #[test]
    fn any_name_is_resolved(name in "\\PC{0,60}") {
        let _ = crate::catalogue::resolve(&name);
    }
}

#[test]
fn a_statement_about_another_overlay_is_refused() {
    let key = SecretKey::generate().unwrap();
    let overlay = Overlay::parse(EXAMPLE.as_bytes()).unwrap();
    let other = Overlay { version: "another".into(), ..overlay.clone() };
    let sealed = Envelope::seal(&KIND.encode(vec![other.subject().unwrap()], &overlay).unwrap(), &key);
    let verified = sealed.open(&TrustList::new([key.public()])).unwrap();
    assert_eq!(Overlay::from_verified(&verified).unwrap_err(), StatementError::Subjects.into());
}
