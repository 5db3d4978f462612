"""The vectors of the protocol: every request in its bytes, every reply read from its bytes."""

import base64
import json
import os
import sys
import unittest

_here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(_here, "..", "src"))

from vt_client import _wire  # noqa: E402

_vectors = os.path.join(_here, "..", "..", "..", "proto", "vectors")


def _load(name):
    with open(os.path.join(_vectors, name), encoding="utf-8") as file:
        return json.load(file)


def _request(kind, value):
    """The encoded Request of a vector; None for kinds this client never sends that way."""
    raw = lambda name: base64.b64decode(value.get(name, ""))  # noqa: E731
    text = lambda name: value.get(name, "").encode()  # noqa: E731
    tracked = value.get("tracked", False)
    if kind == "ignoreInput":
        return _wire.ignore_input(raw("path"))
    if kind == "ignoreOutput":
        return _wire.ignore_output(raw("path"))
    if kind == "disableCache":
        return _wire.disable_cache(text("reason"))
    if kind == "getEnv":
        return _wire.get_env(text("name"), tracked)
    if kind == "getEnvs" and "glob" in value:
        return _wire.get_envs(text("glob"), b"", tracked)
    if kind == "getEnvs" and "prefix" in value:
        return _wire.get_envs(None, text("prefix"), tracked)
    if kind == "declareComplete":
        paths = [[base64.b64decode(path) for path in value[name]] for name in ("inputs", "outputs")]
        return _wire.declare_complete(*paths, value["process"])
    if kind == "dependOnGlob":
        globs = [[glob.encode() for glob in value[name]] for name in ("include", "exclude")]
        return _wire.depend_on_glob(raw("directory"), *globs, text("since"))
    if kind == "dependOnExists":
        return _wire.depend_on_exists(raw("path"), text("since"))
    if kind == "dependOnJson":
        return _wire.depend_on_json(raw("path"), text("pointer"), text("since"))
    if kind == "openReplies":
        return _wire.open_replies()
    return None


class Vectors(unittest.TestCase):
    def test_frames(self):
        encoded = 0
        for vector in _load("frames.json"):
            frame = vector["json"]
            label = frame.get("request", {}).pop("label", "").encode()
            for kind, value in frame.get("request", {}).items():
                request = _request(kind, value)
                if request is None or vector["name"] == "fields of a newer version":
                    continue
                request += _wire.label(label)
                with self.subTest(vector["name"]):
                    sent = _wire.frames(
                        frame.get("pid", 0),
                        frame.get("nonce", 0),
                        frame.get("sequence", 0),
                        frame.get("replyChannel", 0),
                        request,
                    )
                    self.assertEqual([each.hex() for each in sent], [vector["hex"]])
                    encoded += 1
        self.assertGreater(encoded, 8)

    def test_replies(self):
        read = 0
        for vector in _load("replies.json"):
            message = bytes.fromhex(vector["hex"])
            length, at = _wire._read_varint(message, 0)
            with self.subTest(vector["name"]):
                self.assertEqual(length, len(message) - at)
                sequence, answer = _wire.decode_reply(message[at:])
                reply = vector["json"]
                self.assertEqual(sequence, reply.get("sequence", 0))
                if "getEnv" in reply:
                    value = reply["getEnv"].get("value")
                    expected = None if value is None else base64.b64decode(value)
                    self.assertEqual(answer.value, expected)
                elif "getEnvs" in reply:
                    variables = reply["getEnvs"].get("variables", [])
                    self.assertEqual(
                        answer,
                        {v["name"].encode(): base64.b64decode(v.get("value", "")) for v in variables},
                    )
                elif "hello" in reply:
                    self.assertEqual(answer, reply["hello"]["protocolVersion"])
                elif "dependOnGlob" in reply:
                    paths = [base64.b64decode(path) for path in reply["dependOnGlob"]["paths"]]
                    self.assertEqual(answer, paths)
                elif "dependOnExists" in reply:
                    self.assertEqual(answer, "directory")
                elif "dependOnJson" in reply:
                    value = reply["dependOnJson"].get("value")
                    expected = None if value is None else base64.b64decode(value)
                    self.assertEqual(answer.value, expected)
                else:
                    self.assertIsNone(answer)
                read += 1
        self.assertGreater(read, 4)

    def test_every_prefix_of_a_reply_is_refused_or_read(self):
        for vector in _load("replies.json"):
            message = bytes.fromhex(vector["hex"])
            _, at = _wire._read_varint(message, 0)
            for end in range(at, len(message)):
                try:
                    _wire.decode_reply(message[at:end])
                except _wire.MalformedMessage:
                    pass


if __name__ == "__main__":
    unittest.main()
