# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import base64
import io
import time
import zipfile

import openpyxl

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models.transfer import tabular
from .common import ClinicCase

NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TEXTS = "xl/sharedStrings.xml"
TEXTS_TYPE = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.'
    b'openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
HEADER = ("Patient ID", "Name", "Email")
# A worker waits no longer than this for a refusal, on a slow machine.
SECONDS = 20


@tagged("post_install", "-at_install")
class TestImportFiles(ClinicCase):
    """Files that hang, crash or fill the memory elsewhere: each gets one sentence."""

    @classmethod
    def _book(cls, **parts):
        """Return a workbook some of whose parts are replaced."""
        book = openpyxl.Workbook()
        book.active.append(HEADER)
        book.active.append(("1", "Ana Pérez", "ana@example.com"))
        content = io.BytesIO()
        book.save(content)
        changed = io.BytesIO()
        with (
            zipfile.ZipFile(content) as source,
            zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            for name in source.namelist():
                key = name.rpartition("/")[2].partition(".")[0]
                part = parts.get(key, source.read(name))
                if name == "[Content_Types].xml":
                    part = part.replace(b"</Types>", TEXTS_TYPE + b"</Types>")
                target.writestr(name, part)
            if TEXTS not in source.namelist():
                empty = f'<sst xmlns="{NAMESPACE}"/>'.encode()
                target.writestr(TEXTS, parts.get("sharedStrings", empty))
        return changed.getvalue()

    @classmethod
    def _sheet(cls, rows, dimension=""):
        return (
            f'<worksheet xmlns="{NAMESPACE}">{dimension}<sheetData>{rows}</sheetData>'
            "</worksheet>"
        ).encode()

    @classmethod
    def _cell(cls, ref, text):
        return f'<c r="{ref}" t="inlineStr"><is><t>{text}</t></is></c>'

    def _check(self, content, filename="patients.xlsx"):
        wizard = (
            self.env["medspa.import"]
            .with_user(self.manager)
            .create(
                {
                    "source": "Old",
                    "filename": filename,
                    "file": base64.b64encode(content),
                }
            )
        )
        began = time.monotonic()
        try:
            wizard.action_check()
        finally:
            self.assertLess(time.monotonic() - began, SECONDS)
        return wizard

    def _assert_refused(self, content, message, filename="patients.xlsx"):
        with self.assertRaisesRegex(UserError, message):
            self._check(content, filename)

    def test_the_plain_workbook_is_read(self):
        self.assertEqual(self._check(self._book()).row_count, 1)

    def test_row_number_out_of_this_world(self):
        header = "".join(
            self._cell(f"{column}1", text)
            for column, text in zip("ABC", HEADER, strict=True)
        )
        for number in ("99999999999", "9" * 400, "1e300"):
            rows = (
                f'<row r="1">{header}</row><row r="{number}">'
                f"{self._cell('A2', '1')}{self._cell('B2', 'Ana')}</row>"
            )
            with self.subTest(number=number[:12]):
                self._assert_refused(
                    self._book(sheet1=self._sheet(rows)), "more than|cannot be read"
                )

    def test_a_million_empty_rows(self):
        self._assert_refused(
            self._book(sheet1=self._sheet("<row/>" * 1_000_000)), "delete empty rows"
        )
        self._assert_refused(
            b"Patient ID,Name\n" + b"\n" * 5_000_000, "delete empty rows", "a.csv"
        )
        self._assert_refused(
            b"Patient ID,Name\n" + b",\n" * 1_000_000, "delete empty rows", "a.csv"
        )

    def test_a_claim_to_be_as_wide_as_a_sheet_can_be(self):
        header = "".join(
            self._cell(f"{column}1", text)
            for column, text in zip("ABC", HEADER, strict=True)
        )
        row = f"{self._cell('A2', '1')}{self._cell('B2', 'Ana Pérez')}"
        rows = f'<row r="1">{header}</row><row r="2">{row}</row>' + "".join(
            f'<row r="{number}"/>' for number in range(3, 20_000)
        )
        wizard = self._check(
            self._book(sheet1=self._sheet(rows, '<dimension ref="A1:XFD1048576"/>'))
        )
        self.assertEqual(wizard.row_count, 1)

    def test_too_many_columns(self):
        self._assert_refused(
            b",".join(b"%d" % number for number in range(500)) + b"\n1\n",
            "columns",
            "a.csv",
        )

    def test_shared_strings_bomb(self):
        texts = b"<si><t/></si>" * 3_000_000
        sst = f'<sst xmlns="{NAMESPACE}">'.encode()
        for bomb in (
            sst + texts + b"</sst>",
            sst + b"<si><t>" + b"a" * (100 * 2**20) + b"</t></si></sst>",
        ):
            content = self._book(sharedStrings=bomb)
            self.assertLess(len(content), 10 * 2**20)
            self._assert_refused(content, "more than can be imported")

    def test_more_cells_than_a_table_of_ours_has(self):
        row = "<row>" + "<c/>" * 400 + "</row>"
        for name, content in {
            "cells": self._book(sheet1=self._sheet(row * 19_000)),
            "styles": self._book(
                styles=f'<styleSheet xmlns="{NAMESPACE}"><cellXfs>'.encode()
                + b"<xf/>" * 3_000_000
                + b"</cellXfs></styleSheet>"
            ),
        }.items():
            with self.subTest(name):
                self._assert_refused(content, "more than can be imported")

    def test_texts_made_of_texts(self):
        entities = "".join(
            f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10)
        )
        bomb = (
            f'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY e0 "ha">{entities}]>'
            f'<sst xmlns="{NAMESPACE}"><si><t>&e9;</t></si></sst>'
        )
        for encoding in ("utf-8", "utf-16"):
            with self.subTest(encoding=encoding):
                self._assert_refused(
                    self._book(sharedStrings=bomb.encode(encoding)), "cannot be read"
                )

    def test_broken_workbooks(self):
        whole = self._book()
        for name, content in {
            "sheet is no XML": self._book(sheet1=b"<worksheet><row"),
            "sheet is something else": self._book(sheet1=b"<html/>"),
            "book is no XML": self._book(workbook=b"\x00\x01"),
            "texts are no XML": self._book(sharedStrings=b"<sst><si>"),
            "styles are no XML": self._book(styles=b"<styleSheet"),
            "no style of that number": self._book(
                sheet1=self._sheet('<row r="1"><c r="A1" s="999"><v>1</v></c></row>')
            ),
            "no text of that number": self._book(
                sheet1=self._sheet('<row r="1"><c r="A1" t="s"><v>77</v></c></row>')
            ),
            "cell without a place": self._book(
                sheet1=self._sheet('<row r="x"><c r="??"><v>1</v></c></row>')
            ),
            "cut off": whole[: len(whole) // 2],
            "only its beginning": whole[:30],
            "another archive": self._archive("readme.txt"),
        }.items():
            with self.subTest(name):
                self._assert_refused(content, "cannot be read|names|holds no rows")

    @staticmethod
    def _archive(name):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr(name, "nothing")
        return content.getvalue()

    def test_no_base64(self):
        wizard = self.env["medspa.import"].create(
            {"source": "Old", "filename": "a.csv", "file": b"a"}
        )
        with self.assertRaisesRegex(UserError, "cannot be read"):
            wizard.action_check()

    def test_ends_of_lines_do_not_come_into_names(self):
        content = b'Patient ID,Name,Email\n1,"Ana\r\nBcc: x@y.z\x0b\x1f P","a@b.es"\n'
        wizard = self._check(content, "a.csv")
        self.assertEqual(wizard.line_ids.name, "Ana Bcc: x@y.z P")

    def test_numbers_out_of_this_world(self):
        for number in ("9" * 400, float("inf"), float("nan"), 1e300, "1" + "0" * 12):
            with self.subTest(number=number), self.assertRaises(ValueError):
                tabular.parse_number(number, ".")
        self.assertEqual(tabular.parse_number("1,234.5", "."), 1234.5)
