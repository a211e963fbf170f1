import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kernel.keys

# As in 0003: an order is of a market of its mode and currency, a line of an order of its mode, and of a
# denomination of its mode.
AGREEMENTS = {
    "order_agrees_with_its_market": (
        "giftcards_order",
        "(market_id, mode, currency_code) REFERENCES markets_market (id, mode, currency_code)",
    ),
    "order_line_agrees_with_its_order": (
        "giftcards_orderline",
        "(order_id, mode) REFERENCES giftcards_order (id, mode)",
    ),
    "order_line_agrees_with_its_denomination": (
        "giftcards_orderline",
        "(denomination_id, mode) REFERENCES giftcards_denomination (id, mode)",
    ),
}


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0029_gift_card_products"), ("markets", "0005_shorter_codes")]

    operations = [
        migrations.CreateModel(
            name="Order",
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
                ("display_number", models.PositiveIntegerField(blank=True, null=True)),
                ("currency_code", models.CharField(max_length=3)),
                ("customer_email", models.EmailField(blank=True, max_length=254, null=True)),
                ("cancelled_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "market",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="markets.market",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OrderLine",
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
                (
                    "order",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="giftcards.order",
                    ),
                ),
                (
                    "denomination",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="giftcards.denomination",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("unit_amount_cents", models.BigIntegerField()),
                ("quantity", models.PositiveIntegerField()),
                ("tax_rate", models.DecimalField(blank=True, decimal_places=4, max_digits=7, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
            ],
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["mode", "id"], name="order_by_key"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["mode", "created_at", "id"], name="order_by_creation"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["mode", "customer_email", "id"], name="order_by_customer"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["market", "id"], name="order_by_market"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                fields=("mode", "reference"), name="order_reference_is_unique_per_mode"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                fields=("mode", "display_number"), name="order_display_number_is_unique_per_mode"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("id", "mode"), name="order_is_referred_to_with_mode"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                fields=("id", "mode", "currency_code"), name="order_is_referred_to_with_currency"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("mode__in", ["test", "live"])), name="order_mode_is_test_or_live"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("display_number__gte", 1)), name="order_display_number_counts_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(fields=("order", "position"), name="order_line_has_its_place"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(
                fields=("id", "order", "mode"), name="order_line_is_referred_to_with_its_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit_amount_cents__gt", 0)), name="order_line_is_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gte", 1)), name="order_line_sells_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("tax_rate__gte", 0)), name="order_line_tax_is_never_negative"
            ),
        ),
        migrations.AddIndex(
            model_name="orderline",
            index=models.Index(
                condition=models.Q(("denomination__isnull", False)),
                fields=["denomination"],
                name="order_line_by_denomination",
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
