from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("next_release", "0003_of_authorizations")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY of_the_next_release ON giftcards_ledgerentry (next_release, id)",
            "DROP INDEX CONCURRENTLY of_the_next_release",
        )
    ]
