//! One unit of the forward pass (Dao 2023, "FlashAttention-2", with queries in the lanes): scores lie keys × queries,
//! so that neither keys nor values are ever repacked and maxima and sums run along lanes.

use std::sync::atomic::Ordering::Relaxed;

use super::Forward;
use super::finish::finish;
use super::fold::fold;
use super::pack::{key_block_of, start};
use super::scratch::Scratch;
use crate::api::Outcome;
use crate::reach::Coverage;
use crate::simd::Simd;
use crate::tile::Operands;

/// R rows by C vectors is the register tile.
///
/// # Safety
/// The instruction set must be there, the arrays must have passed check.rs, no one else may work on this unit's rows.
#[inline(always)]
pub unsafe fn unit<S: Simd, O: Operands<S>, const R: usize, const C: usize>(
    job: &Forward,
    scratch: &Scratch,
    unit: usize,
) -> Outcome {
    let (head, blocks) = job.place(unit);
    unsafe {
        for (block, at) in blocks.clone().zip(&scratch.blocks) {
            start::<S, O>(job, at, head, block, scratch.row);
        }
        for (key_block, key_span) in job.key_spans.iter().enumerate() {
            if job.cancelled.load(Relaxed) {
                return Outcome::Cancelled;
            }
            let mut keys = None;
            for (block, at) in blocks.clone().zip(&scratch.blocks) {
                let coverage = job.reach.spans[block].coverage(key_span);
                if coverage != Coverage::None {
                    let keys = *keys.get_or_insert_with(|| key_block_of::<S, O, R>(job, scratch, head, key_block));
                    fold::<S, O, R, C>(job, scratch, at, keys, block, key_block, coverage == Coverage::Partial);
                }
            }
        }
        for (block, at) in blocks.clone().zip(&scratch.blocks) {
            finish::<S>(job, scratch, at, head, block);
        }
    }
    Outcome::Done
}
