//! The releases that a set wants: from what it says of channels to questions for an update service, and from the answers
//! to payloads.

use semver::Version;
use serde::Deserialize;

use super::SetError;
use super::error::ChannelError;
use super::os_and_arch::OsAndArch;
use super::wanted::Named;
use crate::mirror::Document;
use crate::mirror::Position;
use crate::mirror::parsed::Parsed;
use crate::mirror::release::{Graph, Node};
use crate::model::{Endpoint, ImageName, ImageRef, one_line};
use crate::yaml::{Path, Step};

/// The architectures that releases are made for; `multi` is for all of them.
const ARCHITECTURES: [&str; 5] = ["amd64", "arm64", "ppc64le", "s390x", "multi"];

/// The releases that a set wants.
#[derive(Clone, Debug)]
pub struct Platform {
    release: Option<Payload>,
    channels: Vec<Channel>,
    architectures: Vec<String>,
}

/// A release by its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The image.
    pub image: Endpoint,
    /// How the set names it.
    pub origin: String,
    /// Where the set wants it.
    pub position: Position,
    /// The architecture that it has to be for.
    pub architecture: Option<String>,
}

/// What an update service is to be asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// `stable-4.18`.
    pub channel: String,
    /// Whose channel it is.
    pub product: Product,
    /// `amd64`.
    pub architecture: String,
}

/// Whose releases a channel has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    /// OpenShift Container Platform.
    #[default]
    Ocp,
    /// OKD.
    Okd,
}

/// The releases that answers of update services make of a platform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Releases {
    /// The releases, each once.
    pub payloads: Vec<Payload>,
    /// What is worth knowing about them.
    pub notes: Vec<Note>,
}

/// What is worth knowing about chosen releases.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// The shortest way is not always recommended.
    #[error("the updates from {from} to {to} have known risks: {}", risks.join(", "))]
    Risks {
        /// The first release.
        from: Version,
        /// The last one.
        to: Version,
        /// The names of the risks.
        risks: Vec<String>,
    },
    /// There is no way from the oldest to the newest.
    #[error(
        "no updates lead from {from} to {to} within the channels of the set: a channel between them may be missing"
    )]
    NoWay {
        /// The oldest release.
        from: Version,
        /// The newest.
        to: Version,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "a mapping")]
pub(super) struct Written {
    release: Option<Parsed<Named>>,
    #[serde(default)]
    channels: Vec<WrittenChannel>,
    #[serde(default)]
    architectures: Vec<String>,
    #[serde(default)]
    platforms: Vec<OsAndArch>,
    /// Refused when they are set.
    #[serde(rename = "graph")]
    _graph: Option<bool>,
    #[serde(rename = "kubeVirtContainer")]
    _kube_virt_container: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "a mapping")]
struct WrittenChannel {
    name: String,
    #[serde(default, rename = "type")]
    product: Product,
    min_version: Option<Parsed<Version>>,
    max_version: Option<Parsed<Version>>,
    #[serde(default)]
    shortest_path: bool,
    #[serde(default)]
    full: bool,
}

/// A channel, and what is wanted of it.
#[derive(Clone, Debug)]
struct Channel {
    name: String,
    product: Product,
    position: Position,
    min: Option<Version>,
    max: Option<Version>,
    extent: Extent,
    route: Route,
}

/// What is wanted where no version is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Latest,
    Full,
}

/// Which releases between two are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    All,
    Shortest,
}

impl Written {
    pub(super) fn platform(self, file: &Document<'_>) -> Result<Platform, SetError> {
        let release = self.release.map(|Parsed(named)| Payload {
            image: named.source,
            origin: named.text,
            position: file.position(&way(["release".into()])),
            architecture: None,
        });
        let architectures = architectures(self.architectures, &self.platforms, file)?;
        let channels = self.channels.into_iter().enumerate();
        let channels = channels.map(|(index, channel)| channel.channel(file, index));
        Ok(Platform { release, channels: channels.collect::<Result<_, _>>()?, architectures })
    }
}

fn way<const N: usize>(below: [Step; N]) -> Path {
    ["mirror".into(), "platform".into()].into_iter().chain(below).collect()
}

/// `architectures`, or those of `platforms`; what releases are made for, in any case.
fn architectures(
    names: Vec<String>,
    platforms: &[OsAndArch],
    file: &Document<'_>,
) -> Result<Vec<String>, SetError> {
    let refuse = |field: &'static str, what| {
        let position = file.position_of_key(&way([field.into()]));
        Err(SetError::Unsupported { position, field, what })
    };
    if !names.is_empty() && !platforms.is_empty() {
        return refuse("platforms", "architectures says it already");
    }
    let mut found = names;
    for platform in platforms {
        match platform.0.to_string().strip_prefix("linux/") {
            Some(architecture) => found.push(architecture.to_owned()),
            None => return refuse("platforms", "releases are for linux"),
        }
    }
    if found.iter().any(|name| !ARCHITECTURES.contains(&name.as_str())) {
        let field = if platforms.is_empty() { "architectures" } else { "platforms" };
        return refuse(field, "releases are for amd64, arm64, ppc64le, s390x, or multi");
    }
    if found.is_empty() {
        found.push("amd64".to_owned());
    }
    Ok(found)
}

impl WrittenChannel {
    fn channel(self, file: &Document<'_>, index: usize) -> Result<Channel, SetError> {
        let position = file.position(&way(["channels".into(), index.into(), "name".into()]));
        let (min, max) = (self.min_version.map(|v| v.0), self.max_version.map(|v| v.0));
        if let (Some(min), Some(max)) = (&min, &max)
            && min > max
        {
            let name = one_line(&self.name, 80);
            let error = ChannelError::Reversed { min: min.clone(), max: max.clone() };
            return Err(SetError::Channel { position, name, source: Box::new(error) });
        }
        Ok(Channel {
            name: self.name,
            product: self.product,
            position,
            min,
            max,
            extent: if self.full { Extent::Full } else { Extent::Latest },
            route: if self.shortest_path { Route::Shortest } else { Route::All },
        })
    }
}

impl Platform {
    /// The release that is named as an image.
    #[must_use]
    pub fn release(&self) -> Option<&Payload> {
        self.release.as_ref()
    }

    /// What update services have to be asked; nothing when no channel is wanted.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        let mut questions = Vec::new();
        for architecture in &self.architectures {
            for channel in &self.channels {
                let question = channel.question(architecture);
                if !questions.contains(&question) {
                    questions.push(question);
                }
            }
        }
        questions
    }

    /// The releases that are wanted, by what the services answered; `answer` knows all [`questions`](Self::questions).
    ///
    /// # Errors
    /// When a channel does not have what is wanted of it.
    pub fn releases<'g>(
        &self,
        answer: impl Fn(&Question) -> &'g Graph,
    ) -> Result<Releases, SetError> {
        let mut releases = Releases::default();
        releases.payloads.extend(self.release.clone());
        for architecture in &self.architectures {
            self.of_channels(architecture, &answer, &mut releases)?;
        }
        Ok(releases)
    }

    fn of_channels<'g>(
        &self,
        architecture: &str,
        answer: impl Fn(&Question) -> &'g Graph,
        releases: &mut Releases,
    ) -> Result<(), SetError> {
        let mut joined = Joined::default();
        for channel in &self.channels {
            let graph = answer(&channel.question(architecture)).channel(&channel.name);
            let wrong = |source| SetError::Channel {
                position: channel.position.clone(),
                name: one_line(&channel.name, 80),
                source: Box::new(source),
            };
            let (min, max) = channel.ends(&graph).map_err(wrong)?;
            let chosen = channel.choose(&graph, &min, &max, &mut releases.notes).map_err(wrong)?;
            for node in chosen {
                releases.add(channel.payload(node, architecture));
            }
            if channel.product == Product::Ocp {
                joined.add(channel, &graph, min, max);
            }
        }
        joined.add_way(architecture, releases);
        Ok(())
    }
}

impl Releases {
    fn add(&mut self, payload: Payload) {
        let same = |known: &Payload| {
            known.image == payload.image && known.architecture == payload.architecture
        };
        if !self.payloads.iter().any(same) {
            self.payloads.push(payload);
        }
    }
}

impl Channel {
    fn question(&self, architecture: &str) -> Question {
        Question {
            channel: self.name.clone(),
            product: self.product,
            architecture: architecture.to_owned(),
        }
    }

    fn payload(&self, node: &Node, architecture: &str) -> Payload {
        Payload {
            image: payload(&node.payload),
            origin: node.payload.to_string(),
            position: self.position.clone(),
            architecture: Some(architecture.to_owned()),
        }
    }

    /// The first and the last release wanted.
    fn ends(&self, graph: &Graph) -> Result<(Version, Version), ChannelError> {
        let (oldest, newest) = graph.ends().ok_or(ChannelError::Empty)?;
        let max = self.max.as_ref().unwrap_or(newest);
        let min = match (&self.min, &self.max, self.extent) {
            (Some(min), _, _) => min,
            (None, None, Extent::Latest) => max,
            (None, _, _) => oldest,
        };
        Ok((min.clone(), max.clone()))
    }

    fn choose<'g>(
        &self,
        graph: &'g Graph,
        min: &Version,
        max: &Version,
        notes: &mut Vec<Note>,
    ) -> Result<Vec<&'g Node>, ChannelError> {
        if self.route == Route::All {
            let found = graph.between(min, max);
            let none = || ChannelError::NoneBetween { min: min.clone(), max: max.clone() };
            return if found.is_empty() { Err(none()) } else { Ok(found) };
        }
        for version in [min, max] {
            graph.find(version).ok_or_else(|| ChannelError::NoRelease(version.clone()))?;
        }
        let no_way = || ChannelError::NoWay { min: min.clone(), max: max.clone() };
        let path = graph.path(min, max).ok_or_else(no_way)?;
        if !path.risks.is_empty() {
            notes.push(Note::Risks { from: min.clone(), to: max.clone(), risks: path.risks });
        }
        Ok(path.nodes)
    }
}

/// The channels of a set for one architecture: whoever mirrors several wants to get from one to the next.
#[derive(Default)]
struct Joined<'a> {
    graph: Graph,
    channels: Vec<&'a Channel>,
    ends: Option<(Version, Version)>,
}

impl<'a> Joined<'a> {
    fn add(&mut self, channel: &'a Channel, graph: &Graph, min: Version, max: Version) {
        self.graph.extend(graph);
        self.channels.push(channel);
        self.ends = Some(match self.ends.take() {
            Some((first, last)) => (first.min(min), last.max(max)),
            None => (min, max),
        });
    }

    /// Adds the shortest way from the oldest release wanted to the newest.
    fn add_way(self, architecture: &str, releases: &mut Releases) {
        let (Some((from, to)), [_, .., last]) = (self.ends, self.channels.as_slice()) else {
            return;
        };
        match self.graph.path(&from, &to) {
            Some(path) => {
                for node in path.nodes {
                    releases.add(last.payload(node, architecture));
                }
                if !path.risks.is_empty() {
                    releases.notes.push(Note::Risks { from, to, risks: path.risks });
                }
            }
            None => releases.notes.push(Note::NoWay { from, to }),
        }
    }
}

fn payload(image: &ImageRef) -> Endpoint {
    Endpoint::Registry(ImageName::Qualified(image.clone()))
}

#[cfg(test)]
mod tests;
