//! Running plans: pipelines, submissions that no watchdog kills, timestamps and counters, waiting.
//! Owns what is in flight; must not know how ops are cut.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use super::faults::Guarded;
use super::memory::{self, Memory};
use super::plan::{Bind, Plan, Step};
use super::raw;
use super::shaders::{COUNTER_STEP, COUNTERS, Kernel};
use crate::device::{DeviceError, Done, Ticket};

/// One dispatch should not last longer, in nanoseconds: drivers kill work after 0.6 s to 10 s.
pub const DISPATCH_NS: f64 = 80e6;
/// Nor one submission.
const SUBMISSION_NS: f64 = 500e6;
/// Dispatches per submission; more only delays the start.
const SUBMISSION_DISPATCHES: usize = 2048;
/// Open tickets, as the device seam allows.
const TICKETS: usize = 2;
const COUNTER_BYTES: u64 = (COUNTERS * COUNTER_STEP * 4) as u64;
const TIMESTAMP_BYTES: u64 = 16;

/// Pipelines, result slots and open tickets of one device.
pub struct Runner {
    pub queue: wgpu::Queue,
    pub subgroups: bool,
    pipelines: HashMap<Kernel, wgpu::ComputePipeline>,
    free: Vec<Slot>,
    open: VecDeque<Open>,
    next: u64,
    /// Nanoseconds per timestamp tick, where the adapter has timestamps.
    tick_ns: Option<f64>,
    /// How many lower bits of a timestamp count.
    timestamp_bits: u32,
    rates: HashMap<Kernel, f64>,
}

/// What one ticket writes its results to.
pub struct Slot {
    counters: wgpu::Buffer,
    queries: Option<wgpu::QuerySet>,
    resolved: wgpu::Buffer,
    readback: wgpu::Buffer,
    /// Where copies to the host land; made when first needed.
    pub landing: Option<wgpu::Buffer>,
}

struct Open {
    id: u64,
    slot: Slot,
    submission: wgpu::SubmissionIndex,
    after: After,
    /// Whether it wrote timestamps: else those of earlier work lie in its slot.
    is_stamped: bool,
    submitted: Instant,
    /// For the next estimate: the main kernel and the work done.
    kernel: Option<Kernel>,
    work: f64,
}

/// Where the count of a ticket comes from.
pub enum After {
    Counters,
    /// No kernel of ours ran.
    Nothing,
    /// The host looks at what arrived.
    Landing(Landed),
}

/// A copy to the host whose words are still to be compared.
#[derive(Clone, Copy)]
pub struct Landed {
    pub bytes: u64,
    pub seed: u64,
    pub repeat: u32,
}

/// One dispatch of a step, `stack` executions side by side.
struct Launch<'a> {
    step: &'a Step,
    stack: u32,
}

impl Runner {
    pub fn new(gpu: &mut Guarded, queue: wgpu::Queue, timestamp_bits: u32) -> Result<Self, DeviceError> {
        let features = gpu.device.features();
        let timed = features.contains(wgpu::Features::TIMESTAMP_QUERY);
        let tick_ns = timed.then(|| f64::from(queue.get_timestamp_period())).filter(|tick| *tick > 0.0);
        let mut runner = Self {
            queue,
            subgroups: features.contains(wgpu::Features::SUBGROUP),
            pipelines: HashMap::new(),
            free: Vec::new(),
            open: VecDeque::new(),
            next: 0,
            tick_ns,
            timestamp_bits,
            rates: HashMap::new(),
        };
        for _ in 0..TICKETS {
            let slot = runner.slot(gpu)?;
            runner.free.push(slot);
        }
        Ok(runner)
    }

    fn slot(&self, gpu: &mut Guarded) -> Result<Slot, DeviceError> {
        use wgpu::BufferUsages as Use;
        let queries = match self.tick_ns {
            Some(_) => Some(gpu.scoped(0, |device| {
                device.create_query_set(&wgpu::QuerySetDescriptor {
                    label: Some("timestamps"),
                    ty: wgpu::QueryType::Timestamp,
                    count: 2,
                })
            })?),
            None => None,
        };
        let counters = Use::STORAGE | Use::COPY_SRC | Use::COPY_DST;
        Ok(Slot {
            counters: memory::create(gpu, "counters", COUNTER_BYTES, counters)?,
            queries,
            resolved: memory::create(gpu, "resolved", TIMESTAMP_BYTES, Use::QUERY_RESOLVE | Use::COPY_SRC)?,
            readback: memory::create(
                gpu,
                "readback",
                COUNTER_BYTES + TIMESTAMP_BYTES,
                Use::MAP_READ | Use::COPY_DST,
            )?,
            landing: None,
        })
    }

    /// Work per nanosecond that `kernel` was last seen to do.
    pub fn rate(&self, kernel: Kernel) -> Option<f64> {
        self.rates.get(&kernel).copied()
    }

    /// Makes the next plans expect `rate` of `kernel`.
    #[cfg(test)]
    pub fn expect_rate(&mut self, kernel: Kernel, rate: f64) {
        self.rates.insert(kernel, rate);
    }

    pub fn take_slot(&mut self) -> Result<Slot, DeviceError> {
        let why = || format!("more than {TICKETS} tickets are open; wait for one first");
        self.free.pop().ok_or_else(|| DeviceError::Validation { why: why() })
    }

    /// Takes back a slot whose results nobody will read.
    pub fn return_slot(&mut self, gpu: &mut Guarded, slot: Slot) {
        // A mapping may be under way, and no buffer can be used while it is mapped.
        let _ = gpu.scoped(0, |_| {
            slot.readback.unmap();
            if let Some(landing) = &slot.landing {
                landing.unmap();
            }
        });
        self.free.push(slot);
    }

    /// Starts `plan` `repeat` times.
    pub fn submit(
        &mut self,
        gpu: &mut Guarded,
        memory: &Memory,
        kernel: Kernel,
        plan: &Plan,
        repeat: u32,
        rate: f64,
    ) -> Result<Ticket, DeviceError> {
        let steps = || plan.steps.iter().chain(&plan.last);
        for step in steps() {
            for bind in &step.binds {
                memory.range(bind.buf, bind.at, bind.at + bind.bytes)?;
            }
            self.prepare(gpu, step.kernel)?;
        }
        let slot = self.take_slot()?;
        let launches = launches(plan, repeat, rate);
        let batches = batches(&launches, rate);
        let submitted = Instant::now();
        let submission = gpu.scoped(0, |device| self.encode(device, memory, &slot, &batches));
        let submission = match submission {
            Ok(submission) => submission,
            Err(error) => {
                self.return_slot(gpu, slot);
                return Err(error);
            }
        };
        let work = plan.steps.iter().map(|s| s.work as f64).sum::<f64>() * f64::from(repeat);
        let open = Open {
            id: self.next,
            is_stamped: slot.queries.is_some(),
            slot,
            submission,
            after: After::Counters,
            submitted,
            kernel: Some(kernel),
            work,
        };
        Ok(self.opened(open))
    }

    fn opened(&mut self, open: Open) -> Ticket {
        let ticket = Ticket(open.id);
        self.next += 1;
        self.open.push_back(open);
        ticket
    }

    /// Compiles `kernel` unless that has been done.
    fn prepare(&mut self, gpu: &mut Guarded, kernel: Kernel) -> Result<(), DeviceError> {
        if self.pipelines.contains_key(&kernel) {
            return Ok(());
        }
        let source = kernel.source(self.subgroups);
        let label = format!("{kernel:?}");
        let pipeline = gpu.scoped(0, |device| {
            let module = if kernel.indexes_with_memory() {
                device.create_shader_module(wgpu::ShaderModuleDescriptor {
                    label: Some(&label),
                    source: wgpu::ShaderSource::Wgsl(source.into()),
                })
            } else {
                raw::trusted_module(device, &label, source)
            };
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(&label),
                layout: None,
                module: &module,
                entry_point: Some(kernel.entry()),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            })
        })?;
        self.pipelines.insert(kernel, pipeline);
        Ok(())
    }

    fn encode(
        &self,
        device: &wgpu::Device,
        memory: &Memory,
        slot: &Slot,
        batches: &[&[Launch<'_>]],
    ) -> wgpu::SubmissionIndex {
        let mut groups: HashMap<(Kernel, &[Bind]), wgpu::BindGroup> = HashMap::new();
        let mut submission = None;
        for (i, batch) in batches.iter().enumerate() {
            let (first, last) = (i == 0, i + 1 == batches.len());
            let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            if first {
                encoder.clear_buffer(&slot.counters, 0, None);
            }
            {
                let timestamp_writes = slot.queries.as_ref().filter(|_| first || last).map(|query_set| {
                    wgpu::ComputePassTimestampWrites {
                        query_set,
                        beginning_of_pass_write_index: first.then_some(0),
                        end_of_pass_write_index: last.then_some(1),
                    }
                });
                let mut pass = encoder
                    .begin_compute_pass(&wgpu::ComputePassDescriptor { label: None, timestamp_writes });
                for launch in *batch {
                    self.launch(device, memory, slot, launch, &mut pass, &mut groups);
                }
            }
            if last {
                collect(&mut encoder, slot);
            }
            submission = Some(self.queue.submit([encoder.finish()]));
        }
        slot.readback.slice(..).map_async(wgpu::MapMode::Read, |_| {});
        submission.unwrap_or_else(|| self.queue.submit([]))
    }

    fn launch<'a>(
        &self,
        device: &wgpu::Device,
        memory: &Memory,
        slot: &Slot,
        launch: &Launch<'a>,
        pass: &mut wgpu::ComputePass<'_>,
        groups: &mut HashMap<(Kernel, &'a [Bind]), wgpu::BindGroup>,
    ) {
        let step = launch.step;
        let Some(pipeline) = self.pipelines.get(&step.kernel) else { return };
        let group = groups
            .entry((step.kernel, step.binds.as_slice()))
            .or_insert_with(|| bind_group(device, memory, slot, pipeline, step));
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, &*group, &[]);
        if !step.params.is_empty() {
            let bytes: Vec<u8> = step.params.iter().flat_map(|word| word.to_le_bytes()).collect();
            pass.set_immediates(0, &bytes);
        }
        pass.dispatch_workgroups(step.groups[0], step.groups[1], launch.stack);
    }

    /// Starts copies that `record` writes down, between two timestamps.
    pub fn submit_copy(
        &mut self,
        gpu: &mut Guarded,
        slot: Slot,
        after: After,
        record: impl FnOnce(&mut wgpu::CommandEncoder, &Slot),
    ) -> Result<Ticket, DeviceError> {
        // Metal on Apple's chips has timestamps around kernels alone.
        let inside = gpu.device.features().contains(wgpu::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS);
        let is_stamped = inside && slot.queries.is_some();
        let submitted = Instant::now();
        let submission = gpu.scoped(0, |device| {
            let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.clear_buffer(&slot.counters, 0, None);
            let queries = slot.queries.as_ref().filter(|_| inside);
            if let Some(queries) = queries {
                encoder.write_timestamp(queries, 0);
            }
            record(&mut encoder, &slot);
            if let Some(queries) = queries {
                encoder.write_timestamp(queries, 1);
                collect(&mut encoder, &slot);
            }
            let submission = self.queue.submit([encoder.finish()]);
            slot.readback.slice(..).map_async(wgpu::MapMode::Read, |_| {});
            if let (After::Landing(landed), Some(landing)) = (&after, &slot.landing) {
                landing.slice(..landed.bytes).map_async(wgpu::MapMode::Read, |_| {});
            }
            submission
        });
        match submission {
            Ok(submission) => {
                let open = Open {
                    id: self.next,
                    slot,
                    submission,
                    after,
                    is_stamped,
                    submitted,
                    kernel: None,
                    work: 0.0,
                };
                Ok(self.opened(open))
            }
            Err(error) => {
                self.return_slot(gpu, slot);
                Err(error)
            }
        }
    }

    pub fn wait(&mut self, gpu: &mut Guarded, ticket: &Ticket) -> Result<Done, DeviceError> {
        let place = self.open.iter().position(|open| open.id == ticket.0);
        let Some(open) = place.and_then(|place| self.open.remove(place)) else {
            return Err(DeviceError::Validation { why: format!("ticket {} is not open", ticket.0) });
        };
        let waited = gpu.wait(&open.submission);
        let host_ns = open.submitted.elapsed().as_nanos() as f64;
        let done = waited.and_then(|()| self.finish(gpu, &open));
        if let (Ok(done), Some(kernel)) = (&done, open.kernel) {
            let ns = done.device_ns.map_or(host_ns, |ns| ns as f64);
            self.learn(kernel, open.work, ns);
        }
        match &done {
            Ok(_) => self.free.push(open.slot),
            Err(_) => self.return_slot(gpu, open.slot),
        }
        done
    }

    fn finish(&self, gpu: &mut Guarded, open: &Open) -> Result<Done, DeviceError> {
        let size = COUNTER_BYTES + TIMESTAMP_BYTES;
        let (ticks, kernels) = memory::with_mapped(gpu, &open.slot.readback, size, |bytes| {
            let (counters, stamps) = bytes.split_at(COUNTER_BYTES as usize);
            let stamp = |i: usize| {
                let mut word = [0; 8];
                word.copy_from_slice(&stamps[8 * i..8 * i + 8]);
                u64::from_le_bytes(word)
            };
            let counted = counters
                .chunks_exact(COUNTER_STEP * 4)
                .fold(0u32, |sum, c| sum.wrapping_add(u32::from_le_bytes([c[0], c[1], c[2], c[3]])));
            (ticks_between([stamp(0), stamp(1)], self.timestamp_bits), counted)
        })?;
        let counted = match open.after {
            After::Counters => Some(kernels),
            After::Nothing => None,
            After::Landing(landed) => Some(super::copy::count_landed(gpu, &open.slot, landed)?),
        };
        // No time at all means that nothing was timed, not that the work was free.
        let ticks = ticks.filter(|_| open.is_stamped);
        let device_ns = ticks.zip(self.tick_ns).map(|(ticks, tick)| (ticks as f64 * tick).round() as u64);
        Ok(Done { device_ns: device_ns.filter(|ns| *ns > 0), counted })
    }

    /// Remembers a rate. Short work says little, mostly the cost of its start.
    fn learn(&mut self, kernel: Kernel, work: f64, ns: f64) {
        let seen = work / ns.max(1.0);
        let rate = self.rates.entry(kernel).or_insert(seen);
        if ns > 5e6 || seen > *rate {
            *rate = seen;
        }
    }
}

fn bind_group(
    device: &wgpu::Device,
    memory: &Memory,
    slot: &Slot,
    pipeline: &wgpu::ComputePipeline,
    step: &Step,
) -> wgpu::BindGroup {
    let counters = wgpu::BindGroupEntry { binding: 0, resource: slot.counters.as_entire_binding() };
    let buffers = (1..).zip(&step.binds).filter_map(|(binding, bind)| {
        let buffer = memory.range(bind.buf, bind.at, bind.at + bind.bytes).ok()?;
        let size = wgpu::BufferSize::new(bind.bytes);
        let resource = wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset: bind.at, size });
        Some(wgpu::BindGroupEntry { binding, resource })
    });
    let entries: Vec<wgpu::BindGroupEntry<'_>> = std::iter::once(counters).chain(buffers).collect();
    let layout = pipeline.get_bind_group_layout(0);
    device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: &layout, entries: &entries })
}

/// From one timestamp to a later one, where so many lower bits count: 36 on Intel's cards, where they begin anew every hour or so. `None`
/// where the later one lies before the other.
pub fn ticks_between([from, to]: [u64; 2], bits: u32) -> Option<u64> {
    let most = u64::MAX >> 64u32.saturating_sub(bits).min(63);
    Some(to.wrapping_sub(from) & most).filter(|ticks| *ticks <= most / 2)
}

/// Brings counters and timestamps to where the host can map them.
fn collect(encoder: &mut wgpu::CommandEncoder, slot: &Slot) {
    encoder.copy_buffer_to_buffer(&slot.counters, 0, &slot.readback, 0, COUNTER_BYTES);
    if let Some(queries) = &slot.queries {
        encoder.resolve_query_set(queries, 0..2, &slot.resolved, 0);
        encoder.copy_buffer_to_buffer(&slot.resolved, 0, &slot.readback, COUNTER_BYTES, TIMESTAMP_BYTES);
    }
}

/// The dispatches of `repeat` executions. Small executions are stacked, so that the cost of a dispatch is shared.
fn launches<'a>(plan: &'a Plan, repeat: u32, rate: f64) -> Vec<Launch<'a>> {
    let work: u64 = plan.steps.iter().map(|step| step.work).sum();
    let stack = if plan.stackable {
        (DISPATCH_NS * rate / (work.max(1) as f64)).clamp(1.0, 65_535.0) as u32
    } else {
        1
    };
    let mut launches = Vec::new();
    let mut left = repeat;
    while left > 0 {
        let stack = stack.min(left);
        launches.extend(plan.steps.iter().map(|step| Launch { step, stack }));
        left -= stack;
    }
    launches.extend(plan.last.iter().map(|step| Launch { step, stack: 1 }));
    launches
}

/// Cuts launches into submissions.
fn batches<'l, 'a>(launches: &'l [Launch<'a>], rate: f64) -> Vec<&'l [Launch<'a>]> {
    let mut batches = Vec::new();
    let (mut from, mut ns) = (0, 0.0);
    for (i, launch) in launches.iter().enumerate() {
        let cost = launch.step.work as f64 * f64::from(launch.stack) / rate;
        if i > from && (ns + cost > SUBMISSION_NS || i - from >= SUBMISSION_DISPATCHES) {
            batches.push(&launches[from..i]);
            (from, ns) = (i, 0.0);
        }
        ns += cost;
    }
    batches.push(&launches[from..]);
    batches
}
