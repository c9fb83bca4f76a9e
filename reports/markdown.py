"""A certificate as Markdown, for people. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]

_LONGEST = 300
"""Characters that are shown of a value; the JSON certificate has it whole."""


def markdown(document: Document) -> str:
    """Return the Markdown text of a certificates document."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    source = document["results"]
    for each in document["certificates"]:
        yield from _certificate(each)
    yield f"Made from {_code(source['file'])} of {source['date']}, sha256 {_code(source['sha256'])}. Waivers are not considered."


def _certificate(each: Document) -> Iterator[str]:
    runtime = each["runtime"]
    yield f"# {_text(runtime['name'])} {_text(runtime['version'])}, lane {each['lane']}: {each['decision']}"
    yield ""
    declared = f"declares {runtime['spec_version']}" if runtime["spec_version"] else "declares no version"
    yield f"Judged by runtime-spec {each['spec_version']}; the program {_code(runtime['path'])} {declared}."
    yield ""
    coverage = each["coverage"]
    yield f"{coverage['with_result']} of {coverage['due']} MUST requirements that bind a runtime have a result."
    yield ""
    yield from _counts(each["counts"])
    yield from _breaches("MUST violated", each["violated"])
    yield from _breaches("Disputed: clear by the text, contested by implementers; these count", each["disputed"])
    yield from _breaches("SHOULD violated (warnings)", each["warnings"])
    yield from _listed("Undecided", [f"{_code(item['requirement'])}: {_text(item['why'])}" for item in each["undecided"]])
    yield from _missing(each["missing"])
    not_testable = [f"{_text(item['reason'])}: {', '.join(map(_code, item['requirements']))}" for item in each["not_testable"]]
    yield from _listed("Not testable on this host", not_testable)
    yield from _listed("Ambiguous in the text, recorded only", [_observation(item) for item in each["ambiguous"]])
    yield from _listed("Recorded", [_observation(item) for item in each["recorded"]])
    yield from _listed(
        "Advisory: later than the version that the runtime declares", [_observation(item) for item in each["advisory"]]
    )


def _counts(counts: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    levels = [level for level, row in counts.items() if any(row.values())]
    columns = [name for name in next(iter(counts.values())) if any(counts[level][name] for level in levels)]
    yield f"| | {' | '.join(name.replace('_', ' ') for name in columns)} |"
    yield f"|---|{'---:|' * len(columns)}"
    for level in levels:
        yield f"| {level} | {' | '.join(str(counts[level][name]) for name in columns)} |"
    yield ""


def _breaches(heading: str, breaches: Sequence[Document]) -> Iterator[str]:
    if not breaches:
        return
    yield f"## {heading}"
    yield ""
    for each in breaches:
        name = f"[{each['requirement']}]({each['url']})" if each["url"] else _code(each["requirement"])
        yield f"- {name} {_text(each['statement'])}".rstrip()
        yield f"  - expected {_value(each['expected'])}, observed {_value(each['observed'])}"
        yield f"  - in {', '.join(map(_code, each['cases']))}"
        if each["reproducer"]:
            yield f"  - reproducer: {_code(each['reproducer'])}"
    yield ""


def _missing(missing: Sequence[str]) -> Iterator[str]:
    """Yield those without any result, folded away: there are many when only some requirements were selected."""
    if missing:
        yield "## MUST without any result"
        yield ""
        yield f"<details><summary>{len(missing)}</summary>"
        yield ""
        yield from (f"- {_code(item)}" for item in missing)
        yield ""
        yield "</details>"
        yield ""


def _listed(heading: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield f"## {heading}"
        yield ""
        yield from (f"- {item}" for item in items)
        yield ""


def _observation(item: Document) -> str:
    reason = f" ({_text(item['reason'])})" if item["reason"] else ""
    observed = f": {_value(item['observed'])}" if item["observed"] is not None else ""
    return f"{_code(item['requirement'])} {item['verdict'].replace('_', ' ')}{observed}{reason}"


def _value(value: Any) -> str:
    return _code(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _code(text: str) -> str:
    """Return inline code on one line; text with a backquote in it needs a longer fence."""
    shown = " ".join(text.split())
    shown = shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "..."
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def _text(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#" else char for char in " ".join(text.split()))
