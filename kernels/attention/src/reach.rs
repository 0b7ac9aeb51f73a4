//! Which keys count for which queries. Positions may come in any order (contiguous, zigzag, striped): a tile is judged
//! by the least and greatest of its positions, so that whole tiles are skipped or need no mask.

use crate::api::Shape;

/// The positions that a query sees, low ≤ position ≤ high; padding sees none, and a padded key (−1) is below any low.
pub struct Reach {
    pub low: Vec<i32>,
    pub high: Vec<i32>,
    /// Of each block of queries together.
    pub spans: Vec<QuerySpan>,
}

impl Reach {
    /// Made longer to whole blocks of `block` by queries that see nothing.
    pub fn new(shape: &Shape, positions: &[i32], block: usize) -> Reach {
        let window = shape.window.map(|window| i64::from(window) - 1);
        let (mut low, mut high): (Vec<i32>, Vec<i32>) = positions
            .iter()
            .map(|&position| {
                if position < 0 {
                    return (i32::MAX, i32::MIN);
                }
                let back = window.map_or(0, |back| (i64::from(position) - back).max(0));
                let ahead = match (shape.causal, window) {
                    (true, _) => i64::from(position),
                    (false, Some(ahead)) => (i64::from(position) + ahead).min(i64::from(i32::MAX)),
                    (false, None) => i64::from(i32::MAX),
                };
                (back as i32, ahead as i32)
            })
            .unzip();
        let length = positions.len().next_multiple_of(block);
        low.resize(length, i32::MAX);
        high.resize(length, i32::MIN);
        let blocks = low.chunks(block).zip(high.chunks(block));
        let spans = blocks.map(|(low, high)| QuerySpan::of(low, high)).collect();
        Reach { low, high, spans }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct QuerySpan {
    least_low: i32,
    most_low: i32,
    least_high: i32,
    most_high: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    None,
    Partial,
    All,
}

impl QuerySpan {
    fn of(low: &[i32], high: &[i32]) -> QuerySpan {
        let mut span = QuerySpan {
            least_low: i32::MAX,
            most_low: i32::MIN,
            least_high: i32::MAX,
            most_high: i32::MIN,
        };
        for (&low, &high) in low.iter().zip(high) {
            // Padded rows neither need a tile nor a mask: their results are dropped, or are 0 without one.
            if low <= high {
                span.least_low = span.least_low.min(low);
                span.most_low = span.most_low.max(low);
                span.least_high = span.least_high.min(high);
                span.most_high = span.most_high.max(high);
            }
        }
        span
    }

    /// Whether a key at this position may count for some query of the span.
    #[inline(always)]
    pub fn may_see(&self, position: i32) -> bool {
        self.least_low <= position && position <= self.most_high
    }

    /// How these queries see keys of these positions.
    pub fn coverage(&self, keys: &KeySpan) -> Coverage {
        if keys.greatest < self.least_low || self.most_high < keys.least_valid {
            Coverage::None
        } else if self.most_low <= keys.least && keys.greatest <= self.least_high {
            Coverage::All
        } else {
            Coverage::Partial
        }
    }
}

/// Least and greatest position of some keys; `least` is −1 where one of them is padding.
#[derive(Clone, Copy, Debug)]
pub struct KeySpan {
    pub least: i32,
    pub least_valid: i32,
    pub greatest: i32,
}

impl KeySpan {
    pub fn of(positions: &[i32]) -> KeySpan {
        let mut span = KeySpan {
            least: i32::MAX,
            least_valid: i32::MAX,
            greatest: -1,
        };
        for &position in positions {
            span.least = span.least.min(position);
            span.greatest = span.greatest.max(position);
            if position >= 0 {
                span.least_valid = span.least_valid.min(position);
            }
        }
        span
    }

    pub fn has_padding(&self) -> bool {
        self.least < 0
    }
}
