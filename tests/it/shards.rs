//! Runs that share the work: no two of them do the same, and all together do what one run does.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::layout::Layout;
use crate::support::program::{self, Ran};
use crate::support::shell::Shell;
use crate::support::site::Site;

const PLAIN: [&str; 3] = ["mirror", "--src-plain-http", "--dest-plain-http"];
const SHARDS: usize = 3;

/// Repositories of three namespaces and one without, each with so many tags.
const REPOSITORIES: [(&str, u64); 9] = [
    ("one/a", 1),
    ("one/b", 3),
    ("one/c", 2),
    ("two/a", 1),
    ("two/b", 1),
    ("two/deep/c", 2),
    ("two/deep/d", 1),
    ("three/a", 4),
    ("alone", 1),
];

/// A source, and two targets: one is filled by one run, the other by shards.
struct Scene {
    source: Site,
    whole: Site,
    parted: Site,
    shell: Shell,
}

impl Scene {
    fn new() -> Self {
        let (source, whole, parted) = (Site::open(), Site::open(), Site::open());
        let scene = Self { source, whole, parted, shell: Shell::new() };
        scene.fill();
        scene
    }

    /// Fills the source. All images have one layer in common.
    fn fill(&self) {
        let layout = Layout::new(self.shell.path("images"));
        let base = layout.noise_layer(1, 30_000);
        let (mut seed, mut mappings) = (1, String::new());
        for (repository, tags) in REPOSITORIES {
            for tag in 1..=tags {
                seed += 1;
                let layers = [base.clone(), layout.noise_layer(seed, 1000 * seed)];
                let name = format!("{repository}:v{tag}");
                layout.name(&name, &layout.image("linux/amd64", &layers));
                mappings += &format!("oci:images:{name} {}\n", self.source.image(&name));
            }
        }
        self.shell.ok_with(&mappings, &[&PLAIN[..], &["-q", "-f", "-"]].concat());
    }

    /// A mapping for each repository of the source, all tags of it, to `target`.
    fn mappings(&self, target: &Site) -> String {
        let line = |(repository, _): &(&str, u64)| {
            format!("{} {}\n", self.source.image(repository), target.image(repository))
        };
        REPOSITORIES.iter().map(line).collect()
    }

    /// Runs each shard, which must end well, and gives what each was told.
    fn shards(&self, arguments: &[&str]) -> Vec<Ran> {
        let run = |index: usize| {
            let shard = format!("{index}/{SHARDS}");
            let ran = self.shell.run(&[arguments, &["--shard", &shard]].concat());
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            let told = format!("shard {} of {SHARDS} (index {index}): ", index + 1);
            assert!(ran.stderr.contains(&told), "{}", ran.stderr);
            ran
        };
        (0..SHARDS).map(run).collect()
    }

    /// What was made in parts is what one run made, no more and no less.
    fn is_whole(&self) {
        let [parted, whole] = [&self.parted, &self.whole].map(|site| site.registry.address());
        let compare = |one: &str, other: &str| {
            let flags = ["verify", "-q", "--plain-http", "--src-plain-http"];
            self.shell.ok(&[&flags[..], &[one, "--against", other]].concat())
        };
        assert_eq!(
            (compare(parted, whole), compare(whole, parted)),
            (String::new(), String::new())
        );
    }
}

/// The lines of all runs, of which none may be in two.
fn together<'a>(ran: &'a [Ran], address: &str) -> BTreeSet<String> {
    let lines: Vec<&str> = ran.iter().flat_map(|ran| ran.stdout.lines()).collect();
    let set: BTreeSet<&'a str> = lines.iter().copied().collect();
    assert_eq!(set.len(), lines.len(), "{lines:?}");
    set.into_iter().map(|line| line.replace(address, "TARGET")).collect()
}

fn repositories(ran: &Ran) -> BTreeSet<String> {
    let of = |line: &str| line.rsplit_once(':').unwrap().0.rsplit_once(' ').unwrap().1.to_owned();
    ran.stdout.lines().map(of).collect()
}

#[test]
fn shards_of_mappings_make_together_what_one_run_makes() {
    need!("docker-registry");
    let scene = Scene::new();
    fs::write(scene.shell.path("whole.txt"), scene.mappings(&scene.whole)).unwrap();
    fs::write(scene.shell.path("parted.txt"), scene.mappings(&scene.parted)).unwrap();
    let whole = [scene.shell.run(&[&PLAIN[..], &["-f", "whole.txt"]].concat())];
    let parted = scene.shards(&[&PLAIN[..], &["-f", "parted.txt"]].concat());

    let [one, other] = [&scene.whole, &scene.parted].map(|site| site.registry.address());
    assert_eq!(together(&whole, one), together(&parted, other));
    scene.is_whole();
    let all: Vec<String> = parted.iter().flat_map(repositories).collect();
    assert_eq!(all.len(), REPOSITORIES.len(), "no repository is in two shards: {all:?}");
    // A shard that has all of them would be together with the others just as well.
    assert!(parted.iter().all(|ran| (1..=5).contains(&repositories(ran).len())), "{all:?}");
    // Tags of what others see to are not asked for.
    assert!(parted[0].stderr.contains(" of 9 mappings"), "{}", parted[0].stderr);

    // A shard that is run once more has nothing to copy; one of many may have nothing to do.
    let again = scene.shards(&[&PLAIN[..], &["-f", "parted.txt", "-o", "json"]].concat());
    for (index, ran) in again.iter().enumerate() {
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(report["shard"], serde_json::json!({"index": index, "count": SHARDS}));
        let images = report["images"].as_array().unwrap();
        assert!(images.iter().all(|image| image["outcome"] == "present"), "{report}");
    }
    let idle = |index: usize| {
        let flags = ["-f", "parted.txt", "--shard", &format!("{index}/64"), "--report", "r.json"];
        let ran = scene.shell.run(&[&PLAIN[..], &flags].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout.is_empty().then(|| fs::read_to_string(scene.shell.path("r.json")).unwrap())
    };
    let report: Value = serde_json::from_str(&(0..64).find_map(idle).unwrap()).unwrap();
    assert_eq!(report["images"], serde_json::json!([]));
}

#[test]
fn shards_of_a_plan_carry_out_together_all_of_it() {
    need!("docker-registry");
    let scene = Scene::new();
    for (name, target) in [("whole", &scene.whole), ("parted", &scene.parted)] {
        let plan = ["-q", "-f", "-", "--plan", &format!("{name}.lock")];
        scene.shell.ok_with(&scene.mappings(target), &[&PLAIN[..], &plan].concat());
    }
    let whole = [scene.shell.run(&[&PLAIN[..], &["--apply", "whole.lock"]].concat())];
    let parted = scene.shards(&[&PLAIN[..], &["--apply", "parted.lock"]].concat());
    let [one, other] = [&scene.whole, &scene.parted].map(|site| site.registry.address());
    assert_eq!(together(&whole, one), together(&parted, other));
    assert!(parted[0].stderr.contains(" of 16 images"), "{}", parted[0].stderr);
    scene.is_whole();

    // What has moved is the business of the shard that it belongs to.
    let image = scene.shell.path("images").display().to_string();
    let moved = scene.source.image("three/a:v1");
    scene.shell.ok(&["push", "-q", "--plain-http", &format!("oci:{image}:one/a:v1"), &moved]);
    let stale = scene.parted.image("three/a:v1");
    scene.shell.ok(&["push", "-q", "--plain-http", &format!("oci:{image}:one/b:v1"), &stale]);
    let codes: Vec<Option<i32>> = (0..SHARDS)
        .map(|index| {
            let shard = format!("{index}/{SHARDS}");
            let apply = ["--apply", "parted.lock", "--shard", &shard];
            scene.shell.run(&[&PLAIN[..], &apply].concat()).code
        })
        .collect();
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), SHARDS - 1, "{codes:?}");
}

#[test]
fn shards_of_a_verification_look_together_at_all_of_a_mirror() {
    need!("docker-registry");
    let scene = Scene::new();
    let plan = ["-q", "-f", "-", "--plan", "m.lock"];
    scene.shell.ok_with(&scene.mappings(&scene.parted), &[&PLAIN[..], &plan].concat());
    let list = scene.shell.ok(&[&PLAIN[..], &["-q", "--apply", "m.lock"]].concat());
    fs::write(scene.shell.path("list.txt"), list).unwrap();
    let (mirror, source) = (scene.parted.registry.address(), scene.source.registry.address());
    let one = scene.parted.image("one/");
    for (place, looked) in [
        (&[mirror][..], "9 repositories"),
        (&[&one], "3 repositories"),
        (&[mirror, "--against", source], "9 repositories"),
        (&["--against", "m.lock"], "9 repositories"),
        (&["--against", "list.txt"], "9 repositories"),
        (&[mirror, "--against", "m.lock"], "9 repositories"),
        (&[&scene.parted.image("one/b")], "1 repositories"),
        (&[&scene.parted.image("one/b:v1"), "--against", "m.lock"], "1 repositories"),
    ] {
        let flags = ["verify", "--plain-http", "--src-plain-http", "-o", "json"];
        let counts = |ran: &Ran| {
            let report: Value = serde_json::from_str(&ran.stdout).unwrap();
            assert_eq!(report["problems"], serde_json::json!([]));
            ["tags", "manifests", "blobs"].map(|what| report["counts"][what].as_u64().unwrap())
        };
        let whole = counts(&scene.shell.run(&[&flags[..], place].concat()));
        let parted = scene.shards(&[&flags[..], place].concat());
        let sum =
            parted.iter().map(counts).fold([0; 3], |[a, b, c], [d, e, f]| [a + d, b + e, c + f]);
        assert_eq!(sum, whole, "{place:?}");
        assert!(parted.iter().all(|ran| ran.stderr.contains(looked)), "{}", parted[0].stderr);
    }

    // What is wrong is found by one of them, and mended by it.
    let gone = scene.parted.image("two/b:v1");
    scene.shell.ok(&["delete", "--plain-http", "--generate", "doomed.txt", &gone]);
    scene.shell.ok(&["delete", "--plain-http", "--execute", "doomed.txt"]);
    let codes = |more: &[&str]| {
        let codes = (0..SHARDS).map(|index| {
            let shard = format!("{index}/{SHARDS}");
            let flags = [
                "verify",
                "--plain-http",
                "--src-plain-http",
                "--against",
                "m.lock",
                "--shard",
                &shard,
            ];
            scene.shell.run(&[&flags, more].concat()).code.unwrap()
        });
        let mut codes: Vec<i32> = codes.collect();
        codes.sort_unstable();
        codes
    };
    assert_eq!(codes(&[]), [0, 0, 4]);
    assert_eq!((codes(&["--repair"]), codes(&[])), (vec![0, 0, 0], vec![0, 0, 0]));
}

#[test]
fn shards_of_a_set_make_together_all_of_it() {
    need!("docker-registry");
    let scene = Scene::new();
    let image = |(repository, _): &(&str, u64)| {
        format!("  - name: {}:v1\n", scene.source.image(repository))
    };
    let images: String = REPOSITORIES.iter().map(image).collect();
    let set = "kind: ImageSetConfiguration\napiVersion: mirror.openshift.io/v2alpha1\nmirror:\n  additionalImages:\n";
    fs::write(scene.shell.path("set.yaml"), format!("{set}{images}")).unwrap();
    let [whole, parted] = [&scene.whole, &scene.parted].map(|site| site.image("ns"));
    let whole = [scene.shell.run(&[&PLAIN[..], &["-c", "set.yaml", &whole]].concat())];
    let parted = scene.shards(&[&PLAIN[..], &["-c", "set.yaml", &parted]].concat());
    let [one, other] = [&scene.whole, &scene.parted].map(|site| site.registry.address());
    assert_eq!(together(&whole, one).len(), REPOSITORIES.len());
    assert_eq!(together(&whole, one), together(&parted, other));
    scene.is_whole();
}

#[test]
fn a_job_takes_its_index_from_kubernetes() {
    let shell = Shell::new();
    let layout = Layout::new(shell.path("images"));
    layout.name("v1", &layout.image("linux/amd64", &[layout.noise_layer(1, 1000)]));
    let run = |index: Option<&str>, shard: &str| {
        let mut command = program::longshore(shell.home());
        index.map(|index| command.env("JOB_COMPLETION_INDEX", index));
        program::ended(command, &["mirror", "oci:images:v1", "oci:copy:v1", "--shard", shard], "")
    };
    let copied: usize =
        ["0", "1"].map(|index| run(Some(index), "auto/2").stdout.lines().count()).iter().sum();
    assert_eq!(copied, 1);
    for (index, shard, told) in [
        (
            None,
            "auto/2",
            "JOB_COMPLETION_INDEX, which is not set: run it in a Job with 'completionMode: Indexed'",
        ),
        (Some("2"), "auto/2", "there is no shard 2 of 2: indexes go from 0 to 1"),
        (Some("x"), "auto/2", "JOB_COMPLETION_INDEX, which is 'x': expected a number from 0 on"),
        (None, "2/2", "there is no shard 2 of 2: indexes go from 0 to 1"),
        (None, "2", "'2' is no shard: expected INDEX/COUNT, as in 0/8, or auto/COUNT"),
        (None, "0/0", "'0' is no number of shards: expected 1 to 10000"),
    ] {
        let ran = run(index, shard);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
}

#[test]
fn what_is_for_one_run_alone_is_refused() {
    let shell = Shell::new();
    for (line, told) in [
        (
            "oci:a:v1 oci:b:v1 --plan m.lock",
            "a plan is for all shards: make it once, without --shard",
        ),
        ("oci:a:v1 oci:b:v1 --plan m.lock --locked", "a plan is for all shards"),
        ("--apply m.lock --replan", "a plan is for all shards"),
        ("q.io/a:v1 bundle:usb", "bundle:usb is written by one run"),
        ("--from bundle:usb q.io/ns", "a bundle is imported by one run"),
        (
            "oci:a:v1 oci:b:v1 --cluster-resources dir",
            "when all shards are done, run once more without --shard",
        ),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let said = shell.fails(2, &[&["mirror", "--shard", "0/2"], &words[..]].concat());
        assert!(said.contains(told), "{line}: {said}");
    }
}

#[test]
fn reports_of_shards_are_joined_to_that_of_one_run() {
    need!("docker-registry");
    let scene = Scene::new();
    fs::write(scene.shell.path("whole.txt"), scene.mappings(&scene.whole)).unwrap();
    let lost = format!("{} {}\n", scene.source.image("gone/a:v1"), scene.parted.image("gone/a:v1"));
    fs::write(scene.shell.path("parted.txt"), scene.mappings(&scene.parted) + &lost).unwrap();
    scene.shell.ok(&[&PLAIN[..], &["-q", "-f", "whole.txt"]].concat());
    let mirror = |shard: &str, report: &str| {
        let flags = ["-f", "parted.txt", "--shard", shard, "--report", report];
        scene.shell.run(&[&PLAIN[..], &flags].concat())
    };
    let parted: Vec<Ran> = ["0/2", "1/2"]
        .iter()
        .map(|shard| mirror(shard, &format!("shard-{}.json", &shard[..1])))
        .collect();
    let merge = |more: &[&str]| scene.shell.run(&[&["report", "merge"], more].concat());

    let ran = merge(&["shard-0.json", "shard-1.json", "--junit", "all.xml"]);
    let one = scene.shell.run(&[&PLAIN[..], &["-q", "-f", "parted.txt"]].concat());
    assert_eq!((ran.code, one.code), (Some(1), Some(1)), "{}", ran.stderr);
    let address = scene.parted.registry.address();
    assert_eq!(together(&[ran], address), together(&parted, address));
    let ran = merge(&["shard-0.json", "shard-1.json"]);
    let told = "joined: 2 reports of mirror, 2 of 2 shards: 17 images, 1 failed";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    // The error is told as it was.
    assert!(ran.stderr.contains(&one.stderr), "{}\n{}", one.stderr, ran.stderr);
    let junit = fs::read_to_string(scene.shell.path("all.xml")).unwrap();
    assert!(junit.contains("name=\"longshore mirror\" tests=\"17\" failures=\"1\""), "{junit}");

    let ran = merge(&["shard-0.json", "shard-1.json", "-o", "json"]);
    let whole: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(whole["shards"], serde_json::json!({"count": 2, "missing": []}));
    assert_eq!(whole["images"].as_array().unwrap().len(), 17);

    // A shard of which nothing is known is a failure, and one that is there twice is told.
    let good = if parted[0].code == Some(0) { "shard-0.json" } else { "shard-1.json" };
    let ran = merge(&[good]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("error: there is no report of shard "), "{}", ran.stderr);
    fs::copy(scene.shell.path(good), scene.shell.path("again.json")).unwrap();
    let ran = merge(&["shard-0.json", "shard-1.json", "again.json"]);
    let told = format!("is in {good} and in again.json");
    assert!(ran.stderr.contains("note: shard ") && ran.stderr.contains(&told), "{}", ran.stderr);

    // All that one run was to do has failed in the same way, in whichever shard.
    let gone = scene.source.image("gone/*:v1").replace("*:v1", "");
    let lines: String =
        ["a", "b", "c"].map(|n| format!("{gone}{n}:v1 {gone}copy-{n}:v1\n")).concat();
    fs::write(scene.shell.path("parted.txt"), lines).unwrap();
    let codes = ["0/2", "1/2"].map(|shard| mirror(shard, &format!("s{}.json", &shard[..1])).code);
    assert!(codes.iter().all(|code| [Some(0), Some(4)].contains(code)), "{codes:?}");
    assert_eq!(merge(&["s0.json", "s1.json"]).code, Some(4));
}

#[test]
fn reports_of_verifications_are_joined() {
    need!("docker-registry");
    let scene = Scene::new();
    let all = [&PLAIN[..], &["-q", "-f", "-"]].concat();
    scene.shell.ok_with(&scene.mappings(&scene.parted), &all);
    for gone in ["two/b:v1", "three/a:v2"] {
        let list = format!("{}.txt", &gone[..3]);
        let gone = scene.parted.image(gone);
        scene.shell.ok(&["delete", "--plain-http", "--generate", &list, &gone]);
        scene.shell.ok(&["delete", "--plain-http", "--execute", &list]);
    }
    let (mirror, source) = (scene.parted.registry.address(), scene.source.registry.address());
    let verify = ["verify", "--plain-http", "--src-plain-http", mirror, "--against", source];
    let one = scene.shell.run(&verify);
    let mut files = Vec::new();
    for index in 0..SHARDS {
        let shard = format!("{index}/{SHARDS}");
        let ran = scene.shell.run(&[&verify[..], &["-o", "json", "--shard", &shard]].concat());
        files.push(format!("v{index}.json"));
        fs::write(scene.shell.path(&files[index]), ran.stdout).unwrap();
    }
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let ran = scene.shell.run(&[&["report", "merge"], &files[..]].concat());
    assert_eq!((one.code, ran.code), (Some(4), Some(4)), "{}", ran.stderr);
    let sorted = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(sorted(&ran.stdout), sorted(&one.stdout));
    assert!(ran.stderr.contains("3 of 3 shards: 2 problems"), "{}", ran.stderr);
    let ran = scene.shell.run(&[&["report", "merge", "-o", "json"], &files[..]].concat());
    let [whole, one] =
        [ran.stdout, scene.shell.run(&[&verify[..], &["-o", "json"]].concat()).stdout]
            .map(|text| serde_json::from_str::<Value>(&text).unwrap());
    assert_eq!(whole["counts"], one["counts"]);
}

#[test]
fn what_is_no_report_is_told_with_its_place() {
    let shell = Shell::new();
    fs::write(shell.path("list.json"), "{\"images\": [\n  oops]}").unwrap();
    fs::write(shell.path("other.json"), "{\"kind\": \"List\"}").unwrap();
    fs::write(shell.path("good.json"), "{\"images\": []}").unwrap();
    for (file, code, told) in [
        ("list.json", 2, "list.json:2:3: this is not JSON"),
        ("other.json", 2, "other.json is no report of mirror, tag-sync or verify"),
        ("none.json", 7, "cannot read none.json"),
    ] {
        let said = shell.fails(code, &["report", "merge", "good.json", file]);
        assert!(said.contains(told), "{said}");
    }
    let said = shell.ok(&["report", "merge", "good.json", "-o", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap(), serde_json::json!({"images": []}));
    shell.fails(2, &["report", "merge"]);
}

#[test]
fn reports_of_tag_sync_are_joined() {
    need!("docker-registry");
    let scene = Scene::new();
    let rules = |target: &Site| {
        let (source, target) = (scene.source.registry.address(), target.registry.address());
        let rule = |namespace: &str| {
            format!(
                "- {{name: {namespace}, source: {source}/{namespace}/, to: {target}/{namespace}/}}\n"
            )
        };
        let rules: String = ["one", "two", "three"].map(rule).concat();
        let plain = [source, target].map(|at| format!("  '{at}': {{plain-http: true}}\n")).concat();
        format!("version: 1\nrules:\n{rules}registries:\n{plain}")
    };
    fs::write(scene.shell.path("whole.yaml"), rules(&scene.whole)).unwrap();
    fs::write(scene.shell.path("parted.yaml"), rules(&scene.parted)).unwrap();
    scene.shell.ok(&["tag-sync", "run", "whole.yaml", "--report", "whole.json"]);
    let mut files = Vec::new();
    for index in 0..SHARDS {
        let (shard, file) = (format!("{index}/{SHARDS}"), format!("shard-{index}.json"));
        scene.shell.ok(&["tag-sync", "run", "parted.yaml", "--shard", &shard, "--report", &file]);
        files.push(file);
    }
    scene.is_whole();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let joined = scene.shell.ok(&[&["report", "merge", "-o", "json"], &files[..]].concat());
    let joined: Value = serde_json::from_str(&joined).unwrap();
    let whole = fs::read_to_string(scene.shell.path("whole.json")).unwrap();
    let whole: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(joined["images"].as_array().unwrap().len(), 15);
    // A layer that two shards bring is counted twice.
    for field in ["inStep", "copied", "deleted", "failed"] {
        assert_eq!(joined["counts"][field], whole["counts"][field], "{field}");
    }
    let names = |report: &Value| -> BTreeSet<String> {
        let rules = report["rules"].as_array().unwrap().iter();
        rules.map(|rule| rule["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(joined["rules"].as_array().unwrap().len(), 3);
    assert_eq!(names(&joined), names(&whole));
}
