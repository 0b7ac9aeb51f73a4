//! dQ, which all units of a key head add to.
//!
//! Unsafe as `unit` is: the instruction set is there, the caller's arrays have passed check.rs, the scratch arrays have
//! the sizes that scratch.rs gives them, and nobody else works on this unit's keys.

use super::scratch::Scratch;
use super::{Backward, KEYS};
use crate::rows::Rows;
use crate::simd::Simd;
use crate::tile::{Left, Operands, Right};

/// dQ += dS·K over the keys from..to of the unit.
#[inline(always)]
pub unsafe fn add_dq<S: Simd, O: Operands<S>>(
    job: &Backward,
    scratch: &Scratch,
    head: usize,
    block: usize,
    from: usize,
    to: usize,
) {
    let vectors = job.shape.head_dim.div_ceil(S::LANES);
    let mut vector = 0;
    while vector < vectors {
        unsafe {
            if O::SIXTEEN_ROWS {
                vector += match vectors - vector {
                    1 => dq_columns::<S, O, 16, 1>(job, scratch, head, block, from, to, vector),
                    2 => dq_columns::<S, O, 16, 2>(job, scratch, head, block, from, to, vector),
                    3 => dq_columns::<S, O, 16, 3>(job, scratch, head, block, from, to, vector),
                    _ => dq_columns::<S, O, 16, 4>(job, scratch, head, block, from, to, vector),
                };
                continue;
            }
            // As many sums as there are registers for, as in entry.rs.
            vector += match (vectors - vector, S::MANY_REGISTERS) {
                (1, true) => dq_columns::<S, O, 12, 1>(job, scratch, head, block, from, to, vector),
                (2, true) => dq_columns::<S, O, 12, 2>(job, scratch, head, block, from, to, vector),
                (3, true) => dq_columns::<S, O, 8, 3>(job, scratch, head, block, from, to, vector),
                (_, true) => dq_columns::<S, O, 6, 4>(job, scratch, head, block, from, to, vector),
                (1, false) => dq_columns::<S, O, 8, 1>(job, scratch, head, block, from, to, vector),
                (_, false) => dq_columns::<S, O, 6, 2>(job, scratch, head, block, from, to, vector),
            };
        }
    }
}

#[inline(always)]
unsafe fn dq_columns<S: Simd, O: Operands<S>, const R: usize, const C: usize>(
    job: &Backward,
    scratch: &Scratch,
    head: usize,
    block: usize,
    from: usize,
    to: usize,
    vector: usize,
) -> usize {
    let (dim, row) = (job.shape.head_dim, scratch.row);
    let Rows { count, at, .. } = job.query_rows(head, block);
    unsafe {
        // Only this unit writes these rows now: it has waited for the units before it, those after it wait for it.
        let dq = job.dq.part(at * dim, count * dim);
        let k = Right {
            at: scratch.k.add(from / O::TERMS * row + vector * S::LANES),
            term: row,
        };
        for start in (0..count).step_by(R) {
            let left = Left {
                at: scratch.ds.add(start * KEYS + from),
                row: KEYS,
                term: 1,
            };
            let sums = O::product::<R, C>(left, k, to - from);
            for r in 0..R {
                if start + r < count {
                    for c in 0..C {
                        let d = (vector + c) * S::LANES;
                        let at = dq.add((start + r) * dim + d);
                        let lanes = (dim - d).min(S::LANES);
                        S::store_first(at, lanes, S::add(S::load_first(at, lanes), sums[r][c]));
                    }
                }
            }
        }
    }
    C
}
