from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0034_batch")]

    operations = [
        migrations.AlterModelOptions(
            name="order",
            options={
                "permissions": (
                    ("cancel_order", "Can cancel orders: everything paid is given back, and what was sold"),
                )
            },
        ),
    ]
