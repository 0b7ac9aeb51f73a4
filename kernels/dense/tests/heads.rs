//! Rows to heads and back: where each number goes, and that turning back undoes turning.

mod common;

use common::noise;
use ringwatt_dense::{Level, Move, Team, Turn, from_heads, to_heads};

const SHAPE: Move = Move {
    rows: 70,
    columns: 30,
    at: 6,
    first: 3,
    tokens: 75,
    heads: 4,
    head_dim: 6,
};

fn teams() -> Vec<Team> {
    Level::available()
        .into_iter()
        .flat_map(|level| [1, 2].map(|threads| Team { level, threads }))
        .collect()
}

#[test]
fn moves_each_number_to_its_place() {
    let matrix = noise(1, SHAPE.rows * SHAPE.columns);
    for team in teams() {
        let mut by_head = vec![7.0; SHAPE.heads * SHAPE.tokens * SHAPE.head_dim];
        to_heads(team, SHAPE, &matrix, &mut by_head, None).unwrap();
        for head in 0..SHAPE.heads {
            for token in 0..SHAPE.tokens {
                for i in 0..SHAPE.head_dim {
                    let found = by_head[(head * SHAPE.tokens + token) * SHAPE.head_dim + i];
                    let inside = (SHAPE.first..SHAPE.first + SHAPE.rows).contains(&token);
                    let at = |row: usize| matrix[row * SHAPE.columns + SHAPE.at + head * SHAPE.head_dim + i];
                    assert_eq!(found, if inside { at(token - SHAPE.first) } else { 7.0 });
                }
            }
        }
        let mut back = vec![9.0; matrix.len()];
        from_heads(team, SHAPE, &by_head, &mut back, None).unwrap();
        for (at, (found, was)) in back.iter().zip(&matrix).enumerate() {
            let column = at % SHAPE.columns;
            assert_eq!(*found, if column < SHAPE.at { 9.0 } else { *was });
        }
    }
}

#[test]
fn turns_pairs_and_turns_them_back() {
    let matrix = noise(1, SHAPE.rows * SHAPE.columns);
    let half = SHAPE.head_dim / 2;
    let angles: Vec<f32> = noise(2, SHAPE.tokens * half).iter().map(|angle| angle * 3.0).collect();
    let (cos, sin): (Vec<f32>, Vec<f32>) = angles.iter().map(|angle| (angle.cos(), angle.sin())).unzip();
    let turn = Some(Turn { cos: &cos, sin: &sin });
    for team in teams() {
        let mut by_head = vec![0.0; SHAPE.heads * SHAPE.tokens * SHAPE.head_dim];
        to_heads(team, SHAPE, &matrix, &mut by_head, turn).unwrap();
        let (head, row, pair) = (2, 40, 1);
        let from = row * SHAPE.columns + SHAPE.at + head * SHAPE.head_dim;
        let (x, y) = (matrix[from + pair], matrix[from + half + pair]);
        let angle = (SHAPE.first + row) * half + pair;
        let to = (head * SHAPE.tokens + SHAPE.first + row) * SHAPE.head_dim;
        assert!((by_head[to + pair] - (x * cos[angle] - y * sin[angle])).abs() < 1e-6);
        assert!((by_head[to + half + pair] - (x * sin[angle] + y * cos[angle])).abs() < 1e-6);
        let mut back = matrix.clone();
        from_heads(team, SHAPE, &by_head, &mut back, turn).unwrap();
        for (found, was) in back.iter().zip(&matrix) {
            assert!((found - was).abs() < 1e-6);
        }
    }
}

#[test]
fn refuses_what_does_not_fit() {
    let team = teams()[0];
    let matrix = noise(1, SHAPE.rows * SHAPE.columns);
    let mut by_head = vec![0.0; SHAPE.heads * SHAPE.tokens * SHAPE.head_dim];
    let mut refused = |shape: Move, turn: Option<Turn>| {
        to_heads(team, shape, &matrix, &mut by_head, turn)
            .expect_err("it does not fit")
            .to_string()
    };
    assert_eq!(
        refused(Move { first: 6, ..SHAPE }, None),
        "70 rows from token 6 are more than 75 tokens"
    );
    assert_eq!(
        refused(Move { at: 7, ..SHAPE }, None),
        "4 heads of 6 at column 7 do not lie in 30 columns"
    );
    assert_eq!(
        refused(Move { rows: 71, ..SHAPE }, None),
        "matrix has 2100 elements, not 71 × 30"
    );
    let turn = Turn {
        cos: &[1.0],
        sin: &[0.0],
    };
    assert_eq!(refused(SHAPE, Some(turn)), "cos has 1 elements, not 75 × 3");
}
