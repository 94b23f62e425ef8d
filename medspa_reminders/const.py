# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

# What a rule reacts to, and the list of the morning on which it belongs.
EVENTS = [
    ("appointment", "Appointment is near"),
    ("course_expiry", "Course or credit expires"),
    ("next_step", "Next session is due by the advised pace"),
    ("never_started", "Course sold and never started"),
    ("visit_follow_up", "After a visit"),
    ("renew", "Course is nearly used up, or expires soon"),
    ("dropped_out", "Stopped coming with sessions left"),
    ("birthday", "Birthday"),
    ("credits_lapse", "Credits of a plan are about to lapse"),
    ("term_renewal", "Minimum term of a membership ends"),
    ("card_expiry", "Card of a membership is about to expire"),
    ("membership_ending", "Membership ends or is not paid"),
    ("left", "Has left the plan within 90 days"),
]
SECTIONS = [
    ("renew", "Who should renew"),
    ("dropped_out", "Who dropped out"),
    ("membership", "Memberships that end or fail"),
    ("left", "Who left within 90 days"),
    ("other", "Other messages"),
]
EVENT_SECTIONS = {
    "renew": "renew",
    "dropped_out": "dropped_out",
    "membership_ending": "membership",
    "left": "left",
}

# Messages that advertise: they need the patient's consent and count for the week.
MARKETING_EVENTS = {"renew", "birthday", "left"}

CHANNELS = [("email", "E-mail"), ("sms", "SMS")]
PURPOSES = [("service", "Service messages"), ("marketing", "Offers and news")]

# What stands for a link in a text until the message is sent and the link exists.
LINK = "[link]"
CONFIRM_LINK = "[confirm]"
CANCEL_LINK = "[cancel]"

# A reminder with a link to cancel leaves so many hours before that link is over.
LINK_HOURS = 4

# A message is tried so often in all, so many minutes after the attempt before.
RETRY_MINUTES = (15, 60)
# A message in hand for longer was interrupted: nobody knows whether it went out.
LOST_MINUTES = 15
# What a patient books or buys within so many days after a message counts for it.
OUTCOME_DAYS = 14
# What came before a message makes sense for so many days, should a run be missed.
CATCH_UP_DAYS = 3
