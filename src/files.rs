//! Files that others wrote, read whole and up to a limit.
//! Owns the limit's enforcement: nothing is cut off in silence, which could be read as if it were all. Must not know what they hold.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// The whole file. `FileTooLarge` where it is longer than `most` bytes, be it a device that never ends.
pub fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    whole(File::open(path)?, most)
}

/// Opens a regular file alone: a pipe would keep whoever opens it waiting.
pub fn open_regular(path: &Path) -> io::Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    File::open(path)
}

/// The same of what is open already.
pub fn whole(from: impl io::Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let why = format!("it is larger than {} KiB", most.div_ceil(1024));
        return Err(io::Error::new(ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        assert_eq!(whole(&b"12345"[..], 5).ok(), Some(b"12345".to_vec()));
        let refused = whole(&b"123456"[..], 5).map_err(|why| (why.kind(), why.to_string()));
        assert_eq!(refused, Err((ErrorKind::FileTooLarge, "it is larger than 1 KiB".to_owned())));
        assert!(whole(io::repeat(0), 1 << 16).is_err());
    }
}
