"""Daemons: tasks that whoever waits for them need not wait for the end of.

Source: Argo operator.go assessNodeStatus, exec_control.go killDaemonedChildren.
"""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.engine.node import Node, Phase
from pinnace.spec.templates import Template

#: Where a daemon is reached: tasks share this machine's network.
POD_IP = "127.0.0.1"


def became_ready(node: Node) -> Node:
    """Return the running node as a daemon that can be used."""
    return replace(node, daemoned=True, pod_ip=POD_IP)


def ended_as(template: Template, phase: Phase) -> Phase:
    """Return the phase of a pod that has ended by itself: a daemon should not have."""
    return Phase.FAILED if template.daemon and phase is Phase.SUCCEEDED else phase
