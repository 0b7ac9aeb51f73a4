//! The algorithm compiled once for each instruction set: `#[target_feature]` switches the set on for the entry points
//! and for all that is inlined into them.

#[cfg(target_arch = "x86_64")]
use crate::api::Precision;
use crate::api::{Outcome, Run};
use crate::backward::{self, Backward, Place};
use crate::forward::{self, Forward};
#[cfg(target_arch = "x86_64")]
use crate::halves::{self, HalvesUnit};
use crate::simd;
use crate::tile::{Operands, Singles};
use crate::variant::Variant;

macro_rules! entries {
    ($module:ident, $simd:ty, $operands:ty, $rows:literal, $vectors:literal $(, $feature:literal)?) => {
        mod $module {
            use super::*;

            /// # Safety
            /// The processor must have the instruction set; for the rest see the function called.
            $(#[target_feature(enable = $feature)])?
            unsafe fn forward(job: &Forward, scratch: &forward::Scratch, unit: usize) -> Outcome {
                unsafe {
                    <$operands as Operands<$simd>>::begin();
                    let outcome = forward::unit::<$simd, $operands, $rows, $vectors>(job, scratch, unit);
                    <$operands as Operands<$simd>>::end();
                    outcome
                }
            }

            /// # Safety
            /// As above.
            $(#[target_feature(enable = $feature)])?
            unsafe fn backward(job: &Backward, scratch: &backward::Scratch, place: Place) -> Outcome {
                unsafe {
                    <$operands as Operands<$simd>>::begin();
                    let outcome = backward::unit::<$simd, $operands, $rows, $vectors>(job, scratch, place);
                    <$operands as Operands<$simd>>::end();
                    outcome
                }
            }

            pub const ENTRY: Entry =
                Entry { tile_rows: $rows, halves: <$operands as Operands<$simd>>::HALVES, forward, backward };
        }
    };
}

/// What a run calls.
#[derive(Clone, Copy)]
pub struct Entry {
    pub tile_rows: usize,
    pub halves: bool,
    pub forward: unsafe fn(&Forward, &forward::Scratch, usize) -> Outcome,
    pub backward: unsafe fn(&Backward, &backward::Scratch, Place) -> Outcome,
}

// Rows by vectors of the register tile: 24 sums, three vectors and a factor in 32 registers; 12 sums, two vectors and a
// factor in 16, as the last register is one the compiler wants for itself: 4 by 3 kept a sum in memory.
#[cfg(target_arch = "x86_64")]
entries!(
    avx512,
    simd::Avx512,
    Singles,
    8,
    3,
    "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"
);
#[cfg(target_arch = "x86_64")]
entries!(
    avx512_dot,
    simd::Avx512,
    halves::Dot,
    8,
    3,
    "avx512f,avx512dq,avx512bw,avx512vl,avx512bf16,avx2,fma"
);
#[cfg(target_arch = "x86_64")]
entries!(
    avx512_amx,
    simd::Avx512,
    halves::Amx,
    16,
    3,
    "avx512f,avx512dq,avx512bw,avx512vl,avx512bf16,avx2,fma"
);
#[cfg(target_arch = "x86_64")]
entries!(avx2, simd::Avx2, Singles, 6, 2, "avx2,fma");
#[cfg(target_arch = "aarch64")]
entries!(neon, simd::Neon, Singles, 8, 3, "neon");
entries!(portable, simd::Portable, Singles, 4, 2);

impl Entry {
    /// For a run that check.rs has let through.
    pub fn of(run: &Run) -> Entry {
        match run.variant {
            #[cfg(target_arch = "x86_64")]
            Variant::Avx512 => match (run.precision, HalvesUnit::of(run.variant)) {
                (Precision::Bf16, Some(HalvesUnit::Amx)) => avx512_amx::ENTRY,
                (Precision::Bf16, _) => avx512_dot::ENTRY,
                (Precision::F32, _) => avx512::ENTRY,
            },
            #[cfg(target_arch = "x86_64")]
            Variant::Avx2 => avx2::ENTRY,
            #[cfg(target_arch = "aarch64")]
            Variant::Neon => neon::ENTRY,
            _ => portable::ENTRY,
        }
    }

    /// The length of a head's row where it is copied: whole vectors, whole tiles, whole grains.
    pub fn row(&self, head_dim: usize) -> usize {
        head_dim
            .next_multiple_of(self.tile_rows)
            .next_multiple_of(if self.halves { 32 } else { 16 })
    }
}
