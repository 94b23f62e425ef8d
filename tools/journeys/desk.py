"""A day at the desk, at 1366 px."""

from datetime import timedelta

from .backend import choose_record, new_record, page_of, press, save, set_field
from .harness import DESK, Journey, Person

PATIENT = "Perla Phone"
TREATMENT = "LED light facial"
COURSE = "Radiance: 5 light peels"


def walk(journey: Journey) -> None:
    """Book by phone, let somebody in who stands there, close, sell, take cash."""
    rita = journey.person(size=DESK, login="rita")
    journey.clock.go_to(journey.clock.now().replace(hour=11, minute=5))
    with journey.step("today's list"):
        rita.open("/odoo/desk")
        rita.sees(".o_data_row")
    _phone_booking(journey, rita)
    _walk_in(journey, rita)
    _sell_course(journey, rita)
    _late_cancel(journey, rita)
    _paid_apart(journey, rita)


def _phone_booking(journey: Journey, rita: Person) -> None:
    with journey.step("somebody calls: book for tomorrow"):
        new_record(rita)
        choose_record(rita, "patient_id", PATIENT, create=True)
        choose_record(rita, "treatment_id", TREATMENT)
        tomorrow = journey.clock.now() + timedelta(days=1)
        set_field(rita, "start", f"{tomorrow:%d/%m/%Y} 12:00:00")
        choose_record(rita, "practitioner_id", "Bruno")
        save(rita)
        rita.sees(".o_statusbar_status .o_arrow_button_current", "Booked")


def _walk_in(journey: Journey, rita: Person) -> None:
    with journey.step("she comes today instead: a walk-in"):
        _open_patient(rita)
        press(rita, "Walk-in")
        choose_record(rita, "treatment_id", TREATMENT)
        choose_record(rita, "practitioner_id", "Bruno")
        save(rita)
        rita.sees(".o_statusbar_status .o_arrow_button_current", "Arrived")
    with journey.step("done"):
        press(rita, "Done")
        rita.sees(".o_statusbar_status .o_arrow_button_current", "Done")


def _sell_course(journey: Journey, rita: Person) -> None:
    with journey.step("sell a course, paid in cash"):
        _open_patient(rita)
        press(rita, "Sell a course")
        rita.sees(".modal")
        choose_record(rita, "product_tmpl_id", COURSE)
        choose_record(rita, "journal_id", "Cash")
        press(rita, "Sell", ".modal-footer")
        rita.sees(".o_statusbar_status .o_arrow_button_current", "Active")


def _late_cancel(journey: Journey, rita: Person) -> None:
    with journey.step("a late cancellation is forgiven, with a reason"):
        rita.open("/odoo/desk")
        rita.tap(
            ".o_data_row:has-text('remaining'):has-text('Booked') td[name=patient_id]"
        )
        press(rita, "Cancel appointment")
        rita.sees(".modal")
        rita.tap(".modal [name=is_waived] input")
        set_field(rita, "waiver_reason", "Ill, with a note")
        press(rita, "Confirm", ".modal-footer")
        rita.sees(".o_statusbar_status .o_arrow_button_current", "Cancelled")


def _paid_apart(journey: Journey, rita: Person) -> None:
    with journey.step("what nothing covers is paid in three clicks"):
        _open_patient(rita)
        rita.tap(".o_field_widget[name=appointment_ids] .o_data_row", nth=0)
        before = journey.taps
        press(rita, "Take payment")
        press(rita, "Pay", ".modal-footer")
        rita.sees("[name=payment_status]", "Paid")
        assert journey.taps - before <= 3


def _open_patient(rita: Person) -> None:
    rita.open("/odoo/patients")
    rita.fill(".o_searchview_input", PATIENT)
    rita.page.keyboard.press("Enter")
    rita.tap(f".o_kanban_record:has-text('{PATIENT}')")
    page_of(rita, "Clinic")
