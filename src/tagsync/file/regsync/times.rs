//! When an entry of regsync is run, and what it keeps of images that it overwrites.

use super::Reader;
use super::creds::with;
use super::written::Sync;
use crate::mirror::Parsed;
use crate::tagsync::file::go::{Duration, Text};
use crate::tagsync::{Backup, BackupError, Schedule, ScheduleError};
use crate::yaml;

type Result<T> = std::result::Result<T, yaml::Error>;

impl Reader<'_> {
    /// When it runs: as the entry says, or else as the defaults say; a schedule counts more than an interval.
    pub(super) fn schedule(&mut self, path: &yaml::Path, sync: &Sync) -> Result<Option<String>> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let time = |time: &Option<Parsed<Duration>>| {
            let time = time.as_ref().filter(|time| !time.0.length.is_zero());
            time.map(|time| time.0.to_string())
        };
        let defaults = &self.defaults;
        let of_all: yaml::Path = ["defaults"].into_iter().collect();
        let found = [
            (path, "schedule", given(&sync.schedule)),
            (path, "interval", time(&sync.interval)),
            (&of_all, "schedule", given(&defaults.schedule)),
            (&of_all, "interval", time(&defaults.interval)),
        ];
        let Some((path, key, text)) =
            found.into_iter().find_map(|(path, key, text)| Some((path, key, text?)))
        else {
            self.foreign
                .note(path, "no interval is given: 'watch' runs it as often as --interval says");
            return Ok(None);
        };
        let path = with(path, key);
        let schedule: std::result::Result<Schedule, ScheduleError> = text.parse();
        let schedule = schedule.map_err(|error| self.foreign.wrong(&path, &error.to_string()))?;
        let has_zone = schedule.is_interval() || text.contains("TZ=");
        if !has_zone && !std::mem::replace(&mut self.told.zone, true) {
            self.foreign.note(&path, "its times are those of UTC, unless CRON_TZ=Europe/Berlin or the like stands in front");
        }
        Ok(Some(text))
    }

    /// What an overwritten tag is kept as.
    pub(super) fn backup(
        &mut self,
        path: &yaml::Path,
        sync: &Sync,
        field: &dyn Fn(&str) -> Option<Text>,
    ) -> Result<Option<String>> {
        let of_all: yaml::Path = ["defaults"].into_iter().collect();
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let found = given(&sync.backup).map(|text| (path, text));
        let Some((path, text)) =
            found.or_else(|| given(&self.defaults.backup).map(|text| (&of_all, text)))
        else {
            return Ok(None);
        };
        let path = with(path, "backup");
        let wrong = |message: &str| self.foreign.wrong(&path, message);
        let of_ref = |name: &str| match name {
            ".Ref.Tag" => Some(Text::field("tag")),
            // They make a whole name, which is refused.
            ".Ref.Registry" | ".Ref.Repository" | ".Ref.Reference" => Some(Text::plain("/")),
            _ => field(name).or_else(|| field(&name.replacen(".Step.", ".Sync.", 1))),
        };
        let template = self.expand(&path, &text, &of_ref)?.template();
        let template = template.trim();
        if template.contains([':', '/']) {
            return Err(wrong(
                "a backup stays in the repository of its tag: name it by a tag alone, as in bkup-{{.Ref.Tag}}",
            ));
        }
        let read: std::result::Result<Backup, BackupError> = template.parse();
        read.map_err(|error| wrong(&error.to_string()))?;
        let has_time = ["{date}", "{time}", "{year}", "{month}", "{day}", "{hour}"]
            .iter()
            .any(|field| template.contains(field));
        if has_time && !std::mem::replace(&mut self.told.backup_zone, true) {
            self.foreign.note(&path, "the time in it is that of UTC");
        }
        Ok(Some(template.to_owned()))
    }
}
