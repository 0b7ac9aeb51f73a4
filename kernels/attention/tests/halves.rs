//! bfloat16 operands: 8 bits of a number are kept, so results are as near as that allows, on either unit.

mod common;

use common::{How, KeyBlock, QueryBlock, Random, errors, ours, reference};
use ringwatt_attention::{HalvesUnit, Precision, Shape, Variant, without_amx};

/// Of the largest value of a tensor, for logits of a few units.
const BOUND: f64 = 1e-2;

#[test]
fn halves_come_within_a_hundredth_on_every_unit() {
    for variant in Variant::available() {
        for unit in HalvesUnit::available(variant) {
            without_amx(unit == HalvesUnit::Dot);
            assert_eq!(HalvesUnit::of(variant), Some(unit));
            let mut random = Random(14);
            let mut worst = 0.0f64;
            for (round, head_dim) in [64, 32, 16, 128, 8, 40, 100, 33, 64, 64].into_iter().enumerate() {
                let window = if round % 3 == 1 {
                    Some(random.between(1, 200) as u32)
                } else {
                    None
                };
                let shape = Shape {
                    heads: 4,
                    kv_heads: 2,
                    head_dim,
                    causal: round % 4 != 3,
                    window,
                };
                let (first, last) = (random.between(1, 300), random.between(1, 300));
                let padding = [-1; 5];
                let blocks: Vec<_> = [0..first, first..first + last]
                    .map(|range| {
                        let positions = range.map(|i| i as i32).chain(padding).collect();
                        KeyBlock::random(&mut random, &shape, positions, 1.0)
                    })
                    .into();
                let rows = (first as i32 / 2..(first + last) as i32).chain(padding).collect();
                let queries = QueryBlock::random(&mut random, &shape, rows, 1.0);
                let how = |threads| How {
                    variant,
                    threads,
                    precision: Precision::Bf16,
                };
                let computed = ours(how(1), &shape, &queries, &blocks);
                for (tensor, error) in errors(&computed, &reference(&shape, &queries, &blocks)) {
                    assert!(
                        error <= BOUND,
                        "{}, {shape:?}: {tensor} is off by {error:e}",
                        unit.name()
                    );
                    worst = worst.max(error);
                }
                assert!(
                    computed == ours(how(3), &shape, &queries, &blocks),
                    "three threads give other bits"
                );
            }
            // Halves it was: float32 would be a thousand times nearer.
            assert!(worst > 1e-4, "{} is exact to {worst:e}", unit.name());
            println!("{}: {worst:e}", unit.name());
        }
    }
    without_amx(false);
}
