"""What people ask of a transcript's run, and what they see of it: more commands.

stop, terminate, suspend, resume [NODE...], set NODE [WORD...]
ask resume|stop|set SELECTOR [WORD...]   the same, of the nodes that a field selector means
retry [SELECTOR] [WORD...]               what failed runs again, and what the selector means
resubmit [memoized] [WORD...]            all of it runs again, as a run of the name ``again``
delete               what goes with the run when it is forgotten
show NODE...         what a node was given and gave
asked NODE...        what the executor was asked to do
status NODE FIELD... what an Argo client reads of it
object PATH...       what an Argo client reads of the run, from the root: names with dots between
"""

from __future__ import annotations

from collections.abc import Iterable

from looking import emitted, given_and_gave, key_shown, part_of, what_is_asked
from stage import Stage

from pinnace.cli.render.explained import as_text
from pinnace.engine.advance import reassess, restore
from pinnace.engine.events import NodeSet, ResumeAsked, RunStarted, ShutdownAsked, SuspendAsked
from pinnace.engine.garbage import STRATEGIES, garbage, keeps_run
from pinnace.engine.metrics import realtime
from pinnace.engine.naming import node_id
from pinnace.engine.run import Run, Shutdown
from pinnace.ports.store import Request
from pinnace.runtime.fleet import events_of
from pinnace.service import control
from pinnace.service.explaining import explanations
from pinnace.service.resubmit import resubmitted, reused
from pinnace.service.retry import retry
from pinnace.service.selectors import parse_field_selector
from pinnace.service.status import workflow_object
from pinnace.testing.builders import UID
from pinnace.testing.simulation import Journal


class Audience(Stage):
    """A transcript with the people who watch it and step in."""

    # What people ask ---------------------------------------------------------------------------------------

    def do_stop(self) -> Iterable[str]:
        return self.turn([ShutdownAsked(shutdown=Shutdown.STOP)])

    def do_terminate(self) -> Iterable[str]:
        return self.turn([ShutdownAsked(shutdown=Shutdown.TERMINATE)])

    def do_suspend(self) -> Iterable[str]:
        return self.turn([SuspendAsked()])

    def do_resume(self) -> Iterable[str]:
        return self.turn([ResumeAsked(nodes=self.numbers(self.words) if self.words else None)])

    def do_set(self) -> Iterable[str]:
        values = dict(word.split("=", 1) for word in self.words[1:])
        return self.turn(
            [
                NodeSet(
                    nodes=self.numbers(self.words[:1]),
                    phase=values.get("phase", ""),
                    message=values.get("message", ""),
                    parameters={key[2:]: value for key, value in values.items() if key.startswith("p.")},
                )
            ]
        )

    def do_ask(self) -> Iterable[str]:
        verb, selector, *words = self.words
        given = [word[2:] for word in words if word.startswith("p.")]
        others = dict(word.split("=", 1) for word in words if not word.startswith("p."))
        if verb == "set":
            ask = control.node_set(self.run_, selector=selector, parameters=given, **others)
        else:
            ask = getattr(control, verb)(self.run_, selector=selector, **others)
        request = Request(id=1, uid=UID, kind=ask.kind, payload=ask.payload, created_at=self.now)
        return self.turn(events_of(request))

    def do_retry(self) -> Iterable[str]:
        given = dict(word[2:].split("=", 1) for word in self.words if word.startswith("p."))
        selectors = [parse_field_selector(word) for word in self.words if not word.startswith("p.")]
        run = self.run_
        change = retry(run, self.now, parameters=given, restart=selectors[0] if selectors else None)
        kept = {number: node for number, node in run.nodes.items() if number not in change.removed}
        kept |= {node.number: node for node in change.nodes}
        self.run = Run(change.info, run.workflow, run.lookup)
        self.run.written, self.run.reused = run.written, run.reused
        restore(self.run, change.state, kept.values())
        self.journal = Journal(self.run)
        yield from (f"- {run.nodes[number].name}" for number in sorted(change.removed))
        yield from (self.change(node) for node in change.nodes)
        yield f"= {change.state.phase or 'none'}"
        yield from self.take(reassess(self.run, self.now))

    def do_resubmit(self) -> Iterable[str]:
        old = self.run_
        parameters = [word[2:] for word in self.words if word.startswith("p.")]
        kept = reused(old) if "memoized" in self.words else {}
        self.baseline = old if old.state.phase == "Succeeded" else None
        run = self.begin(resubmitted(old, parameters=parameters), old.lookup.catalogue, "again")
        run.reused = kept
        self.journal = Journal(run)
        return self.turn([RunStarted()])

    def do_delete(self) -> Iterable[str]:
        run, spec = self.run_, self.run_.workflow.spec
        waste = garbage(run.nodes.values(), spec, STRATEGIES)
        if waste:
            yield f"> delete {' '.join(map(key_shown, waste))}"
        trouble = " ".join(self.words)
        yield f"kept: {trouble}" if keeps_run(spec, trouble) else "forgotten"

    # Looking -----------------------------------------------------------------------------------------------

    def do_show(self) -> Iterable[str]:
        for name in self.words:
            yield from given_and_gave(self.run_, None if name == "workflow" else self.find(name))

    def do_asked(self) -> Iterable[str]:
        for name in self.words:
            yield from what_is_asked(self.run_, self.commands[name])

    def do_measure(self) -> Iterable[str]:
        return [emitted(emission) for emission in realtime(self.run_, self.now)] or ["nothing"]

    def do_explain(self) -> Iterable[str]:
        return [as_text(each) for name in self.words for each in explanations(self.run_, name, self.now)]

    def do_status(self) -> Iterable[str]:
        name, *fields = self.words
        status = workflow_object(self.run_, self.baseline)["status"]
        if name != "workflow":
            status = status["nodes"][node_id(self.run_.info.name, name)]
        return [part_of(status, field) for field in fields]

    def do_object(self) -> Iterable[str]:
        return [part_of(workflow_object(self.run_, self.baseline), path) for path in self.words]
