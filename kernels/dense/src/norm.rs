//! Root-mean-square normalisation (Zhang & Sennrich 2019): y = x / √(mean x² + ε) · gain.

use crate::level::{Level, levelled};
use crate::rows::{map_rows, map_rows_back, sum_of};

const EPSILON: f32 = 1e-6;

#[inline(always)]
fn inverse_of(x: &[f32]) -> f32 {
    1.0 / (sum_of(x.len(), |i| x[i] * x[i]) / x.len() as f32 + EPSILON).sqrt()
}

levelled! {
    fn forward_block(x: &[f32], gain: &[f32], y: &mut [f32]) {
        let width = gain.len();
        let gain = &gain[..width];
        for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
            let (x, y) = (&x[..width], &mut y[..width]);
            let inverse = inverse_of(x);
            for i in 0..width {
                y[i] = x[i] * inverse * gain[i];
            }
        }
    }
}

levelled! {
    /// `dx` holds dy and becomes the gradient of x; what the rows say of the gain is added to `dgain`.
    fn backward_block(x: &[f32], gain: &[f32], dx: &mut [f32], dgain: &mut [f32]) {
        let width = gain.len();
        let (gain, dgain) = (&gain[..width], &mut dgain[..width]);
        for (x, d) in x.chunks_exact(width).zip(dx.chunks_exact_mut(width)) {
            let (x, d) = (&x[..width], &mut d[..width]);
            let inverse = inverse_of(x);
            let along = sum_of(width, |i| d[i] * gain[i] * (x[i] * inverse)) / width as f32;
            for i in 0..width {
                let unit = x[i] * inverse;
                dgain[i] += d[i] * unit;
                d[i] = (d[i] * gain[i] - unit * along) * inverse;
            }
        }
    }
}

/// y of every row of x.
pub fn forward(level: Level, threads: usize, x: &[f32], gain: &[f32], y: &mut [f32]) {
    map_rows(level, threads, x, gain, y, forward_block);
}

/// Turns the gradient of y in `dx` into that of x, and adds that of the gain to `dgain`.
pub fn backward(level: Level, threads: usize, x: &[f32], gain: &[f32], dx: &mut [f32], dgain: &mut [f32]) {
    map_rows_back(level, threads, x, gain, dx, dgain, backward_block);
}
