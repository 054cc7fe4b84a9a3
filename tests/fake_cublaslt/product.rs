//! What is multiplied, in what formats, and how: by columns, as the library counts.

use std::ffi::c_int;
use std::sync::Mutex;

use gpu_assay::device::op::Precision;
use gpu_assay::device::reference;

use super::{INVALID_VALUE, NOT_SUPPORTED, Refusal, driver};

/// How products go wrong.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Mistake {
    #[default]
    None,
    /// In one element.
    Wrong,
    /// What was just done is not done again where both factors are the same.
    Lazy,
    /// For large products nothing is proposed.
    Modest,
}

pub const MISTAKES: [(&str, Mistake); 3] =
    [("wrong", Mistake::Wrong), ("lazy", Mistake::Lazy), ("modest", Mistake::Modest)];
/// What one counts as large then: more multiply-adds than this.
const MODEST_MAX: u64 = 144 * 112 * 80;

/// As a layout describes it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Matrix {
    pub element: c_int,
    pub rows: u64,
    pub columns: u64,
    pub leading: i64,
}

/// `d = transposed(first) second`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Product {
    precision: Precision,
    /// Rows and columns of d, and what is summed over.
    sizes: [u64; 3],
    /// Where both factors and d lie.
    at: [u64; 3],
    mistake: Mistake,
}

/// In which format a product is, and in which it is scaled.
#[derive(Clone, Copy)]
pub struct Types(Precision);

impl Types {
    /// As the table of the library's manual has them: of elements, sums, scales and results.
    fn of(element: c_int, compute: c_int, scale: c_int, result: c_int) -> Result<Self, Refusal> {
        Ok(Self(match (element, compute, scale, result) {
            (1, 70, 1, 1) => Precision::Fp64,
            (0, 68, 0, 0) => Precision::Fp32,
            (0, 77, 0, 0) => Precision::Tf32,
            (2, 68, 0, 0) => Precision::Fp16,
            (14, 68, 0, 0) => Precision::Bf16,
            (28, 68, 0, 0) => Precision::Fp8E4m3,
            (3, 72, 10, 10) => Precision::Int8,
            // FP8 with five bits of exponent on both sides is what the real one lacks, too.
            _ => return Err(NOT_SUPPORTED),
        }))
    }

    pub fn scale_bytes(self) -> usize {
        self.0.result_bytes() as usize
    }

    pub fn one(self) -> u64 {
        bits(self.0, 1.0)
    }
}

/// A product and both its factors.
type Done = (Product, [Vec<f64>; 2]);

static LAST: Mutex<Option<Done>> = Mutex::new(None);

/// A number as a result, and as what scales one.
fn bits(precision: Precision, number: f64) -> u64 {
    if precision == Precision::Fp64 {
        number.to_bits()
    } else if precision.is_float() {
        u64::from((number as f32).to_bits())
    } else {
        u64::from(number as i32 as u32)
    }
}

impl Product {
    pub fn of(
        compute: c_int,
        scale: c_int,
        [first, second, c, d]: [Matrix; 4],
    ) -> Result<(Types, Self), Refusal> {
        if first.element != second.element || c != d {
            return Err(INVALID_VALUE);
        }
        let types = Types::of(first.element, compute, scale, d.element)?;
        let sizes = [d.rows, d.columns, first.rows];
        let fit = (first.columns, second.columns, second.rows) == (d.rows, d.columns, first.rows);
        let dense = [first, second, d].iter().all(|matrix| matrix.leading == matrix.rows as i64);
        if !fit || !dense || sizes.contains(&0) {
            return Err(INVALID_VALUE);
        }
        let multiple = if types.0.bytes() > 1 {
            1
        } else if types.0.is_float() {
            16
        } else {
            4
        };
        if sizes.iter().any(|size| size % multiple != 0) {
            return Err(NOT_SUPPORTED);
        }
        Ok((types, Self { precision: types.0, sizes, at: [0; 3], mistake: Mistake::None }))
    }

    pub fn algorithm(&self) -> [u64; 8] {
        let [m, n, k] = self.sizes;
        [66, self.precision as u64, m, n, k, 0, 0, 0]
    }

    /// Whether there is no proposal, though the format is known.
    pub fn is_refused(&self, mistake: Mistake) -> bool {
        mistake == Mistake::Modest && self.sizes.iter().product::<u64>() > MODEST_MAX
    }

    pub fn lying_at(self, at: [u64; 3]) -> Self {
        Self { at, ..self }
    }

    pub fn with(self, mistake: Mistake) -> Self {
        Self { mistake, ..self }
    }

    fn bytes(&self) -> [u64; 3] {
        let [m, n, k] = self.sizes;
        let (each, result) = (self.precision.bytes(), self.precision.result_bytes());
        [m * k * each, n * k * each, m * n * result]
    }

    /// All matrices must lie in device memory.
    pub fn check_memory(&self) -> Result<(), Refusal> {
        self.at.iter().zip(self.bytes()).try_for_each(|(at, bytes)| driver::holds(*at, bytes))
    }

    fn elements(&self, place: usize) -> Vec<f64> {
        let bytes = self.bytes()[place] as usize;
        // SAFETY: it was device memory when this was ordered, and freeing does what was ordered first.
        let bytes = unsafe { std::slice::from_raw_parts(self.at[place] as *const u8, bytes) };
        let element = |bytes: &[u8]| {
            let mut bits = [0; 8];
            bits[..bytes.len()].copy_from_slice(bytes);
            reference::element(self.precision, u64::from_le_bytes(bits))
        };
        bytes.chunks_exact(self.precision.bytes() as usize).map(element).collect()
    }

    pub fn multiply(self) {
        let [m, n, k] = self.sizes.map(|size| size as usize);
        let [first, second] = [0, 1].map(|place| self.elements(place));
        let done = Some((self, [first.clone(), second.clone()]));
        if std::mem::replace(&mut *LAST.lock().unwrap(), done.clone()) == done
            && self.mistake == Mistake::Lazy
        {
            return;
        }
        let width = self.precision.result_bytes() as usize;
        // SAFETY: as above.
        let d = unsafe { std::slice::from_raw_parts_mut(self.at[2] as *mut u8, m * n * width) };
        for (i, place) in d.chunks_exact_mut(width).enumerate() {
            let (row, column) = (i % m, i / m);
            let pairs = first[row * k..][..k].iter().zip(&second[column * k..][..k]);
            let sum: f64 = pairs.map(|(a, b)| a * b).sum();
            // In the first column, which is the first row of c: there checks of samples look.
            let wrong = u64::from(self.mistake == Mistake::Wrong && i == m / 2) << 4;
            place.copy_from_slice(&(bits(self.precision, sum) ^ wrong).to_le_bytes()[..width]);
        }
    }
}
