# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models
from odoo.http import request

from .medspa_login_link import LANGUAGE, LOCAL_AREAS

# Pages of patients are shown in no frame of another site, and tell no other site where
# the patient was. A page may ask for more.
HEADERS = {
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _post_dispatch(cls, response):
        """Override to give the pages of patients the headers that protect them."""
        res = super()._post_dispatch(response)
        folders = request.httprequest.path.split("/")[1:]
        if folders[0] not in LOCAL_AREAS and LANGUAGE.fullmatch(folders[0]):
            folders.pop(0)
        if folders and folders[0] in LOCAL_AREAS:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
        return res
