//! `tag-sync`, run as people run it: between two registries that we did not write, with skopeo as the judge.

mod brings;
mod chooses;
mod explains;
mod fails;
mod killed;
mod locks;
mod overwrites;
mod prunes;
mod remembers;
mod watches;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;

use longshore::model::Digest;
use serde_json::Value;

use crate::support::faults::Proxy;
use crate::support::layout::{Layout, digest};
use crate::support::program::Ran;
use crate::support::shell::Shell;
use crate::support::site::Site;
use crate::support::skopeo;

const PLAIN: [&str; 2] = ["--src-plain-http", "--dest-plain-http"];

/// Upstream, a target, and a home folder with a file of rules.
struct Scene {
    source: Site,
    target: Site,
    /// What the program takes for upstream: it counts what it is asked, and fails as ordered.
    from: Proxy,
    /// The same for the target.
    to: Proxy,
    shell: Shell,
    layout: Layout,
    made: Cell<u64>,
}

impl Scene {
    fn new() -> Self {
        let (source, target, shell) = (Site::open(), Site::open(), Shell::new());
        let [from, to] = [&source, &target].map(|site| Proxy::before(site.registry.address()));
        let layout = Layout::new(shell.path("images"));
        Self { source, target, from, to, shell, layout, made: Cell::new(0) }
    }

    /// A file of rules, in which `SOURCE` and `TARGET` stand for the registries. Each rule is an item of a list.
    fn rules(&self, rules: &str) {
        self.file("tag-sync.yaml", &format!("version: 1\nrules:\n{rules}\n"));
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.shell.path(name), self.placed(text)).unwrap();
    }

    fn placed(&self, text: &str) -> String {
        text.replace("SOURCE", &self.from.address()).replace("TARGET", &self.to.address())
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.shell.path(name)).unwrap()
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// Runs a verb.
    fn sync(&self, verb: &str, more: &[&str]) -> Ran {
        self.shell.run(&arguments(verb, more))
    }

    /// Runs a verb, which must end well; gives standard output.
    fn ok(&self, verb: &str, more: &[&str]) -> String {
        self.shell.ok(&arguments(verb, more))
    }

    /// Runs a verb, which must end with this exit code; gives standard error.
    fn fails(&self, code: i32, verb: &str, more: &[&str]) -> String {
        self.shell.fails(code, &arguments(verb, more))
    }

    /// Another image in the layout, of some layer that no other one has.
    fn image(&self, created: &str) -> Value {
        self.made.set(self.made.get() + 1);
        let layer = self.layout.noise_layer(self.made.get(), 1000);
        self.layout.image_made("linux/amd64", &[layer], created)
    }

    /// Sets a tag upstream to a new image; gives its digest.
    fn push(&self, name: &str) -> String {
        self.push_made(name, "2025-01-01T00:00:00Z")
    }

    fn push_made(&self, name: &str, created: &str) -> String {
        self.send(&self.image(created), &[(&self.source, name)])
    }

    /// Sets tags upstream to new images.
    fn push_all(&self, repository: &str, tags: &[&str]) {
        for tag in tags {
            self.push(&format!("{repository}:{tag}"));
        }
    }

    /// Sets a tag of the target to a new image; gives its digest.
    fn put(&self, name: &str) -> String {
        self.send(&self.image("2025-01-01T00:00:00Z"), &[(&self.target, name)])
    }

    /// Sets tags to an image; gives its digest.
    fn send(&self, image: &Value, names: &[(&Site, &str)]) -> String {
        self.made.set(self.made.get() + 1);
        let local = format!("i{}", self.made.get());
        self.layout.name(&local, image);
        for (site, name) in names {
            let from = format!("oci:images:{local}");
            self.shell.ok(&["push", "--plain-http", &from, &site.image(name)]);
        }
        digest(image).to_owned()
    }

    /// The tags of a repository of the target.
    fn tags(&self, repository: &str) -> BTreeSet<String> {
        tags_of(&self.target, repository)
    }

    /// Whether the target has just these tags; the text has one for each word.
    fn has(&self, repository: &str, tags: &str) {
        let wanted: BTreeSet<String> = tags.split_whitespace().map(str::to_owned).collect();
        assert_eq!(self.tags(repository), wanted);
    }

    /// What a tag of the target points to, as skopeo sees it.
    fn at(&self, name: &str) -> String {
        digest_at(&self.target, name)
    }

    /// Whether nothing was ever written to the target.
    fn is_untouched(&self) -> bool {
        !self.target.registry.storage().join("repositories").exists()
    }

    /// The file with which what a run has deleted is put back.
    fn undo_list(&self) -> String {
        let folder = self.shell.path(".local/state/longshore/tag-sync/undo");
        let mut lists: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        lists.sort();
        lists.pop().unwrap().display().to_string()
    }
}

fn arguments<'a>(verb: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let plain = if verb == "undo" { &PLAIN[1..] } else { &PLAIN[..] };
    [&["tag-sync", verb], plain, more].concat()
}

fn tags_of(site: &Site, repository: &str) -> BTreeSet<String> {
    let place = format!("docker://{}", site.image(repository));
    let list = skopeo::json(&["list-tags", "--tls-verify=false", &place]);
    let tags = list["Tags"].as_array().unwrap().iter();
    tags.map(|tag| tag.as_str().unwrap().to_owned()).collect()
}

fn digest_at(site: &Site, name: &str) -> String {
    let place = format!("docker://{}", site.image(name));
    Digest::of(&skopeo::run(&["inspect", "--raw", "--tls-verify=false", &place])).to_string()
}

/// Requests since there were `before` of them, sorted, in short.
fn asked_since(proxy: &Proxy, before: usize) -> Vec<String> {
    let seen = proxy.seen().split_off(before);
    let path = |target: &str| target.split('?').next().unwrap().to_owned();
    let mut lines: Vec<String> =
        seen.iter().map(|seen| format!("{} {}", seen.method, path(&seen.target))).collect();
    lines.sort();
    lines
}
