//! A run as JUnit XML, in the form that Jenkins, GitLab and GitHub's actions read: a test case for each image. Pure.

use std::fmt::Write as _;
use std::time::Duration;

/// What became of an image.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) took: Duration,
    pub(super) verdict: Verdict,
}

/// How it went.
pub(super) enum Verdict {
    Passed,
    Skipped(String),
    Failed(String),
}

/// The document of the run `suite`.
pub(super) fn junit(suite: &str, cases: &[Case]) -> String {
    let count = |is: fn(&Verdict) -> bool| cases.iter().filter(|case| is(&case.verdict)).count();
    let failed = count(|verdict| matches!(verdict, Verdict::Failed(_)));
    let skipped = count(|verdict| matches!(verdict, Verdict::Skipped(_)));
    let (suite, tests) = (escaped(suite), cases.len());
    let class = suite.rsplit(' ').next().unwrap_or_default();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"{suite}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\" skipped=\"{skipped}\">\n"
    );
    for Case { name, took, verdict } in cases {
        let (name, seconds) = (escaped(name), took.as_secs_f64());
        let _ =
            write!(xml, "<testcase classname=\"{class}\" name=\"{name}\" time=\"{seconds:.3}\"");
        let _ = match verdict {
            Verdict::Passed => writeln!(xml, "/>"),
            Verdict::Skipped(why) => {
                writeln!(xml, "><skipped message=\"{}\"/></testcase>", escaped(why))
            }
            Verdict::Failed(why) => {
                let first = escaped(why.lines().next().unwrap_or_default());
                let all = escaped(why);
                writeln!(xml, "><failure message=\"{first}\">{all}</failure></testcase>")
            }
        };
    }
    xml.push_str("</testsuite>\n</testsuites>\n");
    xml
}

/// A text within an element or an attribute (XML 1.0, sections 2.2 and 2.4): characters that XML has none for become `?`.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\n' | '\t' => xml.push(c),
            c if c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c) => xml.push('?'),
            c => xml.push(c),
        }
    }
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_image_is_a_test_case() {
        let case = |name: &str, verdict| Case {
            name: name.to_owned(),
            took: Duration::from_millis(1500),
            verdict,
        };
        let xml = junit(
            "longshore mirror",
            &[
                case("r.io/a:v1", Verdict::Passed),
                case("r.io/b:v1", Verdict::Skipped("it is not there".to_owned())),
                case("r.io/c:v1", Verdict::Failed("no <way> & \"out\"\n\u{1b}cause".to_owned())),
            ],
        );
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
<testsuite name="longshore mirror" tests="3" failures="1" errors="0" skipped="1">
<testcase classname="mirror" name="r.io/a:v1" time="1.500"/>
<testcase classname="mirror" name="r.io/b:v1" time="1.500"><skipped message="it is not there"/></testcase>
<testcase classname="mirror" name="r.io/c:v1" time="1.500"><failure message="no &lt;way&gt; &amp; &quot;out&quot;">no &lt;way&gt; &amp; &quot;out&quot;
?cause</failure></testcase>
</testsuite>
</testsuites>
"#;
        assert_eq!(xml, expected);
    }
}
