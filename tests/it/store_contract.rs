//! The contract of stores: the same promises on every kind, whatever it is made of.

mod durability;
mod hostile;
mod judge;
mod kinds;
mod layouts;
mod memory;
mod oc_folders;
mod promises;

/// One test for each promise, in a module for each kind.
macro_rules! contract {
    ($group:ident: $($kind:ident),+ => $promises:tt) => {
        mod $group { $(contract!(@ $kind $promises);)+ }
    };
    (@ $kind:ident { $($promise:ident),+ $(,)? }) => {
        mod $kind {
            use crate::store_contract::{kinds::Kind, promises};
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    promises::$promise(Kind::$kind()).await;
                }
            )+
        }
    };
}

contract!(one_image: layout, oci_archive, docker_archive, dir, oc_folder, registry => {
    what_is_put_can_be_got,
    wrong_bytes_leave_nothing,
    an_image_needs_its_blobs,
    a_blob_alone_makes_no_image,
    an_index_is_one_image,
    the_same_may_be_put_again,
    many_put_the_same_blob_at_once,
    what_is_not_there_is_not_found,
});

contract!(many_images: layout, oci_archive, docker_archive, oc_folder, registry => {
    names_move,
    referrers_are_listed,
    many_put_names_at_once,
});

// Registries differ in these: what they say of bytes that they refuse, whether an index may be sparse, and that a name
// leads to a SHA-256 digest.
contract!(on_this_machine: layout, oci_archive, docker_archive, dir, oc_folder => {
    wrong_bytes_are_told_apart,
    an_index_may_be_sparse,
    sha512_is_as_good,
});
