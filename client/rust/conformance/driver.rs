//! The driver of the Rust client for `vt conformance` (client/conformance/README.md).

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::io::FromRawFd;

use vt_client::{Query, Tracking};

fn decode(field: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = if field == "-" { &[] } else { field.as_bytes() };
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match digits
            .filter(|_| byte == b'%')
            .and_then(|text| u8::from_str_radix(text, 16).ok())
        {
            Some(escaped) => {
                bytes.push(escaped);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    bytes
}

fn encode(text: &OsStr) -> String {
    if text.is_empty() {
        return "-".into();
    }
    let mut field = String::new();
    for &byte in text.as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'_' => field.push(byte.into()),
            _ => field.push_str(&format!("%{byte:02X}")),
        }
    }
    field
}

fn text(field: &str) -> String {
    String::from_utf8(decode(field)).expect("the kit sends names and reasons in UTF-8")
}

fn path(field: &str) -> OsString {
    OsString::from_vec(decode(field))
}

fn tracking(word: &str) -> Tracking {
    if word == "tracked" {
        Tracking::Tracked
    } else {
        Tracking::Untracked
    }
}

fn perform(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["ignore-input", field] => vt_client::ignore_input(path(field)),
        ["ignore-output", field] => vt_client::ignore_output(path(field)),
        ["disable-cache", reason] => vt_client::disable_cache(&text(reason)),
        ["chdir", directory] => std::env::set_current_dir(path(directory)).expect("a directory"),
        ["inside"] => {
            return if vt_client::is_inside_runner() {
                "yes"
            } else {
                "no"
            }
            .into()
        }
        ["version"] => return format!("value {}", vt_client::protocol_version()),
        ["get-env", name, mode] => {
            return match vt_client::get_env(&text(name), tracking(mode)) {
                Some(value) => format!("value {}", encode(&value)),
                None => "absent".into(),
            }
        }
        ["get-envs", kind, pattern, mode] => {
            let pattern = text(pattern);
            let query = if kind == "glob" {
                Query::Glob(&pattern)
            } else {
                Query::Prefix(&pattern)
            };
            let mut answer = String::from("set");
            for (name, value) in vt_client::get_envs(query, tracking(mode)) {
                answer.push_str(&format!(" {}={}", encode(&name), encode(&value)));
            }
            return answer;
        }
        ["fork", ..] => return in_child(&line["fork ".len()..]),
        ["threads", count, ..] => {
            let operation = &line[format!("threads {count} ").len()..];
            return in_threads(count.parse().expect("a number"), operation);
        }
        _ => return "unsupported".into(),
    }
    "ok".into()
}

fn in_child(operation: &str) -> String {
    let mut ends = [0; 2];
    // SAFETY: this thread is the only one when an operation is forked; the child leaves by _exit.
    unsafe {
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        let child = libc::fork();
        if child == 0 {
            let mut writer = std::fs::File::from_raw_fd(ends[1]);
            writer
                .write_all(perform(operation).as_bytes())
                .expect("a reader");
            libc::_exit(0);
        }
        drop(std::fs::File::from_raw_fd(ends[1]));
        let mut answer = String::new();
        std::fs::File::from_raw_fd(ends[0])
            .read_to_string(&mut answer)
            .expect("UTF-8");
        libc::waitpid(child, std::ptr::null_mut(), 0);
        answer
    }
}

fn in_threads(count: usize, operation: &str) -> String {
    let answers: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|_| scope.spawn(|| perform(operation)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    match answers.iter().all(|answer| *answer == answers[0]) {
        true => answers[0].clone(),
        false => "different".into(),
    }
}

fn main() -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        println!("{}", perform(&line?));
        io::stdout().flush()?;
    }
    Ok(())
}
