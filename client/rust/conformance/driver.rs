//! The driver of the Rust client for `vt conformance` (client/conformance/README.md).

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::io::FromRawFd;

use vt_client::{PathKind, Query, Tracking};

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

/// The fields of a list.
fn list<T>(field: &str, each: impl Fn(&str) -> T) -> Vec<T> {
    match field {
        "-" => Vec::new(),
        _ => field.split(',').map(each).collect(),
    }
}

/// The string that a JSON value is; all else as JSON.
fn read_string(json: &str) -> String {
    let inner = match json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(inner) => inner,
        None => return json.into(),
    };
    let mut units = Vec::new();
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        let unescaped = match (char, if char == '\\' { chars.next() } else { None }) {
            (_, None) => char,
            (_, Some('b')) => '\u{8}',
            (_, Some('f')) => '\u{c}',
            (_, Some('n')) => '\n',
            (_, Some('r')) => '\r',
            (_, Some('t')) => '\t',
            (_, Some('u')) => {
                let digits: String = chars.by_ref().take(4).collect();
                units.push(u16::from_str_radix(&digits, 16).expect("four hexadecimal digits"));
                continue;
            }
            (_, Some(other)) => other,
        };
        units.extend_from_slice(unescaped.encode_utf16(&mut [0; 2]));
    }
    String::from_utf16(&units).expect("whole surrogates")
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
        ["depend-on-exists", field] => {
            return match vt_client::depend_on_exists(path(field)) {
                Some(PathKind::Absent) => "value absent",
                Some(PathKind::File) => "value file",
                Some(PathKind::Directory) => "value directory",
                Some(PathKind::Other) => "value other",
                None => "absent",
            }
            .into()
        }
        ["depend-on-json", file, pointer] => {
            return match vt_client::depend_on_json(path(file), &text(pointer)) {
                Some(json) => format!("value {}", encode(read_string(&json).as_ref())),
                None => "absent".into(),
            }
        }
        ["depend-on-glob", include, exclude] => {
            let (include, exclude) = (list(include, text), list(exclude, text));
            let include: Vec<&str> = include.iter().map(String::as_str).collect();
            let exclude: Vec<&str> = exclude.iter().map(String::as_str).collect();
            return match vt_client::depend_on_glob(".", &include, &exclude) {
                Some(found) => found.iter().fold("paths".into(), |answer, path| {
                    format!("{answer} {}", encode(path.as_os_str()))
                }),
                None => "absent".into(),
            };
        }
        ["declare-complete", inputs, outputs] => {
            vt_client::declare_complete(&list(inputs, path), &list(outputs, path), None)
        }
        ["labelled", label, ..] => {
            let operation = &line[format!("labelled {label} ").len()..];
            return vt_client::labelled(&text(label), || perform(operation));
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
