import django.db.models.deletion
from django.db import migrations, models

import kernel.keys


class Migration(migrations.Migration):
    dependencies = [("access", "0004_api_key"), ("markets", "0001_market")]

    operations = [
        migrations.CreateModel(
            name="ApiKeyMarket",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("mode", models.CharField(choices=[("test", "Test"), ("live", "Live")], max_length=4)),
                (
                    "api_key",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="restrictions",
                        to="access.apikey",
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="markets.market",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("api_key", "market"), name="api_key_names_a_market_once")
                ],
            },
        ),
    ]
