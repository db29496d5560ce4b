from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.base.errors import ManifestError
from pinnace.runtime.downward import PodFacts
from pinnace.runtime.environment import LONGEST_STRING, check_lengths, environment, expand, secret_text
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.locations import KeySelector
from pinnace.spec.templates import (
    ConfigMapEnvSource,
    Container,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    Template,
)
from pinnace.spec.workflow import ConfigMap, ObjectMeta, Secret

POD = PodFacts(lambda: {"metadata.name": "pod"}, Template(name="main"))
CATALOGUE = Catalogue(
    config_maps=[ConfigMap(metadata=ObjectMeta(name="settings"), data={"level": "high", "size": "3"})],
    secrets=[
        Secret(metadata=ObjectMeta(name="keys"), data={"token": "czNjcmV0"}, string_data={"plain": "text"})
    ],
)


def variable(name: str, **source: object) -> EnvVar:
    return EnvVar(name=name, value_from=EnvVarSource(**source))  # type: ignore[arg-type]  # one of its fields


def test_a_value_may_name_variables_that_stand_before_it() -> None:
    container = Container(
        env=(
            EnvVar(name="A", value="1"),
            EnvVar(name="B", value="$(A)2 $$(A) $(C)"),
            EnvVar(name="C", value="3"),
        )
    )

    assert environment(container, CATALOGUE, POD) == {"A": "1", "B": "12 $(A) $(C)", "C": "3"}


def test_a_secret_is_decoded_and_not_searched_for_references() -> None:
    container = Container(env=(variable("T", secret_key_ref=KeySelector(name="keys", key="token")),))

    assert environment(container, CATALOGUE, POD) == {"T": "s3cret"}


def test_whole_maps_come_first_and_with_their_prefix() -> None:
    container = Container(
        env_from=(
            EnvFromSource(prefix="P_", config_map_ref=ConfigMapEnvSource(name="settings")),
            EnvFromSource(secret_ref=ConfigMapEnvSource(name="keys")),
        ),
        env=(EnvVar(name="P_size", value="4"),),
    )

    found = environment(container, CATALOGUE, POD)

    assert found == {"P_level": "high", "P_size": "4", "token": "s3cret", "plain": "text"}


def test_what_is_optional_and_missing_is_left_out() -> None:
    missing = KeySelector(name="nobody", key="x", optional=True)
    container = Container(
        env=(variable("S", secret_key_ref=missing), variable("C", config_map_key_ref=missing)),
        env_from=(EnvFromSource(secret_ref=ConfigMapEnvSource(name="nobody", optional=True)),),
    )

    assert environment(container, CATALOGUE, POD) == {}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"secret_key_ref": KeySelector(name="nobody", key="x")}, 'secret "nobody" not found'),
        ({"secret_key_ref": KeySelector(name="keys", key="x")}, 'key "x" of secret "keys" not found'),
        ({"config_map_key_ref": KeySelector(name="settings", key="x")}, 'configmap "settings"'),
        ({"field_ref": {"fieldPath": "status.qos"}}, "has no value outside Kubernetes"),
        ({"file_key_ref": {"key": "k"}}, "env V: this kind of source has no value outside Kubernetes"),
    ],
)
def test_what_is_missing_is_named_with_the_remedy(source: dict[str, object], message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        environment(Container(env=(variable("V", **source),)), CATALOGUE, POD)


def test_a_field_that_is_known_is_found() -> None:
    container = Container(env=(variable("POD", field_ref={"fieldPath": "metadata.name"}),))

    assert environment(container, CATALOGUE, POD) == {"POD": "pod"}


def test_a_missing_secret_does_not_show_what_other_keys_hold() -> None:
    with pytest.raises(ManifestError) as caught:
        secret_text(CATALOGUE, "keys", "x")

    assert "s3cret" not in str(caught.value)
    assert "Give a document of kind Secret" in str(caught.value)


@given(st.text(alphabet="a$()AB ", max_size=12))
def test_expansion_without_known_names_keeps_all_but_doubled_dollars(text: str) -> None:
    assert expand(text, {}) == text.replace("$$", "\0").replace("\0", "$")


def test_the_longest_string_that_the_kernel_takes_is_let_through_and_one_more_is_not() -> None:
    fits = "x" * (LONGEST_STRING - len("NAME=") - 1)
    check_lengths(("cat",), {"NAME": fits})

    with pytest.raises(ManifestError, match="raw"):
        check_lengths(("cat",), {"NAME": fits + "x"})
    with pytest.raises(ManifestError, match="argument 1"):
        check_lengths(("cat", "x" * LONGEST_STRING), {})
