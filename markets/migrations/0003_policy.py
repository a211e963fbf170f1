from django.db import migrations, models

RULES = {
    "market_default_validity_reaches_the_minimum": models.Q(
        ("default_validity_months__gte", 1),
        ("default_validity_months__gte", models.F("minimum_validity_months")),
    ),
    "market_minimum_validity_is_a_time": models.Q(("minimum_validity_months__gte", 1)),
    "market_without_expiry_has_no_default_validity": models.Q(
        ("allows_expiry", True), ("default_validity_months", None), _connector="OR"
    ),
    "market_cashes_out_something": models.Q(("cash_out_below_cents__gte", 1)),
}


class Migration(migrations.Migration):
    dependencies = [("markets", "0002_code_format")]

    operations = [
        migrations.AddField(
            "market", "default_validity_months", models.PositiveSmallIntegerField(blank=True, null=True)
        ),
        migrations.AddField(
            "market", "minimum_validity_months", models.PositiveSmallIntegerField(blank=True, null=True)
        ),
        migrations.AddField("market", "allows_expiry", models.BooleanField(db_default=True, default=True)),
        migrations.AddField(
            "market", "keeps_single_use_remainder", models.BooleanField(db_default=True, default=True)
        ),
        migrations.AddField("market", "cash_out_below_cents", models.BigIntegerField(blank=True, null=True)),
        *(
            migrations.AddConstraint("market", models.CheckConstraint(condition=rule, name=name))
            for name, rule in RULES.items()
        ),
    ]
