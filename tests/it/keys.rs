//! Key files: what OpenSSL makes we read, what we make OpenSSL reads (see `foreign`), and every mistake is named.

use std::path::Path;

use gpu_assay::seal::{KeyError, PublicKey, SecretKey, TrustList};

use crate::process::assay;
use crate::support::*;

fn secret(path: &Path) -> String {
    SecretKey::load(path).map(|_| "ok".to_owned()).unwrap_or_else(|e| e.to_string())
}

#[test]
fn keys_made_by_openssl_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let public = PublicKey::load_all(&data("keys/test-a.pub.pem")).unwrap().remove(0);
    assert_eq!(test_key(dir.path(), "test-a").public(), public);
    // As `openssl pkey -pubin -in test-a.pub.pem -outform DER | sha256sum` says.
    let id = std::fs::read_to_string(data("keys/test-a.id")).unwrap();
    assert_eq!(public.id().as_str(), id.trim());
    assert_eq!(public.to_pem().unwrap(), std::fs::read_to_string(data("keys/test-a.pub.pem")).unwrap());
}

/// Those of a large fleet's providers, in one file.
#[test]
fn a_file_of_many_keys_is_read_whole_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("parties.pem");
    let pem = std::fs::read_to_string(data("keys/test-a.pub.pem")).unwrap();
    std::fs::write(&file, pem.repeat(1000)).unwrap();
    assert_eq!(PublicKey::load_all(&file).unwrap().len(), 1000);
    std::fs::write(&file, pem.repeat(20_000)).unwrap();
    assert!(PublicKey::load_all(&file).unwrap_err().to_string().contains("larger than 1024 KiB"));
}

#[test]
fn a_new_key_is_private_and_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let (path, public_path) = (dir.path().join("key.pem"), dir.path().join("key.pub.pem"));
    let key = SecretKey::generate().unwrap();
    key.write_new(&path).unwrap();
    key.public().write_new(&public_path).unwrap();
    assert_eq!(SecretKey::load(&path).unwrap().public(), key.public());
    assert_eq!(PublicKey::load_all(&public_path).unwrap(), [key.public()]);
    // PKCS#8 version 1 with a 32-byte key is 48 bytes; version 2 carries the public key and OpenSSL 3.0 refuses it.
    let pem = std::fs::read_to_string(&path).unwrap();
    assert!(pem.lines().nth(1).unwrap().starts_with("MC4CAQAwBQYDK2VwBCIEI"), "not version 1");
    assert_eq!(pem.lines().count(), 3);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for result in [key.write_new(&path), key.public().write_new(&public_path)] {
        assert!(matches!(result, Err(KeyError::Exists { .. })));
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), pem);
    let nowhere = key.write_new(&dir.path().join("no/such/dir.pem"));
    assert!(matches!(nowhere, Err(KeyError::Unwritable { .. })));
}

#[test]
fn each_mistake_with_a_secret_key_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| private_copy(dir.path(), name);
    let says = |path: &Path, words: &str| {
        let got = secret(path);
        assert!(got.starts_with(&path.display().to_string()) && got.contains(words), "{got}");
    };
    says(&dir.path().join("none.pem"), "there is no such key file; make one with `assay key new");
    says(dir.path(), "cannot be read");
    says(
        &path("locked"),
        "protected by a pass phrase, but a secret Ed25519 key is needed here; unlock a copy",
    );
    says(&path("p256"), "one of another kind");
    says(&path("test-a.pub"), "this is a public Ed25519 key");
    let junk = path("test-b");
    std::fs::write(&junk, [0xff, 0x00, 0x30]).unwrap();
    says(&junk, "this is not a key in PEM format");
    std::fs::write(&junk, "-----BEGIN PRIVATE KEY-----\nMC4CAQ").unwrap();
    says(&junk, "a damaged secret key");
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = private_copy(dir.path(), "test-a");
    for mode in [0o640, 0o604, 0o660, 0o644] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let got = secret(&path);
        assert!(got.contains(&format!("(mode {mode:03o}); run: chmod 600 {}", path.display())), "{got}");
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(secret(&path), "ok");
}

#[test]
fn a_trust_list_takes_several_files_and_several_keys_of_one() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (data("keys/test-a.pub.pem"), data("keys/test-b.pub.pem"));
    let both = dir.path().join("both.pem");
    let texts: Vec<String> = [&a, &b].iter().map(|p| std::fs::read_to_string(p).unwrap()).collect();
    std::fs::write(&both, format!("# tenant\n{}\r\n# provider\n{}", texts[0], texts[1])).unwrap();
    assert_eq!(TrustList::load(&[&both, &a]).unwrap().keys().len(), 2);
    for (path, words) in [
        (private_copy(dir.path(), "test-a"), "this is a secret key, but a public Ed25519 key is needed here"),
        (data("keys/p256.pub.pem"), "one of another kind"),
        (data("keys/README.md"), "this is not a key in PEM format"),
    ] {
        let got = TrustList::load(&[&path]).unwrap_err().to_string();
        assert!(got.contains(words), "{got}");
    }
    // One damaged key among good ones is not passed over.
    std::fs::write(&both, format!("{}{}", texts[0], texts[1].replace('A', "*"))).unwrap();
    assert!(TrustList::load(&[&both]).is_err());
}

/// Key files that other programs write: a key and its certificate in one.
#[test]
fn what_stands_in_a_file_beside_a_key_is_named() {
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let dir = tempfile::tempdir().unwrap();
    let read = |name: &str| std::fs::read_to_string(data(&format!("keys/{name}.pem"))).unwrap();
    let (secret, public, other) = (read("test-a"), read("test-a.pub"), read("p256.pub"));
    let file = private_copy(dir.path(), "test-a");
    let said = |text: &[&str], load: &dyn Fn(&Path) -> Option<KeyError>| {
        std::fs::write(&file, text.concat()).unwrap();
        load(&file).expect("refused").to_string()
    };
    let as_secret = |text: &[&str]| said(text, &|path| SecretKey::load(path).err());
    let as_public = |text: &[&str]| said(text, &|path| PublicKey::load_all(path).err());
    let alone = "but a secret Ed25519 key and nothing else is needed here";
    for (text, holds) in [
        (&[secret.as_str(), CERTIFICATE][..], "a secret key and a certificate"),
        (&[CERTIFICATE, &secret], "a certificate and a secret key"),
        (&[&public, &secret], "a public Ed25519 key and a secret key"),
        (&[&secret, CERTIFICATE, CERTIFICATE], "a secret key and a certificate"),
    ] {
        let got = as_secret(text);
        let whole = format!("this file holds {holds}, {alone}; copy the secret key's own block");
        assert!(got.contains(&whole), "{got}");
    }
    let got = as_secret(&[&secret, &secret]);
    assert!(got.contains("this file holds several blocks, each a secret key, "), "{got}");
    let got = as_secret(&[&other, CERTIFICATE]);
    assert!(got.contains("another kind and a certificate, ") && got.contains("assay key new"), "{got}");
    for (text, holds) in [
        (&[CERTIFICATE][..], "this is a certificate, but a public Ed25519 key is needed here"),
        (&[&secret, CERTIFICATE], "this file holds a secret key and a certificate, but a public"),
        (&[&public, &other], "a public Ed25519 key and a damaged public key or one of another kind, but"),
        (&["-----BEGIN NOTHING", &public, &other], "a damaged public key or one of another kind, but"),
    ] {
        let got = as_public(text);
        assert!(got.contains(holds), "{got}");
        assert!(!got.contains("give the secret key"), "{got}");
    }
    assert!(as_public(&[&public, &other]).contains("take out the block"));
    for (text, hint) in
        [(&[public.as_str(), &other][..], "take out the block"), (&[&secret, CERTIFICATE], "copy the")]
    {
        std::fs::write(&file, text.concat()).unwrap();
        let shown = assay(["key".as_ref(), "show".as_ref(), file.as_os_str()]).stderr;
        assert!(shown.contains("but an Ed25519 key is needed here; ") && shown.contains(hint), "{shown}");
    }
    // Words before the key are no mistake, and other blocks do not keep a public key from being found.
    std::fs::write(&file, format!("of the provider\n{secret}")).unwrap();
    assert!(SecretKey::load(&file).is_ok());
    std::fs::write(&file, [CERTIFICATE, &public].concat()).unwrap();
    assert_eq!(PublicKey::load_all(&file).unwrap().len(), 1);
}
