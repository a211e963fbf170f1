from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("next_release", "0001_of_cards")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE giftcards_ledgerentry
                ADD COLUMN next_release integer NOT NULL DEFAULT 7,
                ALTER COLUMN reference TYPE varchar(1000)
            """,
            """
            ALTER TABLE giftcards_ledgerentry
                DROP COLUMN next_release,
                ALTER COLUMN reference TYPE varchar(255)
            """,
        )
    ]
