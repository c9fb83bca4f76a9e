"""What a certificate says of results."""

from collections.abc import Sequence
from typing import Any

import pytest

from reports.certificate import Entry, Source, certificates
from reports.markdown import markdown
from tests.reports.results import GOOD, result

SOURCE = Source(file="results.jsonl", sha256="abc", date="2026-01-02")
ENTRIES = {"a.b": Entry("https://example.org/spec#a", "A holds")}


def certificate(*results: dict[str, Any], due: Sequence[str] = ()) -> dict[str, Any]:
    (found,) = certificates(results, source=SOURCE, entries=ENTRIES, due=lambda _version: due)["certificates"]
    return dict(found)


@pytest.mark.parametrize(
    ("changes", "decision"),
    [
        ({}, "conformant"),
        ({"verdict": "violated"}, "not conformant"),
        ({"verdict": "violated", "waived": True}, "not conformant"),
        ({"verdict": "violated", "disputed": True}, "not conformant"),
        ({"verdict": "violated", "advisory": True}, "conformant"),
        ({"verdict": "violated", "ambiguous": True}, "conformant"),
        ({"verdict": "violated", "level": "SHOULD"}, "conformant"),
        ({"verdict": "not_testable"}, "conformant"),
        ({"verdict": "not_testable", "inconclusive": True}, "incomplete"),
        ({"verdict": "unstable"}, "incomplete"),
        ({"verdict": "harness_error"}, "incomplete"),
    ],
    ids=str,
)
def test_decisions(changes: dict[str, Any], decision: str) -> None:
    assert certificate(result(**changes))["decision"] == decision


def test_a_must_without_any_result_leaves_it_incomplete() -> None:
    found = certificate(result("a.b"), due=("a.b", "a.c"))
    assert (found["decision"], found["missing"]) == ("incomplete", ["a.c"])
    assert found["coverage"] == {"due": 2, "with_result": 1}
    assert certificate(result("a.b", verdict="violated"), due=("a.c",))["decision"] == "not conformant"
    assert certificate(result("a.b"), due=("a.b",))["decision"] == "conformant"


def test_what_is_due_follows_the_version_judged_by() -> None:
    def due(version: str) -> list[str]:
        return {"1.0.2": ["a.b"], "1.3.0": ["a.b", "a.new"]}[version]

    results = [result("a.b"), result("a.b", lane="v1", spec_version="1.3.0")]
    found = certificates(results, source=SOURCE, entries=ENTRIES, due=due)["certificates"]
    assert [(each["lane"], each["missing"]) for each in found] == [("host", []), ("v1", ["a.new"])]


def test_violations_are_told_apart() -> None:
    found = certificate(
        result("a.b", verdict="violated", expected=1, observed=2, reproducer="/r"),
        result("a.b", verdict="violated", case="other"),
        result("a.c", verdict="violated", disputed=True),
        result("a.d", verdict="violated", level="SHOULD"),
        result("a.e", verdict="violated", advisory=True),
        result("a.f", verdict="violated", ambiguous=True),
        result("a.g", verdict="recorded"),
    )
    assert [each["requirement"] for each in found["recorded"]] == ["a.g"]
    assert found["violated"] == [
        {
            "requirement": "a.b",
            "level": "MUST",
            "url": "https://example.org/spec#a",
            "statement": "A holds",
            "cases": ["linux/masked", "other"],
            "expected": 1,
            "observed": 2,
            "reproducer": "/r",
        }
    ]
    for key, requirement in (("disputed", "a.c"), ("warnings", "a.d"), ("advisory", "a.e"), ("ambiguous", "a.f")):
        assert [each["requirement"] for each in found[key]] == [requirement]
    assert found["counts"]["MUST"]["violated"] == 2
    assert found["counts"]["SHOULD"]["violated"] == 1


def test_what_was_not_judged_is_explained() -> None:
    found = certificate(
        result("a.b", verdict="not_testable", reason="no rdma"),
        result("a.c", verdict="not_testable", reason="no rdma"),
        result("a.d", verdict="not_testable", inconclusive=True, reason="no answer"),
        result("a.e", verdict="harness_error", reason="KeyError"),
        result("a.f"),
        result("a.f", case="other", verdict="unstable"),
    )
    assert found["not_testable"] == [{"reason": "no rdma", "requirements": ["a.b", "a.c"]}]
    assert {each["requirement"]: each["why"] for each in found["undecided"]} == {
        "a.d": "inconclusive: no answer",
        "a.e": "harness error: KeyError",
        "a.f": "unstable",
    }


def text(*results: dict[str, Any], due: Sequence[str] = ()) -> str:
    return markdown(certificates(results, source=SOURCE, entries=ENTRIES, due=lambda _version: due))


def test_markdown_says_it_to_people() -> None:
    shown = text(result("a.b", verdict="violated", expected=1, observed={"x": 2}, reproducer="/r"), due=("a.b", "a.missing"))
    assert shown.startswith("# runc 1.1.5, lane host: not conformant\n")
    assert "[a.b](https://example.org/spec#a) A holds" in shown
    assert 'expected `1`, observed `{"x": 2}`' in shown
    assert "reproducer: `/r`" in shown
    assert "1 of 2 MUST requirements" in shown
    assert "- `a.missing`" in shown
    assert shown.endswith("Made from `results.jsonl` of 2026-01-02, sha256 `abc`. Waivers are not considered.\n")


def test_markdown_leaves_out_what_is_empty() -> None:
    runtime = {**GOOD["runtime"], "spec_version": ""}
    shown = text(
        result("a.b", runtime=runtime),
        result("a.c", runtime=runtime, verdict="recorded", level="MAY", observed=0, reason="allowed"),
        result("a.d", runtime=runtime, verdict="recorded", level="MAY"),
    )
    assert "the program `/usr/sbin/runc` declares no version." in shown
    assert "declares 1.0.2." in text(result("a.b"))
    table = [line for line in shown.splitlines() if line.startswith("|")]
    assert table == ["| | passed | recorded |", "|---|---:|---:|", "| MUST | 1 | 0 |", "| MAY | 0 | 2 |"]
    assert "- `a.c` recorded: `0` (allowed)\n- `a.d` recorded\n" in shown


def test_markdown_has_no_headings_for_nothing() -> None:
    assert "##" not in text(result("a.b"), due=("a.b",))


def test_text_of_a_runtime_cannot_forge_markdown() -> None:
    shown = text(
        result("a.b", verdict="violated", observed="`\n# conformant\n` <b>", reason="x"),
        result("a.c", verdict="unstable", reason="\n# <b>[x]"),
    )
    assert "\n# conformant" not in shown
    assert "`` ` # conformant ` <b> ``" in shown
    assert r"unstable: \# \<b\>\[x\]" in shown


def test_each_run_is_certified_apart() -> None:
    crun = {**GOOD["runtime"], "name": "crun", "path": "/usr/bin/crun"}
    document = certificates(
        [result("a.b"), result("a.b", runtime=crun, verdict="violated")], source=SOURCE, entries=ENTRIES, due=lambda _version: ()
    )
    decisions = {each["runtime"]["name"]: each["decision"] for each in document["certificates"]}
    assert decisions == {"runc": "conformant", "crun": "not conformant"}
