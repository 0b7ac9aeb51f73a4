//! GFLOP/s of forward and backward: `speed [tokens heads kv_heads head_dim threads causal repeats variant...]`.
//! Counted as 2 and 5 products of tokens² × head_dim a head, half of it where causal; the least of all repeats, by the
//! wall clock and by processor time divided by the threads, which other processes disturb less.

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use common::{How, KeyBlock, KeyGradients, QueryBlock, Random, Sums};
use ringwatt_attention::{HalvesUnit, Precision, Shape, Variant, without_amx};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, default: usize| args.get(i).map_or(default, |arg| arg.parse().expect("a number"));
    let (tokens, heads, kv_heads, dim) = (number(0, 8192), number(1, 8), number(2, 8), number(3, 64));
    let (threads, causal, repeats) = (number(4, 1), number(5, 1) == 1, number(6, 5));
    let names = args.get(7..).unwrap_or_default();
    let chosen = Variant::available()
        .into_iter()
        .filter(|v| names.is_empty() || names.iter().any(|n| n == v.name()));
    let shape = Shape {
        heads,
        kv_heads,
        head_dim: dim,
        causal,
        window: None,
    };
    let mut random = Random(1);
    let positions = || (0..tokens as i32).collect();
    let queries = QueryBlock::random(&mut random, &shape, positions(), 1.0);
    let keys = KeyBlock::random(&mut random, &shape, positions(), 1.0);
    let mut sums = Sums::new(&shape, &queries);
    let (mut gradients, mut dq) = (KeyGradients::new(&keys), vec![0.0; queries.q.len()]);
    let product = (heads * tokens * tokens * dim) as f64 * if causal { 1.0 } else { 2.0 };
    println!("{tokens} tokens, {heads} heads ({kv_heads} of keys) of {dim}, causal {causal}, {threads} threads");
    let with_halves = |variant| {
        let halves = HalvesUnit::available(variant).into_iter().map(Some);
        std::iter::once(None).chain(halves).map(move |unit| (variant, unit))
    };
    for (variant, unit) in chosen.flat_map(with_halves) {
        without_amx(unit == Some(HalvesUnit::Dot));
        let precision = if unit.is_some() {
            Precision::Bf16
        } else {
            Precision::F32
        };
        let how = How {
            variant,
            threads,
            precision,
        };
        let (mut forwards, mut backwards) = (Vec::new(), Vec::new());
        for _ in 0..repeats {
            sums.forget();
            forwards.push(timed(threads, || sums.add(how, &shape, &queries, &keys)));
            let divided = sums.divide(&shape, &queries);
            backwards.push(timed(threads, || {
                gradients.add(how, &shape, &divided, &queries, &keys, &mut dq);
            }));
        }
        for (clock, of) in [("wall", 0), ("cpu", 1)] {
            let least = |times: &[[f64; 2]]| times.iter().map(|time| time[of]).fold(f64::INFINITY, f64::min);
            let (f, b) = (least(&forwards), least(&backwards));
            println!(
                "{:12} {clock:6} forward {:6.1} ms {:5.0} GFLOP/s, backward {:6.1} ms {:5.0} GFLOP/s, both {:5.0} GFLOP/s",
                unit.map_or(variant.name(), HalvesUnit::name),
                f * 1e3,
                2.0 * product / f / 1e9,
                b * 1e3,
                5.0 * product / b / 1e9,
                7.0 * product / (f + b) / 1e9,
            );
        }
    }
}

/// Seconds by the wall clock, and of processor time a thread.
fn timed(threads: usize, work: impl FnOnce()) -> [f64; 2] {
    let (wall, own) = (Instant::now(), processor_seconds());
    work();
    [
        wall.elapsed().as_secs_f64(),
        (processor_seconds() - own) / threads as f64,
    ]
}

#[cfg(target_os = "linux")]
fn processor_seconds() -> f64 {
    unsafe extern "C" {
        fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32;
    }
    const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;
    let mut time = [0i64; 2];
    // SAFETY: `time` is a timespec of a 64-bit system: two 64-bit integers.
    unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time[0] as f64 + time[1] as f64 / 1e9
}

#[cfg(not(target_os = "linux"))]
fn processor_seconds() -> f64 {
    f64::NAN
}
