"""One private view, made and entered to see whether this machine allows it; run by ``isolation.probe``."""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any

from . import trees
from .nursery import Nursery
from .places import Layout
from .wire import Channel, Message


def main() -> None:
    """Print what isolation is possible, for the configuration on standard input."""
    config = json.load(sys.stdin)
    os.chdir(config["root"])
    for folder in ("logs", "tasks"):
        os.mkdir(folder)
    nursery = Nursery(Layout(config["root"]), config["hidden"], config["visible"])
    ours, theirs = socket.socketpair()
    nursery.hand(theirs)
    theirs.close()
    channel = Channel(ours)
    messages = _run(channel, {"attempt_id": "trial", "argv": ["true"], "isolated": True})
    nursery.close()
    while not channel.closed:  # the warden, which has a view to leave, goes after the nursery
        channel.receive()
    os.chdir("/")
    trees.remove(config["root"])  # here too: who asked may have been killed meanwhile
    print(json.dumps(_verdict(messages)))


def _run(channel: Channel, spec: dict[str, Any]) -> list[Message]:
    unused = {"env": [], "working_dir": "", "files": [], "captures": [], "want_result": False}
    limits: dict[str, Any] = {
        "deadline": None,
        "timeout": 10.0,
        "grace": 0.0,
        "quotas": [],
        "progress_file": "",
    }
    handlers = {"post_start": [], "pre_stop": [], "last_words": "", "words_from_log": False}
    channel.socket.setblocking(True)
    channel.send(["run", {**spec, **unused, **limits, **handlers}])
    messages: list[Message] = []
    while not channel.closed and not any(kind == "ended" for kind, _ in messages):
        messages += channel.receive()
    return messages


def _verdict(messages: list[Message]) -> dict[str, Any]:
    answers: dict[str, Any] = {str(kind): body for kind, body in messages}
    end = answers.get("ended", {"reason": "lost", "message": "the process that made the view was ended"})
    if end["reason"] == "exited" and end["exit_code"] == 0:
        return {"is_available": True, "notes": answers["started"]["notes"]}
    return {"is_available": False, "reason": end["message"] or f"`true` ended with {end['exit_code']}"}
