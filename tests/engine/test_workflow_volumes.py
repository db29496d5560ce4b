"""The workflow's volumes as the command of a pod has them."""

from __future__ import annotations

from pinnace.testing.play import Play

WORK = """
- name: work
  inputs: {parameters: [{name: own, default: mine}]}
  container: {image: i, command: [c]}
- name: give
  container: {image: i, command: [c]}
  outputs: {parameters: [{name: p, valueFrom: {path: /p, default: none}}]}
"""


def run(volume: str, templates: str) -> Play:
    spec = f"""
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {{name: wf}}
spec:
  entrypoint: main
  arguments: {{parameters: [{{name: which, value: all}}]}}
  volumes: [{{name: v, persistentVolumeClaim: {{claimName: "{volume}"}}}}]
  templates: [{{name: none, container: {{image: i}}}}]
"""
    lines = (templates + WORK).strip().replace("\n", "\n  ")
    return Play(spec.replace("[{name: none, container: {image: i}}]", f"\n  {lines}")).start()


def claim(play: Play, name: str) -> str:
    (volume,) = play.open[name].template.volumes
    found: str = volume["persistentVolumeClaim"]["claimName"]
    return found


def test_a_volume_may_name_arguments_and_what_its_pod_is_given() -> None:
    play = run(
        "{{workflow.parameters.which}}-{{inputs.parameters.own}}",
        "- {name: main, steps: [[{name: a, template: work}]]}",
    )
    assert claim(play, "wf[0].a") == "all-mine"


def test_a_volume_may_name_what_an_earlier_step_gave() -> None:
    steps = "- {name: main, steps: [[{name: a, template: give}], [{name: b, template: work}]]}"
    play = run("{{steps.a.outputs.parameters.p}}", steps)
    assert claim(play, "wf[0].a") == "{{steps.a.outputs.parameters.p}}"
    play.end("wf[0].a", parameters={"p": "here"})
    assert claim(play, "wf[1].b") == "here"


def test_a_pod_deep_below_a_task_sees_what_the_task_depends_on() -> None:
    tasks = """
- name: main
  dag: {tasks: [{name: a, template: give}, {name: b, template: inner, depends: a, onExit: work}]}
- {name: inner, steps: [[{name: c, template: again}]]}
- {name: again, retryStrategy: {limit: 1}, container: {image: i, command: [c]}}
"""
    play = run("{{tasks.a.outputs.parameters.p}}", tasks)
    play.end("wf.a", parameters={"p": "here"})
    assert claim(play, "wf.b[0].c(0)") == "here"
    play.end("wf.b[0].c(0)")
    assert claim(play, "wf.b.onExit") == "here"


def test_inputs_of_the_caller_come_before_those_of_the_pod() -> None:
    templates = """
- {name: main, steps: [[{name: a, template: inner, arguments: {parameters: [{name: own, value: outer}]}}]]}
- {name: inner, inputs: {parameters: [{name: own}]}, steps: [[{name: b, template: work}]]}
"""
    assert claim(run("{{inputs.parameters.own}}", templates), "wf[0].a[0].b") == "outer"
