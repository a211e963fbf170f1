from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0026_statements_of_a_card")]

    operations = [
        migrations.AlterModelOptions(
            name="giftcard",
            options={
                "permissions": (
                    ("issue_gift_card", "Can purchase gift cards: from then on they are owed"),
                    (
                        "operate_gift_card",
                        "Can activate, deactivate and archive gift cards, and move their expiry",
                    ),
                    ("spend_gift_card", "Can spend gift cards: debit, capture, void, cash out"),
                    ("refund_gift_card", "Can give back what was spent of gift cards"),
                    ("recharge_gift_card", "Can recharge gift cards"),
                    ("reveal_code", "Can see the whole code of a gift card"),
                )
            },
        ),
        migrations.AddField(
            "giftcard", "archived_at", models.DateTimeField(blank=True, editable=False, null=True)
        ),
        migrations.AddIndex(
            "giftcard",
            models.Index(
                fields=["mode", "archived_at", "id"],
                condition=models.Q(("archived_at__isnull", False)),
                name="gift_card_by_archiving",
            ),
        ),
    ]
