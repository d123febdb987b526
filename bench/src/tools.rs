//! The tools, and how each is told to do a job. Each is called as its documentation advises for the job: the command
//! for many images where it has one, a loop of four at a time where it has not.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::corpus::{Image, Set, TAG};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// The plain loop, with so many threads.
    Floor(usize),
    Longshore,
    Skopeo,
    Crane,
    Regclient,
    Oc,
    Ocync,
    Oras,
}

pub(crate) const PEERS: [Tool; 6] =
    [Tool::Skopeo, Tool::Crane, Tool::Regclient, Tool::Oc, Tool::Ocync, Tool::Oras];

/// Where images are to go.
pub(crate) enum Target {
    Layout(PathBuf),
    Registries(Vec<String>),
}

/// What the destinations have before the run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    Nothing,
    Everything,
}

/// What a tool is told that it is to copy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    /// Each image.
    Images,
    /// Repositories, and all tags that they have.
    Repositories,
}

/// What one run is to do.
pub(crate) struct Job<'a> {
    pub(crate) set: &'a Set,
    /// The address of the registry that has the images.
    pub(crate) source: &'a str,
    pub(crate) target: &'a Target,
    pub(crate) before: Before,
    pub(crate) wants: Wants,
    /// A folder for lists and settings.
    pub(crate) home: &'a Path,
}

impl Job<'_> {
    /// Source and destination of each copy, without a transport.
    fn pairs(&self) -> Vec<(String, String)> {
        let Target::Registries(registries) = self.target else {
            return Vec::new();
        };
        let name = |address: &str, image: &Image| {
            let Image { repository, tag, .. } = image;
            format!("{address}/{repository}:{tag}")
        };
        let of_registry = |registry: &String| {
            let images = self.set.images.iter();
            images
                .map(|image| (name(self.source, image), name(registry, image)))
                .collect::<Vec<_>>()
        };
        registries.iter().flat_map(of_registry).collect()
    }

    /// The one image of a pull.
    fn image(&self) -> String {
        format!("{}/{}:{TAG}", self.source, self.set.images[0].repository)
    }

    /// A line for each copy, written to a file.
    fn list(&self, line: impl Fn(&str, &str) -> String) -> Result<String> {
        let lines: Vec<_> = self.pairs().iter().map(|(from, to)| line(from, to) + "\n").collect();
        self.write("list", &lines.concat())
    }

    fn write(&self, name: &str, text: &str) -> Result<String> {
        let path = self.home.join(name);
        fs::write(&path, text)?;
        Ok(path.display().to_string())
    }

    /// `words SOURCE DESTINATION` for each copy, four at a time.
    fn each(&self, words: &str, prefix: &str) -> Result<String> {
        if let [(from, to)] = &self.pairs()[..] {
            return Ok(format!("{words} {prefix}{from} {prefix}{to}"));
        }
        let list = self.list(|from, to| format!("{prefix}{from} {prefix}{to}"))?;
        Ok(format!("xargs -a {list} -n 2 -P 4 {words}"))
    }
}

impl Tool {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Floor(1) => "floor, one thread".to_owned(),
            Self::Floor(threads) => format!("floor, {threads} threads"),
            Self::Longshore => "longshore".to_owned(),
            Self::Skopeo => "skopeo".to_owned(),
            Self::Crane => "crane".to_owned(),
            Self::Regclient => "regctl/regsync".to_owned(),
            Self::Oc => "oc".to_owned(),
            Self::Ocync => "ocync".to_owned(),
            Self::Oras => "oras".to_owned(),
        }
    }

    /// Where the programs are; none if one of them is missing.
    pub(crate) fn programs(self) -> Option<Vec<PathBuf>> {
        let names: &[&str] = match self {
            Self::Floor(_) => return Some(vec![env::current_exe().ok()?]),
            Self::Longshore => {
                let own = env::current_exe().ok()?.with_file_name("longshore");
                return own.exists().then(|| vec![own]);
            }
            Self::Skopeo => &["skopeo"],
            Self::Crane => &["crane"],
            Self::Regclient => &["regctl", "regsync"],
            Self::Oc => &["oc"],
            Self::Ocync => &["ocync"],
            Self::Oras => &["oras"],
        };
        let peers = env::var_os("PEERS").map(PathBuf::from);
        let path = env::var_os("PATH").unwrap_or_default();
        let folders: Vec<_> = peers.into_iter().chain(env::split_paths(&path)).collect();
        let find = |name: &&str| {
            folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file())
        };
        names.iter().map(find).collect()
    }

    /// How the tool is asked for its version.
    pub(crate) fn version_words(self) -> &'static [&'static str] {
        match self {
            Self::Floor(_) => &[],
            Self::Longshore | Self::Skopeo => &["--version"],
            Self::Crane | Self::Regclient | Self::Ocync | Self::Oras => &["version"],
            Self::Oc => &["version", "--client"],
        }
    }

    /// The words of the command; none if the tool has no way to do this job.
    pub(crate) fn command(self, job: &Job) -> Result<Option<Vec<String>>> {
        let Some(programs) = self.programs() else {
            return Ok(None);
        };
        let program = programs[0].display().to_string();
        let line = match job.target {
            Target::Layout(layout) => self.pull(&program, job, &layout.display().to_string())?,
            Target::Registries(registries) => match job.wants {
                Wants::Images => self.copy(&programs, &program, job, registries)?,
                Wants::Repositories => self.sync(&programs, &program, job, registries)?,
            },
        };
        Ok(line.map(|line| line.split(' ').map(str::to_owned).collect()))
    }

    fn pull(self, program: &str, job: &Job, layout: &str) -> Result<Option<String>> {
        let (source, image) = (job.source, job.image());
        Ok(Some(match self {
            Self::Floor(threads) => {
                let blobs = job.write("blobs", &serde_json::to_string(&job.set.blobs)?)?;
                format!("{program} floor pull {threads} {blobs} {source} {layout}")
            }
            Self::Longshore => format!("{program} pull -q --plain-http {image} oci:{layout}:{TAG}"),
            Self::Skopeo => format!(
                "{program} --insecure-policy copy -q --all --src-tls-verify=false docker://{image} oci:{layout}:{TAG}"
            ),
            Self::Crane => format!("{program} pull --insecure --format=oci {image} {layout}"),
            Self::Regclient => format!(
                "{program} --host reg={source},tls=disabled image copy {image} ocidir://{layout}:{TAG}"
            ),
            // Not an OCI layout but a folder as the registry keeps it: the same bytes.
            Self::Oc => format!(
                "{program} image mirror --insecure=true --keep-manifest-list=true --filter-by-os=.* --dir={layout} {image} file://image:{TAG}"
            ),
            Self::Oras => {
                format!("{program} cp --from-plain-http --to-oci-layout {image} {layout}:{TAG}")
            }
            Self::Ocync => return Ok(None),
        }))
    }

    /// Keeps all tags of repositories in step; none if the tool has no command for that.
    fn sync(
        self,
        programs: &[PathBuf],
        program: &str,
        job: &Job,
        registries: &[String],
    ) -> Result<Option<String>> {
        let [registry] = registries else { return Ok(None) };
        Ok(Some(match self {
            Self::Longshore => {
                let rules = job.write("tag-sync.yaml", &tag_sync(job, registry))?;
                format!("{program} tag-sync run -q {rules}")
            }
            Self::Skopeo => {
                let (list, folder) = skopeo_sync(job);
                let list = job.write("sync.yml", &list)?;
                format!(
                    "{program} --insecure-policy sync --all --src yaml --dest docker --src-tls-verify=false \
                     --dest-tls-verify=false {list} {registry}/{folder}"
                )
            }
            Self::Regclient => {
                let config = job.write("regsync.yml", &regsync(job, registries))?;
                format!("{} once -c {config}", programs[1].display())
            }
            Self::Ocync => {
                let config = job.write("ocync.yml", &ocync(job, registries))?;
                format!("{program} -q sync -c {config}")
            }
            Self::Floor(_) | Self::Crane | Self::Oc | Self::Oras => return Ok(None),
        }))
    }

    fn copy(
        self,
        programs: &[PathBuf],
        program: &str,
        job: &Job,
        registries: &[String],
    ) -> Result<Option<String>> {
        Ok(Some(match self {
            Self::Floor(threads) => {
                let blobs = job.write("blobs", &serde_json::to_string(&job.set.blobs)?)?;
                let registries = registries.join(",");
                format!("{program} floor copy {threads} {blobs} {} {registries}", job.source)
            }
            Self::Longshore => {
                let words = format!("{program} mirror -q --no-referrers --src-plain-http --dest-plain-http");
                match (&job.set.images[..], registries) {
                    ([image], _) => {
                        let place = |address| format!(" {address}/{}:{TAG}", image.repository);
                        let places = registries.iter().map(place).collect::<String>();
                        format!("{words}{}{places}", place(&job.source.to_owned()))
                    }
                    _ => format!("{words} -f {}", job.list(|from, to| format!("{from} {to}"))?),
                }
            }
            // `sync` skips what is there and copies one image after the other; a loop of copies is faster with new ones.
            Self::Skopeo => match (job.before, registries) {
                (Before::Everything, [registry]) => {
                    let (list, folder) = skopeo_sync(job);
                    let list = job.write("sync.yml", &list)?;
                    format!(
                        "{program} --insecure-policy sync --all --src yaml --dest docker --src-tls-verify=false \
                         --dest-tls-verify=false {list} {registry}/{folder}"
                    )
                }
                _ => job.each(
                    &format!(
                        "{program} --insecure-policy copy -q --all --src-tls-verify=false --dest-tls-verify=false"
                    ),
                    "docker://",
                )?,
            },
            Self::Crane => job.each(&format!("{program} copy --insecure"), "")?,
            Self::Oras => job.each(&format!("{program} cp --from-plain-http --to-plain-http"), "")?,
            Self::Oc => {
                let list = job.list(|from, to| format!("{from}={to}"))?;
                format!(
                    "{program} image mirror --insecure=true --keep-manifest-list=true --filter-by-os=.* -f {list}"
                )
            }
            Self::Regclient => {
                let config = job.write("regsync.yml", &regsync(job, registries))?;
                format!("{} once -c {config}", programs[1].display())
            }
            Self::Ocync => {
                let config = job.write("ocync.yml", &ocync(job, registries))?;
                format!("{program} -q sync -c {config}")
            }
        }))
    }
}

/// The list for `skopeo sync`, and the folder of the registry that it is to write to: it keeps no more than the last
/// part of a name.
fn skopeo_sync<'a>(job: &Job<'a>) -> (String, &'a str) {
    let tags = match job.wants {
        Wants::Images => TAG,
        Wants::Repositories => "",
    };
    let line = |repository: &str| format!("    {repository}: [{tags}]\n");
    let lines: String = job.set.repositories().into_iter().map(line).collect();
    let folder = job.set.images[0].repository.split_once('/').map_or("", |(folder, _)| folder);
    (format!("\"{}\":\n  tls-verify: false\n  images:\n{lines}", job.source), folder)
}

/// The rules of longshore, one for each repository. As with the peers, what refers to images stays.
fn tag_sync(job: &Job, registry: &str) -> String {
    let source = job.source;
    let rule = |name| format!("- {{source: {source}/{name}, to: {registry}/{name}}}\n");
    let rules: String = job.set.repositories().into_iter().map(rule).collect();
    format!(
        "version: 1\ndefaults: {{referrers: false}}\nregistries:\n  {source}: {{plain-http: true}}\n  \
         {registry}: {{plain-http: true}}\nrules:\n{rules}"
    )
}

/// The settings of regsync: one step for each copy, four at a time.
fn regsync(job: &Job, registries: &[String]) -> String {
    let hosts = registries.iter().map(String::as_str).chain([job.source]);
    let hosts: String =
        hosts.map(|host| format!("  - registry: {host}\n    tls: disabled\n")).collect();
    let step = |kind: &str, from: &str, to: &str| {
        format!("  - source: {from}\n    target: {to}\n    type: {kind}\n")
    };
    let steps: String = match job.wants {
        Wants::Images => job.pairs().iter().map(|(from, to)| step("image", from, to)).collect(),
        Wants::Repositories => {
            let all = job.set.repositories().into_iter();
            let at = |address: &str, repository: &str| format!("{address}/{repository}");
            let to = |repository| at(&registries[0], repository);
            all.map(|name| step("repository", &at(job.source, name), &to(name))).collect()
        }
    };
    format!("version: 1\ncreds:\n{hosts}defaults:\n  parallel: 4\nsync:\n{steps}")
}

/// The settings of ocync, whose parallelism is left at its default. Its mappings are of repositories, so they are
/// the same for all destinations.
fn ocync(job: &Job, registries: &[String]) -> String {
    let registry = |name: String, address: &str| {
        format!("  {name}:\n    url: http://{address}\n    auth_type: anonymous\n")
    };
    let targets = registries.iter().enumerate();
    let hosts: String =
        targets.clone().map(|(at, address)| registry(format!("target{at}"), address)).collect();
    let group: String = targets.map(|(at, _)| format!("    - target{at}\n")).collect();
    let repositories = job.set.repositories().into_iter();
    let mappings: String =
        repositories.map(|name| format!("  - from: {name}\n    to: {name}\n")).collect();
    let tags = match job.wants {
        Wants::Images => TAG,
        Wants::Repositories => "*",
    };
    format!(
        "registries:\n{}{hosts}target_groups:\n  all:\n{group}defaults:\n  source: source\n  targets: all\n  \
         artifacts:\n    enabled: false\n  tags:\n    glob: \"{tags}\"\nmappings:\n{mappings}",
        registry("source".to_owned(), job.source)
    )
}
