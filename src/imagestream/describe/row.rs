//! A stream as a row of `oc get is`.

use super::ago;
use super::fields::clean;
use crate::imagestream::ImageStream;
use crate::imagestream::api::Time;
use crate::imagestream::order::prioritize;

/// The most characters of the names of tags.
const TAGS_WIDTH: usize = 40;

/// A stream as a row of `oc get is`: its name, where a cluster's registry serves it, its tags by rank as far as there is
/// room for them, and how long ago one of them last moved.
#[must_use]
pub fn row(stream: &ImageStream, now: Time) -> [String; 4] {
    let status = &stream.status;
    let repositories = [&status.public_docker_image_repository, &status.docker_image_repository];
    let repository = repositories.into_iter().find(|name| !name.is_empty());
    let latest = status.tags.iter().filter_map(|tag| tag.items.first()).map(|item| item.created);
    [
        clean(&stream.metadata.name),
        repository.map(|name| clean(name)).unwrap_or_default(),
        tags(stream),
        latest.max().map(|moment| format!("{} ago", ago(moment, now))).unwrap_or_default(),
    ]
}

fn tags(stream: &ImageStream) -> String {
    let mut names: Vec<String> = stream.status.tags.iter().map(|tag| clean(&tag.tag)).collect();
    prioritize(&mut names);
    let mut shown = String::new();
    for (index, name) in names.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        if index > 0 && shown.chars().count() + 1 + name.chars().count() > TAGS_WIDTH {
            return format!("{shown} + {} more...", names.len() - index);
        }
        shown = format!("{shown}{comma}{name}");
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_has_room_for_some_tags() {
        let item = json!({"created": "2026-01-01T00:00:00Z", "dockerImageReference": "r", "image": "i", "generation": 1});
        let tag = |name: &str| json!({"tag": name, "items": [item]});
        let mut names: Vec<_> = (0..20).map(|n| tag(&format!("1.{n}"))).collect();
        names.push(json!({"tag": "failed", "items": []}));
        let stream: ImageStream = serde_json::from_value(json!({
            "metadata": {"name": "app"}, "status": {"dockerImageRepository": "reg/app", "tags": names},
        }))
        .unwrap();
        let now = Time::new("2026-01-01T03:00:00Z".parse().unwrap());
        let wanted = [
            "app",
            "reg/app",
            "1.19,1.18,1.17,1.16,1.15,1.14,1.13,1.12 + 13 more...",
            "3 hours ago",
        ];
        assert_eq!(row(&stream, now), wanted);
        assert_eq!(row(&ImageStream::new("dev", "empty"), now), ["empty", "", "", ""]);
    }
}
