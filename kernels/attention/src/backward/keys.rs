//! dK and dV: summed while queries pass, added to the caller's arrays at the end.
//!
//! Unsafe as `unit` is: the instruction set is there, the caller's arrays have passed check.rs, the scratch arrays have
//! the sizes that scratch.rs gives them, and nobody else works on this unit's keys.

use super::scratch::{Scratch, TERMS};
use super::{Backward, KEYS};
use crate::halves::pair_rows;
use crate::rows::Rows;
use crate::simd::Simd;
use crate::tile::{Left, Operands, Right};
use crate::transpose::transpose;

/// dVᵀ += dOutᵀ·P and dKᵀ += Qᵀ·dS of one panel.
#[inline(always)]
pub unsafe fn add_to_keys<S: Simd, O: Operands<S>, const R: usize, const C: usize>(
    job: &Backward,
    scratch: &Scratch,
    panel: usize,
    rows: usize,
) {
    let (dim, row, width) = (job.shape.head_dim, scratch.row, C * S::LANES);
    let terms = rows.next_multiple_of(O::GRAIN);
    unsafe {
        let (dv, dk) = (
            scratch.dv_turned.add(panel * width * row),
            scratch.dk_turned.add(panel * width * row),
        );
        let p = Right {
            at: scratch.p,
            term: width,
        };
        let mut ds = Right {
            at: scratch.ds.add(panel * width),
            term: KEYS,
        };
        let left = |at: *mut f32| Left { at, row: 1, term: row };
        let (mut d_out, mut q) = (left(scratch.d_out), left(scratch.q));
        if O::HALVES {
            pair_rows::<S, O>((p.at, p.term), (rows, terms), width, (scratch.p, width));
            pair_rows::<S, O>((ds.at, ds.term), (rows, terms), width, (scratch.ds_paired, width));
            ds = Right {
                at: scratch.ds_paired,
                term: width,
            };
            let left = |at: *mut f32| Left {
                at,
                row: TERMS,
                term: 1,
            };
            (d_out, q) = (left(scratch.d_out_turned), left(scratch.q_turned));
        }
        add_turned::<S, O, R, C>(dv, d_out, p, terms, dim);
        add_turned::<S, O, R, C>(dk, q, ds, terms, dim);
    }
}

/// Adds left·right to a turned gradient (row × width of a panel).
#[inline(always)]
unsafe fn add_turned<S: Simd, O: Operands<S>, const R: usize, const C: usize>(
    to: *mut f32,
    left: Left,
    right: Right,
    terms: usize,
    dim: usize,
) {
    unsafe {
        for d in (0..dim).step_by(R) {
            let sums = O::product::<R, C>(
                Left {
                    at: left.at.add(d * left.row),
                    ..left
                },
                right,
                terms,
            );
            for r in 0..R {
                for c in 0..C {
                    let at = to.add(((d + r) * C + c) * S::LANES);
                    S::store(at, S::add(S::load(at), sums[r][c]));
                }
            }
        }
    }
}

/// Turns the unit's sums back into rows and adds them to dk and dv.
#[inline(always)]
pub unsafe fn add_keys<S: Simd>(job: &Backward, scratch: &Scratch, keys: Rows, width: usize) {
    let (dim, row) = (job.shape.head_dim, scratch.row);
    let Rows { first, count, at } = keys;
    unsafe {
        for (from, gradient, scale) in [
            (scratch.dk_turned, &job.dk, job.scale),
            (scratch.dv_turned, &job.dv, 1.0),
        ] {
            for key in (0..count).step_by(width) {
                transpose::<S>(from.add(key * row), width, dim, width, scratch.k.add(key * row), row);
            }
            let (scale, to) = (S::splat(scale), gradient.part(at * dim, count * dim));
            for key in 0..count {
                if job.kv.positions[first + key] >= 0 {
                    for d in (0..dim).step_by(S::LANES) {
                        let (lanes, to) = ((dim - d).min(S::LANES), to.add(key * dim + d));
                        let sum = S::load(scratch.k.add(key * row + d));
                        S::store_first(to, lanes, S::mul_add(sum, scale, S::load_first(to, lanes)));
                    }
                }
            }
        }
    }
}
