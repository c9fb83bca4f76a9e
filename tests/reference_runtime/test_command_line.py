"""The command lines that container engines write."""

import pytest

from reference_runtime.command_line import GLOBAL, SWITCH, VALUE, parse
from reference_runtime.commands.kill import parse_signal
from reference_runtime.fault import RuntimeFault

KNOWN = {"bundle": VALUE, "pid-file": VALUE, "no-subreaper": SWITCH, "force": SWITCH, "env": VALUE}


@pytest.mark.parametrize(
    "words",
    [
        ["--bundle", "/b", "id"],
        ["--bundle=/b", "id"],
        ["-bundle", "/b", "id"],
        ["-b", "/b", "id"],
        ["id", "--bundle", "/b"],
        ["--bundle", "/a", "--bundle", "/b", "id"],
        ["--bundle=/b", "--", "id"],
    ],
)
def test_one_value_in_many_spellings(words: list[str]) -> None:
    line, rest = parse(words, KNOWN)
    assert (line.value("bundle"), line.arguments, rest) == ("/b", ["id"], [])


def test_switches() -> None:
    line, _ = parse(["-no-subreaper", "--force=false", "id"], KNOWN)
    assert line.switch("no-subreaper")
    assert not line.switch("force")


def test_repeated_values_all_count() -> None:
    assert parse(["--env", "A=1", "-e", "B=2"], KNOWN)[0].values("env") == ["A=1", "B=2"]


def test_dash_is_a_value_and_an_argument() -> None:
    line, _ = parse(["--pid-file", "-", "-"], KNOWN)
    assert (line.value("pid-file"), line.arguments) == ("-", ["-"])


def test_global_flags_end_at_the_operation() -> None:
    options, rest = parse(["--root", "/r", "--log-format=json", "create", "--bundle", "x", "id"], GLOBAL, first_only=True)
    assert (options.value("root"), options.arguments, rest) == ("/r", ["create"], ["--bundle", "x", "id"])


@pytest.mark.parametrize(
    ("words", "message"),
    [(["--bundle"], "flag needs an argument: --bundle"), (["--what"], "flag provided but not defined: --what")],
)
def test_refused(words: list[str], message: str) -> None:
    with pytest.raises(RuntimeFault, match=message):
        parse(words, KNOWN)


@pytest.mark.parametrize(
    ("text", "number"),
    [("9", 9), ("KILL", 9), ("SIGKILL", 9), ("sigterm", 15), ("RTMIN+3", 37), ("SIGRTMAX-1", 63), ("64", 64)],
)
def test_signals(text: str, number: int) -> None:
    assert parse_signal(text) == number


@pytest.mark.parametrize("text", ["", "0", "65", "NOPE", "SIG", "-9", "RTMIN+99"])
def test_no_signals(text: str) -> None:
    with pytest.raises(RuntimeFault, match="unknown signal"):
        parse_signal(text)
