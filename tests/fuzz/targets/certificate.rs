//! Certificates that a dishonest party may have signed: reading, comparing and signing them never fails.
#![no_main]

use std::sync::LazyLock;

use gpu_assay::certificate::{Certificate, recheck};
use gpu_assay::seal::{Envelope, SecretKey, TrustList, Verified};
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<SecretKey> =
    LazyLock::new(|| SecretKey::generate().expect("the system gives random bytes"));
static TRUST: LazyLock<TrustList> = LazyLock::new(|| TrustList::new([KEY.public()]));

fn opened(envelope: &Envelope) -> Verified {
    envelope.open(&TRUST).expect("the key is trusted")
}

fuzz_target!(|bytes: &[u8]| {
    let verified = opened(&Envelope::seal(bytes, &KEY));
    let Ok(certificate) = Certificate::from_verified(&verified) else { return };
    let _ = certificate.signed_by(&verified);
    let sealed = certificate.seal(&KEY).expect("a certificate that was read can be sealed");
    let again = Certificate::from_verified(&opened(&sealed)).expect("and read again");
    assert!(recheck::differences(&certificate, again).is_empty());
});
