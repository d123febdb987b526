//! `verify`.

use clap::Args;
use longshore::http::TrafficOptions;
use longshore::mirror::Place;
use longshore::mirror::verify::Depth;

use super::access::SourceArgs;
use super::traffic::TrafficArgs;
use super::{Access, AccessArgs, ShardArgs, many};

const EXAMPLES: &str = "\
Examples:
  longshore verify registry.local/org/app
  longshore verify --deep oci:backup:v1
  longshore verify registry.local:5000 --against registry.example.com
  longshore verify registry.local/org/app --against quay.io/org/app --repair
  longshore verify --against mirror.lock
  longshore verify registry.local --against mirror.lock --repair
  longshore verify --against mirror.lock --shard 0/8 -o json > shard-0.json
  longshore mirror -f mappings.txt > mirrored.txt; longshore verify registry.local --against mirrored.txt

Prints one line for each thing that is wrong, what it is first:
  missing     a tag, manifest or blob that is not there
  damaged     its bytes are not those that its digest names
  wrong-size  it has more or fewer bytes than what points to it says
  unusable    a manifest that cannot be read
  unchecked   what could not be looked at, and why
  other       a tag that points to another image than it should
  extra       a tag of which SRC, LOCK or FILE says nothing; it is no reason to fail

Exit code: 0 when all is there, 6 when something is there that is not what it should be, else 4 when something is
missing, else that of what could not be looked at.";

/// Tell whether a mirror is true: all that its tags lead to is there, and is what it should be
///
/// Walks from tags over indexes and images to blobs, signatures and other referrers included, and asks for each whether it is
/// there and how large it is. Nothing is changed without --repair. Which repositories there are is asked of the registry;
/// quay.io and docker.io tell those of a namespace (quay.io/org/).
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    /// An image; a repository, layout, archive or bundle with all its tags; a registry, or a path of it
    /// (REGISTRY/PATH/), with all its repositories
    #[arg(value_name = "DST", value_parser = many, required_unless_present = "against")]
    pub(crate) place: Option<Place>,
    /// Compare with the place that this is a mirror of, with a plan (mirror --plan), or with a file of digests and images
    /// as 'mirror' prints them; - is standard input. Without DST, what the plan or the file names is looked at, and
    /// nothing besides
    #[arg(long, value_name = "SRC|LOCK|FILE")]
    pub(crate) against: Option<String>,
    /// Read all blobs and hash them, each once
    #[arg(long)]
    deep: bool,
    /// Bring what is missing or wrong from SRC, or from where the plan says, let tags point to what they should, and look
    /// again
    #[arg(long, requires = "against")]
    pub(crate) repair: bool,
    #[command(flatten)]
    shard: ShardArgs,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    traffic: TrafficArgs,
}

/// How a mirror is verified.
pub(crate) struct Verify {
    pub(crate) place: Option<Place>,
    pub(crate) against: Option<String>,
    pub(crate) depth: Depth,
    pub(crate) repair: bool,
    pub(crate) shard: ShardArgs,
    pub(crate) destination: Access,
    pub(crate) source: Access,
    pub(crate) traffic: TrafficOptions,
}

impl VerifyArgs {
    pub(crate) fn resolve(self) -> Verify {
        Verify {
            depth: if self.deep { Depth::Deep } else { Depth::Shallow },
            destination: self.access.resolve(),
            source: self.access.of_source(self.source),
            traffic: self.traffic.resolve(),
            place: self.place,
            against: self.against,
            repair: self.repair,
            shard: self.shard,
        }
    }
}
