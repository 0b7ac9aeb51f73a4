//! Queries are turned once a unit; keys and values are read in place where that can be.
//!
//! Unsafe as `unit` is: the instruction set is there, the caller's arrays have passed check.rs, the scratch arrays have
//! the sizes that scratch.rs gives them, and nobody else works on this unit's rows.

use super::fold::NOTHING_SEEN;
use super::scratch::{BlockScratch, SPARE, Scratch};
use super::{BLOCK, Forward, KEYS};
use crate::halves::{join_rows, pair_rows};
use crate::simd::Simd;
use crate::tile::{Left, Operands};
use crate::transpose::transpose;

#[inline(always)]
pub unsafe fn start<S: Simd, O: Operands<S>>(job: &Forward, at: &BlockScratch, head: usize, block: usize, row: usize) {
    let (dim, queries) = (job.shape.head_dim, job.q.positions.len());
    let count = (queries - block * BLOCK).min(BLOCK);
    unsafe {
        if O::HALVES || count < BLOCK {
            at.q.write_bytes(0, row * BLOCK);
        }
        let from = job.q.q[(head * queries + block * BLOCK) * dim..][..count * dim].as_ptr();
        transpose::<S>(from, dim, count, dim, at.q, BLOCK);
        if O::HALVES {
            pair_rows::<S, O>((at.q, BLOCK), (row, row), BLOCK, (at.q, BLOCK));
        }
        at.out.write_bytes(0, row * BLOCK);
        for i in 0..BLOCK {
            *at.max.add(i) = NOTHING_SEEN;
            *at.sum.add(i) = 0.0;
        }
    }
}

/// Keys and values of one block as the tiles read them: in place, or copied where a tile would read past the end or
/// where padding has to become zeros.
#[derive(Clone, Copy)]
pub struct Keys {
    pub k: *const f32,
    pub stride: usize,
    /// Vᵀ: its rows are columns of v, its terms keys.
    pub v: Left,
}

#[inline(always)]
pub unsafe fn key_block_of<S: Simd, O: Operands<S>, const R: usize>(
    job: &Forward,
    scratch: &Scratch,
    head: usize,
    block: usize,
) -> Keys {
    let (dim, count) = (job.shape.head_dim, job.kv.positions.len());
    let kv_head = head * job.shape.kv_heads / job.shape.heads;
    let first = block * KEYS;
    let here = (count - first).min(KEYS);
    let at = (kv_head * count + first) * dim;
    if !O::HALVES && dim.is_multiple_of(R) && first + KEYS + SPARE <= count && !job.key_spans[block].has_padding() {
        return Keys {
            k: job.kv.k[at..].as_ptr(),
            stride: dim,
            v: Left {
                at: job.kv.v[at..].as_ptr(),
                row: 1,
                term: dim,
            },
        };
    }
    unsafe {
        for (to, from) in [
            (scratch.keys, &job.kv.k[at..][..here * dim]),
            (scratch.values, &job.kv.v[at..][..here * dim]),
        ] {
            to.write_bytes(0, (KEYS + SPARE) * scratch.row);
            for (row, values) in from.chunks_exact(dim).enumerate() {
                // Padding may hold anything, NaN too, and 0 · NaN is not 0.
                if job.kv.positions[first + row] >= 0 {
                    to.add(row * scratch.row).copy_from_nonoverlapping(values.as_ptr(), dim);
                }
            }
        }
    }
    let row = scratch.row;
    let mut v = Left {
        at: scratch.values,
        row: 1,
        term: row,
    };
    if O::HALVES {
        unsafe {
            join_rows::<S, O>(scratch.keys, row, KEYS + SPARE, row);
            transpose::<S>(scratch.values, row, KEYS, row, scratch.values_turned, KEYS);
            join_rows::<S, O>(scratch.values_turned, KEYS, row, KEYS);
        }
        v = Left {
            at: scratch.values_turned,
            row: KEYS,
            term: 1,
        };
    }
    Keys {
        k: scratch.keys,
        stride: row,
        v,
    }
}
