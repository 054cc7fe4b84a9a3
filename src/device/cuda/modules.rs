//! The images that this device runs, one per family of kernels, and their functions.
//! Owns loading and the fallback from machine code to PTX; must not know ops.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::gpu::{Function, Gpu, Module};
use super::images::{self, Code, Image, Source};
use super::kernels::Kernel;
use crate::device::{DeviceError, Unsupported};

pub struct Modules {
    gpu: Rc<Gpu>,
    loaded: BTreeMap<Source, Result<Loaded, String>>,
    functions: HashMap<String, Function>,
}

struct Loaded {
    image: &'static Image,
    module: Module,
}

impl Modules {
    /// Loads what fits compute capability `sm`. An image that the driver refuses is no error: its ops are unsupported.
    pub fn load(gpu: &Rc<Gpu>, sm: u32) -> Result<Self, DeviceError> {
        let mut loaded = BTreeMap::new();
        for source in Source::ALL {
            loaded.insert(source, load(gpu, source, sm)?);
        }
        Ok(Self { gpu: Rc::clone(gpu), loaded, functions: HashMap::new() })
    }

    fn of(&self, source: Source) -> Result<&Loaded, String> {
        let none = || format!("no {} kernels were loaded", source.name());
        self.loaded.get(&source).ok_or_else(none)?.as_ref().map_err(Clone::clone)
    }

    pub fn supports(&self, kernel: Kernel) -> Result<(), Unsupported> {
        self.of(kernel.source()).map(|_| ()).map_err(Unsupported::us)
    }

    /// SHA-256 of the image that `kernel` is in.
    pub fn digest(&self, kernel: Kernel) -> String {
        self.of(kernel.source()).map_or_else(|_| String::new(), |loaded| loaded.image.sha256.to_owned())
    }

    pub fn function(&mut self, kernel: Kernel) -> Result<Function, DeviceError> {
        let name = kernel.function();
        if let Some(function) = self.functions.get(&name) {
            return Ok(*function);
        }
        let loaded = self.of(kernel.source()).map_err(|why| DeviceError::Validation { why })?;
        let function = loaded.module.function(&name)?;
        if kernel.shared_bytes() > 0 {
            self.gpu.allow_shared(function, kernel.shared_bytes())?;
        }
        self.functions.insert(name, function);
        Ok(function)
    }
}

/// The first image that the driver takes, or why it takes none.
fn load(gpu: &Rc<Gpu>, source: Source, sm: u32) -> Result<Result<Loaded, String>, DeviceError> {
    if matches!(source, Source::Wgmma | Source::Dmma | Source::Umma | Source::UmmaInt8)
        && !gpu.has_tensor_maps()
    {
        return Ok(
            Err("this driver has no cuTensorMapEncodeTiled; one of CUDA 12.0 or newer has".to_owned()),
        );
    }
    let mut refusals = Vec::new();
    for image in images::candidates(source, sm) {
        match gpu.load(image.bytes) {
            Ok(module) => return Ok(Ok(Loaded { image, module })),
            Err(error) if error.is_final() => return Err(error),
            Err(error) => refusals.push(format!("{}: {error}", described(image))),
        }
    }
    let name = source.name();
    Ok(Err(if refusals.is_empty() {
        format!("this program has no {name} kernels for compute capability {}.{}", sm / 10, sm % 10)
    } else {
        format!("the driver refuses the {name} kernels ({})", refusals.join("; "))
    }))
}

fn described(image: &Image) -> String {
    match image.code {
        Code::Cubin { sm } => format!("machine code for sm_{sm}"),
        Code::Ptx { from_sm } => format!("PTX from sm_{from_sm} on"),
    }
}
