"""A ``podSpecPatch`` changes what it can reach of a template, and what it cannot is told."""

from __future__ import annotations

import pytest

from pinnace.base.errors import ManifestError
from pinnace.spec.podpatch import grace_of, patched, unreached
from pinnace.spec.templates import (
    Container,
    ContainerNode,
    ContainerSetTemplate,
    EnvVar,
    ScriptTemplate,
    Template,
    UserContainer,
    VolumeMount,
)

MAIN = Container(image="old", command=("c",), args=("a",), env=(EnvVar(name="A", value="1"),))


def test_the_main_container_is_changed_by_name_and_lists_merge_by_their_keys() -> None:
    patch = """
containers:
- name: main
  image: new
  args: [b, c]
  env: [{name: A, value: "2"}, {name: B, value: "3"}]
  volumeMounts: [{name: v, mountPath: /v}]
- name: other
  image: nobody
"""
    found = patched(Template(container=MAIN), [patch]).container
    assert found is not None
    assert (found.image, found.command, found.args) == ("new", ("c",), ("b", "c"))
    assert [(each.name, each.value) for each in found.env] == [("A", "2"), ("B", "3")]
    assert found.volume_mounts == (VolumeMount(name="v", mount_path="/v"),)


def test_the_templates_patch_comes_after_the_workflows_and_both_may_be_json() -> None:
    first = '{"containers":[{"name":"main","image":"one","workingDir":"/one"}]}'
    second = '{"containers":[{"name":"main","image":"two"}]}'
    found = patched(Template(script=ScriptTemplate(image="old", source="x")), [first, second]).script
    assert found is not None
    assert (found.image, found.working_dir, found.source) == ("two", "/one", "x")


def test_every_container_of_a_pod_can_be_changed() -> None:
    template = Template(
        container_set=ContainerSetTemplate(containers=(ContainerNode(name="a", image="old"),)),
        sidecars=(UserContainer(name="beside", image="old"),),
        init_containers=(UserContainer(name="before", image="old", mirror_volume_mounts=True),),
    )
    patch = """
containers: [{name: a, image: a2}, {name: beside, image: b2}]
initContainers: [{name: before, image: c2}]
"""
    found = patched(template, [patch])
    assert found.container_set is not None
    assert found.container_set.containers[0].image == "a2"
    assert found.sidecars[0].image == "b2"
    assert (found.init_containers[0].image, found.init_containers[0].mirror_volume_mounts) == ("c2", True)


def test_the_pods_own_fields_are_reached() -> None:
    patch = """
activeDeadlineSeconds: 5
terminationGracePeriodSeconds: 1
volumes: [{name: v, emptyDir: {}}]
"""
    found = patched(Template(container=MAIN), [patch])
    assert found.active_deadline_seconds == "5"
    assert grace_of(found) == 1.0
    assert found.volumes == ({"name": "v", "emptyDir": {}},)
    assert unreached(found) == ()


def test_null_takes_a_field_away() -> None:
    found = patched(Template(container=MAIN), ["containers: [{name: main, args: null}]"]).container
    assert found is not None
    assert found.args == ()


def test_what_reaches_nothing_is_told() -> None:
    patch = "nodeName: n\ncontainers: [{name: main, securityContext: {runAsUser: 1}, image: i}]"
    assert unreached(patched(Template(container=MAIN), [patch])) == ("nodeName", "containers.securityContext")
    assert unreached(Template(container=MAIN)) == ()
    assert grace_of(Template(container=MAIN)) is None


@pytest.mark.parametrize(
    "patch", ["a: [", "- a", "1", "containers: [{name: main, args: {a: b}}]", "a: 1\n---\nb: 2"]
)
def test_a_patch_that_cannot_be_laid_is_refused(patch: str) -> None:
    with pytest.raises(ManifestError, match="Error applying PodSpecPatch"):
        patched(Template(container=MAIN), [patch])


@pytest.mark.parametrize("text", ['{"containers"}', "{containers: []}", " {a: b}"])
def test_what_begins_with_a_brace_has_to_be_json(text: str) -> None:
    with pytest.raises(ManifestError, match="what begins with a brace is read as JSON"):
        patched(Template(container=MAIN), [text])
