//! Where the results of a command go: files and directories in which nothing that was signed or recorded is ever overwritten.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

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

/// Opens one file to write at its end, which must not be there yet.
pub fn create_new(out: &Path, option: &str) -> Result<File, Failure> {
    let opened = File::options().append(true).create_new(true).open(out);
    opened.map_err(|error| not_new(out, option, &error))
}

fn not_new(out: &Path, option: &str, error: &io::Error) -> Failure {
    if error.kind() != io::ErrorKind::AlreadyExists {
        return Failure::cannot_write(out, error);
    }
    let out = out.display();
    Failure::usage(format!(
        "{out} is there already; name another with {option}, so that nothing is overwritten"
    ))
}

/// Writes one file, which must not be there yet.
pub fn write_new(out: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = create_new(out, "--out")?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| Failure::cannot_write(out, &e))
}

/// Writes beside the target and renames, so that no reader ever sees half a file.
pub fn write_atomically(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let target = directory.join(name);
    let written = beside(directory, bytes).and_then(|file| file.persist(&target).map_err(|e| e.error));
    written.map(drop).map_err(|e| Failure::cannot_write(&target, &e))
}

/// The same for what is signed: it must not be there yet.
pub fn write_signed(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let target = directory.join(name);
    let renamed = beside(directory, bytes).and_then(|file| match file.persist_noclobber(&target) {
        Err(refused) if refused.error.kind() != io::ErrorKind::AlreadyExists && !target.exists() => {
            // Some file systems cannot rename in that way at all.
            refused.file.persist(&target).map_err(|e| e.error)
        }
        renamed => renamed.map_err(|e| e.error),
    });
    renamed.map(drop).map_err(|error| not_new(&target, "--out", &error))
}

/// A whole file that has no name of its own yet, for whom the umask lets read it. Errors do not tell the one it has, which nobody chose.
fn beside(directory: &Path, bytes: &[u8]) -> io::Result<NamedTempFile<File>> {
    let create = |path: &Path| File::options().write(true).create_new(true).open(path);
    let mut file = tempfile::Builder::new().make_in(directory, create)?;
    file.as_file_mut().write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}
