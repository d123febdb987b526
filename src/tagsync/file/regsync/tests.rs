#[path = "refusal_tests.rs"]
mod refusals;

use std::error::Error as _;

use serde_json::{Value, json};

use super::*;
use crate::auth::Credential;
use crate::model::Registry;
use crate::transfer::Attachments;

/// The first example of regclient.org, without its comments.
const EXAMPLE: &str = r#"version: 1
creds:
  - registry: registry.example.org
    user: syncuser
    pass: 'Pa$$w0rd'
  - registry: docker.io
    user: youruser
    pass: "{{file \"/var/run/secrets/hub_token\"}}"
defaults:
  interval: 60m
sync:
  - source: busybox:latest
    target: registry.example.org/library/busybox:latest
    type: image
  - source: alpine
    target: registry.example.org/library/alpine
    type: repository
    tagSets:
      - allow:
        - "latest"
        - "edge"
      - semverRange:
        - ">=3.5.1 <4.0"
        allow:
        - 'v\d+\.\d+\.\d+'
  - source: ghcr.io/regclient/regctl
    target: registry.example.org/regclient/regctl
    type: repository
    tags:
      allow:
      - "latest"
      - "edge"
      - "v[0-9\\.]+"
    referrers: true
    digestTags: true
    fastCopy: true
"#;

/// The example of its extensions.
const EXTENSIONS: &str = r#"x-backup: &backup "backup-{{.Ref.Tag}}"
x-std-repo: &std-repo
  type: repository
  tags:
    allow:
    - "latest"
    - "edge"
    - "v[0-9\\.]+"
sync:
  - <<: *std-repo
    source: upstream.example.com/repo-a
    target: registry.example.org/repo-a
  - <<: *std-repo
    source: upstream.example.com/repo-b
    target: registry.example.org/repo-b
    backup: *backup
  - source: upstream.example.com/repo-c:latest
    target: registry.example.org/repo-c:latest
    type: image
    backup: *backup
"#;

/// One of its own tests: templates in targets, numbers as tags, merged mappings.
const TEMPLATES: &str = r#"version: 1
creds:
  - registry: registry:5000
    tls: disabled
  - registry: docker.io
defaults:
  ratelimit:
    min: 100
    retry: 15m
  parallel: 2
  interval: 60m
  backup: "bkup-{{.Ref.Tag}}"
  cacheCount: 500
  cacheTime: "5m"
x-sync-hub: &sync-hub
  target: registry:5000/hub/{{ .Sync.Source }}
  type: image
x-sync-gcr: &sync-gcr
  target: registry:5000/gcr/{{ index (split .Sync.Source "gcr.io/") 1 }}
sync:
  - source: busybox:latest
    target: registry:5000/library/busybox:latest
    type: image
    schedule: "15 3 * * *"
  - <<: *sync-hub
    source: alpine
    type: repository
    tags:
      allow:
      - 3
      - 3.9
      - 3.10
      - latest
  - <<: *sync-gcr
    source: gcr.io/example/repo
    type: repository
    tags:
      deny: ["3\\.0"]
"#;

struct Made;

impl Surroundings for Made {
    fn variable(&self, name: &str) -> Option<String> {
        (name == "HUB_USER").then(|| "me".to_owned())
    }

    fn file(&self, path: &Path) -> io::Result<String> {
        match path.to_str() {
            Some("/var/run/secrets/hub_token") => Ok("t0ken\n".to_owned()),
            _ => Err(io::Error::new(io::ErrorKind::NotFound, "not there")),
        }
    }
}

fn read(text: &str) -> Result<RuleFile, RuleFileError> {
    RuleFile::regsync(Path::new("regsync.yml"), text, &Made)
}

fn sound(text: &str) -> RuleFile {
    read(text).unwrap_or_else(|error| panic!("{text}: {error}: {:?}", error.source()))
}

/// The rules as they would be written here.
fn rules(text: &str) -> Vec<Value> {
    sound(text).document["rules"].as_array().unwrap().clone()
}

/// A file with one entry that has these fields besides.
fn entry(fields: &str) -> String {
    format!(
        "sync:\n- {{type: repository, source: q.io/a, target: r.io/a, interval: 1h, {fields}}}\n"
    )
}

fn notes(text: &str) -> Vec<String> {
    sound(text).notes.iter().map(ToString::to_string).collect()
}

#[test]
fn the_example_of_the_documentation_is_read() {
    let no_versions = json!(["/V.*/", "/v?[0-9.]+_.*/"]);
    assert_eq!(
        rules(EXAMPLE),
        [
            json!({"name": "docker.io/library/busybox:latest", "source": "docker.io/library/busybox:latest",
                "to": "registry.example.org/library/busybox", "referrers": false, "schedule": "60m"}),
            json!({"name": "docker.io/library/alpine", "source": "docker.io/library/alpine",
                "to": "registry.example.org/library/alpine", "referrers": false, "schedule": "60m",
                "tags": {"allow": ["latest", "edge"]}}),
            json!({"name": "docker.io/library/alpine (2)", "source": "docker.io/library/alpine",
                "to": "registry.example.org/library/alpine", "referrers": false, "schedule": "60m",
                "tags": {"allow": [r"/v\d+\.\d+\.\d+/"], "semver": ">=3.5.1 <4.0.0", "prerelease": "ordered", "deny": no_versions}}),
            json!({"name": "ghcr.io/regclient/regctl", "source": "ghcr.io/regclient/regctl",
                "to": "registry.example.org/regclient/regctl", "schedule": "60m",
                "tags": {"allow": ["latest", "edge", r"/v[0-9\.]+/"]}}),
        ]
    );
    let file = sound(EXAMPLE);
    for (registry, username, password) in
        [("registry.example.org", "syncuser", "Pa$$w0rd"), ("docker.io", "youruser", "t0ken")]
    {
        let registry: Registry = registry.parse().unwrap();
        match &file.reach[&registry].login {
            Some(Credential::Basic { username: user, password: pass }) => {
                assert_eq!((user.as_str(), pass.expose()), (username, password));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(!format!("{file:?}").contains("t0ken") && !format!("{file:?}").contains("Pa$$"));
    assert_eq!(
        notes(EXAMPLE),
        [
            "regsync.yml:22:9: sync[1].tagSets[1].semverRange: tags with more than three numbers, as 1.2.3.4, are no versions here"
        ]
    );
}

#[test]
fn extensions_and_anchors_are_read() {
    let tags = json!({"allow": ["latest", "edge", r"/v[0-9\.]+/"]});
    assert_eq!(
        rules(EXTENSIONS),
        [
            json!({"name": "upstream.example.com/repo-a", "source": "upstream.example.com/repo-a",
                "to": "registry.example.org/repo-a", "referrers": false, "tags": tags}),
            json!({"name": "upstream.example.com/repo-b", "source": "upstream.example.com/repo-b",
                "to": "registry.example.org/repo-b", "referrers": false, "backup": "backup-{tag}", "tags": tags}),
            json!({"name": "upstream.example.com/repo-c:latest", "source": "upstream.example.com/repo-c:latest",
                "to": "registry.example.org/repo-c", "referrers": false, "backup": "backup-{tag}"}),
        ]
    );
    let told = "no interval is given: 'watch' runs it as often as --interval says";
    assert_eq!(
        notes(EXTENSIONS),
        [
            format!("regsync.yml:10:5: sync[0]: {told}"),
            format!("regsync.yml:13:5: sync[1]: {told}"),
            format!("regsync.yml:17:5: sync[2]: {told}"),
        ]
    );
}

#[test]
fn templates_and_numbers_are_read() {
    assert_eq!(
        rules(TEMPLATES),
        [
            json!({"name": "docker.io/library/busybox:latest", "source": "docker.io/library/busybox:latest",
                "to": "registry:5000/library/busybox", "referrers": false, "backup": "bkup-{tag}", "schedule": "15 3 * * *"}),
            json!({"name": "docker.io/library/alpine", "source": "docker.io/library/alpine",
                "to": "registry:5000/hub/alpine", "referrers": false, "backup": "bkup-{tag}", "schedule": "60m",
                "tags": {"allow": ["3", "/3.9/", "/3.10/", "latest"]}}),
            json!({"name": "gcr.io/example/repo", "source": "gcr.io/example/repo",
                "to": "registry:5000/gcr/example/repo", "referrers": false, "backup": "bkup-{tag}", "schedule": "60m",
                "tags": {"deny": ["3.0"]}}),
        ]
    );
    assert_eq!(
        notes(TEMPLATES),
        [
            "regsync.yml:7:3: defaults.ratelimit: not looked at: what a registry refuses for now is asked again later",
            "regsync.yml:10:3: defaults.parallel: not used: --jobs and what registries allow bound what goes on at once",
            "regsync.yml:13:3: defaults.cacheCount: not used: what registries said is remembered anyway",
            "regsync.yml:24:5: sync[0].schedule: its times are those of UTC, unless CRON_TZ=Europe/Berlin or the like stands in front",
        ]
    );
    let file = sound(TEMPLATES);
    assert_eq!(file.document["registries"], json!({"registry:5000": {"plain-http": true}}));
    assert_eq!(file.rules[1].position.to_string(), "regsync.yml:25:5");
}

#[test]
fn a_registry_is_read_with_its_repositories() {
    let text = "sync:\n- source: localreg:5000\n  target: localcopy:5000\n  type: registry\n  interval: 1h\n  repos: {allow: ['org/.*', 'app|web'], deny: [org/old]}\n  tags: {deny: [dev]}\n";
    assert_eq!(
        rules(text),
        [
            json!({"name": "localreg:5000/", "source": "localreg:5000/", "to": "localcopy:5000/", "referrers": false, "schedule": "1h",
            "repositories": {"allow": ["/org/.*/", "/.*(?:^app|web$).*/"], "deny": ["/org/old/"]},
            "tags": {"deny": ["dev"]}})
        ]
    );
    let below = "sync: [{source: localreg:5000, target: r.io/copy, type: registry, interval: 1h}]";
    assert_eq!(rules(below)[0]["to"], "r.io/copy/");
}

#[test]
fn images_keep_their_tags_or_get_others() {
    for (source, target, from, to, rename) in [
        ("q.io/a:v1", "r.io/a:v1", "q.io/a:v1", "r.io/a", None),
        ("q.io/a:v1", "r.io/b:stable", "q.io/a:v1", "r.io/b", Some("stable")),
        ("q.io/a", "r.io/a", "q.io/a:latest", "r.io/a", None),
        ("q.io/a:v1", "r.io/a", "q.io/a:v1", "r.io/a", Some("latest")),
        ("alpine:3", "ocidir://mirror:3", "docker.io/library/alpine:3", "oci:mirror", None),
        ("q.io/a:v1", "r.io/{{.Sync.Source}}", "q.io/a:v1", "r.io/q.io/a", None),
    ] {
        let rules = rules(&format!(
            "sync: [{{source: '{source}', target: '{target}', type: image, interval: 1h}}]"
        ));
        let expected = (json!(from), json!(to), json!(rename));
        let found =
            (rules[0]["source"].clone(), rules[0]["to"].clone(), rules[0]["rename"].clone());
        assert_eq!(found, expected, "{source} {target}");
    }
    let renamed =
        |template: &str| rules(&entry(&format!("targetTag: '{template}'")))[0]["rename"].clone();
    assert_eq!(renamed("{{ .Source.Tag }}-mirror"), "{tag}-mirror");
    assert_eq!(renamed("{{ .Source.Tag }}-{{env \"HUB_USER\"}}"), "{tag}-me");
}

#[test]
fn fields_become_those_of_a_rule() {
    for (fields, key, expected) in [
        ("platform: linux/amd64", "platforms", json!(["linux/amd64"])),
        (
            "platforms: [linux/amd64, linux/arm64/v8]",
            "platforms",
            json!(["linux/amd64", "linux/arm64/v8"]),
        ),
        ("referrers: true", "referrers", json!(true)),
        ("digestTags: yes", "referrers", json!(true)),
        ("referrers: true, fastCheck: true", "referrers", json!(null)),
        (
            "backup: '{{.Ref.Tag}}-{{time.Now.Format \"20060102\"}}'",
            "backup",
            json!("{tag}-{date}"),
        ),
        ("schedule: '@daily'", "schedule", json!("@daily")),
        (
            "schedule: CRON_TZ=Europe/Berlin 15 01 * * *",
            "schedule",
            json!("CRON_TZ=Europe/Berlin 15 01 * * *"),
        ),
        ("tags: {allow: ['a|b']}", "tags", json!({"allow": ["/.*(?:^a|b$).*/"]})),
        ("tags: {}", "tags", json!(null)),
        (
            "tags: {semverRange: ['', '^1.2', '~3.4.5']}",
            "tags",
            json!({"semver": ">=1.2.0 <2.0.0 || >=3.4.5 <3.5.0", "prerelease": "ordered", "deny": ["/V.*/", "/v?[0-9.]+_.*/"]}),
        ),
        (
            "mediaTypes: [application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, x]",
            "tags",
            json!(null),
        ),
        ("cleanupTags: false, cleanupTagsExclude: [x]", "prune", json!(null)),
    ] {
        // Of two keys the last counts to neither.
        let text = entry(fields)
            .replace(if fields.starts_with("schedule") { "interval: 1h, " } else { "\0" }, "");
        assert_eq!(rules(&text)[0][key], expected, "{fields}");
    }
}

#[test]
fn defaults_hold_where_an_entry_says_nothing() {
    let text = "defaults: {schedule: '15 3 * * *', referrers: true, backup: 'b-{{.Ref.Tag}}'}\nsync:\n- {source: q.io/a, target: r.io/a, type: repository, interval: 12h, referrers: false}\n- {source: q.io/b, target: r.io/b, type: repository, backup: 'c-{{.Ref.Tag}}'}\n- {source: q.io/c, target: r.io/c, type: repository, interval: 0s}\n";
    let file = sound(text);
    let schedules: Vec<String> =
        file.rules.iter().map(|rule| rule.schedule.as_ref().unwrap().to_string()).collect();
    assert_eq!(schedules, ["12h", "15 3 * * *", "15 3 * * *"]);
    let attachments: Vec<Attachments> = file.rules.iter().map(|rule| rule.attachments).collect();
    assert_eq!(attachments, [Attachments::None, Attachments::All, Attachments::All]);
    let backups: Vec<String> =
        file.rules.iter().map(|rule| rule.backup.as_ref().unwrap().to_string()).collect();
    assert_eq!(backups, ["b-{tag}", "c-{tag}", "b-{tag}"]);
}

#[test]
fn registries_are_reached_as_creds_say() {
    let creds =
        |fields: &str| format!("creds: [{{registry: 'q.io:5000', {fields}}}]\n{}", entry(""));
    for (fields, expected) in [
        ("tls: disabled", json!({"plain-http": true})),
        ("tls: insecure", json!({"insecure": true})),
        ("tls: enabled", json!(null)),
        ("scheme: http", json!({"plain-http": true})),
        ("reqConcurrent: 3", json!({"max-per-host": 3})),
        ("reqConcurrent: 0", json!(null)),
        ("reqConcurrent: 1000", json!({"max-per-host": 256})),
        ("hostname: 'q.io:5000', repoAuth: true, priority: 3", json!(null)),
    ] {
        let file = sound(&creds(fields));
        assert_eq!(file.document["registries"]["q.io:5000"], expected, "{fields}");
        assert!(file.notes.is_empty(), "{fields}");
    }
    let login = |fields: &str| {
        let file = sound(&creds(fields));
        file.reach.into_values().next().and_then(|reach| reach.login)
    };
    let Some(Credential::Basic { username, password }) =
        login("user: '{{env \"HUB_USER\"}}', pass: x")
    else {
        panic!("no login")
    };
    assert_eq!((username.as_str(), password.expose()), ("me", "x"));
    assert!(matches!(login("token: x"), Some(Credential::IdentityToken(_))));
    assert!(login("user: '{{env \"NOBODY\"}}', pass: ''").is_none());
}

#[test]
fn what_is_done_otherwise_is_told_with_its_place() {
    let creds = |fields: &str| format!("creds:\n- registry: q.io\n  {fields}\n{}", entry(""));
    for (text, expected) in [
        (creds("credHelper: docker-credential-x"), "3:3: creds[0].credHelper: not asked: name it under credHelpers of the auth file"),
        (creds("regcert: |\n    PEM"), "3:3: creds[0].regcert: not used: put it into the registry's folder of certs.d"),
        (creds("clientCert: PEM"), "3:3: creds[0].clientCert: not used: put it into the registry's folder of certs.d"),
        (creds("mirrors: [m.io]"), "3:3: creds[0].mirrors: not asked: registries.conf names mirrors"),
        (creds("reqPerSec: 0.5"), "3:3: creds[0].reqPerSec: not used: a registry that has enough says so, and reqConcurrent bounds requests"),
        (creds("blobMax: -1"), "3:3: creds[0].blobMax: not used: how blobs are sent is found out"),
        (creds("user: me"), "2:3: creds[0]: no password is given: the login is that of the auth files, if they have one"),
        (format!("defaults: {{skipDockerConfig: true}}\n{}", entry("")), "1:12: defaults.skipDockerConfig: logins of auth files count where creds have none"),
        (format!("defaults: {{userAgent: x}}\n{}", entry("")), "1:12: defaults.userAgent: not used"),
        (entry("hooks: {pre: {type: x}}"), "2:68: sync[0].hooks: not run"),
        (entry("ratelimit: {min: 3}"), "2:68: sync[0].ratelimit: not looked at: what a registry refuses for now is asked again later"),
        (entry("forceRecursive: true"), "2:68: sync[0].forceRecursive: what is there by its digest is not copied again; 'longshore verify' proves it"),
        (entry("platforms: [linux/amd64]"), "2:68: sync[0].platforms: an index of just these is made, which has a digest of its own"),
        (entry("repos: {allow: [x]}"), "2:68: sync[0].repos: not looked at: the source is no registry"),
        (entry("backup: '{{.Ref.Tag}}-{{time.Now.Format \"20060102\"}}'"), "2:68: sync[0].backup: the time in it is that of UTC"),
        ("sync: [{type: image, source: q.io/a:v1, target: r.io/a:v1, interval: 1h, tags: {allow: [x]}}]".to_owned(), "1:74: sync[0].tags: not looked at: the source is one image"),
    ] {
        assert_eq!(notes(&text), [format!("regsync.yml:{expected}")], "{text}");
    }
    let quiet = entry("tags: {allow: [v1]}, x-mine: 1, referrerSlow: true");
    assert!(notes(&quiet).is_empty());
}
