//! Full attention in float64, and blocks of it computed by the crate.
#![allow(dead_code)]

use std::sync::atomic::AtomicBool;

use ringwatt_attention::{
    Gradients, KeyValues, NO_SCORE, Outcome, OutputGradient, Precision, Queries, Run, Shape, State, Variant, backward,
    forward,
};

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
}

impl KeyBlock {
    pub fn random(random: &mut Random, shape: &Shape, positions: Vec<i32>, size: f32) -> KeyBlock {
        let len = shape.kv_heads * positions.len() * shape.head_dim;
        let (mut k, mut v) = (random.fill(len, size), random.fill(len, 1.0));
        spoil(&mut k, shape.kv_heads, shape.head_dim, &positions, f32::NEG_INFINITY);
        spoil(&mut v, shape.kv_heads, shape.head_dim, &positions, f32::NAN);
        KeyBlock { k, v, positions }
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

pub fn every_variant(threads: usize) -> Vec<How> {
    Variant::available()
        .into_iter()
        .map(|variant| How {
            variant,
            threads,
            precision: Precision::F32,
        })
        .collect()
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

/// Operands whose logits lie within ±30.
pub fn operand_size(head_dim: usize) -> f32 {
    (30.0 / (head_dim as f32).sqrt()).sqrt()
}

/// All that attention and its gradient give, of one block of queries against several blocks of keys.
#[derive(Clone, Debug, PartialEq)]
pub struct All<T> {
    pub out: Vec<T>,
    pub lse: Vec<T>,
    pub dq: Vec<T>,
    pub dk: Vec<Vec<T>>,
    pub dv: Vec<Vec<T>>,
}

pub fn counts(shape: &Shape, i: i32, j: i32) -> bool {
    let back = i64::from(i) - i64::from(j);
    let window = shape.window.map_or(i64::MAX, i64::from);
    i >= 0 && j >= 0 && (!shape.causal || back >= 0) && back < window && (shape.causal || -back < window)
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum()
}

/// The definition. Rows that see no key have out 0 and lse 0.
pub fn reference(shape: &Shape, queries: &QueryBlock, blocks: &[KeyBlock]) -> All<f64> {
    let (d, rows) = (shape.head_dim, queries.positions.len());
    let scale = 1.0 / (d as f64).sqrt();
    let zeros = |block: &KeyBlock| vec![0.0; block.k.len()];
    let mut all = All {
        out: vec![0.0; queries.q.len()],
        lse: vec![0.0; shape.heads * rows],
        dq: vec![0.0; queries.q.len()],
        dk: blocks.iter().map(zeros).collect(),
        dv: blocks.iter().map(zeros).collect(),
    };
    for h in 0..shape.heads {
        let g = h / (shape.heads / shape.kv_heads);
        for i in 0..rows {
            let at = (h * rows + i) * d;
            let (q, d_out) = (&queries.q[at..at + d], &queries.d_out[at..at + d]);
            // (block, offset of the key's row, score)
            let mut seen: Vec<(usize, usize, f64)> = Vec::new();
            for (b, block) in blocks.iter().enumerate() {
                for (j, &position) in block.positions.iter().enumerate() {
                    if counts(shape, queries.positions[i], position) {
                        let key = (g * block.positions.len() + j) * d;
                        seen.push((b, key, dot(q, &block.k[key..key + d]) * scale));
                    }
                }
            }
            if seen.is_empty() {
                continue;
            }
            let max = seen.iter().fold(f64::NEG_INFINITY, |max, &(_, _, s)| max.max(s));
            let sum: f64 = seen.iter().map(|&(_, _, s)| (s - max).exp()).sum();
            all.lse[h * rows + i] = max + sum.ln();
            for &(b, key, s) in &seen {
                let p = (s - max).exp() / sum;
                for c in 0..d {
                    all.out[at + c] += p * f64::from(blocks[b].v[key + c]);
                }
            }
            let delta: f64 = (0..d).map(|c| f64::from(d_out[c]) * all.out[at + c]).sum();
            for &(b, key, s) in &seen {
                let p = (s - max).exp() / sum;
                let ds = p * (dot(d_out, &blocks[b].v[key..key + d]) - delta) * scale;
                for c in 0..d {
                    all.dq[at + c] += ds * f64::from(blocks[b].k[key + c]);
                    all.dk[b][key + c] += ds * f64::from(q[c]);
                    all.dv[b][key + c] += p * f64::from(d_out[c]);
                }
            }
        }
    }
    all
}

#[derive(Clone, Copy)]
pub struct How {
    pub variant: Variant,
    pub threads: usize,
    pub precision: Precision,
}

/// The same, block after block, as a rank of the ring does it: the state goes from block to block, the caller divides.
pub fn ours(how: How, shape: &Shape, queries: &QueryBlock, blocks: &[KeyBlock]) -> All<f32> {
    let (d, rows) = (shape.head_dim, queries.positions.len());
    let cancelled = AtomicBool::new(false);
    let run = Run {
        variant: how.variant,
        threads: how.threads,
        precision: how.precision,
        cancelled: &cancelled,
    };
    let q = Queries {
        q: &queries.q,
        positions: &queries.positions,
    };
    let mut out = vec![0.0; queries.q.len()];
    let (mut max, mut sum) = (vec![NO_SCORE; shape.heads * rows], vec![0.0f32; shape.heads * rows]);
    for block in blocks {
        let kv = KeyValues {
            k: &block.k,
            v: &block.v,
            positions: &block.positions,
        };
        let state = State {
            out: &mut out,
            max: &mut max,
            sum: &mut sum,
        };
        assert_eq!(forward(&run, shape, q, kv, state), Ok(Outcome::Done));
    }
    let (mut lse, mut delta) = (vec![0.0; sum.len()], vec![0.0; sum.len()]);
    let mut d_out = queries.d_out.clone();
    for row in 0..sum.len() {
        if max[row] == NO_SCORE {
            assert!(
                sum[row] == 0.0 && out[row * d..][..d].iter().all(|&value| value == 0.0),
                "row {row} saw no key"
            );
            if queries.positions[row % rows] < 0 {
                // Whatever a caller keeps there must not matter.
                (lse[row], delta[row]) = (f32::NAN, f32::NAN);
            }
            continue;
        }
        let exact = f64::from(max[row]) + f64::from(sum[row]).ln();
        lse[row] = exact as f32;
        // At 10,000 a float32 is exact to 5e-4 only, and so would be every exp(s − lse) of the row. What rounding took
        // off is a factor of the whole row, which the gradient of the output can carry.
        let rounding = (f64::from(lse[row]) - exact).exp();
        let mut total = 0.0;
        for c in row * d..(row + 1) * d {
            out[c] /= sum[row];
            total += f64::from(out[c]) * f64::from(d_out[c]);
            d_out[c] = (f64::from(d_out[c]) * rounding) as f32;
        }
        delta[row] = (total * rounding) as f32;
    }
    let mut dq = vec![0.0; queries.q.len()];
    let (mut dks, mut dvs) = (Vec::new(), Vec::new());
    for block in blocks {
        let kv = KeyValues {
            k: &block.k,
            v: &block.v,
            positions: &block.positions,
        };
        let (mut dk, mut dv) = (vec![0.0; block.k.len()], vec![0.0; block.v.len()]);
        let output = OutputGradient {
            d_out: &d_out,
            lse: &lse,
            delta: &delta,
        };
        let gradients = Gradients {
            dq: &mut dq,
            dk: &mut dk,
            dv: &mut dv,
        };
        assert_eq!(backward(&run, shape, output, q, kv, gradients), Ok(Outcome::Done));
        dks.push(dk);
        dvs.push(dv);
    }
    lse.iter_mut().filter(|lse| lse.is_nan()).for_each(|lse| *lse = 0.0);
    All {
        out,
        lse,
        dq,
        dk: dks,
        dv: dvs,
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
