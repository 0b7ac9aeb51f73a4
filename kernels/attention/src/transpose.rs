//! Rows become columns: queries, keys and their results are turned once a block, so that products read along lanes.

use crate::simd::Simd;

/// `to[column][row] = from[row][column]`, rows `from_stride` and `to_stride` apart.
///
/// # Safety
/// `rows` × `columns` must be readable at `from`, `columns` × `rows` writable at `to`.
#[inline(always)]
pub unsafe fn transpose<S: Simd>(
    from: *const f32,
    from_stride: usize,
    rows: usize,
    columns: usize,
    to: *mut f32,
    to_stride: usize,
) {
    unsafe {
        let (even_rows, even_columns) = (rows / 4 * 4, columns / 4 * 4);
        for row in (0..even_rows).step_by(4) {
            for column in (0..even_columns).step_by(4) {
                S::transpose4(
                    from.add(row * from_stride + column),
                    from_stride,
                    to.add(column * to_stride + row),
                    to_stride,
                );
            }
        }
        for row in 0..rows {
            let start = if row < even_rows { even_columns } else { 0 };
            for column in start..columns {
                *to.add(column * to_stride + row) = *from.add(row * from_stride + column);
            }
        }
    }
}
