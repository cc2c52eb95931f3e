"""The laws of a mapping, and how many examples of each are drawn."""

import os

from hypothesis import HealthCheck, settings

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

many = settings(
    max_examples=2000,
    deadline=None,
    suppress_health_check=SLOW,
    derandomize="CI" in os.environ,
)
few = settings(many, max_examples=300)
through_http = settings(many, max_examples=200)
