"""Builds the one optional extension: the equilibrium search, compiled from its own Python source.

Where no C compiler is found the install goes on and the same file runs as plain Python.
"""

from __future__ import annotations

from setuptools import Extension, setup

SEARCH = "src/doubletalk/equilibrium/search.py"


def extensions() -> list[Extension]:
    """The search as a C extension, or nothing where Cython itself is missing."""
    try:
        from Cython.Build import cythonize
    except ImportError:
        return []
    module = Extension("doubletalk.equilibrium.search", [SEARCH], optional=True, extra_compile_args=["-O3"])
    return list(cythonize([module], language_level=3))


setup(ext_modules=extensions())
