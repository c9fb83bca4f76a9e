"""Paths within others, by name."""

from itertools import product

from conformance.expectations.mounted import covered, nested, own_namespace, user_namespace, within

PATHS = ("/", "/a", "/a/b", "/ab", "/a/b/c", "/b", "/dev", "/dev/pts", "a/b", "a", ".")


def test_to_be_covered_is_to_be_within_one_of_them() -> None:
    for path, first, second in product(PATHS, repeat=3):
        assert covered(path, (first, second)) == (within(path, first) or within(path, second)), (path, first, second)


def test_to_be_nested_is_to_be_within_the_other_or_hold_it() -> None:
    for path, other in product(PATHS, repeat=2):
        assert nested(path, other) == (within(path, other) or within(other, path)), (path, other)


def test_a_broken_list_of_namespaces_is_no_error_of_ours() -> None:
    config = {"linux": {"namespaces": [{"type": ["user"]}, {"type": {}}, {"path": "/x"}, {"type": "mount", "path": ""}]}}
    assert not user_namespace(config)
    assert own_namespace(config, "mount")
