"""Masked and read-only paths: files, directories, missing ones, relative ones."""

from conformance.cases.case import Case, Directory, RegularFile
from conformance.cases.defects import defective
from conformance.record.config import put

CASES: tuple[Case, ...] = (
    Case(
        name="paths/masked",
        title="A file, a directory, a file of the kernel and a missing path are masked",
        rootfs=(RegularFile("secret", b"not to be read\n"), RegularFile("hidden/within", b"nor this\n")),
        edits=(put("/linux/maskedPaths", ["/secret", "/hidden", "/proc/cpuinfo", "/missing"]),),
    ),
    Case(
        name="paths/readonly",
        title="A file, a directory, one of the kernel's and a missing path are read-only",
        rootfs=(RegularFile("fixed", b"not to be changed\n"), Directory("frozen")),
        edits=(put("/linux/readonlyPaths", ["/fixed", "/frozen", "/proc/sys", "/missing"]),),
    ),
    defective("masked-relative", name="paths/masked-relative"),
    defective("readonly-relative", name="paths/readonly-relative"),
)
