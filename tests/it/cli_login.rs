//! Logging in and out as a person does it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use longshore::server::{Htpasswd, Options};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::embedded::Embedded;
use crate::support::program::{longshore, run, run_with_input};

const ROBOT: &str = "12345678|robot";

/// A registry whose only user is a robot with the password `hunter2`; its folder is a home folder too.
fn locked() -> (TempDir, Embedded) {
    let home = tempfile::tempdir().unwrap();
    let users = format!("{ROBOT}:{}\n", bcrypt::hash("hunter2", 4).unwrap());
    let users = Some(Htpasswd::parse(&users).unwrap());
    let registry = Embedded::with(Options { users, ..Options::new(home.path().join("root")) });
    (home, registry)
}

#[test]
fn a_login_is_proven_kept_shown_used_and_forgotten() {
    let (home, registry) = locked();
    let file = home.path().join("run/containers/auth.json");
    let address = registry.address();
    let login = ["login", "--plain-http", "-u", ROBOT, "--password-stdin", &address];

    let refused = run_with_input(home.path(), &login, "wrong\n");
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(!file.exists());

    let taken = run_with_input(home.path(), &login, "hunter2\n");
    assert_eq!(taken.code, Some(0), "{}", taken.stderr);
    assert!(taken.stdout.starts_with(&format!("logged in to {address} as {ROBOT}; kept in ")));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let shown = run(home.path(), &["login", "--get-login", &address]);
    assert_eq!((shown.code, shown.stdout), (Some(0), format!("{ROBOT}\n")));

    let used = run(home.path(), &["tags", "--plain-http", &format!("{address}/none")]);
    assert_eq!(used.code, Some(4), "{}", used.stderr);

    let out = run(home.path(), &["logout", &address]);
    assert!(out.stdout.starts_with(&format!("logged out of {address}")), "{}", out.stdout);
    let shown = run(home.path(), &["login", "--get-login", &address]);
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(3), ""));
    let again = run(home.path(), &["logout", &address]);
    assert_eq!(again.stdout, format!("nobody was logged in to {address}\n"));
}

#[test]
fn a_login_may_go_unproven_if_asked() {
    let home = tempfile::tempdir().unwrap();
    let arguments =
        ["login", "--verify=false", "--authfile", "auth.json", "--token-stdin", "127.0.0.1:1"];
    let ran = run_with_input(home.path(), &[&arguments[..], &["-o", "json"]].concat(), "token\n");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&told["username"], &told["proven"]), (&"<token>".into(), &false.into()));
    let file: Value =
        serde_json::from_slice(&fs::read(home.path().join("auth.json")).unwrap()).unwrap();
    assert_eq!(file["auths"]["127.0.0.1:1"]["identitytoken"], "token");
    let all = run(home.path(), &["logout", "--all", "--authfile", "auth.json"]);
    assert!(all.stdout.starts_with("logged out: removed from "), "{}", all.stdout);
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [
        &["login", "127.0.0.1:1"][..],
        &["login", "-u", "me", "127.0.0.1:1"],
        &["pull", "--creds", "me", "127.0.0.1:1/app"],
        &["login"],
        &["login", "not a registry"],
        &["login", "-u", "me", "--password-stdin", "127.0.0.1:1"],
    ] {
        let ran = run(home.path(), arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn other_programs_ask_under_another_name() {
    let home = tempfile::tempdir().unwrap();
    let helper = home.path().join("docker-credential-longshore");
    symlink(env!("CARGO_BIN_EXE_longshore"), &helper).unwrap();
    let output = Command::new(helper)
        .arg("get")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "no credentials server URL\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_warning_has_no_colours_where_nobody_looks() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("auth.json"), r#"{"credsStore": "absent"}"#).unwrap();
    let ran = run(home.path(), &["login", "--get-login", "--authfile", "auth.json", "quay.io"]);
    assert!(ran.stderr.contains("docker-credential-absent failed"), "{}", ran.stderr);
    assert!(!ran.stderr.contains('\x1b'), "{:?}", ran.stderr);
}

#[test]
fn an_account_without_a_home_folder_has_no_settings() {
    let (home, registry) = locked();
    let address = registry.address();
    let run = |arguments: &[&str]| {
        let mut command = assert_cmd::Command::from_std(longshore(home.path()));
        command.env("HOME", "/dev/null").env("XDG_RUNTIME_DIR", "/dev/null");
        command.env_remove("CONTAINERS_REGISTRIES_CONF").args(arguments).write_stdin("hunter2");
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let shown = run(&["login", "--get-login", &address]);
    assert_eq!(shown.0, Some(3), "{}", shown.1);
    let asked = run(&["tags", "--plain-http", &format!("{address}/app")]);
    assert!(asked.1.contains("wants a login"), "{}", asked.1);
    let kept = run(&["login", "--plain-http", "-u", ROBOT, "--password-stdin", &address]);
    assert!(kept.1.contains("cannot open /dev/null/containers/auth.json"), "{}", kept.1);
}
