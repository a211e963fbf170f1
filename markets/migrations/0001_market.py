import django.db.models.functions.datetime
from django.db import migrations, models

import kernel.keys


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Market",
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
                ("number", models.PositiveIntegerField(editable=False)),
                ("name", models.CharField(max_length=255)),
                ("code", models.CharField(blank=True, max_length=255, null=True)),
                ("checkout_url", models.CharField(blank=True, max_length=2048, null=True)),
                ("private", models.BooleanField(default=False)),
                ("disabled_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("currency_code", models.CharField(max_length=3)),
                ("time_zone", models.CharField(max_length=64)),
                ("locale", models.CharField(max_length=32)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("mode", "number"), name="market_number_is_unique_per_mode"
                    ),
                    models.UniqueConstraint(fields=("mode", "code"), name="market_code_is_unique_per_mode"),
                    models.UniqueConstraint(fields=("id", "mode"), name="market_is_referred_to_with_mode"),
                    models.UniqueConstraint(
                        fields=("id", "mode", "currency_code"), name="market_is_referred_to_with_currency"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ["test", "live"])), name="market_mode_is_test_or_live"
                    ),
                ],
            },
        ),
    ]
