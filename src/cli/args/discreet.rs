//! Values that may hold a password.

use std::ffi::OsStr;
use std::fmt::Display;
use std::marker::PhantomData;
use std::str::FromStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};

/// Reads a value that is not shown when it is refused, as clap does with others.
pub(super) struct Discreet<T>(PhantomData<fn() -> T>);

impl<T> Discreet<T> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Clone for Discreet<T> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<T> TypedValueParser for Discreet<T>
where
    T: FromStr<Err: Display> + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, Error> {
        let refused = |why: String| {
            let flag = arg.map(ToString::to_string).unwrap_or_default();
            let text = format!("invalid value for '{flag}': {why}\n");
            Error::raw(ErrorKind::ValueValidation, text).with_cmd(command)
        };
        let text = value.to_str().ok_or_else(|| refused("it is no text".to_owned()))?;
        text.parse().map_err(|error: T::Err| refused(error.to_string()))
    }
}
