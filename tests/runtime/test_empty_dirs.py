"""How much an ``emptyDir`` may hold, in runs with real tasks, isolated and on the machine as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pinnace.base.ids import NodeNumber
from pinnace.engine.run import Run

Go = Callable[[str], Run]

pytestmark = pytest.mark.parametrize("is_isolated", [True, False], ids=["view", "host"])

FILL = "for i in 1 2; do head -c 800000 /dev/zero > PLACE/v/$i; done; exec sleep 600"
MOUNTED = "volumeMounts: [{name: v, mountPath: PLACE/v}]"


@pytest.mark.parametrize("medium", ["", ", medium: Memory"])
def test_who_fills_one_beyond_its_limit_is_ended(go: Go, medium: str) -> None:
    run = go(f"""
    - name: main
      volumes: [{{name: v, emptyDir: {{sizeLimit: 1Mi{medium}}}}}]
      container: {{image: "alpine:3.20", command: [sh, -c, "{FILL}"], {MOUNTED}}}
""")
    assert run.state.phase == "Failed"
    assert run.nodes[NodeNumber(0)].message == 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". '


def test_the_whole_volume_counts_where_a_part_of_it_is_mounted(go: Go) -> None:
    part = (
        "volumeMounts: [{name: v, mountPath: PLACE/v, subPath: a}, {name: v, mountPath: PLACE/w, subPath: b}]"
    )
    fill = "for i in v w; do head -c 800000 /dev/zero > PLACE/$i/x; done; exec sleep 600"
    run = go(f"""
    - name: main
      volumes: [{{name: v, emptyDir: {{sizeLimit: 1Mi}}}}]
      container: {{image: "alpine:3.20", command: [sh, -c, "{fill}"], {part}}}
""")
    assert run.nodes[NodeNumber(0)].message.startswith("Usage of EmptyDir volume")


@pytest.mark.parametrize("limit", ["{}", "{sizeLimit: 0}", "{sizeLimit: 10Mi}"])
def test_who_stays_below_the_limit_goes_on(go: Go, limit: str) -> None:
    run = go(f"""
    - name: main
      volumes: [{{name: v, emptyDir: {limit}}}]
      container:
        image: alpine:3.20
        command: [sh, -c, "head -c 800000 /dev/zero > PLACE/v/x; sleep 1.5"]
        {MOUNTED}
""")
    assert run.state.phase == "Succeeded", run.nodes[NodeNumber(0)].message


def test_a_container_beside_the_main_one_that_fills_it_ends_the_pod(go: Go) -> None:
    run = go(f"""
    - name: main
      volumes: [{{name: v, emptyDir: {{sizeLimit: 1Mi}}}}]
      sidecars:
        - {{name: beside, image: "alpine:3.20", command: [sh, -c, "{FILL}"], {MOUNTED}}}
      container: {{image: "alpine:3.20", command: [sleep, "600"]}}
""")
    assert run.state.phase == "Failed"
    assert run.nodes[NodeNumber(0)].message == 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". '


def test_a_limit_that_is_no_quantity_is_an_error(go: Go) -> None:
    run = go(f"""
    - name: main
      volumes: [{{name: v, emptyDir: {{sizeLimit: much}}}}]
      container: {{image: "alpine:3.20", command: ["true"], {MOUNTED}}}
""")
    assert run.state.phase == "Error"
    assert "'much' is not a quantity" in run.nodes[NodeNumber(0)].message
