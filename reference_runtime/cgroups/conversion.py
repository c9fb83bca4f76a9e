"""Values of cgroup v1 as cgroup v2 has them. The spec fixes no formula; these are those of the runtimes in use."""

LEAST_SHARES, MOST_SHARES = 2, 1 << 18
"""The kernel moves shares of v1 into this range."""


def weight_of_shares(shares: int) -> int:
    """Return cpu.weight (1 to 10000) for cpu.shares.

    The curve runs through the three values that both have a name for: the least (2, 1), the default (1024, 100) and the
    most (262144, 10000). A straight line would give a container of default shares a weight of 39.
    """
    from math import ceil, log2  # built into the interpreter

    if shares <= LEAST_SHARES:
        return 1
    if shares >= MOST_SHARES:
        return 10000
    exponent = log2(shares)
    return ceil(10 ** ((exponent * exponent + 125 * exponent) / 612 - 7 / 34))


def io_weight(weight: int) -> int:
    """Return io.weight (1 to 10000) for blkio.weight (10 to 1000), on a straight line."""
    return 1 + (weight - 10) * 9999 // 990
