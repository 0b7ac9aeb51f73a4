//! Memory for what lies between two operations, used again: fresh pages cost more than the mathematics on them.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

static FREE: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// As many as one call needs at once.
const KEPT: usize = 4;

/// Floats of whatever value: to be written before they are read.
pub struct Scratch {
    values: Vec<f32>,
    len: usize,
}

impl Scratch {
    pub fn of(len: usize) -> Scratch {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = free
            .iter()
            .position(|values| values.len() >= len && values.len() <= len.saturating_mul(2));
        let values = fitting.map(|index| free.swap_remove(index));
        drop(free);
        Scratch {
            values: values.unwrap_or_else(|| vec![0.0; len]),
            len,
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() == KEPT {
            free.remove(0);
        }
        free.push(std::mem::take(&mut self.values));
    }
}

impl Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[..self.len]
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[..self.len]
    }
}
