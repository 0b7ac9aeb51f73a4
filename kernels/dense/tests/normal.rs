//! Normal equations and their solution: the bits of plain loops in the order that src/forecasters/ridge adds up in, on
//! every level.

mod common;

use common::{noise, wide};
use ringwatt_dense::{Level, Regression, solve_positive};

const GROUP: usize = 4;

fn numbers(seed: u64, count: usize) -> Vec<f64> {
    // Products of two have more digits than float64 keeps, so that an order of sums shows.
    let (a, b) = (wide(&noise(seed, count)), wide(&noise(seed + 100, count)));
    a.iter().zip(b).map(|(a, b)| a * b + a / 3.0).collect()
}

fn weights(seed: u64, count: usize) -> Vec<f64> {
    let drawn = numbers(seed, count).into_iter().enumerate();
    drawn
        .map(|(i, value)| if i % 5 == 3 { 0.0 } else { value.abs() })
        .collect()
}

/// The whole of XᵀWX, and XᵀWy, four rows at a time.
fn plain(r: &Regression) -> (Vec<f64>, Vec<f64>) {
    let (rows, width) = (r.y.len(), r.width);
    let mut gram = vec![0.0; width * width];
    let mut moment = vec![0.0; width];
    for first in (0..rows).step_by(GROUP) {
        let group = first..(first + GROUP).min(rows);
        for j in 0..width {
            let scaled = |i: usize| r.weights[i] * r.x[i * width + j];
            let sum = |value: &dyn Fn(usize) -> f64| {
                group
                    .clone()
                    .map(|i| scaled(i) * value(i))
                    .reduce(|a, b| a + b)
                    .unwrap()
            };
            for k in 0..=j {
                let value = sum(&|i| r.x[i * width + k]);
                gram[j * width + k] += value;
                gram[k * width + j] = gram[j * width + k];
            }
            moment[j] += sum(&|i| r.y[i]);
        }
    }
    (gram, moment)
}

/// By rows of the lower factor, sums of even and odd places apart.
fn plain_solution(a: &[f64], b: &[f64]) -> Vec<f64> {
    let n = b.len();
    let mut factor = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            let mut sums = [0.0; 2];
            for k in 0..column {
                sums[k % 2] += factor[row * n + k] * factor[column * n + k];
            }
            let left = a[row * n + column] - sums[0] - sums[1];
            factor[row * n + column] = if column < row {
                left / factor[column * n + column]
            } else {
                left.max(1e-12).sqrt()
            };
        }
    }
    let mut x = b.to_vec();
    for row in 0..n {
        for k in 0..row {
            x[row] -= factor[row * n + k] * x[k];
        }
        x[row] /= factor[row * n + row];
    }
    for row in (0..n).rev() {
        for k in row + 1..n {
            x[row] -= factor[k * n + row] * x[k];
        }
        x[row] /= factor[row * n + row];
    }
    x
}

#[test]
fn have_the_bits_of_plain_loops() {
    for level in Level::available() {
        for (rows, width) in [
            (1, 1),
            (1, 70),
            (2, 3),
            (5, 24),
            (7, 25),
            (127, 23),
            (128, 8),
            (131, 49),
            (513, 70),
        ] {
            let (x, y, weights) = (numbers(1, rows * width), numbers(2, rows), weights(3, rows));
            let regression = Regression {
                x: &x,
                y: &y,
                weights: &weights,
                width,
            };
            let (expected, expected_moment) = plain(&regression);
            let mut gram = vec![f64::NAN; width * width];
            let mut moment = vec![f64::NAN; width];
            regression.normal_equations(level, &mut gram, &mut moment).unwrap();
            assert_eq!(moment, expected_moment, "{level:?} {rows} × {width}");
            for row in 0..width {
                let upper = row * width + row..(row + 1) * width;
                assert_eq!(
                    gram[upper.clone()],
                    expected[upper],
                    "{level:?} {rows} × {width}, row {row}"
                );
            }
        }
    }
}

#[test]
fn solve_with_the_bits_of_plain_loops() {
    for level in Level::available() {
        for size in (1..30).chain([47, 48, 49, 70]) {
            let (x, y, weights) = (numbers(4, 2 * size * size), numbers(5, 2 * size), weights(6, 2 * size));
            let regression = Regression {
                x: &x,
                y: &y,
                weights: &weights,
                width: size,
            };
            let (mut a, b) = plain(&regression);
            for j in 0..size {
                a[j * size + j] += 0.1;
            }
            let mut found = vec![f64::NAN; size];
            solve_positive(level, &a, &b, &mut found).unwrap();
            assert_eq!(found, plain_solution(&a, &b), "{level:?} {size}");
        }
    }
}

#[test]
fn of_nothing_are_nothing() {
    let regression = Regression {
        x: &[],
        y: &[],
        weights: &[],
        width: 2,
    };
    let (mut gram, mut moment) = ([f64::NAN; 4], [f64::NAN; 2]);
    regression
        .normal_equations(Level::best(), &mut gram, &mut moment)
        .unwrap();
    assert_eq!((gram[0], gram[1], gram[3], moment), (0.0, 0.0, 0.0, [0.0; 2]));
    solve_positive(Level::best(), &[], &[], &mut []).unwrap();
}

#[test]
fn refuse_arrays_of_another_size() {
    let regression = Regression {
        x: &[0.0; 6],
        y: &[0.0; 3],
        weights: &[0.0; 2],
        width: 2,
    };
    let error = regression
        .normal_equations(Level::best(), &mut [0.0; 4], &mut [0.0; 2])
        .unwrap_err();
    assert_eq!(error.to_string(), "weights has 2 elements, not 3 × 1");
    let error = solve_positive(Level::best(), &[0.0; 8], &[0.0; 3], &mut [0.0; 3]).unwrap_err();
    assert_eq!(error.to_string(), "a has 8 elements, not 3 × 3");
}
