//! `stream prune`.

use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::SignedDuration;
use longshore::imagestream::prune::{PruneOptions, PrunePlan, prune};
use longshore::imagestream::{Image, Streams};
use longshore::model::one_line;
use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::args::{Format, PruneArgs};
use crate::cli::exit::Exit;
use crate::cli::verbs::streams::{self, Opened};

/// How many images are asked for at once.
const AT_ONCE: usize = 8;

pub(super) async fn run(
    opened: Opened,
    args: PruneArgs,
    context: &Context,
) -> anyhow::Result<Exit> {
    let options = PruneOptions {
        keep_tag_revisions: args.keep_tag_revisions,
        keep_younger_than: SignedDuration::try_from(args.keep_younger_than)
            .unwrap_or(SignedDuration::MAX),
    };
    let plan = plan(&opened, &options).await?;
    if args.confirm {
        carry_out(opened.streams.as_ref(), &plan).await?;
    }
    match context.output.format() {
        Format::Text => context.output.bytes(text(&plan, args.confirm).as_bytes())?,
        Format::Json => context.output.json(&value(&plan, args.confirm))?,
    }
    Ok(Exit::Done)
}

/// What is to go. Streams of other namespaces than the named one stay as they are, but their images are known.
async fn plan(opened: &Opened, options: &PruneOptions) -> anyhow::Result<PrunePlan> {
    let streams = opened.streams.as_ref();
    let all = streams.list(None).await?.whole()?;
    let images = images(streams).await?;
    let now = streams::now();
    if !opened.is_named {
        return Ok(prune(&all, &images, options, now));
    }
    let here = Some(opened.namespace.as_str());
    let (ours, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|stream| stream.metadata.namespace.as_deref() == here);
    let shortened = prune(&ours, &[], options, now).streams;
    let is_shortened =
        |name: &str| shortened.iter().any(|pruned| pruned.stream.metadata.name == name);
    let left = ours.into_iter().filter(|stream| !is_shortened(&stream.metadata.name));
    let left = left.chain(shortened.iter().map(|pruned| pruned.stream.clone())).chain(others);
    let keep_all = PruneOptions { keep_tag_revisions: usize::MAX, ..*options };
    let images = prune(&left.collect::<Vec<_>>(), &images, &keep_all, now).images;
    Ok(PrunePlan { streams: shortened, images })
}

async fn images(streams: &dyn Streams) -> anyhow::Result<Vec<Image>> {
    let digests = streams.images().await?;
    let found = futures_util::stream::iter(digests)
        .map(|digest| async move { streams.image(&digest).await })
        .buffered(AT_ONCE);
    Ok(found.try_filter_map(|image| async { Ok(image) }).try_collect().await?)
}

/// Histories go first: an image that is gone may not be named by one.
async fn carry_out(streams: &dyn Streams, plan: &PrunePlan) -> anyhow::Result<()> {
    for pruned in &plan.streams {
        streams.replace_status(&pruned.stream).await?;
    }
    for digest in &plan.images {
        streams.delete_image(digest).await?;
    }
    Ok(())
}

fn text(plan: &PrunePlan, is_done: bool) -> String {
    let mut lines = Vec::new();
    for pruned in &plan.streams {
        let meta = &pruned.stream.metadata;
        let namespace = meta.namespace.as_deref().unwrap_or_default();
        for dropped in &pruned.dropped {
            let tag = &dropped.tag;
            let image = streams::short(&dropped.event.docker_image_reference);
            lines.push(format!("{namespace}/{}:{tag} {image}", meta.name));
        }
    }
    let entries = counted(lines.len(), "history entry", "history entries");
    let images = counted(plan.images.len(), "image", "images");
    lines.extend(plan.images.iter().map(|digest| format!("image {}", streams::short(digest))));
    let total = match (lines.is_empty(), is_done) {
        (true, _) => "nothing to prune".to_owned(),
        (false, true) => format!("pruned {entries} and {images}"),
        (false, false) => format!("would prune {entries} and {images}: add --confirm to do it"),
    };
    lines.push(total);
    lines.into_iter().map(|line| format!("{}\n", one_line(&line, 500))).collect()
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn value(plan: &PrunePlan, is_done: bool) -> Value {
    let entries = plan.streams.iter().flat_map(|pruned| {
        let meta = &pruned.stream.metadata;
        pruned.dropped.iter().map(move |dropped| {
            json!({
                "namespace": meta.namespace,
                "stream": meta.name,
                "tag": dropped.tag,
                "created": dropped.event.created,
                "image": dropped.event.image,
                "dockerImageReference": dropped.event.docker_image_reference,
            })
        })
    });
    json!({ "confirmed": is_done, "entries": entries.collect::<Vec<_>>(), "images": plan.images })
}
