//! The CUDA backend: NVIDIA GPUs through the driver library alone, kernels precompiled into this binary.
//! Owns the `Device` seam for CUDA; must not know probes or contracts.

mod api;
mod band;
mod copy;
mod cublaslt;
mod faults;
mod forms;
mod gpu;
mod host_memory;
mod identity;
mod images;
mod kernels;
mod library;
mod memory;
mod modules;
mod nccl;
mod patience;
mod peers;
mod plan;
mod probation;
mod run;
mod vendor;

use std::cell::OnceCell;
use std::rc::Rc;

use self::band::Band;
use self::copy::Upload;
use self::cublaslt::CublasLt;
use self::forms::Form;
use self::gpu::Gpu;
use self::identity::Found;
use self::kernels::Kernel;
use self::memory::Memory;
use self::modules::Modules;
use self::peers::{Neighbour, Source, Way};
use self::plan::Card;
use self::probation::Probation;
use self::run::{After, Reach, Runner};
use self::vendor::{Factors, Vendor};
use super::backend::{Backend, Listed, OpenError, OpenOptions, Opened};
use super::op::{Maker, Means, Route};
use super::shared::{Transfer, no_variant, opened};
use super::{
    Buf, Device, DeviceError, Done, Identity, Op, Ticket, Trial, Unsupported, Variant, binding, select,
};

/// The entry in the table of backends.
pub const BACKEND: Backend = Backend { name: "cuda", list, open, open_together: Some(open_together) };

fn list() -> Result<Vec<Listed>, String> {
    Ok(identity::enumerate(api::load()?)?.into_iter().map(|found| found.listed).collect())
}

fn open(rest: &str, options: OpenOptions) -> Result<Opened, OpenError> {
    let (api, mut chosen) = choose(rest)?;
    binding::bind(&mut chosen.listed.identity);
    Ok(opened(start(api, chosen, options)?))
}

/// Bound to no CPUs: there is one process for all of them.
fn open_together(
    rests: &[&str],
    options: OpenOptions,
    each: &mut dyn FnMut(),
) -> Result<Vec<Opened>, OpenError> {
    let mut devices = Vec::new();
    for rest in rests {
        let (api, chosen) = choose(rest)?;
        devices.push(start(api, chosen, options)?);
        each();
    }
    let refused = |error: DeviceError| OpenError::Refused {
        selector: rests.iter().map(|rest| format!("cuda:{rest}")).collect::<Vec<_>>().join(" and "),
        why: error.to_string(),
    };
    let sources: Result<Vec<_>, _> = devices.iter().map(|device| Source::new(&device.gpu)).collect();
    let sources = sources.map_err(refused)?;
    for (place, device) in devices.iter_mut().enumerate() {
        for (other, source) in sources.iter().enumerate() {
            let neighbour = (other != place).then(|| Neighbour::new(&device.gpu, source)).transpose();
            device.neighbours.push(neighbour.map_err(refused)?);
        }
    }
    let band = Band::new(devices.iter().map(|device| Rc::clone(&device.gpu))).map_err(refused)?;
    for (place, device) in devices.iter_mut().enumerate() {
        device.band = Some((Rc::clone(&band), place));
    }
    Ok(devices.into_iter().map(opened).collect())
}

/// The one GPU that `rest` names.
fn choose(rest: &str) -> Result<(&'static api::Api, Found), OpenError> {
    let nothing = |why| OpenError::NoSuchDevice { selector: format!("cuda:{rest}"), why };
    let api = api::load().map_err(nothing)?;
    let chosen = select::choose("cuda", rest, identity::enumerate(api), |found| &found.listed)?;
    Ok((api, chosen))
}

fn start(api: &'static api::Api, chosen: Found, options: OpenOptions) -> Result<CudaDevice, OpenError> {
    let selector = chosen.listed.selector.clone();
    CudaDevice::open(api, chosen, options)
        .map_err(|error| OpenError::Refused { selector, why: error.to_string() })
}

struct CudaDevice {
    identity: Identity,
    sm: u32,
    card: Card,
    gpu: Rc<Gpu>,
    memory: Memory,
    modules: Modules,
    probation: Probation,
    runner: Runner,
    upload: Upload,
    /// By their places among the devices that were opened together; `None` in its own.
    neighbours: Vec<Option<Neighbour>>,
    /// All that were opened together, and this one's place among them.
    band: Option<(Rc<Band>, usize)>,
    cublaslt: Result<&'static CublasLt, String>,
    /// What multiplies by it, made when first asked for.
    vendor: OnceCell<Result<Vendor, Unsupported>>,
}

impl CudaDevice {
    fn open(api: &'static api::Api, found: Found, options: OpenOptions) -> Result<Self, DeviceError> {
        let Found { ordinal, sm, units, threads_per_unit, cublaslt, listed } = found;
        let gpu = Gpu::open(api, ordinal, options.wait_limit)?;
        let (memory, modules, runner) = (Memory::new(&gpu)?, Modules::load(&gpu, sm)?, Runner::new(&gpu)?);
        let mut identity = listed.identity;
        // What others and our own context have taken cannot be filled.
        let (free, _) = gpu.memory_info()?;
        identity.fillable_bytes = identity.fillable_bytes.map(|bytes| bytes.min(free));
        identity.details.insert("free_bytes_when_opened".to_owned(), free.to_string());
        let watched = identity.details.get("display_watchdog").is_none_or(|watched| watched != "no");
        let launch_ns = if watched { plan::LAUNCH_NS } else { plan::UNWATCHED_LAUNCH_NS };
        let card = Card { units, threads_per_unit, fast_fp64: forms::has_fast_fp64(sm), launch_ns };
        Ok(Self {
            identity,
            sm,
            card,
            gpu,
            memory,
            modules,
            probation: Probation::default(),
            runner,
            upload: Upload::default(),
            neighbours: Vec::new(),
            band: None,
            cublaslt,
            vendor: OnceCell::new(),
        })
    }

    fn vendor(&self) -> Result<&Vendor, Unsupported> {
        self.vendor_after(&mut || ())
    }

    /// Calls `each` while it is made.
    fn vendor_after(&self, each: &mut dyn FnMut()) -> Result<&Vendor, Unsupported> {
        let open = || {
            let library = self.cublaslt.as_ref().map_err(Unsupported::us)?;
            Vendor::open(&self.gpu, library, each)
        };
        self.vendor.get_or_init(open).as_ref().map_err(Clone::clone)
    }

    fn neighbour(&self, place: u32) -> Option<&Neighbour> {
        self.neighbours.get(place as usize)?.as_ref()
    }

    fn band(&self) -> Result<&(Rc<Band>, usize), Unsupported> {
        self.band.as_ref().ok_or_else(|| Unsupported::us("it was not opened together with other devices"))
    }

    /// How what all devices do together is done here. `None` of other ops.
    fn together(&self, op: &Op) -> Option<Result<Variant, Unsupported>> {
        let Op::Collective { ranks, .. } = *op else { return None };
        Some(self.band().and_then(|(band, _)| band.variant(ranks)))
    }

    /// The kernels of all launch forms of `op` that the driver has taken.
    fn loaded(&self, op: &Op) -> impl Iterator<Item = Kernel> {
        let forms = if forms::supports(op).is_ok() { forms::forms(op) } else { Vec::new() };
        let kernels = forms.into_iter().filter_map(|form| form.kernel);
        kernels.filter(|kernel| self.modules.supports(*kernel).is_ok())
    }

    /// The launch forms of `op` that this device has: at least one.
    fn forms(&self, op: &Op) -> Result<Vec<Form>, Unsupported> {
        forms::supports(op)?;
        if let Op::Gemm { by: Maker::Vendor, precision, shape, .. } = *op {
            let label = self.vendor()?.product(precision, shape)?.label.clone();
            return Ok(vec![Form::without_kernel(label)]);
        }
        if let Op::Lend { .. } = op {
            return self.band().map(|_| vec![Form::without_kernel("")]);
        }
        if let Some(variant) = self.together(op) {
            return variant.map(|variant| vec![Form::without_kernel(variant.label)]);
        }
        if let Op::Copy { route: Route::FromPeer(place), .. } = op {
            self.gpu.copies_from_peers()?;
            let alone = || Unsupported::us("it was not opened together with that device");
            let way = &self.neighbour(*place).ok_or_else(alone)?.way;
            return Ok(vec![Form::without_kernel(way.name())]);
        }
        if let Op::Copy {
            route: Route::HostToDevice(Means::Kernel) | Route::DeviceToHost(Means::Kernel),
            ..
        } = op
        {
            self.gpu.maps_host_memory()?;
        }
        let (mut usable, mut refusals) = (Vec::new(), Vec::new());
        for form in forms::forms(op) {
            let usable_one =
                |kernel| self.modules.supports(kernel).and_then(|()| self.probation.allows(kernel));
            match form.kernel.map_or(Ok(()), usable_one) {
                Ok(()) => usable.push(form),
                Err(why) => refusals.push(why),
            }
        }
        match refusals.into_iter().next() {
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
        if let Some(variant) = self.together(op) {
            return variant.into_iter().collect();
        }
        let forms = self.forms(op).unwrap_or_default();
        if let (Op::Gemm { by: Maker::Vendor, .. }, Ok(vendor)) = (op, self.vendor()) {
            return forms.into_iter().map(|form| vendor.variant(form.label)).collect();
        }
        let reach = forms::reach(&forms, self.sm);
        let left_out = self.probation.caveat(self.loaded(op));
        let mut way = None;
        if let Op::Copy { route: Route::FromPeer(place), .. } = op {
            way = self.neighbour(*place).map(|other| &other.way);
        }
        let described = |form: Form| Variant {
            label: form.label,
            kernel: form.kernel.map_or_else(String::new, |kernel| self.modules.digest(kernel)),
            caveat: match form.kernel {
                Some(kernel) => {
                    let both = [images::caveat_of(kernel.source(), self.sm), left_out.clone()];
                    both.into_iter().flatten().reduce(|untried, left_out| format!("{untried}; {left_out}"))
                }
                None => way.and_then(Way::caveat),
            },
            reach,
        };
        forms.into_iter().map(described).collect()
    }

    fn make_ready(&mut self, op: &Op, each: &mut dyn FnMut()) -> Result<(), DeviceError> {
        if let Op::Gemm { by: Maker::Vendor, .. } = op {
            // Why there is none, `supports` says.
            let _ = self.vendor_after(each);
        }
        if let (Some((band, _)), Op::Collective { kind, elements, .. }) = (&self.band, *op) {
            band.make_ready((kind, elements), each)?;
        }
        Ok(())
    }

    fn on_probation(&self, op: &Op) -> Vec<Trial> {
        self.probation.of(self.loaded(op))
    }

    fn admit(&mut self, family: &str, outcome: Result<(), String>) {
        self.probation.admit(family, outcome);
    }

    fn alloc(&mut self, bytes: u64) -> Result<Buf, DeviceError> {
        self.gpu.enter()?;
        self.memory.alloc(bytes)
    }

    fn free(&mut self, buf: Buf) {
        if let Some((band, place)) = &self.band {
            band.give_back(*place, buf);
        }
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

    fn peek(&mut self, from: Buf, at: u64, out: &mut [u8]) -> Result<(), DeviceError> {
        self.gpu.enter()?;
        self.memory.peek(from, at, out)
    }

    fn submit(&mut self, op: &Op, variant: usize, repeat: u32) -> Result<Ticket, DeviceError> {
        self.gpu.enter()?;
        let forms = self.forms(op).map_err(|unsupported| DeviceError::Validation { why: unsupported.why })?;
        let missing = || no_variant(op, &forms, variant);
        let form = forms.get(variant).ok_or_else(missing)?;
        if let Op::Gemm { by: Maker::Vendor, precision, shape, a, b, c } = *op {
            let vendor = self.vendor.get().and_then(|vendor| vendor.as_ref().ok()).ok_or_else(missing)?;
            let factors = Factors { precision, shape, bufs: [a, b, c] };
            return vendor.submit(&mut self.runner, &self.memory, factors, repeat);
        }
        if let (Some((band, place)), Op::Lend { from, to }) = (&self.band, *op) {
            band.lend(*place, &self.memory, [from, to])?;
            return self.runner.submit_ordered(After::Nothing, |_| Ok(()), |_| Ok(()));
        }
        if let (Some((band, place)), Op::Collective { kind, elements, .. }) = (&self.band, *op) {
            return band.submit(*place, &mut self.runner, (kind, elements), repeat);
        }
        let plan = form.kernel.and_then(|kernel| plan::plan(op, kernel, &self.card));
        let Self { gpu, runner, memory, modules, upload, neighbours, .. } = self;
        let Op::Copy { route, buf, words, seed } = *op else {
            return runner.submit(memory, modules, &plan.ok_or_else(missing)?, repeat, Reach::None);
        };
        let transfer = Transfer { route, buf, words, seed, repeat };
        match plan {
            Some(plan) => copy::submit_kernel(gpu, runner, memory, modules, upload, (transfer, &plan)),
            None => {
                let neighbour = match route {
                    Route::FromPeer(place) => neighbours.get(place as usize).and_then(Option::as_ref),
                    Route::HostToDevice(_)
                    | Route::DeviceToHost(_)
                    | Route::BothWays(_)
                    | Route::Within(_) => None,
                };
                copy::submit(gpu, runner, memory, upload, (transfer, neighbour))
            }
        }
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
