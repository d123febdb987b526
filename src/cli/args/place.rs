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
    /// How long one call to a cluster may take, with its login and all pages of a list: 30s, 5m, 1h [default: 90s for
    /// each try, and an import as long as it likes]
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

impl Place {
    /// The flags that name this place again, each with a space before it.
    pub(crate) fn flags(&self) -> String {
        let path = |path: &PathBuf| path.display().to_string();
        let (store, cluster) = match &self.keeper {
            Keeper::Folder(dir) => (dir.as_ref(), None),
            Keeper::Cluster(options) => (None, Some(options)),
        };
        let context = cluster.and_then(|options| options.context.clone());
        let kubeconfig = cluster.and_then(|options| options.kubeconfig.as_ref());
        let is_current = cluster.is_some() && context.is_none() && kubeconfig.is_none();
        let valued = [
            ("-n", self.namespace.as_ref().map(ToString::to_string)),
            ("--store", store.map(path)),
            ("--context", context),
            ("--kubeconfig", kubeconfig.map(path)),
        ];
        let valued = valued.into_iter().filter_map(|(flag, value)| Some((flag, value?)));
        let valued: String =
            valued.map(|(flag, value)| format!(" {flag} {}", shell_word(&value))).collect();
        if is_current { format!("{valued} --cluster") } else { valued }
    }
}

/// A text as one word of a shell's command.
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

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

/// Reads `90s`, `5m`, `1h`, `2d`, or `0`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let bad = || "expected a time as in 90s, 5m, 1h or 2d".to_owned();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let number: u32 = digits.parse().map_err(|_| bad())?;
    let unit = match &text[digits.len()..] {
        "" if number == 0 => 0,
        "s" => 1,
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
    fn a_place_is_named_again_by_its_flags() {
        let place = |namespace: Option<&str>, keeper| Place {
            namespace: namespace.map(|name| name.parse().unwrap()),
            keeper,
        };
        let cluster = |context: Option<&str>| {
            let context = context.map(str::to_owned);
            Keeper::Cluster(ClusterOptions { context, ..ClusterOptions::default() })
        };
        for (place, flags) in [
            (place(None, Keeper::Folder(None)), ""),
            (place(Some("dev"), Keeper::Folder(Some("it's".into()))), r" -n dev --store 'it'\''s'"),
            (place(None, cluster(None)), " --cluster"),
            (place(Some("dev"), cluster(Some("a/b"))), " -n dev --context a/b"),
        ] {
            assert_eq!(place.flags(), flags);
        }
    }

    #[test]
    fn times_have_units() {
        for (text, seconds) in [("0", 0), ("90s", 90), ("5m", 300), ("1h", 3600), ("2d", 172_800)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "m", "90", "1x", "-1", "1.5h", "1h30m", "99999999999", "5 m", "5€"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
