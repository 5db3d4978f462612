//! The files of a channel: descriptors, FIFOs, and the system calls on them.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::os::unix::io::{AsRawFd, FromRawFd, RawFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::wire::{decode_reply, Answer, Malformed, MAX_REPLY_BYTES};

/// Why a conversation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody minds what is not said.
    RunnerGone,
    /// The runner lives and cannot be reached. It must not believe that it heard all.
    Lost,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENOTDIR | libc::ENXIO | libc::EPIPE) => Failure::RunnerGone,
            _ => Failure::Lost,
        }
    }
}

impl From<Malformed> for Failure {
    fn from(_: Malformed) -> Self {
        Failure::Lost
    }
}

/// Tells the runner, by a name it looks for, that this process could not speak.
pub fn leave_word(directory: &Path) {
    // Fails if it was said already, or nobody is left to hear it.
    let _ = fs::create_dir(directory.join(format!("lost-{}", std::process::id())));
}

#[derive(PartialEq)]
struct Identity(u64, u64);

impl Identity {
    fn of(metadata: &Metadata) -> Option<Self> {
        let is_fifo = metadata.file_type().is_fifo();
        is_fifo.then(|| Identity(metadata.dev(), metadata.ino()))
    }
}

/// The way to the runner: the inherited descriptor if it is the runner's, else one of our own.
pub struct RequestPipe {
    path: PathBuf,
    identity: Identity,
    inherited: Option<RawFd>,
    own: Option<File>,
}

impl RequestPipe {
    /// `inherited` is the value of VT_IPC_FD.
    pub fn open(directory: &Path, inherited: Option<String>) -> Result<Self, Failure> {
        let path = directory.join("q");
        let identity = Identity::of(&fs::metadata(&path)?).ok_or(Failure::RunnerGone)?;
        let digits = inherited.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let inherited = digits.and_then(|text| text.parse().ok());
        let mut pipe = RequestPipe {
            path,
            identity,
            inherited,
            own: None,
        };
        pipe.descriptor()?;
        Ok(pipe)
    }

    /// Writes one frame whole, waiting while the pipe is full.
    pub fn write(&mut self, frame: &[u8]) -> Result<(), Failure> {
        let mut pause = Duration::from_micros(250);
        loop {
            match write_without_signal(self.descriptor()?, frame) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(8));
        }
    }

    /// Whoever owns this process may have closed the descriptor and opened a file in its place: a
    /// frame must never end up there.
    fn descriptor(&mut self) -> Result<RawFd, Failure> {
        if let Some(fd) = self.own.as_ref().map(AsRawFd::as_raw_fd) {
            if self.is_ours(fd) {
                return Ok(fd);
            }
            // It is somebody else's by now, and not to be closed by us.
            let _ = self.own.take().map(ManuallyDrop::new);
        }
        if let Some(fd) = self.inherited {
            if self.is_ours(fd) {
                return Ok(fd);
            }
        }
        // Without O_NONBLOCK this would wait for a reader if the runner is gone.
        let file = OpenOptions::new()
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(&self.path)?;
        if Identity::of(&file.metadata()?).as_ref() != Some(&self.identity) {
            return Err(Failure::RunnerGone);
        }
        Ok(self.own.insert(file).as_raw_fd())
    }

    fn is_ours(&self, fd: RawFd) -> bool {
        // SAFETY: fstat takes any number, and the File that borrows it is never dropped.
        let file = ManuallyDrop::new(unsafe { File::from_raw_fd(fd) });
        let identity = file
            .metadata()
            .ok()
            .and_then(|metadata| Identity::of(&metadata));
        identity.as_ref() == Some(&self.identity)
    }
}

impl Drop for RequestPipe {
    fn drop(&mut self) {
        if let Some(file) = self.own.take() {
            if !self.is_ours(file.as_raw_fd()) {
                let _ = ManuallyDrop::new(file);
            }
        }
    }
}

/// `write`, with EPIPE as an error even where SIGPIPE would end the process. Rust programs ignore that
/// signal; a library may be in a program of another language.
fn write_without_signal(fd: RawFd, data: &[u8]) -> io::Result<()> {
    // SAFETY: all pointers are to initialised values that live through the calls. A pipe takes all of
    // a frame or nothing.
    unsafe {
        let mut sigpipe = MaybeUninit::<libc::sigset_t>::uninit();
        let mut before = MaybeUninit::<libc::sigset_t>::uninit();
        let mut pending = MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigemptyset(sigpipe.as_mut_ptr());
        libc::sigaddset(sigpipe.as_mut_ptr(), libc::SIGPIPE);
        libc::sigemptyset(pending.as_mut_ptr());
        libc::sigpending(pending.as_mut_ptr());
        let was_pending = libc::sigismember(pending.as_ptr(), libc::SIGPIPE) == 1;
        libc::pthread_sigmask(libc::SIG_BLOCK, sigpipe.as_ptr(), before.as_mut_ptr());
        let written = libc::write(fd, data.as_ptr().cast(), data.len());
        let error = io::Error::last_os_error();
        if written < 0 && error.raw_os_error() == Some(libc::EPIPE) && !was_pending {
            let now: libc::timespec = MaybeUninit::zeroed().assume_init();
            while libc::sigtimedwait(sigpipe.as_ptr(), std::ptr::null_mut(), &now) < 0
                && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
            {}
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut());
        if written < 0 {
            Err(error)
        } else {
            Ok(())
        }
    }
}

/// A reply FIFO that belongs to one thread. The runner is its only writer.
pub struct ReplyChannel {
    /// What frames name it by.
    pub number: u32,
    file: File,
    buffer: Vec<u8>,
}

impl ReplyChannel {
    /// Takes a free one, waiting while there is none. `ask_for_more` tells the runner.
    pub fn claim(
        replies: &Path,
        mut ask_for_more: impl FnMut() -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let mut pause = Duration::from_millis(1);
        loop {
            let mut free = Vec::new();
            for entry in fs::read_dir(replies)? {
                let name = entry?.file_name();
                let number = name.to_str().and_then(|name| name.strip_prefix('f'));
                free.extend(number.and_then(|number| number.parse::<u32>().ok()));
            }
            // So that many processes at once do not all try the same.
            let first = std::process::id() as usize % free.len().max(1);
            free.rotate_left(first);
            for number in free {
                if let Some(file) = take(replies, number)? {
                    return Ok(ReplyChannel {
                        number,
                        file,
                        buffer: Vec::new(),
                    });
                }
            }
            ask_for_more()?;
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(16));
        }
    }

    /// Waits for the answer to the frame with this number.
    pub fn read(&mut self, sequence: u32) -> Result<Answer, Failure> {
        loop {
            let size = self.message_size()?;
            let (answered, answer) = decode_reply(&self.buffer[size.0..size.1])?;
            self.buffer.drain(..size.1);
            if answered == sequence {
                return Ok(answer);
            }
        }
    }

    /// Where the next message begins and ends in the buffer, in which it is then.
    fn message_size(&mut self) -> Result<(usize, usize), Failure> {
        let mut length = 0;
        for prefix in 0..4 {
            self.fill(prefix + 1)?;
            let byte = self.buffer[prefix];
            length |= usize::from(byte & 0x7f) << (7 * prefix);
            if length > MAX_REPLY_BYTES {
                break;
            }
            if byte < 0x80 {
                self.fill(prefix + 1 + length)?;
                return Ok((prefix + 1, prefix + 1 + length));
            }
        }
        Err(Failure::Lost)
    }

    /// Reads on until the buffer has `count` bytes.
    fn fill(&mut self, count: usize) -> Result<(), Failure> {
        let mut piece = [0; 4096];
        while self.buffer.len() < count {
            match self.file.read(&mut piece) {
                Ok(0) => return Err(Failure::RunnerGone),
                Ok(length) => self.buffer.extend_from_slice(&piece[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// A reply FIFO that nobody else can have claimed; `None` if another was faster, or the runner took us
/// for dead.
fn take(replies: &Path, number: u32) -> Result<Option<File>, Failure> {
    let claimed = replies.join(format!("c{number}"));
    let opened = fs::rename(replies.join(format!("f{number}")), &claimed).and_then(|()| {
        // A plain open for reading would wait for ever if the runner, its writer, were gone by now.
        // With a writer of our own it does not, and without it again reading ends with the runner.
        let mut unblocked = OpenOptions::new();
        unblocked.custom_flags(libc::O_NONBLOCK);
        let _reader = unblocked.clone().read(true).open(&claimed)?;
        let _writer = unblocked.write(true).open(&claimed)?;
        File::open(&claimed)
    });
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
