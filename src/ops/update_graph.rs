//! Where update graphs come from: an update service that is asked for a channel, or a file that holds its answer.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use http::StatusCode;

use super::web::{Address, AddressError, Bounds, Web};
use crate::http::{self as net, RetryPolicy, SafeUrl, Url};
use crate::mirror::release::{Graph, GraphError};
use crate::mirror::set::{Product, Question};
use crate::model::one_line;

/// The update services of the products; oc-mirror asks the same.
const OCP: &str = "https://api.openshift.com/api/upgrades_info/v1/graph";
const OKD: &str = "https://origin-release.ci.openshift.org/graph";

/// The most bytes of a graph: those of large channels have about 2 MiB.
const MAX_GRAPH: usize = 64 << 20;
/// A service works out a graph when it is asked.
const BOUNDS: Bounds = Bounds { patience: Duration::from_secs(120), bytes: MAX_GRAPH };

/// Where update graphs come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum UpdateGraph {
    /// The service of each product.
    #[default]
    Public,
    /// This service, for all channels.
    Service(Url),
    /// A file with the answer of a service, for all channels and architectures.
    File(PathBuf),
}

impl FromStr for UpdateGraph {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Ok(match text.parse()? {
            Address::Url(url) => Self::Service(url),
            Address::Path(path) => Self::File(path),
        })
    }
}

/// Why there is no update graph.
#[derive(Debug, thiserror::Error)]
pub enum UpdateGraphError {
    /// The service does not answer.
    #[error("the update service {place} cannot be asked for the channel {channel}")]
    Service {
        /// The service.
        place: SafeUrl,
        /// The channel.
        channel: String,
        /// What was met.
        #[source]
        source: Box<net::Error>,
    },
    /// The service answers with something else.
    #[error(
        "the update service {place} answers {status} when it is asked for the channel {channel} of {architecture}"
    )]
    Status {
        /// The service.
        place: SafeUrl,
        /// The channel.
        channel: String,
        /// The architecture.
        architecture: String,
        /// The status.
        status: StatusCode,
    },
    /// The file cannot be read.
    #[error("cannot read {}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// The file is too large.
    #[error("{} is larger than {} MiB, and no update graph", .0.display(), MAX_GRAPH >> 20)]
    TooLarge(PathBuf),
    /// It is no graph.
    #[error("{place} gives no update graph that can be read")]
    Graph {
        /// Where it came from.
        place: String,
        /// What is wrong with it.
        #[source]
        source: Box<GraphError>,
    },
}

impl UpdateGraph {
    /// The graph that answers `question`, and perhaps others.
    ///
    /// # Errors
    /// When there is none.
    pub async fn graph(
        &self,
        question: &Question,
        retry: RetryPolicy,
    ) -> Result<Graph, UpdateGraphError> {
        let (place, text) = match self.address(question) {
            Some(url) => (SafeUrl::new(&url).to_string(), ask(&url, question, retry).await?),
            None => self.read()?,
        };
        Graph::parse(&text)
            .map_err(|source| UpdateGraphError::Graph { place, source: Box::new(source) })
    }

    /// The address that answers `question`. What its query says already is left as it is.
    fn address(&self, question: &Question) -> Option<Url> {
        let mut url: Url = match (self, question.product) {
            (Self::File(_), _) => return None,
            (Self::Service(url), _) => url.clone(),
            (Self::Public, Product::Ocp) => OCP.parse().ok()?,
            (Self::Public, Product::Okd) => OKD.parse().ok()?,
        };
        for (key, value) in [("channel", &question.channel), ("arch", &question.architecture)] {
            if !url.query_pairs().any(|(known, _)| known == key) {
                url.query_pairs_mut().append_pair(key, value);
            }
        }
        Some(url)
    }

    fn read(&self) -> Result<(String, String), UpdateGraphError> {
        let Self::File(path) = self else { return Ok(Default::default()) };
        let wrong = |error| UpdateGraphError::File(path.clone(), error);
        let mut text = String::new();
        let mut file = File::open(path).map_err(wrong)?.take(MAX_GRAPH as u64 + 1);
        file.read_to_string(&mut text).map_err(wrong)?;
        match text.len() > MAX_GRAPH {
            true => Err(UpdateGraphError::TooLarge(path.clone())),
            false => Ok((path.display().to_string(), text)),
        }
    }
}

async fn ask(
    url: &Url,
    question: &Question,
    retry: RetryPolicy,
) -> Result<String, UpdateGraphError> {
    let place = SafeUrl::place(url);
    let wrong = |source| UpdateGraphError::Service {
        place: place.clone(),
        channel: one_line(&question.channel, 80),
        source: Box::new(source),
    };
    let service = Web::new(url, retry, BOUNDS).map_err(wrong)?;
    let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
    let answer = service.get(&query, "application/json").await.map_err(wrong)?;
    if answer.status != StatusCode::OK {
        return Err(UpdateGraphError::Status {
            place,
            channel: one_line(&question.channel, 80),
            architecture: question.architecture.clone(),
            status: answer.status,
        });
    }
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(graph: &str, product: Product) -> Option<String> {
        let (channel, architecture) = ("stable-4.18".to_owned(), "amd64".to_owned());
        let graph = if graph.is_empty() { UpdateGraph::Public } else { graph.parse().unwrap() };
        graph.address(&Question { channel, product, architecture }).map(|url| url.to_string())
    }

    #[test]
    fn a_service_is_asked_for_channel_and_architecture() {
        let ask = "channel=stable-4.18&arch=amd64";
        assert_eq!(asked("", Product::Ocp), Some(format!("{OCP}?{ask}")));
        assert_eq!(asked("", Product::Okd), Some(format!("{OKD}?{ask}")));
        assert_eq!(asked("http://a.io/g", Product::Ocp), Some(format!("http://a.io/g?{ask}")));
        assert_eq!(
            asked("https://a.io/g?id=1&arch=multi", Product::Ocp).as_deref(),
            Some("https://a.io/g?id=1&arch=multi&channel=stable-4.18")
        );
        assert_eq!(asked("graph.json", Product::Ocp), None);
    }

    #[test]
    fn an_address_that_is_none_is_refused_and_not_shown() {
        let error = "ftp://me:hunter2@a.io/".parse::<UpdateGraph>().unwrap_err().to_string();
        assert_eq!(
            error,
            "'ftp://…' is not an address that can be asked: expected http:// or https:// and a host"
        );
    }
}
