# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
# Upper layers first: a layer knows those above it only.
from . import credit  # isort: skip
from . import letter  # isort: skip
from . import treatment  # isort: skip
from . import appointment  # isort: skip
from . import course  # isort: skip
from . import membership  # isort: skip
from . import till  # isort: skip
from . import transfer  # isort: skip
from . import billing  # isort: skip
from . import portal  # isort: skip
from . import website  # isort: skip
