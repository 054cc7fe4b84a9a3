//! Calls into libraries of the vendor's that may take minutes the first time: all connections of a node are made, or hundreds of
//! megabytes read.
//! Owns waiting for them with signs of life; must not know what is called.
#![allow(unsafe_code)]

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::api::Code;
use super::gpu::Gpu;

/// What raw handles of a driver or a library are to another thread: the vendor lets any thread use them, one at a time.
#[derive(Clone, Copy)]
pub struct Handed<T>(T);

// SAFETY: as said; whoever hands one over waits until the other thread is done with it.
unsafe impl<T> Send for Handed<T> {}

impl<T> Handed<T> {
    pub fn new(handle: T) -> Self {
        Self(handle)
    }

    pub fn take(self) -> T {
        self.0
    }
}

/// For how long signs of life are given, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    pub limit: Duration,
    pub every: Duration,
}

impl Patience {
    /// Of a device that may be silent for so long: five times that, which by default is five minutes.
    pub fn of(silence: Duration) -> Self {
        Self { limit: silence * 5, every: (silence / 4).min(Duration::from_secs(1)) }
    }

    /// What `work` gives, which another thread does; this one calls `each` meanwhile. When the time is over it says nothing any more,
    /// so that whoever waits for it takes it for what it is: stuck.
    pub fn during<T: Send>(
        self,
        each: &mut dyn FnMut(),
        work: impl FnOnce() -> Result<T, String> + Send,
    ) -> Result<T, String> {
        let until = Instant::now() + self.limit;
        std::thread::scope(|scope| {
            let (done, over) = mpsc::channel::<()>();
            let there = move || {
                // Dropped at the end, whatever that is.
                let _done = done;
                work()
            };
            let working = std::thread::Builder::new()
                .spawn_scoped(scope, there)
                .map_err(|e| format!("a thread cannot be started: {e}"))?;
            while over.recv_timeout(self.every) == Err(RecvTimeoutError::Timeout) {
                if Instant::now() < until {
                    each();
                }
            }
            working.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

impl Gpu {
    /// With what takes long only once.
    pub fn patience(&self) -> Patience {
        Patience::of(self.wait_limit)
    }

    /// What [`Gpu::enter`] is, for the other thread.
    pub fn enter_elsewhere(&self) -> impl FnOnce() -> Result<(), String> + Send + use<> {
        let (api, context) = (self.api, Handed::new(self.context));
        move || {
            // SAFETY: the context lives as long as this value, whose thread waits for the other.
            let code = unsafe { (api.cuCtxSetCurrent)(context.take()) };
            if code == Code::SUCCESS { Ok(()) } else { Err(format!("cuCtxSetCurrent: {}", api.name(code))) }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A thread whose stack no machine has room for.
    #[test]
    fn without_a_thread_there_is_an_error() {
        const NAME: &str = "device::cuda::patience::tests::without_a_thread_there_is_an_error";
        if std::env::var_os("RUST_MIN_STACK").is_some() {
            let given = Patience::of(Duration::from_secs(60)).during(&mut || {}, || Ok(()));
            return assert!(given.unwrap_err().starts_with("a thread cannot be started: "));
        }
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", NAME, "--test-threads=1"]).env("RUST_MIN_STACK", "4611686018427387904");
        let ended = again.output().unwrap();
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success() && said.contains("1 passed"), "{said}");
    }

    #[test]
    fn there_are_signs_of_life_until_the_work_or_the_patience_ends() {
        let patience = Patience { limit: Duration::from_secs(60), every: Duration::from_millis(1) };
        let (sender, receiver) = mpsc::channel();
        let mut signs = 0;
        let given = patience.during(
            &mut || {
                signs += 1;
                if signs == 3 {
                    sender.send(7).unwrap();
                }
            },
            move || receiver.recv().map_err(|e| e.to_string()),
        );
        assert_eq!((given, signs >= 3), (Ok(7), true));
        let impatient = Patience { limit: Duration::ZERO, ..patience };
        let mut signs = 0;
        let pause = || {
            std::thread::sleep(Duration::from_millis(20));
            Ok(())
        };
        impatient.during(&mut || signs += 1, pause).unwrap();
        assert_eq!(signs, 0);
        let by_default = Patience::of(Duration::from_secs(60));
        assert_eq!((by_default.limit.as_secs(), by_default.every.as_secs()), (300, 1));
    }
}
