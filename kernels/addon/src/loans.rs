//! Which bytes calls in flight read and write.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loan {
    pub name: &'static str,
    pub bytes: Range<usize>,
    pub written: bool,
}

impl Loan {
    pub fn of<T>(name: &'static str, values: *const T, len: usize, written: bool) -> Loan {
        let start = values as usize;
        Loan {
            name,
            bytes: start..start + len * size_of::<T>(),
            written,
        }
    }

    fn conflicts(&self, other: &Loan) -> bool {
        let overlaps = self.bytes.start < other.bytes.end && other.bytes.start < self.bytes.end;
        overlaps && (self.written || other.written)
    }
}

static IN_FLIGHT: Mutex<Vec<(u64, Loan)>> = Mutex::new(Vec::new());

/// The loans of one call, given back when it is dropped.
#[derive(Debug)]
pub struct Loans {
    call: u64,
}

impl Loans {
    /// Takes all of them, or none and says why.
    pub fn take(loans: Vec<Loan>) -> Result<Loans, String> {
        for (index, loan) in loans.iter().enumerate() {
            if let Some(other) = loans[..index].iter().find(|other| loan.conflicts(other)) {
                let (a, b) = if loan.written { (loan, other) } else { (other, loan) };
                return Err(format!("{} is written to and shares memory with {}", a.name, b.name));
            }
        }
        let mut in_flight = IN_FLIGHT.lock().unwrap_or_else(PoisonError::into_inner);
        for loan in &loans {
            if let Some((_, other)) = in_flight.iter().find(|(_, other)| loan.conflicts(other)) {
                return Err(format!(
                    "{} shares memory with {} of a call that is not done",
                    loan.name, other.name
                ));
            }
        }
        let call = in_flight
            .iter()
            .map(|(call, _)| *call)
            .max()
            .map_or(0, |newest| newest + 1);
        in_flight.extend(loans.into_iter().map(|loan| (call, loan)));
        Ok(Loans { call })
    }
}

impl Drop for Loans {
    fn drop(&mut self) {
        let mut in_flight = IN_FLIGHT.lock().unwrap_or_else(PoisonError::into_inner);
        in_flight.retain(|(call, _)| *call != self.call);
    }
}
