//! Makes a rule of what is written.

use std::path::Path;

use super::forms::{Either, ListOr};
use super::written::{
    Choice, Choices, NewestWish, OnChangeWish, RenameWish, Tags, TargetText, WindowWish, Wishes,
    WrittenRule,
};
use crate::mirror::file::Mapping;
use crate::mirror::{Document, Parsed, Root, path_of};
use crate::model::{Endpoint, Rate};
use crate::tagsync::{
    Days, MAX_DELETE, Newest, OnChange, Order, Prune, Rename, RenameRule, RenameRuleError, Rule,
    Schedule, Select, Source, Target, Window, Windows, Zone,
};
use crate::transfer::Attachments;
use crate::yaml::{self, Step};

/// How old what is remembered of a target may be where nothing else is said.
const RECHECK: &str = "1d";

/// One rule that is being read.
pub(super) struct Reading<'a> {
    pub(super) file: &'a Document<'a>,
    /// What paths are relative to.
    pub(super) folder: &'a Path,
    /// Where the rule stands.
    pub(super) at: yaml::Path,
    pub(super) keys: Keys,
}

/// What a file calls the keys of a rule.
#[derive(Clone, Copy)]
pub(super) enum Keys {
    /// As they are called here.
    Own,
    /// Those that it has, by what they are called here. What has no key is told where the rule stands.
    Other(&'static [(&'static str, &'static str)]),
}

impl Keys {
    pub(super) fn of(self, key: &str) -> Option<&str> {
        match self {
            Self::Own => Some(key),
            Self::Other(keys) => keys.iter().find(|(own, _)| *own == key).map(|(_, key)| *key),
        }
    }
}

type Result<T> = std::result::Result<T, yaml::Error>;

impl Reading<'_> {
    /// The way to something in the rule.
    pub(super) fn path(&self, steps: &[&str]) -> yaml::Path {
        let mut path = self.at.clone();
        path.0.extend(steps.iter().map_while(|step| self.keys.of(step)).map(Step::from));
        path
    }

    fn wrong(&self, steps: &[&str], message: &str) -> yaml::Error {
        self.file.wrong(&self.path(steps), message)
    }

    pub(super) fn rule(&self, written: WrittenRule, defaults: &Wishes) -> Result<Rule> {
        let own = written.wishes();
        let [schedule, window, on_change] = [
            ("schedule", own.schedule.is_some()),
            ("window", own.window.is_some()),
            ("on-change", own.on_change.is_some()),
        ]
        .map(|(key, is_own)| self.place(key, is_own));
        let wishes = own.or(defaults);
        let WrittenRule { name, source, to, repositories, tags, digests, rename, .. } = written;
        let source = self.source(source.0.0, repositories)?;
        let targets = self.targets(&source, to)?;
        let is_layout = |place: &Endpoint| matches!(place, Endpoint::Oci { .. });
        let has_layouts = targets.iter().any(|target| match target {
            Target::Repository(place) => is_layout(place),
            Target::Below(_) => false,
        }) || matches!(&source, Source::Repository(place) | Source::Image(place, _) if is_layout(place));
        if has_layouts && !digests.is_empty() {
            let message = "images of a layout go by names: digests are for registries";
            return Err(self.wrong(&["digests"], message));
        }
        let name = name.map_or_else(|| source.to_string(), |name| name.0.0);
        let is_image = matches!(source, Source::Image(..));
        if is_image && tags.is_some() {
            return Err(self.wrong(&["tags"], "the source is one tag: write one or the other"));
        }
        if matches!(source, Source::Below { .. }) && !digests.is_empty() {
            let message = "the source is many repositories, and an image by digest is of one: write a rule for that";
            return Err(self.wrong(&["digests"], message));
        }
        Ok(Rule {
            name,
            position: self.file.position(&self.path(&[])),
            select: self.select(tags)?,
            digests: digests.into_iter().map(|digest| digest.0).collect(),
            rename: self.rename(rename)?,
            platforms: wishes.platforms.into_iter().flatten().map(|p| p.0).collect(),
            attachments: match wishes.referrers {
                None => Attachments::New,
                Some(true) => Attachments::All,
                Some(false) => Attachments::None,
            },
            prune: prune(wishes.prune),
            backup: wishes.backup.map(|backup| backup.0),
            immutable: wishes.immutable.into_iter().flatten().map(|p| p.0).collect(),
            on_change: wishes.on_change.map(|told| self.on_change(told, &on_change)).transpose()?,
            schedule: self.schedule(wishes.schedule, wishes.time_zone.as_ref(), &schedule)?,
            window: self.window(wishes.window, wishes.time_zone, &window)?,
            recheck: match wishes.recheck {
                Some(age) => age.0,
                None => RECHECK.parse().map_err(|_| self.wrong(&[], "no time to recheck"))?,
            },
            source,
            targets,
        })
    }

    fn source(
        &self,
        source: Source,
        repositories: Option<ListOr<Mapping<Choices>, Parsed<Choice>>>,
    ) -> Result<Source> {
        match (source, repositories) {
            (Source::Below { namespace, .. }, wanted) => {
                let Choices { allow, deny } = wanted.map_or_else(Choices::default, choices);
                let [allow, deny] =
                    [allow.0, deny].map(|list| list.into_iter().map(|pattern| pattern.0).collect());
                Ok(Source::Below { namespace, allow, deny })
            }
            (source, None) => Ok(source),
            (_, Some(_)) => Err(self.wrong(
                &["repositories"],
                "the source is one repository: repositories are chosen below a place, as in quay.io/org/",
            )),
        }
    }

    fn targets(
        &self,
        source: &Source,
        to: Either<Parsed<TargetText>, Vec<Parsed<TargetText>>>,
    ) -> Result<Vec<Target>> {
        let texts = match to {
            Either::Short(text) => vec![text],
            Either::Long(texts) if texts.is_empty() => {
                return Err(self.wrong(&["to"], "a rule goes somewhere: name a target"));
            }
            Either::Long(texts) => texts,
        };
        let mut targets: Vec<Target> = Vec::new();
        for text in texts {
            let target = self.target(source, text.0)?;
            if targets.contains(&target) {
                return Err(
                    self.wrong(&["to"], &format!("{target} is named twice: once is enough"))
                );
            }
            targets.push(target);
        }
        Ok(targets)
    }

    fn target(&self, source: &Source, text: TargetText) -> Result<Target> {
        let place = match source {
            Source::Repository(place) | Source::Image(place, _) => place,
            Source::Below { namespace, .. } => {
                let target = self.below(text)?;
                let (to, from) = (format!("{target}/"), namespace.to_string());
                if to == from {
                    return Err(self.wrong(
                        &["to"],
                        "the tags would go where they come from: name another target",
                    ));
                }
                if to.starts_with(&from) {
                    let message = format!(
                        "{to} is below {from}: each run would find there what the one before has brought"
                    );
                    return Err(self.wrong(&["to"], &message));
                }
                return Ok(target);
            }
        };
        let target = match text.0 {
            Target::Repository(target) => target,
            Target::Below(root) => self.own_place(place, &root)?,
        };
        match target == *place {
            true => {
                Err(self
                    .wrong(&["to"], "the tags would go where they come from: name another target"))
            }
            false => Ok(Target::Repository(target)),
        }
    }

    /// The place of one repository below a root, under the path that it has at its own registry.
    fn own_place(&self, place: &Endpoint, root: &Root) -> Result<Endpoint> {
        let own = path_of(place).and_then(|path| root.repository(&path).ok());
        let message = format!("{place} has no name below {root}: name a repository");
        own.ok_or_else(|| self.wrong(&["to"], &message))
    }

    /// The root that a text means, with or without a slash at its end.
    fn below(&self, text: TargetText) -> Result<Target> {
        let message = "many repositories go below REGISTRY/ or REGISTRY/PATH/";
        match text {
            TargetText(Target::Below(root), _) => Ok(Target::Below(root)),
            TargetText(Target::Repository(_), Some(namespace)) => {
                let root = namespace.to_string().parse::<Root>();
                root.map(Target::Below).map_err(|_| self.wrong(&["to"], message))
            }
            TargetText(Target::Repository(_), None) => Err(self.wrong(&["to"], message)),
        }
    }

    fn rename(
        &self,
        wish: Option<Either<Parsed<Rename>, Vec<Mapping<RenameWish>>>>,
    ) -> Result<Rename> {
        let rules = match wish {
            None => return Ok(Rename::default()),
            Some(Either::Short(template)) => return Ok(template.0),
            Some(Either::Long(rules)) => rules,
        };
        let rules = rules.into_iter().enumerate().map(|(item, Mapping(wish))| {
            RenameRule::new(&wish.matching, &wish.to).map_err(|error| {
                let key = match error {
                    RenameRuleError::Expression { .. } => "match",
                    _ => "to",
                };
                let mut path = self.path(&["rename"]);
                path.0.extend([Step::from(item), Step::from(key)]);
                self.file.wrong(&path, &error.to_string())
            })
        });
        rules.collect::<Result<_>>().map(Rename::by_rules)
    }

    fn on_change(
        &self,
        wish: Either<String, Mapping<OnChangeWish>>,
        path: &yaml::Path,
    ) -> Result<OnChange> {
        let wish = match wish {
            Either::Short(command) => OnChange { command: Some(command), ..OnChange::default() },
            Either::Long(Mapping(wish)) => OnChange {
                command: wish.command,
                timeout: wish.timeout.map(|time| time.0.0),
                url: wish.url.map(|url| url.0.0),
                secret_file: wish.secret_file.map(|file| self.folder.join(file.0.0)),
            },
        };
        let is_command = wish.command.as_ref().map(|command| !command.trim().is_empty());
        match (is_command, &wish.url, &wish.secret_file) {
            (Some(false), ..) | (None, None, _) => {
                Err(self.file.wrong(path, "nobody is told: name a command or a url"))
            }
            (_, None, Some(_)) => {
                Err(self.file.wrong(path, "secret-file is for what is posted to a url: name one"))
            }
            _ => Ok(wish),
        }
    }

    fn schedule(
        &self,
        schedule: Option<String>,
        zone: Option<&Parsed<Zone>>,
        path: &yaml::Path,
    ) -> Result<Option<Schedule>> {
        let zone = zone.map(|zone| zone.0.clone()).unwrap_or_default();
        let read = |text: String| Schedule::new(&text, &zone);
        let schedule = schedule.map(read).transpose();
        schedule.map_err(|error| self.file.wrong(path, &error.to_string()))
    }

    fn window(
        &self,
        windows: Option<Vec<Mapping<WindowWish>>>,
        zone: Option<Parsed<Zone>>,
        path: &yaml::Path,
    ) -> Result<Windows<Rate>> {
        let zone = zone.map(|zone| zone.0).unwrap_or_default();
        let windows = windows.into_iter().flatten().enumerate().map(|(item, Mapping(wish))| {
            let WindowWish { from, to, days, limit_rate } = wish;
            let days = match days {
                Some(days) => days.into_iter().map(|days| days.0).collect(),
                None => Days::ALL,
            };
            Window::new(from.0, to.0, days, limit_rate.map(|rate| rate.0)).map_err(|error| {
                let mut path = path.clone();
                path.0.push(Step::from(item));
                self.file.wrong(&path, &error.to_string())
            })
        });
        Ok(Windows::new(windows.collect::<Result<_>>()?, zone))
    }

    /// Where something is said that the defaults may say too.
    fn place(&self, key: &str, is_own: bool) -> yaml::Path {
        match is_own {
            true => self.path(&[key]),
            false => ["defaults", key].into_iter().collect(),
        }
    }

    fn select(&self, wanted: Option<ListOr<Mapping<Tags>, Parsed<Choice>>>) -> Result<Select> {
        let select = wanted.map_or_else(Select::default, select);
        match (&select.older_than, &select.newer_than) {
            (Some(older), Some(newer)) if older.length() >= newer.length() => {
                let message = format!(
                    "no image is older than {older} and newer than {newer}: leave out one of them"
                );
                Err(self.wrong(&["tags", "newer-than"], &message))
            }
            _ => Ok(select),
        }
    }
}

fn choices(wanted: ListOr<Mapping<Choices>, Parsed<Choice>>) -> Choices {
    let list = match wanted {
        ListOr::Other(Mapping(choices)) => return choices,
        ListOr::List(list) => list,
    };
    let mut choices = Choices::default();
    for choice in list {
        match choice.0 {
            Choice::Allow(pattern) => choices.allow.0.push(Parsed(pattern)),
            Choice::Deny(pattern) => choices.deny.push(Parsed(pattern)),
        }
    }
    choices
}

fn select(wanted: ListOr<Mapping<Tags>, Parsed<Choice>>) -> Select {
    let Tags { allow, deny, semver, prerelease, newest, older_than, newer_than } = match wanted {
        ListOr::Other(Mapping(tags)) => tags,
        ListOr::List(list) => {
            let Choices { allow, deny } = choices(ListOr::List(list));
            Tags { allow, deny, ..Tags::default() }
        }
    };
    Select {
        allow: allow.0.into_iter().map(|pattern| pattern.0).collect(),
        deny: deny.into_iter().map(|pattern| pattern.0).collect(),
        semver: semver.map(|range| range.0),
        prerelease: prerelease.0,
        newest: newest.map(|newest| match newest {
            Either::Short(count) => Newest { count: count.0, by: Order::Semver },
            Either::Long(Mapping(NewestWish { count, by: own })) => {
                Newest { count: count.0, by: own.map_or(Order::Semver, Order::from) }
            }
        }),
        older_than: older_than.map(|age| age.0),
        newer_than: newer_than.map(|age| age.0),
    }
}

fn prune(wish: Option<Either<super::written::Mode, Mapping<super::written::PruneWish>>>) -> Prune {
    match wish {
        None => Prune::default(),
        Some(Either::Short(mode)) => Prune { mode: mode.0, ..Prune::default() },
        Some(Either::Long(Mapping(wish))) => Prune {
            mode: wish.mode.0,
            protect: wish.protect.into_iter().map(|pattern| pattern.0).collect(),
            max_delete: wish.max_delete.map_or(MAX_DELETE, |most| most.0),
        },
    }
}
