"""The report's page as a PDF, by WeasyPrint, which the extra ``pdf`` installs."""

from __future__ import annotations

import importlib
import logging
from typing import Any

from doubletalk.errors import InputError

__all__ = ["check_pdf", "page_pdf"]

NEEDED = "a PDF needs WeasyPrint; install it with: pip install 'doubletalk[pdf]'"


def check_pdf() -> None:
    """Raise ``InputError``, with the command that mends it, when PDFs cannot be made here."""
    _engine()


def page_pdf(page: str) -> bytes:
    """The page on A4. Nothing is loaded from outside; folded parts are printed open."""
    engine = _engine()
    document: bytes = engine.HTML(string=page, url_fetcher=_nothing_from_outside).write_pdf()
    return document


def _engine() -> Any:
    try:
        weasyprint = importlib.import_module("weasyprint")
    except ImportError:
        raise InputError(NEEDED) from None
    except OSError as wrong:  # the Pango library of the system is not there
        raise InputError(f"WeasyPrint cannot start ({wrong}); it needs the system's Pango library") from None
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    return weasyprint


def _nothing_from_outside(url: str, *_: object, **__: object) -> Any:
    raise ValueError(f"not loaded: {url}")
