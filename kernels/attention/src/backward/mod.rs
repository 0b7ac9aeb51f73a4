//! Backward: units of some keys of one key head, each against all queries of the head's group. A unit keeps its own dk
//! and dv; dq is shared by all units of a key head, so they add to it in the order of their keys, each behind the one
//! before: any number of threads gives the same bits, without a copy of dq for each.

mod keys;
mod order;
mod pack;
mod queries;
mod scores;
mod scratch;
mod unit;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::api::{Gradients, KeyValues, Outcome, OutputGradient, Queries, Run, Shape};
use crate::entry::Entry;
use crate::pool;
use crate::reach::Reach;
use crate::rows::Rows;
use crate::scratch::with_arena;
use crate::shared::Shared;
use order::Order;

pub use order::Place;
pub use scratch::Scratch;
pub use unit::unit;

/// Rows of queries taken at a time; a multiple of every tile's rows.
pub const BLOCK: usize = 48;
/// Keys of a unit; a multiple of every panel width.
pub const KEYS: usize = 192;

pub struct Backward<'a> {
    pub shape: Shape,
    pub scale: f32,
    pub output: OutputGradient<'a>,
    pub q: Queries<'a>,
    pub kv: KeyValues<'a>,
    pub dq: Shared<'a>,
    pub dk: Shared<'a>,
    pub dv: Shared<'a>,
    pub cancelled: &'a AtomicBool,
    pub reach: Reach,
    pub order: Order,
}

pub fn run(
    run: &Run,
    shape: &Shape,
    output: OutputGradient,
    q: Queries,
    kv: KeyValues,
    gradients: Gradients,
) -> Outcome {
    let entry = Entry::of(run);
    let reach = Reach::new(shape, q.positions, BLOCK);
    let units_a_head = kv.positions.len().div_ceil(KEYS);
    let job = Backward {
        shape: *shape,
        scale: shape.scale(),
        output,
        q,
        kv,
        dq: Shared::new(gradients.dq),
        dk: Shared::new(gradients.dk),
        dv: Shared::new(gradients.dv),
        cancelled: run.cancelled,
        reach,
        order: Order::new(shape.kv_heads, units_a_head),
    };
    let threads = run.threads.min(shape.kv_heads * units_a_head);
    pool::run(threads, &|| {
        with_arena(|arena| {
            let scratch = Scratch::new(arena, &entry, shape.head_dim);
            while let Some(place) = job.order.draw() {
                // SAFETY: the entry is one that the processor has (check.rs); each unit is drawn once, no two share keys,
                // and writes to dq wait for `order`.
                match unsafe { (entry.backward)(&job, &scratch, place) } {
                    Outcome::Done => job.order.finish(place),
                    Outcome::Cancelled => job.order.stop(),
                }
            }
        });
    });
    if job.order.stopped() {
        Outcome::Cancelled
    } else {
        Outcome::Done
    }
}

impl Backward<'_> {
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Relaxed) || self.order.stopped()
    }

    /// Of a block of queries.
    pub fn query_rows(&self, head: usize, block: usize) -> Rows {
        Rows::of(head, block, BLOCK, self.q.positions.len())
    }

    /// Of the keys of a unit.
    pub fn key_rows(&self, place: Place) -> Rows {
        Rows::of(place.kv_head, place.index, KEYS, self.kv.positions.len())
    }
}
