//! Asking an API server: what is tried again, what is told of answers, and what is never done.

use std::time::Duration;

use longshore::imagestream::api::SpecTag;
use longshore::imagestream::{
    Cluster, Error as StreamsError, ImageStreamImport, Namespace, StreamName, StreamTag, Streams,
};
use longshore::kube::{Client, Error, Options};
use serde_json::{Value, json};

use crate::support::apiserver::{client, quick};
use crate::support::recording::Recording;
use crate::support::responder::{Asked, Reply, Responder};

const PATH: &str = "/apis/image.openshift.io/v1/namespaces/demo/imagestreams";

struct Site {
    server: Responder,
    home: tempfile::TempDir,
}

impl Site {
    fn new(answer: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Self {
        Self { server: Responder::new(answer), home: tempfile::tempdir().unwrap() }
    }

    fn client(&self) -> Client {
        self.with(&quick())
    }

    fn with(&self, options: &Options) -> Client {
        client(self.home.path(), &format!("http://{}/base/", self.server.address()), options)
    }

    fn cluster(&self) -> Cluster {
        Cluster::new(self.client())
    }
}

fn status(code: u16, reason: &str, message: &str) -> Reply {
    let body = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason,
        "message": message, "code": code, "details": { "name": "x", "kind": "imagestreams" } });
    Reply::new(code).body(body.to_string())
}

fn ok(body: &Value) -> Option<Reply> {
    Some(Reply::ok(body.to_string()))
}

fn told(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

#[tokio::test]
async fn what_may_pass_is_asked_again() {
    // Status, `Retry-After`, method, how often it is asked.
    let later = Some("0");
    let cases = [
        (429, None, "GET", 3),
        (429, later, "POST", 3),
        (503, None, "GET", 3),
        (503, None, "PUT", 3),
        (503, None, "DELETE", 3),
        (503, None, "POST", 1),
        (503, later, "POST", 3),
        (500, None, "POST", 1),
        (403, None, "GET", 1),
    ];
    for (code, later, method, times) in cases {
        let site = Site::new(move |asked| {
            if asked.number >= 2 {
                return ok(&json!({ "kind": "Thing" }));
            }
            let reply = status(code, "Some", "not now");
            Some(match later {
                Some(seconds) => reply.header("retry-after", seconds),
                None => reply,
            })
        });
        let (client, body) = (site.client(), json!({}));
        let got = match method {
            "GET" => client.get::<Value>(PATH).await.map(drop),
            "PUT" => client.put::<Value>(PATH, &body).await.map(drop),
            "POST" => client.post::<Value>(PATH, &body).await.map(drop),
            _ => client.delete(PATH, &body).await,
        };
        assert_eq!(site.server.asked().len(), times, "{code} {method}");
        assert_eq!(got.is_ok(), times > 1, "{code} {method}: {got:?}");
        assert_eq!(site.server.asked()[0].path(), format!("/base{PATH}"));
    }
}

#[tokio::test]
async fn what_is_gone_after_a_lost_answer_was_deleted() {
    let site = Site::new(|asked| (asked.number > 0).then(|| status(404, "NotFound", "gone")));
    site.client().delete(PATH, &json!({})).await.unwrap();
    assert_eq!(site.server.asked().len(), 2);
    let site = Site::new(|_| Some(status(404, "NotFound", "gone")));
    assert!(site.client().delete(PATH, &json!({})).await.is_err());
}

#[tokio::test]
async fn answers_that_are_none_are_told_plainly() {
    let html = "<html>\x1b[31mSign in</html>";
    let cases: [(Reply, &str); 9] = [
        (
            Reply::new(404).body("404 page not found\n"),
            "does not serve image.openshift.io/v1: it is not OpenShift or OKD",
        ),
        (Reply::new(401).body("no"), "wants a login"),
        (
            Reply::new(418).body(html),
            "answers 418 with what no API server says: <html> [31mSign in</html>: is that its address?",
        ),
        (
            Reply::new(302).header("location", "https://sso.example/login?token=hunter2"),
            "redirects to https://sso.example/login?token=…, which is not followed",
        ),
        (Reply::new(307).header("location", "/elsewhere"), "redirects to http://127.0.0.1:"),
        (Reply::new(504).body("upstream"), "It may still be at work: look at the result later"),
        (Reply::ok(html), "is not what was asked for"),
        (Reply::ok("[]"), "is not what was asked for"),
        (status(403, "Forbidden", "User \"dev\" cannot\nget"), "User \"dev\" cannot get"),
    ];
    for (reply, expected) in cases {
        let reply = std::sync::Mutex::new(Some(reply));
        let site = Site::new(move |_| reply.lock().unwrap().take());
        let options = Options {
            retry: longshore::http::RetryPolicy { tries: 1, ..quick().retry },
            ..quick()
        };
        let got = site.with(&options).get::<std::collections::BTreeMap<String, Value>>(PATH).await;
        let error = got.unwrap_err();
        assert!(told(&error).contains(expected), "{}\n  expected {expected}", told(&error));
        assert!(!format!("{error:?} {}", told(&error)).contains("hunter2"));
        assert_eq!(site.server.asked().len(), 1);
        if !matches!(error, Error::Refused(_)) {
            assert!(error.to_string().contains("(context 'test' of "), "{error}");
        }
    }
}

#[tokio::test]
async fn a_time_limit_is_told_to_the_server_and_kept() {
    let site = Site::new(|_| Some(Reply::ok("{}").after(Duration::from_secs(5))));
    let options = Options { timeout: Some(Duration::from_millis(300)), ..quick() };
    let client = site.with(&options);
    let got: Result<Value, _> = client.post(&format!("{PATH}?limit=1"), &json!({})).await;
    let Err(error @ Error::Timeout { .. }) = got else { panic!("{got:?}") };
    assert!(error.to_string().contains("not within 300ms"), "{error}");
    assert_eq!(site.server.asked()[0].target, format!("/base{PATH}?limit=1&timeout=300ms"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let home = tempfile::tempdir().unwrap();
    let gone = Site::new(|_| None).server.address();
    let client = client(home.path(), &format!("http://{gone}"), &quick());
    let error = Cluster::new(client).get(&stream()).await.unwrap_err();
    let text = told(&error);
    assert!(
        text.starts_with(&format!("no answer from http://{gone}/ (context 'test' of ")),
        "{text}"
    );
    assert!(text.ends_with(&format!(": cannot connect to {gone}")), "{text}");
}

#[tokio::test]
async fn an_answer_of_any_size_is_not_read() {
    let site = Site::new(|_| Some(Reply::ok(vec![b' '; (64 << 20) + 1])));
    let error = site.client().get::<Value>(PATH).await.unwrap_err();
    assert!(told(&error).contains("is larger than 67108864 bytes"), "{}", told(&error));
}

#[tokio::test]
async fn lists_come_in_pages_and_begin_anew_when_the_server_forgot() {
    let stream = Recording::named("17-reimport-tag-moves-A").stream_before().unwrap();
    let named = move |name: &str| {
        let mut stream = stream.clone();
        stream["metadata"]["name"] = name.into();
        let fields = stream.as_object_mut().unwrap();
        fields.remove("kind");
        fields.remove("apiVersion");
        stream
    };
    let site = Site::new(move |asked| {
        let query = asked.target.split_once('?').unwrap().1;
        match (query, asked.number) {
            ("limit=250", _) => ok(&list(&json!("a/b="), &json!([named("z")]))),
            ("limit=250&continue=a%2Fb%3D", 1) => Some(status(410, "Expired", "too old")),
            ("limit=250&continue=a%2Fb%3D", _) => {
                ok(&list(&json!(""), &json!([named("b"), named("a")])))
            }
            _ => None,
        }
    });
    let all = site.cluster().list(Some(&namespace())).await.unwrap();
    let names: Vec<&str> = all.streams.iter().map(|stream| stream.metadata.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "z"]);
    assert!(
        all.streams
            .iter()
            .all(|stream| stream.kind == "ImageStream" && !stream.api_version.is_empty())
    );
    assert_eq!(site.server.asked().len(), 4);

    let site = Site::new(|asked| {
        let kind = if asked.path().ends_with("images") { "ImageList" } else { "ImageStreamList" };
        ok(&json!({ "kind": kind, "metadata": {}, "items": null }))
    });
    assert_eq!(site.cluster().list(None).await.unwrap().streams.len(), 0);
    assert_eq!(site.cluster().images().await.unwrap(), [""; 0]);
    let paths: Vec<_> = site.server.lines();
    let api = "/base/apis/image.openshift.io/v1";
    assert_eq!(paths, [format!("GET {api}/imagestreams"), format!("GET {api}/images")]);
    let accept = site.server.asked()[1].headers["accept"].clone();
    assert!(accept.to_str().unwrap().contains("as=PartialObjectMetadataList"));
}

fn list(next: &Value, items: &Value) -> Value {
    json!({ "kind": "ImageStreamList", "metadata": { "continue": next }, "items": items })
}

#[tokio::test]
async fn a_list_that_leads_back_is_not_followed() {
    let site =
        Site::new(|asked| ok(&list(&json!(format!("mark-{}", asked.number % 3)), &json!([]))));
    let error = site.cluster().list(None).await.unwrap_err();
    assert!(told(&error).contains("leads back to a page that has come already"), "{error}");
    assert_eq!(site.server.asked().len(), 4);
}

#[tokio::test]
async fn names_alone_are_understood_in_both_forms() {
    for kind in ["PartialObjectMetadataList", "ImageList"] {
        let items =
            json!([{ "metadata": { "name": "sha256:b" } }, { "metadata": { "name": "sha256:a" } }]);
        let body = json!({ "kind": kind, "metadata": {}, "items": items });
        let site = Site::new(move |_| ok(&body));
        assert_eq!(site.cluster().images().await.unwrap(), ["sha256:a", "sha256:b"]);
    }
    let site = Site::new(|_| ok(&json!({ "kind": "ImageStreamList", "items": [] })));
    assert!(site.cluster().images().await.is_err());
}

#[tokio::test]
async fn a_time_limit_is_one_for_all_pages_and_tries() {
    let slow = |reply: Reply| Some(reply.after(Duration::from_millis(40)));
    let pages = Site::new(move |asked| {
        slow(Reply::ok(list(&json!(asked.number.to_string()), &json!([])).to_string()))
    });
    let tries = Site::new(move |_| slow(status(503, "ServiceUnavailable", "not now")));
    let options = Options { timeout: Some(Duration::from_millis(300)), ..quick() };
    let options = Options {
        retry: longshore::http::RetryPolicy { tries: u32::MAX, ..options.retry },
        ..options
    };
    for site in [pages, tries] {
        let error = Cluster::new(site.with(&options)).list(None).await.unwrap_err();
        assert!(told(&error).contains("not within 300ms"), "{}", told(&error));
        assert!(site.server.asked().len() < 10);
        assert!(site.server.asked().iter().all(|asked| asked.target.contains("timeout=300ms")));
    }
}

#[tokio::test]
async fn an_object_of_another_kind_is_not_taken_for_a_stream() {
    let site = Site::new(|_| {
        ok(&json!({ "kind": "Pod", "metadata": { "name": "app" }, "spec": { "import": true } }))
    });
    let cluster = site.cluster();
    let import = &Recording::named("17-reimport-tag-moves-A").exchanges[1].request;
    let import: ImageStreamImport = serde_json::from_value(import.clone()).unwrap();
    for error in [
        cluster.get(&stream()).await.map(drop),
        cluster.image("sha256:a").await.map(drop),
        cluster.import(&import).await.map(drop),
        cluster.list(None).await.map(drop),
    ] {
        let error = error.unwrap_err();
        assert!(told(&error).contains("it is of the kind Pod, not Image"), "{}", told(&error));
    }
}

/// Answers all that changes something with `code`, and tells what was asked as the API has it.
async fn requests_of(code: u16, ask: impl AsyncFnOnce(&Cluster)) -> Vec<String> {
    let api = crate::support::openapi::OpenApi::load();
    let site = Site::new(move |asked| {
        let body = serde_json::from_str(&asked.body).unwrap_or(Value::Null);
        api.check(asked.method.as_str(), asked.target.strip_prefix("/base").unwrap(), &body)
            .unwrap();
        Some(status(code, "Forbidden", "no"))
    });
    ask(&site.cluster()).await;
    let root = "/base/apis/image.openshift.io/v1/";
    site.server.lines().into_iter().map(|line| line.replace(root, "")).collect()
}

#[tokio::test]
async fn each_call_asks_for_what_it_is_about() {
    let image = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let tag = StreamTag { stream: stream(), tag: "v9".parse().unwrap() };
    let read = Recording::named("17-reimport-tag-moves-A").stream_before().unwrap();
    let read: longshore::imagestream::ImageStream = serde_json::from_value(read).unwrap();
    let lines = requests_of(403, async |cluster| {
        let namespace = namespace();
        assert!(cluster.list(None).await.is_err());
        assert!(cluster.list(Some(&namespace)).await.is_err());
        assert!(cluster.images().await.is_err());
        assert!(cluster.image(image).await.is_err());
        assert!(cluster.delete_images(&[image.to_owned()]).await.is_err());
        assert!(cluster.delete(&stream()).await.is_err());
        assert!(cluster.delete_tag(&tag).await.is_err());
        assert!(cluster.replace_status(&read).await.is_err());
        assert!(cluster.set_repository(&stream(), "q.io/app").await.is_err());
        assert!(cluster.set_tag(&tag, &read.spec.tags[0], None).await.is_err());
        assert!(cluster.set_tag(&tag, &read.spec.tags[0], Some("7")).await.is_err());
    })
    .await;
    assert_eq!(
        lines,
        [
            "GET imagestreams".to_owned(),
            "GET namespaces/demo/imagestreams".to_owned(),
            "GET images".to_owned(),
            format!("GET images/{image}"),
            format!("DELETE images/{image}"),
            "DELETE namespaces/demo/imagestreams/app".to_owned(),
            "DELETE namespaces/demo/imagestreamtags/app:v9".to_owned(),
            "PUT namespaces/demo/imagestreams/app/status".to_owned(),
            "GET namespaces/demo/imagestreams/app".to_owned(),
            "PUT namespaces/demo/imagestreamtags/app:v9".to_owned(),
            "POST namespaces/demo/imagestreamtags".to_owned(),
            // One that is there is not made.
            "PUT namespaces/demo/imagestreamtags/app:v9".to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_tag_is_set_again_after_a_conflict() {
    let stream_now = Recording::named("17-reimport-tag-moves-A").stream_before().unwrap();
    let tag = StreamTag { stream: stream(), tag: "v9".parse().unwrap() };
    for (version, conflicts, puts) in [(None, 3, 4), (None, 9, 5), (Some("794"), 9, 1)] {
        let stream_now = stream_now.clone();
        let site = Site::new(move |asked| match asked.method.as_str() {
            "PUT" if asked.number < conflicts => Some(status(409, "Conflict", "too late")),
            _ => ok(&stream_now),
        });
        let got = site.cluster().set_tag(&tag, &SpecTag::default(), version).await;
        assert_eq!(got.is_ok(), puts > conflicts, "{got:?}");
        let asked = site.server.asked();
        assert_eq!(asked.iter().filter(|asked| asked.method == "PUT").count(), puts);
        let sent: Value = serde_json::from_str(&asked[0].body).unwrap();
        assert_eq!(sent["metadata"]["resourceVersion"].as_str(), version);
    }
}

/// A server of one stream, the spec of which may be changed; the first `conflicts` changes come too late.
fn keeps_one(conflicts: usize) -> Site {
    let stream = Recording::named("17-reimport-tag-moves-A").stream_before().unwrap();
    let api = crate::support::openapi::OpenApi::load();
    let state = std::sync::Mutex::new((stream, conflicts));
    Site::new(move |asked| {
        let body = serde_json::from_str(&asked.body).unwrap_or(Value::Null);
        let target = asked.target.strip_prefix("/base").unwrap();
        api.check(asked.method.as_str(), target, &body).unwrap();
        let mut state = state.lock().unwrap();
        match asked.method.as_str() {
            "PUT" if state.1 > 0 => {
                state.1 -= 1;
                state.0["metadata"]["resourceVersion"] = format!("9{}", state.1).into();
                Some(status(409, "Conflict", "the object has been modified"))
            }
            "PUT"
                if body["metadata"]["resourceVersion"]
                    != state.0["metadata"]["resourceVersion"] =>
            {
                Some(status(409, "Conflict", "not the version that is there"))
            }
            "PUT" => {
                state.0 = body;
                ok(&state.0)
            }
            "GET" => ok(&state.0),
            _ => None,
        }
    })
}

#[tokio::test]
async fn a_repository_is_set_on_the_stream_as_it_is_then() {
    let site = keeps_one(3);
    let before = site.cluster().get(&stream()).await.unwrap().unwrap();
    let after = site.cluster().set_repository(&stream(), "quay.io/team/app").await.unwrap();
    assert_eq!(after.spec.docker_image_repository, "quay.io/team/app");
    assert_eq!((after.spec.tags, after.status), (before.spec.tags, before.status));
    assert_eq!(site.server.asked().iter().filter(|asked| asked.method == "PUT").count(), 4);

    let site = keeps_one(usize::MAX);
    let error = site.cluster().set_repository(&stream(), "quay.io/team/app").await.unwrap_err();
    assert!(matches!(error, StreamsError::Status(status) if status.reason == "Conflict"));
    assert_eq!(site.server.asked().iter().filter(|asked| asked.method == "PUT").count(), 5);
}

#[tokio::test]
async fn histories_are_replaced_where_they_are_as_they_were_read() {
    let site = keeps_one(0);
    let mut read = site.cluster().get(&stream()).await.unwrap().unwrap();
    read.status.tags.clear();
    site.cluster().replace_status(&read).await.unwrap();
    assert_eq!(site.server.lines().last().unwrap(), &format!("PUT /base{PATH}/app/status"));
    read.metadata.resource_version = Some("1".to_owned());
    let error = site.cluster().replace_status(&read).await.unwrap_err();
    assert!(matches!(error, StreamsError::Status(status) if status.reason == "Conflict"));
}

#[tokio::test]
async fn a_tag_is_made_where_it_cannot_be_changed() {
    let stream_now = Recording::named("17-reimport-tag-moves-A").stream_before().unwrap();
    for (code, reason) in [(404, "NotFound"), (403, "Forbidden"), (405, "MethodNotAllowed")] {
        let stream_now = stream_now.clone();
        let site = Site::new(move |asked| match asked.method.as_str() {
            "PUT" => Some(status(code, reason, "cannot update")),
            "POST" => ok(&json!({ "kind": "ImageStreamTag" })),
            _ => ok(&stream_now),
        });
        let tag = StreamTag { stream: stream(), tag: "v9".parse().unwrap() };
        site.cluster().set_tag(&tag, &SpecTag::default(), None).await.unwrap();
        let asked = site.server.asked();
        assert_eq!(asked[0].body, asked[1].body, "{reason}");
        assert!(asked[1].path().ends_with("/namespaces/demo/imagestreamtags"));
        assert_eq!(asked.len(), 3);
    }
}

#[tokio::test]
async fn what_is_deleted_and_was_not_there_is_told() {
    let site = Site::new(|_| Some(status(404, "NotFound", "not found")));
    let cluster = site.cluster();
    let error = cluster.delete(&stream()).await.unwrap_err();
    assert!(matches!(error, StreamsError::NoStream(name) if name == stream()));
    assert!(cluster.image("sha256:x").await.unwrap().is_none());
    assert!(cluster.get(&stream()).await.unwrap().is_none());
    cluster.delete_images(&["a/../b".to_owned()]).await.unwrap();
    assert!(site.server.asked().last().unwrap().path().ends_with("/images/a%2F..%2Fb"));
}

fn namespace() -> Namespace {
    "demo".parse().unwrap()
}

fn stream() -> StreamName {
    StreamName::new(namespace(), "app").unwrap()
}
