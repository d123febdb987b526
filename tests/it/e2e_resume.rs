//! A pull that was stopped goes on where it was, in another process; and what it finds is not trusted.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};

use http::header::RANGE;
use longshore::model::Digest;

use crate::support::faults::{Fault, Proxy};
use crate::support::layout::{Layout, digest};
use crate::support::shell::Shell;
use crate::support::site::Site;
use crate::support::skopeo;

const LAYER: u64 = 40_000_000;
const HALF: usize = LAYER as usize / 2;

/// A registry behind a proxy, and on it an image with one large layer.
struct Scene {
    site: Site,
    proxy: Proxy,
    shell: Shell,
    layer: Digest,
}

impl Scene {
    fn new() -> Self {
        let (site, shell) = (Site::open(), Shell::new());
        let layout = Layout::new(shell.path("image"));
        let noise = layout.noise_layer(11, LAYER);
        let layer = digest(&noise.descriptor).parse().unwrap();
        layout.name("v1", &layout.image("linux/amd64", &[noise]));
        shell.ok(&["push", "--plain-http", "oci:image:v1", &site.image("team/app:v1")]);
        let proxy = Proxy::before(site.registry.address());
        Self { site, proxy, shell, layer }
    }

    fn pull<'a>(&self, image: &'a str, flags: &[&'a str]) -> Vec<&'a str> {
        [&["pull", "--plain-http", image, "oci:copy:v1"], flags].concat()
    }

    fn image(&self) -> String {
        format!("{}/team/app:v1", self.proxy.address())
    }

    /// Pulls, and is cut off in the middle of the layer.
    fn stopped(&self) {
        let _ = fs::remove_dir_all(self.shell.path("copy"));
        self.proxy.fault(1, "GET", self.layer.as_str(), Fault::CutDownload(HALF));
        self.shell.fails(5, &self.pull(&self.image(), &["--retries", "0"]));
        assert!(fs::metadata(self.partial()).unwrap().len() > LAYER * 45 / 100);
        assert!(self.state().exists());
    }

    /// Pulls to the end. Gives the offsets from which the layer was asked for.
    fn resumed(&self, flags: &[&str]) -> Vec<u64> {
        let before = self.asked().len();
        self.shell.ok(&self.pull(&self.image(), flags));
        let copied = skopeo::fetch(&format!("oci:{}:v1", self.shell.path("copy").display()), &[]);
        assert_eq!(copied, self.site.fetch("team/app:v1"));
        self.asked().split_off(before)
    }

    fn asked(&self) -> Vec<u64> {
        let seen = self.proxy.seen();
        let of_layer = seen.iter().filter(|seen| seen.is("GET", self.layer.as_str()));
        let offset = |range: &str| range["bytes=".len()..].split('-').next()?.parse().ok();
        of_layer.map(|seen| seen.header(RANGE).map_or(0, |range| offset(range).unwrap())).collect()
    }

    fn partial(&self) -> PathBuf {
        self.shell.path("copy").join(format!("_partial-sha256-{}", self.layer.hex()))
    }

    fn state(&self) -> PathBuf {
        self.partial().with_extension("state")
    }

    fn leftovers(&self) -> Vec<String> {
        let names = fs::read_dir(self.shell.path("copy")).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("_partial-")).collect()
    }
}

fn overwrite(path: &Path, byte: u64) {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let mut bytes = [0];
    file.read_exact_at(&mut bytes, byte).unwrap();
    file.write_all_at(&[bytes[0] ^ 1], byte).unwrap();
}

/// What is done to the files between the two runs.
type Change = fn(&Scene);

#[test]
fn a_stopped_pull_fetches_the_rest() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let untouched: Change = |_| {};
    let no_state: Change = |scene| fs::remove_file(scene.state()).unwrap();
    let torn_state: Change = |scene| {
        File::options().write(true).open(scene.state()).unwrap().set_len(100).unwrap();
    };
    let other_boot: Change = |scene| overwrite(&scene.state(), 10);
    for change in [untouched, no_state, torn_state, other_boot] {
        scene.stopped();
        change(&scene);
        let asked = scene.resumed(&[]);
        assert!(matches!(asked[..], [offset] if offset > LAYER * 45 / 100), "{asked:?}");
        assert_eq!(scene.leftovers(), [""; 0]);
    }
}

#[test]
fn what_was_changed_meanwhile_is_thrown_away() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let first_byte: Change = |scene| overwrite(&scene.partial(), 0);
    let last_byte: Change = |scene| overwrite(&scene.partial(), LAYER * 45 / 100);
    for change in [first_byte, last_byte] {
        scene.stopped();
        change(&scene);
        let asked = scene.resumed(&[]);
        assert!(matches!(asked[..], [offset, 0] if offset > LAYER * 45 / 100), "{asked:?}");
        assert_eq!(scene.leftovers(), [""; 0]);
    }
    scene.stopped();
    let mut partial = File::options().append(true).open(scene.partial()).unwrap();
    partial.write_all(&vec![0; LAYER as usize]).unwrap();
    assert_eq!(scene.resumed(&[]), [0]);
    assert_eq!(scene.leftovers(), [""; 0]);
}

#[test]
fn a_file_that_is_not_ours_alone_is_left_as_it_is() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let link: Change = |scene| {
        fs::rename(scene.partial(), scene.shell.path("elsewhere")).unwrap();
        symlink(scene.shell.path("elsewhere"), scene.partial()).unwrap();
    };
    let hard_link: Change = |scene| {
        let _ = fs::remove_file(scene.shell.path("elsewhere"));
        fs::hard_link(scene.partial(), scene.shell.path("elsewhere")).unwrap();
    };
    let owned_by_another: Change = |scene| {
        let _ = fs::remove_file(scene.shell.path("elsewhere"));
        fs::copy(scene.partial(), scene.shell.path("elsewhere")).unwrap();
        // None but root can give a file away.
        if std::os::unix::fs::chown(scene.partial(), Some(1), None).is_err() {
            fs::remove_file(scene.partial()).unwrap();
            fs::create_dir(scene.partial()).unwrap();
        }
    };
    for change in [link, hard_link, owned_by_another] {
        scene.stopped();
        change(&scene);
        let before = fs::read(scene.shell.path("elsewhere")).unwrap();
        assert_eq!(scene.resumed(&[]), [0]);
        assert!(fs::read(scene.shell.path("elsewhere")).unwrap() == before);
        assert!(fs::symlink_metadata(scene.partial()).is_ok());
    }
}

#[test]
fn no_resume_starts_over_and_leaves_what_is_there() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.stopped();
    let before = fs::read(scene.partial()).unwrap();
    assert_eq!(scene.resumed(&["--no-resume"]), [0]);
    assert!(fs::read(scene.partial()).unwrap() == before);
    assert!(scene.state().exists());

    fs::remove_dir_all(scene.shell.path("copy")).unwrap();
    scene.proxy.fault(1, "GET", scene.layer.as_str(), Fault::CutDownload(HALF));
    let flags = ["--no-resume", "--retries", "0"];
    scene.shell.fails(5, &scene.pull(&scene.image(), &flags));
    assert_eq!(scene.leftovers(), [""; 0]);
}

#[test]
fn two_may_pull_the_same_at_once() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let image = scene.image();
    for fsync in ["--fsync=always", "--fsync=batch", "--fsync=off"] {
        let _ = fs::remove_dir_all(scene.shell.path("copy"));
        let mut running = [(); 2].map(|()| scene.shell.start(&scene.pull(&image, &[fsync])));
        for child in &mut running {
            assert!(child.wait().unwrap().success());
        }
        assert_eq!(scene.resumed(&[]), [0; 0]);
        assert_eq!(scene.leftovers(), [""; 0]);
    }
}
