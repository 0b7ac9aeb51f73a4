//! One unit of the backward pass (Dao et al. 2022, §B.2; keys outside, queries inside): scores lie queries × keys, keys
//! in the lanes. Kᵀ and Vᵀ are packed once a unit; dKᵀ and dVᵀ are summed where they lie.

use super::order::{Place, StopOnPanic};
use super::{BLOCK, Backward, KEYS};
use crate::api::Outcome;
use crate::entry::Entry;
use crate::exp::Exp;
use crate::halves::{join_rows, pair_rows};
use crate::reach::{Coverage, KeySpan};
use crate::scratch::Arena;
use crate::simd::Simd;
use crate::tile::{Left, Operands, Right};
use crate::transpose::transpose;

/// The log-sum-exp of a row without a token: every probability of the row is 0.
const NO_ROW: f32 = 3.0e38;

pub struct Scratch {
    /// Panel after panel, row × width each.
    k_turned: *mut f32,
    v_turned: *mut f32,
    dk_turned: *mut f32,
    dv_turned: *mut f32,
    /// KEYS × row: keys (times scale) while queries pass, then the rows of a gradient.
    k: *mut f32,
    /// BLOCK × row.
    q: *mut f32,
    d_out: *mut f32,
    /// With halves only, row × TERMS: queries and gradients that neighbour along a row instead of a column.
    q_turned: *mut f32,
    d_out_turned: *mut f32,
    /// With halves only, TERMS ÷ 2 × width of a panel: dS in pairs of rows.
    ds_paired: *mut f32,
    /// BLOCK.
    lse: *mut f32,
    delta: *mut f32,
    /// TERMS × width of a panel.
    p: *mut f32,
    /// BLOCK × KEYS.
    ds: *mut f32,
    /// A head's row, rounded up to whole vectors and whole tiles.
    row: usize,
}

const WIDEST_PANEL: usize = 48;
/// BLOCK, rounded up to whole grains of halves.
const TERMS: usize = 64;

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

/// R rows by C vectors is the register tile.
///
/// # Safety
/// The instruction set must be there, the arrays must have passed check.rs, no one else may work on this unit's keys.
#[inline(always)]
pub unsafe fn unit<S: Simd, O: Operands<S>, const R: usize, const C: usize>(
    job: &Backward,
    scratch: &Scratch,
    place: Place,
) -> Outcome {
    let _stop = StopOnPanic(&job.order);
    let width = C * S::LANES;
    let all_keys = job.kv.positions.len();
    let first = place.index * KEYS;
    let count = (all_keys - first).min(KEYS);
    let panels = count.div_ceil(width);
    let span = job.key_span(first, first + count);
    let mut positions = [-1; KEYS];
    positions[..count].copy_from_slice(&job.kv.positions[first..first + count]);
    let mut panel_spans = [span; KEYS / 4];
    for (panel, span) in panel_spans.iter_mut().enumerate().take(panels) {
        *span = KeySpan::of(&positions[panel * width..(panel + 1) * width]);
    }
    let group = job.shape.heads / job.shape.kv_heads;
    let blocks = job.query_spans.len();
    let mut packed = false;
    let mut first_open = 0;
    unsafe {
        for step in 0..group * blocks {
            let (head, block) = (place.kv_head * group + step / blocks, step % blocks);
            let query_span = &job.query_spans[block];
            if query_span.coverage(&span) == Coverage::None {
                continue;
            }
            if job.is_cancelled() {
                return Outcome::Cancelled;
            }
            if !packed {
                pack_keys::<S, O>(job, scratch, place.kv_head, first, count, width);
                packed = true;
            }
            let rows = pack_queries::<S, O>(job, scratch, head, block);
            let (mut from, mut to) = (KEYS, 0);
            for (panel, span) in panel_spans.iter().enumerate().take(panels) {
                let coverage = query_span.coverage(span);
                let ds = scratch.ds.add(panel * width);
                if coverage == Coverage::None {
                    for row in 0..rows {
                        ds.add(row * KEYS).write_bytes(0, width);
                    }
                    continue;
                }
                (from, to) = (from.min(panel * width), (panel + 1) * width);
                let keys = &positions[panel * width..(panel + 1) * width];
                scores::<S, O, R, C>(
                    job,
                    scratch,
                    block,
                    panel,
                    rows,
                    (coverage == Coverage::Partial).then_some(keys),
                );
                add_to_keys::<S, O, R, C>(job, scratch, panel, rows);
            }
            if !job.order.wait(place, step, &mut first_open) {
                return Outcome::Cancelled;
            }
            if from < to {
                let (from, to) = (from / O::GRAIN * O::GRAIN, to.next_multiple_of(O::GRAIN));
                if O::HALVES {
                    join_rows::<S, O>(scratch.ds.add(from), KEYS, rows, to - from);
                }
                add_dq::<S, O>(job, scratch, head, block, from, to);
            }
            job.order.set_past(place, step + 1);
        }
        if packed {
            add_keys::<S>(job, scratch, place.kv_head, first, count, width);
        }
    }
    Outcome::Done
}

#[inline(always)]
unsafe fn pack_keys<S: Simd, O: Operands<S>>(
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
unsafe fn pack_queries<S: Simd, O: Operands<S>>(job: &Backward, scratch: &Scratch, head: usize, block: usize) -> usize {
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

/// P = exp(s − lse) and dS = P ∘ (dOut·Vᵀ − delta) of one panel; `masked` are the panel's positions where a mask is needed.
#[inline(always)]
unsafe fn scores<S: Simd, O: Operands<S>, const R: usize, const C: usize>(
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

/// dVᵀ += dOutᵀ·P and dKᵀ += Qᵀ·dS of one panel.
#[inline(always)]
unsafe fn add_to_keys<S: Simd, O: Operands<S>, const R: usize, const C: usize>(
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

/// dQ += dS·K over the keys from..to of the unit.
#[inline(always)]
unsafe fn add_dq<S: Simd, O: Operands<S>>(
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
    let (dim, row, queries) = (job.shape.head_dim, scratch.row, job.q.positions.len());
    let first = block * BLOCK;
    let count = (queries - first).min(BLOCK);
    unsafe {
        // Only this unit writes these rows now: it has waited for the units before it, those after it wait for it.
        let dq = job.dq.part((head * queries + first) * dim, count * dim);
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

/// Turns the unit's sums back into rows and adds them to dk and dv.
#[inline(always)]
unsafe fn add_keys<S: Simd>(
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
        for (from, gradient, scale) in [
            (scratch.dk_turned, &job.dk, job.scale),
            (scratch.dv_turned, &job.dv, 1.0),
        ] {
            for key in (0..count).step_by(width) {
                transpose::<S>(from.add(key * row), width, dim, width, scratch.k.add(key * row), row);
            }
            let (scale, to) = (S::splat(scale), gradient.part(at, count * dim));
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
