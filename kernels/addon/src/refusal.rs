//! Errors as JavaScript knows them.

use napi::{Env, Error, JsRangeError, JsTypeError, Status};

/// Why a call is not made.
#[derive(Debug)]
pub enum Refusal {
    /// An argument of another type.
    Type(String),
    /// An argument of the right type whose value does not fit.
    Range(String),
    /// JavaScript threw while its values were read.
    Thrown(Error),
}

pub type Checked<T> = std::result::Result<T, Refusal>;

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Thrown(error)
    }
}

impl Refusal {
    pub fn into_error(self, env: Env) -> Error {
        let plain = |message| Error::new(Status::InvalidArg, message);
        match self {
            Refusal::Type(message) => Error::from(JsTypeError::from(plain(message)).into_unknown(env)),
            Refusal::Range(message) => Error::from(JsRangeError::from(plain(message)).into_unknown(env)),
            Refusal::Thrown(error) => error,
        }
    }
}

/// Sizes that do not fit, told in the words that JavaScript knows the arguments by.
pub fn sizes(message: &str) -> Refusal {
    let mut words = String::with_capacity(message.len());
    let mut after_underscore = false;
    for letter in message
        .replace("query positions", "queryPositions")
        .replace("key positions", "keyPositions")
        .chars()
    {
        match letter {
            '_' => after_underscore = true,
            _ if after_underscore => {
                words.extend(letter.to_uppercase());
                after_underscore = false;
            }
            _ => words.push(letter),
        }
    }
    Refusal::Range(words)
}
