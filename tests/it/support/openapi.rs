//! The OpenAPI document of the recorded API server: whether it has a path and a method, and takes a query and a body.
//!
//! Knows of JSON schema what the document uses: `$ref`, `allOf`, `type`, `properties`, `required`, `items`,
//! `additionalProperties`. `null` stands for any type: Go reads it as the empty value, and oc sends it where Go's tags
//! do not say `omitempty`. An object without `properties` may hold anything (`RawExtension`, `FieldsV1`).

use std::fs;

use serde_json::Value;

pub(crate) struct OpenApi(Value);

impl OpenApi {
    pub(crate) fn load() -> Self {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/fixtures/openshift/openapi-image.openshift.io-v1.json"
        );
        Self(serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
    }

    /// What is wrong with a request; `body` is `Null` where there is none.
    pub(crate) fn check(&self, method: &str, target: &str, body: &Value) -> Result<(), String> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let paths = self.0["paths"].as_object().unwrap();
        // Of two that match, the one with fewer variables is meant.
        let item = paths.iter().filter(|(template, _)| matches(template, path));
        let (template, item) = item
            .min_by_key(|(template, _)| template.matches('{').count())
            .ok_or_else(|| format!("{path} is no path of the API"))?;
        let operation = item.get(method.to_ascii_lowercase());
        let operation = operation.ok_or_else(|| format!("{template} has no {method}"))?;
        let declared: Vec<&str> = [&item["parameters"], &operation["parameters"]]
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let name = pair.split('=').next().unwrap();
            // All API servers take `timeout`, which no document mentions.
            if name != "timeout" && !declared.contains(&name) {
                return Err(format!("{method} {template} has no parameter '{name}'"));
            }
        }
        match operation.pointer("/requestBody/content/*~1*/schema") {
            Some(schema) if !body.is_null() => self.fits(schema, body, ""),
            Some(_) if operation["requestBody"]["required"] == true => Err("no body".to_owned()),
            None if !body.is_null() => Err(format!("{method} {template} takes no body")),
            _ => Ok(()),
        }
    }

    fn fits(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        if value.is_null() {
            return Ok(());
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').unwrap();
            return self.fits(self.0.pointer(pointer).unwrap(), value, at);
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.fits(part, value, at)?;
        }
        let fits = match schema["type"].as_str() {
            None => true,
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            Some(other) => panic!("a type that the validator does not know: {other}"),
        };
        if !fits {
            return Err(format!("{at} is not of the type {}", schema["type"]));
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.fits(&schema["items"], item, &format!("{at}/{index}"))?;
        }
        self.object_fits(schema, value, at)
    }

    fn object_fits(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let Some(fields) = value.as_object() else { return Ok(()) };
        for required in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(required.as_str().unwrap()) {
                return Err(format!("{at} lacks {required}"));
            }
        }
        let (known, others) = (schema["properties"].as_object(), &schema["additionalProperties"]);
        for (name, field) in fields {
            let at = format!("{at}/{name}");
            match known.and_then(|known| known.get(name)) {
                Some(schema) => self.fits(schema, field, &at)?,
                None if others.is_object() => self.fits(others, field, &at)?,
                None if known.is_some() => return Err(format!("{at} is not known")),
                None => {}
            }
        }
        Ok(())
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template
            .zip(path)
            .all(|(name, part)| name == part || (name.starts_with('{') && !part.is_empty()))
}

#[test]
fn what_does_not_fit_is_told() {
    let api = OpenApi::load();
    let all = "/apis/image.openshift.io/v1/namespaces/demo/imagestreamimports";
    let import = |text: &str| api.check("POST", all, &serde_json::from_str(text).unwrap());
    let sound = r#"{"kind": "ImageStreamImport", "metadata": {"labels": {"a": "b"}, "annotations": null},
        "spec": {"import": true, "images": [{"from": {"name": "a"}}]}, "status": {}}"#;
    assert_eq!(import(sound), Ok(()));
    for (from, to, told) in [
        ("import\": true", "import\": 1", "/spec/import is not of the type"),
        ("\"spec\"", "\"Spec\"", "lacks \"spec\""),
        ("\"name\"", "\"nome\"", "/spec/images/0/from/nome is not known"),
        ("\"b\"", "1", "/metadata/labels/a is not of the type"),
        ("[{", "[3, {", "/spec/images/0 is not of the type"),
    ] {
        let fault = import(&sound.replacen(from, to, 1)).unwrap_err();
        assert!(fault.contains(told), "{fault}");
    }
    let check = |method, target| api.check(method, target, &Value::Null);
    assert_eq!(check("POST", all), Err("no body".to_owned()));
    assert!(check("GET", all).unwrap_err().contains("has no GET"));
    assert!(check("GET", "/apis/image.openshift.io/v1/images?limit=5&timeout=1s").is_ok());
    assert!(check("GET", "/apis/image.openshift.io/v1/images?n=5").unwrap_err().contains("'n'"));
    assert!(check("GET", "/apis/image.openshift.io/v2/images").is_err());
}
