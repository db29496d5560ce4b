"""Every setting once: its variable, unit, default and meaning. The only module that reads the environment.

``read_settings`` is called once, at the start of a command; the result is handed down and never changes. The
reference in ``docs/reference/settings.md`` is made from this module.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_type_hints

from pinnace.base.errors import UsageError
from pinnace.ports.hostfolders import HostFolder

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True)
class Doc:
    """What the reference says of a setting."""

    variable: str
    text: str
    default: str
    """As people read it."""
    unit: str = "text"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a user can set for all commands. An option of a command wins over its variable."""

    home: Annotated[
        Path,
        Doc(
            "PINNACE_HOME",
            "Where runs, logs and artifacts are kept.",
            "${XDG_STATE_HOME:-~/.local/state}/pinnace",
            "folder",
        ),
    ]
    images: Annotated[
        Path | None,
        Doc(
            "PINNACE_IMAGES",
            "A file that says what stands in for images here; it adds to the shipped table.",
            "none",
            "file",
        ),
    ] = None
    image_rules: Annotated[
        tuple[str, ...],
        Doc(
            "PINNACE_IMAGE",
            "Stand-ins as PATTERN=HOW, separated by blanks; they win over the file. See `run --image`.",
            "none",
        ),
    ] = ()
    is_isolated: Annotated[
        bool,
        Doc(
            "PINNACE_ISOLATED",
            "Whether each task gets a private view of files and processes, where the kernel allows it.",
            "true",
            "boolean",
        ),
    ] = True
    workflow_defaults: Annotated[
        Path | None,
        Doc(
            "PINNACE_WORKFLOW_DEFAULTS",
            "A file that every workflow is laid over: metadata and spec, as a controller's workflowDefaults.",
            "none",
            "file",
        ),
    ] = None
    plugins: Annotated[
        Path | None,
        Doc(
            "PINNACE_PLUGINS",
            "A file that names the executor plugins that plugin templates may use.",
            "none",
            "file",
        ),
    ] = None
    host_folders: Annotated[
        tuple[HostFolder, ...],
        Doc(
            "PINNACE_HOST_PATHS",
            "What hostPath volumes may mount: folders separated by colons; FOLDER=ro is only to be read.",
            "none",
            "folders",
        ),
    ] = ()
    namespace: Annotated[
        str, Doc("ARGO_NAMESPACE", "The namespace of new runs, and the one that lists show.", "none", "name")
    ] = ""
    transient_error_pattern: Annotated[
        str,
        Doc(
            "TRANSIENT_ERROR_PATTERN",
            "Further messages that the retry policy OnTransientError takes as transient.",
            "none",
            "regular expression",
        ),
    ] = ""
    allow_link_local: Annotated[
        bool,
        Doc(
            "PINNACE_ALLOW_LINK_LOCAL",
            "Whether http templates may reach link-local and metadata addresses.",
            "false",
            "boolean",
        ),
    ] = False
    no_color: Annotated[
        bool,
        Doc("NO_COLOR", "No colours in the output; any value but the empty one counts.", "false", "flag"),
    ] = False


def documented() -> dict[str, Doc]:
    """Return what the reference says of each setting, by its field."""
    hints = get_type_hints(Settings, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that ``environ``, or else this process's environment, gives.

    Raises:
        UsageError: a variable holds what its setting cannot be.
    """
    given = os.environ if environ is None else environ
    images = given.get("PINNACE_IMAGES", "")
    defaults = given.get("PINNACE_WORKFLOW_DEFAULTS", "")
    plugins = given.get("PINNACE_PLUGINS", "")
    return Settings(
        home=_home(given),
        images=Path(images).expanduser() if images else None,
        image_rules=tuple(given.get("PINNACE_IMAGE", "").split()),
        is_isolated=_boolean(given, "PINNACE_ISOLATED", default=True),
        workflow_defaults=Path(defaults).expanduser() if defaults else None,
        plugins=Path(plugins).expanduser() if plugins else None,
        host_folders=_host_folders(given.get("PINNACE_HOST_PATHS", "")),
        namespace=given.get("ARGO_NAMESPACE", ""),
        transient_error_pattern=given.get("TRANSIENT_ERROR_PATTERN", ""),
        allow_link_local=_boolean(given, "PINNACE_ALLOW_LINK_LOCAL", default=False),
        no_color=bool(given.get("NO_COLOR", "")),
    )


def _home(given: Mapping[str, str]) -> Path:
    """Return the home folder, absolute so that changing the working folder does not move it.

    Source: XDG Base Directory specification: a relative ``XDG_STATE_HOME`` is ignored.
    """
    own = given.get("PINNACE_HOME", "")
    if own:
        return Path(own).expanduser().absolute()
    state = Path(given.get("XDG_STATE_HOME", ""))
    if state.is_absolute():
        return state / "pinnace"
    user = given.get("HOME", "")
    folder = Path(user) if user else Path.home()
    return folder.absolute() / ".local" / "state" / "pinnace"


def _host_folders(text: str) -> tuple[HostFolder, ...]:
    found = []
    for each in filter(None, text.split(os.pathsep)):
        path = each.removesuffix("=ro")
        if not path.startswith("/"):
            message = f"PINNACE_HOST_PATHS: {path!r} is not an absolute path"
            raise UsageError(message, remedy="Write folders as /data:/srv/models=ro.")
        found.append(HostFolder(os.path.realpath(path), is_read_only=each != path))
    return tuple(found)


def _boolean(given: Mapping[str, str], variable: str, *, default: bool) -> bool:
    text = given.get(variable)
    if text is None:
        return default
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    message = f"{variable} is {text!r}, which is neither true nor false"
    raise UsageError(message, remedy="Write true or false.")
