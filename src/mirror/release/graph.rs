//! The answer of an update service: which releases there are, and which may follow which (openshift/cincinnati,
//! `docs/design/`).

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet, VecDeque};

use semver::Version;
use serde::Deserialize;

use crate::model::{ImageRef, ReferenceError, one_line};

/// Where a node tells its channels.
const CHANNELS: &str = "io.openshift.upgrades.graph.release.channels";
/// Far more than any service has releases, or ways between them.
const MAX_NODES: usize = 100_000;
const MAX_EDGES: usize = 5_000_000;

/// Releases, and which may follow which.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    edges: HashSet<(usize, usize)>,
    conditional: HashMap<(usize, usize), Vec<String>>,
}

/// A release in a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its version.
    pub version: Version,
    /// Its payload.
    pub payload: ImageRef,
    channels: Vec<String>,
}

/// Why a text is no graph.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// Not JSON, or of another form.
    #[error("it is no answer of an update service")]
    Form(#[from] serde_json::Error),
    /// A version that is none.
    #[error("it has a release '{version}', which is no version")]
    Version {
        /// The text.
        version: String,
        /// What is wrong with it.
        #[source]
        source: semver::Error,
    },
    /// A payload that names no image.
    #[error("its release {version} has the payload '{payload}'")]
    Payload {
        /// The release.
        version: Version,
        /// The text.
        payload: String,
        /// What is wrong with it.
        #[source]
        source: ReferenceError,
    },
    /// An update from or to nowhere.
    #[error("it has an update between releases that it does not have")]
    Edge,
    /// More than any service has.
    #[error("it has more than {MAX_NODES} releases, or {MAX_EDGES} updates")]
    TooLarge,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    nodes: Vec<WrittenNode>,
    #[serde(default)]
    edges: Vec<(usize, usize)>,
    #[serde(default)]
    conditional_edges: Vec<Conditional>,
}

#[derive(Deserialize)]
struct WrittenNode {
    version: String,
    payload: String,
    #[serde(default)]
    metadata: HashMap<String, String>,
}

#[derive(Deserialize)]
struct Conditional {
    edges: Vec<FromTo>,
    #[serde(default)]
    risks: Vec<Risk>,
}

#[derive(Deserialize)]
struct FromTo {
    from: String,
    to: String,
}

#[derive(Deserialize)]
struct Risk {
    name: String,
}

impl Graph {
    /// Reads the answer of an update service.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, GraphError> {
        let answer: Answer = serde_json::from_str(text)?;
        let ways = answer.conditional_edges.iter().map(|group| group.edges.len()).sum::<usize>();
        if answer.nodes.len() > MAX_NODES || answer.edges.len() + ways > MAX_EDGES {
            return Err(GraphError::TooLarge);
        }
        let nodes: Vec<Node> = answer.nodes.iter().map(node).collect::<Result<_, _>>()?;
        if answer.edges.iter().any(|(from, to)| *from.max(to) >= nodes.len()) {
            return Err(GraphError::Edge);
        }
        let mut graph =
            Self { nodes, edges: answer.edges.into_iter().collect(), ..Self::default() };
        for group in answer.conditional_edges {
            let risks: Vec<String> =
                group.risks.iter().map(|risk| one_line(&risk.name, 80)).collect();
            for edge in group.edges {
                graph.add_conditional(&edge, &risks);
            }
        }
        Ok(graph)
    }

    /// Releases that are not in the graph are in another channel.
    fn add_conditional(&mut self, edge: &FromTo, risks: &[String]) {
        let find = |text: &str| {
            let version = text.parse().ok()?;
            self.index(&version)
        };
        if let (Some(from), Some(to)) = (find(&edge.from), find(&edge.to)) {
            self.conditional.entry((from, to)).or_default().extend_from_slice(risks);
        }
    }

    /// The graph with the releases of `channel` alone. A release that tells no channels is in all of them: the service
    /// was asked for one.
    #[must_use]
    pub fn channel(&self, channel: &str) -> Self {
        let mut graph = Self::default();
        let in_channel = |node: &Node| {
            node.channels.is_empty() || node.channels.iter().any(|name| name == channel)
        };
        let mut moved = HashMap::new();
        for (at, node) in self.nodes.iter().enumerate().filter(|(_, node)| in_channel(node)) {
            moved.insert(at, graph.nodes.len());
            graph.nodes.push(node.clone());
        }
        let to = |(from, to): &(usize, usize)| Some((*moved.get(from)?, *moved.get(to)?));
        graph.edges = self.edges.iter().filter_map(to).collect();
        let risky = self.conditional.iter();
        graph.conditional =
            risky.filter_map(|(edge, risks)| Some((to(edge)?, risks.clone()))).collect();
        graph
    }

    /// The graph with all that is in `other` besides.
    pub fn extend(&mut self, other: &Self) {
        let mut place = |node: &Node| {
            self.index(&node.version).unwrap_or_else(|| {
                self.nodes.push(node.clone());
                self.nodes.len() - 1
            })
        };
        let moved: Vec<usize> = other.nodes.iter().map(&mut place).collect();
        self.edges.extend(other.edges.iter().map(|(from, to)| (moved[*from], moved[*to])));
        for ((from, to), risks) in &other.conditional {
            self.conditional.entry((moved[*from], moved[*to])).or_insert_with(|| risks.clone());
        }
    }

    /// The oldest and the newest release.
    #[must_use]
    pub fn ends(&self) -> Option<(&Version, &Version)> {
        let versions = || self.nodes.iter().map(|node| &node.version);
        Some((versions().min()?, versions().max()?))
    }

    /// All releases from `min` to `max`, the oldest first.
    #[must_use]
    pub fn between(&self, min: &Version, max: &Version) -> Vec<&Node> {
        let is_between = |node: &&Node| {
            node.version.cmp_precedence(min) != Ordering::Less
                && node.version.cmp_precedence(max) != Ordering::Greater
        };
        let mut found: Vec<&Node> = self.nodes.iter().filter(is_between).collect();
        found.sort_by(|a, b| a.version.cmp(&b.version));
        found
    }

    /// The release of this version.
    #[must_use]
    pub fn find(&self, version: &Version) -> Option<&Node> {
        self.index(version).map(|at| &self.nodes[at])
    }

    fn index(&self, version: &Version) -> Option<usize> {
        self.nodes.iter().position(|node| node.version.cmp_precedence(version) == Ordering::Equal)
    }

    /// The shortest way from one release to another, both ends included, of updates that are always recommended, or
    /// where there is none, of those with known risks too.
    #[must_use]
    pub fn path(&self, from: &Version, to: &Version) -> Option<UpgradePath<'_>> {
        let (from, to) = (self.index(from)?, self.index(to)?);
        let recommended = self.edges.iter().copied();
        if let Some(nodes) = self.search(recommended, from, to) {
            return Some(UpgradePath { nodes: self.at(&nodes), risks: Vec::new() });
        }
        let all = self.edges.iter().chain(self.conditional.keys()).copied();
        let nodes = self.search(all, from, to)?;
        let steps = nodes.iter().copied().zip(nodes.iter().copied().skip(1));
        let risky = steps.filter(|step| !self.edges.contains(step));
        let mut risks: Vec<String> =
            risky.filter_map(|step| self.conditional.get(&step)).flatten().cloned().collect();
        risks.sort();
        risks.dedup();
        Some(UpgradePath { nodes: self.at(&nodes), risks })
    }

    fn at(&self, path: &[usize]) -> Vec<&Node> {
        path.iter().map(|at| &self.nodes[*at]).collect()
    }

    /// Breadth first; of two ways of one length, the one with the newest releases.
    fn search(
        &self,
        edges: impl Iterator<Item = (usize, usize)>,
        from: usize,
        to: usize,
    ) -> Option<Vec<usize>> {
        let mut next: HashMap<usize, Vec<usize>> = HashMap::new();
        edges.for_each(|(from, to)| next.entry(from).or_default().push(to));
        for targets in next.values_mut() {
            targets.sort_by(|a, b| self.nodes[*b].version.cmp(&self.nodes[*a].version));
        }
        let mut before = HashMap::from([(from, from)]);
        let mut queue = VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            if at == to {
                let back = std::iter::successors(Some(to), |at| {
                    before.get(at).copied().filter(|before| before != at)
                });
                let mut path: Vec<usize> = back.collect();
                path.reverse();
                return Some(path);
            }
            for &target in next.get(&at).into_iter().flatten() {
                before.entry(target).or_insert_with(|| {
                    queue.push_back(target);
                    at
                });
            }
        }
        None
    }
}

/// A way from one release to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpgradePath<'g> {
    /// The releases, both ends included.
    pub nodes: Vec<&'g Node>,
    /// The known risks of it.
    pub risks: Vec<String>,
}

fn node(written: &WrittenNode) -> Result<Node, GraphError> {
    let version: Version = written.version.parse().map_err(|source| GraphError::Version {
        version: one_line(&written.version, 80),
        source,
    })?;
    let payload = written.payload.parse().map_err(|source| GraphError::Payload {
        version: version.clone(),
        payload: one_line(&written.payload, 300),
        source,
    })?;
    let channels = written.metadata.get(CHANNELS).map(String::as_str).unwrap_or_default();
    let channels = channels.split(',').map(str::trim).filter(|name| !name.is_empty());
    Ok(Node { version, payload, channels: channels.map(ToOwned::to_owned).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0: 4.17.0, 1: 4.17.9, 2: 4.18.0, 3: 4.18.1, 4: 4.18.10; 4.17.0 is not in the channel.
    fn graph() -> Graph {
        let nodes = ["4.17.0", "4.17.9", "4.18.0", "4.18.1", "4.18.10"].map(|version| {
            let channels = if version == "4.17.0" { "other" } else { "stable-4.18,other" };
            format!(
                r#"{{"version":"{version}","payload":"quay.io/ocp/release:{version}","metadata":{{"{CHANNELS}":"{channels}"}}}}"#
            )
        });
        let text = format!(
            r#"{{"version":1,"nodes":[{}],"edges":[[0,1],[1,2],[2,3],[2,4],[1,3]],"conditionalEdges":[{{
                "edges":[{{"from":"4.18.1","to":"4.18.10"}},{{"from":"4.18.1","to":"4.19.0"}}],
                "risks":[{{"name":"Slow","url":"x","message":"y","matchingRules":[]}}]}}]}}"#,
            nodes.join(",")
        );
        Graph::parse(&text).unwrap()
    }

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    fn shown(nodes: &[&Node]) -> String {
        nodes.iter().map(|node| node.version.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn releases_are_ordered_by_version() {
        let graph = graph();
        assert_eq!(graph.ends(), Some((&version("4.17.0"), &version("4.18.10"))));
        assert_eq!(
            shown(&graph.between(&version("4.17.1"), &version("4.18.9"))),
            "4.17.9 4.18.0 4.18.1"
        );
        let channel = graph.channel("stable-4.18");
        assert_eq!(channel.ends(), Some((&version("4.17.9"), &version("4.18.10"))));
        assert_eq!(graph.channel("none").ends(), None);
    }

    #[test]
    fn the_shortest_way_is_found() {
        for graph in [graph(), graph().channel("stable-4.18")] {
            let path = |from: &str, to: &str| {
                let path = graph.path(&version(from), &version(to))?;
                Some((shown(&path.nodes), path.risks.join(",")))
            };
            let way = |nodes: &str, risks: &str| Some((nodes.to_owned(), risks.to_owned()));
            assert_eq!(path("4.17.9", "4.18.10"), way("4.17.9 4.18.0 4.18.10", ""));
            assert_eq!(path("4.17.9", "4.18.1"), way("4.17.9 4.18.1", ""));
            assert_eq!(path("4.18.1", "4.18.10"), way("4.18.1 4.18.10", "Slow"));
            assert_eq!(path("4.18.1", "4.18.1"), way("4.18.1", ""));
            assert_eq!(path("4.18.1", "4.18.0"), None);
            assert_eq!(path("4.18.1", "4.19.0"), None);
        }
    }

    #[test]
    fn graphs_are_joined_by_version() {
        let mut joined = graph().channel("stable-4.18");
        joined.extend(&graph());
        assert_eq!(joined.nodes.len(), 5);
        let path = joined.path(&version("4.17.0"), &version("4.18.10")).unwrap();
        assert_eq!(shown(&path.nodes), "4.17.0 4.17.9 4.18.0 4.18.10");
    }

    #[test]
    fn what_is_no_graph_is_refused() {
        for text in [
            "",
            "<html>",
            "{}",
            r#"{"nodes":[{"version":"latest","payload":"quay.io/a/b:c"}]}"#,
            r#"{"nodes":[{"version":"4.1.0","payload":"a/b"}]}"#,
            r#"{"nodes":[],"edges":[[0,1]]}"#,
            r#"{"nodes":[],"edges":[[-1,0]]}"#,
        ] {
            assert!(Graph::parse(text).is_err(), "{text}");
        }
        assert!(Graph::parse(r#"{"nodes":[]}"#).is_ok());
    }
}
