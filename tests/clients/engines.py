"""podman and buildah, set up to run the reference runtime, and an image to run.

Root without CAP_SYS_RESOURCE cannot raise limits, so podman's own default limits are replaced by the present ones.
"""

import io
import json
import os
import resource
import tarfile

from tests.clients.world import RUNTIME, World

IMAGE = "localhost/busybox"
_APPLETS = """
    cat chmod chown dd echo env grep head hostname httpd id ip kill ls mkdir mknod mount nc nproc ps pwd readlink rm
    seq sh sleep stat stty sync tail test touch tr true tty unshare wc wget yes
""".split()  # noqa: SIM905  # a list of forty quoted words hides them

_CONTAINERS = """\
[containers]
default_ulimits = {limits}
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "reference-runtime"
runtime_supports_json = ["reference-runtime", "runc"]
[engine.runtimes]
reference-runtime = ["{runtime}"]
"""
_STORAGE = """\
[storage]
driver = "overlay"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
"""


def configure(world: World, *, runtime: str = RUNTIME) -> None:
    """Write what podman and buildah read; without a list of runtimes that can log JSON, errors would only be text."""
    limits = [f"{name}={soft}:{hard}" for name, (soft, hard) in _limits().items()]
    folder = world.path("/etc/containers")
    folder.mkdir(exist_ok=True)
    (folder / "containers.conf").write_text(_CONTAINERS.format(limits=json.dumps(limits), runtime=runtime))
    (folder / "storage.conf").write_text(_STORAGE)


def _limits() -> dict[str, tuple[int, int]]:
    limits = {"nofile": resource.getrlimit(resource.RLIMIT_NOFILE), "nproc": resource.getrlimit(resource.RLIMIT_NPROC)}
    return {name: (min(soft, hard), hard) for name, (soft, hard) in limits.items()}


def rootfs(world: World) -> bytes:
    """Return a tar of a root file system that is busybox and its applets."""
    content = io.BytesIO()
    busybox = world.path("/usr/bin/busybox").read_bytes()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name in ("bin", "dev", "etc", "proc", "sys", "tmp", "root"):
            _add(archive, name, kind=tarfile.DIRTYPE, mode=0o1777 if name == "tmp" else 0o755)
        _add(archive, "bin/busybox", busybox, mode=0o755)
        for applet in _APPLETS:
            _add(archive, f"bin/{applet}", kind=tarfile.SYMTYPE, target="busybox")
        _add(archive, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n")
        _add(archive, "etc/group", b"root:x:0:\nuser:x:1000:\nextra:x:2000:user\n")
    return content.getvalue()


def _add(
    archive: tarfile.TarFile,
    name: str,
    content: bytes = b"",
    *,
    kind: bytes = tarfile.REGTYPE,
    mode: int = 0o644,
    target: str = "",
) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.size, member.linkname = kind, mode, len(content), target
    archive.addfile(member, io.BytesIO(content))


def import_image(world: World) -> None:
    """Make IMAGE out of `rootfs`."""
    world.path("/var/tmp/rootfs.tar").write_bytes(rootfs(world))
    world.run("podman", "import", "--change", "CMD /bin/sh", "/var/tmp/rootfs.tar", IMAGE).ok()
    os.unlink(world.path("/var/tmp/rootfs.tar"))
