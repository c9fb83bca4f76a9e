"""Faults of operations. Each function gets one call of the runtime and returns its exit status."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faulty.agent import AGENT_BEHAVIOURS
from tests.faulty.call import Behaviour, Call
from tests.faulty.documents import DOCUMENTS
from tests.faulty.inside import INSIDE

_FAILED = 1
_USER = 1000
_DELEGATED = ("cgroup.procs", "cgroup.subtree_control", "cgroup.threads")


def state_of_anything(call: Call) -> int:
    """Show a state for every id, known or not."""
    if call.operation != "state" or call.container_id is None or call.document():
        return call.run()
    sys.stdout.write(json.dumps({"ociVersion": "1.0.0", "id": call.container_id, "status": "stopped", "bundle": "/"}))
    return 0


def _silent_without_id(operation: str) -> Behaviour:
    def behaviour(call: Call) -> int:
        return 0 if call.operation == operation and call.container_id is None else call.run()

    return behaviour


def create_nothing(call: Call) -> int:
    """Report success of a create that never happened."""
    return 0 if call.operation == "create" else call.run()


def create_gives_rootfs_away(call: Call) -> int:
    """Make the container's root the owner of its root filesystem."""
    if call.operation == "create":
        bundle = Path(call.rest[call.rest.index("--bundle") + 1])
        mappings = json.loads((bundle / "config.json").read_text())["linux"].get("uidMappings", [])
        for uid in (mapping["hostID"] for mapping in mappings if mapping["containerID"] == 0):
            os.chown(bundle / "rootfs", uid, -1)
    return call.run()


def _cgroup_files(call: Call) -> list[Path]:
    """Return the directories of the created container's cgroups, each followed by the files in it."""
    pid = Path(call.rest[call.rest.index("--pid-file") + 1]).read_text()
    found = []
    for line in Path("/proc", pid.strip(), "cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        directory = Path("/sys/fs/cgroup", controllers.removeprefix("name="), path.lstrip("/"))
        if path != "/" and directory.is_dir():
            found += [directory, *(file for file in directory.iterdir() if file.is_file())]
    return found


def _gives_cgroup(which: Callable[[Path], int | None], when: Callable[[dict[str, Any]], bool]) -> Behaviour:
    """Chown files of the container's cgroup to the uid that `which` says, for the user of our cases, where `when` holds."""

    def behaviour(call: Call) -> int:
        status = call.run()
        if call.operation != "create" or status != 0:
            return status
        config = json.loads(Path(call.rest[call.rest.index("--bundle") + 1], "config.json").read_text())
        if config["process"]["user"]["uid"] == _USER and when(config):
            for path in _cgroup_files(call):
                uid = which(path)
                if uid is not None:
                    os.chown(path, uid, -1)
        return status

    return behaviour


def _cgroup_is_for_the_user(config: dict[str, Any]) -> bool:
    """Whether the cgroup filesystem is mounted read/write, in a cgroup namespace of its own."""
    mounted = [mount for mount in config["mounts"] if mount.get("type") == "cgroup" and "ro" not in mount.get("options", ())]
    return bool(mounted) and {"type": "cgroup"} in config["linux"]["namespaces"]


def create_starts(call: Call) -> int:
    """Run the program at once."""
    status = call.run()
    return call.run("start", str(call.container_id)) if call.operation == "create" and status == 0 else status


def create_again_in_silence(call: Call) -> int:
    """Report success of a create with an id that is in use, and do nothing."""
    return 0 if call.operation == "create" and call.document() else call.run()


def create_twice(call: Call) -> int:
    """Make a second container of an id that is in use, with a state directory of its own."""
    if call.operation != "create" or not call.document():
        return call.run()
    place = call.globals.index("--root") + 1
    elsewhere = [*call.globals[:place], call.globals[place] + ".2"]
    return subprocess.run([call.real, *elsewhere, "create", *call.rest], check=False).returncode


def state_unsupported(call: Call) -> int:
    """Know no operation that shows the state."""
    return _FAILED if call.operation == "state" else call.run()


def kill_stopped_deletes(call: Call) -> int:
    """Delete a stopped container that is killed, and report an error."""
    if call.operation == "kill" and call.status() == "stopped":
        call.run("delete", str(call.container_id))
        return _FAILED
    return call.run()


def create_with_terminal(call: Call) -> int:
    """Give the program a terminal for its stderr."""
    if call.operation != "create":
        return call.run()
    _, slave = pty.openpty()
    return subprocess.run([call.real, *call.arguments], stderr=slave, check=False).returncode


def create_without_terminal(call: Call) -> int:
    """Leave the program the streams of create where it is to have a terminal."""
    if call.operation != "create" or "--console-socket" not in call.rest:
        return call.run()
    place = call.rest.index("--console-socket")
    path = Path(call.rest[call.rest.index("--bundle") + 1], "config.json")
    original = path.read_bytes()
    config = json.loads(original)
    config["process"].update(terminal=False)
    path.write_text(json.dumps(config))
    try:
        return call.run("create", *call.rest[:place], *call.rest[place + 2 :])
    finally:
        path.write_bytes(original)


def create_replaces(call: Call) -> int:
    """Let a create with an id that is in use do away with the first container."""
    if call.operation == "create" and call.document():
        call.run("delete", "--force", str(call.container_id))
    return call.run()


def failed_create_leaves_state(call: Call) -> int:
    """Leave a directory of the container that could not be made in the state directory."""
    status = call.run()
    if call.operation == "create" and status != 0:
        root = call.globals[call.globals.index("--root") + 1]
        Path(root).mkdir(exist_ok=True)
        Path(root, f"{call.container_id}.left").mkdir(exist_ok=True)
    return status


def failed_create_is_remembered(call: Call) -> int:
    """Show a state for a container that could not be made."""
    if call.operation not in {"create", "state"}:
        return call.run()
    root = Path(call.globals[call.globals.index("--root") + 1])
    marker = root.with_name(f"{call.container_id}.failed")
    if call.operation == "state" and marker.exists():
        marker.unlink()
        sys.stdout.write(json.dumps({"ociVersion": "1.0.0", "id": call.container_id, "status": "stopped", "bundle": "/"}))
        return 0
    status = call.run()
    if call.operation == "create" and status != 0 and not call.document():
        marker.touch()
    return status


def start_nothing(call: Call) -> int:
    """Report success of a start that never happened."""
    return 0 if call.operation == "start" and call.container_id else call.run()


def start_again_in_silence(call: Call) -> int:
    """Report success of starting what is no longer created."""
    return 0 if call.operation == "start" and call.status() in {"running", "stopped"} else call.run()


def start_again_kills(call: Call) -> int:
    """Kill a running container that is started again, and report an error."""
    if call.operation == "start" and call.status() == "running":
        call.run("kill", str(call.container_id), "KILL")
        return _FAILED
    return call.run()


def kill_stopped_in_silence(call: Call) -> int:
    """Report success of killing a stopped container."""
    return 0 if call.operation == "kill" and call.status() == "stopped" else call.run()


def kill_sends_another(call: Call) -> int:
    """Send SIGUSR2 for SIGUSR1."""
    if call.operation == "kill":
        return call.run("kill", *(word.replace("USR1", "USR2") for word in call.rest))
    return call.run()


def delete_running_in_silence(call: Call) -> int:
    """Report success of deleting a running container, and do nothing."""
    return 0 if call.operation == "delete" and call.status() == "running" else call.run()


def delete_running_by_force(call: Call) -> int:
    """Delete a running container, though with an error."""
    if call.operation == "delete" and call.status() == "running":
        call.run("delete", "--force", str(call.container_id))
        return _FAILED
    return call.run()


def delete_leaves_state(call: Call) -> int:
    """Leave a directory of the container in the state directory."""
    status = call.run()
    if call.operation == "delete" and status == 0:
        root = call.globals[call.globals.index("--root") + 1]
        Path(root, f"{call.container_id}.left").mkdir(exist_ok=True)
    return status


def delete_fails_after_warning(call: Call) -> int:
    """Make an error of what the real runtime's delete only warns of."""
    if call.operation != "delete":
        return call.run()
    finished = subprocess.run([call.real, *call.arguments], stderr=subprocess.PIPE, check=False)
    sys.stderr.buffer.write(finished.stderr)
    return finished.returncode or (_FAILED if finished.stderr.strip() else 0)


def delete_unmounts_namespaces(call: Call) -> int:
    """Take away the namespaces that the container had joined by path."""
    bundle = call.document().get("bundle") if call.operation == "delete" else None
    status = call.run()
    if bundle:
        config = json.loads(Path(bundle, "config.json").read_text())
        for namespace in config["linux"]["namespaces"]:
            if "path" in namespace:
                subprocess.run(["umount", namespace["path"]], check=False)
    return status


BEHAVIOURS: dict[str, Behaviour] = (
    DOCUMENTS
    | AGENT_BEHAVIOURS
    | INSIDE
    | {
        "create_gives_whole_cgroup": _gives_cgroup(lambda _path: _USER, _cgroup_is_for_the_user),
        "create_gives_cgroup_directory": _gives_cgroup(lambda path: _USER if path.is_dir() else 0, _cgroup_is_for_the_user),
        "create_gives_cgroup_unasked": _gives_cgroup(
            lambda path: _USER if path.is_dir() or path.name in _DELEGATED else None,
            lambda config: not _cgroup_is_for_the_user(config),
        ),
        "state_without_id_succeeds": _silent_without_id("state"),
        "create_without_id_succeeds": _silent_without_id("create"),
        "start_without_id_succeeds": _silent_without_id("start"),
        "kill_without_id_succeeds": _silent_without_id("kill"),
        "delete_without_id_succeeds": _silent_without_id("delete"),
    }
    | {
        function.__name__: function
        for function in (
            state_of_anything,
            create_nothing,
            create_gives_rootfs_away,
            create_starts,
            create_again_in_silence,
            create_replaces,
            create_with_terminal,
            create_without_terminal,
            create_twice,
            state_unsupported,
            kill_stopped_deletes,
            failed_create_leaves_state,
            failed_create_is_remembered,
            start_nothing,
            start_again_in_silence,
            start_again_kills,
            kill_stopped_in_silence,
            kill_sends_another,
            delete_running_in_silence,
            delete_running_by_force,
            delete_leaves_state,
            delete_fails_after_warning,
            delete_unmounts_namespaces,
        )
    }
)


def perform(name: str, real: str, arguments: list[str]) -> int:
    """Commit the named fault in one call."""
    sys.stdout.flush()
    return BEHAVIOURS[name](Call(real, arguments))
