"""Where manifests come from: files, folders, URLs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from terminals import Cli

from pinnace.base.errors import EnvironmentFailure, UsageError
from pinnace.cli.sources import read_sources
from servers import Quiet, serving

MANIFEST = b"apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: far}\nspec: {entrypoint: x}\n"


class Server(Quiet):
    def do_GET(self) -> None:
        if self.path == "/moved.yaml":
            self.send_response(302)
            self.send_header("Location", "/here.yaml")
            self.end_headers()
            return
        self.send_response(200 if self.path == "/here.yaml" else 404)
        self.end_headers()
        self.wfile.write(MANIFEST)


@pytest.fixture
def server() -> Iterator[str]:
    with serving(Server) as url:
        yield url.removeprefix("http://")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINNACE_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("path", ["here.yaml", "moved.yaml"])
def test_a_url_is_a_file(server: str, path: str) -> None:
    assert read_sources([f"http://{server}/{path}"]) == [(f"http://{server}/{path}", MANIFEST)]


def test_a_password_in_a_url_is_not_shown(server: str) -> None:
    ((name, text),) = read_sources([f"http://user:secret@{server}/here.yaml"])
    assert text == MANIFEST
    assert "secret" not in name


def test_a_url_that_gives_nothing_says_why(server: str) -> None:
    with pytest.raises(EnvironmentFailure, match=r"/gone\.yaml: received non-2xx response code: 404"):
        read_sources([f"http://{server}/gone.yaml"])
    with pytest.raises(EnvironmentFailure, match="connection refused"):
        read_sources(["http://127.0.0.1:9/x.yaml"])


def test_problems_of_a_url_name_it(cli: Cli, server: str) -> None:
    status, out, _ = cli("lint", f"http://{server}/here.yaml", "-o", "text")
    assert status == 2
    assert out.startswith(f"http://{server}/here.yaml:4:20: error[unknown-template]: spec.entrypoint: ")


def test_a_folder_gives_its_manifests_in_order_and_each_file_once(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "c.json", "d.txt"):
        (tmp_path / name).write_text("{}")
    names = [Path(name).name for name, _ in read_sources([str(tmp_path), str(tmp_path / "b.yaml")])]
    assert names == ["a.yml", "b.yaml", "c.json"]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no manifests in this folder"):
        read_sources([str(tmp_path)])
    with pytest.raises(UsageError, match=r"gone\.yaml: No such file"):
        read_sources([str(tmp_path / "gone.yaml")])
