//! Libraries of the vendor's where the machine has them: found by name or in the usual places, never linked and never needed.
//! Owns finding and loading, and what file it was; must not know what any of them does.
#![allow(unsafe_code)]

mod places;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libloading::Library;

use super::api;

/// What is looked for.
pub struct Sought {
    /// The variable that names one file, and no other is tried then.
    pub variable: &'static str,
    /// As messages say it.
    pub stem: &'static str,
    /// Names of files, the best first.
    pub names: Vec<String>,
}

/// A loaded library. What its file is stands in evidence, as for the driver's: whoever lends the machine chooses it.
pub struct Loaded {
    /// `None` where the system does not tell.
    pub path: Option<PathBuf>,
    digest: OnceLock<Option<String>>,
    /// What the functions lie in.
    _library: Library,
}

impl Loaded {
    /// By the address of one of its functions.
    pub fn with(library: Library, function: usize) -> Self {
        Self { path: api::file_at(function as u64), digest: OnceLock::new(), _library: library }
    }

    /// SHA-256 of the file, lower-case hex. It has hundreds of megabytes, so that only who needs the digest pays for it.
    pub fn digest(&self) -> Option<&str> {
        self.digest.get_or_init(|| api::digest(self.path.as_deref()?)).as_deref()
    }
}

/// The first that `open` can use, or why there is none.
pub fn find<T>(sought: &Sought, open: impl Fn(Library) -> Result<T, String>) -> Result<T, String> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let mut refusals = Vec::new();
    for place in places::places(sought, &variable, Path::new("/")) {
        // SAFETY: loading a library runs its initialisers, which the worker process is there to contain.
        let used = match unsafe { Library::new(&place) } {
            // A bare name that the loader does not know.
            Err(_) if place.parent() == Some(Path::new("")) => continue,
            loaded => loaded.map_err(|error| reason(&error)).and_then(&open),
        };
        match used {
            Ok(library) => return Ok(library),
            Err(why) => refusals.push(format!("{} cannot be used: {why}", place.display())),
        }
    }
    let Sought { variable, stem, .. } = sought;
    let not_found = format!(
        "no {stem} is on the loader's path, in a CUDA toolkit, or among the nvidia packages of a Python; {variable} can name its file"
    );
    Err(refusals.into_iter().next().unwrap_or(not_found))
}

/// What the loader itself says, where it says something.
fn reason(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// A table of functions, which a library has all of or cannot be used.
macro_rules! functions {
    ($(#[$about:meta])* $($name:ident($($argument:ty),*) -> $answer:ty;)*) => {
        $(#[$about])*
        pub struct Functions {
            $(pub $name: unsafe extern "C" fn($($argument),*) -> $answer,)*
        }

        impl Functions {
            fn resolve(library: &libloading::Library) -> Result<Self, String> {
                Ok(Self {
                    // SAFETY: the library's documentation gives the function of this name this signature.
                    $($name: *unsafe { library.get(stringify!($name)) }
                        .map_err(|_| format!("it has no function {}", stringify!($name)))?,)*
                })
            }
        }
    };
}
pub(super) use functions;
