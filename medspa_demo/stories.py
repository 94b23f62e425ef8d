# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Who bought what, and how far they are.

Days count from the day of installation: negative ones lie in the past, positive ones
after the day of the agenda. Every stage of a course has at least one patient.
"""

from typing import NamedTuple


class Story(NamedTuple):
    """One course of one patient.

    `visits` and the keys below hold (day, treatment) or a day alone, where the course
    has one treatment only.
    """

    stage: str
    patient: str
    course: str
    bought: int
    visits: tuple = ()
    no_shows: tuple = ()
    booked: tuple = ()
    cancelled: tuple = ()
    paid: bool = True
    invoiced: bool = True


class Member(NamedTuple):
    """One membership: the state in which it is shown, and how it came to it.

    `visits` hold (day, treatment), paid with a credit of the membership.
    """

    state: str
    patient: str
    plan: str
    joined: int
    visits: tuple = ()


FACIAL, MESO, LED = "facial_classic", "mesotherapy", "facial_led"

STORIES = [
    Story("unpaid", "patient_marta", "peels", -2, paid=False),
    Story("unpaid", "patient_yuki", "reset", -1, paid=False, invoiced=False),
    Story("unused", "patient_carlos", "legs", -10),
    Story("unused", "patient_olena", "hydration", -20),
    Story("unused", "patient_paula", "hydration", -3),
    Story("first_booked", "patient_lucia", "peels", -4, booked=(3,)),
    Story("first_booked", "patient_hugo", "legs", -7, booked=(8,)),
    Story("half_way", "patient_paula", "peels", -50, visits=(-44, -23), booked=(5,)),
    Story(
        "half_way", "patient_maria", "legs", -160, visits=(-150, -106, -61), booked=(2,)
    ),
    Story(
        "half_way",
        "patient_amira",
        "reset",
        -60,
        visits=((-54, FACIAL), (-36, FACIAL), (-20, MESO)),
        booked=((4, MESO), (21, MESO)),
    ),
    Story("half_way", "patient_jun", "peels", -75, visits=(-70, -48), booked=(1,)),
    Story(
        "last_left", "patient_sofia", "hydration", -60, visits=(-54, -27), booked=(2,)
    ),
    Story("last_left", "patient_eleni", "peels", -110, visits=(-101, -79, -58, -30)),
    Story("dormant", "patient_carmen", "peels", -85, visits=(-80, -58, -37)),
    Story("dormant", "patient_fatou", "legs", -130, visits=(-126, -82, -38)),
    Story("expiring", "patient_ana", "hydration", -177, visits=(-170, -142)),
    Story("expiring", "patient_beatriz", "peels", -361, visits=(-352, -320, -292)),
    Story("expired", "patient_noa", "hydration", -212, visits=(-203,)),
    Story("expired", "patient_irene", "peels", -384, visits=(-372, -340)),
    Story("completed", "patient_thi", "hydration", -125, visits=(-118, -91, -64)),
    Story(
        "completed",
        "patient_valeria",
        "legs",
        -300,
        visits=(-294, -250, -206, -160, -114, -68),
    ),
    Story(
        "completed",
        "patient_nuria",
        "reset",
        -190,
        visits=(
            (-184, FACIAL),
            (-166, FACIAL),
            (-148, MESO),
            (-127, MESO),
            (-106, MESO),
            (-92, LED),
            (-78, LED),
        ),
    ),
    Story("no_show", "patient_diego", "legs", -55, visits=(-50,), no_shows=(-4,)),
    Story(
        "no_show",
        "patient_agnieszka",
        "peels",
        -45,
        visits=(-40,),
        no_shows=(-9,),
        booked=(9,),
    ),
    Story("cancelled", "patient_ravi", "hydration", -15, cancelled=(3,)),
    Story(
        "cancelled",
        "patient_emma",
        "peels",
        -35,
        visits=(-28,),
        cancelled=(2,),
        booked=(6,),
    ),
    # These come today.
    Story("half_way", "patient_pilar", "peels", -70, visits=(-64, -41)),
    Story("half_way", "patient_jiwoo", "hydration", -40, visits=(-34,)),
    Story("half_way", "patient_elena", "legs", -100, visits=(-93, -47)),
    Story("unused", "patient_rosa", "reset", -5),
]

MEMBERS = [
    Member("active", "patient_paula", "radiance", -75, visits=((-65, "peel_light"),)),
    Member("active", "patient_sofia", "glow", -40, visits=((-33, LED),)),
    Member("active", "patient_nuria", "signature", -100, visits=((-80, MESO),)),
    Member("paused", "patient_valeria", "glow", -50),
    Member("ending", "patient_carmen", "radiance", -70),
    Member("past_due", "patient_diego", "glow", -33),
    Member("suspended", "patient_irene", "radiance", -38),
    Member("ended", "patient_noa", "glow", -64),
    Member("pending", "patient_marta", "radiance", -1),
]

# The agenda of the day: patient, treatment, earliest hour on the clinic's clock.
AGENDA = [
    ("patient_pilar", "peel_light", 9),
    ("patient_eleni", "peel_light", 10),
    ("patient_max", "filler_lips", 11),
    ("patient_elena", "laser_legs", 11),
    ("patient_jiwoo", "biorevitalisation", 12),
    ("patient_rosa", "facial_classic", 13),
    ("patient_max", "laser_face", 15),
    ("patient_thi", "toxin", 16),
    ("patient_valeria", "facial_led", 17),
]

# At weekends the clinic is open till two, with one practitioner; the agenda above is
# then that of Monday.
WEEKEND = [
    ("patient_max", "laser_face", 10),
    ("patient_rosa", "facial_led", 10),
    ("patient_valeria", "laser_underarms", 11),
    ("patient_carlos", "laser_legs", 11),
    ("patient_thi", "facial_led", 13),
]

# Who comes on the days after the installation: single treatments, paid apart.
EVERY_DAY = [
    ("patient_max", "laser_face", 9),
    ("patient_rosa", "facial_classic", 10),
    ("patient_nuria", "toxin", 11),
    ("patient_carlos", "laser_underarms", 12),
    ("patient_thi", "facial_led", 13),
    ("patient_beatriz", "laser_legs", 16),
    ("patient_eleni", "facial_classic", 17),
]

# Single treatments around the day, to fill the week: day, patient, treatment.
WEEK = [
    (-4, "patient_nuria", "laser_face"),
    (-3, "patient_max", "laser_underarms"),
    (-3, "patient_thi", "facial_led"),
    (-2, "patient_valeria", "laser_face"),
    (-2, "patient_nuria", "facial_classic"),
    (-1, "patient_max", "facial_led"),
    (-1, "patient_thi", "laser_underarms"),
    (-1, "patient_valeria", "facial_classic"),
    (1, "patient_max", "facial_led"),
    (1, "patient_nuria", "toxin"),
    (2, "patient_valeria", "laser_underarms"),
    (3, "patient_thi", "facial_classic"),
    (4, "patient_nuria", "filler_cheeks"),
]

PROTOCOLS = {
    "peel_light": "<p>Mandelic acid 40%, two layers, 8 minutes. Even pink, no "
    "frosting. Neutralised, SPF 50.</p>",
    "mesotherapy": "<p>Hyaluronic acid 0.5% with vitamins, 3 ml, needle 32G, 4 mm. "
    "Face and neck.</p>",
    "biorevitalisation": "<p>Unlinked hyaluronic acid, 2 ml, papules 1.5 cm apart. "
    "Numbing cream for 25 minutes.</p>",
    "laser_legs": "<p>Diode 810 nm, 22 J/cm², 15 ms, skin cooled. Redness around the "
    "follicles as expected.</p>",
    "facial_classic": "<p>Enzyme peel, steam 8 minutes, extraction of nose and chin, "
    "clay mask.</p>",
    "facial_led": "<p>Red 633 nm, 20 minutes; blue 415 nm on the chin, 10 minutes.</p>",
}

# Who has said yes to offers by e-mail and SMS.
OFFERS_WANTED = [
    "patient_sofia",
    "patient_eleni",
    "patient_ana",
    "patient_beatriz",
    "patient_paula",
]
