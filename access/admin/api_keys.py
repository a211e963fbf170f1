"""Keys are minted, shown once, listed and revoked; nothing of one can be edited."""

from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from unfold.decorators import display
from unfold.enums import ActionVariant

from access.admin.forms import MintForm
from access.models import ApiKey, Application
from access.operations import mint_api_key, revoke_api_key, the_organization
from access.scopes import EVERY_SCOPE
from back_office.dialogs import Dialog, dialog_action
from back_office.labels import MODE_TONES
from back_office.pages import BackOfficeAdmin, OperationAdmin, actor_of

USED_TICKETS: Final = "used_mint_tickets"
TICKETS_KEPT: Final = 20


class Revoke(Dialog):
    verb = "Revoke"
    permission = "access.change_apikey"
    icon = "key_off"
    variant = ActionVariant.DANGER

    @classmethod
    def is_offered(cls, subject: ApiKey) -> bool:
        return subject.revoked_at is None

    def foretell(self) -> str:
        return "From its next request on, whatever uses this key is refused. It can't be undone."

    def perform(self) -> str:
        revoke_api_key(api_key_id=self.subject.pk, actor=actor_of(self.request))
        return f"{self.subject} is revoked."


@admin.register(ApiKey)
class ApiKeyAdmin(OperationAdmin):
    form = MintForm
    list_display = (
        "application",
        "masked",
        "shown_status",
        "shown_mode",
        "shown_scopes",
        "shown_markets",
        "last_used_at",
        "expires_at",
    )
    list_filter = ("mode", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("application",)
    search_fields = ("application__name", "=client_id", "=last_four")
    search_help_text = "Application, client id or last four characters"
    ordering = ("-id",)
    actions_detail = ("revoke",)
    add_fieldsets = (
        (
            None,
            {"fields": ("ticket", "application_name", "mode", "scopes", "markets", "expires_at")},
        ),
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("application", "shown_status"),
                    ("masked", "client_id"),
                    ("mode", "shown_markets"),
                    "shown_scopes",
                    ("last_used_at", "revoked_at"),
                    "expires_at",
                    ("created_by", "created_at"),
                )
            },
        ),
    )

    revoke = dialog_action(Revoke)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A key does what its scopes say, not what the person may who minted it, and outlives their stay."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Whoever may revoke keys must see them; django's own rule asks has_change_permission for that.
        may_revoke = request.user.has_perm(Revoke.permission)
        return may_revoke or super().has_view_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        return super().get_queryset(request).prefetch_related("restrictions__market")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST" and request.POST.get("ticket") in _used_tickets(request.session):
            messages.warning(request, "This key was shown already, and can't be shown again.")
            return HttpResponseRedirect(reverse("admin:access_apikey_changelist"))
        return super().add_view(request, form_url, extra_context)

    def create(self, request: HttpRequest, form: MintForm) -> ApiKey:
        values = form.cleaned_data
        api_key, secret = mint_api_key(
            application_name=values["application_name"],
            mode=values["mode"],
            scopes=values["scopes"],
            market_ids=[market.pk for market in values["markets"]],
            expires_at=values["expires_at"],
            actor=actor_of(request),
        )
        request.minted = secret  # type: ignore[attr-defined]
        return api_key

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The key, in the answer to the form itself: kept nowhere, in no session and in no message."""
        if ticket := request.POST.get("ticket"):
            request.session[USED_TICKETS] = [*_used_tickets(request.session), ticket][-TICKETS_KEPT:]
        context = {
            **self.admin_site.each_context(request),
            "title": "The new API key",
            "opts": self.opts,
            "api_key": obj,
            "key": request.minted.reveal(),  # type: ignore[attr-defined]
            "page": self.page_of(obj),
        }
        return TemplateResponse(request, "access/api_key_minted.html", context)

    @display(description="Status", label={"usable": "success", "revoked": "danger", "expired": "warning"})
    def shown_status(self, api_key: ApiKey) -> str:
        if api_key.revoked_at is not None:
            return "revoked"
        # Only to colour a label; the database's clock decides who is let in.
        return "expired" if api_key.expires_at is not None and api_key.expires_at <= now() else "usable"

    @display(description="Mode", ordering="mode", label=MODE_TONES)
    def shown_mode(self, api_key: ApiKey) -> str:
        return api_key.mode

    @display(description="Scopes")
    def shown_scopes(self, api_key: ApiKey) -> str:
        return "all" if set(api_key.scopes) == set(EVERY_SCOPE) else ", ".join(api_key.scopes)

    @display(description="Markets")
    def shown_markets(self, api_key: ApiKey) -> str:
        return ", ".join(str(restriction.market) for restriction in api_key.restrictions.all()) or "all"


@admin.register(Application)
class ApplicationAdmin(BackOfficeAdmin):
    list_display = ("name", "kind", "usable_keys", "created_at")
    search_fields = ("name",)
    fields = ("name",)
    ordering = ("name",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """What an application did stays under its name."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        usable = Count("api_keys", filter=Q(api_keys__in=ApiKey.objects.usable()))
        return super().get_queryset(request).annotate(usable=usable)

    def save_model(self, request: HttpRequest, obj: Application, form: Any, change: bool) -> None:
        if not change:
            obj.organization = the_organization()
        super().save_model(request, obj, form, change)

    @display(description="Usable keys", ordering="usable")
    def usable_keys(self, application: Any) -> int:
        return int(application.usable)


def _used_tickets(session: SessionBase) -> list[str]:
    return list(session.get(USED_TICKETS, []))
