//! `index.json` of a layout (OCI image specification, `image-layout.md`): which manifests are its roots, and what
//! they are called. Pure; edited as JSON, so that what others wrote into it stays.

use serde_json::{Map, Value, json};

use crate::model::{Descriptor, Digest, RefName, media_types};

/// The annotation that names an image in a layout (OCI image specification, `annotations.md`).
pub(crate) const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// The content of `index.json`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Index {
    /// All fields; `manifests` only keeps its place among them.
    fields: Map<String, Value>,
    lines: Vec<Value>,
}

/// One line of an index that this library can use.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The manifest.
    pub(crate) descriptor: Descriptor,
    /// Its name, if it has one.
    pub(crate) name: Option<RefName>,
}

impl Index {
    /// An index that lists nothing.
    pub(crate) fn empty() -> Self {
        let fields = [("schemaVersion", json!(2)), ("mediaType", json!(media_types::OCI_INDEX))];
        Self {
            fields: fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            lines: Vec::new(),
        }
    }

    /// Reads the bytes of an `index.json`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let mut fields: Map<String, Value> = serde_json::from_slice(bytes)?;
        let lines = match fields.get_mut("manifests").map(Value::take) {
            Some(Value::Array(lines)) => lines,
            None | Some(Value::Null) => Vec::new(),
            Some(_) => return Err(serde::de::Error::custom("'manifests' is not a list")),
        };
        Ok(Self { fields, lines })
    }

    /// The bytes to write.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut fields = self.fields.clone();
        fields.insert("manifests".to_owned(), Value::Array(self.lines.clone()));
        Value::Object(fields).to_string().into_bytes()
    }

    /// The lines whose digest and form this library knows. Others stay, but are not seen.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.lines.iter().filter_map(|line| {
            let descriptor = serde_json::from_value(line.clone()).ok()?;
            Some(Entry { descriptor, name: name_of(line).and_then(|name| name.parse().ok()) })
        })
    }

    /// The line of the manifest with this digest.
    pub(crate) fn find(&self, digest: &Digest) -> Option<Descriptor> {
        self.entries().map(|entry| entry.descriptor).find(|entry| entry.digest == *digest)
    }

    /// The manifest of this name.
    pub(crate) fn named(&self, name: &RefName) -> Option<Descriptor> {
        self.entries().find(|entry| entry.name.as_ref() == Some(name)).map(|e| e.descriptor)
    }

    /// All names, sorted.
    pub(crate) fn names(&self) -> Vec<RefName> {
        let mut names: Vec<_> = self.entries().filter_map(|entry| entry.name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Lists a manifest that needs no name.
    pub(crate) fn add(&mut self, manifest: &Descriptor) {
        if !self.lists(manifest.digest.as_str()) {
            self.lines.push(json!(manifest));
        }
    }

    /// Names a manifest. Whatever had the name before stays, without it.
    pub(crate) fn name(&mut self, manifest: &Descriptor, name: &RefName) {
        let digest = manifest.digest.as_str();
        let named = self.lines.iter().filter(|line| name_of(line) == Some(name.as_str()));
        if named.map(digest_of).eq([Some(digest)]) {
            return;
        }
        self.remove_name(name);
        if self.unnamed(digest).is_none() {
            self.lines.push(json!(manifest));
        }
        if let Some(line) = self.unnamed(digest) {
            set_name(line, name);
        }
    }

    /// Takes a name away. The manifest that had it stays listed. Tells whether there was such a name.
    pub(crate) fn remove_name(&mut self, name: &RefName) -> bool {
        let mut found = false;
        while let Some(at) = self.position(|line| name_of(line) == Some(name.as_str())) {
            found = true;
            let mut line = self.lines.remove(at);
            strip_name(&mut line);
            if !digest_of(&line).is_some_and(|digest| self.lists(digest)) {
                self.lines.insert(at, line);
            }
        }
        found
    }

    /// Takes a manifest away, with all its names. Tells whether it was listed.
    pub(crate) fn remove(&mut self, digest: &Digest) -> bool {
        let before = self.lines.len();
        self.lines.retain(|line| digest_of(line) != Some(digest.as_str()));
        self.lines.len() < before
    }

    /// Takes the lines without a name of these manifests away.
    pub(crate) fn remove_unnamed(&mut self, digests: &[Digest]) {
        self.lines.retain(|line| {
            name_of(line).is_some()
                || !digests.iter().any(|digest| digest_of(line) == Some(digest.as_str()))
        });
    }

    /// Gives each line the name that `name` makes of its annotations, or none.
    pub(crate) fn rename(
        &mut self,
        name: impl Fn(&dyn Fn(&str) -> Option<String>) -> Option<RefName>,
    ) {
        for line in &mut self.lines {
            let annotation =
                |key: &str| line.get("annotations")?.get(key)?.as_str().map(str::to_owned);
            match name(&annotation) {
                Some(name) => set_name(line, &name),
                None => strip_name(line),
            }
        }
    }

    /// Repeats each name in a further annotation.
    pub(crate) fn repeat_names(&mut self, key: &str) {
        for line in &mut self.lines {
            if let Some(name) = name_of(line).map(str::to_owned) {
                line["annotations"][key] = json!(name);
            }
        }
    }

    fn unnamed(&mut self, digest: &str) -> Option<&mut Value> {
        self.lines.iter_mut().find(|l| digest_of(l) == Some(digest) && name_of(l).is_none())
    }

    fn lists(&self, digest: &str) -> bool {
        self.position(|line| digest_of(line) == Some(digest)).is_some()
    }

    fn position(&self, is_it: impl Fn(&Value) -> bool) -> Option<usize> {
        self.lines.iter().position(is_it)
    }
}

fn digest_of(line: &Value) -> Option<&str> {
    line.get("digest")?.as_str()
}

fn name_of(line: &Value) -> Option<&str> {
    line.get("annotations")?.get(REF_NAME)?.as_str()
}

fn set_name(line: &mut Value, name: &RefName) {
    let Some(line) = line.as_object_mut() else { return };
    let annotations = line.entry("annotations").or_insert_with(|| json!({}));
    if !annotations.is_object() {
        *annotations = json!({});
    }
    annotations[REF_NAME] = json!(name.as_str());
}

fn strip_name(line: &mut Value) {
    let Some(line) = line.as_object_mut() else { return };
    let Some(annotations) = line.get_mut("annotations").and_then(Value::as_object_mut) else {
        return;
    };
    annotations.shift_remove(REF_NAME);
    if annotations.is_empty() {
        line.shift_remove("annotations");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Descriptor {
        let digest = Digest::of(text.as_bytes());
        Descriptor::new(media_types::OCI_MANIFEST.into(), digest, text.len() as u64)
    }

    fn name(text: &str) -> RefName {
        text.parse().unwrap()
    }

    /// The lines as `text=name`, where `text` is what a digest is of.
    fn lines(index: &Index) -> Vec<String> {
        let text = |digest: &Digest| {
            ["a", "b"].into_iter().find(|t| Digest::of(t.as_bytes()) == *digest).unwrap()
        };
        index
            .entries()
            .map(|e| {
                let name = e.name.map(|n| format!("={n}")).unwrap_or_default();
                text(&e.descriptor.digest).to_owned() + &name
            })
            .collect()
    }

    #[test]
    fn a_name_moves_and_what_had_it_stays() {
        let mut index = Index::empty();
        index.name(&manifest("a"), &name("v1"));
        index.name(&manifest("a"), &name("latest"));
        index.name(&manifest("b"), &name("latest"));
        assert_eq!(lines(&index), ["a=v1", "b=latest"]);
        index.name(&manifest("b"), &name("v1"));
        assert_eq!(lines(&index), ["a", "b=latest", "b=v1"]);
        index.name(&manifest("a"), &name("old"));
        assert_eq!(lines(&index), ["a=old", "b=latest", "b=v1"]);
    }

    #[test]
    fn a_manifest_is_listed_once_unless_it_has_several_names() {
        let mut index = Index::empty();
        index.add(&manifest("a"));
        index.add(&manifest("a"));
        assert_eq!(lines(&index), ["a"]);
        index.name(&manifest("a"), &name("v1"));
        index.add(&manifest("a"));
        assert_eq!(lines(&index), ["a=v1"]);
        assert!(index.remove_name(&name("v1")) && !index.remove_name(&name("v1")));
        assert_eq!(lines(&index), ["a"]);
        assert!(index.remove(&manifest("a").digest) && !index.remove(&manifest("a").digest));
        assert_eq!(index, Index::empty());
    }

    #[test]
    fn what_others_wrote_stays() {
        let digest = Digest::of(b"a");
        let foreign = format!(
            r#"{{"x":1,"manifests":[{{"mediaType":"m/x","digest":"{digest}","size":1,"y":{{"b":1,"a":2}},"annotations":{{"{REF_NAME}":"v1","z":"1"}}}},{{"digest":"blake3:12"}},7],"schemaVersion":2}}"#
        );
        let mut index = Index::parse(foreign.as_bytes()).unwrap();
        assert_eq!(index.to_bytes(), foreign.as_bytes());
        index.name(&manifest("a"), &name("v1"));
        assert_eq!(index.to_bytes(), foreign.as_bytes());
        index.name(&manifest("b"), &name("v2"));
        index.remove(&manifest("b").digest);
        index.remove_name(&name("v1"));
        let expected = foreign.replace(&format!(r#""{REF_NAME}":"v1","#), "");
        assert_eq!(String::from_utf8(index.to_bytes()).unwrap(), expected);
    }

    #[test]
    fn what_is_no_index_is_refused() {
        for bad in ["", "[]", "7", r#"{"manifests":{}}"#, "{\"manifests\":"] {
            assert!(Index::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert_eq!(Index::parse(br#"{"manifests":null}"#).unwrap().entries().count(), 0);
    }
}
