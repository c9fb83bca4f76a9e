"""Reproducers run by hand, with real runtimes and without this project."""

import glob
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conformance.cases.case import Case, Directory, HostMount, HostNamespace, RegularFile
from conformance.record.config import Edit, put
from conformance.record.hook import HookCall
from conformance.record.operation import Operation, Status
from conformance.record.probe import Action, Answer, Call, CallResult
from conformance.verdict import reproducer
from specs.verdicts import Verdict
from tests.verdict.containers import LIFE, bundle, exits, look, needs_root, record, reproduce
from tests.verdict.outcomes import outcome

pytestmark = needs_root


def hook_call(kind: str, exit_status: int) -> HookCall:
    return HookCall(
        kind=kind,
        index=0,
        operation="create",
        pid=1,
        arrived=0.1,
        released=0.2,
        argv=(),
        environ=(),
        stdin=b"",
        state=None,
        namespaces={},
        root_has_marker=True,
        container_namespaces={},
        container_exe="",
        container_alive=True,
        exit_status=exit_status,
    )


def test_a_life_is_replayed_and_looked_at(tmp_path: Path) -> None:
    mount = {"destination": "/data", "type": "tmpfs", "source": "tmpfs", "options": ["ro", "noexec"]}
    output = reproduce(tmp_path, put("/mounts/-", mount))
    assert exits(output) == [0, 0, 0, 0]
    for phase in ("created", "running"):
        assert re.search(r" /data ro,noexec", look(output, phase)), output
    assert output.endswith("the requirement: config.mounts.options.ro.effect\nexpected: x\nrecorded: y\n")


def test_another_runtime_shows_another_result(tmp_path: Path) -> None:
    failing = tmp_path / "failing"
    failing.write_text("#!/bin/sh\necho 'I will not' >&2\nexit 7\n", encoding="utf-8")
    failing.chmod(0o755)
    output = reproduce(tmp_path, environment={"RUNTIME": str(failing)})
    assert exits(output) == [7, 7, 7, 7]
    assert "I will not" in output
    assert look(output, "created") == "there is no process"


def test_a_runtime_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no such runtime"):
        reproduce(tmp_path, environment={"RUNTIME": str(tmp_path / "none")})


def test_hooks_write_down_what_they_receive(tmp_path: Path) -> None:
    hooks = {
        kind: [{"path": "/run/host/hook", "args": ["hook", "/run/hooks.sock"]}]
        for kind in ("createRuntime", "startContainer", "poststop")
    }
    output = reproduce(tmp_path, put("/hooks", hooks), places={"host": "/run/host", "hooks": "/run/hooks.sock"})
    assert exits(output) == [0, 0, 0, 0]
    received = output.split("what the hooks received:\n")[1]
    assert re.match(r'== createRuntime 0\n\{.*"status":"creat.*\n== poststop 0\n\{.*"status":"stopped"', received), output
    (path,) = (tmp_path / "reproducers").glob("*/reproduce.sh")
    assert "# startContainer hooks are left out" in path.read_text(encoding="utf-8")


def test_a_hook_that_failed_fails_again(tmp_path: Path) -> None:
    hooks = put("/hooks", {"createRuntime": [{"path": "/run/host/hook"}]})
    output = reproduce(tmp_path, hooks, names=("create",), changes={"hooks": [hook_call("createRuntime", 3)]})
    assert exits(output) == [1]


@pytest.mark.parametrize("kind", ["network", "uts", "ipc", "pid"])
def test_namespaces_of_the_host_are_made_and_joined(tmp_path: Path, kind: str) -> None:
    namespaces = [{"type": each} for each in ("pid", "mount", "ipc", "uts", "network") if each != kind]
    joined = {"type": kind, "path": "/run/host/ns/theirs"}
    output = reproduce(
        tmp_path,
        put("/linux/namespaces", [*namespaces, joined]),
        case=Case(name="a/b", title="t", namespaces=(HostNamespace("theirs", kind),)),
        places={"ns:theirs": "/run/host/ns/theirs"},
        found=outcome(Verdict.VIOLATED, requirement="linux.namespaces.path.join"),
    )
    assert exits(output) == [0, 0, 0, 0]
    name = {"network": "net"}.get(kind, kind)
    theirs, ours = re.findall(rf"{name} -> {name}:\[(\d+)\]", look(output, "running"))
    assert theirs != ours


def test_files_and_mounts_of_the_host_are_made(tmp_path: Path) -> None:
    case = Case(
        name="a/b",
        title="t",
        host=(Directory("shared"), RegularFile("file", b"from the host")),
        mounts=(HostMount("tmpfs", "{host}/shared", "tmpfs", 2, "size=64k", shared=True),),
    )
    binds = [
        put(
            "/mounts/-", {"destination": "/shared", "type": "bind", "source": "/run/host/shared", "options": ["rbind", "rslave"]}
        ),
        put("/mounts/-", {"destination": "/file", "type": "bind", "source": "/run/host/file", "options": ["bind"]}),
        put("/mounts/-", {"destination": "/hooks.sock", "type": "bind", "source": "/run/hooks.sock", "options": ["bind"]}),
    ]
    output = reproduce(tmp_path, *binds, case=case, places={"host": "/run/host", "hooks": "/run/hooks.sock"})
    assert exits(output) == [0, 0, 0, 0]
    seen = look(output, "running")
    assert re.search(r" /shared rw,nosuid,\S* master:\d+ - tmpfs tmpfs rw,size=64k", seen), output
    assert re.search(r"-rw-r--r-- .* 13 .*/file\n", seen), output


def test_what_replaced_the_config_is_put_in_place_before_start(tmp_path: Path) -> None:
    directory = tmp_path / "bundle"
    life = record(directory, bundle(directory), *LIFE)
    (directory / "config.json").write_text('{"rewritten": true}', encoding="utf-8")
    path = Path(reproducer.write(tmp_path / "out", outcome=outcome(Verdict.VIOLATED), record=life))
    text = (path / "reproduce.sh").read_text(encoding="utf-8")
    assert text.index(" create ") < text.index("config.rewritten.json") < text.index(" start ")
    assert "rewritten" in (path / "config.rewritten.json").read_text(encoding="utf-8")


def test_text_from_a_runtime_is_never_executed(tmp_path: Path) -> None:
    evil = f"'; touch {tmp_path}/owned; $(touch {tmp_path}/owned) `touch {tmp_path}/owned`\ntouch {tmp_path}/owned\n"
    found = outcome(Verdict.VIOLATED, expected=evil, observed=evil, title=evil, case=evil)
    life = Operation(
        name="create",
        container_id=None,
        argv=("/usr/sbin/runc", "create", evil),
        before=Status.ABSENT,
        status=1,
        stderr=evil.encode(),
    )
    output = reproduce(tmp_path, found=found, changes={"operations": [life], "container_id": evil})
    assert "touch" in output
    assert not (tmp_path / "owned").exists()


def test_the_probes_answers_lie_beside_the_script(tmp_path: Path) -> None:
    action = Action("open it", (Call("openat", (-100, b"/proc/kcore\0", 0)),))
    reproduce(tmp_path, changes={"answers": {action: Answer((CallResult(-13),))}})
    (path,) = (tmp_path / "reproducers").glob("*/probe.txt")
    assert path.read_text(encoding="utf-8") == "open it\n    openat(-100, b'/proc/kcore\\x00', 0) = -13 b''\n"


def test_cgroups_are_shown_and_none_is_left(tmp_path: Path) -> None:
    parent = f"/reproducer-test-{os.getpid()}"
    output = reproduce(
        tmp_path,
        put("/linux/cgroupsPath", f"{parent}/inner"),
        put("/linux/resources", {"pids": {"limit": 17}}),
        found=outcome(Verdict.VIOLATED, requirement="linux.pids.limit"),
    )
    assert exits(output) == [0, 0, 0, 0]
    assert re.search(rf"{parent}/inner/pids\.max:17$", look(output, "running"), re.MULTILINE), output
    assert not glob.glob(f"/sys/fs/cgroup{parent}") + glob.glob(f"/sys/fs/cgroup/*{parent}")


@pytest.mark.skipif(not shutil.which("crun"), reason="needs crun")
@pytest.mark.skipif(not os.path.ismount("/sys/fs/cgroup/unified"), reason="needs a hybrid cgroup layout")
def test_a_lane_is_a_view_of_the_cgroups(tmp_path: Path) -> None:
    crun = shutil.which("crun") or ""
    for lane, first in (("host", 1), ("v1", 0), ("v2", 0)):
        output = reproduce(tmp_path / lane, environment={"RUNTIME": crun, "LANE": lane})
        assert exits(output)[0] == first, output
    assert not Path("/sys/fs/cgroup/unified/reproduced").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    directory = tmp_path / "bundle"
    life = record(directory, bundle(directory), "create", "start")
    slow = tmp_path / "slow"
    slow.write_text(
        f'#!/bin/sh\n/usr/sbin/runc "$@" || exit\ncase $* in *create*) echo >{tmp_path}/created; exec sleep 600 ;; esac\n',
        encoding="utf-8",
    )
    slow.chmod(0o755)
    path = reproducer.write(tmp_path / "out", outcome=outcome(Verdict.VIOLATED), record=life)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch), "RUNTIME": str(slow)}
    with subprocess.Popen(
        ["sh", f"{path}/reproduce.sh"], env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 20
        while not (tmp_path / "created").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, number)
        assert process.wait(timeout=20) != 0
    assert list(scratch.iterdir()) == []
    assert not [name for name in glob.glob("/sys/fs/cgroup/*/*") if life.container_id in name]


def test_ids_are_readable_and_apart() -> None:
    one, two = (reproducer.reproducer_id(outcome(Verdict.VIOLATED, case=case)) for case in ("mounts/a b", "mounts/a-b"))
    assert one.startswith("config.mounts.options.ro.effect--mounts-a-b--runc-host-")
    assert one != two


def test_an_edit_of_the_rootfs_path_is_followed(tmp_path: Path) -> None:
    directory = tmp_path / "bundle"
    config = bundle(directory, Edit("/root/path", str(directory / "rootfs")))
    path = Path(reproducer.write(tmp_path / "out", outcome=outcome(Verdict.VIOLATED), record=record(directory, config, *LIFE)))
    assert (path / "bundle/rootfs/pause").is_file()
    assert '"path": "@WORK@/bundle/rootfs"' in (path / "bundle/config.json").read_text(encoding="utf-8")
