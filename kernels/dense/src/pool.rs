//! Threads to compute with: one pool for each number that is asked for, made when it is first asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

static POOLS: Mutex<Option<HashMap<usize, Arc<ThreadPool>>>> = Mutex::new(None);

/// Runs `work` where rayon has `threads` threads; with one, on the caller's own.
pub fn within<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    if threads <= 1 {
        return work();
    }
    match pool(threads) {
        Some(pool) => pool.install(work),
        // The system gives no more threads: the same bits, later.
        None => work(),
    }
}

fn pool(threads: usize) -> Option<Arc<ThreadPool>> {
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let pools = pools.get_or_insert_default();
    if let Some(pool) = pools.get(&threads) {
        return Some(pool.clone());
    }
    let built = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("ringwatt-dense-{index}"))
        .build();
    let pool = Arc::new(built.ok()?);
    pools.insert(threads, pool.clone());
    Some(pool)
}
