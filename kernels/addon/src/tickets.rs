//! How JavaScript names a call that it wants to cancel: by a number, which nothing else can be mistaken for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use napi_derive::napi;

static CALLS: Mutex<Tickets> = Mutex::new(Tickets { next: 1, flags: None });

struct Tickets {
    next: u32,
    flags: Option<HashMap<u32, Arc<AtomicBool>>>,
}

fn with<T>(work: impl FnOnce(&mut Tickets) -> T) -> T {
    work(&mut CALLS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A flag that is up when someone has cancelled the call; void when it is dropped.
#[derive(Debug)]
pub struct Ticket {
    number: u32,
    pub cancelled: Arc<AtomicBool>,
}

impl Ticket {
    /// Of a number that `ticket()` gave out and that no call has yet.
    pub fn claim(number: u32) -> Option<Ticket> {
        with(|tickets| {
            let flags = tickets.flags.get_or_insert_default();
            if number == 0 || number >= tickets.next || flags.contains_key(&number) {
                return None;
            }
            let cancelled = Arc::new(AtomicBool::new(false));
            flags.insert(number, cancelled.clone());
            Some(Ticket { number, cancelled })
        })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        with(|tickets| tickets.flags.get_or_insert_default().remove(&self.number));
    }
}

/// A number for one call.
#[napi]
pub fn ticket() -> u32 {
    with(|tickets| {
        let number = tickets.next;
        tickets.next = number.checked_add(1).unwrap_or(1);
        number
    })
}

/// Asks the call with this ticket to end soon. False when there is none: it has ended, or not begun.
#[napi]
pub fn cancel(ticket: u32) -> bool {
    with(|tickets| match tickets.flags.get_or_insert_default().get(&ticket) {
        Some(flag) => {
            flag.store(true, Ordering::Relaxed);
            true
        }
        None => false,
    })
}

/// Asks every call to end soon: a process that exits waits for them.
#[napi]
pub fn cancel_all() {
    with(|tickets| {
        for flag in tickets.flags.get_or_insert_default().values() {
            flag.store(true, Ordering::Relaxed);
        }
    });
}
