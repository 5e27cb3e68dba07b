"""The sections of the report, a module for each, in the order of reading listed in ``report.page``."""
