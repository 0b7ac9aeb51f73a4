//! Every variant that this processor has against full attention in float64.

mod common;

use common::{How, KeyBlock, QueryBlock, Random, errors, ours, reference};
use ringwatt_attention::{Precision, Shape, Variant};

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

fn check(what: &str, how: How, shape: &Shape, queries: &QueryBlock, blocks: &[KeyBlock], bound: f64) {
    let (ours, reference) = (ours(how, shape, queries, blocks), reference(shape, queries, blocks));
    for (tensor, error) in errors(&ours, &reference) {
        assert!(error <= bound, "{what}, {}, {shape:?}: {tensor} is off by {error:e}", how.variant.name());
    }
}

fn every_variant(threads: usize) -> Vec<How> {
    Variant::available().into_iter().map(|variant| How { variant, threads, precision: Precision::F32 }).collect()
}

/// Operands whose logits lie within ±30.
fn operand_size(head_dim: usize) -> f32 {
    (30.0 / (head_dim as f32).sqrt()).sqrt()
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
                let window = if random.below(3) == 0 { Some(random.between(1, 300) as u32) } else { None };
                let shape = Shape { heads, kv_heads, head_dim, causal: random.below(4) > 0, window };
                let length = random.between(world, 420);
                let size = operand_size(head_dim);
                let ranks = layout(name, length, world);
                let blocks: Vec<_> =
                    ranks.iter().map(|rank| KeyBlock::random(&mut random, &shape, rank.clone(), size)).collect();
                let mine = ranks[random.below(world)].clone();
                let queries = QueryBlock::random(&mut random, &shape, mine, size);
                check(&format!("{name}, {world} ranks, {length} tokens"), how, &shape, &queries, &blocks, BOUND);
            }
        }
    }
}
