"""Run Argo's manifests and write what became of them: ``make conformance``."""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import shutil
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from conformance import report
from conformance.cases import HERE, SUITE, Case, read_cases
from conformance.namespace import Namespace
from conformance.plan import Plan, plan
from conformance.running import run_all
from conformance.verdicts import Outcome, Verdict, judge
from pinnace.world.world import World

_DOCUMENT = HERE.parent / "docs" / "conformance.md"
#: No case ends for so many seconds: the process itself hangs.
_HANGS = 400.0


def main() -> int:
    """Run the cases that the command line chooses; return the exit status."""
    given = _arguments()
    if not SUITE.exists():
        print(f"Argo's manifests are not here: there is no folder {SUITE}.", file=sys.stderr)
        print("They are not part of this repository; put them beside your clone.", file=sys.stderr)
        return 2
    cases = [case for case in read_cases() if _is_meant(case, given)]
    outcomes = asyncio.run(_run(cases, given))
    if len(cases) == len(read_cases()):
        _DOCUMENT.write_text(report.document(outcomes), encoding="utf-8")
        print(f"\nwrote {_DOCUMENT}")
    else:
        print("\n" + report.rows(outcomes))
    print("\n" + report.totals(outcomes))
    failed = report.gate(outcomes)
    if failed:
        print(f"{len(failed)} of what must hold does not:")
        for outcome in failed:
            print(f"  {outcome.case.path}: {outcome.verdict}, {outcome.actual}. {outcome.reason}")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="manifests whose path holds TEXT")
    parser.add_argument("--class", dest="classes", default="", metavar="A,B", help="only of these classes")
    parser.add_argument("--jobs", type=int, default=12, help="how many run at a time")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave each run's home in this folder")
    parser.add_argument("--nodes", action="store_true", help="print the nodes of each run")
    return parser.parse_args()


def _is_meant(case: Case, given: argparse.Namespace) -> bool:
    classes = [each.strip() for each in given.classes.split(",") if each.strip()]
    return given.only in case.path and (not classes or case.needs in classes)


async def _run(cases: Sequence[Case], given: argparse.Namespace) -> list[Outcome]:
    """Return what came of each case, in their order; those that are known to take long begin first."""
    namespace = Namespace()
    room = asyncio.Semaphore(given.jobs)
    home = given.keep or Path(tempfile.mkdtemp(prefix="pinnace-conformance-"))
    found: dict[str, Outcome] = {}

    async def one(case: Case, world: World) -> None:
        async with room:
            outcome = await _outcome(case, namespace, home / case.path.replace("/", "_"), world)
        faulthandler.dump_traceback_later(_HANGS, exit=True)
        found[case.path] = outcome
        print(f"{outcome.verdict:11} {case.path}: {outcome.actual}  {outcome.reason[:150]}", flush=True)
        if given.nodes:
            print(*(f"    {line}" for line in outcome.nodes), sep="\n", flush=True)

    try:
        with World() as world:
            ordered = sorted(cases, key=lambda case: "duration" not in case.remarks)
            await asyncio.gather(*(one(case, world) for case in ordered))
    finally:
        faulthandler.cancel_dump_traceback_later()
        if given.keep is None:
            shutil.rmtree(home, ignore_errors=True)
    return [found[case.path] for case in cases]


async def _outcome(case: Case, namespace: Namespace, home: Path, world: World) -> Outcome:
    try:
        planned = plan(case, namespace)
        ends = []
        if not planned.errors:
            has_world = await asyncio.to_thread(_prepare, case, planned, world)
            ends = await run_all(case, planned, home, world if has_world else None)
        return judge(case, planned, ends)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other cases go on and the table tells it
        traceback.print_exc()
        return Outcome(case=case, actual="defect", verdict=Verdict.DEFECT, reason=repr(error))


def _prepare(case: Case, planned: Plan, world: World) -> bool:
    """Make the buckets of a manifest exist; return whether it has anything to do with S3."""
    if not case.needed & {"s3:explicit", "artifact-repo"}:
        return False
    catalogue = planned.catalogue
    world.prepare_from([*planned.workflows, *catalogue.namespaced.values()], {})
    if case.known.objects:
        import boto3  # one case of all needs it

        client = boto3.client(
            "s3",
            endpoint_url=world.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )
        for place, text in case.known.objects.items():
            bucket, _, key = place.partition("/")
            client.put_object(Bucket=bucket, Key=key, Body=text.encode())
    return True


if __name__ == "__main__":
    sys.exit(main())
