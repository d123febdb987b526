//! The requests and expectations of the OCI distribution conformance suite (both that of release 1.1 and its
//! successor), sent by hand. Where the suite forgives, as with what a registry need not support, this does not.

mod data;

use longshore::model::{Algorithm, Digest};
use serde_json::{Value, json};

use crate::support::embedded::Embedded;
use crate::support::raw_http::{Answer, Request};
use data::{DataSet, EXAMPLE_1, EXAMPLE_2, IMAGE, INDEX, Pushed, noise};

const REPO: &str = "conformance/repo1";
const REPO_2: &str = "conformance/repo2";
const BOTH: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];
const CHUNK: usize = 1024;

fn octets(request: Request) -> Request {
    request.header("Content-Type", "application/octet-stream")
}

fn start(registry: &Embedded) -> Answer {
    registry.request("POST", &format!("/v2/{REPO}/blobs/uploads/")).body("").send().expect(202)
}

fn blob_target(name: &str, digest: &Digest) -> String {
    format!("/v2/{name}/blobs/{digest}")
}

fn fresh(algorithm: Algorithm, length: usize) -> (Digest, Vec<u8>) {
    let bytes = noise(length);
    (Digest::with(algorithm, &bytes), bytes)
}

/// A blob that was pushed is where the answer says, and where it has to be; then it is deleted.
fn check_blob(registry: &Embedded, pushed: &Answer, digest: &Digest, bytes: &[u8]) {
    assert_eq!(pushed.header("docker-content-digest"), Some(digest.as_str()));
    assert_eq!(registry.ask("GET", &pushed.location("")).expect(200).body, bytes);
    check_pull(registry, digest, bytes);
    delete_blob(registry, REPO, digest);
}

fn check_pull(registry: &Embedded, digest: &Digest, bytes: &[u8]) {
    let length = bytes.len().to_string();
    for method in ["HEAD", "GET"] {
        let answer = registry.ask(method, &blob_target(REPO, digest)).expect(200);
        assert_eq!(answer.header("content-length"), Some(length.as_str()));
        assert_eq!(answer.header("docker-content-digest"), Some(digest.as_str()));
        assert!(method == "HEAD" || answer.body == bytes);
    }
}

fn delete_blob(registry: &Embedded, name: &str, digest: &Digest) {
    registry.ask("DELETE", &blob_target(name, digest)).expect(202);
    registry.ask("HEAD", &blob_target(name, digest)).expect(404);
}

fn post_only(registry: &Embedded, name: &str, digest: &Digest, bytes: &[u8]) -> Answer {
    let target = format!("/v2/{name}/blobs/uploads/?digest={digest}");
    octets(registry.request("POST", &target)).body(bytes).send()
}

fn close(registry: &Embedded, at: &Answer, digest: &Digest, bytes: &[u8]) -> Answer {
    let target = at.location(&format!("digest={}", digest.as_str().replace(':', "%3A")));
    octets(registry.request("PUT", &target)).body(bytes).send()
}

fn stream(registry: &Embedded, digest: &Digest, bytes: &[u8]) -> Answer {
    let at = octets(registry.request("PATCH", &start(registry).location("")));
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let at = at.chunked(&[first, second]).send().expect(202);
    close(registry, &at, digest, b"")
}

fn chunk(registry: &Embedded, method: &str, target: &str, from: usize, bytes: &[u8]) -> Answer {
    let range = format!("{from}-{}", from + bytes.len() - 1);
    octets(registry.request(method, target)).header("Content-Range", &range).body(bytes).send()
}

/// Sends `bytes` in three chunks, the last perhaps with the closing PUT, perhaps each after one out of order.
fn chunked(
    registry: &Embedded,
    digest: &Digest,
    bytes: &[u8],
    put_last: bool,
    disorder: bool,
) -> Answer {
    let mut at = start(registry);
    let close_with = format!("digest={digest}");
    let mut sent = 0;
    while sent < bytes.len() {
        if disorder {
            at = out_of_order(registry, &at, bytes, sent, put_last.then_some(&close_with));
        }
        let end = (sent + CHUNK).min(bytes.len());
        let piece = &bytes[sent..end];
        if put_last && end == bytes.len() {
            return chunk(registry, "PUT", &at.location(&close_with), sent, piece);
        }
        at = chunk(registry, "PATCH", &at.location(""), sent, piece).expect(202);
        assert_eq!(at.header("range"), Some(format!("0-{}", end - 1).as_str()));
        sent = end;
    }
    close(registry, &at, digest, b"")
}

/// A chunk that skips one or begins anew is refused, and the upload tells where it stands.
fn out_of_order(
    registry: &Embedded,
    at: &Answer,
    bytes: &[u8],
    sent: usize,
    close_with: Option<&String>,
) -> Answer {
    let start = if sent + CHUNK < bytes.len() { sent + CHUNK } else { 0 };
    let end = (start + CHUNK).min(bytes.len());
    let closing = close_with.filter(|_| end == bytes.len());
    let (method, target) = match closing {
        Some(query) => ("PUT", at.location(query)),
        None => ("PATCH", at.location("")),
    };
    let refused = chunk(registry, method, &target, start, &bytes[start..end]).expect(416);
    let stands = format!("0-{}", sent.saturating_sub(1));
    assert_eq!(refused.header("range"), Some(stands.as_str()));
    let status = registry.ask("GET", &refused.location("")).expect(204);
    assert_eq!(status.header("range"), Some(stands.as_str()));
    registry.ask("GET", &target).expect(204)
}

#[test]
fn an_empty_registry_answers() {
    let registry = Embedded::new();
    registry.ask("GET", "/v2/").expect(200);
    registry.ask("GET", &format!("/v2/{REPO}/tags/list")).expect(404);
    let nothing = Digest::of(b"nothing");
    assert_eq!(referrers(&registry, &nothing, ""), Vec::<Value>::new());
    registry.ask("GET", &blob_target(REPO, &nothing)).expect(404);
    registry.ask("HEAD", &blob_target(REPO, &nothing)).expect(404);
}

#[test]
fn blobs_are_pushed_in_every_way() {
    let registry = Embedded::new();
    for algorithm in BOTH {
        let (digest, bytes) = fresh(algorithm, 512);
        registry.ask("GET", &blob_target(REPO, &digest)).expect(404);
        check_blob(
            &registry,
            &post_only(&registry, REPO, &digest, &bytes).expect(201),
            &digest,
            &bytes,
        );
        let put = close(&registry, &start(&registry), &digest, &bytes).expect(201);
        check_blob(&registry, &put, &digest, &bytes);
        check_blob(&registry, &stream(&registry, &digest, &bytes).expect(201), &digest, &bytes);
        let single = chunked(&registry, &digest, &bytes, false, false).expect(201);
        check_blob(&registry, &single, &digest, &bytes);
    }
}

#[test]
fn blobs_are_pushed_in_chunks_and_in_order() {
    let registry = Embedded::new();
    for algorithm in BOTH {
        for (put_last, disorder) in [(false, false), (true, false), (false, true), (true, true)] {
            let (digest, bytes) = fresh(algorithm, CHUNK * 3 - 5);
            let pushed = chunked(&registry, &digest, &bytes, put_last, disorder).expect(201);
            check_blob(&registry, &pushed, &digest, &bytes);
        }
    }
}

#[test]
fn a_chunk_is_not_taken_twice() {
    let registry = Embedded::new();
    let (digest, bytes) = fresh(Algorithm::Sha256, 6);
    let begun = start(&registry);
    chunk(&registry, "PATCH", &begun.location(""), 3, &bytes[3..]).expect(416);
    let first = chunk(&registry, "PATCH", &begun.location(""), 0, &bytes[..3]).expect(202);
    assert_eq!(first.header("range"), Some("0-2"));
    chunk(&registry, "PATCH", &first.location(""), 0, &bytes[..3]).expect(416);
    let status = registry.ask("GET", &first.location("")).expect(204);
    assert_eq!(status.header("range"), Some("0-2"));
    let second = chunk(&registry, "PATCH", &status.location(""), 3, &bytes[3..]).expect(202);
    let pushed = close(&registry, &second, &digest, b"").expect(201);
    check_blob(&registry, &pushed, &digest, &bytes);
}

#[test]
fn blobs_are_mounted_with_and_without_a_source() {
    let registry = Embedded::new();
    for algorithm in BOTH {
        for from in [format!("&from={}", REPO_2.replace('/', "%2F")), String::new()] {
            let (digest, bytes) = fresh(algorithm, 512);
            let target = format!("/v2/{REPO}/blobs/uploads/?mount={digest}{from}");
            let missing = registry.ask("POST", &target).expect(202);
            check_blob(
                &registry,
                &close(&registry, &missing, &digest, &bytes).expect(201),
                &digest,
                &bytes,
            );

            post_only(&registry, REPO_2, &digest, &bytes).expect(201);
            check_blob(&registry, &registry.ask("POST", &target).expect(201), &digest, &bytes);
            delete_blob(&registry, REPO_2, &digest);
        }
    }
}

#[test]
fn an_upload_can_be_given_up() {
    let registry = Embedded::new();
    let begun = start(&registry).location("");
    registry.ask("DELETE", &begun).expect(204);
    assert_eq!(registry.ask("GET", &begun).expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(registry.ask("DELETE", &begun).expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
}

#[test]
fn parts_of_blobs_are_given() {
    let registry = Embedded::new();
    for algorithm in BOTH {
        let (digest, bytes) = fresh(algorithm, 2048);
        post_only(&registry, REPO, &digest, &bytes).expect(201);
        let part = |range: &str| {
            registry.request("GET", &blob_target(REPO, &digest)).header("Range", range).send()
        };
        for (range, first, last) in [
            ("bytes=500-1499", 500, 1499),
            ("bytes=500-", 500, 2047),
            ("bytes=-500", 1548, 2047),
            ("bytes=2000-5000", 2000, 2047),
        ] {
            let answer = part(range).expect(206);
            assert_eq!(answer.body, bytes[first..=last]);
            let content_range = format!("bytes {first}-{last}/2048");
            assert_eq!(answer.header("content-range"), Some(content_range.as_str()));
        }
        for range in ["bytes=500-0", "bytes=5000-10000"] {
            assert_eq!(part(range).expect(416).header("content-range"), Some("bytes */2048"));
        }
    }
}

#[test]
fn a_range_counts_for_get_alone_and_without_a_condition() {
    let registry = Embedded::new();
    let (digest, bytes) = fresh(Algorithm::Sha256, 2048);
    post_only(&registry, REPO, &digest, &bytes).expect(201);
    let ask = |method| registry.request(method, &blob_target(REPO, &digest));
    let head = ask("HEAD").header("Range", "bytes=0-9").send().expect(200);
    assert_eq!(head.header("content-length"), Some("2048"));
    ask("HEAD").header("Range", "bytes=5000-").send().expect(200);
    let conditional = ask("GET").header("Range", "bytes=0-9").header("If-Range", "\"another\"");
    assert_eq!(conditional.send().expect(200).body, bytes);
}

#[test]
fn well_known_blobs_are_taken_in_every_way() {
    let registry = Embedded::new();
    for algorithm in BOTH {
        for bytes in [&b""[..], b"{}"] {
            let digest = Digest::with(algorithm, bytes);
            check_blob(
                &registry,
                &post_only(&registry, REPO, &digest, bytes).expect(201),
                &digest,
                bytes,
            );
            let put = close(&registry, &start(&registry), &digest, bytes).expect(201);
            check_blob(&registry, &put, &digest, bytes);
            let chunks = chunked(&registry, &digest, bytes, false, false).expect(201);
            check_blob(&registry, &chunks, &digest, bytes);
        }
    }
}

#[test]
fn blobs_with_another_digest_are_refused() {
    let registry = Embedded::new();
    for algorithm in BOTH {
        let (digest, mut bytes) = fresh(algorithm, CHUNK * 3 - 5);
        bytes.extend_from_slice(b"oh no");
        for refused in [
            post_only(&registry, REPO, &digest, &bytes),
            close(&registry, &start(&registry), &digest, &bytes),
            chunked(&registry, &digest, &bytes, false, false),
            chunked(&registry, &digest, &bytes, true, false),
            stream(&registry, &digest, &bytes),
        ] {
            assert_eq!(refused.expect(400).code(), "DIGEST_INVALID");
            registry.ask("HEAD", &blob_target(REPO, &digest)).expect(404);
        }
    }
}

#[test]
fn images_and_indexes_of_every_kind_pass() {
    run(data::plain());
}

#[test]
fn artifacts_and_referrers_pass() {
    run(data::artifacts());
}

#[test]
fn other_digests_and_tag_parameters_pass() {
    run(data::digests_and_tags());
}

fn run(sets: Vec<DataSet>) {
    let registry = Embedded::new();
    for set in sets {
        push(&registry, &set);
        list(&registry, &set);
        pull(&registry, &set);
        discover(&registry, &set);
        delete(&registry, &set);
    }
}

fn manifest_target(reference: &str) -> String {
    format!("/v2/{REPO}/manifests/{reference}")
}

fn ask_manifest(registry: &Embedded, method: &str, reference: &str) -> Answer {
    let request = registry.request(method, &manifest_target(reference));
    request.header("Accept", INDEX).header("Accept", IMAGE).send()
}

fn push(registry: &Embedded, set: &DataSet) {
    for (digest, bytes) in &set.blobs {
        close(registry, &start(registry), digest, bytes).expect(201);
    }
    for manifest in &set.manifests {
        let tags = set.tags.iter().filter(|(_, digest)| *digest == manifest.digest);
        let tags: Vec<_> = tags.map(|(tag, _)| tag.as_str()).collect();
        let digest = manifest.digest.as_str();
        if set.tag_parameters {
            let target = format!("{digest}?tag={}", tags.join("&tag="));
            let answer = put_manifest(registry, &target, manifest);
            assert_eq!(answer.header_lines("oci-tag"), tags);
            continue;
        }
        put_manifest(registry, digest, manifest);
        for tag in tags {
            put_manifest(registry, tag, manifest);
        }
    }
}

fn put_manifest(registry: &Embedded, target: &str, manifest: &Pushed) -> Answer {
    let request = registry.request("PUT", &manifest_target(target));
    let request = request.header("Content-Type", &manifest.media_type);
    let answer = request.chunked(&[&manifest.bytes]).send().expect(201);
    assert_eq!(answer.header("docker-content-digest"), Some(manifest.digest.as_str()));
    let subject = manifest.referrer.as_ref().map(|(subject, _)| subject.as_str());
    assert_eq!(answer.header("oci-subject"), subject);
    check_manifest(&registry.ask("GET", &answer.location("")).expect(200), manifest, true);
    answer
}

fn check_manifest(answer: &Answer, manifest: &Pushed, has_body: bool) {
    assert_eq!(answer.header("content-type"), Some(manifest.media_type.as_str()));
    let length = manifest.bytes.len().to_string();
    assert_eq!(answer.header("content-length"), Some(length.as_str()));
    assert_eq!(answer.header("docker-content-digest"), Some(manifest.digest.as_str()));
    assert!(!has_body || answer.body == manifest.bytes);
}

fn tags(registry: &Embedded, query: &str) -> Vec<String> {
    let answer = registry.ask("GET", &format!("/v2/{REPO}/tags/list{query}")).expect(200).json();
    assert_eq!(answer["name"], REPO);
    serde_json::from_value(answer["tags"].clone()).unwrap()
}

fn list(registry: &Embedded, set: &DataSet) {
    let all = tags(registry, "");
    assert!(set.tags.iter().all(|(tag, _)| all.contains(tag)), "{}: {all:?}", set.name);
    assert!(all.is_sorted());
    let half = all.len() / 2;
    if half > 0 {
        let last = &all[half - 1];
        assert_eq!(tags(registry, &format!("?last={last}")), all[half..]);
        assert_eq!(tags(registry, &format!("?n={half}")), all[..half]);
        let second = tags(registry, &format!("?n={half}&last={last}"));
        assert!(second.len() <= half && !second.contains(last));
    }
}

fn pull(registry: &Embedded, set: &DataSet) {
    for manifest in &set.manifests {
        let tags = set.tags.iter().filter(|(_, digest)| *digest == manifest.digest);
        let references = tags.map(|(tag, _)| tag.as_str()).chain([manifest.digest.as_str()]);
        for reference in references {
            for method in ["HEAD", "GET"] {
                let answer = ask_manifest(registry, method, reference).expect(200);
                check_manifest(&answer, manifest, method == "GET");
            }
        }
    }
    for (digest, bytes) in &set.blobs {
        check_pull(registry, digest, bytes);
    }
}

fn referrers(registry: &Embedded, subject: &Digest, query: &str) -> Vec<Value> {
    let target = format!("/v2/{REPO}/referrers/{subject}{query}");
    let answer = registry.ask("GET", &target).expect(200);
    assert_eq!(answer.header("content-type"), Some(INDEX));
    let filtered = answer.header("oci-filters-applied");
    assert_eq!(filtered, (!query.is_empty()).then_some("artifactType"));
    let index = answer.json();
    assert_eq!((&index["schemaVersion"], &index["mediaType"]), (&json!(2), &json!(INDEX)));
    index["manifests"].as_array().unwrap().clone()
}

fn discover(registry: &Embedded, set: &DataSet) {
    let wanted: Vec<_> = set.manifests.iter().filter_map(|m| m.referrer.clone()).collect();
    for (subject, _) in &wanted {
        let of_subject = wanted.iter().filter(|(of, _)| of == subject);
        let of_subject: Vec<_> = of_subject.map(|(_, listed)| listed).collect();
        assert!(same(&referrers(registry, subject, ""), &of_subject), "{}", set.name);
        for kind in [EXAMPLE_1, EXAMPLE_2, data::CONFIG, data::EMPTY_JSON] {
            let query = format!("?artifactType={}", kind.replace('/', "%2F").replace('+', "%2B"));
            let of_kind = of_subject.iter().copied().filter(|l| l["artifactType"] == kind);
            let of_kind: Vec<_> = of_kind.collect();
            assert!(same(&referrers(registry, subject, &query), &of_kind), "{}", set.name);
        }
    }
}

fn same(found: &[Value], wanted: &[&Value]) -> bool {
    found.len() == wanted.len() && wanted.iter().all(|wanted| found.contains(wanted))
}

fn delete(registry: &Embedded, set: &DataSet) {
    for (tag, _) in &set.tags {
        registry.ask("DELETE", &manifest_target(tag)).expect(202);
        ask_manifest(registry, "HEAD", tag).expect(404);
    }
    for manifest in set.manifests.iter().rev() {
        registry.ask("DELETE", &manifest_target(manifest.digest.as_str())).expect(202);
        ask_manifest(registry, "HEAD", manifest.digest.as_str()).expect(404);
    }
    for (digest, _) in &set.blobs {
        delete_blob(registry, REPO, digest);
    }
    assert_eq!(tags(registry, ""), Vec::<String>::new());
}

#[test]
fn manifests_that_are_not_there_are_told_from_those_that_cannot_be() {
    let registry = Embedded::new();
    for reference in ["missing-tag", ".INVALID_MANIFEST_NAME", Digest::of(&noise(9)).as_str()] {
        ask_manifest(&registry, "GET", reference).expect(404);
        ask_manifest(&registry, "HEAD", reference).expect(404);
    }
    assert_eq!(ask_manifest(&registry, "GET", "sha256:baddigeststring").status, 400);
    for bad in ["sha256:baddigeststring", "sha256:totallywrong"] {
        let put = registry.request("PUT", &manifest_target(bad)).header("Content-Type", IMAGE);
        assert_eq!(put.body("blablabla").send().expect(400).code(), "DIGEST_INVALID");
    }
}

#[test]
fn a_manifest_with_another_digest_is_refused() {
    let registry = Embedded::new();
    let mut set = data::plain().remove(0);
    push(&registry, &set);
    delete_manifest_and_tag(&registry, &set);
    let manifest = &mut set.manifests[0];
    manifest.bytes.extend_from_slice(b"  ");
    let put = registry.request("PUT", &manifest_target(manifest.digest.as_str()));
    let refused = put.header("Content-Type", IMAGE).chunked(&[&manifest.bytes]).send();
    assert_eq!(refused.expect(400).code(), "DIGEST_INVALID");
    ask_manifest(&registry, "GET", manifest.digest.as_str()).expect(404);
}

/// Deleting by digest takes the tags with it.
fn delete_manifest_and_tag(registry: &Embedded, set: &DataSet) {
    let (tag, digest) = &set.tags[0];
    registry.ask("DELETE", &manifest_target(digest.as_str())).expect(202);
    ask_manifest(registry, "GET", tag).expect(404);
    assert_eq!(tags(registry, ""), Vec::<String>::new());
    registry.ask("DELETE", &manifest_target(digest.as_str())).expect(404);
    registry.ask("DELETE", &manifest_target(tag)).expect(404);
}
