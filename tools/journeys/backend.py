"""What people do in the clinic's own screens, in all of which it is done alike."""

from .harness import Person


def new_record(person: Person) -> None:
    """Press New, in a list or among cards."""
    person.tap(".o_list_button_add, .o-kanban-button-new")
    person.sees(".o_form_view")


def choose_record(
    person: Person, field: str, words: str, *, create: bool = False
) -> None:
    """Choose a record by some of its words, or make one of that name."""
    person.fill(f".o_field_widget[name={field}] input", words)
    items = ".o-autocomplete--dropdown-item"
    if create:
        person.tap(f"{items}:has-text('Create \"{words}\"')")
    else:
        person.tap(f"{items}:not(.o_m2o_dropdown_option):has-text('{words}')")


def set_field(person: Person, field: str, value: str) -> None:
    """Type a value into a field and leave it."""
    box = f".o_field_widget[name={field}]"
    person.fill(f"{box} input, {box} textarea, {box} [contenteditable]", value)
    person.page.keyboard.press("Tab")


def press(person: Person, words: str, where: str = "") -> None:
    """Press the button with these words."""
    person.tap(f"{where} button:text-is('{words}')")


def save(person: Person) -> None:
    """Save the form by its button, and wait until it is saved."""
    person.tap(".o_form_button_save")
    person.misses(".o_form_button_save")


def page_of(person: Person, words: str) -> None:
    """Turn to a page of the form."""
    person.tap(f".o_notebook .nav-link:has-text('{words}')")
