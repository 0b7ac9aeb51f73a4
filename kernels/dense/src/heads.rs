//! Rows of a projection to heads × tokens × head_dim and back, turned by position on the way (rotary embedding, Su et
//! al. 2021): the first half of a head is the one coordinate of each pair, the second half the other.

use crate::level::{Level, levelled};
use crate::pool;
use crate::product::{SizeError, expect};
use crate::rows::each;
use crate::team::Team;

/// Some columns of some rows of a matrix, and the same numbers by head.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    pub rows: usize,
    pub columns: usize,
    /// The column that the heads begin at.
    pub at: usize,
    /// The token that the rows begin at.
    pub first: usize,
    pub tokens: usize,
    pub heads: usize,
    pub head_dim: usize,
}

/// Cosines and sines of all tokens: tokens × head_dim / 2.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    pub cos: &'a [f32],
    pub sin: &'a [f32],
}

levelled! {
    fn turn_row(from: &[f32], to: &mut [f32], cos: &[f32], sin: &[f32], back: f32) {
        let half = cos.len();
        let (x, y) = from.split_at(half);
        let (to_x, to_y) = to.split_at_mut(half);
        let (y, to_x, to_y, sin) = (&y[..half], &mut to_x[..half], &mut to_y[..half], &sin[..half]);
        for i in 0..half {
            let s = sin[i] * back;
            to_x[i] = x[i] * cos[i] - y[i] * s;
            to_y[i] = x[i] * s + y[i] * cos[i];
        }
    }
}

impl Move {
    fn check(&self, matrix: usize, by_head: usize, turn: Option<Turn>) -> Result<(), SizeError> {
        let Move {
            rows,
            columns,
            at,
            first,
            tokens,
            heads,
            head_dim,
        } = *self;
        expect("matrix", matrix, rows, columns)?;
        expect("byHead", by_head, heads.saturating_mul(tokens), head_dim)?;
        if head_dim == 0 || at.saturating_add(heads.saturating_mul(head_dim)) > columns {
            return Err(SizeError(format!(
                "{heads} heads of {head_dim} at column {at} do not lie in {columns} columns"
            )));
        }
        if first.saturating_add(rows) > tokens {
            return Err(SizeError(format!(
                "{rows} rows from token {first} are more than {tokens} tokens"
            )));
        }
        if let Some(Turn { cos, sin }) = turn {
            if !head_dim.is_multiple_of(2) {
                return Err(SizeError(format!(
                    "headDim is {head_dim}: only an even one can be turned"
                )));
            }
            expect("cos", cos.len(), tokens, head_dim / 2)?;
            expect("sin", sin.len(), tokens, head_dim / 2)?;
        }
        Ok(())
    }

    /// Where row `row` of head `head` lies in the matrix.
    fn place(&self, head: usize, row: usize) -> std::ops::Range<usize> {
        let start = row * self.columns + self.at + head * self.head_dim;
        start..start + self.head_dim
    }
}

fn carry(level: Level, from: &[f32], to: &mut [f32], token: usize, turn: Option<Turn>, back: f32) {
    match turn {
        None => to.copy_from_slice(from),
        Some(Turn { cos, sin }) => {
            let half = from.len() / 2;
            let angles = token * half..(token + 1) * half;
            turn_row(level, from, to, &cos[angles.clone()], &sin[angles], back);
        }
    }
}

/// Writes rows `first …` of every head.
pub fn to_heads(
    team: Team,
    shape: Move,
    matrix: &[f32],
    by_head: &mut [f32],
    turn: Option<Turn>,
) -> Result<(), SizeError> {
    shape.check(matrix.len(), by_head.len(), turn)?;
    let Team { level, threads } = team;
    let heads = by_head
        .chunks_mut((shape.tokens * shape.head_dim).max(1))
        .enumerate()
        .collect();
    pool::within(threads, || {
        each(threads, heads, |(head, rows): (usize, &mut [f32])| {
            let rows = rows[shape.first * shape.head_dim..]
                .chunks_exact_mut(shape.head_dim)
                .take(shape.rows);
            for (row, to) in rows.enumerate() {
                carry(level, &matrix[shape.place(head, row)], to, shape.first + row, turn, 1.0);
            }
        });
    });
    Ok(())
}

/// Writes the heads' columns of the matrix; turns back, which is the gradient of turning.
pub fn from_heads(
    team: Team,
    shape: Move,
    by_head: &[f32],
    matrix: &mut [f32],
    turn: Option<Turn>,
) -> Result<(), SizeError> {
    shape.check(matrix.len(), by_head.len(), turn)?;
    let Team { level, threads } = team;
    const ROWS: usize = 64;
    let blocks = matrix.chunks_mut((ROWS * shape.columns).max(1)).enumerate().collect();
    pool::within(threads, || {
        each(threads, blocks, |(block, matrix): (usize, &mut [f32])| {
            for row in 0..matrix.len() / shape.columns {
                let token = shape.first + block * ROWS + row;
                for head in 0..shape.heads {
                    let start = (head * shape.tokens + token) * shape.head_dim;
                    let from = &by_head[start..start + shape.head_dim];
                    carry(level, from, &mut matrix[shape.place(head, row)], token, turn, -1.0);
                }
            }
        });
    });
    Ok(())
}
