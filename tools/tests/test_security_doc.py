"""docs/security.md says what docs/security.csv says."""

import tempfile
import unittest
from pathlib import Path

from medspa import security_doc

TABLE = """kind,of,names,patient,manager,why
model,medspa.course,,r,rw,
fields,medspa.course,name state,r,rw,
fields,medspa.course,price,,r,never changed
fields,res.partner,allergies,,rw,
methods,medspa.course,action_pause,,x,
route,/my/courses,,login,200,
"""


class TestSecurityDoc(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "docs").mkdir()
        self.table = self.root / "docs" / "security.csv"
        self.document = self.root / "docs" / "security.md"
        self.table.write_text(TABLE)
        self.document.write_text(
            f"# Ours\n\n{security_doc.BEGIN}\nold\n{security_doc.END}\nLast\n"
        )

    def test_in_words(self):
        text = security_doc.render(self.table)
        self.assertIn("| `medspa.course` | reads | reads, changes |", text)
        self.assertIn("| `medspa.course`: `price` (never changed) |  | reads |", text)
        # What is as its document is not said again.
        self.assertNotIn("`name`", text)
        self.assertIn("| `res.partner`: `allergies` |  | reads, changes |", text)
        self.assertIn("| `medspa.course`: `action_pause` |  | may |", text)
        self.assertIn("| `/my/courses` | login | 200 |", text)

    def test_an_old_document_is_told(self):
        self.assertTrue(security_doc.outdated(self.root))
        text = security_doc.replaced(self.document, self.table)
        self.document.write_text(text)
        self.assertFalse(security_doc.outdated(self.root))
        self.assertTrue(text.startswith("# Ours\n"))
        self.assertTrue(text.endswith("\nLast\n"))
        self.assertNotIn("\nold\n", text)
