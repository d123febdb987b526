//! The images beside the streams, each in a file that is named for its digest.

use std::path::PathBuf;

use super::document::{Claim, read, sorted, typed};
use super::{Error, Files, Writer, place};
use crate::imagestream::Image;
use crate::imagestream::api::API_VERSION;
use crate::model::{Algorithm, Digest};
use crate::yaml;

/// The folder of images below the root.
const FOLDER: &str = "images";

impl Files {
    /// An image by its digest, if it is known.
    ///
    /// # Errors
    /// When its file cannot be read, or is not this image.
    pub fn image(&self, digest: &Digest) -> Result<Option<Image>, Error> {
        let Some(path) = self.find(&self.image_folder(digest.algorithm()), digest.hex())? else {
            return Ok(None);
        };
        let Some(text) = self.read(&path)? else { return Ok(None) };
        let claims = [
            Claim::of("apiVersion", API_VERSION),
            Claim::of("kind", "Image"),
            Claim::of("metadata.name", digest.as_str()),
        ];
        let value = read(&path, &text, &claims)?;
        typed(&path, &text, &value).map(Some)
    }

    /// The digests of all images that are known, sorted.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn images(&self) -> Result<Vec<Digest>, Error> {
        let mut found = Vec::new();
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let names = place::names(&self.image_folder(algorithm))?;
            found.extend(names.iter().filter_map(|name| {
                let (hex, _) = place::split(name)?;
                format!("{}:{hex}", algorithm.as_str()).parse::<Digest>().ok()
            }));
        }
        Ok(found)
    }

    fn image_folder(&self, algorithm: Algorithm) -> PathBuf {
        self.root.join(FOLDER).join(algorithm.as_str())
    }
}

impl Writer<'_> {
    /// Keeps an image, named `digest`. What is known of a digest does not change: an image that is there is left, and a
    /// file that is not this image is replaced. Tells whether it was written.
    ///
    /// # Errors
    /// When its file cannot be written.
    pub fn put_image(&self, digest: &Digest, image: &Image) -> Result<bool, Error> {
        let folder = self.files.image_folder(digest.algorithm());
        let path = folder.join(format!("{}.yaml", digest.hex()));
        match self.files.image(digest) {
            Ok(Some(_)) => return Ok(false),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!("image {digest} is written anew: {error}");
                let damaged = self.files.find(&folder, digest.hex())?;
                // One of another form would stand beside the new file.
                damaged
                    .filter(|damaged| *damaged != path)
                    .map_or(Ok(false), |p| self.remove(&p))?;
            }
        }
        let mut image = image.clone();
        image.api_version = API_VERSION.to_owned();
        image.kind = "Image".to_owned();
        image.metadata.name = digest.to_string();
        image.metadata.resource_version = None;
        self.create(&path, &yaml::write(&sorted(&image)))?;
        Ok(true)
    }

    /// Changes what is noted of an image; tells whether it is known. What did not change stays as it is in its file.
    ///
    /// # Errors
    /// When its file cannot be read or written, or is not this image.
    pub fn edit_image(
        &self,
        digest: &Digest,
        change: impl FnOnce(&mut Image),
    ) -> Result<bool, Error> {
        let files = self.files;
        let Some(mut image) = files.image(digest)? else { return Ok(false) };
        let before = image.clone();
        change(&mut image);
        let path = files.find(&files.image_folder(digest.algorithm()), digest.hex())?;
        if let Some(path) = path.filter(|_| image != before)
            && let Some(text) = files.read(&path)?
        {
            self.replace(&path, &yaml::rewrite(&text, &sorted(&image)))?;
        }
        Ok(true)
    }

    /// Forgets an image; tells whether it was known.
    ///
    /// # Errors
    /// When its file cannot be removed.
    pub fn delete_image(&self, digest: &Digest) -> Result<bool, Error> {
        let folder = self.files.image_folder(digest.algorithm());
        match self.files.find(&folder, digest.hex())? {
            Some(path) => self.remove(&path),
            None => Ok(false),
        }
    }
}
