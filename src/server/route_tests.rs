//! One table: what each address means, and what is refused and why.

use super::*;
use proptest::prelude::*;

const ID: &str = "0123456789abcdef0123456789abcdef";

fn digest() -> Digest {
    Digest::of(b"x")
}

fn find(request: &str) -> Outcome<Route> {
    let (method, address) = request.split_once(' ').unwrap();
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    Route::find(&method.parse().unwrap(), path, query)
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn all() -> Page {
    Page::from_query(&Query::default()).unwrap()
}

#[test]
fn every_endpoint_is_found() {
    let (d, id) = (digest(), || ID.parse::<UploadId>().unwrap());
    let wide = Digest::with(Algorithm::Sha512, b"x");
    let tag = |text: &str| text.parse::<Tag>().unwrap();
    for (request, route) in [
        ("GET /v2".to_owned(), Route::Base),
        ("HEAD /v2/".to_owned(), Route::Base),
        ("GET /v2/_catalog".to_owned(), Route::Catalog(all())),
        (format!("GET /v2/a/b/blobs/{d}"), Route::GetBlob(name("a/b"), d.clone())),
        (
            format!("HEAD /v2/a/blobs/{}", d.as_str().replace(':', "%3A")),
            Route::GetBlob(name("a"), d.clone()),
        ),
        (format!("DELETE /v2/a/blobs/{wide}"), Route::DeleteBlob(name("a"), wide.clone())),
        (
            "GET /v2/a/manifests/v1".to_owned(),
            Route::GetManifest(name("a"), ManifestRef::Tag(tag("v1"))),
        ),
        (
            format!("HEAD /v2/a/manifests/{d}"),
            Route::GetManifest(name("a"), ManifestRef::Digest(d.clone())),
        ),
        (
            format!("PUT /v2/a/manifests/{d}?tag=x&tag=y"),
            Route::PutManifest(name("a"), ManifestRef::Digest(d.clone()), vec![tag("x"), tag("y")]),
        ),
        (
            "DELETE /v2/a/manifests/v1".to_owned(),
            Route::DeleteManifest(name("a"), ManifestRef::Tag(tag("v1"))),
        ),
        ("POST /v2/a/blobs/uploads/".to_owned(), Route::StartUpload(name("a"), Algorithm::Sha256)),
        (
            "POST /v2/a/blobs/uploads?digest-algorithm=sha512".to_owned(),
            Route::StartUpload(name("a"), Algorithm::Sha512),
        ),
        (format!("POST /v2/a/blobs/uploads/?digest={d}"), Route::UploadWhole(name("a"), d.clone())),
        (
            format!("POST /v2/a/blobs/uploads/?mount={d}&from=b%2Fc"),
            Route::Mount(name("a"), d.clone(), Some(name("b/c"))),
        ),
        (format!("POST /v2/a/blobs/uploads/?mount={d}"), Route::Mount(name("a"), d.clone(), None)),
        (format!("GET /v2/a/blobs/uploads/{ID}"), Route::UploadStatus(name("a"), id())),
        (format!("PATCH /v2/a/blobs/uploads/{ID}"), Route::Append(name("a"), id())),
        (
            format!("PUT /v2/a/blobs/uploads/{ID}?digest={d}"),
            Route::FinishUpload(name("a"), id(), d.clone()),
        ),
        (format!("DELETE /v2/a/blobs/uploads/{ID}"), Route::CancelUpload(name("a"), id())),
        ("GET /v2/a/tags/list".to_owned(), Route::Tags(name("a"), all())),
        ("GET /v2/tags/tags/list".to_owned(), Route::Tags(name("tags"), all())),
        (
            format!("GET /v2/a/referrers/{d}?artifactType=a%2Fb"),
            Route::Referrers(name("a"), d.clone(), Some("a/b".to_owned())),
        ),
        (format!("GET /v2/blobs/blobs/{d}"), Route::GetBlob(name("blobs"), d.clone())),
    ] {
        assert_eq!(find(&request).unwrap(), route, "{request}");
    }
}

#[test]
fn what_is_not_sound_is_refused_with_its_reason() {
    let d = digest();
    for (request, reason) in [
        ("GET /".to_owned(), Reason::NotFound),
        ("GET /v1/".to_owned(), Reason::NotFound),
        ("GET /v2x".to_owned(), Reason::NotFound),
        ("GET /v2/a".to_owned(), Reason::NotFound),
        ("GET /v2/a/tags".to_owned(), Reason::NotFound),
        ("GET /v2/%zz/tags/list".to_owned(), Reason::NotFound),
        ("POST /v2/".to_owned(), Reason::Unsupported),
        (format!("PUT /v2/a/blobs/{d}"), Reason::Unsupported),
        ("GET /v2/a/blobs/uploads/".to_owned(), Reason::Unsupported),
        ("PATCH /v2/a/manifests/x".to_owned(), Reason::Unsupported),
        ("GET /v2/tags/list".to_owned(), Reason::NameInvalid),
        ("GET /v2/A/tags/list".to_owned(), Reason::NameInvalid),
        ("GET /v2/../tags/list".to_owned(), Reason::NameInvalid),
        ("GET /v2/a/%2e%2e/b/tags/list".to_owned(), Reason::NameInvalid),
        ("GET /v2/a//tags/list".to_owned(), Reason::NameInvalid),
        ("GET /v2/a/.uploads/tags/list".to_owned(), Reason::NameInvalid),
        (format!("GET /v2/{}/tags/list", "a".repeat(256)), Reason::NameInvalid),
        ("GET /v2/a/blobs/sha256:abc".to_owned(), Reason::DigestInvalid),
        ("GET /v2/a/blobs/md5:d41d8cd98f00b204e9800998ecf8427e".to_owned(), Reason::DigestInvalid),
        ("GET /v2/a/blobs/..%2f..%2fetc".to_owned(), Reason::NotFound),
        ("GET /v2/a/manifests/sha256:baddigeststring".to_owned(), Reason::DigestInvalid),
        ("PUT /v2/a/manifests/sha256:totallywrong".to_owned(), Reason::DigestInvalid),
        ("GET /v2/a/manifests/.INVALID_MANIFEST_NAME".to_owned(), Reason::ManifestUnknown),
        ("PUT /v2/a/manifests/.INVALID".to_owned(), Reason::ManifestInvalid),
        (format!("PUT /v2/a/manifests/{d}?tag=.x"), Reason::ManifestInvalid),
        ("POST /v2/a/blobs/uploads/?digest=x".to_owned(), Reason::DigestInvalid),
        ("POST /v2/a/blobs/uploads/?digest-algorithm=md5".to_owned(), Reason::DigestInvalid),
        (format!("POST /v2/a/blobs/uploads/?mount={d}&from=../b"), Reason::NameInvalid),
        ("GET /v2/a/blobs/uploads/1".to_owned(), Reason::UploadUnknown),
        ("GET /v2/a/blobs/uploads/..".to_owned(), Reason::UploadUnknown),
        (format!("PUT /v2/a/blobs/uploads/{ID}"), Reason::DigestInvalid),
        ("GET /v2/a/tags/list?n=x".to_owned(), Reason::PageInvalid),
    ] {
        assert_eq!(find(&request).unwrap_err().reason(), reason, "{request}");
    }
}

#[test]
fn only_reading_is_left_when_the_registry_is_read_only() {
    let d = digest();
    assert!(!find(&format!("GET /v2/a/blobs/{d}")).unwrap().writes());
    assert!(find(&format!("DELETE /v2/a/blobs/{d}")).unwrap().writes());
    assert!(find("POST /v2/a/blobs/uploads/").unwrap().writes());
}

proptest! {
    #[test]
    fn no_address_makes_it_panic_or_leave_the_root(path in "(/v2)?[a-z./%2ef:_-]{0,60}") {
        if let Ok(Route::Tags(name, _) | Route::GetBlob(name, _)) = Route::find(&Method::GET, &path, "") {
            prop_assert!(name.as_str().split('/').all(|part| !part.is_empty() && !part.starts_with('.')));
        }
    }
}
