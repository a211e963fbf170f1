"""The card's pages. What may be edited here are attributes; money and status move by the verbs' dialogs."""

from typing import Any, Final, cast

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.timezone import now
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django_fsm import can_proceed
from unfold.decorators import display

from back_office.dialogs import dialog_action
from back_office.labels import MODE_TONES
from back_office.pages import OperationAdmin, caller_of
from back_office.timeline import Timeline
from giftcards import operations
from giftcards.admin import dialogs
from giftcards.admin.archiving import Archive, Unarchive
from giftcards.admin.authorizations import holds_of
from giftcards.admin.filters import ArchivedFilter, CurrencyFilter, ExpiredFilter
from giftcards.admin.forms import CardForm, ChangeForm, DraftForm
from giftcards.admin.refunds import Refund
from giftcards.admin.search import cards_matching, cards_with_code
from giftcards.admin.timeline import card_timeline
from giftcards.admin.wiping import wipe_page
from giftcards.admin.wording import STATUS_TONES, worded
from giftcards.codes import mask
from giftcards.models import GiftCard, Status, Tag
from giftcards.operations import GiftCardChanges, Occasion
from giftcards.operations.rules import now_for
from giftcards.queries import available_balances
from kernel.modes import Mode
from kernel.secret import Secret

ATTRIBUTES: Final = (
    ("market", "recipient_email"),
    ("reference", "reference_origin"),
    ("single_use", "rechargeable", "distribute_discount"),
    ("balance_max_cents", "image_url", "tax_rate"),
    "metadata",
)
VIEWED: Final = (("market", "gift_card_recipient"), *ATTRIBUTES[1:])
NEW: Final = (
    ("mode", "market"),
    ("face_value", "currency_code"),
    ("recipient_email", "last_day"),
    "code",
    *ATTRIBUTES[1:],
)
NOT_ATTRIBUTES: Final = {"mode", "face_value", "code", "last_day", "reason"}


@admin.register(GiftCard)
class GiftCardAdmin(OperationAdmin):
    form = ChangeForm
    list_display = (
        "shown_code",
        "shown_status",
        "shown_balance",
        "shown_face_value",
        "gift_card_recipient",
        "market",
        "shown_mode",
        "expires_at",
        "created_at",
    )
    list_filter = (
        "status",
        "mode",
        "market",
        ExpiredFilter,
        ArchivedFilter,
        "single_use",
        "rechargeable",
        CurrencyFilter,
    )
    list_select_related = ("market", "gift_card_recipient")
    # Names the box above the list; what it finds is decided in giftcards.admin.search.
    search_fields = ("reference",)
    search_help_text = "Code, its last four, e-mail or reference"
    ordering = ("-id",)  # made in the order of time, and indexed
    change_form_outer_before_template = "giftcards/card_at_a_glance.html"
    change_form_outer_after_template = None  # the timeline stands right below the glance
    actions_detail = (
        "purchase",
        "activate",
        "debit",
        "refund",
        "recharge",
        "cash_out",
        "deactivate",
        "new_expiry",
        "archive",
        "unarchive",
    )
    add_fieldsets = ((None, {"fields": (*NEW, "reason")}),)

    purchase = dialog_action(dialogs.Purchase)
    activate = dialog_action(dialogs.Activate)
    deactivate = dialog_action(dialogs.Deactivate)
    debit = dialog_action(dialogs.Debit)
    refund = dialog_action(Refund)
    recharge = dialog_action(dialogs.Recharge)
    cash_out = dialog_action(dialogs.CashOut)
    new_expiry = dialog_action(dialogs.NewExpiry)
    archive = dialog_action(Archive)
    unarchive = dialog_action(Unarchive)
    reveal = dialog_action(dialogs.Reveal)

    # --- Finding

    def get_urls(self) -> list[URLPattern]:
        find = self.admin_site.admin_view(self.find)
        reveal = self.admin_site.admin_view(self.reveal)
        wipe = self.admin_site.admin_view(self.wipe_test_data)
        return [
            path("find/", find, name="giftcards_giftcard_find"),
            path("wipe-test-data/", wipe, name="giftcards_wipe_test_data"),
            path("<path:object_id>/reveal-code/", reveal, name="giftcards_giftcard_reveal"),
            *super().get_urls(),
        ]

    def wipe_test_data(self, request: HttpRequest) -> HttpResponse:
        return wipe_page(request, self.admin_site.each_context(request))

    @method_decorator(sensitive_post_parameters("q"))
    @method_decorator(require_POST)
    def find(self, request: HttpRequest) -> HttpResponse:
        """Search by POST, because an address is kept in logs and histories, and a code is money.

        An address names what was typed only if that found cards, so it is no code, not even a mistyped one.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        term = request.POST.get("q", "").replace("\x00", "").strip()
        cards = reverse("admin:giftcards_giftcard_changelist")
        if not term:
            return HttpResponseRedirect(cards)
        if card := cards_with_code(term).first():
            return HttpResponseRedirect(self.page_of(card))
        if cards_matching(term, self.get_queryset(request)).exists():
            return HttpResponseRedirect(f"{cards}?{urlencode({'q': term})}")
        messages.warning(request, "No gift card has this code, last four, e-mail or reference.")
        return HttpResponseRedirect(cards)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """A code that somebody put into the address all the same is taken out of it at once."""
        term = request.GET.get("q", "").replace("\x00", "").strip()
        if term and self.has_view_permission(request) and (card := cards_with_code(term).first()):
            return HttpResponseRedirect(self.page_of(card))
        return super().changelist_view(request, extra_context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[GiftCard], search_term: str
    ) -> tuple[QuerySet[GiftCard], bool]:
        return (cards_matching(search_term, queryset) if search_term.strip() else queryset), False

    # --- The form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        if not self.has_change_permission(request, obj):
            return (("Attributes", {"fields": VIEWED}),)
        clock = ("test_clock_at",) if obj.mode == Mode.TEST else ()
        return (("Attributes", {"fields": (*ATTRIBUTES, *clock, "reason"), "classes": ("collapse",)}),)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = {} if change else {"form": DraftForm}
        return super().get_form(request, obj, change=change, **form, **kwargs)

    @method_decorator(sensitive_post_parameters("code"))
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return super().add_view(request, form_url, extra_context)

    def create(self, request: HttpRequest, form: DraftForm) -> GiftCard:
        values = form.cleaned_data
        attributes: dict[str, Any] = form.values(without=NOT_ATTRIBUTES)
        attributes["expires_at"] = values["last_day"]
        if values["face_value"] is not None:
            attributes["balance_cents"] = values["face_value"]
        return operations.create_gift_card(
            caller=caller_of(request, values["mode"]),
            attributes=cast(GiftCardChanges, attributes),
            code=Secret(values["code"]) if values["code"] else None,
            occasion=Occasion(reason=values["reason"]),
        )

    def update(self, request: HttpRequest, subject: GiftCard, form: CardForm) -> GiftCard:
        return operations.update_gift_card(
            caller=caller_of(request, subject.mode),
            card_id=subject.pk,
            changes=cast(GiftCardChanges, form.changed_values(without={"reason"})),
            occasion=Occasion(reason=form.cleaned_data["reason"]),
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Offered for drafts only; the operation refuses the others in any case."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.is_issued)

    def delete(self, request: HttpRequest, subject: GiftCard) -> None:
        operations.delete_gift_card(caller=caller_of(request, subject.mode), card_id=subject.pk)

    # --- The page

    def timeline(self, subject: GiftCard) -> Timeline:
        return card_timeline(subject)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        card = kwargs.get("obj")
        if card is not None:
            expired = card.is_expired(now_for(card))
            spendable = can_proceed(card.debit) and not expired and not card.is_archived
            context["glance"] = {
                "code": mask(card.code_last_four),
                "balance": worded(card.balance_cents, card),
                "available": worded(available_balances([card.pk])[card.pk] if spendable else 0, card),
                "face_value": worded(card.initial_balance_cents, card),
                "maximum": None if card.balance_max_cents is None else worded(card.balance_max_cents, card),
                "expired": expired,
                "tax_rate": None if card.tax_rate is None else f"{card.tax_rate:f}".rstrip("0").rstrip("."),
                "time_zone": card.market.time_zone if card.market else settings.GIFTCARDS_TIME_ZONE,
                "status_tone": STATUS_TONES[card.status],
                "mode_tone": MODE_TONES[card.mode],
                "tags": list(Tag.objects.filter(taggings__gift_card=card).order_by("name")),
                "attachments": list(card.attachments.order_by("-id")),
                "authorizations": holds_of(card),
                "may_reveal": request.user.has_perm(dialogs.Reveal.permission),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    # --- The list

    @display(description="Code")
    def shown_code(self, card: GiftCard) -> str:
        return mask(card.code_last_four)

    @display(description="Status", ordering="status", label=STATUS_TONES)
    def shown_status(self, card: GiftCard) -> str | tuple[str, str]:
        if card.is_archived:
            return "archived", f"{card.status}, archived"
        # Only to colour a label: whether a card can be spent, the database's clock decides.
        if card.status == Status.ACTIVE and card.is_expired(card.test_clock_at or now()):
            return "expired", "active, expired"
        return str(card.status)

    @display(description="Balance", ordering="balance_cents")
    def shown_balance(self, card: GiftCard) -> str:
        return worded(card.balance_cents, card)

    @display(description="Face value", ordering="initial_balance_cents")
    def shown_face_value(self, card: GiftCard) -> str:
        return worded(card.initial_balance_cents, card)

    @display(description="Mode", ordering="mode", label=MODE_TONES)
    def shown_mode(self, card: GiftCard) -> str:
        return card.mode
