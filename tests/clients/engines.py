"""podman and buildah, set up to run the reference runtime, and an image to run.

OCI_CLIENTS_RUNTIME=/usr/sbin/runc in the environment runs another runtime in its place: to see by hand what is the client's,
what the machine's and what the runtime's doing.
Root without CAP_SYS_RESOURCE cannot raise limits, so podman's own default limits are replaced by the present ones.
"""

import io
import json
import os
import resource
import tarfile
from typing import Any

from tests.clients.world import RUNTIME, Completed, World

CHOSEN = os.environ.get("OCI_CLIENTS_RUNTIME", RUNTIME)
IMAGE = "localhost/busybox"
_APPLETS = """
    cat chmod chown cut dd echo env false grep head hostname httpd id ip kill ls mkdir mknod mount nc nproc ps pwd readlink rm
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


class Podman:
    """podman with one runtime: `podman("ps")` is `podman ps`."""

    def __init__(self, world: World, runtime: str = "reference-runtime", *, seconds: float = 60) -> None:
        self.world = world
        self.runtime = runtime
        self.seconds = seconds
        """How long a command may take."""

    def command(self, *words: str) -> tuple[str, ...]:
        """Return the command line."""
        return ("podman", f"--runtime={self.runtime}", *words)

    def __call__(self, *words: str, **more: Any) -> Completed:
        """Run a command; `more` as for World.run."""
        return self.world.run(*self.command(*words), **{"timeout": self.seconds, **more})

    def run(self, *words: str, **more: Any) -> Completed:
        """Run a container in the foreground, without a network, and remove it."""
        return self("run", "--rm", "--network=none", *words, **more)

    def detached(self, *words: str) -> str:
        """Run a container in the background; returns its id."""
        return self("run", "--detach", "--network=none", *words).ok()

    def inspect(self, container: str, what: str) -> str:
        """Return one property of a container, such as "State.Pid"."""
        return self("inspect", "--type=container", f"--format={{{{.{what}}}}}", container).ok()


class Buildah:
    """buildah with one runtime."""

    def __init__(self, world: World, runtime: str = "reference-runtime", *, seconds: float = 60) -> None:
        self.world = world
        self._runtime = runtime
        self._seconds = seconds

    def __call__(self, *words: str) -> Completed:
        """Run a command."""
        return self.world.run("buildah", *words, timeout=self._seconds)

    def command(self, *words: str) -> tuple[str, ...]:
        """Return the command line of `buildah run`, without a network."""
        return ("buildah", "run", "--isolation=oci", f"--runtime={self._runtime}", "--network=none", *words)

    def run(self, *words: str, text: str = "") -> Completed:
        """Run a program in a working container."""
        return self.world.run(*self.command(*words), input=text, timeout=self._seconds)

    def build(self, *words: str) -> Completed:
        """Build an image of a Containerfile, without a network."""
        return self("bud", "--isolation=oci", f"--runtime={self._runtime}", "--network=none", *words)


def configure(world: World) -> None:
    """Write what podman and buildah read; without a list of runtimes that can log JSON, errors would only be text."""
    limits = [f"{name}={soft}:{hard}" for name, (soft, hard) in _limits().items()]
    folder = world.path("/etc/containers")
    folder.mkdir(exist_ok=True)
    (folder / "containers.conf").write_text(_CONTAINERS.format(limits=json.dumps(limits), runtime=CHOSEN))
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
