//! The definition, one score at a time.

use std::sync::atomic::Ordering::Relaxed;

use crate::api::{Gradients, KeyValues, OutputGradient, Outcome, Queries, Run, Shape, State};

fn counts(shape: &Shape, i: i32, j: i32) -> bool {
    let window = shape.window.map_or(i64::MAX, i64::from);
    let back = i64::from(i) - i64::from(j);
    i >= 0 && j >= 0 && (!shape.causal || back >= 0) && back < window && -back < window
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

pub fn forward(run: &Run, shape: &Shape, q: Queries, kv: KeyValues, state: State) -> Outcome {
    let (d, queries, keys) = (shape.head_dim, q.positions.len(), kv.positions.len());
    let scale = 1.0 / (d as f32).sqrt();
    for h in 0..shape.heads {
        let g = h * shape.kv_heads / shape.heads;
        for (i, &position) in q.positions.iter().enumerate() {
            if run.cancelled.load(Relaxed) {
                return Outcome::Cancelled;
            }
            let row = h * queries + i;
            let query = &q.q[row * d..][..d];
            for (j, &key_position) in kv.positions.iter().enumerate() {
                if !counts(shape, position, key_position) {
                    continue;
                }
                let s = dot(query, &kv.k[(g * keys + j) * d..][..d]) * scale;
                let max = s.max(state.max[row]);
                let (old, new) = ((state.max[row] - max).exp(), (s - max).exp());
                state.max[row] = max;
                state.sum[row] = state.sum[row] * old + new;
                for (o, v) in state.out[row * d..][..d].iter_mut().zip(&kv.v[(g * keys + j) * d..][..d]) {
                    *o = *o * old + new * v;
                }
            }
        }
    }
    Outcome::Done
}

pub fn backward(
    run: &Run,
    shape: &Shape,
    output: OutputGradient,
    q: Queries,
    kv: KeyValues,
    gradients: Gradients,
) -> Outcome {
    let (d, queries, keys) = (shape.head_dim, q.positions.len(), kv.positions.len());
    let scale = 1.0 / (d as f32).sqrt();
    for h in 0..shape.heads {
        let g = h * shape.kv_heads / shape.heads;
        for (i, &position) in q.positions.iter().enumerate() {
            if run.cancelled.load(Relaxed) {
                return Outcome::Cancelled;
            }
            let row = h * queries + i;
            let (query, d_out) = (&q.q[row * d..][..d], &output.d_out[row * d..][..d]);
            for (j, &key_position) in kv.positions.iter().enumerate() {
                if !counts(shape, position, key_position) {
                    continue;
                }
                let at = (g * keys + j) * d;
                let p = (dot(query, &kv.k[at..][..d]) * scale - output.lse[row]).exp();
                let ds = p * (dot(d_out, &kv.v[at..][..d]) - output.delta[row]) * scale;
                for c in 0..d {
                    gradients.dq[row * d + c] += ds * kv.k[at + c];
                    gradients.dk[at + c] += ds * query[c];
                    gradients.dv[at + c] += p * d_out[c];
                }
            }
        }
    }
    Outcome::Done
}
