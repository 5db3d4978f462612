"""The messages of ``vt/ipc/v1/ipc.proto``, as far as a client needs them, in their bytes.

Written by hand rather than generated: this module lives in other people's tools, which must not have
to agree with it about a version of the protobuf runtime. The vectors of the protocol are its test.
"""

from typing import Dict, Iterator, List, Optional, Tuple, Union

#: The protocol version this client speaks.
PROTOCOL_VERSION = 1

MAX_FRAME_BYTES = 512
MAX_REPLY_BYTES = 16 << 20

#: What every frame starts with after its length: the tag of the first field and the magic.
MARK = b"\x0d\xf6\x76\x74\xf7"

#: What is left of a frame for a chunk when every header field has its greatest length.
_CHUNK_BYTES = MAX_FRAME_BYTES - 35

#: Field numbers of ``Request.kind``.
HELLO, IGNORE_INPUT, IGNORE_OUTPUT, DISABLE_CACHE, GET_ENV, GET_ENVS, OPEN_REPLIES = range(1, 8)
DECLARE_COMPLETE, DEPEND_ON_GLOB, DEPEND_ON_EXISTS, DEPEND_ON_JSON = range(8, 12)
_LABEL = 15

#: Field numbers of ``Reply.body``.
_REPLY_HELLO, _REPLY_GET_ENV, _REPLY_GET_ENVS = 4, 5, 6
_REPLY_GLOB, _REPLY_EXISTS, _REPLY_JSON = 7, 8, 9

#: By number of PathKind.
_PATH_KINDS = {1: "absent", 2: "file", 3: "directory", 4: "other"}


class MalformedMessage(ValueError):
    """Bytes that are no message."""


def varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value) if value else b""


def _fixed32(field: int, value: int) -> bytes:
    return varint(field << 3 | 5) + value.to_bytes(4, "little")


def _bytes(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def _text(field: int, value: bytes) -> bytes:
    return _bytes(field, value) if value else b""


def hello(client: bytes, version: bytes) -> bytes:
    return _bytes(HELLO, _number(1, PROTOCOL_VERSION) + _text(2, client) + _text(3, version))


def ignore_input(path: bytes) -> bytes:
    return _bytes(IGNORE_INPUT, _text(1, path))


def ignore_output(path: bytes) -> bytes:
    return _bytes(IGNORE_OUTPUT, _text(1, path))


def disable_cache(reason: bytes) -> bytes:
    return _bytes(DISABLE_CACHE, _text(1, reason))


def get_env(name: bytes, tracked: bool) -> bytes:
    return _bytes(GET_ENV, _text(1, name) + _number(2, tracked))


def get_envs(glob: Optional[bytes], prefix: bytes, tracked: bool) -> bytes:
    # A member of a oneof is sent even if it is empty.
    pattern = _bytes(2, prefix) if glob is None else _bytes(1, glob)
    return _bytes(GET_ENVS, pattern + _number(3, tracked))


def declare_complete(inputs: List[bytes], outputs: List[bytes], process: int) -> bytes:
    paths = [_bytes(1, path) for path in inputs] + [_bytes(2, path) for path in outputs]
    return _bytes(DECLARE_COMPLETE, b"".join(paths) + _number(3, process))


def depend_on_glob(
    directory: bytes, include: List[bytes], exclude: List[bytes], since: bytes
) -> bytes:
    globs = [_bytes(2, glob) for glob in include] + [_bytes(3, glob) for glob in exclude]
    return _bytes(DEPEND_ON_GLOB, _text(1, directory) + b"".join(globs) + _text(4, since))


def depend_on_exists(path: bytes, since: bytes) -> bytes:
    return _bytes(DEPEND_ON_EXISTS, _text(1, path) + _text(2, since))


def depend_on_json(path: bytes, pointer: bytes, since: bytes) -> bytes:
    return _bytes(DEPEND_ON_JSON, _text(1, path) + _text(2, pointer) + _text(3, since))


def label(on_behalf_of: bytes) -> bytes:
    """To be put behind a request."""
    return _text(_LABEL, on_behalf_of)


def open_replies() -> bytes:
    return _bytes(OPEN_REPLIES, b"")


def frames(pid: int, nonce: int, sequence: int, reply_channel: int, request: bytes) -> List[bytes]:
    """The frames that carry an encoded Request; the first has the given sequence number."""

    def frame(number: int, more: bool, body: bytes) -> bytes:
        content = (
            MARK
            + _number(2, pid)
            + (_fixed32(3, nonce) if nonce else b"")
            + _number(4, number)
            + _number(5, reply_channel)
            + _number(6, more)
            + body
        )
        return varint(len(content)) + content

    single = frame(sequence, False, _bytes(7, request))
    if len(single) <= MAX_FRAME_BYTES and single.find(MARK, 3) == -1:
        return [single]
    chunks = list(_chunks(request))
    return [
        frame(sequence + at, at < len(chunks) - 1, _bytes(8, chunk))
        for at, chunk in enumerate(chunks)
    ]


def _chunks(request: bytes) -> Iterator[bytes]:
    """Pieces that fit and in which no mark is whole: the runner takes one for a frame's beginning."""
    at = 0
    while at < len(request):
        end = at + _CHUNK_BYTES
        mark = request.find(MARK, at, end)
        if mark != -1:
            end = mark + 2
        yield request[at:end]
        at = end


#: ``None``: an Error, an answer without content, or one of a kind that is not known.
Answer = Union[None, "Version", "Value", Dict[bytes, bytes], List[bytes], str]


class Version(int):
    """Answer to hello."""


class Value:
    """Answer to get_env and to depend_on_json."""

    def __init__(self, value: Optional[bytes]) -> None:
        self.value = value


def decode_reply(message: bytes) -> Tuple[int, Answer]:
    """Sequence number and answer of a Reply."""
    sequence = 0
    answer: Answer = None
    for field, value in _fields(message):
        if field == 1 and isinstance(value, int):
            sequence = value
        elif field == _REPLY_HELLO and isinstance(value, bytes):
            answer = Version(dict(_fields(value)).get(1, 0))
        elif field in (_REPLY_GET_ENV, _REPLY_JSON) and isinstance(value, bytes):
            answer = Value(dict(_fields(value)).get(1))  # type: ignore[arg-type]
        elif field == _REPLY_GET_ENVS and isinstance(value, bytes):
            answer = dict(_variable(each) for _, each in _fields(value) if isinstance(each, bytes))
        elif field == _REPLY_GLOB and isinstance(value, bytes):
            answer = [each for _, each in _fields(value) if isinstance(each, bytes)]
        elif field == _REPLY_EXISTS and isinstance(value, bytes):
            answer = _PATH_KINDS.get(dict(_fields(value)).get(1))  # type: ignore[arg-type]
    return sequence, answer


def _variable(message: bytes) -> Tuple[bytes, bytes]:
    fields = dict(_fields(message))
    return fields.get(1, b""), fields.get(2, b"")  # type: ignore[return-value]


def _fields(message: bytes) -> Iterator[Tuple[int, Union[int, bytes]]]:
    """All fields in their order, those of unknown numbers among them."""
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        kind = tag & 7
        if kind == 0:
            number, at = _read_varint(message, at)
            yield tag >> 3, number
            continue
        if kind == 2:
            length, at = _read_varint(message, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise MalformedMessage(f"wire type {kind}")
        if at + length > len(message):
            raise MalformedMessage("a field longer than its message")
        if kind == 2:
            yield tag >> 3, message[at : at + length]
        at += length


def _read_varint(message: bytes, at: int) -> Tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise MalformedMessage("a number without an end")
