//! Matrix products, by the crate `gemm`: at these sizes it reaches what a hand-written one would.

use std::fmt;

use gemm::Parallelism;

use crate::pool;

/// One factor: `rows × columns` as stored, read the other way round when `transposed`.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a> {
    pub values: &'a [f32],
    pub transposed: bool,
}

/// `out (rows × columns) = a (rows × inner) · b (inner × columns)`, or added to it.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    pub rows: usize,
    pub inner: usize,
    pub columns: usize,
    /// Adds to what `out` holds.
    pub accumulate: bool,
    pub threads: usize,
}

/// An array that does not hold what the sizes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SizeError(pub(crate) String);

impl fmt::Display for SizeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for SizeError {}

pub(crate) fn expect(name: &str, found: usize, rows: usize, columns: usize) -> Result<(), SizeError> {
    if rows.checked_mul(columns) == Some(found) {
        return Ok(());
    }
    Err(SizeError(format!(
        "{name} has {found} elements, not {rows} × {columns}"
    )))
}

impl Product {
    pub fn compute(&self, a: Operand, b: Operand, out: &mut [f32]) -> Result<(), SizeError> {
        let Product {
            rows,
            inner,
            columns,
            threads,
            ..
        } = *self;
        expect("a", a.values.len(), rows, inner)?;
        expect("b", b.values.len(), inner, columns)?;
        expect("out", out.len(), rows, columns)?;
        pool::within(threads, || self.compute_here(a, b, out));
        Ok(())
    }

    /// In the pool it is called in. All that `compute` checks must hold.
    pub(crate) fn compute_here(&self, a: Operand, b: Operand, out: &mut [f32]) {
        let Product {
            rows,
            inner,
            columns,
            accumulate,
            threads,
        } = *self;
        assert!(a.values.len() == rows * inner && b.values.len() == inner * columns && out.len() == rows * columns);
        if inner == 0 && !accumulate {
            out.fill(0.0);
        }
        if inner == 0 || out.is_empty() {
            return;
        }
        let (a_row, a_column) = strides(rows, inner, a.transposed);
        let (b_row, b_column) = strides(inner, columns, b.transposed);
        let (a, b) = (a.values, b.values);
        let parallelism = if threads > 1 {
            Parallelism::Rayon(threads)
        } else {
            Parallelism::None
        };
        // SAFETY: the three slices hold exactly rows × inner, inner × columns and rows × columns floats (checked
        // above), the strides stay within them, and `out` is borrowed for writing, so that it overlaps neither.
        unsafe {
            gemm::gemm(
                rows,
                columns,
                inner,
                out.as_mut_ptr(),
                1,
                columns as isize,
                accumulate,
                a.as_ptr(),
                a_column,
                a_row,
                b.as_ptr(),
                b_column,
                b_row,
                1.0,
                1.0,
                false,
                false,
                false,
                parallelism,
            );
        }
    }
}

/// Of a matrix that is read as `rows × columns`: what lies between two rows, and between two columns.
fn strides(rows: usize, columns: usize, transposed: bool) -> (isize, isize) {
    if transposed {
        (1, rows as isize)
    } else {
        (columns as isize, 1)
    }
}

/// The instructions that products are computed with here: they decide the bits.
pub fn instructions() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            return "avx512";
        }
        if std::arch::is_x86_feature_detected!("fma") {
            return "avx2";
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        if std::arch::is_aarch64_feature_detected!("neon") {
            return "neon";
        }
    }
    "portable"
}
