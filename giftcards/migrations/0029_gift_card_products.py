import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

import kernel.keys

# As in 0003: a live product is sold in live markets, and comes in live denominations.
AGREEMENTS = {
    "availability_agrees_with_its_product": (
        "giftcards_productmarket",
        "(product_id, mode) REFERENCES giftcards_product (id, mode)",
    ),
    "availability_agrees_with_its_market": (
        "giftcards_productmarket",
        "(market_id, mode) REFERENCES markets_market (id, mode)",
    ),
    "denomination_agrees_with_its_product": (
        "giftcards_denomination",
        "(product_id, mode) REFERENCES giftcards_product (id, mode)",
    ),
}


WHOLE_AMOUNTS = (
    "jsonb_path_exists(%(expressions)s, "
    "'strict $.* ? (@.type() != \"number\" || @ < 1 || @ > 1e13 || @.floor() != @)')"
)


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0028_a_card_may_have_its_own_tax_rate"), ("markets", "0005_shorter_codes")]

    operations = [
        migrations.CreateModel(
            name="Product",
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
                ("name", models.CharField(max_length=255)),
                ("description", models.CharField(blank=True, max_length=2000, null=True)),
                ("handle", models.CharField(blank=True, max_length=255, null=True)),
                ("image_url", models.CharField(blank=True, max_length=2048, null=True)),
                (
                    "code_format",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("uuid", "UUID"),
                            ("human", "Five groups of four letters and digits"),
                            ("grouped_16", "Four groups of four letters and digits"),
                        ],
                        max_length=16,
                        null=True,
                    ),
                ),
                ("validity_months", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("disabled_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
        ),
        migrations.AddIndex(
            model_name="product", index=models.Index(fields=["mode", "id"], name="product_by_key")
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["mode", "created_at", "id"], name="product_by_creation"),
        ),
        migrations.AddIndex(
            model_name="product", index=models.Index(fields=["mode", "name", "id"], name="product_by_name")
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["mode", "reference", "id"], name="product_by_reference"),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.UniqueConstraint(
                fields=("mode", "handle"), name="product_handle_is_unique_per_mode"
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.UniqueConstraint(
                fields=("id", "mode"), name="product_is_referred_to_with_mode"
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(("mode__in", ["test", "live"])), name="product_mode_is_test_or_live"
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(("handle__regex", "^[a-z0-9]+(-[a-z0-9]+)*$")),
                name="product_handle_is_words_and_hyphens",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(("code_format__in", ["uuid", "human", "grouped_16"])),
                name="product_code_format_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(("validity_months__gte", 1)), name="product_validity_is_a_time"
            ),
        ),
        migrations.CreateModel(
            name="ProductMarket",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("mode", models.CharField(choices=[("test", "Test"), ("live", "Live")], max_length=4)),
                (
                    "market",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="markets.market",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="availabilities",
                        to="giftcards.product",
                    ),
                ),
            ],
            options={"verbose_name": "product's market"},
        ),
        migrations.AddConstraint(
            model_name="productmarket",
            constraint=models.UniqueConstraint(
                fields=("product", "market"), name="product_is_sold_in_a_market_once"
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="markets",
            field=models.ManyToManyField(
                blank=True,
                related_name="gift_card_products",
                through="giftcards.ProductMarket",
                to="markets.market",
            ),
        ),
        migrations.CreateModel(
            name="Denomination",
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
                ("name", models.CharField(max_length=255)),
                ("amounts", models.JSONField()),
                ("image_url", models.CharField(blank=True, max_length=2048, null=True)),
                ("disabled_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="denominations",
                        to="giftcards.product",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="denomination", index=models.Index(fields=["mode", "id"], name="denomination_by_key")
        ),
        migrations.AddIndex(
            model_name="denomination",
            index=models.Index(fields=["mode", "created_at", "id"], name="denomination_by_creation"),
        ),
        migrations.AddIndex(
            model_name="denomination",
            index=models.Index(fields=["mode", "reference", "id"], name="denomination_by_reference"),
        ),
        migrations.AddIndex(
            model_name="denomination",
            index=models.Index(fields=["product", "id"], name="denomination_by_product"),
        ),
        migrations.AddConstraint(
            model_name="denomination",
            constraint=models.UniqueConstraint(
                fields=("id", "mode"), name="denomination_is_referred_to_with_mode"
            ),
        ),
        migrations.AddConstraint(
            model_name="denomination",
            constraint=models.CheckConstraint(
                condition=models.Q(("mode__in", ["test", "live"])), name="denomination_mode_is_test_or_live"
            ),
        ),
        migrations.AddConstraint(
            model_name="denomination",
            constraint=models.CheckConstraint(
                condition=django.db.models.expressions.NegatedExpression(
                    models.Func(
                        models.F("amounts"),
                        output_field=models.BooleanField(),
                        template=WHOLE_AMOUNTS,
                    )
                ),
                name="denomination_amounts_are_whole_and_above_zero",
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
