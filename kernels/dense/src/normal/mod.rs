//! Weighted least squares in float64: XᵀWX and XᵀWy of a regression, and the solution of a positive definite system.
//! Every sum is added up in the order of src/forecasters/ridge, which is the path without kernels: bits are the same.

mod cholesky;
mod gram;
mod lanes;

use crate::level::Level;
use crate::product::{SizeError, expect};

/// A regression: `x` is rows × `width`, row-major, with a value of `y` and a weight for each row.
#[derive(Clone, Copy, Debug)]
pub struct Regression<'a> {
    pub x: &'a [f64],
    pub y: &'a [f64],
    pub weights: &'a [f64],
    pub width: usize,
}

impl Regression<'_> {
    /// Writes the upper triangle of XᵀWX (`width` × `width`, row-major) and XᵀWy.
    pub fn normal_equations(&self, level: Level, gram: &mut [f64], moment: &mut [f64]) -> Result<(), SizeError> {
        let (rows, width) = (self.y.len(), self.width);
        expect("x", self.x.len(), rows, width)?;
        expect("weights", self.weights.len(), rows, 1)?;
        expect("gram", gram.len(), width, width)?;
        expect("moment", moment.len(), width, 1)?;
        gram::compute(level, self, gram);
        moment.fill(0.0);
        gram::add_moment(level, self.x, self.y, self.weights, moment);
        Ok(())
    }
}

/// Solves A·x = b for a symmetric positive definite A, of which the upper triangle is read.
pub fn solve_positive(level: Level, a: &[f64], b: &[f64], x: &mut [f64]) -> Result<(), SizeError> {
    expect("a", a.len(), b.len(), b.len())?;
    expect("x", x.len(), b.len(), 1)?;
    cholesky::solve(level, a, b, x);
    Ok(())
}
