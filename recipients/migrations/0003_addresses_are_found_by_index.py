import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recipients", "0002_recipients_are_listed_by_index"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="giftcardrecipient",
            index=models.Index(fields=["email"], name="recipient_of_an_address"),
        ),
        migrations.AddIndex(
            model_name="giftcardrecipient",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("email"), name="text_pattern_ops"
                ),
                name="recipient_by_start_of_address",
            ),
        ),
    ]
