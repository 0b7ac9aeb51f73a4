//! The inner loop: one block of queries meets one block of keys.
//!
//! Unsafe as `unit` is: the instruction set is there, the caller's arrays have passed check.rs, the scratch arrays have
//! the sizes that scratch.rs gives them, and nobody else works on this unit's rows.

use super::pack::Keys;
use super::scratch::{BlockScratch, Scratch};
use super::{BLOCK, Forward, KEYS};
use crate::exp::Exp;
use crate::halves::pair_rows;
use crate::simd::Simd;
use crate::tile::{Left, Operands, Right};

/// The maximum of a row before its first key. Scores stay unscaled here (q·k): where products are exact, so are their
/// differences, however large.
pub const NOTHING_SEEN: f32 = -3.0e38;

/// Folds one block of keys into one block of queries.
#[inline(always)]
pub unsafe fn fold<S: Simd, O: Operands<S>, const R: usize, const C: usize>(
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
    let span = &job.reach.spans[block];
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
