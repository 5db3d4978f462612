"""One thread's conversation with the runner."""

import os
from typing import Optional

from . import _channel, _wire
from ._version import __version__

_HELLO = _wire.hello(b"python", __version__.encode())


class Connection:
    """Begins with the first thing said, ends for good with the first failure."""

    def __init__(self, directory: str, inherited: Optional[str]) -> None:
        self._pid = os.getpid()
        self._directory = directory
        self._nonce = int.from_bytes(os.urandom(4), "little")
        self._sequence = 0
        self._questions = 0
        self._version: Optional[int] = None
        self._replies: Optional[_channel.ReplyChannel] = None
        self._pipe: Optional[_channel.RequestPipe] = None
        try:
            self._pipe = _channel.RequestPipe(directory, inherited)
        except (_channel.RunnerGone, _channel.Lost) as failure:
            self._end(failure)
            return
        self.report(_HELLO)

    @property
    def is_open(self) -> bool:
        """The runner was there when it was last spoken to."""
        return self._pipe is not None

    @property
    def is_of_this_process(self) -> bool:
        """False in the child of a fork, which needs a conversation of its own."""
        return self._pid == os.getpid()

    def begin_question(self) -> bytes:
        """Marks the moment from which on what this process looks at is for the next question.

        :return: the name of the moment; empty where it cannot be marked, so that all looks count
        """
        if self._pipe is None:
            return b""
        self._questions += 1
        since = f"since-{self._nonce:x}-{self._questions}"
        try:
            os.mkdir(f"{self._directory}/{since}")
        except OSError:
            return b""
        return since.encode()

    def report(self, request: bytes) -> None:
        """Says something that needs no answer."""
        try:
            self._send(request, 0)
        except (_channel.RunnerGone, _channel.Lost) as failure:
            self._end(failure)

    def ask(self, request: bytes) -> _wire.Answer:
        """Asks, and waits for the answer."""
        if self._pipe is None:
            return None
        try:
            if self._replies is None:
                self._replies = _channel.ReplyChannel(
                    self._directory, lambda: self._send(_wire.open_replies(), 0)
                )
            self._send(request, self._replies.number)
            return self._replies.read(self._sequence)
        except (_channel.RunnerGone, _channel.Lost) as failure:
            self._end(failure)
        except _wire.MalformedMessage:
            self._end(_channel.Lost())
        return None

    def version(self) -> int:
        """The protocol version both sides speak; asked for once. 0 if the runner is gone."""
        if self._version is None:
            answer = self.ask(_HELLO)
            if self.is_open:
                theirs = answer if isinstance(answer, _wire.Version) else 1
                self._version = min(max(theirs, 1), _wire.PROTOCOL_VERSION)
        return self._version if self.is_open and self._version is not None else 0

    def forget(self) -> None:
        """Closes what the child of a fork got from its parent. What the parent has is untouched."""
        if self._replies is not None:
            self._replies.close()
        if self._pipe is not None:
            self._pipe.close()
        self._replies = self._pipe = None

    def __del__(self) -> None:
        # At the end of a thread. At the end of the interpreter there may be nothing left to call.
        try:
            self.forget()
        except Exception:  # noqa: BLE001
            pass

    def _send(self, request: bytes, reply_channel: int) -> None:
        if self._pipe is None:
            return
        request += _wire.label(getattr(_channel.local, "label", b""))
        frames = _wire.frames(self._pid, self._nonce, self._sequence + 1, reply_channel, request)
        for frame in frames:
            self._sequence += 1
            self._pipe.write(frame)

    def _end(self, failure: Exception) -> None:
        if isinstance(failure, _channel.Lost):
            _channel.leave_word(self._directory)
        self.forget()
