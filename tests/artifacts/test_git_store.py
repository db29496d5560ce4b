"""Git repositories as artifacts, against git's own server on this machine."""

from __future__ import annotations

import http.server
import shutil
import socketserver
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pinnace.artifacts.git import GitStore
from pinnace.base.errors import ArtifactError, RefusedError
from pinnace.spec.locations import Git
from servers import Quiet, serving

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")

ENV = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/usr/bin:/bin:/usr/local/bin"}
WHO = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *WHO, *arguments], cwd=folder, env=ENV, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(folder: Path, text: str) -> str:
    (folder / "file").write_text(text)
    git(folder, "add", "file")
    git(folder, "commit", "-q", "-m", text)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a repository of three commits on main, one on another branch, and an empty one."""
    root = tmp_path_factory.mktemp("git")
    source = root / "source"
    source.mkdir()
    git(source, "init", "-q")
    commit(source, "one")
    git(source, "tag", "v1")
    commit(source, "two")
    git(source, "checkout", "-q", "-b", "other")
    commit(source, "elsewhere")
    git(source, "update-ref", "refs/changes/1", "HEAD")
    git(source, "checkout", "-q", "main")
    commit(source, "three")
    git(root, "clone", "-q", "--bare", "--mirror", str(source), "repo")
    git(root / "repo", "update-server-info")
    git(root, "init", "-q", "--bare", "empty")
    return root


@pytest.fixture(scope="module")
def served(repositories: Path) -> Iterator[str]:
    """Return the URL at which git's own server answers, a process for each connection."""
    command = ["git", "daemon", "--inetd", "--export-all", f"--base-path={repositories}"]

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            subprocess.run(command, stdin=self.request, stdout=self.request, env=ENV, check=False)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"git://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def loaded(tmp_path: Path, repo: str, **more: Any) -> Path:
    GitStore(Git(repo=repo, **more)).load("", tmp_path / "input")
    return tmp_path / "input"


def count(folder: Path) -> int:
    return int(git(folder, "rev-list", "--count", "HEAD"))


def test_the_default_branch_is_cloned(served: str, tmp_path: Path) -> None:
    found = loaded(tmp_path, f"{served}/repo")
    assert (found / "file").read_text() == "three"
    assert count(found) == 3


@pytest.mark.parametrize(("revision", "text"), [("v1", "one"), ("other", "elsewhere"), ("main", "three")])
def test_a_revision_is_checked_out(served: str, tmp_path: Path, revision: str, text: str) -> None:
    assert (loaded(tmp_path, f"{served}/repo", revision=revision) / "file").read_text() == text


def test_a_commit_is_checked_out(served: str, repositories: Path, tmp_path: Path) -> None:
    sha = git(repositories / "repo", "rev-parse", "main~1")
    assert (loaded(tmp_path, f"{served}/repo", revision=sha) / "file").read_text() == "two"


def test_no_more_commits_are_fetched_than_are_asked_for(served: str, tmp_path: Path) -> None:
    assert count(loaded(tmp_path, f"{served}/repo", depth=1)) == 1


def test_one_branch_is_cloned_alone(served: str, tmp_path: Path) -> None:
    found = loaded(tmp_path, f"{served}/repo", single_branch=True, branch="other")
    assert (found / "file").read_text() == "elsewhere"
    assert git(found, "branch", "-r") == "origin/other"


def test_other_references_are_fetched(served: str, tmp_path: Path) -> None:
    more: dict[str, Any] = {"fetch": ("refs/changes/*:refs/remotes/origin/changes/*",)}
    found = loaded(tmp_path, f"{served}/repo", revision="origin/changes/1", **more)
    assert (found / "file").read_text() == "elsewhere"


def test_an_empty_repository_is_an_empty_folder(served: str, tmp_path: Path) -> None:
    found = loaded(tmp_path, f"{served}/empty", revision="main")
    assert [path.name for path in found.iterdir()] == [".git"]


def test_a_revision_that_is_not_there_is_told(served: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="has no revision '--upload-pack=x'"):
        loaded(tmp_path, f"{served}/repo", revision="--upload-pack=x")
    assert not (tmp_path / "input").exists()


def test_a_repository_that_is_not_there_is_told(served: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=f"failed to clone {served}/nowhere: "):
        loaded(tmp_path, f"{served}/nowhere")


def test_one_branch_needs_its_name(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="single branch mode without a branch specified"):
        loaded(tmp_path, "https://example.com/x", single_branch=True)


@pytest.mark.parametrize("kind", ["file://{}/repo", "{}/repo", "ext::sh -c 'touch {}/ran'", "-x{}"])
def test_neither_files_nor_commands_of_this_machine_are_reached(
    repositories: Path, tmp_path: Path, kind: str
) -> None:
    with pytest.raises(ArtifactError, match="failed to clone"):
        loaded(tmp_path, kind.format(repositories))
    assert not (repositories / "ran").exists()


@pytest.mark.parametrize(
    "repo", ["http://169.254.169.254/x", "ssh://git@metadata.google.internal/x", "git@169.254.169.254:x"]
)
def test_hosts_that_hand_out_credentials_are_not_asked(tmp_path: Path, repo: str) -> None:
    with pytest.raises(RefusedError, match="is not asked"):
        loaded(tmp_path, repo)


def test_nothing_is_stored_in_a_repository(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="git artifacts are inputs only"):
        GitStore(Git(repo="https://example.com/x")).save(tmp_path, "")


def test_hooks_of_this_machine_do_not_run(
    served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (hooks / "post-checkout").chmod(0o755)
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(tmp_path / "template"))
    loaded(tmp_path, f"{served}/repo", revision="v1")
    assert not (tmp_path / "ran").exists()


def test_the_password_is_given_to_the_server_and_to_nobody_else(repositories: Path, tmp_path: Path) -> None:
    asked = []

    class Files(Quiet, http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(repositories))

        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization"))
            if asked[-1] is None:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="x"')
                self.end_headers()
            else:
                super().do_GET()

    with serving(Files) as url:
        location = Git(repo=f"{url}/repo")
        GitStore(location, username="me", password="pass word").load("", tmp_path / "input")
        with pytest.raises(ArtifactError) as error:
            GitStore(location).load("", tmp_path / "other")
    assert (tmp_path / "input" / "file").read_text() == "three"
    assert "Basic " + b64encode(b"me:pass word").decode() in asked
    assert "pass word" not in (tmp_path / "input" / ".git" / "config").read_text()
    assert "failed to clone http://127.0.0.1" in error.value.message


def test_ssh_is_given_the_key_that_is_named_and_none_of_the_users(tmp_path: Path) -> None:
    with GitStore(Git(repo="git@h:x"), ssh_private_key="secret")._environment() as environment:
        command = environment["GIT_SSH_COMMAND"]
        key = Path(command.rpartition("IdentityFile=")[2])
        assert key.read_text() == "secret\n"
        assert key.stat().st_mode & 0o077 == 0
    assert not key.exists()
    with GitStore(Git(repo="git@h:x", insecure_ignore_host_key=True))._environment() as environment:
        assert "IdentityFile=none" in environment["GIT_SSH_COMMAND"]
        assert "StrictHostKeyChecking=no" in environment["GIT_SSH_COMMAND"]
