//! Products and what is fused beside them, at once: these calls end before JavaScript goes on, so they may work on the
//! memory of a WebAssembly module in place.

use napi::{Env, Unknown};
use napi_derive::napi;
use ringwatt_dense::{Operand, Product};

use crate::arguments::{Arguments, checked};
use crate::loans::Loans;
use crate::refusal::{Refusal, sizes};

const MAX_THREADS: u32 = 1024;

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
            threads: arguments.integer("threads", 1..=MAX_THREADS)? as usize,
        };
        let (a, b, mut out) = (arguments.floats("a")?, arguments.floats("b")?, arguments.floats("out")?);
        let _loans = Loans::take(vec![a.loan(false), b.loan(false), out.loan(true)]).map_err(Refusal::Range)?;
        let a = Operand {
            values: a.read(),
            transposed: arguments.boolean("transposeA")?,
        };
        let b = Operand {
            values: b.read(),
            transposed: arguments.boolean("transposeB")?,
        };
        // SAFETY: its loan was taken as written, and it is sliced once.
        product
            .compute(a, b, unsafe { out.write() })
            .map_err(|error| sizes(&error.to_string()))
    })
}
