//! How a mirror writes down what it did.

use std::path::PathBuf;

use clap::Args;
use longshore::ops::SignatureStore;

use super::discreet::Discreet;

/// Flags with which nothing is copied that could be told.
const PLANNING: [&str; 2] = ["dry_run", "plan"];

/// Flags that have a run written down.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Reports")]
pub(crate) struct ReportArgs {
    /// Write what became of each image to this file, as JSON
    #[arg(long, value_name = "FILE", conflicts_with_all = PLANNING)]
    pub(crate) report: Option<PathBuf>,
    /// Write it as JUnit XML, which CI servers show
    #[arg(long, value_name = "FILE", conflicts_with_all = PLANNING)]
    pub(crate) junit: Option<PathBuf>,
    /// Write to this folder what tells of the mirror: idms.yaml and itms.yaml for OpenShift clusters, registries.conf for
    /// podman and CRI-O, mapping.txt, which mirror -f reads again, and signature-configmap.yaml and .json with the
    /// signatures of releases
    #[arg(long, value_name = "DIR", conflicts_with_all = PLANNING)]
    pub(crate) cluster_resources: Option<PathBuf>,
    /// Where the signatures of releases come from: a server or a folder that has them at sha256=HEX/signature-1
    /// [default: the public stores of OpenShift, none for OKD and for bundles that are imported]
    #[arg(long, value_name = "URL|DIR", value_parser = Discreet::<SignatureStore>::new(), requires = "cluster_resources")]
    pub(crate) release_signatures: Option<SignatureStore>,
    /// Write icsp.yaml besides, for OpenShift before 4.13
    #[arg(long, requires = "cluster_resources")]
    pub(crate) icsp: bool,
}
