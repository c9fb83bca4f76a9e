"""Bundles: what a runtime under test is given, made from a case.

    config.py      the plain valid config that every case starts from
    rootfs.py      the root filesystem and other trees of small files
    builder.py     a case -> a bundle directory, with placeholders expanded
    setup.py       namespaces and mounts that a case wants on the host beforehand; residents.py lives in some of them
    probe.py       the probe: a static ELF of a few hundred bytes that Python writes itself
    proxy.py       the host's side of the probe's protocol; actions.py has the probe execute whole actions

The probe is one program (program.py) over a memory map and a protocol (layout.py), written with an assembler for each
machine (assembler.py says what one must offer; x86_64.py, aarch64.py, riscv64.py), in a minimal executable (elf.py).
"""
