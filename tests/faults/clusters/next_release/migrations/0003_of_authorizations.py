from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("next_release", "0002_of_entries")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE giftcards_authorization
                ADD COLUMN next_release integer NOT NULL DEFAULT 7,
                ALTER COLUMN reference TYPE varchar(1000)
            """,
            """
            ALTER TABLE giftcards_authorization
                DROP COLUMN next_release,
                ALTER COLUMN reference TYPE varchar(255)
            """,
        )
    ]
