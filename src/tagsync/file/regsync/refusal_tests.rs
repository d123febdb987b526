//! What is refused, and how that is told.

use proptest::prelude::*;
use serde_json::json;

use super::{entry, read};
use crate::tagsync::file::RuleFileError;

#[test]
fn what_is_wrong_or_would_be_something_else_is_told_with_its_place() {
    let creds = |fields: &str| format!("creds:\n- registry: q.io\n  {fields}\n{}", entry(""));
    let image = |source: &str, target: &str| {
        format!("sync:\n- type: image\n  source: '{source}'\n  target: '{target}'\n")
    };
    for (text, place, told) in [
        (
            "version: 2\n".to_owned() + &entry(""),
            "1:10",
            "version: version 2 of such files is not known: expected 1",
        ),
        ("sync: {}".to_owned(), "1:7", "sync: invalid type: mapping, expected a list"),
        (
            "syncs: []".to_owned(),
            "1:1",
            "syncs: unknown field `syncs`: `sync` may be meant, expected one of `version`, `creds`, `defaults`, `sync`",
        ),
        (
            entry("tag: {}"),
            "2:68",
            "sync[0].tag: unknown field `tag`: `tags` may be meant, expected one of",
        ),
        (
            "sync: [{type: repo, source: a, target: b}]".to_owned(),
            "1:15",
            "sync[0].type: 'repo' is not known: expected registry, repository or image",
        ),
        ("sync: [{type: image, source: a}]".to_owned(), "1:8", "sync[0]: missing field `target`"),
        (
            image("q.io/A:v1", "r.io/a:v1"),
            "3:11",
            "sync[0].source: 'q.io/A:v1' does not name an image: 'A' is not a repository",
        ),
        (
            image(
                "q.io/a@sha256:0000000000000000000000000000000011111111111111111111111111111111",
                "r.io/a:v1",
            ),
            "3:11",
            "sync[0].source: an image by its digest has no tag to keep in step: 'longshore copy' copies it",
        ),
        (
            image("q.io/a:v1", "q.io/a:v2"),
            "4:11",
            "sync[0].target: the tags would go where they come from",
        ),
        (
            image("q.io/a:v1", "{{if true}}"),
            "4:11",
            "sync[0].target: '{{if true}}' is more than is known of templates here: write what it stands for",
        ),
        (
            image("q.io/a:v1", "r.io/{{time.Now.Format \"2006\"}}:v1"),
            "4:11",
            "sync[0].target: 'r.io/{year}:v1' would be another one each time",
        ),
        (
            "sync: [{type: repository, source: 'q.io/a:v1', target: r.io/a}]".to_owned(),
            "1:35",
            "sync[0].source: it names an image, and the type is repository: leave out the tag",
        ),
        (
            "sync: [{type: repository, source: q.io/a, target: 'r.io/a:v1'}]".to_owned(),
            "1:51",
            "sync[0].target: 'r.io/a:v1' names a tag or a digest: tags keep their names",
        ),
        (
            "sync: [{type: registry, source: q.io/a, target: r.io}]".to_owned(),
            "1:33",
            "sync[0].source: a registry is HOST or HOST:PORT",
        ),
        (
            entry("tags: {allow: [v1, '(']}"),
            "2:87",
            "sync[0].tags.allow[1]: '/(/' is no regular expression: unclosed group",
        ),
        (
            entry("tagSets: [{deny: ['[a[b]']}]"),
            "2:86",
            "sync[0].tagSets[0].deny[0]: '[' in brackets has another meaning here",
        ),
        (
            entry("tags: {semverRange: ['>=1.2.0-rc1']}"),
            "2:89",
            "sync[0].tags.semverRange[0]: '>=1.2.0-rc1' names a pre-release",
        ),
        (
            entry("tags: {allow: v1}"),
            "2:82",
            "sync[0].tags.allow: invalid type: string \"v1\", expected a list",
        ),
        (entry("platform: local"), "2:78", "sync[0].platform: 'local'"),
        (
            entry("targetTag: 'a b'"),
            "2:79",
            "sync[0].targetTag: 'a b' has ' ', which no tag can have",
        ),
        (
            entry("backup: 'r.io/b/{{.Ref.Repository}}:{{.Ref.Tag}}'"),
            "2:76",
            "sync[0].backup: a backup stays in the repository of its tag: name it by a tag alone, as in bkup-{{.Ref.Tag}}",
        ),
        (entry("backup: old"), "2:76", "sync[0].backup: 'old' has neither {tag} nor {digest}"),
        (
            format!("defaults: {{backup: old}}\n{}", entry("")),
            "1:20",
            "defaults.backup: 'old' has neither",
        ),
        (
            "sync: [{type: repository, source: q.io/a, target: r.io/a, interval: soon}]".to_owned(),
            "1:69",
            "sync[0].interval: 'soon' is no time: expected one like 60m or 1h30m",
        ),
        (
            "sync: [{type: repository, source: q.io/a, target: r.io/a, interval: 1s}]".to_owned(),
            "1:69",
            "sync[0].interval: registries are not asked more often than every 10 s",
        ),
        (
            entry("schedule: '* * *'"),
            "2:78",
            "sync[0].schedule: '* * *' has 3 fields where 5 belong",
        ),
        (
            entry("referrers: true, referrerFilters: [{artifactType: x}]"),
            "2:85",
            "sync[0].referrerFilters: what refers to images goes along as a whole, or not at all",
        ),
        (
            entry("referrers: true, referrerSource: q.io/b"),
            "2:85",
            "sync[0].referrerSource: what refers to an image is looked for where the image is",
        ),
        (
            entry("referrers: true, referrerTarget: q.io/b"),
            "2:85",
            "sync[0].referrerTarget: what refers to an image goes where the image goes",
        ),
        (
            entry("includeExternal: true"),
            "2:68",
            "sync[0].includeExternal: layers that are stored elsewhere stay there",
        ),
        (
            entry("mediaTypes: [application/vnd.oci.image.index.v1+json]"),
            "2:68",
            "sync[0].mediaTypes: images are copied whatever their media type is",
        ),
        (
            entry("cleanupTags: true"),
            "2:68",
            "sync[0].cleanupTags: tags are deleted by 'prune: tags' in a file of longshore alone",
        ),
        (
            format!("defaults: {{cleanupTags: true}}\n{}", entry("")),
            "1:12",
            "defaults.cleanupTags: tags are deleted",
        ),
        (
            creds("tls: maybe"),
            "3:8",
            "creds[0].tls: 'maybe' is not known: expected enabled, insecure or disabled",
        ),
        (
            creds("hostname: other.io"),
            "3:13",
            "creds[0].hostname: a registry is asked where its name says",
        ),
        (creds("pathPrefix: hub"), "3:15", "creds[0].pathPrefix: names are taken as they are"),
        (creds("user: '{{file \"/none\"}}'"), "3:9", "creds[0].user: cannot read /none: not there"),
        (
            "creds: [{registry: q.io, user: a, pass: b}, {registry: q.io, user: c, pass: d}]\n"
                .to_owned()
                + &entry(""),
            "1:45",
            "creds[1]: q.io is there already",
        ),
        (
            "creds: [{registry: a b}]\n".to_owned() + &entry(""),
            "1:20",
            "creds[0].registry: 'a b' is not a registry",
        ),
        (
            "creds: [{registry: q.io, tls: disabled, regcerts: x}]\n".to_owned() + &entry(""),
            "1:41",
            "creds[0].regcerts: unknown field `regcerts`",
        ),
    ] {
        let Err(RuleFileError::Document { source, .. }) = read(&text) else { panic!("{text}") };
        let message = source.to_string();
        assert!(message.starts_with(told), "{text}: {message}");
        assert_eq!(source.place().to_string(), place, "{text}: {message}");
    }
    for text in ["", "{}", "version: 1\nsync: []\n"] {
        assert!(matches!(read(text), Err(RuleFileError::Nothing { .. })), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_file_or_an_error(
        source in "[a-z/:.@{} ]{0,12}", template in r#"[{}a-z ."|()$%`0-9-]{0,24}"#, expression in "\\PC{0,12}",
        range in "[0-9.v<>=^~ -]{0,10}", kind in prop::sample::select(vec!["image", "repository", "registry"]),
    ) {
        let entry = json!({
            "type": kind, "source": source, "target": format!("r.io/{template}"), "backup": template,
            "targetTag": template, "tags": { "allow": [expression], "semverRange": [range] },
        });
        let _ = read(&json!({ "sync": [entry] }).to_string());
    }
}

#[test]
fn secrets_are_in_no_message() {
    for text in [
        "creds: [hunter2]",
        "creds: [{registry: q.io, pass: [hunter2]}]",
        "creds: [{registry: q.io, pass: {a: hunter2}}]",
        "creds:\n- registry: q.io\n  pass: '{{if true}}hunter2'\n",
        "creds:\n- registry: q.io\n  pass: 'hunter2{{'\n",
        "creds:\n- registry: q.io\n  pas: hunter2\n",
        "creds:\n- registry: q.io\n  user: u\n  token: [hunter2]\n",
        "creds:\n- registry: q.io\n  pass: '{{file \"/hunter2\"}}'\n",
    ] {
        let Err(RuleFileError::Document { source, .. }) = read(text) else { panic!("{text}") };
        let told = format!("{source} {}", source.snippet());
        let is_path = text.contains("/hunter2");
        assert!(is_path || !told.contains("hunter2"), "{told}");
    }
}
