//! How a mirror writes down what it did.

use std::path::PathBuf;

use clap::Args;

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
    /// podman and CRI-O, and mapping.txt, which mirror -f reads again
    #[arg(long, value_name = "DIR", conflicts_with_all = PLANNING)]
    pub(crate) cluster_resources: Option<PathBuf>,
    /// Write icsp.yaml besides, for OpenShift before 4.13
    #[arg(long, requires = "cluster_resources")]
    pub(crate) icsp: bool,
}
