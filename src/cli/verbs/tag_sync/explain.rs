//! `tag-sync explain`.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use longshore::model::Endpoint;
use longshore::ops::tag_sync::{Explained, Explanation, explain};
use longshore::tagsync::Rule;
use serde_json::{Value, json};

use super::open;
use crate::cli::Context;
use crate::cli::args::{ExplainArgs, Format};
use crate::cli::exit::Exit;
use crate::cli::verbs::advised::Advised;

/// Passwords are asked for here.
pub(super) fn start(
    args: ExplainArgs,
    context: &Context,
) -> anyhow::Result<BoxFuture<'_, anyhow::Result<Exit>>> {
    let tag = args.tag()?;
    let ExplainArgs { image, rules, reach } = args;
    let opened = open(&rules, reach, context)?;
    let work = async move {
        let inquiry = opened.inquiry(None, true, &());
        let explained = explain(&inquiry, &image, &tag).await;
        tell(&image, &opened.file.rules, explained, context)
    };
    Ok(work.boxed())
}

fn tell(
    image: &Endpoint,
    rules: &[Rule],
    explained: Vec<Explained>,
    context: &Context,
) -> anyhow::Result<Exit> {
    if explained.is_empty() {
        let what = format!("no rule has to do with {}", image.without_name());
        let known: Vec<String> = rules.iter().map(|rule| rule.source.to_string()).collect();
        let hint = format!("rules are for {}", known.join(", "));
        return Err(Advised::failed(what, Some(hint)).into());
    }
    match context.output.format() {
        Format::Text => {
            for one in &explained {
                let rule = &rules[one.rule];
                let (name, position) = (&rule.name, &rule.position);
                let said = said(one);
                context
                    .output
                    .line(format_args!("{}: rule {name} ({position}) {said}", one.source))?;
            }
        }
        Format::Json => {
            let all: Vec<Value> = explained.iter().map(|one| json_of(one, rules)).collect();
            context.output.json(&json!({ "image": image.to_string(), "rules": all }))?;
        }
    }
    let unknown = explained.into_iter().filter_map(|one| match one.verdict {
        Explanation::Unknown(error) => Some(context.report(&anyhow::Error::new(*error))),
        _ => None,
    });
    let unknown: Vec<Exit> = unknown.collect();
    Ok(Exit::of_failures(&unknown, unknown.len()))
}

fn said(one: &Explained) -> String {
    match &one.verdict {
        Explanation::Taken(digest, targets) => {
            let targets: Vec<String> = targets.iter().map(ToString::to_string).collect();
            format!("takes it: {digest} goes to {}", targets.join(", "))
        }
        Explanation::Left(why) => format!("leaves it: {why}"),
        Explanation::Absent => "does not know it: there is no such tag".to_owned(),
        Explanation::Repository => "leaves it: it leaves out the repository".to_owned(),
        Explanation::Unknown(_) => "cannot tell".to_owned(),
    }
}

fn json_of(one: &Explained, rules: &[Rule]) -> Value {
    let (verdict, why) = match &one.verdict {
        Explanation::Taken(..) => ("taken", None),
        Explanation::Left(why) => ("left", Some(why.to_string())),
        Explanation::Absent => ("absent", None),
        Explanation::Repository => ("left", Some("it leaves out the repository".to_owned())),
        Explanation::Unknown(error) => ("unknown", Some(error.to_string())),
    };
    let (digest, targets) = match &one.verdict {
        Explanation::Taken(digest, targets) => (Some(digest.to_string()), targets.as_slice()),
        _ => (None, [].as_slice()),
    };
    json!({
        "rule": rules[one.rule].name,
        "source": one.source.to_string(),
        "verdict": verdict,
        "why": why,
        "digest": digest,
        "destinations": targets.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
