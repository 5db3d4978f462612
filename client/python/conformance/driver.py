"""The driver of the Python client for ``vt conformance`` (client/conformance/README.md)."""

import json
import os
import re
import sys
import threading
from urllib.parse import quote_from_bytes, unquote_to_bytes

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src"))

import vt_client  # noqa: E402


def decode(field):
    return b"" if field == "-" else unquote_to_bytes(field)


def encode(text):
    field = quote_from_bytes(os.fsencode(text), safe="/._").replace("~", "%7E")
    return field.replace("-", "%2D") or "-"


def text(field):
    return os.fsdecode(decode(field))


def texts(field):
    return [] if field == "-" else [text(each) for each in field.split(",")]


def perform(words):
    operation, fields = words[0], words[1:]
    if operation == "ignore-input":
        vt_client.ignore_input(decode(fields[0]))
    elif operation == "ignore-output":
        vt_client.ignore_output(decode(fields[0]))
    elif operation == "disable-cache":
        vt_client.disable_cache(text(fields[0]))
    elif operation == "chdir":
        os.chdir(decode(fields[0]))
    elif operation == "get-env":
        value = vt_client.get_env(text(fields[0]), tracked=fields[1] == "tracked")
        return "absent" if value is None else f"value {encode(value)}"
    elif operation == "get-envs":
        kind, pattern, mode = fields
        found = vt_client.get_envs(
            **{kind: text(pattern)},
            tracked=mode == "tracked",
        )
        return " ".join(["set", *(f"{encode(n)}={encode(v)}" for n, v in found.items())])
    elif operation == "depend-on-glob":
        include, exclude = map(texts, fields)
        paths = vt_client.depend_on_glob(*include, exclude=exclude)
        return "absent" if paths is None else " ".join(["paths", *map(encode, paths)])
    elif operation == "depend-on-exists":
        kind = vt_client.depend_on_exists(decode(fields[0]))
        return "absent" if kind is None else f"value {kind}"
    elif operation == "depend-on-json":
        value = vt_client.depend_on_json(decode(fields[0]), text(fields[1]))
        if value is None:
            return "absent"
        if not isinstance(value, str):
            value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return f"value {encode(value)}"
    elif operation == "declare-complete":
        inputs, outputs = map(texts, fields)
        vt_client.declare_complete(inputs=inputs, outputs=outputs)
    elif operation == "labelled":
        with vt_client.labelled(text(fields[0])):
            return perform(fields[1:])
    elif operation == "inside":
        return "yes" if vt_client.is_inside_runner() else "no"
    elif operation == "version":
        return f"value {vt_client.protocol_version()}"
    elif operation == "fork":
        return in_child(fields)
    elif operation == "threads":
        return in_threads(int(fields[0]), fields[1:])
    else:
        return "unsupported"
    return "ok"


def in_child(words):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writer, perform(words).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        answered = answer.read()
    os.waitpid(pid, 0)
    return answered


def in_threads(count, words):
    answers = set()
    threads = [threading.Thread(target=lambda: answers.add(perform(words))) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers.pop() if len(answers) == 1 else "different"


for line in sys.stdin:
    print(perform(re.split(" ", line.rstrip("\n"))), flush=True)
