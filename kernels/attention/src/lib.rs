//! Exact attention, one block of queries against one block of keys and values: what a rank of the ring computes between
//! two messages (Liu et al. 2023, "Ring Attention with Blockwise Transformers"), forward and backward, in float32.
//!
//! Arrays are row-major `heads × tokens × head_dim` (`kv_heads × …` for keys, values and their gradients); positions
//! say which token a row is (−1: padding), so that any layout of tokens over ranks is masked right.
#![deny(unsafe_op_in_unsafe_fn)]

mod api;
mod backward;
mod check;
mod entry;
mod exp;
mod forward;
mod halves;
mod pool;
mod reach;
mod rows;
mod scratch;
mod shared;
mod simd;
mod tile;
mod transpose;
mod variant;

pub use api::{
    Gradients, KeyValues, NO_SCORE, Outcome, OutputGradient, Precision, Queries, Run, Shape, State, backward, forward,
};
pub use check::ShapeError;
#[doc(hidden)]
pub use halves::without_amx;
pub use halves::{HalvesUnit, supports_bf16};
pub use variant::Variant;
