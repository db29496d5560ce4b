"""What every code of a problem means: the reference and ``lint --explain`` are made from this table.

A code is stable: users filter by it. It goes when nothing tells it any more, which a test holds.
"""

from __future__ import annotations

from typing import NamedTuple


class Meaning(NamedTuple):
    """What a code stands for."""

    title: str
    """One line, without a full stop."""
    text: str
    """Why it matters and what to do, as whole sentences."""


#: Reading a file: is it YAML, and of a kind that is known?
_READING = {
    "invalid-utf-8": Meaning(
        "The file is not UTF-8 text",
        "Kubernetes reads UTF-8 only. Save the file in that encoding.",
    ),
    "invalid-yaml": Meaning(
        "The text is not YAML as Kubernetes reads it",
        "The position is where reading stopped; what is wrong often begins a line before it. In a `resource`"
        " template the manifest inside is read too.",
    ),
    "nested-too-deeply": Meaning("The document is nested too deeply", "No manifest needs so many levels."),
    "excessive-aliasing": Meaning(
        "The document is too large once its aliases are written out",
        "A few lines of anchors and aliases can stand for gigabytes. Write the values themselves.",
    ),
    "duplicate-key": Meaning(
        "A key is written twice in one mapping",
        "The last one counts here and in Kubernetes; Argo's own command refuses the file.",
    ),
    "boolean-key": Meaning(
        "A key is a word that YAML 1.1 reads as a boolean",
        "`y`, `n`, `yes`, `no`, `on` and `off` without quotes are booleans, so the key becomes `true` or"
        " `false`. Put quotes around it.",
    ),
    "boolean-as-text": Meaning(
        "A text is a word that YAML 1.1 reads as a boolean",
        "`name: n` is the name `false`. Put quotes around the word.",
    ),
    "number-as-text": Meaning(
        "A number stands where a text is expected",
        "Kubernetes turns it into text, through a number that may lose digits (`1.10` becomes `1.1`). Put"
        " quotes around it.",
    ),
    "value-lost": Meaning(
        "A list or a mapping stands where a parameter's text is expected",
        "Argo reads it as an empty text without a word. Write it as JSON inside quotes.",
    ),
    "not-an-object": Meaning(
        "The document is no mapping",
        "A manifest is a mapping with `apiVersion`, `kind`, `metadata` and `spec`.",
    ),
    "no-kind": Meaning(
        "The document has no kind and is skipped",
        "It is no Kubernetes object. If it should be one, give it `apiVersion` and `kind`.",
    ),
    "unknown-kind": Meaning("No such kind", "The kind is spelt almost as one that exists."),
    "kind-skipped": Meaning(
        "The document is of a kind that is not used here",
        "It is left out. A cluster may use it.",
    ),
    "unknown-api-version": Meaning(
        "The apiVersion does not belong to the kind",
        "Kubernetes would refuse the object. The hint says what to write.",
    ),
    "duplicate-object": Meaning(
        "Two documents have the same kind and name",
        "The last one counts, as with `kubectl apply`.",
    ),
    "unknown-field": Meaning(
        "No such field",
        "It may be misspelt, indented wrongly, or of another version of Argo. `--no-strict` makes it a"
        " warning: then the field is ignored, as a cluster does.",
    ),
    "wrong-type": Meaning(
        "A value is of another type than its field",
        "The message says what is expected and what was found.",
    ),
    "missing-field": Meaning("A required field is missing", "The message says which, the path says where."),
}

#: Names and values.
_VALUES = {
    "invalid-name": Meaning(
        "A name has characters that it must not have",
        "Names of templates, steps and tasks are letters, digits and dashes; those of parameters and"
        " artifacts also take underscores. A dot or a blank would end a variable that mentions the name.",
    ),
    "duplicate-name": Meaning("Two things in one list have the same name", "Rename one of them."),
    "reserved-name": Meaning(
        "A container has a name that Argo uses itself",
        "`wait` and `supervisor` are containers that Argo adds to each pod.",
    ),
    "name-too-long": Meaning(
        "A name is too long",
        "Kubernetes keeps a workflow's name in labels, which take 63 characters; a CronWorkflow's name leaves"
        " room for the time of each run and takes 52.",
    ),
    "object-name": Meaning(
        "Kubernetes does not take the object's name",
        "A name is lower-case letters, digits, dashes and dots, with a letter or a digit at both ends."
        " A workflow with another name does not start; a template is found by it here, not on a cluster.",
    ),
    "invalid-label": Meaning(
        "Kubernetes does not take a label or an annotation",
        "A key is a name of at most 63 letters, digits, '-', '_' and '.', perhaps after a domain and '/'; a"
        " label's value is empty or such a name. A cluster refuses the object; here nothing comes of it.",
    ),
    "invalid-value": Meaning("A field takes only certain values", "The message says which."),
    "invalid-patch": Meaning(
        "A podSpecPatch cannot be read",
        "It is JSON if it begins with a brace, else YAML: YAML in braces, such as `{containers: []}`, is"
        " neither.",
    ),
    "invalid-duration": Meaning(
        "A text is no duration",
        "Write a number with a unit: `90s`, `5m`, `1h30m`.",
    ),
    "invalid-enum": Meaning(
        "A parameter's value is not in its enum",
        "`enum` lists the values that the parameter takes, at least one.",
    ),
    "invalid-selector": Meaning(
        "A label selector cannot be read",
        "An expression has a key, one of the operators In, NotIn, Exists and DoesNotExist, and values where"
        " the operator needs them.",
    ),
    "misplaced-field": Meaning(
        "A field does not go with what surrounds it",
        "It belongs to another type of template, or excludes a field beside it.",
    ),
    "conflicting-fields": Meaning("Two fields exclude each other", "Remove one of them."),
    "template-type": Meaning(
        "A template has no body, or several",
        "A template is exactly one of container, script, steps, dag, suspend, http, resource, data,"
        " containerSet and plugin.",
    ),
    "nested-inline": Meaning(
        "An inline template holds an inline template",
        "Argo's type allows one level. Make the inner one a template with a name.",
    ),
    "duplicate-path": Meaning(
        "Two things appear at one path in a container",
        "A volume and an artifact, or two of one kind, would hide each other.",
    ),
    "unknown-volume": Meaning(
        "A volume is mounted that nobody declares",
        "It is neither among the template's `volumes` nor among the workflow's `volumes` and"
        " `volumeClaimTemplates`. Kubernetes refuses such a pod; here the node ends in Error.",
    ),
    "unsafe-path": Meaning("A path leaves its folder", "Write the path without `..`."),
    "no-main-container": Meaning(
        "A set of containers with inputs or outputs has no container named main",
        "Artifacts and output parameters are those of `main`. Name one of the containers so.",
    ),
    "invalid-schedule": Meaning(
        "A schedule or a time zone cannot be read",
        "A schedule is five fields (`minute hour day month weekday`), a word as `@daily`, or `@every 1h30m`.",
    ),
    "schedule-never-ticks": Meaning(
        "A schedule names a day that never comes",
        "As 30 February: nothing is ever started.",
    ),
}

#: What calls what, with what.
_CALLS = {
    "unknown-template": Meaning(
        "No such template",
        "The call names a template that its document, or the WorkflowTemplate it refers to, does not have.",
    ),
    "missing-template": Meaning(
        "The WorkflowTemplate is not among the files",
        "Give the file that holds it as well. If only a cluster has it, `--ignore-missing` passes over it.",
    ),
    "missing-secret": Meaning(
        "The Secret, or its key, is not among the files",
        "Here the node that needs it ends in Error. If a cluster has it, `--ignore-missing` passes over it.",
    ),
    "missing-config-map": Meaning(
        "The ConfigMap, or its key, is not among the files",
        "Here the node that needs it ends in Error. If a cluster has it, `--ignore-missing` passes over it.",
    ),
    "unknown-artifact": Meaning(
        "No such input artifact", "`manifestFrom` names one of the template's inputs."
    ),
    "unknown-task": Meaning(
        "No such task or container",
        "A dependency, `depends` or `target` names a task that the DAG does not have.",
    ),
    "no-tasks": Meaning("A DAG has no tasks, or a set no containers", "It needs at least one."),
    "dependency-cycle": Meaning(
        "Tasks wait for each other in a circle",
        "The message lists the circle. One of its dependencies must go.",
    ),
    "mixed-dependencies": Meaning(
        "A DAG mixes depends with dependencies or continueOn",
        "`depends` says everything that the other two say; use it for all tasks of the DAG.",
    ),
    "invalid-depends": Meaning(
        "A depends condition cannot be read",
        "It joins names of tasks, with results such as `a.Failed`, by `&&`, `||`, `!` and parentheses.",
    ),
    "missing-argument": Meaning(
        "An input gets no value",
        "The template asks for it without a default. Give it under `arguments`, or give the input a default.",
    ),
    "missing-value": Meaning(
        "A parameter has neither value nor valueFrom",
        "Arguments of a workflow may get theirs with `-p NAME=VALUE`; `lint` forgives that, `run` does not.",
    ),
    "invalid-value-from": Meaning(
        "valueFrom has a source that does not exist here",
        "Which sources exist depends on the place: files for containers, parameters and expressions for steps"
        " and DAGs, ConfigMaps for arguments.",
    ),
    "unused-argument": Meaning(
        "An argument goes to no input",
        "The template declares no input of that name: Argo drops the argument without a word.",
    ),
    "invalid-sequence": Meaning(
        "A withSequence cannot be counted", "It needs `count` or `end`, as integers."
    ),
    "invalid-items": Meaning("withParam is no JSON list", "Write a JSON list, or a tag that becomes one."),
    "too-many-items": Meaning(
        "A loop has more items than a run can hold",
        "Each item is a node. Let each step work on a range of items.",
    ),
}

#: Variables and expressions.
_VARIABLES = {
    "unresolved-variable": Meaning(
        "A variable does not exist where it is mentioned",
        "The hint says where it exists, which dependency is missing, or which name was meant. A template that"
        " is called by a `templateRef` sees the labels and parameters of the workflow that calls it.",
    ),
    "unresolved-in-expression": Meaning(
        "An expression mentions a variable that does not exist there",
        "Argo accepts this and evaluates the expression when the variable appears, or never.",
    ),
    "unknown-variable": Meaning(
        "A tag is almost the name of a variable",
        "A tag whose first word Argo does not know stays in the text as it is.",
    ),
    "item-outside-loop": Meaning(
        "{{item}} stands outside a loop",
        "It stays in the text as it is. Only a step or task with withItems, withParam or withSequence"
        " has it.",
    ),
    "invalid-tag": Meaning("A tag is not closed", "Write `}}`, or quote the braces if no tag is meant."),
    "invalid-expression": Meaning(
        "An expression cannot be read or evaluated",
        "The message says where. All of `retries` and `lastRetry.*` are texts: compare `asInt(…)` with"
        " numbers.",
    ),
    "dash-in-expression": Meaning(
        "A name with a dash is written with dots in an expression",
        "`steps.my-step.id` is `steps.my` minus `step.id`. Write `steps['my-step'].id`; in tags without `=`"
        " the dots are right.",
    ),
    "invalid-condition": Meaning(
        "A when cannot be evaluated",
        "It is read after its tags are replaced. Texts other than single words need quotes.",
    ),
}

#: What runs without a word in Argo and surprises.
_TRAPS = {
    "unquoted-condition": Meaning(
        "One side of a comparison stands in quotes, and the other does not",
        "Tags are replaced before the condition is read: `{{x}} == 'my-value'` becomes `my-value =="
        " 'my-value'`, which is a subtraction, and `{{x}} == '5'` compares a number with a text. Put quotes"
        " around both sides, or around none.",
    ),
    "skipped-output": Meaning(
        "An output of a step that may be skipped is used without a default",
        "When the step is skipped its outputs do not exist, and the run fails at the use. Give the output"
        " `valueFrom.default`, give the input a default, or use `??` in an expression.",
    ),
    "unused-hook": Meaning(
        "An exit hook, or its expression, does not count",
        "Beside `onExit`, Argo does not look at `hooks.exit`. The exit handler of a workflow runs whatever"
        " the `expression` of its hook says; that of a step or task honours it.",
    ),
    "unused-output": Meaning(
        "Nothing reads an output parameter",
        "It is read from its file, and the step fails if the file is missing, for nothing. Perhaps the use"
        " has another name.",
    ),
    "ignored-spec": Meaning(
        "Fields of a WorkflowTemplate's spec do not count where one of its templates is called",
        "A `templateRef` takes over one template. `onExit`, `hooks`, `templateDefaults`, `retryStrategy` and"
        " `volumes` of the spec around it are those of the calling workflow.",
    ),
    "large-argument": Meaning(
        "The results of a whole loop go into an environment variable or an argument",
        "The kernel takes 131,071 bytes for each. Pass them as an input artifact with `raw.data`, which is a"
        " file and has no limit.",
    ),
    "script-without-command": Meaning(
        "A script has no command",
        "It then runs with the entrypoint of its image. Name the interpreter: `command: [python]`.",
    ),
    "nothing-may-start": Meaning(
        "A parallelism below 1 lets nothing start",
        "Argo waits until somebody raises it. Give 1 or more; a workflow that is to begin later says"
        " `suspend: true`.",
    ),
    "endless-recursion": Meaning(
        "A template calls itself without a condition",
        "The run ends at the limit of depth. Give the call a `when`.",
    ),
    "endless-retry": Meaning(
        "A retry strategy has no end",
        "Without `limit`, a node that always fails is tried again for ever, at once.",
    ),
    "retry-never-fires": Meaning(
        "A retry strategy never fires",
        "Its limit is 0, its expression is true of no attempt (`lastRetry.exitCode == 1` compares a text"
        " with a number), its first wait is longer than `maxDuration`, or its policy waits for an end that"
        " this type of template does not have.",
    ),
    "backoff-never-waits": Meaning(
        "A backoff never waits",
        "Argo waits between attempts only when the strategy has a `limit`.",
    ),
    "transient-ignores-condition": Meaning(
        "OnTransientError looks only at a node's message",
        "A response that `successCondition` rejects, such as a 503, is not transient by that rule and is not"
        " retried. Use `retryPolicy: Always`, with an expression if not every failure is worth it.",
    ),
}

#: What is the matter with this place.
_HERE = {
    "unsupported-here": Meaning(
        "This version does not run it",
        "It is an error where a run would get to it, and refused before anything starts. The manifest may be"
        " fine on a cluster.",
    ),
    "differs-here": Meaning(
        "A run on this machine does it otherwise than a cluster",
        "Told with `--here` only. The node of a run says the same.",
    ),
}

#: The parts of the table in the order of the reference.
SECTIONS = {
    "Reading": _READING,
    "Names and values": _VALUES,
    "Calls and arguments": _CALLS,
    "Variables and expressions": _VARIABLES,
    "Traps": _TRAPS,
    "This machine": _HERE,
}
CODES: dict[str, Meaning] = {code: meaning for part in SECTIONS.values() for code, meaning in part.items()}
