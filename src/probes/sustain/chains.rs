//! Multiply-add chains under load: the vector units, whose results must stay the same.

use super::super::{fma, spare_bytes};
use super::products::{fault, tell};
use super::watch::Watch;
use crate::device::{Buf, Identity, Op};
use crate::engine::Trouble;
use crate::engine::bench::{Bench, Tuned};
use crate::evidence::Check;

pub struct Chains {
    form: Tuned,
    out: Buf,
    bytes: u64,
    digest_of: Op,
    digest: Buf,
    right: Vec<u8>,
    /// One execution, before the load began.
    pub took_ns: u64,
}

impl Chains {
    pub fn prepare(bench: &mut Bench, identity: &Identity, seed: u64) -> Result<(Self, Check), Trouble> {
        let (form, out, lanes, check) =
            fma::load(bench, (spare_bytes(identity) / 8).min(identity.buffer_bytes_max), seed)?;
        let digest = bench.alloc(8)?;
        let digest_of = Op::Digest { src: out, rows: 1, row_words: lanes, out: digest };
        let (bytes, right) = (u64::from(lanes) * 4, Vec::new());
        let mut chains = Self { form, out, bytes, digest_of, digest, right, took_ns: 0 };
        let begun_ns = bench.now_ns();
        chains.right = chains.digest(bench)?;
        chains.took_ns = bench.now_ns() - begun_ns;
        Ok((chains, check))
    }

    fn digest(&self, bench: &mut Bench) -> Result<Vec<u8>, Trouble> {
        bench.run(&self.form, 1)?;
        bench.once(&self.digest_of)?;
        Ok(bench.read(self.digest, 0, 8)?)
    }

    /// One execution, compared. Where it is wrong, another says what it should have been.
    pub fn run(&self, bench: &mut Bench, watch: &mut Watch) -> Result<(), Trouble> {
        watch.checked(1);
        if self.digest(bench)? == self.right {
            return Ok(());
        }
        let bad = bench.read(self.out, 0, self.bytes)?;
        let again = self.digest(bench)? == self.right;
        let right = again.then(|| bench.read(self.out, 0, self.bytes)).transpose()?;
        let told = tell(bench, watch, "chains", 0, &bad, right.as_deref())?;
        // The results were right, and what compares them was not.
        if told == 0 { watch.wrong(bench, fault("digest")) } else { Ok(()) }
    }
}
