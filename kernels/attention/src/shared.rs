//! An array that several threads write, each its own part.

use std::marker::PhantomData;

/// Lets go of the exclusiveness of a `&mut [f32]`; whoever writes through it says why nobody else does at that place.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    at: *mut f32,
    len: usize,
    array: PhantomData<&'a mut [f32]>,
}

// SAFETY: a pointer and a length; uses are unsafe and argued where they are.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    pub fn new(array: &'a mut [f32]) -> Shared<'a> {
        Shared {
            at: array.as_mut_ptr(),
            len: array.len(),
            array: PhantomData,
        }
    }

    /// A pointer to element `index` with `count` elements behind it.
    ///
    /// # Safety
    /// Nobody else may use these elements while the pointer is in use.
    #[inline(always)]
    pub unsafe fn part(&self, index: usize, count: usize) -> *mut f32 {
        assert!(
            index <= self.len && count <= self.len - index,
            "{count} elements at {index} of {}",
            self.len
        );
        // SAFETY: in bounds, as just checked.
        unsafe { self.at.add(index) }
    }
}
