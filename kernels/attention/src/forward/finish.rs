//! What a unit found goes into the caller's state.
//!
//! Unsafe as `unit` is: the instruction set is there, the caller's arrays have passed check.rs, the scratch arrays have
//! the sizes that scratch.rs gives them, and nobody else works on this unit's rows.

use super::fold::NOTHING_SEEN;
use super::scratch::{BlockScratch, Scratch};
use super::{BLOCK, Forward};
use crate::exp::Exp;
use crate::rows::Rows;
use crate::simd::Simd;
use crate::transpose::transpose;

/// Merges what the unit found into the caller's state.
#[inline(always)]
pub unsafe fn finish<S: Simd>(job: &Forward, scratch: &Scratch, at: &BlockScratch, head: usize, block: usize) {
    let dim = job.shape.head_dim;
    let Rows { first, count, at: row } = job.query_rows(head, block);
    let (mut max_in, mut sum_in) = ([crate::api::NO_SCORE; BLOCK], [0.0f32; BLOCK]);
    let (mut of_state, mut of_unit) = ([0.0f32; BLOCK], [0.0f32; BLOCK]);
    unsafe {
        let exp = Exp::<S>::scaled(1.0);
        let (max, sum) = (job.max.part(row, count), job.sum.part(row, count));
        max_in.as_mut_ptr().copy_from_nonoverlapping(max, count);
        sum_in.as_mut_ptr().copy_from_nonoverlapping(sum, count);
        let scale = S::splat(job.scale);
        for lane in (0..BLOCK).step_by(S::LANES) {
            let (unit_max, before) = (S::load(at.max.add(lane)), S::load(max_in.as_ptr().add(lane)));
            let after = S::max(before, S::mul(unit_max, scale));
            let state_factor = exp.of_negative(S::sub(before, after));
            // `after` may be a rounding away from the unit's own maximum: the product is not rounded before it is taken off.
            let unit_factor = exp.of_negative(S::mul_sub_exact(unit_max, scale, after));
            let unit_sum = S::mul(S::load(at.sum.add(lane)), unit_factor);
            let total = S::mul_add(S::load(sum_in.as_ptr().add(lane)), state_factor, unit_sum);
            S::store(max_in.as_mut_ptr().add(lane), after);
            S::store(sum_in.as_mut_ptr().add(lane), total);
            S::store(of_state.as_mut_ptr().add(lane), state_factor);
            S::store(of_unit.as_mut_ptr().add(lane), unit_factor);
        }
        transpose::<S>(at.out, BLOCK, dim, count, scratch.rows, scratch.row);
        for i in 0..count {
            let saw_nothing = *at.max.add(i) == NOTHING_SEEN && *at.sum.add(i) == 0.0;
            if saw_nothing || job.q.positions[first + i] < 0 {
                continue;
            }
            *max.add(i) = max_in[i];
            *sum.add(i) = sum_in[i];
            let out = job.out.part((row + i) * dim, dim);
            let (state_factor, unit_factor) = (S::splat(of_state[i]), S::splat(of_unit[i]));
            for d in (0..dim).step_by(S::LANES) {
                let lanes = (dim - d).min(S::LANES);
                let unit_out = S::mul(S::load(scratch.rows.add(i * scratch.row + d)), unit_factor);
                let before = S::load_first(out.add(d), lanes);
                S::store_first(out.add(d), lanes, S::mul_add(before, state_factor, unit_out));
            }
        }
    }
}
