"""The check of what anybody may call, and of what is done past the rights."""

import ast
import textwrap
import unittest

from medspa import access_lint


def parse(code: str) -> ast.Module:
    """Return the tree of a piece of code."""
    return ast.parse(textwrap.dedent(code))


class TestPublicMethods(unittest.TestCase):
    """A public method of a model checks a right, or does nothing past them."""

    def found(self, body: str, name: str = "action_do(self)") -> list[str]:
        """Return the methods that the check names in a model."""
        code = "class Thing(models.Model):\n    def " + name + ":\n"
        code += textwrap.indent(textwrap.dedent(body), "        ")
        return [door for _line, door in access_lint.unchecked_methods(parse(code))]

    def test_open_doors(self):
        for body in (
            "self.sudo().write({})",
            "self._settle()",
            "for one in self:\n    one._settle()",
            "return super().something_else() or self._settle()",
        ):
            with self.subTest(body):
                self.assertEqual(self.found(body), ["Thing.action_do"])

    def test_closed_doors(self):
        for body in (
            'self.check_access("write")\nself.sudo().write({})',
            'if self.env.user.has_group("x"):\n    self._settle()',
            "self._check_manager()\nself._settle()",
            "self.write({})",
            'return self.env["ir.actions.actions"]._for_xml_id("x")',
            'raise UserError(self.env._("No."))',
            "res = super().action_do()\nself._settle()\nreturn res",
        ):
            with self.subTest(body):
                self.assertEqual(self.found(body), [])

    def test_others_are_no_doors(self):
        self.assertEqual(self.found("self._settle()", "_do(self)"), [])
        self.assertEqual(self.found("self._settle()", "write(self, vals)"), [])
        private = parse(
            """
            class Thing(models.Model):
                @api.private
                def do(self):
                    self._settle()

            class Helper:
                def do(self):
                    self._settle()
            """
        )
        self.assertEqual(list(access_lint.unchecked_methods(private)), [])


class TestSudo(unittest.TestCase):
    """Each `sudo()` says why: on its line, or above it or its statement."""

    def found(self, code: str) -> list[int]:
        """Return the lines that the check names."""
        code = textwrap.dedent(code)
        lines = code.splitlines()
        return list(access_lint.unexplained_sudo(ast.parse(code), lines))

    def test_without_a_reason(self):
        self.assertEqual(self.found("a = b.sudo()"), [1])
        self.assertEqual(self.found("# far away\n\na = b.sudo()"), [3])
        self.assertEqual(self.found("a = (\n    b\n    .sudo()\n)"), [3])

    def test_with_a_reason(self):
        self.assertEqual(self.found("a = b.sudo()  # why"), [])
        self.assertEqual(self.found("# why\na = b.sudo()"), [])
        self.assertEqual(self.found("# why\na = (\n    b\n    .sudo()\n)"), [])
        self.assertEqual(self.found("a = b.sudo(user)"), [])
