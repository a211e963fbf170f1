from django.db import migrations, models

# How many rows of each mode a table has, kept in the transaction of each change. A table takes part by three
# triggers on its statements that execute count_rows(), with the transition table `added` or `removed`, by one
# on the rows whose mode is changed, and by count_rows_anew() once. See kernel.counting.
#
# Nobody waits here, so nobody can come to wait in a circle: a part that another transaction has changed, and
# not yet committed, is passed over, and if the slot has no other part, it gets one. Slots spread the
# transactions; a slot has as many parts as were once being changed at the same time.
FUNCTIONS = """
ALTER TABLE kernel_rowcount SET (fillfactor = 50);

CREATE FUNCTION count_rows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    modes text[];
    numbers bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(mode), array_agg(number) INTO modes, numbers
        FROM (SELECT mode, count(*) AS number FROM added GROUP BY mode) AS grouped;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(mode), array_agg(-number) INTO modes, numbers
        FROM (SELECT mode, count(*) AS number FROM removed GROUP BY mode) AS grouped;
    ELSIF TG_OP = 'UPDATE' THEN
        modes := ARRAY[OLD.mode, NEW.mode];
        numbers := ARRAY[-1, 1];
    ELSE
        -- TRUNCATE has the table to itself, so no part of its count is being changed.
        DELETE FROM kernel_rowcount WHERE counted = TG_TABLE_NAME;
    END IF;
    FOR place IN 1 .. coalesce(cardinality(modes), 0) LOOP
        UPDATE kernel_rowcount SET rows = rows + numbers[place]
        WHERE id = (
            SELECT id FROM kernel_rowcount
            WHERE counted = TG_TABLE_NAME AND of_mode = modes[place] AND slot = pg_backend_pid() % 64
            LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
        );
        IF NOT FOUND THEN
            INSERT INTO kernel_rowcount (counted, of_mode, slot, rows)
            VALUES (TG_TABLE_NAME, modes[place], pg_backend_pid() % 64, numbers[place]);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

-- For who has locked the table against changes.
CREATE FUNCTION count_rows_anew(of_table text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM kernel_rowcount WHERE counted = of_table;
    EXECUTE format(
        'INSERT INTO kernel_rowcount (counted, of_mode, slot, rows) '
        'SELECT %L, mode, 0, count(*) FROM %I GROUP BY mode',
        of_table, of_table
    );
END
$$;
"""

NO_FUNCTIONS = """
DROP FUNCTION count_rows_anew(text);
DROP FUNCTION count_rows();
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_append_only_tables")]

    operations = [
        migrations.CreateModel(
            name="RowCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("counted", models.CharField(max_length=63)),
                ("of_mode", models.CharField(max_length=4)),
                ("slot", models.PositiveSmallIntegerField()),
                ("rows", models.BigIntegerField()),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["counted", "of_mode", "slot"], name="row_counts_of_a_table")
                ],
            },
        ),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
    ]
