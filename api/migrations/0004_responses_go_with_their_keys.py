from django.db import migrations

# A key is deleted when test data is wiped, and nobody who does that needs to know of responses.
REFERENCE = """
ALTER TABLE api_storedresponse ADD CONSTRAINT stored_response_is_of_a_key
    FOREIGN KEY (idempotency_key_id) REFERENCES api_idempotencykey (id) ON DELETE CASCADE
"""


class Migration(migrations.Migration):
    dependencies = [("api", "0003_stored_response")]

    operations = [
        migrations.RunSQL(
            REFERENCE, "ALTER TABLE api_storedresponse DROP CONSTRAINT stored_response_is_of_a_key"
        )
    ]
