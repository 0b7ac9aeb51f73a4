//! Rows without keys, scores far apart, scores far from 0, sizes of 0.

mod common;

use std::sync::atomic::AtomicBool;

use common::{KeyBlock, QueryBlock, Random, check, every_variant, ours};
use ringwatt_attention::{
    Gradients, KeyValues, NO_SCORE, Outcome, OutputGradient, Queries, Run, Shape, State, backward, forward,
};

const SHAPE: Shape = Shape {
    heads: 2,
    kv_heads: 1,
    head_dim: 16,
    causal: true,
    window: None,
};

#[test]
fn rows_that_see_no_key_keep_their_state_and_give_nothing() {
    for how in every_variant(2) {
        let mut random = Random(5);
        let queries = QueryBlock::random(&mut random, &SHAPE, (0..100).collect(), 1.0);
        let later = KeyBlock::random(&mut random, &SHAPE, (50..200).collect(), 1.0);
        // 0 to 49 see none of them; `ours` asserts that their state is untouched.
        check("half of the rows masked", how, &SHAPE, &queries, &[later], 1e-5);

        let none = KeyBlock::random(&mut random, &SHAPE, (100..300).collect(), 1.0);
        let all = ours(how, &SHAPE, &queries, &[none]);
        assert!(
            all.out
                .iter()
                .chain(&all.dq)
                .chain(&all.dk[0])
                .chain(&all.dv[0])
                .all(|&value| value == 0.0)
        );
    }
}

#[test]
fn a_state_that_has_seen_keys_is_untouched_by_keys_it_does_not_see() {
    for how in every_variant(1) {
        let mut random = Random(6);
        let queries = QueryBlock::random(&mut random, &SHAPE, (0..60).collect(), 1.0);
        let seen = KeyBlock::random(&mut random, &SHAPE, (0..30).collect(), 1.0);
        let unseen = KeyBlock::random(&mut random, &SHAPE, (60..170).chain([-1; 9]).collect(), 1.0);
        let alone = ours(
            how,
            &SHAPE,
            &queries,
            &[KeyBlock {
                k: seen.k.clone(),
                v: seen.v.clone(),
                ..seen
            }],
        );
        let seen = KeyBlock {
            positions: (0..30).collect(),
            k: seen.k,
            v: seen.v,
        };
        let both = ours(how, &SHAPE, &queries, &[seen, unseen]);
        assert_eq!((&alone.out, &alone.lse, &alone.dq), (&both.out, &both.lse, &both.dq));
    }
}

/// Logits of ±10,000 from whole numbers: q·k is exact in float32, and so is its product with 1/√16 or 1/√64.
#[test]
fn logits_of_ten_thousand_stay_exact() {
    for how in every_variant(2) {
        let mut random = Random(7);
        for head_dim in [16, 64] {
            let shape = Shape {
                heads: 2,
                kv_heads: 2,
                head_dim,
                causal: true,
                window: None,
            };
            let size = ((10_000.0 * (head_dim as f32).sqrt()) / head_dim as f32).sqrt();
            let mut whole = |array: &mut [f32]| {
                array
                    .iter_mut()
                    .for_each(|value| *value = random_sign(&mut random, size))
            };
            let mut queries = QueryBlock::random(&mut Random(8), &shape, (0..150).collect(), 1.0);
            let mut blocks =
                [0..70, 70..150].map(|range| KeyBlock::random(&mut Random(9), &shape, range.collect(), 1.0));
            whole(&mut queries.q);
            blocks.iter_mut().for_each(|block| whole(&mut block.k));
            // Every row has one or more keys at the limit: the query's own, at both ends of the sign.
            let rows = queries.positions.len();
            for head in 0..2 {
                for row in 0..rows {
                    let (block, at) = if row < 70 {
                        (0, head * 70 + row)
                    } else {
                        (1, head * 80 + row - 70)
                    };
                    let sign = if row % 3 == 0 { -1.0 } else { 1.0 };
                    for d in 0..head_dim {
                        blocks[block].k[at * head_dim + d] = sign * queries.q[(head * rows + row) * head_dim + d];
                    }
                }
            }
            check("large logits", how, &shape, &queries, &blocks, 1e-5);
        }
    }
}

fn random_sign(random: &mut Random, size: f32) -> f32 {
    if random.below(2) == 0 {
        -size.floor()
    } else {
        size.floor()
    }
}

#[test]
fn a_key_far_below_the_best_weighs_exactly_nothing() {
    for how in every_variant(1) {
        let shape = Shape {
            heads: 1,
            kv_heads: 1,
            head_dim: 16,
            causal: false,
            window: None,
        };
        let mut k = vec![0.0; 32];
        (k[0], k[16]) = (30.0, -30.0);
        let mut v = vec![1.0; 32];
        v[16..].fill(1e30);
        let mut q = vec![0.0; 16];
        q[0] = 30.0;
        let queries = QueryBlock {
            q,
            d_out: vec![1.0; 16],
            positions: vec![0],
        };
        let all = ours(
            how,
            &shape,
            &queries,
            &[KeyBlock {
                k,
                v,
                positions: vec![0, 1],
            }],
        );
        assert_eq!(all.out, vec![1.0; 16]);
        assert!(all.dv[0][16..].iter().chain(&all.dq).all(|&value| value == 0.0));
    }
}

#[test]
fn what_is_not_a_number_in_a_token_is_not_hidden() {
    for how in every_variant(1) {
        let mut random = Random(10);
        let queries = QueryBlock::random(&mut random, &SHAPE, (0..60).collect(), 1.0);
        let mut block = KeyBlock::random(&mut random, &SHAPE, (0..60).collect(), 1.0);
        block.k[40 * 16] = f32::NAN;
        let all = ours(how, &SHAPE, &queries, &[block]);
        assert!(all.out[..40 * 16].iter().all(|value| value.is_finite()));
        assert!(all.out[40 * 16..60 * 16].iter().all(|value| value.is_nan()));
    }
}

#[test]
fn blocks_without_rows_or_keys_do_nothing() {
    let cancelled = AtomicBool::new(false);
    for how in every_variant(2) {
        let run = Run {
            variant: how.variant,
            threads: 2,
            precision: how.precision,
            cancelled: &cancelled,
        };
        for (rows, keys) in [(0, 0), (0, 5), (5, 0)] {
            let positions: Vec<i32> = (0..5).collect();
            let mut own = vec![0.0; SHAPE.heads * rows * 16];
            let mut theirs = [vec![0.0; keys * 16], vec![0.0; keys * 16]];
            let (mut max, mut sum) = (vec![NO_SCORE; SHAPE.heads * rows], vec![0.0; SHAPE.heads * rows]);
            let zeros = own.clone();
            let zero_keys = theirs[0].clone();
            let q = Queries {
                q: &zeros,
                positions: &positions[..rows],
            };
            let kv = KeyValues {
                k: &zero_keys,
                v: &zero_keys,
                positions: &positions[..keys],
            };
            let state = State {
                out: &mut own,
                max: &mut max,
                sum: &mut sum,
            };
            assert_eq!(forward(&run, &SHAPE, q, kv, state), Ok(Outcome::Done));
            assert!(max.iter().all(|&max| max == NO_SCORE));
            let [dk, dv] = &mut theirs;
            let output = OutputGradient {
                d_out: &zeros,
                lse: &sum,
                delta: &sum,
            };
            let gradients = Gradients { dq: &mut own, dk, dv };
            assert_eq!(backward(&run, &SHAPE, output, q, kv, gradients), Ok(Outcome::Done));
        }
    }
}
