"""Looks for what a container left behind, and gives it the moment that it needs to go away by itself."""

import os
import time
from collections.abc import Iterable, Mapping

from conformance.drive.reaper import Reaper
from conformance.observe.leaks import Watch, differences, watch
from conformance.observe.mount_table import MountTable
from conformance.record.leak import Leak

_SETTLE_SECONDS = 1.0
_PAUSE = 0.01


class Watcher:
    """Takes the looks of all containers of a driver: each begins where the last one ended, and so is quick."""

    def __init__(self, *, cgroup_mounts: Mapping[str, str], state_directory: str, reaper: Reaper) -> None:
        self._cgroup_mounts = cgroup_mounts
        self._state_directory = state_directory
        self._reaper = reaper
        self._mount_table = MountTable()
        self._last: Watch | None = None

    def look(self, *, collect: bool = True) -> Watch:
        """Look at everything; `collect` ended processes unless the status of one of them is still to be asked for."""
        # Whoever lives in a pid namespace descends from its pid 1: with no child left, that is alone.
        alone = collect and not self._reaper.collect() and os.getpid() == 1
        self._last = watch(
            cgroup_mounts=self._cgroup_mounts,
            state_directory=self._state_directory,
            own_descriptors=False,  # they come and go with the probe's pipes, and are no business of the runtime's
            mountinfo=self._mount_table.read(),
            alone=alone,
            like=self._last,
        )
        return self._last

    def left(self, before: Watch, *, collect: bool = True) -> tuple[Leak, ...]:
        """Return what there is now and was not then."""
        return differences(before, self.look(collect=collect))

    def left_for_good(self, before: Watch, *, collect: bool = True) -> tuple[Leak, ...]:
        """Return the same once processes and cgroups have had a moment to disappear."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        while (found := self.left(before, collect=collect)) and _may_settle(found) and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        return found


def _may_settle(leaks: Iterable[Leak]) -> bool:
    """Whether something of it may yet go away by itself: processes that are dying, and the cgroups that they are in."""
    return any(leak.kind == "process" or "oci-conformance-" in leak.what for leak in leaks)
