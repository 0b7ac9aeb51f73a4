//! Who works on a segment, and the products it is made of.

use crate::level::Level;
use crate::pool;
use crate::product::{Operand, Product, SizeError};

/// On how many threads; and the instruction set, which decides no bits.
#[derive(Clone, Copy, Debug)]
pub struct Team {
    pub level: Level,
    pub threads: usize,
}

impl Team {
    pub fn work(&self, work: impl FnOnce() -> Result<(), SizeError> + Send) -> Result<(), SizeError> {
        pool::within(self.threads, work)
    }

    /// out (rows × columns) = or += a · b
    pub fn multiply(&self, a: Operand, b: Operand, out: &mut [f32], accumulate: bool, inner: usize, columns: usize) {
        let product = Product {
            rows: out.len() / columns,
            inner,
            columns,
            accumulate,
            threads: self.threads,
        };
        product.compute_here(a, b, out);
    }
}

pub const fn plain(values: &[f32]) -> Operand<'_> {
    Operand {
        values,
        transposed: false,
    }
}

pub const fn transposed(values: &[f32]) -> Operand<'_> {
    Operand {
        values,
        transposed: true,
    }
}
