"""How much Hypothesis tries: ``ci`` unless the environment variable HYPOTHESIS_PROFILE says ``soak``.

``ci`` tries the same examples each time, so that a change is judged by itself; ``soak`` looks for new ones.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, suppress_health_check=_SLOW
)
settings.register_profile("soak", max_examples=5000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile("soak" if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else "ci")
