//! `push`.

use clap::Args;
use longshore::mirror::Mapping;
use longshore::model::Endpoint;
use longshore::store::WriteOptions;
use longshore::store::bundle::BundleOptions;

use super::transfer::{Copy, ReferrerArgs, TransferArgs};
use super::{Access, AccessArgs, UsageError, endpoint};

const EXAMPLES: &str = "\
Examples:
  longshore push oci:layout:v1 quay.io/org/app:v1
  longshore push docker-archive:app.tar quay.io/org/app:v1
  longshore push --creds 'org+robot' oci-archive:app.tar quay.io/org/app:v1";

/// Copy an image from a local folder or file to a registry
///
/// Only what the registry does not have is sent. The tag is written last. Prints the digest and the name of the
/// image.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PushArgs {
    /// The local image: oci:, oci-archive:, docker-archive: or dir:
    #[arg(value_parser = endpoint)]
    pub(crate) source: Endpoint,
    /// The image on a registry
    #[arg(value_parser = endpoint)]
    pub(crate) image: Endpoint,
    #[command(flatten)]
    pub(crate) referrers: ReferrerArgs,
    #[command(flatten)]
    pub(crate) transfer: TransferArgs,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

impl PushArgs {
    pub(crate) fn resolve(self) -> Result<Copy, UsageError> {
        if let Endpoint::Registry(_) = &self.source {
            return Err(UsageError(
                "the source of push is local, as in oci:DIR: to copy between registries, use mirror".into(),
            ));
        }
        if self.image.path().is_some() {
            return Err(UsageError(format!(
                "'{}' is not on a registry: to copy between two local places, use mirror",
                self.image
            )));
        }
        let mapping = Mapping::new(self.source, vec![self.image]);
        Ok(Copy {
            bundle: BundleOptions::default(),
            traffic: self.transfer.traffic.resolve(),
            request: self.transfer.request(vec![mapping], self.referrers.attachments()),
            source: Access::default(),
            destination: self.access.resolve(),
            write: WriteOptions { resume: self.transfer.resume(), ..WriteOptions::default() },
        })
    }
}
