"""The single declaration of a resource: its attributes, their types and writability, its relationships, its
query words.

A resource app derives from `ResourceSerializer` and declares; nothing here runs per row. `api.declaration`
reads the class once, `api.planning` compiles it for reading, `api.validation` uses its fields for writing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db import models
from rest_framework.validators import UniqueValidator
from rest_framework_json_api import serializers

from api import fields
from api.matchers import AttributeFilter


class ResourceSerializer(serializers.ModelSerializer):  # type: ignore[misc]
    """DJA's ModelSerializer with strict fields, and without the look-ups that DRF makes to validate
    uniqueness: those see neither mode nor race; the database's constraints do, and the operations word their
    refusals.
    """

    serializer_field_mapping: ClassVar[Mapping[Any, Any]] = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.IntegerField: fields.StrictInteger,
        models.BigIntegerField: fields.StrictInteger,
        models.SmallIntegerField: fields.StrictInteger,
        models.PositiveIntegerField: fields.StrictInteger,
        models.PositiveSmallIntegerField: fields.StrictInteger,
        models.DecimalField: fields.StrictDecimal,
        models.BooleanField: fields.StrictBoolean,
        models.CharField: fields.StrictString,
        models.TextField: fields.StrictString,
        models.SlugField: fields.StrictString,
        models.EmailField: fields.Email,
        models.URLField: fields.Url,
        models.UUIDField: fields.Uuid,
        models.DateTimeField: fields.Timestamp,
        models.JSONField: fields.Metadata,
    }
    serializer_choice_field = fields.StrictChoice

    class Meta:
        model: type[models.Model]
        resource_name: str
        fields: Sequence[str] = ()
        create_only_fields: Sequence[str] = ()
        """Attributes and relationships that PATCH refuses."""
        update_only_fields: Sequence[str] = ()
        """Those that POST refuses: the triggers."""
        triggers: Sequence[str] = ()
        """Write-only attributes that ask for a verb; a refusal of the operation points at the one sent."""
        sensitive: Sequence[str] = ()
        """Attributes whose refused value is never echoed."""
        filterable: Sequence[str] | Mapping[str, AttributeFilter | None] = ()
        """Attributes for `filter[q]`, beside `id`; a mapping may give them matchers of their own."""
        sortable: Sequence[str] = ()
        """Attributes for `sort`, beside `id`."""
        links_only: Sequence[str] = ()
        """To-many relationships too large for linkage: they have links, and are read by their own address."""
        guarded: Sequence[str] = ()
        """To-one relationships whose target a caller may not reach although he reaches this resource: to him
        they are empty. Every other target is reached with what leads to it."""
        ways_back: Mapping[str, str] = {}
        """Of to-many relationships that are no plain relation of the model: how the target's columns name our
        key."""
        repeating: Sequence[str] = ()
        """Of those, the ones whose way back leads to one resource several times; it is shown once."""

    def build_standard_field(self, field_name: str, model_field: Any) -> tuple[Any, dict[str, Any]]:
        field_class, kwargs = super().build_standard_field(field_name, model_field)
        validators = kwargs.get("validators")
        if validators:
            kwargs["validators"] = [each for each in validators if not isinstance(each, UniqueValidator)]
        if model_field.has_db_default() and "read_only" not in kwargs:
            kwargs["required"] = False
        return field_class, kwargs

    def get_uniqueness_extra_kwargs(
        self, field_names: Any, declared_fields: Any, extra_kwargs: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        return extra_kwargs, {}

    def get_validators(self) -> list[Any]:
        return []
