//! Mirror files: from a file to registries, layouts and bundles, judged by skopeo.

use std::fs;
use std::time::{Duration, Instant};

use base64::Engine as _;

use crate::support::certificates::Authority;
use crate::support::layout::Layout;
use crate::support::shell::Shell;
use crate::support::site::{PASSWORD, Site, USER};
use crate::support::skopeo;

/// Both ends without TLS.
const PLAIN: [&str; 2] = ["--src-plain-http", "--dest-plain-http"];

/// Puts an image for two platforms under `tags` of a repository.
fn fill(shell: &Shell, site: &Site, flags: &[&str], repository: &str, tags: &[&str]) {
    let layout = Layout::new(shell.path(&format!("filled/{repository}")));
    let images = [("linux/amd64", 1), ("linux/arm64", 2)]
        .map(|(platform, seed)| layout.image(platform, &[layout.noise_layer(seed, 10_000)]));
    layout.name("v", &layout.index(&images));
    for tag in tags {
        let image = site.image(&format!("{repository}:{tag}"));
        let from = format!("oci:filled/{repository}:v");
        shell.ok(&[&["push"], flags, &[&from, &image]].concat());
    }
}

fn write(shell: &Shell, name: &str, text: &str) {
    let path = shell.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What is printed of images, without their digests.
fn names(printed: &str) -> Vec<String> {
    let mut names: Vec<String> =
        printed.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect();
    names.sort();
    names
}

/// The architectures of an image on a site without TLS.
fn architectures(site: &Site, name: &str) -> Vec<String> {
    let image = format!("docker://{}", site.image(name));
    let raw = skopeo::json(&["inspect", "--tls-verify=false", "--raw", &image]);
    match raw["manifests"].as_array() {
        Some(manifests) => manifests
            .iter()
            .map(|manifest| manifest["platform"]["architecture"].as_str().unwrap().to_owned())
            .collect(),
        None => {
            let config = skopeo::json(&["inspect", "--tls-verify=false", "--config", &image]);
            vec![config["architecture"].as_str().unwrap().to_owned()]
        }
    }
}

#[test]
fn images_go_where_the_file_says() {
    need!("docker-registry", "skopeo");
    let (from, to, shell) = (Site::open(), Site::open(), Shell::new());
    fill(&shell, &from, &["--plain-http"], "team/app", &["v1.0", "v1.1", "v1.2-rc", "v2"]);
    fill(&shell, &from, &["--plain-http"], "team/tool", &["v1"]);
    let (source, there) = (from.registry.address(), to.registry.address());
    write(
        &shell,
        "longshore.yaml",
        &format!(
            "# what the lab needs
version: 1
root: {there}/lab
defaults:
  platforms: [linux/amd64, linux/arm64]
images:
- {source}/team/tool:v1
- source: {source}/team/app
  tags: [v1.0, 'v1.*', '!*-rc']
  to: [{there}/apps/app, 'oci:copy']
  platforms: [linux/arm64]
"
        ),
    );
    let image = |name: &str| to.image(name);
    let printed = shell.ok(&[&["mirror", "-c", "longshore.yaml"], &PLAIN[..]].concat());
    let mut expected = [
        image("apps/app:v1.0"),
        image("apps/app:v1.1"),
        image("lab/team/tool:v1"),
        "oci:copy:v1.0".to_owned(),
        "oci:copy:v1.1".to_owned(),
    ];
    expected.sort();
    assert_eq!(names(&printed), expected);
    assert_eq!(to.fetch("lab/team/tool:v1"), from.fetch("team/tool:v1"));
    assert_eq!(architectures(&to, "apps/app:v1.1"), ["arm64"]);
    shell.fails(4, &["inspect", "--plain-http", &image("apps/app:v1.2-rc")]);

    // What is a flag wins over the file.
    let other = image("other");
    let flags = ["mirror", "-c", "longshore.yaml", "--platform", "linux/amd64", &other];
    shell.ok(&[&flags[..], &PLAIN[..]].concat());
    assert_eq!(architectures(&to, "other/team/tool:v1"), ["amd64"]);
    assert_eq!(architectures(&to, "apps/app:v1.1"), ["amd64"]);
}

#[test]
fn a_file_is_planned_applied_and_compared() {
    need!("docker-registry", "skopeo");
    let (site, shell) = (Site::open(), Shell::new());
    fill(&shell, &site, &["--plain-http"], "team/app", &["v1", "v2"]);
    let address = site.registry.address();
    let file = format!(
        "{{version: 1, root: '{address}/lab', defaults: {{platforms: [linux/arm64]}}, \
         images: [{{source: {address}/team/app, tags: [v1, v2]}}]}}"
    );
    write(&shell, "longshore.yaml", &file);
    let mirror = |more: &[&str]| {
        let ran = shell.run(&[&["mirror", "-c", "longshore.yaml"], &PLAIN[..], more].concat());
        (ran.code, ran.stdout, ran.stderr)
    };
    let (code, shown, _) = mirror(&["--dry-run"]);
    assert!(code == Some(0) && shown.contains("new      ") && shown.contains("/lab/team/app:v2"));
    let (code, planned, said) = mirror(&["--plan", "mirror.lock"]);
    assert_eq!((code, &planned), (Some(0), &shown), "{said}");
    let (code, _, said) = mirror(&["--plan", "mirror.lock", "--locked"]);
    assert_eq!(code, Some(0), "{said}");
    shell.ok(&[&["mirror", "--apply", "mirror.lock"], &PLAIN[..]].concat());
    assert_eq!(architectures(&site, "lab/team/app:v2"), ["arm64"]);
    write(&shell, "longshore.yaml", &file.replace("[v1, v2]", "[v1]"));
    let (code, _, said) = mirror(&["--plan", "mirror.lock", "--locked"]);
    assert!(code == Some(1) && said.contains("is not what would be planned now"), "{said}");
}

#[test]
fn a_file_goes_into_a_bundle_and_what_failed_is_told() {
    need!("docker-registry", "skopeo");
    let (from, to, shell) = (Site::open(), Site::open(), Shell::new());
    fill(&shell, &from, &["--plain-http"], "team/app", &["v1", "v2"]);
    let source = from.registry.address();
    write(
        &shell,
        "longshore.yaml",
        &format!(
            "version: 1
defaults: {{referrers: true}}
images:
- {source}/team/app:v*
- {source}/team/app:gone
- source: {source}/team/none
  tags: ['v*', '!v1']
"
        ),
    );
    let mirror = ["mirror", "-c", "longshore.yaml", "--src-plain-http", "bundle:usb"];
    let ran = shell.run(&mirror);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let failed = fs::read_to_string(shell.path("usb/failed.txt")).unwrap();
    assert!(
        failed.contains(&format!("\n{source}/team/app:gone bundle:usb:team/app:gone")),
        "{failed}"
    );
    assert!(
        failed.contains(&format!("can say this: {source}/team/none:v* without v1")),
        "{failed}"
    );
    let reports = ["--report", "report.json", "--skip-missing"];
    shell.ok(&[&mirror[..], &reports].concat());
    assert!(!shell.path("usb/failed.txt").exists());
    let report = fs::read_to_string(shell.path("report.json")).unwrap();
    assert!(report.contains("team/app:v2") && report.contains("skipped"), "{report}");
    let layout = ["--src-plain-http", "--skip-missing", "oci:whole"];
    shell.ok(&[&["mirror", "-c", "longshore.yaml"], &layout[..]].concat());
    assert_eq!(shell.ok(&["tags", "oci:whole"]), "team/app:v1\nteam/app:v2\n");
    let ns = to.image("ns");
    shell.ok(&["mirror", "--from", "bundle:usb", "--dest-plain-http", &ns]);
    assert_eq!(to.fetch("ns/team/app:v2"), from.fetch("team/app:v2"));
    // A receipt of what is there leaves it out.
    let receipt = shell.ok(&["inventory", "--plain-http", &to.image("ns/team/app")]);
    write(&shell, "receipt.json", &receipt);
    let next = ["--have", "receipt.json", "--skip-missing", "--src-plain-http", "bundle:next"];
    shell.ok(&[&["mirror", "-c", "longshore.yaml"], &next[..]].concat());
    let blobs = |bundle: &str| {
        let folder = shell.path(&format!("{bundle}/blobs/sha256"));
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).max()
    };
    assert!(blobs("next").unwrap() < 10_000 && blobs("usb").unwrap() >= 10_000);
}

#[test]
fn a_file_that_is_not_understood_changes_nothing() {
    let shell = Shell::new();
    let refused = |line: &str, says: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let said = shell.fails(2, &words);
        assert!(said.contains(says), "{line}: {said}");
    };
    write(&shell, "m.yaml", "version: 1\nimages:\n- {source: a.io/b, tag: v1}\n");
    refused("mirror -c m.yaml oci:copy", "error: m.yaml:3:20: not a mirror file that can be read");
    refused("mirror -c m.yaml oci:copy", "hint: the line reads: - {source: a.io/b, tag: v1}");
    write(
        &shell,
        "m.yaml",
        "version: 1\nroot: b.io\nimages:\n- oci:x/y:v1\n- oci:z/y/../x/y:v1\n- {source: oci:x:v1, to: 'b.io/x/y:v1'}\n",
    );
    refused("mirror -c m.yaml", "error: m.yaml:5:3: ");
    write(
        &shell,
        "m.yaml",
        "version: 1\nroot: b.io\nimages:\n- oci:x/y:v1\n- {source: oci:x:v1, to: 'b.io/x/y:v1'}\n",
    );
    refused(
        "mirror -c m.yaml",
        "error: m.yaml:5:12: b.io/x/y:v1 is named as a destination twice, before by m.yaml:4:3",
    );
    refused("mirror -c m.yaml a.io b.io", "goes to one place: --config FILE [ROOT]");
    refused(
        "mirror -c m.yaml --update-graph x.json",
        "--update-graph is for an ImageSetConfiguration",
    );
    refused("mirror -c m.yaml -f mappings.txt", "cannot be used with '--filename");
    assert!(
        shell
            .fails(2, &["mirror", "-c", "/dev/null"])
            .contains("/dev/null:1:1: version is missing")
    );
    shell.fails(7, &["mirror", "-c", "none.yaml", "oci:copy"]);
    assert!(!shell.path("copy").exists());
}

/// How a registry with TLS and a password is reached, by files in `folder`, and one with neither.
fn registries(shell: &Shell, folder: &str, tls: &Site, plain: &Site) -> String {
    let certs = tls.flag("").replace("--cert-dir=", "");
    let authority = fs::read_to_string(format!("{certs}/ca.crt")).unwrap();
    write(shell, &format!("{folder}/ca.pem"), &authority);
    let login = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let (secret, open) = (tls.registry.address(), plain.registry.address());
    let auth = format!(r#"{{"auths": {{"{secret}": {{"auth": "{login}"}}}}}}"#);
    write(shell, &format!("{folder}/auth.json"), &auth);
    format!(
        "version: 1
registries:
  {secret}: {{ca-file: ca.pem, authfile: auth.json}}
  {open}: {{plain-http: true, max-per-host: 4}}
  unused.example: {{insecure: true}}
"
    )
}

#[test]
fn registries_are_reached_as_the_file_says() {
    need!("docker-registry", "skopeo", "htpasswd");
    let (tls, plain, shell, elsewhere) =
        (Site::with_tls(), Site::open(), Shell::new(), Shell::new());
    tls.login(&elsewhere);
    fill(&elsewhere, &tls, &[&tls.flag("")], "team/app", &["v1", "v2"]);
    fill(&elsewhere, &plain, &["--plain-http"], "team/tool", &["v1"]);
    let (secret, open) = (tls.registry.address(), plain.registry.address());
    // Whichever end they are.
    let images = format!(
        "images:
- {{source: {secret}/team/app, tags: ['v*'], to: {open}/lab/app}}
- {{source: '{open}/team/tool:v1', to: {secret}/lab/tool}}
"
    );
    write(&shell, "conf/longshore.yaml", &(registries(&shell, "conf", &tls, &plain) + &images));
    let mirror = ["mirror", "-c", "conf/longshore.yaml"];
    let ran = shell.run(&mirror);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let note = "note: conf/longshore.yaml:5:3: no image is of unused.example or goes there";
    assert!(ran.stderr.contains(note), "{}", ran.stderr);
    assert_eq!(plain.fetch("lab/app:v2"), tls.fetch("team/app:v2"));
    assert_eq!(tls.fetch("lab/tool:v1"), plain.fetch("team/tool:v1"));

    // What is a flag wins, one by one.
    write(&shell, "none.json", "{}");
    let lacks = shell.fails(1, &[&mirror[..], &["--src-authfile", "none.json"]].concat());
    assert!(lacks.contains(secret), "{lacks}");
    shell.fails(1, &[&mirror[..], &["--src-plain-http"]].concat());
    let foreign = Authority::new();
    fs::copy(foreign.certs().join("ca.crt"), shell.path("wrong.pem")).unwrap();
    shell.fails(1, &[&mirror[..], &["--dest-ca-file", "wrong.pem", "--force"]].concat());

    // A file that is named is there.
    fs::remove_file(shell.path("conf/ca.pem")).unwrap();
    let gone = shell.fails(7, &mirror);
    assert!(gone.contains("error: conf/longshore.yaml:3:"), "{gone}");
    assert!(gone.contains("cannot read conf/ca.pem"), "{gone}");
}

#[test]
fn settings_are_for_plans_and_bundles_too() {
    need!("docker-registry", "skopeo", "htpasswd");
    let (tls, plain, shell, elsewhere) =
        (Site::with_tls(), Site::open(), Shell::new(), Shell::new());
    tls.login(&elsewhere);
    fill(&elsewhere, &tls, &[&tls.flag("")], "team/app", &["v1"]);
    let rest = format!(
        "root: {}/lab\nimages: ['{}']\n",
        plain.registry.address(),
        tls.image("team/app:v1")
    );
    write(&shell, "conf/longshore.yaml", &(registries(&shell, "conf", &tls, &plain) + &rest));
    let file = ["mirror", "-c", "conf/longshore.yaml"];
    shell.ok(&[&file[..], &["--plan", "mirror.lock"]].concat());
    shell.ok(&[&file[..], &["--apply", "mirror.lock"]].concat());
    assert_eq!(plain.fetch("lab/team/app:v1"), tls.fetch("team/app:v1"));
    shell.ok(&[&file[..], &["bundle:usb"]].concat());
    // ROOT is that of the file too, and there the image is already.
    shell.ok(&[&file[..], &["--from", "bundle:usb"]].concat());
    shell.ok(&[&file[..], &["--from", "bundle:usb", &plain.image("inside")]].concat());
    assert_eq!(plain.fetch("inside/team/app:v1"), tls.fetch("team/app:v1"));
    let set = "{kind: ImageSetConfiguration}";
    let refused = shell.feed(set, &["mirror", "-c", "-", "--apply", "mirror.lock"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
}

#[test]
fn a_registry_is_kept_to_its_rate() {
    need!("docker-registry", "skopeo");
    let (from, shell) = (Site::open(), Shell::new());
    let layout = Layout::new(shell.path("filled/app"));
    layout.name("v1", &layout.image("linux/amd64", &[layout.noise_layer(1, 400_000)]));
    shell.ok(&["push", "--plain-http", "oci:filled/app:v1", &from.image("app:v1")]);
    let address = from.registry.address();
    let text = format!(
        "{{version: 1, registries: {{'{address}': {{plain-http: true, limit-rate: 200k}}}}, \
         images: ['{address}/app:v1'], root: 'oci:copy'}}"
    );
    write(&shell, "longshore.yaml", &text);
    let begun = Instant::now();
    shell.ok(&["mirror", "-c", "longshore.yaml"]);
    assert!(begun.elapsed() > Duration::from_millis(1500), "{:?}", begun.elapsed());
}

#[test]
fn files_include_others() {
    need!("docker-registry", "skopeo", "htpasswd");
    let (tls, plain, shell, elsewhere) =
        (Site::with_tls(), Site::open(), Shell::new(), Shell::new());
    tls.login(&elsewhere);
    fill(&elsewhere, &tls, &[&tls.flag("")], "team/app", &["v1"]);
    fill(&elsewhere, &tls, &[&tls.flag("")], "team/tool", &["v1"]);
    let common = registries(&shell, "base", &tls, &plain)
        + &format!(
            "root: {}/lab\ndefaults: {{platforms: [linux/arm64]}}\n",
            plain.registry.address()
        );
    write(&shell, "base/common.yaml", &common);
    let main = "version: 1\ninclude: [../base/common.yaml, 'teams/*.yaml']\n";
    write(&shell, "conf/longshore.yaml", main);
    for (team, image) in [("a", "team/app:v1"), ("b", "team/tool:v1")] {
        let text = format!(
            "version: 1\ninclude: [../../base/common.yaml]\nimages: ['{}']\n",
            tls.image(image)
        );
        write(&shell, &format!("conf/teams/{team}.yaml"), &text);
    }
    let mirror = ["mirror", "-c", "conf/longshore.yaml"];
    let printed = shell.ok(&mirror);
    assert_eq!(names(&printed), [plain.image("lab/team/app:v1"), plain.image("lab/team/tool:v1")]);
    assert_eq!(architectures(&plain, "lab/team/tool:v1"), ["arm64"]);
    // A team's file does on its own what it does together with the others.
    shell.ok(&["mirror", "-c", "conf/teams/b.yaml", "--dry-run"]);

    let refused = |text: &str, told: &str| {
        write(&shell, "conf/teams/b.yaml", text);
        let said = shell.fails(2, &[&mirror[..], &[&plain.image("nothing")]].concat());
        assert!(said.contains(told), "{said}");
    };
    refused("version: 1\nimage: []\n", "error: conf/teams/b.yaml:2:1: ");
    refused("version: 1\ninclude: [../longshore.yaml]\n", "error: conf/teams/b.yaml:2:11: ");
    refused(
        "version: 1\nroot: other.example\n",
        "error: conf/teams/b.yaml:2:7: conf/../base/common.yaml:",
    );
    write(&shell, "conf/teams/b.yaml", "version: 1\ninclude: [c/none.yaml]\n");
    let gone = shell.fails(7, &mirror);
    assert!(gone.contains("conf/teams/b.yaml:2:11: cannot read conf/teams/c/none.yaml"), "{gone}");
    shell.fails(4, &["tags", "--plain-http", &plain.image("nothing/team/app")]);
}

#[test]
fn what_may_be_secret_is_not_said_again() {
    let shell = Shell::new();
    for text in [
        "version: 1\npassword: hunter2\nimages: []\n",
        "version: 1\nroot: bob:hunter2@host/ns\nimages: [q.io/a/b:v1]\n",
        "version: 1\nimages: ['bob:hunter2@q.io/a/b:v1']\n",
    ] {
        fs::write(shell.path("m.yaml"), text).unwrap();
        let said = shell.fails(2, &["mirror", "-c", "m.yaml"]);
        assert!(said.contains("m.yaml:2:") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    need!("mkfifo");
    let shell = Shell::new();
    let made = std::process::Command::new("mkfifo").arg(shell.path("pipe.yaml")).status().unwrap();
    assert!(made.success());
    fs::write(shell.path("m.yaml"), "version: 1\ninclude: [pipe.yaml]\n").unwrap();
    let said = shell.fails(7, &["mirror", "-c", "m.yaml"]);
    assert!(said.contains("it is not a regular file"), "{said}");
}
