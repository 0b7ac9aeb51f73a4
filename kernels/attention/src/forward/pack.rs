//! Queries are turned once a unit; keys and values are read in place where that can be.
//!
//! Unsafe as `unit` is: the instruction set is there, the caller's arrays have passed check.rs, the scratch arrays have
//! the sizes that scratch.rs gives them, and nobody else works on this unit's rows.

use super::fold::NOTHING_SEEN;
use super::scratch::{BlockScratch, SPARE, Scratch};
use super::{BLOCK, Forward, KEYS};
use crate::halves::{join_rows, pair_rows};
use crate::rows::Rows;
use crate::simd::Simd;
use crate::tile::{Left, Operands};
use crate::transpose::transpose;

#[inline(always)]
pub unsafe fn start<S: Simd, O: Operands<S>>(job: &Forward, at: &BlockScratch, head: usize, block: usize, row: usize) {
    let dim = job.shape.head_dim;
    let rows = job.query_rows(head, block);
    unsafe {
        if O::HALVES || rows.count < BLOCK {
            at.q.write_bytes(0, row * BLOCK);
        }
        let from = rows.slice(job.q.q, dim).as_ptr();
        transpose::<S>(from, dim, rows.count, dim, at.q, BLOCK);
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
    let (dim, row, count) = (job.shape.head_dim, scratch.row, job.kv.positions.len());
    let kv_head = head * job.shape.kv_heads / job.shape.heads;
    let rows = Rows::of(kv_head, block, KEYS, count);
    let fits = rows.first + KEYS + SPARE <= count;
    if !O::HALVES && dim.is_multiple_of(R) && fits && !job.key_spans[block].has_padding() {
        return Keys {
            k: job.kv.k[rows.at * dim..].as_ptr(),
            stride: dim,
            v: Left {
                at: job.kv.v[rows.at * dim..].as_ptr(),
                row: 1,
                term: dim,
            },
        };
    }
    unsafe {
        let arrays = [(job.kv.k, scratch.keys), (job.kv.v, scratch.values)];
        rows.copy(arrays, dim, job.kv.positions, (row, KEYS + SPARE));
    }
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
