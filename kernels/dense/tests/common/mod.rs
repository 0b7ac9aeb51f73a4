//! Numbers to compute with, and what they are held against.
#![allow(dead_code, reason = "each test file uses a part of it")]

/// The same numbers every time, between −1 and 1.
pub fn noise(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            ((state >> 40) as f32 / (1u64 << 23) as f32) - 1.0
        })
        .collect()
}

pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// a (rows × inner) · b (inner × columns) in float64.
pub fn product(a: &[f64], b: &[f64], inner: usize, columns: usize) -> Vec<f64> {
    let rows = a.len() / inner;
    let mut out = vec![0.0; rows * columns];
    for row in 0..rows {
        for i in 0..inner {
            for column in 0..columns {
                out[row * columns + column] += a[row * inner + i] * b[i * columns + column];
            }
        }
    }
    out
}

pub fn transpose<T: Copy>(values: &[T], columns: usize) -> Vec<T> {
    let rows = values.len() / columns;
    (0..columns)
        .flat_map(|column| (0..rows).map(move |row| values[row * columns + column]))
        .collect()
}

/// max |found − expected| ≤ `share` · max |expected|
pub fn assert_close(what: &str, found: &[f32], expected: &[f64], share: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    let error = found
        .iter()
        .zip(expected)
        .fold(0.0f64, |most, (a, b)| most.max((f64::from(*a) - b).abs()));
    assert!(error <= share * largest, "{what}: off by {error:e} of {largest:e}");
}
