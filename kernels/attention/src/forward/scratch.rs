//! What a thread needs to compute a unit.

use super::{BLOCK, KEYS};
use crate::entry::Entry;
use crate::scratch::Arena;

/// Rows that a tile may read or write beyond its block.
pub const SPARE: usize = 16;
/// Blocks of queries that share a block of keys: the more, the less often keys and values come from beyond the second
/// cache, as long as the blocks themselves stay in it (24 KiB each at 64).
const MAX_BLOCKS: usize = 16;

pub fn blocks_that_fit(head_dim: usize) -> usize {
    (MAX_BLOCKS * 64 / head_dim).clamp(1, MAX_BLOCKS)
}

pub struct Scratch {
    /// (KEYS + SPARE) × BLOCK: scores, then probabilities.
    pub scores: *mut f32,
    /// (KEYS + SPARE) × row each.
    pub keys: *mut f32,
    pub values: *mut f32,
    /// With halves only, row × KEYS: values that neighbour along a row instead of a column.
    pub values_turned: *mut f32,
    /// BLOCK × row.
    pub rows: *mut f32,
    /// A head's row, rounded up to whole vectors and whole tiles.
    pub row: usize,
    pub blocks: Vec<BlockScratch>,
}

/// A block of queries on its way through the keys; row × BLOCK and BLOCK.
#[derive(Clone, Copy)]
pub struct BlockScratch {
    pub q: *mut f32,
    pub out: *mut f32,
    pub max: *mut f32,
    pub sum: *mut f32,
}

impl Scratch {
    pub fn new(mut arena: Arena, entry: &Entry, head_dim: usize) -> Scratch {
        let row = entry.row(head_dim);
        Scratch {
            scores: arena.take((KEYS + SPARE) * BLOCK),
            keys: arena.take((KEYS + SPARE) * row),
            values: arena.take((KEYS + SPARE) * row),
            values_turned: arena.take(if entry.halves { row * KEYS } else { 0 }),
            rows: arena.take(BLOCK * row),
            row,
            blocks: (0..blocks_that_fit(head_dim))
                .map(|_| BlockScratch {
                    q: arena.take(row * BLOCK),
                    out: arena.take(row * BLOCK),
                    max: arena.take(BLOCK),
                    sum: arena.take(BLOCK),
                })
                .collect(),
        }
    }
}
