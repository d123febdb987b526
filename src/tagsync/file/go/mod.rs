//! What files of tools that are written in Go may hold: regular expressions, templates, times.

mod lexer;
mod regex;
mod template;
mod time;

pub(super) use self::regex::{anywhere, whole};
pub(super) use self::template::{Data, Text, Why, expand};
pub(super) use self::time::Duration;
