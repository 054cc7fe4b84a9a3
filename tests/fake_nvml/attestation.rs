//! A card in confidential-computing mode, where the test wishes for one by the folder of its key (`key`, a number in hex) and of
//! the certificates of that (`chain.pem`): `TEXTS=attestation:FOLDER`. `TEXTS=lie:WHAT` has it lie.

use std::ffi::c_uint;
use std::path::Path;

use nvml_wrapper_sys::bindings::*;
use p384::ecdsa::SigningKey;

use crate::answer::{answer, of_card, put};
use crate::report;
use crate::wishes::Wishes;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetConfComputeState(
    out: *mut nvmlConfComputeSystemState_t,
) -> nvmlReturn_t {
    let name = "nvmlSystemGetConfComputeState";
    answer(name, |wishes| {
        let on = wishes.value(name, u64::from(folder(wishes).is_ok())) as c_uint;
        put(out, nvmlConfComputeSystemState_t { environment: 2 * on, ccFeature: on, devToolsMode: 0 })
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetConfComputeGpuCertificate(
    device: nvmlDevice_t,
    out: *mut nvmlConfComputeGpuCertificate_t,
) -> nvmlReturn_t {
    of_card("nvmlDeviceGetConfComputeGpuCertificate", device, |wishes| {
        let mut chain = read(wishes, "chain.pem")?;
        if wishes.text("lie", "") == "chain" {
            chain = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
        }
        // SAFETY: the caller passes such a structure, or null.
        let Some(out) = (unsafe { out.as_mut() }) else {
            return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
        };
        fill(&mut out.attestationCertChain, &mut out.attestationCertChainSize, &chain)?;
        out.attestationCertChainSize =
            wishes.value("attestationCertChainSize", u64::from(out.attestationCertChainSize)) as c_uint;
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetConfComputeGpuAttestationReport(
    device: nvmlDevice_t,
    out: *mut nvmlConfComputeGpuAttestationReport_t,
) -> nvmlReturn_t {
    of_card("nvmlDeviceGetConfComputeGpuAttestationReport", device, |wishes| {
        let digits = String::from_utf8(read(wishes, "key")?).unwrap_or_default();
        let key = hex::decode(digits.trim()).ok().and_then(|key| SigningKey::from_slice(&key).ok());
        let key = key.ok_or(nvmlReturn_enum_NVML_ERROR_UNKNOWN)?;
        // SAFETY: the caller passes such a structure with its nonce filled in, or null.
        let Some(out) = (unsafe { out.as_mut() }) else {
            return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
        };
        let mut nonce = out.nonce;
        if wishes.text("lie", "") == "nonce" {
            nonce[0] ^= 1;
        }
        let mut made = report::signed(&report::unsigned(&nonce), &key);
        match wishes.text("lie", "") {
            "signature" => made[100] ^= 1,
            "garbage" => made.fill(0x5a),
            _ => {}
        }
        fill(&mut out.attestationReport, &mut out.attestationReportSize, &made)?;
        out.attestationReportSize =
            wishes.value("attestationReportSize", u64::from(out.attestationReportSize)) as c_uint;
        Ok(())
    })
}

fn fill(room: &mut [u8], size: &mut c_uint, bytes: &[u8]) -> Result<(), nvmlReturn_t> {
    let room = room.get_mut(..bytes.len()).ok_or(nvmlReturn_enum_NVML_ERROR_INSUFFICIENT_SIZE)?;
    room.copy_from_slice(bytes);
    *size = bytes.len() as c_uint;
    Ok(())
}

fn folder(wishes: &Wishes) -> Result<&Path, nvmlReturn_t> {
    match wishes.text("attestation", "") {
        "" => Err(nvmlReturn_enum_NVML_ERROR_NOT_SUPPORTED),
        folder => Ok(Path::new(folder)),
    }
}

fn read(wishes: &Wishes, file: &str) -> Result<Vec<u8>, nvmlReturn_t> {
    std::fs::read(folder(wishes)?.join(file)).map_err(|_| nvmlReturn_enum_NVML_ERROR_UNKNOWN)
}
