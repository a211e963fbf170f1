from django.db import migrations

# Not deferrable: deleting a market that a key is restricted to is refused at once, not at COMMIT.
FOREIGN_KEYS = """
ALTER TABLE access_apikeymarket
    ADD CONSTRAINT restriction_agrees_with_key_on_mode
        FOREIGN KEY (api_key_id, mode) REFERENCES access_apikey (id, mode),
    ADD CONSTRAINT restriction_agrees_with_market_on_mode
        FOREIGN KEY (market_id, mode) REFERENCES markets_market (id, mode)
"""

NO_FOREIGN_KEYS = """
ALTER TABLE access_apikeymarket
    DROP CONSTRAINT restriction_agrees_with_market_on_mode,
    DROP CONSTRAINT restriction_agrees_with_key_on_mode
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0005_api_key_market")]

    operations = [migrations.RunSQL(FOREIGN_KEYS, NO_FOREIGN_KEYS)]
