//! Everything that goes wrong below wgpu, turned into `DeviceError`: loss, refusals, lack of memory, hangs, panics.
//! Owns the wgpu device handle and its error channels; must not know ops.
//!
//! A lost device looks like success to wgpu's callers: submissions do nothing and waits return at once. Only the
//! callback tells, so it is looked at after every wait.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use crate::device::DeviceError;

/// The device handle with what has been heard from it.
pub struct Guarded {
    pub device: wgpu::Device,
    heard: Arc<Heard>,
    /// Set once, by the first final error.
    broken: Option<DeviceError>,
    wait_limit: Duration,
}

/// Messages of callbacks, which come on any thread.
#[derive(Default)]
struct Heard {
    lost: Mutex<Option<String>>,
    refused: Mutex<Option<String>>,
}

fn put(slot: &Mutex<Option<String>>, message: String) {
    slot.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(message);
}

fn take(slot: &Mutex<Option<String>>) -> Option<String> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl Guarded {
    pub fn new(device: wgpu::Device, wait_limit: Duration) -> Self {
        quiet_expected_panics();
        let heard = Arc::new(Heard::default());
        let lost = Arc::clone(&heard);
        device.set_device_lost_callback(move |reason, message| {
            // Dropping a healthy device calls this too; then nobody is left to read it.
            put(&lost.lost, format!("{message} ({reason:?})"));
        });
        let refused = Arc::clone(&heard);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            put(&refused.refused, error.to_string())
        }));
        Self { device, heard, broken: None, wait_limit }
    }

    /// Whether the device can no longer be used, nor dropped without risk.
    pub fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Runs calls that may be refused: what the error scopes catch becomes the error. `bytes` is what the calls
    /// ask for, should there be too little memory.
    pub fn scoped<T>(
        &mut self,
        bytes: u64,
        calls: impl FnOnce(&wgpu::Device) -> T,
    ) -> Result<T, DeviceError> {
        self.check()?;
        let device = self.device.clone();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let internal = device.push_error_scope(wgpu::ErrorFilter::Internal);
            let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
            let validation = device.push_error_scope(wgpu::ErrorFilter::Validation);
            let value = calls(&device);
            let errors = [
                pollster::block_on(validation.pop()),
                pollster::block_on(memory.pop()),
                pollster::block_on(internal.pop()),
            ];
            (value, errors)
        }));
        let (value, errors) = match outcome {
            Ok(done) => done,
            Err(panic) => return Err(self.crashed(panic.as_ref())),
        };
        self.check()?;
        match errors.into_iter().flatten().next() {
            None => Ok(value),
            Some(wgpu::Error::OutOfMemory { .. }) => Err(DeviceError::OutOfMemory { bytes }),
            Some(error @ (wgpu::Error::Validation { .. } | wgpu::Error::Internal { .. })) => {
                Err(DeviceError::Validation { why: error.to_string() })
            }
        }
    }

    /// Waits until `submission` is done, not longer than the limit.
    pub fn wait(&mut self, submission: &wgpu::SubmissionIndex) -> Result<(), DeviceError> {
        self.check()?;
        let start = Instant::now();
        loop {
            let left = self.wait_limit.saturating_sub(start.elapsed());
            let poll = wgpu::PollType::Wait {
                submission_index: Some(submission.clone()),
                timeout: Some(left.min(Duration::from_millis(500))),
            };
            match self.poll(poll) {
                Ok(_) => return self.check(),
                Err(wgpu::PollError::Timeout) if start.elapsed() < self.wait_limit => self.check()?,
                Err(wgpu::PollError::Timeout) => {
                    let after_ms = u64::try_from(self.wait_limit.as_millis()).unwrap_or(u64::MAX);
                    return Err(self.broke(DeviceError::Hang { after_ms }));
                }
                // The submission was dropped, which wgpu does to a lost device; another look fetches the reason.
                Err(error @ wgpu::PollError::WrongSubmissionIndex(..)) => {
                    let _ = self.poll(wgpu::PollType::Poll);
                    self.check()?;
                    return Err(self.broke(DeviceError::Lost { why: error.to_string() }));
                }
            }
        }
    }

    /// Lets wgpu free what is no longer used. Failures show up in the next wait.
    pub fn tidy(&mut self) {
        if self.broken.is_none() {
            let _ = self.poll(wgpu::PollType::Poll);
        }
    }

    /// `Device::poll` panics where it is the one to find the device lost.
    fn poll(&mut self, poll: wgpu::PollType) -> Result<wgpu::PollStatus, wgpu::PollError> {
        EXPECTED.set(true);
        let polled = catch_unwind(AssertUnwindSafe(|| self.device.poll(poll)));
        EXPECTED.set(false);
        polled.unwrap_or_else(|panic| {
            let why = take(&self.heard.lost).unwrap_or_else(|| panic_text(panic.as_ref()));
            self.broke(DeviceError::Lost { why });
            Ok(wgpu::PollStatus::QueueEmpty)
        })
    }

    /// Fails with what has been heard since the last look.
    pub fn check(&mut self) -> Result<(), DeviceError> {
        if let Some(why) = take(&self.heard.lost) {
            self.broke(DeviceError::Lost { why });
        }
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        match take(&self.heard.refused) {
            Some(why) => Err(DeviceError::Validation { why }),
            None => Ok(()),
        }
    }

    /// A panic below: the loss of the device where that was heard, else a crash.
    pub fn crashed(&mut self, panic: &(dyn std::any::Any + Send)) -> DeviceError {
        match self.check() {
            Err(final_error) if final_error.is_final() => final_error,
            Ok(()) | Err(_) => self.broke(DeviceError::Crash { why: panic_text(panic) }),
        }
    }

    /// Notes a final error. The first one stays.
    pub fn broke(&mut self, error: DeviceError) -> DeviceError {
        self.broken.get_or_insert(error).clone()
    }
}

/// What a caught panic said.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panic without a message").to_owned()
}

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the one panic that is expected and caught (see [`Guarded::poll`]) off the terminal. All others go to the
/// hook that was there before.
fn quiet_expected_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !EXPECTED.get() {
                before(info);
            }
        }));
    });
}
