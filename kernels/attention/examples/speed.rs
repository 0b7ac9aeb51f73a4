//! GFLOP/s of forward and backward: `speed [tokens heads kv_heads head_dim threads causal repeats variant...]`.
//! Counted as 2 and 5 products of tokens² × head_dim a head, half of it where causal; the least of all repeats, by the
//! wall clock and by processor time divided by the threads, which other processes disturb less.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use ringwatt_attention::{
    Gradients, HalvesUnit, KeyValues, NO_SCORE, OutputGradient, Precision, Queries, Run, Shape, State, Variant,
    backward, forward, without_amx,
};

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
    let mut seed = 1u32;
    let mut random = |len: usize| -> Vec<f32> {
        (0..len)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    };
    let (q, d_out) = (random(heads * tokens * dim), random(heads * tokens * dim));
    let (k, v) = (random(kv_heads * tokens * dim), random(kv_heads * tokens * dim));
    let positions: Vec<i32> = (0..tokens as i32).collect();
    let (mut out, mut max, mut sum) = (q.clone(), vec![0.0; heads * tokens], vec![0.0f32; heads * tokens]);
    let (mut dq, mut dk, mut dv) = (q.clone(), k.clone(), v.clone());
    let cancelled = AtomicBool::new(false);
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
        let run = Run {
            variant,
            threads,
            precision,
            cancelled: &cancelled,
        };
        let (queries, kv) = (
            Queries {
                q: &q,
                positions: &positions,
            },
            KeyValues {
                k: &k,
                v: &v,
                positions: &positions,
            },
        );
        let (mut forwards, mut backwards) = (Vec::new(), Vec::new());
        for _ in 0..repeats {
            out.fill(0.0);
            max.fill(NO_SCORE);
            sum.fill(0.0);
            forwards.push(timed(threads, || {
                let state = State {
                    out: &mut out,
                    max: &mut max,
                    sum: &mut sum,
                };
                forward(&run, &shape, queries, kv, state).expect("shapes fit");
            }));
            let lse: Vec<f32> = max.iter().zip(&sum).map(|(max, sum)| max + sum.ln()).collect();
            let delta: Vec<f32> = (0..lse.len())
                .map(|row| {
                    (0..dim)
                        .map(|c| out[row * dim + c] / sum[row] * d_out[row * dim + c])
                        .sum()
                })
                .collect();
            backwards.push(timed(threads, || {
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
                backward(&run, &shape, output, queries, kv, gradients).expect("shapes fit");
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
