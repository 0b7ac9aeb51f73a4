//! The network between two attentions, for some rows of tokens: what `src/model/segments.ts` says in tensors, forward
//! and backward. All gradients are added to what their arrays hold.

mod embedding;
mod head;
mod mlp;
mod projection;

pub use embedding::Embedding;
pub use head::Head;
pub use mlp::{Mlp, MlpGradients};
pub use projection::Projection;

use crate::product::SizeError;

/// Of something that must be there.
fn some(name: &str, count: usize) -> Result<usize, SizeError> {
    if count == 0 {
        Err(SizeError(format!("{name} is empty")))
    } else {
        Ok(count)
    }
}

/// How many rows of `columns` each an array holds.
fn rows_of(name: &str, values: &[f32], columns: usize) -> Result<usize, SizeError> {
    if columns == 0 || !values.len().is_multiple_of(columns) {
        return Err(SizeError(format!(
            "{name} has {} elements, not rows of {columns}",
            values.len()
        )));
    }
    Ok(values.len() / columns)
}
