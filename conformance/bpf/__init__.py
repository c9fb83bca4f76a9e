"""What the kernel's filters decide, computed instead of tried.

Pure: programs come in as data, decisions go out; nothing here does I/O.

    cbpf.py         classic BPF: seccomp filters           ebpf.py   extended BPF: device programs of cgroup v2
    devices_v1.py   the device list of cgroup v1
"""
