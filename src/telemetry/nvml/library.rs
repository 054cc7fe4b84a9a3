//! Which file the NVML library was loaded from. What loads a stand-in in tests lets a dishonest host do the same, so the
//! report says what it was. Must not call the library.

use sha2::{Digest as _, Sha256};

/// The file that is mapped at `address` of this process, by /proc; `None` where the system does not tell.
pub fn file_at(address: usize) -> Option<String> {
    mapped_at(address, &std::fs::read_to_string("/proc/self/maps").ok()?)
}

fn mapped_at(address: usize, maps: &str) -> Option<String> {
    maps.lines().find_map(|line| {
        let (range, rest) = line.split_once(' ')?;
        let (from, to) = range.split_once('-')?;
        let from = usize::from_str_radix(from, 16).ok()?;
        let to = usize::from_str_radix(to, 16).ok()?;
        // Rights, offset, device and inode stand between the range and the path.
        (from..to).contains(&address).then(|| rest.find('/').map(|at| rest[at..].to_owned()))?
    })
}

/// SHA-256 of a file, lower-case hex.
pub fn digest(path: &str) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{path} cannot be read: {e}"))?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_the_file_that_is_mapped_there() {
        let maps = "7f00-7f10 r--p 00000000 fe:00 11  /usr/lib/a b.so.1\n\
                    7f10-7f20 rw-p 00000000 00:00 0 \n\
                    7f20-7f30 r-xp 00001000 fe:00 12  /usr/lib/c.so\nnonsense\n";
        assert_eq!(mapped_at(0x7f0f, maps).as_deref(), Some("/usr/lib/a b.so.1"));
        assert_eq!(mapped_at(0x7f10, maps), None);
        assert_eq!(mapped_at(0x7f2f, maps).as_deref(), Some("/usr/lib/c.so"));
        assert_eq!(mapped_at(0x7f30, maps), None);
    }
}
