"""What is around a container: what was there before it, what it has left behind, and what was moved into it."""

from conformance.drive import outside
from conformance.drive.watcher import Watcher
from conformance.observe.wants import Wants
from conformance.record.leak import Leak
from conformance.record.record import Record


class Traces:
    """Compares with what there was when it was made."""

    def __init__(self, *, watcher: Watcher, record: Record, wants: Wants) -> None:
        self._watcher = watcher
        self._record = record
        self._wants = wants
        self._nothing_left = False
        """No difference was seen, and nothing was run since."""
        self._before = watcher.look()
        self.note("before")

    def note(self, phase: str) -> None:
        """Note the network interfaces around the container of a config that moves some into it."""
        if self._wants.links:
            self._record.outside[phase] = outside.links(self._record.config, self._record.namespace_paths)

    def may_change(self) -> None:
        """Tell that something is being run."""
        self._nothing_left = False

    def left_behind(self, *, collect: bool) -> tuple[Leak, ...]:
        """Return what is there that was not; processes and cgroups get a moment to disappear.

        `collect` ended processes, unless the status of one of them is still to be asked for.
        """
        left = self._watcher.left_for_good(self._before, collect=collect)
        self._nothing_left = not left
        return left

    def left_now(self) -> tuple[Leak, ...]:
        """Return what is there at this moment that was not."""
        return () if self._nothing_left else self._watcher.left(self._before)
