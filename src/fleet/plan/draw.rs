//! Which nodes to test: drawn by a seed that nobody knew when the nodes were named, so that neither party can choose.
//! Owns the order in which a seed puts a list of names.
//!
//! The order is that of HMAC-SHA-256 with the seed as key and the name as message. Anybody can check one rank:
//! `printf %s NAME | openssl dgst -sha256 -hmac SEED`.

use hkdf::Hkdf;
use sha2::Sha256;

use super::super::names::Names;

impl<'a> Names<'a> {
    /// So many names, in the order in which to test them.
    pub fn draw(&self, seed: &str, count: usize) -> Vec<&'a str> {
        // HKDF's first step is HMAC with the salt as key.
        let rank = |name: &&str| Hkdf::<Sha256>::extract(Some(seed.as_bytes()), name.as_bytes()).0;
        let mut ranked = self.all().to_vec();
        ranked.sort_by_cached_key(|name| (rank(name), *name));
        ranked.truncate(count);
        ranked
    }
}
