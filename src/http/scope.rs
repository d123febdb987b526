//! What a token is asked for (distribution token specification, «Requesting a Token»).

use std::fmt;

use crate::model::Repository;

/// Longer than any scope that a registry has reason to name.
const MAX_LENGTH: usize = 512;

/// Access to one resource: `repository:org/app:pull,push`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    resource: String,
    actions: Vec<String>,
}

impl Scope {
    /// Reading a repository.
    #[must_use]
    pub fn pull(repository: &Repository) -> Self {
        Self::on(repository, &["pull"])
    }

    /// Reading and writing a repository.
    #[must_use]
    pub fn push(repository: &Repository) -> Self {
        Self::on(repository, &["pull", "push"])
    }

    /// Listing the repositories of a registry.
    #[must_use]
    pub fn catalog() -> Self {
        Self { resource: "registry:catalog".to_owned(), actions: vec!["*".to_owned()] }
    }

    fn on(repository: &Repository, actions: &[&str]) -> Self {
        Self {
            resource: format!("repository:{}", repository.path()),
            actions: actions.iter().map(|&action| action.to_owned()).collect(),
        }
    }

    /// Reads the `scope` parameter of a challenge: scopes parted by spaces. What is no scope is left out.
    pub(super) fn parse_list(text: &str) -> Vec<Self> {
        text.split_whitespace().filter_map(Self::parse).collect()
    }

    fn parse(text: &str) -> Option<Self> {
        let (resource, actions) = text.rsplit_once(':')?;
        let is_sound = text.len() <= MAX_LENGTH && text.bytes().all(|byte| byte.is_ascii_graphic());
        (is_sound && resource.contains(':')).then(|| Self {
            resource: resource.to_owned(),
            actions: actions.split(',').map(str::to_owned).collect(),
        })
    }

    /// Whether whoever has this may also do what `other` asks for.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.resource == other.resource
            && other.actions.iter().all(|action| self.actions.contains(action))
    }

    /// `repository:org/app` or `registry:catalog`.
    pub(super) fn resource(&self) -> &str {
        &self.resource
    }

    /// The repository's path, empty when the scope is not of a repository: what credentials are looked up by.
    pub(super) fn path(&self) -> &str {
        self.resource.strip_prefix("repository:").unwrap_or_default()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.resource, self.actions.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_print_as_the_wire_wants_them() {
        let app = Repository::new("quay.io".parse().unwrap(), "org/app").unwrap();
        assert_eq!(Scope::pull(&app).to_string(), "repository:org/app:pull");
        assert_eq!(Scope::push(&app).to_string(), "repository:org/app:pull,push");
        assert_eq!(Scope::catalog().to_string(), "registry:catalog:*");
        assert_eq!(Scope::push(&app).path(), "org/app");
        assert_eq!(Scope::catalog().path(), "");
    }

    #[test]
    fn scopes_of_challenges_are_read() {
        let text = "repository:a/b:pull,push nonsense repository:host:5000/c:pull";
        let scopes = Scope::parse_list(text);
        assert_eq!(scopes.len(), 2);
        assert_eq!(scopes[1].path(), "host:5000/c");
        assert!(scopes[0].covers(&Scope::parse("repository:a/b:pull").unwrap()));
        assert!(!scopes[0].covers(&Scope::parse("repository:a/b:delete").unwrap()));
        assert!(!scopes[0].covers(&scopes[1]));
    }
}
