use std::collections::BTreeMap;
use std::path::Component;

use super::*;
use crate::mirror::file::MirrorFile;
use crate::mirror::parsed::chain;
use crate::model::ListingApi;

/// Files that are nowhere.
struct Made(BTreeMap<PathBuf, String>);

impl Made {
    fn new(files: &[(&str, &str)]) -> Self {
        let version = |text: &str| format!("version: 1\n{text}");
        Self(files.iter().map(|(path, text)| (path.into(), version(text))).collect())
    }

    fn read_all(&self) -> Result<MirrorFile, FileError> {
        let path = Path::new("conf/m.yaml");
        MirrorFile::read(path, &self.0[path], self)
    }
}

impl Files for Made {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.0.get(&self.identity(path)?).cloned().ok_or(io::ErrorKind::NotFound.into())
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let here = self.0.keys().filter(|path| path.starts_with(folder));
        Ok(here.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect())
    }

    fn identity(&self, path: &Path) -> io::Result<PathBuf> {
        let mut found = PathBuf::new();
        for component in path.components() {
            match component {
                Component::ParentDir => drop(found.pop()),
                other => found.push(other),
            }
        }
        if self.0.contains_key(&found) { Ok(found) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

fn lines(files: &[(&str, &str)]) -> Vec<String> {
    let file = Made::new(files).read_all().unwrap();
    let lines = file.lines(None).unwrap();
    lines
        .iter()
        .map(|line| format!("{} {} -> {}", line.position, line.source, line.destinations[0]))
        .collect()
}

#[test]
fn files_make_one_whole() {
    let files = [
        ("conf/m.yaml", "include: [../common.yaml, 'teams/*.yaml']\nimages: [q.io/m:v1]"),
        ("common.yaml", "root: r.io/ns\nregistries: {r.io: {ca-file: ca.pem}}"),
        ("conf/teams/b.yaml", "images: [q.io/b:v1]"),
        ("conf/teams/a.yaml", "include: [../../common.yaml]\nimages: [q.io/a:v1]"),
        ("conf/teams/.hidden.yaml", "images: [q.io/hidden:v1]"),
        ("conf/teams/readme.md", "no"),
    ];
    assert_eq!(
        lines(&files),
        [
            "conf/m.yaml:3:10 q.io/m:v1 -> r.io/ns/m:v1",
            "conf/teams/a.yaml:3:10 q.io/a:v1 -> r.io/ns/a:v1",
            "conf/teams/b.yaml:2:10 q.io/b:v1 -> r.io/ns/b:v1",
        ]
    );
    let file = Made::new(&files).read_all().unwrap();
    let paths: Vec<&Path> = file.settings.paths().map(|said| said.value.as_path()).collect();
    // As the system is asked for it.
    assert_eq!(paths, [Path::new("conf/../ca.pem")]);
}

#[test]
fn the_file_that_includes_wins() {
    let whole = |own: &str| {
        let own = format!("include: [a.yaml, b.yaml]\n{own}");
        let files = [
            ("conf/m.yaml", own.as_str()),
            (
                "conf/a.yaml",
                "root: r.io/a\nregistries: {q.io: {insecure: true, authfile: a.json, listing: quay}}",
            ),
            (
                "conf/b.yaml",
                "root: r.io/b\nregistries: {q.io: {insecure: true, max-per-host: 2, listing-url: https://a.io}}",
            ),
        ];
        Made::new(&files).read_all()
    };
    let file = whole("root: r.io/m\nregistries: {q.io: {authfile: m.json}}").unwrap();
    assert_eq!(file.settings.root.as_ref().unwrap().value.to_string(), "r.io/m");
    let registry = &file.settings.registries[&"q.io".parse().unwrap()].value;
    assert!(registry.insecure.as_ref().unwrap().value);
    assert_eq!(registry.authfile.as_ref().unwrap().value, Path::new("conf/m.json"));
    assert_eq!(registry.max_per_host.as_ref().unwrap().value.get(), 2);
    assert_eq!(registry.listing.as_ref().unwrap().value, ListingApi::Quay);
    assert_eq!(registry.listing_url.as_ref().unwrap().value.host(), "a.io");
    let error = whole("images: []").unwrap_err().to_string();
    assert_eq!(
        error,
        "conf/b.yaml:2:7: conf/a.yaml:2:7 says another: say which one holds in the file that includes both"
    );
}

#[test]
fn what_a_file_says_holds_wherever_it_is_included() {
    for (include, told) in [
        ("[a.yaml, b.yaml]", "conf/common.yaml:2:7: conf/a.yaml:3:7 says another"),
        ("[b.yaml, a.yaml]", "conf/a.yaml:3:7: conf/common.yaml:2:7 says another"),
    ] {
        let main = format!("include: {include}\nimages: [q.io/m:v1]");
        let files = [
            ("conf/m.yaml", main.as_str()),
            ("conf/a.yaml", "include: [common.yaml]\nroot: r.io/a"),
            ("conf/b.yaml", "include: [common.yaml]"),
            ("conf/common.yaml", "root: r.io/common\nimages: [q.io/c:v1]"),
        ];
        let error = Made::new(&files).read_all().unwrap_err().to_string();
        assert!(error.starts_with(told), "{error}");
        let main = format!("{main}\nroot: r.io/m");
        let files = [&[("conf/m.yaml", main.as_str())], &files[1..]].concat();
        assert_eq!(
            lines(&files),
            [
                "conf/m.yaml:3:10 q.io/m:v1 -> r.io/m/m:v1",
                "conf/common.yaml:3:10 q.io/c:v1 -> r.io/m/c:v1",
            ]
        );
    }
}

#[test]
fn so_many_files_make_one_and_no_more() {
    let whole = |many: usize| {
        let names: Vec<String> = (1..many).map(|number| format!("conf/more/{number}")).collect();
        let main = ("conf/m.yaml", "include: ['more/*']");
        let more = names.iter().map(|name| (name.as_str(), ""));
        Made::new(&[main].into_iter().chain(more).collect::<Vec<_>>()).read_all()
    };
    whole(MAX_FILES).unwrap();
    let error = whole(MAX_FILES + 1).unwrap_err().to_string();
    assert!(error.ends_with("too deep: 1000 files make one at most, 10 deep"), "{error}");
}

#[test]
fn what_cannot_be_included_is_told_with_its_place() {
    let deep: Vec<(String, String)> =
        (0..12).map(|n| (format!("conf/{n}"), format!("include: ['{}']", n + 1))).collect();
    let deep: Vec<(&str, &str)> = deep
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .chain([("conf/m.yaml", "include: ['0']")])
        .collect();
    let main = |include: &'static str| ("conf/m.yaml", include);
    for (files, told) in [
        (&[main("include: [a.yaml]")][..], "conf/m.yaml:2:11: cannot read conf/a.yaml: "),
        (&[main("include: ['x/*.yaml']")], "conf/m.yaml:2:11: no file is there for 'x/*.yaml'"),
        (
            &[main("include: ['*/a.yaml']")],
            "conf/m.yaml:2:11: a file is named, with * in the last part",
        ),
        (
            &[main("include: [teams/]")],
            "conf/m.yaml:2:11: a file is named, with * in the last part",
        ),
        (
            &[main("include: [a.yaml, m.yaml]"), ("conf/a.yaml", "")],
            "conf/m.yaml:2:19: conf/m.yaml is included by what it includes itself",
        ),
        (
            &[main("include: [a.yaml]"), ("conf/a.yaml", "include: [../conf/m.yaml]")],
            "conf/a.yaml:2:11: conf/../conf/m.yaml is included by what",
        ),
        (
            &[main("include: [a.yaml]"), ("conf/a.yaml", "images: [A]")],
            "conf/a.yaml:2:10: not a mirror file that can be read: ",
        ),
        (
            &[
                main("include: [a.yaml]\nregistries: {q.io: {plain-http: true}}"),
                ("conf/a.yaml", "registries: {q.io: {insecure: true}}"),
            ],
            "conf/a.yaml:2:31: insecure is for TLS",
        ),
        (&deep, "conf/9:2:11: too many files, or too deep"),
        (&[main("include: []")], "conf/m.yaml names no image"),
    ] {
        let error = match Made::new(files).read_all().and_then(|file| file.lines(None)) {
            Ok(lines) => panic!("{files:?} {lines:?}"),
            Err(error) => chain(&error),
        };
        assert!(error.starts_with(told), "{error}\n{told}");
    }
}
