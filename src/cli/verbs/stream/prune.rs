//! `stream prune`.

use jiff::SignedDuration;
use longshore::imagestream::prune::{PruneOptions, PrunePlan, carry_out, plan};
use longshore::model::one_line;
use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::args::{Format, PruneArgs};
use crate::cli::exit::Exit;
use crate::cli::verbs::streams::{self, Opened};

pub(super) async fn run(
    opened: Opened,
    args: PruneArgs,
    context: &Context,
) -> anyhow::Result<Exit> {
    let options = PruneOptions {
        namespace: opened.is_named.then(|| opened.namespace.clone()),
        keep_tag_revisions: args.keep_tag_revisions,
        keep_younger_than: SignedDuration::try_from(args.keep_younger_than)
            .unwrap_or(SignedDuration::MAX),
    };
    let (streams, now) = (opened.streams.as_ref(), streams::now());
    let plan = if args.confirm {
        carry_out(streams, &options, now).await?
    } else {
        plan(streams, &options, now).await?
    };
    match context.output.format() {
        Format::Text => context.output.bytes(text(&plan, args.confirm).as_bytes())?,
        Format::Json => context.output.json(&value(&plan, args.confirm))?,
    }
    Ok(Exit::Done)
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
