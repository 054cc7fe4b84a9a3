//! The documented exit codes, and which one wins when several hold.
//! Owns nothing else: who decides on a code lives where the decision is made.

/// How the process ends. The numbers are part of the command line's contract and never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Every `must` clause passed, or the command did what it was asked.
    Pass = 0,
    /// At least one `must` clause failed.
    Fail = 1,
    /// The command line, the contract or another input file is wrong; nothing was measured.
    Usage = 2,
    /// Something that the verdict needs was not measured.
    Inconclusive = 3,
    /// No usable device, or the machine lacks something that the run needs.
    Environment = 4,
    /// Two sources disagree about what a device is.
    Identity = 5,
    /// A signature, a nonce, a schema or a recomputed figure does not hold.
    Signature = 6,
    /// A bug of ours.
    Bug = 70,
    /// Interrupted by the user, after the partial report was sealed.
    Interrupted = 130,
}

impl Exit {
    pub const ALL: [Exit; 9] = [
        Exit::Pass,
        Exit::Fail,
        Exit::Usage,
        Exit::Inconclusive,
        Exit::Environment,
        Exit::Identity,
        Exit::Signature,
        Exit::Bug,
        Exit::Interrupted,
    ];

    pub fn code(self) -> u8 {
        self as u8
    }

    /// One line for the help text and the README.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Pass => "every must clause passed",
            Exit::Fail => "a must clause failed",
            Exit::Usage => "the command line, the contract or an input file is wrong",
            Exit::Inconclusive => "not enough was measured to decide",
            Exit::Environment => "no usable device, or something is missing on this machine",
            Exit::Identity => "sources disagree about what a device is",
            Exit::Signature => "a signature, nonce, schema or recomputed figure does not hold",
            Exit::Bug => "a bug in assay",
            Exit::Interrupted => "interrupted, after the partial report was sealed",
        }
    }

    /// The code to end with where both hold: 70, 6, 5, 1, 3, 0 in this order; the others end a run before
    /// any of these can hold, so they win over everything but a bug.
    pub fn worst(self, other: Exit) -> Exit {
        if self.rank() >= other.rank() { self } else { other }
    }

    /// The worst of those that hold.
    pub fn worst_of(all: impl IntoIterator<Item = (bool, Exit)>) -> Exit {
        all.into_iter().filter_map(|(holds, exit)| holds.then_some(exit)).fold(Exit::Pass, Exit::worst)
    }

    fn rank(self) -> u8 {
        match self {
            Exit::Bug => 8,
            Exit::Interrupted => 7,
            Exit::Usage => 6,
            Exit::Environment => 5,
            Exit::Signature => 4,
            Exit::Identity => 3,
            Exit::Fail => 2,
            Exit::Inconclusive => 1,
            Exit::Pass => 0,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::Exit::*;

    #[test]
    fn the_documented_order_decides_between_codes() {
        let order = [Pass, Inconclusive, Fail, Identity, Signature, Bug];
        for (i, low) in order.iter().enumerate() {
            for high in &order[i..] {
                assert_eq!(low.worst(*high), *high);
                assert_eq!(high.worst(*low), *high);
            }
        }
    }
}
