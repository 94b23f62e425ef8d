# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Many rows from one: what Odoo has made once is multiplied by the database."""


def multiply(env, record, source, values, numbered=None):
    """Insert copies of the row of a record, one for each row of a source.

    The rows have whatever columns the addons have.

    :param str source: what follows FROM
    :param dict values: SQL expression by column, for those that differ
    :param str numbered: the number of the copy in the source, to know its id
    :return: what the id of each copy exceeds its number by, if it is numbered
    """
    record.ensure_one()
    record.flush_recordset()
    table = record._table
    base = None
    if numbered:
        env.cr.execute(f"SELECT last_value FROM {table}_id_seq")
        base = env.cr.fetchone()[0]
        values = {"id": f"{base} + {numbered}", **values}
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name = %s"
        " AND column_name <> 'id'",
        [table],
    )
    columns = [name for (name,) in env.cr.fetchall() if name not in values]
    env.cr.execute(
        f"INSERT INTO {table} ({', '.join([*values, *columns])}) SELECT "
        + ", ".join([*values.values(), *(f"pattern.{name}" for name in columns)])
        + f" FROM (SELECT * FROM {table} WHERE id = {record.id}) pattern, {source}"
    )
    if numbered:
        env.cr.execute(
            f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"
        )
    return base
