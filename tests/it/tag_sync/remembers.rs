//! What earlier runs saw saves questions, and nothing else.

use std::fs;
use std::path::PathBuf;

use http::header::IF_NONE_MATCH;
use serde_json::{Value, json};

use super::Scene;
use crate::support::responder::{Reply, Responder};

impl Scene {
    /// All files of what is remembered.
    fn memory(&self) -> Vec<PathBuf> {
        let root = self.shell.path(".local/state/longshore/tag-sync");
        let files = ["sources", "targets"].into_iter().flat_map(|kind| {
            fs::read_dir(root.join(kind)).unwrap().map(|entry| entry.unwrap().path())
        });
        files.collect()
    }

    /// Lets each file be what `lie` makes of it.
    fn lie(&self, lie: impl Fn(&mut Value)) {
        let memory = self.memory();
        assert!(!memory.is_empty());
        for path in memory {
            let mut value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            lie(&mut value);
            fs::write(&path, value.to_string()).unwrap();
        }
    }
}

#[test]
fn what_somebody_moved_at_the_target_is_seen_by_a_fresh_look_or_a_day_later() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let wanted = scene.push("org/app:v1");
    scene.push("org/app:v2");
    scene.rules("- {name: app, source: SOURCE/org/app, to: TARGET/app}");
    scene.ok("run", &[]);
    let other = scene.put("app:v1");
    // What a run would do is what a check tells.
    assert_eq!((scene.ok("run", &[]), scene.ok("check", &[])), (String::new(), String::new()));
    assert_eq!(scene.at("app:v1"), other);
    assert_eq!(scene.sync("check", &["--fresh"]).code, Some(10));
    assert_eq!(scene.ok("run", &["--fresh"]).lines().count(), 1);
    assert_eq!(scene.at("app:v1"), wanted);

    // A day later.
    scene.put("app:v1");
    let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(25);
    scene.lie(|memory| {
        for (_, seen) in memory["tags"].as_object_mut().unwrap() {
            seen["at"] = json!(yesterday.to_string());
        }
    });
    assert_eq!(scene.sync("check", &[]).code, Some(10));
    scene.ok("run", &[]);
    assert_eq!(scene.at("app:v1"), wanted);

    // One that was deleted is noticed at once; so is another one, where a rule says so.
    let tag = scene.target.registry.storage().join("repositories/app/_manifests/tags/v1");
    fs::remove_dir_all(tag).unwrap();
    scene.has("app", "v2");
    scene.ok("run", &[]);
    assert_eq!(scene.at("app:v1"), wanted);
    scene.put("app:v1");
    scene.rules("- {name: app, source: SOURCE/org/app, to: TARGET/app, recheck: 1ms}");
    scene.ok("run", &[]);
    assert_eq!(scene.at("app:v1"), wanted);
}

#[test]
fn a_memory_that_is_damaged_is_none() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push_all("org/app", &["v1", "v2"]);
    scene.put("app:stray");
    scene.rules("- {source: SOURCE/org/app, to: TARGET/app, prune: report, platforms: [linux/amd64], tags: {older-than: 1h}}");
    scene.ok("run", &[]);
    for garbage in
        ["", "{", "[]", "null", "\0\u{1}\u{2}", r#"{"tags": {"v1": 1}}"#, r#"{"list": {}}"#]
    {
        for path in scene.memory() {
            fs::write(path, garbage).unwrap();
        }
        let ran = scene.sync("run", &[]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(ran.stdout.starts_with("stray ") && ran.stdout.lines().count() == 1);
    }
    // Where nothing can be kept all is asked.
    let state = scene.shell.path(".local");
    fs::remove_dir_all(&state).unwrap();
    fs::write(&state, "no folder").unwrap();
    assert_eq!(scene.ok("run", &[]).lines().count(), 1);
}

#[test]
fn a_memory_that_lies_deletes_and_overwrites_nothing_wrongly() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let tags = ["v1", "v2", "v3"];
    scene.push_all("org/app", &tags);
    let other = scene.push("org/app:other");
    let rules = |more: &str| {
        scene.rules(&format!("- {{source: SOURCE/org/app, to: TARGET/app, tags: {{allow: ['v*'], older-than: 1h}}, immutable: [v1], backup: '{{tag}}-{{digest}}', prune: tags{more}}}"));
    };
    rules("");
    scene.ok("run", &[]);
    let before: Vec<String> = tags.iter().map(|tag| scene.at(&format!("app:{tag}"))).collect();
    let now = jiff::Timestamp::now().to_string();
    let is_as_before = |what: &str| {
        let after: Vec<String> = tags.iter().map(|tag| scene.at(&format!("app:{tag}"))).collect();
        assert_eq!(after, before, "{what}");
        assert_eq!(scene.tags("app").len(), 3, "{what}");
    };
    // One image is from today, so that it is not old enough.
    scene.lie(|memory| {
        if let Some((_, time)) = memory["created"].as_object_mut().and_then(|c| c.iter_mut().next())
        {
            *time = json!(now);
        }
    });
    scene.sync("run", &[]);
    is_as_before("times");
    // Tags pointed to something else, here and there.
    scene.lie(|memory| {
        for (_, seen) in memory["tags"].as_object_mut().into_iter().flatten() {
            *seen = json!({"digest": other, "at": now});
        }
    });
    scene.ok("run", &[]);
    is_as_before("tags");
    // There are tags that nobody has.
    scene.lie(|memory| memory["tags"]["v9"] = json!({"digest": other, "at": now}));
    scene.ok("run", &[]);
    is_as_before("more tags");
    // Picking made something else.
    rules(", platforms: [linux/amd64]");
    scene.ok("run", &["--fresh"]);
    scene.lie(|memory| {
        for (_, made) in memory["picked"].as_object_mut().into_iter().flatten() {
            *made = json!(other);
        }
    });
    scene.sync("run", &["--fresh"]);
    is_as_before("picked");
}

/// What stands before a registry and marks its lists of tags.
fn marking(address: &str) -> Responder {
    let address = address.to_owned();
    Responder::new(move |asked| {
        if asked.path().ends_with("/tags/list") {
            let mark = "\"one\"";
            if asked.header(IF_NONE_MATCH) == Some(mark) {
                return Some(Reply::new(304).header("etag", mark));
            }
            return Some(
                Reply::ok(r#"{"name": "org/app", "tags": ["v1", "v2", "v3"]}"#)
                    .header("etag", mark),
            );
        }
        let to = format!("http://{address}{}", asked.target);
        Some(Reply::new(307).header("location", to))
    })
}

#[test]
fn a_list_that_is_remembered_wrongly_deletes_nothing() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let tags = ["v1", "v2", "v3"];
    scene.push_all("org/app", &tags);
    let other = scene.push("org/app:other");
    let front = marking(scene.source.registry.address());
    let rule = format!("- {{source: {}/org/app, to: TARGET/app", front.address());
    scene.rules(&format!("{rule}, prune: tags}}"));
    scene.ok("run", &[]);
    scene.has("app", "v1 v2 v3");
    scene.lie(|memory| {
        if memory["list"].is_object() {
            memory["list"]["names"] = json!(["v1", "v4"]);
        }
    });
    for more in [&[][..], &["--fresh"]] {
        scene.sync("run", more);
        scene.has("app", "v1 v2 v3");
    }

    // What never moves is believed for a while, and is asked before it is written.
    let wanted = scene.at("app:v1");
    scene.rules(&format!("{rule}, immutable: ['v*']}}"));
    scene.ok("run", &[]);
    let before = front.asked().len();
    assert_eq!(scene.ok("run", &[]), "");
    assert_eq!(front.lines().split_off(before), ["GET /v2/org/app/tags/list"]);
    let now = jiff::Timestamp::now().to_string();
    scene.lie(|memory| {
        if memory["list"].is_object() {
            for tag in tags {
                memory["tags"][tag] = json!({"digest": other, "at": now});
            }
        }
    });
    let gone = scene.target.registry.storage().join("repositories/app/_manifests/tags/v1");
    fs::remove_dir_all(gone).unwrap();
    scene.sync("run", &[]);
    assert_eq!(scene.at("app:v1"), wanted);
    scene.has("app", "v1 v2 v3");
}

#[test]
fn a_tag_that_gets_another_name_is_as_immutable_as_that_name() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push_all("org/app", &["v1", "v2", "v3"]);
    let front = marking(scene.source.registry.address());
    let rule = |immutable: &str| {
        let source = front.address();
        scene.rules(&format!("- {{source: {source}/org/app, to: TARGET/app, rename: 'up-{{tag}}', immutable: ['{immutable}']}}"));
    };
    rule("v*");
    scene.ok("run", &[]);
    let moved = scene.push("org/app:v1");
    scene.ok("run", &[]);
    assert_eq!(scene.at("app:up-v1"), moved);
    rule("up-*");
    scene.ok("run", &[]);
    let before = front.asked().len();
    scene.ok("run", &[]);
    assert_eq!(front.lines().split_off(before), ["GET /v2/org/app/tags/list"]);
}
