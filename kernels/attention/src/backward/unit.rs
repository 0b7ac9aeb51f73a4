//! One unit of the backward pass (Dao et al. 2022, §B.2; keys outside, queries inside): scores lie queries × keys, keys
//! in the lanes. Kᵀ and Vᵀ are packed once a unit; dKᵀ and dVᵀ are summed where they lie.

use super::keys::{add_keys, add_to_keys};
use super::order::{Place, StopOnPanic};
use super::pack::{pack_keys, pack_queries};
use super::queries::add_dq;
use super::scores::scores;
use super::scratch::Scratch;
use super::{Backward, KEYS};
use crate::api::Outcome;
use crate::halves::join_rows;
use crate::reach::{Coverage, KeySpan};
use crate::simd::Simd;
use crate::tile::Operands;

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
    let keys = job.key_rows(place);
    let panels = keys.count.div_ceil(width);
    let mut positions = [-1; KEYS];
    positions[..keys.count].copy_from_slice(&job.kv.positions[keys.first..][..keys.count]);
    let span = KeySpan::of(&positions[..keys.count]);
    let mut panel_spans = [span; KEYS / 4];
    for (panel, span) in panel_spans.iter_mut().enumerate().take(panels) {
        *span = KeySpan::of(&positions[panel * width..(panel + 1) * width]);
    }
    let group = job.shape.heads / job.shape.kv_heads;
    let blocks = job.reach.spans.len();
    let mut packed = false;
    let mut first_open = 0;
    unsafe {
        for step in 0..group * blocks {
            let (head, block) = (place.kv_head * group + step / blocks, step % blocks);
            let query_span = &job.reach.spans[block];
            if query_span.coverage(&span) == Coverage::None {
                continue;
            }
            if job.is_cancelled() {
                return Outcome::Cancelled;
            }
            if !packed {
                pack_keys::<S, O>(job, scratch, keys, width);
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
                let here = &positions[panel * width..(panel + 1) * width];
                scores::<S, O, R, C>(
                    job,
                    scratch,
                    block,
                    panel,
                    rows,
                    (coverage == Coverage::Partial).then_some(here),
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
            add_keys::<S>(job, scratch, keys, width);
        }
    }
    Outcome::Done
}
