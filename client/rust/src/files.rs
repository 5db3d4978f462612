//! What the result depends on in place of the files that are looked at to find it out.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::connection::with_connection;
use crate::wire::{Answer, Request};
use crate::{absolute, ask, report};

/// What is at a path, symlinks followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// Nothing, or what cannot be looked at.
    Absent,
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A device, FIFO or socket.
    Other,
}

/// The result depends on whether something is at `path`, and what kind of thing; not on its size, times
/// and content, even if this process looks at it from now on, as [`std::fs::metadata`] does.
///
/// `None` outside a runner: look yourself.
pub fn depend_on_exists(path: impl AsRef<Path>) -> Option<PathKind> {
    let path = absolute(path.as_ref());
    let since = &moment();
    match ask(&Request::DependOnExists { path: &path, since }) {
        Some(Answer::Kind(1)) => Some(PathKind::Absent),
        Some(Answer::Kind(2)) => Some(PathKind::File),
        Some(Answer::Kind(3)) => Some(PathKind::Directory),
        Some(Answer::Kind(number)) if number > 3 => Some(PathKind::Other),
        _ => None,
    }
}

/// The result depends on which files match, not on what is in them, nor on other names beside them. From
/// now on the directories that this process lists to find them are no dependencies of their own.
///
/// Globs, such as `src/**/*.rs`, and the answer are relative to `directory`; it is sorted. `None` outside
/// a runner: look yourself.
pub fn depend_on_glob(
    directory: impl AsRef<Path>,
    include: &[&str],
    exclude: &[&str],
) -> Option<Vec<PathBuf>> {
    let directory = absolute(directory.as_ref());
    let answer = ask(&Request::DependOnGlob {
        directory: &directory,
        include,
        exclude,
        since: &moment(),
    });
    match answer {
        Some(Answer::Paths(paths)) => {
            let paths = paths.into_iter().map(OsString::from_vec);
            Some(paths.map(PathBuf::from).collect())
        }
        _ => None,
    }
}

/// The result depends on one value in a JSON file, not on the rest of it, even if this process reads the
/// file from now on. What it read before counts as ever.
///
/// `pointer` is one of RFC 6901, such as `/dependencies/vite`; empty for the whole, but for its layout. The
/// value is JSON; `None` if there is none, and outside a runner.
pub fn depend_on_json(path: impl AsRef<Path>, pointer: &str) -> Option<String> {
    let path = absolute(path.as_ref());
    let answer = ask(&Request::DependOnJson {
        path: &path,
        pointer,
        since: &moment(),
    });
    match answer {
        Some(Answer::Value(value)) => value.and_then(|json| String::from_utf8(json).ok()),
        _ => None,
    }
}

/// This process, and every one it starts, reads and writes nothing but these files. For what the runner
/// cannot trace; what it sees all the same counts as ever. A directory stands for all files below it.
///
/// `process` is the pid of the process that it is said of, if not this one.
pub fn declare_complete<P: AsRef<Path>>(inputs: &[P], outputs: &[P], process: Option<u32>) {
    let absolute = |paths: &[P]| -> Vec<Vec<u8>> {
        let paths = paths.iter().map(AsRef::as_ref);
        paths.map(absolute).collect()
    };
    report(&Request::DeclareComplete {
        inputs: &absolute(inputs),
        outputs: &absolute(outputs),
        process: process.unwrap_or(0),
    });
}

/// Marks the moment from which on looks are for the question.
fn moment() -> String {
    with_connection(|connection| connection.begin_question()).unwrap_or_default()
}
