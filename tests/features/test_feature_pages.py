"""What the pages about features show does what they say."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from pinnace.bootstrap import Pinnace
from pinnace.ports.observer import Silence
from pinnace.schedules.decisions import decide
from pinnace.schedules.status import Cron
from pinnace.settings import read_settings
from pinnace.spec.bundle import read_bundle
from pinnace.spec.schedules import CronWorkflow
from pinnace.spec.workflow import Workflow

PAGES = Path(__file__).parents[2] / "docs" / "features"
#: The first line of a block of YAML that is a workflow to run, with all it refers to.
MARK = "# Runs in the tests."
_BLOCK = re.compile(rf"^```yaml\n({re.escape(MARK)}\n.*?)^```$", re.MULTILINE | re.DOTALL)

MANIFESTS = [
    pytest.param(text, id=f"{page.stem}-{number}")
    for page in sorted(PAGES.glob("*.md"))
    for number, text in enumerate(_BLOCK.findall(page.read_text()))
]


def at_a_tick(manifest: CronWorkflow) -> Workflow:
    """Return what a scheduler starts for it, at the first time that it looks."""
    decision = decide(Cron(manifest=manifest, uid="u", created_at=0.0), 1_795_424_400)
    assert decision.start is not None, decision.reason
    return decision.start


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize("manifest", MANIFESTS)
def test_a_manifest_of_a_page_succeeds(manifest: str, tmp_path: Path) -> None:
    home = {"PINNACE_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}
    pinnace = Pinnace(read_settings(home))
    try:
        bundle = read_bundle([("page.yaml", manifest)])
        assert not [problem for problem in bundle.problems if problem.is_error], bundle.problems
        workflow = bundle.workflows[0] if bundle.workflows else at_a_tick(bundle.cron_workflows[0])
        uid = pinnace.submit(workflow, bundle.catalogue)
        asyncio.run(pinnace.drive([uid], observer=Silence()))
        run = pinnace.load(uid)
        messages = [f"{node.name}: {node.message}" for node in run.nodes.values() if node.message]
        assert (run.state.phase, messages) == ("Succeeded", [])
    finally:
        pinnace.close()
