from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0005_ledger_is_append_only")]

    operations = [
        migrations.AlterModelOptions(
            name="giftcard",
            options={
                "permissions": (
                    ("issue_gift_card", "Can purchase gift cards: from then on they are owed"),
                    ("operate_gift_card", "Can activate and deactivate gift cards, and move their expiry"),
                    ("spend_gift_card", "Can debit gift cards"),
                    ("recharge_gift_card", "Can recharge gift cards"),
                    ("reveal_code", "Can see the whole code of a gift card"),
                )
            },
        ),
    ]
