//! A = UᵀU by Cholesky, a block of rows of U at a time, and the two substitutions.

use super::lanes::{Lanes, laned};
use crate::level::Level;

/// Rounding can leave a direction that the penalty alone holds a hair below zero.
const LEAST: f64 = 1e-12;

pub fn solve(level: Level, a: &[f64], b: &[f64], x: &mut [f64]) {
    solve_on(level, a, b, x);
}

laned! {
    fn solve_on(a: &[f64], b: &[f64], x: &mut [f64]) = solve_by:
    avx512 4 by 3, avx2 4 by 1, baseline 4 by 1
}

/// # Safety
/// The instruction set must be there (so for all of this file).
#[inline(always)]
unsafe fn solve_by<S: Lanes, const R: usize, const C: usize>(a: &[f64], b: &[f64], x: &mut [f64]) {
    let size = b.len();
    let columns = C * S::LANES;
    // A tile that begins anywhere in a row ends in it.
    let stride = size + columns.max(R);
    let mut u = vec![0.0; size * stride];
    for row in 0..size {
        u[row * stride + row..][..size - row].copy_from_slice(&a[row * size + row..(row + 1) * size]);
    }
    let mut even = vec![0.0; R * stride];
    let mut odd = vec![0.0; R * stride];
    for first in (0..size).step_by(R) {
        for column in (first..size).step_by(columns) {
            // SAFETY: rows before `first` and the tile's columns lie in `u`; R rows of `stride` are in both sums.
            unsafe { add_above::<S, R, C>(&u, stride, first, column, &mut even, &mut odd) };
        }
        for r in 0..R.min(size - first) {
            finish(&mut u, stride, first, r, size, &mut even, &mut odd);
        }
    }
    substitute(&u, stride, b, x);
}

/// What the rows of U before `first` say of a tile, those of even and of odd place in sums of their own.
///
/// # Safety
/// `first` rows of `stride` must be in `u`, R in `even` and `odd`, and all columns of the tile in a row; R is even, and
/// `first` a multiple of it.
#[inline(always)]
unsafe fn add_above<S: Lanes, const R: usize, const C: usize>(
    u: &[f64],
    stride: usize,
    first: usize,
    column: usize,
    even: &mut [f64],
    odd: &mut [f64],
) {
    unsafe {
        let mut evens = [[S::splat(0.0); C]; R];
        let mut odds = [[S::splat(0.0); C]; R];
        for k in (0..first).step_by(2) {
            add_row::<S, R, C>(u.as_ptr().add(k * stride), first, column, &mut evens);
            add_row::<S, R, C>(u.as_ptr().add((k + 1) * stride), first, column, &mut odds);
        }
        for r in 0..R {
            for c in 0..C {
                let at = r * stride + column + c * S::LANES;
                S::store(even.as_mut_ptr().add(at), evens[r][c]);
                S::store(odd.as_mut_ptr().add(at), odds[r][c]);
            }
        }
    }
}

#[inline(always)]
unsafe fn add_row<S: Lanes, const R: usize, const C: usize>(
    row: *const f64,
    first: usize,
    column: usize,
    sums: &mut [[S::F; C]; R],
) {
    unsafe {
        for r in 0..R {
            let factor = S::splat(*row.add(first + r));
            for c in 0..C {
                let product = S::mul(factor, S::load(row.add(column + c * S::LANES)));
                sums[r][c] = S::add(sums[r][c], product);
            }
        }
    }
}

/// Row `first` + `r` of U, from what the rows before `first` said and those of its own block.
#[inline(always)]
fn finish(u: &mut [f64], stride: usize, first: usize, r: usize, size: usize, even: &mut [f64], odd: &mut [f64]) {
    let row = first + r;
    let (above, rest) = u.split_at_mut(row * stride);
    let own = &mut rest[row..size];
    let range = r * stride + row..r * stride + size;
    let (even, odd) = (&mut even[range.clone()], &mut odd[range]);
    for k in first..row {
        let above = &above[k * stride + row..k * stride + size];
        let factor = above[0];
        let sums = if k % 2 == 0 { &mut *even } else { &mut *odd };
        for (sum, value) in sums.iter_mut().zip(above) {
            *sum += factor * value;
        }
    }
    let left = own[0] - even[0] - odd[0];
    let diagonal = if left < LEAST { LEAST } else { left }.sqrt();
    own[0] = diagonal;
    for ((own, even), odd) in own.iter_mut().zip(even).zip(odd).skip(1) {
        *own = (*own - *even - *odd) / diagonal;
    }
}

#[inline(always)]
fn substitute(u: &[f64], stride: usize, b: &[f64], x: &mut [f64]) {
    let size = b.len();
    x.copy_from_slice(b);
    for k in 0..size {
        let row = &u[k * stride + k..k * stride + size];
        let (value, rest) = x[k..].split_first_mut().expect("k is within");
        *value /= row[0];
        for (x, factor) in rest.iter_mut().zip(&row[1..]) {
            *x -= factor * *value;
        }
    }
    for k in (0..size).rev() {
        let row = &u[k * stride + k..k * stride + size];
        let (value, rest) = x[k..].split_first_mut().expect("k is within");
        for (x, factor) in rest.iter().zip(&row[1..]) {
            *value -= factor * x;
        }
        *value /= row[0];
    }
}
