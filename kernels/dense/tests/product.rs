//! Products against float64, whichever way their factors are stored, on any number of threads.

mod common;

use common::{assert_close, noise, product, transpose, wide};
use ringwatt_dense::{Operand, Product};

const SIZES: [(usize, usize, usize); 8] = [
    (1, 1, 1),
    (1, 300, 1),
    (7, 5, 3),
    (17, 64, 33),
    (128, 31, 257),
    (300, 260, 48),
    (2, 1030, 130),
    (513, 129, 65),
];

fn compute(size: (usize, usize, usize), flags: (bool, bool), start: Option<f32>, threads: usize) -> Vec<f32> {
    let (rows, inner, columns) = size;
    let (a, b) = (noise(1, rows * inner), noise(2, inner * columns));
    let stored_a = if flags.0 { transpose(&a, inner) } else { a };
    let stored_b = if flags.1 { transpose(&b, columns) } else { b };
    let mut out = vec![start.unwrap_or(f32::NAN); rows * columns];
    let product = Product {
        rows,
        inner,
        columns,
        accumulate: start.is_some(),
        threads,
    };
    let operand = |values, transposed| Operand { values, transposed };
    product
        .compute(operand(&stored_a, flags.0), operand(&stored_b, flags.1), &mut out)
        .unwrap();
    out
}

#[test]
fn is_the_sum_of_products() {
    for size @ (rows, inner, columns) in SIZES {
        let (a, b) = (noise(1, rows * inner), noise(2, inner * columns));
        let expected = product(&wide(&a), &wide(&b), inner, columns);
        for flags in [(false, false), (true, false), (false, true), (true, true)] {
            assert_close(
                &format!("{size:?} {flags:?}"),
                &compute(size, flags, None, 1),
                &expected,
                2e-6,
            );
            let more: Vec<f64> = expected.iter().map(|value| value + 3.0).collect();
            assert_close(
                &format!("{size:?} {flags:?} added"),
                &compute(size, flags, Some(3.0), 1),
                &more,
                2e-6,
            );
        }
    }
}

#[test]
fn has_the_same_bits_on_any_number_of_threads() {
    for size in SIZES.into_iter().chain([(2048, 256, 192), (192, 2048, 256)]) {
        for flags in [(false, false), (true, false), (false, true)] {
            let alone = compute(size, flags, Some(0.5), 1);
            for threads in [2, 3, 5, 8] {
                assert!(
                    alone == compute(size, flags, Some(0.5), threads),
                    "{size:?} {flags:?} on {threads}"
                );
            }
        }
    }
}

#[test]
fn without_an_inner_size_is_nothing() {
    assert_eq!(compute((2, 0, 3), (false, false), None, 2), [0.0; 6]);
    assert_eq!(compute((2, 0, 3), (false, false), Some(1.0), 1), [1.0; 6]);
    assert!(compute((0, 4, 3), (false, false), None, 1).is_empty());
}

#[test]
fn refuses_arrays_of_another_size() {
    let product = Product {
        rows: 2,
        inner: 3,
        columns: 4,
        accumulate: false,
        threads: 1,
    };
    let (a, b, mut out) = (vec![0.0; 6], vec![0.0; 11], vec![0.0; 8]);
    let plain = |values| Operand {
        values,
        transposed: false,
    };
    let error = product.compute(plain(&a), plain(&b), &mut out).unwrap_err();
    assert_eq!(error.to_string(), "b has 11 elements, not 3 × 4");
    let huge = Product {
        rows: usize::MAX,
        ..product
    };
    assert!(huge.compute(plain(&a), plain(&b), &mut out).is_err());
}
