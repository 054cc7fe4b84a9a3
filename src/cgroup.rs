//! The control groups that this process is in, by the files in which the kernel keeps what it counts and limits there.
//! Owns where these lie, on Linux; elsewhere there are none. Must not know what a limit is good for.

use std::path::Path;

/// What the kernel keeps in one file of each group, in version 2 and in version 1.
pub struct Kept {
    /// As version 1 calls it.
    pub controller: &'static str,
    pub file: &'static str,
    pub file_v1: &'static str,
}

impl Kept {
    /// What all files of this kind say, of the process's own groups and of those above them.
    pub fn texts(&self) -> Vec<String> {
        let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        self.files(&groups).iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect()
    }

    /// The files that there may be, by the text of `/proc/self/cgroup`.
    fn files(&self, groups: &str) -> Vec<String> {
        let mut files = Vec::new();
        for line in groups.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
            let (root, name) = match controllers {
                "" => ("/sys/fs/cgroup".to_owned(), self.file),
                c if c.split(',').any(|c| c == self.controller) => {
                    (format!("/sys/fs/cgroup/{}", self.controller), self.file_v1)
                }
                _ => continue,
            };
            // A container often sees its own group as the root, so the path need not exist below it.
            for above in Path::new(path).ancestors() {
                let below_root = above.to_string_lossy();
                files.push(format!("{root}/{}/{name}", below_root.trim_matches('/')));
            }
        }
        files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_looked_for_in_the_own_group_and_above() {
        let kept = Kept { controller: "memory", file: "memory.max", file_v1: "memory.limit_in_bytes" };
        assert_eq!(
            kept.files("0::/a/b\n"),
            ["/sys/fs/cgroup/a/b/memory.max", "/sys/fs/cgroup/a/memory.max", "/sys/fs/cgroup//memory.max"]
        );
        assert_eq!(
            kept.files("5:cpu,cpuacct:/x\n4:memory:/x\nnonsense\n"),
            ["/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "/sys/fs/cgroup/memory//memory.limit_in_bytes"]
        );
    }
}
