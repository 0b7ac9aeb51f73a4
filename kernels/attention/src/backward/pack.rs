//! Operands as the tiles read them, zeros where there is no token.
//!
//! Unsafe as `unit` is: the instruction set is there, the caller's arrays have passed check.rs, the scratch arrays have
//! the sizes that scratch.rs gives them, and nobody else works on this unit's keys.

use super::scratch::{Scratch, TERMS};
use super::{BLOCK, Backward, KEYS};
use crate::halves::{join_rows, pair_rows};
use crate::simd::Simd;
use crate::tile::Operands;
use crate::transpose::transpose;

/// The log-sum-exp of a row without a token: every probability of the row is 0.
const NO_ROW: f32 = 3.0e38;

#[inline(always)]
pub unsafe fn pack_keys<S: Simd, O: Operands<S>>(
    job: &Backward,
    scratch: &Scratch,
    kv_head: usize,
    first: usize,
    count: usize,
    width: usize,
) {
    let (dim, row) = (job.shape.head_dim, scratch.row);
    let at = (kv_head * job.kv.positions.len() + first) * dim;
    unsafe {
        for (from, to) in [(job.kv.v, scratch.v_turned), (job.kv.k, scratch.k_turned)] {
            scratch.k.write_bytes(0, KEYS * row);
            for (key, values) in from[at..][..count * dim].chunks_exact(dim).enumerate() {
                // Padding may hold anything, NaN too, and 0 · NaN is not 0.
                if job.kv.positions[first + key] >= 0 {
                    scratch.k.add(key * row).copy_from_nonoverlapping(values.as_ptr(), dim);
                }
            }
            for key in (0..count).step_by(width) {
                let to = to.add(key * row);
                transpose::<S>(scratch.k.add(key * row), row, width, row, to, width);
                if O::HALVES {
                    pair_rows::<S, O>((to, width), (row, row), width, (to, width));
                }
            }
        }
        let scale = S::splat(job.scale);
        for i in (0..count * row).step_by(S::LANES) {
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
    let (dim, row, queries) = (job.shape.head_dim, scratch.row, job.q.positions.len());
    let first = block * BLOCK;
    let count = (queries - first).min(BLOCK);
    let at = head * queries + first;
    let q = &job.q.q[at * dim..][..count * dim];
    let d_out = &job.output.d_out[at * dim..][..count * dim];
    let (lse, delta) = (&job.output.lse[at..][..count], &job.output.delta[at..][..count]);
    unsafe {
        for i in 0..BLOCK {
            let (q_to, d_out_to) = (scratch.q.add(i * row), scratch.d_out.add(i * row));
            q_to.write_bytes(0, row);
            d_out_to.write_bytes(0, row);
            if i < count && job.q.positions[first + i] >= 0 {
                q_to.copy_from_nonoverlapping(q[i * dim..].as_ptr(), dim);
                d_out_to.copy_from_nonoverlapping(d_out[i * dim..].as_ptr(), dim);
                (*scratch.lse.add(i), *scratch.delta.add(i)) = (lse[i], delta[i]);
            } else {
                (*scratch.lse.add(i), *scratch.delta.add(i)) = (NO_ROW, 0.0);
            }
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
    count
}
