//! The certificates of the key that signed a report, up to a root (X.509, RFC 5280; ECDSA on P-384 alone).
//! Owns whether they hold together, offline; must not know what was signed. Revocation is not known offline.

use der::asn1::{AnyRef, BitStringRef};
use der::oid::ObjectIdentifier;
use der::oid::db::rfc5280::{ID_CE_BASIC_CONSTRAINTS, ID_CE_KEY_USAGE};
use der::oid::db::rfc5912::ECDSA_WITH_SHA_384;
use der::{Decode, Document, Encode, Sequence};
use jiff::Timestamp;
use p384::ecdsa::signature::Verifier;
use p384::ecdsa::{DerSignature, VerifyingKey};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

use crate::seal::sha256_hex;

/// Real chains have five.
const CERTIFICATES_MAX: usize = 10;
const END: &str = "-----END CERTIFICATE-----";
/// Those whose meaning is checked here; another that is critical is refused.
const UNDERSTOOD: [ObjectIdentifier; 2] = [ID_CE_BASIC_CONSTRAINTS, ID_CE_KEY_USAGE];

/// One certificate, with the bytes that it came in.
pub struct Certificate {
    der: Vec<u8>,
    x509: x509_cert::Certificate,
    key: VerifyingKey,
}

/// The parts of it that are signed, and by which signature.
#[derive(Sequence)]
struct Signed<'a> {
    part: AnyRef<'a>,
    algorithm: AnyRef<'a>,
    signature: BitStringRef<'a>,
}

/// All certificates of a file, in its order.
pub fn parse(pem: &[u8]) -> Result<Vec<Certificate>, &'static str> {
    let text = std::str::from_utf8(pem).map_err(|_| "it is not text")?.trim();
    let parts: Vec<&str> = text.split_inclusive(END).collect();
    match parts.len() {
        0 => Err("it is empty"),
        1..=CERTIFICATES_MAX => parts.into_iter().map(Certificate::parse).collect(),
        _ => Err("it is too long"),
    }
}

impl Certificate {
    fn parse(pem: &str) -> Result<Self, &'static str> {
        let (label, document) = Document::from_pem(pem.trim()).map_err(|_| "it is not PEM")?;
        if label != "CERTIFICATE" {
            return Err("it holds something else than certificates");
        }
        let der = document.as_bytes().to_vec();
        let x509 = x509_cert::Certificate::from_der(&der).map_err(|_| "a certificate is malformed")?;
        let key = x509.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes();
        let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| "a key is not one of P-384")?;
        Ok(Self { der, x509, key })
    }

    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// SHA-256 of all of it, as other tools show it.
    pub fn sha256(&self) -> String {
        sha256_hex(&self.der)
    }

    /// SHA-256 of its key, which stays the same where the certificate is issued again.
    pub fn key_sha256(&self) -> String {
        sha256_hex(self.key.to_sec1_point(false).as_bytes())
    }

    /// Whose it is, as RFC 4514 writes names, without what could upset a terminal.
    pub fn subject(&self) -> String {
        let name = self.x509.tbs_certificate().subject().to_string();
        name.chars().filter(|c| !c.is_control()).take(200).collect()
    }

    /// Whether one of its extensions holds these bytes.
    pub fn mentions(&self, bytes: &[u8]) -> bool {
        let extensions = self.x509.tbs_certificate().extensions().into_iter().flatten();
        let mut values = extensions.map(|extension| extension.extn_value.as_bytes());
        !bytes.is_empty() && values.any(|value| value.windows(bytes.len()).any(|window| window == bytes))
    }

    /// Whether it signs what is no certificate.
    pub fn signs_data(&self) -> Result<(), &'static str> {
        match self.usage()? {
            Some(usage) if !usage.digital_signature() => Err("its first key is not one that signs data"),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether it may vouch for a certificate with so many authorities below it.
    fn is_authority(&self, below: usize) -> Result<(), &'static str> {
        let malformed = "an extension of a certificate is malformed";
        let constraints = self.x509.tbs_certificate().get_extension().map_err(|_| malformed)?;
        let Some((_, BasicConstraints { ca: true, path_len_constraint })) = constraints else {
            return Err("a certificate is issued by one that is no authority");
        };
        if path_len_constraint.is_some_and(|most| below > usize::from(most)) {
            return Err("it is longer than an authority allows");
        }
        match self.usage()? {
            Some(usage) if !usage.key_cert_sign() => Err("an authority's key may not sign certificates"),
            Some(_) | None => Ok(()),
        }
    }

    fn usage(&self) -> Result<Option<KeyUsage>, &'static str> {
        let usage = self.x509.tbs_certificate().get_extension();
        Ok(usage.map_err(|_| "an extension of a certificate is malformed")?.map(|(_, usage)| usage))
    }

    /// Whether it is good at these times, as far as it says itself.
    fn is_good(&self, at: &[Timestamp]) -> Result<(), &'static str> {
        let part = self.x509.tbs_certificate();
        let mut extensions = part.extensions().into_iter().flatten();
        if extensions.any(|extension| extension.critical && !UNDERSTOOD.contains(&extension.extn_id)) {
            return Err("a certificate says something critical that this program does not know");
        }
        let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs();
        let [from, until] = [part.validity().not_before, part.validity().not_after].map(seconds);
        let good =
            |at: &Timestamp| u64::try_from(at.as_second()).is_ok_and(|at| (from..=until).contains(&at));
        if at.iter().all(good) {
            Ok(())
        } else {
            Err("a certificate is not valid at the time of the challenge")
        }
    }

    fn is_issued_by(&self, issuer: &Certificate) -> Result<(), &'static str> {
        if self.x509.tbs_certificate().issuer() != issuer.x509.tbs_certificate().subject() {
            return Err("a certificate is not issued by the next");
        }
        let bad = "the signature of a certificate does not hold";
        let signed = Signed::from_der(&self.der).map_err(|_| bad)?;
        // As it came: what is encoded again may differ in what does not matter to a reader.
        let part = signed.part.to_der().map_err(|_| bad)?;
        let signature = signed.signature.as_bytes().and_then(|bytes| DerSignature::from_bytes(bytes).ok());
        let algorithm = self.x509.signature_algorithm();
        let known =
            algorithm.oid == ECDSA_WITH_SHA_384 && algorithm == self.x509.tbs_certificate().signature();
        match signature.filter(|_| known) {
            Some(signature) => issuer.key.verify(&part, &signature).map_err(|_| bad),
            None => Err(bad),
        }
    }
}

/// Checks each certificate by the next and the last by a root, at these times. Gives the root. `Err(None)` where it leads to
/// none of them.
pub fn check<'a>(
    chain: &[Certificate],
    roots: &'a [Certificate],
    at: &[Timestamp],
) -> Result<&'a Certificate, Option<&'static str>> {
    let (last, before) = chain.split_last().ok_or(Some("it is empty"))?;
    let (path, root) = match roots.iter().find(|root| root.der == last.der) {
        Some(root) => (before, root),
        None => (chain, roots.iter().find(|root| last.is_issued_by(root).is_ok()).ok_or(None)?),
    };
    let (first, _) = path.split_first().ok_or(Some("it holds nothing but the root"))?;
    first.signs_data().map_err(Some)?;
    let issuers = path.iter().skip(1).chain([root]);
    for (below, (certificate, issuer)) in path.iter().zip(issuers).enumerate() {
        certificate.is_issued_by(issuer).map_err(Some)?;
        issuer.is_authority(below).map_err(Some)?;
        certificate.is_good(at).map_err(Some)?;
    }
    root.is_good(at).map_err(Some)?;
    Ok(root)
}
