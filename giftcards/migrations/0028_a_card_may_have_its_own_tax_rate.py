from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0027_archiving")]

    operations = [
        migrations.AddField(
            "giftcard",
            "own_tax_rate",
            models.DecimalField(blank=True, decimal_places=4, editable=False, max_digits=7, null=True),
        ),
        migrations.AddConstraint(
            "giftcard",
            models.CheckConstraint(
                condition=models.Q(("own_tax_rate__gte", 0)), name="gift_card_tax_rate_is_never_negative"
            ),
        ),
    ]
