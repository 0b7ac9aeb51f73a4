//! bfloat16 operands, float32 sums: which unit of the processor multiplies them, and how rows of float32 become pairs.

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod dot;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::simd::Simd;
use crate::tile::Operands;
use crate::variant::Variant;

#[cfg(target_arch = "x86_64")]
pub use amx::Amx;
#[cfg(target_arch = "x86_64")]
pub use dot::Dot;

/// What multiplies halves. Sums are rounded differently, so results differ in their last bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HalvesUnit {
    /// Tiles of 16 × 16 sums (AMX-BF16).
    Amx,
    /// Vectors of pairs (AVX512-BF16).
    Dot,
}

impl HalvesUnit {
    pub fn name(self) -> &'static str {
        match self {
            HalvesUnit::Amx => "amx-bf16",
            HalvesUnit::Dot => "avx512-bf16",
        }
    }

    /// Units that `variant` can use on this processor, best first.
    pub fn available(variant: Variant) -> Vec<HalvesUnit> {
        #[cfg(target_arch = "x86_64")]
        if variant == Variant::Avx512 && variant.is_available() && is_x86_feature_detected!("avx512bf16") {
            return match amx::is_available() {
                true => vec![HalvesUnit::Amx, HalvesUnit::Dot],
                false => vec![HalvesUnit::Dot],
            };
        }
        let _ = variant;
        Vec::new()
    }

    /// The one that a run uses.
    pub fn of(variant: Variant) -> Option<HalvesUnit> {
        let units = HalvesUnit::available(variant);
        if WITHOUT_AMX.load(Relaxed) {
            units.last().copied()
        } else {
            units.first().copied()
        }
    }
}

/// Whether `variant` multiplies halves on this processor.
pub fn supports_bf16(variant: Variant) -> bool {
    HalvesUnit::of(variant).is_some()
}

static WITHOUT_AMX: AtomicBool = AtomicBool::new(false);

/// For tests of the other unit on a processor that has both.
#[doc(hidden)]
pub fn without_amx(without: bool) {
    WITHOUT_AMX.store(without, Relaxed);
}

/// Pairs rows 2i and 2i + 1 of `from` into row i of `to` (which may be the same array): `rows` rows, then zeros up to
/// `padded`.
///
/// # Safety
/// The instructions must be there; `width` must be a multiple of the lanes and within both strides.
#[inline(always)]
pub unsafe fn pair_rows<S: Simd, O: Operands<S>>(
    (from, from_stride): (*const f32, usize),
    (rows, padded): (usize, usize),
    width: usize,
    (to, to_stride): (*mut f32, usize),
) {
    unsafe {
        for row in (0..padded).step_by(2) {
            for lane in (0..width).step_by(S::LANES) {
                let at = from.wrapping_add(row * from_stride + lane);
                let first = if row < rows { S::load(at) } else { S::splat(0.0) };
                let second = if row + 1 < rows {
                    S::load(at.add(from_stride))
                } else {
                    S::splat(0.0)
                };
                S::store(to.add(row / 2 * to_stride + lane), O::pair(first, second));
            }
        }
    }
}

/// Turns each of `rows` rows of `width` floats into halves, in place.
///
/// # Safety
/// The instructions must be there; `width` must be a multiple of twice the lanes and within the stride.
#[inline(always)]
pub unsafe fn join_rows<S: Simd, O: Operands<S>>(at: *mut f32, stride: usize, rows: usize, width: usize) {
    unsafe {
        for row in 0..rows {
            let row = at.add(row * stride);
            for lane in (0..width).step_by(2 * S::LANES) {
                S::store(
                    row.add(lane / 2),
                    O::join(S::load(row.add(lane)), S::load(row.add(lane + S::LANES))),
                );
            }
        }
    }
}
