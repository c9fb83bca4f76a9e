"""Every fault, one module per chapter."""

import importlib
import pkgutil

from tests.faulty.fault import Fault


def all_faults() -> tuple[Fault, ...]:
    """Return every fault; raises ValueError if two have one name."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    faults = tuple(fault for module in modules for fault in module.FAULTS)
    names = [fault.name for fault in faults]
    if len(set(names)) != len(names):
        raise ValueError(f"faults with one name: {sorted({name for name in names if names.count(name) > 1})}")
    return faults


def fault(name: str) -> Fault:
    """Return the fault of that name; raises KeyError without one."""
    return {fault.name: fault for fault in all_faults()}[name]
