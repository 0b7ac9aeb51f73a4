//! Reads the one object that a function takes, value by value, and says by name what is wrong with it.

use std::ops::RangeInclusive;
use std::ptr;

use napi::bindgen_prelude::{
    Float32Array, Float64Array, FromNapiValue, Int32Array, JsObjectValue, Object, TypedArray, TypedArrayType,
    Uint8Array,
};
use napi::{Env, JsValue, Unknown, ValueType, sys};

use crate::loans::Loan;
use crate::refusal::{Checked, Refusal};

const MAX_THREADS: u32 = 1024;

/// All values, fetched before any is looked at: reading a property may run JavaScript, which must not happen between
/// the check of an array and its use.
pub struct Arguments<'env> {
    values: Vec<(&'static str, Unknown<'env>)>,
}

/// A float array that a call works on in place, kept alive by its reference.
pub struct Lent {
    name: &'static str,
    array: Float32Array,
}

impl Lent {
    pub fn read(&self) -> &[f32] {
        &self.array
    }

    /// # Safety
    /// The loan of this array must have been taken as written, and no other slice of it may be in use.
    pub unsafe fn write(&mut self) -> &mut [f32] {
        // SAFETY: as above; the memory stays while the reference is held (see the crate's documentation).
        unsafe { self.array.as_mut() }
    }

    pub fn loan(&self, written: bool) -> Loan {
        Loan::of(self.name, self.array.as_ptr(), self.array.len(), written)
    }
}

/// A float64 array, for calls that end before JavaScript goes on.
pub struct LentDoubles {
    name: &'static str,
    array: Float64Array,
}

impl LentDoubles {
    pub fn read(&self) -> &[f64] {
        &self.array
    }

    /// # Safety
    /// As with [`Lent::write`].
    pub unsafe fn write(&mut self) -> &mut [f64] {
        // SAFETY: as above.
        unsafe { self.array.as_mut() }
    }

    pub fn loan(&self, written: bool) -> Loan {
        Loan::of(self.name, self.array.as_ptr(), self.array.len(), written)
    }
}

impl<'env> Arguments<'env> {
    pub fn of(object: Unknown<'env>, names: &[&'static str]) -> Checked<Self> {
        if object.get_type()? != ValueType::Object {
            return Err(Refusal::Type("the arguments must be one object".to_owned()));
        }
        // SAFETY: its type was just looked at.
        let object: Object = unsafe { object.cast() }?;
        let values = names
            .iter()
            .map(|&name| Ok((name, object.get_named_property_unchecked::<Unknown>(name)?)))
            .collect::<Checked<_>>()?;
        let arguments = Arguments { values };
        arguments.refuse_memory_that_moves()?;
        Ok(arguments)
    }

    pub fn is_given(&self, name: &str) -> Checked<bool> {
        Ok(!matches!(
            self.value(name)?.get_type()?,
            ValueType::Undefined | ValueType::Null
        ))
    }

    pub fn boolean(&self, name: &str) -> Checked<bool> {
        // SAFETY: its type is looked at first.
        self.typed(name, ValueType::Boolean, "a boolean")
            .and_then(|value| Ok(unsafe { value.cast() }?))
    }

    pub fn text(&self, name: &str) -> Checked<String> {
        // SAFETY: its type is looked at first.
        self.typed(name, ValueType::String, "a string")
            .and_then(|value| Ok(unsafe { value.cast() }?))
    }

    pub fn integer(&self, name: &str, range: RangeInclusive<u32>) -> Checked<u32> {
        let number = self.number(name)?;
        if number.fract() != 0.0 || !(f64::from(*range.start())..=f64::from(*range.end())).contains(&number) {
            let (least, most) = range.into_inner();
            return Err(Refusal::Range(format!(
                "{name} is {number}, not a whole number from {least} to {most}"
            )));
        }
        Ok(number as u32)
    }

    /// How many threads the call may compute on.
    pub fn threads(&self) -> Checked<usize> {
        Ok(self.integer("threads", 1..=MAX_THREADS)? as usize)
    }

    /// Any count that an array could have.
    pub fn size(&self, name: &str) -> Checked<usize> {
        Ok(self.integer(name, 0..=u32::MAX)? as usize)
    }

    pub fn number(&self, name: &str) -> Checked<f64> {
        // SAFETY: its type is looked at first.
        self.typed(name, ValueType::Number, "a number")
            .and_then(|value| Ok(unsafe { value.cast() }?))
    }

    pub fn floats(&self, name: &'static str) -> Checked<Lent> {
        let value = self.array(name, TypedArrayType::Float32, "a Float32Array")?;
        // SAFETY: it is one.
        let array: Float32Array = unsafe { value.cast() }?;
        if array.as_ptr().align_offset(align_of::<f32>()) != 0 {
            return Err(Refusal::Range(format!(
                "{name} does not begin at a multiple of 4 bytes"
            )));
        }
        Ok(Lent { name, array })
    }

    pub fn doubles(&self, name: &'static str) -> Checked<LentDoubles> {
        let value = self.array(name, TypedArrayType::Float64, "a Float64Array")?;
        // SAFETY: it is one.
        let array: Float64Array = unsafe { value.cast() }?;
        if array.as_ptr().align_offset(align_of::<f64>()) != 0 {
            return Err(Refusal::Range(format!(
                "{name} does not begin at a multiple of 8 bytes"
            )));
        }
        Ok(LentDoubles { name, array })
    }

    /// Only for calls that end before JavaScript goes on; the caller takes the loan.
    pub fn bytes(&self, name: &'static str) -> Checked<(Uint8Array, Loan)> {
        let value = self.array(name, TypedArrayType::Uint8, "a Uint8Array")?;
        // SAFETY: it is one.
        let array: Uint8Array = unsafe { value.cast() }?;
        let loan = Loan::of(name, array.as_ptr(), array.len(), false);
        Ok((array, loan))
    }

    /// A copy: what decides an address must not change while it is in use.
    pub fn integers(&self, name: &'static str) -> Checked<Vec<i32>> {
        let value = self.array(name, TypedArrayType::Int32, "an Int32Array")?;
        // SAFETY: it is one.
        let array: Int32Array = unsafe { value.cast() }?;
        if array.as_ptr().align_offset(align_of::<i32>()) != 0 {
            return Err(Refusal::Range(format!(
                "{name} does not begin at a multiple of 4 bytes"
            )));
        }
        Ok(array.to_vec())
    }

    fn value(&self, name: &str) -> Checked<Unknown<'env>> {
        let found = self.values.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, value)| *value)
            .ok_or_else(|| Refusal::Type(format!("{name} was not asked for")))
    }

    fn typed(&self, name: &str, wanted: ValueType, article: &str) -> Checked<Unknown<'env>> {
        let value = self.value(name)?;
        match value.get_type()? {
            found if found == wanted => Ok(value),
            found => Err(Refusal::Type(format!("{name} must be {article}, not {}", word(found)))),
        }
    }

    fn array(&self, name: &str, wanted: TypedArrayType, article: &str) -> Checked<Unknown<'env>> {
        let value = self.value(name)?;
        if !value.is_typedarray()? {
            return Err(Refusal::Type(format!(
                "{name} must be {article}, not {}",
                word(value.get_type()?)
            )));
        }
        // SAFETY: it is a typed array.
        let array: TypedArray = unsafe { value.cast() }?;
        if array.typed_array_type != wanted {
            return Err(Refusal::Type(format!(
                "{name} must be {article}, not an array of another type"
            )));
        }
        Ok(value)
    }

    /// Memory that other threads write to, or that its owner may shrink, cannot be lent.
    fn refuse_memory_that_moves(&self) -> Checked<()> {
        for (name, value) in &self.values {
            if !value.is_typedarray()? {
                continue;
            }
            let buffer = buffer_of(value)?;
            if !buffer.is_arraybuffer()? {
                return Err(Refusal::Type(format!("{name} must not lie in a SharedArrayBuffer")));
            }
            // SAFETY: an ArrayBuffer is an object.
            let resizable: Unknown = unsafe { buffer.cast::<Object>() }?.get_named_property_unchecked("resizable")?;
            if resizable.get_type()? == ValueType::Boolean {
                // SAFETY: it is a boolean.
                if unsafe { resizable.cast::<bool>() }? {
                    return Err(Refusal::Type(format!("{name} must not lie in a resizable ArrayBuffer")));
                }
            }
        }
        Ok(())
    }
}

/// The buffer that a typed array really lies in, whatever its properties say.
fn buffer_of<'env>(array: &Unknown<'env>) -> Checked<Unknown<'env>> {
    let env = array.value().env;
    let (mut kind, mut length, mut data, mut buffer, mut offset) = (0, 0, ptr::null_mut(), ptr::null_mut(), 0);
    // SAFETY: a live typed array, and places for all that is told of it.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env,
            array.raw(),
            &mut kind,
            &mut length,
            &mut data,
            &mut buffer,
            &mut offset,
        )
    };
    if status != sys::Status::napi_ok {
        return Err(Refusal::Type("an array cannot be looked at".to_owned()));
    }
    // SAFETY: the call above gave a live object.
    Ok(unsafe { Unknown::from_napi_value(env, buffer) }?)
}

fn word(found: ValueType) -> &'static str {
    match found {
        ValueType::Undefined => "undefined",
        ValueType::Null => "null",
        ValueType::Boolean => "a boolean",
        ValueType::Number => "a number",
        ValueType::String => "a string",
        ValueType::Symbol => "a symbol",
        ValueType::Function => "a function",
        _ => "an object of another type",
    }
}

/// Runs `work`; what it refuses becomes a TypeError or RangeError of JavaScript.
pub fn checked<T>(env: Env, work: impl FnOnce() -> Checked<T>) -> napi::Result<T> {
    work().map_err(|refusal| refusal.into_error(env))
}
