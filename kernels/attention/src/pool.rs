//! Threads that stay: starting one costs as much as a small block of the ring.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

/// Something that several threads may run at once, each taking units until none are left.
type Job = dyn Fn() + Sync;

struct Ticket {
    /// The caller of `run` outlives every use: it takes back tickets that nobody drew and waits for the drawn ones.
    job: *const Job,
    call: Arc<Call>,
}

// SAFETY: the job is Sync, and `run` keeps it alive (see `Ticket::job`).
unsafe impl Send for Ticket {}

#[derive(Default)]
struct Call {
    state: Mutex<CallState>,
    changed: Condvar,
}

#[derive(Default)]
struct CallState {
    running: usize,
    panic: Option<Box<dyn std::any::Any + Send>>,
}

#[derive(Default)]
struct Pool {
    state: Mutex<PoolState>,
    posted: Condvar,
}

#[derive(Default)]
struct PoolState {
    tickets: VecDeque<Ticket>,
    workers: usize,
    busy: usize,
}

fn pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(Pool::default)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Jobs never panic while they hold one of these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `job` on this thread and on up to `threads − 1` others; returns when all of them are done. Several calls may
/// share the pool: a call whose helpers are busy elsewhere does all of its work itself.
pub fn run(threads: usize, job: &(dyn Fn() + Sync)) {
    if threads <= 1 {
        return job();
    }
    let call = Arc::new(Call::default());
    // SAFETY: only the lifetime is taken off; see `Ticket::job`.
    let pointer: *const Job = unsafe { std::mem::transmute::<*const (dyn Fn() + Sync), *const Job>(job) };
    post(threads - 1, pointer, &call);
    let own = catch_unwind(AssertUnwindSafe(job));
    lock(&pool().state)
        .tickets
        .retain(|ticket| !Arc::ptr_eq(&ticket.call, &call));
    let mut state = lock(&call.state);
    while state.running > 0 {
        state = call.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    if let Some(panic) = state.panic.take().or(own.err()) {
        drop(state);
        resume_unwind(panic);
    }
}

fn post(count: usize, job: *const Job, call: &Arc<Call>) {
    let mut state = lock(&pool().state);
    for _ in 0..count {
        state.tickets.push_back(Ticket {
            job,
            call: Arc::clone(call),
        });
    }
    while state.workers < state.busy + state.tickets.len() {
        // Where the system refuses a thread, those that are there do the work.
        let Ok(_) = std::thread::Builder::new()
            .name("ringwatt-attention".to_owned())
            .spawn(work)
        else {
            break;
        };
        state.workers += 1;
    }
    drop(state);
    pool().posted.notify_all();
}

fn work() {
    let mut state = lock(&pool().state);
    loop {
        let Some(ticket) = state.tickets.pop_front() else {
            state = pool().posted.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        // Under the pool's lock: either the call takes the ticket back, or it sees that somebody runs.
        lock(&ticket.call.state).running += 1;
        state.busy += 1;
        drop(state);
        // SAFETY: the call waits until `running` is 0 again.
        let done = catch_unwind(AssertUnwindSafe(|| unsafe { (*ticket.job)() }));
        let mut call = lock(&ticket.call.state);
        call.running -= 1;
        if let Err(panic) = done {
            call.panic = Some(panic);
        }
        drop(call);
        ticket.call.changed.notify_all();
        state = lock(&pool().state);
        state.busy -= 1;
    }
}
