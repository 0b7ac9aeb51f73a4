//! Bits do not depend on how many threads compute; a call that is cancelled ends.

mod common;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use common::{How, KeyBlock, QueryBlock, Random, every_variant, ours};
use ringwatt_attention::{KeyValues, NO_SCORE, Outcome, Queries, Run, Shape, State, forward};

#[test]
fn one_to_nine_threads_give_the_same_bits() {
    for how in every_variant(1) {
        let mut random = Random(11);
        for (heads, kv_heads, window) in [(1, 1, None), (3, 1, Some(300)), (4, 2, None), (5, 5, None)] {
            let shape = Shape {
                heads,
                kv_heads,
                head_dim: 32,
                causal: true,
                window,
            };
            // zigzag: the first and the last quarter, then the middle as the other rank's keys
            let mine: Vec<i32> = (0..401).chain(1203..1604).collect();
            let queries = QueryBlock::random(&mut random, &shape, mine.clone(), 2.0);
            let blocks =
                [mine, (401..1203).collect()].map(|positions| KeyBlock::random(&mut random, &shape, positions, 2.0));
            let alone = ours(how, &shape, &queries, &blocks);
            for threads in [2, 3, 9] {
                assert!(
                    alone == ours(How { threads, ..how }, &shape, &queries, &blocks),
                    "{shape:?}, {threads} threads"
                );
            }
        }
    }
}

#[test]
fn calls_at_the_same_time_share_the_threads() {
    let how = every_variant(3)[0];
    let shape = Shape {
        heads: 2,
        kv_heads: 1,
        head_dim: 16,
        causal: true,
        window: None,
    };
    let block = |seed| KeyBlock::random(&mut Random(seed), &shape, (0..700).collect(), 1.0);
    let queries = QueryBlock::random(&mut Random(12), &shape, (0..700).collect(), 1.0);
    let expected: Vec<_> = (0..4).map(|seed| ours(how, &shape, &queries, &[block(seed)])).collect();
    std::thread::scope(|scope| {
        for (seed, expected) in expected.iter().enumerate() {
            let queries = &queries;
            scope.spawn(move || {
                for _ in 0..5 {
                    assert!(*expected == ours(how, &shape, queries, &[block(seed as u64)]));
                }
            });
        }
    });
}

#[test]
fn a_cancelled_call_says_so() {
    let shape = Shape {
        heads: 2,
        kv_heads: 2,
        head_dim: 64,
        causal: false,
        window: None,
    };
    let positions: Vec<i32> = (0..40_000).collect();
    let array = vec![0.5; 2 * positions.len() * 64];
    for how in every_variant(2) {
        let cancelled = AtomicBool::new(false);
        let run = Run {
            variant: how.variant,
            threads: 2,
            precision: how.precision,
            cancelled: &cancelled,
        };
        let (mut out, mut max, mut sum) = (
            array.clone(),
            vec![NO_SCORE; 2 * positions.len()],
            vec![0.0; 2 * positions.len()],
        );
        let q = Queries {
            q: &array,
            positions: &positions,
        };
        let kv = KeyValues {
            k: &array,
            v: &array,
            positions: &positions,
        };
        std::thread::scope(|scope| {
            // The whole would take seconds on the fastest variant: it is cancelled long before its end.
            let call = scope.spawn(|| {
                forward(
                    &run,
                    &shape,
                    q,
                    kv,
                    State {
                        out: &mut out,
                        max: &mut max,
                        sum: &mut sum,
                    },
                )
            });
            std::thread::sleep(std::time::Duration::from_millis(20));
            cancelled.store(true, Relaxed);
            assert_eq!(call.join().expect("no panic"), Ok(Outcome::Cancelled));
        });
    }
}
