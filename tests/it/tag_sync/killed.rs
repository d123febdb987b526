//! A run may be killed at any moment: what is to be there comes, what is to stay stays, and no tag is half an image.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use super::{Scene, arguments, digest_at};
use crate::support::faults::Fault;

const TAGS: usize = 6;

fn tag(number: usize) -> String {
    format!("v{number}")
}

#[test]
fn a_killed_run_loses_nothing_and_the_next_one_goes_on() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    for number in 0..TAGS {
        scene.push(&format!("org/app:{}", tag(number)));
    }
    scene.push("two/app:w1");
    scene.rules(
        "- {name: app, source: SOURCE/org/app, to: TARGET/app, prune: {mode: tags, protect: [mine]}, backup: 'old-{tag}-{digest}'}\n\
         - {name: two, source: SOURCE/two/app, to: TARGET/app}",
    );
    scene.ok("run", &[]);
    scene.put("app:mine");
    for (method, part) in [("PUT", "/manifests/"), ("POST", "/blobs/"), ("DELETE", "/manifests/")] {
        scene.to.fault(usize::MAX, method, part, Fault::Delay(Duration::from_millis(25)));
    }
    // What has ever stood under a tag from upstream at the target.
    let stood: RefCell<BTreeMap<String, String>> = RefCell::default();
    let look = || {
        for number in 0..TAGS {
            let name = tag(number);
            let digest = scene.at(&format!("app:{name}"));
            stood.borrow_mut().insert(format!("old-{name}-{}", &digest[7..19]), digest);
        }
    };
    look();
    let round = RefCell::new(0);
    let move_some = || {
        let mut round = round.borrow_mut();
        *round += 1;
        for number in 0..TAGS / 2 {
            scene.push(&format!("org/app:{}", tag((*round + number) % TAGS)));
        }
        for number in 0..3 {
            scene.put(&format!("app:stray{number}"));
        }
    };
    move_some();
    let place = scene.target.image("app");
    scene.shell.killed_again_and_again(&arguments("run", &[]), || {
        // Every tag leads to a whole image, and those that are to stay are there.
        let verify = ["verify", "-q", "--plain-http", &place];
        let ran = scene.shell.run_until(&verify, |ran| ran.code == Some(0));
        assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
        let tags = scene.tags("app");
        let stays = (0..TAGS).map(tag).chain(["mine".to_owned(), "w1".to_owned()]);
        let missing: Vec<String> = stays.filter(|tag| !tags.contains(tag)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        look();
        move_some();
    });
    look();
    let tags = scene.tags("app");
    assert!(tags.iter().all(|tag| !tag.starts_with("stray")), "{tags:?}");
    for number in 0..TAGS {
        let name = tag(number);
        let now = scene.at(&format!("app:{name}"));
        assert_eq!(now, digest_at(&scene.source, &format!("org/app:{name}")));
        stood.borrow_mut().remove(&format!("old-{name}-{}", &now[7..19]));
    }
    // Whatever stood there before is there under the name of its backup.
    for (backup, digest) in stood.borrow().iter() {
        assert_eq!(&scene.at(&format!("app:{backup}")), digest);
    }
    assert_eq!(scene.at("app:w1"), digest_at(&scene.source, "two/app:w1"));
    assert_eq!(scene.ok("run", &["--fresh"]), "");
}
