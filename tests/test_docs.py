"""The README and the documentation say what is so: code runs, links resolve, commands and pages are all there."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
import yaml

from doubletalk.cli import app

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
PROSE = [ROOT / "README.md", ROOT / "CHANGELOG.md", *PAGES]


def nav_pages(entries: list[object]) -> list[str]:
    """The pages that mkdocs.yml names, in order."""
    pages = []
    for entry in entries:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            pages += nav_pages(value) if isinstance(value, list) else [str(value)]
    return pages


def test_readme_code_prints_what_the_readme_shows() -> None:
    """Every example in the README gives the printed output."""
    results = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert results.attempted >= 8
    assert results.failed == 0


@pytest.mark.parametrize("page", PROSE, ids=lambda p: p.name)
def test_relative_links_lead_to_files(page: Path) -> None:
    """Every relative link leads to a file in the repository."""
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_command_is_documented() -> None:
    """docs/cli.md has a heading for every command, and for no other; and names every option."""
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    group = typer.main.get_command(app)
    commands = group.commands  # type: ignore[attr-defined]
    headed = re.findall(r"^## doubletalk (\S+)", text, flags=re.MULTILINE)
    assert sorted(headed) == sorted(commands)
    for name, command in commands.items():
        section = text.split(f"## doubletalk {name}")[1].split("\n## ")[0]
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and option != "--help":
                    assert option in section or f"`{option}" in text, f"{name} {option}"


def test_every_page_is_in_the_navigation_once() -> None:
    """mkdocs.yml names every page of docs/, each once."""
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert sorted(nav_pages(config["nav"])) == [page.name for page in PAGES]


def test_documentation_builds_without_warnings(tmp_path: Path) -> None:
    """``mkdocs build --strict`` passes."""
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "index.html").is_file()


def test_check_of_everything_calls_the_test_command_of_the_readme() -> None:
    """.ci/run holds the README's test command word for word."""
    command = next(
        line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line.endswith("&& pytest")
    )
    assert f'"{command}"' in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_licence_is_the_gpl_in_full() -> None:
    """LICENSE is version 3 of the GNU General Public License, from its title to its last section."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in text
    assert "Version 3, 29 June 2007" in text
    assert "17. Interpretation of Sections 15 and 16" in text
