//! What the real oc did against a real API server: the folders of `fixtures/openshift`, see its `README.md`.

use std::fs;
use std::path::{Path, PathBuf};

use longshore::imagestream::StreamName;
use longshore::imagestream::requests::{
    ImportOptions, parse_import_mode, parse_reference_policy, parse_target,
};
use serde::Deserialize;
use serde_json::Value;

/// One case.
pub(crate) struct Recording {
    /// Its folder's name: a number, and what it is about.
    pub(crate) name: String,
    /// The words of the command; none where a request was sent without oc.
    pub(crate) command: Vec<String>,
    /// What oc ended with.
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Requests to the API server and their answers, in order.
    pub(crate) exchanges: Vec<Exchange>,
    folder: PathBuf,
}

/// A request to the API server, and its answer.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    /// `Null` where nothing was sent.
    pub(crate) request: Value,
    pub(crate) status: u16,
    pub(crate) response: Value,
}

impl Recording {
    /// All cases, in the order in which they were recorded.
    pub(crate) fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/openshift");
        let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
        let mut all: Vec<Self> = folders.filter(|path| path.is_dir()).map(Self::read).collect();
        all.sort_by_key(Self::number);
        all
    }

    /// The case of this name.
    pub(crate) fn named(name: &str) -> Self {
        let found = Self::all().into_iter().find(|recording| recording.name == name);
        found.unwrap_or_else(|| panic!("no recording is named {name}"))
    }

    /// The text of another of its files.
    pub(crate) fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok()
    }

    /// The stream that oc read first: the one before the case.
    pub(crate) fn stream_before(&self) -> Option<Value> {
        let read = self.exchanges.iter().find(|exchange| {
            exchange.method == "GET" && exchange.path.contains("/imagestreams/")
        })?;
        (read.status == 200).then(|| read.response.clone())
    }

    /// The stream after the case.
    pub(crate) fn stream_after(&self) -> Option<Value> {
        let text = self.file("stream.yaml")?;
        let value: Value = serde_saphyr::from_str(&text).unwrap();
        value.is_object().then_some(value)
    }

    /// What a recorded `oc import-image` asks for, or the message with which it is refused before anybody is asked.
    pub(crate) fn import_options(&self) -> Result<(StreamName, ImportOptions), String> {
        let words = &self.command[2..];
        // oc takes the first argument and forgets the others; a value of `-o` is none.
        let argument = words.iter().find(|word| !word.starts_with('-')).map_or("", String::as_str);
        let has = |flag: &str| words.iter().any(|word| word == flag);
        let value = |flag: &str| {
            words
                .iter()
                .find_map(|word| word.strip_prefix(flag)?.strip_prefix('='))
                .map(str::to_owned)
        };
        let known = ["--from", "--confirm", "--all", "--scheduled", "--insecure", "--dry-run"];
        let known = [&known[..], &["--reference-policy", "--import-mode"]].concat();
        let elsewhere = ["-o", "--template", "--request-timeout"];
        for flag in words.iter().filter(|word| word.starts_with('-')) {
            let name = flag.split('=').next().unwrap();
            assert!(known.contains(&name) || elsewhere.contains(&name), "{flag} is not tested");
        }

        let target = parse_target(argument, has("--all"), &"demo".parse().unwrap())
            .map_err(|e| e.to_string())?;
        let policy = value("--reference-policy").map(|text| parse_reference_policy(&text));
        let mode = value("--import-mode").map(|text| parse_import_mode(&text));
        let options = ImportOptions {
            from: value("--from"),
            confirm: has("--confirm"),
            scheduled: has("--scheduled"),
            insecure: value("--insecure")
                .map(|text| text == "true")
                .or(has("--insecure").then_some(true)),
            reference_policy: policy.transpose().map_err(|e| e.to_string())?,
            import_mode: mode.transpose().map_err(|e| e.to_string())?,
            dry_run: has("--dry-run"),
            ..ImportOptions::of(&target)
        };
        Ok((target.stream, options))
    }

    fn read(folder: PathBuf) -> Self {
        let text = |name: &str| {
            fs::read_to_string(folder.join(name))
                .unwrap_or_else(|error| panic!("{}/{name}: {error}", folder.display()))
        };
        Self {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            command: words(&text("cmd.txt")),
            exit: text("exit.txt").trim().parse().unwrap(),
            stdout: text("stdout.txt"),
            stderr: text("stderr.txt"),
            exchanges: serde_json::from_str(&text("exchange.json")).unwrap(),
            folder,
        }
    }

    fn number(&self) -> u32 {
        self.name.split_once('-').unwrap().0.parse().unwrap()
    }
}

/// The words of a command as a shell takes them; lines that begin with `#` tell about it.
fn words(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).map(|word| word.replace('\'', "")).collect()
}

#[test]
fn the_recordings_are_read() {
    let all = Recording::all();
    assert_eq!(all.len(), 84, "a case came or went");
    assert_eq!(all[0].name, "01-new-no-confirm");

    let refused = &all[0];
    assert_eq!(refused.command[..3], ["oc", "import-image", "app:v1"]);
    assert_eq!((refused.exit, refused.stdout.as_str()), (1, ""));
    assert!(refused.stderr.starts_with("error: no image stream named"));
    assert!(refused.stream_before().is_none() && refused.stream_after().is_none());

    let moved = Recording::named("17-reimport-tag-moves-A");
    let [get, post] = moved.exchanges.as_slice() else { panic!("two requests") };
    assert_eq!((get.method.as_str(), get.status, &get.request), ("GET", 200, &Value::Null));
    assert_eq!((post.method.as_str(), post.status), ("POST", 201));
    assert!(post.path.ends_with("/imagestreamimports"));
    assert_eq!(post.request["metadata"]["name"], "app");
    assert_eq!(post.response["status"]["import"]["metadata"]["name"], "app");
    assert_eq!(moved.stream_before().unwrap()["metadata"]["resourceVersion"], "794");
    assert_eq!(moved.stream_after().unwrap()["metadata"]["name"], "app");
    assert!(moved.file("registry.txt").is_some() && moved.file("no-such-file").is_none());

    let template = Recording::named("117-output-template");
    assert_eq!(template.command.last().unwrap(), "--template={{.metadata.name}}");
    assert!(Recording::named("131-api-wrong-uid").command.is_empty());
}
