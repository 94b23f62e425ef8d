"""Finding the machine's Debian mirror."""

import unittest

from medspa.aptsources import (
    Source,
    debian_mirror,
    parse_deb822,
    parse_one_line,
)

MIRROR = "http://mirror.example/debian"


class TestAptSources(unittest.TestCase):
    def test_one_line_format(self):
        text = (
            "# a comment\n"
            f"deb {MIRROR} bookworm main contrib # another\n"
            f"deb-src {MIRROR} bookworm main\n"
            f"deb [arch=amd64 signed-by=/k.gpg] {MIRROR} trixie main\n"
        )
        self.assertEqual(
            parse_one_line(text),
            [
                Source(MIRROR, "bookworm", ("main", "contrib")),
                Source(MIRROR, "trixie", ("main",), "/k.gpg"),
            ],
        )

    def test_deb822_format(self):
        text = (
            "Types: deb deb-src\n"
            "# where from\n"
            f"URIs: {MIRROR}\n"
            "Suites: bookworm\n  bookworm-updates\n"
            "Components: main\n"
            "Signed-By: /k.gpg\n"
            "\n"
            "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: sid\n"
        )
        self.assertEqual(
            parse_deb822(text),
            [
                Source(MIRROR, "bookworm", ("main",), "/k.gpg"),
                Source(MIRROR, "bookworm-updates", ("main",), "/k.gpg"),
            ],
        )

    def test_key_block_in_the_file_is_not_a_path(self):
        text = f"Types: deb\nURIs: {MIRROR}\nSuites: sid\nSigned-By:\n -----BEGIN\n abc"
        self.assertIsNone(parse_deb822(text)[0].signed_by)

    def test_mirror_is_of_debian_itself(self):
        third_parties = [
            Source("http://vendor.example/apt", "cloud-sdk-bookworm", ("main",)),
            Source("http://vendor.example/node", "nodistro", ("main",)),
            Source("http://vendor.example/tool", "bookworm", ("main",)),
            Source("http://mirror.example/debian-security", "bookworm-security"),
        ]
        self.assertIsNone(debian_mirror(third_parties))
        ours = Source(MIRROR, "trixie", ("main",))
        self.assertEqual(debian_mirror([*third_parties, ours]), ours)

    def test_ubuntu_has_no_debian_mirror(self):
        sources = [Source("http://mirror.example/ubuntu", "noble", ("main",))]
        self.assertIsNone(debian_mirror(sources))
