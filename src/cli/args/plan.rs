//! Plans: the flags of `mirror` that make and carry out plans, and `plan`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Flags that tell whether a mirror copies at once.
#[derive(Args, Clone)]
#[command(next_help_heading = "Plans")]
pub(crate) struct PlanningArgs {
    /// Show what would be copied, mounted and left alone, and change nothing
    #[arg(long, conflicts_with_all = ["plan", "apply", "from", "force", "skip_mount"])]
    dry_run: bool,
    /// Show the same and write it to FILE, to be reviewed, kept, and carried out by --apply
    #[arg(long, value_name = "FILE", conflicts_with_all = ["apply", "from", "force", "skip_mount"])]
    plan: Option<PathBuf>,
    /// With --plan: write nothing, and fail when FILE is not what would be planned now
    #[arg(long, requires = "plan")]
    locked: bool,
    /// Do just what the plan in FILE says; when a tag has moved since, on either side, change nothing and fail
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["mappings", "filenames", "from", "platforms", "filter_by_os", "keep_manifest_list",
                              "skip_missing", "force", "skip_mount", "referrers",
                              "no_referrers"]
    )]
    apply: Option<PathBuf>,
    /// With --apply: plan anew what has moved, write that to FILE, and go on
    #[arg(long, requires = "apply")]
    replan: bool,
}

/// What is to be done with images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Copy.
    Copy,
    /// Tell what copying would do.
    Show,
    /// Tell it and write it to a file.
    Plan(PathBuf),
    /// Compare it with what is in a file.
    Verify(PathBuf),
}

/// A plan that is to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// As it is.
    Apply(PathBuf),
    /// Anew where something has moved.
    Replan(PathBuf),
}

impl PlanningArgs {
    pub(crate) fn intent(&self) -> Intent {
        match self.plan.clone() {
            Some(file) if self.locked => Intent::Verify(file),
            Some(file) => Intent::Plan(file),
            None if self.dry_run => Intent::Show,
            None => Intent::Copy,
        }
    }

    /// Whether a plan is written or compared.
    pub(crate) fn is_written(&self) -> bool {
        self.plan.is_some() || self.replan
    }

    /// The plan that is to be carried out, when it is not images that are given.
    pub(crate) fn kept(&self) -> Option<Kept> {
        let file = self.apply.clone()?;
        Some(if self.replan { Kept::Replan(file) } else { Kept::Apply(file) })
    }
}

const EXAMPLES: &str = "\
Examples:
  longshore mirror -f mappings.txt --plan mirror.lock
  longshore plan show mirror.lock
  git show HEAD:mirror.lock > before.lock; longshore plan diff before.lock mirror.lock
  longshore mirror --apply mirror.lock";

/// Look at plans that 'mirror --plan' wrote
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PlanArgs {
    #[command(subcommand)]
    pub(crate) verb: PlanVerb,
}

#[derive(Subcommand)]
pub(crate) enum PlanVerb {
    Show(ShowArgs),
    Diff(DiffArgs),
}

/// Show a plan as it was shown when it was made
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// The plan
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Show what one plan has other than another
///
/// Tells images that came, went, moved, or go elsewhere, and how many bytes that is. What the destinations had when the
/// plans were made is no difference.
#[derive(Args)]
pub(crate) struct DiffArgs {
    /// The earlier plan
    #[arg(value_name = "BEFORE")]
    pub(crate) before: PathBuf,
    /// The later plan
    #[arg(value_name = "AFTER")]
    pub(crate) after: PathBuf,
}
