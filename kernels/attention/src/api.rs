//! The crate's face: what goes in, what comes out.

use std::sync::atomic::AtomicBool;

use crate::check::{self, ShapeError};
use crate::variant::Variant;

/// The `max` of a row that has seen no key: low enough to lose against any score, finite so that differences stay so.
pub const NO_SCORE: f32 = -1e20;

/// Numbers that the products are computed in; sums are always float32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    F32,
    /// Operands rounded to bfloat16.
    Bf16,
}

/// Sizes and masks of a block.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub heads: usize,
    /// A divisor of `heads`: query head h reads key head ⌊h · kv_heads / heads⌋ (Ainslie et al. 2023).
    pub kv_heads: usize,
    /// 8 to 128. Scores are divided by its root.
    pub head_dim: usize,
    pub causal: bool,
    /// Positions that a query sees back, itself included (and ahead, unless causal); `None`: all.
    pub window: Option<u32>,
}

impl Shape {
    /// What a product of a query and a key is multiplied with.
    pub(crate) fn scale(&self) -> f32 {
        (1.0 / (self.head_dim as f64).sqrt()) as f32
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Queries<'a> {
    pub q: &'a [f32],
    pub positions: &'a [i32],
}

#[derive(Clone, Copy, Debug)]
pub struct KeyValues<'a> {
    pub k: &'a [f32],
    pub v: &'a [f32],
    pub positions: &'a [i32],
}

/// Running result of online softmax (Milakov & Gimelshein 2018): `out` is Σ exp(s − max)·v, not yet divided by `sum`.
/// `max` and `sum` are `heads × tokens`. Before the first block: 0, [`NO_SCORE`], 0.
#[derive(Debug)]
pub struct State<'a> {
    pub out: &'a mut [f32],
    pub max: &'a mut [f32],
    pub sum: &'a mut [f32],
}

/// Gradient of the divided output, log-sum-exp of the whole row, and Σ d_out·out of the whole row.
#[derive(Clone, Copy, Debug)]
pub struct OutputGradient<'a> {
    pub d_out: &'a [f32],
    pub lse: &'a [f32],
    pub delta: &'a [f32],
}

/// What a block contributes is added to these.
#[derive(Debug)]
pub struct Gradients<'a> {
    pub dq: &'a mut [f32],
    pub dk: &'a mut [f32],
    pub dv: &'a mut [f32],
}

/// How to compute. The result's bits depend on `variant` and `precision`, never on `threads`.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    pub variant: Variant,
    pub threads: usize,
    pub precision: Precision,
    /// Set by anyone, at any time: the call ends within some 20 ms and what it wrote is to be dropped.
    pub cancelled: &'a AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Arrays that the call writes hold parts of a result.
    Cancelled,
}

/// Folds a block of keys and values into `state`.
pub fn forward(run: &Run, shape: &Shape, q: Queries, kv: KeyValues, state: State) -> Result<Outcome, ShapeError> {
    check::run(run)?;
    check::block(shape, &q, &kv)?;
    check::state(shape, q.positions.len(), &state)?;
    Ok(crate::forward::run(run, shape, q, kv, state))
}

/// Adds what this pair of blocks contributes to the gradients of queries, keys and values.
pub fn backward(
    run: &Run,
    shape: &Shape,
    output: OutputGradient,
    q: Queries,
    kv: KeyValues,
    gradients: Gradients,
) -> Result<Outcome, ShapeError> {
    check::run(run)?;
    check::block(shape, &q, &kv)?;
    check::output(shape, q.positions.len(), &output)?;
    check::gradients(shape, q.positions.len(), kv.positions.len(), &gradients)?;
    Ok(crate::backward::run(run, shape, output, q, kv, gradients))
}
