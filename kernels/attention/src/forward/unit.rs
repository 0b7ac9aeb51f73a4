//! One unit of the forward pass (Dao 2023, "FlashAttention-2", with queries in the lanes): scores lie keys × queries,
//! so that neither keys nor values are ever repacked and maxima and sums run along lanes.

use std::sync::atomic::Ordering::Relaxed;

use super::{BLOCK, Forward, KEYS};
use crate::api::Outcome;
use crate::entry::Entry;
use crate::exp::Exp;
use crate::halves::{join_rows, pair_rows};
use crate::reach::Coverage;
use crate::scratch::Arena;
use crate::simd::Simd;
use crate::tile::{Left, Operands, Right};
use crate::transpose::transpose;

/// The maximum of a row before its first key. Scores stay unscaled here (q·k): where products are exact, so are their
/// differences, however large.
const NOTHING_SEEN: f32 = -3.0e38;
/// Rows that a tile may read or write beyond its block.
const SPARE: usize = 16;
/// Blocks of queries that share a block of keys: the more, the less often keys and values come from beyond the second
/// cache, as long as the blocks themselves stay in it (24 KiB each at 64).
const MAX_BLOCKS: usize = 16;

pub fn blocks_that_fit(head_dim: usize) -> usize {
    (MAX_BLOCKS * 64 / head_dim).clamp(1, MAX_BLOCKS)
}

pub struct Scratch {
    /// (KEYS + SPARE) × BLOCK: scores, then probabilities.
    scores: *mut f32,
    /// (KEYS + SPARE) × row each.
    keys: *mut f32,
    values: *mut f32,
    /// With halves only, row × KEYS: values that neighbour along a row instead of a column.
    values_turned: *mut f32,
    /// BLOCK × row.
    rows: *mut f32,
    /// A head's row, rounded up to whole vectors and whole tiles.
    row: usize,
    blocks: Vec<BlockScratch>,
}

/// A block of queries on its way through the keys; row × BLOCK and BLOCK.
#[derive(Clone, Copy)]
struct BlockScratch {
    q: *mut f32,
    out: *mut f32,
    max: *mut f32,
    sum: *mut f32,
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

/// Keys and values of one block as the tiles read them: in place, or copied where a tile would read past the end or
/// where padding has to become zeros.
#[derive(Clone, Copy)]
struct Keys {
    k: *const f32,
    stride: usize,
    /// Vᵀ: its rows are columns of v, its terms keys.
    v: Left,
}

/// R rows by C vectors is the register tile.
///
/// # Safety
/// The instruction set must be there, the arrays must have passed check.rs, no one else may work on this unit's rows.
#[inline(always)]
pub unsafe fn unit<S: Simd, O: Operands<S>, const R: usize, const C: usize>(
    job: &Forward,
    scratch: &Scratch,
    unit: usize,
) -> Outcome {
    let (head, blocks) = job.place(unit);
    unsafe {
        for (block, at) in blocks.clone().zip(&scratch.blocks) {
            start::<S, O>(job, at, head, block, scratch.row);
        }
        for (key_block, key_span) in job.key_spans.iter().enumerate() {
            if job.cancelled.load(Relaxed) {
                return Outcome::Cancelled;
            }
            let mut keys = None;
            for (block, at) in blocks.clone().zip(&scratch.blocks) {
                let coverage = job.query_spans[block].coverage(key_span);
                if coverage != Coverage::None {
                    let keys = *keys.get_or_insert_with(|| key_block_of::<S, O, R>(job, scratch, head, key_block));
                    fold::<S, O, R, C>(job, scratch, at, keys, block, key_block, coverage == Coverage::Partial);
                }
            }
        }
        for (block, at) in blocks.clone().zip(&scratch.blocks) {
            finish::<S>(job, scratch, at, head, block);
        }
    }
    Outcome::Done
}

#[inline(always)]
unsafe fn start<S: Simd, O: Operands<S>>(job: &Forward, at: &BlockScratch, head: usize, block: usize, row: usize) {
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

#[inline(always)]
unsafe fn key_block_of<S: Simd, O: Operands<S>, const R: usize>(
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

/// Folds one block of keys into one block of queries.
#[inline(always)]
unsafe fn fold<S: Simd, O: Operands<S>, const R: usize, const C: usize>(
    job: &Forward,
    scratch: &Scratch,
    at: &BlockScratch,
    keys: Keys,
    block: usize,
    key_block: usize,
    partial: bool,
) {
    let dim = job.shape.head_dim;
    let width = C * S::LANES;
    let queries = (job.q.positions.len() - block * BLOCK).min(BLOCK);
    let positions = &job.kv.positions[key_block * KEYS..];
    let positions = &positions[..positions.len().min(KEYS)];
    let span = &job.query_spans[block];
    // Keys at either end that no query of the block sees cost nothing.
    let (first, end) = if partial {
        let seen = |position: &i32| span.may_see(*position);
        let end = positions.iter().rposition(seen).map_or(0, |last| last + 1);
        let first = positions.iter().position(seen).unwrap_or(end);
        (first / O::GRAIN * O::GRAIN, end)
    } else {
        (0, positions.len())
    };
    let positions = &positions[first..end];
    let count = positions.len();
    if count == 0 {
        return;
    }
    let terms = count.next_multiple_of(O::GRAIN);
    unsafe {
        let k = keys.k.add(first * keys.stride);
        let v = keys.v.at.add(first / O::TERMS * keys.v.term);
        let exp = Exp::<S>::scaled(job.scale);
        for panel in (0..queries).step_by(width) {
            let scores = scratch.scores.add(panel);
            let mut max = [S::splat(0.0); C];
            let mut old_max = [S::splat(0.0); C];
            for c in 0..C {
                old_max[c] = S::load(at.max.add(panel + c * S::LANES));
                max[c] = old_max[c];
            }
            for key in (0..count).step_by(R) {
                let left = Left {
                    at: k.add(key * keys.stride),
                    row: keys.stride,
                    term: 1,
                };
                let right = Right {
                    at: at.q.add(panel),
                    term: BLOCK,
                };
                let sums = O::product::<R, C>(left, right, dim.next_multiple_of(O::GRAIN));
                for r in 0..R {
                    if key + r < count {
                        for c in 0..C {
                            let mut score = sums[r][c];
                            if partial {
                                let lane = block * BLOCK + panel + c * S::LANES;
                                score = S::within(
                                    S::splat_i(*positions.get_unchecked(key + r)),
                                    S::load_i(job.reach.low.as_ptr().add(lane)),
                                    S::load_i(job.reach.high.as_ptr().add(lane)),
                                    score,
                                    S::splat(f32::NEG_INFINITY),
                                );
                            }
                            // A score that is no number is passed over here; its weight makes the row's sum one.
                            max[c] = S::max(score, max[c]);
                            S::store(scores.add((key + r) * BLOCK + c * S::LANES), score);
                        }
                    }
                }
            }
            let mut rescale = [S::splat(0.0); C];
            let mut sum = [S::splat(0.0); C];
            for c in 0..C {
                rescale[c] = exp.of_negative(S::sub(old_max[c], max[c]));
            }
            for key in 0..count {
                for c in 0..C {
                    let score = scores.add(key * BLOCK + c * S::LANES);
                    let p = exp.of_negative(S::sub(S::load(score), max[c]));
                    sum[c] = S::add(sum[c], p);
                    S::store(score, p);
                }
            }
            for c in 0..C {
                let total = at.sum.add(panel + c * S::LANES);
                S::store(total, S::mul_add(S::load(total), rescale[c], sum[c]));
                S::store(at.max.add(panel + c * S::LANES), max[c]);
            }
            if O::HALVES {
                pair_rows::<S, O>((scores, BLOCK), (count, terms), width, (scores, BLOCK));
            }
            for d in (0..dim).step_by(R) {
                let left = Left {
                    at: v.add(d * keys.v.row),
                    ..keys.v
                };
                let sums = O::product::<R, C>(
                    left,
                    Right {
                        at: scores,
                        term: BLOCK,
                    },
                    terms,
                );
                for r in 0..R {
                    for c in 0..C {
                        let out = at.out.add((d + r) * BLOCK + panel + c * S::LANES);
                        S::store(out, S::mul_add(S::load(out), rescale[c], sums[r][c]));
                    }
                }
            }
        }
    }
}

/// Merges what the unit found into the caller's state.
#[inline(always)]
unsafe fn finish<S: Simd>(job: &Forward, scratch: &Scratch, at: &BlockScratch, head: usize, block: usize) {
    let (dim, queries) = (job.shape.head_dim, job.q.positions.len());
    let count = (queries - block * BLOCK).min(BLOCK);
    let first = head * queries + block * BLOCK;
    let (mut max_in, mut sum_in) = ([crate::api::NO_SCORE; BLOCK], [0.0f32; BLOCK]);
    let (mut of_state, mut of_unit) = ([0.0f32; BLOCK], [0.0f32; BLOCK]);
    unsafe {
        let exp = Exp::<S>::scaled(1.0);
        let (max, sum) = (job.max.part(first, count), job.sum.part(first, count));
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
            if saw_nothing || job.q.positions[block * BLOCK + i] < 0 {
                continue;
            }
            *max.add(i) = max_in[i];
            *sum.add(i) = sum_in[i];
            let out = job.out.part((first + i) * dim, dim);
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
