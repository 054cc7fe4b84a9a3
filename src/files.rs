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

/// The same without the byte order mark that some editors and shells begin a file with.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// What a file that should be text in UTF-8 is instead, by its first bytes (RFC 1952, RFC 8878, the ZIP and xz file formats, the
/// byte order marks of Unicode), and what to do about it.
pub fn no_text(bytes: &[u8]) -> Option<&'static str> {
    const PACKED: &str = "it is compressed; unpack it first";
    const WIDE: &str = "it is text in UTF-16, as some shells and editors write it; save it as UTF-8";
    let kinds: [(&[u8], &str); 6] = [
        (b"\x1f\x8b", PACKED),
        (b"\x28\xb5\x2f\xfd", PACKED),
        (b"PK\x03\x04", PACKED),
        (b"\xfd7zXZ\x00", PACKED),
        (b"\xff\xfe", WIDE),
        (b"\xfe\xff", WIDE),
    ];
    kinds.into_iter().find(|(head, _)| bytes.starts_with(head)).map(|(_, what)| what)
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
