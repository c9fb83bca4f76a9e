"""Kernel and spec tables as data, each naming its source. Numbers hold on x86, arm and riscv, unless a table says otherwise."""
