//! Full attention in float64, and blocks of it computed by the crate.
#![allow(dead_code, unused_imports)]

mod computed;
mod operands;
mod reference;

use ringwatt_attention::Shape;

pub use computed::{How, KeyGradients, Sums, every_variant, ours};
pub use operands::{KeyBlock, QueryBlock, Random, operand_size};
pub use reference::{counts, reference};

/// All that attention and its gradient give, of one block of queries against several blocks of keys.
#[derive(Clone, Debug, PartialEq)]
pub struct All<T> {
    pub out: Vec<T>,
    pub lse: Vec<T>,
    pub dq: Vec<T>,
    pub dk: Vec<Vec<T>>,
    pub dv: Vec<Vec<T>>,
}

pub fn check(what: &str, how: How, shape: &Shape, queries: &QueryBlock, blocks: &[KeyBlock], bound: f64) {
    let (ours, reference) = (ours(how, shape, queries, blocks), reference(shape, queries, blocks));
    for (tensor, error) in errors(&ours, &reference) {
        assert!(
            error <= bound,
            "{what}, {}, {shape:?}: {tensor} is off by {error:e}",
            how.variant.name()
        );
    }
}

/// max|ours − reference| ÷ max|reference|, of one tensor.
pub fn error<'a>(ours: impl Iterator<Item = &'a f32>, reference: impl Iterator<Item = &'a f64>) -> f64 {
    let (mut worst, mut largest) = (0.0f64, 0.0f64);
    for (&ours, &reference) in ours.zip(reference) {
        let off = (f64::from(ours) - reference).abs();
        if off.is_nan() {
            return f64::NAN;
        }
        worst = worst.max(off);
        largest = largest.max(reference.abs());
    }
    if worst == 0.0 { 0.0 } else { worst / largest }
}

/// Of out, dq, dk, dv; the gradients of all blocks count as one tensor.
pub fn errors(ours: &All<f32>, reference: &All<f64>) -> [(&'static str, f64); 4] {
    [
        ("out", error(ours.out.iter(), reference.out.iter())),
        ("dq", error(ours.dq.iter(), reference.dq.iter())),
        ("dk", error(ours.dk.iter().flatten(), reference.dk.iter().flatten())),
        ("dv", error(ours.dv.iter().flatten(), reference.dv.iter().flatten())),
    ]
}
