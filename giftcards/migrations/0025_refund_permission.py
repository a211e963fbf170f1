from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0019_verification")]

    operations = [
        migrations.AlterModelOptions(
            name="giftcard",
            options={
                "permissions": (
                    ("issue_gift_card", "Can purchase gift cards: from then on they are owed"),
                    ("operate_gift_card", "Can activate and deactivate gift cards, and move their expiry"),
                    ("spend_gift_card", "Can spend gift cards: debit, capture, void, cash out"),
                    ("refund_gift_card", "Can give back what was spent of gift cards"),
                    ("recharge_gift_card", "Can recharge gift cards"),
                    ("reveal_code", "Can see the whole code of a gift card"),
                )
            },
        ),
    ]
