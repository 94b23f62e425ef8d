# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from collections import defaultdict

from odoo import models
from odoo.tools import email_normalize, single_email_re

# Fields of a patient that a file may fill, with their column.
TEXT_FIELDS = ("email", "phone", "street", "city", "zip")


class MedspaImportPatient(models.AbstractModel):
    """Patients. A repeated import fills what is empty and overwrites nothing."""

    _name = "medspa.import.patient"
    _inherit = "medspa.import.kind"
    _description = "Import of patients"

    def _get_columns(self):
        return {
            "id": (
                self.env._("Patient ID"),
                True,
                ("id", "external id", "client id", "customer id", "guest id")
                + ("member id", "patient no", "patient number", "patient code"),
            ),
            "name": (
                self.env._("Name"),
                False,
                ("patient", "patient name", "full name", "client", "client name")
                + ("customer", "customer name", "guest name"),
            ),
            "first_name": (self.env._("First name"), False, ("given name", "forename")),
            "last_name": (self.env._("Last name"), False, ("surname", "family name")),
            "email": (
                self.env._("E-mail"),
                False,
                ("email", "e mail address", "email address"),
            ),
            "phone": (
                self.env._("Phone"),
                False,
                ("telephone", "phone number", "mobile", "mobile phone", "cell phone"),
            ),
            "street": (
                self.env._("Street"),
                False,
                ("address", "address 1", "address line 1"),
            ),
            "city": (self.env._("City"), False, ("town",)),
            "zip": (self.env._("ZIP"), False, ("postal code", "postcode", "zip code")),
            "country": (self.env._("Country"), False, ("country code",)),
        }

    # === BUSINESS METHODS: CHECK === #

    def _check_rows(self, wizard, rows):
        """Override to find each patient by ID, else by name with e-mail or phone."""
        countries = self._get_countries(rows)
        for row in rows:
            self._check_row(row, countries)
        self._refuse_repeated_ids(rows)
        known = self._find_known(
            "res.partner", [self._get_patient_xmlid(wizard, row) for row in rows]
        )
        lookalikes = self._find_lookalikes(wizard, rows)
        first_rows = {}
        for row in rows:
            if row.is_refused:
                continue
            partner = known.get(self._get_patient_xmlid(wizard, row))
            if partner:
                row.data["is_known"] = True
                self._compare(row, partner)
                continue
            self._check_lookalikes(row, lookalikes, first_rows)

    def _check_row(self, row, countries):
        name = row.text("name") or " ".join(
            filter(None, (row.text("first_name"), row.text("last_name")))
        )
        row.name = name
        row.detail = row.text("email") or row.text("phone")
        self._require(row, "id")
        if not name:
            row.refuse(self.env._("Name: the cell is empty."))
        email = row.text("email")
        if email and not (single_email_re.match(email) and email_normalize(email)):
            row.refuse(self.env._('E-mail: "%s" is not an e-mail address.', email))
        vals = {field: row.text(field) for field in TEXT_FIELDS if row.text(field)}
        country = row.text("country")
        if country:
            vals["country_id"] = countries.get(country.casefold())
            if not vals["country_id"]:
                row.refuse(self.env._('Country: "%s" is not known.', country))
        row.data["vals"] = {"name": name, **vals}

    def _get_countries(self, rows):
        """Return the ids of countries by their code and by their name."""
        if not any(row.text("country") for row in rows):
            return {}
        countries = self.env["res.country"].search_fetch([], ["name", "code"])
        return {
            text.casefold(): country.id
            for country in countries
            for text in (country.code, country.name)
            if text
        }

    def _find_lookalikes(self, wizard, rows):
        """Return the people on file who share an e-mail or phone with a row.

        :return: dict of partners by (e-mail or phone, name)
        """
        emails = {email_normalize(row.text("email")) for row in rows} - {False}
        phones = {row.text("phone") for row in rows} - {""}
        partners = self.env["res.partner"].search_fetch(
            [
                ("is_company", "=", False),
                ("company_id", "in", (False, wizard.company_id.id)),
                "|",
                ("email_normalized", "in", list(emails)),
                ("phone", "in", list(phones)),
            ],
            ["name", "email_normalized", "phone"],
        )
        found = defaultdict(self.env["res.partner"].browse)
        for partner in partners:
            for key in self._get_person_keys(
                partner.name, partner.email_normalized, partner.phone
            ):
                found[key] |= partner
        return found

    def _get_person_keys(self, name, email, phone):
        """Return what tells a person from others: a name with an e-mail or phone."""
        name = " ".join((name or "").casefold().split())
        return [(contact, name) for contact in (email, phone) if contact]

    def _check_lookalikes(self, row, lookalikes, first_rows):
        """Join a row to the one person who has its name and its e-mail or phone."""
        keys = self._get_person_keys(
            row.name, email_normalize(row.text("email")), row.text("phone")
        )
        partners = self.env["res.partner"].concat(
            *(lookalikes.get(key, self.env["res.partner"]) for key in keys)
        )
        partners = partners.browse(dict.fromkeys(partners.ids))
        if len(partners) > 1:
            row.refuse(
                self.env._(
                    "%s patients on file have this name and e-mail or phone. Merge "
                    "them first.",
                    len(partners),
                )
            )
        elif partners:
            self._compare(row, partners)
            row.status = "update"
            row.notes.insert(
                0, self.env._("On file already, by name and contact: joined to it.")
            )
        else:
            first = next((first_rows[key] for key in keys if key in first_rows), None)
            if first:
                row.data["same_as"] = first
                row.note(self.env._("The same person as in row %s.", first.number))
            for key in keys:
                first_rows.setdefault(key, first or row)

    def _compare(self, row, partner):
        """Say what the file adds to a patient on file. It never overwrites."""
        row.data["partner"] = partner
        if not partner.active:
            row.refuse(self.env._("This patient is archived. Restore them first."))
            return
        added, kept = {}, []
        for field, value in row.data["vals"].items():
            current = partner[field]
            current = current.id if field == "country_id" else current
            if not current:
                added[field] = value
            elif current != value:
                kept.append(field)
        row.data["added"] = added
        row.status = "update" if added else "there"
        if added:
            row.note(self.env._("Adds: %s.", self._get_field_labels(added)))
        if kept:
            row.note(
                self.env._(
                    "Differs and stays as it is here: %s.", self._get_field_labels(kept)
                )
            )

    def _get_field_labels(self, names):
        labels = self.env["res.partner"].fields_get(list(names), ["string"])
        return ", ".join(labels[name]["string"] for name in names)

    # === BUSINESS METHODS: WRITE === #

    def _run(self, wizard, rows):
        """Override to create the new patients and fill the gaps of the others."""
        Partner = self.env["res.partner"].with_context(tracking_disable=True)
        new_rows = [
            row for row in rows if row.status == "new" and "same_as" not in row.data
        ]
        partners = Partner.create(
            [{**row.data["vals"], "is_patient": True} for row in new_rows]
        )
        for row, partner in zip(new_rows, partners, strict=True):
            row.data["partner"] = partner
        for row in rows:
            if row.status == "new" and "same_as" in row.data:
                row.data["partner"] = row.data["same_as"].data["partner"]
            elif row.status == "update" and row.data["added"]:
                row.data["partner"].with_env(Partner.env).write(row.data["added"])
        touched = [row for row in rows if row.status in ("new", "update")]
        Partner.browse({row.data["partner"].id for row in touched})._flag_as_patients()
        self._remember(
            {
                self._get_patient_xmlid(wizard, row): row.data["partner"]
                for row in touched
                if not row.data.get("is_known")
            }
        )

    # === TOOLS === #

    def _get_patient_xmlid(self, wizard, row):
        return self._get_xmlid(wizard, "medspa_patient", row.external_id)
