from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from pinnace.base.errors import UsageError
from pinnace.settings import Settings, documented, read_settings


def test_runs_are_kept_below_the_users_state_folder_by_default() -> None:
    assert read_settings({"HOME": "/home/me"}).home == Path("/home/me/.local/state/pinnace")


def test_the_xdg_state_folder_is_used_when_it_is_absolute() -> None:
    assert read_settings({"HOME": "/home/me", "XDG_STATE_HOME": "/state"}).home == Path("/state/pinnace")
    relative = read_settings({"HOME": "/home/me", "XDG_STATE_HOME": "state"})
    assert relative.home == Path("/home/me/.local/state/pinnace")


def test_pinnace_home_wins_and_becomes_absolute() -> None:
    given = read_settings({"HOME": "/home/me", "XDG_STATE_HOME": "/state", "PINNACE_HOME": "here"})
    assert given.home == Path.cwd() / "here"


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("1", True), ("No", False), ("", False)])
def test_a_boolean_is_read_as_people_write_it(text: str, expected: bool) -> None:
    assert read_settings({"HOME": "/", "PINNACE_ALLOW_LINK_LOCAL": text}).allow_link_local is expected


def test_a_boolean_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="PINNACE_ISOLATED is 'maybe'"):
        read_settings({"HOME": "/", "PINNACE_ISOLATED": "maybe"})


def test_folders_that_may_be_mounted_are_absolute_and_some_only_read(tmp_path: Path) -> None:
    given = read_settings({"HOME": "/", "PINNACE_HOST_PATHS": f"{tmp_path}:/srv=ro:"})
    assert given.host_folders == ((str(tmp_path.resolve()), False), ("/srv", True))
    with pytest.raises(UsageError, match="'data' is not an absolute path"):
        read_settings({"HOME": "/", "PINNACE_HOST_PATHS": "data"})


def test_any_value_of_no_color_but_the_empty_one_means_yes() -> None:
    assert read_settings({"HOME": "/", "NO_COLOR": "0"}).no_color
    assert not read_settings({"HOME": "/", "NO_COLOR": ""}).no_color


def test_every_setting_is_documented_and_has_its_own_variable() -> None:
    docs = documented()
    assert list(docs) == [field.name for field in fields(Settings)]
    assert len({doc.variable for doc in docs.values()}) == len(docs)
    assert all(doc.text.endswith(".") for doc in docs.values())
