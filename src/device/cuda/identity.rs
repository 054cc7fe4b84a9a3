//! Which GPUs the driver shows, and what it and the system say of each.
//! Owns enumeration and identity; must not know how work is run.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int};
use std::path::Path;

use cudarc::driver::sys::{CUdevice_attribute_enum as Attribute, CUuuid};

use super::api::{Api, Code};
use super::cublaslt::{self, CublasLt};
use super::images;
use super::library::Loaded;
use super::nccl;
use crate::device::backend::Listed;
use crate::device::{Identity, Provenance, host, parts};

/// A GPU: the driver's number for it, what decides about kernels, and what it claims to be.
pub struct Found {
    pub ordinal: c_int,
    pub sm: u32,
    pub units: u32,
    pub threads_per_unit: u32,
    /// What multiplies for the vendor, or why nothing does.
    pub cublaslt: Result<&'static CublasLt, String>,
    pub listed: Listed,
}

/// All GPUs, in the driver's order.
pub fn enumerate(api: &Api) -> Result<Vec<Found>, String> {
    let count = number(api, "cuDeviceGetCount", |count| {
        // SAFETY: the driver fills in the number.
        unsafe { (api.cuDeviceGetCount)(count) }
    })?;
    if count <= 0 {
        return Err(
            "the CUDA driver shows no GPU; see nvidia-smi, and whether CUDA_VISIBLE_DEVICES hides it"
                .to_owned(),
        );
    }
    (0..count).map(|ordinal| describe(api, ordinal)).collect()
}

/// Asks for one number.
fn number(api: &Api, call: &str, ask: impl FnOnce(*mut c_int) -> Code) -> Result<c_int, String> {
    let mut value = 0;
    match ask(&mut value) {
        Code::SUCCESS => Ok(value),
        code => Err(format!("{call}: {}", api.name(code))),
    }
}

/// Asks for a text of at most 255 bytes.
fn text(api: &Api, call: &str, ask: impl FnOnce(*mut c_char, c_int) -> Code) -> Result<String, String> {
    let mut text: [c_char; 256] = [0; 256];
    match ask(text.as_mut_ptr(), 255) {
        // SAFETY: the last byte is zero, since the driver was given one byte less.
        Code::SUCCESS => Ok(unsafe { CStr::from_ptr(text.as_ptr()) }.to_string_lossy().trim().to_owned()),
        code => Err(format!("{call}: {}", api.name(code))),
    }
}

fn attribute(api: &Api, device: c_int, attribute: Attribute) -> Result<u64, String> {
    let value = number(api, &format!("cuDeviceGetAttribute({attribute:?})"), |value| {
        // SAFETY: the driver fills in the number.
        unsafe { (api.cuDeviceGetAttribute)(value, attribute as c_int, device) }
    })?;
    u64::try_from(value).map_err(|_| format!("the driver says that {attribute:?} is {value}"))
}

fn describe(api: &Api, ordinal: c_int) -> Result<Found, String> {
    let device = number(api, "cuDeviceGet", |device| {
        // SAFETY: the driver fills in the number.
        unsafe { (api.cuDeviceGet)(device, ordinal) }
    })?;
    // SAFETY: the driver writes at most `length` bytes, here and below.
    let name =
        text(api, "cuDeviceGetName", |at, length| unsafe { (api.cuDeviceGetName)(at, length, device) })?;
    let mut memory = 0;
    // SAFETY: the driver fills in the number.
    match unsafe { (api.cuDeviceTotalMem_v2)(&mut memory, device) } {
        Code::SUCCESS => {}
        code => return Err(format!("cuDeviceTotalMem: {}", api.name(code))),
    }
    let memory = memory as u64;
    // Not every driver knows every attribute.
    let ask = |what| attribute(api, device, what).ok();
    let must = |what| attribute(api, device, what).map(|value| u32::try_from(value).unwrap_or(u32::MAX));
    let sm = must(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)? * 10
        + must(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?;
    let units = must(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?;
    let threads_per_unit = must(Attribute::CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR)?;
    let pci_address = text(api, "cuDeviceGetPCIBusId", |at, length| unsafe {
        // SAFETY: as above.
        (api.cuDeviceGetPCIBusId)(at, length, device)
    });
    let pci_address = pci_address.ok().and_then(|address| pci_normal(&address));
    let version = number(api, "cuDriverGetVersion", |version| {
        // SAFETY: the driver fills in the number.
        unsafe { (api.cuDriverGetVersion)(version) }
    })?;
    let cublaslt = cublaslt::load(version);
    let in_host = ask(Attribute::CU_DEVICE_ATTRIBUTE_INTEGRATED) == Some(1);
    let pci_id = |file: &str| pci_address.as_deref().and_then(|address| pci_file(address, file));
    let identity = Identity {
        backend: "cuda".to_owned(),
        provenance: Provenance::Hardware,
        vendor_id: pci_id("vendor"),
        device_id: pci_id("device"),
        uuid: uuid(api, device),
        driver: format!("CUDA {}.{}", version / 1000, version % 1000 / 10),
        units: Some(units),
        memory_bytes: Some(memory),
        fillable_bytes: if in_host {
            host::spare_bytes().map(|spare| spare.min(memory))
        } else {
            Some(memory)
        },
        buffer_bytes_max: memory / 16 * 16,
        // Every GPU since Volta has them; names as in other backends' reports.
        features: ["fp16", "fp64", "timestamps"].map(str::to_owned).to_vec(),
        details: details(api, &ask, sm, &name).into_iter().chain(libraries(&cublaslt)).collect(),
        pci_address,
        name,
    };
    Ok(Found {
        ordinal: device,
        sm,
        units,
        threads_per_unit,
        cublaslt,
        listed: Listed { selector: format!("cuda:{ordinal}"), identity },
    })
}

fn uuid(api: &Api, device: c_int) -> Option<String> {
    let ask = api.cuDeviceGetUuid_v2.or(api.cuDeviceGetUuid)?;
    let mut uuid = CUuuid { bytes: [0; 16] };
    // SAFETY: the driver fills in 16 bytes.
    let code = unsafe { ask(&mut uuid, device) };
    (code == Code::SUCCESS).then(|| hex::encode(uuid.bytes.map(|byte| byte as u8)))
}

/// What else is known, by name. Whoever shares the GPU or hides part of it shows here.
fn details(
    api: &Api,
    ask: &dyn Fn(Attribute) -> Option<u64>,
    sm: u32,
    name: &str,
) -> BTreeMap<String, String> {
    let yes_no = |value: u64| if value == 0 { "no" } else { "yes" }.to_owned();
    let mhz = |khz: u64| (khz / 1000).to_string();
    let compute_mode = |mode: u64| match mode {
        0 => "default".to_owned(),
        2 => "prohibited".to_owned(),
        3 => "exclusive process".to_owned(),
        other => other.to_string(),
    };
    let variable = |name: &str| std::env::var(name).ok();
    let kernel_module = std::fs::read_to_string("/proc/driver/nvidia/version").ok();
    [
        ("compute_capability", Some(format!("{}.{}", sm / 10, sm % 10))),
        ("clock_mhz", ask(Attribute::CU_DEVICE_ATTRIBUTE_CLOCK_RATE).map(mhz)),
        ("memory_clock_mhz", ask(Attribute::CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE).map(mhz)),
        (
            "memory_bus_bits",
            ask(Attribute::CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH).map(|n| n.to_string()),
        ),
        ("l2_bytes", ask(Attribute::CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE).map(|n| n.to_string())),
        (
            "threads_per_unit",
            ask(Attribute::CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR).map(|n| n.to_string()),
        ),
        ("ecc", ask(Attribute::CU_DEVICE_ATTRIBUTE_ECC_ENABLED).map(yes_no)),
        ("compute_mode", ask(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_MODE).map(compute_mode)),
        ("mps", ask(Attribute::CU_DEVICE_ATTRIBUTE_MPS_ENABLED).map(yes_no)),
        ("mps_pipe_directory", variable("CUDA_MPS_PIPE_DIRECTORY")),
        ("mig", Some(yes_no(u64::from(name.contains("MIG "))))),
        (Identity::VISIBLE_DEVICES, variable(parts::CUDA_SHOWS)),
        (Identity::CONTAINER_DEVICES, parts::of_container(variable)),
        ("display_watchdog", ask(Attribute::CU_DEVICE_ATTRIBUTE_KERNEL_EXEC_TIMEOUT).map(yes_no)),
        ("kernel_module", kernel_module.as_deref().and_then(|text| text.lines().next()).map(str::to_owned)),
        ("library_path", api.library.path.as_ref().map(|path| path.display().to_string())),
        ("library_sha256", api.library.sha256.clone()),
        ("kernels", images::caveat(sm)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

/// Which libraries of the vendor multiply, and let devices do something together; or why there are none.
fn libraries(cublaslt: &Result<&CublasLt, String>) -> impl Iterator<Item = (String, String)> {
    let products = cublaslt.as_ref().map(|library| (&library.loaded, &library.version));
    let nccl = nccl::load();
    let together = nccl.as_ref().map(|library| (&library.loaded, &library.version));
    let named = [
        library(products, [Identity::VENDOR_LIBRARY, "cublaslt_version", Identity::NO_VENDOR_LIBRARY]),
        library(together, [Identity::COLLECTIVE_LIBRARY, "nccl_version", Identity::NO_COLLECTIVE_LIBRARY]),
    ];
    named.into_iter().flatten().map(|(name, value)| (name.to_owned(), value))
}

fn library<'a>(
    found: Result<(&Loaded, &String), &String>,
    [path, version, missing]: [&'a str; 3],
) -> Vec<(&'a str, String)> {
    match found {
        Ok((loaded, number)) => {
            let file = loaded.path.as_ref().map_or("unknown".to_owned(), |path| path.display().to_string());
            vec![(path, file), (version, number.clone())]
        }
        Err(why) => vec![(missing, why.clone())],
    }
}

/// `dddd:bb:dd.f` in lower case. `None` for a text that is no PCI address: it becomes part of a path.
fn pci_normal(address: &str) -> Option<String> {
    let address = address.to_ascii_lowercase();
    let shape: String = address.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
    match shape.as_str() {
        "xxxx:xx:xx.x" => Some(address),
        // Domains of more than 16 bits come with eight digits; the kernel, and NVML as we read it, write no more zeros than make four.
        "xxxxxxxx:xx:xx.x" => {
            let (domain, rest) = address.split_once(':')?;
            Some(format!("{:0>4}:{rest}", domain.trim_start_matches('0')))
        }
        _ => None,
    }
}

/// A number that the system, not the driver's library, has for the device at this address.
fn pci_file(address: &str, file: &str) -> Option<u32> {
    let text = std::fs::read_to_string(Path::new("/sys/bus/pci/devices").join(address).join(file)).ok()?;
    u32::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pci_addresses_are_normal_or_nothing() {
        assert_eq!(pci_normal("0000:1B:00.0").as_deref(), Some("0000:1b:00.0"));
        assert_eq!(pci_normal("00000000:1B:00.0").as_deref(), Some("0000:1b:00.0"));
        assert_eq!(pci_normal("00010000:1b:00.0").as_deref(), Some("10000:1b:00.0"));
        assert_eq!(pci_normal("0000e3a2:00:00.0").as_deref(), Some("e3a2:00:00.0"));
        for bad in ["", "1b:00.0", "../../../etc", "0000:1b:00.0/../x"] {
            assert_eq!(pci_normal(bad), None, "{bad}");
        }
    }
}
