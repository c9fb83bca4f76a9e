"""Seeds and Hypothesis settings, both explicit.

Under CI variables Hypothesis would derandomise itself and repeat the same inputs every night; with one seed for all,
parallel shards would draw identical inputs. So nothing is left to its defaults, and each item has a seed of its own.
"""

import hashlib

from hypothesis import HealthCheck, Phase, Verbosity, settings

PROFILE = "oci-conformance-hunt"
ROUND = 200
"""Examples a round: small enough that a killed hunt repeats little, large enough for Hypothesis to warm up."""


def seed_of(seed: int, *parts: object) -> int:
    """Return the seed of one round of one item, the same for the same parts on every machine."""
    text = "\0".join(map(str, (seed, *parts)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def hunting() -> settings:
    """Return the settings of a round: random, without a database, no deadline, and silent."""
    settings.register_profile(
        PROFILE,
        max_examples=ROUND,
        database=None,
        derandomize=False,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=tuple(HealthCheck),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        print_blob=False,
        stateful_step_count=20,
    )
    return settings.get_profile(PROFILE)
