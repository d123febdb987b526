//! Answers that are what was asked for.

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _};

use crate::imagestream::{Image, ImageStream, ImageStreamImport};
use crate::kube::another_kind;

/// An object that says that it is of its kind: nearly anything could be read as a stream without tags.
pub(super) struct Sure<T>(T);

impl<T> Sure<T> {
    pub(super) fn get(self) -> T {
        self.0
    }
}

/// An object of the API.
pub(super) trait Object: DeserializeOwned {
    const KIND: &'static str;

    fn kind(&self) -> &str;
}

impl<'de, T: Object> Deserialize<'de> for Sure<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = T::deserialize(deserializer)?;
        if object.kind() == T::KIND {
            Ok(Self(object))
        } else {
            Err(D::Error::custom(another_kind(object.kind(), T::KIND)))
        }
    }
}

macro_rules! objects {
    ($($object:ident),*) => {
        $(impl Object for $object {
            const KIND: &'static str = stringify!($object);

            fn kind(&self) -> &str {
                &self.kind
            }
        })*
    };
}

objects!(Image, ImageStream, ImageStreamImport);
