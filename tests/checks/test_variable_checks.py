"""Variables: what may be mentioned where."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Told = Callable[..., list[str]]

COMMON = """
spec:
  entrypoint: main
  arguments: {parameters: [{name: p, value: x}]}
  templates:
  - name: say
    inputs: {parameters: [{name: m}]}
    outputs: {parameters: [{name: o, valueFrom: {path: /o}, globalName: shared}]}
    container: {image: busybox, args: ['{{inputs.parameters.m}}']}
"""


def steps(text: str) -> str:
    return f"{COMMON}  - name: main\n    steps: {text}\n"


def dag(text: str) -> str:
    return f"{COMMON}  - name: main\n    dag: {{tasks: {text}}}\n"


def call(name: str, value: str = "x", more: str = "") -> str:
    arguments = f"arguments: {{parameters: [{{name: m, value: '{value}'}}]}}"
    return f"{{name: {name}, template: say, {arguments}{', ' + more if more else ''}}}"


def after(value: str) -> str:
    """Return steps ``a`` and then ``b``, which is handed ``value``."""
    return steps(f"[[{call('a')}], [{call('b', value)}]]")


@pytest.mark.parametrize(
    "value",
    [
        "{{workflow.name}}", "{{workflow.parameters.p}}", "{{ workflow.parameters.p }}", "{{custom.thing}}",
        "{{workflow.parameters}}", "{{workflow.creationTimestamp.Y}}", "{{workflow.duration}}", "plain",
        "{{steps.a.outputs.result}}", "{{steps.a.outputs.parameters.o}}", "{{steps.a.status}}",
        "{{steps.a.exitCode}}", "{{workflow.outputs.parameters.shared}}", "{{=steps.a.outputs.result}}",
        "{{steps.{{workflow.name}}.id}}", "{{workflow.status}}", "{{= toJson(workflow.parameters.p) }}",
    ],
)  # fmt: skip
def test_a_variable_that_exists_is_accepted(told: Told, value: str) -> None:
    assert told(after(value)) == []
    assert told(after(value), warnings=True) == []


def test_a_leaf_sees_its_inputs_its_paths_and_its_attempts(told: Told) -> None:
    names = ("inputs.parameters.m", "pod.name", "outputs.parameters.o.path", "retries", "lastRetry.exitCode")
    text = " ".join(f"{{{{{name}}}}}" for name in names)
    manifest = COMMON.replace("name: say", "name: main\n    retryStrategy: {limit: 1}")
    manifest = manifest.replace("{{inputs.parameters.m}}", text).replace("name: p", "name: m")
    assert told(manifest) == []


def test_a_leaf_does_not_see_the_steps_around_it(told: Told) -> None:
    manifest = after("x").replace("{{inputs.parameters.m}}", "{{steps.a.outputs.result}}")
    assert [line.split(":")[0] for line in told(manifest)] == [
        "unresolved-variable spec.templates[0].container.args[0]"
    ]


def test_a_step_does_not_see_the_steps_of_its_own_group(told: Told) -> None:
    (line,) = told(steps(f"[[{call('a')}, {call('b', '{{steps.a.outputs.result}}')}]]"))
    assert line.endswith("(step 'a' has not ended by then: move this step to a later group)")


def test_a_task_sees_its_ancestors_only(told: Told) -> None:
    a, b = call("a"), call("b", more="dependencies: [a]")
    grandchild = call("c", "{{tasks.a.outputs.result}}", "dependencies: [b]")
    assert told(dag(f"[{a}, {b}, {grandchild}]")) == []
    stranger = call("c", "{{tasks.b.outputs.result}}", "dependencies: [a]")
    (line,) = told(dag(f"[{a}, {b}, {stranger}]"))
    assert line.endswith("(missing dependency 'b': add it to the task's dependencies)")


def test_items_offer_the_keys_that_they_have(told: Told) -> None:
    assert told(steps(f"[[{call('a', '{{item.k}}', 'withItems: [{k: 1}, {l: 2}]')}]]")) == []
    from_parameter = "withParam: '{{workflow.parameters.p}}'"
    assert told(steps(f"[[{call('a', '{{item.k}}', from_parameter)}]]")) == []
    (line,) = told(steps(f"[[{call('a', '{{item.z}}', 'withItems: [{k: 1}]')}]]"))
    assert line.startswith("unresolved-variable ")


def test_a_loop_offers_the_outputs_of_all_items(told: Told) -> None:
    user = call("b", "{{steps.a.outputs.parameters}}")
    assert told(steps(f"[[{call('a', '{{item}}', 'withItems: [1, 2]')}], [{user}]]")) == []
    (line,) = told(steps(f"[[{call('a')}], [{user}]]"))
    assert line.startswith("unresolved-variable ")


def test_a_sequence_offers_its_results_one_by_one_only(told: Told) -> None:
    def manifest(fact: str) -> str:
        user = call("b", f"{{{{steps.a.outputs.{fact}}}}}")
        return steps(f"[[{call('a', '{{item}}', 'withSequence: {count: 2}')}], [{user}]]")

    assert told(manifest("result")) == []
    assert told(manifest("parameters.o")) == []
    (line,) = told(manifest("parameters"))
    assert line.startswith("unresolved-variable ")


def test_failures_exist_in_exit_handlers(told: Told) -> None:
    bye = "  - {name: bye, container: {image: x, args: ['{{workflow.failures}}']}}\n"
    assert told(after("x") + bye + "  onExit: bye\n") == []
    assert told(after("x") + bye + "  hooks: {exit: {template: bye}}\n") == []


def test_hooks_see_their_own_step(told: Told) -> None:
    hook = "arguments: {parameters: [{name: m, value: '{{steps.a.outputs.result}}'}]}"
    assert told(steps(f"[[{call('a', more=f'hooks: {{exit: {{template: say, {hook}}}}}')}]]")) == []


def test_an_inline_template_sees_its_inputs_and_what_its_step_sees(told: Told) -> None:
    inputs = "inputs: {parameters: [{name: i, value: x}]}"
    args = "args: ['{{inputs.parameters.i}} {{item}} {{steps.a.id}} {{pod.name}}']"
    inline = f"{{name: b, withItems: [1], inline: {{{inputs}, container: {{image: x, {args}}}}}}}"
    assert told(steps(f"[[{call('a')}], [{inline}]]")) == []


def test_a_workflow_template_may_use_parameters_that_its_user_brings(told: Told) -> None:
    template = """
    kind: WorkflowTemplate
    apiVersion: argoproj.io/v1alpha1
    metadata: {name: t}
    spec:
      templates: [{name: main, container: {image: x, args: ['{{workflow.parameters.q}}']}}]
    """
    assert told(template) == []
    user = "spec: {entrypoint: main, workflowTemplateRef: {name: t}}"
    (line,) = told(template, user)
    assert line.startswith("unresolved-variable spec.templates[0].container.args[0]: ")
    brings = user.replace("}}", "}, arguments: {parameters: [{name: q, value: x}]}}")
    assert told(template, brings) == []


def test_an_unfinished_tag_is_told(told: Told) -> None:
    (line,) = told(after("{{workflow.name"))
    assert line.startswith("invalid-tag ")


def test_an_expression_that_cannot_be_read_is_told(told: Told) -> None:
    (line,) = told(after("{{= 1 + }}"))
    assert line.startswith("invalid-expression ")


def test_what_an_expression_lacks_is_a_warning_because_argo_lets_it_pass(told: Told) -> None:
    manifest = after("{{= workflow.parameters.q }}")
    assert told(manifest) == []
    (line,) = told(manifest, warnings=True)
    assert line.endswith("which does not exist here (did you mean 'workflow.parameters.p'?)")


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("steps.my-step.outputs.result", "steps['my-step']"),
        ("workflow.parameters.my-p == 'x'", "workflow.parameters['my-p']"),
        ("steps['my-step'].outputs.result", None),
        ("'steps.my-step.outputs.result'", None),
        ("asInt(workflow.parameters.p)-1", None),
    ],
)
def test_a_dash_in_an_expression_is_a_subtraction(told: Told, expression: str, hint: str | None) -> None:
    use = call("b", f"{{{{= {expression} }}}}".replace("'", "''"))
    manifest = steps(f"[[{call('my-step')}], [{use}]]").replace(
        "[{name: p,", "[{name: my-p, value: x}, {name: p,"
    )
    lines = [line for line in told(manifest, warnings=True) if line.startswith("dash-")]
    assert [line[line.index("(") :] for line in lines] == ([f"(write {hint})"] if hint else [])


def test_a_depends_that_is_no_condition_is_told(told: Told) -> None:
    (line,) = told(dag(f"[{call('a')}, {call('b', more='depends: a &&')}]"))
    assert line.startswith("invalid-depends spec.templates[1].dag.tasks[1].depends: ")


SHARED_TEMPLATE = """
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: shared, labels: {team: x}}
spec:
  templates:
  - name: hello
    container: {image: x, args: ['{{workflow.labels.team}}', '{{workflow.name}}', '{{custom.x}}']}
"""
CALL_SHARED = "[[{name: a, templateRef: {name: shared, template: hello}}]]"


def test_a_template_of_another_document_sees_the_workflow_that_calls_it(told: Told) -> None:
    (line,) = told(SHARED_TEMPLATE, steps(CALL_SHARED))
    assert line == (
        "unresolved-variable spec.templates[1].steps[0][0]: template 'hello' of namespaced/shared is called"
        " here: failed to resolve {{workflow.labels.team}} (did you mean 'workflow.labels'?)"
    )
    assert told(SHARED_TEMPLATE, steps(CALL_SHARED) + "  workflowMetadata: {labels: {team: y}}\n") == []


def test_outputs_of_documents_that_are_not_called_do_not_exist(told: Told) -> None:
    exporting = "    outputs: {parameters: [{name: o, globalName: far, valueFrom: {path: /o}}]}\n"
    other = SHARED_TEMPLATE.replace("'{{workflow.labels.team}}', ", "") + exporting
    far = call("b", "{{workflow.outputs.parameters.far}}")
    (line,) = told(other, steps(f"[[{far}]]"))
    assert line.startswith("unresolved-variable ")
    assert told(other, steps(f"[{CALL_SHARED[1:-1]}, [{far}]]")) == []
