//! One unit of the backward pass (Dao et al. 2022, §B.2; keys outside, queries inside): scores lie queries × keys, keys
//! in the lanes. Kᵀ and Vᵀ are packed once a unit; dKᵀ and dVᵀ are summed where they lie.

use super::order::{Place, StopOnPanic};
use super::{BLOCK, Backward, KEYS};
use crate::api::Outcome;
use crate::entry;
use crate::exp::Exp;
use crate::reach::{Coverage, KeySpan};
use crate::scratch::Arena;
use crate::simd::Simd;
use crate::tile::{Left, Right, product};
use crate::transpose::transpose;
use crate::variant::Variant;

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
    /// BLOCK.
    lse: *mut f32,
    delta: *mut f32,
    /// BLOCK × width of a panel.
    p: *mut f32,
    /// BLOCK × KEYS.
    ds: *mut f32,
    /// A head's row, rounded up to whole vectors and whole tiles.
    row: usize,
}

const WIDEST_PANEL: usize = 48;

impl Scratch {
    pub fn new(mut arena: Arena, variant: Variant, head_dim: usize) -> Scratch {
        let row = head_dim
            .next_multiple_of(entry::tile_rows(variant))
            .next_multiple_of(16);
        Scratch {
            k_turned: arena.take(KEYS * row),
            v_turned: arena.take(KEYS * row),
            dk_turned: arena.take(KEYS * row),
            dv_turned: arena.take(KEYS * row),
            k: arena.take(KEYS * row),
            q: arena.take(BLOCK * row),
            d_out: arena.take(BLOCK * row),
            lse: arena.take(BLOCK),
            delta: arena.take(BLOCK),
            p: arena.take(BLOCK * WIDEST_PANEL),
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
pub unsafe fn unit<S: Simd, const R: usize, const C: usize>(
    job: &Backward,
    scratch: &Scratch,
    place: Place,
) -> Outcome {
    let _stop = StopOnPanic(&job.order);
    let width = C * S::LANES;
    let (dim, all_keys) = (job.shape.head_dim, job.kv.positions.len());
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
                pack_keys::<S>(job, scratch, place.kv_head, first, count, width);
                packed = true;
            }
            let rows = pack_queries(job, scratch, head, block);
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
                scores::<S, R, C>(
                    job,
                    scratch,
                    block,
                    panel,
                    rows,
                    (coverage == Coverage::Partial).then_some(keys),
                );
                let turned = panel * width * scratch.row;
                let p = Right {
                    at: scratch.p,
                    term: width,
                };
                add_turned::<S, R, C>(scratch.dv_turned.add(turned), scratch.d_out, scratch.row, p, rows, dim);
                let ds = Right { at: ds, term: KEYS };
                add_turned::<S, R, C>(scratch.dk_turned.add(turned), scratch.q, scratch.row, ds, rows, dim);
            }
            if !job.order.wait(place, step, &mut first_open) {
                return Outcome::Cancelled;
            }
            if from < to {
                add_dq::<S>(job, scratch, head, block, from, to);
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
unsafe fn pack_keys<S: Simd>(
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
                transpose::<S>(scratch.k.add(key * row), row, width, dim, to.add(key * row), width);
            }
        }
        let scale = S::splat(job.scale);
        for i in (0..count * row).step_by(S::LANES) {
            S::store(scratch.k.add(i), S::mul(S::load(scratch.k.add(i)), scale));
        }
        scratch.dk_turned.write_bytes(0, KEYS * row);
        scratch.dv_turned.write_bytes(0, KEYS * row);
    }
}

/// Copies a block of queries and its output gradient, zeros where there is no token; returns the rows.
#[inline(always)]
unsafe fn pack_queries(job: &Backward, scratch: &Scratch, head: usize, block: usize) -> usize {
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
            if i < count && job.q.positions[first + i] >= 0 {
                q_to.copy_from_nonoverlapping(q[i * dim..].as_ptr(), dim);
                d_out_to.copy_from_nonoverlapping(d_out[i * dim..].as_ptr(), dim);
                (*scratch.lse.add(i), *scratch.delta.add(i)) = (lse[i], delta[i]);
            } else {
                q_to.write_bytes(0, dim);
                d_out_to.write_bytes(0, dim);
                (*scratch.lse.add(i), *scratch.delta.add(i)) = (NO_ROW, 0.0);
            }
        }
    }
    count
}

/// P = exp(s − lse) and dS = P ∘ (dOut·Vᵀ − delta) of one panel; `masked` are the panel's positions where a mask is needed.
#[inline(always)]
unsafe fn scores<S: Simd, const R: usize, const C: usize>(
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
        for first in (0..rows).step_by(R) {
            let left = Left {
                at: scratch.q.add(first * row),
                row,
                term: 1,
            };
            let sums = product::<S, R, C>(left, Right { at: k, term: width }, dim);
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
            let sums = product::<S, R, C>(left, Right { at: v, term: width }, dim);
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

/// Adds leftᵀ·right to a turned gradient (row × width of a panel).
#[inline(always)]
unsafe fn add_turned<S: Simd, const R: usize, const C: usize>(
    to: *mut f32,
    left: *const f32,
    stride: usize,
    right: Right,
    rows: usize,
    dim: usize,
) {
    unsafe {
        for d in (0..dim).step_by(R) {
            let sums = product::<S, R, C>(
                Left {
                    at: left.add(d),
                    row: 1,
                    term: stride,
                },
                right,
                rows,
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
unsafe fn add_dq<S: Simd>(job: &Backward, scratch: &Scratch, head: usize, block: usize, from: usize, to: usize) {
    let vectors = job.shape.head_dim.div_ceil(S::LANES);
    let mut vector = 0;
    while vector < vectors {
        let many = S::MANY_REGISTERS;
        unsafe {
            // As many sums as there are registers for, as in entry.rs.
            vector += match (vectors - vector, many) {
                (1, true) => dq_columns::<S, 12, 1>(job, scratch, head, block, from, to, vector),
                (2, true) => dq_columns::<S, 12, 2>(job, scratch, head, block, from, to, vector),
                (3, true) => dq_columns::<S, 8, 3>(job, scratch, head, block, from, to, vector),
                (_, true) => dq_columns::<S, 6, 4>(job, scratch, head, block, from, to, vector),
                (1, false) => dq_columns::<S, 8, 1>(job, scratch, head, block, from, to, vector),
                (_, false) => dq_columns::<S, 6, 2>(job, scratch, head, block, from, to, vector),
            };
        }
    }
}

#[inline(always)]
unsafe fn dq_columns<S: Simd, const R: usize, const C: usize>(
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
            at: scratch.k.add(from * row + vector * S::LANES),
            term: row,
        };
        for start in (0..count).step_by(R) {
            let left = Left {
                at: scratch.ds.add(start * KEYS + from),
                row: KEYS,
                term: 1,
            };
            let sums = product::<S, R, C>(left, k, to - from);
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
