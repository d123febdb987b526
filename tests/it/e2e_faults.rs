//! What goes wrong on the way is made good, or told; never passed on.

use std::fs;
use std::time::{Duration, SystemTime};

use http::header::{AUTHORIZATION, RANGE};

use crate::support::faults::{Canned, Fault, Proxy};
use crate::support::layout::{Layout, digest};
use crate::support::shell::Shell;
use crate::support::site::{PASSWORD, Site, USER};
use crate::support::skopeo;

const ALWAYS: usize = usize::MAX;

/// A registry behind a proxy; an image in the layout `image` and, from there, on the registry as `team/app:v1`.
struct Scene {
    site: Site,
    proxy: Proxy,
    shell: Shell,
    /// The digest of the one large layer.
    layer: String,
}

impl Scene {
    fn new(site: Site) -> Self {
        let shell = Shell::new();
        let layout = Layout::new(shell.path("image"));
        let noise = layout.noise_layer(5, 2_000_000);
        let layer = digest(&noise.descriptor).to_owned();
        layout.name("v1", &layout.image("linux/amd64", &[noise]));
        let creds = format!("--creds={USER}:{PASSWORD}");
        let image = site.image("team/app:v1");
        shell.ok(&["push", "--plain-http", &creds, "oci:image:v1", &image]);
        let proxy = Proxy::before(site.registry.address());
        Self { site, proxy, shell, layer }
    }

    fn open() -> Self {
        Self::new(Site::open())
    }

    fn pull(&self) -> [String; 4] {
        let image = format!("{}/team/app:v1", self.proxy.address());
        ["pull".to_owned(), "--plain-http".to_owned(), image, "oci:copy:v1".to_owned()]
    }

    fn push(&self) -> [String; 4] {
        let image = format!("{}/new/app:v1", self.proxy.address());
        ["push".to_owned(), "--plain-http".to_owned(), "oci:image:v1".to_owned(), image]
    }

    fn ok(&self, args: &[String; 4]) {
        self.shell.ok(&args.each_ref().map(String::as_str));
    }

    /// Fails with this exit code; no name was given.
    fn fails(&self, code: i32, args: &[String; 4]) -> String {
        let said = self.shell.fails(code, &args.each_ref().map(String::as_str));
        assert!(!self.is_named(), "{said}");
        said
    }

    fn is_named(&self) -> bool {
        let index = fs::read_to_string(self.shell.path("copy/index.json")).unwrap_or_default();
        index.contains(r#""v1""#)
    }

    fn pulls(&self) {
        self.ok(&self.pull());
        let [image, copy] = ["image", "copy"]
            .map(|name| skopeo::fetch(&format!("oci:{}:v1", self.shell.path(name).display()), &[]));
        assert_eq!(copy, image);
    }

    fn pushes(&self) {
        self.ok(&self.push());
        let image = self.shell.full("oci:image:v1");
        assert_eq!(self.site.fetch("new/app:v1"), skopeo::fetch(&image, &[]));
    }

    /// The ranges that were asked for, of the large layer.
    fn ranges(&self) -> Vec<Option<String>> {
        let seen = self.proxy.seen();
        let blobs = seen.iter().filter(|seen| seen.is("GET", &self.layer));
        blobs.map(|seen| seen.header(RANGE).map(str::to_owned)).collect()
    }
}

#[test]
fn a_download_that_breaks_off_goes_on_where_it_was() {
    need!("docker-registry", "skopeo");
    let scene = Scene::open();
    scene.proxy.fault(2, "GET", &scene.layer, Fault::CutDownload(700_000));
    scene.pulls();
    let expected = [None, Some("bytes=700000-".to_owned()), Some("bytes=1400000-".to_owned())];
    assert_eq!(scene.ranges()[..], expected);
}

#[test]
fn a_range_that_is_not_heeded_is_read_past() {
    need!("docker-registry", "skopeo");
    let scene = Scene::open();
    scene.proxy.fault(1, "GET", &scene.layer, Fault::CutDownload(700_000));
    scene.proxy.fault(1, "GET", &scene.layer, Fault::IgnoreRange);
    scene.pulls();
}

#[test]
fn a_range_that_begins_elsewhere_is_not_taken() {
    need!("docker-registry", "skopeo");
    let scene = Scene::open();
    scene.proxy.fault(1, "GET", &scene.layer, Fault::CutDownload(700_000));
    scene.proxy.fault(1, "GET", &scene.layer, Fault::WrongRange);
    let ran = scene.shell.run(&scene.pull().each_ref().map(String::as_str));
    // Asking once more is as good as giving up.
    if ran.code == Some(0) {
        assert!(scene.ranges().len() > 2);
        scene.pulls();
    } else {
        assert!(!scene.is_named());
    }
}

#[test]
fn requests_that_fail_for_a_while_are_sent_again() {
    need!("docker-registry", "skopeo");
    let scene = Scene::open();
    scene.proxy.fault(2, "GET", "/manifests/", Fault::Answer(Canned::status(503)));
    scene.proxy.fault(1, "GET", "/blobs/", Fault::Answer(Canned::html(502)));
    scene.proxy.fault(1, "GET", "/blobs/", Fault::Answer(Canned::too_many("1")));
    scene.pulls();
}

#[test]
fn a_registry_is_given_the_time_that_it_asks_for() {
    need!("docker-registry", "skopeo");
    let scene = Scene::open();
    let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
    scene.proxy.fault(1, "GET", "/manifests/", Fault::Answer(Canned::too_many(&soon)));
    let before = SystemTime::now();
    scene.pulls();
    // The date has whole seconds, so up to one of the three may be lost.
    assert!(before.elapsed().unwrap() >= Duration::from_secs(1));
}

#[test]
fn no_other_host_learns_who_asks() {
    need!("docker-registry", "htpasswd", "skopeo");
    let scene = Scene::new(Site::with_password());
    scene.proxy.fault(ALWAYS, "GET", "/blobs/", Fault::Redirect);
    let creds = format!("--creds={USER}:{PASSWORD}");
    let [pull, plain, image, copy] = scene.pull();
    scene.shell.ok(&[&pull, &plain, &creds, &image, &copy]);
    let elsewhere = scene.proxy.seen_elsewhere();
    assert!(!elsewhere.is_empty());
    for seen in elsewhere {
        assert_eq!(seen.header(AUTHORIZATION), None, "{}", scene.proxy.elsewhere());
    }
}

#[test]
fn damaged_bytes_get_no_name() {
    need!("docker-registry", "skopeo");
    let scene = Scene::open();
    scene.proxy.fault(ALWAYS, "GET", "/blobs/", Fault::Damage);
    let said = scene.fails(6, &scene.pull());
    assert!(said.contains("digest"), "{said}");
}

#[test]
fn a_blob_without_end_is_cut_at_its_size() {
    need!("docker-registry", "skopeo");
    let scene = Scene::open();
    scene.proxy.fault(ALWAYS, "GET", "/blobs/", Fault::Endless);
    scene.fails(6, &scene.pull());
}

#[test]
fn what_a_registry_says_is_shown_and_tamed() {
    need!("docker-registry", "skopeo");
    let scene = Scene::open();
    scene.proxy.fault(1, "GET", "/manifests/", Fault::Answer(Canned::unknown_code(400)));
    let said = scene.fails(1, &scene.pull());
    assert!(said.contains("MOON_PHASE") && !said.contains('\u{1b}'), "{said}");
    scene.proxy.fault(1, "GET", "/manifests/", Fault::Answer(Canned::html(403)));
    scene.fails(3, &scene.pull());
}

#[test]
fn an_upload_that_is_torn_is_made_good() {
    need!("docker-registry", "skopeo");
    for method in ["PATCH", "PUT"] {
        let scene = Scene::open();
        scene.proxy.fault(1, method, "/blobs/uploads/", Fault::CutUpload(700_000));
        scene.pushes();
    }
}

#[test]
fn an_upload_survives_a_token_that_ends_in_the_middle() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new(Site::with_tokens(300));
    let tokens = scene.site.tokens.as_ref().unwrap();
    let challenge = format!(
        r#"Bearer realm="{}",service="{}",scope="repository:new/app:pull,push",error="invalid_token""#,
        tokens.realm(),
        crate::support::tokens::SERVICE
    );
    for method in ["PATCH", "PUT"] {
        let answer = Fault::Answer(Canned::unauthorized(&challenge));
        scene.proxy.fault(1, method, "/blobs/uploads/", answer);
    }
    let [push, plain, from, to] = scene.push();
    let creds = format!("--creds={USER}:{PASSWORD}");
    scene.shell.ok(&[&push, &plain, &creds, &from, &to]);
    let image = scene.shell.full("oci:image:v1");
    assert_eq!(scene.site.fetch("new/app:v1"), skopeo::fetch(&image, &[]));
}

#[test]
fn a_mount_that_is_refused_becomes_an_upload() {
    need!("docker-registry", "skopeo");
    let scene = Scene::open();
    scene.proxy.fault(ALWAYS, "POST", "mount=", Fault::RefuseMount);
    let [from, to] =
        ["team/app:v1", "new/app:v1"].map(|name| format!("{}/{name}", scene.proxy.address()));
    scene.shell.ok(&["mirror", "--src-plain-http", "--dest-plain-http", &from, &to]);
    assert!(scene.proxy.count("POST", "mount=") > 0);
    assert_eq!(scene.site.fetch("new/app:v1"), scene.site.fetch("team/app:v1"));
}

#[test]
fn blobs_are_mounted_where_the_registry_can() {
    need!("docker-registry", "skopeo");
    let scene = Scene::open();
    let [from, to] =
        ["team/app:v1", "new/app:v1"].map(|name| format!("{}/{name}", scene.proxy.address()));
    scene.shell.ok(&["mirror", "--src-plain-http", "--dest-plain-http", &from, &to]);
    assert_eq!(scene.proxy.count("GET", &scene.layer), 0);
    assert_eq!(scene.site.fetch("new/app:v1"), scene.site.fetch("team/app:v1"));
}

#[test]
fn a_slow_answer_is_waited_for() {
    need!("docker-registry", "skopeo");
    let scene = Scene::open();
    scene.proxy.fault(1, "GET", "/blobs/", Fault::Delay(Duration::from_secs(2)));
    scene.pulls();
}

#[test]
fn a_copy_between_registries_survives_trouble_at_both_ends() {
    need!("docker-registry", "skopeo");
    let (scene, other) = (Scene::open(), Site::open());
    let there = Proxy::before(other.registry.address());
    scene.proxy.fault(1, "GET", &scene.layer, Fault::CutDownload(700_000));
    scene.proxy.fault(1, "GET", &scene.layer, Fault::Answer(Canned::status(503)));
    for method in ["PATCH", "PUT"] {
        there.fault(1, method, "/blobs/uploads/", Fault::CutUpload(1_200_000));
        there.fault(1, method, "/blobs/uploads/", Fault::Answer(Canned::too_many("1")));
    }
    there.fault(1, "PUT", "/manifests/", Fault::Answer(Canned::html(502)));
    let from = format!("{}/team/app:v1", scene.proxy.address());
    let to = format!("{}/new/app:v1", there.address());
    scene.shell.ok(&["mirror", "--src-plain-http", "--dest-plain-http", &from, &to]);
    assert_eq!(other.fetch("new/app:v1"), scene.site.fetch("team/app:v1"));
}

#[test]
fn a_registry_that_keeps_failing_is_given_up() {
    need!("docker-registry", "skopeo");
    let scene = Scene::open();
    scene.proxy.fault(ALWAYS, "GET", "/manifests/", Fault::Answer(Canned::status(503)));
    let [pull, plain, image, copy] = scene.pull();
    let said = scene.shell.fails(5, &[&pull, "--retries", "2", &plain, &image, &copy]);
    assert!(said.contains("503"), "{said}");
    assert_eq!(scene.proxy.count("GET", "/manifests/"), 3);
    assert!(!scene.is_named());
}
