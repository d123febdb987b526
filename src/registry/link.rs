//! `Link` headers (RFC 8288): where the next page of a list is.

/// The target of the link with `rel="next"`, as it stands in the header: absolute, or relative to the request.
///
/// Registries of another habit leave `rel` out; a lone link without one is taken for the next page.
pub(super) fn next_page(header: &str) -> Option<&str> {
    let links: Vec<(&str, Option<&str>)> = links(header);
    let named = links.iter().find(|(_, rel)| rel.is_some_and(is_next)).map(|(target, _)| *target);
    named.or(match links.as_slice() {
        [(target, None)] => Some(target),
        _ => None,
    })
}

/// `rel` may hold several relation types, in any case.
fn is_next(rel: &str) -> bool {
    rel.split_ascii_whitespace().any(|kind| kind.eq_ignore_ascii_case("next"))
}

/// All links of a header: target and `rel`.
fn links(header: &str) -> Vec<(&str, Option<&str>)> {
    let mut found = Vec::new();
    let mut rest = header;
    while let Some((_, from)) = rest.split_once('<') {
        let Some((target, parameters)) = from.split_once('>') else { break };
        let end = end_of_parameters(parameters);
        found.push((target.trim(), rel(&parameters[..end])));
        rest = &parameters[end..];
    }
    found
}

/// Where the parameters of a link end: at a comma outside of quotes.
fn end_of_parameters(text: &str) -> usize {
    let mut quoted = false;
    text.bytes()
        .position(|b| {
            quoted ^= b == b'"';
            b == b',' && !quoted
        })
        .unwrap_or(text.len())
}

fn rel(parameters: &str) -> Option<&str> {
    parameters.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::next_page;

    #[test]
    fn the_next_page_is_found_in_all_the_usual_forms() {
        for (header, next) in [
            (r#"</v2/a/tags/list?last=x&n=2>; rel="next""#, Some("/v2/a/tags/list?last=x&n=2")),
            (
                r#"<https://h/v2/_catalog?next_page=ab%3D>; rel=next"#,
                Some("https://h/v2/_catalog?next_page=ab%3D"),
            ),
            (r#"</prev>; rel="prev", </next,x>; title="a,b"; rel="last NEXT""#, Some("/next,x")),
            ("</v2/a/tags/list?n=2>", Some("/v2/a/tags/list?n=2")),
            (r#"</prev>; rel="prev""#, None),
            ("<unended", None),
            ("", None),
        ] {
            assert_eq!(next_page(header), next, "{header}");
        }
    }
}
