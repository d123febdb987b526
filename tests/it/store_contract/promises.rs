//! What every store promises.

use futures_util::TryStreamExt;
use futures_util::future::join_all;
use longshore::model::{Descriptor, Digest, Manifest, MediaType};
use longshore::store::{Error, Reference, Source, collect};

use super::kinds::Kind;
use super::memory::Memory;

/// Sizes on both sides of all buffers.
const LAYERS: [usize; 4] = [0, 1, 262_145, 700_001];

async fn bytes(source: &dyn Source, blob: &Descriptor, offset: u64) -> Vec<u8> {
    let stream = source.blob(blob, offset).await.unwrap();
    stream.try_collect::<Vec<_>>().await.unwrap().concat()
}

pub(super) async fn assert_holds(source: &dyn Source, image: &Manifest) {
    let reference = Reference::Digest(image.digest().clone());
    assert_eq!(&source.manifest(&reference).await.unwrap(), image);
    for blob in image.blobs() {
        collect(source, blob, blob.size).await.unwrap();
    }
}

fn assert_not_found<T>(result: Result<T, Error>) {
    let Err(error) = result else { panic!("it is there") };
    assert!(error.is_not_found(), "{error:?}");
}

pub(super) async fn what_is_put_can_be_got(kind: Kind) {
    let mut memory = Memory::default();
    let image = memory.image("one", &LAYERS);
    let (sink, name) = (kind.sink().await, kind.name("v1"));
    for blob in image.blobs() {
        assert!(!sink.has_blob(blob).await.unwrap());
        sink.put_blob(blob, &memory).await.unwrap();
        assert!(sink.has_blob(blob).await.unwrap());
    }
    sink.put_manifest(&image, name.as_ref()).await.unwrap();
    sink.finish().await.unwrap();

    let source = kind.source().await;
    assert_eq!(source.names().await.unwrap(), Vec::from_iter(name.clone()));
    for reference in [Some(kind.only(&image)), name.map(Reference::Name)].into_iter().flatten() {
        assert_eq!(source.manifest(&reference).await.unwrap(), image, "{reference}");
    }
    assert_holds(source.as_ref(), &image).await;
    for blob in image.blobs() {
        let whole = bytes(source.as_ref(), blob, 0).await;
        for offset in [0, blob.size / 2, blob.size.saturating_sub(1)] {
            let rest = bytes(source.as_ref(), blob, offset).await;
            assert!(rest == whole[usize::try_from(offset).unwrap()..], "from {offset}");
        }
    }
}

pub(super) async fn wrong_bytes_leave_nothing(kind: Kind) {
    let mut truth = Memory::default();
    let image = truth.image("one", &[300_000]);
    let layer = image.blobs().last().unwrap().clone();
    let sink = kind.sink().await;
    let refuse = async |memory: &Memory| {
        assert!(sink.put_blob(&layer, memory).await.is_err());
        assert!(!sink.has_blob(&layer).await.unwrap());
        assert!(sink.put_manifest(&image, kind.name("v1").as_ref()).await.is_err());
    };
    let mut liar = Memory::default();
    refuse(&liar).await;
    for size in [0, 299_999, 300_000, 300_001, 3_000_000] {
        liar.lie(&layer, vec![b'x'; size]);
        refuse(&liar).await;
    }
    truth.put(sink.as_ref(), &image, kind.name("v1").as_ref()).await;
    sink.finish().await.unwrap();
    drop(sink);
    assert_holds(kind.source().await.as_ref(), &image).await;
    assert!(kind.files().iter().all(|path| !path.to_string_lossy().contains("_partial")));
}

pub(super) async fn wrong_bytes_are_told_apart(kind: Kind) {
    let mut memory = Memory::default();
    let blob = memory.keep(MediaType::ImageLayer, b"one".repeat(100_000));
    let sink = kind.sink().await;
    memory.lie(&blob, vec![b'x'; 300_000]);
    assert!(matches!(sink.put_blob(&blob, &memory).await, Err(Error::Digest { .. })));
    for size in [0, 299_999, 300_001, 3_000_000] {
        memory.lie(&blob, b"one".repeat(1_000_000)[..size].to_vec());
        let result = sink.put_blob(&blob, &memory).await;
        assert!(matches!(result, Err(Error::Size { .. })), "{size}: {result:?}");
    }
    let broken = sink.put_blob(&blob, &Memory::default()).await;
    assert!(matches!(broken, Err(Error::Backend(_))), "{broken:?}");
}

pub(super) async fn an_image_needs_its_blobs(kind: Kind) {
    let mut memory = Memory::default();
    let image = memory.image("one", &[10, 20]);
    let sink = kind.sink().await;
    for blob in image.blobs() {
        assert_not_found(sink.put_manifest(&image, kind.name("v1").as_ref()).await);
        sink.put_blob(blob, &memory).await.unwrap();
    }
    let name = kind.name("v1").map_or(kind.only(&image), Reference::Name);
    assert_eq!(sink.manifest_digest(&name).await.unwrap(), None);
    sink.put_manifest(&image, kind.name("v1").as_ref()).await.unwrap();
}

pub(super) async fn a_blob_alone_makes_no_image(kind: Kind) {
    let mut memory = Memory::default();
    let image = memory.image("one", &[10]);
    let sink = kind.sink().await;
    for blob in image.blobs() {
        sink.put_blob(blob, &memory).await.unwrap();
    }
    drop(sink);
    if let Ok(source) = kind.try_source().await {
        assert_eq!(source.names().await.unwrap(), []);
        assert_not_found(source.manifest(&kind.only(&image)).await);
    }
    // Whole blobs may be kept for a later run.
    let names = kind.files().into_iter().map(|path| path.to_string_lossy().into_owned());
    let mut partial = names.filter(|name| name.contains("_partial-"));
    assert!(partial.all(|name| name.contains("_partial-sha256-")));
}

pub(super) async fn an_index_is_one_image(kind: Kind) {
    let mut memory = Memory::default();
    let images = ["amd64", "arm64"].map(|seed| memory.image(seed, &[100]));
    let index = memory.index(&[&images[0], &images[1]]);
    let sink = kind.sink().await;
    for image in &images {
        memory.put(sink.as_ref(), image, None).await;
    }
    sink.put_manifest(&index, None).await.unwrap();
    sink.put_manifest(&images[0], None).await.unwrap();
    sink.finish().await.unwrap();

    let source = kind.source().await;
    assert_eq!(source.manifest(&kind.only(&index)).await.unwrap(), index);
    for image in &images {
        assert_holds(source.as_ref(), image).await;
    }
}

pub(super) async fn an_index_may_be_sparse(kind: Kind) {
    let mut memory = Memory::default();
    let [here, absent] = ["here", "absent"].map(|seed| memory.image(seed, &[100]));
    let index = memory.index(&[&here, &absent]);
    let sink = kind.sink().await;
    memory.put(sink.as_ref(), &here, None).await;
    sink.put_manifest(&index, None).await.unwrap();
    sink.finish().await.unwrap();
    let source = kind.source().await;
    assert_eq!(source.manifest(&kind.only(&index)).await.unwrap(), index);
    assert_not_found(source.manifest(&Reference::Digest(absent.digest().clone())).await);
}

pub(super) async fn the_same_may_be_put_again(kind: Kind) {
    let mut memory = Memory::default();
    let image = memory.image("one", &[100, 200]);
    for _ in 0..2 {
        let sink = kind.sink().await;
        for _ in 0..2 {
            memory.put(sink.as_ref(), &image, kind.name("v1").as_ref()).await;
        }
        sink.finish().await.unwrap();
    }
    let source = kind.source().await;
    assert_eq!(source.manifest(&kind.only(&image)).await.unwrap(), image);
    assert_eq!(source.names().await.unwrap(), Vec::from_iter(kind.name("v1")));
}

pub(super) async fn many_put_the_same_blob_at_once(kind: Kind) {
    let mut memory = Memory::default();
    let image = memory.image("one", &LAYERS);
    let sink = kind.sink().await;
    for blob in image.blobs() {
        let puts = (0..8).map(|_| sink.put_blob(blob, &memory));
        assert!(join_all(puts).await.iter().all(Result::is_ok));
    }
    sink.put_manifest(&image, kind.name("v1").as_ref()).await.unwrap();
    sink.finish().await.unwrap();
    assert_holds(kind.source().await.as_ref(), &image).await;
}

pub(super) async fn sha512_is_as_good(kind: Kind) {
    let mut memory = Memory::sha512();
    let image = memory.image("one", &LAYERS);
    let sink = kind.sink().await;
    memory.put(sink.as_ref(), &image, kind.name("v1").as_ref()).await;
    sink.finish().await.unwrap();
    assert_holds(kind.source().await.as_ref(), &image).await;
}

pub(super) async fn what_is_not_there_is_not_found(kind: Kind) {
    let mut memory = Memory::default();
    let image = memory.image("one", &[100]);
    let sink = kind.sink().await;
    memory.put(sink.as_ref(), &image, kind.name("v1").as_ref()).await;
    let other = Digest::of(b"other");
    let digest = Reference::Digest(other.clone());
    let name = Reference::Name("v2".parse().unwrap());
    for reference in [&digest, &name] {
        assert_eq!(sink.manifest_digest(reference).await.unwrap(), None);
    }
    sink.finish().await.unwrap();

    let source = kind.source().await;
    let layer = Reference::Digest(image.blobs().last().unwrap().digest.clone());
    for reference in [digest, name, layer] {
        assert_not_found(source.manifest(&reference).await);
    }
    let blob = Descriptor::new(MediaType::ImageLayer, other.clone(), 5);
    assert_not_found(source.blob(&blob, 0).await.map(|_| ()));
    assert_eq!(source.referrers(&other).await.unwrap(), []);
}

pub(super) async fn names_move(kind: Kind) {
    let mut memory = Memory::default();
    let [old, new] = ["old", "new"].map(|seed| memory.image(seed, &[100]));
    let (sink, [v1, latest]) = (kind.sink().await, ["v1", "latest"].map(|tag| kind.name(tag)));
    for name in [&v1, &latest] {
        memory.put(sink.as_ref(), &old, name.as_ref()).await;
    }
    memory.put(sink.as_ref(), &new, latest.as_ref()).await;
    let latest = Reference::Name(latest.unwrap());
    assert_eq!(sink.manifest_digest(&latest).await.unwrap().as_ref(), Some(new.digest()));
    memory.put(sink.as_ref(), &new, v1.as_ref()).await;
    sink.finish().await.unwrap();

    let source = kind.source().await;
    let names = source.names().await.unwrap();
    assert_eq!(names.len(), 2);
    assert!(names.is_sorted());
    assert_eq!(source.manifest(&latest).await.unwrap(), new);
    assert_eq!(source.manifest(&kind.only(&new)).await.unwrap(), new, "the only one with a name");
    assert_holds(source.as_ref(), &old).await;
}

pub(super) async fn referrers_are_listed(kind: Kind) {
    let mut memory = Memory::default();
    let image = memory.image("one", &[100]);
    let other = memory.image("other", &[100]);
    let [bill, signature] = ["text/bill", "text/sign"].map(|what| memory.referrer(&image, what));
    let sink = kind.sink().await;
    for referrer in [&bill, &signature] {
        memory.put(sink.as_ref(), referrer, None).await;
    }
    memory.put(sink.as_ref(), &image, None).await;
    sink.finish().await.unwrap();

    let source = kind.source().await;
    let mut found = source.referrers(image.digest()).await.unwrap();
    found.sort_by(|a, b| a.annotation("kind").cmp(&b.annotation("kind")));
    assert_eq!(found, [bill.referrer_descriptor(), signature.referrer_descriptor()]);
    assert_eq!(found[0].annotation("kind"), Some("text/bill"));
    assert_eq!(source.referrers(other.digest()).await.unwrap(), []);
    assert_eq!(source.manifest(&kind.only(&image)).await.unwrap(), image, "referrers do not count");
}

pub(super) async fn many_put_names_at_once(kind: Kind) {
    let mut memory = Memory::default();
    let tags: Vec<String> = (0..20).map(|number| format!("v{number}")).collect();
    let images: Vec<Manifest> = tags.iter().map(|tag| memory.image(tag, &[50])).collect();
    let sink = kind.sink().await;
    let puts = tags.iter().zip(&images).map(|(tag, image)| {
        let (memory, sink, name) = (&memory, &sink, kind.name(tag));
        async move { memory.put(sink.as_ref(), image, name.as_ref()).await }
    });
    join_all(puts).await;
    sink.finish().await.unwrap();
    let source = kind.source().await;
    assert_eq!(source.names().await.unwrap().len(), tags.len());
    for (tag, image) in tags.iter().zip(&images) {
        let name = Reference::Name(kind.name(tag).unwrap());
        assert_eq!(&source.manifest(&name).await.unwrap(), image);
    }
}
