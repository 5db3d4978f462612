//! The messages of `vt/ipc/v1/ipc.proto`, as far as a client needs them, in their bytes.
//!
//! Written by hand rather than generated: a tool that uses this crate then needs no protoc to be
//! built, and need not agree with it about a version of a protobuf library. The vectors of the
//! protocol are the test.

use crate::{Query, Tracking};

/// The protocol version this client speaks.
pub const PROTOCOL_VERSION: u32 = 1;

const MAX_FRAME_BYTES: usize = 512;
/// Most bytes of a reply without its length.
pub const MAX_REPLY_BYTES: usize = 16 << 20;
/// What is left of a frame for a chunk when every header field has its greatest length.
const CHUNK_BYTES: usize = MAX_FRAME_BYTES - 35;
/// What every frame starts with after its length: the tag of the first field and the magic.
const MARK: [u8; 5] = [0x0d, 0xf6, 0x76, 0x74, 0xf7];

/// What is said or asked.
pub enum Request<'a> {
    Hello,
    IgnoreInput(&'a [u8]),
    IgnoreOutput(&'a [u8]),
    DisableCache(&'a str),
    GetEnv(&'a str, Tracking),
    GetEnvs(Query<'a>, Tracking),
    OpenReplies,
    DeclareComplete {
        inputs: &'a [Vec<u8>],
        outputs: &'a [Vec<u8>],
        process: u32,
    },
    DependOnGlob {
        directory: &'a [u8],
        include: &'a [&'a str],
        exclude: &'a [&'a str],
        since: &'a str,
    },
    DependOnExists {
        path: &'a [u8],
        since: &'a str,
    },
    DependOnJson {
        path: &'a [u8],
        pointer: &'a str,
        since: &'a str,
    },
}

impl Request<'_> {
    /// The encoded Request; `label`: on whose behalf.
    pub fn encode(&self, label: &str) -> Vec<u8> {
        let mut fields = Vec::new();
        let kind = match *self {
            Request::Hello => {
                put_number(&mut fields, 1, u64::from(PROTOCOL_VERSION));
                put_bytes(&mut fields, 2, b"rust");
                put_bytes(&mut fields, 3, env!("CARGO_PKG_VERSION").as_bytes());
                1
            }
            Request::IgnoreInput(path) => {
                put_bytes(&mut fields, 1, path);
                2
            }
            Request::IgnoreOutput(path) => {
                put_bytes(&mut fields, 1, path);
                3
            }
            Request::DisableCache(reason) => {
                put_text(&mut fields, 1, reason);
                4
            }
            Request::GetEnv(name, tracking) => {
                put_text(&mut fields, 1, name);
                put_number(&mut fields, 2, u64::from(tracking == Tracking::Tracked));
                5
            }
            Request::GetEnvs(query, tracking) => {
                // A member of a oneof is sent even if it is empty.
                match query {
                    Query::Glob(glob) => put_bytes(&mut fields, 1, glob.as_bytes()),
                    Query::Prefix(prefix) => put_bytes(&mut fields, 2, prefix.as_bytes()),
                }
                put_number(&mut fields, 3, u64::from(tracking == Tracking::Tracked));
                6
            }
            Request::OpenReplies => 7,
            Request::DeclareComplete {
                inputs,
                outputs,
                process,
            } => {
                inputs
                    .iter()
                    .for_each(|path| put_bytes(&mut fields, 1, path));
                outputs
                    .iter()
                    .for_each(|path| put_bytes(&mut fields, 2, path));
                put_number(&mut fields, 3, u64::from(process));
                8
            }
            Request::DependOnGlob {
                directory,
                include,
                exclude,
                since,
            } => {
                put_bytes(&mut fields, 1, directory);
                // Each is sent even if it is empty: what it means is for the runner to say.
                include
                    .iter()
                    .for_each(|glob| put_bytes(&mut fields, 2, glob.as_bytes()));
                exclude
                    .iter()
                    .for_each(|glob| put_bytes(&mut fields, 3, glob.as_bytes()));
                put_text(&mut fields, 4, since);
                9
            }
            Request::DependOnExists { path, since } => {
                put_bytes(&mut fields, 1, path);
                put_text(&mut fields, 2, since);
                10
            }
            Request::DependOnJson {
                path,
                pointer,
                since,
            } => {
                put_bytes(&mut fields, 1, path);
                put_text(&mut fields, 2, pointer);
                put_text(&mut fields, 3, since);
                11
            }
        };
        let mut request = Vec::new();
        put_bytes(&mut request, kind, &fields);
        put_text(&mut request, 15, label);
        request
    }
}

/// Who speaks: one thread of one process.
#[derive(Clone, Copy)]
pub struct Sender {
    pub pid: u32,
    pub nonce: u32,
}

/// The frames that carry an encoded Request; the first has the given sequence number.
pub fn frames(sender: Sender, sequence: u32, reply_channel: u32, request: &[u8]) -> Vec<Vec<u8>> {
    let frame = |number: u32, more: bool, field: u32, body: &[u8]| {
        let mut content = MARK.to_vec();
        put_number(&mut content, 2, u64::from(sender.pid));
        if sender.nonce != 0 {
            put_varint(&mut content, 3 << 3 | 5);
            content.extend_from_slice(&sender.nonce.to_le_bytes());
        }
        put_number(&mut content, 4, u64::from(number));
        put_number(&mut content, 5, u64::from(reply_channel));
        put_number(&mut content, 6, u64::from(more));
        put_bytes(&mut content, field, body);
        let mut framed = Vec::with_capacity(content.len() + 2);
        put_varint(&mut framed, content.len() as u64);
        framed.extend_from_slice(&content);
        framed
    };
    let single = frame(sequence, false, 7, request);
    if single.len() <= MAX_FRAME_BYTES && find_mark(&single[3..]).is_none() {
        return vec![single];
    }
    let mut framed: Vec<Vec<u8>> = Vec::new();
    let mut rest = request;
    while !rest.is_empty() {
        let mut size = rest.len().min(CHUNK_BYTES);
        // No piece may have a whole mark: the runner takes one for a frame's beginning.
        if let Some(mark) = find_mark(&rest[..size]) {
            size = mark + 2;
        }
        let number = sequence.wrapping_add(framed.len() as u32);
        framed.push(frame(number, size < rest.len(), 8, &rest[..size]));
        rest = &rest[size..];
    }
    framed
}

fn find_mark(bytes: &[u8]) -> Option<usize> {
    bytes.windows(MARK.len()).position(|window| window == MARK)
}

fn put_varint(to: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        to.push(value as u8 & 0x7f | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn put_number(to: &mut Vec<u8>, field: u32, value: u64) {
    if value != 0 {
        put_varint(to, u64::from(field << 3));
        put_varint(to, value);
    }
}

fn put_text(to: &mut Vec<u8>, field: u32, text: &str) {
    if !text.is_empty() {
        put_bytes(to, field, text.as_bytes());
    }
}

fn put_bytes(to: &mut Vec<u8>, field: u32, value: &[u8]) {
    put_varint(to, u64::from(field << 3 | 2));
    put_varint(to, value.len() as u64);
    to.extend_from_slice(value);
}

/// What a Reply says.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// To Hello.
    Version(u32),
    /// To GetEnv and DependOnJson.
    Value(Option<Vec<u8>>),
    /// To GetEnvs.
    Set(Vec<(Vec<u8>, Vec<u8>)>),
    /// To DependOnGlob.
    Paths(Vec<Vec<u8>>),
    /// To DependOnExists: the number of a PathKind.
    Kind(u32),
    /// An Error, an answer without content, or one of a kind that is not known.
    Other,
}

/// Bytes that are no message.
#[derive(Debug)]
pub struct Malformed;

/// Sequence number and answer of an encoded Reply.
pub fn decode_reply(message: &[u8]) -> Result<(u32, Answer), Malformed> {
    let mut sequence = 0;
    let mut answer = Answer::Other;
    for field in Fields(message) {
        match field? {
            (1, Value::Number(number)) => sequence = number as u32,
            (4, Value::Bytes(body)) => answer = Answer::Version(decode_number(body)?),
            (5 | 9, Value::Bytes(body)) => answer = Answer::Value(decode_all(body)?.pop()),
            (7, Value::Bytes(body)) => answer = Answer::Paths(decode_all(body)?),
            (8, Value::Bytes(body)) => answer = Answer::Kind(decode_number(body)?),
            (6, Value::Bytes(body)) => {
                let mut variables = Vec::new();
                for field in Fields(body) {
                    if let (1, Value::Bytes(variable)) = field? {
                        variables.push(decode_variable(variable)?);
                    }
                }
                answer = Answer::Set(variables);
            }
            _ => {}
        }
    }
    Ok((sequence, answer))
}

/// The number in field 1 of a message; of several, the last.
fn decode_number(message: &[u8]) -> Result<u32, Malformed> {
    let mut found = 0;
    for field in Fields(message) {
        if let (1, Value::Number(number)) = field? {
            found = u32::try_from(number).unwrap_or(u32::MAX);
        }
    }
    Ok(found)
}

/// The bytes in all fields 1 of a message.
fn decode_all(message: &[u8]) -> Result<Vec<Vec<u8>>, Malformed> {
    let mut found = Vec::new();
    for field in Fields(message) {
        if let (1, Value::Bytes(bytes)) = field? {
            found.push(bytes.to_vec());
        }
    }
    Ok(found)
}

fn decode_variable(message: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Malformed> {
    let (mut name, mut value) = (Vec::new(), Vec::new());
    for field in Fields(message) {
        match field? {
            (1, Value::Bytes(bytes)) => name = bytes.to_vec(),
            (2, Value::Bytes(bytes)) => value = bytes.to_vec(),
            _ => {}
        }
    }
    Ok((name, value))
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// All fields of a message in their order, those of unknown numbers among them.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for (at, &byte) in self.0.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                self.0 = &self.0[at + 1..];
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        if length > self.0.len() as u64 {
            return Err(Malformed);
        }
        let (taken, rest) = self.0.split_at(length as usize);
        self.0 = rest;
        Ok(taken)
    }

    fn field(&mut self) -> Result<(u64, Value<'a>), Malformed> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return Err(Malformed),
        };
        Ok((tag >> 3, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    }

    // From proto/vectors: the conformance kit says the rest.
    const SENDER: Sender = Sender {
        pid: 4711,
        nonce: 0xdead_beef,
    };

    #[test]
    fn requests_have_the_bytes_of_the_vectors() {
        let path = b"/home/u/project/node_modules/.vite";
        let request = Request::IgnoreInput(path).encode("");
        let hex = "370df67674f710e7241defbeadde20013a2612240a222f686f6d652f752f70726f6a6563742f6e\
                   6f64655f6d6f64756c65732f2e76697465";
        assert_eq!(frames(SENDER, 1, 0, &request), [bytes(hex)]);
    }

    #[test]
    fn replies_of_the_vectors_are_read() {
        let read = |hex| decode_reply(&bytes(hex)[1..]).unwrap();
        assert_eq!(read("0408031a00"), (3, Answer::Other));
        assert_eq!(read("06080122020801"), (1, Answer::Version(1)));
        let value = Answer::Value(Some(b"production".to_vec()));
        assert_eq!(read("1008022a0c0a0a70726f64756374696f6e"), (2, value));
        assert_eq!(read("0608022a020a00"), (2, Answer::Value(Some(Vec::new()))));
    }

    #[test]
    fn no_frame_is_longer_than_it_may_be_or_has_a_second_mark() {
        for length in 0..2000 {
            let mut path = vec![b'/'; length];
            path.extend_from_slice(&MARK);
            path.extend(vec![b'x'; length % 30]);
            for frame in frames(SENDER, 1, 7, &Request::IgnoreOutput(&path).encode("")) {
                assert!(frame.len() <= MAX_FRAME_BYTES);
                assert_eq!(find_mark(&frame[3..]), None);
            }
        }
    }

    #[test]
    fn every_beginning_of_a_reply_is_refused_or_read() {
        let reply = bytes("08022a0c0a0a70726f64756374696f6e");
        for end in 0..reply.len() {
            let _ = decode_reply(&reply[..end]);
        }
    }
}
