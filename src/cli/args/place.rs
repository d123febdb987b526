//! Where streams are kept: in a folder, or by a cluster.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use longshore::imagestream::Namespace;

/// Flags of all verbs that work on streams.
#[derive(Args, Clone)]
#[command(next_help_heading = "Where streams are kept")]
pub(crate) struct PlaceArgs {
    /// Namespace of the streams [default: 'default', with a cluster that of its context]
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<Namespace>,
    /// Folder of the streams [default: ./imagestreams if it is there, else ~/.local/share/longshore/imagestreams]
    #[arg(long, value_name = "DIR", conflicts_with_all = CLUSTER)]
    store: Option<PathBuf>,
    /// Ask the cluster of the current context of kubeconfig, or the one that this runs in
    #[arg(long)]
    cluster: bool,
    /// Ask the cluster of this context of kubeconfig
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Ask the cluster of this kubeconfig, instead of that of KUBECONFIG or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// How long a cluster may take to answer: 30s, 5m, 1h [default: as long as it likes]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    request_timeout: Option<Duration>,
}

/// Where streams are kept, as far as the command line tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) namespace: Option<Namespace>,
    pub(crate) keeper: Keeper,
}

/// Who keeps streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Keeper {
    /// A folder; without a name, the usual one.
    Folder(Option<PathBuf>),
    /// The cluster of a context; without a name, the current one.
    Cluster(ClusterOptions),
}

/// Which cluster, and how long it may take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClusterOptions {
    pub(crate) context: Option<String>,
    pub(crate) kubeconfig: Option<PathBuf>,
    pub(crate) timeout: Option<Duration>,
}

/// The flags that say that a cluster is meant.
pub(super) const CLUSTER: [&str; 3] = ["cluster", "context", "kubeconfig"];

impl PlaceArgs {
    pub(crate) fn resolve(self) -> Place {
        let is_cluster = self.cluster || self.context.is_some() || self.kubeconfig.is_some();
        let keeper = if is_cluster {
            Keeper::Cluster(ClusterOptions {
                context: self.context,
                kubeconfig: self.kubeconfig,
                timeout: self.request_timeout,
            })
        } else {
            Keeper::Folder(self.store)
        };
        Place { namespace: self.namespace, keeper }
    }
}

/// Reads `90`, `90s`, `5m`, `1h` or `2d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let bad = || "expected a time as in 90s, 5m, 1h or 2d".to_owned();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let number: u32 = digits.parse().map_err(|_| bad())?;
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(bad()),
    };
    Ok(Duration::from_secs(u64::from(number) * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, seconds) in
            [("0", 0), ("90", 90), ("90s", 90), ("5m", 300), ("1h", 3600), ("2d", 172_800)]
        {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "m", "1x", "-1", "1.5h", "1h30m", "99999999999", "5 m", "5€"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
