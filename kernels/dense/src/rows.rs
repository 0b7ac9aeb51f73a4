//! Work cut into runs of rows.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::level::Level;

/// Rows that one task takes. It decides in which pieces columns are added up, so it decides bits: never by threads.
pub const BLOCK: usize = 64;

/// Runs `work` on each task, on the threads of the pool it is called in when there are to be several.
pub fn each<T: Send>(threads: usize, tasks: Vec<T>, work: impl Fn(T) + Send + Sync) {
    if threads <= 1 {
        tasks.into_iter().for_each(work);
    } else {
        tasks.into_par_iter().for_each(work);
    }
}

/// Maps every row of `x`, with the `row` that all of them share, to one of `y`.
pub fn map_rows(level: Level, threads: usize, x: &[f32], row: &[f32], y: &mut [f32], block: Forward) {
    let size = BLOCK * row.len();
    let tasks = x.chunks(size).zip(y.chunks_mut(size)).collect();
    each(threads, tasks, |(x, y)| block(level, x, row, y));
}

type Forward = fn(Level, &[f32], &[f32], &mut [f32]);

/// The way back: turns the gradient of y in `dx` into that of x, and adds that of `row` to `drow`.
pub fn map_rows_back(
    level: Level,
    threads: usize,
    x: &[f32],
    row: &[f32],
    dx: &mut [f32],
    drow: &mut [f32],
    block: Backward,
) {
    let width = row.len();
    let size = BLOCK * width;
    let mut partial = vec![0.0; x.len().div_ceil(size) * width];
    let tasks = x
        .chunks(size)
        .zip(dx.chunks_mut(size))
        .zip(partial.chunks_mut(width))
        .collect();
    each(threads, tasks, |((x, dx), drow)| block(level, x, row, dx, drow));
    add_rows(&partial, drow);
}

type Backward = fn(Level, &[f32], &[f32], &mut [f32], &mut [f32]);

/// Adds the rows of `partial` to `sum`, from the first to the last.
pub fn add_rows(partial: &[f32], sum: &mut [f32]) {
    for row in partial.chunks_exact(sum.len()) {
        for (total, value) in sum.iter_mut().zip(row) {
            *total += value;
        }
    }
}

/// Lanes that a sum over a row is kept in: a vector of AVX-512, two of AVX2, four of SSE and NEON.
const LANES: usize = 16;

/// Σ of `term(i)` for i < count, in an order that no compiler changes.
#[inline(always)]
pub fn sum_of(count: usize, term: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let whole = count / LANES * LANES;
    for first in (0..whole).step_by(LANES) {
        for (lane, total) in lanes.iter_mut().enumerate() {
            *total += term(first + lane);
        }
    }
    for i in whole..count {
        lanes[i - whole] += term(i);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}
