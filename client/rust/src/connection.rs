//! One thread's conversation with the runner.

use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;

use crate::channel::{leave_word, Failure, ReplyChannel, RequestPipe};
use crate::wire::{frames, Answer, Request, Sender, PROTOCOL_VERSION};

/// Begins with the first thing said, ends for good with the first failure.
pub struct Connection {
    sender: Sender,
    directory: PathBuf,
    sequence: u32,
    version: Option<u32>,
    /// That have a moment of their own.
    questions: u32,
    pipe: Option<RequestPipe>,
    replies: Option<ReplyChannel>,
}

thread_local! {
    /// On whose behalf this thread speaks.
    static LABEL: RefCell<String> = RefCell::new(String::new());
    static CONNECTION: RefCell<Option<Connection>> = RefCell::new(None);
}

/// Calls `use_it` with this thread's conversation, begun when it is first needed; `None` outside a
/// runner, and while the thread is being taken down.
pub fn with_connection<T>(use_it: impl FnOnce(&mut Connection) -> T) -> Option<T> {
    CONNECTION
        .try_with(|cell| {
            let mut slot = cell.try_borrow_mut().ok()?;
            // The child of a fork needs a conversation of its own; what its parent has is untouched.
            if slot
                .as_ref()
                .map_or(true, |known| known.sender.pid != std::process::id())
            {
                *slot = Connection::begin();
            }
            slot.as_mut().map(use_it)
        })
        .ok()
        .flatten()
}

/// The label while it lives, then the one before it.
pub struct Labelled(String);

impl Labelled {
    pub fn new(label: &str) -> Self {
        Labelled(LABEL.with(|before| before.replace(label.into())))
    }
}

impl Drop for Labelled {
    fn drop(&mut self) {
        LABEL.with(|label| label.replace(std::mem::take(&mut self.0)));
    }
}

impl Connection {
    fn begin() -> Option<Self> {
        let directory = std::env::var_os("VT_IPC_DIR").filter(|value| !value.is_empty())?;
        let mut connection = Connection {
            sender: Sender {
                pid: std::process::id(),
                nonce: random_nonce(),
            },
            directory: directory.into(),
            sequence: 0,
            version: None,
            questions: 0,
            pipe: None,
            replies: None,
        };
        let opened = RequestPipe::open(&connection.directory, std::env::var("VT_IPC_FD").ok());
        match opened {
            Ok(pipe) => connection.pipe = Some(pipe),
            Err(failure) => connection.end(failure),
        }
        connection.report(&Request::Hello);
        Some(connection)
    }

    /// The runner was there when it was last spoken to.
    pub fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// The protocol version both sides speak; asked for once. 0 if the runner is gone.
    pub fn version(&mut self) -> u32 {
        if self.version.is_none() {
            let theirs = match self.ask(&Request::Hello) {
                Some(Answer::Version(version)) => version,
                _ => 1,
            };
            self.version = Some(theirs.clamp(1, PROTOCOL_VERSION));
        }
        self.version.filter(|_| self.is_open()).unwrap_or(0)
    }

    /// Marks the moment from which on what this process looks at is for the question it asks next:
    /// for its `since`. Empty where it cannot be marked, so that all looks count.
    pub fn begin_question(&mut self) -> String {
        if self.pipe.is_none() {
            return String::new();
        }
        self.questions = self.questions.wrapping_add(1);
        let name = format!("since-{:x}-{}", self.sender.nonce, self.questions);
        let made = std::fs::create_dir(self.directory.join(&name));
        made.map(|()| name).unwrap_or_default()
    }

    /// Says something that needs no answer.
    pub fn report(&mut self, request: &Request<'_>) {
        if let Err(failure) = self.send(request, 0) {
            self.end(failure);
        }
    }

    /// Asks, and waits for the answer; `None` if the runner is gone.
    pub fn ask(&mut self, request: &Request<'_>) -> Option<Answer> {
        if self.pipe.is_none() {
            return None;
        }
        match self.ask_or_fail(request) {
            Ok(answer) => Some(answer),
            Err(failure) => {
                self.end(failure);
                None
            }
        }
    }

    fn ask_or_fail(&mut self, request: &Request<'_>) -> Result<Answer, Failure> {
        let mut replies = match self.replies.take() {
            Some(replies) => replies,
            None => {
                let directory = self.directory.join("r");
                ReplyChannel::claim(&directory, || self.send(&Request::OpenReplies, 0))?
            }
        };
        self.send(request, replies.number)?;
        let answer = replies.read(self.sequence)?;
        self.replies = Some(replies);
        Ok(answer)
    }

    fn send(&mut self, request: &Request<'_>, reply_channel: u32) -> Result<(), Failure> {
        let pipe = match &mut self.pipe {
            Some(pipe) => pipe,
            None => return Ok(()),
        };
        let first = self.sequence.wrapping_add(1);
        let encoded = LABEL
            .try_with(|label| request.encode(&label.borrow()))
            .unwrap_or_else(|_| request.encode(""));
        for frame in frames(self.sender, first, reply_channel, &encoded) {
            self.sequence = self.sequence.wrapping_add(1);
            pipe.write(&frame)?;
        }
        Ok(())
    }

    /// What is said from now on goes nowhere.
    fn end(&mut self, failure: Failure) {
        if failure == Failure::Lost {
            leave_word(&self.directory);
        }
        self.pipe = None;
        self.replies = None;
    }
}

/// Different in every thread, and in the child of a fork: the keys of `RandomState` are counted up
/// from random ones, and the pid and the time are hashed with them.
fn random_nonce() -> u32 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    if let Ok(now) = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        hasher.write_u128(now.as_nanos());
    }
    hasher.finish() as u32
}
