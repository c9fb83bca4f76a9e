"""Faults of the image configuration."""

import gzip
from collections.abc import Mapping
from types import MappingProxyType

from tests.specs.image.faults.edits import Fault, _config, _text, both, drop, put
from tests.specs.image.layouts import BASE, CHANGE, sha256

SECOND = ("history", 1)
CONFIG_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "config no object": _text(lambda _: b"[]", "config", "config.mediatype"),
        "no architecture": _config(drop("architecture"), "config.architecture"),
        "architecture a number": _config(put("architecture", 1), "config.architecture"),
        "architecture unknown to Go": _config(put("architecture", "x86_64"), "config.architecture.goarch-producer"),
        "no os": _config(drop("os"), "config.os"),
        "os unknown to Go": _config(put("os", "gnu"), "config.os.goos-producer"),
        "os.version a number": _config(put("os.version", 10), "config.os-version"),
        "os.features a string": _config(put("os.features", "win32k"), "config.os-features"),
        "os.features of windows": _config(
            both(put("os", "windows"), put("os.features", ["win64"])), "config.os-features.win32k-producer"
        ),
        "variant a number": _config(put("variant", 8), "config.variant"),
        "variant not in the table": _config(put("variant", "core2"), "config.variant.table-producer"),
        "created a number": _config(put("created", 5), "config.created"),
        "created no date": _config(put("created", "2023-02-29T12:00:00Z"), "config.created.rfc3339"),
        "author a list": _config(put("author", []), "config.author"),
        "config a list": _config(put("config", []), "config.config"),
        "User a number": _config(put("config", "User", 0), "config.User"),
        "ExposedPorts a list": _config(put("config", "ExposedPorts", ["80"]), "config.ExposedPorts"),
        "port of a name": _config(put("config", "ExposedPorts", "http", {}), "config.ExposedPorts.key-format"),
        "port with a value": _config(
            put("config", "ExposedPorts", "80/tcp", {"a": 1}), "config.ExposedPorts.empty-object-values"
        ),
        "Env a string": _config(put("config", "Env", "A=B"), "config.Env"),
        "Env without =": _config(put("config", "Env", ["A"]), "config.Env.format"),
        "Env without a name": _config(put("config", "Env", ["=A"]), "config.Env.format"),
        "Entrypoint a string": _config(put("config", "Entrypoint", "sh"), "config.Entrypoint"),
        "Cmd of numbers": _config(put("config", "Cmd", [1]), "config.Cmd"),
        "Volumes a list": _config(put("config", "Volumes", ["/a"]), "config.Volumes"),
        "volume with a value": _config(put("config", "Volumes", {"/a": {"b": 1}}), "config.Volumes.empty-object-values"),
        "WorkingDir a number": _config(put("config", "WorkingDir", 1), "config.WorkingDir"),
        "Labels a list": _config(put("config", "Labels", []), "config.Labels"),
        "label a number": _config(put("config", "Labels", "com.example.a", 1), "annotations.strings"),
        "label null": _config(put("config", "Labels", "com.example.a", None), "annotations.value-present"),
        "StopSignal a number": _config(put("config", "StopSignal", 9), "config.StopSignal"),
        "StopSignal of two words": _config(put("config", "StopSignal", "foo bar"), "config.StopSignal.format"),
        "ArgsEscaped a string": _config(put("config", "ArgsEscaped", "true"), "config.ArgsEscaped"),
        "ArgsEscaped used": _config(lambda config: config["config"].update(ArgsEscaped=True), "config.ArgsEscaped.deprecated"),
        "Memory a string": _config(put("config", "Memory", "1"), "config.Memory"),
        "MemorySwap a string": _config(put("config", "MemorySwap", "1"), "config.MemorySwap"),
        "CpuShares a string": _config(put("config", "CpuShares", "1"), "config.CpuShares"),
        "Healthcheck a string": _config(put("config", "Healthcheck", "x"), "config.Healthcheck"),
        "rootfs a list": _config(put("rootfs", []), "config.rootfs"),
        "no rootfs.type": _config(drop("rootfs", "type"), "config.rootfs.type"),
        "rootfs.type unknown": _config(put("rootfs", "type", "tree"), "config.rootfs.type-layers"),
        "diff_ids a string": _config(put("rootfs", "diff_ids", "x"), "config.rootfs.diff_ids"),
        "a DiffID too few": _config(both(drop("rootfs", "diff_ids", 1), drop(*SECOND)), "config.rootfs.diff_ids-order"),
        "DiffID of another layer": _config(put("rootfs", "diff_ids", 1, sha256(b"")), "config.diffid.definition"),
        "DiffID of the packed layer": _config(
            put("rootfs", "diff_ids", 0, sha256(gzip.compress(BASE, mtime=0))), "config.diffid.definition"
        ),
        "DiffID no digest": _config(put("rootfs", "diff_ids", 0, "rubbish"), "config.diffid.definition"),
        "DiffIDs reversed": _config(
            put("rootfs", "diff_ids", [sha256(CHANGE), sha256(BASE)]), "manifest.layers.base-first", "manifest.layers.stack-order"
        ),
        "history an object": _config(put("history", {}), "config.history"),
        "history of numbers": _config(put("history", [1]), "config.history"),
        "history.created no date": _config(put("history", 0, "created", "yesterday"), "config.history.created"),
        "history.author a number": _config(put("history", 0, "author", 1), "config.history.author"),
        "history.created_by a list": _config(put("history", 0, "created_by", []), "config.history.created_by"),
        "history.comment a number": _config(put("history", 0, "comment", 1), "config.history.comment"),
        "history.empty_layer a string": _config(
            put("history", 2, "empty_layer", "yes"), "config.history.empty_layer", "config.history.empty_layer-meaning"
        ),
        "history of one layer more": _config(put("history", 2, {}), "config.history.empty_layer-meaning"),
    }
)
