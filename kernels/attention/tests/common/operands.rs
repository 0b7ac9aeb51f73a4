//! What attention is computed of.

use ringwatt_attention::{KeyValues, Queries, Shape};

/// splitmix64 (Steele, Lea, Flood 2014): seeded, so that a failure can be repeated.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// Uniform in ±size.
    pub fn uniform(&mut self, size: f32) -> f32 {
        ((self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0) * size
    }

    pub fn fill(&mut self, len: usize, size: f32) -> Vec<f32> {
        (0..len).map(|_| self.uniform(size)).collect()
    }
}

/// Queries with their output gradient, as one rank holds them.
pub struct QueryBlock {
    pub q: Vec<f32>,
    pub d_out: Vec<f32>,
    pub positions: Vec<i32>,
}

pub struct KeyBlock {
    pub k: Vec<f32>,
    pub v: Vec<f32>,
    pub positions: Vec<i32>,
}

impl QueryBlock {
    pub fn random(random: &mut Random, shape: &Shape, positions: Vec<i32>, size: f32) -> QueryBlock {
        let len = shape.heads * positions.len() * shape.head_dim;
        let (mut q, mut d_out) = (random.fill(len, size), random.fill(len, 1.0));
        spoil(&mut q, shape.heads, shape.head_dim, &positions, f32::NAN);
        spoil(&mut d_out, shape.heads, shape.head_dim, &positions, f32::INFINITY);
        QueryBlock { q, d_out, positions }
    }

    pub fn queries(&self) -> Queries<'_> {
        Queries {
            q: &self.q,
            positions: &self.positions,
        }
    }
}

impl KeyBlock {
    pub fn random(random: &mut Random, shape: &Shape, positions: Vec<i32>, size: f32) -> KeyBlock {
        let len = shape.kv_heads * positions.len() * shape.head_dim;
        let (mut k, mut v) = (random.fill(len, size), random.fill(len, 1.0));
        spoil(&mut k, shape.kv_heads, shape.head_dim, &positions, f32::NEG_INFINITY);
        spoil(&mut v, shape.kv_heads, shape.head_dim, &positions, f32::NAN);
        KeyBlock { k, v, positions }
    }

    pub fn key_values(&self) -> KeyValues<'_> {
        KeyValues {
            k: &self.k,
            v: &self.v,
            positions: &self.positions,
        }
    }
}

/// Puts into padded rows what must never come out anywhere.
fn spoil(array: &mut [f32], heads: usize, row: usize, positions: &[i32], value: f32) {
    for head in 0..heads {
        for (token, _) in positions.iter().enumerate().filter(|(_, position)| **position < 0) {
            array[(head * positions.len() + token) * row..][..row].fill(value);
        }
    }
}

/// Operands whose logits lie within ±30.
pub fn operand_size(head_dim: usize) -> f32 {
    (30.0 / (head_dim as f32).sqrt()).sqrt()
}
