//! Whatever is passed in, a call computes or says what is wrong with it: it never panics and never reads beyond.

mod common;

use std::sync::atomic::AtomicBool;

use common::Random;
use ringwatt_attention::{
    Gradients, KeyValues, OutputGradient, Precision, Queries, Run, Shape, State, Variant, backward, forward,
};

#[test]
fn random_sizes_are_computed_or_refused() {
    let (mut random, cancelled) = (Random(13), AtomicBool::new(false));
    let (mut done, mut refused) = (0, 0);
    let available = Variant::available();
    for _ in 0..4_000 {
        let head_dim = [0, 1, 7, 8, 9, 16, 31, 64, 127, 128, 129, usize::MAX][random.below(12)];
        let heads = [0, 1, 2, 3, 4, usize::MAX, 1 << 40][random.below(7)];
        let kv_heads = [0, 1, 2, 3, heads][random.below(5)];
        let window = [None, Some(0), Some(1), Some(7), Some(u32::MAX)][random.below(5)];
        let shape = Shape {
            heads,
            kv_heads,
            head_dim,
            causal: random.below(2) == 0,
            window,
        };
        let (rows, keys) = (random.below(60), random.below(110));
        let rarely_wrong = |random: &mut Random, heads: usize, tokens: usize, row: usize| {
            let right = heads.saturating_mul(tokens).saturating_mul(row).min(100_000);
            match random.below(40) {
                0 => vec![0.5; right + 1],
                1 => vec![0.5; right.saturating_sub(1)],
                2 => Vec::new(),
                _ => vec![0.5; right],
            }
        };
        let mut positions = |count: usize| -> Vec<i32> {
            let odd = [i32::MIN, -2, -1, i32::MAX, i32::MAX - 1];
            (0..count)
                .map(|i| match random.below(400) {
                    case if case < 5 => odd[case],
                    case if case < 40 => -1,
                    case if case < 60 => random.below(1 << 31) as i32,
                    _ => i as i32,
                })
                .collect()
        };
        let (query_positions, key_positions) = (positions(rows), positions(keys));
        let mut of_queries = [(); 4].map(|()| rarely_wrong(&mut random, heads, rows, head_dim));
        let mut of_rows = [(); 4].map(|()| rarely_wrong(&mut random, heads, rows, 1));
        let mut of_keys = [(); 4].map(|()| rarely_wrong(&mut random, kv_heads, keys, head_dim));
        let variant = match random.below(8) {
            0 => [Variant::Avx512, Variant::Avx2, Variant::Neon][random.below(3)],
            _ => available[random.below(available.len())],
        };
        let precision = if random.below(20) == 0 {
            Precision::Bf16
        } else {
            Precision::F32
        };
        let threads = [1, 1, 2, 0, usize::MAX][random.below(5)];
        let run = Run {
            variant,
            threads,
            precision,
            cancelled: &cancelled,
        };

        let [q, d_out, out, dq] = &mut of_queries;
        let [max, sum, lse, delta] = &mut of_rows;
        let [k, v, dk, dv] = &mut of_keys;
        let queries = Queries {
            q,
            positions: &query_positions,
        };
        let kv = KeyValues {
            k,
            v,
            positions: &key_positions,
        };
        let results = [
            forward(&run, &shape, queries, kv, State { out, max, sum }),
            backward(
                &run,
                &shape,
                OutputGradient { d_out, lse, delta },
                queries,
                kv,
                Gradients { dq, dk, dv },
            ),
        ];
        for result in results {
            match result {
                Ok(_) => done += 1,
                Err(error) => {
                    assert!(error.to_string().len() > 10, "{error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(done > 200 && refused > 200, "{done} computed, {refused} refused");
}

#[test]
fn an_error_names_the_argument_and_the_sizes() {
    let cancelled = AtomicBool::new(false);
    let run = Run {
        variant: Variant::Portable,
        threads: 1,
        precision: Precision::F32,
        cancelled: &cancelled,
    };
    let shape = Shape {
        heads: 2,
        kv_heads: 1,
        head_dim: 8,
        causal: true,
        window: None,
    };
    let (positions, good, mut bad) = ([0, 1, 2], [0.0; 48], [0.0; 47]);
    let (mut max, mut sum) = ([0.0; 6], [0.0; 6]);
    let queries = Queries {
        q: &good,
        positions: &positions,
    };
    let kv = KeyValues {
        k: &good[..24],
        v: &good[..24],
        positions: &positions,
    };
    let state = State {
        out: &mut bad,
        max: &mut max,
        sum: &mut sum,
    };
    let error = forward(&run, &shape, queries, kv, state).expect_err("out is one short");
    assert_eq!(error.to_string(), "out has 47 elements, not 2 heads × 3 tokens × 8");
}
