//! Attention by its definition, in float64.

use ringwatt_attention::Shape;

use super::{All, KeyBlock, QueryBlock};

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
