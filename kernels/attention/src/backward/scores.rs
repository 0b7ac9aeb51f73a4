//! Probabilities and their gradient.
//!
//! Unsafe as `unit` is: the instruction set is there, the caller's arrays have passed check.rs, the scratch arrays have
//! the sizes that scratch.rs gives them, and nobody else works on this unit's keys.

use super::scratch::Scratch;
use super::{BLOCK, Backward, KEYS};
use crate::exp::Exp;
use crate::simd::Simd;
use crate::tile::{Left, Operands, Right};

/// P = exp(s − lse) and dS = P ∘ (dOut·Vᵀ − delta) of one panel; `masked` are the panel's positions where a mask is needed.
#[inline(always)]
pub unsafe fn scores<S: Simd, O: Operands<S>, const R: usize, const C: usize>(
    job: &Backward,
    scratch: &Scratch,
    block: usize,
    panel: usize,
    rows: usize,
    masked: Option<&[i32]>,
) {
    let (dim, row, width) = (job.shape.head_dim, scratch.row, C * S::LANES);
    unsafe {
        let (k, v) = (
            scratch.k_turned.add(panel * width * row),
            scratch.v_turned.add(panel * width * row),
        );
        let exp = Exp::<S>::scaled(1.0);
        let scale = S::splat(job.scale);
        let terms = dim.next_multiple_of(O::GRAIN);
        for first in (0..rows).step_by(R) {
            let left = Left {
                at: scratch.q.add(first * row),
                row,
                term: 1,
            };
            let sums = O::product::<R, C>(left, Right { at: k, term: width }, terms);
            let p = scratch.p.add(first * width);
            for r in 0..R {
                for c in 0..C {
                    S::store(p.add(r * width + c * S::LANES), sums[r][c]);
                }
            }
            let left = Left {
                at: scratch.d_out.add(first * row),
                row,
                term: 1,
            };
            let sums = O::product::<R, C>(left, Right { at: v, term: width }, terms);
            let ds = scratch.ds.add(first * KEYS + panel * width);
            for r in 0..R {
                for c in 0..C {
                    S::store(ds.add(r * KEYS + c * S::LANES), sums[r][c]);
                }
            }
            for r in 0..R {
                let lse = S::splat(*scratch.lse.add(first + r));
                let delta = S::splat(*scratch.delta.add(first + r));
                for c in 0..C {
                    let (p, ds) = (p.add(r * width + c * S::LANES), ds.add(r * KEYS + c * S::LANES));
                    // Two roundings: a score that is the whole log-sum-exp leaves exactly 0, however large both are.
                    let mut value = exp.of(S::sub(S::mul(S::load(p), scale), lse));
                    let mut slope = S::mul(value, S::sub(S::load(ds), delta));
                    if let Some(positions) = masked {
                        let position = S::load_i(positions.as_ptr().add(c * S::LANES));
                        let query = block * BLOCK + first + r;
                        let low = S::splat_i(*job.reach.low.get_unchecked(query));
                        let high = S::splat_i(*job.reach.high.get_unchecked(query));
                        value = S::within(position, low, high, value, S::splat(0.0));
                        slope = S::within(position, low, high, slope, S::splat(0.0));
                    }
                    S::store(p, value);
                    S::store(ds, slope);
                }
            }
        }
    }
}
