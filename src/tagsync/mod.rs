//! Which tags of which repositories are kept in step, under which names, where, and when: rules, and what follows from
//! them.
//!
//! A file of rules is read and checked as a whole ([`RuleFile`]). Which tags a rule takes is told by their names and times
//! ([`Select`]), what is to be done at a target by what it has ([`step()`], [`Holding`]). A lock file pins what was
//! taken ([`Lock`]).
//!
//! Nothing here knows registries, the clock or the terminal: what time it is, and what a repository has, is told.

mod age;
mod backup;
mod cron;
mod diff;
mod file;
mod lock;
mod natural;
mod pattern;
mod rename;
mod rule;
mod schedule;
mod select;
mod template;
mod timetable;
mod version;
mod whole;
mod window;
mod zone;

pub use age::{Age, AgeError};
pub use backup::{Backup, BackupError, BackupNameError};
pub use diff::{Holding, Step, step};
pub use file::{
    Naming, Note, Reach, RuleFile, RuleFileError, SkopeoTarget, Surroundings, is_list_of_failures,
    rules_of_failures,
};
pub use lock::{Change, Lock, LockError, What, difference};
pub use pattern::{Pattern, PatternError};
pub use rename::{Rename, RenameError, RenameRule, RenameRuleError};
pub use rule::{MAX_DELETE, OnChange, Prune, PruneMode, Rule, Source, Target, rest_below};
pub use schedule::{Schedule, ScheduleError, jitter};
pub use select::{Candidate, Newest, Order, Select, Verdict, Why};
pub use template::TemplateError;
pub use timetable::{Due, Timetable};
pub use version::{Prereleases, Versions, VersionsError, version_of};
pub use window::{Days, State, TimeOfDay, Window, WindowError, Windows};
pub use zone::{Zone, ZoneError};
