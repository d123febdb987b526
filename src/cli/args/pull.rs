//! `pull`.

use anyhow::bail;
use clap::Args;
use longshore::mirror::Mapping;
use longshore::model::{Endpoint, ImageName};
use longshore::store::bundle::BundleOptions;

use super::transfer::{Copy, LocalArgs, PlatformArgs, ReferrerArgs, TransferArgs};
use super::{Access, AccessArgs, UsageError, endpoint};

const EXAMPLES: &str = "\
Examples:
  longshore pull quay.io/org/app:v1
  longshore pull quay.io/org/app:v1 oci:layout:v1
  longshore pull --platform linux/arm64 quay.io/org/app:v1 oci-archive:app.tar
  longshore pull quay.io/org/app@sha256:… docker-archive:app.tar";

/// Copy an image from a registry to a local folder or file
///
/// All platforms are copied, with every digest kept. Prints the digest and the place of the image.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PullArgs {
    /// The image on a registry
    #[arg(value_parser = endpoint)]
    pub(crate) image: Endpoint,
    /// Where it goes [default: a layout of its repository below ~/.local/share/longshore/layouts]
    #[arg(value_name = "DESTINATION", value_parser = endpoint)]
    pub(crate) destination: Option<Endpoint>,
    #[command(flatten)]
    pub(crate) platforms: PlatformArgs,
    #[command(flatten)]
    pub(crate) referrers: ReferrerArgs,
    #[command(flatten)]
    pub(crate) transfer: TransferArgs,
    #[command(flatten)]
    pub(crate) local: LocalArgs,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

impl PullArgs {
    /// `keep_at` tells where an image goes that is given no destination.
    pub(crate) fn resolve(
        self,
        keep_at: impl FnOnce(&ImageName) -> anyhow::Result<Endpoint>,
    ) -> anyhow::Result<Copy> {
        let Endpoint::Registry(name) = &self.image else {
            bail!(UsageError(format!(
                "'{}' is not on a registry: to copy between two local places, use mirror",
                self.image
            )));
        };
        let destination = match self.destination {
            Some(Endpoint::Registry(_)) => bail!(UsageError(
                "the destination of pull is local, as in oci:DIR: to copy between registries, use mirror"
                    .into()
            )),
            Some(local) => local,
            None => keep_at(name)?,
        };
        let platforms = self.platforms.platforms;
        let mapping = Mapping { platforms, ..Mapping::new(self.image, vec![destination]) };
        Ok(Copy {
            bundle: BundleOptions::default(),
            traffic: self.transfer.traffic.resolve(),
            request: self.transfer.request(vec![mapping], self.referrers.attachments()),
            source: self.access.resolve(),
            destination: Access::default(),
            write: self.local.write(self.transfer.resume()),
        })
    }
}
