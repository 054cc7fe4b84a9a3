//! What a node may be called where its name becomes a directory, a word of a script and the name of a host.

use super::LaunchError;
use crate::fleet::names::Names;

/// As `assay run --node` takes it, and beginning with a letter or digit: no option, no `.`, no `..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeName<'a>(&'a str);

const LENGTH_MAX: usize = 64;

impl<'a> NodeName<'a> {
    pub fn as_str(self) -> &'a str {
        self.0
    }

    fn new(name: &'a str) -> Result<Self, &'static str> {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.len() > LENGTH_MAX {
            return Err(
                "a node's name has at most 64 characters; give a shorter one that finds the same host",
            );
        }
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(good) {
            return Err(
                "a node's name begins with a letter or digit and holds only letters, digits, '-', '_' and '.'; \
                 write each alone on its line, as the cluster knows it",
            );
        }
        Ok(Self(name))
    }
}

/// All names of a list, or the first line that no launch can take.
pub fn nodes<'a>(names: &Names<'a>) -> Result<Vec<NodeName<'a>>, LaunchError> {
    let checked = |(line, name): (usize, &&'a str)| {
        NodeName::new(name).map_err(|why| LaunchError::Node { line, name: (*name).to_owned(), why })
    };
    (1..).zip(names.all()).map(checked).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_that_a_shell_a_path_or_a_host_could_misread_are_refused() {
        for good in ["n1", "rack3-node17", "gpu_7.cluster.example", "A", &"a".repeat(64)] {
            assert_eq!(NodeName::new(good).unwrap().as_str(), good);
        }
        for bad in [
            "-oProxyCommand=x",
            ".",
            "..",
            "_x",
            "a b",
            "a'b",
            "a\"b",
            "$(x)",
            "`x`",
            "a;b",
            "a/b",
            "../a",
            "a,b",
            "n[1-9]",
            "u@h",
            "ü",
            "",
            &"a".repeat(65),
        ] {
            assert!(NodeName::new(bad).is_err(), "{bad}");
        }
        let names = Names::parse(b"n1\nn2; reboot\n").unwrap();
        assert!(matches!(nodes(&names), Err(LaunchError::Node { line: 2, .. })));
    }
}
