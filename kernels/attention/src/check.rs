//! Everything that the unsafe parts rely on is checked here, once a call: sizes, positions, what the processor can do.

use std::fmt;

use crate::api::{Gradients, KeyValues, OutputGradient, Precision, Queries, Run, Shape, State};
use crate::halves::supports_bf16;

/// An argument that does not fit the others; the message names it and the sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeError(String);

impl fmt::Display for ShapeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for ShapeError {}

fn fail<T>(message: String) -> Result<T, ShapeError> {
    Err(ShapeError(message))
}

pub fn run(run: &Run) -> Result<(), ShapeError> {
    if !run.variant.is_available() {
        return fail(format!("variant {} cannot run on this processor", run.variant.name()));
    }
    if run.precision == Precision::Bf16 && !supports_bf16(run.variant) {
        return fail(format!(
            "variant {} multiplies no bfloat16 on this processor",
            run.variant.name()
        ));
    }
    if run.threads == 0 || run.threads > MAX_THREADS {
        return fail(format!("threads is {}: 1 to {MAX_THREADS}", run.threads));
    }
    Ok(())
}

pub const MAX_THREADS: usize = 1024;
pub const MIN_HEAD_DIM: usize = 8;
pub const MAX_HEAD_DIM: usize = 128;

pub fn block(shape: &Shape, q: &Queries, kv: &KeyValues) -> Result<(), ShapeError> {
    if !(MIN_HEAD_DIM..=MAX_HEAD_DIM).contains(&shape.head_dim) {
        return fail(format!(
            "head_dim is {}: {MIN_HEAD_DIM} to {MAX_HEAD_DIM}",
            shape.head_dim
        ));
    }
    if shape.kv_heads == 0 || shape.heads == 0 || !shape.heads.is_multiple_of(shape.kv_heads) {
        return fail(format!(
            "heads is {}, kv_heads {}: not a multiple",
            shape.heads, shape.kv_heads
        ));
    }
    if shape.window == Some(0) {
        return fail("window is 0: at least 1 (the query itself)".to_owned());
    }
    positions("query positions", q.positions)?;
    positions("key positions", kv.positions)?;
    array("q", q.q.len(), shape.heads, q.positions.len(), shape.head_dim)?;
    array("k", kv.k.len(), shape.kv_heads, kv.positions.len(), shape.head_dim)?;
    array("v", kv.v.len(), shape.kv_heads, kv.positions.len(), shape.head_dim)
}

pub fn state(shape: &Shape, queries: usize, state: &State) -> Result<(), ShapeError> {
    array("out", state.out.len(), shape.heads, queries, shape.head_dim)?;
    array("max", state.max.len(), shape.heads, queries, 1)?;
    array("sum", state.sum.len(), shape.heads, queries, 1)
}

pub fn output(shape: &Shape, queries: usize, output: &OutputGradient) -> Result<(), ShapeError> {
    array("d_out", output.d_out.len(), shape.heads, queries, shape.head_dim)?;
    array("lse", output.lse.len(), shape.heads, queries, 1)?;
    array("delta", output.delta.len(), shape.heads, queries, 1)
}

pub fn gradients(shape: &Shape, queries: usize, keys: usize, gradients: &Gradients) -> Result<(), ShapeError> {
    array("dq", gradients.dq.len(), shape.heads, queries, shape.head_dim)?;
    array("dk", gradients.dk.len(), shape.kv_heads, keys, shape.head_dim)?;
    array("dv", gradients.dv.len(), shape.kv_heads, keys, shape.head_dim)
}

fn array(name: &str, len: usize, heads: usize, tokens: usize, row: usize) -> Result<(), ShapeError> {
    let expected = heads.checked_mul(tokens).and_then(|rows| rows.checked_mul(row));
    if expected == Some(len) {
        return Ok(());
    }
    fail(format!(
        "{name} has {len} elements, not {heads} heads × {tokens} tokens × {row}"
    ))
}

fn positions(name: &str, positions: &[i32]) -> Result<(), ShapeError> {
    match positions.iter().position(|&position| position < -1) {
        None => Ok(()),
        Some(row) => fail(format!(
            "{name}[{row}] is {}: at least 0, or -1 for padding",
            positions[row]
        )),
    }
}
