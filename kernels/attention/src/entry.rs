//! The algorithm compiled once for each instruction set: `#[target_feature]` switches the set on for the entry point
//! and for all that is inlined into it.

use crate::api::Outcome;
use crate::backward::{self, Backward, Place};
use crate::forward::{self, Forward};
use crate::simd;
use crate::variant::Variant;

macro_rules! entries {
    ($module:ident, $simd:ty, $rows:literal, $vectors:literal $(, $feature:literal)?) => {
        mod $module {
            use super::*;

            pub const ROWS: usize = $rows;

            /// # Safety
            /// The processor must have the instruction set; for the rest see the function called.
            $(#[target_feature(enable = $feature)])?
            pub unsafe fn forward(job: &Forward, scratch: &forward::Scratch, unit: usize) -> Outcome {
                unsafe { forward::unit::<$simd, $rows, $vectors>(job, scratch, unit) }
            }

            /// # Safety
            /// As above.
            $(#[target_feature(enable = $feature)])?
            pub unsafe fn backward(job: &Backward, scratch: &backward::Scratch, place: Place) -> Outcome {
                unsafe { backward::unit::<$simd, $rows, $vectors>(job, scratch, place) }
            }
        }
    };
}

// Rows by vectors of the register tile: 24 sums, three vectors and a factor in 32 registers; 12 sums, two vectors and a
// factor in 16, as the last register is one the compiler wants for itself: 4 by 3 kept a sum in memory.
#[cfg(target_arch = "x86_64")]
entries!(
    avx512,
    simd::Avx512,
    8,
    3,
    "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"
);
#[cfg(target_arch = "x86_64")]
entries!(avx2, simd::Avx2, 6, 2, "avx2,fma");
#[cfg(target_arch = "aarch64")]
entries!(neon, simd::Neon, 8, 3, "neon");
entries!(portable, simd::Portable, 4, 2);

/// Rows of the register tile.
pub fn tile_rows(variant: Variant) -> usize {
    match variant {
        #[cfg(target_arch = "x86_64")]
        Variant::Avx512 => avx512::ROWS,
        #[cfg(target_arch = "x86_64")]
        Variant::Avx2 => avx2::ROWS,
        #[cfg(target_arch = "aarch64")]
        Variant::Neon => neon::ROWS,
        _ => portable::ROWS,
    }
}

/// # Safety
/// The variant must be available; for the rest see `forward::unit`.
pub unsafe fn forward(variant: Variant, job: &Forward, scratch: &forward::Scratch, unit: usize) -> Outcome {
    unsafe {
        match variant {
            #[cfg(target_arch = "x86_64")]
            Variant::Avx512 => avx512::forward(job, scratch, unit),
            #[cfg(target_arch = "x86_64")]
            Variant::Avx2 => avx2::forward(job, scratch, unit),
            #[cfg(target_arch = "aarch64")]
            Variant::Neon => neon::forward(job, scratch, unit),
            _ => portable::forward(job, scratch, unit),
        }
    }
}

/// # Safety
/// The variant must be available; for the rest see `backward::unit`.
pub unsafe fn backward(variant: Variant, job: &Backward, scratch: &backward::Scratch, place: Place) -> Outcome {
    unsafe {
        match variant {
            #[cfg(target_arch = "x86_64")]
            Variant::Avx512 => avx512::backward(job, scratch, place),
            #[cfg(target_arch = "x86_64")]
            Variant::Avx2 => avx2::backward(job, scratch, place),
            #[cfg(target_arch = "aarch64")]
            Variant::Neon => neon::backward(job, scratch, place),
            _ => portable::backward(job, scratch, place),
        }
    }
}
