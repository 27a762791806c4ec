"""Fixtures of every test: real peers on loopback, and how long properties are searched."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.browser import Browser
from tests.support.kamailio import Kamailio

# How many examples a property gets: a hundred. `make unit` gives the entrances to what a peer sends (marked `fuzz`)
# 2,000, and `make fuzz` as many as a night allows.
_common = settings(deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("usual", _common, max_examples=100)
settings.register_profile("hostile", _common, max_examples=2_000)
settings.register_profile("fuzz", _common, max_examples=100_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))

USERS = {"alice": "alice's word", "bob": "bob's word", "carol": "carol's word"}


@pytest.fixture
def kamailio() -> Iterator[Kamailio]:
    """A registrar that knows alice, bob and carol; it lives as long as the test."""
    with Kamailio(USERS) as registrar:
        yield registrar


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium that can be JsSIP user agents; it lives as long as the test."""
    async with Browser() as running:
        yield running
