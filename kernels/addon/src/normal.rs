//! Weighted least squares (`ringwatt_dense`), at once.

use napi::{Env, Unknown};
use napi_derive::napi;
use ringwatt_dense::{Level, Regression, solve_positive as solve};

use crate::arguments::{Arguments, LentDoubles, checked};
use crate::dense::fitting;
use crate::loans::{Loan, Loans};
use crate::refusal::{Checked, Refusal};

fn take(read: &[&LentDoubles], written: &[&LentDoubles]) -> Checked<Loans> {
    let loans =
        |arrays: &[&LentDoubles], written| -> Vec<Loan> { arrays.iter().map(|array| array.loan(written)).collect() };
    Loans::take([loans(read, false), loans(written, true)].concat()).map_err(Refusal::Range)
}

/// Writes the upper triangle of XᵀWX into `gram` and XᵀWy into `moment`; `x` has `width` columns.
#[napi(catch_unwind)]
pub fn normal_equations(env: Env, call: Unknown) -> napi::Result<()> {
    checked(env, || {
        let arguments = Arguments::of(call, &["x", "y", "weights", "width", "gram", "moment"])?;
        let width = arguments.size("width")?;
        let (x, y, weights) = (
            arguments.doubles("x")?,
            arguments.doubles("y")?,
            arguments.doubles("weights")?,
        );
        let (mut gram, mut moment) = (arguments.doubles("gram")?, arguments.doubles("moment")?);
        let _loans = take(&[&x, &y, &weights], &[&gram, &moment])?;
        let regression = Regression {
            x: x.read(),
            y: y.read(),
            weights: weights.read(),
            width,
        };
        // SAFETY: their loans were taken as written, and each is sliced once.
        let (gram, moment) = unsafe { (gram.write(), moment.write()) };
        fitting(regression.normal_equations(Level::best(), gram, moment))
    })
}

/// Solves a·x = b for a symmetric positive definite `a`, of which the upper triangle is read.
#[napi(catch_unwind)]
pub fn solve_positive(env: Env, call: Unknown) -> napi::Result<()> {
    checked(env, || {
        let arguments = Arguments::of(call, &["a", "b", "x"])?;
        let (a, b, mut x) = (
            arguments.doubles("a")?,
            arguments.doubles("b")?,
            arguments.doubles("x")?,
        );
        let _loans = take(&[&a, &b], &[&x])?;
        // SAFETY: its loan was taken as written, and it is sliced once.
        fitting(solve(Level::best(), a.read(), b.read(), unsafe { x.write() }))
    })
}
