//! A file that is there whole or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// A file that appears under its name only when [`WholeFile::finish`] has returned: until then, and if it never
/// does, a temporary file beside it is all there is, which is removed when this value is dropped.
#[derive(Debug)]
pub struct WholeFile {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl WholeFile {
    /// Begins the file that will stand at `path`.
    ///
    /// # Errors
    /// When no file can be made in that folder.
    pub fn create(path: &Path) -> io::Result<Self> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".accunode-").suffix(".part");
        #[cfg(unix)]
        {
            // As any new file: the user's mask decides who may read it.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        Ok(Self { file: BufWriter::new(builder.tempfile_in(folder)?), path: path.to_owned() })
    }

    /// Puts the file in its place, on the disk.
    ///
    /// # Errors
    /// When it cannot be written; the file under the name is then the one that was there before.
    pub fn finish(self) -> io::Result<()> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        let _: File = file.persist(&self.path).map_err(|e| e.error)?;
        Ok(())
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
