"""Runs inside of ``odoo shell``: loads a benchmark and writes down its figures.

``MEDSPA_BENCH`` and ``env`` are there already. A benchmark is a module with
``run(env, args)`` that returns a dictionary; lines that it prints with ``bench: `` in
front are shown while it runs.
"""
# ruff: noqa: F821

import importlib.util
import json
import sys
from pathlib import Path

# What benchmarks share lies beside them, in modules that begin with "_".
sys.path.insert(0, str(Path(MEDSPA_BENCH["module"]).parent))
_spec = importlib.util.spec_from_file_location("medspa_bench", MEDSPA_BENCH["module"])
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
_figures = _module.run(env, MEDSPA_BENCH["args"])
with open(MEDSPA_BENCH["result"], "w") as _file:
    json.dump(_figures, _file)
