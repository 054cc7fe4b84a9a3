//! Matrices as copies of boxes know them. What the driver makes of one is read by cpu_sm90.cpp only.

use std::ffi::{c_int, c_uint};

use super::state::holds;
use super::{INVALID_VALUE, call};

const MARK: u64 = 0x0050_414D_5941_5353;
/// CU_TENSOR_MAP_DATA_TYPE_UINT8 to _FLOAT32: bytes of an element.
const ELEMENT_BYTES: [u64; 8] = [1, 2, 4, 4, 8, 8, 2, 4];

/// The demands are those that the interface's description of this function lists.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments, reason = "the interface")]
pub unsafe extern "C" fn cuTensorMapEncodeTiled(
    map: *mut u64,
    element: c_int,
    rank: c_uint,
    address: u64,
    sizes: *const u64,
    strides: *const u64,
    boxes: *const u32,
    steps: *const u32,
    interleave: c_int,
    swizzle: c_int,
    promotion: c_int,
    fill: c_int,
) -> i32 {
    call("cuTensorMapEncodeTiled", |state| {
        state.in_context()?;
        if state.faults.sm < 90 || rank != 2 || interleave != 0 || fill != 0 {
            return Err(INVALID_VALUE);
        }
        // SAFETY: the caller gives arrays of `rank` entries, and of one less for the strides.
        let (sizes, boxes, steps, stride) = unsafe {
            (*sizes.cast::<[u64; 2]>(), *boxes.cast::<[u32; 2]>(), *steps.cast::<[u32; 2]>(), *strides)
        };
        let bytes = *ELEMENT_BYTES.get(element as usize).ok_or(INVALID_VALUE)?;
        let [columns, rows] = sizes;
        let box_bytes = u64::from(boxes[0]) * bytes;
        let swizzled_most = match swizzle {
            0 => u64::MAX,
            3 => 128,
            _ => return Err(INVALID_VALUE),
        };
        let fits = (map as usize).is_multiple_of(64)
            && address.is_multiple_of(16)
            && sizes.iter().all(|size| (1..=1 << 32).contains(size))
            && stride.is_multiple_of(16)
            && stride < 1 << 40
            && stride >= columns * bytes
            && boxes.iter().all(|size| (1..=256).contains(size))
            && box_bytes.is_multiple_of(16)
            && box_bytes <= swizzled_most
            && steps == [1, 1]
            && (0..=3).contains(&promotion)
            && holds(&state.memory, address, (rows - 1) * stride + columns * bytes);
        if !fits {
            return Err(INVALID_VALUE);
        }
        let parts = [u64::from(boxes[0]), u64::from(boxes[1]), bytes, swizzle as u64];
        let words = [MARK, address, columns, rows, stride].into_iter().chain(parts);
        for (i, word) in words.enumerate() {
            // SAFETY: the caller gives a place for 16 words.
            unsafe { map.add(i).write(word) };
        }
        Ok(())
    })
}
