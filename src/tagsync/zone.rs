//! Time zones by name.

use std::fmt;
use std::str::FromStr;

use jiff::tz::{self, TimeZone, TimeZoneDatabase};

use crate::model::one_line;

/// A time zone, by a name of the IANA database: `Europe/Berlin`. Where none is given it is UTC, so that a file means the
/// same on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A text that is no time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no time zone: expected a name like UTC or Europe/Berlin")]
pub struct ZoneError(String);

impl Zone {
    /// The zone as the calendar knows it.
    pub(super) fn get(&self) -> &TimeZone {
        &self.0
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl FromStr for Zone {
    type Err = ZoneError;

    /// Looks the name up in the system's database, which is the newer one, and then in the one that is built in: a
    /// container may have none, or one without old names.
    fn from_str(name: &str) -> Result<Self, ZoneError> {
        find(name, [tz::db(), &TimeZoneDatabase::bundled()])
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.iana_name().unwrap_or("UTC"))
    }
}

fn find(name: &str, databases: [&TimeZoneDatabase; 2]) -> Result<Zone, ZoneError> {
    let found = databases.iter().find_map(|database| database.get(name).ok());
    let known = found.filter(|zone| !zone.is_unknown());
    known.map(Zone).ok_or_else(|| ZoneError(one_line(name, 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_a_name() {
        for (name, shown) in [
            ("UTC", "UTC"),
            ("Europe/Berlin", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            ("US/Eastern", "US/Eastern"),
            ("Etc/GMT+5", "Etc/GMT+5"),
        ] {
            assert_eq!(name.parse::<Zone>().unwrap().to_string(), shown);
        }
        assert_eq!(Zone::default().to_string(), "UTC");
        for name in
            ["", "Mars", "CEST", "+02:00", "Etc/Unknown", "../../etc/passwd", "/etc/localtime"]
        {
            let error = name.parse::<Zone>().unwrap_err().to_string();
            assert!(error.contains("is no time zone: expected a name like"), "{error}");
        }
    }

    #[test]
    fn a_system_without_a_database_has_zones() {
        let (none, bundled) = (TimeZoneDatabase::none(), TimeZoneDatabase::bundled());
        assert!(find("Europe/Berlin", [&none, &bundled]).is_ok());
        assert!(find("Europe/Berlin", [&none, &none]).is_err());
    }
}
