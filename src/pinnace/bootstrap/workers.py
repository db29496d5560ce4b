"""Who does the work that Pinnace's own process does for nodes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pinnace.base.errors import UsageError
from pinnace.engine.artifacts import repository_of
from pinnace.engine.commands import ActOnObject, CallPlugin, DeleteArtifacts, SendRequest, TransformData, Work
from pinnace.engine.run import Run
from pinnace.settings import Settings

if TYPE_CHECKING:  # adapters are imported when they are first used, so that `list` starts fast
    from pinnace.ports.artifacts import ArtifactKeeper
    from pinnace.ports.http import HttpRunner
    from pinnace.runtime.workers import Worker
    from pinnace.service.cluster import StoreCluster
    from pinnace.spec.plugins import Plugin
    from pinnace.world.world import World


def workers(
    settings: Settings,
    http: HttpRunner,
    cluster: StoreCluster,
    keeper: Callable[[Run], ArtifactKeeper],
    adopt: Callable[[str], None],
    world: World | None,
) -> Callable[[Run], Mapping[type[Work], Worker]]:
    """Return what makes the table of a run's workers: one row a kind of work.

    Args:
        settings: name the executor plugins and the mail server.
        http: sends requests.
        cluster: the objects that resource templates act on.
        keeper: makes what keeps the artifacts of a run.
        adopt: drives a run, by its uid, that a resource template made.
        world: answers for AWS, if there is one.

    Raises:
        UsageError: the file that names the plugins cannot be read.
    """
    from pinnace.executors.aws import BotoSigner
    from pinnace.executors.mail import SmtpMailer
    from pinnace.runtime.data import Transformer
    from pinnace.runtime.garbage import Collector
    from pinnace.runtime.notices import Notifier
    from pinnace.runtime.plugins import PluginWorker
    from pinnace.runtime.requests import Requester
    from pinnace.runtime.resources import ResourceWorker
    from pinnace.runtime.window import Window

    window = Window()
    plugins = _plugins(settings)
    mailer = SmtpMailer(allow_link_local=settings.allow_link_local)
    signer = BotoSigner(world.endpoint_url, world.credentials) if world is not None else BotoSigner()

    def of(run: Run) -> dict[type[Work], Worker]:
        kept = keeper(run)
        return {
            SendRequest: Requester(http, window, run.lookup.catalogue, time.time),
            TransformData: Transformer(kept, repository_of(run)),
            ActOnObject: ResourceWorker(run, cluster, kept, adopt),
            DeleteArtifacts: Collector(kept),
            CallPlugin: PluginWorker(
                run, plugins, http, Notifier(http, mailer, signer, run.lookup.catalogue)
            ),
        }

    return of


def _plugins(settings: Settings) -> tuple[Plugin, ...]:
    """Return the executor plugins that the settings name."""
    if settings.plugins is None:
        return ()
    from pinnace.spec.plugins import read_plugins

    try:
        text = settings.plugins.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{settings.plugins}: {error.strerror}") from None
    return read_plugins(text)
