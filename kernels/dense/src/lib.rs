//! What a training step computes between two attentions, on float32 arrays in row-major order, and weighted least
//! squares in float64.
//!
//! Bits never depend on the number of threads: work is cut into pieces that only the sizes decide, and what the pieces
//! have in common is added up in their order.
#![deny(unsafe_op_in_unsafe_fn)]

mod add;
mod gelu;
mod heads;
mod level;
mod norm;
mod normal;
mod pool;
mod product;
mod rows;
mod scratch;
mod segment;
mod team;

pub use heads::{Move, Turn, from_heads, to_heads};
pub use level::Level;
pub use normal::{Regression, solve_positive};
pub use product::{Operand, Product, SizeError, instructions};
pub use segment::{Embedding, Head, Mlp, MlpGradients, Projection};
pub use team::Team;
