"""The notations that rules look for: digests, times, URIs, licences, names of images."""

import pytest

from specs.validation.image import digests, licenses, references, times, uris
from specs.validation.image.platforms import VARIANTS


@pytest.mark.parametrize(
    "text", ["a:b", "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564", "a.b_c-d+e:A=", "sha256:" + "0" * 64]
)
def test_digests(text: str) -> None:
    assert str(digests.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        ":",
        "a:",
        ":b",
        "A:b",
        "a..b:c",
        "a+:c",
        "a:b/c",
        "a:b.c",
        "a/b:c",
        "sha256:" + "0" * 63,
        "sha512:" + "0" * 64,
        "a:b\n",
        5,
        None,
    ],
)
def test_no_digests(text: object) -> None:
    assert digests.parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2015-10-31T22:22:56.329850019Z",
        "2024-02-29t00:00:00z",
        "1990-12-31T23:59:60Z",
        "1996-12-19T16:39:57-08:00",
        "0000-01-01T00:00:00Z",
    ],
)
def test_times(text: str) -> None:
    assert times.is_date_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-01-01",
        "2024-01-01 00:00:00Z",
        "2024-01-01T00:00:00",
        "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:00:61Z",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00,5Z",
        "2024-01-01T00:00:00Z\n",
        "\u0662024-01-01T00:00:00Z",
    ],
)
def test_no_times(text: str) -> None:
    assert not times.is_date_time(text)


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("https://example.com/a?b#c", "https"),
        ("HTTP://user:pw@[2001:db8::1]:80/", "http"),
        ("urn:isbn:0451450523", "urn"),
        ("http://[v1.a:b]/", "http"),
        ("file:///etc", "file"),
        ("//host/path", ""),
        ("a/b:c", ""),
        ("", ""),
        ("%41", ""),
    ],
)
def test_uris(text: str, scheme: str) -> None:
    assert (uris.is_reference(text), uris.scheme(text)) == (True, scheme)


@pytest.mark.parametrize(
    "text",
    [
        "a b",
        "http://a b",
        "%4",
        "%zz",
        "http://[::1",
        "http://[1::2::3]/",
        "http://a:b:c/",
        "1a:b",
        ":a",
        "a#b#c",
        "http://é/",
        "a\n",
        "a[b]",
    ],
)
def test_no_uris(text: str) -> None:
    assert not uris.is_reference(text)


@pytest.mark.parametrize(
    "text",
    [
        "MIT",
        "GPL-2.0-or-later",
        "GPL-2.0+",
        "MIT AND (LGPL-2.1-only OR BSD-3-Clause)",
        "GPL-2.0-only WITH Classpath-exception-2.0",
        "LicenseRef-mine",
        "DocumentRef-a:LicenseRef-b",
        "((MIT))",
        " MIT ",
        "ANDROID OR MIT",
    ],
)
def test_licences(text: str) -> None:
    assert licenses.is_expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Apache License",
        "MIT AND",
        "AND MIT",
        "(MIT",
        "MIT)",
        "()",
        "MIT (BSD)",
        "MIT, BSD",
        "GPL WITH (a)",
        "MIT OR OR BSD",
        "MIT/BSD",
        ")MIT(",
    ],
)
def test_no_licences(text: str) -> None:
    assert not licenses.is_expression(text)


@pytest.mark.parametrize("text", ["a", "v1.0.0-vendor.0", "a--b", "a/b:c@d", "A+b"])
def test_ref_names(text: str) -> None:
    assert references.is_ref(text)


@pytest.mark.parametrize("text", ["", "a..b", "/a", "a/", "a---b", "-a", "a//b", "a b"])
def test_no_ref_names(text: str) -> None:
    assert not references.is_ref(text)


@pytest.mark.parametrize(
    "text",
    [
        "registry.example.com/my-org/my-image:tag",
        "localhost:5000/a@sha256:" + "0" * 64,
        "a",
        "a__b/c--d",
        "[::1]:5000/a:1",
        "HOST.org/a",
    ],
)
def test_distribution_references(text: str) -> None:
    assert references.is_distribution_reference(text)


@pytest.mark.parametrize("text", ["", "A", "a:", "a:.x", "a/", "/a", "a___b", "a@sha256:1", "a b", "host.org/A"])
def test_no_distribution_references(text: str) -> None:
    assert not references.is_distribution_reference(text)


@pytest.mark.parametrize(
    ("text", "named"), [("a.b/c", True), ("a:1/c", True), ("localhost/c", True), ("a/c", False), ("a.b", False)]
)
def test_registries(text: str, *, named: bool) -> None:
    assert references.names_registry(text) is named


@pytest.mark.parametrize(
    ("architecture", "right", "wrong"),
    [
        ("arm", "v7", "v5"),
        ("arm64", "v8.1", "v7"),
        ("arm64", "v9", "8"),
        ("ppc64le", "power10", "power7"),
        ("riscv64", "rva22u64", "rv64"),
        ("amd64", "v3", "v0"),
    ],
)
def test_variants(architecture: str, right: str, wrong: str) -> None:
    pattern, _ = VARIANTS[architecture]
    assert (pattern.fullmatch(right) is not None, pattern.fullmatch(wrong)) == (True, None)
