//! What a mirror writes down of a run: a report, JUnit XML, and the files that tell of the mirror.
//!
//! Each file is written whole or not at all, after all images: what could not be written does not undo a copy.

use std::path::{Path, PathBuf};

use longshore::mirror::outputs::{
    MirrorSet, Mirrored, config_maps, documents, json_document, mapping_txt, registries_conf,
    yaml_documents,
};
use longshore::mirror::release::ReleaseSignature;
use longshore::model::Endpoint;
use longshore::ops;
use longshore::shard::Shard;
use serde_json::{Value, json};

use super::images::Told;
use super::junit::{Case, junit};
use super::told_file::{self, Unwritten, put, remove, unwritten};
use crate::cli::args::{ReportArgs, Telling};

/// What a run is called in JUnit XML.
const SUITE: &str = "longshore mirror";

/// Refuses places that cannot be written, before anything is copied.
pub(super) fn check(reports: &ReportArgs) -> Result<(), Unwritten> {
    let files = [&reports.report, &reports.junit];
    files.into_iter().flatten().try_for_each(|path| told_file::check(path))?;
    match &reports.cluster_resources {
        Some(dir) => std::fs::create_dir_all(dir).map_err(unwritten(dir)),
        None => Ok(()),
    }
}

/// Writes all that `reports` asks for.
pub(super) fn write(
    Telling { reports, shard, .. }: &Telling,
    images: &[Told],
    signatures: &[ReleaseSignature],
) -> Result<(), Unwritten> {
    if let Some(path) = &reports.report {
        let text = serde_json::to_vec_pretty(&value(images, *shard)).unwrap_or_default();
        put(path, &[&text[..], b"\n"].concat())?;
    }
    if let Some(path) = &reports.junit {
        let cases: Vec<Case> = images.iter().map(Told::case).collect();
        put(path, junit(&suite(*shard), &cases).as_bytes())?;
    }
    match &reports.cluster_resources {
        Some(dir) => {
            resources(dir, reports.icsp, images, signatures)?;
            keep(dir, signatures)
        }
        None => Ok(()),
    }
}

/// The files that tell of the mirror. One that there is nothing to say in is taken away: it is from an earlier run.
fn resources(
    dir: &Path,
    icsp: bool,
    images: &[Told],
    signatures: &[ReleaseSignature],
) -> Result<(), Unwritten> {
    std::fs::create_dir_all(dir).map_err(unwritten(dir))?;
    let there: Vec<(&Endpoint, &Endpoint)> = images.iter().filter_map(Told::mapping).collect();
    let mirrored: Vec<Mirrored> =
        there.iter().filter_map(|(from, to)| Mirrored::between(from, to)).collect();
    let policy = icsp.then(|| documents(MirrorSet::ContentSourcePolicy, &mirrored)).flatten();
    let signed = config_maps(signatures);
    let files = [
        ("idms.yaml", documents(MirrorSet::Digest, &mirrored)),
        ("itms.yaml", documents(MirrorSet::Tag, &mirrored)),
        ("icsp.yaml", policy),
        ("signature-configmap.yaml", yaml_documents(&signed)),
        ("signature-configmap.json", json_document(&signed)),
        ("registries.conf", Some(registries_conf(&mirrored)).filter(|text| !text.is_empty())),
        ("mapping.txt", Some(mapping_txt(there)).filter(|text| !text.is_empty())),
    ];
    for (name, text) in files {
        let path = dir.join(name);
        match text {
            Some(text) => put(&path, text.as_bytes())?,
            None => remove(&path)?,
        }
    }
    Ok(())
}

/// The folder in `dir` that signatures are kept in, as a store has them.
pub(super) fn signatures_in(dir: &Path) -> PathBuf {
    dir.join("signatures")
}

fn keep(dir: &Path, signatures: &[ReleaseSignature]) -> Result<(), Unwritten> {
    for signature in signatures {
        let path = ops::signature_path(&signature.payload, signature.number);
        let path = signatures_in(dir).join(path);
        let folder = path.parent().unwrap_or(dir);
        std::fs::create_dir_all(folder).map_err(unwritten(folder))?;
        put(&path, &signature.message)?;
    }
    Ok(())
}

/// What the run is called in JUnit XML.
fn suite(shard: Option<Shard>) -> String {
    shard.map_or_else(|| SUITE.to_owned(), |shard| format!("{SUITE} {shard}"))
}

/// The images as one document, which says of which part of the work it tells, if it is one.
pub(super) fn value(images: &[Told], shard: Option<Shard>) -> Value {
    let images: Vec<Value> = images.iter().map(Told::json).collect();
    of_shard(shard, json!({ "images": images }))
}

/// `report`, with the part of the work that it tells of, if it is one.
pub(super) fn of_shard(shard: Option<Shard>, mut report: Value) -> Value {
    if let Some(shard) = shard {
        report["shard"] = json!(shard);
    }
    report
}
