//! Every segment against its formula in float64, and its gradient against that formula's finite differences; the same
//! bits at every level and on any number of threads.

mod common;

use common::{assert_close, noise, product, wide};
use ringwatt_dense::{Embedding, Head, Level, Mlp, MlpGradients, Projection, Team};

const ROWS: usize = 131;
const CHANNELS: usize = 5;
const WIDTH: usize = 19;
const COLUMNS: usize = 23;
const HIDDEN: usize = 37;

/// Every level here, alone and with threads; the first is what the others are compared with.
fn teams() -> Vec<Team> {
    let levels = Level::available();
    levels
        .into_iter()
        .flat_map(|level| [1, 3].map(|threads| Team { level, threads }))
        .collect()
}

fn normalise(x: &[f64], gain: &[f64]) -> Vec<f64> {
    let width = gain.len();
    x.chunks(width)
        .flat_map(|row| {
            let inverse = 1.0 / (row.iter().map(|v| v * v).sum::<f64>() / width as f64 + 1e-6).sqrt();
            row.iter()
                .zip(gain)
                .map(move |(v, g)| v * inverse * g)
                .collect::<Vec<_>>()
        })
        .collect()
}

fn gelu(z: f64) -> f64 {
    z / (1.0 + (-1.702 * z).exp())
}

fn plus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b.iter().cycle()).map(|(a, b)| a + b).collect()
}

fn project(args: &[Vec<f64>]) -> Vec<f64> {
    product(&normalise(&args[0], &args[1]), &args[2], WIDTH, COLUMNS)
}

fn embed(args: &[Vec<f64>]) -> Vec<f64> {
    plus(&product(&args[0], &args[1], CHANNELS, WIDTH), &args[2])
}

fn think(args: &[Vec<f64>]) -> Vec<f64> {
    let [x, attended, out, gain, inward, bias, outward] = args else {
        panic!("seven arguments")
    };
    let mixed = plus(x, &product(attended, out, WIDTH, WIDTH));
    let before = plus(&product(&normalise(&mixed, gain), inward, WIDTH, HIDDEN), bias);
    let after: Vec<f64> = before.into_iter().map(gelu).collect();
    plus(&mixed, &product(&after, outward, HIDDEN, WIDTH))
}

/// Σ dy·y of a formula.
fn along(formula: fn(&[Vec<f64>]) -> Vec<f64>, args: &[Vec<f64>], dy: &[f64]) -> f64 {
    formula(args).iter().zip(dy).map(|(y, d)| y * d).sum()
}

/// The gradient of argument `which` at some of its elements, by central differences; NaN at the others.
fn differences(formula: fn(&[Vec<f64>]) -> Vec<f64>, args: &[Vec<f64>], dy: &[f64], which: usize) -> Vec<f64> {
    let step = 1e-5;
    let count = args[which].len();
    (0..count)
        .map(|i| {
            if count > 60 && i % (count / 40) != 0 {
                return f64::NAN;
            }
            let mut moved = args.to_vec();
            moved[which][i] += step;
            let above = along(formula, &moved, dy);
            moved[which][i] -= 2.0 * step;
            (above - along(formula, &moved, dy)) / (2.0 * step)
        })
        .collect()
}

/// Where differences were taken; what gradients were added to is taken off again.
fn assert_gradient(what: &str, found: &[f32], before: f32, expected: &[f64]) {
    let (found, expected): (Vec<f32>, Vec<f64>) = found
        .iter()
        .zip(expected)
        .filter(|(_, e)| !e.is_nan())
        .map(|(f, e)| (f - before, *e))
        .unzip();
    assert!(!found.is_empty());
    assert_close(what, &found, &expected, 1e-4);
}

const BEFORE: f32 = 0.25;

fn sums<const COUNT: usize>(lengths: [usize; COUNT]) -> [Vec<f32>; COUNT] {
    lengths.map(|length| vec![BEFORE; length])
}

fn arguments(lengths: &[usize]) -> (Vec<Vec<f32>>, Vec<Vec<f64>>) {
    let narrow: Vec<_> = lengths
        .iter()
        .enumerate()
        .map(|(i, &length)| noise(i as u64 + 7, length))
        .collect();
    let widened = narrow.iter().map(|values| wide(values)).collect();
    (narrow, widened)
}

#[test]
fn a_projection_is_its_formula() {
    let (args, wide_args) = arguments(&[ROWS * WIDTH, WIDTH, WIDTH * COLUMNS]);
    let dy = noise(3, ROWS * COLUMNS);
    let projection = Projection {
        x: &args[0],
        gain: &args[1],
        weights: &args[2],
    };
    let mut first: Option<(Vec<f32>, [Vec<f32>; 3])> = None;
    for team in teams() {
        let mut y = vec![f32::NAN; ROWS * COLUMNS];
        projection.forward(team, &mut y, false).unwrap();
        let mut sums = sums([ROWS * WIDTH, WIDTH, WIDTH * COLUMNS]);
        let [dx, dgain, dweights] = &mut sums;
        projection.backward(team, &dy, dx, dgain, dweights).unwrap();
        let first = first.get_or_insert_with(|| (y.clone(), sums.clone()));
        assert!((&first.0, &first.1) == (&y, &sums), "other bits with {team:?}");
    }
    let (y, sums) = first.unwrap();
    assert_close("y", &y, &project(&wide_args), 2e-6);
    for (which, sum) in sums.iter().enumerate() {
        let expected = differences(project, &wide_args, &wide(&dy), which);
        assert_gradient(&format!("argument {which}"), sum, BEFORE, &expected);
    }
}

#[test]
fn an_embedding_is_its_formula() {
    let (args, wide_args) = arguments(&[ROWS * CHANNELS, CHANNELS * WIDTH, WIDTH]);
    let dy = noise(3, ROWS * WIDTH);
    let embedding = Embedding {
        inputs: &args[0],
        channels: CHANNELS,
        width: WIDTH,
    };
    let mut first: Option<(Vec<f32>, [Vec<f32>; 2])> = None;
    for team in teams() {
        let mut y = vec![f32::NAN; ROWS * WIDTH];
        embedding.forward(team, &args[1], &args[2], &mut y).unwrap();
        let mut sums = sums([CHANNELS * WIDTH, WIDTH]);
        let [dweights, dregion] = &mut sums;
        embedding.backward(team, &dy, dweights, dregion).unwrap();
        let first = first.get_or_insert_with(|| (y.clone(), sums.clone()));
        assert!((&first.0, &first.1) == (&y, &sums), "other bits with {team:?}");
    }
    let (y, sums) = first.unwrap();
    assert_close("y", &y, &embed(&wide_args), 2e-6);
    for (which, sum) in sums.iter().enumerate() {
        let expected = differences(embed, &wide_args, &wide(&dy), which + 1);
        assert_gradient(&format!("argument {}", which + 1), sum, BEFORE, &expected);
    }
}

#[test]
fn an_mlp_is_its_formula() {
    let lengths = [
        ROWS * WIDTH,
        ROWS * WIDTH,
        WIDTH * WIDTH,
        WIDTH,
        WIDTH * HIDDEN,
        HIDDEN,
        HIDDEN * WIDTH,
    ];
    let (args, wide_args) = arguments(&lengths);
    let [x, attended, out, gain, inward, bias, outward] = args.as_slice() else {
        panic!("seven arguments")
    };
    let dy = noise(3, ROWS * WIDTH);
    let mlp = Mlp {
        out,
        gain,
        inward,
        bias,
        outward,
    };
    let mut first: Option<(Vec<f32>, [Vec<f32>; 7])> = None;
    for team in teams() {
        let mut y = vec![f32::NAN; ROWS * WIDTH];
        mlp.forward(team, x, attended, &mut y).unwrap();
        let mut sums = sums(lengths);
        let [dx, dattended, out, gain, inward, bias, outward] = &mut sums;
        let gradients = MlpGradients {
            out,
            gain,
            inward,
            bias,
            outward,
        };
        mlp.backward(team, x, attended, &dy, dx, dattended, gradients).unwrap();
        let first = first.get_or_insert_with(|| (y.clone(), sums.clone()));
        assert!((&first.0, &first.1) == (&y, &sums), "other bits with {team:?}");
    }
    let (y, sums) = first.unwrap();
    assert_close("y", &y, &think(&wide_args), 2e-6);
    for (which, sum) in sums.iter().enumerate() {
        let expected = differences(think, &wide_args, &wide(&dy), which);
        assert_gradient(&format!("argument {which}"), sum, BEFORE, &expected);
    }
}

#[test]
fn a_head_adds_its_two_ways() {
    let (args, w) = arguments(&[
        ROWS * WIDTH,
        WIDTH,
        WIDTH * COLUMNS,
        COLUMNS,
        ROWS * CHANNELS,
        CHANNELS * COLUMNS,
    ]);
    let head = Head {
        trunk: Projection {
            x: &args[0],
            gain: &args[1],
            weights: &args[2],
        },
        direct: Embedding {
            inputs: &args[4],
            channels: CHANNELS,
            width: COLUMNS,
        },
    };
    let mut y = vec![f32::NAN; ROWS * COLUMNS];
    head.forward(teams()[0], &args[3], &args[5], &mut y).unwrap();
    let direct = plus(&product(&w[4], &w[5], CHANNELS, COLUMNS), &w[3]);
    assert_close("y", &y, &plus(&project(&w[..3]), &direct), 2e-6);
}

#[test]
fn gelu_ends_at_its_limits() {
    // Through an MLP that lets each number through unchanged: hidden = width = 1.
    let team = teams()[0];
    for (bias, expected) in [(200.0f32, 200.0), (-200.0, 0.0), (60.0, 60.0), (-60.0, 0.0), (0.0, 0.0)] {
        let mlp = Mlp {
            out: &[0.0],
            gain: &[0.0],
            inward: &[1.0],
            bias: &[bias],
            outward: &[1.0],
        };
        let mut y = [f32::NAN];
        mlp.forward(team, &[0.0], &[0.0], &mut y).unwrap();
        assert!(
            (f64::from(y[0]) - expected).abs() < 1e-30 || y[0] == expected as f32,
            "{bias}: {}",
            y[0]
        );
    }
}

#[test]
fn refuses_arrays_of_another_size() {
    let team = teams()[0];
    let (values, mut y) = (vec![0.0; 12], vec![0.0; 12]);
    let projection = Projection {
        x: &values,
        gain: &values[..5],
        weights: &values[..10],
    };
    assert_eq!(
        projection.forward(team, &mut y, false).unwrap_err().to_string(),
        "x has 12 elements, not rows of 5"
    );
    let projection = Projection {
        x: &values,
        gain: &values[..4],
        weights: &values[..8],
    };
    assert_eq!(
        projection.forward(team, &mut y, false).unwrap_err().to_string(),
        "y has 12 elements, not 3 × 2"
    );
    let empty = Projection {
        x: &values,
        gain: &[],
        weights: &[],
    };
    assert!(empty.forward(team, &mut y, false).is_err());
    let mlp = Mlp {
        out: &values[..9],
        gain: &values[..3],
        inward: &[],
        bias: &[],
        outward: &[],
    };
    assert_eq!(
        mlp.forward(team, &values, &values, &mut y).unwrap_err().to_string(),
        "bias is empty"
    );
}
