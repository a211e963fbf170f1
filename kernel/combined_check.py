"""Conditions of a table's rows that PostgreSQL asks together.

It keeps the condition of a CHECK as text, which each statement that writes to the table reads, plans and
prepares anew: with ten or twelve of them, that was a sixth of a posting. What it has read of a function in
PL/pgSQL it keeps for as long as the connection lives. See docs/adr/0029-one-statement.md.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import BaseConstraint, CheckConstraint, Model, Q

from kernel.columns import type_of

# The first condition that is broken is told by its own name and in PostgreSQL's words. As in any CHECK, one
# that comes to NULL holds, and operators are PostgreSQL's own, whatever a session's search_path has.
_CREATE = """
CREATE FUNCTION {name}({columns}) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog AS $$
DECLARE
    broken text;
BEGIN
    IF ({all_hold}) IS NOT FALSE THEN
        RETURN true;
    END IF;
    broken := CASE {cases} END;
    RAISE check_violation USING CONSTRAINT = broken, TABLE = '{table}',
        MESSAGE = format('new row for relation "%s" violates check constraint "%s"', '{table}', broken);
END
$$;
ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({name}({values}))
"""
_REMOVE = "ALTER TABLE {table} DROP CONSTRAINT {name}; DROP FUNCTION {name}"


class CombinedCheck(BaseConstraint):
    """One CHECK that holds `conditions`, each of which PostgreSQL refuses by the name it has there."""

    def __init__(self, *, name: str, conditions: Mapping[str, Q]) -> None:
        super().__init__(name=name)
        self.conditions = dict(conditions)

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        """Nothing in CREATE TABLE: a migration adds it to the table, because it is a function as well."""
        return ""

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        named = {
            check.name: check._get_check_sql(model, schema_editor)  # noqa: SLF001 (Django's way from Q to SQL)
            for check in self._checks()
        }
        all_hold = " AND ".join(f"({condition})" for condition in named.values())
        columns = {
            schema_editor.quote_name(field.column): type_of(field) for field in model._meta.concrete_fields
        }
        asked = {column: type_ for column, type_ in columns.items() if column in all_hold}
        return _CREATE.format(
            table=model._meta.db_table,
            name=self.name,
            columns=", ".join(f"{column} {type_}" for column, type_ in asked.items()),
            values=", ".join(asked),
            all_hold=all_hold,
            cases=" ".join(f"WHEN NOT ({condition}) THEN '{name}'" for name, condition in named.items()),
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        return _REMOVE.format(table=model._meta.db_table, name=self.name)

    def validate(
        self, model: type[Model], instance: Model, exclude: Any = None, using: str = "default"
    ) -> None:
        for check in self._checks():
            check.validate(model, instance, exclude, using)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "conditions": self.conditions}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CombinedCheck) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)

    def _checks(self) -> list[Any]:
        return [CheckConstraint(condition=each, name=name) for name, each in self.conditions.items()]
