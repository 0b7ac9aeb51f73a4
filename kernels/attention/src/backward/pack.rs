//! Operands as the tiles read them, zeros where there is no token.
//!
//! Unsafe as `unit` is: the instruction set is there, the caller's arrays have passed check.rs, the scratch arrays have
//! the sizes that scratch.rs gives them, and nobody else works on this unit's keys.

use super::scratch::{Scratch, TERMS};
use super::{BLOCK, Backward, KEYS};
use crate::halves::{join_rows, pair_rows};
use crate::rows::Rows;
use crate::simd::Simd;
use crate::tile::Operands;
use crate::transpose::transpose;

/// The log-sum-exp of a row without a token: every probability of the row is 0.
const NO_ROW: f32 = 3.0e38;

#[inline(always)]
pub unsafe fn pack_keys<S: Simd, O: Operands<S>>(job: &Backward, scratch: &Scratch, keys: Rows, width: usize) {
    let (dim, row) = (job.shape.head_dim, scratch.row);
    unsafe {
        for (from, to) in [(job.kv.v, scratch.v_turned), (job.kv.k, scratch.k_turned)] {
            keys.copy([(from, scratch.k)], dim, job.kv.positions, (row, KEYS));
            for key in (0..keys.count).step_by(width) {
                let to = to.add(key * row);
                transpose::<S>(scratch.k.add(key * row), row, width, row, to, width);
                if O::HALVES {
                    pair_rows::<S, O>((to, width), (row, row), width, (to, width));
                }
            }
        }
        let scale = S::splat(job.scale);
        for i in (0..keys.count * row).step_by(S::LANES) {
            S::store(scratch.k.add(i), S::mul(S::load(scratch.k.add(i)), scale));
        }
        if O::HALVES {
            pair_rows::<S, O>((scratch.k, row), (KEYS, KEYS), row, (scratch.k, row));
            // The last grain of keys may reach beyond the last panel.
            scratch.ds.write_bytes(0, BLOCK * KEYS);
        }
        scratch.dk_turned.write_bytes(0, KEYS * row);
        scratch.dv_turned.write_bytes(0, KEYS * row);
    }
}

/// Copies a block of queries and its output gradient, zeros where there is no token; returns the rows.
#[inline(always)]
pub unsafe fn pack_queries<S: Simd, O: Operands<S>>(
    job: &Backward,
    scratch: &Scratch,
    head: usize,
    block: usize,
) -> usize {
    let (dim, row, positions) = (job.shape.head_dim, scratch.row, job.q.positions);
    let rows = job.query_rows(head, block);
    let (lse, delta) = (rows.slice(job.output.lse, 1), rows.slice(job.output.delta, 1));
    unsafe {
        let arrays = [(job.q.q, scratch.q), (job.output.d_out, scratch.d_out)];
        rows.copy(arrays, dim, positions, (row, BLOCK));
        for i in 0..BLOCK {
            let is_token = i < rows.count && positions[rows.first + i] >= 0;
            (*scratch.lse.add(i), *scratch.delta.add(i)) = if is_token { (lse[i], delta[i]) } else { (NO_ROW, 0.0) };
        }
        if O::HALVES {
            for (rows, turned) in [(scratch.q, scratch.q_turned), (scratch.d_out, scratch.d_out_turned)] {
                turned.write_bytes(0, row * TERMS);
                transpose::<S>(rows, row, BLOCK, row, turned, TERMS);
                join_rows::<S, O>(turned, TERMS, row, TERMS);
                join_rows::<S, O>(rows, row, BLOCK, row);
            }
        }
    }
    rows.count
}
