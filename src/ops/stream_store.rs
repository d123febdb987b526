//! Which folder image streams are kept in when there is no cluster.

use std::path::{Path, PathBuf};

use crate::config::Env;

/// The folder beside which a person works, as in a repository of git.
const BESIDE: &str = "imagestreams";

/// A user without a home has no place to keep streams in.
#[derive(Debug, thiserror::Error)]
#[error("there is no home folder to keep image streams in: name a folder with --store")]
pub struct NoStreamsHome;

/// The folder that is `named`; else `imagestreams` in the folder `here`, if it is there; else the one in the user's
/// data folder.
///
/// # Errors
/// When none is named and the environment tells no home.
pub fn stream_store(
    named: Option<&Path>,
    here: &Path,
    env: &Env,
) -> Result<PathBuf, NoStreamsHome> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let beside = here.join(BESIDE);
    if beside.is_dir() {
        return Ok(beside);
    }
    env.data_home().map(|data| data.join("longshore").join(BESIDE)).ok_or(NoStreamsHome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_folder_is_taken() {
        let here = tempfile::tempdir().unwrap();
        let env = Env::fake(Path::new("/home/u"), []);
        let store =
            |named: Option<&str>| stream_store(named.map(Path::new), here.path(), &env).unwrap();
        assert_eq!(store(None), Path::new("/home/u/.local/share/longshore/imagestreams"));
        std::fs::create_dir(here.path().join("imagestreams")).unwrap();
        assert_eq!(store(None), here.path().join("imagestreams"));
        assert_eq!(store(Some("there")), Path::new("there"));
        let nowhere = tempfile::tempdir().unwrap();
        assert!(stream_store(None, nowhere.path(), &Env::default()).is_err());
    }
}
