from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("markets", "0003_policy")]

    operations = [
        migrations.AddField(
            "market",
            "tax_rate",
            models.DecimalField(blank=True, decimal_places=4, max_digits=7, null=True),
        ),
        migrations.AddField("market", "tax_code", models.CharField(blank=True, max_length=255, null=True)),
        migrations.AddField(
            "market", "gift_cards_taxable", models.BooleanField(db_default=True, default=True)
        ),
        migrations.AddField("market", "automatic_taxes", models.BooleanField(db_default=True, default=True)),
        migrations.AddField(
            "market", "tax_provider_id", models.CharField(blank=True, max_length=255, null=True)
        ),
        migrations.AddConstraint(
            "market",
            models.CheckConstraint(
                condition=models.Q(("tax_rate__gte", 0)), name="market_tax_rate_is_never_negative"
            ),
        ),
    ]
