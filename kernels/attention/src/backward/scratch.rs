//! What a thread needs to compute a unit.

use super::{BLOCK, KEYS};
use crate::entry::Entry;
use crate::scratch::Arena;

pub struct Scratch {
    /// Panel after panel, row × width each.
    pub k_turned: *mut f32,
    pub v_turned: *mut f32,
    pub dk_turned: *mut f32,
    pub dv_turned: *mut f32,
    /// KEYS × row: keys (times scale) while queries pass, then the rows of a gradient.
    pub k: *mut f32,
    /// BLOCK × row.
    pub q: *mut f32,
    pub d_out: *mut f32,
    /// With halves only, row × TERMS: queries and gradients that neighbour along a row instead of a column.
    pub q_turned: *mut f32,
    pub d_out_turned: *mut f32,
    /// With halves only, TERMS ÷ 2 × width of a panel: dS in pairs of rows.
    pub ds_paired: *mut f32,
    /// BLOCK.
    pub lse: *mut f32,
    pub delta: *mut f32,
    /// TERMS × width of a panel.
    pub p: *mut f32,
    /// BLOCK × KEYS.
    pub ds: *mut f32,
    /// A head's row, rounded up to whole vectors and whole tiles.
    pub row: usize,
}

const WIDEST_PANEL: usize = 48;
/// BLOCK, rounded up to whole grains of halves.
pub const TERMS: usize = 64;

impl Scratch {
    pub fn new(mut arena: Arena, entry: &Entry, head_dim: usize) -> Scratch {
        let row = entry.row(head_dim);
        let halves = |len: usize| if entry.halves { len } else { 0 };
        Scratch {
            k_turned: arena.take(KEYS * row),
            v_turned: arena.take(KEYS * row),
            dk_turned: arena.take(KEYS * row),
            dv_turned: arena.take(KEYS * row),
            k: arena.take(KEYS * row),
            q: arena.take(BLOCK * row),
            d_out: arena.take(BLOCK * row),
            q_turned: arena.take(halves(row * TERMS)),
            d_out_turned: arena.take(halves(row * TERMS)),
            ds_paired: arena.take(halves(TERMS / 2 * WIDEST_PANEL)),
            lse: arena.take(BLOCK),
            delta: arena.take(BLOCK),
            p: arena.take(TERMS * WIDEST_PANEL),
            ds: arena.take(BLOCK * KEYS),
            row,
        }
    }
}
