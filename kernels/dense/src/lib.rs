//! What a training step computes between two attentions, on float32 arrays in row-major order.
//!
//! Bits never depend on the number of threads: work is cut into pieces that only the sizes decide, and what the pieces
//! have in common is added up in their order.
#![deny(unsafe_op_in_unsafe_fn)]

mod pool;
mod product;

pub use product::{Operand, Product, SizeError, instructions};
