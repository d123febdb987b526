//! Somebody else changes a stream while it is rolled back or pruned: nobody's change is lost, and the work is done.

use jiff::{SignedDuration, Timestamp};
use longshore::imagestream::api::Time;
use longshore::imagestream::prune::{self, PruneOptions};
use longshore::imagestream::rollback::{self, CarryOutError, RollbackError};
use longshore::imagestream::{Error, StreamTag, Streams};
use serde_json::{Value, json};

use crate::support::keeper::{Keeper, Objects};
use crate::support::shell::Shell;

const A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const C: &str = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";
const D: &str = "sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";

fn tag(text: &str) -> StreamTag {
    StreamTag::parse(text, &"demo".parse().unwrap()).unwrap()
}

fn now() -> Time {
    Time::new(Timestamp::now())
}

fn of_one(namespace: Option<&str>) -> PruneOptions {
    PruneOptions {
        namespace: namespace.map(|name| name.parse().unwrap()),
        keep_tag_revisions: 1,
        keep_younger_than: SignedDuration::ZERO,
    }
}

/// What a tag follows, and what it has pointed to.
fn state(keeper: &Keeper, name: &str) -> (Value, Vec<String>) {
    keeper.look(|objects| {
        let stream = &objects.streams[name];
        let items = stream["status"]["tags"][0]["items"].as_array().unwrap();
        let items = items.iter().map(|item| item["image"].as_str().unwrap().to_owned());
        (stream["spec"]["tags"][0].clone(), items.collect())
    })
}

fn images(keeper: &Keeper) -> Vec<String> {
    keeper.look(|objects| objects.images.keys().cloned().collect())
}

#[tokio::test]
async fn a_rollback_goes_back_from_where_the_tag_is_then() {
    let keeper = Keeper::new(|all| all.point("demo/app", "v1", &[B, A]));
    keeper.meanwhile(|all| {
        all.point("demo/app", "v1", &[C, B, A]);
        all.change("demo/app", |stream| {
            stream["spec"]["tags"][0]["annotations"] = json!({ "by": "somebody" });
        });
    });
    let done = rollback::carry_out(&keeper.cluster(), &tag("app:v1"), None).await.unwrap();
    assert_eq!((done.rollback.from.image.as_str(), done.rollback.to.image.as_str()), (C, B));
    assert_eq!(done.before.status.tags[0].items.len(), 3);
    let (spec, _) = state(&keeper, "demo/app");
    assert_eq!(spec["from"]["name"], format!("app@{B}"));
    assert_eq!(spec["annotations"]["by"], "somebody");
    assert_eq!(keeper.changes(), ["PUT namespaces/demo/imagestreamtags/app:v1"; 2]);
}

#[tokio::test]
async fn a_rollback_that_is_never_quick_enough_gives_up() {
    let keeper = Keeper::new(|all| all.point("demo/app", "v1", &[B, A]));
    for _ in 0..5 {
        keeper.meanwhile(|all| all.change("demo/app", |_| {}));
    }
    let error = rollback::carry_out(&keeper.cluster(), &tag("app:v1"), None).await.unwrap_err();
    assert!(matches!(error, CarryOutError::Streams(error) if error.is_conflict()));
    assert_eq!(keeper.changes().len(), 5);
}

#[tokio::test]
async fn what_cannot_go_back_is_told_without_a_change() {
    let keeper = Keeper::new(|all| all.point("demo/app", "v1", &[A]));
    let cluster = keeper.cluster();
    let back = async |name: &str| rollback::carry_out(&cluster, &tag(name), None).await;
    let error = back("none:v1").await.unwrap_err();
    assert!(matches!(error, CarryOutError::Streams(Error::NoStream(_))), "{error}");
    let error = back("app:v2").await.unwrap_err();
    assert!(matches!(error, CarryOutError::Streams(Error::NoTag(_))), "{error}");
    let error = back("app:v1").await.unwrap_err();
    assert!(matches!(error, CarryOutError::Rollback(RollbackError::NoPrevious(_))), "{error}");
    assert_eq!(keeper.changes(), [""; 0]);
}

/// Two streams of two namespaces that know the same images.
fn two(all: &mut Objects) {
    all.point("demo/app", "v1", &[C, B, A]);
    all.point("other/app", "v1", &[C, A]);
}

#[tokio::test]
async fn a_stream_that_changed_is_pruned_as_it_is_then() {
    let keeper = Keeper::new(two);
    // The image A is imported again, and D for the first time.
    keeper.meanwhile(|all| all.point("demo/app", "v1", &[A, D, C, B, A]));
    let plan = prune::carry_out(&keeper.cluster(), &of_one(None), now()).await.unwrap();
    assert_eq!(
        (state(&keeper, "demo/app").1, state(&keeper, "other/app").1),
        (vec![A.to_owned()], vec![C.to_owned()])
    );
    let dropped = |index: usize| plan.streams[index].dropped.iter().map(|gone| &gone.event.image);
    assert_eq!(dropped(0).collect::<Vec<_>>(), [D, C, B, A]);
    assert_eq!(dropped(1).collect::<Vec<_>>(), [A]);
    assert_eq!(plan.images, [B]);
    assert_eq!(images(&keeper), [A, C, D]);
    assert_eq!(
        keeper.changes(),
        [
            "PUT namespaces/demo/imagestreams/app/status".to_owned(),
            "PUT namespaces/demo/imagestreams/app/status".to_owned(),
            "PUT namespaces/other/imagestreams/app/status".to_owned(),
            format!("DELETE images/{B}"),
        ]
    );
}

#[tokio::test]
async fn an_image_that_is_used_again_meanwhile_stays() {
    let keeper = Keeper::new(two);
    keeper.meanwhile(|all| all.point("demo/new", "v1", &[B]));
    let plan = prune::carry_out(&keeper.cluster(), &of_one(None), now()).await.unwrap();
    assert_eq!(plan.images, [A]);
    assert_eq!(images(&keeper), [B, C]);
    // A stream that is deleted meanwhile has nothing to lose.
    let keeper = Keeper::new(two);
    keeper.meanwhile(|all| drop(all.streams.remove("demo/app")));
    let plan = prune::carry_out(&keeper.cluster(), &of_one(None), now()).await.unwrap();
    assert_eq!((plan.streams.len(), plan.images), (1, vec![A.to_owned(), B.to_owned()]));
}

#[tokio::test]
async fn a_stream_that_changes_again_and_again_is_told() {
    let keeper = Keeper::new(two);
    for _ in 0..5 {
        keeper.meanwhile(|all| all.change("demo/app", |_| {}));
    }
    let error = prune::carry_out(&keeper.cluster(), &of_one(None), now()).await.unwrap_err();
    assert!(error.is_conflict());
    assert_eq!((keeper.changes().len(), images(&keeper).len()), (5, 3));
}

#[tokio::test]
async fn histories_of_other_namespaces_stay_and_keep_their_images() {
    let keeper = Keeper::new(two);
    let options = of_one(Some("demo"));
    let planned = prune::plan(&keeper.cluster(), &options, now()).await.unwrap();
    assert_eq!(keeper.changes(), [""; 0]);
    let done = prune::carry_out(&keeper.cluster(), &options, now()).await.unwrap();
    assert_eq!(planned.images, done.images);
    assert_eq!(planned.streams[0].dropped, done.streams[0].dropped);
    assert_eq!((done.streams.len(), done.images), (1, vec![B.to_owned()]));
    assert_eq!(state(&keeper, "demo/app").1, [C]);
    assert_eq!(state(&keeper, "other/app").1, [C, A]);
    assert!(keeper.cluster().image(A).await.unwrap().is_some());
}

#[test]
fn the_program_tries_again_too() {
    let keeper = Keeper::new(two);
    let (shell, kubeconfig) = (Shell::new(), keeper.kubeconfig());
    let place = ["-n", "demo", "--kubeconfig", kubeconfig.to_str().unwrap()];
    keeper.meanwhile(|all| all.point("demo/app", "v1", &[D, C, B, A]));
    let text = shell.ok(&[&["stream", "rollback", "app:v1"][..], &place].concat());
    assert!(text.starts_with("Tag app:v1 moved back from sha256:ddd"), "{text}");
    assert_eq!(keeper.changes().len(), 2);

    keeper.meanwhile(|all| all.change("demo/app", |_| {}));
    let prune = "stream prune --confirm --keep-tag-revisions 1 --keep-younger-than 0";
    let prune: Vec<&str> = prune.split(' ').chain(place).collect();
    let text = shell.ok(&prune);
    assert!(text.ends_with("pruned 3 history entries and 1 image\n"), "{text}");

    keeper.change(|all| all.point("demo/app", "v1", &[D, C]));
    for _ in 0..5 {
        keeper.meanwhile(|all| all.change("demo/app", |_| {}));
    }
    let told = shell.fails(1, &prune);
    assert!(told.contains("the object has been modified"), "{told}");
    assert!(told.contains("somebody else changed it: run it again"), "{told}");
}
