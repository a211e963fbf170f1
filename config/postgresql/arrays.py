"""`column__in=[…]` for keys as one parameter, an array. As a list of parameters, each length would be another
statement, which PostgreSQL would plan anew."""

from typing import Any

from django.db.models import ForeignKey, UUIDField
from django.db.models.fields.related_lookups import RelatedIn
from django.db.models.lookups import In


class InArray(In):
    def process_rhs(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        sql, parameters = super().process_rhs(compiler, connection)
        if not self.rhs_is_direct_value() or not isinstance(_target(self.lhs.output_field), UUIDField):
            return sql, parameters
        return "ANY(%s)", [list(parameters)]

    def get_rhs_op(self, connection: Any, rhs: str) -> str:
        return f"= {rhs}" if rhs == "ANY(%s)" else str(super().get_rhs_op(connection, rhs))


class RelatedInArray(InArray, RelatedIn):
    pass


def _target(field: Any) -> Any:
    return _target(field.target_field) if isinstance(field, ForeignKey) else field


def register() -> None:
    UUIDField.register_lookup(InArray)
    ForeignKey.register_lookup(RelatedInArray)
