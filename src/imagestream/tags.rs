//! The tags of a stream by name. An API server sorts them; here they stay in the order in which they were read.

use super::ImageStream;
use super::api::{SpecTag, StatusTag};

/// The tag of this name in the `spec`, made when it is not there.
pub(super) fn spec_tag_mut<'a>(stream: &'a mut ImageStream, name: &str) -> &'a mut SpecTag {
    named_mut(
        &mut stream.spec.tags,
        name,
        |tag| &tag.name,
        |name| SpecTag { name, ..SpecTag::default() },
    )
}

/// The tag of this name in the `status`, made when it is not there.
pub(super) fn status_tag_mut<'a>(stream: &'a mut ImageStream, name: &str) -> &'a mut StatusTag {
    named_mut(
        &mut stream.status.tags,
        name,
        |tag| &tag.tag,
        |tag| StatusTag { tag, ..StatusTag::default() },
    )
}

/// A new one comes after the last whose name is less: a sorted list stays sorted, another keeps its order.
fn named_mut<'a, T>(
    list: &'a mut Vec<T>,
    name: &str,
    name_of: impl Fn(&T) -> &str,
    make: impl FnOnce(String) -> T,
) -> &'a mut T {
    let found = list.iter().position(|item| name_of(item) == name);
    let place = found.unwrap_or_else(|| {
        let place = list.iter().rposition(|item| name_of(item) < name).map_or(0, |last| last + 1);
        list.insert(place, make(name.to_owned()));
        place
    });
    &mut list[place]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_tag_finds_its_place() {
        let cases: [(&[&str], &str, &[&str]); 4] = [
            (&["a", "c"], "b", &["a", "b", "c"]),
            (&["latest", "1.0"], "0.9", &["0.9", "latest", "1.0"]),
            (&["latest", "1.0"], "2.0", &["latest", "1.0", "2.0"]),
            (&["a", "c"], "c", &["a", "c"]),
        ];
        for (before, new, after) in cases {
            let mut stream = ImageStream::new("dev", "app");
            let tag = |name: &&str| SpecTag { name: (*name).to_owned(), ..SpecTag::default() };
            stream.spec.tags = before.iter().map(tag).collect();
            assert_eq!(spec_tag_mut(&mut stream, new).name, new);
            let names: Vec<&str> = stream.spec.tags.iter().map(|tag| tag.name.as_str()).collect();
            assert_eq!(names, after);
        }
    }
}
