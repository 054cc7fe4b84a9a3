//! A small wgpu program to run under the fault layer: prints what wgpu says of the first adapter, works with it
//! and prints, one `key=value` a line, how that ended. Uses wgpu alone, nothing of the product.
//! Arguments: `list`, or `work [MIB]` with so many MiB of buffers that are only allocated.
#![allow(unsafe_code, reason = "the device UUID can only be had through the raw Vulkan handle")]
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

const BYTES: u64 = 1 << 20;
const ROUNDS: u32 = 8;
const WAIT: Duration = Duration::from_secs(2);

const FILL: &str = "
    @group(0) @binding(0) var<storage, read_write> data: array<u32>;
    @compute @workgroup_size(64) fn fill(@builtin(global_invocation_id) id: vec3u) { data[id.x] = id.x * 2654435761u; }
";

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::VULKAN;
    descriptor.flags = wgpu::InstanceFlags::empty();
    let instance = wgpu::Instance::new(descriptor);
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::VULKAN));
    println!("adapters={}", adapters.len());
    for (index, adapter) in adapters.iter().enumerate() {
        let info = adapter.get_info();
        println!("adapter.{index}.name={}", info.name);
        println!("adapter.{index}.ids={:x}:{:x}", info.vendor, info.device);
        println!("adapter.{index}.type={:?}", info.device_type);
        println!("adapter.{index}.driver={} {}", info.driver, info.driver_info);
        let timer = adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY);
        println!("adapter.{index}.timer={timer}");
        raw_facts(index, adapter);
    }
    if std::env::args().nth(1).as_deref() == Some("list") {
        return Ok(());
    }
    let adapter = adapters.first().ok_or("no adapter")?;
    let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default()))?;
    let (told, heard) = channel();
    listen(&device, &told);
    let begun = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| work(&device, &queue)));
    println!("work_ms={}", begun.elapsed().as_millis());
    match outcome {
        Ok(Ok(wrong)) => println!("wrong_words={wrong}"),
        Ok(Err(why)) => println!("error={}", why.to_string().replace('\n', " ")),
        Err(_) => println!("panicked=true"),
    }
    for line in drain(&heard) {
        println!("{line}");
    }
    // Leaving by `exit` keeps the drivers' own destructors, which may wait for a hung device, out of the test.
    std::process::exit(0)
}

fn raw_facts(index: usize, adapter: &wgpu::Adapter) {
    // SAFETY: the handles are only asked for properties while the adapter lives.
    unsafe {
        let Some(raw) = adapter.as_hal::<wgpu::hal::api::Vulkan>() else { return };
        let instance = raw.shared_instance().raw_instance();
        let mut id = ash::vk::PhysicalDeviceIDProperties::default();
        let mut all = ash::vk::PhysicalDeviceProperties2::default().push_next(&mut id);
        instance.get_physical_device_properties2(raw.raw_physical_device(), &mut all);
        println!("adapter.{index}.uuid={:032x}", u128::from_be_bytes(id.device_uuid));
        let memory = instance.get_physical_device_memory_properties(raw.raw_physical_device());
        println!("adapter.{index}.heap_mib={}", memory.memory_heaps[0].size >> 20);
    }
}

fn listen(device: &wgpu::Device, told: &Sender<String>) {
    let lost = told.clone();
    device.set_device_lost_callback(move |reason, why| {
        let _ = lost.send(format!("lost={reason:?} {}", why.replace('\n', " ")));
    });
    let uncaptured = told.clone();
    device.on_uncaptured_error(std::sync::Arc::new(move |error| {
        let _ = uncaptured.send(format!("uncaptured={}", error.to_string().replace('\n', " ")));
    }));
}

fn drain(heard: &Receiver<String>) -> Vec<String> {
    heard.try_iter().collect()
}

/// Fills a buffer and reads it back, several times, in two submissions each. Returns the number of wrong words.
fn work(device: &wgpu::Device, queue: &wgpu::Queue) -> Result<usize, Failure> {
    let scope = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
    let data = buffer(device, BYTES, usage);
    let back = buffer(device, BYTES / 2, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
    // Never used, to meet a cap on allocations.
    let ballast_mib = std::env::args().nth(2).map_or(Ok(0), |mib| mib.parse::<u64>())?;
    let _ballast: Vec<_> = (0..ballast_mib / 64).map(|_| buffer(device, 64 << 20, usage)).collect();
    if let Some(error) = pollster::block_on(scope.pop()) {
        return Err(format!("allocation: {error}").into());
    }
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(FILL.into()),
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: None,
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let bind = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &[wgpu::BindGroupEntry { binding: 0, resource: data.as_entire_binding() }],
    });
    let mut wrong = 0;
    for _ in 0..ROUNDS {
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, &bind, &[]);
            pass.dispatch_workgroups((BYTES / 4 / 64) as u32, 1, 1);
        }
        finish(device, queue, encoder)?;
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(&data, BYTES / 4, &back, 0, BYTES / 2);
        finish(device, queue, encoder)?;
        wrong += check(device, &back)?;
    }
    Ok(wrong)
}

fn buffer(device: &wgpu::Device, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
}

fn finish(device: &wgpu::Device, queue: &wgpu::Queue, encoder: wgpu::CommandEncoder) -> Result<(), Failure> {
    let index = queue.submit([encoder.finish()]);
    device.poll(wgpu::PollType::Wait { submission_index: Some(index), timeout: Some(WAIT) })?;
    Ok(())
}

fn check(device: &wgpu::Device, back: &wgpu::Buffer) -> Result<usize, Failure> {
    let (told, heard) = channel();
    back.slice(..).map_async(wgpu::MapMode::Read, move |result| {
        let _ = told.send(result);
    });
    device.poll(wgpu::PollType::Wait { submission_index: None, timeout: Some(WAIT) })?;
    heard.recv_timeout(WAIT)??;
    let first = (BYTES / 4 / 4) as u32;
    let wrong = {
        let view = back.slice(..).get_mapped_range()?;
        let words = view.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]]));
        words.zip(first..).filter(|(word, index)| *word != index.wrapping_mul(2_654_435_761)).count()
    };
    back.unmap();
    Ok(wrong)
}
