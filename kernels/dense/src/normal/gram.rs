//! The upper triangle of XᵀWX: tiles that stay in registers while they take up a block of rows.

use super::Regression;
use super::lanes::{Lanes, laned};
use crate::level::{Level, levelled};

/// Rows that are added up before their sum is added to what is there. It decides bits.
const GROUP: usize = 4;
/// Rows of a block, whole groups: 24 columns of it lie in the first-level cache.
const BLOCK: usize = 128;

pub fn compute(level: Level, regression: &Regression, gram: &mut [f64]) {
    if regression.width > 0 {
        fill(level, regression, gram);
    }
}

laned! {
    fn fill(regression: &Regression, gram: &mut [f64]) = fill_by:
    avx512 4 by 3, avx2 4 by 2, baseline 4 by 2
}

/// # Safety
/// The instruction set must be there (so for all of this file).
#[inline(always)]
unsafe fn fill_by<S: Lanes, const R: usize, const C: usize>(regression: &Regression, gram: &mut [f64]) {
    let width = regression.width;
    let columns = C * S::LANES;
    let (tall, wide) = (width.next_multiple_of(R), width.next_multiple_of(columns));
    let mut sums = vec![0.0; tall * wide];
    let mut left = vec![0.0; tall * BLOCK];
    let mut right = vec![0.0; wide * BLOCK];
    for first in (0..regression.y.len()).step_by(BLOCK) {
        let rows = (regression.y.len() - first).min(BLOCK).next_multiple_of(GROUP);
        let (left, right) = (&mut left[..tall * rows], &mut right[..wide * rows]);
        pack(regression, first, rows, R, |value, _| value, left);
        pack(regression, first, rows, columns, |value, weight| weight * value, right);
        for (q, right) in right.chunks_exact(columns * rows).enumerate() {
            for (p, left) in left.chunks_exact(R * rows).enumerate() {
                // Wholly below the diagonal.
                if q * columns + columns <= p * R {
                    break;
                }
                let at = &mut sums[p * R * wide + q * columns..];
                assert!(at.len() >= (R - 1) * wide + columns);
                // SAFETY: the tile lies in `sums`, as was just looked at.
                unsafe { add_tile::<S, R, C>(left, right, at.as_mut_ptr(), wide) };
            }
        }
    }
    for row in 0..width {
        gram[row * width + row..(row + 1) * width].copy_from_slice(&sums[row * wide + row..row * wide + width]);
    }
}

/// Panels of `columns` columns, row by row. Past the last row its values stand again, with a weight of 0; past the last
/// column there are zeros.
#[inline(always)]
fn pack(
    regression: &Regression,
    first: usize,
    rows: usize,
    columns: usize,
    value: impl Fn(f64, f64) -> f64,
    into: &mut [f64],
) {
    let Regression { x, weights, width, .. } = *regression;
    for (panel, into) in into.chunks_exact_mut(columns * rows).enumerate() {
        let from = panel * columns;
        let count = (width - from).min(columns);
        for (i, into) in into.chunks_exact_mut(columns).enumerate() {
            let row = (first + i).min(weights.len() - 1);
            let weight = if first + i == row { weights[row] } else { 0.0 };
            let x = &x[row * width + from..][..count];
            for (into, &x) in into[..count].iter_mut().zip(x) {
                *into = value(x, weight);
            }
        }
    }
}

/// Adds leftᵀ·right to a tile of R rows by C vectors, four rows at a time.
///
/// # Safety
/// R rows of C vectors, `stride` apart, must be valid at `sums`.
#[inline(always)]
unsafe fn add_tile<S: Lanes, const R: usize, const C: usize>(
    left: &[f64],
    right: &[f64],
    sums: *mut f64,
    stride: usize,
) {
    unsafe {
        let mut tile = [[S::splat(0.0); C]; R];
        for r in 0..R {
            for c in 0..C {
                tile[r][c] = S::load(sums.add(r * stride + c * S::LANES));
            }
        }
        let groups = left
            .chunks_exact(GROUP * R)
            .zip(right.chunks_exact(GROUP * C * S::LANES));
        for (left, right) in groups {
            let (left, right) = (left.as_ptr(), right.as_ptr());
            for r in 0..R {
                for c in 0..C {
                    let mut sum = term::<S, R, C>(left, right, 0, r, c);
                    for row in 1..GROUP {
                        sum = S::add(sum, term::<S, R, C>(left, right, row, r, c));
                    }
                    tile[r][c] = S::add(tile[r][c], sum);
                }
            }
        }
        for r in 0..R {
            for c in 0..C {
                S::store(sums.add(r * stride + c * S::LANES), tile[r][c]);
            }
        }
    }
}

#[inline(always)]
unsafe fn term<S: Lanes, const R: usize, const C: usize>(
    left: *const f64,
    right: *const f64,
    row: usize,
    r: usize,
    c: usize,
) -> S::F {
    unsafe {
        S::mul(
            S::splat(*left.add(row * R + r)),
            S::load(right.add((row * C + c) * S::LANES)),
        )
    }
}

levelled! {
    /// Adds XᵀWy to `moment`.
    pub fn add_moment(x: &[f64], y: &[f64], weights: &[f64], moment: &mut [f64]) {
        let width = moment.len();
        for first in (0..y.len()).step_by(GROUP) {
            // Rows past the end count for nothing: their weight is 0, their place that of the last.
            let row = |i: usize| (first + i).min(y.len() - 1);
            let part = |i: usize| &x[row(i) * width..][..width];
            let weight = |i: usize| if first + i == row(i) { weights[first + i] } else { 0.0 };
            let (a, b, c, d) = (part(0), part(1), part(2), part(3));
            let (wa, wb, wc, wd) = (weight(0), weight(1), weight(2), weight(3));
            let (ya, yb, yc, yd) = (y[row(0)], y[row(1)], y[row(2)], y[row(3)]);
            for j in 0..width {
                moment[j] += wa * a[j] * ya + wb * b[j] * yb + wc * c[j] * yc + wd * d[j] * yd;
            }
        }
    }
}
