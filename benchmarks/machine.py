"""What ran: processor, Python, packages; no names of people, hosts or folders."""

from __future__ import annotations

import os
import platform
import time
from importlib import metadata
from pathlib import Path

__all__ = ["is_compiled", "machine_facts"]

PACKAGES = ("doubletalk", "python-flint", "pplpy", "numpy", "Cython", "pygambit", "nashpy")


def is_compiled() -> bool:
    """Whether the search runs as a compiled extension."""
    from doubletalk.equilibrium import search

    return not str(search.__file__).endswith(".py")


def machine_facts() -> dict[str, object]:
    """Everything that a reader needs to judge the timings."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": _memory_gib(),
        "load_average_at_start": [round(v, 2) for v in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "search_compiled": is_compiled(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
