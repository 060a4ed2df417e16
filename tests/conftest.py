"""What holds for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings

# The same examples each time, so that what turns red was made so by the change: few of them in `make test`, ten times
# as many in `make test-long`. A busy machine is no counterexample. Explaining one traces each line of it (before Python
# 3.12), which takes longer than a test may.
settings.register_profile(
    "oe",
    deadline=None,
    max_examples=20,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
settings.register_profile("long", settings.get_profile("oe"), max_examples=200)
settings.register_profile("search", settings.get_profile("oe"), derandomize=False, max_examples=400)
settings.load_profile("oe")


@pytest.fixture(scope="session", autouse=True)
def own_state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What belongs to a user, such as the key for secrets, is kept in no real user's folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OE_STATE_DIR", str(tmp_path_factory.mktemp("state-folder")))
        yield
