//! What the program tells, and how it ends, when a cluster does not do what it is asked.

use serde_json::json;

use crate::support::certificates::Authority;
use crate::support::responder::{Reply, Responder};
use crate::support::shell::Shell;
use crate::support::tls_front::TlsFront;

/// A home with a kubeconfig for this server.
fn home(server: &str) -> Shell {
    let shell = Shell::new();
    let config = json!({
        "current-context": "dev",
        "clusters": [{ "name": "c", "cluster": { "server": server } }],
        "contexts": [{ "name": "dev", "context": { "cluster": "c", "namespace": "demo" } }],
    });
    std::fs::create_dir(shell.path(".kube")).unwrap();
    std::fs::write(shell.path(".kube/config"), config.to_string()).unwrap();
    shell
}

/// Whoever asks gets this answer, and tells it so.
fn told(code: i32, reply: impl Fn() -> Reply + Send + Sync + 'static) -> String {
    let server = Responder::new(move |_| Some(reply()));
    let shell = home(&format!("http://{}", server.address()));
    let stderr = shell.fails(code, &["stream", "describe", "app", "--cluster"]);
    assert!(stderr.starts_with("error: "), "{stderr}");
    stderr
}

fn status(code: u16, reason: &str) -> Reply {
    let body = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
        "reason": reason, "message": format!("the API says {reason}"),
        "details": { "name": "app", "kind": "imagestreams" } });
    // What may pass is not waited for here.
    Reply::new(code).header("retry-after", "9999").body(body.to_string())
}

#[test]
fn refusals_have_their_exit_codes() {
    for (code, reason, exit) in [
        (401, "Unauthorized", 3),
        (403, "Forbidden", 3),
        (404, "NotFound", 4),
        (422, "Invalid", 2),
        (429, "TooManyRequests", 5),
        (500, "InternalError", 5),
        (503, "ServiceUnavailable", 5),
    ] {
        let stderr = told(exit, move || status(code, reason));
        let expected = match code {
            401 => "wants a login",
            404 => "no image stream named \"app\" exists",
            _ => &format!("the API says {reason}"),
        };
        assert!(stderr.contains(expected), "{stderr}");
    }
}

#[test]
fn what_is_no_api_server_is_told() {
    let html = || Reply::new(503).header("retry-after", "9999").body("<html>busy</html>");
    assert!(told(5, html).contains("answers 503 with what no API server says: <html>busy</html>"));
    let absent = || Reply::new(404).body("404 page not found\n");
    assert!(told(1, absent).contains("does not serve image.openshift.io/v1"));
    let pod = || Reply::ok(r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"app"}}"#);
    let stderr = told(1, pod);
    assert!(stderr.contains("is not what was asked for"), "{stderr}");
    assert!(stderr.contains("it is of the kind Pod, not ImageStream"), "{stderr}");
}

#[test]
fn a_cluster_that_is_not_there_is_named_with_a_hint() {
    let gone = Responder::new(|_| None).address();
    let shell = home(&format!("http://{gone}"));
    for verb in [&["stream", "get"][..], &["import-image", "app"], &["stream", "prune"]] {
        let stderr = shell.fails(5, &[verb, &["--cluster"]].concat());
        assert!(stderr.contains(&format!("no answer from http://{gone}/ (context 'dev' of ")));
        assert!(stderr.contains("check the server of the context"), "{stderr}");
    }
}

#[test]
fn an_untrusted_cluster_is_told_with_a_hint() {
    let server = Responder::new(|_| Some(Reply::ok("{}")));
    let front = TlsFront::before(server.address(), &Authority::new());
    let stderr = home(&front.url()).fails(5, &["stream", "get", "--cluster"]);
    assert!(stderr.contains("is not trusted"), "{stderr}");
    assert!(stderr.contains("the kubeconfig names whom to trust"), "{stderr}");
    assert!(server.asked().is_empty());
}

#[test]
fn a_list_of_something_else_is_no_empty_list() {
    for kind in ["Pod", "Status", "ImageStream", "PodList", ""] {
        let body = json!({ "kind": kind, "metadata": {} }).to_string();
        let server = Responder::new(move |_| Some(Reply::ok(body.clone())));
        let shell = home(&format!("http://{}", server.address()));
        let stderr = shell.fails(1, &["stream", "get", "--cluster"]);
        assert!(stderr.contains("is not what was asked for"), "{stderr}");
        assert!(stderr.contains("ImageStreamList") && stderr.contains(kind), "{stderr}");
    }
}
