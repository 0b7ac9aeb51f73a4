//! Forward: units of some query rows of one head, each against all keys. A row's result depends on nothing but the
//! order of the keys, so any thread may take any unit.

mod finish;
mod fold;
mod pack;
mod scratch;
mod unit;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use crate::api::{KeyValues, Outcome, Queries, Run, Shape, State};
use crate::entry::Entry;
use crate::pool;
use crate::reach::{KeySpan, Reach};
use crate::rows::Rows;
use crate::scratch::with_arena;
use crate::shared::Shared;

pub use scratch::Scratch;
pub use unit::unit;

/// Queries side by side in the lanes of a block: three vectors of AVX-512, a multiple of every panel width.
pub const BLOCK: usize = 48;
/// Keys folded in at once: their scores stay in the first cache.
pub const KEYS: usize = 96;
/// So many units at least, where the shape gives them, keep threads busy to the end.
const ENOUGH_UNITS: usize = 32;
/// Fewer with halves, whose keys and values are packed anew for each unit.
const ENOUGH_UNITS_OF_HALVES: usize = 8;

pub struct Forward<'a> {
    pub shape: Shape,
    pub scale: f32,
    pub q: Queries<'a>,
    pub kv: KeyValues<'a>,
    pub out: Shared<'a>,
    pub max: Shared<'a>,
    pub sum: Shared<'a>,
    pub cancelled: &'a AtomicBool,
    pub reach: Reach,
    /// Of each block of keys.
    pub key_spans: Vec<KeySpan>,
    pub blocks_a_unit: usize,
}

impl Forward<'_> {
    pub fn blocks(&self) -> usize {
        self.reach.spans.len()
    }

    /// Of a block of queries.
    pub fn query_rows(&self, head: usize, block: usize) -> Rows {
        Rows::of(head, block, BLOCK, self.q.positions.len())
    }

    fn units_a_head(&self) -> usize {
        self.blocks().div_ceil(self.blocks_a_unit)
    }

    /// The head and the blocks of queries of a unit. Late rows come first: where attention is causal they take longest.
    pub fn place(&self, unit: usize) -> (usize, std::ops::Range<usize>) {
        let first = (self.units_a_head() - 1 - unit / self.shape.heads) * self.blocks_a_unit;
        (
            unit % self.shape.heads,
            first..(first + self.blocks_a_unit).min(self.blocks()),
        )
    }
}

pub fn run(run: &Run, shape: &Shape, q: Queries, kv: KeyValues, state: State) -> Outcome {
    let entry = Entry::of(run);
    let reach = Reach::new(shape, q.positions, BLOCK);
    let enough = if entry.halves {
        ENOUGH_UNITS_OF_HALVES
    } else {
        ENOUGH_UNITS
    };
    let blocks_a_unit = (shape.heads * reach.spans.len() / enough).clamp(1, scratch::blocks_that_fit(shape.head_dim));
    let job = Forward {
        shape: *shape,
        scale: shape.scale(),
        q,
        kv,
        out: Shared::new(state.out),
        max: Shared::new(state.max),
        sum: Shared::new(state.sum),
        cancelled: run.cancelled,
        reach,
        key_spans: kv.positions.chunks(KEYS).map(KeySpan::of).collect(),
        blocks_a_unit,
    };
    let units = job.units_a_head() * shape.heads;
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    pool::run(run.threads.min(units), &|| {
        with_arena(|arena| {
            let scratch = Scratch::new(arena, &entry, shape.head_dim);
            loop {
                let unit = next.fetch_add(1, Relaxed);
                if unit >= units || stopped.load(Relaxed) {
                    return;
                }
                // SAFETY: the entry is one that the processor has (check.rs); each unit is drawn once, no two share rows.
                if unsafe { (entry.forward)(&job, &scratch, unit) } == Outcome::Cancelled {
                    stopped.store(true, Relaxed);
                }
            }
        });
    });
    if stopped.load(Relaxed) {
        Outcome::Cancelled
    } else {
        Outcome::Done
    }
}
