//! `stream rollback`.

use longshore::imagestream::StreamTag;
use longshore::imagestream::api::{
    DOCKER_IMAGE, IMAGE_STREAM_TAG, ImportMode, ReferencePolicyType, SpecTag, TagEvent,
};
use longshore::imagestream::rollback::{CarryOutError, Rollback, RolledBack, carry_out};
use longshore::model::one_line;
use longshore::reaction::changes;
use serde_json::json;

use crate::cli::Context;
use crate::cli::args::{Format, RollbackArgs, View, shell_word};
use crate::cli::exit::Exit;
use crate::cli::output::OutputError;
use crate::cli::verbs::reacting::Reacting;
use crate::cli::verbs::streams::{self, Opened};

pub(super) async fn run(
    opened: Opened,
    args: RollbackArgs,
    reacting: Reacting,
    context: &Context,
) -> anyhow::Result<Exit> {
    let tag = opened.tag(&args.tag)?;
    let done = match carry_out(opened.streams.as_ref(), &tag, args.to.as_ref()).await {
        Err(CarryOutError::Streams(error)) => return Err(opened.explain(error, &tag).await),
        Err(CarryOutError::Rollback(error)) => return Err(error.into()),
        Ok(done) => done,
    };
    let RolledBack { before, rollback: Rollback { from, to, .. }, after } = done;
    let name = tag.tag.as_str();
    let again = before.spec_tag(name).and_then(|spec| again(spec, &tag));
    let told = tell(&tag, &from, &to, context);
    if let Some(again) = again.filter(|_| !context.quiet && context.output.format() == Format::Text)
    {
        let flags = &opened.flags;
        context.console.lines([format!("note: it stays there until: {again}{flags}")]);
    }
    let moved = changes(Some(&before), &after);
    let unreacted =
        reacting.react(opened.streams.as_ref(), Some(&after), &moved, View::Text, context).await;
    told?;
    Ok(Exit::of_failures(&unreacted, unreacted.len()))
}

/// Prints where the tag is now.
fn tell(
    tag: &StreamTag,
    from: &TagEvent,
    to: &TagEvent,
    context: &Context,
) -> Result<(), OutputError> {
    let (stream, name) = (&tag.stream, &tag.tag);
    if context.output.format() == Format::Json {
        return context.output.json(&json!({
            "stream": stream.to_string(), "tag": name.as_str(), "from": from, "to": to,
        }));
    }
    let shown = format!("{}:{name}", stream.name());
    let (from, to) = (streams::short(&from.image), streams::short(&to.image));
    context.output.line(match from == to {
        true => format!("Tag {shown} stays at {to}."),
        false => format!("Tag {shown} moved back from {from} to {to}."),
    })
}

/// The command by which a tag follows again what it follows now.
fn again(spec: &SpecTag, tag: &StreamTag) -> Option<String> {
    let from = spec.from.as_ref()?;
    let (source, name) =
        (shell_word(&one_line(&from.name, 300)), format!("{}:{}", tag.stream.name(), tag.tag));
    match from.kind.as_str() {
        DOCKER_IMAGE => Some(format!("longshore tag{} {source} {name}", flags(spec))),
        IMAGE_STREAM_TAG => Some(format!("longshore tag --alias {source} {name}")),
        _ => None,
    }
}

/// The flags that give a tag the policies that it has.
fn flags(spec: &SpecTag) -> String {
    let SpecTag { import_policy: policy, reference_policy, .. } = spec;
    [
        (policy.insecure, " --insecure"),
        (policy.scheduled, " --scheduled"),
        (
            policy.import_mode == Some(ImportMode::PreserveOriginal),
            " --import-mode PreserveOriginal",
        ),
        (reference_policy.kind == Some(ReferencePolicyType::Local), " --reference-policy local"),
    ]
    .into_iter()
    .filter_map(|(is_set, flag)| is_set.then_some(flag))
    .collect()
}
