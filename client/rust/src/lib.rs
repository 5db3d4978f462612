//! Tell the task runner vt what the file system cannot show: for tools and build scripts in Rust.
//!
//! ```
//! use vt_client::{get_env, get_envs, ignore_input, ignore_output, Query, Tracking};
//!
//! // A private cache is neither an input nor an output, wherever the tool keeps it.
//! ignore_input(".tool-cache");
//! ignore_output(".tool-cache");
//!
//! // A task's environment is filtered. Ask for what the result depends on.
//! let mode = get_env("MODE", Tracking::Tracked).or_else(|| std::env::var_os("MODE"));
//! for (name, value) in get_envs(Query::Prefix("APP_"), Tracking::Tracked) {
//!     println!("{name:?} is {value:?} in {mode:?}");
//! }
//! ```
//!
//! Outside a runner, and when the runner is gone, every function does nothing; none panics, fails or
//! lets a SIGPIPE through because of it. All may be called by any thread, and in the child of a fork.
//!
//! The channel is described in `proto/PROTOCOL.md` of vt; the names of its parts are used here.
#![cfg(unix)]
#![warn(missing_docs)]

mod channel;
mod connection;
mod files;
mod wire;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use connection::{with_connection, Labelled};
pub use files::{declare_complete, depend_on_exists, depend_on_glob, depend_on_json, PathKind};
use wire::{Answer, Request};

/// Whether the result of the run depends on an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracking {
    /// When a later run would be answered differently, the cached result is not used.
    Tracked,
    /// The answer does not matter to the result.
    Untracked,
}

/// Which variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query<'a> {
    /// A glob over the whole name, such as `APP_*` or `{A,B}_?`.
    Glob(&'a str),
    /// The literal beginning of the name; may be empty.
    Prefix(&'a str),
}

/// Whether a runner listens.
pub fn is_inside_runner() -> bool {
    with_connection(|connection| connection.is_open()).unwrap_or(false)
}

/// The version of the protocol that the runner and this client both speak: what a request demands of
/// it is said in PROTOCOL.md. Asks the runner the first time; 0 outside a runner.
pub fn protocol_version() -> u32 {
    with_connection(|connection| connection.version()).unwrap_or(0)
}

/// Reads, probes and listings at or under `path` are no inputs of this task, whether they happened
/// already or not. For directories that are a tool's own business, such as its cache.
///
/// The path is relative to the working directory of the process and need not exist.
pub fn ignore_input(path: impl AsRef<Path>) {
    report(&Request::IgnoreInput(&absolute(path.as_ref())));
}

/// Writes at or under `path` are no outputs of this task: not kept, not restored.
pub fn ignore_output(path: impl AsRef<Path>) {
    report(&Request::IgnoreOutput(&absolute(path.as_ref())));
}

/// The result of this run is not to be kept. The reason, one line or none, is shown to the user.
pub fn disable_cache(reason: &str) {
    report(&Request::DisableCache(reason));
}

/// The value of a variable in the runner's environment, of which a task's own ([`std::env::var_os`])
/// shows only a part. That is neither asked nor changed. `None` if it is not set there, and outside a
/// runner.
pub fn get_env(name: &str, tracking: Tracking) -> Option<OsString> {
    match ask(&Request::GetEnv(name, tracking)) {
        Some(Answer::Value(value)) => value.map(OsString::from_vec),
        _ => None,
    }
}

/// All variables in the runner's environment whose name matches; none outside a runner.
pub fn get_envs(query: Query<'_>, tracking: Tracking) -> BTreeMap<OsString, OsString> {
    match ask(&Request::GetEnvs(query, tracking)) {
        Some(Answer::Set(variables)) => variables
            .into_iter()
            .map(|(name, value)| (OsString::from_vec(name), OsString::from_vec(value)))
            .collect(),
        _ => BTreeMap::new(),
    }
}

/// What this thread says while `say` runs is said on behalf of `label`, such as `plugin x`: the runner
/// names it where it says who it was.
///
/// ```
/// vt_client::labelled("plugin x", || vt_client::ignore_input(".tool-cache"));
/// ```
pub fn labelled<T>(label: &str, say: impl FnOnce() -> T) -> T {
    let _until_then = Labelled::new(label);
    say()
}

fn report(request: &Request<'_>) {
    with_connection(|connection| connection.report(request));
}

fn ask(request: &Request<'_>) -> Option<Answer> {
    with_connection(|connection| connection.ask(request)).flatten()
}

/// The runner cleans it: `..` is not taken off here, where there may be symbolic links.
fn absolute(path: &Path) -> Vec<u8> {
    if path.is_absolute() {
        return path.as_os_str().as_bytes().to_vec();
    }
    // Without a working directory the path stays relative, to which the runner objects.
    let directory = std::env::current_dir().unwrap_or_default();
    directory.join(path).into_os_string().into_vec()
}
