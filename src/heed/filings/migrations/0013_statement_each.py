"""What is restricted anew after it was restored owes another statement.

Locks: the statements while an index takes another's place, a second for some 100,000 rows.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("filings", "0012_officer_passkeys")]
    operations = [
        migrations.AddField(
            model_name="statementofreasons",
            name="restriction_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddConstraint(
            model_name="statementofreasons",
            constraint=models.UniqueConstraint(
                fields=["item_id", "case_id", "basis", "restriction_id"],
                name="statement_of_restriction",
            ),
        ),
        migrations.RemoveConstraint(model_name="statementofreasons", name="statement_once"),
    ]
