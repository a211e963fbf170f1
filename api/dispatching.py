"""What every request of a resource goes through before its verb, and when it fails."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, cast

from django.db import Error
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from api import rate_limits
from api.credential import Credential
from api.cursors import PROFILE
from api.declaration import Declaration, Relationship, declaration_of
from api.documents import answer_errors
from api.errors import Rejection, brief, error
from api.exceptions import Context, rejection_for
from api.filtering import ResourceFilterBackend, pattern_parameters
from api.idempotency import has_key
from api.negotiation import negotiate, profiles_wanted
from api.paging import asks_for_cursors
from api.parsers import ResourceBody
from api.query import Query, query_of
from api.query_strings import parameters_of
from api.requests import ReceivedRequest, credential_of, instances_of
from api.serializers import ResourceSerializer
from kernel.statements import NoLongerSoError, ask_now, ask_with_next

VERBS: Final = {
    "list": "read",
    "retrieve": "read",
    "retrieve_related": "read",
    "retrieve_relationship": "read",
    "create": "create",
    "update": "update",
    "update_relationship": "update",
    "add_to_relationship": "update",
    "remove_from_relationship": "update",
    "destroy": "delete",
}
"""What each action does to the resource, as `scopes` names it."""

LINKAGE_WRITES: Final = frozenset({"update_relationship", "add_to_relationship", "remove_from_relationship"})
"""The actions whose body is linkage."""
WITHOUT_RESOURCES: Final = LINKAGE_WRITES | {"retrieve_relationship"}


class DispatchedViewSet(GenericViewSet[Any]):
    """REST framework's dispatch, with what the wire has in its places: the answers are whole, and its format
    suffixes, versions, permissions and throttles are asked for by nobody."""

    serializer_class: type[ResourceSerializer]
    scopes: ClassVar[Mapping[str, str | None]] = {}

    filter_backends = (ResourceFilterBackend,)
    default_response_headers: dict[str, str] = {}
    http_method_names = ["get", "head", "post", "patch", "delete"]

    credential: Credential
    query: Query = Query()
    target: Declaration
    """What is answered: this resource, or the one that a related read leads to."""
    body: ResourceBody | None = None
    profiles: Sequence[str] = ()
    """Those that this request is answered by."""
    asks_later = True
    """Whether the key still counts may be asked together with the first statement."""

    def required_scope(self, request: Request, values: Mapping[str, Any]) -> str | None:
        """The scope that this request needs; `values` has the checked attributes of a write, and the linkage
        of each relationship that it names."""
        return self.scopes[self.verb]

    @property
    def declaration(self) -> Declaration:
        return declaration_of(self.serializer_class)

    @property
    def verb(self) -> str:
        return VERBS[self.action]

    @property
    def allowed_methods(self) -> Sequence[str]:  # type: ignore[override]
        return [method for method in super().allowed_methods if self._allows(method)]

    def _allows(self, method: str | None) -> bool:
        """Nothing can be added to a to-one relationship or removed from it: it is replaced."""
        if method in {"POST", "DELETE"}:
            named = self.declaration.relationships.get(self.kwargs.get("relationship", ""))
            if named is not None and not named.many:
                return False
        return method is not None and method.lower() in self.action_map

    @property
    def relationship(self) -> Relationship:
        found = self.declaration.relationships.get(self.kwargs["relationship"])
        if found is None:
            detail = f"{self.declaration.type} have no relationship {brief(self.kwargs['relationship'])}."
            raise Rejection(error("RECORD_NOT_FOUND", detail))
        return found

    def get_authenticators(self) -> Sequence[BaseAuthentication]:  # type: ignore[override]
        return instances_of(tuple(self.authentication_classes))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Twice where the key that calls stands for something else by now, or for nothing. The second time
        nothing is assumed: another thread may have remembered what holds no longer either."""
        try:
            return cast(HttpResponse, super().dispatch(request, *args, **kwargs))
        except NoLongerSoError:
            self.asks_later = False
            return cast(HttpResponse, super().dispatch(request, *args, **kwargs))
        finally:
            ask_with_next(None)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        self.action = self.action_map.get(str(request.method).lower(), "")
        return ReceivedRequest(request, self.get_authenticators(), asks_later=self.asks_later)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        is_allowed = self._allows(request.method)
        if is_allowed:  # of any other method, nobody minds which kind of body it has
            negotiate(request)
        credential = credential_of(request)
        if credential is None:
            raise NotAuthenticated
        self.credential = credential
        rate_limits.admit(request, self.credential)
        if not is_allowed:
            raise MethodNotAllowed(str(request.method))
        self._authorize_verb(request)
        self._read_query(request)

    def _authorize_verb(self, request: Request) -> None:
        verb = self.verb
        if verb in self.scopes:
            self._authorize(self.scopes[verb])
        elif verb in {"read", "delete"}:
            self._authorize(self.required_scope(request, {}))

    def _read_query(self, request: Request) -> None:
        action, followed = self.action, self.relationship if "relationship" in self.kwargs else None
        self.target = followed.target if followed else self.declaration
        leads_to_many = followed is not None and followed.many
        is_list = action == "list" or (leads_to_many and self.verb == "read")
        is_linkage = action in WITHOUT_RESOURCES
        by_profile = is_list and PROFILE in profiles_wanted(request.META.get("HTTP_ACCEPT"))
        by_cursor = is_list and asks_for_cursors(parameters_of(request), by_profile=by_profile)
        self.profiles = (PROFILE,) if by_cursor else ()
        self.query = query_of(
            request, self.target, is_list=is_list, is_linkage=is_linkage, by_cursor=by_cursor
        )

    def finalize_response(self, request: Request, response: HttpResponse, *args: Any, **kwargs: Any) -> Any:
        try:
            ask_now()
        except Error as failure:
            return self._refused(failure)
        return response

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """No refusal rests on what was only assumed of the key. A database that has failed is not asked once
        more: that is told to everybody."""
        if isinstance(exc, NoLongerSoError):
            raise exc
        try:
            if not isinstance(exc, Error):
                ask_now()
        except Error as failure:
            exc = failure
        ask_with_next(None)
        return self._refused(exc)

    def _refused(self, exc: Exception) -> HttpResponse:
        context = Context(
            self.declaration,
            self.body,
            is_linkage=self.action in LINKAGE_WRITES,
            filters=pattern_parameters(self.query.predicates, self.target) if self.query.predicates else (),
            has_key=has_key(self.request),
        )
        rejection = rejection_for(exc, context)
        if rejection is None:
            raise exc
        response = answer_errors(rejection, profiles=self.profiles)
        if rejection.status == 401:
            response["WWW-Authenticate"] = self.get_authenticate_header(self.request) or "Bearer"
        if rejection.status == 405:
            response["Allow"] = ", ".join(self.allowed_methods)
        return response

    def _authorize(self, scope: str | None) -> None:
        if scope is not None and scope not in self.credential.scopes:
            raise Rejection(error("UNAUTHORIZED", "Access denied."))
