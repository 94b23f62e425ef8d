"""The project's own facts: names, versions, log-ins, packages."""

# --- databases -------------------------------------------------------------
DEMO_DB = "medspa_demo"
TEST_DB = "medspa_test"
JOURNEYS_DB = "medspa_journeys"
TEMPLATE_PREFIX = "medspa_tmpl_"
BUILD_PREFIX = "medspa_build_"
# The comment that marks a database as made (and so as droppable) by this tool.
DB_MARK = "made by ./medspa"

# --- the Odoo of a company, for ./medspa guest -------------------------------
GUEST_PREFIX = "medspa_guest_"
GUEST_ADDONS = [
    "account_payment",
    "calendar",
    "crm",
    "event_sale",
    "hr_holidays",
    "mass_mailing",
    "payment_demo",
    "point_of_sale",
    "pos_loyalty",
    "product_expiry",
    "project",
    "purchase",
    "queue_job",
    "sale_crm",
    "sale_management",
    "sale_stock",
    "sms_twilio",
    "subscription_oca",
    "survey",
    "website_event",
    "website_sale",
    "website_sale_loyalty",
]
# Addons of others whose own tests must give the same results with ours; the short list
# is for CI, which has a quarter of an hour for all of it.
GUEST_CORE = [
    "calendar",
    "sale",
    "account_payment",
    "payment",
    "portal",
    "product",
    "loyalty",
    "sale_loyalty",
    "subscription_oca",
]
GUEST_CORE_SHORT = ["account_payment", "payment", "subscription_oca"]
# The commit of the version that was released before: upgrades start from it.
GUEST_RELEASE = "7b2730c"

# --- the demo clinic -------------------------------------------------------
# Addons of ours that the demo clinic shows; auto_install ones join them.
DEMO_ADDONS = ["medspa_membership", "medspa_reminders", "medspa_demo"]
# Those whose data would get in the way of the others' tests: tested in a database of
# their own, the demo clinic's.
SEPARATE_ADDONS = {"medspa_demo"}
# Addons of others that ours do not depend on, but that tests of ours look at: in the
# template, so that no test is skipped for want of them.
TEST_ADDONS = ["payment_demo", "queue_job", "sms_twilio"]
DEMO_LOGINS = [
    ("admin", "admin", "administrator"),
    ("rita", "rita", "receptionist"),
    ("petra", "petra", "practitioner (bruno and ines too)"),
    ("mara", "mara", "manager"),
    ("paula", "paula", "patient (website and portal)"),
]
DEFAULT_PORT = 8069

# --- Odoo as Debian packages it --------------------------------------------
ODOO_SERIES = "19.0"
ODOO_PACKAGE = "odoo-19"
ODOO_DEB_VERSION = "19.0.0+dfsg-1"
ODOO_SUITE = "sid"
# Fonts and scripts that the package links to; font-awesome and inconsolata of
# newer suites leave dead links, so these two come from an older one.
COMPANION_PACKAGES = [
    "fonts-glyphicons-halflings",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
]
OLDER_SUITE = "bookworm"
OLDER_PACKAGES = ["fonts-font-awesome", "fonts-inconsolata"]
ODOO_DEB_SHA256 = "9d2f598b0555db17e291d48ed24df184c70823c053c4c5ed53c467ca7f629bbf"
# Translations that are unpacked with Odoo: all of them would be 850 MB.
ODOO_LANGUAGES = {"de", "es", "es_419", "fr", "it", "nl", "pl", "pt", "pt_BR"}
# Rises when the way the tree is unpacked changes, so that caches are made anew.
ODOO_RECIPE = 1
# A file that Debian leaves out and without which every backend tour fails.
ODOO_EMPTY_FILES = [
    "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
]

# --- limits ------------------------------------------------------------------
PYTHON_MIN, PYTHON_MAX = (3, 10), (3, 13)
POSTGRES_MIN = 13
FREE_DISK_MB = 3000
# What hangs is stopped: Odoo after so long without a word, and all of ./medspa test
# after so long, counted from its start; CI gives up after 90 minutes.
SILENT_SECONDS = 15 * 60
TEST_SECONDS = 75 * 60
# Any other program: pip, apt-get, initdb, a linter.
PROGRAM_SECONDS = 30 * 60
