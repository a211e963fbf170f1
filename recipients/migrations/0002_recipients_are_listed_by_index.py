from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recipients", "0001_recipient")]

    operations = [
        migrations.AddIndex(
            model_name="giftcardrecipient",
            index=models.Index(fields=["mode", "created_at", "id"], name="recipient_by_creation"),
        ),
        migrations.AddIndex(
            model_name="giftcardrecipient",
            index=models.Index(fields=["mode", "updated_at", "id"], name="recipient_by_update"),
        ),
        migrations.AddIndex(
            model_name="giftcardrecipient",
            index=models.Index(fields=["mode", "email"], name="recipient_by_email"),
        ),
        migrations.AddIndex(
            model_name="giftcardrecipient",
            index=models.Index(fields=["mode", "reference"], name="recipient_by_reference"),
        ),
    ]
