"""Valid documents that have every property of the spec, one per platform. Each call gives fresh ones."""

import json
from typing import Any

HOOK = {"path": "/bin/hook", "args": ["hook", "-v"], "env": ["A=1"], "timeout": 5}
MAPPING = {"containerID": 0, "hostID": 1000, "size": 10}
BASE: dict[str, Any] = {
    "ociVersion": "1.3.0",
    "root": {"path": "rootfs", "readonly": True},
    "hostname": "one",
    "domainname": "example.org",
    "annotations": {
        "org.example.note": "",
        "org.opencontainers.image.os": "linux",
        "org.opencontainers.image.os.version": "1",
        "org.opencontainers.image.os.features": "x",
        "org.opencontainers.image.architecture": "amd64",
        "org.opencontainers.image.variant": "v1",
        "org.opencontainers.image.author": "me",
        "org.opencontainers.image.created": "2024-02-29T12:00:00.5+01:00",
        "org.opencontainers.image.stopSignal": "SIGRTMIN+3",
    },
}
PROCESS: dict[str, Any] = {
    "terminal": True,
    "consoleSize": {"height": 25, "width": 80},
    "cwd": "/",
    "env": ["PATH=/bin"],
    "args": ["sh"],
    "user": {"uid": 0, "gid": 0, "umask": 18, "additionalGids": [5]},
    "rlimits": [{"type": "RLIMIT_CORE", "soft": 0, "hard": (1 << 64) - 1}],
}
LINUX_PROCESS: dict[str, Any] = {
    "apparmorProfile": "p",
    "capabilities": {name: ["CAP_KILL"] for name in ("effective", "bounding", "inheritable", "permitted", "ambient")},
    "noNewPrivileges": True,
    "oomScoreAdj": -10,
    "scheduler": {
        "policy": "SCHED_DEADLINE",
        "nice": -1,
        "priority": 0,
        "flags": ["SCHED_FLAG_RESET_ON_FORK"],
        "runtime": 1,
        "deadline": 2,
        "period": 3,
    },
    "selinuxLabel": "l",
    "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 7},
    "execCPUAffinity": {"initial": "0-3,7", "final": ""},
}
NUMBERS = {"major": 8, "minor": 0}
RESOURCES: dict[str, Any] = {
    "devices": [{"allow": False}, {"allow": True, "type": "c", **NUMBERS, "access": "rwm"}],
    "memory": {
        "limit": 1 << 20,
        "reservation": -1,
        "swap": -1,
        "swappiness": 100,
        "disableOOMKiller": False,
        "useHierarchy": True,
        "checkBeforeUpdate": True,
    },
    "cpu": {
        "shares": 2,
        "quota": 1000,
        "burst": 1000,
        "period": 2000,
        "realtimeRuntime": 1,
        "realtimePeriod": 2,
        "cpus": "0",
        "mems": "0",
        "idle": 0,
    },
    "blockIO": {
        "weight": 10,
        "leafWeight": 10,
        "weightDevice": [{**NUMBERS, "weight": 1, "leafWeight": 2}, {**NUMBERS, "leafWeight": 2}],
        "throttleReadBpsDevice": [{**NUMBERS, "rate": 1}],
        "throttleWriteBpsDevice": [{**NUMBERS, "rate": 1}],
        "throttleReadIOPSDevice": [{**NUMBERS, "rate": 1}],
        "throttleWriteIOPSDevice": [{**NUMBERS, "rate": 1}],
    },
    "hugepageLimits": [{"pageSize": "64KB", "limit": 1}],
    "network": {"classID": 1, "priorities": [{"name": "eth0", "priority": 1}]},
    "pids": {"limit": 0},
    "rdma": {"mlx5_1": {"hcaHandles": 1, "hcaObjects": 2}, "mlx5_2": {"hcaObjects": 2}},
    "unified": {"memory.high": "1"},
}
SECCOMP: dict[str, Any] = {
    "defaultAction": "SCMP_ACT_ERRNO",
    "defaultErrnoRet": 1,
    "architectures": ["SCMP_ARCH_X86_64"],
    "flags": ["SECCOMP_FILTER_FLAG_LOG"],
    "listenerPath": "/run/listener",
    "listenerMetadata": "m",
    "syscalls": [
        {
            "names": ["read"],
            "action": "SCMP_ACT_TRACE",
            "errnoRet": 1,
            "args": [{"index": 5, "value": (1 << 64) - 1, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}],
        },
        {"names": ["write"], "action": "SCMP_ACT_NOTIFY"},
    ],
}
LINUX: dict[str, Any] = {
    "namespaces": [{"type": "pid", "path": "/proc/1/ns/pid"}, {"type": "time"}],
    "uidMappings": [MAPPING],
    "gidMappings": [MAPPING],
    "timeOffsets": {"boottime": {"secs": -1, "nanosecs": 1}},
    "devices": [
        {"type": "c", "path": "/dev/x", "major": 1, "minor": 3, "fileMode": 2541, "uid": 0, "gid": 0},
        {"type": "p", "path": "/dev/fifo"},
    ],
    "netDevices": {"eth0": {"name": "eth1"}},
    "cgroupsPath": "a/b",
    "resources": RESOURCES,
    "intelRdt": {
        "closID": "/",
        "l3CacheSchema": "L3:0=f",
        "memBwSchema": "MB:0=20",
        "schemata": ["L2:0=f"],
        "enableMonitoring": True,
    },
    "memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]},
    "sysctl": {"net.ipv4.ip_forward": "1"},
    "seccomp": SECCOMP,
    "rootfsPropagation": "slave",
    "maskedPaths": ["/proc/kcore"],
    "readonlyPaths": ["/proc/sys"],
    "mountLabel": "m",
    "personality": {"domain": "LINUX32", "flags": []},
}
HOOKS = {kind: [HOOK] for kind in ("createRuntime", "createContainer", "startContainer", "poststart", "poststop")}
MOUNT: dict[str, Any] = {
    "destination": "/data",
    "source": "data",
    "type": "none",
    "options": ["rbind", "idmap"],
    "uidMappings": [MAPPING],
    "gidMappings": [MAPPING],
}
WINDOWS: dict[str, Any] = {
    "layerFolders": ["C:\\Layers\\one"],
    "devices": [{"id": "24E552D7-6523-47F7-A647-D3465BF1F5CA", "idType": "class"}],
    "resources": {
        "memory": {"limit": 1},
        "cpu": {"shares": 10000},
        "storage": {"iops": 1, "bps": 1, "sandboxSize": 1},
    },
    "network": {
        "endpointList": ["e"],
        "allowUnqualifiedDNSQuery": True,
        "DNSSearchList": ["a.example"],
        "networkSharedContainerName": "c",
    },
    "credentialSpec": {"anything": 1},
    "servicing": True,
    "ignoreFlushesDuringBoot": True,
}
VOLUME = "\\\\?\\Volume{ec84d99e-3f02-11e7-ac6c-00155d7682cf}\\"
FREEBSD: dict[str, Any] = {
    "devices": [{"path": "pf", "mode": 448}],
    "jail": {
        "parent": "p",
        "host": "new",
        "ip4": "new",
        "ip4Addr": ["10.11.12.13/24"],
        "ip6": "inherit",
        "ip6Addr": ["fd10::11:12:13"],
        "interface": "em0",
        "vnetInterfaces": ["epair0b"],
        "sysvmsg": "new",
        "sysvsem": "inherit",
        "sysvshm": "disable",
        "enforceStatfs": 2,
        "allow": {
            "setHostname": True,
            "rawSockets": True,
            "chflags": True,
            "mount": ["tmpfs"],
            "quotas": True,
            "socketAf": True,
            "mlock": True,
            "reservedPorts": True,
            "suser": True,
        },
    },
}
SOLARIS: dict[str, Any] = {
    "milestone": "svc:/milestone/container:default",
    "limitpriv": "default,!proc_fork",
    "maxShmMemory": "512m",
    "cappedCPU": {"ncpus": "8"},
    "cappedMemory": {"physical": "512m", "swap": "1.5G"},
    "anet": [
        {
            "linkname": "net0",
            "lowerLink": "net2",
            "allowedAddress": "172.17.0.2/16",
            "configureAllowedAddress": "true",
            "defrouter": "172.17.0.1/16",
            "macAddress": "02:42:f8:52:c7:16",
            "linkProtection": "mac-nospoof, ip-nospoof",
        }
    ],
}
VM: dict[str, Any] = {
    "hypervisor": {"path": "/vmm", "parameters": ["a=b"]},
    "kernel": {"path": "/vmlinuz", "parameters": ["quiet"], "initrd": "/initrd"},
    "image": {"path": "/image", "format": "vmdk"},
    "hwConfig": {
        "deviceTree": "/tree.dtb",
        "vcpus": 1,
        "memory": 4096,
        "dtdevs": ["path/to/node"],
        "iomems": [{"firstMFN": 1, "nrMFNs": 1}, {"firstGFN": 2, "firstMFN": 1, "nrMFNs": 1}],
        "irqs": [11],
    },
}
ZOS: dict[str, Any] = {"namespaces": [{"type": "pid", "path": "/proc/1/ns/pid"}, {"type": "uts"}]}
STATE: dict[str, Any] = {
    "ociVersion": "1.3.0",
    "id": "one",
    "status": "running",
    "pid": 4422,
    "bundle": "/bundle",
    "annotations": {"org.example.note": ""},
    "extra": 1,
}
FEATURES: dict[str, Any] = {
    "ociVersionMin": "1.0.0",
    "ociVersionMax": "1.3.0",
    "hooks": ["prestart"],
    "mountOptions": ["acl", "ro"],
    "linux": {
        "namespaces": ["pid"],
        "capabilities": ["CAP_KILL"],
        "cgroup": {"v1": True, "v2": True, "systemd": True, "systemdUser": True, "rdma": False},
        "seccomp": {
            "enabled": True,
            "actions": ["SCMP_ACT_ALLOW"],
            "operators": ["SCMP_CMP_EQ"],
            "archs": ["SCMP_ARCH_X86"],
            "knownFlags": ["SECCOMP_FILTER_FLAG_LOG"],
            "supportedFlags": ["SECCOMP_FILTER_FLAG_LOG"],
        },
        "apparmor": {"enabled": True},
        "selinux": {"enabled": False},
        "memoryPolicy": {"modes": ["MPOL_BIND"], "flags": ["MPOL_F_STATIC_NODES"]},
        "intelRdt": {"enabled": True, "schemata": True, "monitoring": True},
        "mountExtensions": {"idmap": {"enabled": True}},
        "netDevices": {"enabled": True},
    },
    "annotations": {"org.opencontainers.runc.version": "1"},
    "potentiallyUnsafeConfigAnnotations": ["org.systemd.property."],
}


def documents() -> dict[str, tuple[str, dict[str, Any]]]:
    """Return (kind, document) by name."""
    posix = {**BASE, "process": PROCESS, "hooks": HOOKS}
    windows_process = {"cwd": "C:\\", "commandLine": "cmd /c dir", "user": {"username": "ContainerUser"}}
    made: dict[str, tuple[str, dict[str, Any]]] = {
        "linux": (
            "config",
            {**BASE, "process": {**PROCESS, **LINUX_PROCESS}, "hooks": HOOKS, "mounts": [MOUNT], "linux": LINUX},
        ),
        "windows": (
            "config",
            {
                **BASE,
                "root": {"path": VOLUME},
                "process": windows_process,
                "mounts": [{"destination": "C:\\a"}, {"destination": "C:\\b"}],
                "windows": WINDOWS,
            },
        ),
        "hyperv": (
            "config",
            {
                "ociVersion": "1.3.0",
                "windows": {
                    "layerFolders": ["C:\\one"],
                    "hyperv": {"utilityVMPath": "C:\\vm"},
                    "network": {"networkNamespace": "n"},
                    "resources": {"cpu": {"affinity": [{"mask": 1, "group": 0}]}},
                },
            },
        ),
        "windows-count": ("config", {**BASE, "root": {"path": VOLUME}, "windows": _windows_cpu(count=1)}),
        "windows-maximum": ("config", {**BASE, "root": {"path": VOLUME}, "windows": _windows_cpu(maximum=5000)}),
        "freebsd": ("config", {**posix, "freebsd": FREEBSD}),
        "freebsd-vnet": ("config", {**posix, "freebsd": {"jail": {"vnet": "new"}}}),
        "solaris": ("config", {**posix, "solaris": SOLARIS}),
        "vm": ("config", {**posix, "vm": VM}),
        "zos": ("config", {**posix, "zos": ZOS}),
        "none": ("config", {"ociVersion": "1.0.0", "root": {"path": "rootfs"}}),
        "state": ("state", STATE),
        "features": ("features", FEATURES),
    }
    copied: dict[str, tuple[str, dict[str, Any]]] = json.loads(json.dumps(made))  # unlike deepcopy it shares nothing
    return copied


def _windows_cpu(**cpu: int) -> dict[str, Any]:
    return {"layerFolders": ["C:\\one"], "resources": {"cpu": cpu}}


def edited(document: Any, path: str, *value: Any) -> Any:
    """Return a copy with the value at `a.b.0.c` set, or removed if none is given; an empty path is the whole."""
    if not path:
        return value[0]
    copied = json.loads(json.dumps(document))
    *way, last = [int(step) if step.isdigit() else step.replace("~", ".") for step in path.split(".")]
    place = copied
    for step in way:
        place = place[step]
    if value:
        place[last] = value[0]
    else:
        del place[last]
    return copied
