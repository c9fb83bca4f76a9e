"""Faults in what a runtime prints: its state and its features document."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faulty.call import Behaviour, Call


def _altered_state(alter: Callable[[dict[str, Any]], object]) -> Behaviour:
    def behaviour(call: Call) -> int:
        document = call.document() if call.operation == "state" else {}
        if not document:
            return call.run()
        alter(document)
        sys.stdout.write(json.dumps(document))
        return 0

    return behaviour


def _renamed_status(old: str, new: str) -> Behaviour:
    return _altered_state(lambda state: state.update(status=new) if state["status"] == old else None)


def _reread_annotations(state: dict[str, Any]) -> None:
    config = json.loads(Path(state["bundle"], "config.json").read_text())
    state["annotations"] = config.get("annotations", {})


def _altered_features(alter: Callable[[dict[str, Any]], object]) -> Behaviour:
    """Alter the features document; a runtime without one gets the smallest there is."""

    def behaviour(call: Call) -> int:
        if "features" not in call.arguments:
            return call.run()
        shown = subprocess.run([call.real, "features"], capture_output=True, check=False)
        smallest = {"ociVersionMin": "1.0.0", "ociVersionMax": "1.0.0"}
        document = json.loads(shown.stdout) if shown.returncode == 0 else smallest
        alter(document)
        sys.stdout.write(json.dumps(document))
        return 0

    return behaviour


def _later(document: dict[str, Any]) -> None:
    linux = document["linux"]
    linux["seccomp"] |= {"knownFlags": ["SECCOMP_FILTER_FLAG_LOG"], "supportedFlags": ["SECCOMP_FILTER_FLAG_LOG"]}
    linux["memoryPolicy"] = {"modes": ["MPOL_BIND"], "flags": ["MPOL_F_STATIC_NODES"]}


DOCUMENTS: dict[str, Behaviour] = {
    "state_without_oci_version": _altered_state(lambda state: state.pop("ociVersion", None)),
    "state_with_another_id": _altered_state(lambda state: state.update(id=state["id"] + "-x")),
    "state_without_status": _altered_state(lambda state: state.pop("status", None)),
    "state_created_as_creating": _renamed_status("created", "creating"),
    "state_running_as_up": _renamed_status("running", "up"),
    "state_with_negative_pid": _altered_state(lambda state: state.update(pid=-1) if state["status"] == "stopped" else None),
    "state_running_as_created": _renamed_status("running", "created"),
    "state_stopped_as_running": _renamed_status("stopped", "running"),
    "state_without_pid": _altered_state(lambda state: state.pop("pid", None)),
    "state_with_another_pid": _altered_state(lambda state: state.update(pid=os.getppid()) if state.get("pid") else None),
    "state_with_relative_bundle": _altered_state(lambda state: state.update(bundle=state["bundle"].lstrip("/"))),
    "state_rereads_config": _altered_state(_reread_annotations),
    "features_change": _altered_features(lambda document: document.update(annotations={"org.example.pid": str(os.getpid())})),
    "features_of_a_later_runtime": _altered_features(_later),
    "features_deny_id_mapping": _altered_features(
        lambda document: document.update(linux={"mountExtensions": {"idmap": {"enabled": False}}})
    ),
}
