//! GELU by the logistic function (Hendrycks & Gimpel 2016) of x + bias: z·σ(1.702·z).

use crate::level::{Level, levelled};
use crate::rows::{map_rows, map_rows_back};

const STEEPNESS: f32 = 1.702;

/// eˣ to 2 units in the last place, without branches. Beyond ±87 it stays at e^±87: σ is 0 or 1 there.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Adding 1.5·2²³ rounds to a whole number and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 87.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let whole = rounded - ROUND;
    let rest = x - whole * LN_2_HIGH - whole * LN_2_LOW;
    let series = 1.987_569_1e-4;
    let series = series * rest + 1.398_199_9e-3;
    let series = series * rest + 8.333_452e-3;
    let series = series * rest + 4.166_579_6e-2;
    let series = series * rest + 0.166_666_65;
    let series = series * rest + 0.5;
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    (series * rest * rest + rest + 1.0) * power
}

#[inline(always)]
fn gate(z: f32) -> f32 {
    1.0 / (1.0 + exp(-STEEPNESS * z))
}

levelled! {
    fn forward_block(x: &[f32], bias: &[f32], y: &mut [f32]) {
        let width = bias.len();
        for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
            for i in 0..width {
                let z = x[i] + bias[i];
                y[i] = z * gate(z);
            }
        }
    }
}

levelled! {
    /// `dx` holds dy and becomes the gradient of x; its columns are added to `dbias`.
    fn backward_block(x: &[f32], bias: &[f32], dx: &mut [f32], dbias: &mut [f32]) {
        let width = bias.len();
        let (bias, dbias) = (&bias[..width], &mut dbias[..width]);
        for (x, d) in x.chunks_exact(width).zip(dx.chunks_exact_mut(width)) {
            for i in 0..width {
                let z = x[i] + bias[i];
                let s = gate(z);
                d[i] *= s * (1.0 + STEEPNESS * z * (1.0 - s));
                dbias[i] += d[i];
            }
        }
    }
}

/// y of every row of x.
pub fn forward(level: Level, threads: usize, x: &[f32], bias: &[f32], y: &mut [f32]) {
    map_rows(level, threads, x, bias, y, forward_block);
}

/// Turns the gradient of y in `dx` into that of x, and adds that of the bias to `dbias`.
pub fn backward(level: Level, threads: usize, x: &[f32], bias: &[f32], dx: &mut [f32], dbias: &mut [f32]) {
    map_rows_back(level, threads, x, bias, dx, dbias, backward_block);
}
