//! What is in `deploy/`: it parses, says what it needs, and its command lines do what they are there for.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use longshore::yaml;
use serde_json::{Value, json};

use crate::support::layout::Layout;
use crate::support::program::{self, Ran};
use crate::support::shell::Shell;
use crate::support::site::Site;

const JOB: &str = "kubernetes/mirror-job.yaml";
const CRON_JOB: &str = "kubernetes/tag-sync-cronjob.yaml";
const TASK: &str = "tekton/task.yaml";
const ACTION: &str = "github/action.yml";
const TEMPLATE: &str = "gitlab/longshore.gitlab-ci.yml";
const FILES: [&str; 5] = [JOB, CRON_JOB, TASK, ACTION, TEMPLATE];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

fn text(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap()
}

/// All documents of a file.
fn documents(file: &str) -> Vec<Value> {
    let documents = yaml::documents(&text(file)).unwrap();
    documents.into_iter().map(|document| document.value).collect()
}

/// The document of this kind.
fn of_kind(file: &str, kind: &str) -> Value {
    documents(file).into_iter().find(|document| document["kind"] == kind).unwrap()
}

fn words(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// A source with what the manifests copy, and a target; and another that one run has filled.
struct Scene {
    target: Site,
    whole: Site,
    /// The address that stands for quay.io.
    source: Site,
    shell: Shell,
}

const IMAGES: [&str; 8] = [
    "prometheus/prometheus:v2.0.0",
    "prometheus/prometheus:v3.0.0",
    "prometheus/prometheus:v3.1.0",
    "prometheus/prometheus:v3.1.0-rc.1",
    "prometheus/node-exporter:v1.0.0",
    "prometheus/node-exporter:v1.1.0",
    "jetstack/cert-manager-controller:v1.10.0",
    "jetstack/cert-manager-controller:v1.2.0",
];
/// How many of them the mirror file of the Job wants.
const WANTED: usize = 5;

impl Scene {
    fn new() -> Self {
        let (source, target, whole) = (Site::open(), Site::open(), Site::open());
        let scene = Self { source, target, whole, shell: Shell::new() };
        let layout = Layout::new(scene.shell.path("images"));
        let mut mappings = String::new();
        for (seed, image) in IMAGES.iter().enumerate() {
            let layers = [layout.noise_layer(1, 10_000), layout.noise_layer(seed as u64 + 2, 5000)];
            layout.name(image, &layout.image("linux/amd64", &layers));
            mappings += &format!("oci:images:{image} {}\n", scene.source.image(image));
        }
        scene.shell.ok_with(&mappings, &["mirror", "-q", "--dest-plain-http", "-f", "-"]);
        fs::write(scene.shell.path("longshore.yaml"), scene.mirror_file(&scene.target)).unwrap();
        fs::write(scene.shell.path("whole.yaml"), scene.mirror_file(&scene.whole)).unwrap();
        let whole = ["mirror", "-c", "whole.yaml", "--src-plain-http", "--dest-plain-http"];
        assert_eq!(scene.shell.ok(&whole).lines().count(), WANTED);
        scene
    }

    /// The mirror file of the Job, from the source to `target`; both are reached by HTTP.
    fn mirror_file(&self, target: &Site) -> String {
        let file = &of_kind(JOB, "ConfigMap")["data"]["longshore.yaml"];
        let (source, target) = (self.source.registry.address(), target.registry.address());
        let plain = |address: &str| format!("  '{address}': {{plain-http: true}}\n");
        let registries = format!("registries:\n{}{}", plain(source), plain(target));
        let file = file.as_str().unwrap();
        assert!(file.contains("quay.io/") && file.contains("registry.example.com/"));
        file.replace("quay.io", source).replace("registry.example.com", target) + &registries
    }

    /// Runs `longshore` as a container does.
    fn run(&self, arguments: &[String], variables: &BTreeMap<String, String>) -> Ran {
        let arguments: Vec<String> = arguments
            .iter()
            .map(|argument| argument.replace("/etc/longshore/", "").replace("/reports/", ""))
            .collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = program::longshore(self.shell.home());
        command.envs(variables.iter().filter(|(name, _)| *name != "HOME"));
        program::ended(command, &arguments, "")
    }

    /// Runs a script as CI does, with longshore on its path.
    fn script(&self, script: &str, variables: &BTreeMap<String, String>) {
        let usual = program::longshore(self.shell.home());
        let binary = Path::new(usual.get_program()).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command.env_clear().envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.envs(variables).env("PATH", path).current_dir(self.shell.home());
        let output =
            command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).output();
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{said}");
    }

    /// The target is what one run has made of the other, no more and no less.
    fn is_whole(&self) {
        let [target, whole] = [&self.target, &self.whole].map(|site| site.registry.address());
        for [one, other] in [[target, whole], [whole, target]] {
            let flags =
                ["verify", "-q", "--plain-http", "--src-plain-http", one, "--against", other];
            assert_eq!(self.shell.ok(&flags), "");
        }
    }

    /// Each of so many shards has told of its part, and together they tell of all.
    fn is_told(&self, count: usize) {
        let files: Vec<String> = (0..count).map(|index| format!("shard-{index}.json")).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let whole = self.shell.ok(&[&["report", "merge", "-o", "json"], &files[..]].concat());
        let whole: Value = serde_json::from_str(&whole).unwrap();
        assert_eq!(whole["shards"], json!({"count": count, "missing": []}));
        assert_eq!(whole["images"].as_array().unwrap().len(), WANTED);
    }
}

fn variables<const N: usize>(variables: [(&str, String); N]) -> BTreeMap<String, String> {
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A text whose placeholders are replaced; none may be left.
fn filled(text: &str, values: &[(&str, &str)], open: &str) -> String {
    let filled =
        values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    assert!(!filled.contains(open), "{filled}");
    filled
}

#[test]
fn every_file_is_sound_and_told_of() {
    let readme = text("README.md");
    for file in FILES {
        assert!(!documents(file).is_empty(), "{file}");
        assert!(readme.contains(&format!("]({file})")), "deploy/README.md says nothing of {file}");
    }
    assert!(readme.contains("](Containerfile)"));
}

/// The pod of a manifest runs as nobody, writes where it may alone, and finds what it mounts.
fn is_restricted(pod: &Value) {
    let security = &pod["securityContext"];
    assert_eq!(security["runAsNonRoot"], true);
    assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault");
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(pod["restartPolicy"], "Never");
    let volumes = pod["volumes"].as_array().unwrap();
    for container in pod["containers"].as_array().unwrap() {
        is_contained(container);
        for mount in container["volumeMounts"].as_array().unwrap() {
            assert!(volumes.iter().any(|volume| volume["name"] == mount["name"]), "{mount}");
        }
        let home = container["env"].as_array().unwrap().iter().find(|one| one["name"] == "HOME");
        let mounts = container["volumeMounts"].as_array().unwrap();
        assert!(mounts.iter().any(|mount| mount["mountPath"] == home.unwrap()["value"]));
        assert!(container["resources"]["limits"]["memory"].is_string());
    }
}

fn is_contained(container: &Value) {
    let security = &container["securityContext"];
    assert_eq!(security["allowPrivilegeEscalation"], false);
    assert_eq!(security["readOnlyRootFilesystem"], true);
    assert_eq!(security["capabilities"], json!({"drop": ["ALL"]}));
}

#[test]
fn the_job_is_indexed_and_its_numbers_agree() {
    let job = of_kind(JOB, "Job");
    assert_eq!(job["apiVersion"], "batch/v1");
    let spec = &job["spec"];
    assert_eq!(spec["completionMode"], "Indexed");
    assert_eq!(spec["completions"], spec["parallelism"]);
    assert!(spec["backoffLimitPerIndex"].is_u64() && spec["maxFailedIndexes"].is_u64());
    let pod = &spec["template"]["spec"];
    is_restricted(pod);
    let arguments = words(&pod["containers"][0]["args"]);
    assert!(arguments.contains(&format!("--shard=auto/{}", spec["completions"])), "{arguments:?}");
    let rules = spec["podFailurePolicy"]["rules"].as_array().unwrap();
    assert_eq!(rules[0]["onExitCodes"]["containerName"], pod["containers"][0]["name"]);
    let labels = &pod["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"];
    assert_eq!(labels["batch.kubernetes.io/job-name"], job["metadata"]["name"]);
    let config = of_kind(JOB, "ConfigMap")["metadata"]["name"].clone();
    let volumes = pod["volumes"].as_array().unwrap();
    assert!(volumes.iter().any(|volume| volume["configMap"]["name"] == config));
}

#[test]
fn the_pods_of_the_job_make_together_what_one_run_makes() {
    need!("docker-registry");
    let scene = Scene::new();
    let spec = of_kind(JOB, "Job")["spec"].clone();
    let count = usize::try_from(spec["completions"].as_u64().unwrap()).unwrap();
    let arguments = words(&spec["template"]["spec"]["containers"][0]["args"]);
    let mut lines = 0;
    for index in 0..count {
        let index = index.to_string();
        let filled: Vec<String> = arguments
            .iter()
            .map(|word| filled(word, &[("$(JOB_COMPLETION_INDEX)", &index)], "$("))
            .collect();
        let ran = scene.run(&filled, &variables([("JOB_COMPLETION_INDEX", index)]));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        lines += ran.stdout.lines().count();
    }
    assert_eq!(lines, WANTED);
    scene.is_whole();
    scene.is_told(count);
}

#[test]
fn the_cron_job_does_not_run_beside_itself() {
    let job = of_kind(CRON_JOB, "CronJob");
    assert_eq!(job["apiVersion"], "batch/v1");
    let spec = &job["spec"];
    assert_eq!(spec["concurrencyPolicy"], "Forbid");
    assert_eq!(spec["schedule"].as_str().unwrap().split(' ').count(), 5);
    let pod = &spec["jobTemplate"]["spec"]["template"]["spec"];
    is_restricted(pod);
    let arguments = words(&pod["containers"][0]["args"]);
    assert_eq!(arguments, ["tag-sync", "run", "/etc/longshore/tag-sync.yaml"]);
    assert_eq!(rules_of_the_cron_job().matches("registry.example.com/").count(), 1);
}

fn rules_of_the_cron_job() -> String {
    of_kind(CRON_JOB, "ConfigMap")["data"]["tag-sync.yaml"].as_str().unwrap().to_owned()
}

#[test]
fn the_cron_job_brings_what_its_rules_say() {
    need!("docker-registry");
    let scene = Scene::new();
    let registries = [("quay.io", &scene.source), ("registry.example.com", &scene.target)];
    let mut rules = rules_of_the_cron_job();
    let mut settings = "registries:\n".to_owned();
    for (name, site) in registries {
        let address = site.registry.address();
        rules = rules.replace(name, address);
        settings += &format!("  '{address}': {{plain-http: true}}\n");
    }
    fs::write(scene.shell.path("tag-sync.yaml"), rules + &settings).unwrap();
    let pod = &of_kind(CRON_JOB, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let ran = scene.run(&words(&pod["containers"][0]["args"]), &BTreeMap::new());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let mirrored = scene.target.image("mirror/prometheus");
    assert_eq!(scene.shell.ok(&["tags", "--plain-http", &mirrored]), "v3.0.0\nv3.1.0\n");
}

#[test]
fn the_task_makes_together_what_one_run_makes() {
    need!("docker-registry");
    let task = of_kind(TASK, "Task");
    assert_eq!(task["apiVersion"], "tekton.dev/v1");
    let spec = &task["spec"];
    is_contained(&spec["stepTemplate"]);
    let step = &spec["steps"][0];
    assert_eq!(step["command"], json!(["longshore"]));
    let declared = |list: &str| -> Vec<String> {
        let names = spec[list].as_array().unwrap().iter();
        names.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(declared("params"), ["file", "shard", "report", "arguments", "image"]);
    assert_eq!(declared("workspaces"), ["source", "auth"]);
    let defaults = spec["params"].as_array().unwrap().iter();
    assert!(defaults.clone().all(|param| !param["default"].is_null()));

    let scene = Scene::new();
    for index in 0..3 {
        let (shard, report) = (format!("{index}/3"), format!("shard-{index}.json"));
        let values = [
            ("$(params.file)", "longshore.yaml"),
            ("$(params.shard)", &shard),
            ("$(params.report)", &report),
        ];
        let mut arguments = words(&step["args"]);
        assert_eq!(arguments.pop().unwrap(), "$(params.arguments[*])");
        let mut arguments: Vec<String> =
            arguments.iter().map(|word| filled(word, &values, "$(")).collect();
        arguments.push("--no-referrers".to_owned());
        let ran = scene.run(&arguments, &variables([("DOCKER_CONFIG", String::new())]));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    scene.is_whole();
    scene.is_told(3);
}

#[test]
fn the_action_makes_together_what_one_run_makes() {
    need!("docker-registry", "bash");
    let action = documents(ACTION).remove(0);
    assert_eq!(action["runs"]["using"], "composite");
    let inputs = action["inputs"].as_object().unwrap();
    for (name, input) in inputs {
        assert!(input["description"].is_string() && input["default"].is_string(), "{name}");
    }
    let steps = action["runs"]["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["shell"] == "bash"));
    // What comes from outside is never a part of a script.
    assert!(steps.iter().all(|step| !step["run"].as_str().unwrap().contains("${{")));

    let scene = Scene::new();
    for index in 0..2 {
        let (shard, report) = (format!("{index}/2"), format!("shard-{index}.json"));
        let given = |name: &str| match name {
            "shard" => shard.clone(),
            "report" => report.clone(),
            "arguments" => "--no-referrers\n--jobs\n2\n".to_owned(),
            other => inputs[other]["default"].as_str().unwrap().to_owned(),
        };
        for step in steps {
            let mut variables = variables([("GITHUB_PATH", "path".to_owned())]);
            for (name, value) in step["env"].as_object().unwrap() {
                let value = value.as_str().unwrap();
                let input = value.strip_prefix("${{ inputs.").and_then(|v| v.strip_suffix(" }}"));
                let value = input.map_or_else(|| value.to_owned(), given);
                variables.insert(name.clone(), value);
            }
            scene.script(step["run"].as_str().unwrap(), &variables);
        }
    }
    scene.is_whole();
    scene.is_told(2);
    let junit = fs::read_to_string(scene.shell.path("longshore-junit.xml")).unwrap();
    assert!(junit.contains("longshore mirror 1/2"), "{junit}");
}

#[test]
fn the_action_is_built_from_the_source_that_it_came_with() {
    let action = documents(ACTION).remove(0);
    let source = action["runs"]["steps"][0]["env"]["SOURCE"].as_str().unwrap();
    let source =
        source.replace("${{ github.action_path }}", &folder().join("github").display().to_string());
    assert!(Path::new(&source).join("Cargo.toml").is_file(), "{source}");
}

#[test]
fn the_jobs_of_the_template_make_together_what_one_run_makes() {
    need!("docker-registry", "bash");
    let template = documents(TEMPLATE).remove(0);
    let (mirror, report) = (&template["longshore-mirror"], &template["longshore-report"]);
    for job in [mirror, report] {
        assert_eq!(job["extends"], ".longshore");
    }
    assert_eq!(report["needs"], json!(["longshore-mirror"]));
    assert_eq!(
        (&report["when"], &mirror["artifacts"]["when"]),
        (&json!("always"), &json!("always"))
    );
    assert_eq!(mirror["artifacts"]["paths"], json!(["shard-*.json"]));
    let count = usize::try_from(mirror["parallel"].as_u64().unwrap()).unwrap();
    let script = |job: &Value| {
        let lines = [words(&template[".longshore"]["before_script"]), words(&job["script"])];
        lines.concat().join("\n")
    };

    let scene = Scene::new();
    let given: BTreeMap<String, String> = template["variables"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    for index in 1..=count {
        let mut given = given.clone();
        given.insert("CI_NODE_INDEX".to_owned(), index.to_string());
        given.insert("CI_NODE_TOTAL".to_owned(), count.to_string());
        given.insert("DOCKER_AUTH_CONFIG".to_owned(), "{\"auths\": {}}".to_owned());
        scene.script(&script(mirror), &given);
    }
    scene.script(&script(report), &given);
    scene.is_whole();
    scene.is_told(count);
    let junit = fs::read_to_string(scene.shell.path("longshore-junit.xml")).unwrap();
    assert!(junit.contains(&format!("tests=\"{WANTED}\" failures=\"0\"")), "{junit}");
}

#[test]
fn the_image_has_little_and_runs_as_nobody() {
    let containerfile = text("Containerfile");
    let lines = || containerfile.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let stages: Vec<&str> = lines().filter(|line| line.starts_with("FROM ")).collect();
    assert_eq!(stages.len(), 3);
    // The final images are of the release that the binary was linked on.
    assert!(stages[0].contains("bookworm") && stages[1..].iter().all(|s| s.contains("debian12")));
    assert!(stages[2].ends_with(":nonroot"));
    let last: Vec<&str> = lines().skip_while(|line| *line != stages[2]).skip(1).collect();
    assert!(last.contains(&"USER 65532:65532") && last.contains(&"ENV HOME=/tmp"));
    assert!(last.contains(&"ENTRYPOINT [\"/usr/local/bin/longshore\"]"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copied =
        lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|c| !c.starts_with("--"));
    for path in copied.flat_map(|line| line.rsplit_once(' ').unwrap().0.split(' ')) {
        assert!(root.join(path).exists(), "{path}");
    }
}
