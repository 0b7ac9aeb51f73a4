//! Rows of a projection to heads and back (`ringwatt_dense`), at once.

use napi::{Env, Unknown};
use napi_derive::napi;
use ringwatt_dense::{Move, Turn, from_heads, to_heads};

use crate::arguments::{Arguments, checked};
use crate::dense::{Arrays, fitting, team};
use crate::refusal::Checked;

const NAMES: [&str; 12] = [
    "rows", "columns", "at", "first", "tokens", "heads", "headDim", "matrix", "byHead", "cos", "sin", "threads",
];

fn shape(arguments: &Arguments) -> Checked<Move> {
    Ok(Move {
        rows: arguments.size("rows")?,
        columns: arguments.size("columns")?,
        at: arguments.size("at")?,
        first: arguments.size("first")?,
        tokens: arguments.size("tokens")?,
        heads: arguments.size("heads")?,
        head_dim: arguments.size("headDim")?,
    })
}

/// Columns of a matrix to heads × tokens × headDim, turned by position when `cos` and `sin` are given.
#[napi(catch_unwind)]
pub fn to_head_rows(env: Env, call: Unknown) -> napi::Result<()> {
    checked(env, || {
        let arguments = Arguments::of(call, &NAMES)?;
        let (team, shape) = (team(&arguments)?, shape(&arguments)?);
        if arguments.is_given("cos")? {
            let mut arrays = Arrays::of(&arguments, ["matrix", "cos", "sin"], ["byHead"])?;
            let ([matrix, cos, sin], [by_head]) = arrays.slices();
            return fitting(to_heads(team, shape, matrix, by_head, Some(Turn { cos, sin })));
        }
        let mut arrays = Arrays::of(&arguments, ["matrix"], ["byHead"])?;
        let ([matrix], [by_head]) = arrays.slices();
        fitting(to_heads(team, shape, matrix, by_head, None))
    })
}

/// The reverse, for results and gradients: turned back.
#[napi(catch_unwind)]
pub fn from_head_rows(env: Env, call: Unknown) -> napi::Result<()> {
    checked(env, || {
        let arguments = Arguments::of(call, &NAMES)?;
        let (team, shape) = (team(&arguments)?, shape(&arguments)?);
        if arguments.is_given("cos")? {
            let mut arrays = Arrays::of(&arguments, ["byHead", "cos", "sin"], ["matrix"])?;
            let ([by_head, cos, sin], [matrix]) = arrays.slices();
            return fitting(from_heads(team, shape, by_head, matrix, Some(Turn { cos, sin })));
        }
        let mut arrays = Arrays::of(&arguments, ["byHead"], ["matrix"])?;
        let ([by_head], [matrix]) = arrays.slices();
        fitting(from_heads(team, shape, by_head, matrix, None))
    })
}
