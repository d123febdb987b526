//! Doing it: histories first, so that none names an image that is gone; then the images.

use futures_util::{StreamExt as _, TryStreamExt as _};

use super::{PruneOptions, PrunePlan, PrunedStream, old, prune, shorten};
use crate::imagestream::api::Time;
use crate::imagestream::requests::ATTEMPTS;
use crate::imagestream::{Error, Image, ImageStream, Result, StreamName, Streams};

/// How many images are asked for at once.
const AT_ONCE: usize = 8;

/// What there is to be forgotten in a place of streams.
///
/// # Errors
/// When the place cannot be read as a whole.
pub async fn plan(streams: &dyn Streams, options: &PruneOptions, now: Time) -> Result<PrunePlan> {
    let images = images(streams).await?;
    Ok(prune(&streams.list(None).await?.whole()?, &images, options, now))
}

/// Forgets it, and tells what is gone. A stream that somebody else changes in the meantime is shortened as it is then;
/// images are chosen by what the streams name after that.
///
/// # Errors
/// When the place cannot be read as a whole, in which case nothing is forgotten, and when it refuses.
pub async fn carry_out(
    streams: &dyn Streams,
    options: &PruneOptions,
    now: Time,
) -> Result<PrunePlan> {
    let images = images(streams).await?;
    let mut shortened = Vec::new();
    for stream in streams.list(None).await?.whole()? {
        shortened.extend(shorten_now(streams, stream, options, now).await?);
    }
    let left = streams.list(None).await?.whole()?;
    // An image that an import has come to need since then stays.
    let images = streams.delete_images(&old(left.iter(), &images, options, now)).await?;
    Ok(PrunePlan { streams: shortened, images })
}

/// Shortens the histories of a stream; nothing when none is too long, or the stream is gone.
async fn shorten_now(
    streams: &dyn Streams,
    mut stream: ImageStream,
    options: &PruneOptions,
    now: Time,
) -> Result<Option<PrunedStream>> {
    let mut attempt = 1;
    loop {
        let pruned = shorten(&stream, options, now);
        if pruned.dropped.is_empty() {
            return Ok(None);
        }
        match streams.replace_status(&pruned.stream).await {
            Ok(()) => return Ok(Some(pruned)),
            Err(Error::NoStream(_)) => return Ok(None),
            Err(error) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
        match streams.get(&StreamName::of(&stream)?).await? {
            Some(changed) => stream = changed,
            None => return Ok(None),
        }
    }
}

async fn images(streams: &dyn Streams) -> Result<Vec<Image>> {
    let digests = streams.images().await?;
    let found = futures_util::stream::iter(digests)
        .map(|digest| async move {
            match streams.image(&digest).await {
                // One that cannot be read is of no age, and of use to nobody unless it is named.
                Err(error @ Error::Files(_)) => {
                    tracing::warn!("{error}");
                    Ok(Some(Image::new(&digest)))
                }
                other => other,
            }
        })
        .buffered(AT_ONCE);
    found.try_filter_map(|image| async { Ok(image) }).try_collect().await
}
