"""Entry point of ``python -m medspa``."""

import sys

from .cli import main

sys.exit(main())
