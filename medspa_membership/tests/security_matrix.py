# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Who may what: asked of the running clinic, for the table in docs/security.csv."""

import inspect
from unittest.mock import patch

from odoo import http
from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.sql_db import Cursor

OURS = "odoo.addons.medspa_"
# Not installed where the table is compared.
NOT_OURS = ("odoo.addons.medspa_demo",)
OPERATIONS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}
# Fields that every model gets, or gets from the mixins of core.
CORE_MODULES = {"base", "mail", "portal", "rating", "sms", "web", "website"}
WRITES = ("INSERT", "UPDATE", "DELETE")
# What a method that only looks something up may write all the same.
QUIET_TABLES = ('"ir_attachment"', "orm_signaling", '"bus_bus"')


def is_ours(module):
    """Tell whether something belongs to our addons, by its Python module."""
    return module.startswith(OURS) and not module.startswith(NOT_OURS)


def our_models(env):
    """Return the names of our models that have a table, and of core's that we extend.

    :return: (list of our models, dict of lists of our fields by core model)
    """
    addons = {
        name
        for name in env["ir.module.module"]
        .sudo()
        .search(
            [
                ("name", "=like", "medspa%"),
                ("name", "!=", "medspa_demo"),
                ("state", "=", "installed"),
            ]
        )
        .mapped("name")
    }
    own, extended = [], {}
    for name in sorted(env.registry):
        Model = env.registry[name]
        if Model._abstract:
            continue
        if Model._original_module in addons:
            own.append(name)
            continue
        fields = [
            field.name
            for field in Model._fields.values()
            if field._modules and set(field._modules) <= addons
        ]
        if fields:
            extended[name] = sorted(fields)
    return own, extended


def own_fields(Model):
    """Return the names of the fields of one of our models that are not core's."""
    magic = {"id", "display_name", "create_uid", "create_date", "write_uid"}
    magic |= {"write_date"}
    return sorted(
        field.name
        for field in Model._fields.values()
        if field.name not in magic
        and not (field._modules and set(field._modules) <= CORE_MODULES)
    )


def own_methods(env):
    """Return our public methods by model: what no class of core has, nor made private.

    :rtype: dict[str, list[str]]
    """
    found = {}
    for name in sorted(env.registry):
        ours, others = {}, set()
        for cls in env.registry[name].__mro__:
            for attribute, value in vars(cls).items():
                if attribute.startswith("_") or not inspect.isfunction(value):
                    continue
                if is_ours(cls.__module__):
                    ours.setdefault(attribute, value)
                    if getattr(value, "_api_private", False):
                        others.add(attribute)
                elif cls.__module__.startswith("odoo."):
                    others.add(attribute)
        if names := sorted(ours.keys() - others):
            found[name] = names
    return found


def own_routes():
    """Return our routes: `{url: (methods, type, auth, csrf)}`.

    Those that only override a route of core keep its address and are not ours.
    """

    def subclasses(cls):
        for sub in cls.__subclasses__():
            yield sub
            yield from subclasses(sub)

    routes = {}
    for cls in set(subclasses(http.Controller)):
        if not is_ours(cls.__module__):
            continue
        for value in vars(cls).values():
            routing = getattr(value, "original_routing", None) or {}
            urls = routing.get("routes") or []
            for url in [urls] if isinstance(urls, str) else urls:
                methods = routing.get("methods") or ["GET", "POST"]
                routes[url] = (
                    tuple(sorted(set(methods) - {"HEAD"})),
                    routing.get("type", "http"),
                    routing.get("auth", "user"),
                    routing.get("csrf", True),
                )
    return dict(sorted(routes.items()))


def recorder(written, quiet):
    """Return a `Cursor.execute` that notes the statements that write something.

    :param quiet: tables in which writing changes nothing
    """
    original = Cursor.execute

    def execute(cursor, query, *args, **kwargs):
        text = getattr(query, "code", query)
        if (
            isinstance(text, str)
            and text.lstrip()[:6].upper() in WRITES
            and not any(table in text[:80] for table in quiet)
        ):
            written.append(text)
        return original(cursor, query, *args, **kwargs)

    return execute


class Matrix:
    """Asks, as every role, for every operation on models, fields and methods.

    :param users: role -> `res.users`
    :param samples: model name -> record, the patient's own where it has a patient
    """

    def __init__(self, env, users, samples):
        self.env = env
        self.users = users
        self.samples = samples
        self.problems = []
        # Whoever may open a dialog fills it in: it is theirs, and gone in an hour.
        dialogs = (Model for Model in env.registry.values() if Model._transient)
        self.quiet = (*QUIET_TABLES, *(f'"{Model._table}"' for Model in dialogs))

    def sample(self, model):
        """Return the record that is asked for, an empty one where there is none."""
        if model not in self.samples:
            self.samples[model] = self.env[model].sudo().search([], limit=1)
        return self.samples[model]

    def _as(self, role, records):
        return records.with_env(self.env(user=self.users[role], su=False, context={}))

    def _try(self, act):
        """Tell whether a request succeeds; whatever it did is rolled back."""
        try:
            with self.env.cr.savepoint():
                act()
                self.env.flush_all()
                raise Undo
        except Undo:
            return True
        except Exception:  # noqa: BLE001
            # Of whatever kind: it did not succeed.
            return False
        finally:
            self.env.clear()

    # === MODELS AND FIELDS === #

    def ask_model(self, model, fields):
        """Return what each role may do with a model, and with each of its fields.

        :return: ({role: letters of `rwcu`}, {field: {role: letters of `rw`}})
        """
        of_model, of_fields = {}, {name: {} for name in fields}
        sample = self.sample(model)
        for role in self.users:
            record = self._as(role, sample)
            Model = record.browse()
            reads = Model.has_access("read")
            if reads and sample:
                reads = bool(Model.search([("id", "=", sample.id)]))
            writes = (record or Model).has_access("write") and (reads or not sample)
            rights = {"r": reads}
            rights["c"] = Model.has_access("create") and self._may(
                lambda M=Model: M.create({})
            )
            rights["u"] = (record or Model).has_access("unlink") and (
                not sample or self._try(record.unlink)
            )
            written = set()
            for name in fields:
                letters = "r" if reads and self._reads(role, record, name) else ""
                if writes and self._writes(role, sample, name):
                    letters += "w"
                    written.add(name)
                of_fields[name][role] = letters
            rights["w"] = writes and (bool(written) or not fields)
            of_model[role] = "".join(k for k in OPERATIONS if rights[k])
        return of_model, of_fields

    def _may(self, act):
        """Tell whether a request is allowed, however it ends otherwise."""
        try:
            with self.env.cr.savepoint():
                act()
                raise Undo
        except AccessError:
            return False
        except Exception:  # noqa: BLE001
            # It was let in: a value was missing, say.
            return True
        finally:
            self.env.clear()

    def _reads(self, role, record, name):
        """Tell whether a role reads a field; if not, that nothing else tells it."""
        field = record._fields[name]
        Model = record.browse()
        if record._has_field_access(field, "read"):
            return True
        asks = {"search": lambda: Model.search([(name, "!=", False)], limit=1)}
        if record:
            asks["read"] = lambda: record.read([name])
        if field.store and field.column_type:
            asks["order"] = lambda: Model.search([], order=name, limit=1)
            asks["group"] = lambda: Model._read_group([], [name], ["__count"])
        for kind, ask in asks.items():
            if self._try(ask):
                self.problems.append(f"{role} learns {Model._name}.{name} by {kind}")
        return False

    def _writes(self, role, sample, name):
        """Tell whether a role writes a field: with the value that it has."""
        field = sample._fields[name]
        record = self._as(role, sample)
        if not (field.store or field.inverse) or not record._has_field_access(
            field, "write"
        ):
            return False
        if not sample:
            guarded = getattr(record, "_get_guarded_fields", set)()
            return record.env.su or name not in guarded
        value = []
        if field.type not in ("one2many", "many2many"):
            value = sample.sudo().read([name], load="_classic_write")[0][name]
            if field.type in ("properties", "properties_definition"):
                value = []
        if not self._try(lambda: record.write({name: value})):
            return False
        # To empty what is empty changes nothing: another value is let in, too?
        other = value or self._invent(field)
        return self._may(lambda: record.write({name: other}))

    def _invent(self, field):
        """Return some value for a field."""
        if field.type == "many2one":
            return self.env[field.comodel_name].sudo().search([], limit=1).id
        if field.type == "selection":
            return field.get_values(self.env)[0]
        return {
            "boolean": True,
            "char": "x",
            "date": "2026-01-01",
            "datetime": "2026-01-01 00:00:00",
            "float": 1.0,
            "html": "x",
            "integer": 1,
            "monetary": 1.0,
            "text": "x",
        }.get(field.type, [])

    # === METHODS === #

    def ask_method(self, model, name):
        """Return for each role whether it is let in ("x"), and changes something ("w").

        A method that refuses for another reason than a missing right lets in.
        """
        answers = {}
        record = self.env[model].browse()
        if not record._abstract:
            record = self.sample(model)
        for role in self.users:
            written = []
            self.env.flush_all()
            target = self._as(role, record)
            with patch.object(Cursor, "execute", recorder(written, self.quiet)):
                let_in = self._may(
                    lambda target=target: (
                        self._check_exists(target),
                        call_kw(
                            target.browse(), name, self._arguments(target, name), {}
                        ),
                        self.env.flush_all(),
                    )
                )
            answers[role] = ("w" if written else "x") if let_in else ""
        return answers

    def _check_exists(self, target):
        """Take who may not even read a document for refused where there is none."""
        if not target and not target._abstract:
            target.check_access("read")

    def _arguments(self, target, name):
        """Return what a method is called with: the record, and something for others."""
        method = getattr(type(target), name)
        wanted = [
            argument
            for argument in list(inspect.signature(method).parameters.values())[1:]
            if argument.default is argument.empty
            and argument.kind is argument.POSITIONAL_OR_KEYWORD
        ]
        patient = self.samples["res.partner"].id
        values = [[] if one.name.endswith("s") else patient for one in wanted]
        is_of_model = getattr(method, "_api_model", False)
        return values if is_of_model else [target.ids, *values]


class Undo(Exception):
    """Takes back what a request has done."""
