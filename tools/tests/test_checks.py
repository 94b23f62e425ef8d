"""The checks of ./medspa lint that are written here."""

import tempfile
import unittest
from pathlib import Path

from medspa import docker_checks, lint, manifest_checks
from medspa.addons import Addon, third_party
from medspa.project import Project
from medspa.venv import split_requirements

MANIFEST = {
    "name": "Ours",
    "summary": "What it does.",
    "version": "19.0.1.0.0",
    "category": "Sales",
    "author": "medspa",
    "license": "AGPL-3",
    "depends": ["sale"],
    "data": ["views/a.xml"],
    "assets": {"web.assets_tests": ["ours/static/tests/**/*"]},
}


class AddonCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        for name in ("views/a.xml", "static/tests/tours/t.js", "__init__.py"):
            self.write(f"ours/{name}", "<odoo/>\n")

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def addon(self, **changes) -> Addon:
        self.write("ours/__manifest__.py", repr({**MANIFEST, **changes}))
        return Addon(self.root / "ours")

    def problems(self, **changes) -> list[str]:
        return manifest_checks.manifests([self.addon(**changes)])


class TestManifests(AddonCase):
    def test_good_one(self):
        self.assertEqual(self.problems(), [])

    def test_files_are_listed_both_ways(self):
        self.write("ours/security/rules.xml", "<odoo/>")
        found = self.problems(data=["views/a.xml", "views/b.xml"])
        self.assertEqual(
            found,
            [
                "ours: views/b.xml is listed and does not exist",
                "ours: security/rules.xml exists and is not listed",
            ],
        )

    def test_assets_exist(self):
        found = self.problems(assets={"web.assets_backend": ["ours/static/src/x.js"]})
        self.assertEqual(len(found), 1)

    def test_version_and_keys(self):
        self.assertEqual(len(self.problems(version="18.0.1.0.0")), 1)
        self.assertEqual(len(self.problems(summary="")), 1)
        self.assertEqual(len(self.problems(post_init_hook="made_up")), 1)

    def test_broken_manifest_is_a_problem_not_a_crash(self):
        self.write("ours/__manifest__.py", "{1: ")
        found = manifest_checks.manifests([Addon(self.root / "ours")])
        self.assertEqual(len(found), 1)

    def test_fingerprint_follows_what_is_installed(self):
        addon = self.addon()
        before = addon.fingerprint()
        self.write("ours/tests/test_x.py", "")
        self.assertEqual(addon.fingerprint(), before)
        self.write("ours/views/a.xml", "<odoo> </odoo>")
        self.assertNotEqual(addon.fingerprint(), before)

    def test_third_party(self):
        self.assertEqual(
            third_party([self.addon(depends=["sale", "base"])]), ["base", "sale"]
        )


class TestFiles(AddonCase):
    def test_licence_header(self):
        self.addon()
        project = Project(self.root)
        bad = self.write("ours/models/x.py", "import os\n")
        good = self.write("ours/models/y.py", f"# Copyright\n{lint.LICENSE_LINE}\n")
        init = self.write("ours/models/__init__.py", "from . import x\n")
        tool = self.write("tools/z.py", "import os\n")
        found = lint.licence_headers(project, [bad, good, init, tool])
        self.assertEqual(len(found), 1)
        self.assertIn("ours/models/x.py", found[0])

    def test_unwanted_files(self):
        project = Project(self.root)
        marker = self.write("a.py", "x = 1\n" + "<" * 7 + " HEAD\n")
        big = self.write("b.bin", "x" * (2**20 + 1))
        open_end = self.write("c.py", "x = 1")
        found = lint.unwanted_files(project, [marker, big, open_end])
        self.assertEqual(len(found), 3)

    def test_well_formed(self):
        good = self.write("a.xml", "<odoo/>")
        bad = self.write("b.xml", "<odoo>")
        self.assertEqual(len(manifest_checks.well_formed([good, bad])), 1)

    def test_requirements_are_split(self):
        text = "# one\nlxml==1 ; python_version < '3.11'  # why\nodoo-addon-x==1\n\n"
        self.assertEqual(
            split_requirements(text),
            (["lxml==1 ; python_version < '3.11'"], ["odoo-addon-x==1"]),
        )


class TestDocker(unittest.TestCase):
    def test_variables_are_explained(self):
        compose = "a: ${ONE:-1}\nb: ${TWO}\nc: ^x$${NOT}\n"
        self.assertEqual(
            list(docker_checks.variables(compose, "ONE=2\nTHREE=\n")),
            [
                "TWO of compose.yaml is not explained in .env.example",
                "THREE of .env.example is not used in compose.yaml",
                "ONE is 1 in compose.yaml and not in .env.example",
            ],
        )

    def test_copied_paths_exist(self):
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "here").touch()
            text = "FROM x\nCOPY here gone /there/\n"
            self.assertEqual(len(list(docker_checks.copied_paths(Path(name), text))), 1)
