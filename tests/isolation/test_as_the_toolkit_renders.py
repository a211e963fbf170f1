"""Every resource, read by its compiled plan, is what djangorestframework-jsonapi itself renders of the same
row: its serializer makes the attributes of an instance, and its renderer the resource object.

What differs on purpose: links and `meta`, which are the contract's own; linkage, which is there where it is
asked for; and relationships whose way is no relation of the model, of which the toolkit knows nothing.
"""

from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

import orjson
import pytest
from rest_framework_json_api.renderers import JSONRenderer

from access.models import Organization
from access.scopes import Scope
from api.declaration import Declaration, declaration_of, is_relationship
from api.planning import plan_for
from api.plans import Reading
from api.selecting import Selection
from config.urls import router
from tests.fixtures.cast import TEST

ROOT: Final = "https://gifts.example/api"
DECLARATIONS: Final = {
    declaration.type: declaration
    for declaration in (declaration_of(route.viewset.serializer_class) for route in router.routes)
}
SERIALIZERS: Final = {
    declaration_of(route.viewset.serializer_class).type: route.viewset.serializer_class
    for route in router.routes
}


@pytest.fixture
def reading(everybody) -> Reading:
    organization_id = Organization.objects.values_list("pk", flat=True).get()
    credential: Any = SimpleNamespace(
        caller=TEST, scopes=frozenset(Scope), organization_id=organization_id, application_id=UUID(int=0)
    )
    return Reading(credential, ROOT)


def read(declaration: Declaration, instances: list[Any], reading: Reading) -> list[dict[str, Any]]:
    """With all linkage that can be asked for, and including all that can be included."""
    include = tuple((name, ()) for name, each in declaration.relationships.items() if each.includable)
    fields = ((declaration.type, frozenset({*declaration.readable, *declaration.relationships})),)
    keys = tuple(instance.pk for instance in instances)
    rows: Any = Selection(declaration, "pk", keys)
    if not hasattr(declaration.model._default_manager, "visible_to"):
        rows = declaration.model._default_manager.filter(pk__in=keys).order_by("pk")
    resources, _ = plan_for(declaration, include, fields).read(rows, reading)
    return list(orjson.loads(orjson.dumps(resources)))


def rendered_by_the_toolkit(resource_type: str, instance: Any, reading: Reading) -> dict[str, Any]:
    serializer = SERIALIZERS[resource_type](instance, context={"credential": reading.credential})
    for name, field in list(serializer.fields.items()):
        if is_relationship(field) and not hasattr(instance, str(field.source)):
            del serializer.fields[name]
    resource = JSONRenderer.build_json_resource_obj(
        serializer.fields, serializer.data, instance, resource_type, serializer
    )
    return dict(orjson.loads(orjson.dumps(resource)))


@pytest.mark.parametrize("resource_type", DECLARATIONS)
def test_a_resource_is_what_the_toolkit_renders(resource_type, reading):
    declaration = DECLARATIONS[resource_type]
    rows = declaration.model._default_manager.order_by("pk")
    if hasattr(rows, "visible_to"):
        rows = rows.visible_to(TEST)
    instances = list(rows)
    resources = read(declaration, instances, reading)
    assert resources, "nothing to compare"

    for instance, resource in zip(instances, resources, strict=True):
        expected = rendered_by_the_toolkit(resource_type, instance, reading)
        assert (resource["type"], resource["id"]) == (expected["type"], expected["id"])
        assert resource["attributes"] == expected["attributes"]
        assert list(resource["attributes"]) == list(expected["attributes"])
        missing = declaration.relationships.keys() - expected.get("relationships", {}).keys()
        assert missing <= no_relations_of_the_model(declaration)
        linked = linkage(resource, missing)
        assert linked == {name: each for name, each in linkage(expected, missing).items() if name in linked}
        asked = {name for name, each in declaration.relationships.items() if not each.links_only}
        assert linkage(resource, set()).keys() == asked


def no_relations_of_the_model(declaration: Declaration) -> set[str]:
    relationships = declaration.relationships.items()
    return {name for name, each in relationships if each.declared_way_back is not None or each.is_same_row}


def linkage(resource: dict[str, Any], missing: set[str]) -> dict[str, Any]:
    return {
        name: in_one_order(each["data"])
        for name, each in resource.get("relationships", {}).items()
        if "data" in each and name not in missing
    }


def in_one_order(data: Any) -> Any:
    """Linkage to many has none of its own."""
    return sorted(data, key=lambda one: one["id"]) if isinstance(data, list) else data
