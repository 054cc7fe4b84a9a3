//! Where the results of a command go: files and directories in which nothing is ever overwritten.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Failure;

/// The public half of the key that signed.
pub const PUBLIC_KEY: &str = "signer.pub.pem";

/// The directory `asked` for, else a new one with `prefix` and the time. One that holds one of `names` is left alone.
pub fn directory(asked: Option<&Path>, prefix: &str, names: &[&str]) -> Result<PathBuf, Failure> {
    let out = asked.map_or_else(
        || PathBuf::from(format!("{prefix}-{}", jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ"))),
        Path::to_path_buf,
    );
    for name in names {
        let file = out.join(name);
        if file.exists() {
            return Err(Failure::usage(format!(
                "{} is there already; name another directory with --out, so that nothing is overwritten",
                file.display()
            )));
        }
    }
    std::fs::create_dir_all(&out).map_err(|e| Failure::cannot_write(&out, &e))?;
    Ok(out)
}

/// Writes one file, which must not be there yet.
pub fn write_new(out: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = File::options()
        .write(true)
        .create_new(true)
        .open(out)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|error| {
        if error.kind() != io::ErrorKind::AlreadyExists {
            return Failure::cannot_write(out, &error);
        }
        let out = out.display();
        Failure::usage(format!(
            "{out} is there already; name another with --out, so that nothing is overwritten"
        ))
    })
}

/// Writes beside the target and renames, so that no reader ever sees half a file.
pub fn write_atomically(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let target = directory.join(name);
    let failed = |error: &io::Error| Failure::cannot_write(&target, error);
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(|e| failed(&e))?;
    file.write_all(bytes).map_err(|e| failed(&e))?;
    readable_by_all(file.as_file()).and_then(|()| file.as_file().sync_all()).map_err(|e| failed(&e))?;
    file.persist(&target).map_err(|e| failed(&e.error))?;
    Ok(())
}

/// Temporary files are private; results are not.
fn readable_by_all(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    let _ = file;
    Ok(())
}
