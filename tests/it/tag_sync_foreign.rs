//! Files of skopeo and regsync are synced as these tools do it.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::layout::{Layout, digest};
use crate::support::shell::Shell;
use crate::support::site::{PASSWORD, Site, USER};
use crate::support::skopeo;

/// Images on a registry that wants a login and has no TLS, which is how files of skopeo know it.
struct Upstream {
    site: Site,
    shell: Shell,
}

impl Upstream {
    fn new() -> Self {
        let (site, shell) = (Site::with_password(), Shell::new());
        let layout = Layout::new(shell.path("image"));
        for (name, seed) in [("one", 1), ("two", 2)] {
            let image = layout.image("linux/amd64", &[layout.noise_layer(seed, 20_000)]);
            layout.name(name, &image);
        }
        let images = [("linux/amd64", 3), ("linux/arm64", 4)]
            .map(|(platform, seed)| layout.image(platform, &[layout.noise_layer(seed, 20_000)]));
        layout.name("many", &layout.index(&images));
        Self { site, shell }
    }

    /// Puts an image of the layout there under these names.
    fn put(&self, image: &str, names: &[&str]) {
        for name in names {
            let creds = format!("--creds={USER}:{PASSWORD}");
            let image = format!("oci:image:{image}");
            self.shell.ok(&["push", "--plain-http", &creds, &image, &self.site.image(name)]);
        }
    }

    /// Writes a file in which `ADDRESS` stands for the registry.
    fn write(&self, name: &str, text: &str) {
        let text = text.replace("ADDRESS", self.site.registry.address());
        fs::write(self.shell.path(name), text.replace("PASSWORD", PASSWORD)).unwrap();
    }

    /// All tags of a repository, with their digests.
    fn tags(&self, repository: &str) -> BTreeMap<String, String> {
        let creds = format!("--creds={USER}:{PASSWORD}");
        let at = |name: &str| format!("docker://{}", self.site.image(name));
        let list = skopeo::json(&["list-tags", "--tls-verify=false", &creds, &at(repository)]);
        let tags = list["Tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap());
        let digest = |tag: &str| {
            let image = at(&format!("{repository}:{tag}"));
            let raw = skopeo::run(&["inspect", "--raw", "--tls-verify=false", &creds, &image]);
            longshore::model::Digest::of(&raw).to_string()
        };
        tags.map(|tag| (tag.to_owned(), digest(tag))).collect()
    }

    fn digest(&self, image: &str) -> String {
        let index = fs::read(self.shell.path("image/index.json")).unwrap();
        let index: Value = serde_json::from_slice(&index).unwrap();
        let manifests = index["manifests"].as_array().unwrap();
        let named = |manifest: &&Value| {
            manifest["annotations"]["org.opencontainers.image.ref.name"] == image
        };
        digest(manifests.iter().find(named).unwrap()).to_owned()
    }
}

#[test]
fn skopeo_and_longshore_bring_the_same() {
    need!("docker-registry", "htpasswd", "skopeo");
    let upstream = Upstream::new();
    upstream.put("one", &["src/app:v1", "src/tool:1.0", "src/lib:v1", "src/lib:1-rc"]);
    upstream.put("two", &["src/app:v2", "src/tool:2.0", "src/lib:v2", "src/deep/er:x"]);
    upstream.put("many", &["src/app:latest", "src/tool:other", "src/lib:other"]);
    let (many, address) = (upstream.digest("many"), upstream.site.registry.address());
    let text = "\
ADDRESS:
    tls-verify: false
    credentials:
        username: org+robot
        password: PASSWORD
    images:
        src/app: []
        src/tool:
            - 1.0
            - MANY
        src/deep/er: [x]
    images-by-tag-regex:
        src/lib: ^v|rc$
";
    upstream.write("sync.yaml", &text.replace("MANY", &many));

    let file = upstream.shell.path("sync.yaml").display().to_string();
    let creds = format!("--dest-creds={USER}:{PASSWORD}");
    let to = format!("{address}/by-skopeo");
    let flags = ["sync", "--all", "--src", "yaml", "--dest", "docker", "--dest-tls-verify=false"];
    skopeo::run(&[&flags[..], &[&creds, &file, &to]].concat());

    let to = format!("{address}/by-longshore");
    let run = ["tag-sync", "run", "--format", "skopeo", "--to", &to, "sync.yaml", "-vv"];
    let ran = upstream.shell.run(&run);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!ran.stderr.contains(PASSWORD) && !ran.stdout.contains(PASSWORD), "{}", ran.stderr);
    let note = "sync.yaml:1:1: images for several platforms go with all of them";
    assert!(ran.stderr.contains(note), "{}", ran.stderr);

    for repository in ["app", "tool", "lib", "er"] {
        let [theirs, ours] = ["by-skopeo", "by-longshore"]
            .map(|root| upstream.tags(&format!("{root}/{repository}")));
        assert_eq!(theirs, ours, "{repository}");
        assert!(!theirs.is_empty());
    }
    let fetched = |root: &str| upstream.site.fetch(&format!("{root}/tool@{many}"));
    assert_eq!(fetched("by-skopeo"), fetched("by-longshore"));
    let names: Vec<String> = upstream.tags("by-longshore/lib").into_keys().collect();
    assert_eq!(names, ["1-rc", "v1", "v2"]);
    // All is in step: nothing is left to do.
    let check = [&["tag-sync", "check"], &run[2..]].concat();
    upstream.shell.ok(&check);
}

#[test]
fn what_failed_of_a_file_of_skopeo_is_run_again() {
    need!("docker-registry", "htpasswd");
    let upstream = Upstream::new();
    upstream.put("one", &["src/app:v1"]);
    upstream.write(
        "sync.yaml",
        "ADDRESS:\n  tls-verify: false\n  credentials: {username: org+robot, password: 'PASSWORD'}\n  images: {src/app: [v1, v2]}\n",
    );
    let to = upstream.site.image("copy");
    let run = [
        "tag-sync",
        "run",
        "--format",
        "skopeo",
        "--to",
        &to,
        "sync.yaml",
        "--failed",
        "failed.yaml",
    ];
    let said = upstream.shell.fails(1, &run);
    assert!(said.contains("v2"), "{said}");
    let failed = fs::read_to_string(upstream.shell.path("failed.yaml")).unwrap();
    let address = upstream.site.registry.address();
    assert!(failed.contains(&format!("longshore login {address}")), "{failed}");
    assert!(!failed.contains(PASSWORD) && !failed.contains("src/app:v1"), "{failed}");

    upstream.put("two", &["src/app:v2"]);
    upstream.site.login(&upstream.shell);
    let again = ["tag-sync", "run", "failed.yaml", "--src-plain-http", "--dest-plain-http"];
    upstream.shell.ok(&again);
    let tags = upstream.shell.ok(&["tags", "--plain-http", &upstream.site.image("copy/app")]);
    assert!(tags.contains("v1") && tags.contains("v2"), "{tags}");
}

#[test]
fn a_file_of_regsync_is_run() {
    need!("docker-registry", "htpasswd", "skopeo");
    let upstream = Upstream::new();
    upstream.put("one", &["src/app:v1", "src/app:v1-rc", "src/app:1.2.0", "src/app:2.0.0-rc.1"]);
    upstream.put("many", &["src/app:stable"]);
    upstream.write(
        "regsync.yml",
        r#"x-keep: &keep "kept-{{.Ref.Tag}}"
version: 1
creds:
- registry: ADDRESS
  tls: disabled
  user: '{{file "user"}}'
  pass: PASSWORD
defaults:
  interval: 60m
  backup: *keep
sync:
- source: ADDRESS/src/app
  target: ADDRESS/copy/app
  type: repository
  tagSets:
  - allow: ['v\d+']
  - semverRange: ['>=1.0 <2.0']
- source: ADDRESS/src/app:stable
  target: ADDRESS/{{ .Sync.Type }}/app:current
  type: image
  platform: linux/arm64
"#,
    );
    upstream.write("user", &format!("{USER}\n"));
    let run = ["tag-sync", "run", "--format", "regsync", "regsync.yml"];
    upstream.shell.ok(&run);
    let one = upstream.digest("one");
    let both = |tags: &[&str]| tags.iter().map(|tag| ((*tag).to_owned(), one.clone())).collect();
    assert_eq!(upstream.tags("copy/app"), both(&["1.2.0", "2.0.0-rc.1", "v1"]));
    let current = upstream.tags("image/app");
    assert_eq!(current.keys().collect::<Vec<_>>(), ["current"]);
    assert_ne!(current["current"], upstream.digest("many"), "one platform was wanted");

    upstream.put("two", &["src/app:v1"]);
    upstream.shell.ok(&run);
    let tags = upstream.tags("copy/app");
    assert_eq!((&tags["v1"], &tags["kept-v1"]), (&upstream.digest("two"), &one));
}

#[test]
fn what_is_wrong_with_such_a_file_is_told_with_its_line() {
    let shell = Shell::new();
    fs::write(shell.path("sync.yaml"), "q.io:\n  images:\n    app: [v1, 'v 2']\n").unwrap();
    let run =
        |flags: &[&str]| shell.fails(2, &[&["tag-sync", "check", "sync.yaml"], flags].concat());
    let skopeo = ["--format", "skopeo", "--to", "r.io"];
    let said = run(&skopeo);
    assert!(said.contains("sync.yaml:3:15: not a file of rules that can be used"), "{said}");
    assert!(said.contains("q.io.images.app[1]: 'v 2' is not a tag"), "{said}");
    assert!(said.contains("the line reads: app: [v1, 'v 2']"), "{said}");
    let said = run(&["--format", "skopeo"]);
    assert!(said.contains("give --to REGISTRY[/NAMESPACE]"), "{said}");
    let said = run(&["--to", "r.io"]);
    assert!(said.contains("--to is for --format skopeo"), "{said}");
    let said = run(&["--format", "skopeo", "--to", "r.io/app:v1"]);
    assert!(said.contains("'r.io/app:v1' is no place for repositories"), "{said}");
    run(&["--format", "skopeo", "--scoped"]);
    let said = run(&["--format", "regsync"]);
    assert!(said.contains("q.io: unknown field `q.io`, expected one of `version`"), "{said}");
    let said = run(&[]);
    assert!(said.contains("those of other tools are read with --format skopeo or"), "{said}");
}
