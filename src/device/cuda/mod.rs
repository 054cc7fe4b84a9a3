//! The CUDA backend: NVIDIA GPUs through the driver library alone, kernels precompiled into this binary.
//! Owns the `Device` seam for CUDA; must not know probes or contracts.

mod api;
mod copy;
mod faults;
mod forms;
mod gpu;
mod identity;
mod images;
mod kernels;
mod memory;
mod modules;
mod plan;
mod run;

use std::rc::Rc;

use self::copy::{Transfer, Upload};
use self::forms::Form;
use self::gpu::Gpu;
use self::identity::Found;
use self::memory::Memory;
use self::modules::Modules;
use self::plan::Card;
use self::run::Runner;
use super::backend::{Backend, Listed, OpenError, OpenOptions, Opened};
use super::{Buf, Device, DeviceError, Done, Identity, Op, Ticket, Unsupported, Variant, select};
use crate::clock::System;
use crate::telemetry;

/// The entry in the table of backends.
pub const BACKEND: Backend = Backend { name: "cuda", list, open };

fn list() -> Result<Vec<Listed>, String> {
    Ok(identity::enumerate(api::load()?)?.into_iter().map(|found| found.listed).collect())
}

fn open(rest: &str, options: OpenOptions) -> Result<Opened, OpenError> {
    let selector = || format!("cuda:{rest}");
    let nothing = |why: String| OpenError::NoSuchDevice { selector: selector(), why };
    let api = api::load().map_err(nothing)?;
    let found = identity::enumerate(api).map_err(nothing)?;
    let listed: Vec<Listed> = found.iter().map(|found| found.listed.clone()).collect();
    let index = select::pick("cuda", rest, &listed)?;
    let refused = |why: String| OpenError::Refused { selector: format!("cuda:{index}"), why };
    let Some(chosen) = found.into_iter().nth(index) else { return Err(refused("it vanished".to_owned())) };
    let device = CudaDevice::open(api, chosen, options).map_err(|error| refused(error.to_string()))?;
    let telemetry = telemetry::for_device(device.identity());
    Ok(Opened { device: Box::new(device), telemetry, clock: Rc::new(System::start()) })
}

struct CudaDevice {
    identity: Identity,
    sm: u32,
    card: Card,
    gpu: Rc<Gpu>,
    memory: Memory,
    modules: Modules,
    runner: Runner,
    upload: Upload,
}

impl CudaDevice {
    fn open(api: &'static api::Api, found: Found, options: OpenOptions) -> Result<Self, DeviceError> {
        let Found { ordinal, sm, units, threads_per_unit, listed } = found;
        let gpu = Gpu::open(api, ordinal, options.wait_limit)?;
        let (memory, modules, runner) = (Memory::new(&gpu)?, Modules::load(&gpu, sm)?, Runner::new(&gpu)?);
        let mut identity = listed.identity;
        // What others and our own context have taken cannot be filled.
        let (free, _) = gpu.memory_info()?;
        identity.fillable_bytes = identity.fillable_bytes.map(|bytes| bytes.min(free));
        identity.details.insert("free_bytes_when_opened".to_owned(), free.to_string());
        let card = Card { units, threads_per_unit };
        Ok(Self { identity, sm, card, gpu, memory, modules, runner, upload: Upload::default() })
    }

    /// The launch forms of `op` that this device has: at least one.
    fn forms(&self, op: &Op) -> Result<Vec<Form>, Unsupported> {
        forms::supports(op)?;
        let (mut usable, mut refusals) = (Vec::new(), Vec::new());
        for form in forms::forms(op) {
            match form.kernel.map_or(Ok(()), |kernel| self.modules.supports(kernel)) {
                Ok(()) => usable.push(form),
                Err(why) => refusals.push(why),
            }
        }
        match refusals.into_iter().next_back() {
            Some(why) if usable.is_empty() => Err(why),
            Some(_) | None => Ok(usable),
        }
    }
}

impl Device for CudaDevice {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn supports(&self, op: &Op) -> Result<(), Unsupported> {
        self.forms(op).map(|_| ())
    }

    fn variants(&self, op: &Op) -> Vec<Variant> {
        let forms = self.forms(op).unwrap_or_default();
        let reach = forms::reach(&forms, self.sm);
        let described = |form: Form| Variant {
            label: form.label,
            kernel: form.kernel.map_or_else(String::new, |kernel| self.modules.digest(kernel)),
            caveat: form.kernel.and_then(|_| images::caveat(self.sm)),
            reach,
        };
        forms.into_iter().map(described).collect()
    }

    fn alloc(&mut self, bytes: u64) -> Result<Buf, DeviceError> {
        self.gpu.enter()?;
        self.memory.alloc(bytes)
    }

    fn free(&mut self, buf: Buf) {
        self.memory.free(buf);
    }

    fn write(&mut self, to: Buf, at: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.gpu.enter()?;
        self.memory.write(to, at, data)
    }

    fn read(&mut self, from: Buf, at: u64, out: &mut [u8]) -> Result<(), DeviceError> {
        self.gpu.enter()?;
        self.memory.read(from, at, out)
    }

    fn submit(&mut self, op: &Op, variant: usize, repeat: u32) -> Result<Ticket, DeviceError> {
        self.gpu.enter()?;
        let forms = self.forms(op).map_err(|unsupported| DeviceError::Validation { why: unsupported.why })?;
        let missing = || DeviceError::Validation {
            why: format!("{} has {} variants, asked for was number {variant}", op.name(), forms.len()),
        };
        let form = forms.get(variant).ok_or_else(missing)?;
        if let Op::Copy { route, buf, words, seed } = *op {
            let transfer = Transfer { route, buf, words, seed, repeat };
            return copy::submit(&self.gpu, &mut self.runner, &self.memory, &mut self.upload, transfer);
        }
        let plan = form.kernel.and_then(|kernel| plan::plan(op, kernel, &self.card)).ok_or_else(missing)?;
        self.runner.submit(&self.memory, &mut self.modules, &plan, repeat)
    }

    fn wait(&mut self, ticket: Ticket) -> Result<Done, DeviceError> {
        self.gpu.enter()?;
        self.runner.wait(&ticket)
    }
}

impl Drop for CudaDevice {
    /// Nothing is freed under running work. Where that does not end the device is broken, and nothing is freed at all.
    fn drop(&mut self) {
        let _ = self.gpu.enter().and_then(|()| self.memory.finish());
    }
}
