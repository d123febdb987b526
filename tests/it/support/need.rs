//! Tests that cannot run here say so, by name.
//!
//! `tests/run` names a file in `LONGSHORE_SKIPPED`, counts its lines and prints them. With `CI=true` nothing may be
//! skipped, so a missing program fails the test.

use std::io::Write;

/// Ends the test, as skipped, unless all the programs are there: `need!("docker-registry", "skopeo");`.
macro_rules! need {
    ($($program:literal),+) => {{
        fn here() {}
        if !$crate::support::need::met(std::any::type_name_of_val(&here), &[$($program),+]) {
            return;
        }
    }};
}

/// Whether all `programs` are there; if not, notes that the test of this path is skipped.
pub(crate) fn met(path: &str, programs: &[&str]) -> bool {
    let missing: Vec<&str> = programs.iter().copied().filter(|name| !is_there(name)).collect();
    if missing.is_empty() {
        return true;
    }
    let line = format!("SKIPPED {}: no {} here", test_name(path), missing.join(", no "));
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{line}, and CI=true");
    note(&line);
    false
}

fn is_there(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

/// `it::e2e::pulls::{{closure}}::here` is `e2e::pulls`.
fn test_name(path: &str) -> String {
    let parts = path.split("::").skip(1).filter(|part| !matches!(*part, "here" | "{{closure}}"));
    parts.collect::<Vec<_>>().join("::")
}

fn note(line: &str) {
    let Some(file) = std::env::var_os("LONGSHORE_SKIPPED") else { return eprintln!("{line}") };
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(file).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

#[test]
fn the_name_of_a_test_is_that_which_the_runner_prints() {
    assert_eq!(test_name("it::e2e::pulls::{{closure}}::here"), "e2e::pulls");
    fn here() {}
    assert_eq!(
        test_name(std::any::type_name_of_val(&here)),
        "support::need::the_name_of_a_test_is_that_which_the_runner_prints"
    );
}

#[test]
fn a_missing_program_is_told_from_one_that_is_there() {
    assert!(is_there("cargo") && !is_there("no-such-program"));
}

#[tokio::test]
async fn a_test_goes_on_where_its_programs_are() {
    need!("cargo");
}
