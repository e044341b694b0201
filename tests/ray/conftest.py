"""A Ray cluster on loopback and a counting service, both for all tests of this folder."""

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.bulk_kills import ROOT, counting_service

KEY = "sk-canary-4815162342"
DELAY_S = 0.1


class Cluster(msgspec.Struct, frozen=True):
    """Where the tests run."""

    ray: Any
    address: str
    service: str
    """Base URL of the service, which answers after DELAY_S."""
    environment: dict[str, str]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Ray's processes have the environment of the moment in which they start: it has the key and the service's address."""
    home: Path = tmp_path_factory.mktemp("home")
    with counting_service(DELAY_S) as url, pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "HOME": str(home), "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url, "PYTHONPATH": str(ROOT),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        }.items():  # fmt: skip
            patch.setenv(name, value)
        ray: Any = import_module("ray")
        ray.init(
            num_cpus=4, include_dashboard=False, _node_ip_address="127.0.0.1",
            namespace="llm_pure", log_to_driver=False,
        )  # fmt: skip
        try:
            address = ray.get_runtime_context().gcs_address
            yield Cluster(ray, address, url, dict(os.environ))
        finally:
            ray.shutdown()
