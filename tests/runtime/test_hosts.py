from __future__ import annotations

from pathlib import Path

from pinnace.runtime.hosts import hosts_file


def test_names_of_the_workflow_and_the_template_stand_before_those_of_the_machine() -> None:
    own = Path("/etc/hosts").read_text() if Path("/etc/hosts").exists() else "127.0.0.1 localhost\n"

    (found,) = hosts_file(
        [{"ip": "127.0.0.1", "hostnames": ["a.example", "b.example"]}],
        [{"ip": "10.0.0.1", "hostnames": ["c.example"]}],
    )

    assert found.path == "/etc/hosts"
    assert found.content.decode() == f"127.0.0.1 a.example b.example\n10.0.0.1 c.example\n{own}"


def test_without_aliases_the_file_stays_as_it_is() -> None:
    assert hosts_file(None, []) == ()


def test_an_alias_is_one_line() -> None:
    (found,) = hosts_file([{"ip": "127.0.0.1", "hostnames": ["a\n10.0.0.1 b"]}])
    assert found.content.decode().startswith("127.0.0.1 a 10.0.0.1 b\n")
