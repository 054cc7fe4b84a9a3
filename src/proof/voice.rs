//! One side's frames on their way to the other, written by a thread of its own: whoever does not listen holds up nobody.
//! Owns what waits to be said; must not know what that is, nor for how long to wait.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Frames that may wait while others are said.
const QUEUE: usize = 16;

pub struct Voice {
    to_say: Sender<Vec<u8>>,
    said: Receiver<io::Result<()>>,
    waiting: usize,
}

impl Voice {
    pub fn new(mut to: impl Write + Send + 'static) -> io::Result<Self> {
        let (to_say, next) = channel::<Vec<u8>>();
        let (tell, said) = channel();
        let speak = move || {
            for bytes in next {
                let written = to.write_all(&bytes).and_then(|()| to.flush());
                let last = written.is_err();
                if tell.send(written).is_err() || last {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("voice".to_owned()).spawn(speak)?;
        Ok(Self { to_say, said, waiting: 0 })
    }

    /// Says these bytes after all that waits. `Err` where nobody listens any more.
    pub fn say(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        self.waiting += 1;
        self.to_say.send(bytes).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Whether more may be said. Where it may not, waits for that, but gives up where so long nothing was taken.
    pub fn has_room(&mut self, patience: Duration) -> io::Result<bool> {
        self.has_at_most(QUEUE - 1, patience)
    }

    /// The same for whether all is said.
    pub fn has_said_all(&mut self, patience: Duration) -> io::Result<bool> {
        self.has_at_most(0, patience)
    }

    fn has_at_most(&mut self, most: usize, patience: Duration) -> io::Result<bool> {
        loop {
            let patience = if self.waiting > most { patience } else { Duration::ZERO };
            match self.said.recv_timeout(patience) {
                Ok(said) => said?,
                Err(RecvTimeoutError::Timeout) => return Ok(self.waiting <= most),
                Err(RecvTimeoutError::Disconnected) => return Err(io::ErrorKind::BrokenPipe.into()),
            }
            self.waiting -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::mpsc::sync_channel;

    use super::*;

    /// Takes a byte for each word that it is given.
    struct Taught(Receiver<()>, Sender<u8>);

    impl Write for Taught {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            self.1.send(bytes[0]).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(1)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_does_not_listen_is_seen_and_not_waited_for() {
        let (word, words) = sync_channel(2 * QUEUE);
        let (hear, heard) = channel();
        let mut voice = Voice::new(Taught(words, hear)).unwrap();
        for frame in 0..QUEUE {
            assert!(voice.has_room(Duration::ZERO).unwrap(), "{frame}");
            voice.say(vec![frame as u8]).unwrap();
        }
        assert!(!voice.has_room(Duration::ZERO).unwrap());
        assert!(!voice.has_said_all(Duration::ZERO).unwrap());
        word.send(()).unwrap();
        assert!(voice.has_room(Duration::from_secs(60)).unwrap());
        (1..QUEUE).for_each(|_| word.send(()).unwrap());
        assert!(voice.has_said_all(Duration::from_secs(60)).unwrap());
        assert!(heard.iter().take(QUEUE).eq(0..QUEUE as u8), "in their order");
        drop(word);
        voice.say(vec![0]).unwrap();
        assert!(voice.has_said_all(Duration::from_secs(60)).is_err());
    }
}
