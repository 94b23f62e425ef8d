import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { CalendarController } from "@web/views/calendar/calendar_controller";
import { calendarView } from "@web/views/calendar/calendar_view";

/**
 * The calendar of core books by dragging only, which nobody finds at first: this one has
 * the New button of the other views too.
 */
export class AppointmentCalendarController extends CalendarController {
    get editRecordDefaultDisplayText() {
        return _t("New appointment");
    }

    get canBook() {
        return this.model.canCreate;
    }

    onBook() {
        return this.editRecord({}, { ...this.props.context });
    }
}

export const appointmentCalendarView = {
    ...calendarView,
    Controller: AppointmentCalendarController,
    buttonTemplate: "medspa_membership.AppointmentCalendar.controlButtons",
};

registry.category("views").add("medspa_appointment_calendar", appointmentCalendarView);
