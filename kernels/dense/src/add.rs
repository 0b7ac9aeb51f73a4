//! Sums of whole matrices, rows and columns.

use crate::level::{Level, levelled};
use crate::rows::{BLOCK, add_rows, each};

levelled! {
    fn add_block(addend: &[f32], sum: &mut [f32]) {
        for (total, value) in sum.iter_mut().zip(addend) {
            *total += value;
        }
    }
}

levelled! {
    fn columns_block(values: &[f32], sum: &mut [f32]) {
        for row in values.chunks_exact(sum.len()) {
            for (total, value) in sum.iter_mut().zip(row) {
                *total += value;
            }
        }
    }
}

/// sum += addend
pub fn add(level: Level, threads: usize, addend: &[f32], sum: &mut [f32]) {
    const SIZE: usize = 1 << 15;
    let tasks = addend.chunks(SIZE).zip(sum.chunks_mut(SIZE)).collect();
    each(threads, tasks, |(addend, sum)| add_block(level, addend, sum));
}

/// Every row of `values` is `row`.
pub fn spread(threads: usize, row: &[f32], values: &mut [f32]) {
    let tasks = values.chunks_mut(BLOCK * row.len()).collect();
    each(threads, tasks, |block: &mut [f32]| {
        for values in block.chunks_exact_mut(row.len()) {
            values.copy_from_slice(row);
        }
    });
}

/// sum += the sum of all rows
pub fn add_columns(level: Level, threads: usize, values: &[f32], sum: &mut [f32]) {
    let size = BLOCK * sum.len();
    let mut partial = vec![0.0; values.len().div_ceil(size) * sum.len()];
    let tasks = values.chunks(size).zip(partial.chunks_mut(sum.len())).collect();
    each(threads, tasks, |(values, sum)| columns_block(level, values, sum));
    add_rows(&partial, sum);
}
