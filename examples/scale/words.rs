//! What the page says besides its tables.

use longshore::mirror::plan::Speed;

use super::cost::{Cost, TOKEN, cold};
use super::page::{LIMIT, SHAPE};
use super::registry::{REBUILDS, RUNTIMES, Registry, SYSTEMS, TAGS_A_DEPENDENCY};

/// What is assumed, up to the first table.
pub(super) fn beginning(registry: &Registry) -> String {
    let Speed { bytes_per_second, requests_per_second } = Speed::default();
    let counts = || registry.repositories.iter().map(|repository| repository.tags.len());
    let [least, most] = [counts().min(), counts().max()].map(Option::unwrap_or_default);
    format!(
        "\
# Scale

What a mirror of {tags} tags costs when it is parted between 1, 8 and 64 machines (`--shard`,
[0034](decisions/0034-shards.md)). The figures are simulated: `cargo run --release --example scale` prints this page. The
parting is that of the library, the registry is made up, and the costs follow from what the engine asks for. Tests hold
the page to the program, and the costs of a small registry to what is counted when that is mirrored.

## What is assumed

- **The registry** has {tags} tags in {repositories} repositories of {namespaces} namespaces, whose sizes fall with their rank as by Zipf's
  law: {least} to {most} tags a repository. An image is of one platform and has six layers and a configuration. All namespaces build
  on {SYSTEMS} systems (two layers); each has {RUNTIMES} runtimes on them (two layers, 60 to 180 MiB). Both were rebuilt
  {REBUILDS} times while the tags came. {TAGS_A_DEPENDENCY} tags of a repository share a layer (10 to 100 MiB), and each has one of
  its own (of a repository's order of size, up to 40 MiB). That makes {blobs} blobs, {all}.
- **Cold**: the destination is empty. The source is asked for the tags of a repository (1,000 a page), and for each tag for its
  manifest and what refers to it (four requests); each blob is read once by a shard. The destination is asked for the name and
  the digest and gets the manifest; a blob is asked for and goes up in two requests, in three where it is larger than 8 MiB;
  one that the shard brought to another repository is mounted. No request fails. A run of a plan asks each side once more for
  each tag, and the source not for what refers to it.
- **Warm**: nothing has changed. Each side is asked once for each tag, the source for the tags of each repository.
- **Brought again** are bytes that more than one shard brings: a shard mounts what it brought itself, and knows nothing of
  others.
- **Time** is that of the longest shard, whose machine moves {rate} MiB in a second, or gets {requests_per_second} requests
  answered, as plans reckon. *With limits* it is at least what both registries take: {limit} MiB and {limited} requests in a
  second from all shards together.
- **Tokens** are asked for at each end for each repository, and for each pair of repositories that one mounts from the other,
  by every shard that has to do with it; they live for 300 seconds and are renewed after {TOKEN}. Repositories are worked
  through one after the other. A registry with passwords or without logins gives no tokens.
- **The longest shard** has the most of each figure; it need not be the same one. *Times the mean* are its bytes against
  those of all shards divided by their number.

## Cold
",
        tags = number(SHAPE.tags as u64),
        repositories = number(SHAPE.repositories as u64),
        namespaces = SHAPE.namespaces,
        blobs = number(registry.sizes.len() as u64),
        all = bytes(registry.bytes()),
        rate = bytes_per_second >> 20,
        limit = LIMIT.bytes_per_second >> 20,
        limited = number(LIMIT.requests_per_second),
    )
}

/// Before the table of runs with nothing to do.
pub(super) const WARM: &str = "
## Warm

Parted by the plan that the mirror was made by.

";

/// What can be read from it.
pub(super) fn ending(registry: &Registry) -> String {
    let alone = registry.repositories.iter().map(|repository| cold(registry, [repository]));
    let largest = alone.map(Cost::seconds).fold(0.0, f64::max);
    let all = cold(registry, &registry.repositories);
    let moving = all.bytes as f64 / Speed::default().bytes_per_second as f64;
    format!(
        "
## What it tells

- Of the time of a cold mirror {bytes} % go to bytes, the rest to requests. 8 machines bring it in a seventh of the time. By
  names alone it would be longer: namespaces would be parted, and their common layers brought by nearly all shards.
- A repository is in one shard, so the largest sets the time from some number of shards on: here it takes {largest} alone, and
  more than {useful} shards bring nothing more. More shards than namespaces part most of these, and bring more bytes again.
- Without a plan each repository counts the same, however many tags it has: the longest shard takes longer.
- Warm, a run is bound by requests. Eight shards are done in minutes; in sum the requests are the same.
- Tokens hardly grow with shards, but come in a shorter time: a token server that limits its clients is the first to feel 64
  shards, at the start of each run most of all.
",
        bytes = (moving / all.seconds() * 100.0).round(),
        largest = time(largest),
        useful = (all.seconds() / largest).ceil(),
    )
}

/// `12,345`.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

pub(super) fn bytes(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / (1_u64 << 30) as f64)
}

pub(super) fn time(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() as u64;
    match minutes {
        0 => format!("{} s", seconds.round()),
        1..60 => format!("{minutes} min"),
        _ => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}
