from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0025_refund_permission")]

    operations = [
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["gift_card", "id"], name="ledger_by_card"),
        ),
    ]
