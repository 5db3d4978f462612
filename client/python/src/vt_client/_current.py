"""The conversation of the thread that calls, and on whose behalf it speaks."""

import contextlib
import os
from typing import Iterator, Optional, Union

from . import _channel
from ._connection import Connection

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


def connection_of_thread() -> Optional[Connection]:
    """Made when it is first needed; None outside a runner."""
    connection: Optional[Connection] = getattr(_channel.local, "connection", None)
    if connection is not None:
        if connection.is_of_this_process:
            return connection
        connection.forget()
    directory = os.environ.get("VT_IPC_DIR")
    if not directory:
        return None
    connection = Connection(directory, os.environ.get("VT_IPC_FD"))
    _channel.local.connection = connection
    return connection


@contextlib.contextmanager
def labelled(label: str) -> Iterator[None]:
    """What this thread says inside, it says on somebody's behalf.

    :param label: how the runner names them where it says who it was, such as ``"plugin x"``
    """
    before = getattr(_channel.local, "label", b"")
    _channel.local.label = label.encode("utf-8", "replace")
    try:
        yield
    finally:
        _channel.local.label = before


def absolute(path: Path) -> bytes:
    # The runner cleans it. os.path.abspath would too, but not in the presence of symlinks.
    return os.path.join(os.getcwdb(), os.fsencode(path))
