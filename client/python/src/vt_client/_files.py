"""What the result depends on in place of the files that are looked at to find it out."""

import json
import os
from typing import Any, Iterable, List, Optional

from . import _wire
from ._current import Path, absolute, connection_of_thread


def depend_on_glob(
    *include: str, exclude: Iterable[str] = (), directory: Path = "."
) -> Optional[List[str]]:
    """The result depends on which files match, not on what is in them.

    From now on the directories that this process lists to find them are no dependencies of their
    own.

    :param include: globs such as ``"src/**/*.py"``
    :return: the files, relative to the directory and sorted; None outside a runner: look yourself
    """
    connection = connection_of_thread()
    if connection is None:
        return None
    globs = [os.fsencode(glob) for glob in include]
    without = [os.fsencode(glob) for glob in exclude]
    since = connection.begin_question()
    answer = connection.ask(_wire.depend_on_glob(absolute(directory), globs, without, since))
    return [os.fsdecode(path) for path in answer] if isinstance(answer, list) else None


def depend_on_exists(path: Path) -> Optional[str]:
    """The result depends on whether something is at the path, and what kind of thing.

    Not on its size, times and content, even if this process looks at it from now on.

    :return: ``"absent"``, ``"file"``, ``"directory"`` or ``"other"``; None outside a runner
    """
    connection = connection_of_thread()
    if connection is None:
        return None
    since = connection.begin_question()
    answer = connection.ask(_wire.depend_on_exists(absolute(path), since))
    return answer if isinstance(answer, str) else None


def depend_on_json(path: Path, pointer: str) -> Any:
    """The result depends on one value in a JSON file, not on the rest of it.

    Even if this process reads the file from now on. What it read before counts as ever.

    :param pointer: RFC 6901, such as ``"/project/version"``
    :return: the value; None if there is none, and outside a runner
    """
    connection = connection_of_thread()
    if connection is None:
        return None
    since = connection.begin_question()
    question = _wire.depend_on_json(absolute(path), pointer.encode("utf-8", "replace"), since)
    answer = connection.ask(question)
    if not isinstance(answer, _wire.Value) or answer.value is None:
        return None
    return json.loads(answer.value)


def declare_complete(
    *, inputs: Iterable[Path], outputs: Iterable[Path], process: Optional[int] = None
) -> None:
    """This process, and every one it starts, reads and writes nothing but these files.

    For what the runner cannot trace; what it sees all the same counts as ever. A directory stands
    for all files below it.

    :param process: pid of the process that it is said of, if not this one
    """
    connection = connection_of_thread()
    if connection is not None:
        connection.report(
            _wire.declare_complete(
                [absolute(path) for path in inputs],
                [absolute(path) for path in outputs],
                process or 0,
            )
        )
