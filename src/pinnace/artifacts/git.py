"""Git repositories as input artifacts, through the ``git`` command.

It sees nothing of the user's own: no configuration, no credentials, no hooks, and no protocol that reads this
machine's files or runs its commands. Source: Argo workflow/artifacts/git/git.go.
"""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pinnace.artifacts.files import appearing
from pinnace.base.errors import ArtifactError, RefusedError
from pinnace.ports.web import refusal_of_address, refusal_of_name, shown
from pinnace.spec.locations import Git

#: Protocols that are spoken: others read files of this machine, or run commands on it.
_PROTOCOLS = "git:http:https:ssh"
#: Given as the credential helper, so that no secret is an argument that others can read.
_HELPER = '!f() { echo "username=$PINNACE_GIT_USERNAME"; echo "password=$PINNACE_GIT_PASSWORD"; }; f'
#: How many characters of what git says are told.
_TOLD = 500


class GitStore:
    """One repository at a revision; implements ``pinnace.ports.artifacts.ArtifactStore`` for inputs.

    Args:
        location: the repository, and what of it is wanted.
        username: a resolved secret, as the next two.
        password: for HTTP.
        ssh_private_key: for SSH.
        allow_link_local: also ask link-local and metadata addresses.
    """

    def __init__(
        self,
        location: Git,
        *,
        username: str = "",
        password: str = "",
        ssh_private_key: str = "",
        allow_link_local: bool = False,
    ) -> None:
        self._location = location
        self._username = username
        self._password = password
        self._ssh_private_key = ssh_private_key
        self._allow_link_local = allow_link_local

    def load(self, _key: str, target: Path) -> None:
        """Make ``target`` a clone of the repository with the revision checked out.

        Raises:
            ArtifactError: the repository cannot be cloned, or has no such revision.
            RefusedError: its address is not asked, or there is no ``git`` command.
        """
        location = self._location
        if location.single_branch and not location.branch:
            raise ArtifactError("single branch mode without a branch specified")
        self._judge(location.repo)
        with appearing(target) as made, self._environment() as environment:
            self._clone(made, environment)
            if self._is_empty(made, environment):
                return
            if location.fetch:
                self._git(made, environment, "fetch", *self._depth(), "origin", "--", *location.fetch)
            if location.revision:
                self._check_out(made, environment)
            if not location.disable_submodules:
                self._git(made, environment, "submodule", "update", "--init", "--recursive")

    def save(self, _source: Path, _key: str) -> None:
        """Refuse: nothing is pushed."""
        raise RefusedError("git artifacts are inputs only", remedy="Push in a container template.")

    def delete(self, _key: str) -> None:
        """Refuse: nothing is deleted from a repository."""
        raise RefusedError(f"a git artifact cannot be deleted: {shown(self._location.repo)}")

    def list(self, _prefix: str) -> Sequence[str]:
        """Refuse: a repository has no keys."""
        raise RefusedError(f"the files of a git artifact cannot be listed: {shown(self._location.repo)}")

    def is_directory(self, _key: str) -> bool:
        """Return True: a clone is a folder."""
        return True

    def _clone(self, made: Path, environment: dict[str, str]) -> None:
        location = self._location
        branch = ["--single-branch", "--branch", location.branch] if location.single_branch else []
        options = [*self._depth(), *(branch or ["--no-single-branch"])]
        self._git(
            made.parent,
            environment,
            "clone",
            "--quiet",
            "--template=",
            *options,
            "--",
            location.repo,
            made.name,
        )

    def _depth(self) -> Sequence[str]:
        return ["--depth", str(self._location.depth)] if self._location.depth else []

    def _is_empty(self, made: Path, environment: dict[str, str]) -> bool:
        return not self._git(made, environment, "for-each-ref", "--count=1")

    def _check_out(self, made: Path, environment: dict[str, str]) -> None:
        """Check out the revision, a branch, a tag or a commit, on no branch."""
        location = self._location
        heads = f"refs/heads/{location.branch}" if location.single_branch else "refs/heads/*"
        self._git(
            made, environment, "fetch", "--quiet", "--update-head-ok", "origin", "--", f"{heads}:{heads}"
        )
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{location.revision}^{{commit}}")
        try:
            commit = self._git(made, environment, *asked)
        except ArtifactError as error:
            where = shown(location.repo)
            raise ArtifactError(f"the repository {where} has no revision {location.revision!r}") from error
        self._git(made, environment, "checkout", "--quiet", "--detach", commit)

    def _git(self, folder: Path, environment: dict[str, str], *arguments: str) -> str:
        try:
            done = subprocess.run(
                ["git", "-c", "credential.helper=", *self._settings(), *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise RefusedError(
                "git artifacts need the git command, which is not there", remedy="Install git."
            ) from error
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().replace(self._location.repo, "…")
            where = shown(self._location.repo)
            raise ArtifactError(f"failed to {arguments[0]} {where}: {said[-_TOLD:]}")
        return done.stdout.decode("utf-8", "replace").strip()

    def _settings(self) -> Sequence[str]:
        settings = ["-c", "advice.detachedHead=false"]
        if self._username or self._password:
            settings += ["-c", f"credential.helper={_HELPER}"]
        if self._location.insecure_skip_tls:
            settings += ["-c", "http.sslVerify=false"]
        return settings

    @contextmanager
    def _environment(self) -> Iterator[dict[str, str]]:
        """Give what git is started with; the secret key lies in a file of its own for as long."""
        with tempfile.TemporaryDirectory(prefix="pinnace-git-") as home:
            # The keys in the user's own folder would be tried otherwise; known hosts are read there.
            ssh = [
                "ssh",
                "-F",
                "none",
                "-o",
                "BatchMode=yes",
                "-o",
                "IdentitiesOnly=yes",
                "-o",
                "IdentityFile=none",
            ]
            if self._ssh_private_key:
                key = Path(home, "key")
                key.touch(mode=0o600)
                key.write_text(self._ssh_private_key.rstrip("\n") + "\n")
                ssh[-1] = f"IdentityFile={key}"
            if self._location.insecure_ignore_host_key:
                ssh += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
            yield {
                "PATH": os.pathsep.join(os.get_exec_path()),
                "HOME": home,
                "LC_ALL": "C",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_ALLOW_PROTOCOL": _PROTOCOLS,
                "GIT_SSH_COMMAND": shlex.join(ssh),
                "GIT_HTTP_LOW_SPEED_LIMIT": "1",
                "GIT_HTTP_LOW_SPEED_TIME": "60",
                "PINNACE_GIT_USERNAME": self._username,
                "PINNACE_GIT_PASSWORD": self._password,
            }

    def _judge(self, repo: str) -> None:
        """Refuse hosts that hand out this machine's credentials."""
        host = _host_of(repo)
        if self._allow_link_local or not host:
            return
        refusal = refusal_of_name(host)
        try:
            found = socket.getaddrinfo(host, None) if not refusal else []
        except OSError:
            return  # git says what is wrong with it
        refusals = [refusal, *(refusal_of_address(str(each[4][0])) for each in found)]
        if any(refusals):
            why = next(filter(None, refusals))
            raise RefusedError(f"{host} is not asked: {why}", remedy="PINNACE_ALLOW_LINK_LOCAL permits it.")


def _host_of(repo: str) -> str:
    """Return the host that a URL, or SSH's short form ``user@host:path``, names."""
    if "://" in repo:
        return urlsplit(repo).hostname or ""
    before, mark, _ = repo.partition(":")
    return before.rpartition("@")[2] if mark else ""
