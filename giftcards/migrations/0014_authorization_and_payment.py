import django.db.models.deletion
import django.db.models.functions.datetime
import django_fsm
from django.db import migrations, models

import kernel.keys

# What money refers to agrees on mode and currency, held by the database: see the migration on mode agreement.
AGREEMENTS = {
    "authorization_agrees_with_its_card": (
        "giftcards_authorization",
        "(gift_card_id, mode, currency_code) REFERENCES giftcards_giftcard (id, mode, currency_code)",
    ),
    "authorization_agrees_with_its_market": (
        "giftcards_authorization",
        "(market_id, mode, currency_code) REFERENCES markets_market (id, mode, currency_code)",
    ),
    "payment_agrees_with_its_market": (
        "giftcards_payment",
        "(market_id, mode, currency_code) REFERENCES markets_market (id, mode, currency_code)",
    ),
}


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0013_a_test_card_may_have_its_own_clock"), ("markets", "0001_market")]

    operations = [
        migrations.CreateModel(
            name="Authorization",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[("test", "Test"), ("live", "Live")], editable=False, max_length=4
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=255, null=True)),
                ("reference_origin", models.CharField(blank=True, max_length=255, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "status",
                    django_fsm.FSMField(
                        choices=[
                            ("open", "Open"),
                            ("captured", "Captured"),
                            ("voided", "Voided"),
                            ("expired", "Expired"),
                        ],
                        default="open",
                        max_length=8,
                        protected=True,
                    ),
                ),
                ("currency_code", models.CharField(max_length=3)),
                ("amount_cents", models.BigIntegerField()),
                ("captured_amount_cents", models.BigIntegerField(db_default=0, default=0)),
                ("expires_at", models.DateTimeField()),
                ("order_number", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "gift_card",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="authorizations",
                        to="giftcards.giftcard",
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="markets.market",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(fields=["mode", "id"], name="authorization_by_key"),
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(fields=["mode", "created_at", "id"], name="authorization_by_creation"),
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(fields=["mode", "expires_at", "id"], name="authorization_by_expiry"),
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(fields=["mode", "reference", "id"], name="authorization_by_reference"),
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(fields=["mode", "order_number", "id"], name="authorization_by_order_number"),
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(fields=["gift_card", "id"], name="authorization_by_card"),
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(
                condition=models.Q(("status", "open")),
                fields=["gift_card", "expires_at"],
                name="authorization_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorization",
            constraint=models.UniqueConstraint(
                fields=("id", "gift_card", "mode"), name="authorization_is_referred_to_with_its_card"
            ),
        ),
        migrations.AddConstraint(
            model_name="authorization",
            constraint=models.CheckConstraint(
                condition=models.Q(("mode__in", ["test", "live"])), name="authorization_mode_is_test_or_live"
            ),
        ),
        migrations.AddConstraint(
            model_name="authorization",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["open", "captured", "voided", "expired"])),
                name="authorization_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorization",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_cents__gt", 0)), name="authorization_holds_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="authorization",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("captured_amount_cents__gt", 0),
                        ("captured_amount_cents__lte", models.F("amount_cents")),
                        ("status", "captured"),
                    ),
                    models.Q(models.Q(("status", "captured"), _negated=True), ("captured_amount_cents", 0)),
                    _connector="OR",
                ),
                name="authorization_captures_at_most_what_it_holds",
            ),
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[("test", "Test"), ("live", "Live")], editable=False, max_length=4
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=255, null=True)),
                ("reference_origin", models.CharField(blank=True, max_length=255, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("amount_cents", models.BigIntegerField()),
                ("currency_code", models.CharField(max_length=3)),
                ("partial", models.BooleanField(default=False)),
                ("order_number", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "market",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="markets.market",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["mode", "id"], name="payment_by_key"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["mode", "created_at", "id"], name="payment_by_creation"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["mode", "reference", "id"], name="payment_by_reference"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["mode", "order_number", "id"], name="payment_by_order_number"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                fields=("id", "mode", "currency_code"), name="payment_is_referred_to_with_currency"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("mode__in", ["test", "live"])), name="payment_mode_is_test_or_live"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_cents__gt", 0)), name="payment_is_of_something"
            ),
        ),
        *(
            migrations.RunSQL(
                f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY {reference}",
                f"ALTER TABLE {table} DROP CONSTRAINT {name}",
            )
            for name, (table, reference) in AGREEMENTS.items()
        ),
    ]
