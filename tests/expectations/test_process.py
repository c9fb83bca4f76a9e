"""What the program gets: seen right, seen wrong, and not seen at all."""

import errno
import stat
import struct
from typing import Any

import pytest

from conformance.expectations.contract import Inconclusive, NotTestable, Violation
from conformance.expectations.process import EXPECTATIONS
from conformance.record.probe import CallResult
from conformance.record.record import Record
from tests.expectations.records import answered, host, judged, named, process, record, snapshot

CWD = named(EXPECTATIONS, "config.process.cwd.effect")
ENV = named(EXPECTATIONS, "config.process.env.effect")
ARGS = named(EXPECTATIONS, "config.process.args.effect")
EXECVP = named(EXPECTATIONS, "config.process.args.execvp-file")
OOM_SET = named(EXPECTATIONS, "config.process.oomscoreadj.set")
OOM_UNSET = named(EXPECTATIONS, "config.process.oomscoreadj.unset")
FOUND, MISSING, DENIED = CallResult(0), CallResult(-errno.ENOENT), CallResult(-errno.EACCES)


def _config(**members: Any) -> dict[str, Any]:
    return {"process": members}


def _runs(config: dict[str, Any], **members: Any) -> Record:
    return record(config, running=snapshot(process=process(**members)))


def _file(inode: int, mode: int = stat.S_IFREG) -> CallResult:
    data = bytearray(256)
    struct.pack_into("<H", data, 28, mode)
    struct.pack_into("<Q", data, 32, inode)
    struct.pack_into("<II", data, 136, 8, 1)
    return CallResult(0, bytes(data))


def test_cwd_is_the_configured_directory_under_any_name() -> None:
    judged(CWD, answered(CWD, _config(cwd="/link"), _file(7, stat.S_IFDIR), _file(7, stat.S_IFDIR)))


def test_cwd_elsewhere_violates() -> None:
    with pytest.raises(Violation):
        judged(CWD, answered(CWD, _config(cwd="/work"), _file(1, stat.S_IFDIR), _file(7, stat.S_IFDIR)))


@pytest.mark.parametrize("second", [DENIED, CallResult(0, bytes(256))], ids=["no permission", "nothing filled in"])
def test_cwd_that_cannot_be_looked_at_shows_nothing(second: CallResult) -> None:
    with pytest.raises(Inconclusive):
        judged(CWD, answered(CWD, _config(cwd="/work"), _file(1), second))


def test_calls_that_the_filter_touches_show_nothing() -> None:
    rule = {"names": ["statx"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0}
    config = _config(cwd="/work") | {"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}}}
    with pytest.raises(Inconclusive, match="seccomp"):
        judged(CWD, answered(CWD, config, _file(1), _file(2)))


def test_a_conditional_rule_leaves_the_default_action_possible() -> None:
    rule = {"names": ["statx"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}
    config = _config(cwd="/work") | {"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [rule]}}}
    with pytest.raises(Inconclusive, match="seccomp"):
        judged(CWD, answered(CWD, config, _file(1), _file(1)))


def test_env_may_have_more() -> None:
    judged(ENV, _runs(_config(env=["A=1", "B=", "C=a=b"]), environ=("HOME=/", "C=a=b", "B=", "A=1")))


@pytest.mark.parametrize("environ", [("A=1",), ("A=1", "B=2"), ()])
def test_env_missing_or_changed_violates(environ: tuple[str, ...]) -> None:
    with pytest.raises(Violation):
        judged(ENV, _runs(_config(env=["A=1", "B=3"]), environ=environ))


@pytest.mark.parametrize("value", ["1", "2"])
def test_any_value_of_a_repeated_variable_will_do(value: str) -> None:
    judged(ENV, _runs(_config(env=["A=1", "A=2"]), environ=(f"A={value}",)))


@pytest.mark.parametrize("env", [[], ["no equals sign"], ["=no name"], ["A=\0"], None])
def test_env_without_variables_is_not_judged(env: list[str] | None) -> None:
    assert ENV.applies(_config(env=env), host()) is False


def test_args_with_empty_ones() -> None:
    judged(ARGS, _runs(_config(args=["/probe", "", "a b"]), cmdline=("/probe", "", "a b")))


@pytest.mark.parametrize("cmdline", [("/probe",), ("/probe", "b", "a"), ()])
def test_args_changed_violates(cmdline: tuple[str, ...]) -> None:
    with pytest.raises(Violation):
        judged(ARGS, _runs(_config(args=["/probe", "a", "b"]), cmdline=cmdline))


def test_args_not_seen_show_nothing() -> None:
    with pytest.raises(Inconclusive):
        judged(ARGS, record(_config(args=["/probe"])))


SEARCHED = _config(args=["tool"], env=["PATH=/a:/b:/c"])


def test_the_first_executable_on_path_is_run() -> None:
    judged(EXECVP, answered(EXECVP, SEARCHED, _file(5), FOUND, MISSING, MISSING, _file(4), DENIED, _file(5), FOUND))


def test_a_directory_of_that_name_is_passed_over() -> None:
    folder = _file(4, stat.S_IFDIR)
    judged(EXECVP, answered(EXECVP, SEARCHED, _file(5), FOUND, folder, FOUND, _file(5), FOUND, MISSING, MISSING))


def test_another_executable_than_the_first_violates() -> None:
    with pytest.raises(Violation):
        judged(EXECVP, answered(EXECVP, SEARCHED, _file(5), FOUND, _file(4), FOUND, _file(5), FOUND, MISSING, MISSING))


def test_a_program_that_is_not_on_path_violates() -> None:
    with pytest.raises(Violation):
        judged(EXECVP, answered(EXECVP, SEARCHED, _file(5), FOUND, *[MISSING] * 6))


def test_without_proc_the_running_program_is_unknown() -> None:
    with pytest.raises(Inconclusive):
        judged(EXECVP, answered(EXECVP, SEARCHED, MISSING, MISSING, *[MISSING] * 6))


@pytest.mark.parametrize(
    ("name", "env"),
    [("/probe", ["PATH=/a"]), ("tool", []), ("tool", ["PATH="]), ("tool", ["PATH=/a:."]), ("tool", ["PATH=/a", "PATH=/b"])],
)
def test_searches_that_the_text_leaves_open_are_not_judged(name: str, env: list[str]) -> None:
    assert EXECVP.applies(_config(args=[name], env=env), host()) is False


def test_oom_score_set() -> None:
    judged(OOM_SET, _runs(_config(oomScoreAdj=0), oom_score_adj=0))
    with pytest.raises(Violation):
        judged(OOM_SET, _runs(_config(oomScoreAdj=500), oom_score_adj=0))


def test_lowering_the_oom_score_needs_a_privilege() -> None:
    assert isinstance(OOM_SET.applies(_config(oomScoreAdj=-1), host(capabilities=0)), NotTestable)
    assert OOM_SET.applies(_config(oomScoreAdj=-1), host()) is True


def test_oom_score_left_alone() -> None:
    judged(OOM_UNSET, _runs(_config(), oom_score_adj=200), host(oom_score_adj=200))
    with pytest.raises(Violation):
        judged(OOM_UNSET, _runs(_config(), oom_score_adj=0), host(oom_score_adj=200))
    assert OOM_UNSET.applies(_config(oomScoreAdj=0), host()) is False


def test_descriptors_that_nobody_asked_for() -> None:
    expectation = named(EXPECTATIONS, "runtime-linux.fds.default")
    streams = dict.fromkeys(range(3), "pipe:[1]")
    for seen, error in (({}, Inconclusive), (streams | {3: "socket:[2]"}, Violation)):
        with pytest.raises(error):
            expectation.judge({}, host(), record({}, running=snapshot(process=process(descriptors=seen))))
    assert expectation.judge({}, host(), record({}, running=snapshot(process=process(descriptors=streams))))
