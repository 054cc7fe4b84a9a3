//! Whether rows that were shown are rows of products.
//! Owns one exact test of all rows together; must not know how they came.

use super::work::Work;

/// All shown rows S of one GPU at once: with random w, `(w A_S) B = w C_S` (R. Freivalds, "Probabilistic machines can use
/// less running time", 1977), in integers throughout. Rows that are no product pass with probability 2^-32 at most: of all values of the
/// w of a wrong row, one at most makes up for it.
pub struct Batch {
    work: Work,
    random: blake3::OutputReader,
    /// `w A_S`: at most 2^20 rows times 2^32 times 2^7.
    a: Vec<i64>,
    /// `w C_S`
    c: Vec<i128>,
    rows: u32,
}

impl Batch {
    /// More rows could overflow sums.
    pub const ROWS_MAX: u32 = 1 << 20;

    /// `secret` is what the prover cannot know: the factors w follow from it.
    pub fn new(work: Work, secret: &[u8; 32]) -> Self {
        let random = blake3::Hasher::new_keyed(secret).finalize_xof();
        Self { work, random, a: vec![0; work.k as usize], c: vec![0; work.n as usize], rows: 0 }
    }

    /// Takes row `row` of a C whose A is drawn from `key`.
    ///
    /// # Panics
    /// Not before [`Batch::ROWS_MAX`] rows, which callers do not ask for.
    pub fn add(&mut self, key: &[u8; 32], row: u32, c: &[i64]) {
        assert!(self.rows < Self::ROWS_MAX, "a batch of at most {} rows", Self::ROWS_MAX);
        self.rows += 1;
        let mut w = [0; 4];
        self.random.fill(&mut w);
        let w = u32::from_le_bytes(w);
        let mut a = vec![0; self.a.len()];
        self.work.entries(key, u64::from(row) * u64::from(self.work.k), &mut a);
        for (sum, entry) in self.a.iter_mut().zip(a) {
            *sum += i64::from(w) * i64::from(entry);
        }
        for (sum, number) in self.c.iter_mut().zip(c) {
            *sum += i128::from(w) * i128::from(*number);
        }
    }

    /// Whether all rows are those of products with the B that is drawn from `key`.
    pub fn holds(&self, key: &[u8; 32]) -> bool {
        let k = self.work.k as usize;
        let limbs = limbs(&self.a);
        let mut column = vec![0; k];
        // B is stored transposed, so that one of its columns lies together.
        self.c.iter().enumerate().all(|(j, c)| {
            self.work.entries(key, j as u64 * k as u64, &mut column);
            dot(&limbs, &column) == *c
        })
    }
}

/// How many digits of 16 bits, signed, a sum has.
const LIMBS: usize = 4;

/// Each sum as signed digits to the base 2^16, lowest first: products of 16 bits are what CPUs do many of at once.
fn limbs(sums: &[i64]) -> [Vec<i16>; LIMBS] {
    let mut rest = sums.to_vec();
    std::array::from_fn(|_| {
        let digit = |rest: &mut i64| {
            let low = *rest as i16;
            // Exact: what is left is a multiple of 2^16, and sums keep far from the ends of 64 bits.
            *rest = (*rest - i64::from(low)) >> 16;
            low
        };
        rest.iter_mut().map(digit).collect()
    })
}

/// The exact inner product.
fn dot(limbs: &[Vec<i16>; LIMBS], column: &[i8]) -> i128 {
    /// As many products of 2^15 by 2^7 as 32 bits hold.
    const SAFE: usize = 256;
    let mut total = 0i128;
    for (power, digits) in limbs.iter().enumerate() {
        let parts = digits.chunks(SAFE).zip(column.chunks(SAFE));
        let part = |(digits, column): (&[i16], &[i8])| -> i64 {
            let products = digits.iter().zip(column).map(|(d, b)| i32::from(*d) * i32::from(i16::from(*b)));
            i64::from(products.sum::<i32>())
        };
        total += i128::from(parts.map(part).sum::<i64>()) << (16 * power);
    }
    total
}
