//! The portable backend: Vulkan, Metal and DirectX 12 through wgpu, kernels in WGSL.
//! Owns the `Device` seam for wgpu; must not know probes or contracts.

mod adapter;
mod coop;
mod copy;
mod faults;
mod format;
mod forms;
mod memory;
mod plan;
mod raw;
mod reach;
mod run;
mod shaders;
#[cfg(test)]
mod tests;
mod unroll;

use std::panic::{AssertUnwindSafe, catch_unwind};

use self::coop::MatrixUnit;
use self::copy::Upload;
use self::faults::{Guarded, panic_text};
use self::memory::{Lies, Memory};
use self::plan::Frame;
use self::run::{DISPATCH_NS, Runner};
use self::shaders::Kernel;
use super::backend::{Backend, Listed, OpenError, OpenOptions, Opened};
use super::shared::{Transfer, no_variant, opened};
use super::{
    Buf, Device, DeviceError, Done, Identity, Op, Provenance, Ticket, Unsupported, Variant, binding, select,
};

/// The entry in the table of backends.
pub const BACKEND: Backend = Backend { name: "wgpu", list, open, open_together: None };

fn list() -> Result<Vec<Listed>, String> {
    Ok(adapter::enumerate()?.into_iter().map(|found| found.listed).collect())
}

fn open(rest: &str, options: OpenOptions) -> Result<Opened, OpenError> {
    let mut chosen = select::choose("wgpu", rest, adapter::enumerate(), |found| &found.listed)?;
    binding::bind(&mut chosen.listed.identity);
    let device = catch_unwind(AssertUnwindSafe(|| WgpuDevice::open(&chosen, options)));
    let device = device.unwrap_or_else(|panic| Err(panic_text(panic.as_ref())));
    let selector = chosen.listed.selector;
    device.map(opened).map_err(|why| OpenError::Refused { selector, why })
}

struct WgpuDevice {
    identity: Identity,
    features: wgpu::Features,
    limits: wgpu::Limits,
    matrix: Option<MatrixUnit>,
    /// The largest binding in use.
    binding_bytes: u64,
    /// `None` only while dropping.
    parts: Option<Parts>,
}

struct Parts {
    gpu: Guarded,
    memory: Memory,
    runner: Runner,
    upload: Upload,
}

/// Used where the adapter has them.
const WANTED: wgpu::Features = wgpu::Features::TIMESTAMP_QUERY
    .union(wgpu::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS)
    .union(wgpu::Features::SUBGROUP)
    .union(wgpu::Features::SHADER_F16)
    .union(wgpu::Features::SHADER_F64)
    .union(wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX);

impl WgpuDevice {
    fn open(found: &adapter::Found, options: OpenOptions) -> Result<Self, String> {
        let is_vulkan = found.adapter.get_info().backend == wgpu::Backend::Vulkan;
        let of_vulkan = if is_vulkan { copy::FEATURE_OF_VULKAN } else { wgpu::Features::empty() };
        Self::open_with(found, options, WANTED | of_vulkan)
    }

    fn open_with(
        found: &adapter::Found,
        options: OpenOptions,
        wanted: wgpu::Features,
    ) -> Result<Self, String> {
        let (adapter, identity) = (&found.adapter, found.listed.identity.clone());
        let available = adapter.features();
        if !available.contains(wgpu::Features::IMMEDIATES) {
            return Err("the driver has no push constants, which all kernels need".to_owned());
        }
        let features = (available & wanted) | wgpu::Features::IMMEDIATES;
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("assay"),
            required_features: features,
            required_limits: adapter.limits(),
            experimental_features: raw::experimental(),
            // Small blocks: what is not asked for should stay free for the capacity probe.
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            trace: wgpu::Trace::Off,
        };
        let (device, queue) =
            pollster::block_on(adapter.request_device(&descriptor)).map_err(|error| error.to_string())?;
        let limits = device.limits();
        let mut gpu = Guarded::new(device, options.wait_limit);
        let timestamp_bits = raw::vulkan_facts(adapter).timestamp_bits.unwrap_or(u64::BITS);
        let runner = Runner::new(&mut gpu, queue, timestamp_bits).map_err(|error| error.to_string())?;
        let lies = if adapter::is_host_memory(adapter.get_info().device_type) {
            Lies::Host
        } else {
            Lies::Card { bytes: identity.memory_bytes }
        };
        let parts = Parts { gpu, memory: Memory::new(lies), runner, upload: Upload::new(features) };
        let binding_bytes = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size) / 256 * 256;
        let matrix = adapter::matrix_unit(adapter, features);
        Ok(Self { identity, features, limits, matrix, binding_bytes, parts: Some(parts) })
    }

    fn software(&self) -> bool {
        matches!(self.identity.provenance, Provenance::Software { .. })
    }

    fn card(&self) -> forms::Card {
        forms::Card {
            software: self.software(),
            fp16: self.features.contains(wgpu::Features::SHADER_F16),
            fp64: self.features.contains(wgpu::Features::SHADER_F64),
            matrix: self.matrix,
            shared_bytes: self.limits.max_compute_workgroup_storage_size,
            group_max: self.limits.max_compute_invocations_per_workgroup,
            bindings: self.limits.max_storage_buffers_per_shader_stage,
            binding_bytes: self.binding_bytes,
        }
    }

    /// Runs calls below which nothing may panic outwards.
    fn shielded<T>(
        &mut self,
        calls: impl FnOnce(&mut Parts) -> Result<T, DeviceError>,
    ) -> Result<T, DeviceError> {
        let gone = || DeviceError::Crash { why: "the device is closed".to_owned() };
        let parts = self.parts.as_mut().ok_or_else(gone)?;
        parts.gpu.check()?;
        match catch_unwind(AssertUnwindSafe(|| calls(parts))) {
            Ok(result) => result,
            Err(panic) => Err(parts.gpu.crashed(panic.as_ref())),
        }
    }

    fn start(&mut self, op: &Op, kernel: Kernel, repeat: u32) -> Result<Ticket, DeviceError> {
        let (card, binding_bytes) = (self.card(), self.binding_bytes);
        self.shielded(|parts| {
            let rate = parts.runner.rate(kernel).unwrap_or_else(|| forms::first_guess(op, card.software));
            let sizes = |buf: Buf| parts.memory.bytes(buf);
            let frame = Frame {
                binding_bytes,
                dispatch_work: (rate * DISPATCH_NS).max(1.0) as u64,
                groups: card.groups(),
                buffer_bytes: &sizes,
            };
            let plan = plan::plan(op, kernel, &frame).map_err(|why| DeviceError::Validation { why })?;
            parts.runner.submit(&mut parts.gpu, &parts.memory, kernel, &plan, repeat, rate)
        })
    }
}

impl Device for WgpuDevice {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn supports(&self, op: &Op) -> Result<(), Unsupported> {
        forms::supports(op, &self.card())
    }

    fn variants(&self, op: &Op) -> Vec<Variant> {
        let subgroups = self.features.contains(wgpu::Features::SUBGROUP);
        let sizes = |buf| self.parts.as_ref().map_or(0, |parts| parts.memory.bytes(buf));
        let forms = forms::forms(op, &self.card(), &sizes);
        let reach = reach::reach(op, &self.identity);
        forms
            .into_iter()
            .map(|form| Variant {
                label: form.label,
                kernel: form.kernel.map_or_else(String::new, |kernel| kernel.digest(subgroups)),
                caveat: None,
                reach,
            })
            .collect()
    }

    fn alloc(&mut self, bytes: u64) -> Result<Buf, DeviceError> {
        if bytes > self.identity.buffer_bytes_max {
            return Err(DeviceError::OutOfMemory { bytes });
        }
        self.shielded(|parts| parts.memory.alloc(&mut parts.gpu, &parts.runner.queue, bytes))
    }

    fn free(&mut self, buf: Buf) {
        let _ = self.shielded(|parts| {
            parts.memory.free(&mut parts.gpu, buf);
            Ok(())
        });
    }

    fn write(&mut self, to: Buf, at: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.shielded(|parts| parts.memory.write(&mut parts.gpu, &parts.runner.queue, to, at, data))
    }

    fn read(&mut self, from: Buf, at: u64, out: &mut [u8]) -> Result<(), DeviceError> {
        self.shielded(|parts| parts.memory.read(&mut parts.gpu, &parts.runner.queue, from, at, out))
    }

    fn submit(&mut self, op: &Op, variant: usize, repeat: u32) -> Result<Ticket, DeviceError> {
        self.supports(op).map_err(|unsupported| DeviceError::Validation { why: unsupported.why })?;
        if let Op::Copy { route, buf, words, seed } = *op {
            return self.shielded(|parts| {
                let transfer = Transfer { route, buf, words, seed, repeat };
                copy::submit(&mut parts.gpu, &mut parts.runner, &parts.memory, &mut parts.upload, transfer)
            });
        }
        let sizes = |buf| self.parts.as_ref().map_or(0, |parts| parts.memory.bytes(buf));
        let forms = forms::forms(op, &self.card(), &sizes);
        let kernel = forms.get(variant).and_then(|form| form.kernel);
        let kernel = kernel.ok_or_else(|| no_variant(op, &forms, variant))?;
        self.start(op, kernel, repeat)
    }

    fn wait(&mut self, ticket: Ticket) -> Result<Done, DeviceError> {
        self.shielded(|parts| parts.runner.wait(&mut parts.gpu, &ticket))
    }
}

impl Drop for WgpuDevice {
    /// A broken device is left to the end of the process: dropping it waits for work that never ends, or panics.
    fn drop(&mut self) {
        let Some(parts) = self.parts.take() else { return };
        if parts.gpu.is_broken() {
            std::mem::forget(parts);
        } else {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(parts)));
        }
    }
}
