//! Products and what is fused beside them, at once: these calls end before JavaScript goes on, so they may work on the
//! memory of a WebAssembly module in place.

use napi::{Env, Unknown};
use napi_derive::napi;
use ringwatt_dense::{Level, Operand, Product, SizeError, Team};

use crate::arguments::{Arguments, Lent, checked};
use crate::loans::Loans;
use crate::refusal::{Checked, Refusal, sizes};

/// The arrays of one call, by the order of their names: first those that are read, then those that are written.
pub struct Arrays<const READ: usize, const WRITTEN: usize> {
    read: [Lent; READ],
    written: [Lent; WRITTEN],
    _loans: Loans,
}

impl<const READ: usize, const WRITTEN: usize> Arrays<READ, WRITTEN> {
    pub fn of(
        arguments: &Arguments,
        read: [&'static str; READ],
        written: [&'static str; WRITTEN],
    ) -> Checked<Arrays<READ, WRITTEN>> {
        let read = lent(arguments, read)?;
        let written = lent(arguments, written)?;
        let loans = read
            .iter()
            .map(|array| array.loan(false))
            .chain(written.iter().map(|array| array.loan(true)));
        let loans = Loans::take(loans.collect()).map_err(Refusal::Range)?;
        Ok(Arrays {
            read,
            written,
            _loans: loans,
        })
    }

    pub fn slices(&mut self) -> ([&[f32]; READ], [&mut [f32]; WRITTEN]) {
        // SAFETY: their loans were taken as written, so they overlap nothing; each is sliced once, for as long as this
        // value is borrowed.
        (
            self.read.each_ref().map(Lent::read),
            self.written.each_mut().map(|array| unsafe { array.write() }),
        )
    }
}

fn lent<const COUNT: usize>(arguments: &Arguments, names: [&'static str; COUNT]) -> Checked<[Lent; COUNT]> {
    let arrays = names
        .iter()
        .map(|name| arguments.floats(name))
        .collect::<Checked<Vec<_>>>()?;
    arrays
        .try_into()
        .map_err(|_| Refusal::Type("arrays are missing".to_owned()))
}

pub fn team(arguments: &Arguments) -> Checked<Team> {
    Ok(Team {
        level: Level::best(),
        threads: arguments.threads()?,
    })
}

pub fn fitting(result: Result<(), SizeError>) -> Checked<()> {
    result.map_err(|error| sizes(&error.to_string()))
}

/// out (rows × columns) = a (rows × inner) · b (inner × columns), or added to `out` when `accumulate`.
#[napi(catch_unwind)]
pub fn product(env: Env, call: Unknown) -> napi::Result<()> {
    checked(env, || {
        let names = [
            "a",
            "b",
            "out",
            "rows",
            "inner",
            "columns",
            "transposeA",
            "transposeB",
            "accumulate",
            "threads",
        ];
        let arguments = Arguments::of(call, &names)?;
        let product = Product {
            rows: arguments.size("rows")?,
            inner: arguments.size("inner")?,
            columns: arguments.size("columns")?,
            accumulate: arguments.boolean("accumulate")?,
            threads: arguments.threads()?,
        };
        let (a, b) = (arguments.boolean("transposeA")?, arguments.boolean("transposeB")?);
        let mut arrays = Arrays::of(&arguments, ["a", "b"], ["out"])?;
        let ([a_values, b_values], [out]) = arrays.slices();
        let a = Operand {
            values: a_values,
            transposed: a,
        };
        let b = Operand {
            values: b_values,
            transposed: b,
        };
        fitting(product.compute(a, b, out))
    })
}
