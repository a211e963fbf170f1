from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0031_cards_and_payments_of_an_order")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE giftcards_giftcard
                ADD COLUMN next_release integer NOT NULL DEFAULT 7,
                ALTER COLUMN reference TYPE varchar(1000)
            """,
            """
            ALTER TABLE giftcards_giftcard
                DROP COLUMN next_release,
                ALTER COLUMN reference TYPE varchar(255)
            """,
        )
    ]
