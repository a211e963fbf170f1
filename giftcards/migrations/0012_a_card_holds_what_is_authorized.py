from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0011_code_key_fingerprint")]

    operations = [
        migrations.AddField(
            model_name="giftcard",
            name="authorized_cents",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddConstraint(
            model_name="giftcard",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("authorized_cents__gte", 0), ("authorized_cents__lte", models.F("balance_cents"))
                ),
                name="gift_card_holds_at_most_its_balance",
            ),
        ),
    ]
