#!/usr/bin/env python3
# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
# ruff: noqa: E501
# Paths of SVG read better in one line.
"""Draw every picture of the demo clinic: run it after changing a motif.

Needs Chromium (to render SVG) and Pillow (to cut and compress). Writes into
static/src/img and static/description of this addon; nothing is random.
"""

import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ADDON = Path(__file__).resolve().parents[1]
OUT = ADDON / "static/src/img"
SIZE = 1024

CREAM, SAND, BLUSH, ROSE = "#fbf6f0", "#f1e4d6", "#eed3c8", "#d9a596"
CLAY, SAGE, MOSS, FERN = "#bf7f68", "#b7c6b1", "#7f9a80", "#55735c"
LILAC, MAUVE, PLUM, INK = "#d9cbdb", "#a98aae", "#6b4e71", "#3d2b41"
SKIES, GOLD, SUN = "#cfdfe0", "#d6b06c", "#f3dca8"
SKIN_TONES = ["#eec3ad", "#d79f80", "#b97d5c", "#8d5a41", "#f3d3c0"]


# === PARTS ===


def gradient(name, colors, angle=90):
    """Return a linear gradient over the shape it fills, 90 is top to bottom."""
    rad = math.radians(angle)
    x, y = math.cos(rad) / 2, math.sin(rad) / 2
    stops = "".join(
        f'<stop offset="{i / (len(colors) - 1):.2f}" stop-color="{c}"/>'
        for i, c in enumerate(colors)
    )
    return (
        f'<linearGradient id="{name}" x1="{0.5 - x:.3f}" y1="{0.5 - y:.3f}" '
        f'x2="{0.5 + x:.3f}" y2="{0.5 + y:.3f}">{stops}</linearGradient>'
    )


def circle(x, y, r, fill, opacity=1.0, extra=""):
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{fill}" '
        f'opacity="{opacity}" {extra}/>'
    )


def path(d, fill="none", opacity=1.0, extra=""):
    return f'<path d="{d}" fill="{fill}" opacity="{opacity}" {extra}/>'


def line(d, color, width, opacity=1.0, extra=""):
    return path(
        d,
        "none",
        opacity,
        f'stroke="{color}" stroke-width="{width}" stroke-linecap="round" '
        f'stroke-linejoin="round" {extra}',
    )


def move(content, x=0, y=0, scale=1.0, angle=0):
    return f'<g transform="translate({x} {y}) rotate({angle}) scale({scale})">{content}</g>'


def leaf(length, color, width=0.42, vein=None):
    """Return a leaf that grows from the origin upwards."""
    w = length * width
    d = (
        f"M0 0 C{w} {-length * 0.25} {w} {-length * 0.75} 0 {-length} "
        f"C{-w} {-length * 0.75} {-w} {-length * 0.25} 0 0Z"
    )
    return path(d, color) + (
        line(f"M0 0 L0 {-length * 0.86}", vein, length * 0.018, 0.55) if vein else ""
    )


def sprig(length, pairs, color, stem=None, spread=52, vein="#ffffff", taper=0.55):
    """Return a stem with pairs of leaves, from the origin upwards."""
    stem = stem or color
    out = line(f"M0 0 Q{length * 0.06} {-length / 2} 0 {-length}", stem, length * 0.014)
    for i in range(pairs):
        at = -length * (0.14 + 0.78 * i / pairs)
        size = length * 0.30 * (1 - (1 - taper) * i / pairs)
        for side in (-1, 1):
            out += move(
                leaf(size, color, vein=vein), 0, round(at, 1), angle=side * spread
            )
    return out + move(leaf(length * 0.2, color, vein=vein), 0, -length)


def blossom(r, petals, color, heart, width=0.62):
    out = "".join(
        move(leaf(r, color, width), angle=round(360 * i / petals, 1))
        for i in range(petals)
    )
    return f'<g opacity="0.94">{out}</g>' + circle(0, 0, r * 0.17, heart)


def drop(r, fill, opacity=1.0):
    d = (
        f"M0 {-r * 1.75} C{r * 0.35} {-r * 1.05} {r} {-r * 0.55} {r} 0 "
        f"A{r} {r} 0 1 1 {-r} 0 C{-r} {-r * 0.55} {-r * 0.35} {-r * 1.05} 0 {-r * 1.75}Z"
    )
    return path(d, fill, opacity)


def glow(x, y, r, color, rings=4):
    return "".join(
        circle(x, y, r * (1 - 0.2 * i), color, 0.16 + 0.05 * i) for i in range(rings)
    )


def arch(x, y, w, h, fill, opacity=1.0):
    return path(
        f"M{x} {y + h} V{y + w / 2} A{w / 2} {w / 2} 0 0 1 {x + w} {y + w / 2} "
        f"V{y + h}Z",
        fill,
        opacity,
    )


def dots(x, y, cols, rows, gap, r, color, opacity=1.0):
    return "".join(
        circle(x + gap * (c + 0.5 * (i % 2)), y + gap * 0.87 * i, r, color, opacity)
        for i in range(rows)
        for c in range(cols - i % 2)
    )


def beam(x, y, angle, color, length=900, width=150):
    """Return light that falls from the origin, wider as it goes."""
    shape = path(
        f"M-14 0 L14 0 L{width} {length} L{-width} {length}Z", color, 0.28
    ) + path(
        f"M-8 0 L8 0 L{width * 0.45} {length} L{-width * 0.45} {length}Z", color, 0.4
    )
    return move(shape, x, y, angle=angle)


def handpiece(x, y, angle, body, tip):
    """Return the tool of a laser: its light leaves at the origin, downwards."""
    return move(
        f'<rect x="-26" y="-60" width="52" height="60" rx="10" fill="{tip}"/>'
        f'<rect x="-46" y="-330" width="92" height="285" rx="44" fill="{body}"/>'
        f'<rect x="-14" y="-290" width="28" height="96" rx="14" fill="#fff" opacity=".35"/>',
        x,
        y,
        angle=angle,
    )


PROFILE = (
    "M360 1080 C402 930 398 850 366 752 C292 650 286 424 398 314 C500 214 662 224 722 334 "
    "C740 368 736 402 738 432 C746 470 786 508 802 540 C810 556 798 568 774 571 "
    "C769 584 776 594 788 604 C796 616 786 626 772 630 C786 637 789 650 778 660 "
    "C768 668 770 680 775 694 C783 732 748 764 700 764 C660 766 620 756 600 796 "
    "C588 860 640 930 760 1080Z"
)


def profile(skin, hair, shade, brow=INK):
    """Return a head in profile that looks to the right."""
    hair_d = (
        "M722 338 C640 300 560 340 520 420 C500 470 512 540 470 580 C450 640 470 720 420 790 "
        "C380 780 362 760 352 730 C270 640 262 410 386 298 C500 196 676 210 722 338Z"
    )
    return (
        path(PROFILE, skin)
        + path(
            "M600 796 C560 800 520 790 490 764 C520 850 566 884 604 890 C594 860 594 824 "
            "600 796Z",
            shade,
            0.5,
        )
        + circle(345, 330, 118, hair)
        + path(hair_d, hair)
        + line("M690 476 q-22 16 -46 8", brow, 9)
        + line("M700 424 q-30 -18 -62 2", brow, 8, 0.7)
        + line("M772 630 q-22 2 -36 -6", shade, 7)
        + line("M470 300 C420 360 400 450 410 540", "#fff", 6, 0.18)
        + line("M540 280 C470 350 440 450 446 520", "#fff", 6, 0.18)
    )


def face(skin, hair, shade, lips=CLAY, band=None, top=MAUVE):
    """Return a face from the front with closed eyes, centred on 512."""
    out = path(
        "M512 150 C300 150 262 330 280 520 C290 640 270 760 300 860 L724 860 "
        "C754 760 734 640 744 520 C762 330 724 150 512 150Z",
        hair,
    )
    out += path(
        "M440 690 C440 800 420 830 330 862 C230 900 190 960 180 1060 L844 1060 "
        "C834 960 794 900 694 862 C604 830 584 800 584 690Z",
        skin,
    )
    out += path(
        "M440 745 C480 800 544 800 584 745 L584 776 C540 836 484 836 440 776Z",
        shade,
        0.45,
    )
    out += path(
        "M180 1060 C190 980 230 920 300 884 C360 960 440 990 512 990 C584 990 664 960 724 884 "
        "C794 920 834 980 844 1060Z",
        top,
    )
    out += path(
        "M512 218 C384 218 338 330 344 470 C350 610 420 760 512 760 C604 760 674 610 680 470 "
        "C686 330 640 218 512 218Z",
        skin,
    )
    out += path(
        "M512 196 C380 196 318 310 332 470 C360 400 420 330 512 286 C604 330 664 400 692 470 "
        "C706 310 644 196 512 196Z",
        hair,
    )
    for side in (-1, 1):
        x = 512 + side * 82
        out += line(f"M{x - 40} 478 q40 30 80 0", INK, 8)
        out += line(f"M{x - 44} 428 q44 -30 88 -2", hair, 9, 0.9)
    out += line("M512 490 C508 540 494 566 498 584 q14 10 28 0", shade, 7)
    out += path(
        "M462 646 C482 630 500 632 512 638 C524 632 542 630 562 646 C542 672 530 678 512 678 "
        "C494 678 482 672 462 646Z",
        lips,
    )
    out += line("M462 646 Q512 654 562 646", shade, 4)
    if band:
        out += path(
            "M338 372 C400 286 624 286 686 372 L690 420 C620 330 404 330 334 420Z", band
        )
    return out


def lips(color, dark, light):
    return (
        path(
            "M180 500 C300 400 400 350 455 372 C485 384 500 398 512 404 C524 398 539 384 569 "
            "372 C624 350 724 400 844 500 C720 520 620 506 512 514 C404 506 304 520 180 500Z",
            dark,
        )
        + path(
            "M180 500 C304 528 404 514 512 522 C620 514 720 528 844 500 C770 640 640 716 512 "
            "716 C384 716 254 640 180 500Z",
            color,
        )
        + path(
            "M360 596 C430 566 560 560 640 590 C590 640 430 650 360 596Z", light, 0.5
        )
        + path(
            "M430 404 C450 394 470 404 486 418 C460 436 430 440 400 436Z", light, 0.35
        )
        + line(
            "M180 500 C304 522 404 508 512 517 C620 508 720 522 844 500", INK, 6, 0.35
        )
    )


# === PICTURES ===


def scene(colors, content, defs="", angle=115):
    return (
        f"<defs>{gradient('bg', colors, angle)}{defs}</defs>"
        f'<rect width="{SIZE}" height="{SIZE}" fill="url(#bg)"/>{content}'
    )


def corner_sprigs(color, vein="#ffffff", opacity=0.75):
    return (
        f'<g opacity="{opacity}">'
        + move(sprig(430, 5, color, vein=vein), 110, 1050, angle=14)
        + move(sprig(330, 4, color, vein=vein), 960, 1040, angle=-18)
        + "</g>"
    )


def peel_light():
    layers = "".join(
        move(leaf(430, c, 0.5), 512, 690, angle=a)
        for a, c in ((-58, BLUSH), (58, BLUSH), (-30, ROSE), (30, ROSE), (0, CLAY))
    )
    return scene(
        [CREAM, BLUSH],
        glow(512, 500, 400, "#ffffff")
        + f'<g opacity=".9">{layers}</g>'
        + move(leaf(430, "url(#p)", 0.36), 512, 690)
        + circle(512, 330, 26, "#fff", 0.8)
        + corner_sprigs(SAGE),
        gradient("p", [CREAM, ROSE]),
    )


def peel_medium():
    rings = "".join(
        move(leaf(r, c, 0.62), 512, 560, angle=a + off)
        for r, c, off in (
            (400, CLAY, 0),
            (320, ROSE, 22),
            (235, BLUSH, 0),
            (150, CREAM, 22),
        )
        for a in range(0, 360, 45)
    )
    return scene(
        [ROSE, "#a86a58"],
        glow(512, 560, 470, CREAM, 3)
        + rings
        + circle(512, 560, 34, GOLD)
        + corner_sprigs(INK, "#fff", 0.28),
    )


def mesotherapy():
    pins = "".join(
        circle(620 + dx, 570 + dy, 13, "#fff", 0.95)
        + circle(620 + dx, 570 + dy, 30, "#fff", 0.25)
        for dx, dy in (
            (0, 0),
            (52, -34),
            (-44, -46),
            (56, 44),
            (0, 72),
            (-60, 36),
            (8, -86),
        )
    )
    return scene(
        [SKIES, "#a9c3bf"],
        arch(150, 110, 724, 940, "#ffffff", 0.35)
        + profile(SKIN_TONES[0], PLUM, "#c98f78")
        + pins
        + move(sprig(300, 4, FERN), 890, 1010, angle=-14)
        + move(sprig(360, 4, MOSS), 170, 1040, angle=10),
    )


def biorevitalisation():
    small = "".join(
        move(drop(r, "#fff", 0.55), x, y)
        for x, y, r in ((215, 330, 34), (815, 270, 44), (860, 640, 26), (165, 700, 24))
    )
    return scene(
        ["#e7f0ee", "#8fb3b2"],
        glow(512, 600, 440, "#fff")
        + move(drop(280, "url(#d)"), 512, 610)
        + move(sprig(380, 4, FERN), 512, 830)
        + path(
            "M330 640 C330 760 420 840 512 846",
            "none",
            0.6,
            'stroke="#fff" stroke-width="18" stroke-linecap="round"',
        )
        + small,
        gradient("d", ["#ffffff", "#bcd8d6", "#6fa0a2"]),
    )


def laser_legs():
    leg = (
        "M-70 -120 C-110 160 -80 300 -70 420 C-100 560 -70 700 -46 860 C-44 900 -60 930 "
        "-96 960 C-110 978 -90 990 -60 988 C0 984 40 976 44 930 C50 860 62 720 84 600 C92 520 "
        "96 460 96 420 C130 240 150 60 150 -120Z"
    )
    return scene(
        [CREAM, LILAC],
        arch(190, 120, 644, 930, "#fff", 0.5)
        + move(path(leg, "#d79f80"), 660, 60, angle=8)
        + move(path(leg, "url(#l)"), 400, 30, angle=2)
        + beam(900, 330, 68, "#fff", 520, 110)
        + handpiece(900, 330, 68, PLUM, GOLD)
        + move(sprig(360, 5, MOSS), 150, 1010, angle=12),
        gradient("l", ["#e9b9a0", "#f3d3c0"]),
    )


def laser_underarms():
    skin, shade = "#dba98c", "#b97d5c"
    body = (
        path(
            "M300 1060 C310 900 300 800 350 730 C420 690 560 690 640 730 C700 800 700 900 "
            "716 1060Z",
            skin,
        )
        + path(
            "M300 1060 C306 960 320 880 350 830 C430 900 560 900 650 826 C690 880 700 960 "
            "716 1060Z",
            SAGE,
        )
        + f'<rect x="448" y="560" width="104" height="170" rx="46" fill="{shade}"/>'
        + line("M640 790 C760 690 820 560 800 430 C770 300 660 250 560 262", skin, 104)
        + line("M352 790 C300 860 286 940 284 1060", skin, 96)
        + path(
            "M500 250 C400 250 366 330 372 430 C378 540 430 620 500 620 C570 620 622 540 "
            "628 430 C634 330 600 250 500 250Z",
            "#e4b699",
        )
        + path(
            "M500 226 C380 226 340 330 352 470 C380 400 430 350 510 330 C570 360 610 400 "
            "646 470 C664 330 620 226 500 226Z",
            INK,
        )
        + circle(470, 205, 82, INK)
        + line("M416 450 q28 20 56 0 M528 450 q28 20 56 0", INK, 7)
        + line("M474 560 q26 18 54 0", CLAY, 9)
    )
    return scene(
        [SUN, "#eeb99b"],
        glow(512, 480, 430, "#fff", 3)
        + body
        + "".join(
            line(
                f"M{718 + 66 * math.cos(a):.0f} {770 + 66 * math.sin(a):.0f} "
                f"L{718 + 118 * math.cos(a):.0f} {770 + 118 * math.sin(a):.0f}",
                "#fff",
                12,
            )
            for a in [math.radians(d) for d in range(-30, 100, 26)]
        )
        + circle(706, 760, 40, "#fff", 0.85)
        + move(sprig(330, 4, MOSS), 140, 1020, angle=12)
        + move(sprig(290, 4, FERN), 915, 1030, angle=-10),
    )


def laser_face():
    return scene(
        ["#efe6f0", MAUVE],
        circle(512, 512, 400, "#fff", 0.28)
        + move(profile("#b97d5c", INK, "#7d4f38"), -70, 0)
        + beam(945, 470, 98, "#fff", 300, 80)
        + handpiece(945, 470, 98, CREAM, GOLD)
        + circle(650, 560, 58, "#fff", 0.35)
        + circle(650, 560, 30, "#fff", 0.7)
        + move(sprig(320, 4, SAGE), 880, 1030, angle=-8),
    )


def toxin():
    zones = "".join(
        f'<ellipse cx="{x}" cy="{y}" rx="{rx}" ry="{ry}" fill="#fff" opacity=".5"/>'
        f'<ellipse cx="{x}" cy="{y}" rx="{rx}" ry="{ry}" fill="none" stroke="{GOLD}" '
        f'stroke-width="5" stroke-dasharray="3 15" stroke-linecap="round"/>'
        for x, y, rx, ry in ((512, 356, 88, 44), (372, 476, 34, 48), (652, 476, 34, 48))
    )
    return scene(
        [CREAM, "#c9d6c6"],
        arch(172, 70, 680, 1000, "#fff", 0.55)
        + face(SKIN_TONES[4], "#8a5a44", "#d09a85", top=MOSS)
        + zones
        + corner_sprigs(MOSS),
    )


def filler_lips():
    return scene(
        ["#f7e1dc", "#d98f88"],
        glow(512, 530, 430, "#fff")
        + move(lips("url(#lp)", "#b24f58", "#fff"), 0, -10)
        + move(blossom(150, 6, "#fff", GOLD), 850, 830)
        + move(blossom(95, 6, CREAM, GOLD), 160, 210)
        + move(sprig(280, 4, MOSS), 175, 1010, angle=20),
        gradient("lp", ["#d9747a", "#b24f58"]),
    )


def filler_cheeks():
    marks = "".join(
        circle(512 + s * 98, 574, 58, ROSE, 0.55)
        + line(
            f"M{512 + s * 150} 610 Q{512 + s * 120} 560 {512 + s * 140} 500",
            "#fff",
            8,
            0.9,
        )
        + line(
            f"M{512 + s * 122} 630 Q{512 + s * 88} 570 {512 + s * 108} 510",
            "#fff",
            8,
            0.6,
        )
        for s in (-1, 1)
    )
    return scene(
        [SAND, "#d8a98f"],
        circle(512, 480, 420, CREAM, 0.6)
        + face("#d79f80", INK, "#a96f52", lips="#a8484f", top=PLUM)
        + marks
        + move(blossom(120, 5, CREAM, GOLD), 318, 300)
        + move(leaf(130, MOSS, vein="#fff"), 300, 390, angle=-150),
    )


def classic_facial():
    cups = "".join(
        circle(512 + s * 82, 478, 62, "#dfe9cf")
        + circle(512 + s * 82, 478, 46, "#c3d6a9")
        + circle(512 + s * 82, 478, 14, "#dfe9cf")
        for s in (-1, 1)
    )
    mask = path(
        "M512 560 C450 540 380 560 356 540 C366 640 430 752 512 752 C594 752 658 640 668 540 "
        "C644 560 574 540 512 560Z",
        "#eef4e6",
        0.85,
    )
    mouth = path("M462 652 C482 636 542 636 562 652 C542 680 482 680 462 652Z", CLAY)
    return scene(
        ["#f2f5ea", SAGE],
        circle(512, 500, 420, "#fff", 0.5)
        + face(SKIN_TONES[0], "#c9966b", "#c98f78", band=CREAM, top=CREAM)
        + mask
        + mouth
        + cups
        + corner_sprigs(FERN, opacity=0.9),
    )


def led_facial():
    panel = path(
        "M300 120 C420 70 604 70 724 120 L760 300 C620 240 404 240 264 300Z", INK
    ) + "".join(
        circle(340 + 68 * i, 190 - 22 * math.sin(math.pi * i / 5), 17, c)
        for i, c in enumerate(
            ["#ff8f8f", "#ffb38a", "#ffd98a", "#a9e0c0", "#9cc6f5", "#c7a6f0"]
        )
    )
    rays = "".join(
        path(
            f"M{340 + 68 * i - 14} 200 h28 L{(340 + 68 * i - 512) * 1.7 + 512 + 60:.0f} 900 "
            "h-120Z",
            c,
            0.13,
        )
        for i, c in enumerate(
            ["#ff8f8f", "#ffb38a", "#ffd98a", "#a9e0c0", "#9cc6f5", "#c7a6f0"]
        )
    )
    return scene(
        ["#4d3653", "#8a6c91"],
        circle(512, 560, 420, "#fff", 0.08)
        + move(
            face("#c98d6d", "#2a1c2d", "#93593f", lips="#9c4a4f", top="#b9a3bd"),
            90,
            130,
            0.83,
        )
        + rays
        + panel
        + move(sprig(300, 4, MAUVE), 130, 1030, angle=12)
        + move(sprig(300, 4, MAUVE), 900, 1030, angle=-12),
    )


def course_peels():
    petals = "".join(
        move(leaf(330, c, 0.5, vein="#fff"), 512, 545, angle=i * 72)
        for i, c in enumerate([ROSE, BLUSH, CLAY, BLUSH, ROSE])
    )
    count = "".join(
        circle(512 + 400 * math.cos(a), 545 + 400 * math.sin(a), 22, c)
        for a, c in zip(
            [math.radians(d) for d in range(-90, 270, 72)],
            [PLUM, MAUVE, MAUVE, MAUVE, MAUVE],
            strict=True,
        )
    )
    ring = (
        '<circle cx="512" cy="545" r="400" fill="none" stroke="#fff" stroke-width="5"/>'
    )
    return scene(
        [CREAM, "#f0c9bb"],
        glow(512, 545, 380, "#fff")
        + petals
        + circle(512, 545, 62, GOLD)
        + circle(512, 545, 38, SUN)
        + ring
        + count,
    )


def course_legs():
    waves = "".join(
        line(
            f"M{-60} {760 - 92 * i} C240 {560 - 92 * i} 420 {960 - 92 * i} 700 {720 - 92 * i} "
            f"S1000 {640 - 92 * i} 1100 {660 - 92 * i}",
            c,
            74,
            0.9,
        )
        for i, c in enumerate(
            ["#c58d6f", "#d79f80", "#e1b096", "#e9c3ae", "#f1d6c6", CREAM]
        )
    )
    return scene(
        [LILAC, "#8f7096"],
        circle(740, 250, 190, SUN, 0.8)
        + circle(740, 250, 130, "#fff", 0.7)
        + waves
        + move(sprig(520, 6, FERN), 190, 1040, angle=10)
        + move(sprig(400, 5, MOSS), 310, 1060, angle=30),
    )


def course_hydration():
    trio = "".join(
        move(drop(r, f"url(#h{i})"), x, y)
        + move(
            path(
                f"M{-r * 0.6:.0f} {r * 0.1:.0f} A{r * 0.62:.0f} {r * 0.62:.0f} 0 0 0 "
                f"{-r * 0.05:.0f} {r * 0.66:.0f}",
                "none",
                0.8,
                'stroke="#fff" stroke-width="14" stroke-linecap="round"',
            ),
            x,
            y,
        )
        for i, (x, y, r) in enumerate(
            ((300, 610, 125), (525, 520, 165), (745, 640, 110))
        )
    )
    ripples = "".join(
        f'<ellipse cx="520" cy="850" rx="{w}" ry="{w * 0.16:.0f}" fill="none" stroke="#fff" '
        f'stroke-width="7" opacity="{o}"/>'
        for w, o in ((420, 0.4), (310, 0.6), (200, 0.8), (90, 1))
    )
    defs = "".join(
        gradient(f"h{i}", ["#f4fbfa", c])
        for i, c in enumerate(["#8fbcb9", "#6fa3a6", "#a9cbc0"])
    )
    return scene(
        ["#dcebe6", "#7aa7a4"],
        circle(512, 480, 380, "#fff", 0.3)
        + ripples
        + trio
        + move(sprig(270, 4, FERN), 890, 1020, angle=-16)
        + move(sprig(310, 4, FERN), 120, 1030, angle=12),
        defs,
    )


def course_reset():
    flowers = (
        move(blossom(190, 8, CREAM, GOLD), 360, 400)
        + move(blossom(150, 6, LILAC, PLUM), 690, 340)
        + move(blossom(135, 5, BLUSH, CLAY), 640, 640)
        + move(blossom(90, 6, "#fff", GOLD), 330, 690)
    )
    greens = "".join(
        move(sprig(s, 5, c), 512, 1000, angle=a)
        for s, a, c in (
            (560, -34, FERN),
            (640, -14, MOSS),
            (600, 12, FERN),
            (520, 34, MOSS),
            (380, -56, SAGE),
            (380, 56, SAGE),
        )
    )
    return scene(
        ["#f3ece2", "#c3d0bd"],
        arch(152, 80, 720, 980, "#fff", 0.5) + greens + flowers,
    )


def plan(colors, petals, color, heart, halo):
    suns = "".join(
        line(
            f"M{512 + 330 * math.cos(a):.0f} {512 + 330 * math.sin(a):.0f} "
            f"L{512 + (390 + 40 * (i % 2)) * math.cos(a):.0f} "
            f"{512 + (390 + 40 * (i % 2)) * math.sin(a):.0f}",
            halo,
            9,
            0.9,
        )
        for i, a in enumerate(math.radians(d) for d in range(0, 360, 15))
    )
    return scene(
        colors,
        circle(512, 512, 290, "#fff", 0.25)
        + suns
        + move(blossom(250, petals, color, heart), 512, 512)
        + move(blossom(150, petals, "#fff", heart), 512, 512, angle=180 / petals),
    )


def hero():
    """A wide picture: a woman in profile among leaves at sunrise."""
    return (
        f"<defs>{gradient('bg', ['#f7e7da', '#efc9b6', '#d9a7a0'], 60)}"
        f"{gradient('sun', ['#fff5df', '#f7d9a8'])}</defs>"
        '<rect width="1400" height="1100" fill="url(#bg)"/>'
        + circle(930, 430, 380, "url(#sun)", 0.75)
        + circle(930, 430, 470, "#fff", 0.18)
        + move(profile("#e2ae93", PLUM, "#b97d5c"), 270, 60, 1.02)
        + f'<g opacity=".95">{move(sprig(560, 6, FERN), 1300, 1130, angle=4)}'
        + move(sprig(430, 5, MOSS), 1390, 1130, angle=-16)
        + move(sprig(360, 5, SAGE), 1160, 1140, angle=10)
        + move(sprig(620, 6, MOSS), 160, 1140, angle=4)
        + move(sprig(540, 5, FERN), 60, 1130, angle=14)
        + move(sprig(440, 5, SAGE), 330, 1140, angle=-8)
        + "</g>"
        + move(blossom(110, 6, CREAM, GOLD), 640, 400)
        + move(blossom(70, 6, "#fff", GOLD), 560, 510)
        + move(blossom(60, 5, BLUSH, CLAY), 700, 280)
    )


def room():
    """A wide picture: a treatment room with an arch window."""
    return (
        f"<defs>{gradient('wall', ['#f6eee4', '#ead9c9'])}"
        f"{gradient('sky', ['#f9dcc0', '#d9e4dc'])}</defs>"
        '<rect width="1400" height="1100" fill="url(#wall)"/>'
        '<rect y="860" width="1400" height="240" fill="#d4b79f"/>'
        + arch(830, 140, 380, 640, "#fff")
        + arch(856, 166, 328, 614, "url(#sky)")
        + circle(1020, 420, 90, "#fff6e2", 0.9)
        + line("M1020 170 V780 M856 520 H1184", "#fff", 12)
        + f'<rect x="220" y="690" width="640" height="64" rx="32" fill="{CREAM}"/>'
        + '<rect x="220" y="640" width="190" height="90" rx="40" fill="#fff"/>'
        + f'<rect x="430" y="668" width="430" height="74" rx="34" fill="{SAGE}"/>'
        + f'<rect x="270" y="754" width="26" height="220" fill="{PLUM}"/>'
        + f'<rect x="780" y="754" width="26" height="220" fill="{PLUM}"/>'
        + line("M170 985 V330 Q170 250 250 250 H420", PLUM, 16)
        + path("M370 250 h110 l46 90 h-202Z", GOLD)
        + path("M324 340 h202 L620 640 H230Z", "#fff3d2", 0.5)
        + f'<rect x="1150" y="800" width="130" height="180" rx="18" fill="{CLAY}"/>'
        + move(sprig(480, 6, FERN), 1215, 810)
        + move(sprig(380, 5, MOSS), 1200, 810, angle=-24)
        + move(sprig(380, 5, MOSS), 1230, 810, angle=24)
    )


def mark(color, light):
    """The clinic's sign: a rising sun of sage leaves, in a box of 200."""
    out = "".join(
        move(leaf(86, color if i % 2 == 0 else light, 0.36), 100, 150, angle=a)
        for i, a in enumerate((-75, -50, -25, 0, 25, 50, 75))
    )
    return out + line("M28 166 H172", color, 7)


def portrait(skin, hair, shade, bg, top, glasses=False, beard=False, short=False):
    figure = face(skin, hair, shade, lips="#b5655f", top=top)
    if short:
        figure = figure.replace(
            "M512 150 C300 150 262 330 280 520 C290 640 270 760 300 860 L724 860 "
            "C754 760 734 640 744 520 C762 330 724 150 512 150Z",
            "M512 170 C360 170 312 300 326 440 L338 520 L686 520 L698 440 C712 300 664 170 512 "
            "170Z",
        )
    for side in (-1, 1):  # open eyes look friendlier in a list of people
        x = 512 + side * 82
        figure = figure.replace(
            f"M{x - 40} 478 q40 30 80 0", f"M{x - 36} 486 q36 -30 72 0"
        )
        figure += circle(x, 486, 13, INK)
    extra = ""
    if glasses:
        extra += (
            f'<g fill="none" stroke="{INK}" stroke-width="9"><circle cx="430" cy="488" r="62"/>'
            '<circle cx="594" cy="488" r="62"/><path d="M492 480 q20 -12 40 0"/></g>'
        )
    if beard:
        extra += path(
            "M350 560 C370 690 430 772 512 772 C594 772 654 690 674 560 C640 640 600 610 512 612 "
            "C424 610 384 640 350 560Z",
            hair,
        ) + path(
            "M468 654 C490 644 534 644 556 654 C540 676 484 676 468 654Z", "#c4746b"
        )
    return scene(bg, circle(512, 470, 400, "#fff", 0.25) + figure + extra)


PICTURES = {
    "treatment_peel_light": peel_light,
    "treatment_peel_medium": peel_medium,
    "treatment_mesotherapy": mesotherapy,
    "treatment_biorevitalisation": biorevitalisation,
    "treatment_laser_legs": laser_legs,
    "treatment_laser_underarms": laser_underarms,
    "treatment_laser_face": laser_face,
    "treatment_toxin": toxin,
    "treatment_filler_lips": filler_lips,
    "treatment_filler_cheeks": filler_cheeks,
    "treatment_facial_classic": classic_facial,
    "treatment_facial_led": led_facial,
    "course_peels": course_peels,
    "course_legs": course_legs,
    "course_hydration": course_hydration,
    "course_reset": course_reset,
    "plan_glow": lambda: plan(["#fdf3df", "#f0cfa0"], 6, "#e5b36b", CLAY, "#fff"),
    "plan_radiance": lambda: plan(["#f6dcd8", "#cf8f94"], 8, "#b5656f", GOLD, CREAM),
    "plan_signature": lambda: plan(["#5b4160", "#2f2133"], 12, MAUVE, GOLD, GOLD),
}
PORTRAITS = {
    "staff_petra": lambda: portrait(
        "#eec3ad", "#7a4a33", "#c98f78", [SAND, SAGE], CREAM
    ),
    "staff_ines": lambda: portrait(
        "#b97d5c", "#2a1c2d", "#7d4f38", [CREAM, LILAC], CREAM, glasses=True
    ),
    "staff_bruno": lambda: portrait(
        "#d79f80", "#3b2a22", "#a96f52", [SKIES, MOSS], CREAM, beard=True, short=True
    ),
    "staff_rita": lambda: portrait(
        "#f3d3c0", "#b5623c", "#d09a85", [BLUSH, CLAY], PLUM
    ),
    "staff_mara": lambda: portrait(
        "#d79f80", "#4a4a50", "#a96f52", [SKIES, MAUVE], INK
    ),
    "patient_1": lambda: portrait("#f3d3c0", "#d2a35e", "#d09a85", [SUN, BLUSH], MOSS),
    "patient_2": lambda: portrait(
        "#8d5a41", "#1f1720", "#5e3826", [SAND, GOLD], CLAY, short=True
    ),
    "patient_3": lambda: portrait(
        "#eec3ad", "#1f1720", "#c98f78", [LILAC, SKIES], ROSE
    ),
    "patient_4": lambda: portrait(
        "#eec3ad", "#8b8680", "#c98f78", [SAGE, MOSS], INK, glasses=True, short=True
    ),
    "patient_5": lambda: portrait(
        "#b97d5c", "#5a2f22", "#7d4f38", [BLUSH, LILAC], GOLD
    ),
}
WIDE = {"home_hero": hero, "home_room": room}


def signs():
    """Return the logo, the favicon and the icon of the addon, with their sizes."""
    logo = (
        move(mark(PLUM, MAUVE), 10, 0)
        + f'<text x="226" y="112" font-family="TeX Gyre Pagella, Palatino, serif" '
        f'font-size="92" fill="{INK}">Salvialba</text>'
        + f'<text x="230" y="164" font-family="Liberation Sans, sans-serif" font-size="29" '
        f'letter-spacing="7.2" fill="{PLUM}">CLÍNICA ESTÉTICA</text>'
    )
    icon = f'<rect width="200" height="200" rx="44" fill="{PLUM}"/>' + move(
        mark(CREAM, LILAC), 20, 14, 0.8
    )
    return {
        OUT / "logo.png": (logo, 640, 200, 640),
        OUT / "favicon.png": (icon, 200, 200, 256),
        ADDON / "static/description/icon.png": (icon, 200, 200, 128),
    }


# === RENDERING ===


def render(svg, width, height, out_width, work):
    """Return an SVG as an image with transparency."""
    scale = out_width / width
    page, shot = work / "page.html", work / "shot.png"
    page.write_text(
        '<meta charset="utf-8"><style>body{margin:0}svg{display:block}</style>'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{out_width}" '
        f'height="{round(height * scale)}" viewBox="0 0 {width} {height}">{svg}</svg>'
    )
    # A window lower than 500 px is not drawn in full by some versions.
    size = f"{max(out_width, 500)},{max(round(height * scale), 500) + 100}"
    subprocess.run(
        [
            shutil.which("chromium") or "google-chrome",
            "--headless",
            "--no-sandbox",
            "--hide-scrollbars",
            "--force-device-scale-factor=1",
            "--default-background-color=00000000",
            f"--user-data-dir={work / 'profile'}",
            f"--window-size={size}",
            f"--screenshot={shot}",
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
    )
    with Image.open(shot) as image:
        return image.crop((0, 0, out_width, round(height * scale))).copy()


def main(names):
    OUT.mkdir(parents=True, exist_ok=True)
    jobs = {OUT / f"{n}.jpg": (f(), SIZE, SIZE, 1024) for n, f in PICTURES.items()}
    jobs |= {OUT / f"{n}.jpg": (f(), SIZE, SIZE, 384) for n, f in PORTRAITS.items()}
    jobs |= {OUT / f"{n}.jpg": (f(), 1400, 1100, 1400) for n, f in WIDE.items()}
    jobs |= signs()
    with tempfile.TemporaryDirectory() as folder:
        for target, (svg, *size) in jobs.items():
            if names and target.stem not in names:
                continue
            image = render(svg, *size, Path(folder))
            if target.suffix == ".jpg":
                image.convert("RGB").save(target, quality=88, optimize=True)
            else:
                image.save(target, optimize=True)
            print(target.relative_to(ADDON), target.stat().st_size // 1024, "kB")


if __name__ == "__main__":
    main(set(sys.argv[1:]))
