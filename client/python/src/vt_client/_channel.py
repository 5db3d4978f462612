"""The files of a channel: descriptors, FIFOs, and the system calls on them."""

import errno
import os
import random
import signal
import stat
import threading
import time
from typing import Callable, Optional, Tuple

from . import _wire

_RUNNER_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ENXIO, errno.EPIPE)


class RunnerGone(Exception):
    """There is no runner any more: nothing is said from now on, and nobody minds."""


class Lost(Exception):
    """The runner lives and cannot be reached. It must not believe that it heard all."""


def undelivered(error: OSError) -> Exception:
    return RunnerGone() if error.errno in _RUNNER_GONE else Lost()


def leave_word(directory: str) -> None:
    """Tells the runner, by a name it looks for, that this process could not speak."""
    try:
        os.mkdir(f"{directory}/lost-{os.getpid()}")
    except OSError:
        pass  # said already, or nobody is left to hear it


class RequestPipe:
    """The way to the runner: the inherited descriptor if it is the runner's, else one of our own."""

    def __init__(self, directory: str, inherited: Optional[str]) -> None:
        self._path = f"{directory}/q"
        self._owned = -1
        try:
            identity = _fifo_identity(os.stat(self._path))
        except OSError as error:
            raise undelivered(error) from None
        if identity is None:
            raise RunnerGone()
        self._identity = identity
        inherited_fd = -1
        if inherited is not None and inherited.isascii() and inherited.isdigit():
            inherited_fd = int(inherited)
        self._fd = inherited_fd if self._is_ours(inherited_fd) else self._open()

    def write(self, frame: bytes) -> None:
        """Writes one frame whole, waiting while the pipe is full."""
        wait = 0.00025
        while True:
            # Whoever owns this process may have closed the descriptor and opened a file in its
            # place: a frame must never end up there.
            if not self._is_ours(self._fd):
                self._owned = -1
                self._fd = self._open()
            try:
                _write_without_signal(self._fd, frame)
                return
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EINTR):
                    raise undelivered(error) from None
            time.sleep(wait)
            wait = min(wait * 2, 0.008)

    def close(self) -> None:
        if self._owned >= 0 and self._is_ours(self._owned):
            os.close(self._owned)
        self._owned = self._fd = -1

    def _open(self) -> int:
        try:
            # Without O_NONBLOCK this would wait for a reader if the runner is gone.
            fd = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise undelivered(error) from None
        if not self._is_ours(fd):
            os.close(fd)
            raise RunnerGone()
        self._owned = fd
        return fd

    def _is_ours(self, fd: int) -> bool:
        try:
            return fd >= 0 and _fifo_identity(os.fstat(fd)) == self._identity
        except (OSError, OverflowError):
            return False


class ReplyChannel:
    """A reply FIFO that belongs to one thread. The runner is its only writer."""

    def __init__(self, directory: str, ask_for_more: Callable[[], None]) -> None:
        """Takes a free one, waiting while there is none.

        :param ask_for_more: tells the runner; what it raises ends the wait
        """
        wait = 0.001
        while True:
            try:
                claimed = _claim(f"{directory}/r")
            except OSError as error:
                raise undelivered(error) from None
            if claimed is not None:
                self.number, self._fd = claimed
                self._buffer = b""
                return
            ask_for_more()
            time.sleep(wait)
            wait = min(wait * 2, 0.016)

    def read(self, sequence: int) -> _wire.Answer:
        """Waits for the answer to the frame with this number."""
        while True:
            answered, answer = _wire.decode_reply(self._read_message())
            if answered == sequence:
                return answer

    def close(self) -> None:
        os.close(self._fd)

    def _read_message(self) -> bytes:
        length = shift = 0
        while True:
            byte = self._take(1)[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if length > _wire.MAX_REPLY_BYTES or shift > 35:
                raise Lost()
            if byte < 0x80:
                return self._take(length)

    def _take(self, count: int) -> bytes:
        if len(self._buffer) < count:
            pieces = [self._buffer]
            missing = count - len(self._buffer)
            while missing > 0:
                try:
                    piece = os.read(self._fd, max(missing, 4096))
                except OSError as error:
                    raise undelivered(error) from None
                if not piece:
                    raise RunnerGone()
                pieces.append(piece)
                missing -= len(piece)
            self._buffer = b"".join(pieces)
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken


def _claim(replies: str) -> Optional[Tuple[int, int]]:
    """Number and descriptor of a reply FIFO nobody else has; None when none is free."""
    free = [name for name in os.listdir(replies) if name.startswith("f")]
    # So that many processes at once do not all try the same.
    random.shuffle(free)
    for name in free:
        number = name[1:]
        opened = []
        try:
            os.rename(f"{replies}/f{number}", f"{replies}/c{number}")
            # A plain open for reading would wait for ever if the runner, its writer, were gone by
            # now. With a writer of our own it does not, and without it again reading ends with the
            # runner.
            for flags in (os.O_RDONLY | os.O_NONBLOCK, os.O_WRONLY | os.O_NONBLOCK, os.O_RDONLY):
                opened.append(os.open(f"{replies}/c{number}", flags | os.O_CLOEXEC))
            return int(number), opened.pop()
        except FileNotFoundError:
            continue  # another was faster, or the runner took us for dead
        finally:
            for fd in opened:
                os.close(fd)
    return None


def _fifo_identity(status: os.stat_result) -> Optional[Tuple[int, int]]:
    return (status.st_dev, status.st_ino) if stat.S_ISFIFO(status.st_mode) else None


def _write_without_signal(fd: int, data: bytes) -> None:
    """``os.write``, with EPIPE as an error even where SIGPIPE would end the process.

    Python ignores SIGPIPE; a tool may have given it its default meaning back.
    """
    if signal.getsignal(signal.SIGPIPE) is not signal.SIG_DFL:
        os.write(fd, data)
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE])
    try:
        os.write(fd, data)
    except BrokenPipeError:
        if signal.SIGPIPE not in before:
            signal.sigtimedwait([signal.SIGPIPE], 0)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


#: One connection for each thread.
local = threading.local()
