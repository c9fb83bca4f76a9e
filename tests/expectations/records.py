"""Hand-made hosts, snapshots and records: ordinary values, with whatever a test wants changed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from conformance.expectations.contract import Evidence, Expectation
from conformance.record.config import Config
from conformance.record.hook import HookCall
from conformance.record.host import Host
from conformance.record.operation import Operation, Status
from conformance.record.probe import Action, Answer, CallResult
from conformance.record.record import Record
from conformance.record.runtime import RuntimeFacts
from conformance.record.snapshot import Cgroups, Process, Scheduling, Snapshot

ALL_CAPABILITIES = (1 << 41) - 1

HOST_NAMESPACES = {"pid": 1, "net": 2, "mnt": 3, "ipc": 4, "uts": 5, "user": 6, "cgroup": 7, "time": 8}

_HOST = Host(
    machine="x86_64",
    kernel=(6, 1, 0),
    lane="host",
    cgroup_layout="v2",
    cgroup_mounts={"": "/sys/fs/cgroup"},
    controllers=frozenset({"cpu", "cpuset", "memory", "pids", "io"}),
    cgroup_delegate=("cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "memory.oom.group"),
    block_devices=frozenset({(8, 0)}),
    namespaces=HOST_NAMESPACES,
    capabilities=ALL_CAPABILITIES,
    filesystems=frozenset({"proc", "sysfs", "tmpfs", "devpts", "mqueue"}),
    lsms=frozenset({"capability"}),
    user_namespaces=True,
    seccomp=True,
    veth_links=True,
    resctrl=False,
    numa_nodes=1,
    cpus=frozenset({0, 1}),
    hugepage_sizes=("2MB",),
    euid=0,
    oom_score_adj=0,
    umask=0o022,
    limits={},
)

_SCHEDULING = Scheduling(
    policy=0,
    flags=0,
    nice=0,
    priority=0,
    runtime=0,
    deadline=0,
    period=0,
    affinity=frozenset({0, 1}),
    io_class=0,
    io_level=0,
)

_PROCESS = Process(
    pid=1000,
    parent=999,
    ns_pids=(1000, 1),
    state="S",
    start_time=1,
    exe="/probe",
    cwd="/",
    root="/",
    cmdline=("/probe",),
    environ=("PATH=/bin",),
    uids=(0, 0, 0, 0),
    gids=(0, 0, 0, 0),
    groups=(),
    umask=0o022,
    cap_inheritable=0,
    cap_permitted=0,
    cap_effective=0,
    cap_bounding=0,
    cap_ambient=0,
    no_new_privs=False,
    seccomp_mode=0,
    seccomp_filters=0,
    limits={},
    oom_score_adj=0,
    personality=0,
    uid_map=((0, 0, 4294967295),),
    gid_map=((0, 0, 4294967295),),
    timens_offsets={},
    cpus_allowed=frozenset({0, 1}),
    mems_allowed=frozenset({0}),
    session=1,
    tty=0,
    scheduling=_SCHEDULING,
    label="",
    descriptors={},
)

_SNAPSHOT = Snapshot(
    taken=1.0,
    process=_PROCESS,
    mounts=(),
    namespaces={name: inode + 100 for name, inode in HOST_NAMESPACES.items()},
    cgroups=Cgroups(paths={}, directories={}, values={}),
)

_RUNTIME = RuntimeFacts(
    name="runc",
    path="/usr/sbin/runc",
    version="1.1.5",
    spec_version="1.0.2",
    features=None,
    kernel="host",
)


def host(**changes: Any) -> Host:
    """Return an ordinary host of root, with these fields changed."""
    return replace(_HOST, **changes)


def process(**changes: Any) -> Process:
    """Return the probe as a container's process, with these fields changed."""
    return replace(_PROCESS, **changes)


def snapshot(**changes: Any) -> Snapshot:
    """Return a snapshot with every namespace its own, with these fields changed."""
    return replace(_SNAPSHOT, **changes)


def record(
    config: Config,
    *,
    created: Snapshot | None = None,
    running: Snapshot | None = None,
    answers: Mapping[Action, Answer] | None = None,
    **changes: Any,
) -> Record:
    """Return the record of a container seen in these phases."""
    seen = {"created": created, "running": running}
    made = Record(
        case="test/case",
        config=config,
        container_id="test",
        bundle="/bundle",
        runtime=_RUNTIME,
        snapshots={phase: snapshot for phase, snapshot in seen.items() if snapshot is not None},
        answers=dict(answers or {}),
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def operation(name: str, status: int | None = 0, **changes: Any) -> Operation:
    """Return one call of the runtime that ended with this exit status."""
    argv = ("runc", name, "test")
    made = Operation(name=name, container_id="test", argv=argv, before=Status.ABSENT, status=status)
    return replace(made, **changes)


def hook_call(kind: str, **changes: Any) -> HookCall:
    """Return one hook, called in the runtime's namespaces during the operation it is part of."""
    made = HookCall(
        kind=kind,
        index=0,
        operation={"startContainer": "start", "poststart": "start", "poststop": "delete"}.get(kind, "create"),
        pid=2000,
        arrived=1.0,
        released=1.5,
        argv=("hook",),
        environ=(),
        stdin=b"{}",
        state={"id": "test"},
        namespaces=HOST_NAMESPACES,
        root_has_marker=True,
        container_namespaces={},
        container_exe="",
        container_alive=False,
        exit_status=0,
    )
    return replace(made, **changes)


def refused(config: Config, *, twin_runs: bool = True, twin_config: Config | None = None) -> Record:
    """Return the record of a config that create refused, and whose twin without the oddity ran, or did not."""
    twin = record(twin_config or {}, created=snapshot(), running=snapshot()) if twin_runs else record(twin_config or {})
    return record(config, operations=[operation("create", 1, stderr=b"no")], twin=twin)


def accepted(config: Config) -> Record:
    """Return the record of a config that was accepted, and whose twin was too."""
    return record(
        config,
        created=snapshot(),
        running=snapshot(),
        operations=[operation("create"), operation("start")],
        twin=record(config, created=snapshot(), running=snapshot()),
    )


def named(expectations: Iterable[Expectation], requirement: str) -> Expectation:
    """Return the expectation of that requirement."""
    return next(expectation for expectation in expectations if expectation.requirement == requirement)


def judged(expectation: Expectation, made: Record, on: Host | None = None) -> Evidence:
    """Judge the record by its own config; the expectation has to apply."""
    on = on or host()
    assert expectation.applies(made.config, on) is True
    return expectation.judge(made.config, on, made)


def answered(expectation: Expectation, config: Config, *results: CallResult | int, **changes: Any) -> Record:
    """Return the record of a running container whose probe gave these results to the expectation's one action."""
    (action,) = expectation.probes(config, host())
    given = tuple(CallResult(result) if isinstance(result, int) else result for result in results)
    return record(config, answers={action: Answer(given)}, **{"running": snapshot(), **changes})
