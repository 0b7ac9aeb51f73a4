//! Who may add to dq when. The units of a key head are drawn in order and go through the same steps (a block of queries
//! of one head each) in the same order; a unit writes in a step once all earlier units are past it.

use std::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};
use std::sync::{Mutex, PoisonError};

/// A unit: key head and index of its keys.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub kv_head: usize,
    pub index: usize,
}

pub struct Order {
    units_a_head: usize,
    /// Steps that each unit is past; `DONE` after the last.
    past: Vec<AtomicUsize>,
    heads: Mutex<Vec<Head>>,
    stopped: AtomicBool,
}

#[derive(Clone, Default)]
struct Head {
    drawn: usize,
    in_hand: usize,
}

const DONE: usize = usize::MAX;
/// Looks at the unit before, before the processor is offered to others.
const SPINS: usize = 200;

impl Order {
    pub fn new(heads: usize, units_a_head: usize) -> Order {
        Order {
            units_a_head,
            past: (0..heads * units_a_head).map(|_| AtomicUsize::new(0)).collect(),
            heads: Mutex::new(vec![Head::default(); heads]),
            stopped: AtomicBool::new(false),
        }
    }

    /// A unit of the head that the fewest threads work at, the first of those: alone at a head, nobody waits, and its
    /// queries stay in the cache.
    pub fn draw(&self) -> Option<Place> {
        if self.stopped() {
            return None;
        }
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        let left = heads
            .iter_mut()
            .enumerate()
            .filter(|(_, head)| head.drawn < self.units_a_head);
        let (kv_head, head) = left.min_by_key(|(_, head)| head.in_hand)?;
        head.drawn += 1;
        head.in_hand += 1;
        Some(Place {
            kv_head,
            index: head.drawn - 1,
        })
    }

    pub fn finish(&self, place: Place) {
        self.set_past(place, DONE);
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)[place.kv_head].in_hand -= 1;
    }

    pub fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    pub fn stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    /// Says that `place` will not write in any step before `step`.
    pub fn set_past(&self, place: Place, step: usize) {
        self.past[place.kv_head * self.units_a_head + place.index].store(step, Release);
    }

    /// Waits until all earlier units are past `step`; false where the work was stopped. `first` is the first unit not
    /// known to be done, kept by the caller from step to step.
    pub fn wait(&self, place: Place, step: usize, first: &mut usize) -> bool {
        let units = &self.past[place.kv_head * self.units_a_head..][..place.index];
        while units.get(*first).is_some_and(|past| past.load(Acquire) == DONE) {
            *first += 1;
        }
        for past in &units[*first..] {
            let mut looks = 0;
            while past.load(Acquire) <= step {
                if self.stopped() {
                    return false;
                }
                looks += 1;
                if looks < SPINS {
                    std::hint::spin_loop()
                } else {
                    std::thread::yield_now()
                }
            }
        }
        true
    }
}

/// A thread that panics must not leave others waiting for it.
pub struct StopOnPanic<'a>(pub &'a Order);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}
