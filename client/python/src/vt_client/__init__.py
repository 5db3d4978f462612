"""Tell the task runner vt what the file system cannot show.

For tools and build scripts. Outside a runner, and when the runner is gone, every function here does
nothing; none ever raises because of it. All may be called by any thread, and in the child of a fork.
"""

import os
from typing import Dict, Optional

from . import _wire
from ._current import Path, absolute, connection_of_thread, labelled
from ._files import declare_complete, depend_on_exists, depend_on_glob, depend_on_json
from ._version import __version__

__all__ = [
    "declare_complete",
    "depend_on_exists",
    "depend_on_glob",
    "depend_on_json",
    "disable_cache",
    "fetch_env",
    "fetch_envs",
    "get_env",
    "get_envs",
    "ignore_input",
    "ignore_output",
    "is_inside_runner",
    "labelled",
    "protocol_version",
    "__version__",
]


def is_inside_runner() -> bool:
    """Whether a runner listens."""
    connection = connection_of_thread()
    return connection is not None and connection.is_open


def protocol_version() -> int:
    """The version of the protocol that the runner and this client both speak.

    What a request demands of it is said in PROTOCOL.md. Asks the runner the first time; 0 outside a
    runner.
    """
    connection = connection_of_thread()
    return 0 if connection is None else connection.version()


def ignore_input(path: Path) -> None:
    """Reads, probes and listings at or under ``path`` are no inputs of this task.

    Whether they happened already or not. For directories that are a tool's own business, such as
    its cache. The path need not exist.
    """
    connection = connection_of_thread()
    if connection is not None:
        connection.report(_wire.ignore_input(absolute(path)))


def ignore_output(path: Path) -> None:
    """Writes at or under ``path`` are no outputs of this task: not kept, not restored."""
    connection = connection_of_thread()
    if connection is not None:
        connection.report(_wire.ignore_output(absolute(path)))


def disable_cache(reason: str = "") -> None:
    """The result of this run is not to be kept.

    :param reason: shown to the user, one line
    """
    connection = connection_of_thread()
    if connection is not None:
        connection.report(_wire.disable_cache(reason.encode("utf-8", "replace")))


def get_env(name: str, *, tracked: bool = True) -> Optional[str]:
    """The value of a variable in the runner's environment; None if it is not set there.

    A task's own environment, ``os.environ``, shows only a part of that; it is neither asked nor
    changed.

    :param tracked: whether the result of the run depends on the answer: when a later run would be
        answered differently, the cached result is not used
    """
    connection = connection_of_thread()
    if connection is None:
        return None
    answer = connection.ask(_wire.get_env(os.fsencode(name), tracked))
    if not isinstance(answer, _wire.Value) or answer.value is None:
        return None
    return os.fsdecode(answer.value)


def get_envs(
    glob: Optional[str] = None, *, prefix: str = "", tracked: bool = True
) -> Dict[str, str]:
    """All variables in the runner's environment that match, empty outside a runner.

    :param glob: over the whole name, such as ``"APP_*"`` or ``"{A,B}_?"``
    :param prefix: the literal beginning of the name, if there is no glob
    :param tracked: whether the result of the run depends on the set and its values
    """
    if glob is not None and prefix:
        raise TypeError("get_envs() takes a glob or a prefix, not both")
    connection = connection_of_thread()
    if connection is None:
        return {}
    pattern = None if glob is None else os.fsencode(glob)
    answer = connection.ask(_wire.get_envs(pattern, os.fsencode(prefix), tracked))
    if not isinstance(answer, dict):
        return {}
    return {os.fsdecode(name): os.fsdecode(value) for name, value in answer.items()}


def fetch_env(name: str, *, tracked: bool = True) -> Optional[str]:
    """As :func:`get_env`; also sets ``os.environ[name]`` if it is not set and there is a value."""
    value = get_env(name, tracked=tracked)
    if value is not None:
        os.environ.setdefault(name, value)
    return value


def fetch_envs(
    glob: Optional[str] = None, *, prefix: str = "", tracked: bool = True
) -> Dict[str, str]:
    """As :func:`get_envs`; also sets those variables in ``os.environ`` that are not set."""
    values = get_envs(glob, prefix=prefix, tracked=tracked)
    for name, value in values.items():
        os.environ.setdefault(name, value)
    return values
