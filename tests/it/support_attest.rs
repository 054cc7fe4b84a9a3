//! A vendor of cards for tests: a root, an authority below it, a card, and the key of the card's firmware, with which it signs
//! reports. Certificates can be drawn up wrongly. Shares nothing with the code that checks them.

use gpu_assay::proof::attestation::Roots;
use gpu_assay::telemetry::Attestation;
use p384::ecdsa::signature::Signer;
use p384::ecdsa::{DerSignature, SigningKey};

#[path = "../fake_nvml/report.rs"]
pub mod report;

const EC_PUBLIC_KEY: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const SECP384R1: &[u8] = &[6, 5, 0x2b, 0x81, 4, 0, 0x22];
const ECDSA_WITH_SHA384: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
const COMMON_NAME: &[u8] = &[6, 3, 0x55, 4, 3];
const KEY_USAGE: &[u8] = &[6, 3, 0x55, 0x1d, 0x0f];
const BASIC_CONSTRAINTS: &[u8] = &[6, 3, 0x55, 0x1d, 0x13];
/// TCG DICE, from which on NVIDIA names the firmware.
const DICE: &[u8] = &[6, 6, 0x67, 0x81, 5, 5, 4, 1];
/// Of which nobody knows anything.
const NEVER_HEARD_OF: &[u8] = &[6, 3, 0x2a, 3, 4];

/// Bits of a key's usage, as the first byte of the bit string has them.
pub const SIGNS_DATA: u8 = 0x80;
pub const SIGNS_CERTIFICATES: u8 = 0x04;

/// One certificate before it is signed.
#[derive(Clone)]
pub struct Draft {
    pub subject: String,
    pub issuer: String,
    /// `None` is no authority; else how many may come below it.
    pub authority: Option<Option<u8>>,
    /// Where it is none: whether it says so, and is not silent.
    pub denies: bool,
    pub usage: u8,
    pub from: &'static str,
    pub until: &'static str,
    pub firmware: Option<[u8; 48]>,
    pub critical: bool,
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = match body.len() {
        short @ 0..128 => vec![short as u8],
        long => vec![0x82, (long >> 8) as u8, long as u8],
    };
    [&[tag][..], &length, &body].concat()
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

fn name(text: &str) -> Vec<u8> {
    sequence(&[&tlv(0x31, &[&sequence(&[COMMON_NAME, &tlv(0x0c, &[text.as_bytes()])])])])
}

fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    sequence(&[oid, flag, &tlv(4, &[value])])
}

impl Draft {
    fn extensions(&self) -> Vec<u8> {
        let mut all =
            vec![extension(KEY_USAGE, true, &tlv(3, &[&[self.usage.trailing_zeros() as u8, self.usage]]))];
        if let Some(length) = self.authority {
            let length = length.map_or(Vec::new(), |most| tlv(2, &[&[most]]));
            all.push(extension(BASIC_CONSTRAINTS, true, &sequence(&[&[1, 1, 0xff], &length])));
        } else if self.denies {
            all.push(extension(BASIC_CONSTRAINTS, true, &sequence(&[])));
        }
        if let Some(firmware) = &self.firmware {
            all.push(extension(DICE, false, &sequence(&[&tlv(4, &[firmware])])));
        }
        if self.critical {
            all.push(extension(NEVER_HEARD_OF, true, &[5, 0]));
        }
        tlv(0xa3, &[&sequence(&[&all.concat()])])
    }

    /// The certificate of `key` in PEM.
    pub fn sign(&self, key: &SigningKey, by: &SigningKey) -> String {
        let algorithm = sequence(&[ECDSA_WITH_SHA384]);
        let time = |text: &str| tlv(0x18, &[text.as_bytes()]);
        let point = key.verifying_key().to_sec1_point(false);
        let spki = sequence(&[&sequence(&[EC_PUBLIC_KEY, SECP384R1]), &tlv(3, &[&[0], point.as_bytes()])]);
        let part = sequence(&[
            &tlv(0xa0, &[&[2, 1, 2]]),
            &[2, 1, 7],
            &algorithm,
            &name(&self.issuer),
            &sequence(&[&time(self.from), &time(self.until)]),
            &name(&self.subject),
            &spki,
            &self.extensions(),
        ]);
        let signature: DerSignature = by.sign(&part);
        let der = sequence(&[&part, &algorithm, &tlv(3, &[&[0], signature.as_bytes()])]);
        let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }
}

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 48]).unwrap()
}

/// From the firmware's key to the root.
pub struct Vendor {
    pub keys: [SigningKey; 4],
    pub drafts: [Draft; 4],
}

impl Vendor {
    /// Of one card; different seeds are of different vendors.
    pub fn new(seed: u8) -> Self {
        let keys = [0, 1, 2, 3].map(|n| key(seed + n));
        let called = |n: usize| format!("{} of vendor {seed}", ["Firmware", "Card", "Authority", "Root"][n]);
        let drafts = [0, 1, 2, 3].map(|n| Draft {
            subject: called(n),
            issuer: called((n + 1).min(3)),
            authority: (n > 0).then_some(None),
            denies: false,
            usage: if n == 0 { SIGNS_DATA } else { SIGNS_CERTIFICATES },
            from: "20191231235959Z",
            until: "99991231235959Z",
            firmware: (n == 0).then_some(report::FIRMWARE),
            critical: false,
        });
        Self { keys, drafts }
    }

    /// Another card of the same vendor.
    pub fn other_card(mut self, seed: u8) -> Self {
        self.keys[0] = key(seed);
        self.keys[1] = key(seed + 1);
        self
    }

    pub fn certificates(&self) -> [String; 4] {
        [0, 1, 2, 3].map(|n| self.drafts[n].sign(&self.keys[n], &self.keys[(n + 1).min(3)]))
    }

    pub fn chain(&self) -> String {
        self.certificates().concat()
    }

    pub fn roots(&self) -> Roots {
        Roots::parse(self.certificates()[3].as_bytes()).unwrap()
    }

    pub fn attests(&self, nonce: &[u8; 32]) -> Attestation {
        Attestation {
            report: report::signed(&report::unsigned(nonce), &self.keys[0]),
            chain: self.chain().into_bytes(),
        }
    }
}
