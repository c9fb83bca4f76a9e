"""Drive a whole case: its container, twins for destructive actions, and the twin without the defect."""

import contextlib
import itertools
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from conformance.bundle.builder import Bundle, build
from conformance.bundle.config import base_config
from conformance.bundle.setup import HostSetup
from conformance.cases.case import Case, Container, Script
from conformance.drive.container import ContainerUnderTest
from conformance.drive.reaper import Reaper, remove
from conformance.drive.watcher import Watcher
from conformance.observe.wants import wants_of
from conformance.record.config import Config, lookup
from conformance.record.host import Host
from conformance.record.probe import Action
from conformance.record.record import Record
from conformance.record.runtime import RuntimeFacts
from conformance.subject.hook_process import Surroundings
from conformance.subject.hooks import HookListener
from conformance.subject.runtime import Runtime
from specs.linux.syscalls import numbers

Ask = Callable[[Config], Sequence[Action]]
"""From a final config to what the probe is to be asked."""


def discard(bundle: Bundle) -> None:
    """Remove a bundle and the host directory of its case; what a runtime made immovable goes with the session jail."""
    with contextlib.suppress(OSError):
        bundle.remove()


def no_actions(_config: Config) -> Sequence[Action]:
    """Ask the probe nothing."""
    return ()


@dataclass(slots=True, kw_only=True)
class Driver:
    """Runs cases on one runtime in one lane. Everything it makes lies below `work_directory`, in the session jail."""

    runtime: Runtime
    facts: RuntimeFacts
    host: Host
    work_directory: str
    oci_version: str
    """The ociVersion that goes into configs: one that the runtime accepts."""
    _serial: "itertools.count[int]" = field(default_factory=itertools.count)
    _reaper: Reaper = field(default_factory=Reaper)
    _watcher: Watcher = field(init=False)

    def __post_init__(self) -> None:
        self._watcher = Watcher(
            cgroup_mounts=self.host.cgroup_mounts, state_directory=self.runtime.state_directory, reaper=self._reaper
        )

    def drive(self, case: Case, *, actions: Ask = no_actions) -> Record:
        """Run the case once and return its record; what the harness could not do stands in `record.problem`.

        `actions` says what to ask the probe, given the final config. Each destructive action gets a container of its own.
        """
        record, bundle = self.drive_and_keep(case, actions=actions)
        discard(bundle)
        return record

    def build(self, case: Case) -> Bundle:
        """Build the bundle of a case, to be driven later. The caller has to `discard` it."""
        return self._bundle(case.adapted(self.facts.features, self.host))

    def drive_and_keep(self, case: Case, *, actions: Ask = no_actions, built: Bundle | None = None) -> tuple[Record, Bundle]:
        """Do what `drive` does, with the bundle that was built for the case, if any. The caller has to `discard` the bundle."""
        adapted = case.adapted(self.facts.features, self.host)
        record, bundle = self._once(adapted, actions, built)
        for action in actions(record.config):
            if action.destructive and record.program_started:
                record.answers |= self._aside(replace(adapted, script=_only(action))).answers
        if case.defect is not None or case.hook_exits or adapted.edits != case.edits:
            record.twin = self._aside(replace(case, declared=None, defect=None, hook_exits=(), script=_until_running))
        return record, bundle

    def _aside(self, case: Case) -> Record:
        record, bundle = self._once(case, no_actions)
        discard(bundle)
        return record

    def _base(self) -> dict[str, object]:
        return base_config(oci_version=self.oci_version)

    def _once(self, case: Case, actions: Ask, built: Bundle | None = None) -> tuple[Record, Bundle]:
        bundle = built or self._bundle(case)
        try:
            with HostSetup(case, bundle):
                return self._perform(case, bundle, actions), bundle
        except BaseException:
            discard(bundle)
            raise

    def _bundle(self, case: Case) -> Bundle:
        identifier = f"oci-conformance-{next(self._serial)}"
        directory = f"{self.work_directory}/{identifier.removeprefix('oci-conformance-')}"
        return build(case, directory=directory, container_id=identifier, config=self._base(), machine=self.host.machine)

    def _perform(self, case: Case, bundle: Bundle, actions: Ask) -> Record:
        listener = self._listener(case, bundle)
        with ExitStack() as company:
            container = self._container(case, bundle, actions(bundle.config), listener, lambda: self._neighbour(company))
            record = container.record
            try:
                case.script(container)
            except OSError as error:
                record.problem = f"{type(error).__name__}: {error}"
            finally:
                remove(container.close())
                if listener is not None:
                    record.hooks.extend(listener.calls)
                    record.hook_problems.extend(listener.problems)
        return record

    def _container(
        self,
        case: Case,
        bundle: Bundle,
        actions: Sequence[Action],
        listener: HookListener | None,
        company: Callable[[], ContainerUnderTest],
    ) -> ContainerUnderTest:
        return ContainerUnderTest(
            case=case,
            bundle=bundle,
            record=Record(
                case=case.name,
                config=bundle.config,
                container_id=bundle.container_id,
                bundle=bundle.directory,
                runtime=self.facts,
                umask=case.umask,
                namespace_paths=_inodes(bundle.config),
            ),
            runtime=self.runtime,
            host=self.host,
            reaper=self._reaper,
            watcher=self._watcher,
            wants=wants_of(bundle.config, self.host),
            numbers=numbers(self.host.machine),
            actions=actions,
            listener=listener,
            company=company,
        )

    def _neighbour(self, company: ExitStack) -> ContainerUnderTest:
        """Make a container that ends, and whose bundle goes, when the one that it keeps company has been closed."""
        case = Case(name="company", title="A plain container beside another")
        bundle = self._bundle(case)
        company.callback(discard, bundle)
        neighbour = self._container(case, bundle, (), None, lambda: self._neighbour(company))
        company.callback(neighbour.close)
        return neighbour

    def _listener(self, case: Case, bundle: Bundle) -> HookListener | None:
        if not lookup(bundle.config, "/hooks"):
            return None
        return HookListener(
            bundle.hook_socket,
            machine=self.host.machine,
            exits={(kind, index): status for kind, index, status in case.hook_exits},
            stalls=frozenset(case.hook_stalls),
            surroundings=Surroundings(
                marker=bundle.host_directory,
                program=str(lookup(bundle.config, "/process/args/0", "")),
                rootfs=bundle.rootfs,
                paths=_hook_paths(bundle.config),
            ),
        )


def _hook_paths(config: Config) -> dict[tuple[str, int], str]:
    hooks = lookup(config, "/hooks") or {}
    return {(kind, index): str(entry.get("path")) for kind, entries in hooks.items() for index, entry in enumerate(entries)}


def _inodes(config: Config) -> dict[str, int]:
    """Return the inode behind each namespace path of the config, before the runtime joins it."""
    found: dict[str, int] = {}
    for entry in lookup(config, "/linux/namespaces") or ():
        path = entry.get("path") if isinstance(entry, dict) else None
        if isinstance(path, str):
            with contextlib.suppress(OSError, ValueError):
                found[path] = os.stat(path).st_ino
    return found


def _until_running(container: Container) -> None:
    container.create()
    container.snapshot("created")
    container.start()
    container.snapshot("running")


def _only(action: Action) -> Script:
    def script(container: Container) -> None:
        _until_running(container)
        container.ask(action)

    return script
