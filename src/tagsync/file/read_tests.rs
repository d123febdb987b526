use std::error::Error as _;

use super::*;

/// What a rule says, and what is wrong with that.
#[rustfmt::skip]
const FIELDS: &[(&str, &str, &str)] = &[
    ("name: ''", "5:9", "rules[0].name: a rule has a name of 1 to 100 characters, without white space around it"),
    ("name: ' x'", "5:9", "rules[0].name: a rule has a name of 1 to 100 characters, without white space around it"),
    ("name: 1", "5:9", "rules[0].name: invalid type: integer `1`, expected a string: put it in quotes"),
    ("tag: [v1]", "5:3", "rules[0].tag: unknown field `tag`: `tags` may be meant, expected one of `name`, `source`, `to`, `repositories`, `tags`, `digests`, `rename`, `platforms`, `referrers`, `prune`, `backup`, `immutable`, `on-change`, `schedule`, `time-zone`, `window`, `recheck`"),
    ("tags: v1", "5:9", "rules[0].tags: invalid type: string \"v1\", expected a list, or a mapping"),
    ("tags: []", "5:9", "rules[0].tags: it is empty: name one, or leave it out"),
    ("tags: [1.0]", "5:10", "rules[0].tags[0]: invalid type: floating point `1.0`, expected a string: put it in quotes"),
    ("tags: ['!']", "5:10", "rules[0].tags[0]: a pattern is empty: expected a name, in which * and ? may stand, or /EXPRESSION/"),
    ("tags: ['v1|v2']", "5:10", "rules[0].tags[0]: 'v1|v2' fits nothing, as no name has '|': * and ? stand for other characters, and a regular expression is written /v1|v2/"),
    ("tags: ['.*']", "5:10", "rules[0].tags[0]: '.*' fits nothing, as names begin with a letter, a digit or '_': * stands for any characters, and a regular expression is written /.*/"),
    ("tags: ['/v1']", "5:10", "rules[0].tags[0]: '/v1' has one slash at an end: a regular expression is written /EXPRESSION/"),
    ("tags: {allow: v1}", "5:17", "rules[0].tags.allow: invalid type: string \"v1\", expected a list"),
    ("tags: {allow: []}", "5:17", "rules[0].tags.allow: it is empty: name one, or leave it out"),
    ("tags: {semver: ''}", "5:18", "rules[0].tags.semver: '' is no range of versions: nothing stands where a range belongs; expected one like '>=1.2 <2', '^1.4', '~1.4', '1.x', '1.2 - 1.4' or '1.x || >=3'"),
    ("tags: {semver: '>=1 ||'}", "5:18", "rules[0].tags.semver: '>=1 ||' is no range of versions: nothing stands where a range belongs; expected one like '>=1.2 <2', '^1.4', '~1.4', '1.x', '1.2 - 1.4' or '1.x || >=3'"),
    ("tags: {semver: latest}", "5:18", "rules[0].tags.semver: 'latest' is no range of versions: 'latest' is no number; expected one like '>=1.2 <2', '^1.4', '~1.4', '1.x', '1.2 - 1.4' or '1.x || >=3'"),
    ("tags: {semver: '!=1'}", "5:18", "rules[0].tags.semver: '!=1' is no range of versions: '!=1' leaves versions out, which deny is for; expected one like '>=1.2 <2', '^1.4', '~1.4', '1.x', '1.2 - 1.4' or '1.x || >=3'"),
    ("tags: {semver: 1.2}", "5:18", "rules[0].tags.semver: invalid type: floating point `1.2`, expected a string: put it in quotes"),
    ("tags: {prerelease: all}", "5:22", "rules[0].tags.prerelease: invalid value: string \"all\", expected true, false or ordered"),
    ("tags: {newest: 0}", "5:18", "rules[0].tags.newest: invalid value: integer `0`, expected a number of 1 or more"),
    ("tags: {newest: '5'}", "5:18", "rules[0].tags.newest: invalid type: string \"5\", expected a number of 1 or more"),
    ("tags: {newest: {by: name}}", "5:18", "rules[0].tags.newest: missing field `count`"),
    ("tags: {newest: {count: 1, by: age}}", "5:33", "rules[0].tags.newest.by: unknown variant `age`, expected one of `semver`, `name`, `created`"),
    ("tags: {newest: {count: 1, of: name}}", "5:29", "rules[0].tags.newest.of: unknown field `of`, expected `count` or `by`"),
    ("tags: {older-than: '30'}", "5:22", "rules[0].tags.older-than: '30' is no length of time: expected one like 12h, 30d, 2w, 6mo or 1y"),
    ("tags: {older-than: 0d}", "5:22", "rules[0].tags.older-than: '0d' is no length of time: expected one like 12h, 30d, 2w, 6mo or 1y"),
    ("tags: {newer-than: soon}", "5:22", "rules[0].tags.newer-than: 'soon' is no length of time: expected one like 12h, 30d, 2w, 6mo or 1y"),
    ("repositories: ['*']", "5:17", "rules[0].repositories: the source is one repository: repositories are chosen below a place, as in quay.io/org/"),
    ("digests: ['sha256:abc']", "5:13", "rules[0].digests[0]: a sha256 digest has 64 lower-case hexadecimal digits: 'abc'"),
    ("rename: ''", "5:11", "rules[0].rename: a template is empty: expected text with fields in it: {tag}, {version}, {major}, {minor}, {patch}"),
    ("rename: 'a b'", "5:11", "rules[0].rename: 'a b' has ' ', which no tag can have: expected A-Z a-z 0-9 _ . -"),
    ("rename: '{day}'", "5:11", "rules[0].rename: '{day}' has {day}, which is no field: there are {tag}, {version}, {major}, {minor}, {patch}"),
    ("rename: {match: a, to: b}", "5:11", "rules[0].rename: invalid type: mapping, expected a list"),
    ("rename: [{match: a}]", "5:12", "rules[0].rename[0]: missing field `to`"),
    ("rename: [{match: a, to: 'b/c'}]", "5:27", "rules[0].rename[0].to: 'b/c' has '/', which no tag can have: expected A-Z a-z 0-9 _ . -"),
    ("platforms: [amd64]", "5:15", "rules[0].platforms[0]: 'amd64' is not a platform: expected OS/ARCH or OS/ARCH/VARIANT, as in linux/arm64"),
    ("referrers: 'yes'", "5:14", "rules[0].referrers: invalid type: string \"yes\", expected a boolean"),
    ("prune: true", "5:10", "rules[0].prune: invalid value: boolean `true`, expected off, report or tags"),
    ("prune: all", "5:10", "rules[0].prune: invalid value: string \"all\", expected off, report or tags"),
    ("prune: {protect: [a]}", "5:10", "rules[0].prune: missing field `mode`"),
    ("prune: {mode: tags, max-delete: -1}", "5:35", "rules[0].prune.max-delete: invalid type: integer `-1`, expected a number of 0 or more"),
    ("prune: {mode: tags, max: 1}", "5:23", "rules[0].prune.max: unknown field `max`, expected one of `mode`, `protect`, `max-delete`"),
    ("backup: '{tag}'", "5:11", "rules[0].backup: '{tag}' is the tag itself: expected more, as in {tag}-before-{date}"),
    ("backup: old", "5:11", "rules[0].backup: 'old' has neither {tag} nor {digest}, so that backups of several tags would be one: expected one like {tag}-before-{date}"),
    ("backup: '-{tag}'", "5:11", "rules[0].backup: '-{tag}' makes no tags: they begin with a letter, a digit or '_'"),
    ("backup: '{tag}:{date}'", "5:11", "rules[0].backup: '{tag}:{date}' has ':', which no tag can have: expected A-Z a-z 0-9 _ . -"),
    ("immutable: 'v*'", "5:14", "rules[0].immutable: invalid type: string \"v*\", expected a list"),
    ("on-change: {}", "5:14", "rules[0].on-change: nobody is told: name a command or a url"),
    ("on-change: {command: x, timeout: 5}", "5:36", "rules[0].on-change.timeout: invalid type: integer `5`, expected a string: put it in quotes"),
    ("on-change: {command: x, secret-file: key}", "5:14", "rules[0].on-change: secret-file is for what is posted to a url: name one"),
    ("on-change: {url: x.io}", "5:20", "rules[0].on-change.url: an address is expected that begins with http:// or https://"),
    ("on-change: [x]", "5:14", "rules[0].on-change: invalid type: list, expected a mapping"),
    ("schedule: 15", "5:13", "rules[0].schedule: invalid type: integer `15`, expected a string: put it in quotes"),
    ("schedule: soon", "5:13", "rules[0].schedule: 'soon' is no schedule: expected an interval like 15m, or five fields of cron like '0 3 * * mon-fri'"),
    ("schedule: '* * * *'", "5:13", "rules[0].schedule: '* * * *' has 4 fields where 5 belong: minute, hour, day of the month, month, day of the week"),
    ("schedule: '@often'", "5:13", "rules[0].schedule: '@often' is not known: expected @hourly, @daily, @weekly, @monthly, @yearly or @every 15m"),
    ("window: {from: '1:00', to: '2:00'}", "5:11", "rules[0].window: invalid type: mapping, expected a list"),
    ("window: [{from: '1:00'}]", "5:12", "rules[0].window[0]: missing field `to`"),
    ("window: [{from: '25:00', to: '2:00'}]", "5:19", "rules[0].window[0].from: '25:00' is no time of day: expected one from 00:00 to 24:00"),
    ("window: [{from: '24:00', to: '2:00'}]", "5:12", "rules[0].window[0]: a window cannot begin at 24:00: expected 00:00"),
    ("window: [{from: '1:00', to: '2:00', days: []}]", "5:12", "rules[0].window[0]: a window without days is never open: name some, or leave them out for all days"),
    ("window: [{from: '1:00', to: '2:00', days: [someday]}]", "5:46", "rules[0].window[0].days[0]: 'someday' is no day of the week: expected one like mon, or some like mon-fri"),
    ("window: [{from: '1:00', to: '2:00', limit-rate: 20}]", "5:51", "rules[0].window[0].limit-rate: invalid type: integer `20`, expected a string: put it in quotes"),
    ("tags: ['/(/']", "5:10", "rules[0].tags[0]: '/(/' is no regular expression: unclosed group"),
    ("tags: {semver: '99999999999999999999'}", "5:18", "rules[0].tags.semver: '99999999999999999999' is no range of versions: the number 99999999999999999999 is too large; expected one like '>=1.2 <2', '^1.4', '~1.4', '1.x', '1.2 - 1.4' or '1.x || >=3'"),
    ("tags: {older-than: 30d, newer-than: 1d}", "5:39", "rules[0].tags.newer-than: no image is older than 30d and newer than 1d: leave out one of them"),
    ("rename: [{match: '(', to: a}]", "5:20", "rules[0].rename[0].match: '(' is no regular expression: unclosed group"),
    ("rename: [{match: a, to: $1}]", "5:27", "rules[0].rename[0].to: '$1' names the group '1', which the expression does not have: it has $0"),
    ("schedule: 1s", "5:13", "rules[0].schedule: registries are not asked more often than every 10 s"),
    ("schedule: '61 * * * *'", "5:13", "rules[0].schedule: the minute '61' is none: expected *, or 0-59, with , - and /"),
    ("schedule: '0 0 30 2 *'", "5:13", "rules[0].schedule: '0 0 30 2 *' never comes: no such month has such a day"),
    ("schedule: 'CRON_TZ=Mars 0 3 * * *'", "5:13", "rules[0].schedule: 'Mars' is no time zone: expected a name like UTC or Europe/Berlin"),
    ("time-zone: Europe/Atlantis", "5:14", "rules[0].time-zone: 'Europe/Atlantis' is no time zone: expected a name like UTC or Europe/Berlin"),
    ("window: [{from: '1:00', to: '1:00'}]", "5:12", "rules[0].window[0]: a window from 01:00 to 01:00 has no length: a whole day is from 00:00 to 24:00"),
    ("shedule: 1h", "5:3", "rules[0].shedule: unknown field `shedule`: `schedule` may be meant, expected one of `name`, `source`, `to`, `repositories`, `tags`, `digests`, `rename`, `platforms`, `referrers`, `prune`, `backup`, `immutable`, `on-change`, `schedule`, `time-zone`, `window`, `recheck`"),
    ("onChange: x", "5:3", "rules[0].onChange: unknown field `onChange`: `on-change` may be meant, expected one of `name`, `source`, `to`, `repositories`, `tags`, `digests`, `rename`, `platforms`, `referrers`, `prune`, `backup`, `immutable`, `on-change`, `schedule`, `time-zone`, `window`, `recheck`"),
    ("tags: {newest: -1}", "5:18", "rules[0].tags.newest: invalid type: integer `-1`, expected a number of 1 or more"),
    ("tags: {newest: 1.5}", "5:18", "rules[0].tags.newest: invalid type: floating point `1.5`, expected a number of 1 or more"),
    ("prune: {mode: tags, max-delete: many}", "5:35", "rules[0].prune.max-delete: invalid type: string \"many\", expected a number of 0 or more"),
];

/// Rules whose source and targets are wrong, or do not go together.
#[rustfmt::skip]
const RULES: &[(&str, &str, &str)] = &[
    ("{}", "3:3", "rules[0]: missing field `source`"),
    ("[]", "3:3", "rules[0]: invalid type: list, expected a mapping"),
    ("q.io/app", "3:3", "rules[0]: invalid type: string \"q.io/app\", expected a mapping"),
    ("{source: q.io/app}", "3:3", "rules[0]: missing field `to`"),
    ("{to: r.io/app}", "3:3", "rules[0]: missing field `source`"),
    ("{source: q.io/app, to: []}", "3:26", "rules[0].to: a rule goes somewhere: name a target"),
    ("{source: q.io/app, to: {}}", "3:26", "rules[0].to: invalid type: mapping, expected a list"),
    ("{source: q.io/app, to: [r.io/a, r.io/a]}", "3:26", "rules[0].to: r.io/a is named twice: once is enough"),
    ("{source: app, to: r.io/app}", "3:12", "rules[0].source: 'app' names no registry: write it as REGISTRY/app"),
    ("{source: q.io/App, to: r.io/app}", "3:12", "rules[0].source: 'q.io/App' does not name an image: 'App' is not a repository: expected lower-case letters and digits, parted by '.', '_', '__' or '-', in components parted by '/'"),
    ("{source: 'q.io/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', to: r.io/app}", "3:12", "rules[0].source: 'q.io/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' has a digest: images are named by digest in digests"),
    ("{source: 'dir:x', to: r.io/app}", "3:12", "rules[0].source: 'dir:x' is written as a whole: rules are for registries, oci:DIR and file://REPOSITORY"),
    ("{source: 'bundle:x', to: r.io/app}", "3:12", "rules[0].source: 'bundle:x' is written as a whole: rules are for registries, oci:DIR and file://REPOSITORY"),
    ("{source: 'oci-archive:x.tar', to: r.io/app}", "3:12", "rules[0].source: 'oci-archive:x.tar' is written as a whole: rules are for registries, oci:DIR and file://REPOSITORY"),
    ("{source: 'q.io/a*', to: r.io/app}", "3:12", "rules[0].source: 'q.io/a*' has a *: tags are chosen by tags, and repositories below a place, as in quay.io/org/, by repositories"),
    ("{source: q.io/app, to: 'r.io/app:v1'}", "3:26", "rules[0].to: 'r.io/app:v1' names a tag or a digest: tags keep their names, or get others by rename"),
    ("{source: q.io/app, to: 'oci:dir:v1'}", "3:26", "rules[0].to: 'oci:dir:v1' names a tag or a digest: tags keep their names, or get others by rename"),
    ("{source: q.io/app, to: app}", "3:26", "rules[0].to: 'app' names no registry: write it as REGISTRY/app"),
    ("{source: q.io/app, to: 'dir:x'}", "3:26", "rules[0].to: 'dir:x' is written as a whole: rules are for registries, oci:DIR and file://REPOSITORY"),
    ("{source: 'q.io/app:v1', to: r.io/app, tags: [v1]}", "3:47", "rules[0].tags: the source is one tag: write one or the other"),
    ("{source: 'oci:dir:v1', to: r.io/app, tags: [v1]}", "3:46", "rules[0].tags: the source is one tag: write one or the other"),
    ("{source: 'q.io/app:v1', to: r.io/app, repositories: ['*']}", "3:55", "rules[0].repositories: the source is one repository: repositories are chosen below a place, as in quay.io/org/"),
    ("{source: q.io/org/, to: 'oci:dir'}", "3:27", "rules[0].to: many repositories go below REGISTRY/ or REGISTRY/PATH/"),
    ("{source: q.io/org/, to: [r.io/a/, 'oci:dir']}", "3:27", "rules[0].to: many repositories go below REGISTRY/ or REGISTRY/PATH/"),
    ("{source: q.io/org/, to: r.io/org/, repositories: []}", "3:52", "rules[0].repositories: it is empty: name one, or leave it out"),
    ("{source: q.io/org/, to: r.io/org/, repositories: {allow: []}}", "3:60", "rules[0].repositories.allow: it is empty: name one, or leave it out"),
    ("{source: q.io/org/, to: r.io/org/, repositories: {only: [a]}}", "3:53", "rules[0].repositories.only: unknown field `only`, expected `allow` or `deny`"),
    ("{source: q.io/org/, to: r.io/org/, digests: ['sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']}", "3:47", "rules[0].digests: the source is many repositories, and an image by digest is of one: write a rule for that"),
    ("{source: q.io/a, to: q.io/a}", "3:24", "rules[0].to: the tags would go where they come from: name another target"),
    ("{source: 'q.io/a:v*', to: r.io/a}", "3:12", "rules[0].source: 'q.io/a:v*' has a *: tags are chosen by tags, and repositories below a place, as in quay.io/org/, by repositories"),
    ("{source: 'q.io/*/a', to: r.io/a}", "3:12", "rules[0].source: 'q.io/*/a' has a *: tags are chosen by tags, and repositories below a place, as in quay.io/org/, by repositories"),
    ("{source: q.io/a, to: r.io/a, schedule: '@often'}", "3:42", "rules[0].schedule: '@often' is not known: expected @hourly, @daily, @weekly, @monthly, @yearly or @every 15m"),
];

/// Files, and the line that is shown.
#[rustfmt::skip]
const FILES: &[(&str, &str, &str, &str)] = &[
    ("[]", "1:1", "invalid type: list, expected a mapping", "[]"),
    ("{}", "1:1", "a file of rules has 'version: 1', and those of other tools are read with --format skopeo or --format regsync", "{}"),
    ("{version: 1, rules: {}}", "1:21", "rules: invalid type: mapping, expected a list", "{version: 1, rules: {}}"),
    ("{version: 2, rules: [{source: q.io/a, to: r.io/a}]}", "1:11", "version: 2 is not known: a file of rules has 'version: 1', and those of other tools are read with --format skopeo or --format regsync", "{version: 2, rules: [{source: q.io/a, to: r.io/a}]}"),
    ("{version: '1', rules: [{source: q.io/a, to: r.io/a}]}", "1:11", "version: \"1\" is not known: a file of rules has 'version: 1', and those of other tools are read with --format skopeo or --format regsync", "{version: '1', rules: [{source: q.io/a, to: r.io/a}]}"),
    ("{rules: [{source: q.io/a, to: r.io/a}]}", "1:1", "a file of rules has 'version: 1', and those of other tools are read with --format skopeo or --format regsync", "{rules: [{source: q.io/a, to: r.io/a}]}"),
    ("{version: 1, rule: [], rules: [{source: q.io/a, to: r.io/a}]}", "1:14", "rule: unknown field `rule`: `rules` may be meant, expected one of `version`, `defaults`, `registries`, `rules`", "{version: 1, rule: [], rules: [{source: q.io/a, to: r.io/a}]}"),
    ("{version: 1, defaults: {tags: [v1]}, rules: [{source: q.io/a, to: r.io/a}]}", "1:25", "defaults.tags: unknown field `tags`, expected one of `platforms`, `referrers`, `prune`, `backup`, `immutable`, `on-change`, `schedule`, `time-zone`, `window`, `recheck`", "{version: 1, defaults: {tags: [v1]}, rules: [{source: q.io/a, to: r.io/a}]}"),
    ("{version: 1, defaults: [], rules: [{source: q.io/a, to: r.io/a}]}", "1:24", "defaults: invalid type: list, expected a mapping", "{version: 1, defaults: [], rules: [{source: q.io/a, to: r.io/a}]}"),
    ("{version: 1, defaults: {schedule: soon}, rules: [{source: q.io/a, to: r.io/a}]}", "1:35", "defaults.schedule: 'soon' is no schedule: expected an interval like 15m, or five fields of cron like '0 3 * * mon-fri'", "{version: 1, defaults: {schedule: soon}, rules: [{source: q.io/a, to: r.io/a}]}"),
    ("{version: 1, defaults: {on-change: {}}, rules: [{source: q.io/a, to: r.io/a}]}", "1:36", "defaults.on-change: nobody is told: name a command or a url", "{version: 1, defaults: {on-change: {}}, rules: [{source: q.io/a, to: r.io/a}]}"),
    ("version: 1\nrules:\n- {source: q.io/a, to: r.io/a}\n- {source: q.io/a, to: s.io/a}\n", "4:3", "rules[1]: two rules are called 'q.io/a', the other one at t.yaml:3:3: give this one another name", "- {source: q.io/a, to: s.io/a}"),
    ("version: 1\ndefaults: {window: [{from: '1:00', to: '1:00'}]}\nrules:\n- {source: q.io/a, to: s.io/a}\n", "2:21", "defaults.window[0]: a window from 01:00 to 01:00 has no length: a whole day is from 00:00 to 24:00", "defaults: {window: [{from: '1:00', to: '1:00'}]}"),
    ("version: 1\ndefaults:\n  backup: old\nrules:\n- {source: q.io/a, to: s.io/a}\n", "3:11", "defaults.backup: 'old' has neither {tag} nor {digest}, so that backups of several tags would be one: expected one like {tag}-before-{date}", "backup: old"),
    ("version: 1\nversion: 1\nrules: []\n", "2:1", "duplicate mapping key `version` is not allowed here", "version: 1"),
    ("registry.example.com:\n  images: {}\n", "1:1", "a file of rules has 'version: 1', and those of other tools are read with --format skopeo or --format regsync", "registry.example.com:"),
    ("version: null\nrules: []\n", "1:10", "version: null is not known: a file of rules has 'version: 1', and those of other tools are read with --format skopeo or --format regsync", "version: null"),
];

/// What is told as of mirror files.
#[rustfmt::skip]
const SETTINGS: &[(&str, &str)] = &[
    ("{version: 1}", "t.yaml has no rules"),
    ("{version: 1, rules: []}", "t.yaml has no rules"),
    ("{version: 1, rules: [null]}", "t.yaml:1:22: rules[0] has no value: give it one, or leave it out"),
    ("{version: 1, registries: {a/b: {}}, rules: [{source: q.io/a, to: r.io/a}]}", "t.yaml:1:27: a registry is named by its host, as in quay.io or localhost:5000"),
    ("{version: 1, registries: {q.io: {plain-http: true, insecure: true}}, rules: [{source: q.io/a, to: r.io/a}]}", "t.yaml:1:62: insecure is for TLS, and q.io has 'plain-http: true': leave out one of them"),
    ("{version: 1, registries: {q.io: {listing-url: 'https://api.q.io'}}, rules: [{source: q.io/a, to: r.io/a}]}", "t.yaml:1:47: listing-url is where the lists of 'listing: quay' or 'docker-hub' are: write which"),
    ("version: 1\nrules:\n- {source: q.io/a, to:}\n", "t.yaml:3:20: rules[0].to has no value: give it one, or leave it out"),
    ("version: 1\nregistries:\n  q.io: {}\n  Q.io: {}\nrules:\n- {source: q.io/a, to: s.io/a}\n", "t.yaml:3:3: 'q.io' is q.io, which is there already: write all settings of it in one place"),
];

/// What is wrong with a file: where, what, and the line.
fn wrong(text: &str) -> (String, String, String) {
    match RuleFile::read(Path::new("t.yaml"), text) {
        Err(RuleFileError::Document { file, source }) => {
            assert_eq!(file, "t.yaml");
            (source.place().to_string(), source.to_string(), source.snippet().to_owned())
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn what_is_wrong_with_a_rule_is_told_with_its_place() {
    for (fields, place, told) in FIELDS {
        let text = format!("version: 1\nrules:\n- source: q.io/a\n  to: r.io/a\n  {fields}\n");
        let snippet = if fields.contains("secret") { "" } else { fields };
        let expected = ((*place).to_owned(), (*told).to_owned(), snippet.to_owned());
        assert_eq!(wrong(&text), expected, "{fields}");
    }
}

#[test]
fn what_is_wrong_between_source_and_target_is_told_with_its_place() {
    for (rule, place, told) in RULES {
        let (found, message, snippet) = wrong(&format!("version: 1\nrules:\n- {rule}\n"));
        assert_eq!((found.as_str(), message.as_str()), (*place, *told), "{rule}");
        assert_eq!(snippet, format!("- {rule}"));
    }
}

#[test]
fn what_is_wrong_with_a_whole_file_is_told_with_its_place() {
    for (text, place, told, snippet) in FILES {
        let (found, message, line) = wrong(text);
        assert_eq!(
            (found.as_str(), message.as_str(), line.as_str()),
            (*place, *told, *snippet),
            "{text}"
        );
    }
}

#[test]
fn what_is_wrong_with_registries_is_told_as_of_mirror_files() {
    for (text, told) in SETTINGS {
        let error = RuleFile::read(Path::new("t.yaml"), text).unwrap_err();
        assert_eq!(error.to_string(), *told, "{text} {:?}", error.source());
    }
}
