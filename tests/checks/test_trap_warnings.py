"""Traps: what Argo runs without a word gets a warning here, and what is fine gets none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Told = Callable[..., list[str]]

AROUND = "spec:\n  entrypoint: main\n  templates:\n"
SAY = """\
  - name: say
    inputs: {parameters: [{name: m}]}
    container: {image: x, args: ['{{inputs.parameters.m}}']}
"""
CONDITION = "successCondition: response.statusCode == 200"


def codes(lines: list[str]) -> list[str]:
    return [line.split()[0] for line in lines]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (f"http: {{url: u, {CONDITION}}}, retryStrategy: {{retryPolicy: OnTransientError, limit: 3}}",
         "transient-ignores-condition"),
        (f"http: {{url: u, {CONDITION}}}, retryStrategy: {{retryPolicy: Always, limit: 3}}", None),
        ("http: {url: u}, retryStrategy: {retryPolicy: OnTransientError, limit: 3}", None),
        ("suspend: {}, retryStrategy: {limit: 3}", "retry-never-fires"),
        ("container: {image: x}, retryStrategy: {limit: 0}", "retry-never-fires"),
        ("steps: [[{name: a, template: ok}]], retryStrategy: {limit: 1, retryPolicy: OnError}",
         "retry-never-fires"),
        ("container: {image: x}, retryStrategy: {backoff: {duration: 1s}}", "backoff-never-waits"),
        ("container: {image: x}, retryStrategy: {limit: 1, backoff: {duration: 1s}}", None),
        ("script: {image: x, source: z}", "script-without-command"),
        ("script: {image: x, source: z, command: [sh]}", None),
        ("container: {image: x, args: ['{{item}}']}", "item-outside-loop"),
        ("container: {image: x, args: ['{{input.parameters.x}}']}", "unknown-variable"),
        ("container: {image: x, args: ['{{custom.x}}']}", None),
        ("steps: [[{name: a, template: main}]]", "endless-recursion"),
        ("steps: [[{name: a, template: main, when: 'a == b'}]]", None),
        ("steps: [[{name: a, template: ok}]], parallelism: 0", "nothing-may-start"),
        ("steps: [[{name: a, template: ok}]], parallelism: 1", None),
        ("steps: [[{name: a, template: ok, arguments: {parameters: [{name: z, value: z}]}}]]",
         "unused-argument"),
        ("container: {image: x}, retryStrategy: {}", "endless-retry"),
        ("container: {image: x}, retryStrategy: {retryPolicy: Always}", "endless-retry"),
        ("container: {image: x}, retryStrategy: {expression: 'asInt(retries) < 3'}", None),
    ],
)  # fmt: skip
def test_a_trap_is_told_and_its_remedy_is_not(told: Told, body: str, code: str | None) -> None:
    manifest = f"{AROUND}  - {{name: ok, suspend: {{}}}}\n  - {{name: main, {body}}}\n"
    assert told(manifest) == []
    assert codes(told(manifest, warnings=True)) == ([code] if code else [])


def test_hooks_exit_beside_on_exit_is_told(told: Told) -> None:
    handlers = "  onExit: main\n  hooks: {exit: {template: main}}\n"
    manifest = f"{AROUND}  - {{name: main, suspend: {{}}}}\n{handlers}"
    assert codes(told(manifest, warnings=True)) == ["unused-hook"]


def test_a_workflow_that_lets_nothing_start_is_told(told: Told) -> None:
    manifest = f"{AROUND}  - {{name: main, suspend: {{}}}}\n  parallelism: 0\n"
    assert codes(told(manifest, warnings=True)) == ["nothing-may-start"]


def retried(expression: str) -> str:
    strategy = f"retryStrategy: {{expression: '{expression}'}}"
    return f"{AROUND}  - {{name: main, container: {{image: x}}, {strategy}}}\n"


@pytest.mark.parametrize("expression", ["lastRetry.exitCode ==", "nothing == 1", "retries > 1"])
def test_a_retry_expression_that_cannot_be_evaluated_is_an_error(told: Told, expression: str) -> None:
    (line,) = told(retried(expression))
    assert line.startswith("invalid-expression spec.templates[0].retryStrategy.expression: ")


def test_a_retry_expression_that_compares_a_text_with_a_number_is_told(told: Told) -> None:
    (line,) = told(retried("lastRetry.exitCode > 1"), warnings=True)
    assert line.endswith("(retries and lastRetry.* are texts: use asInt(…))")


def test_a_retry_expression_over_texts_is_fine(told: Told) -> None:
    manifest = retried('asInt(lastRetry.exitCode) > 1 && lastRetry.status == "Error"')
    assert told(manifest) == []
    assert told(manifest, warnings=True) == []


def test_a_success_condition_over_something_else_is_an_error(told: Told) -> None:
    (line,) = told(
        f"{AROUND}  - {{name: main, http: {{url: u, successCondition: 'respons.statusCode == 200'}}}}\n"
    )
    assert line.endswith(
        "successCondition knows request and response, not 'respons' (did you mean 'response'?)"
    )


def test_an_output_of_a_skipped_step_is_told_where_nothing_stands_in_for_it(told: Told) -> None:
    def manifest(use: str, name: str = "say", output: str = "") -> str:
        made = f"{{name: o, valueFrom: {{path: /o{output}}}}}"
        text = f"{AROUND}  - {{name: make, container: {{image: x}}, outputs: {{parameters: [{made}]}}}}\n"
        first = "{name: a, template: make, when: '1 == 2'}"
        argument = "{name: m, value: '{{steps.a.outputs.parameters.o}}'}"
        second = f"{{name: b, template: {name}, arguments: {{parameters: [{argument}]}}{use}}}"
        return (
            text
            + SAY
            + SAY.replace("say", "mild").replace("{name: m}", "{name: m, default: d}")
            + (f"  - {{name: main, steps: [[{first}], [{second}]]}}\n")
        )

    assert codes(told(manifest(""), warnings=True)) == ["skipped-output"]
    assert told(manifest("", output=", default: d"), warnings=True) == []
    assert told(manifest("", name="mild"), warnings=True) == []
    assert told(manifest(", when: '1 == 2'"), warnings=True) == []


MAKE = "{name: make, script: {image: x, command: [c]}, outputs: {artifacts: [{name: f, path: /f}]}}"
EAT = "{name: eat, inputs: {artifacts: [{name: f, path: /f, optional: true}]}, container: {image: x}}"
A_RESULT = "steps.a.outputs.result"
AN_ARTIFACT = "steps.a.outputs.artifacts.f"


def given(argument: str) -> str:
    return f"template: say, arguments: {{parameters: [{{name: m, value: '{argument}'}}]}}"


def handed(argument: str) -> str:
    return f"template: eat, arguments: {{artifacts: [{{name: f, {argument}}}]}}"


@pytest.mark.parametrize(
    ("use", "place"),
    [
        (f"withParam: '{{{{{A_RESULT}}}}}', {given('{{item}}')}", "withParam"),
        (f"withSequence: {{count: '{{{{{A_RESULT}}}}}'}}, {given('{{item}}')}", "withSequence.count"),
        (f"when: '{{{{{A_RESULT}}}}} == 3', {given('x')}", "when"),
        (given(f"not {{{{{A_RESULT}}}}}"), "arguments.parameters[0].value"),
        (given(f"{{{{={A_RESULT}}}}}"), "arguments.parameters[0].value"),
        (given("{{steps.a.exitCode}}"), "arguments.parameters[0].value"),
        (given(f"{{{{={A_RESULT} ?? 1}}}}"), None),
        (given(f'{{{{=steps.a.status == "Skipped" ? "" : {A_RESULT}}}}}'), None),
        (given("{{steps.a.status}}"), None),
        (f"when: 1 == 2, {given(f'{{{{{A_RESULT}}}}}')}", None),
        (handed(f"from: '{{{{{AN_ARTIFACT}}}}}'"), "arguments.artifacts[0].from"),
        (handed(f"fromExpression: '{AN_ARTIFACT}'"), "arguments.artifacts[0].fromExpression"),
        (handed(f"raw: {{data: '{{{{{A_RESULT}}}}}'}}"), "arguments.artifacts[0].raw.data"),
        (handed(f"from: '{{{{{AN_ARTIFACT}}}}}', optional: true"), None),
    ],
)
def test_every_use_of_an_output_of_a_skipped_step_is_told(told: Told, use: str, place: str | None) -> None:
    steps = f"[[{{name: a, template: make, when: '1 == 2'}}], [{{name: b, {use}}}]]"
    manifest = f"{AROUND}{SAY}  - {MAKE}\n  - {EAT}\n  - {{name: main, steps: {steps}}}\n"
    lines = told(manifest, warnings=True)
    wanted = [f"skipped-output spec.templates[3].steps[1][0].{place}"] if place else []
    assert [line.split(": ")[0] for line in lines] == wanted


@pytest.mark.parametrize(
    ("depends", "is_told"),
    [("a", True), ("a.Succeeded", False), ("b", False), ("a && b", False), ("a && !b.Failed", True)],
)
def test_a_task_that_is_omitted_with_what_was_skipped_needs_no_default(
    told: Told, depends: str, is_told: bool
) -> None:
    use = given("{{tasks.a.outputs.result}}")
    tasks = "{name: a, template: make, when: '1 == 2'}, {name: b, template: make, depends: a.Succeeded}"
    tasks += f", {{name: c, depends: '{depends}', {use}}}"
    manifest = f"{AROUND}{SAY}  - {MAKE}\n  - {{name: main, dag: {{tasks: [{tasks}]}}}}\n"
    assert codes(told(manifest, warnings=True)) == (["skipped-output"] if is_told else [])


@pytest.mark.parametrize(
    ("strategy", "is_told"),
    [
        ("expression: lastRetry.exitCode == 1", True),
        ("expression: 'false'", True),
        ('expression: lastRetry.status == "failed"', True),
        ('retryPolicy: OnFailure, expression: lastRetry.status == "Error"', True),
        ("limit: 3, backoff: {duration: 1m, maxDuration: 30s}", True),
        ("limit: -1", True),
        ("expression: asInt(lastRetry.exitCode) in [3] && asInt(retries) < 9", False),
        ('expression: lastRetry.exitCode == "77"', False),
        ('expression: lastRetry.message contains "x"', False),
        ('retryPolicy: OnError, expression: lastRetry.status == "Error"', False),
        ("limit: 3, backoff: {duration: 1m, maxDuration: 60s}", False),
    ],
)
def test_a_retry_that_cannot_come_is_told(told: Told, strategy: str, is_told: bool) -> None:
    manifest = f"{AROUND}  - name: main\n    container: {{image: x}}\n    retryStrategy: {{{strategy}}}\n"
    assert codes(told(manifest, warnings=True)) == (["retry-never-fires"] if is_told else [])


@pytest.mark.parametrize(
    ("value", "when", "code"),
    [
        ("eu-west-1", "{{workflow.parameters.x}} == prod", "invalid-condition"),
        ("", "{{workflow.parameters.x}} == prod", "invalid-condition"),
        ("eu-west-1", "'{{workflow.parameters.x}}' == prod", None),
        ("prod", "{{workflow.parameters.x}} == prod", None),
    ],
)
def test_a_condition_that_fails_on_the_value_here_is_told(
    told: Told, value: str, when: str, code: str | None
) -> None:
    manifest = conditional(when) + f"  arguments: {{parameters: [{{name: x, value: '{value}'}}]}}\n"
    assert codes(told(manifest, warnings=True)) == ([code] if code else [])


def test_a_condition_that_fails_on_an_item_is_told(told: Told) -> None:
    step = "{name: a, template: ok, withItems: [word, two-words], when: '{{item}} == word'}"
    manifest = f"{AROUND}  - {{name: ok, suspend: {{}}}}\n  - {{name: main, steps: [[{step}]]}}\n"
    (line,) = told(manifest, warnings=True)
    assert line.startswith("invalid-condition spec.templates[1].steps[0][0].when: with item = 'two-words', ")


def test_a_whole_fan_in_on_a_command_line_is_told_with_the_remedy(told: Told) -> None:
    first = "{name: a, template: say, withItems: [1], arguments: {parameters: [{name: m, value: x}]}}"
    second = (
        "{name: b, template: say, arguments: {parameters: [{name: m, value: '{{steps.a.outputs.result}}'}]}}"
    )
    manifest = f"{AROUND}{SAY}  - {{name: main, steps: [[{first}], [{second}]]}}\n"
    assert told(manifest) == []
    (line,) = told(manifest, warnings=True)
    assert line.startswith("large-argument spec.templates[1].steps[1][0].arguments.parameters[0].value: ")
    assert line.endswith("(pass them as an input artifact: raw: {data: '{{steps.a.outputs.result}}'})")


def conditional(when: str) -> str:
    steps = f"[[{{name: a, template: ok, when: {when!r}}}]]"
    return f"{AROUND}  - {{name: ok, suspend: {{}}}}\n  - name: main\n    steps: {steps}\n"


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("{{workflow.name}} == heads", None),
        ("{{workflow.name}} > 5", None),
        ("{{workflow.name}}", None),
        ("{{= 1 == 1}}", None),
        ("( {{workflow.name}} == heads && {{workflow.name}} == tails ) || 1 == 1", None),
        ("'{{workflow.name}}' == 'my-value'", None),
        ("{{workflow.name}} == 'word'", None),
        ("{{workflow.name}} == 'my-value'", "unquoted-condition"),
        ("{{workflow.name}} != ''", "unquoted-condition"),
        ("'a b' == {{workflow.name}}", "unquoted-condition"),
        ("{{workflow.name}} == my-value", "invalid-condition"),
        ("{{workflow.name}} == ", "invalid-condition"),
        ("'{{workflow.name}}' > 5", "invalid-condition"),
        ("{{workflow.name}} == '5'", "unquoted-condition"),
        ("{{workflow.name}} == 'true'", "unquoted-condition"),
        ("'{{workflow.name}}' == 5", "unquoted-condition"),
        ("'{{workflow.name}}' == 5-a", "invalid-condition"),
        ("'{{workflow.name}}' == '5'", None),
        ("{{workflow.name}} == true", None),
    ],
)
def test_a_condition_that_will_fail_on_some_value_is_told(told: Told, when: str, code: str | None) -> None:
    assert told(conditional(when)) == []
    assert codes(told(conditional(when), warnings=True)) == ([code] if code else [])


def test_the_remedy_of_a_condition_is_its_quotes(told: Told) -> None:
    (line,) = told(conditional("{{workflow.name}} == 'my-value'"), warnings=True)
    assert line.endswith("(write '{{workflow.name}}', quotes included)")


SHARED = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: shared}
spec:
  onExit: bye
  volumes: [{name: v, emptyDir: {}}]
  templates:
  - {name: work, steps: [[{name: a, template: hands}]]}
  - {name: hands, container: {image: x, volumeMounts: [{name: v, mountPath: /v}]}}
  - {name: bye, container: {image: x}}
"""


def test_what_a_template_leaves_behind_when_it_is_called_is_told(told: Told) -> None:
    call = "steps: [[{name: a, templateRef: {name: shared, template: work}}]]"
    manifest = f"{AROUND}  - {{name: main, {call}}}\n"
    assert told(SHARED, manifest) == []
    (line,) = told(SHARED, manifest, warnings=True)
    assert line == (
        "ignored-spec spec.templates[0].steps[0][0].templateRef: a templateRef takes over the template and"
        " nothing else: onExit, volumes (v) in the spec of 'shared' do not count here (give this step or this"
        " workflow its own)"
    )
    own = manifest + "  volumes: [{name: v, emptyDir: {}}]\n"
    (line,) = told(SHARED, own, warnings=True)
    assert "else: onExit in the spec" in line
    (line,) = told(SHARED, manifest.replace("template: work", "template: bye"), warnings=True)
    assert "else: onExit in the spec" in line
    whole = "spec: {entrypoint: work, workflowTemplateRef: {name: shared}}\n"
    assert told(SHARED, whole, warnings=True) == []


def test_an_output_that_nothing_reads_is_told(told: Told) -> None:
    def manifest(output: str, more: str = "") -> str:
        make = f"{{name: make, container: {{image: x}}, outputs: {{parameters: [{output}]}}}}"
        return f"{AROUND}  - {make}\n{SAY}  - {{name: main, steps: [[{{name: a, template: make}}]{more}]}}\n"

    made = "{name: o, valueFrom: {path: /o}}"
    (line,) = told(manifest(made), warnings=True)
    assert line.startswith("unused-output spec.templates[0].outputs.parameters[0]: ")
    exported = made.replace("name: o", "name: o, globalName: far")
    assert told(manifest(exported), warnings=True) == []
    argument = "{name: m, value: '{{steps.a.outputs.parameters.o}}'}"
    used = f", [{{name: b, template: say, arguments: {{parameters: [{argument}]}}}}]"
    assert told(manifest(made, used), warnings=True) == []


SECRET_USER = """\
spec:
  entrypoint: main
  volumes: [{name: v, secret: {secretName: far}}, {name: w, configMap: {name: conf}}]
  templates:
  - name: main
    container:
      image: x
      env:
      - {name: A, valueFrom: {secretKeyRef: {name: s, key: a}}}
      - {name: B, valueFrom: {secretKeyRef: {name: s, key: b}}}
      - {name: C, valueFrom: {configMapKeyRef: {name: perhaps, key: c, optional: true}}}
      - {name: D, valueFrom: {secretKeyRef: {name: "{{workflow.name}}", key: d}}}
"""


def test_secrets_and_config_maps_that_no_file_holds_are_told_once(told: Told) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: x}\n"
    assert told(secret, SECRET_USER) == []
    give, ignore = "is among the files (give the file that holds the", "or --ignore-missing"
    assert told(secret, SECRET_USER, warnings=True) == [
        f"missing-secret spec.volumes[0].secret: no Secret 'far' {give} Secret, {ignore})",
        f"missing-config-map spec.volumes[1].configMap: no ConfigMap 'conf' {give} ConfigMap, {ignore})",
        "missing-secret spec.templates[0].container.env[1].valueFrom.secretKeyRef: Secret 's' has no key 'b'",
    ]


@pytest.mark.parametrize(
    ("spec", "template", "is_told"),
    [
        ("", "", True),
        ("volumes: [{name: work, emptyDir: {}}]", "", False),
        ("volumeClaimTemplates: [{metadata: {name: work}}]", "", False),
        ("", "volumes: [{name: work, emptyDir: {}}]", False),
        ("templateDefaults: {volumes: [{name: work, emptyDir: {}}]}", "", False),
        ('podSpecPatch: \'{"volumes": [{"name": "work", "emptyDir": {}}]}\'', "", False),
        ("", "volumes: [{name: works, emptyDir: {}}]", True),
    ],
)
def test_a_mount_of_a_volume_that_nobody_declares_is_told(
    told: Told, spec: str, template: str, is_told: bool
) -> None:
    mounts = "volumeMounts: [{name: work, mountPath: /w}]"
    manifest = f"{AROUND}  - name: main\n    script: {{image: x, command: [c], {mounts}}}\n"
    manifest += f"    sidecars: [{{name: s, image: x, {mounts}}}]\n    {template}\n  {spec}\n"
    assert told(manifest) == []
    places = ("script", "sidecars[0]") if is_told else ()
    assert [line.split(": ")[0] for line in told(manifest, warnings=True)] == [
        f"unknown-volume spec.templates[0].{place}.volumeMounts[0]" for place in places
    ]
