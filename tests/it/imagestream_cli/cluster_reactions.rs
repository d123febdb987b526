//! What follows from an import into a cluster, also when nothing is kept: from the recorded answers alone.

use std::fs;

use crate::support::apiserver::ApiServer;
use crate::support::recording::Recording;
use crate::support::shell::Shell;

/// Runs a recorded import with other flags besides; nothing but the recorded requests may be sent. A manifest in
/// `deploy/` follows a tag, and is given back.
fn follow(case: &str, tag: &str, flags: &[&str]) -> (String, String) {
    let recording = Recording::named(case);
    let server = ApiServer::replaying(&recording);
    let (shell, kubeconfig) = (Shell::new(), server.kubeconfig());
    fs::create_dir(shell.path("deploy")).unwrap();
    fs::write(shell.path("deploy/web.yaml"), manifest(tag, "old")).unwrap();
    let words = recording.command[1..].iter().map(String::as_str);
    let place = ["-n", "demo", "--kubeconfig", kubeconfig.to_str().unwrap()];
    let line: Vec<&str> = words.chain(flags.iter().copied()).chain(place).collect();
    let stdout = shell.ok(&line);
    assert_eq!(server.faults(), [""; 0]);
    (stdout, fs::read_to_string(shell.path("deploy/web.yaml")).unwrap())
}

fn manifest(tag: &str, image: &str) -> String {
    let trigger = format!(
        r#"[{{"from":{{"kind":"ImageStreamTag","name":"{tag}"}},"fieldPath":"spec.template.spec.containers[0].image"}}]"#
    );
    format!(
        "kind: Deployment # mine\nmetadata:\n  name: web\n  annotations:\n    image.openshift.io/triggers: '{trigger}'\nspec:\n  template:\n    spec:\n      containers:\n      - image: {image} # here\n"
    )
}

/// The reference that the answer has for a tag.
fn found(case: &str) -> String {
    let recording = Recording::named(case);
    let answer = &recording.exchanges.last().unwrap().response;
    answer["status"]["images"][0]["image"]["dockerImageReference"].as_str().unwrap().to_owned()
}

#[test]
fn a_dry_run_tells_what_would_move() {
    // A stream that is not there; one whose tag stays; and an import that moves a tag.
    let (new, same, moves) =
        ("47-dry-run-new-stream", "45-dry-run-existing", "17-reimport-tag-moves-A");
    let (stdout, _) = follow(new, "dry:latest", &["-o", "env"]);
    assert!(stdout.contains(&found(new)), "{stdout}");
    assert_eq!(follow(same, "app:v1", &["-o", "env"]).0, "");
    let (stdout, _) = follow(moves, "app:moving", &["-o", "env"]);
    assert!(stdout.contains(&found(moves)), "{stdout}");
}

#[test]
fn a_dry_run_shows_how_manifests_would_change() {
    for (case, tag) in [("47-dry-run-new-stream", "dry:latest"), ("45-dry-run-existing", "app:v1")]
    {
        let (stdout, left) = follow(case, tag, &["--apply-triggers", "deploy"]);
        assert!(stdout.contains(&format!("+      - image: {} # here", found(case))), "{stdout}");
        assert_eq!(left, manifest(tag, "old"), "{case}");
    }
    let case = "17-reimport-tag-moves-A";
    let (_, left) = follow(case, "app:moving", &["--apply-triggers", "deploy"]);
    assert_eq!(left, manifest("app:moving", &found(case)));
}
