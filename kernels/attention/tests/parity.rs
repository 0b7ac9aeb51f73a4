//! Every variant that this processor has against full attention in float64.

mod common;

use common::{KeyBlock, QueryBlock, Random, check, every_variant, operand_size};
use ringwatt_attention::Shape;

const BOUND: f64 = 1e-5;

/// Positions of the shares of `world` ranks of a sequence of `length`, as the ring lays them out.
fn layout(name: &str, length: usize, world: usize) -> Vec<Vec<i32>> {
    let share = length.div_ceil(world);
    let token = |position: usize| if position < length { position as i32 } else { -1 };
    (0..world)
        .map(|rank| match name {
            "contiguous" => (rank * share..(rank + 1) * share).map(token).collect(),
            "striped" => (0..share).map(|i| token(i * world + rank)).collect(),
            _ => {
                // zigzag: the rank-th run from the front and the rank-th from the back
                let half = length.div_ceil(2 * world);
                let run = |chunk: usize| (chunk * half..(chunk + 1) * half).map(token);
                run(rank).chain(run(2 * world - 1 - rank)).collect()
            }
        })
        .collect()
}

#[test]
fn rings_of_every_size_and_layout_are_exact() {
    for how in every_variant(2) {
        let mut random = Random(1);
        for name in ["contiguous", "zigzag", "striped"] {
            for world in [1, 2, 3, 4, 8] {
                let head_dim = random.between(8, 128);
                let kv_heads = random.between(1, 2);
                let heads = kv_heads * random.between(1, 3);
                let window = if random.below(3) == 0 {
                    Some(random.between(1, 300) as u32)
                } else {
                    None
                };
                let shape = Shape {
                    heads,
                    kv_heads,
                    head_dim,
                    causal: random.below(4) > 0,
                    window,
                };
                let length = random.between(world, 420);
                let size = operand_size(head_dim);
                let ranks = layout(name, length, world);
                let blocks: Vec<_> = ranks
                    .iter()
                    .map(|rank| KeyBlock::random(&mut random, &shape, rank.clone(), size))
                    .collect();
                let mine = ranks[random.below(world)].clone();
                let queries = QueryBlock::random(&mut random, &shape, mine, size);
                check(
                    &format!("{name}, {world} ranks, {length} tokens"),
                    how,
                    &shape,
                    &queries,
                    &blocks,
                    BOUND,
                );
            }
        }
    }
}

#[test]
fn every_head_size_is_exact() {
    for how in every_variant(1) {
        let mut random = Random(2);
        for head_dim in 8..=128 {
            let shape = Shape {
                heads: 1,
                kv_heads: 1,
                head_dim,
                causal: true,
                window: None,
            };
            // A row that sees one key only has no gradient at all, and so no relative error.
            let (queries, keys) = (random.between(1, 70), random.between(2, 110));
            let size = operand_size(head_dim);
            let block = KeyBlock::random(&mut random, &shape, (0..keys as i32).collect(), size);
            let from = random.between(1, keys - 1) as i32;
            let queries = QueryBlock::random(&mut random, &shape, (from..from + queries as i32).collect(), size);
            check("head size", how, &shape, &queries, &[block], BOUND);
        }
    }
}

#[test]
fn tokens_in_any_order_with_padding_in_between_are_exact() {
    for how in every_variant(2) {
        let mut random = Random(3);
        for round in 0..12 {
            let head_dim = [16, 24, 32, 64][round % 4];
            let window = if round % 3 == 0 {
                Some(random.between(1, 200) as u32)
            } else {
                None
            };
            let shape = Shape {
                heads: 2,
                kv_heads: 1,
                head_dim,
                causal: round % 2 == 0,
                window,
            };
            let size = operand_size(head_dim);
            let mut tokens = |count: usize| -> Vec<i32> {
                (0..count)
                    .map(|_| {
                        if random.below(6) == 0 {
                            -1
                        } else {
                            random.below(400) as i32
                        }
                    })
                    .collect()
            };
            let (mine, theirs, last) = (tokens(211), tokens(389), tokens(17));
            let queries = QueryBlock::random(&mut random, &shape, mine, size);
            let blocks = [theirs, last].map(|positions| KeyBlock::random(&mut random, &shape, positions, size));
            check("any order", how, &shape, &queries, &blocks, BOUND);
        }
    }
}

#[test]
fn long_rows_stay_exact() {
    for how in every_variant(2) {
        let mut random = Random(4);
        let shape = Shape {
            heads: 1,
            kv_heads: 1,
            head_dim: 32,
            causal: false,
            window: None,
        };
        let block = KeyBlock::random(&mut random, &shape, (0..20_000).collect(), 1.0);
        let queries = QueryBlock::random(&mut random, &shape, (0..64).collect(), 1.0);
        check("20,000 keys", how, &shape, &queries, &[block], BOUND);
    }
}
