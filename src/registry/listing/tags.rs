//! All tags of a repository, with what is told of them in bulk.

use super::page::About;
use crate::model::{RefName, Tag};
use crate::registry::Remote;
use crate::registry::catalog::known_tags;
use crate::store::{Listed, Listing, Mark, Names, Result};

impl Remote {
    /// All tags: with their digests where they are told in bulk, else as the registry lists them.
    pub(in crate::registry) async fn list(&self, mark: Option<&Mark>) -> Result<Names> {
        let told = match &self.lists {
            Some(lists) => lists.tags(self.inner.wire.path()).await,
            None => None,
        };
        let Some(told) = told else { return self.marked_tags(mark).await };
        let mut names = listed(told.names);
        // A list that is parted by numbers is no whole: what moves to the front while it is read is overlooked.
        if told.pages > 1 {
            names.extend(self.tags().await?.into_iter().map(Listed::from));
        }
        Ok(Names::Listed(Listing { names: sorted(names), mark: None }))
    }
}

fn listed(names: impl IntoIterator<Item = (String, About)>) -> Vec<Listed> {
    let listed = |(tag, About { digest, moved }): (Tag, About)| Listed {
        name: RefName::from(tag),
        digest,
        moved,
    };
    known_tags(names).into_iter().map(listed).collect()
}

/// Sorted, each name once: as it came first.
fn sorted(mut names: Vec<Listed>) -> Vec<Listed> {
    names.sort_by(|one, other| one.name.cmp(&other.name));
    names.dedup_by(|later, earlier| later.name == earlier.name);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_in_bulk_is_not_lost_to_a_bare_name() {
        let moved = "2021-01-06T00:00:00Z".parse().ok();
        let mut names = listed([
            ("v2".to_owned(), About { digest: None, moved }),
            ("-no tag".to_owned(), About::default()),
        ]);
        names.extend(["v1", "v2"].map(|name| Listed::from(name.parse::<RefName>().unwrap())));
        let names = sorted(names);
        let shown: Vec<_> = names.iter().map(|one| (one.name.as_str(), one.moved)).collect();
        assert_eq!(shown, [("v1", None), ("v2", moved)]);
    }
}
