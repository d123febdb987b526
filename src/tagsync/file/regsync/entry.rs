//! What an entry of regsync is as rules.

use serde_json::{Map, json};

use super::creds::with;
use super::names::endpoint;
use super::written::{Kind, Sync};
use super::{FORCE, HOOKS, RATE_LIMIT, Reader};
use crate::mirror::{Parsed, chain};
use crate::model::{Endpoint, PlatformError, PlatformFilter, RefName, Registry, Tag};
use crate::tagsync::file::foreign::{Draft, Flag};
use crate::tagsync::file::go::Text;
use crate::tagsync::file::rules::Keys;
use crate::yaml::{self, Step};

/// What keys of a rule are called in an entry.
const KEYS: Keys = Keys::Other(&[
    ("source", "source"),
    ("to", "target"),
    ("repositories", "repos"),
    ("tags", "tags"),
    ("rename", "targetTag"),
]);

/// What regsync copies where nothing is said of media types.
const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
];

type Result<T> = std::result::Result<T, yaml::Error>;

/// Where images come from and go, and what they are called there.
struct Ends {
    source: String,
    target: String,
    rename: Option<String>,
}

impl Reader<'_> {
    /// Reads an entry.
    pub(super) fn entry(&mut self, index: usize, sync: &Sync) -> Result<()> {
        let path: yaml::Path = [Step::from("sync"), Step::from(index)].into_iter().collect();
        self.refuse(&path, sync)?;
        let source =
            self.expand(&with(&path, "source"), &sync.source, &fields(sync, &sync.source))?;
        let source = self.whole(&with(&path, "source"), &source)?;
        let field = fields(sync, &source);
        let target = self.expand(&with(&path, "target"), &sync.target, &field)?;
        let target = self.whole(&with(&path, "target"), &target)?;
        let ends = self.ends(&path, sync, &source, &target)?;
        let mut rule = Map::new();
        rule.insert("source".to_owned(), ends.source.clone().into());
        rule.insert("to".to_owned(), ends.target.into());
        rule.extend(ends.rename.map(|rename| ("rename".to_owned(), rename.into())));
        if let Some(repos) = sync.repos.as_ref().filter(|_| sync.kind.0 == Kind::Registry) {
            rule.insert("repositories".to_owned(), self.repositories(&path, &repos.0)?);
        }
        let platforms = self.platforms(&path, sync)?;
        rule.extend(platforms.map(|list| ("platforms".to_owned(), json!(list))));
        let referrers = self.referrers(sync);
        rule.extend(referrers.map(|wanted| ("referrers".to_owned(), wanted.into())));
        let backup = self.backup(&path, sync, &field)?;
        rule.extend(backup.map(|backup| ("backup".to_owned(), backup.into())));
        let schedule = self.schedule(&path, sync)?;
        rule.extend(schedule.map(|schedule| ("schedule".to_owned(), schedule.into())));
        self.tell_entry(&path, sync);
        let selections = match sync.kind.0 {
            Kind::Image => vec![None],
            Kind::Registry | Kind::Repository => self.selections(&path, sync)?,
        };
        for tags in selections {
            let mut fields = rule.clone();
            fields.extend(tags.map(|tags| ("tags".to_owned(), tags)));
            let (path, name) = (path.clone(), ends.source.clone());
            self.foreign.rule(Draft { path, name, fields, keys: KEYS })?;
        }
        Ok(())
    }

    fn ends(&self, path: &yaml::Path, sync: &Sync, source: &str, target: &str) -> Result<Ends> {
        let wrong = |key: &str, message: &str| self.foreign.wrong(&with(path, key), message);
        let read =
            |key: &str, text: &str| endpoint(text).map_err(|error| wrong(key, &chain(&error)));
        match sync.kind.0 {
            Kind::Registry => {
                if source.parse::<Registry>().is_err() {
                    return Err(wrong("source", "a registry is HOST or HOST:PORT"));
                }
                let target = format!("{}/", target.trim_end_matches('/'));
                let rename = self.rename(path, sync, None)?;
                Ok(Ends { source: format!("{source}/"), target, rename })
            }
            Kind::Repository => {
                let (from, to) = (read("source", source)?, read("target", target)?);
                if !from.is_repository() {
                    return Err(wrong(
                        "source",
                        "it names an image, and the type is repository: leave out the tag, or write 'type: image'",
                    ));
                }
                let rename = self.rename(path, sync, Some(&from))?;
                Ok(Ends { source: from.to_string(), target: to.to_string(), rename })
            }
            Kind::Image => {
                let (from, to) = (read("source", source)?, read("target", target)?);
                if from.digest().is_some() || to.digest().is_some() {
                    let key = if from.digest().is_some() { "source" } else { "target" };
                    return Err(wrong(
                        key,
                        "an image by its digest has no tag to keep in step: 'longshore copy' copies it",
                    ));
                }
                let [old, new] = [&from, &to]
                    .map(|image| image.name().unwrap_or_else(|| RefName::from(Tag::latest())));
                let from = from.without_name().named(&old);
                let from = from.map_err(|error| wrong("source", &error.to_string()))?;
                let rename = (old != new).then(|| new.to_string());
                Ok(Ends { source: from.to_string(), target: to.without_name().to_string(), rename })
            }
        }
    }

    /// What tags are called at the target.
    fn rename(
        &self,
        path: &yaml::Path,
        sync: &Sync,
        source: Option<&Endpoint>,
    ) -> Result<Option<String>> {
        let Some(template) = sync.target_tag.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let repository = |text: fn(&crate::model::ImageRef) -> String| match source {
            Some(Endpoint::Registry(crate::model::ImageName::Qualified(image))) => {
                Some(Text::plain(text(image)))
            }
            _ => None,
        };
        let field = |name: &str| match name {
            ".Source.Tag" => Some(Text::field("tag")),
            ".Source.Registry" => repository(|image| image.repository.registry().to_string()),
            ".Source.Repository" => repository(|image| image.repository.path().to_owned()),
            _ => None,
        };
        let text = self.expand(&with(path, "targetTag"), template, &field)?;
        Ok(Some(text.template()))
    }

    fn platforms(&mut self, path: &yaml::Path, sync: &Sync) -> Result<Option<Vec<String>>> {
        let one = sync.platform.as_deref().filter(|text| !text.is_empty());
        let (key, list) = match one {
            Some(one) => ("platform", vec![one.to_owned()]),
            None => ("platforms", sync.platforms.clone().unwrap_or_default()),
        };
        for platform in &list {
            let read: std::result::Result<PlatformFilter, PlatformError> = platform.parse();
            read.map_err(|error| self.foreign.wrong(&with(path, key), &error.to_string()))?;
        }
        if key == "platforms" && !list.is_empty() {
            self.foreign.note(
                &with(path, key),
                "an index of just these is made, which has a digest of its own",
            );
        }
        Ok((!list.is_empty()).then_some(list))
    }

    /// Whether what refers to images goes along; `None` where it does with images that are copied.
    fn referrers(&self, sync: &Sync) -> Option<bool> {
        let defaults = &self.defaults;
        let is_wanted = is_on(&sync.referrers, &defaults.referrers)
            || is_on(&sync.digest_tags, &defaults.digest_tags);
        match (is_wanted, is_on(&sync.fast_copy, &defaults.fast_copy)) {
            (false, _) => Some(false),
            (true, false) => Some(true),
            (true, true) => None,
        }
    }

    /// Refuses what would copy or delete something else than regsync does.
    fn refuse(&self, path: &yaml::Path, sync: &Sync) -> Result<()> {
        let defaults = &self.defaults;
        let of_all: yaml::Path = ["defaults"].into_iter().collect();
        let place = |is_own: bool, key: &str| with(if is_own { path } else { &of_all }, key);
        let with_referrers = is_on(&sync.referrers, &defaults.referrers);
        let is_given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let filters = sync.referrer_filters.as_ref().or(defaults.referrer_filters.as_ref());
        let media_types = [&sync.media_types, &defaults.media_types]
            .map(|list| list.as_deref().unwrap_or_default());
        let types = if media_types[0].is_empty() { media_types[1] } else { media_types[0] };
        let has_all = types.is_empty()
            || MEDIA_TYPES.iter().all(|known| types.iter().any(|one| one == known));
        let refused = [
            (
                with_referrers && filters.is_some_and(|list| !list.is_empty()),
                place(sync.referrer_filters.is_some(), "referrerFilters"),
                "what refers to images goes along as a whole, or not at all",
            ),
            (
                with_referrers
                    && (is_given(&sync.referrer_source) || is_given(&defaults.referrer_source)),
                place(is_given(&sync.referrer_source), "referrerSource"),
                "what refers to an image is looked for where the image is",
            ),
            (
                with_referrers
                    && (is_given(&sync.referrer_target) || is_given(&defaults.referrer_target)),
                place(is_given(&sync.referrer_target), "referrerTarget"),
                "what refers to an image goes where the image goes",
            ),
            (
                is_on(&sync.include_external, &defaults.include_external),
                place(sync.include_external.is_some(), "includeExternal"),
                "layers that are stored elsewhere stay there",
            ),
            (
                !has_all,
                place(!media_types[0].is_empty(), "mediaTypes"),
                "images are copied whatever their media type is: choose them by their tags",
            ),
            (
                sync.kind.0 != Kind::Image && is_on(&sync.cleanup_tags, &defaults.cleanup_tags),
                place(sync.cleanup_tags.is_some(), "cleanupTags"),
                "tags are deleted by 'prune: tags' in a file of longshore alone, which spares others than this",
            ),
        ];
        match refused.into_iter().find(|(is_refused, ..)| *is_refused) {
            Some((_, path, message)) => Err(self.foreign.wrong_key(&path, message)),
            None => Ok(()),
        }
    }

    fn tell_entry(&mut self, path: &yaml::Path, sync: &Sync) {
        let is_image = sync.kind.0 == Kind::Image;
        let is_forced = sync.force_recursive.as_ref().is_some_and(|flag| flag.0.0);
        let one = "not looked at: the source is one image";
        let told = [
            ("ratelimit", sync.ratelimit.is_some(), RATE_LIMIT),
            ("hooks", sync.hooks.is_some(), HOOKS),
            ("forceRecursive", is_forced, FORCE),
            ("tags", is_image && sync.tags.is_some(), one),
            ("tagSets", is_image && sync.tag_sets.is_some(), one),
            ("targetTag", is_image && sync.target_tag.is_some(), one),
            (
                "repos",
                sync.repos.is_some() && sync.kind.0 != Kind::Registry,
                "not looked at: the source is no registry",
            ),
        ];
        for (key, _, text) in told.into_iter().filter(|(_, is_there, _)| *is_there) {
            self.foreign.note(&with(path, key), text);
        }
    }
}

fn is_on(own: &Option<Parsed<Flag>>, default: &Option<Parsed<Flag>>) -> bool {
    own.as_ref().or(default.as_ref()).is_some_and(|flag| flag.0.0)
}

/// What `.Sync` has in templates of an entry with this source.
fn fields(sync: &Sync, source: &str) -> impl Fn(&str) -> Option<Text> {
    let time = sync.interval.as_ref().map(|time| time.0.to_string());
    let kind = match sync.kind.0 {
        Kind::Registry => "registry",
        Kind::Repository => "repository",
        Kind::Image => "image",
    };
    let given = |text: &Option<String>| text.clone().unwrap_or_default();
    let known = [
        (".Sync.Source", source.to_owned()),
        (".Sync.Target", sync.target.clone()),
        (".Sync.Type", kind.to_owned()),
        (".Sync.Backup", given(&sync.backup)),
        (".Sync.Schedule", given(&sync.schedule)),
        (".Sync.Interval", time.unwrap_or_default()),
    ];
    move |name| known.iter().find(|(known, _)| *known == name).map(|(_, text)| Text::plain(text))
}
