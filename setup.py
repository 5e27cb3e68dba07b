"""Builds the optional extensions: the equilibrium search in its three modules, compiled from their own Python source.

Where no C compiler is found the install goes on and the same files run as plain Python.
"""

from __future__ import annotations

from setuptools import Extension, setup

SEARCH = ("search_programme", "search_systems", "search")


def extensions() -> list[Extension]:
    """The search as C extensions, or nothing where Cython itself is missing."""
    try:
        from Cython.Build import cythonize
    except ImportError:
        return []
    modules = [
        Extension(
            f"doubletalk.equilibrium.{name}",
            [f"src/doubletalk/equilibrium/{name}.py"],
            optional=True,
            extra_compile_args=["-O3"],
        )
        for name in SEARCH
    ]
    return list(cythonize(modules, language_level=3, include_path=["src"]))


setup(ext_modules=extensions())
